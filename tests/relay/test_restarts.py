"""Workers that stop while sessions are open: each session ends as it should, and is paid for."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from .hosts import gunicorn
from .streaming_kit import ROUTE, SDK_IS_OLD, Site, Speaker, streaming_site, until

pytestmark = SDK_IS_OLD
# As Gunicorn has them where nobody sets them.
PATIENT = ("--graceful-timeout", "30", "--timeout", "30")
WORKERS = {
    "gthread": ("--worker-class", "gthread", "--threads", "4"),
    "sync": (),
    "gevent": ("--worker-class", "gevent"),
}
RESTARTED = (1012, "This server restarts; connect again.")


@pytest.fixture(params=WORKERS)
def site(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Site]:
    server = gunicorn(request.param, *WORKERS[request.param], *PATIENT)
    with streaming_site(server, tmp_path) as site:
        yield site


def speakers(site: Site, count: int = 3) -> list[Speaker]:
    """Return speakers whose sessions are open and heard."""
    opened = [Speaker(f"ws://{site.address}{ROUTE}", site.key).connect() for _ in range(count)]
    for speaker in opened:
        speaker.speak(10)
    for speaker in opened:
        speaker.wait("Turn")
    return opened


def all_end_well(site: Site, opened: list[Speaker]) -> None:
    """Check that the clients are told why, AssemblyAI ended each session, and its row says so."""
    for speaker in opened:
        speaker.wait("Error")
        assert speaker.errors == [RESTARTED]
        # The last words still came.
        assert speaker.heard["Turn"][-1].end_of_turn
        speaker.end()
    rows = site.settled(len(opened))
    assert [row["estimated"] for row in rows] == [False] * len(opened)
    assert {session.ended_by for session in site.fake.sessions} == {"terminate"}


def log_is_clean(site: Site) -> None:
    faults = re.findall(r"^.*(?:\[ERROR\]|\[CRITICAL\]|WORKER TIMEOUT|Error|SIGKILL).*$", log(site))
    assert faults == [], log(site)


def log(site: Site) -> str:
    return site.running.log.read_text()


def test_a_reload_ends_sessions_and_the_next_worker_takes_new_ones(site: Site) -> None:
    (old,) = site.processes()
    opened = speakers(site)
    os.kill(site.running.process.pid, signal.SIGHUP)
    all_end_well(site, opened)
    old.wait(20)
    ((later,), (new,)) = speakers(site, 1), site.processes()
    assert new.pid != old.pid
    later.end()
    assert later.errors == []
    site.settled(4)
    log_is_clean(site)


def test_a_server_that_stops_ends_its_sessions(site: Site) -> None:
    opened = speakers(site)
    site.running.process.terminate()
    all_end_well(site, opened)
    assert site.running.process.wait(20) == 0
    log_is_clean(site)


def test_a_worker_that_has_served_its_requests_ends_its_sessions(tmp_path: Any) -> None:
    """A handshake is a request; the page that was waited for is one too."""
    server = gunicorn("gthread", *WORKERS["gthread"], *PATIENT, "--max-requests", "4")
    with streaming_site(server, tmp_path) as site:
        (old,) = site.processes()
        opened = speakers(site)
        all_end_well(site, opened)
        old.wait(20)
        (later,) = speakers(site, 1)
        assert [each.pid for each in site.processes()] != [old.pid]
        later.end()
        assert later.errors == []
        site.settled(4)
        log_is_clean(site)
