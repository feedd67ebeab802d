"""No spelling, type or depth of a member gets a right or a price past the stages that decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from recorder_kit import Recorder, recording
from stack_kit import API, MASTER_KEY, Stack, chat

LLM = "/llm-gateway.assemblyai/v1/chat/completions"
SUBMIT = f"{API}/v2/transcript"
UNDERSTAND = "/llm-gateway.assemblyai/v1/understanding"
SPEECH = {"audio_url": "https://x.y/a.mp3", "speech_models": ["universal-2"]}
GUARD = {
    "guardrails": [
        {
            "guardrail_name": "no-numbers",
            "litellm_params": {
                "guardrail": "pattern",
                "mode": ["pre_call"],
                "options": {"patterns": ["us_ssn"], "action": "block"},
            },
        }
    ]
}
# Whose body is judged: keys with a budget or any list.
BOUND: dict[str, dict[str, Any]] = {
    "a budget": {"budget_usd": "5"},
    "a budget, unpriced allowed": {"budget_usd": "5", "allow_unpriced": True},
    "models": {"models": ["gpt-5-nano", "universal-2"]},
    "features": {"features": ["speaker_labels", "speech_understanding.summarization"]},
    "denied features": {"denied_features": ["speech_understanding.translation"]},
    "routes": {"routes": ["/assemblyai", "/llm-gateway.assemblyai"]},
    "a region": {"region": "us"},
}
FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a fallback's letter": (
        LLM,
        chat("hi", "gpt-5-nano", fallbacks=[{"Model": "claude-opus-4-7"}]),
        "fallbacks[0].Model",
    ),
    "a fallback that is a text": (
        LLM,
        chat("hi", "gpt-5-nano", fallbacks=["claude-opus-4-7"]),
        "fallbacks[0]",
    ),
    "a request's letter": (
        SUBMIT,
        {**SPEECH, "speech_understanding": {"Request": {"translation": {}}}},
        "speech_understanding.Request",
    ),
    "a text for a list": (
        SUBMIT,
        {**SPEECH, "speech_models": "universal-3-5-pro"},
        "speech_models",
    ),
    "a task's letter": (
        UNDERSTAND,
        {"transcript_id": "T", "speech_understanding": {"request": {"Translation": {}}}},
        "speech_understanding.request.Translation",
    ),
    "no task": (
        UNDERSTAND,
        {"transcript_id": "T", "speech_understanding": {"request": {"translation": None}}},
        "speech_understanding.request",
    ),
    "a long s": (SUBMIT, {**SPEECH, "\u017fpeech_model": "slam-1"}, "\\u017fpeech_model"),
}


@pytest.fixture
def recorded(sqlite_url: str) -> Iterator[tuple[Stack, Recorder]]:
    stack, recorder = recording(sqlite_url)
    yield stack, recorder
    stack.close()


def sent_by(stack: Stack, recorder: Recorder, key: str, case: str) -> tuple[Any, dict[str, Any]]:
    """Send the body of *case*, about a transcript of the key's own, and return both."""
    path, body, _ = FAULTS[case]
    if "transcript_id" in body:
        id = stack.ask("POST", SUBMIT, key, json=SPEECH).json["id"]
        stack.ask("GET", f"{SUBMIT}/{id}", key)
        body = {**body, "transcript_id": id}
    recorder.bodies.clear()
    return stack.ask("POST", path, key, json=body), body


@pytest.mark.parametrize("case", FAULTS)
@pytest.mark.parametrize("limits", BOUND)
def test_a_key_with_a_budget_or_a_list_is_told_which_member(
    recorded: tuple[Stack, Recorder], limits: str, case: str
) -> None:
    stack, recorder = recorded
    reply, _ = sent_by(stack, recorder, stack.key("a", **BOUND[limits]), case)
    assert reply.status_int == 400
    assert reply.json["error"].startswith(f"{FAULTS[case][2]} ")
    assert recorder.bodies == []
    assert stack.held() == 0


@pytest.mark.parametrize("case", FAULTS)
def test_for_other_keys_it_goes_out_as_sent_and_has_no_price(
    recorded: tuple[Stack, Recorder], case: str
) -> None:
    stack, recorder = recorded
    key = stack.key("a")
    reply, body = sent_by(stack, recorder, key, case)
    assert reply.status_int == 200
    assert recorder.bodies == [json.dumps(body).encode()]
    if FAULTS[case][0] == SUBMIT:
        stack.ask("GET", f"{SUBMIT}/{reply.json['id']}", key)
    row = max(stack.ledger.calls(), key=lambda row: row["id"])
    assert (row["state"], row["cost_usd"]) == ("unpriced", None)
    assert row["reason"].startswith(f"{FAULTS[case][2]} ")


@pytest.mark.parametrize("case", FAULTS)
def test_behind_a_guard_it_is_refused_to_everybody(sqlite_url: str, case: str) -> None:
    stack, recorder = recording(sqlite_url, **GUARD)
    for key in (stack.key("a"), MASTER_KEY):
        reply, _ = sent_by(stack, recorder, key, case)
        assert (reply.status_int, recorder.bodies) == (400, [])
        assert reply.json["error"].startswith(f"{FAULTS[case][2]} ")
    stack.close()


def test_words_in_another_spelling_are_refused_behind_a_guard(sqlite_url: str) -> None:
    stack, recorder = recording(sqlite_url, **GUARD)
    body = {"model": "gpt-5-nano", "Messages": [{"role": "user", "content": "hi"}]}
    reply = stack.ask("POST", LLM, stack.key("a"), json=body)
    assert (reply.status_int, recorder.bodies) == (400, [])
    stack.close()


def test_what_a_guard_mends_is_no_fault(sqlite_url: str) -> None:
    forced = {"redact_pii": True, "redact_pii_policies": ["person_name"]}
    guard = {"guardrail": "feature_policy", "mode": ["pre_call"], "options": {"force": forced}}
    stack, recorder = recording(
        sqlite_url, guardrails=[{"guardrail_name": "pii", "litellm_params": guard}]
    )
    key = stack.key("a")
    body = {**SPEECH, "Redact_PII": False, "redact-pii": False, "\uff32edact_pii_policies": []}
    assert stack.ask("POST", SUBMIT, key, json=body).status_int == 200
    assert json.loads(recorder.bodies[0]) == {**SPEECH, **forced}
    assert stack.ask("POST", SUBMIT, key, json={**body, "Domain": "x"}).status_int == 400
    stack.close()


def test_null_tasks_hide_no_other(recorded: tuple[Stack, Recorder]) -> None:
    stack, recorder = recorded
    tasks: dict[str, Any] = {**{f"a{n}": None for n in range(64)}, "translation": {}}
    body = {**SPEECH, "speech_understanding": {"request": tasks}}
    for name, limits in (
        ("a", {"features": ["speaker_labels"]}),
        ("b", {"denied_features": ["speech_understanding.translation"]}),
    ):
        reply = stack.ask("POST", SUBMIT, stack.key(name, **limits), json=body)
        assert reply.status_int == 403
    assert recorder.bodies == []
    key = stack.key("c", budget_usd="5")
    id = stack.ask("POST", SUBMIT, key, json=body).json["id"]
    stack.ask("GET", f"{SUBMIT}/{id}", key)
    (row,) = stack.ledger.calls()
    assert [line["item"] for line in row["breakdown"]] == [
        "universal-2",
        "speech_understanding.translation",
    ]


@pytest.mark.parametrize("value", [10**9 + 1, "100000", -5, 0, 1.5, True])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n"])
@pytest.mark.parametrize("nested", [False, True], ids=["request", "fallback"])
def test_a_number_that_decides_a_hold_is_in_bounds_for_a_budget(
    recorded: tuple[Stack, Recorder], name: str, value: Any, nested: bool
) -> None:
    stack, recorder = recorded
    fields = {"fallbacks": [{"model": "gpt-5-nano", name: value}]} if nested else {name: value}
    body = chat("hi", "gpt-5-nano", **fields)
    reply = stack.ask("POST", LLM, stack.key("a", budget_usd="5"), json=body)
    assert reply.status_int == 400
    assert reply.json["error"].startswith(f"fallbacks[0].{name} " if nested else f"{name} ")
    assert recorder.bodies == []
    # For others it is AssemblyAI's to judge, and the price is known by what was used.
    for key in (stack.key("b"), stack.key("c", models=["gpt-5-nano"])):
        assert stack.ask("POST", LLM, key, json=body).status_int == 200
    assert {row["state"] for row in stack.ledger.calls()} == {"settled"}


@pytest.mark.parametrize("value", [None, 1, 100, 100.0])
def test_a_number_in_bounds_or_null_is_held(recorded: tuple[Stack, Recorder], value: Any) -> None:
    stack, recorder = recorded
    held: list[int] = []
    recorder.look = lambda: held.append(stack.held())
    key = stack.key("a", budget_usd="5")
    body = chat("hi", "gpt-5-nano", max_tokens=value, n=None)
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    # 0.40 USD a million tokens, the default 1,000 of them; in the US 10 % more.
    assert held[0] >= 440 * int(value or 1000)


def test_choices_of_a_fallback_are_held(recorded: tuple[Stack, Recorder]) -> None:
    stack, recorder = recorded
    held: list[int] = []
    recorder.look = lambda: held.append(stack.held())
    body = chat("hi", "gpt-5-nano", fallbacks=[{"model": "gpt-5-nano", "n": 50}])
    assert stack.ask("POST", LLM, stack.key("a", budget_usd="5"), json=body).status_int == 200
    assert held[0] >= 50 * 1000 * 440


def test_a_submits_model_under_the_gateways_name_is_none(
    recorded: tuple[Stack, Recorder],
) -> None:
    """AssemblyAI would take its default, which is not on the list."""
    stack, recorder = recorded
    body = {"audio_url": "https://x.y/a.mp3", "model": "universal-2"}
    reply = stack.ask("POST", SUBMIT, stack.key("a", models=["universal-2"]), json=body)
    assert (reply.status_int, recorder.bodies) == (403, [])


def test_what_is_wrapped_is_assemblyais_to_judge(recorded: tuple[Stack, Recorder]) -> None:
    stack, _ = recorded
    body = chat("hi", "gpt-5-nano", extra_body={"Model": "claude-opus-4-7"})
    key = stack.key("a", budget_usd="5", models=["gpt-5-nano"])
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    (row,) = stack.ledger.calls()
    assert row["state"] == "settled"


def test_a_body_is_read_once_for_all_stages(
    recorded: tuple[Stack, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assemblyai_mw.billing import decisive

    stack, _ = recorded
    real, reads = decisive.read, []
    monkeypatch.setattr(decisive, "read", lambda *a, **k: reads.append(a) or real(*a, **k))
    limits = {"budget_usd": "5", "models": ["gpt-5-nano"], "features": ["speaker_labels"]}
    key = stack.key("a", **limits)
    assert stack.ask("POST", LLM, key, json=chat("hi", "gpt-5-nano")).status_int == 200
    assert len(reads) == 1
