"""KeyAuth: who gets in, and what everyone else is told."""

import base64
import hashlib

import pytest
from webtest import TestApp

from assemblyai_mw import Caller, ConfigError, KeyAuth
from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.errors import StoreError

KEY = "sk-0123456789abcdef0123456789abcdef"
OTHER = "sk-ffffffffffffffffffffffffffffffff"
MASTER = "mk-0123456789abcdef0123456789abcdef"


class Inner:
    """Remembers the environs that got through."""

    def __init__(self) -> None:
        self.environs: list[dict] = []

    def __call__(self, environ, start_response):
        self.environs.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"in"]


def app_and_inner(**options):
    inner = Inner()
    options.setdefault("keys", {KEY: "alice", OTHER: "bob"})
    return TestApp(KeyAuth(inner, **options)), inner


@pytest.mark.parametrize(
    "authorization",
    [KEY, f"Bearer {KEY}", f"bearer {KEY}", f"BEARER  {KEY}", f"Bearer\t{KEY}"],
    ids=["raw", "bearer", "lower", "two spaces", "tab"],
)
def test_c97_a_live_key_is_taken_in_either_form(authorization: str) -> None:
    app, inner = app_and_inner()
    assert app.get("/v2", headers={"Authorization": authorization}).text == "in"
    (environ,) = inner.environs
    assert environ[CALL_KEY].caller == Caller(name="alice")
    assert "HTTP_AUTHORIZATION" not in environ
    assert not any(KEY in str(value) for value in environ.values())


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="c96-none"),
        pytest.param("", id="c96-empty"),
        pytest.param("Bearer", id="c96-bearer"),
        pytest.param("Bearer ", id="c96-bearer-space"),
        pytest.param(" \t", id="c96-blank"),
        pytest.param("Basic " + base64.b64encode(KEY.encode()).decode(), id="c98-basic"),
        pytest.param(f"Token {KEY}", id="c98-token"),
        pytest.param(f"Bearer{KEY}", id="c98-joined"),
        pytest.param(f"{KEY}, {OTHER}", id="c98-two"),
        pytest.param(f"{KEY},{KEY}", id="c25-doubled"),
        pytest.param(f"Bearer {KEY},Bearer junk", id="c25-valid-and-junk"),
        pytest.param(f"Bearer {KEY} extra", id="c98-extra"),
        pytest.param(KEY[:-1] + "0", id="c99-last"),
        pytest.param(KEY[:20], id="c99-prefix"),
        pytest.param(KEY + "x", id="c99-longer"),
        pytest.param(KEY + " ", id="c99-space"),
        pytest.param(KEY + "\xa0", id="c99-no-break-space"),
        pytest.param(KEY + "\0", id="c99-nul"),
        pytest.param(KEY.upper(), id="c99-case"),
        pytest.param(hashlib.sha256(KEY.encode()).hexdigest(), id="c100-hash"),
        pytest.param("*", id="c100-star"),
        pytest.param("' OR '1'='1", id="c100-sql"),
        pytest.param("sk-\xff\xfe", id="c105-bytes"),
        pytest.param("sk-\xf0\x9f\x98\x80", id="c105-emoji"),
        pytest.param("x" * 8000, id="c105-8-KB"),
        pytest.param("x" * 1_000_000, id="c105-1-MB"),
    ],
)
def test_everybody_else_is_told_401(authorization: str | None) -> None:
    app, inner = app_and_inner(master_key=MASTER)
    environ = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    reply = app.get("/v2", extra_environ=environ, status=401)
    assert reply.json == {"error": "Authentication error, API key missing/invalid"}
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert inner.environs == []


@pytest.mark.parametrize("where", ["api_key", "token", "key", "access_token"])
def test_c106_a_key_in_the_query_is_no_key(where: str) -> None:
    app, inner = app_and_inner()
    app.get(f"/v2?{where}={KEY}", status=401)
    app.get("/v2", headers={"Cookie": f"{where}={KEY}"}, status=401)
    assert inner.environs == []


def test_c107_no_body_is_read_before_the_key_is_known() -> None:
    class Untouchable:
        def read(self, *_: int) -> bytes:
            raise AssertionError("the body was read")

    started: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/v2/upload",
        "CONTENT_LENGTH": "1000000000",
        "wsgi.input": Untouchable(),
    }
    inner = Inner()
    KeyAuth(inner, keys={})(environ, lambda status, *_: started.append(status))
    assert started == ["401 Unauthorized"]


def test_the_master_key_may_do_everything() -> None:
    app, inner = app_and_inner(master_key=MASTER)
    app.get("/v2", headers={"Authorization": MASTER})
    assert inner.environs[0][CALL_KEY].caller.master


class Source:
    """A store that can be switched."""

    def __init__(self) -> None:
        self.caller: Caller | None = Caller(name="alice", key_id=1)
        self.asked = 0
        self.broken = False

    def find(self, key_hash: bytes) -> Caller | None:
        self.asked += 1
        if self.broken:
            raise StoreError("The database is gone")
        return self.caller if key_hash == hashlib.sha256(KEY.encode()).digest() else None


def test_c109_a_store_that_cannot_be_asked_lets_nobody_in(caplog) -> None:
    source = Source()
    source.broken = True
    app, inner = app_and_inner(keys=source)
    for _ in range(3):
        app.get("/v2", headers={"Authorization": KEY}, status=503)
    assert inner.environs == []
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert KEY not in caplog.text


def test_c102_a_revoked_key_is_dead_as_soon_as_the_cache_has_expired() -> None:
    source = Source()
    app, _ = app_and_inner(keys=source, cache_seconds=0)
    app.get("/v2", headers={"Authorization": KEY})
    source.caller = None
    app.get("/v2", headers={"Authorization": KEY}, status=401)


def test_a_worker_asks_the_store_once_in_a_second() -> None:
    source = Source()
    app, inner = app_and_inner(keys=source)
    for _ in range(20):
        app.get("/v2", headers={"Authorization": KEY})
    assert len(inner.environs) == 20
    assert source.asked < 20


@pytest.mark.parametrize("known", [False, True], ids=["c104-plain", "c104-beside-a-master-key"])
@pytest.mark.parametrize("key", [KEY, KEY[:-1] + "0", "x" + KEY[1:], KEY[:20]])
def test_a_key_is_looked_up_by_its_whole_hash_alone(key: str, known: bool) -> None:
    """So that no comparison ends sooner the sooner a letter is wrong."""
    asked: list[object] = []

    class Recording(Source):
        def find(self, key_hash: bytes) -> Caller | None:
            asked.append(key_hash)
            return super().find(key_hash)

    stage = KeyAuth(Inner(), keys=Recording(), master_key=MASTER if known else None)
    TestApp(stage).get("/v2", headers={"Authorization": key}, expect_errors=True)
    assert asked == [hashlib.sha256(key.encode()).digest()]
    assert list(stage._cache) == asked


def test_wrong_keys_cannot_fill_the_memory() -> None:
    stage = KeyAuth(Inner(), keys=Source())
    for number in range(5000):
        stage._find(b"%d" % number)
    assert len(stage._cache) <= 4096


@pytest.mark.parametrize("options", [{"keys": {"": "x"}}, {"keys": {}, "cache_seconds": 2.0}])
def test_options_that_cannot_be_right_stop_the_start(options: dict) -> None:
    with pytest.raises(ConfigError):
        KeyAuth(Inner(), **options)
