"""Who gets through: every form of credential against every server. Rows 96 to 113."""

from __future__ import annotations

import base64
import hashlib
import itertools

import pytest

from assemblyai_mw.errors import StoreError
from assemblyai_mw.middleware.auth.stage import KeyAuth

from .kit_client import ACCOUNT_KEY, GOOD_KEY, OTHER_KEY, Client, ask, request
from .kit_direct import environ, run
from .kit_servers import Server, each_server, secrets_in
from .kit_upstream import LAST_CHUNK, chunk

REFUSED = [
    pytest.param(None, id="c96-none"),
    pytest.param("", id="c96-empty"),
    pytest.param("Bearer", id="c96-scheme-alone"),
    pytest.param("Bearer ", id="c96-scheme-and-space"),
    pytest.param(" \t ", id="c96-blank"),
    pytest.param("Basic " + base64.b64encode(f"{GOOD_KEY}:".encode()).decode(), id="c98-basic"),
    pytest.param(f'Digest username="{GOOD_KEY}"', id="c98-digest"),
    pytest.param(f"Token {GOOD_KEY}", id="c98-token"),
    pytest.param(f"Bearer{GOOD_KEY}", id="c98-no-space"),
    pytest.param(f"Bearer: {GOOD_KEY}", id="c98-colon"),
    pytest.param(f"Bearer {GOOD_KEY} extra", id="c98-extra"),
    pytest.param(f"{GOOD_KEY}, {OTHER_KEY}", id="c98-two"),
    pytest.param(f"Bearer {GOOD_KEY},Bearer {GOOD_KEY}", id="c98-two-joined"),
    pytest.param(f"Bearer Bearer {GOOD_KEY}", id="c98-scheme-twice"),
    pytest.param(f'Bearer "{GOOD_KEY}"', id="c98-quoted"),
    pytest.param("Bearer sk-wrong", id="c99-wrong"),
    pytest.param(f"Bearer {GOOD_KEY[:-1]}X", id="c99-last-character"),
    pytest.param(f"Bearer X{GOOD_KEY[1:]}", id="c99-first-character"),
    pytest.param(f"Bearer {GOOD_KEY[:-1]}", id="c99-prefix"),
    pytest.param(f"Bearer {GOOD_KEY[:20]}", id="c99-20-characters"),
    pytest.param(f"Bearer {GOOD_KEY}x", id="c99-and-x"),
    pytest.param(f"Bearer {GOOD_KEY}%00", id="c99-encoded-nul"),
    pytest.param(f"Bearer {GOOD_KEY.upper()}", id="c99-upper-case"),
    pytest.param(f"Bearer {GOOD_KEY}\u00a0", id="c99-no-break-space"),
    pytest.param(f"Bearer {GOOD_KEY}\u0085", id="c99-next-line"),
    pytest.param("Bearer " + hashlib.sha256(GOOD_KEY.encode()).hexdigest(), id="c100-hash"),
    pytest.param(f"Bearer {ACCOUNT_KEY}", id="c100-account-key"),
    pytest.param(ACCOUNT_KEY, id="c100-account-key-bare"),
    pytest.param("Bearer *", id="c100-star"),
    pytest.param("Bearer %", id="c100-percent"),
    pytest.param("Bearer ' OR '1'='1", id="c100-sql"),
    pytest.param("Bearer '--", id="c100-sql-comment"),
    pytest.param('Bearer {"$ne":1}', id="c100-ne"),
    pytest.param("Bearer alice", id="c100-the-keys-name"),
    pytest.param("Bearer \xff\xfe", id="c105-ff"),
    pytest.param("Bearer " + "\u2615".encode().decode("latin-1"), id="c105-utf-8"),
    pytest.param("Bearer " + "a" * 8000, id="c105-8-KB"),
    pytest.param("a" * 8000 + GOOD_KEY, id="c105-8-KB-and-the-key"),
]


@each_server
@pytest.mark.parametrize("value", REFUSED)
def test_whoever_shows_no_key_gets_401_and_no_further(wire: Server, value: str | None) -> None:
    fields = [] if value is None else [f"Authorization: {value}"]
    for method, body in (("GET", None), ("POST", b"{}")):
        raw = request("/assemblyai/v2/transcript", *fields, method=method, key=None, body=body)
        got = ask(wire.port, raw)
        assert (got.status, got.whole) == (401, True)
        assert got.error
        assert got.values("www-authenticate") == [b"Bearer"]
        assert secrets_in(got.head + got.body) == []
    assert wire.upstream.conns == []


@each_server
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(GOOD_KEY, id="c97-bare"),
        pytest.param(f"Bearer {GOOD_KEY}", id="c97-bearer"),
        pytest.param(f"bearer {GOOD_KEY}", id="c97-lower"),
        pytest.param(f"BEARER  {GOOD_KEY}", id="c97-upper-two-spaces"),
        pytest.param(f"Bearer\t{GOOD_KEY}", id="c97-tab"),
        pytest.param(f"  Bearer {GOOD_KEY}  ", id="c97-spaces-around"),
        pytest.param(f"Bearer {OTHER_KEY}", id="c97-another-key"),
    ],
)
def test_every_form_of_the_key_is_the_key(wire: Server, value: str) -> None:
    raw = request("/assemblyai/v2/x", f"Authorization: {value}", key=None)
    assert ask(wire.port, raw).status == 200
    assert wire.upstream.only.values("authorization") == [ACCOUNT_KEY.encode()]


@each_server
@pytest.mark.parametrize(
    "target, fields",
    [
        pytest.param(f"?api_key={GOOD_KEY}", [], id="c106-api-key"),
        pytest.param(f"?token={GOOD_KEY}&key={GOOD_KEY}", [], id="c106-token"),
        pytest.param(f"?access_token={GOOD_KEY}", [], id="c106-access-token"),
        pytest.param(f"/{GOOD_KEY}", [], id="c106-path"),
        pytest.param("", [f"Cookie: authorization={GOOD_KEY}; key={GOOD_KEY}"], id="c106-cookie"),
        pytest.param("", [f"X-Api-Key: {GOOD_KEY}"], id="c106-x-api-key"),
        pytest.param("", [f"Api-Key: {GOOD_KEY}"], id="c106-api-key-field"),
        pytest.param("", [f"Proxy-Authorization: Bearer {GOOD_KEY}"], id="c106-proxy"),
        pytest.param("", [f"Sec-WebSocket-Protocol: {GOOD_KEY}"], id="c106-websocket"),
        pytest.param("", ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"], id="c28-loopback"),
    ],
)
def test_a_key_anywhere_else_is_no_key(wire: Server, target: str, fields: list[str]) -> None:
    for method, body in (("GET", None), ("POST", f'{{"api_key": "{GOOD_KEY}"}}'.encode())):
        raw = request(
            f"/assemblyai/v2/transcript{target}", *fields, method=method, key=None, body=body
        )
        assert ask(wire.port, raw).status == 401
    assert wire.upstream.conns == []


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "FOO"]
PATHS = [
    "",
    "/",
    "/v2/upload",
    "/v2/transcript",
    "/v2/transcript/abc",
    "/v2/transcript/abc/sentences",
    "/v2/transcript/abc/redacted-audio",
    "/v2/realtime/token",
    "/lemur/v3/generate/task",
    "/v3/token",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/.well-known/x",
    "/%00",
    "/unknown",
]


@each_server
@pytest.mark.parametrize("method", METHODS)
def test_c108_no_route_lets_anybody_through_without_a_key(wire: Server, method: str) -> None:
    for prefix, path, key in itertools.product(
        ("/assemblyai", "/eu.assemblyai"), PATHS, (None, "sk-wrong", "")
    ):
        raw = request(prefix + path, "Connection: close", method=method, key=key)
        assert ask(wire.port, raw).status in (400, 401)
    assert wire.upstream.conns + wire.eu.conns == []


@each_server
@pytest.mark.parametrize("target", ["/assemblyai/v2/upload", "/assemblyai/v2/../x"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_c107_the_key_is_asked_for_before_anything_else(
    wire: Server, target: str, framing: str
) -> None:
    """The body is neither read nor needed; Waitress alone waits for it before the app runs."""
    if framing == "length":
        raw = request(target, "Content-Length: 1073741824", method="POST", key="sk-wrong")
    else:
        raw = request(target, "Transfer-Encoding: chunked", method="POST", key="sk-wrong")
    with Client(wire.port) as client:
        client.send(raw)
        if wire.kind == "waitress":
            client.close()
            return
        assert client.reply().status == 401
    assert wire.upstream.conns == []


@each_server
def test_c107_bad_framing_without_a_key_tells_nothing_of_the_upstream(wire: Server) -> None:
    raw = request("/assemblyai/v2/x", "Transfer-Encoding: chunked", method="POST", key=None)
    assert ask(wire.port, raw + chunk(b"{not json") + LAST_CHUNK).status == 401
    assert wire.upstream.conns == []


def inner(environ, start_response):
    start_response("200 OK", [])
    return [b"through"]


class Broken:
    """A store that cannot be asked."""

    def find(self, key_hash: bytes):
        raise StoreError("the database is not there")


@pytest.mark.parametrize("value", [f"Bearer {GOOD_KEY}", "Bearer sk-wrong", GOOD_KEY])
def test_c109_nobody_gets_through_while_keys_cannot_be_looked_up(value: str) -> None:
    answer = run(KeyAuth(inner, keys=Broken()), environ(HTTP_AUTHORIZATION=value))
    assert answer.code == 503
    assert b"through" not in answer.body


def test_c109_what_was_looked_up_before_is_not_believed_for_ever() -> None:
    class Failing:
        calls = 0

        def find(self, key_hash: bytes):
            self.calls += 1
            if self.calls > 1:
                raise StoreError("the database is not there")
            from assemblyai_mw.call import Caller

            return Caller(name="alice")

    auth = KeyAuth(inner, keys=Failing(), cache_seconds=0)
    env = environ(HTTP_AUTHORIZATION=GOOD_KEY)
    assert [run(auth, env).code for _ in range(2)] == [200, 503]


def test_c99_callers_in_the_cache_are_told_apart_by_the_whole_key() -> None:
    keys = {"k" * 100 + end: end for end in "abc"}

    def whoami(environ, start_response):
        start_response("200 OK", [])
        return [environ["assemblyai_mw.call"].caller.name.encode()]

    auth = KeyAuth(whoami, keys=keys)
    for key, name in list(keys.items()) * 2:
        assert run(auth, environ(HTTP_AUTHORIZATION=key)).body == name.encode()
    for wrong in ("k" * 100, "k" * 100 + "d"):
        assert run(auth, environ(HTTP_AUTHORIZATION=wrong)).code == 401


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("Bearer " + "a" * 1_000_000, id="c105-1-MB"),
        pytest.param("Bearer \u2615", id="c105-not-latin-1"),
        pytest.param("Bearer \ud800", id="c105-surrogate"),
        pytest.param("Bearer \0", id="c105-nul"),
        pytest.param(GOOD_KEY + "\n", id="c99-newline"),
        pytest.param(GOOD_KEY + "\0", id="c99-nul"),
        pytest.param("\n" + GOOD_KEY, id="c99-newline-first"),
        pytest.param("Bearer " + "\uff53\uff4b" + GOOD_KEY[2:], id="c99-full-width"),
    ],
)
def test_odd_strings_in_environ_are_no_key(value: str) -> None:
    auth = KeyAuth(inner, keys={GOOD_KEY: "alice"}, master_key="sk-master")
    assert run(auth, environ(HTTP_AUTHORIZATION=value)).code == 401


@pytest.mark.parametrize("key", ["\u00e9" * 20, "\u2615" * 10], ids=["c105-latin", "c105-utf-8"])
def test_c105_key_with_bytes_past_ascii_is_compared_by_its_bytes(key: str) -> None:
    auth = KeyAuth(inner, keys={key: "alice"}, master_key=key + "x")
    on_wire = key.encode().decode("latin-1")
    assert run(auth, environ(HTTP_AUTHORIZATION=on_wire)).code == 200
    assert run(auth, environ(HTTP_AUTHORIZATION=on_wire + "x")).code == 200
    assert run(auth, environ(HTTP_AUTHORIZATION=on_wire + "y")).code == 401


def test_c110_wrong_keys_do_not_fill_the_memory_or_drive_a_live_key_out() -> None:
    class Counting:
        asked = 0

        def find(self, key_hash: bytes):
            self.asked += 1
            return None

    keys = Counting()
    auth = KeyAuth(inner, keys=keys)
    for number in range(10_000):
        assert run(auth, environ(HTTP_AUTHORIZATION=f"sk-{number}")).code == 401
    held = [v for v in vars(auth).values() if hasattr(v, "__len__")]
    assert max(len(v) for v in held) < 10_000
    assert keys.asked <= 10_000


def test_c171_no_stage_further_in_sees_the_callers_key() -> None:
    seen = {}

    def spy(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return []

    auth = KeyAuth(spy, keys={GOOD_KEY: "alice"}, master_key="sk-master-xyz")
    env = environ(HTTP_AUTHORIZATION=f"Bearer {GOOD_KEY}")
    run(auth, env)
    assert secrets_in(repr(seen).encode()) == []
    assert "sk-master-xyz" not in repr(vars(auth))
    assert secrets_in(repr(vars(auth)).encode()) == []
    assert env["HTTP_AUTHORIZATION"] == f"Bearer {GOOD_KEY}"
    assert all(k.startswith("assemblyai_mw.") for k in seen.keys() - env.keys())


@each_server
def test_c111_what_servers_print_of_all_this_holds_no_secret(wire: Server) -> None:
    """Failures that print: a refused key, a cut reply, a reset, a header no client should send."""
    for field in (f"Authorization: Token {GOOD_KEY}", f"Authorization: {GOOD_KEY}\x7f"):
        ask(wire.port, request("/assemblyai/v2/x", field, key=None))
    wire.upstream.script = lambda conn: conn.request() and conn.send(b"HTTP/1.1 200\r\n\x00")
    assert ask(wire.port, request("/assemblyai/v2/x")).status == 502
    wire.upstream.script = lambda conn: conn.request() and conn.reset()
    assert ask(wire.port, request("/assemblyai/v2/x", method="POST", body=b"{}")).status == 502
    assert secrets_in(wire.output.read_bytes()) == []
