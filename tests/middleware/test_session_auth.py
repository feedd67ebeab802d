"""Who may open a session: keys, tokens and the host's own users; and how long that holds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from session_kit import MASTER_KEY, MODEL, WS, Answer, Site, farewell, live, until
from stand_in.streaming_kit import handshake

from assemblyai_mw import Caller, KeyAuth
from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.errors import StoreError
from assemblyai_mw.middleware.auth.sessions import KeyWatch
from assemblyai_mw.middleware.forward import UpstreamForwarder
from assemblyai_mw.relay import Cut, Relay
from assemblyai_mw.store import Keys as StoredKeys
from assemblyai_mw.store import SessionTokens, SharedBudgets

PAGE = {"cookie": "session=1"}


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with live(sqlite_url) as running:
        yield running


@pytest.fixture
def vouched(sqlite_url: str) -> Iterator[Site]:
    with live(sqlite_url, options={"identify": lambda environ: "web"}) as running:
        running.key("web")
        yield running


def begins(site: Site, key: str | None, query: str = MODEL, **fields: str) -> None:
    with site.open(key, query, **fields) as session:
        assert session.message()["type"] == "Begin"


# Credentials


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}"])
def test_a_key_opens_a_session(site: Site, form: str) -> None:
    begins(site, form.format(site.key("alice")))
    begins(site, form.format(MASTER_KEY))


@pytest.mark.parametrize(
    "key",
    [
        None,
        "sk-wrong",
        "st-wrong",
        "Bearer st-wrong",
        "Bearer\tst-wrong",
        "st-",
        "Basic c2s6",
        "sk-a, sk-b",
    ],
)
def test_no_key_or_a_bad_one_is_a_401(site: Site, key: str | None) -> None:
    found = site.refused(key)
    assert found.status == 401
    assert found.json == {"error": "Authentication error, API key missing/invalid"}
    assert found.header("www-authenticate") == "Bearer"
    record = site.ended()
    assert (record.status, record.key, record.close_code) == (401, None, None)
    assert site.unseen()
    assert site.rows() == []


def test_a_key_is_never_taken_from_the_query(site: Site) -> None:
    for key in (site.key("alice"), MASTER_KEY):
        for name in ("token", "%74oken", "tok%65n", "api_key", "key", "authorization"):
            assert site.refused(None, f"{MODEL}&{name}={key}").status == 401
            assert site.refused(None, f"{name}=Bearer%20{key}").status == 401
    assert site.unseen()


def test_a_master_key_that_looks_like_a_token_is_not_taken_from_the_query() -> None:
    passed: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        passed.append(environ)
        start_response("200 OK", [])
        return [b""]

    auth = KeyAuth(app, keys={"st-mapped": "alice"}, master_key="st-master")
    for query in ("token=st-master", "token=st-mapped", "a=b&token=st-mapped"):
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "/streaming.assemblyai",
            "PATH_INFO": "/v3/ws",
            "QUERY_STRING": query,
            "HTTP_UPGRADE": "websocket",
        }
        statuses: list[str] = []
        auth(environ, lambda status, headers, statuses=statuses: statuses.append(status))
        assert statuses[0][:3] == "401"
    assert not passed


def test_a_token_is_bound_by_the_budgets_of_its_tags_and_its_end_user(sqlite_url: str) -> None:
    keys, tokens = StoredKeys(sqlite_url), SessionTokens(sqlite_url)
    shared = SharedBudgets(keys.database)
    ids = {
        shared.set(tag="customer=acme", budget_usd=5).budget_id,
        shared.set(end_user="maria", budget_usd=5).budget_id,
    }
    keys.create("web", tags={"customer": "acme"})
    maker = keys.named("web")
    assert maker is not None
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ[CALL_KEY].caller)
        start_response("200 OK", [])
        return [b""]

    auth = KeyAuth(app, keys=keys, tokens=tokens)
    for user in ("maria", "paul"):
        token = tokens.mint(
            replace(maker, end_user=user),
            service="streaming",
            region="global",
            ttl_s=60,
            max_session_s=600,
            tags={},
        )
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "/streaming.assemblyai",
            "PATH_INFO": "/v3/ws",
            "QUERY_STRING": f"token={token}",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_UPGRADE": "websocket",
        }
        auth(environ, lambda *_: None)  # type: ignore[arg-type]
    maria, paul = seen
    assert (set(maria.budgets), len(paul.budgets)) == (ids, 1)
    keys.close()


def test_two_credentials_are_none(site: Site) -> None:
    key = site.key("alice")
    token, other = site.mint(key), site.mint(key)
    assert site.refused(key, f"{MODEL}&token={token}").status == 401
    assert site.refused(MASTER_KEY, f"{MODEL}&token={token}").status == 401
    assert site.refused(token, f"{MODEL}&token={other}").status == 401
    assert site.refused(None, f"token={token}&token={token}").status == 401
    assert site.refused(None, f"token={token}&%74oken={other}").status == 401
    assert site.refused(None, f"token=&token={other}").status == 401
    assert site.refused(key, f"{MODEL}&token=").status == 401
    twice = handshake(f"{WS}?{MODEL}", key=token)[:-2] + f"Authorization: {key}\r\n\r\n".encode()
    found = site.send(twice)
    assert isinstance(found, Answer)
    assert found.status == 401
    # Neither was used up by it.
    begins(site, None, f"{MODEL}&token={token}")
    begins(site, other)


@pytest.mark.parametrize("name", ["token", "%74oken", "%74%6F%6B%65%6E"])
def test_a_token_is_read_as_it_is_spelled_in_a_query(site: Site, name: str) -> None:
    token = site.mint(site.key("alice"))
    coded = token.replace("st-", "st%2D")
    begins(site, None, f"sample_rate=16000&{name}={coded}&{MODEL}")
    assert site.us.sessions[-1].query == f"sample_rate=16000&{MODEL}"


@pytest.mark.parametrize(
    "query", ["Token={}", "TOKEN={}", "token;a={}", "token[]={}", "a=token={}"]
)
def test_a_parameter_of_another_name_is_no_token(site: Site, query: str) -> None:
    token = site.mint(site.key("alice"))
    assert site.refused(None, query.format(token)).status == 401
    begins(site, None, f"{MODEL}&token={token}")


def test_a_token_is_in_no_environ_no_log_no_row_and_nothing_that_is_sent(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    environs: list[str] = []
    forward = UpstreamForwarder.__call__

    def spy(self: Any, environ: Any, start_response: Any) -> Any:
        environs.append(repr({**environ, CALL_KEY: repr(environ[CALL_KEY])}))
        return forward(self, environ, start_response)

    monkeypatch.setattr(UpstreamForwarder, "__call__", spy)
    caplog.set_level(logging.DEBUG, "assemblyai_mw")
    with live(sqlite_url) as site:
        token = site.mint(site.key("alice"))
        site.records.clear()
        with site.open(None, f"{MODEL}&token={token}&sample_rate=16000") as session:
            session.say({"type": "Terminate"})
            session.close_code()
        record = site.ended()
        assert site.refused(None, f"{MODEL}&token={token}").status == 401
        (seen,) = site.us.sessions
        told = (*environs, repr(record), caplog.text, repr(site.rows()), repr(seen.headers))
        assert environs
        assert seen.query == f"{MODEL}&sample_rate=16000"
        for text in told:
            assert token[3:] not in text


# The host's own users


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {**PAGE, "origin": "http://h"},
        {**PAGE, "origin": "http://H:80"},
        {**PAGE, "sec-fetch-site": "same-origin"},
        {**PAGE, "sec-fetch-site": "same-origin", "origin": "http://h"},
    ],
)
def test_a_page_of_this_site_may_open_a_session_by_its_login(
    vouched: Site, fields: dict[str, str]
) -> None:
    begins(vouched, None, **fields)
    until(lambda: vouched.rows()[-1].state == "settled")


@pytest.mark.parametrize(
    "fields",
    [
        PAGE,
        {"origin": "http://evil.example"},
        {**PAGE, "origin": "http://evil.example"},
        {**PAGE, "origin": "https://h"},
        {**PAGE, "origin": "http://h:8080"},
        {**PAGE, "origin": "http://sub.h"},
        {**PAGE, "origin": "http://h.evil.example"},
        {**PAGE, "origin": "http://h@evil.example"},
        {**PAGE, "origin": "null"},
        {**PAGE, "origin": ""},
        {**PAGE, "sec-fetch-site": "none"},
        {**PAGE, "sec-fetch-site": "same-site"},
        {**PAGE, "sec-fetch-site": "cross-site"},
        {**PAGE, "sec-fetch-site": "cross-site", "origin": "http://h"},
        {**PAGE, "sec-fetch-site": "Same-Origin"},
        {**PAGE, "sec-fetch-site": ""},
    ],
)
def test_a_page_of_another_site_may_not(vouched: Site, fields: dict[str, str]) -> None:
    found = vouched.refused(None, **fields)
    assert found.status == 403
    record = vouched.ended()
    assert (record.status, record.close_code) == (403, None)
    page = {name.title(): value for name, value in fields.items()}
    made = vouched.get("/streaming.assemblyai/v3/token?expires_in_seconds=60", **page)
    assert made.status == 403
    assert vouched.unseen()
    assert vouched.rows() == []


def test_a_page_of_this_site_can_have_tokens(vouched: Site) -> None:
    page = {"Cookie": "session=1", "Sec-Fetch-Site": "same-origin"}
    made = vouched.get("/streaming.assemblyai/v3/token?expires_in_seconds=60", **page)
    # A token needs no login, and counts for pages of any site: it is what they were given.
    begins(vouched, None, f"{MODEL}&token={made.json['token']}", origin="http://other.example")


def test_a_login_does_not_stand_in_for_a_bad_token(vouched: Site) -> None:
    fields = {**PAGE, "origin": "http://h"}
    assert vouched.refused(None, f"{MODEL}&token=st-wrong", **fields).status == 401
    assert vouched.refused(None, f"{MODEL}&token=", **fields).status == 401
    assert vouched.refused("sk-wrong", **fields).status == 401


def test_an_identify_that_fails_is_a_503(sqlite_url: str) -> None:
    with live(sqlite_url, options={"identify": lambda environ: 1 / 0}) as site:
        assert site.refused(None).status == 503
        assert site.unseen()


def test_a_caller_of_the_hosts_own_may_open_a_session(sqlite_url: str) -> None:
    caller = Caller(name="plain", end_user="17")
    with live(sqlite_url, options={"identify": lambda environ: caller}) as site:
        begins(site, None)
        assert site.ended().end_user == "17"


# The end of a key


class Keys:
    """A store of keys; what it knows may change. Counts what it is asked."""

    def __init__(self) -> None:
        self.callers: dict[int, Caller] = {}
        self.down = False
        self.asked = 0

    def live(self, key_ids: set[int]) -> frozenset[int]:
        self.asked += 1
        if self.down:
            raise StoreError("down")
        return frozenset(key_ids & self.callers.keys())


class Plain:
    """A store of keys without `live`."""


class Open:
    """A session that notes what is done to it."""

    def __init__(self) -> None:
        self.cuts: list[Cut] = []
        self.limits: list[tuple[float, Cut]] = []

    def elapsed(self) -> float:
        return 0.0

    def cut(self, cut: Cut) -> None:
        self.cuts.append(cut)

    def end_after(self, seconds: float, cut: Cut, *, by: object) -> None:
        self.limits.append((seconds, cut))


def watch(keys: object) -> tuple[KeyWatch, Callable[[], None]]:
    """A watch and its check, which nothing else runs."""
    relay = Relay()
    made = KeyWatch(keys, relay)
    ((seconds, check),) = relay._ticks
    assert 2 * seconds <= 2
    return made, check


def test_one_check_ends_the_sessions_of_dead_keys_and_no_others() -> None:
    keys = Keys()
    keys.callers = {1: Caller("a", key_id=1), 2: Caller("b", key_id=2)}
    made, check = watch(keys)
    check()
    assert keys.asked == 0
    opened = [Open() for _ in range(4)]
    ids: list[int | None] = [1, 1, 2, None]
    watchers = [made.watcher(Caller("x", key_id=key_id), None, None) for key_id in ids]
    for watcher, session in zip(watchers, opened, strict=True):
        watcher.began(session)
    check()
    assert [len(each.cuts) for each in opened] == [0, 0, 0, 0]
    del keys.callers[1]
    check()
    assert [len(each.cuts) for each in opened] == [1, 1, 0, 0]
    assert opened[0].cuts[0].code == 1008
    # One question a check, however many sessions there are.
    assert keys.asked == 2


def test_a_store_that_is_away_ends_no_session() -> None:
    keys = Keys()
    made, check = watch(keys)
    session = Open()
    made.watcher(Caller("x", key_id=1), None, None).began(session)
    keys.down = True
    check()
    assert session.cuts == []
    keys.down = False
    check()
    assert len(session.cuts) == 1


def test_keys_of_a_store_without_live_are_looked_up_again() -> None:
    known: list[Caller | None] = [Caller("x")]
    made, check = watch(Plain())
    session, other = Open(), Open()
    made.watcher(Caller("x"), None, lambda: known[0]).began(session)
    made.watcher(Caller("y"), None, None).began(other)
    check()
    assert session.cuts == []
    known[0] = None
    check()
    assert [cut.code for cut in session.cuts] == [1008]
    assert other.cuts == []


def test_a_session_that_is_over_is_not_looked_after() -> None:
    keys = Keys()
    made, check = watch(keys)
    session = Open()
    watcher = made.watcher(Caller("x", key_id=1), None, None)
    watcher.began(session)
    watcher.ended(None)  # type: ignore[arg-type]
    check()
    assert session.cuts == []
    assert keys.asked == 0


def test_a_revoked_key_ends_its_sessions_however_they_were_opened(sqlite_url: str) -> None:
    with live(sqlite_url, options={"identify": lambda environ: "alice"}) as site:
        key = site.key("alice")
        token, other = site.mint(key), site.key("bob")
        with (
            site.open(key) as by_key,
            site.open(None, f"{MODEL}&token={token}") as by_token,
            site.open(None) as by_login,
            site.open(other) as stays,
        ):
            for session in (by_key, by_token, by_login, stays):
                assert session.message()["type"] == "Begin"
            site.keys.revoke("alice")
            for session in (by_key, by_token, by_login):
                code, text = farewell(session)
                assert code == 1008
                assert text == "The key of this session is not valid any more."
            stays.say({"type": "Terminate"})
            assert stays.message()["type"] == "Termination"
        until(lambda: [row.state for row in site.rows()] == ["settled"] * 4)
        assert [each.ended_by for each in site.us.sessions] == ["terminate"] * 4


def test_an_expired_key_ends_its_sessions(site: Site) -> None:
    with site.open(site.key("alice")) as session:
        with site.keys.database.write() as connection:
            connection.exec_driver_sql("UPDATE keys SET expires_at = 1")
        assert farewell(session)[0] == 1008


def test_a_rotated_key_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[None] = []
    check = KeyWatch._check

    def counted(self: KeyWatch) -> None:
        check(self)
        checks.append(None)

    # The stack's own watch is made by now: it holds the method as it was.
    assert site.middleware is not None
    relay = site.middleware.parts.relay
    assert relay is not None
    relay._ticks = [
        (s, (lambda job=job: (job(), checks.append(None))))  # type: ignore[misc]
        if getattr(job, "__func__", None) is check
        else (s, job)
        for s, job in relay._ticks
    ]
    with site.open(site.key("alice")) as session:
        assert session.message()["type"] == "Begin"
        site.keys.rotate("alice")
        seen = len(checks)
        until(lambda: len(checks) >= seen + 2)
        session.say({"type": "Terminate"})
        assert session.message()["type"] == "Termination"


def test_a_key_that_is_revoked_right_after_it_was_looked_up_ends_its_session(site: Site) -> None:
    key = site.key("alice")
    begins(site, key)
    site.keys.revoke("alice")
    # The look-up is cached for a second, and the session that it lets through is found out.
    found = site.send(handshake(f"{WS}?{MODEL}", key=key))
    if isinstance(found, Answer):
        assert found.status == 401
    else:
        assert farewell(found)[0] == 1008
        found.close()


class CustomKeys:
    """A host's own store of keys."""

    def __init__(self) -> None:
        self.callers: dict[bytes, Caller] = {}

    def find(self, key_hash: bytes) -> Caller | None:
        return self.callers.get(key_hash)

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        return None


def test_the_longest_time_of_a_token_is_set_at_the_beginning() -> None:
    made, _ = watch(Keys())
    session = Open()
    made.watcher(Caller("x", key_id=1), 90, None).began(session)
    ((seconds, cut),) = session.limits
    assert (seconds, cut.code, cut.drain) == (90, 3008, True)
