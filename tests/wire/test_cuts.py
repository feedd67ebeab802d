"""One short request and one short reply, cut at every byte, and split at every byte."""

from __future__ import annotations

import itertools

import pytest

from .kit_client import Client, ask, request
from .kit_http import CutShort
from .kit_servers import Server, each_server
from .kit_upstream import LAST_CHUNK, Conn, chunk, reply

CHUNKED = "Transfer-Encoding: chunked"
REQUESTS = [
    pytest.param(request("/assemblyai/v2/x?a=1", method="POST", body=b"hello"), id="c54-length"),
    pytest.param(
        request("/assemblyai/v2/x", CHUNKED, method="POST")
        + chunk(b"he")
        + chunk(b"llo")
        + LAST_CHUNK,
        id="c55-chunked",
    ),
]
REPLIES = [
    pytest.param(reply(b"hello", "200 OK", "X-A: b"), id="c71-length"),
    pytest.param(
        reply(b"", "200 OK", CHUNKED, framed=False) + chunk(b"he") + chunk(b"llo") + LAST_CHUNK,
        id="c72-chunked",
    ),
]


@each_server
@pytest.mark.parametrize("raw", REQUESTS)
def test_request_cut_at_any_byte_is_never_whole_upstream(wire: Server, raw: bytes) -> None:
    for cut in range(len(raw)):
        with Client(wire.port) as client:
            client.send(raw[:cut])
            client.half_close()
            try:
                assert 400 <= client.reply("POST").status < 500, cut
            except CutShort:
                assert client.received == b"", cut
    assert [r.head for r in wire.upstream.requests if r.whole] == []
    assert ask(wire.port, raw).status == 200


@each_server
@pytest.mark.parametrize("raw", REQUESTS)
def test_request_split_at_any_byte_is_the_same_request(wire: Server, raw: bytes) -> None:
    for cut in range(1, len(raw)):
        with Client(wire.port) as client:
            client.send(raw, [cut])
            assert client.reply("POST").status == 200, cut
    heads = {bytes(r.head) for r in wire.upstream.requests}
    assert len(heads) == 1
    assert {(bytes(r.body), r.whole) for r in wire.upstream.requests} == {(b"hello", True)}


@each_server
@pytest.mark.parametrize("raw", REPLIES)
def test_reply_cut_at_any_byte_is_never_whole_for_the_client(wire: Server, raw: bytes) -> None:
    cuts = iter(range(len(raw)))

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(raw[: next(cuts)])

    wire.upstream.script = script
    for cut in range(len(raw)):
        with Client(wire.port) as client:
            client.send(request("/assemblyai/v2/x"))
            try:
                got = client.reply()
            except CutShort:
                continue
            assert (got.status, got.whole) in ((502, True), (200, False)), cut
            assert got.status == 502 or b"hello".startswith(got.body), cut
    wire.upstream.script = None
    assert ask(wire.port, request("/assemblyai/next")).json() == {"ok": True}


@each_server
@pytest.mark.parametrize("raw", REPLIES)
def test_reply_split_at_any_byte_is_the_same_reply(wire: Server, raw: bytes) -> None:
    """On one connection, kept: a byte too many or too few would show in the next reply."""
    cuts = itertools.count(1)

    def script(conn: Conn) -> None:
        for _ in conn.requests_until_end():
            cut = next(cuts)
            conn.send(raw[:cut])
            conn.pause(0.001)
            conn.send(raw[cut:])

    wire.upstream.script = script
    for cut in range(1, len(raw)):
        got = ask(wire.port, request("/assemblyai/v2/x"))
        assert (got.status, got.whole, got.body) == (200, True, b"hello"), cut
    assert len(wire.upstream.conns) == 1


@each_server
@pytest.mark.parametrize("raw", REPLIES)
def test_reply_in_single_bytes_is_the_same_reply(wire: Server, raw: bytes) -> None:
    def script(conn: Conn) -> None:
        for _ in conn.requests_until_end():
            for at in range(len(raw)):
                conn.send(raw[at : at + 1])

    wire.upstream.script = script
    for _ in range(5):
        got = ask(wire.port, request("/assemblyai/v2/x"))
        assert (got.status, got.whole, got.body) == (200, True, b"hello")
