"""The site's own page."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("<h1>Podcasts</h1>"))]
