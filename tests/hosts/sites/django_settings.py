"""Settings of django_site, with what a site needs and no more."""

SECRET_KEY = "of-the-tests-of-the-tests-of-the-tests-of-the-tests"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = WSGI_MODULE = "django_site"
WSGI_APPLICATION = "django_site.application"
INSTALLED_APPS = ["django.contrib.staticfiles", "assemblyai_mw.hosts.django"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
STATIC_URL = "/static/"
DEBUG = True
