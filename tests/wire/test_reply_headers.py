"""What of a reply's head reaches the client, and what makes a reply none. Rows 39 to 51."""

from __future__ import annotations

import threading

import pytest

from .kit_client import ACCOUNT_KEY, Client, ask, passed_on, request
from .kit_direct import environ, run
from .kit_http import Request, values
from .kit_servers import Server, each_server
from .kit_upstream import LAST_CHUNK, Conn, Upstream, chunk, reply

JSON = (b"content-type", b"application/json")


def raw(*lines: str | bytes, body: bytes = b"") -> bytes:
    """Return a reply line by line, framing and all."""
    head = b"\r\n".join(x.encode("latin-1") if isinstance(x, str) else x for x in lines)
    return head + b"\r\n\r\n" + body


@each_server
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            [
                "Connection: X-Hop",
                "X-Hop: 1",
                "Keep-Alive: timeout=5",
                "Proxy-Authenticate: Basic",
                "Proxy-Connection: close",
                "Trailer: X-T",
                "Upgrade: h2c",
                "TE: trailers",
            ],
            id="c40-hop-by-hop",
        ),
        pytest.param(
            ["connection: ,x-A", "CONNECTION: X-b", "X-a: 1", "x-B: 2"], id="c40-nominated"
        ),
        pytest.param(["Set-Cookie: a=1", "Set-Cookie: b=2; Expires=Thu, 01 Jan 2037"], id="c41"),
        pytest.param(
            [
                "Strict-Transport-Security: max-age=1; includeSubDomains",
                'Alt-Svc: h3=":443"',
                'Clear-Site-Data: "*"',
                "Content-Security-Policy: default-src 'none'",
                'NEL: {"report_to": "x"}',
                "X-Accel-Redirect: /etc/passwd",
                "X-Sendfile: /etc/passwd",
                "Access-Control-Allow-Origin: *",
                "WWW-Authenticate: Basic",
                "Refresh: 0; url=https://evil.example",
            ],
            id="c39-beyond-the-reply",
        ),
        pytest.param(
            ["Cache-Control: public, max-age=600", "Expires: Thu, 01 Jan 2037 00:00:00 GMT"],
            id="c39-caches",
        ),
    ],
)
def test_fields_of_the_upstreams_connection_stay_there(wire: Server, fields: list[str]) -> None:
    wire.upstream.answer = reply(b"{}", "200 OK", "X-First: 1", *fields, "X-Last: 2")
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert got.status == 200
    assert got.values("cache-control") == [b"private, no-store"]
    assert got.values("vary") == [b"Authorization"]
    assert got.values("x-content-type-options") == [b"nosniff"]
    kept = [(n, v) for n, v in passed_on(got) if n != b"content-length"]
    assert kept == [JSON, (b"x-first", b"1"), (b"x-last", b"2")]


@each_server
def test_c41_doubled_fields_stay_two_in_their_order(wire: Server) -> None:
    fields = ["Link: <a>; rel=next", "X-A: a", "Link: <b>, <c>", "Warning: 1", "Warning: 2"]
    wire.upstream.answer = reply(b"{}", "200 OK", *fields)
    got = ask(wire.port, request("/assemblyai/v2/x"))
    split = [tuple(f.encode().split(b": ", 1)) for f in fields]
    wanted = [(n.lower(), v) for n, v in split]
    kept = [(n, v) for n, v in passed_on(got) if n not in (b"content-length", b"content-type")]
    # Waitress sorts what an app gives it.
    assert kept == (sorted(wanted) if wire.kind == "waitress" else wanted)


KEY = ACCOUNT_KEY.encode()
ECHOES = [
    pytest.param(reply(b"{}", "200 OK", b"X-Echo: " + KEY), id="c42-field"),
    pytest.param(reply(b"{}", "200 OK", b"X-Echo: a " + KEY + b"," + KEY), id="c42-twice"),
    pytest.param(reply(b"", "302 Found", b"Location: /x?key=" + KEY), id="c42-location"),
    pytest.param(reply(b"{}", "200 OK", b"Set-Cookie: k=" + KEY), id="c42-cookie"),
    pytest.param(reply(b'{"error": "bad ' + KEY + b'"}', "400 Bad Request"), id="c42-body"),
    pytest.param(reply(b'{"error": "bad ' + KEY + b'"}', "500 Oops"), id="c42-body-of-500"),
    pytest.param(reply(b'{"error": "bad ' + KEY + b'"}', "401 Unauthorized"), id="c42-401"),
    pytest.param(reply(b"x" * 65530 + KEY + b"y", "400 Bad Request"), id="c42-across-64-KiB"),
    pytest.param(reply(b"x" * 200_000 + KEY + b"y", "400 Bad Request"), id="c42-late"),
    pytest.param(reply(b"{}", "400 " + ACCOUNT_KEY), id="c42-reason"),
    pytest.param(
        reply(b"", "400 Bad Request", "Transfer-Encoding: chunked", framed=False)
        + b"".join(chunk(KEY[i : i + 1]) for i in range(len(KEY)))
        + LAST_CHUNK,
        id="c42-in-pieces",
    ),
]


@each_server
@pytest.mark.parametrize("answer", ECHOES)
def test_an_upstream_that_echoes_the_account_key_tells_nobody(wire: Server, answer: bytes) -> None:
    wire.upstream.answer = answer
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x"))
        got = client.reply()
        assert got.whole
        assert KEY not in client.received


def test_c42_a_key_in_pieces_over_time_is_masked_too(gthread: Server) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.send(reply(b"", "500 Oops", b"Content-Length: %d" % (len(KEY) + 2), framed=False))
        conn.send(b"<" + KEY[:5])
        conn.pause(0.05)
        conn.send(KEY[5:] + b">")

    gthread.upstream.script = script
    got = ask(gthread.port, request("/assemblyai/v2/x"))
    assert got.whole
    assert KEY not in got.body


@each_server
def test_c43_refused_account_key_is_not_the_callers_fault(wire: Server) -> None:
    wire.upstream.answer = reply(
        b'{"error": "Authentication error, API token missing/invalid"}', "401 Unauthorized"
    )
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert got.status == 502
    assert got.values("www-authenticate") == []
    assert KEY not in got.head + got.body
    assert "refused the account's key" in wire.log()


@each_server
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c44_redirects_are_passed_on_and_not_followed(
    wire: Server, status: int, method: str
) -> None:
    elsewhere = Upstream()
    try:
        location = f"http://127.0.0.1:{elsewhere.port}/x"
        wire.upstream.answer = reply(b"", f"{status} Moved", f"Location: {location}")
        got = ask(wire.port, request("/assemblyai/v2/x", method=method, body=b"abc"))
        assert (got.status, got.values("location")) == (status, [location.encode()])
        assert elsewhere.conns == []
        assert len(wire.upstream.requests) == 1
    finally:
        elsewhere.close()


def script_of(data: bytes):
    """A script that answers each request with *data*, then ends the connection."""

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(data)

    return script


CL2 = "Content-Length: 2"
TE = "Transfer-Encoding: chunked"
OK = "HTTP/1.1 200 OK"
NO_REPLY = [
    pytest.param(raw(OK, b"X-A: a\0b", CL2, body=b"{}"), id="c45-nul"),
    pytest.param(raw(OK, b"X-A: one\rX-B: two", CL2, body=b"{}"), id="c45-bare-cr"),
    pytest.param(raw(OK, b"X-A: one\r two", CL2, body=b"{}"), id="c45-cr-space"),
    pytest.param(raw(OK, b"X-A : one", CL2, body=b"{}"), id="c45-space-before-colon"),
    pytest.param(raw(OK, b"X\x00A: one", CL2, body=b"{}"), id="c45-nul-in-name"),
    pytest.param(raw(OK, b"X A: one", CL2, body=b"{}"), id="c45-space-in-name"),
    pytest.param(raw(OK, b"X-A", CL2, body=b"{}"), id="c45-no-colon"),
    pytest.param(raw(OK, b"X-A: " + b"a" * 70_000, CL2, body=b"{}"), id="c45-70-KB"),
    pytest.param(raw(OK, *[f"X-{i}: a" for i in range(300)], CL2, body=b"{}"), id="c46-300-fields"),
    pytest.param(raw(OK, CL2, TE, body=b"2\r\n{}\r\n0\r\n\r\n"), id="c47-cl-and-te"),
    pytest.param(raw(OK, TE, CL2, body=b"2\r\n{}\r\n0\r\n\r\n"), id="c47-te-and-cl"),
    pytest.param(raw(OK, CL2, "Content-Length: 5", body=b"{}xyz"), id="c47-two-lengths"),
    pytest.param(raw(OK, "Content-Length: foo", body=b"{}"), id="c47-cl-foo"),
    pytest.param(raw(OK, "Content-Length: +2", body=b"{}"), id="c47-cl-plus"),
    pytest.param(raw(OK, "Content-Length: 2, 2", body=b"{}"), id="c47-cl-list"),
    pytest.param(raw(OK, "Content-Length: -1", body=b"{}"), id="c47-cl-negative"),
    pytest.param(raw(OK, "Content-Length: 0x2", body=b"{}"), id="c47-cl-hex"),
    pytest.param(raw(OK, "Content-Length: ", body=b"{}"), id="c47-cl-empty"),
    pytest.param(raw(OK, "Content-Length: 2 2", body=b"{}"), id="c47-cl-space"),
    pytest.param(raw(OK, "Content-Length: " + "9" * 30, body=b"{}"), id="c47-cl-30-digits"),
    pytest.param(
        raw(OK, "Transfer-Encoding: gzip, chunked", body=b"2\r\n{}\r\n0\r\n\r\n"), id="c47-te-gzip"
    ),
    pytest.param(raw(OK, "Transfer-Encoding: gzip", body=b"{}"), id="c47-te-gzip-alone"),
    pytest.param(raw(OK, TE, TE, body=b"2\r\n{}\r\n0\r\n\r\n"), id="c47-te-twice"),
    pytest.param(raw(OK, "Transfer-Encoding: xchunked", body=b"{}"), id="c47-te-unknown"),
    pytest.param(
        raw(OK, "Transfer-Encoding: chunked, identity", body=b"2\r\n{}\r\n0\r\n\r\n"),
        id="c47-te-not-last",
    ),
    pytest.param(raw("HTTP/1.1 600 Odd", CL2, body=b"{}"), id="c50-600"),
    pytest.param(raw("HTTP/1.1 999 Odd", CL2, body=b"{}"), id="c50-999"),
    pytest.param(raw("HTTP/1.1 099 Odd", CL2, body=b"{}"), id="c50-099"),
    pytest.param(raw(b"HTTP/1.1 200 a\rb", CL2, body=b"{}"), id="c50-cr-in-reason"),
    pytest.param(raw("HTTP/1.1 101 Switching", "Upgrade: x", "Connection: upgrade"), id="c49-101"),
    pytest.param(raw("HTTP/1.1 2x0 OK", CL2, body=b"{}"), id="c85-status-2x0"),
    pytest.param(raw("HTTP/1.1 20 OK", CL2, body=b"{}"), id="c85-status-20"),
    pytest.param(raw("HTTP/1.1 2000 OK", CL2, body=b"{}"), id="c85-status-2000"),
    pytest.param(raw("HTTP/2.0 200 OK", CL2, body=b"{}"), id="c85-http-2"),
    pytest.param(raw("HTTP/0.9 200 OK", CL2, body=b"{}"), id="c85-http-0.9"),
    pytest.param(raw("HTTP/1.2 200 OK", CL2, body=b"{}"), id="c85-http-1.2"),
    pytest.param(raw("ICY 200 OK", CL2, body=b"{}"), id="c85-icy"),
    pytest.param(b"<html>hello</html>", id="c85-bare-body"),
    pytest.param(b"\x15\x03\x01\x00\x02\x02\x28", id="c85-tls-alert"),
    pytest.param(b"\0" * 2000, id="c85-nuls"),
    pytest.param(b"", id="c85-empty"),
    pytest.param(b"\r\n\r\n", id="c85-empty-lines"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="c85-cut-head"),
    pytest.param(b"HTTP/1.1 200 OK", id="c85-cut-status-line"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="c85-a-request"),
    pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="c85-ssh"),
]


@each_server
@pytest.mark.parametrize("data", NO_REPLY)
def test_what_is_no_clean_reply_is_a_502_and_never_reused(wire: Server, data: bytes) -> None:
    """The client gets one JSON error; the next call goes out on a new connection."""
    wire.upstream.script = script_of(data)
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.status, got.whole) == (502, True)
    assert got.error
    assert got.values("x-b") == []
    wire.upstream.wait(lambda: all(conn.finished.is_set() for conn in wire.upstream.conns))
    bad = len(wire.upstream.conns)
    wire.upstream.script = None
    assert ask(wire.port, request("/assemblyai/v2/y")).json() == {"ok": True}
    assert [r.target for r in wire.upstream.conns[bad].requests] == [b"/v2/y"]


@each_server
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(raw(OK, b"X-A: one\r\n two", CL2, body=b"{}"), id="c45-fold"),
        pytest.param(raw(OK, b"X-A: one\nX-B: two", CL2, body=b"{}"), id="c45-bare-lf"),
        pytest.param(raw(OK, CL2, CL2, body=b"{}"), id="c47-same-length-twice"),
        pytest.param(raw(OK, " X-A: 1", CL2, body=b"{}"), id="c45-leading-space"),
        pytest.param(b"\r\n" + raw(OK, CL2, body=b"{}"), id="c85-empty-line-first"),
        pytest.param(raw(b"HTTP/1.1 200 a\0b", CL2, body=b"{}"), id="c50-nul-in-reason"),
    ],
)
def test_a_reply_on_the_edge_is_a_502_or_clean(wire: Server, data: bytes) -> None:
    wire.upstream.script = script_of(data)
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.status, got.whole) in ((502, True), (200, True))
    assert got.values("x-b") == []


@each_server
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("café".encode("latin-1"), id="c45-latin-1"),
        pytest.param("café ☕".encode(), id="c45-utf-8"),
        pytest.param(b"a\tb  c", id="c45-tab"),
        pytest.param(b"x" * 6000, id="c45-6-KB"),
    ],
)
def test_reply_values_arrive_byte_for_byte(wire: Server, value: bytes) -> None:
    wire.upstream.answer = reply(b"{}", "200 OK", b"X-Odd: " + value)
    assert ask(wire.port, request("/assemblyai/v2/x")).values("x-odd") == [value]


@each_server
def test_c46_101_fields_arrive(wire: Server) -> None:
    fields = [f"X-{i}: {i}" for i in range(101)]
    wire.upstream.answer = reply(b"{}", "200 OK", *fields)
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert len([n for n, _ in passed_on(got) if n.startswith(b"x-")]) == 101


@each_server
@pytest.mark.parametrize(
    "method, data",
    [
        pytest.param("GET", raw("HTTP/1.1 204 No", body=b"surprise"), id="c48-204-bare"),
        pytest.param(
            "GET", raw("HTTP/1.1 204 No", "Content-Length: 8", body=b"surprise"), id="c48"
        ),
        pytest.param(
            "GET", raw("HTTP/1.1 304 Not", "Content-Length: 8", body=b"surprise"), id="c48-304"
        ),
        pytest.param("HEAD", raw(OK, "Content-Length: 8", body=b"surprise"), id="c48-head"),
        pytest.param("HEAD", raw(OK, TE, body=b"1\r\na\r\n0\r\n\r\n"), id="c48-head-chunked"),
        pytest.param("GET", raw(OK, CL2, body=b"{}" + reply(b"evil")), id="c94-two-replies"),
        pytest.param("GET", raw(OK, CL2, body=b"{}surprise"), id="c74-more-than-its-length"),
        pytest.param(
            "GET", raw(OK, TE, body=b"2\r\n{}\r\n0\r\n\r\nsurprise"), id="c74-after-last-chunk"
        ),
        pytest.param(
            "GET",
            raw(OK, TE, body=b"2\r\n{}\r\n0\r\n\r\n" + reply(b"evil")),
            id="c94-two-replies-chunked",
        ),
    ],
)
@pytest.mark.parametrize("gap", [pytest.param(False, id="at-once"), pytest.param(True, id="later")])
def test_surplus_bytes_reach_nobody(wire: Server, method: str, data: bytes, gap: bool) -> None:
    """Nor do they stay on a connection that another client's request goes out on."""

    all_out = threading.Event()

    def script(conn: Conn) -> None:
        for asked in conn.requests_until_end():
            if asked.target != b"/first":
                conn.send(reply(asked.target))
                continue
            if gap:
                head, end, rest = data.partition(b"\r\n\r\n")
                split = 2 if TE not in data.decode("latin-1") else rest.index(b"0\r\n\r\n") + 5
                conn.send(head + end + rest[:split])
                conn.pause(0.02)
                conn.send(rest[split:])
            else:
                conn.send(data)
            all_out.set()

    wire.upstream.script = script
    with Client(wire.port) as client:
        client.send(request("/assemblyai/first", "Connection: close", method=method))
        first = client.reply(method)
        assert client.to_end() == b""
    assert first.body in (b"", b"{}")
    assert b"surprise" not in client.received
    assert b"evil" not in client.received
    # What comes after the next request was written is taken for its reply: HTTP/1.1 has no more
    # than the order to tell. What came before is not.
    assert all_out.wait(10)
    for target in (b"/second", b"/third"):
        got = ask(wire.port, request(b"/assemblyai" + target))
        assert got.status in (200, 502)
        assert got.status == 502 or got.body == target


@each_server
@pytest.mark.parametrize("status", [200, 206])
def test_c48_head_keeps_the_length_and_the_connection(wire: Server, status: int) -> None:
    def answer(asked: Request) -> bytes:
        if asked.method == b"HEAD":
            return raw(f"HTTP/1.1 {status} OK", "Content-Length: 10", "Content-Type: a/b")
        return reply(asked.target)

    wire.upstream.answer = answer
    got = ask(wire.port, request("/assemblyai/v2/x", method="HEAD"))
    assert (got.status, got.values("content-length")) == (status, [b"10"])
    assert ask(wire.port, request("/assemblyai/next")).body == b"/next"
    assert len(wire.upstream.conns) == 1


@each_server
@pytest.mark.parametrize(
    "interim",
    [
        pytest.param(["103 Early Hints\r\nLink: <a>"], id="c49-103"),
        pytest.param(["102 Processing", "103 Early\r\nX-A: evil", "100 Continue"], id="c49-three"),
    ],
)
@pytest.mark.parametrize("gap", [pytest.param(False, id="at-once"), pytest.param(True, id="later")])
def test_interim_replies_are_not_the_reply(wire: Server, interim: list[str], gap: bool) -> None:
    def script(conn: Conn) -> None:
        for _ in conn.requests_until_end():
            for head in interim:
                conn.send(raw("HTTP/1.1 " + head))
                if gap:
                    conn.pause(0.02)
            conn.send(reply(b"final", "201 Created"))

    wire.upstream.script = script
    for _ in range(2):
        got = ask(wire.port, request("/assemblyai/v2/x", method="POST", body=b"abc"))
        assert (got.status, got.body, got.values("x-a")) == (201, b"final", [])


@pytest.mark.parametrize("framing", ["Content-Length: 2", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("chunked", [False, True], ids=["c49-length", "c49-chunked"])
def test_an_interim_replys_framing_is_not_the_replys(
    upstream: Upstream, forward, framing: str, chunked: bool
) -> None:
    final = raw("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=chunk(b"final") + LAST_CHUNK)
    upstream.answer = raw("HTTP/1.1 103 Early", framing) + (final if chunked else reply(b"final"))
    app = forward(upstream.port)
    assert [run(app, environ()).body for _ in range(2)] == [b"final"] * 2
    assert len(upstream.conns) == 1


@each_server
@pytest.mark.parametrize(
    "status, reason",
    [
        (299, b"Odd"),
        (418, b"I'm a teapot"),
        (499, b"Closed"),
        (599, b"Net"),
        (200, b""),
        (404, b""),
        (200, "schön".encode("latin-1")),
    ],
)
def test_c50_odd_status_lines_are_passed_on(wire: Server, status: int, reason: bytes) -> None:
    wire.upstream.answer = raw(b"HTTP/1.1 %d " % status + reason, CL2, body=b"{}")
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.status, got.body) == (status, b"{}")


@each_server
def test_c50_status_line_without_a_space_after_the_code(wire: Server) -> None:
    wire.upstream.answer = raw("HTTP/1.1 200", CL2, body=b"{}")
    assert ask(wire.port, request("/assemblyai/v2/x")).body == b"{}"


@each_server
def test_c51_retry_after_passes_and_date_and_server_are_not_doubled(wire: Server) -> None:
    wire.upstream.answer = reply(
        b'{"error": "slow down"}',
        "429 Too Many Requests",
        "Retry-After: 17",
        "Date: Sun, 22 Nov 2026 10:00:00 GMT",
        "Server: upstream",
    )
    got = ask(wire.port, request("/assemblyai/v2/x"))
    assert (got.status, got.values("retry-after")) == (429, [b"17"])
    assert len(values(got.fields, "date")) == 1
    assert len(values(got.fields, "server")) == 1
