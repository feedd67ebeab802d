"""A peer that answers and resets while the request is under way: its reply is not lost. Row 87."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.transport import Request, Timeouts

from .kit_peer import Peer, reset
from .kit_upstream import reply

TOO_LARGE = b'{"error": "too large"}'
REFUSAL = reply(TOO_LARGE, "413 Too Large", "Connection: close")


class Refusing:
    """A script that answers and resets when it is told to, and tells when it has."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._gone = threading.Event()

    def __call__(self, sock: socket.socket) -> None:
        self._go.wait(10)
        sock.sendall(REFUSAL)
        reset(sock)
        self._gone.set()

    def now(self) -> None:
        self._go.set()
        assert self._gone.wait(10)


class ReadLater(list[Any]):
    """Fields that the transport comes to read when it is connected and about to write."""

    def __init__(self, refusing: Refusing) -> None:
        super().__init__([("Accept", "*/*")])
        self._refusing = refusing

    def __iter__(self) -> Iterator[Any]:
        self._refusing.now()
        return super().__iter__()


def status_and_body(peer: Peer, request: Request) -> tuple[int, bytes]:
    answer = peer.transport.send(peer.origin, request, Timeouts(read_s=5))
    assert peer.accepted == 1
    return answer.status, answer.whole if answer.whole is not None else b"".join(answer)


@pytest.mark.parametrize(
    "method, body, length",
    [
        pytest.param("GET", None, None, id="c87-head"),
        pytest.param("POST", None, 0, id="c87-empty"),
        pytest.param("POST", b"{}", 2, id="c87-small"),
        pytest.param("POST", bytes(100_000), 100_000, id="c87-one-large-piece"),
        pytest.param("POST", [bytes(1000)] * 3, 3000, id="c87-blocks"),
        pytest.param("POST", [bytes(1000)] * 3, None, id="c87-chunks"),
    ],
)
def test_what_is_refused_before_a_byte_is_written_is_told(
    peer, method: str, body: Any, length: int | None
) -> None:
    refusing = Refusing()
    request = Request(method, "/v2/x", ReadLater(refusing), body, length)
    assert status_and_body(peer(refusing), request) == (413, TOO_LARGE)


@pytest.mark.parametrize("count", [1, 3, 12])
@pytest.mark.parametrize("framing", ["c87-chunked", "c87-length"])
def test_what_is_refused_at_the_end_of_an_upload_is_told(peer, count: int, framing: str) -> None:
    """Between two blocks transports look for a reply; behind the last one comes only its end."""
    refusing = Refusing()

    def blocks() -> Iterator[bytes]:
        for number in range(count):
            if number == count - 1 and framing == "c87-length":
                refusing.now()
            yield bytes(1000)
        if framing == "c87-chunked":
            refusing.now()

    length = None if framing == "c87-chunked" else count * 1000
    request = Request("POST", "/v2/upload", [], blocks(), length)
    assert status_and_body(peer(refusing), request) == (413, TOO_LARGE)


def test_what_is_cut_off_without_a_word_is_not_taken_for_a_reply(peer) -> None:
    def blocks() -> Iterator[bytes]:
        yield bytes(1000)
        go.set()
        assert gone.wait(10)

    def script(sock: socket.socket) -> None:
        go.wait(10)
        reset(sock)
        gone.set()

    go, gone = threading.Event(), threading.Event()
    one = peer(script)
    with pytest.raises(UpstreamError, match="without a reply"):
        one.transport.send(one.origin, Request("POST", "/v2/x", [], blocks(), None), Timeouts())
    assert one.accepted == 1
