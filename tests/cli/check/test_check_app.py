"""`check --app` and `--server-url`: each thing that can be wrong around the stack is named."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY

from assemblyai_mw.cli.check import server as check_server
from assemblyai_mw.config import load_config
from assemblyai_mw.store import Database
from assemblyai_mw.testing import serve

HEAD = """
import threading
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from assemblyai_mw import AssemblyAIMiddleware

def host(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the host's"]

app = Flask(__name__)
"""
WRAP = "app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)\n"

Check = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def check(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    """Run `check --app` on a module of this text; gives level and text by subject."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    # No probe leaves the process: any attempt to connect fails the test.
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", address
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)

    def check(
        text: str, *more: str, status: int = 0, spec: str = "checked_app:app", **environ: str
    ) -> dict[str, tuple[str, str]]:
        (tmp_path / "checked_app.py").write_text(HEAD + text)
        sys.modules.pop("checked_app", None)
        environ.setdefault("ASSEMBLYAI_API_KEY", ACCOUNT_KEY)
        result = run("check", "--app", spec, *more, status=status, environ=environ)
        assert ACCOUNT_KEY not in result.output
        found = {}
        for line in result.stdout.splitlines():
            subject, _, rest = line[7:].partition(": ")
            if found.get(subject, ("ok",))[0] != "wrong":
                found[subject] = (line[:6].strip(), rest)
        return found

    yield check
    sys.modules.pop("checked_app", None)


def test_a_good_app_passes_every_probe(check: Check) -> None:
    found = check(WRAP)
    for subject in ("mount", "target", "bodies", "streams", "EU routing", "price book", "disk"):
        assert found[subject][0] == "ok", found[subject]
    assert {level for level, _ in found.values()} <= {"ok", "note"}


def test_probes_leave_the_operators_ledger_alone(check: Check, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.write():
        pass
    check(WRAP)
    with database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from calls").scalar() == 0
    database.close()


def test_the_stack_is_itself_again_afterwards(check: Check) -> None:
    check(WRAP + "stack = app.wsgi_app\ninside = stack.app\n")
    module = sys.modules["checked_app"]
    assert module.stack.app is module.inside


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WRAP + "app.wsgi_app = ProxyFix(app.wsgi_app)\n", id="proxy-fix-outside"),
        pytest.param(
            WRAP + "app.wsgi_app = DispatcherMiddleware(host, {'/gw': app.wsgi_app})\n",
            id="dispatcher",
        ),
        pytest.param(
            WRAP + "inner = app.wsgi_app\n"
            "def around(inner):\n    return lambda environ, start: inner(environ, start)\n"
            "app.wsgi_app = around(inner)\n",
            id="a-function",
        ),
    ],
)
def test_the_stack_is_found_in_what_wraps_it(check: Check, text: str) -> None:
    found = check(text)
    assert found["mount"][0] == "ok"
    assert found["target"][0] == "ok"


def test_an_app_is_made_by_its_factory(check: Check) -> None:
    text = "def make():\n    app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)\n    return app\n"
    assert check(text, spec="checked_app:make()")["mount"][0] == "ok"


BUFFER = """
def collect(inner):
    def app(environ, start_response):
        return [b"".join(inner(environ, start_response))]
    return app
app.wsgi_app = collect(app.wsgi_app)
"""
EATS = """
def eat(inner):
    def app(environ, start_response):
        environ["wsgi.input"].read()
        return inner(environ, start_response)
    return app
app.wsgi_app = eat(app.wsgi_app)
"""
LOGIN = """
def wall(inner):
    def app(environ, start_response):
        start_response("302 Found", [("Location", "/login")])
        return [b""]
    app.inner = inner
    return app
app.wsgi_app = wall(app.wsgi_app)
"""
NO_KEY = """
def strip(inner):
    def app(environ, start_response):
        environ.pop("HTTP_AUTHORIZATION", None)
        return inner(environ, start_response)
    return app
app.wsgi_app = strip(app.wsgi_app)
"""
REWRITE = """
def rewrite(inner):
    def app(environ, start_response):
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("a/b", "a-b")
        return inner(environ, start_response)
    return app
app.wsgi_app = rewrite(app.wsgi_app)
"""


@pytest.mark.parametrize(
    ("text", "subject", "words"),
    [
        pytest.param("", "app", "no AssemblyAIMiddleware around it", id="not-wrapped"),
        pytest.param("1/0\n", "app", "ZeroDivisionError", id="import-fails"),
        pytest.param("app = 3\n", "app", "expected a WSGI app", id="no-app"),
        pytest.param(WRAP + WRAP, "order", "remove one", id="twice"),
        pytest.param(
            "app.wsgi_app = ProxyFix(app.wsgi_app)\n" + WRAP, "order", "last", id="proxy-fix-inside"
        ),
        pytest.param(WRAP + BUFFER, "streams", "collects the reply", id="buffered"),
        pytest.param(WRAP + EATS, "bodies", "reads wsgi.input", id="body-eaten"),
        pytest.param(WRAP + LOGIN, "mount", "answers 302", id="login-wall"),
        pytest.param(WRAP + NO_KEY, "key", "removes Authorization", id="no-authorization"),
        pytest.param(WRAP + REWRITE, "target", "changes paths", id="rewritten"),
        pytest.param(
            "here = 'http://127.0.0.1:9'\nroutes = {'/eu.assemblyai': here, '/assemblyai': here}\n"
            "app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app, {'routes': routes})\n",
            "EU routing",
            "reach 127.0.0.1:9",
            id="eu-to-us",
        ),
        pytest.param(
            "routes = {'/llm-gateway.assemblyai': 'http://127.0.0.1:9'}\n"
            "models = [{'model_name': 'fast', 'litellm_params': {'model': 'eu.assemblyai/gpt-5',"
            " 'api_base': 'http://127.0.0.1:9/v1', 'api_key': 'k'}}]\n"
            "config = {'model_list': models, 'routes': routes}\n"
            "app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app, config)\n",
            "EU routing",
            "reach 127.0.0.1:9",
            id="eu-model-to-us",
        ),
    ],
)
def test_each_fault_around_the_stack_is_said(
    check: Check, text: str, subject: str, words: str
) -> None:
    level, said = check(text, status=1)[subject]
    assert (level, words in said) == ("wrong", True), said


@pytest.mark.parametrize(
    ("args", "subject", "level", "words"),
    [
        pytest.param("", "timeouts", "wrong", "killed after 30 s", id="sync-default"),
        pytest.param("--timeout 630", "timeouts", "ok", "timeout 630", id="sync-long"),
        pytest.param(
            "--timeout 150", "timeouts", "wrong", "600 s (timeouts: chat_read_s)", id="chats"
        ),
        pytest.param("--threads 8", "timeouts", "ok", "gthread", id="gthread"),
        pytest.param("--threads 8", "gunicorn", "note", "graceful_timeout = 120", id="graceful"),
        pytest.param("--threads 8 --preload", "preload", "ok", "no connection", id="preload"),
    ],
)
def test_gunicorns_settings_are_held_against_the_timeouts(
    check: Check, args: str, subject: str, level: str, words: str
) -> None:
    args = f"--workers 2 {args}"
    found = check(WRAP, status=1 if level == "wrong" else 0, GUNICORN_CMD_ARGS=args)
    assert found[subject][0] == level
    assert words in found[subject][1]


def test_gunicorns_file_is_read_and_its_variables_go_over_it(check: Check, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("threads = 4\ntimeout = 77\n")
    assert check(WRAP)["timeouts"] == ("ok", "gthread workers, timeout 77 s")
    found = check(WRAP, GUNICORN_CMD_ARGS="--timeout 78")
    assert found["timeouts"] == ("ok", "gthread workers, timeout 78 s")


def test_what_an_import_leaves_running_is_wrong_under_preload(check: Check) -> None:
    text = WRAP + (
        "stop = threading.Event()\nthread = threading.Thread(target=stop.wait)\nthread.start()\n"
    )
    for args, level, status in (("--threads 2 --preload", "wrong", 1), ("--threads 2", "note", 0)):
        found = check(text, status=status, GUNICORN_CMD_ARGS=args)["preload"]
        module = sys.modules["checked_app"]
        module.stop.set()
        module.thread.join()
        assert found[0] == level
        assert "starts 1 thread(s)" in found[1]


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share rw,relatime shared:2 - nfs4 server:/export rw
31 22 0:41 / /mnt/with\\040space rw - cifs //server/x rw
32 30 8:2 / /mnt/share/local rw - xfs /dev/sdb1 rw
nonsense
"""


@pytest.mark.parametrize(
    ("file", "level"),
    [
        ("/var/lib/ledger.db", "ok"),
        ("/mnt/share/ledger.db", "wrong"),
        ("/mnt/share/local/ledger.db", "ok"),
        ("/mnt/shared/ledger.db", "ok"),
        ("/mnt/with space/ledger.db", "wrong"),
    ],
)
def test_a_database_on_a_network_disk_is_wrong(file: str, level: str, tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    (found,) = check_server.disk(f"sqlite:///{file}", str(tmp_path / "mountinfo"))
    assert (found.level, found.subject) == (level, "disk")


def test_where_no_disk_can_be_told_nothing_is_said(tmp_path: Path) -> None:
    assert list(check_server.disk("sqlite:////x.db", str(tmp_path / "none"))) == []
    assert list(check_server.disk("postgresql+psycopg://db/x")) == []


def answering(statuses: dict[str, int], asked: list[tuple[str, str | None]]) -> Any:
    """A front server that answers by a word in the request, else 401 as the stack does."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append((environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION")))
        raw = environ["REQUEST_URI"]
        word = (
            "escaped"
            if "%61" in raw
            else "chunked"
            if environ.get("HTTP_TRANSFER_ENCODING")
            else "large"
            if len(environ.get("CONTENT_LENGTH") or "") > 8
            else "plain"
        )
        status = statuses.get(word, 404 if word == "escaped" else 401)
        start_response(f"{status} Status", [("Content-Length", "0"), ("Server", "nginx")])
        return []

    return app


@pytest.mark.parametrize(
    ("statuses", "subject", "level", "words"),
    [
        pytest.param({}, "server", "ok", "401", id="good"),
        pytest.param({"plain": 404}, "server", "wrong", "answers 404", id="not-mounted"),
        pytest.param({"escaped": 401}, "raw target", "note", "RAW_URI", id="no-raw-target"),
        pytest.param({"chunked": 411}, "chunked", "wrong", "gets 411", id="no-chunks"),
        pytest.param({"large": 413}, "body size", "wrong", "client_max_body_size", id="small"),
    ],
)
def test_a_running_server_is_asked_without_a_key(
    statuses: dict[str, int], subject: str, level: str, words: str
) -> None:
    config = load_config({}, {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY})
    asked: list[tuple[str, str | None]] = []
    with serve(answering(statuses, asked)) as url:
        found = {each.subject: each for each in check_server.running(url, config)}
    assert found[subject].level == level
    assert words in found[subject].as_line()
    assert {key for _, key in asked} == {None}


def test_a_server_that_is_not_there_is_said_in_a_line(check: Check) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = check(WRAP, "--server-url", f"http://127.0.0.1:{port}", status=1)
    assert found["server"][0] == "wrong"
    assert "refused" in found["server"][1]
