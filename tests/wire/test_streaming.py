"""Replies as they come: event by event, visibly cut where they are cut. Rows 69 to 78."""

from __future__ import annotations

import threading

import pytest

from .kit_client import Client, ask, request
from .kit_http import CutShort
from .kit_servers import Server, each_server
from .kit_upstream import LAST_CHUNK, Conn, chunk, reply

SSE = "Content-Type: text/event-stream; charset=utf-8"
HEAD = b"HTTP/1.1 200 OK\r\n" + SSE.encode() + b"\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = HEAD + b"Connection: close\r\n\r\n"
MIB = bytes(range(256)) * 4096


def ten(body: bytes) -> bytes:
    return reply(b"", "200 OK", "Content-Length: 10", framed=False) + body


def in_chunks(body: bytes, status: str = "200 OK") -> bytes:
    return reply(b"", status, "Transfer-Encoding: chunked", framed=False) + body


@each_server
@pytest.mark.parametrize("framing", ["chunked", "until-close"])
def test_c69_each_event_leaves_before_the_next_one_comes(wire: Server, framing: str) -> None:
    """In lockstep: the upstream writes an event only after the client has the one before."""
    seen = threading.Semaphore(1)

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(CHUNKED if framing == "chunked" else UNTIL_CLOSE)
        for number in range(20):
            assert seen.acquire(timeout=10)
            event = b"data: %d\n\n" % number
            conn.send(chunk(event) if framing == "chunked" else event)
        conn.send(LAST_CHUNK if framing == "chunked" else b"")

    wire.upstream.script = script
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v1/stream", "Connection: close"))
        head = client.head()
        assert head.values("content-length") == []
        assert head.values("content-type") == [SSE.split(": ")[1].encode()]
        for number in range(20):
            assert b"data: %d\n\n" % number in client.source.until(b"\n\n")
            seen.release()
        rest = client.to_end()
    if head.framing == "chunked":
        assert rest.endswith(LAST_CHUNK)


@each_server
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_c70_split_events_arrive_byte_for_byte(wire: Server, size: int) -> None:
    text = 'data: schön ☕ 𝄞\n\ndata: {"a": 1}\r\n\r\n: comment\n\n'.encode()

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(CHUNKED)
        for at in range(0, len(text), size):
            conn.send(chunk(text[at : at + size]))
        conn.send(LAST_CHUNK)

    wire.upstream.script = script
    got = ask(wire.port, request("/assemblyai/v1/stream"))
    assert (got.whole, got.body) == (True, text)


def closes(conn: Conn) -> None:
    conn.close()


def resets(conn: Conn) -> None:
    conn.reset()


CUT = [
    pytest.param(ten(b"abc"), closes, b"abc", id="c71-3-of-10"),
    pytest.param(ten(b""), closes, b"", id="c71-0-of-10"),
    pytest.param(ten(b"abcdefghi"), closes, b"abcdefghi", id="c71-9-of-10"),
    pytest.param(ten(b"abc"), resets, b"abc", id="c71-reset"),
    pytest.param(in_chunks(chunk(b"abc")), closes, b"abc", id="c72-no-last-chunk"),
    pytest.param(in_chunks(b""), closes, b"", id="c72-no-chunk"),
    pytest.param(in_chunks(b"a\r\nabc"), closes, b"abc", id="c72-in-a-chunk"),
    pytest.param(in_chunks(chunk(b"abc")), resets, b"abc", id="c72-reset"),
    pytest.param(in_chunks(chunk(b"abc") + b"0\r\n"), closes, b"abc", id="c72-last-line-missing"),
    pytest.param(in_chunks(chunk(b"abc") + b"zz\r\nabc"), closes, b"abc", id="c72-bad-size"),
    pytest.param(in_chunks(chunk(b"abc") + b"0x1\r\na\r\n"), closes, b"abc", id="c72-0x1"),
    pytest.param(in_chunks(chunk(b"abc") + b"-1\r\n"), closes, b"abc", id="c72-negative"),
    pytest.param(in_chunks(chunk(b"abc") + b"1\r\naX"), closes, b"abca", id="c72-no-chunk-end"),
    pytest.param(
        in_chunks(chunk(b"abc") + b"f" * 20 + b"\r\n"), closes, b"abc", id="c72-huge-size"
    ),
    pytest.param(UNTIL_CLOSE + b"abc", resets, b"abc", id="c73-reset"),
    pytest.param(ten(b"")[:-4] + b"\r\n\r\n", resets, b"", id="c71-reset-after-head"),
    pytest.param(
        reply(b"", "200 OK", b"Content-Length: %d" % (3 * len(MIB)), framed=False) + MIB,
        closes,
        MIB,
        id="c71-1-MiB-of-3",
    ),
    pytest.param(in_chunks(chunk(MIB)), closes, MIB, id="c72-after-1-MiB"),
]


@each_server
@pytest.mark.parametrize("data, end, begins", CUT)
def test_a_reply_cut_short_is_cut_for_the_client(
    wire: Server, data: bytes, end, begins: bytes
) -> None:
    """No last chunk, no full length, no next reply: or, where nothing had gone out, a 502."""

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(data)
        end(conn)

    wire.upstream.script = script
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x"))
        try:
            got = client.reply()
        except CutShort:
            got = None
        if got is not None and got.status == 200:
            assert begins.startswith(got.body)
            assert not got.whole
        elif got is not None:
            assert (got.status, got.whole) == (502, True)
        rest = client.to_end() if got is None or got.status == 200 else b""
        assert b"HTTP/1." not in rest
        assert b"Traceback" not in client.received
    wire.upstream.script = None
    assert ask(wire.port, request("/assemblyai/next")).json() == {"ok": True}


@each_server
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(UNTIL_CLOSE + b"abc", id="c73-http-1.1"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nabc", id="c73-http-1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nabc", id="c73-no-headers"),
    ],
)
def test_reply_that_ends_with_its_connection_is_whole(wire: Server, data: bytes) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(data)

    wire.upstream.script = script
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.status, got.body, got.whole) == (200, b"abc", True)
    wire.upstream.script = None
    assert ask(wire.port, request("/assemblyai/next")).json() == {"ok": True}
    assert len(wire.upstream.conns) == 2


@each_server
def test_c60_client_that_stops_reading_stops_the_upstream(wire: Server) -> None:
    """Back pressure: of 64 MiB no more leaves the upstream than buffers in between hold."""
    out = 0
    done = threading.Event()

    def script(conn: Conn) -> None:
        nonlocal out
        conn.request()
        conn.sock.settimeout(1.0)
        conn.send(reply(b"", "200 OK", b"Content-Length: %d" % (64 << 20), framed=False))
        try:
            for _ in range(64):
                conn.send(MIB)
                out += 1
        except TimeoutError:
            pass
        done.set()

    wire.upstream.script = script
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x"))
        client.head()
        assert done.wait(20)
        # Waitress spools what a slow client does not take; the others hold socket buffers.
        assert out < (64 if wire.kind != "waitress" else 65)


@each_server
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(reply(b"abc"), id="c78-length"),
        pytest.param(CHUNKED, id="c78-chunked"),
        pytest.param(UNTIL_CLOSE, id="c78-until-close"),
    ],
)
def test_head_waits_for_no_body(wire: Server, data: bytes) -> None:
    head = data[: data.index(b"\r\n\r\n") + 4]

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(head)
        conn.hold()

    wire.upstream.script = script
    got = ask(wire.port, request("/assemblyai/v2/x", method="HEAD"))
    assert (got.status, got.body) == (200, b"")
    # Waitress announces what it was given to send where the app says no length.
    assert got.values("content-length") in ([], [b"3"], [b"0"] if wire.kind == "waitress" else [])


@each_server
@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 65537, (1 << 20) + 1])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_reply_bodies_of_any_size_are_whole(wire: Server, size: int, framing: str) -> None:
    body = (MIB + MIB)[:size]
    if framing == "length":
        wire.upstream.answer = reply(body)
    else:
        wire.upstream.answer = in_chunks((chunk(body) if body else b"") + LAST_CHUNK)
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.whole, got.body == body) == (True, True)
    assert got.values("content-length") == ([b"%d" % size] if framing == "length" else [])
