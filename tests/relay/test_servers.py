"""The Python SDK streams through a whole stack under the servers that people use."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from .hosts import GEVENT, HTTP, REFUSES, Server, gunicorn, handshake, read_to_end, serve, uwsgi
from .hosts import GIVES as HAND_OVER
from .streaming_kit import ROUTE, USD_A_SECOND, Site, Speaker, streaming_site, until

SESSIONS = 10
BY_NAME = {server.name: server for server in HAND_OVER}
SERVERS = [
    gunicorn("gthread 2 threads", "--worker-class", "gthread", "--threads", "2"),
    gunicorn(
        "gthread preload", *("--worker-class", "gthread", "--threads", "4", "--preload"), "-w2"
    ),
    BY_NAME["Gunicorn sync"],
    GEVENT,
    *(BY_NAME[name] for name in ("werkzeug", "django", "wsgiref", "pywsgi", "cheroot")),
    uwsgi("http-socket threads", "--http-socket", HTTP, "--threads", "2"),
]


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def site(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Site]:
    with streaming_site(request.param, tmp_path_factory.mktemp("site")) as site:
        yield site


def test_the_sdk_streams_and_no_session_holds_a_thread(site: Site) -> None:
    """Ten sessions at once on two threads, or on one; a page is served meanwhile.

    Every session has Begin, Turns and Termination, and a row with the cost of its seconds. The
    server's descriptors and threads are in the end what they were.
    """
    hold_sessions(site)
    descriptors = site.descriptors()
    threads = hold_sessions(site)
    assert threads == hold_sessions(site)
    until(lambda: site.descriptors() <= descriptors)
    rows = site.settled(3 * SESSIONS)
    billed = sorted(session.billed_s for session in site.fake.sessions)
    costs = sorted(float(row["cost_usd"]) for row in rows)
    assert costs == pytest.approx([seconds * USD_A_SECOND for seconds in billed], abs=1e-9)
    assert {session.ended_by for session in site.fake.sessions} == {"terminate"}


def hold_sessions(site: Site) -> int:
    """Run sessions, all open at once; return the server's threads then."""
    url = f"ws://{site.address}{ROUTE}"
    speakers = [Speaker(url, site.key).connect() for _ in range(SESSIONS)]
    for speaker in speakers:
        speaker.speak()
    for speaker in speakers:
        speaker.wait("Turn")
    assert site.running.get("/page") == b"the host's own page"
    threads = site.threads()
    for speaker in speakers:
        speaker.end()
        assert speaker.errors == []
        assert len(speaker.heard["Begin"]) == len(speaker.heard["Termination"]) == 1
    return threads
