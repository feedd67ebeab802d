"""How settlement reaches AssemblyAI: as callers do, and with nothing else in the process."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stack_kit import MASTER_KEY, config_of, host_app
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, Keys, Ledger
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, FakeTransport, Hosts, serve_all
from assemblyai_mw.transport import Origin, Request, Timeouts

SUBMIT = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}

# A worker of a host that has none of our tests' modules: one call, then settlement's own.
WORKER = """
import io, json, sys, time
from assemblyai_mw import AssemblyAIMiddleware, Ledger, RequestsTransport

config = json.loads(sys.argv[1])
stack = AssemblyAIMiddleware(lambda environ, start: [], config)
body = sys.argv[2].encode()
environ = {
    "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/assemblyai/v2/transcript",
    "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_AUTHORIZATION": config["general_settings"]["master_key"],
    "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
    "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
}
started = []
reply = stack(environ, lambda *start: started.append(start[0]))
list(reply)
getattr(reply, "close", lambda: None)()
ledger = Ledger(config["general_settings"]["database_url"])
ends = time.monotonic() + 30
while ledger.pending() and time.monotonic() < ends:
    time.sleep(0.02)
state = [row["state"] for row in ledger.calls()]
stack.close()
ledger.database.close()
loaded = sorted({"requests", "urllib3", "charset_normalizer", "idna"} & set(sys.modules))
print(json.dumps([started, state, loaded]))
"""


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


def lively(url: str, **more: Any) -> dict[str, Any]:
    return config_of(url, settlement={"first_poll_s": 0.1}, **more)


def submitted(app: AssemblyAIMiddleware) -> None:
    TestApp(app).post_json(
        "/assemblyai/v2/transcript", SUBMIT, headers={"Authorization": MASTER_KEY}
    )


def row_once_closed(url: str) -> dict[str, Any]:
    """Return the one row when it is open no more."""
    database = Keys(url).database
    try:
        ledger, ends = Ledger(database), time.monotonic() + 30
        while ledger.pending() and time.monotonic() < ends:
            time.sleep(0.02)
        (row,) = ledger.calls()
        return row
    finally:
        database.close()


def test_a_worker_that_settles_has_not_loaded_requests(hosts: Hosts, sqlite_url: str) -> None:
    config = lively(sqlite_url, routes=hosts.routes)
    command = [sys.executable, "-W", "error", "-c", WORKER, json.dumps(config), json.dumps(SUBMIT)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(run.stdout) == [["200 OK"], ["settled"], []]


class Counting(FakeTransport):
    """Keeps what went through it."""

    def __init__(self) -> None:
        super().__init__(FakeAssemblyAI(polls=0))
        self.seen: list[tuple[str, str]] = []

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> Any:
        self.seen.append((request.method, request.target))
        return super().send(origin, request, timeouts)


def test_settlement_goes_by_the_stacks_own_transport(sqlite_url: str) -> None:
    transport = Counting()
    with closing(AssemblyAIMiddleware(host_app, lively(sqlite_url), transport=transport)) as app:
        submitted(app)
        row = row_once_closed(sqlite_url)
    assert row["state"] == "settled"
    assert transport.seen == [
        ("POST", "/v2/transcript"),
        ("GET", f"/v2/transcript/{row['transcript_id']}"),
    ]


def test_settlement_heeds_no_environment_and_follows_no_redirect(
    hosts: Hosts,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The key goes to the route's host alone; what is logged does not hold it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    elsewhere = hosts.routes["/eu.assemblyai"] + "/v2/transcript"
    config = lively(sqlite_url, routes=hosts.routes)
    with closing(AssemblyAIMiddleware(host_app, config)) as app, caplog.at_level(logging.INFO):
        hosts.us.fail_next(307, method="GET", headers=[("Location", elsewhere)])
        submitted(app)
        assert row_once_closed(sqlite_url)["state"] == "settled"
    assert "AssemblyAI answered with status 307" in caplog.text
    assert US_KEY not in caplog.text
    assert hosts.eu.requests == []
