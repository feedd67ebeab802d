"""What a key may ask for: regions, routes, models, features, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat

from assemblyai_mw.middleware.policy import model_allowed
from assemblyai_mw.testing import US_KEY

LLM = "/llm-gateway.assemblyai"
EU_LLM = "/eu.llm-gateway.assemblyai"
SPEECH = {"audio_url": "https://x.y/a.mp3"}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.mark.parametrize(
    "routes, path, status",
    [
        (["/assemblyai"], f"{API}/v2/upload", 200),
        (["assemblyai/"], f"{API}/v2/upload", 200),
        (["/eu.assemblyai"], f"{API}/v2/upload", 403),
        (["/llm-gateway.assemblyai"], f"{API}/v2/upload", 403),
        ([], f"{API}/v2/upload", 403),
        (["/assembly"], f"{API}/v2/upload", 403),
    ],
)
def test_a_key_uses_the_routes_on_its_list(
    stack: Stack, routes: list[str], path: str, status: int
) -> None:
    assert stack.ask("POST", path, stack.key("a", routes=routes)).status_int == status
    assert bool(stack.us.requests) == (status == 200)


@pytest.mark.parametrize(
    "routes, status",
    [
        (["/v1"], 200),
        (["/v1/chat/completions"], 200),
        (["/llm-gateway.assemblyai"], 200),
        (["/eu.llm-gateway.assemblyai"], 403),
        (["/assemblyai"], 403),
    ],
)
def test_the_openai_route_is_one_of_them(stack: Stack, routes: list[str], status: int) -> None:
    key = stack.key("a", routes=routes)
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == status


def test_a_model_with_an_address_of_its_own_is_reached_by_the_same_routes(sqlite_url: str) -> None:
    """Its prefix is private, so no list can name it."""
    params = {"model": "assemblyai/gpt-5-mini", "api_key": "another-key-of-the-account"}
    every = {"model": "assemblyai/*", "api_key": US_KEY}
    models = [("fast", params), ("assemblyai/*", every)]
    entries = [{"model_name": name, "litellm_params": given} for name, given in models]
    stack = Stack(sqlite_url, model_list=entries)
    stack.us.keys = {"another-key-of-the-account": "account"}
    for name, routes, status in (("a", ["/v1"], 200), ("b", [LLM], 200), ("c", [API], 403)):
        key = stack.key(name, routes=routes)
        assert stack.ask("POST", CHAT, key, json=chat("hi", "fast")).status_int == status
    stack.close()


@pytest.mark.parametrize(
    "models, asked, allowed",
    [
        (["gpt-5*"], "gpt-5-mini", True),
        (["gpt-5*"], "assemblyai/gpt-5-mini", True),
        (["assemblyai/gpt-5*"], "gpt-5-mini", True),
        (["eu.assemblyai/gpt-5*"], "gpt-5", True),
        (["gpt-5"], "gpt-5-mini", False),
        (["gpt-5*"], "GPT-5-mini", False),
        (["*"], "anything", True),
        ([], "gpt-5", False),
    ],
)
def test_models_match_by_pattern(models: list[str], asked: str, allowed: bool) -> None:
    assert model_allowed(asked, models) is allowed


MODELS = {
    "chat": (f"{LLM}/v1/chat/completions", chat("hi", "gpt-5-mini"), 200),
    "another": (f"{LLM}/v1/chat/completions", chat("hi", "gpt-5"), 403),
    "a fallback": (
        f"{LLM}/v1/chat/completions",
        chat("hi", "gpt-5-mini", fallbacks=[{"model": "gpt-5"}]),
        403,
    ),
    "none named": (f"{LLM}/v1/chat/completions", {"messages": []}, 403),
    "not a text": (f"{LLM}/v1/chat/completions", chat("hi", ["gpt-5"]), 403),  # type: ignore
    "in other letters": (
        f"{LLM}/v1/chat/completions",
        {**chat("hi", "gpt-5-mini"), "Model": "gpt-5"},
        400,
    ),
    "a slash at the end": (f"{LLM}/v1/chat/completions/", chat("hi", "gpt-5"), 404),
    "doubled slashes": (f"{LLM}//v1/chat/completions", chat("hi", "gpt-5"), 404),
    "speech": (f"{API}/v2/transcript", {**SPEECH, "speech_models": ["universal-2"]}, 200),
    "other speech": (f"{API}/v2/transcript", {**SPEECH, "speech_models": ["slam-1"]}, 403),
    "one of several": (
        f"{API}/v2/transcript",
        {**SPEECH, "speech_models": ["universal-2", "slam-1"]},
        403,
    ),
    "the older name": (f"{API}/v2/transcript", {**SPEECH, "speech_model": "slam-1"}, 403),
    "speech by default": (f"{API}/v2/transcript", SPEECH, 403),
    "a path that nobody knows": (f"{API}/v3/tomorrow", {"model": "gpt-5-mini"}, 403),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_key_uses_the_models_on_its_list(stack: Stack, case: str) -> None:
    path, body, status = MODELS[case]
    key = stack.key("a", models=["gpt-5-mini", "universal-2"])
    assert stack.ask("POST", path, key, json=body).status_int == status
    assert bool(stack.us.requests) == (status == 200)


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", f"{LLM}/v1/tomorrow"),
        ("GET", "/streaming.assemblyai/v3/token?expires_in_seconds=60&speech_model=gpt-5-mini"),
    ],
)
def test_a_model_that_binds_nobody_does_not_count(stack: Stack, method: str, path: str) -> None:
    """A header says nothing of a body that nobody reads, nor a token's query of its session."""
    key = stack.key("a", models=["gpt-5-mini"])
    headers = {"X-AAI-Model": "gpt-5-mini", "Content-Type": "application/json"}
    assert stack.ask(method, path, key, headers=headers).status_int == 403
    assert stack.us.requests == []


def test_openais_clients_read_why(stack: Stack) -> None:
    key = stack.key("a", models=["gpt-5-mini"])
    error = stack.ask("POST", CHAT, key, json=chat("hi", "assemblyai/gpt-5")).json["error"]
    assert error == {
        "message": "This key may not use the model 'gpt-5'.",
        "type": "permission_error",
        "param": "model",
        "code": "model_not_allowed",
    }


@pytest.mark.parametrize(
    "rules, body, status",
    [
        ({"denied_features": ["speaker_labels"]}, {"speaker_labels": True}, 403),
        ({"denied_features": ["speaker_labels"]}, {"speaker_labels": False}, 200),
        ({"denied_features": ["speaker_labels"]}, {"Speaker_Labels": True}, 400),
        ({"denied_features": ["speaker_labels"]}, {"punctuate": True}, 200),
        ({"features": ["speaker_labels"]}, {"speaker_labels": True}, 200),
        ({"features": ["speaker_labels"]}, {"redact_pii": True}, 403),
        ({"features": []}, {"redact_pii": True}, 403),
        ({"features": []}, {}, 200),
    ],
)
def test_a_key_asks_for_the_features_it_may(
    stack: Stack, rules: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    body = {**SPEECH, "speech_models": ["universal-2"], **body}
    if body.get("redact_pii"):
        body["redact_pii_policies"] = ["person_name"]
    reply = stack.ask("POST", f"{API}/v2/transcript", stack.key("a", **rules), json=body)
    assert reply.status_int == status
    assert bool(stack.us.requests) == (status == 200)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"features": ["speaker_labels"]}, id="some"),
        pytest.param({"features": []}, id="none"),
        pytest.param({"denied_features": ["redact_pii"]}, id="all but one"),
    ],
)
@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/streaming.assemblyai/v3/token?expires_in_seconds=60"),
        ("GET", "/streaming.assemblyai/v3/token?expires_in_seconds=60&speaker_labels=true"),
        ("POST", f"{API}/v2/realtime/token"),
        ("POST", f"{API}/v3/tomorrow"),
    ],
)
def test_a_key_with_features_opens_nothing_that_may_have_any(
    stack: Stack, rules: dict[str, Any], method: str, path: str
) -> None:
    """Whoever holds a token asks for what they like, past this app."""
    reply = stack.ask(method, path, stack.key("a", **rules))
    assert reply.status_int == 403
    assert "certain features only" in reply.json["error"]
    assert stack.us.requests == []
    assert list(stack.ledger.calls()) == []


def test_a_key_without_lists_gets_its_token(stack: Stack) -> None:
    path = "/streaming.assemblyai/v3/token?expires_in_seconds=60"
    assert stack.ask("GET", path, stack.key("a", max_upload_bytes=10)).status_int == 200


def test_a_list_of_features_leaves_chats_and_speech_alone(stack: Stack) -> None:
    key = stack.key("a", features=["speaker_labels"], denied_features=["redact_pii"])
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert stack.submit(key, speaker_labels=True)


def test_an_upload_may_be_so_large(stack: Stack) -> None:
    key = stack.key("a", max_upload_bytes=10)
    headers = {"Authorization": key, "Content-Type": "application/octet-stream"}
    assert stack.app.post(f"{API}/v2/upload", b"x" * 10, headers=headers).status_int == 200
    stack.us.requests.clear()
    reply = stack.app.post(f"{API}/v2/upload", b"x" * 11, headers=headers, status=413)
    assert reply.json == {"error": "The body is larger than the 10 bytes allowed here."}
    assert len(stack.us.uploads) == 1


LEAVING = {
    "global": chat("hi", "claude-sonnet-4-6", model_region="global"),
    "upper case": chat("hi", "claude-sonnet-4-6", model_region="GLOBAL"),
    "spaces": chat("hi", "claude-sonnet-4-6", model_region=" global "),
    "the other one": chat("hi", "claude-sonnet-4-6", model_region="us"),
    "a list": chat("hi", "claude-sonnet-4-6", model_region=["global"]),
    "in a fallback": chat(
        "hi", "claude-sonnet-4-6", fallbacks=[{"model": "x", "model_region": "global"}]
    ),
    "wrapped, in another spelling": chat(
        "hi", "claude-sonnet-4-6", extra_body=[{"model-Regi\u00adon": "global"}]
    ),
}


@pytest.mark.parametrize("case", LEAVING)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/understanding", "/v1/tomorrow"])
def test_a_model_may_not_leave_the_keys_region(stack: Stack, case: str, path: str) -> None:
    reply = stack.ask("POST", EU_LLM + path, stack.key("e", region="eu"), json=LEAVING[case])
    assert reply.status_int == 403
    assert stack.eu.requests == []


def test_a_region_in_other_letters_is_refused(stack: Stack) -> None:
    body = {**chat("hi", "claude-sonnet-4-6"), "Model_Region": "global"}
    key = stack.key("e", region="eu")
    assert stack.ask("POST", f"{EU_LLM}/v1/chat/completions", key, json=body).status_int == 400
    assert stack.eu.requests == []


def test_the_openai_route_says_so_too(stack: Stack) -> None:
    key = stack.key("e", region="eu")
    body = chat("hi", "eu.assemblyai/claude-sonnet-4-6", model_region="global")
    reply = stack.ask("POST", CHAT, key, json=body)
    assert (reply.status_int, reply.json["error"]["param"]) == (403, "model_region")
    assert stack.eu.asked("POST") == []


def test_a_key_without_a_region_may_use_both_and_global(stack: Stack) -> None:
    body = chat("hi", "gpt-5-mini", model_region="global")
    key = stack.key("a")
    assert stack.ask("POST", f"{LLM}/v1/chat/completions", key, json=body).status_int == 200
    assert stack.ask("GET", "/eu.assemblyai/v2/transcript", key).status_int == 200


def test_a_compressed_body_is_not_let_past_a_rule(stack: Stack) -> None:
    key = stack.key("e", region="eu")
    for path in ("/v1/chat/completions", "/v1/tomorrow"):
        reply = stack.app.post(
            EU_LLM + path,
            b"\x1f\x8b",
            headers={"Authorization": key, "Content-Encoding": "gzip"},
            status="*",
        )
        assert reply.status_int == 415
    assert stack.eu.requests == []


def test_reading_is_bound_by_no_list_of_models(stack: Stack) -> None:
    key = stack.key("a", models=["gpt-5-mini"], features=[])
    assert stack.ask("GET", f"{API}/v2/transcript", key).status_int == 200


def test_the_master_key_may_do_everything(stack: Stack) -> None:
    body = chat("hi", "gpt-5-mini", model_region="global")
    assert stack.ask("POST", f"{LLM}/v1/chat/completions", MASTER_KEY, json=body).status_int == 200
