"""A Django site, set up by ASSEMBLYAI_MW_CONFIG: URLs, views and wsgi.py in one."""

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path
from state import state

from assemblyai_mw.hosts.django import wrap


def page(request):
    return HttpResponse("the host's own page")


def of_this_process(request):
    return JsonResponse(state())


urlpatterns = [path("page", page), path("state", of_this_process)]
application = wrap(get_wsgi_application())
