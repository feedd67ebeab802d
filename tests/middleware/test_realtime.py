"""How handshakes are refused: as AssemblyAI does it, with one line each, and at no cost."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
from session_kit import (
    MASTER_KEY,
    MODEL,
    STREAMING,
    WS,
    Answer,
    Site,
    farewell,
    live,
    served,
    until,
)
from stack_kit import Stack, host_app
from stand_in.streaming_kit import Raw, Sdk, handshake

from assemblyai_mw import KeyAuth, PrefixRouter, UpstreamForwarder
from assemblyai_mw.call import Caller
from assemblyai_mw.middleware.realtime import Realtime
from assemblyai_mw.relay import Grip, Relay
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve

UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}
WHOLE = {
    **UPGRADE,
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with live(sqlite_url) as running:
        yield running


def cost_nothing(site: Site, state: str = "failed") -> None:
    """No row, or one that charges nothing; nothing is held, open or under way."""
    until(site.nothing_open)
    for row in site.rows():
        assert row.state == state
        assert not row.cost_nano
    assert site.middleware is not None
    relay = site.middleware.parts.relay
    assert relay is None or relay.open == 0


# Refusals of the stages within


def _rate(site: Site) -> str:
    key = site.key("k", rpm=1)
    assert site.get("/llm-gateway.assemblyai/v1/models", key).status == 200
    site.records.clear()
    site.us.requests.clear()
    return key


REFUSALS: dict[str, tuple[Any, str, str, int, str]] = {
    "zone": ({"region": "eu"}, WS, MODEL, 1008, "use /eu.streaming.assemblyai"),
    "other zone": (
        {"region": "eu"},
        "/us.streaming.assemblyai/v3/ws",
        MODEL,
        1008,
        "use /eu.streaming.assemblyai",
    ),
    "routes": ({"routes": ["/assemblyai"]}, WS, MODEL, 1008, "route"),
    "models": (
        {"models": ["universal-streaming-english"]},
        WS,
        "speech_model=universal-streaming-multilingual",
        1008,
        "universal-streaming-multilingual",
    ),
    "no model": ({"models": ["universal-streaming-english"]}, WS, "", 1008, "name one"),
    "features": ({"features": ["format_turns"]}, WS, f"{MODEL}&prompt=a", 1008, "prompt"),
    "denied": ({"denied_features": ["prompt"]}, WS, f"{MODEL}&prompt=a", 1008, "prompt"),
    "doubled": ({"denied_features": ["prompt"]}, WS, f"{MODEL}&prompt=&prompt=a", 3006, "twice"),
    "spelling": ({"denied_features": ["prompt"]}, WS, f"{MODEL}&Prompt=a", 3006, "spelling"),
    "llm": (
        {"denied_features": ["prompt"]},
        WS,
        MODEL + "&llm_gateway=%7B%22model%22%3A%22a%22%7D",
        1008,
        "LLM",
    ),
    "llm of a zone": (
        {"region": "eu"},
        "/eu.streaming.assemblyai/v3/ws",
        MODEL + "&llm_gateway=%7B%22model%22%3A%22a%22%7D",
        1008,
        "LLM",
    ),
    "funds": ({"budget_usd": "0.0000001"}, WS, MODEL, 4002, "budget of this key"),
    "no funds": ({"budget_usd": "0"}, WS, MODEL, 4002, "budget of this key"),
    "two readers": ({}, WS, f"sample_rate=16000;prompt=a&{MODEL}", 3006, "%3B"),
    "unpriced": ({"budget_usd": "1"}, WS, "speech_model=unknown-model", 1008, "price"),
    "rate": (_rate, WS, MODEL, 3009, "may make 1 a minute"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_within_is_an_error_and_a_close_with_its_code(site: Site, case: str) -> None:
    limits, target, query, code, says = REFUSALS[case]
    key = limits(site) if callable(limits) else site.key("k", **limits)
    found, text = site.goodbye(key, query, target=target)
    assert found == code
    assert says in text
    record = site.ended()
    assert (record.status, record.close_code, record.ended_by) == (101, code, "cut")
    assert (record.key, record.cost_usd, record.bytes_in) == ("k", None, 0)
    assert site.unseen()
    cost_nothing(site)


@pytest.mark.parametrize("case", ["zone", "models", "funds", "rate"])
def test_the_python_sdk_shows_why_it_was_refused(site: Site, case: str) -> None:
    limits, target, query, code, says = REFUSALS[case]
    key = limits(site) if callable(limits) else site.key("k", **limits)
    model = query.partition("=")[2]
    sdk = Sdk(f"{site.url}{target.removesuffix('/v3/ws')}", key=key)
    sdk.connect(speech_model=model)
    assert sdk.ended.wait(10)
    (error,) = sdk.errors
    assert error.code == code
    assert says in str(error)
    sdk.client.disconnect()


def test_the_python_sdk_shows_a_session_that_is_one_too_many(site: Site) -> None:
    key = site.key("alice", max_sessions=1)
    with site.open(key) as first:
        assert first.message()["type"] == "Begin"
        sdk = Sdk(f"{site.url}{STREAMING}", key=key)
        sdk.connect(speech_model="universal-streaming-english")
        assert sdk.ended.wait(10)
        (error,) = sdk.errors
        assert error.code == 3009
        assert "this key may have 1 open" in str(error)
        sdk.client.disconnect()
        assert site.ended().close_code == 3009
    until(lambda: site.records)
    # The one that ended leaves its place to the next.
    with site.open(key) as session:
        assert session.message()["type"] == "Begin"
    until(site.nothing_open)


def test_the_sessions_of_a_team_are_counted_together(site: Site) -> None:
    one, two = site.key("a", team="t"), site.key("b", team="t")
    site.keys.set_team("t", max_sessions=1)
    with site.open(one) as first:
        assert first.message()["type"] == "Begin"
        code, text = site.goodbye(two)
        assert code == 3009
        assert "team" in text


def test_a_worker_has_so_many_sessions(sqlite_url: str) -> None:
    with live(sqlite_url, streaming={"max_sessions_per_worker": 1}) as site:
        key = site.key("alice", budget_usd="1")
        with site.open(key) as first:
            assert first.message()["type"] == "Begin"
            code, text = site.goodbye(key)
            assert (code, text) == (3009, "Too many sessions are open on this server.")
            assert site.ended().close_code == 3009
            assert [row.state for row in site.rows()] == ["pending", "failed"]
        until(lambda: site.records)
        with site.open(key) as session:
            assert session.message()["type"] == "Begin"
        until(site.nothing_open)


def test_a_process_that_ends_lets_nobody_in(site: Site) -> None:
    assert site.middleware is not None
    relay = site.middleware.parts.relay
    assert relay is not None
    key = site.key("alice", budget_usd="1")
    with site.open(key) as first:
        assert first.message()["type"] == "Begin"
        relay.begin_drain()
        code, text = site.goodbye(key)
        assert code == 1012
        assert "connect again" in text
        assert farewell(first)[0] == 1012
    until(lambda: len(site.records) == 2)
    assert {record.close_code for record in site.records} == {1012}
    assert sorted(row.state for row in site.rows()) == ["failed", "settled"]
    until(site.nothing_open)


def test_a_handshake_counts_once_for_its_rate(site: Site) -> None:
    key = site.key("alice", rpm=2)
    for _ in range(2):
        with site.open(key) as session:
            assert session.message()["type"] == "Begin"
            session.say({"type": "KeepAlive"})
            session.say({"type": "Terminate"})
            assert session.close_code() == 1000
    assert site.goodbye(key)[0] == 3009
    assert len(site.us.sessions) == 2


# What stays HTTP


@pytest.mark.parametrize(
    ("status", "seen"), [(400, 400), (401, 502), (403, 403), (404, 404), (429, 429), (500, 500)]
)
def test_a_refusal_of_the_upstreams_passes_with_its_body(
    site: Site, status: int, seen: int
) -> None:
    key = site.key("alice", budget_usd="1")
    site.us.fail_next(status, body={"error": "as it came"}, path="/v3/ws")
    found = site.refused(key)
    assert found.status == seen
    assert (found.json == {"error": "as it came"}) is (seen == status)
    record = site.ended()
    assert (record.status, record.close_code) == (seen, None)
    cost_nothing(site)


def test_a_refusal_by_assemblyai_in_frames_passes(site: Site) -> None:
    site.us.streaming.refuse_by_frame = True
    site.us.streaming.max_sessions = 0
    assert site.goodbye(site.key("alice", budget_usd="1"))[0] == 3009
    record = site.ended()
    assert (record.status, record.close_code, record.ended_by) == (101, 3009, "upstream")
    cost_nothing(site)


def test_a_101_that_answers_another_handshake_is_a_502(site: Site) -> None:
    site.us.fail_next_session(wrong_accept=True)
    found = site.refused(site.key("alice", budget_usd="1"))
    assert found.status == 502
    assert site.ended().status == 502
    # It may have opened a session, which has ended by now.
    cost_nothing(site, "unpriced")


def test_an_upstream_that_is_away_is_a_502(sqlite_url: str) -> None:
    with live(sqlite_url, routes={STREAMING: "http://127.0.0.1:9"}) as site:
        assert site.refused(site.key("alice", budget_usd="1")).status == 502
        assert site.ended().status == 502
        cost_nothing(site)


def test_an_upstream_that_is_too_slow_is_a_504(sqlite_url: str) -> None:
    timeouts = {"connect_s": 0.2, "read_s": 0.2, "total_s": 0.5}
    with live(sqlite_url, timeouts=timeouts) as site:
        site.us.fail_next_session(no_reply=True)
        assert site.refused(site.key("alice", budget_usd="1")).status == 504
        assert site.ended().status == 504
        cost_nothing(site, "unpriced")


def test_a_ledger_that_is_away_is_a_503(site: Site) -> None:
    key = site.key("alice")
    assert site.get("/llm-gateway.assemblyai/v1/models", key).status == 200
    with site.keys.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE open_sessions RENAME TO away")
    site.us.requests.clear()
    assert site.refused(key).status == 503
    assert site.unseen()


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"sec-websocket-version": "8"}, 426, "version 13"),
        ({"sec-websocket-version": ""}, 426, "version 13"),
        ({"sec-websocket-key": ""}, 400, "Sec-WebSocket-Key"),
        ({"sec-websocket-key": "AAAA"}, 400, "Sec-WebSocket-Key"),
        ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="[:-1]}, 400, "Sec-WebSocket-Key"),
        ({"sec-websocket-key": "é" * 24}, 400, "Sec-WebSocket-Key"),
        ({"connection": "close"}, 400, "Connection: Upgrade"),
        ({"connection": "keep-alive, NotUpgrade"}, 400, "Connection: Upgrade"),
        ({"content-length": "4"}, 426, "with a body"),
        ({"transfer-encoding": "chunked"}, 426, "with a body"),
    ],
)
@pytest.mark.parametrize("who", ["alice", "master"])
def test_what_is_no_handshake_is_refused_before_any_stage_within(
    site: Site, fields: dict[str, str], status: int, says: str, who: str
) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice", budget_usd="1")
    found = site.send(handshake(f"{WS}?{MODEL}", key=key, **fields) + b"body")
    assert isinstance(found, Answer)
    assert found.status == status
    assert says in found.json["error"]
    assert (found.header("sec-websocket-version") == "13") is ("version" in says)
    assert site.ended().status == status
    assert site.unseen()
    assert site.rows() == []


def test_a_handshake_over_http_1_0_is_refused(site: Site) -> None:
    request = handshake(f"{WS}?{MODEL}", key=site.key("alice"))
    found = site.send(request.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert isinstance(found, Answer)
    assert found.status == 426
    assert "proxy_http_version" in found.json["error"]
    assert site.unseen()


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("who", ["alice", "master"])
def test_other_methods_open_no_session(site: Site, method: str, who: str) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice", budget_usd="1")
    found = site.get(f"{WS}?{MODEL}", key, method=method, Content_Length="0", **WHOLE)
    assert found.status in (400, 405, 426)
    assert site.unseen()
    assert site.rows() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/assemblyai/v2/transcript"),
        ("GET", "/assemblyai/v2/transcript"),
        ("GET", "/assemblyai/v3/ws"),
        ("POST", "/llm-gateway.assemblyai/v1/chat/completions"),
        ("GET", f"{STREAMING}/v3/token?expires_in_seconds=60"),
        ("GET", f"{STREAMING}/v3/other"),
        ("GET", f"{STREAMING}/"),
        ("GET", "/agents.assemblyai/v1/agents"),
        ("GET", "/sync.assemblyai/v3/ws"),
        ("GET", "/dictation.assemblyai/v1/ws"),
    ],
)
@pytest.mark.parametrize("who", ["plain", "budget", "pinned", "master"])
def test_upgrade_on_another_path_is_a_426_and_costs_nothing(
    site: Site, method: str, path: str, who: str
) -> None:
    limits: dict[str, Any] = {"budget": {"budget_usd": "1"}, "pinned": {"region": "eu"}}
    key = MASTER_KEY if who == "master" else site.key("alice", **limits.get(who, {}))
    found = site.get(path, key, method=method, Content_Length="0", **WHOLE)
    assert found.status in (404, 405, 426)
    record = site.ended()
    assert (record.status, record.row) == (found.status, None)
    assert site.unseen()
    assert site.rows() == []


@pytest.mark.parametrize("path", ["/v3/%77s", "/v3/ws/", "/V3/ws", "//v3/ws", "/v3/./ws"])
@pytest.mark.parametrize("who", ["alice", "master"])
def test_another_spelling_of_the_path_opens_nothing(site: Site, path: str, who: str) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice")
    found = site.refused(key, target=f"{STREAMING}{path}")
    assert found.status in (400, 404, 426)
    assert site.unseen()


@pytest.mark.parametrize(
    "fields", [{}, {"Upgrade": "h2c"}, {"Upgrade": "websocket, h2c"}, {"Upgrade": "h2c, websocket"}]
)
def test_a_request_without_upgrade_is_told_so(site: Site, fields: dict[str, str]) -> None:
    found = site.get(f"{WS}?{MODEL}", site.key("alice", budget_usd="1"), **fields)
    assert found.status == 426
    assert "a proxy on the way" in found.json["error"]
    assert site.unseen()
    assert site.rows() == []


def test_a_doubled_upgrade_goes_nowhere(site: Site) -> None:
    request = handshake(f"{WS}?{MODEL}", key=site.key("alice"))
    found = site.send(request[:-2] + b"Upgrade: websocket\r\n\r\n")
    assert isinstance(found, Answer)
    assert found.status == 426
    assert site.unseen()


# Outsiders


@pytest.mark.parametrize("field", ["Sec-WebSocket-Protocol", "User-Agent"])
def test_a_field_that_could_become_two_goes_nowhere_and_takes_no_place(
    sqlite_url: str, field: str
) -> None:
    with live(sqlite_url, streaming={"max_sessions_per_worker": 1}) as site:
        key = site.key("alice")
        for _ in range(2):
            request = handshake(f"{WS}?{MODEL}", key=key)[:-2]
            found = site.send(request + f"{field}: a\0b\r\n\r\n".encode())
            if isinstance(found, Answer):
                assert found.status == 400
            else:
                assert farewell(found)[0] == 3006
                found.close()
        assert site.unseen()
        with site.open(key) as session:
            assert session.message()["type"] == "Begin"


def test_a_worker_out_of_descriptors_after_the_handshake_keeps_no_place_and_no_upstream(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [lambda _: False, fails, fails]
    with live(sqlite_url, streaming={"max_sessions_per_worker": 1}) as site:
        assert site.middleware is not None
        relay = site.middleware.parts.relay
        assert relay is not None
        key = site.key("alice")
        with monkeypatch.context() as patched:
            # The first look is before the upstream's answer, the second after it.
            patched.setattr(Grip, "is_left", lambda grip: looks.pop(0)(grip))
            assert site.refused(key).status == 500
        assert len(looks) == 1
        assert relay.open == 0
        (row,) = site.rows()
        assert row.state == "unpriced"
        with site.open(key) as session:
            assert session.message()["type"] == "Begin"
        # The upstream's side of the first is closed as well.
        until(lambda: site.us.sessions[0].ended_by is not None)


def fails(_: Grip) -> bool:
    raise OSError(errno.EMFILE, "no descriptor is left")


def test_of_a_handshake_only_documented_fields_go_on(site: Site) -> None:
    fields = {
        "sec-websocket-extensions": "permessage-deflate",
        "sec-websocket-protocol": "one, two",
        "cookie": "session=1",
        "origin": "http://other.example",
        "referer": "http://other.example/?token=st-a",
        "x-forwarded-for": "192.0.2.1",
        "x-original-uri": "/?token=st-a",
        "user-agent": "me",
        "assemblyai-version": "2025-05-12",
    }
    with site.open(site.key("alice"), **fields) as session:
        assert session.message()["type"] == "Begin"
        answered = {name.lower() for name, _ in session.fields}
    assert answered == {"upgrade", "connection", "sec-websocket-accept"}
    seen = {name.lower(): value for name, value in site.us.sessions[0].headers}
    assert seen.pop("host")
    assert seen == {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": WHOLE["Sec_WebSocket_Key"],
        "sec-websocket-version": "13",
        "sec-websocket-protocol": "one, two",
        "user-agent": "me",
        "assemblyai-version": "2025-05-12",
        "authorization": US_KEY,
    }


def test_no_line_of_the_log_is_a_clients(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "assemblyai_mw")
    key = site.key("alice", features=["format_turns"])
    evil = "%0d%0aINJECTED%1b%5b31m"
    site.goodbye(key, f"{MODEL}&domain={evil}&prompt={evil}")
    site.goodbye(key, f"speech_model={evil}")
    site.refused(key, target=f"{STREAMING}/v3/{evil}")
    site.refused(key, target=f"{STREAMING}/v3/ws{evil}")
    site.refused(None, f"{MODEL}&token=st-{evil}")
    with site.open(key, x_assemblyai_mw_tags=f"a={evil},\u0085INJECTED=b") as session:
        session.say({"type": "Other\r\nINJECTED", "a\r\nINJECTED": 1})
        farewell(session)
    until(lambda: len(site.records) == 6)
    for record in caplog.records:
        assert not any(c in record.getMessage() for c in "\r\n\x1b\x85")


def test_what_one_session_says_reaches_no_other(site: Site) -> None:
    names = [f"k{number}" for number in range(6)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(site.open(site.key(name))) for name in names]
        ids = [client.message()["id"] for client in clients]
        assert len(set(ids)) == len(names)
        by_id = {session.id: session for session in site.us.sessions}
        for number in range(50):
            for name, session_id in zip(names, ids, strict=True):
                by_id[session_id].send({"type": "Turn", "transcript": f"{name} {number}"})
        for name, client in zip(names, clients, strict=True):
            client.say({"type": "KeepAlive", "from": name})
            heard = [client.message()["transcript"] for _ in range(50)]
            assert heard == [f"{name} {number}" for number in range(50)]
            client.say({"type": "Terminate"})
            assert client.message()["type"] == "Termination"
    for name, session_id in zip(names, ids, strict=True):
        said = [text["from"] for text in by_id[session_id].texts if "from" in text]
        assert said == [name]


def test_the_python_sdk_shows_what_ends_its_session(site: Site) -> None:
    sdk = Sdk(f"{site.url}{STREAMING}", key=site.key("alice"))
    sdk.connect(speech_model="universal-streaming-english")
    until(lambda: "Begin" in sdk.types())
    site.keys.revoke("alice")
    assert sdk.ended.wait(10)
    (error,) = sdk.errors
    assert error.code == 1008
    assert "not valid any more" in str(error)
    sdk.client.disconnect()


def test_the_python_sdk_opens_a_session_with_a_token_once(site: Site) -> None:
    token = site.mint(site.key("alice"))
    url = f"{site.url}{STREAMING}"
    first = Sdk(url, key=None, token=token).connect(speech_model="universal-streaming-english")
    first.client.disconnect(terminate=True)
    assert first.types()[-1] == "Termination"
    again = Sdk(url, key=None, token=token).connect(speech_model="universal-streaming-english")
    (error,) = again.errors
    assert error.code == 401


# Servers


def test_a_server_without_a_connection_to_hand_over_says_so(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    headers = {name.replace("_", "-"): value for name, value in WHOLE.items()}
    found = stack.ask("GET", f"{WS}?{MODEL}", stack.key("alice", budget_usd="1"), headers=headers)
    assert found.status_int == 426
    assert "the server hands the app no socket" in found.json["error"]
    assert not stack.asked_anything()
    assert stack.held() == 0
    stack.close()


def test_handshakes_and_their_refusals_are_valid_wsgi(sqlite_url: str) -> None:
    raised: list[BaseException] = []

    def noting(app: Any) -> Any:
        checked = validator(app)

        def outer(environ: Any, start_response: Any) -> Any:
            # Werkzeug's is a number, which the checks do not want.
            environ["REMOTE_PORT"] = str(environ["REMOTE_PORT"])
            try:
                return checked(environ, start_response)
            except BaseException as error:
                raised.append(error)
                raise

        return outer

    with live(sqlite_url, wrap=noting) as site:
        key, poor = site.key("alice"), site.key("bob", budget_usd="0")
        with site.open(key) as session:
            assert session.message()["type"] == "Begin"
            session.say({"type": "Terminate"})
            assert session.close_code() == 1000
        assert site.goodbye(poor)[0] == 4002
        assert site.refused("sk-wrong").status == 401
        site.us.fail_next_session(status=429)
        assert site.refused(key).status == 429
        assert site.refused(key, sec_websocket_version="8").status == 426
        assert site.mint(key)
    assert raised == []


# Stages composed by hand


@contextlib.contextmanager
def composed(keys: Any) -> Iterator[tuple[str, FakeAssemblyAI, Relay]]:
    relay, fake = Relay(), FakeAssemblyAI()
    with serve(fake.host("streaming")) as upstream:
        app = UpstreamForwarder(upstream, api_key=US_KEY, relay=relay)
        app = KeyAuth(Realtime(app, relay=relay), keys=keys, relay=relay)
        with served(PrefixRouter(host_app, {STREAMING: app})) as url:
            yield url, fake, relay
    relay.close()


def opened(url: str, key: str) -> Raw:
    site = Site.__new__(Site)
    site.url = url
    found = site.send(handshake(f"{WS}?{MODEL}", key=key))
    assert isinstance(found, Raw), found
    return found


def test_keys_of_a_mapping_open_sessions() -> None:
    with composed({"sk-a": "alice"}) as (url, fake, _):
        session = opened(url, "sk-a")
        assert session.message()["type"] == "Begin"
        session.say({"type": "Terminate"})
        assert session.close_code() == 1000
        session.close()
        assert fake.sessions[0].terminated


class OwnKeys:
    """A host's own store, without `live`."""

    def __init__(self) -> None:
        self.gone = False

    def find(self, key_hash: bytes) -> Caller | None:
        return None if self.gone else Caller("alice")

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        return None


def test_sessions_end_with_their_key_in_a_store_of_the_hosts_own() -> None:
    keys = OwnKeys()
    with composed(keys) as (url, fake, _):
        session = opened(url, "sk-a")
        assert session.message()["type"] == "Begin"
        keys.gone = True
        assert farewell(session)[0] == 1008
        session.close()
        until(lambda: fake.sessions[0].ended_by == "terminate")
