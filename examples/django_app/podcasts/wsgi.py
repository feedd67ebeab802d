"""The site: `gunicorn --chdir examples/django_app --threads 8 podcasts.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from assemblyai_mw.hosts.django import wrap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podcasts.settings")

application = wrap(get_wsgi_application())
