"""Preloaded apps, several workers, many threads: nothing is shared that must not be. Rows 173 on.

`WIRE_REQUESTS=10000` in the environment makes it the long run.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from .kit_client import Client, ask, request
from .kit_http import Request
from .kit_servers import Fleet, Server
from .kit_upstream import reply

REQUESTS = int(os.environ.get("WIRE_REQUESTS", "1000"))
CLIENTS = 16


@pytest.fixture(scope="module")
def preloaded(fleet: Fleet) -> Iterator[Server]:
    """Four workers forked from a master that has made a request already."""
    return fleet.get(
        "gthread",
        workers=4,
        threads=4,
        options=("--preload",),
        env={"WIRE_WARM": "1", "PYTHONWARNINGS": "default"},
    )


def echo(asked: Request) -> bytes:
    return reply(asked.target + b" " + bytes(asked.body))


def to_upstream(process: psutil.Process, server: Server) -> set[int]:
    """Return the local ports of the connections that *process* has to the upstream."""
    return {
        c.laddr.port
        for c in process.net_connections()
        if c.raddr and c.raddr.port == server.upstream.port
    }


def test_c173_no_connection_crosses_the_fork(preloaded: Server) -> None:
    """The master made one when it warmed up; no worker's requests go out on it."""
    preloaded.upstream.answer = echo
    seen: dict[int, set[int]] = {}
    master = psutil.Process(preloaded.process.pid)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda n: _nonce(preloaded, n), range(200)))
    for worker in preloaded.workers():
        seen[worker.pid] = to_upstream(worker, preloaded)
    assert len(seen) == 4
    for one, other in itertools.combinations(seen.values(), 2):
        assert one & other == set()
    assert all(ports & to_upstream(master, preloaded) == set() for ports in seen.values())


def test_c173_workers_share_only_what_gunicorn_gives_them(preloaded: Server) -> None:
    """By inode: the listening socket, the standard streams and nothing of ours."""
    sockets = []
    for worker in preloaded.workers():
        links = set()
        for fd in os.listdir(f"/proc/{worker.pid}/fd"):
            link = os.readlink(f"/proc/{worker.pid}/fd/{fd}")
            if link.startswith("socket:"):
                links.add(link)
            assert "sqlite" not in link
            assert not link.endswith(".db")
        sockets.append(links)
    shared = set.intersection(*sockets)
    listening = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    unix = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    assert {link[8:-1] for link in shared} <= listening | unix


def _nonce(server: Server, number: int) -> None:
    body = b"body-%d" % number
    with Client(server.port) as client:
        for step in range(3):
            target = f"/n/{number}/{step}"
            client.send(request("/assemblyai" + target, method="POST", body=body))
            got = client.reply("POST")
            assert (got.status, got.body) == (200, target.encode() + b" " + body)


def test_c174_no_reply_reaches_another_request(preloaded: Server) -> None:
    preloaded.upstream.answer = echo
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda n: _nonce(preloaded, n), range(REQUESTS // 3)))
    assert len(preloaded.upstream.requests) >= REQUESTS // 3 * 3


def test_c175_mixed_good_and_bad_calls_leave_workers_as_they_were(preloaded: Server) -> None:
    def answer(asked: Request) -> bytes:
        kind = int(asked.target.split(b"/")[2]) % 4
        if kind == 1:
            return reply(b'{"error": "no"}', "500 Oops")
        return echo(asked) if kind else b"HTTP/1.1 2x0 nonsense\r\n\r\n"

    def call(number: int) -> None:
        got = ask(preloaded.port, request(f"/assemblyai/n/{number}", method="POST", body=b"x"))
        assert got.status == {0: 502, 1: 500}.get(number % 4, 200)
        assert number % 4 < 2 or got.body == b"/n/%d x" % number

    preloaded.upstream.answer = answer
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(call, range(200)))
        before = {w.pid: (w.num_fds(), w.num_threads()) for w in preloaded.workers()}
        list(pool.map(call, range(400)))
    after = {w.pid: (w.num_fds(), w.num_threads()) for w in preloaded.workers()}
    assert after.keys() == before.keys()
    for pid, (fds, threads) in after.items():
        # A pool of at most one idle connection a thread, and Gunicorn's own threads.
        assert fds <= before[pid][0] + 4
        assert threads <= 4 + 2


@pytest.mark.slow
def test_c178_reload_loses_no_request_in_flight(fleet: Fleet) -> None:
    """The upstream holds its reply until new workers have taken over."""
    server = fleet.get("gthread", workers=2, threads=4, options=("--graceful-timeout", "10"))
    before = {worker.pid for worker in server.workers()}
    replaced = threading.Event()

    def answer(asked: Request) -> bytes:
        assert replaced.wait(20)
        return echo(asked)

    server.upstream.answer = answer
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, server.port, request("/assemblyai/n/1/1"))
        server.upstream.wait(lambda: server.upstream.requests)
        server.process.send_signal(signal.SIGHUP)
        while server.stats()["pid"] in before:
            pass
        replaced.set()
        assert held.result().body == b"/n/1/1 "


def test_c179_ids_of_calls_are_unique_over_forked_workers() -> None:
    """The workers' random numbers begin alike after a fork; ids must not come from them."""
    import random

    from assemblyai_mw.call import enter

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": ""}
    found = set()
    for _ in range(100):
        random.seed(1)
        found.add(enter(environ)[0].id)
    assert len(found) == 100
