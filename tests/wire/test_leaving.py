"""Clients that leave: their upstream connection ends with them, and nothing is left. Row 75.

No client leaves before its request is upstream: a round in which the server has yet to see
the client would prove nothing, and would still be under way when things are counted.

`WIRE_ROUNDS=1000` in the environment makes it the long run; a change sees 100, on each server.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from .kit_client import Client, ask, request
from .kit_servers import Fleet, Server
from .kit_upstream import Conn, chunk, reply

ROUNDS = int(os.environ.get("WIRE_ROUNDS", "100"))
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
POST = "Content-Length: 3000000"


def after_the_head(server: Server) -> None:
    with Client(server.port) as client:
        client.send(request("/assemblyai/v2/upload", POST, method="POST"))
        server.upstream.wait(lambda: server.upstream.requests)
        client.reset()


def midway_through_the_upload(server: Server) -> None:
    with Client(server.port) as client:
        client.send(request("/assemblyai/v2/upload", POST, method="POST") + bytes(1_500_000))
        server.upstream.wait(lambda: any(r.size for r in server.upstream.requests))
        client.reset()


def midway_through_a_chunk(server: Server) -> None:
    with Client(server.port) as client:
        raw = request("/assemblyai/v2/upload", "Transfer-Encoding: chunked", method="POST")
        client.send(raw + b"100000\r\n" + bytes(1000))
        server.upstream.wait(lambda: server.upstream.requests)
        client.reset()


def before_the_reply(server: Server) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        gone.wait(10)
        conn.send(SSE)
        while conn.pause(0):
            conn.send(chunk(bytes(65536)))

    gone = threading.Event()
    server.upstream.script = script
    with Client(server.port) as client:
        client.send(request("/assemblyai/v2/x"))
        server.upstream.wait(lambda: server.upstream.requests)
        client.reset()
        gone.set()


def midway_through_events(server: Server) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(SSE)
        while conn.pause(0.001):
            conn.send(chunk(b"data: 1\n\n"))

    server.upstream.script = script
    with Client(server.port) as client:
        client.send(request("/assemblyai/v1/stream"))
        client.head()
        assert client.source.until(b"\n\n")
        client.reset()


def midway_through_the_download(server: Server) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(reply(b"", "200 OK", b"Content-Length: %d" % (64 << 20), framed=False))
        for _ in range(64):
            conn.send(bytes(1 << 20))

    server.upstream.script = script
    with Client(server.port) as client:
        client.send(request("/assemblyai/v2/x"))
        client.head()
        client.reset()


SENDING = [after_the_head, midway_through_the_upload, midway_through_a_chunk]
READING = [before_the_reply, midway_through_events, midway_through_the_download]
LEAVING = SENDING + READING
# The server's own threads that serve, and two more: its first one, and the package's.
MAX_THREADS = {"gthread": 4 + 2, "sync": 2, "waitress": 8 + 2}
# Waitress takes an upload whole before any app hears of it: what breaks off reaches no upstream.
ROUNDS_OF = [(kind, leave) for kind in ("gthread", "sync") for leave in LEAVING]
ROUNDS_OF += [("waitress", leave) for leave in READING]


@pytest.fixture
def server(request: pytest.FixtureRequest, fleet: Fleet) -> Server:
    return fleet.get(request.param, threads=4)


@pytest.mark.parametrize(
    "server, leave",
    [pytest.param(kind, leave, id=f"{kind}-{leave.__name__}") for kind, leave in ROUNDS_OF],
    indirect=["server"],
)
def test_c75_upstream_is_let_go_of_and_nothing_leaks(
    server: Server, leave: Callable[[Server], None]
) -> None:
    def rounds(count: int) -> None:
        for _ in range(count):
            server.restart_upstreams()
            leave(server)
            _all_over(server)
            assert not any(r.whole for r in server.upstream.requests if r.method == b"POST")

    rounds(5)
    before = _served(server)
    rounds(max(ROUNDS // len(LEAVING), 1))
    after = _served(server)
    deadline = time.monotonic() + 10
    # A worker's threads close the last clients' sockets a moment after the upstream's.
    most = MAX_THREADS[server.kind]
    while _more(after, before, most) and time.monotonic() < deadline:
        time.sleep(0.05)
        after = server.stats()
    assert not _more(after, before, most), (before, after)
    assert after["pid"] == before["pid"]


def _all_over(server: Server) -> None:
    """Wait until the forwarder has ended every connection that carries a request."""
    upstream = server.upstream
    upstream.wait(
        lambda: upstream.conns and all(conn.finished.is_set() for conn in upstream.conns), 10.0
    )


def _more(after: dict, before: dict, most_threads: int) -> bool:
    return after["fds"] > before["fds"] + 1 or after["threads"] > most_threads


def _served(server: Server) -> dict:
    """Return the worker's figures when a good request has gone through after all the rest."""
    server.restart_upstreams()
    assert ask(server.port, request("/assemblyai/next", "Connection: close")).status == 200
    return server.stats()
