"""What requests and replies say was used; odd replies are called odd and never free."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing.operations import outcome_of
from assemblyai_mw.billing.replies import (
    ChatMeter,
    Outcome,
    Usage,
    billing_facts,
    chat_outcome,
    chat_usage,
    clip_outcome,
    session_outcome,
    transcript_outcome,
    understanding_outcome,
)
from assemblyai_mw.http.sse import encode_event

# Requests: what is kept.


@pytest.mark.parametrize(
    "body, features",
    [
        pytest.param({"audio_url": "x"}, [], id="nothing"),
        pytest.param({"speaker_labels": True}, ["speaker_labels"], id="flag"),
        pytest.param({"speaker_labels": False, "redact_pii": None}, [], id="flag off"),
        pytest.param({"speaker_labels": "true"}, ["speaker_labels"], id="flag as text"),
        pytest.param({"speaker_labels": "false", "redact_pii": 0}, [], id="flag off as text"),
        pytest.param({"keyterms_prompt": ["a"]}, ["keyterms_prompt"], id="keyterms"),
        pytest.param({"keyterms_prompt": []}, [], id="no keyterms"),
        pytest.param({"keyterms_prompt": ["", None]}, [], id="empty keyterms"),
        pytest.param({"prompt": "Names"}, ["prompt"], id="prompt"),
        pytest.param({"prompt": "  "}, [], id="empty prompt"),
        pytest.param({"domain": "medical-v1"}, ["domain.medical-v1"], id="domain"),
        pytest.param({"domain": "Medical-V1 "}, ["domain.medical-v1"], id="domain, other case"),
        pytest.param({"domain": "a b\n"}, ["domain.?"], id="a domain that is no word"),
        pytest.param(
            {"speech_understanding": {"request": {"translation": {}, "x-y": {"a": 1}}}},
            ["speech_understanding.translation", "speech_understanding.x-y"],
            id="tasks",
        ),
        pytest.param(
            {"speech_understanding": {"request": {"translation": None}}}, [], id="no task"
        ),
        pytest.param(
            {"speech_understanding": {"request": {"\u202e\n": {}}}},
            ["speech_understanding.?"],
            id="a task that is no word",
        ),
        pytest.param({"speech_understanding": "x"}, [], id="speech_understanding is no object"),
        pytest.param({"multichannel": True}, ["multichannel"], id="channels"),
        pytest.param(
            {"speakers_expected": 2, "speaker_options": {"min": 1}, "punctuate": True},
            [],
            id="settings of others",
        ),
        pytest.param({"emotions": True}, ["emotions"], id="a flag nobody knows yet"),
        pytest.param({"emotions": "yes", "n": 3}, [], id="a parameter nobody knows yet"),
    ],
)
def test_the_features_that_a_request_asks_for(body: dict[str, Any], features: list[str]) -> None:
    assert features == billing_facts("transcript", body).get("features", [])


def test_a_flood_of_made_up_flags_hides_no_known_one() -> None:
    body = {f"a{i}": True for i in range(1000)} | {"speaker_labels": True}
    features = billing_facts("transcript", body)["features"]
    assert "speaker_labels" in features
    assert len(features) <= 65


@pytest.mark.parametrize(
    "body, models",
    [
        ({"speech_models": ["universal-3-pro", "universal-2"]}, ["universal-3-pro", "universal-2"]),
        ({"speech_model": "best"}, ["best"]),
        ({"speech_models": [], "speech_model": "nano"}, ["nano"]),
        ({"speech_models": ["a"], "speech_model": "b"}, ["a", "b"]),
        ({"speech_models": ["a", "a"], "speech_model": "a"}, ["a"]),
        ({"speech_models": [1, None, "", "a\nb", "x" * 500]}, None),
        ({"speech_models": "universal-2"}, None),
        ({}, None),
    ],
)
def test_the_models_that_a_request_asks_for(body: dict[str, Any], models: list[str] | None) -> None:
    assert models == billing_facts("transcript", body).get("models")


def test_a_flood_of_models_does_not_hide_the_last_one() -> None:
    flood = [f"m{i}" for i in range(1000)]
    for kind, body in (
        ("transcript", {"speech_models": flood}),
        ("chat", {"model": "m", "fallbacks": [{"model": name} for name in flood]}),
    ):
        models = billing_facts(kind, body)["models"]
        assert len(models) == 33
        assert models[-1] == "?"


def test_what_is_kept_of_a_chat_request() -> None:
    body = {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "hé"}],
        "max_completion_tokens": 50,
        "n": 3,
        "model_region": "global",
        "fallbacks": [{"model": "claude-sonnet-4-6", "max_tokens": 70}],
        "transcript_id": "t1",
    }
    assert billing_facts("chat", body, size=400) == {
        "models": ["gpt-5", "claude-sonnet-4-6"],
        "fallbacks": True,
        "max_tokens": 70,
        "choices": 3,
        "prompt_bytes": 400,
        "model_region": "global",
        "transcript_id": "t1",
    }


def test_the_documented_default_bounds_a_chat_without_max_tokens() -> None:
    for body in ({}, {"max_tokens": None}, {"max_tokens": -1}, {"max_tokens": True}):
        assert billing_facts("chat", body)["max_tokens"] == 1000


@pytest.mark.parametrize(
    ("body", "bound"),
    [
        ({"max_tokens": 5, "reasoning": {"effort": "high"}}, 5),
        ({"max_tokens": 5, "reasoning": {"max_tokens": 50_000}}, 50_005),
        ({"max_tokens": 5, "reasoning": {"budget_tokens": 7, "max_tokens": None}}, 12),
        ({"reasoning": {"max_tokens": -1}}, 1000),
        ({"reasoning": "high"}, 1000),
        (
            {"max_tokens": 5, "fallbacks": [{"max_tokens": 9}, {"reasoning": {"max_tokens": 80}}]},
            89,
        ),
    ],
)
def test_what_a_model_may_think_counts_towards_the_hold(
    body: dict[str, object], bound: int
) -> None:
    assert billing_facts("chat", body)["max_tokens"] == bound


def test_the_prompt_is_measured_in_bytes() -> None:
    message = {"role": "user", "content": "ä" * 100}
    asked = billing_facts("chat", {"model": "m", "messages": [message]})
    assert asked["prompt_bytes"] == len(json.dumps([[message]], ensure_ascii=False).encode())


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda x: st.lists(x) | st.dictionaries(st.text(), x),
            max_leaves=5,
        ),
    )
)
def test_what_is_kept_of_any_request_is_JSON(body: dict[str, Any]) -> None:
    for kind in ("transcript", "chat", "understanding", "token", "sync", "session", "other"):
        asked = billing_facts(kind, body)
        assert asked == json.loads(json.dumps(asked))


# Transcripts: what the reply says.

DONE = {"id": "t", "status": "completed", "audio_duration": 8, "speech_model_used": "universal-2"}


def test_a_completed_transcript_is_used_up_to_its_duration() -> None:
    expected = Usage("transcript", "universal-2", "eu", audio_ms=8000)
    assert Outcome("completed", expected) == transcript_outcome(DONE, None, "eu")


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_a_transcript_under_way_is_pending(status: str) -> None:
    reply = {"status": status, "audio_duration": None}
    assert Outcome("pending") == transcript_outcome(reply, {}, "us")


def test_a_failed_transcript_used_nothing() -> None:
    reply = {"status": "error", "error": "no audio", "audio_duration": None}
    assert Outcome("error") == transcript_outcome(reply, {}, "us")


@pytest.mark.parametrize(
    "change, reason",
    [
        pytest.param({"audio_duration": None}, "audio_duration is None", id="null"),
        pytest.param({"audio_duration": "8"}, "audio_duration is '8'", id="text"),
        pytest.param({"audio_duration": -1}, "audio_duration is -1", id="negative"),
        pytest.param({"audio_duration": 0}, "audio_duration is 0", id="zero"),
        pytest.param({"audio_duration": math.nan}, "audio_duration is nan", id="NaN"),
        pytest.param({"audio_duration": math.inf}, "audio_duration is inf", id="infinite"),
        pytest.param({"audio_duration": 1e308}, "audio_duration is 1e+308", id="huge float"),
        pytest.param({"audio_duration": 10**6}, "audio_duration is 1000000", id="huge"),
        pytest.param({"audio_duration": True}, "audio_duration is True", id="boolean"),
        pytest.param({"audio_duration": [8]}, "audio_duration is [8]", id="list"),
        pytest.param({"status": "done"}, "unknown status 'done'", id="unknown status"),
        pytest.param({"status": None}, "unknown status None", id="status null"),
        pytest.param({"status": ["completed"]}, "unknown status ['completed']", id="status list"),
        pytest.param(
            {"multichannel": True}, "audio_channels is None", id="channels are not counted"
        ),
        pytest.param(
            {"multichannel": True, "audio_channels": 0}, "audio_channels is 0", id="no channel"
        ),
        pytest.param(
            {"multichannel": True, "audio_channels": True},
            "audio_channels is True",
            id="channels boolean",
        ),
        pytest.param(
            {"multichannel": True, "audio_channels": 10**9},
            "audio_channels is 1000000000",
            id="a billion channels",
        ),
        pytest.param(
            {"speech_model_used": None},
            "the reply does not say which speech model was used (none asked for)",
            id="no model",
        ),
        pytest.param(
            {"speech_model_used": None, "speech_models": ["a", "b"]},
            "the reply does not say which speech model was used (a, b)",
            id="one of two models",
        ),
    ],
)
def test_an_odd_reply_is_odd_with_its_reason(change: dict[str, Any], reason: str) -> None:
    assert Outcome("unmeterable", reason=reason) == transcript_outcome(
        {**DONE, **change}, None, "us"
    )


@pytest.mark.parametrize("reply", [None, [], "completed", 3, {}, {"error": "x"}])
def test_what_is_no_transcript_is_odd(reply: Any) -> None:
    outcome = transcript_outcome(reply, None, "us")
    assert (outcome.state, outcome.usage) == ("unmeterable", None)
    assert outcome.reason


def test_a_missing_duration_is_odd() -> None:
    reply = {"status": "completed", "speech_model_used": "universal-2"}
    assert transcript_outcome(reply, None, "us").state == "unmeterable"


@pytest.mark.parametrize(
    "duration, ms",
    [(1, 1000), (7.3, 7300), (0.0004, 1), (0.1 + 0.2, 300), (1.0005, 1001), (86400, 86_400_000)],
)
def test_durations_are_read_exactly_to_the_millisecond(duration: float, ms: int) -> None:
    usage = transcript_outcome({**DONE, "audio_duration": duration}, None, "us").usage
    assert usage is not None
    assert ms == usage.audio_ms


@pytest.mark.parametrize(
    "reply, asked, model",
    [
        pytest.param(
            {"speech_model_used": "universal-2", "speech_model": "best", "speech_models": ["x"]},
            {"models": ["universal-3-pro"]},
            "universal-2",
            id="the one used",
        ),
        pytest.param(
            {"speech_model_used": None, "speech_model": "nano"}, {}, "nano", id="the older field"
        ),
        pytest.param(
            {"speech_model_used": None, "speech_models": ["universal-2"]},
            None,
            "universal-2",
            id="the only one of the reply",
        ),
        pytest.param(
            {"speech_model_used": ""},
            {"models": ["universal-2"]},
            "universal-2",
            id="the only one asked",
        ),
    ],
)
def test_the_model_that_was_used_counts(
    reply: dict[str, Any], asked: dict[str, Any] | None, model: str
) -> None:
    usage = transcript_outcome({**DONE, **reply}, asked, "us").usage
    assert usage is not None
    assert model == usage.model


@pytest.mark.parametrize(
    "asked, reply, features",
    [
        pytest.param(["redact_pii"], {}, {"redact_pii"}, id="not echoed: as asked"),
        pytest.param(["redact_pii"], {"redact_pii": None}, {"redact_pii"}, id="null: as asked"),
        pytest.param(["redact_pii"], {"redact_pii": False}, set(), id="reply says no"),
        pytest.param([], {"redact_pii": True}, {"redact_pii"}, id="reply says yes"),
        pytest.param(["prompt"], {"prompt": ""}, set(), id="reply has no prompt"),
        pytest.param([], {"keyterms_prompt": ["a"]}, {"keyterms_prompt"}, id="reply has terms"),
        pytest.param(["keyterms_prompt"], {"keyterms_prompt": []}, set(), id="reply has none"),
        pytest.param(["emotions"], {"emotions": False}, set(), id="unknown, reply says no"),
        pytest.param([], {"is_new": True}, set(), id="unknown facts of a reply are no features"),
        pytest.param(
            [],
            {"speech_understanding": {"request": {"translation": {"t": 1}}, "response": {}}},
            {"speech_understanding.translation"},
            id="task in the reply",
        ),
        pytest.param([], {"domain": "medical-v1"}, {"domain.medical-v1"}, id="domain in the reply"),
    ],
)
def test_the_reply_confirms_what_was_asked(
    asked: list[str], reply: dict[str, Any], features: set[str]
) -> None:
    usage = transcript_outcome({**DONE, **reply}, {"features": asked}, "us").usage
    assert usage is not None
    assert features == usage.features


@pytest.mark.parametrize(
    "asked, reply, channels",
    [
        pytest.param([], {"audio_channels": 4}, 4, id="audio_channels alone"),
        pytest.param([], {"multichannel": False, "audio_channels": 4}, 1, id="not multichannel"),
        pytest.param([], {"multichannel": True, "audio_channels": 8}, 8, id="multichannel"),
        pytest.param(["multichannel"], {"audio_channels": 2}, 2, id="asked for"),
        pytest.param([], {"multichannel": True, "audio_channels": 1}, 1, id="one channel"),
        pytest.param([], {"dual_channel": True}, 2, id="dual_channel"),
        pytest.param(
            ["dual_channel"],
            {"multichannel": False, "dual_channel": None},
            2,
            id="dual_channel was asked for",
        ),
    ],
)
def test_channels_are_counted_where_each_is_billed(
    asked: list[str], reply: dict[str, Any], channels: int
) -> None:
    usage = transcript_outcome({**DONE, **reply}, {"features": asked}, "us").usage
    assert usage is not None
    assert channels == usage.channels


def test_sentences_show_that_the_transcript_is_complete() -> None:
    reply = {"id": "t", "audio_duration": 8, "sentences": [], "speech_model_used": "universal-2"}
    expected = Usage("transcript", "universal-2", "us", 8000, features=frozenset({"redact_pii"}))
    assert Outcome("completed", expected) == transcript_outcome(
        reply, {"features": ["redact_pii"]}, "us"
    )


def test_a_sub_resource_that_does_not_tell_all_leaves_the_transcript_pending() -> None:
    reply = {"id": "t", "audio_duration": 8, "paragraphs": []}
    two = {"models": ["universal-3-pro", "universal-2"]}
    stereo = {"models": ["universal-2"], "features": ["multichannel"]}
    assert transcript_outcome(reply, two, "us").state == "pending"
    assert transcript_outcome(reply, stereo, "us").state == "pending"


VALUES = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
VALUES = (
    VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(st.text(max_size=5), VALUES, max_size=2)
)
FIELDS = st.sampled_from(
    [
        "status",
        "audio_duration",
        "speech_model_used",
        "speech_models",
        "audio_channels",
        "multichannel",
        "domain",
        "speech_understanding",
        "sentences",
        "keyterms_prompt",
        "usage",
        "model",
        "audio_duration_ms",
        "type",
        "session_duration_seconds",
    ]
)


@given(reply=VALUES | st.dictionaries(FIELDS, VALUES))
def test_no_reply_crashes_and_only_a_whole_one_is_completed(reply: Any) -> None:
    if isinstance(reply, dict):
        reply = {"status": "completed", **reply}
    for kind in ("transcript", "chat", "sync", "dictation", "session"):
        outcome = outcome_of(kind, reply, None, "us")
        assert (outcome.state == "completed") == (outcome.usage is not None)
        assert outcome.state != "unmeterable" or outcome.reason
        if outcome.usage is not None and kind == "transcript":
            assert outcome.usage.audio_ms is not None
            assert outcome.usage.audio_ms > 0


# Other kinds.


def test_a_sync_clip_is_used_to_the_millisecond() -> None:
    reply = {"text": "x", "audio_duration_ms": 7321, "session_id": "s"}
    expected = Usage("sync", "universal-3-5-pro", "us", audio_ms=7321)
    asked = billing_facts("sync", {"model": "universal-3-5-pro"})
    assert Outcome("completed", expected) == clip_outcome(reply, asked, "us")


@pytest.mark.parametrize("value", [None, 0, -5, "7", True, math.nan, 10**12])
def test_a_clip_without_a_true_duration_is_odd(value: Any) -> None:
    assert clip_outcome({"audio_duration_ms": value}, None, "us").state == "unmeterable"


def test_a_session_is_billed_by_the_time_its_socket_was_open() -> None:
    message = {
        "type": "Termination",
        "audio_duration_seconds": 30,
        "session_duration_seconds": 60.5,
    }
    query = {"speech_model": "u3-rt-pro", "speaker_labels": "true", "keyterms_prompt": "[]"}
    expected = Usage(
        "session", "u3-rt-pro", "eu", session_ms=60_500, features=frozenset({"speaker_labels"})
    )
    assert Outcome("completed", expected) == session_outcome(
        message, billing_facts("session", query), "eu"
    )


def test_a_session_goes_on_until_its_termination() -> None:
    assert session_outcome({"type": "Turn"}, None, "us").state == "pending"
    assert session_outcome({"type": "Termination"}, None, "us").state == "unmeterable"


def test_understanding_is_used_by_the_length_of_the_transcript_it_reads() -> None:
    body = {
        "transcript_id": "t1",
        "speech_understanding": {"request": {"translation": {"target_languages": ["de"]}}},
    }
    asked = billing_facts("understanding", body)
    assert asked == {"transcript_id": "t1", "features": ["speech_understanding.translation"]}
    usage = understanding_outcome({"request_id": "r"}, {**asked, "audio_ms": 5000}, "us").usage
    assert (
        Usage(
            "understanding",
            audio_ms=5000,
            features=frozenset({"speech_understanding.translation"}),
        )
        == usage
    )
    without = understanding_outcome({"request_id": "r"}, asked, "us").usage
    assert without is not None
    assert without.audio_ms is None


@pytest.mark.parametrize(
    "query, seconds",
    [
        ({}, 10_800),
        ({"max_session_duration_seconds": "600"}, 600),
        ({"max_session_duration_seconds": "x"}, 10_800),
        ({"max_session_duration_seconds": "99999999"}, 10_800),
    ],
)
def test_a_token_is_bound_to_the_session_it_can_open(query: dict[str, str], seconds: int) -> None:
    assert seconds == billing_facts("token", query)["max_session_s"]


# Chat.


def test_a_chat_completion_counts_its_tokens_by_either_spelling() -> None:
    for usage in (
        {"input_tokens": 10, "output_tokens": 3},
        {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13},
        {"input_tokens": 10, "prompt_tokens": 10, "output_tokens": 3, "completion_tokens": 3},
        {"input_tokens": 10.0, "output_tokens": 3},
    ):
        got = chat_usage({"usage": usage}, {"models": ["gpt-5"]}, "us")
        expected = Usage(
            "chat", "gpt-5", "us", input_tokens=10, output_tokens=3, requested_models=("gpt-5",)
        )
        assert expected == got


def test_where_the_two_spellings_differ_the_larger_count_is_taken() -> None:
    counts = {"input_tokens": 7, "prompt_tokens": 9, "output_tokens": 4, "completion_tokens": 3}
    usage = chat_usage({"usage": counts}, None, "us")
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (9, 4)


def test_cached_tokens_are_told_apart() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "prompt_tokens_details": {
            "cached_tokens": 60,
            "audio_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
            "cache_write_tokens": 30,
        },
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    got = chat_usage({"model": "claude-sonnet-4-6", "usage": usage}, None, "eu")
    assert (
        Usage(
            "chat",
            "claude-sonnet-4-6",
            "eu",
            input_tokens=100,
            output_tokens=5,
            cached_tokens=60,
            cache_write_tokens=20,
            cache_write_1h_tokens=10,
        )
        == got
    )


def test_the_model_that_answered_counts_and_all_that_were_asked_for_are_known() -> None:
    reply = {"model": "claude-sonnet-4-6", "usage": {"input_tokens": 1, "output_tokens": 1}}
    alone = chat_usage(reply, {"models": ["gpt-5"]}, "us")
    rescued = chat_usage(reply, {"models": ["gpt-5", "claude-sonnet-4-6"], "fallbacks": True}, "us")
    assert alone is not None
    assert rescued is not None
    assert (alone.model, alone.requested_models) == ("claude-sonnet-4-6", ("gpt-5",))
    assert rescued.model == "claude-sonnet-4-6"
    assert rescued.requested_models == ("gpt-5", "claude-sonnet-4-6")


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {},
        {"input_tokens": 5},
        {"input_tokens": None, "output_tokens": 5},
        {"input_tokens": "5", "output_tokens": 5},
        {"input_tokens": -5, "output_tokens": 5},
        {"input_tokens": True, "output_tokens": 5},
        {"input_tokens": math.nan, "output_tokens": 5},
        {"input_tokens": 10**12, "output_tokens": 5},
        {"input_tokens": 5, "prompt_tokens": "x", "output_tokens": 5},
        {"input_tokens": 5, "output_tokens": 5, "prompt_tokens_details": {"cached_tokens": -1}},
    ],
)
def test_odd_token_counts_are_no_usage(usage: Any) -> None:
    outcome = chat_outcome({"model": "gpt-5", "usage": usage}, None, "us")
    assert (outcome.state, outcome.usage) == ("unmeterable", None)
    assert outcome.reason


def stream(*chunks: dict[str, Any] | str) -> bytes:
    return b"".join(
        encode_event(c.encode() if isinstance(c, str) else json.dumps(c).encode()) for c in chunks
    )


@pytest.mark.parametrize("width", [1, 7, 10_000])
def test_a_stream_is_metered_by_its_last_usage_however_it_is_cut(width: int) -> None:
    sent = stream(
        {"model": "qwen3", "choices": [{"delta": {"content": "hä"}}], "usage": None},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}},
        "[DONE]",
    )
    meter = ChatMeter({"models": ["qwen3-32B"]}, "us")
    for i in range(0, len(sent), width):
        meter.feed(sent[i : i + width])
    assert meter.done
    assert meter.reason is None
    assert (
        Usage(
            "chat", "qwen3", "us", input_tokens=9, output_tokens=4, requested_models=("qwen3-32B",)
        )
        == meter.usage
    )


def test_a_stream_without_usage_says_so() -> None:
    meter = ChatMeter(None, "us")
    meter.feed(stream({"model": "m", "choices": []}, "[DONE]"))
    assert (meter.usage, meter.reason) == (None, "the stream ended without usage")


def test_a_stream_cut_short_is_not_done_and_an_error_event_is_seen() -> None:
    meter = ChatMeter(None, "us")
    meter.feed(stream({"model": "m", "choices": []}, {"error": {"message": "x"}}))
    assert (meter.done, meter.error) == (False, True)


def test_nonsense_in_a_stream_is_survived() -> None:
    meter = ChatMeter(None, "us")
    for data in ("{", '"usage"', '["usage"]', '{"usage": ' + "[" * 5000, '{"usage": NaN}', "\xff"):
        meter.feed(stream(data))
    meter.feed(stream({"model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}))
    assert meter.usage is not None


def test_an_endless_event_is_not_kept() -> None:
    meter = ChatMeter(None, "us")
    for _ in range(10):
        meter.feed(b"x" * (1 << 20))
    assert meter.usage is None
    assert "more than 4194304 bytes" in (meter.reason or "")


@pytest.mark.parametrize("kind", ["transcript", "chat", "sync", "understanding", "session"])
def test_a_reply_that_is_no_object_is_odd(kind: str) -> None:
    assert outcome_of(kind, "hello", None, "us").state == "unmeterable"


def test_what_nobody_can_price_is_still_recorded() -> None:
    assert outcome_of("tts", {}, {"models": ["m"]}, "eu").usage == Usage("tts", "m", "eu")


def test_lemur_replies_count_tokens_as_chat_does() -> None:
    reply = {"response": "x", "usage": {"input_tokens": 5, "output_tokens": 2}}
    asked = billing_facts("lemur", {"final_model": "anthropic/claude-3-haiku"})
    usage = outcome_of("lemur", reply, asked, "us").usage
    assert usage is not None
    assert (usage.kind, usage.input_tokens, usage.output_tokens) == ("lemur", 5, 2)


def test_a_stream_that_broke_its_bound_reads_no_more() -> None:
    meter = ChatMeter(None, "us")
    meter.feed(b"x" * (5 << 20))
    meter.feed(b"\n\n" + stream({"usage": {"prompt_tokens": 1, "completion_tokens": 1}}))
    assert meter.usage is None
