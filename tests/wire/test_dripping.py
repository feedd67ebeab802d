"""A peer that takes a request by drips, never silent, never done. Row 84.

`sendall` has two meanings: where the kernel keeps the time, each part that was taken begins
it anew, and it never ends; through TLS one time holds for all of a body, however large.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from assemblyai_mw.errors import UpstreamTimeout
from assemblyai_mw.transport import Request, RequestsTransport, Timeouts

from .kit_peer import BUFFER_BYTES, Peer
from .kit_upstream import LAST_CHUNK, chunk, reply

SIZE = 8 << 20
BLOCK = 1 << 20
# After so many the peer takes the rest at once: who is still there then was not bounded.
DRIPS = 300


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system wake a sender for little room, as on a line to far away."""
    connect = socket.create_connection

    def connect_small(*args: Any, **options: Any) -> socket.socket:
        sock = connect(*args, **options)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        return sock

    monkeypatch.setattr(socket, "create_connection", connect_small)


def in_blocks() -> Iterator[bytes]:
    for _ in range(SIZE // BLOCK):
        yield bytes(BLOCK)


def in_one() -> bytes:
    return bytes(SIZE)


BODIES = [in_blocks, in_one]


def drip(made: list[Peer]) -> Callable[[socket.socket], None]:
    def script(sock: socket.socket) -> None:
        taken = 0
        for _ in range(DRIPS):
            if made[0].over.wait(0.01):
                return
            taken += _take(sock, 2048)
        while taken < SIZE:
            taken += _take(sock, BLOCK)
        sock.sendall(reply())

    return script


def by_requests(made: Peer) -> RequestsTransport:
    session = requests.Session()
    session.trust_env = False
    if made.ca is not None:
        session.verify = str(made.ca)
    return RequestsTransport(session)


def _take(sock: socket.socket, size: int) -> int:
    block = sock.recv(size)
    if not block:
        raise ConnectionAbortedError
    return len(block)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
@pytest.mark.parametrize(
    "timeouts",
    [
        pytest.param(Timeouts(read_s=0.3, total_s=60), id="c84-a-block"),
        pytest.param(Timeouts(read_s=60, total_s=0.3), id="c84-all"),
    ],
)
def test_an_upstream_that_drips_its_reading_is_left(
    peer, body: Callable[[], bytes | Iterable[bytes]], timeouts: Timeouts
) -> None:
    made: list[Peer] = []
    made.append(peer(drip(made)))
    request = Request("POST", "/v2/upload", [], body(), SIZE)
    with pytest.raises(UpstreamTimeout):
        made[0].transport.send(made[0].origin, request, timeouts)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_an_upstream_that_is_slow_but_steady_is_not(
    peer, body: Callable[[], bytes | Iterable[bytes]]
) -> None:
    """The time is each block's: all of them may take longer than one of them."""

    def script(sock: socket.socket) -> None:
        taken = 0
        while taken < SIZE:
            made.over.wait(0.15)
            wanted = min(taken + BLOCK, SIZE)
            while taken < wanted:
                taken += _take(sock, wanted - taken)
        sock.sendall(reply())

    made = peer(script)
    request = Request("POST", "/v2/upload", [], body(), SIZE)
    answer = made.transport.send(made.origin, request, Timeouts(read_s=1.0, total_s=60))
    assert (answer.status, answer.whole) == (200, b'{"ok": true}')


@pytest.mark.parametrize("length", [None, 1000], ids=["c84-chunked", "c84-length"])
def test_requests_ends_a_request_whose_blocks_come_by_drips(peer, length: int | None) -> None:
    def blocks() -> Iterator[bytes]:
        for _ in range(100):
            made.over.wait(0.02)
            yield bytes(10)

    made = peer(lambda sock: made.over.wait(10))
    request = Request("POST", "/v2/upload", [], blocks(), length)
    with pytest.raises(UpstreamTimeout, match="the request took too long"):
        by_requests(made).send(made.origin, request, Timeouts(read_s=0.3, total_s=0.3))


def test_requests_ends_a_reply_whose_chunks_come_by_drips(peer) -> None:
    def script(sock: socket.socket) -> None:
        sock.recv(BLOCK)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            if made.over.wait(0.02):
                return
            sock.sendall(chunk(b"a"))
        sock.sendall(LAST_CHUNK)

    made = peer(script)
    request = Request("GET", "/v2/x", [])
    answer = by_requests(made).send(made.origin, request, Timeouts(read_s=60, total_s=0.3))
    with closing(answer), pytest.raises(UpstreamTimeout, match="body took too long"):
        list(answer)
