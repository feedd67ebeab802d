"""What of a request's headers reaches the upstream: an exact list each. Rows 20 to 38."""

from __future__ import annotations

import pytest

from .kit_client import ACCOUNT_KEY, GOOD_KEY, Client, ask, end_to_end, request
from .kit_http import CutShort, Malformed
from .kit_servers import Fleet, Server, each_server
from .kit_upstream import LAST_CHUNK, chunk

HOP_BY_HOP = [
    "Connection: keep-alive",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "Proxy-Authenticate: Basic",
    f"Proxy-Authorization: Basic {GOOD_KEY}",
    "TE: trailers",
    "Trailer: X-Checksum",
]

STRIPPED = [
    pytest.param(HOP_BY_HOP, id="c20-hop-by-hop"),
    pytest.param(
        ["Connection: close, X-AAI-Foo, x-aai-BAR", "X-AAI-Foo: 1", "X-AAI-Bar: 2"],
        id="c21-nominated",
    ),
    pytest.param(["Connection: ,X-AAI-Foo", "X-AAI-Foo: 1"], id="c21-empty-first"),
    pytest.param(["Connection: ,", "Connection: X-AAI-Foo", "X-AAI-Foo: 1"], id="c21-two-fields"),
    pytest.param(
        ["Connection:  \tX-AAI-Foo\t ,, x-aai-bar", "X-AAI-Foo: 1", "X-AAI-BAR: 1"], id="c21-tabs"
    ),
    pytest.param(
        ["Connection: Authorization, Host, X-AAI-Not, X-Request-Id", "X-AAI-Not: 1"],
        id="c22-nominating-what-is-injected",
    ),
    pytest.param(
        [
            f"X-Api-Key: {GOOD_KEY}",
            f"Api-Key: {GOOD_KEY}",
            f"X-Goog-Api-Key: {GOOD_KEY}",
            f"Proxy-Authorization: {GOOD_KEY}",
        ],
        id="c24-credentials-by-other-names",
    ),
    pytest.param([f"Authorization_: {GOOD_KEY}", "X_Api_Key: 1"], id="c24-underscores"),
    pytest.param(["Cookie: session=host; csrftoken=2"], id="c26-cookie"),
    pytest.param(["Cookie: a=1", "Cookie: b=2", "Cookie2: $Version=1"], id="c26-two-cookies"),
    pytest.param(
        [
            "Forwarded: for=1.2.3.4;host=evil",
            "Via: 1.1 front",
            "X-Forwarded-For: 1.2.3.4",
            "X-Forwarded-Host: evil",
            "X-Forwarded-Proto: gopher",
            "X-Forwarded-Port: 1",
            "X-Forwarded-Prefix: /evil",
            "X-Forwarded-Server: evil",
            "X-Real-IP: 1.2.3.4",
            "X-Original-URL: /evil",
            "X-Rewrite-URL: /evil",
            "True-Client-IP: 1.2.3.4",
        ],
        id="c28-forwarding",
    ),
    pytest.param(["Proxy: http://127.0.0.1:1"], id="c29-httpoxy"),
    pytest.param(["X-AssemblyAI-MW-Tags: team=search"], id="tags-are-ours"),
    pytest.param(
        [
            "X-Amzn-Oidc-Data: jwt",
            "Cf-Access-Jwt-Assertion: jwt",
            "Cf-Connecting-Ip: 1.2.3.4",
            "X-Goog-Iap-Jwt-Assertion: jwt",
            "X-Ms-Token-Aad-Access-Token: jwt",
            "X-Auth-Request-Email: ann@example.com",
            "X-Auth-Token: 1",
            "Ssl-Client-Cert: pem",
            "Remote-User: ann",
            "Referer: https://front.example/secret",
            "Idempotency-Key: 7",
            "Traceparent: 00-a-b-01",
            "X-Nobody-Knows: 1",
        ],
        id="c38-what-no-list-names",
    ),
]


@each_server
@pytest.mark.parametrize("fields", STRIPPED)
def test_fields_that_must_not_go_upstream_do_not(wire: Server, fields: list[str]) -> None:
    """The upstream's fields are compared as a list: one that nobody planned fails too."""
    reply = ask(wire.port, request("/assemblyai/v2/x", "X-AAI-First: 1", *fields, "X-AAI-Last: 2"))
    assert reply.status == 200
    sent = wire.upstream.only
    assert end_to_end(sent) == [(b"x-aai-first", b"1"), (b"x-aai-last", b"2")]
    assert sent.values("authorization") == [ACCOUNT_KEY.encode()]
    assert sent.values("host") == [b"127.0.0.1:%d" % wire.upstream.port]
    assert sent.framing == "none"


@each_server
def test_c20_chunked_upload_is_framed_once_and_by_us(wire: Server) -> None:
    raw = request("/assemblyai/v2/upload", "Transfer-Encoding: chunked", *HOP_BY_HOP, method="POST")
    assert ask(wire.port, raw + chunk(b"abc") + LAST_CHUNK).status == 200
    sent = wire.upstream.only
    assert end_to_end(sent) == []
    assert bytes(sent.body) == b"abc"
    assert sent.framing in ("chunked", "length")


@each_server
def test_c22_nominating_the_length_does_not_lose_the_body(wire: Server) -> None:
    raw = request(
        "/assemblyai/v2/x",
        "Connection: Content-Length, Authorization, Host, Content-Type",
        method="POST",
        body=b"abc",
    )
    assert ask(wire.port, raw).status == 200
    sent = wire.upstream.only
    assert (bytes(sent.body), sent.framing, sent.whole) == (b"abc", "length", True)
    assert sent.values("authorization") == [ACCOUNT_KEY.encode()]


@each_server
@pytest.mark.parametrize("spelling", ["Bearer {}", "bearer {}", "BEARER  {}", "{}"])
def test_c23_the_account_key_takes_the_place_of_the_virtual_one(
    wire: Server, spelling: str
) -> None:
    field = "Authorization: " + spelling.format(GOOD_KEY)
    assert ask(wire.port, request("/assemblyai/v2/x", field, key=None)).status == 200
    assert wire.upstream.only.values("authorization") == [ACCOUNT_KEY.encode()]


UNDERSCORES = [
    pytest.param(["Content_Length: 5"], id="c24-content-length"),
    pytest.param(["Transfer_Encoding: chunked"], id="c24-transfer-encoding"),
    pytest.param([f"Authorization_: {GOOD_KEY}"], id="c24-authorization"),
    pytest.param(["Host_: evil"], id="c24-host"),
    pytest.param(["X_Forwarded_For: 1.2.3.4", "Content_Type: a/b"], id="c24-forwarded"),
]


@pytest.mark.parametrize("kind", ["wsgiref", "gthread"])
@pytest.mark.parametrize("fields", UNDERSCORES)
def test_servers_that_let_underscores_through_open_nothing(
    fleet: Fleet, kind: str, fields: list[str]
) -> None:
    """wsgiref always does, Gunicorn with `--header-map dangerous`: `Content_Length` then looks
    like Content-Length in environ."""
    options = ("--header-map", "dangerous") if kind == "gthread" else ()
    server = fleet.get(kind, options=options)
    assert ask(server.port, request("/assemblyai/v2/x", *fields)).status < 500
    for sent in server.upstream.requests:
        assert sent.whole
        assert sent.values("authorization") == [ACCOUNT_KEY.encode()]
        assert len(sent.values("host")) == 1
        assert sent.values("x-forwarded-for") == []
        assert sent.values("content-length") == []
    assert [conn.fault for conn in server.upstream.conns if conn.fault] == []
    assert GOOD_KEY.encode() not in server.upstream.bytes_received


@each_server
@pytest.mark.parametrize(
    "first, second",
    [
        pytest.param(GOOD_KEY, GOOD_KEY, id="c25-same-twice"),
        pytest.param(GOOD_KEY, "junk", id="c25-good-first"),
        pytest.param("junk", GOOD_KEY, id="c25-good-last"),
        pytest.param(GOOD_KEY, "", id="c25-empty-last"),
        pytest.param("", GOOD_KEY, id="c25-empty-first"),
    ],
)
def test_two_authorization_fields_are_refused(wire: Server, first: str, second: str) -> None:
    raw = request(
        "/assemblyai/v2/x",
        f"Authorization: Bearer {first}",
        f"Authorization: {second}",
        key=None,
    )
    assert ask(wire.port, raw).status in (400, 401)
    assert wire.upstream.conns == []


@each_server
@pytest.mark.parametrize(
    "host, version, fields",
    [
        pytest.param("front.example", "HTTP/1.1", [], id="c27-front"),
        pytest.param("evil.example:9", "HTTP/1.1", [], id="c27-evil"),
        pytest.param(None, "HTTP/1.0", [], id="c27-missing"),
        pytest.param("front.example", "HTTP/1.1", ["X-Forwarded-Host: evil"], id="c27-forwarded"),
    ],
)
def test_host_upstream_is_the_configured_one(
    wire: Server, host: str | None, version: str, fields: list[str]
) -> None:
    raw = request("/assemblyai/v2/x", *fields, host=host, version=version)
    assert ask(wire.port, raw).status == 200
    assert wire.upstream.only.values("host") == [b"127.0.0.1:%d" % wire.upstream.port]


@each_server
@pytest.mark.parametrize(
    "field",
    [
        pytest.param(b"X-AAI-A: a\0b", id="c30-nul"),
        pytest.param(b"X-AAI-A: a\rX-AAI-Evil: 1", id="c30-bare-cr"),
        pytest.param(b"X-AAI-A: a\r X-AAI-Evil: 1", id="c30-cr-space"),
        pytest.param(b"X-AAI-A: a\x0bb", id="c30-vertical-tab"),
        pytest.param(b"X-AAI-A: a\x7fb", id="c30-del"),
        pytest.param(b"X-AAI-A: a\x1b[31m", id="c30-escape"),
        pytest.param(b"X-AAI-A: a\r\n folded", id="c30-fold"),
        pytest.param(b"X-A : a", id="c30-space-before-colon"),
        pytest.param(b"X\x00A: a", id="c30-nul-in-name"),
        pytest.param(b"X-\xe9: a", id="c31-latin-1-in-name"),
        pytest.param(b"X(A): a", id="c31-not-a-token"),
        pytest.param(b": a", id="c31-no-name"),
        pytest.param(b"X-A", id="c31-no-colon"),
    ],
)
def test_control_bytes_in_a_field_never_go_upstream(wire: Server, field: bytes) -> None:
    """Refused by the server or by us; a server that unfolds a field may send it as one line."""
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x", field, "Connection: close"))
        try:
            assert client.reply().status < 500
        except CutShort:
            assert client.received == b""
    for sent in wire.upstream.requests:
        assert sent.values("x-aai-evil") == []
        assert all(0x20 <= byte != 0x7F or byte == 9 for _, value in sent.fields for byte in value)
    assert not any(isinstance(conn.fault, Malformed) for conn in wire.upstream.conns)


@each_server
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("café".encode("latin-1"), id="c30-latin-1"),
        pytest.param("café ☕".encode(), id="c30-utf-8"),
        pytest.param(b"a\tb", id="c30-tab"),
        pytest.param(b'multipart/form-data; boundary="a;b"', id="c35-quoted"),
        pytest.param(b"a,b, c ,,", id="c38-commas"),
        pytest.param(b"%00%0d%0a", id="c38-percent"),
    ],
)
def test_values_arrive_byte_for_byte(wire: Server, value: bytes) -> None:
    raw = request("/assemblyai/v2/x", b"X-AAI-Odd: " + value, b"Content-Type: " + value, body=b"")
    assert ask(wire.port, raw).status == 200
    assert wire.upstream.only.values("x-aai-odd") == [value]
    assert wire.upstream.only.values("content-type") == [value]


@each_server
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(["X-AAI-Big: " + "a" * 8000], id="c32-8-KB"),
        pytest.param(["X-AAI-Big: " + "a" * 9000], id="c32-9-KB"),
        pytest.param([f"X-AAI-{i}: {'a' * 600}" for i in range(95)], id="c32-60-KB"),
        pytest.param([f"X-AAI-{i}: a" for i in range(97)], id="c32-99-fields"),
        pytest.param([f"X-AAI-{i}: a" for i in range(101)], id="c32-over-100-fields"),
        pytest.param([f"X-AAI-{i}: a" for i in range(5000)], id="c32-5000-fields"),
    ],
)
def test_large_heads_are_forwarded_or_refused(wire: Server, fields: list[str]) -> None:
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x", *fields))
        try:
            status = client.reply().status
        except CutShort:
            status = 400
    assert status == 200 or 400 <= status < 500
    if status == 200:
        wanted = [tuple(f.lower().encode().split(b": ")) for f in fields]
        assert end_to_end(wire.upstream.only) == wanted
    else:
        assert wire.upstream.conns == []


@each_server
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="c33-nothing"),
        pytest.param(["Accept-Encoding: identity"], id="c33-identity"),
        pytest.param(["Accept-Encoding: gzip, br", "Accept: */*"], id="c33-gzip"),
        pytest.param(["User-Agent: AssemblyAI/1.0 (x)"], id="c34-agent"),
        pytest.param(
            [
                "Range: bytes=0-4",
                'If-None-Match: W/"a"',
                "Content-MD5: x",
                "Accept-Language: de",
                "X-Request-Id: abc",
                "AssemblyAI-Version: 2025-05-12",
                "AssemblyAI-Agent: AssemblyAI/1.0 (sdk=JavaScript/4.27.0)",
                "X-AAI-Model: universal-3-5-pro",
                "Cache-Control: no-cache",
                "Pragma: no-cache",
            ],
            id="c38-end-to-end",
        ),
    ],
)
def test_end_to_end_fields_arrive_and_nothing_is_invented(wire: Server, fields: list[str]) -> None:
    assert ask(wire.port, request("/assemblyai/v2/x", *fields)).status == 200
    wanted = [tuple(f.encode().split(b": ", 1)) for f in fields]
    assert end_to_end(wire.upstream.only) == [(n.lower(), v) for n, v in wanted]
    assert wire.upstream.only.framing == "none"


@each_server
def test_c36_expect_with_a_bad_key_is_answered_without_the_body(wire: Server) -> None:
    raw = request(
        "/assemblyai/v2/upload",
        "Expect: 100-continue",
        "Content-Length: 1000000",
        method="POST",
        key="sk-wrong",
    )
    with Client(wire.port) as client:
        client.send(raw)
        if wire.kind == "waitress":
            # It reads the whole body before the app runs.
            client.send(bytes(1_000_000))
        assert client.reply().status == 401
    assert wire.upstream.conns == []


@each_server
def test_c36_expect_with_a_good_key_uploads(wire: Server) -> None:
    raw = request(
        "/assemblyai/v2/upload", "Expect: 100-continue", "Content-Length: 9", method="POST"
    )
    with Client(wire.port) as client:
        client.send(raw)
        client.send(b"123456789")
        assert client.reply().status == 200
    assert bytes(wire.upstream.only.body) == b"123456789"
    assert wire.upstream.only.values("expect") == []


@each_server
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c36_expect_without_content_lends_no_key_to_the_next_request(
    wire: Server, method: str
) -> None:
    """Waitress reads the next request into the fields of such a one; clients must not send it."""
    first = request("/assemblyai/v2/x", "Expect: 100-continue", method=method)
    with Client(wire.port) as client:
        client.send(first + request("/assemblyai/canary", key=None))
        client.half_close()
        client.to_end()
    assert [r.target for r in wire.upstream.requests if b"canary" in r.target] == []


@each_server
@pytest.mark.parametrize("protocol", ["websocket", "WebSocket", "h2c", "foo/2"])
def test_c37_no_tunnel_is_opened(wire: Server, protocol: str) -> None:
    raw = request("/assemblyai/v3/ws", "Connection: Upgrade", f"Upgrade: {protocol}")
    reply = ask(wire.port, raw)
    if protocol.lower() == "websocket":
        assert reply.status == 426
        assert wire.upstream.conns == []
    else:
        assert reply.status in (200, 426, 501)
        assert all(r.values("upgrade") == [] for r in wire.upstream.requests)
