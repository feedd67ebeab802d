"""Tokens of our own: who can have one, what it opens, how often, and until when."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import trustme
from session_kit import (
    MASTER_KEY,
    MODEL,
    STREAMING,
    WS,
    Answer,
    Site,
    live,
    served,
    served_by_gunicorn,
    until,
)
from stack_kit import Stack
from stand_in.streaming_kit import Raw, handshake

from assemblyai_mw import Caller, Keys
from assemblyai_mw.testing import FakeAssemblyAI

TOKEN = f"{STREAMING}/v3/token"
VALID = "expires_in_seconds=60"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with live(sqlite_url) as running:
        yield running


def opens(site: Site, token: str, *, in_query: bool = True, target: str = WS) -> bool:
    """Whether a token opens a session; ends it again."""
    query = f"{MODEL}&token={token}" if in_query else MODEL
    found = site.send(handshake(f"{target}?{query}", key=None if in_query else token))
    if isinstance(found, Answer):
        assert found.status == 401, found
        return False
    assert found.message()["type"] == "Begin"
    found.say({"type": "Terminate"})
    assert found.close_code() == 1000
    found.close()
    return True


def test_a_token_is_made_here_and_the_reply_has_assemblyais_shape(site: Site) -> None:
    found = site.get(f"{TOKEN}?{VALID}", site.key("alice"))
    assert found.status == 200
    assert found.json.keys() == {"token", "expires_in_seconds"}
    assert found.json["expires_in_seconds"] == 60
    # 256 bits in base64 without padding.
    assert found.json["token"].startswith("st-")
    assert len(found.json["token"]) == 3 + 43
    assert found.header("content-type") == "application/json"
    assert found.header("cache-control") == "private, no-store"
    assert site.unseen()
    assert site.rows() == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "expires_in_seconds=",
        "expires_in_seconds=0",
        "expires_in_seconds=601",
        "expires_in_seconds=-5",
        "expires_in_seconds=%2B60",
        "expires_in_seconds=6_0",
        "expires_in_seconds=60.0",
        "expires_in_seconds=%D9%A6%D9%A0",
        "expires_in_seconds=60&expires_in_seconds=61",
        f"{VALID}&max_session_duration_seconds=59",
        f"{VALID}&max_session_duration_seconds=10801",
        f"{VALID}&max_session_duration_seconds=",
    ],
)
def test_numbers_out_of_assemblyais_bounds_are_a_400(site: Site, query: str) -> None:
    found = site.get(f"{TOKEN}?{query}", site.key("alice"))
    assert found.status == 400
    name = "max_session_duration_seconds" if "max" in query else "expires_in_seconds"
    assert name in found.json["error"]


@pytest.mark.parametrize("seconds", [1, 600])
@pytest.mark.parametrize("longest", [60, 10_800])
def test_the_bounds_themselves_are_allowed(site: Site, seconds: int, longest: int) -> None:
    query = f"expires_in_seconds={seconds}&max_session_duration_seconds={longest}"
    assert site.get(f"{TOKEN}?{query}", site.key("alice")).json["expires_in_seconds"] == seconds


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("who", ["alice", "master"])
def test_other_methods_make_no_token(site: Site, method: str, who: str) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice")
    found = site.get(f"{TOKEN}?{VALID}", key, method=method, Content_Length="0")
    assert found.status == 405
    assert "GET" in (found.header("allow") or "")
    assert site.unseen()


@pytest.mark.parametrize("path", ["/v3/%74oken", "/v3/token/", "/V3/token", "//v3/token"])
@pytest.mark.parametrize("who", ["alice", "master"])
def test_another_spelling_of_the_path_makes_no_token(site: Site, path: str, who: str) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice")
    found = site.get(f"{STREAMING}{path}?{VALID}", key)
    assert found.status == 404
    assert site.unseen()


def test_a_token_opens_one_session_in_the_query_or_in_authorization(site: Site) -> None:
    key = site.key("alice")
    for in_query in (True, False):
        token = site.mint(key)
        assert opens(site, token, in_query=in_query)
        assert not opens(site, token, in_query=True)
        assert not opens(site, token, in_query=False)
    assert len(site.us.sessions) == 2


def test_a_token_may_be_sent_as_a_bearer(site: Site) -> None:
    assert opens(site, f"Bearer {site.mint(site.key('alice'))}", in_query=False)


def test_of_many_who_use_a_token_in_two_processes_one_gets_a_session(
    sqlite_url: str, tmp_path: Path
) -> None:
    with served_by_gunicorn(sqlite_url, tmp_path, workers=2) as site:
        for name in ("alice", "bob", "carol"):
            token = site.mint(site.key(name))
            found: list[Any] = []
            gate = threading.Barrier(8)

            def use(token: str = token, gate: Any = gate, found: list[Any] = found) -> None:
                gate.wait()
                found.append(site.send(handshake(f"{WS}?{MODEL}&token={token}", key=None)))

            threads = [threading.Thread(target=use) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            won = [each for each in found if isinstance(each, Raw)]
            assert len(won) == 1
            assert [each.status for each in found if isinstance(each, Answer)] == [401] * 7
            assert won[0].message()["type"] == "Begin"
            won[0].close()


def test_a_token_is_given_back_where_the_upstream_refused_the_handshake(site: Site) -> None:
    token = site.mint(site.key("alice"))
    for status, seen in ((401, 502), (400, 400), (429, 429), (500, 500)):
        site.us.fail_next_session(status=status)
        assert site.refused(None, f"{MODEL}&token={token}").status == seen
    site.us.fail_next_session(wrong_accept=True)
    assert site.refused(None, f"{MODEL}&token={token}").status == 502
    assert opens(site, token)


def test_a_token_is_given_back_where_the_upstream_cannot_be_reached(sqlite_url: str) -> None:
    routes = {STREAMING: "http://127.0.0.1:9"}
    with live(sqlite_url, routes=routes) as site:
        token = site.mint(site.key("alice"))
        # A used token would be a 401.
        for _ in range(2):
            assert site.refused(None, f"{MODEL}&token={token}").status == 502


def test_a_token_is_given_back_where_a_stage_refused_the_session(site: Site) -> None:
    token = site.mint(site.key("alice", budget_usd="0.000001"))
    for _ in range(2):
        assert site.goodbye(None, f"{MODEL}&token={token}")[0] == 4002
    site.keys.set("alice", budget_usd="1")
    assert opens(site, token)


def test_a_token_is_given_back_where_the_client_left_before_its_session_began(site: Site) -> None:
    token = site.mint(site.key("alice"))
    site.records.clear()
    site.us.fail_next(delay_s=0.3, path="/v3/ws")
    request = handshake(f"{WS}?{MODEL}&token={token}", key=None)
    with socket.create_connection(site.address) as client:
        client.sendall(request)
        until(lambda: site.us.requests)
    # It was opened, and ended at once; SDKs, which wait a second, then try again.
    assert site.ended().state == "settled"
    assert site.us.sessions[0].ended_by == "terminate"
    assert opens(site, token)
    assert not opens(site, token)


def test_a_token_is_given_back_where_the_handshake_is_malformed(site: Site) -> None:
    token = site.mint(site.key("alice"))
    query = f"{MODEL}&token={token}"
    assert site.refused(None, query, sec_websocket_version="8").status == 426
    assert site.refused(None, query, sec_websocket_key="short").status == 400
    assert opens(site, token)


@pytest.mark.parametrize("way", ["revoke", "expire"])
def test_a_token_is_dead_with_its_key(site: Site, way: str) -> None:
    token, other = site.mint(site.key("alice")), site.mint(site.key("bob"))
    if way == "revoke":
        site.keys.revoke("alice")
    else:
        with site.keys.database.write() as connection:
            connection.exec_driver_sql("UPDATE keys SET expires_at = 1 WHERE name = 'alice'")
    assert not opens(site, token)
    assert opens(site, other)


def test_a_token_outlives_a_rotation_of_its_key(site: Site) -> None:
    token = site.mint(site.key("alice"))
    site.keys.rotate("alice")
    assert opens(site, token)


def test_a_token_opens_a_session_on_the_route_that_it_was_made_for(site: Site) -> None:
    key = site.key("alice")
    for prefix in (STREAMING, "/us.streaming.assemblyai", "/eu.streaming.assemblyai"):
        token = site.mint(key, prefix=prefix)
        for other in {STREAMING, "/us.streaming.assemblyai", "/eu.streaming.assemblyai"} - {prefix}:
            assert not opens(site, token, target=f"{other}/v3/ws")
        assert opens(site, token, target=f"{prefix}/v3/ws")


def test_a_token_is_no_key_for_any_other_path(site: Site) -> None:
    token = site.mint(site.key("alice"))
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    for prefix, path in (
        ("/assemblyai", "/v2/transcript"),
        ("/assemblyai", "/v3/ws"),
        ("/llm-gateway.assemblyai", "/v1/models"),
        (STREAMING, "/v3/token?expires_in_seconds=60"),
        (STREAMING, "/v3/ws"),
        (STREAMING, "/v3/other"),
        (STREAMING, "/"),
    ):
        for headers in ({}, upgrade):
            if (path, bool(headers)) == ("/v3/ws", True) and prefix == STREAMING:
                continue
            assert site.get(f"{prefix}{path}", token, **headers).status == 401
            query = "&" if "?" in path else "?"
            assert site.get(f"{prefix}{path}{query}token={token}", **headers).status == 401
            post = site.get(f"{prefix}{path}", token, method="POST", Content_Length="0", **headers)
            assert post.status == 401
    assert site.unseen()
    assert opens(site, token)


def test_the_session_of_a_token_ends_with_its_longest_time(site: Site) -> None:
    found = site.get(f"{TOKEN}?{VALID}&max_session_duration_seconds=60", site.key("alice"))
    # As if the minute were nearly over.
    with site.keys.database.write() as connection:
        connection.exec_driver_sql("UPDATE session_tokens SET max_session_s = 1")
    with site.open(None, f"{MODEL}&token={found.json['token']}") as session:
        assert session.message()["type"] == "Begin"
        message = session.message()
        assert (message["type"], message["error_code"]) == ("Error", 3008)
        assert "1 seconds of its token" in message["error"]
        assert session.close_code() == 3008
    until(lambda: site.rows()[-1].state == "settled")
    assert site.us.sessions[-1].ended_by == "terminate"


def test_keys_with_budgets_and_lists_can_have_and_use_tokens(site: Site) -> None:
    for name, limits in {
        "budget": {"budget_usd": "1"},
        "models": {"models": ["universal-streaming-english"]},
        "features": {"features": ["format_turns"]},
        "denied": {"denied_features": ["prompt"]},
        "routes": {"routes": [STREAMING]},
        "sessions": {"max_sessions": 1},
    }.items():
        assert opens(site, site.mint(site.key(name, **limits)))
    until(site.nothing_open)


def test_the_session_of_a_token_has_the_limits_of_its_key(site: Site) -> None:
    token = site.mint(site.key("alice", models=["universal-streaming-english"]))
    other = "speech_model=universal-streaming-multilingual"
    code, text = site.goodbye(None, f"{other}&token={token}")
    assert code == 1008
    assert "universal-streaming-multilingual" in text
    assert not site.us.sessions


def test_a_pinned_key_has_tokens_of_its_own_zone_alone(site: Site) -> None:
    key = site.key("alice", region="eu")
    for prefix in (STREAMING, "/us.streaming.assemblyai"):
        found = site.get(f"{prefix}/v3/token?{VALID}", key)
        assert found.status == 403
        assert "/eu.streaming.assemblyai" in found.json["error"]
    eu = "/eu.streaming.assemblyai"
    assert opens(site, site.mint(key, prefix=eu), target=f"{eu}/v3/ws")


def test_what_the_maker_said_of_a_token_stands_in_the_row_of_its_session(sqlite_url: str) -> None:
    def identify(environ: Any) -> Any:
        return {"key": "web", "team": "acme", "end_user": 17, "tags": {"plan": "pro"}}

    with live(sqlite_url, options={"identify": identify}) as site:
        site.key("web", tags={"plan": "free", "kind": "web"})
        page = {"Cookie": "a=b", "Sec-Fetch-Site": "same-origin"}
        made = site.get(
            f"{TOKEN}?{VALID}", X_AssemblyAI_MW_Tags="room=7,plan=forged,kind=forged", **page
        )
        token = made.json["token"]
        site.records.clear()
        with site.open(
            None, f"{MODEL}&token={token}", x_assemblyai_mw_tags="room=8,own=1"
        ) as session:
            session.say({"type": "Terminate"})
            assert session.close_code() == 1000
        record = site.ended()
        tags = {"room": "7", "plan": "pro", "kind": "web", "own": "1"}
        assert (record.key, record.team, record.end_user) == ("web", "acme", "17")
        assert record.tags == tags
        (row,) = site.rows()
        assert (row.team, row.end_user, json.loads(row.tags)) == ("acme", "17", tags)


def test_a_caller_whom_the_host_gave_itself_has_no_tokens(sqlite_url: str) -> None:
    given: list[Caller] = [Caller(name="plain")]
    with live(sqlite_url, options={"identify": lambda environ: given[0]}) as site:
        site.key("alice")
        stored = site.keys.named("alice")
        assert stored is not None
        # The last one has narrower rights than its key.
        for caller in (given[0], Caller(name="other", key_id=999), replace(stored, region="eu")):
            given[0] = caller
            found = site.get(f"/eu.streaming.assemblyai/v3/token?{VALID}")
            assert found.status == 403
            assert "this caller" in found.json["error"]
        assert site.unseen()


def test_the_master_key_can_have_a_token(site: Site) -> None:
    assert opens(site, site.mint(MASTER_KEY))
    assert site.rows()[-1].key_id is None


def test_an_expired_token_opens_nothing(site: Site) -> None:
    token = site.mint(site.key("alice"))
    with site.keys.database.write() as connection:
        connection.exec_driver_sql("UPDATE session_tokens SET expires_at = expires_at - 60000000")
    assert not opens(site, token)


def test_the_database_has_no_token(site: Site, tmp_path: Path) -> None:
    token = site.mint(site.key("alice"))
    site.keys.database.close()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert token.encode() not in data
    assert token[3:].encode() not in data


def test_tokens_of_assemblyai_pass_where_the_configuration_says_so(sqlite_url: str) -> None:
    us = FakeAssemblyAI()
    with live(sqlite_url, us=us, streaming={"tokens": "upstream"}) as site:
        found = site.get(f"{TOKEN}?{VALID}", site.key("alice"))
        assert found.status == 200
        assert found.json["token"] in us.tokens
        (row,) = site.rows()
        assert (row.kind, row.state) == ("token", "unpriced")
        # It would open sessions that nobody meters.
        assert site.get(f"{TOKEN}?{VALID}", site.key("bob", budget_usd="1")).status == 403
        assert site.refused(None, f"{MODEL}&token={found.json['token']}").status == 401


def test_without_a_relay_tokens_are_assemblyais_or_none(sqlite_url: str) -> None:
    with live(sqlite_url, streaming={"relay": False}) as site:
        found = site.get(f"{TOKEN}?{VALID}", site.key("alice"))
        assert found.json["token"] in site.us.tokens
        found = site.refused(site.keys.rotate("alice").key)
        assert found.status == 426
        assert "streaming.relay" in found.json["error"]
        until(site.nothing_open)


def test_tokens_of_our_own_that_nothing_could_take_are_a_426(sqlite_url: str) -> None:
    # WebTest has no connection to hand over.
    stack = Stack(sqlite_url, streaming={"tokens": "own"})
    found = stack.ask("GET", f"{TOKEN}?{VALID}", stack.key("alice"))
    assert found.status_int == 426
    assert "streaming.tokens" in found.json["error"]
    assert not stack.asked_anything()
    stack.close()


def test_where_the_server_hands_nothing_over_tokens_are_assemblyais(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    found = stack.ask("GET", f"{TOKEN}?{VALID}", stack.key("alice"))
    assert found.json["token"] in stack.us.tokens
    stack.close()


def test_tokens_stay_our_own_while_a_tls_server_has_no_thread_for_another_session(
    sqlite_url: str,
) -> None:
    authority = trustme.CA()
    tls, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(trusting)
    with live(sqlite_url) as site:
        assert site.middleware is not None
        relay = site.middleware.parts.relay
        assert relay is not None
        relay.tls_threads.limit = 0
        key = site.key("alice")
        with served(site.middleware, tls) as url:
            request = Request(
                f"{url.replace('http', 'https')}{TOKEN}?{VALID}", headers={"Authorization": key}
            )
            with urlopen(request, context=trusting) as reply:
                assert json.load(reply)["token"].startswith("st-")
        assert site.unseen()


def test_a_ledger_that_is_away_makes_no_token(site: Site, tmp_path: Path) -> None:
    key = site.key("alice")
    assert site.get(f"{TOKEN}?{VALID}", key).status == 200
    with site.keys.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE session_tokens RENAME TO away")
    found = site.get(f"{TOKEN}?{VALID}", key)
    assert found.status == 503
    assert "no token is made" in found.json["error"]
    assert Keys(site.keys.database).find(b"") is None
