"""The kit tells whole from cut, and end from reset: else no test built on it means anything."""

from __future__ import annotations

import contextlib

import pytest

from .kit_client import Client, ask, request
from .kit_http import CutShort, Malformed, parse_reply_head, parse_request_head
from .kit_upstream import LAST_CHUNK, Conn, Upstream, chunk, reply


@pytest.mark.parametrize(
    "raw, framing, whole, body",
    [
        pytest.param(reply(b"abc"), "length", True, b"abc", id="length"),
        pytest.param(reply(b"abc", framed=False), "close", True, b"abc", id="close-delimited"),
        pytest.param(
            reply(b"", "200 OK", "Transfer-Encoding: chunked", framed=False)
            + chunk(b"ab")
            + chunk(b"c")
            + LAST_CHUNK,
            "chunked",
            True,
            b"abc",
            id="chunked",
        ),
        pytest.param(
            reply(b"", "200 OK", "Transfer-Encoding: chunked", framed=False) + chunk(b"ab"),
            "chunked",
            False,
            b"ab",
            id="chunked-without-end",
        ),
        pytest.param(
            reply(b"", "200 OK", "Content-Length: 5", framed=False) + b"abc",
            "length",
            False,
            b"abc",
            id="short-of-its-length",
        ),
    ],
)
def test_client_tells_whole_replies_from_cut_ones(
    upstream: Upstream, raw: bytes, framing: str, whole: bool, body: bytes
) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(raw)

    upstream.script = script
    got = ask(upstream.port, request("/x"))
    assert (got.framing, got.whole, got.body) == (framing, whole, body)


def test_client_tells_a_reset_from_an_end(upstream: Upstream) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(reply(b"abc", framed=False))
        conn.reset()

    upstream.script = script
    with Client(upstream.port) as client:
        client.send(request("/x"))
        with contextlib.suppress(CutShort):
            assert not client.reply().whole
        assert client.source.ended == "reset"


def test_upstream_keeps_every_byte_and_reads_pipelined_requests(upstream: Upstream) -> None:
    raw = (
        request("/a", body=b"12345")
        + request("/b", "Transfer-Encoding: chunked", method="POST")
        + chunk(b"xyz")
        + LAST_CHUNK
    )
    with Client(upstream.port) as client:
        client.send(raw, [1] * 40)
        assert [r.status for r in client.replies(["GET", "POST"])] == [200, 200]
    assert upstream.bytes_received == raw
    assert [(r.target, bytes(r.body), r.framing, r.whole) for r in upstream.requests] == [
        (b"/a", b"12345", "length", True),
        (b"/b", b"xyz", "chunked", True),
    ]


def test_upstream_tells_a_request_cut_short_from_a_whole_one(upstream: Upstream) -> None:
    with Client(upstream.port) as client:
        client.send(request("/a", "Content-Length: 10", method="POST") + b"12345")
    upstream.wait(lambda: upstream.conns and upstream.conns[0].finished.is_set())
    assert not upstream.only.whole
    assert upstream.conns[0].ended == "eof"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET /a HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET /a HTTP/1.1\r\nA: b\rc\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
    ],
)
def test_no_unclean_request_passes_for_a_clean_one(head: bytes) -> None:
    with pytest.raises(Malformed):
        parse_request_head(head)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_no_unclean_reply_passes_for_a_clean_one(head: bytes) -> None:
    with pytest.raises(Malformed):
        parse_reply_head(head, "GET")
