"""Request bodies: whole, byte for byte and framed once, or visibly broken off. Rows 52 to 68."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import zlib

import pytest

from .kit_client import Client, ask, request
from .kit_direct import environ, run
from .kit_http import CutShort
from .kit_servers import Server, each_server
from .kit_upstream import LAST_CHUNK, Upstream, chunk, reply

NOISE = random.Random(52).randbytes((1 << 20) + 1)
SIZES = [0, 1, 4095, 4096, 65535, 65536, (1 << 20) - 1, (1 << 20) + 1]
CHUNKED = "Transfer-Encoding: chunked"


@each_server
@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("size", [pytest.param(s, id=f"c52-{s}") for s in SIZES])
def test_sized_body_arrives_with_its_length(wire: Server, method: str, size: int) -> None:
    body = NOISE[:size]
    raw = request("/assemblyai/v2/upload", method=method, body=body)
    assert ask(wire.port, raw).status == 200
    sent = wire.upstream.only
    assert (sent.size, sent.digest, sent.whole) == (size, hashlib.sha256(body).hexdigest(), True)
    assert sent.values("content-length") == [b"%d" % size]
    assert sent.framing == "length"


@each_server
@pytest.mark.parametrize(
    "method, headers",
    [
        pytest.param("GET", [], id="c62-get"),
        pytest.param("DELETE", [], id="c62-delete"),
        pytest.param("OPTIONS", [], id="c62-options"),
        pytest.param("HEAD", [], id="c62-head"),
    ],
)
def test_no_body_is_sent_as_no_body(wire: Server, method: str, headers: list[str]) -> None:
    assert ask(wire.port, request("/assemblyai/v2/x", *headers, method=method)).status == 200
    assert wire.upstream.only.framing == "none"


@each_server
def test_c62_post_without_a_length_has_no_body_upstream(wire: Server) -> None:
    assert ask(wire.port, request("/assemblyai/v2/x", method="POST")).status == 200
    assert wire.upstream.only.values("content-length") in ([], [b"0"])
    assert wire.upstream.only.values("transfer-encoding") == []


CHUNKINGS = [
    pytest.param([b"a"] * 50, b"", id="c53-bytes"),
    pytest.param([NOISE[:1], NOISE[1:4096], NOISE[4096:]], b"", id="c53-up-to-1-MiB"),
    pytest.param([], b"", id="c53-empty"),
    pytest.param([b"abc", b"def"], b";name=value;other", id="c53-extensions"),
]


@each_server
@pytest.mark.parametrize("blocks, extension", CHUNKINGS)
@pytest.mark.parametrize("split", [pytest.param(0, id="at-once"), pytest.param(7, id="split")])
def test_chunked_body_arrives_framed_once(
    wire: Server, blocks: list[bytes], extension: bytes, split: int
) -> None:
    body = b"".join(chunk(b).replace(b"\r\n", extension + b"\r\n", 1) for b in blocks) + LAST_CHUNK
    raw = request("/assemblyai/v2/upload", CHUNKED, method="POST")
    with Client(wire.port) as client:
        client.send(raw + body, [split] * 60 if split else [])
        assert client.reply().status == 200
    sent = wire.upstream.only
    assert sent.digest == hashlib.sha256(b"".join(blocks)).hexdigest()
    assert sent.whole
    assert sent.framing in ("chunked", "length")


@each_server
def test_c53_trailers_of_a_request_are_no_fields_upstream(wire: Server) -> None:
    raw = request("/assemblyai/v2/x", CHUNKED, "Trailer: X-Evil", method="POST")
    raw += chunk(b"abc") + b"0\r\nX-Evil: 1\r\nAuthorization: evil\r\n\r\n"
    assert ask(wire.port, raw).status in (200, 400)
    for sent in wire.upstream.requests:
        assert sent.trailers == []
        assert sent.values("x-evil") == []


CUT = [
    pytest.param(["Content-Length: 100"], b"0123456789", id="c54-length"),
    pytest.param(["Content-Length: 3000000"], NOISE, id="c54-length-1-MiB-of-3"),
    pytest.param(["Content-Length: 5"], b"", id="c54-nothing"),
    pytest.param([CHUNKED], b"a\r\n01234", id="c55-in-a-chunk"),
    pytest.param([CHUNKED], chunk(b"0123456789"), id="c55-before-the-last-chunk"),
    pytest.param([CHUNKED], chunk(NOISE), id="c55-after-1-MiB"),
    pytest.param([CHUNKED], chunk(b"0123456789") + b"0\r\n", id="c55-before-the-last-line"),
    pytest.param([CHUNKED], b"", id="c55-nothing"),
]


@each_server
@pytest.mark.parametrize("fields, body", CUT)
@pytest.mark.parametrize("how", ["half-close", "reset"])
def test_body_cut_by_the_client_is_cut_upstream(
    wire: Server, fields: list[str], body: bytes, how: str
) -> None:
    """Neither padded, nor ended as if it were whole; and the client is not told of success."""
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/upload", *fields, method="POST") + body)
        if how == "half-close":
            client.half_close()
            try:
                assert 400 <= client.reply().status < 500
            except CutShort:
                assert client.received == b""
        else:
            client.reset()
    # The worker may be busy with the rest for a moment; what it does next proves it is over.
    assert ask(wire.port, request("/assemblyai/next")).status == 200
    wire.upstream.wait(
        lambda: all(r.whole or c.finished.is_set() for c in wire.upstream.conns for r in c.requests)
    )
    assert [r.target for r in wire.upstream.requests if r.whole] == [b"/next"]


BAD_CHUNKS = [
    pytest.param(b"0x5\r\nhello\r\n0\r\n\r\n", id="c55-0x5"),
    pytest.param(b"+5\r\nhello\r\n0\r\n\r\n", id="c55-plus"),
    pytest.param(b"-5\r\nhello\r\n0\r\n\r\n", id="c55-minus"),
    pytest.param(b"5_0\r\nhello\r\n0\r\n\r\n", id="c55-underscore"),
    pytest.param(b"g\r\nhello\r\n0\r\n\r\n", id="c55-not-hex"),
    pytest.param(b"\r\nhello\r\n0\r\n\r\n", id="c55-no-size"),
    pytest.param(b"5\r\nhelloXX0\r\n\r\n", id="c55-no-end"),
    pytest.param(b"5\r\nhello!\r\n0\r\n\r\n", id="c55-too-long"),
    pytest.param(b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", id="c55-huge"),
    pytest.param(b"5\nhello\n0\n\n", id="c55-bare-lf"),
]


@each_server
@pytest.mark.parametrize("body", BAD_CHUNKS)
def test_badly_chunked_body_is_never_whole_upstream(wire: Server, body: bytes) -> None:
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/upload", CHUNKED, method="POST") + body)
        client.half_close()
        try:
            assert 400 <= client.reply().status < 500
        except CutShort:
            assert client.received == b""
    assert ask(wire.port, request("/assemblyai/next")).status == 200
    assert [r.target for r in wire.upstream.requests if r.whole] == [b"/next"]
    assert b"Traceback" not in bytes(client.received)


SMUGGLED = b"GET /assemblyai/canary HTTP/1.1\r\nHost: x\r\n\r\n"
CL = f"Content-Length: {len(SMUGGLED)}"
TWICE_FRAMED = [
    pytest.param([CL, CHUNKED], LAST_CHUNK + SMUGGLED, id="c56-cl-and-te"),
    pytest.param([CHUNKED, CL], LAST_CHUNK + SMUGGLED, id="c56-te-and-cl"),
    pytest.param([CL, "Content-Length: 0"], SMUGGLED, id="c56-two-lengths"),
    pytest.param(["Content-Length: 0", CL], SMUGGLED, id="c56-two-lengths-zero-first"),
    pytest.param([f"{CL}, {len(SMUGGLED)}"], SMUGGLED, id="c56-length-list"),
    pytest.param(["Content-Length: +44"], SMUGGLED, id="c63-plus"),
    pytest.param(["Content-Length: 4_4"], SMUGGLED, id="c63-underscore"),
    pytest.param(["Content-Length: -1"], SMUGGLED, id="c63-negative"),
    pytest.param(["Content-Length: 44 "], SMUGGLED, id="c63-trailing-space"),
    pytest.param([CL, "Transfer-Encoding: xchunked"], SMUGGLED, id="c56-te-unknown"),
    pytest.param([CL, "Transfer-Encoding: \x0bchunked"], SMUGGLED, id="c56-te-vertical-tab"),
    pytest.param([CL, "Transfer-Encoding : chunked"], LAST_CHUNK + SMUGGLED, id="c56-te-space"),
    pytest.param(["Transfer-Encoding: identity, chunked"], LAST_CHUNK, id="c56-te-identity"),
    pytest.param(["Transfer-Encoding: gzip, chunked"], LAST_CHUNK, id="c56-te-gzip"),
    pytest.param(["Transfer-Encoding: chunked, chunked"], LAST_CHUNK, id="c56-te-chunked-chunked"),
    pytest.param([CHUNKED, CHUNKED], LAST_CHUNK, id="c56-te-twice"),
    pytest.param(["Transfer-Encoding: CHUNKED"], LAST_CHUNK, id="c56-te-upper-case"),
    pytest.param([CL, "Transfer-Encoding:\n chunked"], LAST_CHUNK + SMUGGLED, id="c56-te-folded"),
]


@each_server
@pytest.mark.parametrize("fields, body", TWICE_FRAMED)
def test_a_body_with_two_ends_is_refused_or_read_in_one_way(
    wire: Server, fields: list[str], body: bytes
) -> None:
    """At most the one request reaches the upstream, framed cleanly; the bytes inside never do."""
    with Client(wire.port) as client:
        client.send(request("/assemblyai/v2/x", *fields, method="POST") + body)
        client.half_close()
        try:
            assert client.reply().status < 500 or client.received.startswith(b"HTTP/1.1 501")
        except CutShort:
            assert client.received == b""
    assert [r.target for r in wire.upstream.requests] in ([], [b"/v2/x"])
    assert [c.fault for c in wire.upstream.conns if c.fault] == []


@each_server
@pytest.mark.parametrize("size", [44, 300_000, 3_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_c58_refused_body_is_never_read_as_a_request(wire: Server, size: int, framing: str) -> None:
    """The reply to the refused one arrives; the next is right, or the connection is closed."""
    body = (SMUGGLED * (size // len(SMUGGLED) + 1))[:size]
    if framing == "length":
        first = request("/assemblyai/v2/x", method="POST", body=body, key="sk-wrong")
    else:
        first = request("/assemblyai/v2/x", CHUNKED, method="POST", key="sk-wrong")
        first += chunk(body) + LAST_CHUNK
    with Client(wire.port) as client:
        client.send(first + request("/assemblyai/second"))
        replies = client.replies(["POST", "GET"])
    assert [r.status for r in replies] in ([401], [401, 200])
    assert [r.target for r in wire.upstream.requests] in ([], [b"/second"])
    assert b"CANARY" not in wire.log().encode()


LENGTHS = [
    pytest.param(None, 200, id="c63-missing"),
    pytest.param("", 200, id="c63-empty"),
    pytest.param("5", 200, id="c63-five"),
    pytest.param("005", 200, id="c63-leading-zeros"),
    pytest.param("-1", 400, id="c63-negative"),
    pytest.param("+5", 400, id="c63-plus"),
    pytest.param("1_0", 400, id="c63-underscore"),
    pytest.param(" 5", 400, id="c63-space"),
    pytest.param("5\r\nX-Evil: 1", 400, id="c63-crlf"),
    pytest.param("\u0665", 400, id="c63-arabic-digit"),
    pytest.param("5.0", 400, id="c63-fraction"),
    pytest.param("1" + "0" * 30, 400, id="c63-ten-to-the-30"),
]


@pytest.mark.parametrize("value, status", LENGTHS)
def test_only_ascii_digits_are_a_length(
    upstream: Upstream, forward, value: str | None, status: int
) -> None:
    env = environ(method="POST", CONTENT_LENGTH=value, **{"wsgi.input": io.BytesIO(b"hello")})
    answer = run(forward(upstream.port), env)
    assert answer.code == status
    if status == 400:
        assert upstream.conns == []


@pytest.mark.parametrize(
    "name, value",
    [
        pytest.param("HTTP_X_AAI_A", "a\r\nX-Evil: 1", id="c30-crlf"),
        pytest.param("HTTP_X_AAI_A", "a\nX-Evil: 1", id="c30-lf"),
        pytest.param("HTTP_X_AAI_A", "a\rb", id="c30-cr"),
        pytest.param("HTTP_X_AAI_A", "a\0b", id="c30-nul"),
        pytest.param("HTTP_X_AAI_A", "a\x7f", id="c30-del"),
        pytest.param("HTTP_X_AAI_A", "\u2615", id="c30-not-latin-1"),
        pytest.param("HTTP_X\r\nEVIL", "1", id="c31-crlf-in-name"),
        pytest.param("HTTP_X: EVIL", "1", id="c31-colon-in-name"),
        pytest.param("HTTP_", "1", id="c31-no-name"),
        pytest.param("HTTP_\xc9", "1", id="c31-latin-1-name"),
        pytest.param("CONTENT_TYPE", "a/b\r\nX-Evil: 1", id="c35-crlf"),
        pytest.param("REQUEST_METHOD", "GET /evil HTTP/1.1\r\nX:", id="c17-crlf-in-method"),
        pytest.param("RAW_URI", "/assemblyai/v2/x HTTP/1.1\r\nX-Evil: 1\r\n", id="c11-raw-uri"),
        pytest.param("QUERY_STRING", "a HTTP/1.1\r\nX-Evil: 1\r\n", id="c11-query"),
        pytest.param("PATH_INFO", "/v2/x\r\nX-Evil: 1", id="c11-path"),
        pytest.param("PATH_INFO", "/v2/\u2615", id="c11-not-latin-1"),
        pytest.param("HTTP_TRANSFER_ENCODING", "gzip", id="c56-te"),
        pytest.param("HTTP_TRANSFER_ENCODING", "chunked", id="c53-end-unknown"),
    ],
)
def test_a_hostile_environ_is_refused_before_a_byte_goes_out(
    upstream: Upstream, forward, name: str, value: str
) -> None:
    """Whatever an outer middleware put there; chunks without `wsgi.input_terminated` too."""
    answer = run(forward(upstream.port), environ(**{name: value}))
    assert 400 <= answer.code < 500
    assert upstream.conns == []


class OneShot:
    """An input with nothing but read(n): short counts, and no reading past the end."""

    def __init__(self, body: bytes, most: int) -> None:
        self.left, self.most = body, most

    def read(self, size: int) -> bytes:
        assert 0 < size <= len(self.left), "read past the announced end"
        block = self.left[: min(size, self.most)]
        self.left = self.left[len(block) :]
        return block


@pytest.mark.parametrize("most", [pytest.param(1, id="c66-bytes"), pytest.param(999, id="c66-999")])
def test_input_is_never_read_past_its_length(upstream: Upstream, forward, most: int) -> None:
    body = NOISE[:5000]
    env = environ(method="POST", CONTENT_LENGTH="5000", **{"wsgi.input": OneShot(body, most)})
    assert run(forward(upstream.port), env).code == 200
    assert bytes(upstream.only.body) == body


@pytest.mark.parametrize("error", [OSError("gone"), UnicodeError("odd"), RuntimeError("server's")])
@pytest.mark.parametrize(
    "after", [pytest.param(0, id="c66-at-once"), pytest.param(2, id="c66-late")]
)
def test_input_that_fails_breaks_the_upload_off(
    upstream: Upstream, forward, error: Exception, after: int
) -> None:
    class Failing(OneShot):
        def read(self, size: int) -> bytes:
            if len(self.left) <= 5000 - after * 1000:
                raise error
            return super().read(size)

    env = environ(
        method="POST", CONTENT_LENGTH="5000", **{"wsgi.input": Failing(NOISE[:5000], 1000)}
    )
    assert run(forward(upstream.port), env).code == 400
    upstream.wait(lambda: all(conn.finished.is_set() for conn in upstream.conns))
    assert not any(r.whole for r in upstream.requests)


def test_c67_body_that_somebody_else_has_read_is_not_sent_as_empty(
    upstream: Upstream, forward
) -> None:
    env = environ(method="POST", CONTENT_LENGTH="5", **{"wsgi.input": io.BytesIO(b"")})
    assert run(forward(upstream.port), env).code == 400
    upstream.wait(lambda: all(conn.finished.is_set() for conn in upstream.conns))
    assert not any(r.whole for r in upstream.requests)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("over", [0, 1])
def test_c68_limit_holds_for_declared_and_counted_bodies(
    upstream: Upstream, forward, declared: bool, over: int
) -> None:
    body = NOISE[: 1000 + over]
    env = environ(method="POST", body=body)
    if not declared:
        env.pop("CONTENT_LENGTH")
        env |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    answer = run(forward(upstream.port, max_body_bytes=1000), env)
    assert answer.code == (413 if over else 200)
    upstream.wait(lambda: all(c.finished.is_set() for c in upstream.conns) or not over)
    assert [r.whole for r in upstream.requests if r.whole] == ([] if over else [True])


PLAIN = b'{"text": "' + b"spoken words " * 500 + b'"}'
ENCODED = [
    pytest.param("gzip", gzip.compress(PLAIN), id="c64-gzip"),
    pytest.param("deflate", zlib.compress(PLAIN), id="c64-deflate"),
    pytest.param("br", NOISE[:3000], id="c64-br-lying"),
    pytest.param("gzip", b"\x1f\x8b" + NOISE[:3000], id="c64-gzip-corrupt"),
    pytest.param("gzip", gzip.compress(PLAIN)[:-9], id="c64-gzip-short"),
    pytest.param("identity, foo", PLAIN, id="c64-unknown"),
]


@each_server
@pytest.mark.parametrize("coding, body", ENCODED)
def test_encoded_bodies_pass_undecoded_both_ways(wire: Server, coding: str, body: bytes) -> None:
    field = f"Content-Encoding: {coding}"
    wire.upstream.answer = reply(body, "200 OK", field)
    got = ask(wire.port, request("/assemblyai/v2/x", field, method="POST", body=body))
    assert (got.body, got.values("content-encoding")) == (body, [coding.encode()])
    assert got.values("content-length") == [b"%d" % len(body)]
    assert bytes(wire.upstream.only.body) == body
    assert wire.upstream.only.values("content-encoding") == [coding.encode()]
