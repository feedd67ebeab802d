"""The usage page in a real Chromium: three widths, light and dark, without scripts."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from browser_kit import CHROMIUM, needs_chromium
from npm_kit import node_modules, run_node
from stack_kit import MASTER_KEY, config_of, host_app
from usage_page_kit import AT, fill

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.store import Database, Keys, Ledger

pytestmark = needs_chromium
WIDTHS = (320, 390, 768, 1366)
HOSTILE = "<img src=//evil.example> " + "long" * 60


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a browser finds on each page, light and dark."""
    modules = node_modules(tmp_path_factory)
    folder = tmp_path_factory.mktemp("look")
    url = f"sqlite:///{folder}/ledger.db"
    with Database(url) as database:
        fill(database, 40)
        Keys(database).create(HOSTILE[:120], team=HOSTILE[:100], budget_usd="1")
        (call,) = Ledger(database).newest_calls(limit=1).calls
    app = AssemblyAIMiddleware(host_app, config_of(url, general_settings={"usage_path": AT}))
    server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    at = f"http://127.0.0.1:{server.server_port}{AT}"
    pages = ["/?by=key", f"/calls?model={quote(HOSTILE)}", f"/calls/{call['id']}", "/calls"]
    pages += [f"/keys?key={quote(HOSTILE[:120])}", "/keys", "/teams/support", "/health"]
    told = {
        "program": CHROMIUM,
        "urls": [at + page for page in pages],
        "widths": WIDTHS,
        "user": "me",
        "password": MASTER_KEY,
    }
    try:
        done = run_node(Path(__file__).with_name("look.cjs"), modules, json.dumps(told))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.close()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 2 * len(pages)
    return found


def test_every_page_opens_without_errors_and_asks_nobody_else(looks: list[dict[str, Any]]) -> None:
    for look in looks:
        assert (look["status"], look["errors"], look["elsewhere"]) == (200, [], []), look


def test_nothing_of_it_needs_scripts(looks: list[dict[str, Any]]) -> None:
    (text, *_) = [look["text"] for look in looks if "text" in look]
    assert "podcast-import" in text


def test_no_page_scrolls_sideways(looks: list[dict[str, Any]]) -> None:
    assert {tuple(look["sideways"]) for look in looks} == {(0,) * len(WIDTHS)}, looks


def test_the_text_of_the_picture_is_as_large_on_a_phone(looks: list[dict[str, Any]]) -> None:
    assert min(look["smallest"] for look in looks) >= 12


def test_axe_finds_nothing_serious(looks: list[dict[str, Any]]) -> None:
    assert [(look["url"], look["faults"]) for look in looks if look["faults"]] == []
