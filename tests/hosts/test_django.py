"""Django: settings, the management command, and its users as callers.

Each in a process of its own, for Django's settings are one for all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import assemblyai_mw

PRODUCT = Path(assemblyai_mw.__file__).parent.parent
SETTINGS = """
import os
from assemblyai_mw.testing import US_KEY
SECRET_KEY = "x" * 50
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes",
                  "django.contrib.sessions", "assemblyai_mw.hosts.django"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.middleware.csrf.CsrfViewMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.db"}}
ASSEMBLYAI_MW = {
    "model_list": [{"model_name": "*",
                    "litellm_params": {"model": "assemblyai/*", "api_key": US_KEY}}],
    "general_settings": {"database_url": "sqlite:///mw.db"},
    "settlement": False,
}
"""
URLS = """
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

def enter(request):
    login(request, User.objects.get(username="maria"))
    return HttpResponse("in")

urlpatterns = [path("enter", enter)]
"""
START = """
import django
django.setup()
from django.core.management import call_command
"""


def python(folder: Path, script: str, *, status: int = 0) -> str:
    """Run *script* in a project in *folder* and return what it printed."""
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "urls.py").write_text(URLS)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    environ |= {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder}:{PRODUCT}"}
    done = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(script)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_command_line_is_there_with_the_settings_database(tmp_path: Path) -> None:
    said = python(
        tmp_path,
        """
        import io, json, sys
        from django.core.management import execute_from_command_line
        out = io.StringIO()
        call_command("assemblyai", "keys", "create", "alice", "--json", stdout=out)
        assert json.loads(out.getvalue())["name"] == "alice"
        execute_from_command_line(["manage.py", "assemblyai", "keys", "list"])
        """,
    )
    assert "alice" in said
    assert (tmp_path / "mw.db").exists()
    assert "A key named alice is in use" in python(
        tmp_path, 'call_command("assemblyai", "keys", "create", "alice")', status=1
    )


def test_a_user_of_djangos_calls_without_a_key(tmp_path: Path) -> None:
    python(
        tmp_path,
        """
        from django.contrib.auth.models import User
        from django.core.wsgi import get_wsgi_application
        from webtest import TestApp
        from assemblyai_mw import Database, Keys, Ledger
        from assemblyai_mw.hosts.django import wrap
        from assemblyai_mw.testing import FakeTransport

        call_command("migrate", verbosity=0)
        User.objects.create_user("maria")
        database = Database("sqlite:///mw.db")
        Keys(database).create("web")

        def identify(request):
            assert request.body == b""
            if not request.user.is_authenticated:
                return None
            return {"key": "web", "team": f"user-{request.user.pk}", "end_user": request.user.pk}

        transport = FakeTransport()
        app = TestApp(wrap(get_wsgi_application(), identify=identify, transport=transport))
        job, page = {"audio_url": "https://example.com/a.mp3"}, {"Sec-Fetch-Site": "same-origin"}
        path = "/assemblyai/v2/transcript"
        app.post_json(path, job, headers=page, status=401)
        app.get("/enter")
        made = app.post_json(path, job, headers=page).json
        app.post_json(path, job, headers={"Origin": "http://evil.example"}, status=403)
        app.post_json(path, job, status=403)
        User.objects.all().delete()
        app.get(f"{path}/{made['id']}", headers=page, status=401)
        (row,) = Ledger(database).calls()
        assert (row["key"], row["team"], row["end_user"]) == ("web", "user-1", "1"), row
        assert [seen.header("cookie") for seen in transport.us.requests] == [None]
        """,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param('{"prises": {}}', "did you mean prices", id="unknown-setting"),
        pytest.param('"no-such.yaml"', "no-such.yaml: expected a readable file", id="no-file"),
    ],
)
def test_wrong_settings_stop_the_start(tmp_path: Path, change: str, message: str) -> None:
    said = python(
        tmp_path,
        f"""
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application
        from assemblyai_mw.hosts.django import wrap
        settings.ASSEMBLYAI_MW = {change}
        wrap(get_wsgi_application())
        """,
        status=1,
    )
    assert message in said


def test_users_are_not_asked_for_where_nothing_knows_them(tmp_path: Path) -> None:
    said = python(
        tmp_path,
        """
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application
        from assemblyai_mw.hosts.django import wrap
        settings.MIDDLEWARE = []
        wrap(get_wsgi_application(), identify=lambda request: None)
        """,
        status=1,
    )
    assert "expected SessionMiddleware or AuthenticationMiddleware" in said


def test_staff_see_the_usage_page(tmp_path: Path) -> None:
    python(
        tmp_path,
        """
        from django.conf import settings
        from django.core.management import call_command
        from django.contrib.auth.models import User
        from django.core.wsgi import get_wsgi_application
        from webtest import TestApp
        from assemblyai_mw.hosts.django import wrap

        page = "/assemblyai-mw/usage"
        settings.ASSEMBLYAI_MW["general_settings"]["usage_path"] = page
        call_command("migrate", verbosity=0)
        User.objects.create_user("maria", is_staff=True)
        app = TestApp(
            wrap(get_wsgi_application(), may_see_usage=lambda request: request.user.is_staff)
        )
        app.get(page, status=401)
        app.get("/enter")
        assert "You see" in app.get(page, status=200)
        """,
    )
