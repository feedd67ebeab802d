"""Sessions over several Gunicorn workers: one budget, one limit, and workers that stop."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from crash.bench import configuration
from crash.workers import Workers
from metered_kit import MODEL, PRICES, SECOND, TERMINATE, Books, Heard, listen, until
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

# A session is held for 5 seconds at first, and may use two of them.
STREAMING = {"hold_slice_s": 2, "checkpoint_s": 1, "terminate_s": 1.0}
AMOUNTS = re.compile(r"[0-9.]+ USD spent, [0-9.]+ USD held.*limit [0-9.]+ USD")
OPEN = 20


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI()) as hosts:
        yield hosts


class Site(Books):
    """Workers, their ledger, and clients of theirs."""

    def __init__(self, folder: Path, hosts: Hosts, url: str, *options: str, count: int = 4) -> None:
        super().__init__(url)
        self.ledger.usage("day")
        self.hosts = hosts
        folder.mkdir()
        (folder / "streaming.json").write_text(json.dumps(STREAMING))
        config = configuration(hosts, url, settlement=False, prices=PRICES)
        self.workers = Workers(
            folder,
            config,
            count=count,
            app="session_app",
            options=["--graceful-timeout", "15", *options],
        )

    def connect(self, key: str) -> ClientConnection:
        address = self.workers.url.replace("http://", "ws://")
        return connect(
            f"{address}/streaming.assemblyai/v3/ws?sample_rate=16000&speech_model={MODEL}",
            additional_headers={"Authorization": key},
            compression=None,
            open_timeout=60,
        )

    def hear_out(self, key: str) -> Heard:
        with self.connect(key) as client:
            return listen(client)

    def together(self, key: str, count: int) -> list[Heard]:
        """Run so many sessions at once, none of which its client ends."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self.hear_out(key), range(count)))

    def billed(self) -> int:
        return sum(session.billed_s for session in self.hosts.us.sessions) * SECOND

    def assert_settled(self, name: str) -> None:
        """Each session by its own Termination, and nothing is left."""
        until(lambda: not self.pending())
        rows = Counter((row.state, bool(row.estimated)) for row in self.rows())
        assert rows == {("settled", False): len(self.hosts.us.sessions)}
        assert (self.held(), self.open()) == (0, 0)
        assert {session.ended_by for session in self.hosts.us.sessions} == {"terminate"}
        assert self.spent(name) == self.billed()

    def close(self) -> None:
        if self.workers.process.poll() is None:
            self.workers.stop()
        super().close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine, budget_s",
    [
        pytest.param("sqlite", 260, id="sqlite, room for each"),
        pytest.param("postgresql", 100, id="postgresql, room for some"),
    ],
)
def test_fifty_sessions_never_overspend_one_budget(
    request: pytest.FixtureRequest, tmp_path: Path, hosts: Hosts, engine: str, budget_s: int
) -> None:
    # The upstream ends each as late as it may, and rounds up.
    hosts.us.streaming.rounding = lambda seconds: math.ceil(seconds + 1.0)
    site = Site(tmp_path / "host", hosts, request.getfixturevalue(f"{engine}_url"))
    try:
        key = site.keys.create("alice", budget_usd=str(budget_s)).key
        told = site.together(key, 50)
        site.assert_settled("alice")
    finally:
        site.close()
    codes = Counter(heard.error[0] for heard in told)
    assert codes.keys() <= {3008, 4002}
    assert codes[3008] == len(hosts.us.sessions) >= budget_s // 6
    if budget_s == 260:
        assert codes == {3008: 50}
    assert all(AMOUNTS.search(heard.error[1]) for heard in told), told
    assert site.billed() <= budget_s * SECOND


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine, owner", [("sqlite", "key"), ("postgresql", "team")], ids=["sqlite", "postgresql"]
)
def test_a_limit_on_sessions_is_exact_over_all_workers(
    request: pytest.FixtureRequest, tmp_path: Path, hosts: Hosts, engine: str, owner: str
) -> None:
    site = Site(tmp_path / "host", hosts, request.getfixturevalue(f"{engine}_url"))
    try:
        if owner == "team":
            site.keys.set_team("search", max_sessions=7)
        limits: Any = {"team": "search"} if owner == "team" else {"max_sessions": 7}
        key = site.keys.create("alice", **limits).key
        with ThreadPoolExecutor(30) as pool:
            clients = list(pool.map(lambda _: site.connect(key), range(30)))
            firsts = [json.loads(client.recv(timeout=30)) for client in clients]
            for client, first in zip(clients, firsts, strict=True):
                if first["type"] == "Begin":
                    client.send(TERMINATE)
            ends = list(pool.map(listen, clients))
        site.assert_settled("alice")
    finally:
        site.close()
    assert Counter(first["type"] for first in firsts) == {"Begin": 7, "Error": 23}
    assert Counter(end.code for end in ends) == {1000: 7, 3009: 23}
    assert {first["error"] for first in firsts if first["type"] == "Error"} == {
        f"Too many sessions: this {owner} may have 7 open at a time."
    }


@pytest.mark.slow
@pytest.mark.parametrize("worker", ["gthread", "gevent"])
def test_a_reload_ends_each_session_with_its_own_termination(
    sqlite_url: str, tmp_path: Path, hosts: Hosts, worker: str
) -> None:
    site = Site(tmp_path / "host", hosts, sqlite_url, "--worker-class", worker, count=2)
    try:
        key = site.keys.create("alice", budget_usd="1000").key
        with ThreadPoolExecutor(OPEN) as pool:
            # At once: in a gevent worker, the first ones come while the relay starts.
            clients = list(pool.map(lambda _: site.connect(key), range(OPEN)))
            for client in clients:
                assert client.recv(timeout=30)
            before = set(site.workers.pids())
            os.kill(site.workers.process.pid, signal.SIGHUP)
            ends = list(pool.map(listen, clients))
        site.assert_settled("alice")
        until(lambda: not before & set(site.workers.pids()))
        with site.connect(key) as client:
            client.send(TERMINATE)
            assert listen(client).types() == ["Begin", "Termination"]
        site.assert_settled("alice")
    finally:
        site.close()
    assert Counter(end.error for end in ends) == {
        (1012, "This server restarts; connect again."): OPEN
    }


@pytest.mark.slow
def test_workers_that_are_replaced_after_some_requests_settle_their_sessions(
    sqlite_url: str, tmp_path: Path, hosts: Hosts
) -> None:
    site = Site(tmp_path / "host", hosts, sqlite_url, "--max-requests", "5", count=2)
    try:
        key = site.keys.create("alice", budget_usd="1000").key
        clients = [site.connect(key) for _ in range(OPEN)]
        # Those of the last two workers, which have had fewer requests, may still be open.
        with ThreadPoolExecutor(OPEN) as pool:
            futures = [pool.submit(listen, client) for client in clients]
            until(lambda: sum(future.done() for future in futures) >= OPEN - 2 * 6)
            for client, future in zip(clients, futures, strict=True):
                if not future.done():
                    with contextlib.suppress(WebSocketException):
                        client.send(TERMINATE)
            heard = [future.result() for future in futures]
        site.assert_settled("alice")
    finally:
        site.close()
    assert len(hosts.us.sessions) == OPEN
    codes = Counter(end.code for end in heard)
    assert codes.keys() <= {1000, 1012}
    assert codes[1012] >= OPEN - 2 * 6
