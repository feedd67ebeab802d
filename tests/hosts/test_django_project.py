"""Django's own tools: system checks, the help of the command, and the live server of tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import assemblyai_mw
from assemblyai_mw.cli import main
from assemblyai_mw.testing import US_KEY

PRODUCT = Path(assemblyai_mw.__file__).parent.parent
SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": ["localhost"],
    "ROOT_URLCONF": "urls",
    "WSGI_APPLICATION": "wsgi.application",
    "USE_TZ": True,
    "STATIC_URL": "/static/",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "INSTALLED_APPS": ["django.contrib.staticfiles", "assemblyai_mw.hosts.django"],
    "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "ASSEMBLYAI_MW": {"general_settings": {"database_url": "sqlite:///mw.db"}},
}
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
WSGI = """
from django.core.wsgi import get_wsgi_application
from assemblyai_mw.hosts.django import wrap
def identify(request):
    user = request.session.get("user")
    return user and {"key": "web", "team": user}
application = wrap(get_wsgi_application(), identify=identify)
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
def enter(request):
    request.session["user"] = "maria"
    return HttpResponse("in")
urlpatterns = [path("enter", enter)]
"""
KEY = {"ASSEMBLYAI_API_KEY": US_KEY}


def manage(
    folder: Path,
    *args: str,
    status: int = 0,
    wsgi: str = WSGI,
    environ: dict[str, str] = KEY,
    **settings: Any,
) -> str:
    lines = [f"{name} = {value!r}" for name, value in {**SETTINGS, **settings}.items()]
    (folder / "settings.py").write_text("\n".join(lines))
    (folder / "wsgi.py").write_text(wsgi)
    (folder / "urls.py").write_text(URLS)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    clean |= {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder}:{PRODUCT}"}
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "django", *args],
        cwd=folder,
        env=clean | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Traceback" not in said
    return said


def test_a_project_in_order_has_no_findings(tmp_path: Path) -> None:
    assert "no issues" in manage(tmp_path, "check")


def test_a_wrong_setting_is_an_error_that_names_it(tmp_path: Path) -> None:
    said = manage(tmp_path, "check", status=1, ASSEMBLYAI_MW={"prises": {}})
    assert "(assemblyai_mw.E001) settings.ASSEMBLYAI_MW: prises: unknown setting" in said
    assert said.count("assemblyai_mw.") == 1
    said = manage(tmp_path, "check", status=1, ASSEMBLYAI_MW=["a list"])
    assert "(assemblyai_mw.E001) settings.ASSEMBLYAI_MW: expected a YAML file's path" in said
    said = manage(tmp_path, "assemblyai", "usage", status=2, ASSEMBLYAI_MW=["a list"])
    assert said.startswith("CommandError: settings.ASSEMBLYAI_MW: expected a YAML file's path")


def test_what_the_identity_function_needs_is_an_error_of_the_check_too(tmp_path: Path) -> None:
    general = {**SETTINGS["ASSEMBLYAI_MW"]["general_settings"], "cors_origins": ["*"]}
    config = {"general_settings": general}
    said = manage(tmp_path, "check", status=1, ASSEMBLYAI_MW=config)
    assert "E001) settings.ASSEMBLYAI_MW: general_settings.cors_origins: expected the" in said
    assert said.count("assemblyai_mw.") == 1
    manage(tmp_path, "check", ASSEMBLYAI_MW=config, wsgi=WSGI.replace(", identify=identify", ""))
    said = manage(tmp_path, "check", status=1, MIDDLEWARE=[])
    assert "E001) identify: expected SessionMiddleware or AuthenticationMiddleware" in said


@pytest.mark.parametrize("reference", [None, "os.environ/ASSEMBLYAI_API_KEY", "os.environ/OTHER"])
def test_a_missing_key_is_a_warning_for_sites_are_built_without(
    tmp_path: Path, reference: str | None
) -> None:
    model = {"model": "assemblyai/*", "api_key": reference}
    entry = {"model_name": "assemblyai/*", "litellm_params": model}
    config = {**SETTINGS["ASSEMBLYAI_MW"], **({"model_list": [entry]} if reference else {})}
    said = manage(tmp_path, "check", environ={}, ASSEMBLYAI_MW=config)
    assert "(assemblyai_mw.W001)" in said
    assert (reference or "ASSEMBLYAI_API_KEY").removeprefix("os.environ/") in said
    said = manage(tmp_path, "check", status=1, environ={}, ASSEMBLYAI_MW={**config, "prises": {}})
    assert "(assemblyai_mw.E001) settings.ASSEMBLYAI_MW: prises: unknown setting" in said


@pytest.mark.parametrize(
    "section",
    [
        {"upstream": {"proxy": "os.environ/NO_SUCH"}},
        {"general_settings": {"database_url": "os.environ/NO_SUCH"}},
        {"general_settings": {"cors_origins": ["os.environ/NO_SUCH"]}},
    ],
)
def test_a_variable_that_is_no_secret_may_be_missing_too(
    tmp_path: Path, section: dict[str, Any]
) -> None:
    config = {**SETTINGS["ASSEMBLYAI_MW"], **section}
    said = manage(tmp_path, "check", ASSEMBLYAI_MW=config)
    assert "(assemblyai_mw.W001)" in said
    assert "environment variable NO_SUCH is not set" in said
    manage(tmp_path, "check", status=1, ASSEMBLYAI_MW=config, environ={**KEY, "NO_SUCH": "%"})


@pytest.mark.parametrize(
    "wsgi, text",
    [
        (
            "from django.core.wsgi import get_wsgi_application as make\napplication = make()\n",
            "wsgi.application does not have AssemblyAI in front",
        ),
        ("import nothing_of_that_name\n", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_an_application_that_is_not_wrapped_is_told(tmp_path: Path, wsgi: str, text: str) -> None:
    said = manage(tmp_path, "check", wsgi=wsgi)
    assert "(assemblyai_mw.W002)" in said
    assert text in said


def test_an_application_wrapped_again_outside_is_found(tmp_path: Path) -> None:
    outside = (
        "from werkzeug.middleware.proxy_fix import ProxyFix\napplication = ProxyFix(application)\n"
    )
    assert "no issues" in manage(tmp_path, "check", wsgi=WSGI + outside)


def test_a_project_without_wsgi_application_is_told(tmp_path: Path) -> None:
    said = manage(tmp_path, "check", WSGI_APPLICATION=None)
    assert "(assemblyai_mw.W002) WSGI_APPLICATION is not set" in said


def test_users_before_sessions_are_told(tmp_path: Path) -> None:
    apps = ["django.contrib.contenttypes", "django.contrib.auth", *SETTINGS["INSTALLED_APPS"]]
    order = [USERS, *SETTINGS["MIDDLEWARE"]]
    said = manage(tmp_path, "check", MIDDLEWARE=order, INSTALLED_APPS=apps)
    assert "(assemblyai_mw.W003) MIDDLEWARE: expected" in said
    assert "no issues" in manage(tmp_path, "check", MIDDLEWARE=order[::-1], INSTALLED_APPS=apps)


@pytest.mark.parametrize("args", [["assemblyai", "--help"], ["help", "assemblyai"]])
def test_help_lists_the_commands(tmp_path: Path, args: list[str]) -> None:
    said = manage(tmp_path, *args)
    for name in main.commands:
        assert f"\n  {name} " in said


LIVE = """
import urllib.error, urllib.request
from http.cookies import SimpleCookie
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.test import LiveServerTestCase
from assemblyai_mw import Keys
from assemblyai_mw.hosts.django.testing import InFront
from assemblyai_mw.testing import FakeTransport
from wsgi import identify as who

JOB, PATH = b'{"audio_url": "https://example.com/a.mp3"}', "/assemblyai/v2/transcript"

def ask(url, **headers):
    request = urllib.request.Request(url, data=JOB, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code

class Bare(LiveServerTestCase):
    def test_the_live_server_alone_has_no_such_route(self):
        self.assertEqual(ask(self.live_server_url + PATH), 404)

class Front:
    identify = staticmethod(who)

    @classmethod
    def setUpClass(cls):
        cls.transport = FakeTransport()
        super().setUpClass()

    def test_a_login_and_a_key_reach_the_stand_in(self):
        url = self.live_server_url
        self.assertEqual(ask(url + PATH), 401)
        with urllib.request.urlopen(url + "/enter", timeout=20) as reply:
            cookie = SimpleCookie(reply.headers["Set-Cookie"])["sessionid"].OutputString([])
        keys = Keys("sqlite:///mw.db")
        key = keys.create("web").key
        page = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        self.assertEqual(ask(url + PATH, Cookie=cookie, **page), 200)
        self.assertEqual(ask(url + PATH, Authorization=key, **page), 200)
        self.assertEqual(len(self.transport.us.requests), 2)
        self.assertTrue(self.stack.parts.transport is self.transport)
        keys.revoke("web")
        keys.close()

class Plain(Front, InFront, LiveServerTestCase):
    pass

class Static(Front, InFront, StaticLiveServerTestCase):
    def test_static_files_are_served(self):
        with urllib.request.urlopen(self.live_server_url + "/static/x.css", timeout=20) as reply:
            self.assertEqual(reply.read(), b"body {}")
"""


def test_a_live_server_has_the_stack_in_front(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "x.css").write_text("body {}")
    (tmp_path / "test_live.py").write_text(textwrap.dedent(LIVE))
    said = manage(
        tmp_path, "test", "test_live", STATICFILES_DIRS=[str(tmp_path / "static")], environ=KEY
    )
    assert "Ran 4 tests" in said
    assert "OK" in said
