"""Workers that stop while sessions are open: each session ends as it should, and is paid for."""

from __future__ import annotations

import os
import re
import signal
import ssl
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from .hosts import Running, gunicorn
from .marks import SDK_IS_OLD
from .streaming_kit import ROUTE, Site, Speaker, open_sessions, refusal, streaming_site, until

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
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    server = gunicorn(request.param, *WORKERS[request.param], *PATIENT)
    with streaming_site(server, tmp_path) as site:
        yield site


def all_end_well(site: Site, opened: list[Speaker]) -> None:
    """Check that the clients are told why, AssemblyAI ended each session, and its row says so."""
    assert opened
    for speaker in opened:
        speaker.wait("Error")
        assert speaker.errors == [RESTARTED]
        # The last words came before.
        assert "Turn" not in speaker.heard or speaker.heard["Turn"][-1].end_of_turn
        speaker.end()
    rows = site.settled(len(opened))
    assert [row["estimated"] for row in rows] == [False] * len(opened)
    assert {session.ended_by for session in site.fake.sessions} == {"terminate"}


def log_is_clean(site: Site) -> None:
    log = site.running.log.read_text()
    assert re.findall(r"ERROR|CRITICAL|TIMEOUT|Error|SIGKILL|SIGABRT", log) == [], log


def test_a_reload_ends_sessions_and_the_next_worker_takes_new_ones(site: Site) -> None:
    (old,) = site.processes()
    opened = open_sessions(site, 3)
    os.kill(site.running.process.pid, signal.SIGHUP)
    all_end_well(site, opened)
    old.wait(20)
    ((later,), (new,)) = open_sessions(site, 1), site.processes()
    assert new.pid != old.pid
    later.end()
    assert later.errors == []
    site.settled(4)
    log_is_clean(site)


@pytest.mark.parametrize("site", ["gthread", "gevent"], indirect=True)
def test_a_long_request_does_not_keep_sessions_from_ending(site: Site) -> None:
    """The worker waits for it, and might be killed before it came to its sessions."""
    (old,) = site.processes()
    opened = open_sessions(site, 3)
    with ThreadPoolExecutor() as pool:
        reply = pool.submit(site.running.get, "/long")
        until((site.folder / "long").exists)
        os.kill(site.running.process.pid, signal.SIGHUP)
        all_end_well(site, opened)
        assert old.is_running()
        assert not reply.done()
        (site.folder / "long").unlink()
        assert reply.result() == b"at last"
    old.wait(20)
    log_is_clean(site)


def test_a_server_that_stops_ends_its_sessions(site: Site) -> None:
    opened = open_sessions(site, 3)
    site.running.process.terminate()
    all_end_well(site, opened)
    assert site.running.process.wait(20) == 0
    log_is_clean(site)


def test_a_worker_that_has_served_its_requests_ends_its_sessions(tmp_path: Path) -> None:
    """A handshake is a request; the page that was waited for is one too."""
    server = gunicorn("gthread", *WORKERS["gthread"], *PATIENT, "--max-requests", "4")
    with streaming_site(server, tmp_path) as site:
        (old,) = site.processes()
        opened = open_sessions(site, 3, heard=False)
        # The last one may find the worker stopping already.
        refused = opened.pop() if "Begin" not in opened[-1].heard else None
        assert refused is None or refused.errors == [RESTARTED]
        all_end_well(site, opened)
        old.wait(20)
        (later,) = open_sessions(site, 1)
        assert [each.pid for each in site.processes()] != [old.pid]
        later.end()
        assert later.errors == []
        site.settled(len(opened) + 1)
        log_is_clean(site)


def test_sessions_over_the_servers_own_tls_hold_threads_and_end_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of four threads: the third session is told so, and pages are served."""
    authority = trustme.CA()
    trusted, own = tmp_path / "authority.pem", tmp_path / "site.pem"
    authority.cert_pem.write_to_path(str(trusted))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(own))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    tls = ssl.create_default_context(cafile=str(trusted))
    server = gunicorn("TLS", *WORKERS["gthread"], *PATIENT, "--certfile", str(own))

    def page(site: Running) -> None:
        (port,) = site.address[1:]
        url = f"https://localhost:{port}/page"
        with urllib.request.urlopen(url, timeout=30, context=tls) as reply:
            assert reply.read() == b"the host's own page"

    with streaming_site(server, tmp_path / "site", ready=page) as site:
        host = f"{site.address.replace('127.0.0.1', 'localhost')}{ROUTE}"
        first, second = (Speaker(host, site.key).connect() for _ in range(2))
        third = Speaker(host, site.key).connect()
        assert third.errors == [(426, "WebSocket handshake rejected (HTTP 426)")]
        assert "those that sessions may hold are taken" in refusal(site, tls)
        page(site.running)
        first.speak()
        first.wait("Turn")
        first.end()
        assert len(first.heard["Termination"]) == 1
        site.settled(1, of=2)
        again = Speaker(host, site.key).connect()
        for speaker in (second, again):
            speaker.speak()
            speaker.wait("Turn")
        site.running.process.terminate()
        for speaker in (second, again):
            speaker.wait("Error")
            assert speaker.errors == [RESTARTED]
            speaker.end()
        assert site.running.process.wait(40) == 0
        rows = site.settled(3)
        assert [row["estimated"] for row in rows] == [False] * 3
        log_is_clean(site)
