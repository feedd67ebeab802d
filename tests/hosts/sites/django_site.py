"""A Django site with a login of its own: URLs, views and wsgi.py in one."""

import os

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

from assemblyai_mw.hosts.django import wrap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_settings")


def page(request):
    return HttpResponse("the host's own page")


def login(request, user):
    request.session["user"] = user
    return HttpResponse(user)


def identify(request):
    user = request.session.get("user")
    return user and {"key": "web", "team": f"user-{user}", "end_user": user}


urlpatterns = [path("page", page), path("login/<user>", login)]
application = wrap(get_wsgi_application(), identify=identify)
