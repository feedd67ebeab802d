"""The stand-in's LLM Gateway: shapes, strictness, limits."""

from __future__ import annotations

from typing import Any

import pytest
from assemblyai.llm_gateway.v1.models import LLMGatewayChatCompletion, LLMGatewayModelList
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp

from assemblyai_mw.testing import FakeAssemblyAI

from .kit import UNKNOWN_ID, ask, submit


def test_assemblyais_own_models_read_the_gateways_replies(app: TestApp) -> None:
    reply = ask(app)
    assert LLMGatewayChatCompletion.parse_obj(reply.json).usage.input_tokens == 2
    assert reply.headers["X-RateLimit-Service"] == "llmgw"
    models = LLMGatewayModelList.parse_obj(app.get("/v1/models").json).data
    prices = {model.id: model.pricing.global_ for model in models}
    assert (prices["gpt-5"].prompt, prices["gpt-5"].completions) == (1.25, 10.0)
    cached = prices["claude-sonnet-4-6"]
    assert (cached.input_cache_read, cached.input_cache_write) == (0.3, 3.75)
    assert cached.input_cache_write_1h == 6
    assert {model.retirement_date for model in models} == {0}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param({"model": "gpt-9"}, "model gpt-9 is not supported", id="unknown model"),
        pytest.param({"messages": None}, "one of messages or prompt required", id="nothing asked"),
        pytest.param({"seed": 1}, "model gpt-5 does not support seed", id="seed"),
        pytest.param(
            {"max_completion_tokens": 9},
            "model gpt-5 does not support max_completion_tokens",
            id="max_completion_tokens",
        ),
        pytest.param(
            {"model": "gpt-oss-20b", "stream": True},
            "model gpt-oss-20b does not support stream",
            id="a model that cannot stream",
        ),
        pytest.param(
            {"messages": [{"role": "developer", "content": "x"}]},
            "role developer is not supported",
            id="developer",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "content must be a string or a list of text parts",
            id="image",
        ),
        pytest.param(
            {"response_format": {"type": "json_object"}},
            "response_format must be of type json_schema",
            id="json_object",
        ),
        pytest.param({"max_tokens": 0}, "max_tokens must be an integer of at least 1", id="0"),
        pytest.param({"temperature": 3}, "temperature must be between 0 and 2", id="temperature"),
        pytest.param(
            {"tool_choice": "required"},
            "tool_choice must be none, auto or a function",
            id="required",
        ),
        pytest.param({"model_region": "eu"}, "model_region must be global", id="region"),
        pytest.param(
            {"messages": [{"role": "tool", "content": "x"}]},
            "a tool message needs a tool_call_id",
            id="tool without id",
        ),
    ],
)
def test_the_gateway_refuses_what_it_does_not_know(
    asked: dict[str, Any], error: str, app: TestApp
) -> None:
    reply = ask(app, **asked)
    assert reply.status_code == 400
    assert (reply.json["code"], reply.json["message"]) == (400, "invalid request body")
    assert reply.json["metadata"]["errors"] == [error]
    assert reply.json["request_id"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.just("auto") | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "function",
                    "name",
                    "parameters",
                    "type",
                    "enum",
                    "properties",
                    "items",
                    "json_schema",
                    "schema",
                    "role",
                    "content",
                    "model",
                    "request",
                    "translation",
                    "speakers",
                    "target_languages",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_NAMES = [
    "audio_url",
    "speech_models",
    "speech_understanding",
    "multichannel",
    "speaker_labels",
    "redact_pii",
    "transcript_id",
    "messages",
    "prompt",
    "tools",
    "tool_choice",
    "response_format",
    "max_tokens",
    "temperature",
    "stream",
    "fallbacks",
    "model_region",
]


@pytest.mark.parametrize(
    "path", ["/v2/transcript", "/v1/chat/completions", "/v1/understanding", "/v1/transcribe"]
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6))
def test_no_body_makes_the_stand_in_fail(path: str, body: dict[str, Any], app: TestApp) -> None:
    """An error inside would be raised here, in-process."""
    if path == "/v1/chat/completions":
        body = {"model": "gpt-5", "prompt": "x", **body}
    if path == "/v2/transcript":
        body = {"audio_url": "https://example.com/a.mp3", **body}
    reply = app.post_json(path, body, status="*")
    assert reply.status_code in (200, 400, 404)
    if path == "/v2/transcript" and reply.status_code == 200:
        app.get(f"/v2/transcript/{reply.json['id']}")
        assert app.get(f"/v2/transcript/{reply.json['id']}").json["status"] == "completed"


def test_the_gateways_401_has_a_shape_of_its_own(fake: FakeAssemblyAI) -> None:
    reply = TestApp(fake).post_json("/v1/chat/completions", {}, status=401).json
    assert reply.keys() == {"error", "status", "request_id"}
    assert reply["status"] == "error"


def test_a_fallback_answers_for_a_model_that_is_down(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.models_down.add("gpt-5")
    assert ask(app).status_code == 500
    assert ask(app, fallbacks=[{"model": "gpt-5-mini"}]).json["model"] == "gpt-5-mini"
    fake.models_forbidden.add("gpt-5")
    refused = ask(app, fallbacks=[{"model": "gpt-5-mini"}])
    assert refused.json["metadata"]["errors"] == [
        "Your account does not have access to this LLM Gateway model"
    ]


def test_the_gateways_inconsistencies_can_be_chosen(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.tool_calls_in, fake.finish_reasons = "choice", "provider"
    fake.usage_spelling, fake.choice_index = "input", False
    fake.next_answer(tool_calls=[("f", {"a": 1})])
    reply = ask(app).json
    (choice,) = reply["choices"]
    assert choice["finish_reason"] == "tool_use"
    assert choice["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}
    assert "index" not in choice
    assert "tool_calls" not in choice["message"]
    assert reply["usage"].keys() == {"input_tokens", "output_tokens", "total_tokens"}
    fake.usage_spelling = "prompt"
    fake.next_answer("Set.", usage={"total_tokens": 7}, model="gpt-5-2026")
    reply = ask(app).json
    assert (reply["usage"], reply["model"]) == ({"total_tokens": 7}, "gpt-5-2026")


def test_a_long_answer_stops_at_max_tokens(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.reply_to = lambda asked: "word " * 100
    (choice,) = ask(app, max_tokens=5).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("word " * 4, "length")


def test_a_transcript_takes_the_place_of_its_slot(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.text = "Hello."
    job = submit(app)["id"]
    reply = ask(app, transcript_id=job, prompt="Sum up: {{ transcript }}", messages=None)
    assert reply.json["choices"][0]["message"]["content"].endswith("Sum up: Hello.")
    missing = ask(app, transcript_id=UNKNOWN_ID)
    assert (missing.status_code, missing.json["message"]) == (404, "transcript not found")


def test_the_gateway_counts_requests_for_each_model(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.rate_limit = 1
    assert ask(app).headers["X-RateLimit-Remaining"] == "0"
    late = ask(app)
    assert (late.status_code, late.json["code"]) == (429, 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert ask(app, model="gpt-5-mini").status_code == 200


def test_speech_understanding_comes_after_the_transcript(app: TestApp) -> None:
    job = submit(app, speaker_labels=True)["id"]
    tasks = {
        "translation": {"target_languages": ["de"]},
        "speaker_identification": {"speaker_type": "role", "known_values": ["host", "guest"]},
    }
    body = {"transcript_id": job, "speech_understanding": {"request": tasks}}
    reply = app.post_json("/v1/understanding", body).json
    response = reply["speech_understanding"]["response"]
    assert response["translation"]["status"] == "success"
    assert response["speaker_identification"]["mapping"] == {"A": "host", "B": "guest"}
    assert reply["translated_texts"]["de"].startswith("[de] Good morning.")
    app.post_json("/v1/understanding/validate", body)
    app.post_json("/v1/understanding", {**body, "transcript_id": UNKNOWN_ID}, status=404)
    app.post_json("/v1/understanding/validate", {"transcript_id": job}, status=400)
