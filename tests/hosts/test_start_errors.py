"""A wrong configuration ends each host's own program with one line, and Python with ConfigError."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import assemblyai_mw

PRODUCT = Path(assemblyai_mw.__file__).parent.parent
FLASK = """
from flask import Flask
from assemblyai_mw.hosts.flask import AssemblyAI

def create_app():
    app = Flask(__name__)
    app.config["ASSEMBLYAI_MW"] = {"prises": {}}
    AssemblyAI(app)
    return app
"""
ONE_LINE = """
from flask import Flask
from assemblyai_mw import AssemblyAIMiddleware
app = Flask(__name__)
app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app, "mw.yaml")
"""
TO_ALL = """
from flask import Flask
from assemblyai_mw.hosts.flask import AssemblyAI
app = Flask(__name__)
app.config["ASSEMBLYAI_MW"] = {"general_settings": {"cors_origins": ["*"]}}
assemblyai = AssemblyAI(app)
@assemblyai.identify
def identify():
    return None
"""
TWICE = """
from flask import Flask
from assemblyai_mw.hosts.flask import AssemblyAI
app = Flask(__name__)
AssemblyAI(app)
AssemblyAI(app)
"""
DJANGO = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.wsgi import get_wsgi_application
from assemblyai_mw.hosts.django import wrap
application = wrap(get_wsgi_application())
"""
SETTINGS = """
SECRET_KEY = "x" * 50
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
INSTALLED_APPS = []
ASSEMBLYAI_MW = {"prises": {}}
"""
MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SAID = "prises: unknown setting; did you mean prices?"
IN_FLASK = f'app.config["ASSEMBLYAI_MW"]: {SAID}'
IN_DJANGO = f"settings.ASSEMBLYAI_MW: {SAID}"
IN_FILE = f"mw.yaml: {SAID}"
BESIDE = (
    "general_settings.cors_origins: expected the origins by name, since pages of theirs may use "
    "the host's login (identify), got *"
)
AGAIN = "AssemblyAI.init_app: this app has AssemblyAI behind it already"
GUNICORN = ("-m", "gunicorn", "--no-control-socket", "-b", "127.0.0.1:0")


def run(folder: Path, *command: str) -> tuple[int, str]:
    """Run Python in a folder of apps whose configuration is wrong."""
    files = {
        "factory.py": FLASK,
        "one_line.py": ONE_LINE,
        "to_all.py": TO_ALL,
        "twice.py": TWICE,
        "wsgi.py": DJANGO,
        "settings.py": SETTINGS,
        "urls.py": "urlpatterns = []",
        "manage.py": MANAGE,
        "mw.yaml": "prises: {}\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ASSEMBLYAI_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environ | {"PYTHONPATH": f"{folder}:{PRODUCT}", "ASSEMBLYAI_API_KEY": "of-the-account"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize(
    "command, status, line",
    [
        (["-m", "flask", "--app", "factory", "run"], 2, f"Error: {IN_FLASK}"),
        (["-m", "flask", "--app", "factory", "routes"], 2, f"Error: {IN_FLASK}"),
        (["-m", "flask", "--app", "factory", "assemblyai", "usage"], 2, f"Error: {IN_FLASK}"),
        (["-m", "flask", "--app", "one_line", "run"], 2, f"Error: {IN_FILE}"),
        (["-m", "flask", "--app", "to_all", "run"], 2, f"Error: {BESIDE}"),
        (["-m", "flask", "--app", "twice", "run"], 2, f"Error: {AGAIN}"),
        (["manage.py", "runserver", "--noreload", "0"], 1, f"ConfigError: {IN_DJANGO}"),
        ([*GUNICORN, "--preload", "one_line:app"], 1, f"Error: {IN_FILE}"),
    ],
)
def test_a_program_says_one_line_and_ends(
    tmp_path: Path, command: list[str], status: int, line: str
) -> None:
    ended, said = run(tmp_path, *command)
    said = "\n".join(each for each in said.splitlines() if each.strip())
    if "runserver" in command:
        # Django's own greeting comes first.
        assert "Traceback" not in said
        said = next(each for each in said.splitlines() if "rror:" in each)
    assert (ended, said) == (status, line)


@pytest.mark.parametrize(
    "app, line",
    [("factory:create_app()", IN_FLASK), ("wsgi", IN_DJANGO), ("one_line:app", IN_FILE)],
)
@pytest.mark.parametrize("worker", ["sync", "gthread", "gevent"])
def test_gunicorns_worker_says_one_line_and_the_master_ends(
    tmp_path: Path, worker: str, app: str, line: str
) -> None:
    status, said = run(tmp_path, *GUNICORN, "--worker-class", worker, app)
    lines = [each for each in said.splitlines() if not each.startswith("[")]
    assert lines == [line]
    assert status == 4
    assert "App failed to load" in said


@pytest.mark.parametrize("module", ["factory", "wsgi", "one_line"])
def test_python_gets_an_exception_whose_traceback_ends_at_the_door(
    tmp_path: Path, module: str
) -> None:
    script = f"""
import traceback
import gunicorn.arbiter
from assemblyai_mw import ConfigError
try:
    import {module}
    getattr({module}, "create_app", int)()
except ConfigError as error:
    assert type(error).__name__ == "ConfigError"
    assert {SAID!r} in str(error), str(error)
    assert error.__cause__ is None and error.__suppress_context__
    frames = traceback.extract_tb(error.__traceback__)
    assert not any("/config/" in frame.filename for frame in frames), frames
else:
    raise AssertionError
"""
    assert run(tmp_path, "-c", script) == (0, "")
