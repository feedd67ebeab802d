"""The least that runserver asks of a project; DJANGO_SITE names the module of its app."""

import os

ALLOWED_HOSTS = ["*"]
SECRET_KEY = "of-the-tests"
USE_TZ = True
WSGI_APPLICATION = f"{os.environ['DJANGO_SITE']}.application"
if os.environ["DJANGO_SITE"] == "streaming_django":
    INSTALLED_APPS = ["assemblyai_mw.hosts.django"]
    ROOT_URLCONF = "streaming_django"
