"""The Python SDK streams through a whole stack under the servers that people use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .hosts import GEVENT, HTTP, REFUSES, Server, gunicorn, uwsgi
from .hosts import GIVES as HAND_OVER
from .marks import SDK_IS_OLD, with_uwsgi
from .streaming_kit import (
    ROUTE,
    USD_A_SECOND,
    Site,
    Speaker,
    hold_sessions,
    refusal,
    streaming_site,
    until,
)

pytestmark = SDK_IS_OLD
BY_NAME = {server.name: server for server in HAND_OVER}
SERVERS = [
    gunicorn("gthread 2 threads", "--worker-class", "gthread", "--threads", "2"),
    gunicorn(
        "gthread preload", *("--worker-class", "gthread", "--threads", "4", "--preload"), "-w2"
    ),
    BY_NAME["Gunicorn sync"],
    GEVENT,
    *(BY_NAME[name] for name in ("werkzeug", "django", "wsgiref", "pywsgi", "cheroot", "eventlet")),
    uwsgi("http-socket threads", "--http-socket", HTTP, "--threads", "2"),
]
SAYS = {
    "waitress": "Waitress hands the app no socket; run the app under Gunicorn",
    "granian": "Granian hands the app no socket; run the app under Gunicorn",
    "uWSGI without threads": "uWSGI runs without threads; start it with --enable-threads",
    "uWSGI http without websockets": "through --http only with --http-websockets",
}


@pytest.fixture(scope="module", params=with_uwsgi(SERVERS), ids=str)
def site(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Site]:
    with streaming_site(request.param, tmp_path_factory.mktemp("site")) as site:
        yield site


def test_the_sdk_streams_and_no_session_holds_a_thread(site: Site) -> None:
    """Ten sessions at once on two threads, or on one; a page is served meanwhile.

    Every session has Begin, Turns and Termination, and a row with the cost of its seconds. The
    server's descriptors and threads are in the end what they were.
    """
    hold_sessions(site)
    while not site.all_have_worked():
        hold_sessions(site, 2)
    sessions = len(site.fake.sessions)
    site.settled(sessions)
    descriptors, threads = site.descriptors(), site.threads()
    hold_sessions(site, threads=threads)
    until(lambda: site.descriptors() <= descriptors)
    rows = site.settled(sessions + 10)
    billed = sorted(session.billed_s for session in site.fake.sessions)
    costs = sorted(float(row["cost_usd"]) for row in rows)
    assert costs == pytest.approx([seconds * USD_A_SECOND for seconds in billed], abs=1e-9)
    assert {session.ended_by for session in site.fake.sessions} == {"terminate"}


@pytest.mark.parametrize("server", with_uwsgi(REFUSES), ids=str)
def test_a_server_that_keeps_its_connections_is_named(server: Server, tmp_path: Any) -> None:
    """In a 426, which the SDK does not try again; AssemblyAI is not asked, and no row is made."""
    with streaming_site(server, tmp_path) as site:
        speaker = Speaker(f"ws://{site.address}{ROUTE}", site.key).connect()
        assert speaker.errors == [(426, "WebSocket handshake rejected (HTTP 426)")]
        assert site.fake.sessions == []
        assert SAYS[server.name] in refusal(site)
        assert site.rows() == []


def test_a_client_that_left_before_it_was_served_costs_nothing(tmp_path: Path) -> None:
    """SDKs leave after a second, and try again."""
    with streaming_site(BY_NAME["Gunicorn sync"], tmp_path) as site, ThreadPoolExecutor() as pool:
        reply = pool.submit(site.running.get, "/long")
        until((tmp_path / "long").exists)
        # The worker's only thread is taken until then.
        impatient = Speaker(
            f"ws://{site.address}{ROUTE}",
            site.key,
            connect_timeout=0.1,
            max_connection_retries=2,
            connection_retry_delay=0,
        ).connect()
        ((code, _),) = impatient.errors
        assert code is None
        (tmp_path / "long").unlink()
        assert reply.result() == b"at last"
        # A later one of the same thread's comes after them.
        hold_sessions(site, 1)
        assert len(site.fake.sessions) == 1
        site.settled(1, of=4)
        assert [row["state"] for row in site.rows()] == [*["failed"] * 3, "settled"]
        assert {row["cost_usd"] for row in site.rows()[:3]} == {"0"}
