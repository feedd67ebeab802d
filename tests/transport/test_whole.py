"""A whole reply over a transport: all of it within its bounds, or an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyai_mw.errors import UpstreamError, UpstreamTimeout
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, FakeTransport, serve
from assemblyai_mw.transport import (
    Headers,
    Origin,
    Request,
    SocketTransport,
    Timeouts,
    WholeReply,
    fetch,
)

ORIGIN = Origin.parse("https://api.assemblyai.com")


class Canned:
    """A transport whose reply is given; it counts the blocks that were taken.

    Attributes:
        closed: The reply was closed.
    """

    def __init__(self, *blocks: bytes, whole: bytes | None = None) -> None:
        self.status, self.reason = 302, "Found"
        self.headers: Headers = [("Location", "https://elsewhere.example"), ("X-A", "1")]
        self.whole = whole
        self.taken = 0
        self.closed = False
        self._blocks = iter(blocks)

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> Canned:
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.taken += 1
        block = next(self._blocks)
        if not block:
            raise UpstreamError("the reply ended before its last chunk")
        return block

    def close(self) -> None:
        self.closed = True


def ask(transport: Canned, max_bytes: int = 10, total_s: float = 60.0) -> WholeReply:
    timeouts = Timeouts(total_s=total_s)
    return fetch(transport, ORIGIN, Request("GET", "/", []), timeouts, max_bytes=max_bytes)


def test_a_reply_is_read_to_its_end_as_it_came() -> None:
    transport = Canned(b"abcde", b"fghij")
    headers = {"location": "https://elsewhere.example", "x-a": "1"}
    assert ask(transport) == WholeReply(302, headers, b"abcdefghij")
    assert transport.closed


def test_a_body_that_came_with_its_head_is_not_read_again() -> None:
    transport = Canned(b"never", whole=b"abc")
    assert (ask(transport).body, transport.taken, transport.closed) == (b"abc", 0, True)


@pytest.mark.parametrize("whole", [None, b"a" * 11])
def test_a_body_above_the_bound_is_left_unread(whole: bytes | None) -> None:
    transport = Canned(b"abcdef", b"ghijk", b"lmno", whole=whole)
    assert ask(transport).body is None
    assert transport.taken == (2 if whole is None else 0)
    assert transport.closed


def test_a_reply_that_goes_on_past_its_time_is_left() -> None:
    transport = Canned(b"a", b"b")
    with pytest.raises(UpstreamTimeout):
        ask(transport, total_s=1e-9)
    assert (transport.taken, transport.closed) == (1, True)


def test_a_reply_that_breaks_off_is_none() -> None:
    transport = Canned(b"a", b"")
    with pytest.raises(UpstreamError):
        ask(transport)
    assert transport.closed


def test_the_stand_in_is_asked_alike_over_sockets_and_in_process() -> None:
    fake = FakeAssemblyAI()
    request = Request("GET", "/v2/transcript?limit=1", [("Authorization", US_KEY)])
    transport = SocketTransport()
    with serve(fake) as url:
        there = fetch(transport, Origin.parse(url), request, Timeouts(), max_bytes=4096)
    transport.close()
    here = fetch(FakeTransport(fake), ORIGIN, request, Timeouts(), max_bytes=4096)
    assert (there.status, there.body) == (here.status, here.body)
    assert (here.status, here.headers["content-type"]) == (200, "application/json")
