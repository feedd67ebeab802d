"""Zones and services through the whole stack: what is pinned stays, whatever a prefix is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stack_kit import MASTER_KEY, Stack
from webtest import TestApp

from assemblyai_mw.call import CALL_KEY, Call, Caller
from assemblyai_mw.config import DEFAULT_ROUTES
from assemblyai_mw.middleware.policy import Policy
from assemblyai_mw.routes import route_for

REQUESTS = [
    ("GET", "/v2/transcript"),
    ("POST", "/v2/transcript"),
    ("POST", "/v2/upload"),
    ("GET", "/v3/token?expires_in_seconds=60"),
    ("GET", "/v1/token"),
    ("GET", "/x"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
    ("POST", "/v1/transcribe"),
    ("POST", "/v1/speech"),
]
LIVE, STT, AGENTS, STRANGE = "/live", "/stt", "/live2", "/strange"
ODD = {
    LIVE: "https://streaming.assemblyai.com",
    STT: "https://api.eu.assemblyai.com",
    AGENTS: "https://agents.assemblyai.com",
    STRANGE: "https://foo.assemblyai.com",
    "/eu.token": "https://token.eu.assemblyai.com",
    "/v1/live": "https://streaming.us.assemblyai.com",
}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def odd(sqlite_url: str) -> Iterator[Stack]:
    """A stack with prefixes that say nothing, or the wrong thing, about their hosts."""
    stack = Stack(sqlite_url, routes=ODD)
    yield stack
    stack.close()


def hosts_asked(stack: Stack) -> set[str]:
    return {seen.header("host") or "" for seen in [*stack.us.requests, *stack.eu.requests]}


@pytest.mark.parametrize("zone", ["us", "eu"])
def test_a_pinned_key_reaches_no_host_outside_its_zone(stack: Stack, zone: str) -> None:
    key = stack.key("k", region=zone)
    there = {at: route_for(at, url) for at, url in DEFAULT_ROUTES.items()}
    for prefix, route in there.items():
        same = next(
            (p for p, r in there.items() if (r.service, r.region) == (route.service, zone)), None
        )
        for method, path in REQUESTS:
            reply = stack.ask(method, prefix + path, key)
            if route.region == zone:
                # Agents are the master key's; else it may fail for reasons of its own.
                assert "may use the" not in reply.text
                continue
            assert reply.status_int == 403
            assert reply.json["error"] == (
                f"This key may use the {zone.upper()} only: use {same}."
                if same
                else f"This key may use the {zone.upper()} only, and no route here leads to "
                f"{route.service} in the {zone.upper()}."
            )
    known = {url.removeprefix("https://"): there[prefix] for prefix, url in DEFAULT_ROUTES.items()}
    asked = hosts_asked(stack)
    assert {known[host].region for host in asked} == {zone}
    assert {known[host].service for host in asked} >= {"api", "llm-gateway", "streaming", "sync"}


def test_every_default_route_has_a_stand_in(stack: Stack) -> None:
    for prefix, url in DEFAULT_ROUTES.items():
        assert stack.ask("GET", f"{prefix}/x", MASTER_KEY).status_int in (404, 405)
        assert url.removeprefix("https://") in hosts_asked(stack)


def test_a_refusal_names_the_prefix_that_is_mounted(sqlite_url: str) -> None:
    routes: dict[str, str | None] = {
        "/eu.streaming.assemblyai": None,
        "/live": "https://streaming.eu.assemblyai.com",
        "/us.sync.assemblyai": None,
    }
    stack = Stack(sqlite_url, routes=routes)
    eu, us = stack.key("e", region="eu"), stack.key("u", region="us")
    reply = stack.ask("GET", "/streaming.assemblyai/v3/token", eu)
    assert reply.json["error"] == "This key may use the EU only: use /live."
    reply = stack.ask("POST", "/sync.assemblyai/v1/transcribe", us)
    assert reply.json["error"] == (
        "This key may use the US only, and no route here leads to sync in the US."
    )
    stack.close()


def test_the_openai_door_names_the_models_of_the_zone_too(stack: Stack) -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": [{"role": "user", "content": "hi"}]}
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("e", region="eu"), json=body)
    assert (reply.status_int, reply.json["error"]["message"]) == (
        403,
        "This key may use the EU only: use /eu.llm-gateway.assemblyai, or here a model "
        "eu.assemblyai/MODEL.",
    )
    body["model"] = "eu.assemblyai/claude-sonnet-4-6"
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("u", region="us"), json=body)
    assert reply.json["error"]["message"].endswith(
        "use /llm-gateway.assemblyai, or here a model assemblyai/MODEL."
    )
    assert not stack.asked_anything()


def test_a_stage_alone_that_knows_no_routes_names_the_zone() -> None:
    call = Call("id", 0.0, route_for("/sync.assemblyai"), "GET", "/v1/warm")
    call.caller = Caller("alice", region="us")
    app = TestApp(Policy(lambda environ, start_response: []))
    reply = app.get("/v1/warm", extra_environ={CALL_KEY: call}, status=403)  # type: ignore[dict-item]
    assert reply.json["error"] == "This key may use the routes of the US only."


def test_a_call_of_a_host_without_a_zone_is_global_in_the_ledger(odd: Stack) -> None:
    key = odd.key("a")
    for prefix in ("/streaming.assemblyai", LIVE, "/us.streaming.assemblyai", "/v1/live"):
        assert odd.ask("GET", f"{prefix}/v3/token?expires_in_seconds=60", key).status_int == 200
    rows = {row["route"]: (row["region"], row["kind"], row["state"]) for row in odd.ledger.calls()}
    assert rows == {
        "/streaming.assemblyai": ("global", "token", "unpriced"),
        LIVE: ("global", "token", "unpriced"),
        "/us.streaming.assemblyai": ("us", "token", "unpriced"),
        "/v1/live": ("us", "token", "unpriced"),
    }


TOKENS = [
    ("GET", f"{LIVE}/v3/token?expires_in_seconds=60"),
    ("GET", "/v1/live/v3/token?expires_in_seconds=60"),
    ("GET", "/us.streaming.assemblyai/v3/token?expires_in_seconds=60"),
    ("POST", f"{STT}/v2/realtime/token"),
    ("GET", "/eu.token/v1/token?product=tts&expires_in_seconds=60"),
    ("POST", "/eu.token/v1/token"),
    ("GET", f"{AGENTS}/v1/token"),
    ("GET", "/agents.assemblyai/v1/token"),
]


@pytest.mark.parametrize("method, path", TOKENS)
@pytest.mark.parametrize(
    "limits",
    [
        {"budget_usd": 5},
        {"models": ["universal-2"]},
        {"features": ["speaker_labels"]},
        {"denied_features": ["speaker_labels"]},
    ],
    ids=lambda limits: next(iter(limits)),
)
def test_a_token_is_a_token_whatever_its_prefix_is_called(
    odd: Stack, method: str, path: str, limits: dict[str, Any]
) -> None:
    body = {"json": {"product": "tts", "expires_in_seconds": 60}} if method == "POST" else {}
    reply = odd.ask(method, path, odd.key("a", **limits), **body)
    assert reply.status_int in (403, 429), reply
    assert not odd.asked_anything()


@pytest.mark.parametrize(
    "method, path", [("GET", "/v1/agents"), ("GET", "/v1/sessions/x"), ("DELETE", "/v1/agents/x")]
)
def test_a_host_whose_things_belong_to_nobody_here_is_the_master_keys(
    odd: Stack, method: str, path: str
) -> None:
    assert odd.ask(method, STRANGE + path, odd.key("a", scope="all")).status_int == 403
    assert not odd.asked_anything()
    # No stand-in plays the host: its 502 shows that the stack let the call through.
    assert odd.ask(method, STRANGE + path, MASTER_KEY).status_int == 502


@pytest.mark.parametrize("prefix", [AGENTS, "/agents.assemblyai"])
@pytest.mark.parametrize("method, path", [("GET", "/v1/sessions/x"), ("DELETE", "/v1/agents/x")])
def test_an_agent_is_its_owners_by_every_prefix_of_its_host(
    odd: Stack, prefix: str, method: str, path: str
) -> None:
    assert odd.ask(method, prefix + path, odd.key("a", scope="all")).status_int == 404
    assert not odd.asked_anything()
    assert odd.ask(method, prefix + path, MASTER_KEY).status_int == 404
    assert odd.asked_anything()


def test_a_transcript_is_its_owners_by_every_prefix_of_its_host(odd: Stack) -> None:
    alice, bob = odd.key("alice"), odd.key("bob")
    id = odd.submit(alice, prefix=STT)
    odd.finish()
    for prefix in (STT, "/eu.assemblyai"):
        assert odd.ask("GET", f"{prefix}/v2/transcript/{id}", alice).status_int == 200
        assert odd.ask("GET", f"{prefix}/v2/transcript/{id}", bob).status_int == 404
    (row,) = [row for row in odd.ledger.calls() if row["transcript_id"]]
    assert (row["route"], row["region"], row["state"]) == (STT, "eu", "settled")
    # A host without a zone could look in either.
    live = f"{LIVE}/v3/token?expires_in_seconds=60&transcript_id={id}"
    assert odd.ask("GET", live, bob).status_int == 404
    assert odd.ask("GET", live, alice).status_int == 200


def test_a_pinned_key_is_judged_by_the_host_behind_an_odd_prefix(odd: Stack) -> None:
    us, eu = odd.key("u", region="us"), odd.key("e", region="eu")
    assert odd.ask("GET", f"{STT}/v2/transcript", us).status_int == 403
    assert odd.ask("GET", f"{LIVE}/v3/token?expires_in_seconds=60", us).status_int == 403
    assert not odd.asked_anything()
    assert odd.ask("GET", f"{STT}/v2/transcript", eu).status_int == 200
    assert odd.ask("GET", "/v1/live/v3/token?expires_in_seconds=60", us).status_int == 200
