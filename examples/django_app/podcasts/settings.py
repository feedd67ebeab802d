"""Minimal settings; the last two lines are for the middleware."""

import os

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "for-your-own-machine-only-" + "x" * 40)
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "podcasts.urls"
WSGI_APPLICATION = "podcasts.wsgi.application"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]

INSTALLED_APPS = ["assemblyai_mw.hosts.django"]  # for `manage.py assemblyai ...`
ASSEMBLYAI_MW = None  # path of a YAML file, or a dict; None: the environment
