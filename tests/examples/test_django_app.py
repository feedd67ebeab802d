"""The Django example: its page, its routes and its commands, run as its README says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import assemblyai_mw

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "django_app"
PRODUCT = Path(assemblyai_mw.__file__).parent.parent
SCRIPT = """
from webtest import TestApp
from podcasts.wsgi import application
app = TestApp(application, extra_environ={"HTTP_HOST": "localhost"})
assert "<h1>Podcasts</h1>" in app.get("/")
assert "error" in app.get("/assemblyai/v2/transcript", status=401).json
assert "message" in app.get("/v1/models", status=401).json["error"]
"""


def test_the_example_does_what_its_readme_says(tmp_path: Path) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    environ |= {
        "ASSEMBLYAI_API_KEY": "account-key",
        "ASSEMBLYAI_MW_DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
        "PYTHONPATH": os.pathsep.join([str(FOLDER), str(PRODUCT)]),
    }
    environ.pop("DJANGO_SETTINGS_MODULE", None)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-W", "error::ResourceWarning", "-c", SCRIPT)
    manage = str(FOLDER / "manage.py")
    assert run(manage, "assemblyai", "keys", "create", "alice").startswith("sk-")
    assert "alice" in run(manage, "assemblyai", "keys", "list")
    assert "mount: at /" in run("-m", "assemblyai_mw", "check", "--app", "podcasts.wsgi")
