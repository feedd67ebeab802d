"""What the README shows works: each block is run, on loopback, as it stands there."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import assemblyai as aai
import pytest
from blocks import blocks_of, no_pages, run_python
from click.testing import CliRunner

from assemblyai_mw.cli import main
from assemblyai_mw.config import DEFAULT_ROUTES, load_config
from assemblyai_mw.stack import AssemblyAIMiddleware
from assemblyai_mw.store import Database, Keys
from assemblyai_mw.testing import EU_KEY, US_KEY, Hosts, serve, serve_all
from assemblyai_mw.transport import SocketTransport

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = blocks_of(ROOT / "README.md")
PYTHON = [block.text for block in BLOCKS if block.language == "python"]
YAML = [block.text for block in BLOCKS if block.language == "yaml"]
COMMANDS = [line for b in BLOCKS if b.language == "sh" for line in b.text.splitlines()]


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all() as served:
        served.us.reply_to = lambda asked: "Paris."
        yield served


@pytest.fixture
def home(hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory and an environment as the README's reader has them, but for the upstreams."""
    for name in [name for name in os.environ if name.startswith("ASSEMBLYAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", US_KEY)
    monkeypatch.setenv("ASSEMBLYAI_EU_API_KEY", EU_KEY)
    monkeypatch.setenv("ASSEMBLYAI_MW_MASTER_KEY", "sk-master-of-the-tests")
    routes = "".join(f"  {prefix}: {url}\n" for prefix, url in hosts.routes.items())
    (tmp_path / "loopback.yaml").write_text(f"routes:\n{routes}")
    (tmp_path / "interview.mp3").write_bytes(b"no audio at all")
    monkeypatch.setenv("ASSEMBLYAI_MW_CONFIG", str(tmp_path / "loopback.yaml"))
    return tmp_path


@pytest.fixture
def served_app(home: Path) -> Iterator[str]:
    """The URL of an app with the middleware around it."""
    transport = SocketTransport()
    with serve(AssemblyAIMiddleware(no_pages, transport=transport)) as url:
        yield url
    transport.close()


@pytest.fixture
def alice(home: Path) -> str:
    database = Database(f"sqlite:///{home}/assemblyai_mw.db")
    key = Keys(database).create("alice").key
    database.close()
    return key


def run(block: str, replaced: dict[str, str]) -> dict[str, Any]:
    """Run a block with other addresses and keys in it; each must have stood there."""
    names: dict[str, Any] = {"__name__": "readme"}
    run_python(block, replaced, names, "README.md")
    return names


def block_with(text: str) -> str:
    (found,) = (block for block in PYTHON if text in block)
    return found


def test_every_python_block_is_run_by_a_test_below() -> None:
    by_a_test = [
        block_with(text)
        for text in (
            "AssemblyAIMiddleware(app.wsgi_app)\n",
            "get_wsgi_application",
            "aai.settings.base_url",
            "OpenAI(base_url",
            "completion(\n    model=",
            "api = UpstreamForwarder(",
            "FakeTransport()",
        )
    ]
    assert by_a_test == PYTHON


def test_the_one_line_wraps_an_app(home: Path) -> None:
    app = run(block_with("AssemblyAIMiddleware(app.wsgi_app)\n"), {})["app"]
    assert app.test_client().get("/assemblyai/v2/transcript").status_code == 401
    assert app.test_client().get("/elsewhere").status_code == 404


def test_the_way_can_be_written_by_hand(home: Path) -> None:
    app = run(block_with("api = UpstreamForwarder("), {})["app"]
    assert app.test_client().get("/assemblyai/v2/transcript").status_code == 401
    assert app.test_client().get("/elsewhere").status_code == 404


def test_the_same_line_wraps_a_django_app(home: Path) -> None:
    """In a process of its own, for Django's settings are one for all."""
    script = f"""
from django.conf import settings
settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="x")
{block_with("get_wsgi_application")}
from webtest import TestApp
app = TestApp(application)
print(app.get("/page").text, app.get("/assemblyai/v2/transcript", status=401).json)
"""
    (home / "urls.py").write_text(
        "from django.http import HttpResponse\n"
        "from django.urls import path\n"
        "urlpatterns = [path('page', lambda request: HttpResponse('own'))]\n"
    )
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(home), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("own {'error': "), done.stderr


def test_the_assemblyai_sdk_goes_through_the_app(
    served_app: str,
    alice: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aai.Client, "_default", None)
    for name in ("base_url", "api_key"):
        monkeypatch.setattr(aai.settings, name, getattr(aai.settings, name))
    monkeypatch.setattr(aai.settings, "polling_interval", 0.001)
    run(block_with("aai.settings"), {"http://127.0.0.1:8000": served_app, "sk-...": alice})
    aai.Client.get_default().http_client.close()
    printed = capsys.readouterr().out
    assert "Good morning. This is the stand-in" in printed
    assert "00:00:00,000 --> " in printed


def test_the_openai_sdk_goes_through_the_app(
    served_app: str, alice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = run(block_with("OpenAI("), {"http://127.0.0.1:8000": served_app, "sk-...": alice})
    names["client"].close()
    assert capsys.readouterr().out == "Paris.\n"


def test_completion_asks_without_a_server(
    home: Path, hosts: Hosts, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = f'completion(api_base="{hosts.routes["/llm-gateway.assemblyai"]}/v1",'
    run(block_with("completion(\n    model="), {"completion(": gateway})
    # 8 tokens in at $3 a million, 2 out at $15, and 10 % for the region.
    assert capsys.readouterr().out == "Paris. 0.0000594\n"


def test_the_testing_block_asserts_what_it_says(home: Path) -> None:
    run(block_with("FakeTransport()"), {})


@pytest.mark.parametrize("text", YAML)
def test_the_yaml_is_a_configuration(text: str, home: Path) -> None:
    (home / "assemblyai_mw.yaml").write_text(text)
    config = load_config(home / "assemblyai_mw.yaml")
    assert "/sync.assemblyai" not in config.upstreams
    assert [entry.model_name for entry in config.models] == ["fast", "assemblyai/*"]


def test_the_routes_table_is_the_default() -> None:
    rows = re.findall(r"^\| `(/[\w.-]*assemblyai)` \| `(https://[\w.-]+)` \|", README, re.MULTILINE)
    assert dict(rows) == DEFAULT_ROUTES


def test_the_commands_run_in_their_order(home: Path) -> None:
    ours = [line for line in COMMANDS if line.startswith("assemblyai-mw ")]
    assert len(ours) == 9
    for line in ours:
        result = CliRunner().invoke(main, shlex.split(line)[1:])
        assert result.exit_code == 0, f"{line}: {result.output}"


def test_the_other_commands_name_what_there_is(home: Path) -> None:
    others = [line for line in COMMANDS if not line.startswith("assemblyai-mw ")]
    demo, test, export, gunicorn, docs, benchmarks = others
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    for line, extra in ((demo, "demo"), (test, "test"), (docs, "docs")):
        assert f"python3 -m venv .venv && .venv/bin/pip install -q '.[{extra}]' && " in line
        assert extra in extras
    assert (ROOT / demo.split()[-1]).is_file()
    assert test.endswith(".venv/bin/python -m pytest -n 2")
    assert export.split("=")[0] == "export ASSEMBLYAI_API_KEY"
    assert gunicorn.endswith(" app:app")
    assert docs.endswith(".venv/bin/mkdocs serve")
    assert benchmarks == "python -m benchmarks"
    assert (ROOT / "benchmarks" / "__main__.py").is_file()


def test_what_is_linked_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_each_extra_for_users_has_its_row() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \|", README.partition("| Extra |")[2], re.MULTILINE
    )
    rows = {name for cell in named for name in re.findall(r"\w+", cell)}
    # For a WebSocket that WSGI cannot carry; nothing uses it yet.
    assert rows == set(setup["options.extras_require"])


def test_each_dependency_has_its_row() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = {
        re.split(r"[^A-Za-z0-9_-]", line)[0].lower()
        for line in setup["options"]["install_requires"].split()
    }
    table = README.partition("| Library |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([\w-]+)[^|]* \|", table.partition("|---|")[2], re.MULTILINE)
    assert {row.lower() for row in rows} == wanted
