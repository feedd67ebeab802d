"""The least that runserver asks of a project."""

ALLOWED_HOSTS = ["*"]
SECRET_KEY = "of-the-tests"
USE_TZ = True
WSGI_APPLICATION = "taking_app.application"
