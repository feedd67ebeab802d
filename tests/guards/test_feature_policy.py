"""The feature policy: AssemblyAI's own features, forced or forbidden for keys and teams."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_mw.call import Call, Caller
from assemblyai_mw.guards import Block, FeaturePolicyGuard
from assemblyai_mw.routes import route_for

PII = {"redact_pii": True, "redact_pii_policies": ["person_name"]}
ALICE = Caller("alice", key_id=1, team="search")
MASTER = Caller("master", master=True)


def call_of(caller: Caller | None = ALICE, kind: str = "transcript") -> Call:
    call = Call("id", 0.0, route_for("/assemblyai"), "POST", "/v2/transcript", caller=caller)
    call.kind = kind
    return call


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"redact_pii": False},
        {"REDACT_PII": False, "Redact_Pii_Policies": []},
        {"redact_pii": None, "redact_pii_policies": ["drug"]},
    ],
    ids=["left out", "off", "another spelling", "other policies"],
)
def test_what_is_forced_replaces_whatever_was_asked(body):
    asked = {"audio_url": "u", **body}
    guard = FeaturePolicyGuard(force=PII)
    assert guard.before(call_of(), asked) == {"audio_url": "u", **PII}


def test_a_body_that_is_as_forced_already_is_left_alone():
    assert FeaturePolicyGuard(force=PII).before(call_of(), {"audio_url": "u", **PII}) is None


def test_one_calls_change_does_not_reach_the_next():
    guard = FeaturePolicyGuard(force=PII)
    first: Any = guard.before(call_of(), {})
    first["redact_pii_policies"].append("scribble")
    assert guard.before(call_of(), {}) == PII


@pytest.mark.parametrize(
    "body, feature",
    [
        ({"sentiment_analysis": True}, "sentiment_analysis"),
        ({"Sentiment_Analysis": True}, "sentiment_analysis"),
        ({"sentiment_analysis": "true"}, "sentiment_analysis"),
        ({"domain": "medical-v1"}, "domain.medical-v1"),
        (
            {"speech_understanding": {"request": {"translation": {}}}},
            "speech_understanding.translation",
        ),
    ],
)
def test_what_is_forbidden_is_refused_by_name(body, feature):
    guard = FeaturePolicyGuard(forbid=[feature])
    assert guard.before(call_of(), body) == Block(f"{feature} may not be used")


def test_a_forbidden_feature_that_is_off_is_no_matter():
    guard = FeaturePolicyGuard(forbid=["sentiment_analysis"])
    assert guard.before(call_of(), {"sentiment_analysis": False}) is None


@pytest.mark.parametrize(
    "options, caller, bound",
    [
        pytest.param({}, ALICE, True, id="everybody"),
        pytest.param({}, MASTER, False, id="but the master key"),
        pytest.param({}, None, True, id="and nobody known"),
        pytest.param({"keys": ["alice"]}, ALICE, True, id="by key"),
        pytest.param({"keys": ["bob"]}, ALICE, False, id="another key"),
        pytest.param({"teams": ["search"]}, ALICE, True, id="by team"),
        pytest.param({"teams": ["ads"]}, ALICE, False, id="another team"),
        pytest.param({"keys": ["bob"], "teams": ["search"]}, ALICE, True, id="either"),
        pytest.param({"keys": ["master"]}, MASTER, True, id="the master key by name"),
    ],
)
def test_it_binds_whom_it_names(options, caller, bound):
    changed = FeaturePolicyGuard(force=PII, **options).before(call_of(caller), {})
    assert (changed == PII) is bound


def test_features_are_not_forced_into_speech_understanding():
    guard = FeaturePolicyGuard(force=PII)
    assert guard.before(call_of(kind="understanding"), {"transcript_id": "t"}) is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"forbid": "redact_pii"},
        {"force": PII, "forbid": ["redact_pii"]},
        {"force": PII, "teams": "search"},
    ],
    ids=["nothing", "a text", "both", "a text for a list"],
)
def test_what_makes_no_sense_is_refused_at_start(options: Any):
    with pytest.raises(ValueError):
        FeaturePolicyGuard(**options)


# Streaming sessions


def session_call(upstream: Any = "unsent") -> Call:
    call = call_of(kind="session")
    call.upstream = upstream
    return call


@pytest.mark.parametrize(
    "body, feature",
    [
        ({"redact_pii": "True"}, "redact_pii"),
        ({"redact_pii": ["false", "true"]}, "redact_pii"),
        ({"Speaker_Labels": "true"}, "speaker_labels"),
        ({"voice_focus": "far-field"}, "voice_focus"),
        ({"noise_suppression_model": "far-field"}, "voice_focus"),
        ({"keyterms_prompt": ["a"]}, "keyterms_prompt"),
        ({"llm_gateway": {"model": "m"}}, "llm_gateway"),
        ({"type": "UpdateConfiguration", "format_turns": True}, "format_turns"),
    ],
)
def test_a_feature_of_a_session_can_be_forbidden(body, feature):
    guard = FeaturePolicyGuard(forbid=[feature])
    assert guard.before(session_call(), body) == Block(f"{feature} may not be used")
    assert guard.before(session_call(), {"sample_rate": "16000"}) is None


def test_what_is_forced_replaces_the_parameters_of_a_session():
    guard = FeaturePolicyGuard(force=PII)
    body = {"Redact_PII": "false", "sample_rate": "16000"}
    assert guard.before(session_call(), body) == {"sample_rate": "16000", **PII}


def test_an_update_is_changed_only_where_it_sets_what_is_forced():
    guard = FeaturePolicyGuard(force={**PII, "prompt": "Be plain"})
    update = {"type": "UpdateConfiguration", "vad_threshold": 0.1}
    assert guard.before(session_call("replied"), update) is None
    changed = guard.before(session_call("replied"), {**update, "Prompt": "mine"})
    assert changed == {**update, "prompt": "Be plain"}


def test_sessions_are_refused_where_what_is_forced_cannot_be():
    guard = FeaturePolicyGuard(force={**PII, "auto_chapters": True})
    found = guard.before(session_call(), {})
    assert found == Block("auto_chapters is forced, and sessions do not have it")
    own = FeaturePolicyGuard(force={"auto_chapters": True}, force_sessions=PII)
    assert own.before(session_call(), {}) == PII
    assert own.before(call_of(), {}) == {"auto_chapters": True}
    none = FeaturePolicyGuard(force={"auto_chapters": True}, force_sessions={})
    assert none.before(session_call(), {}) is None


@pytest.mark.parametrize(
    "options, words",
    [
        ({"force_sessions": {"auto_chapters": True}}, "auto_chapters: no such parameter"),
        ({"force_sessions": {"prompt": "x"}, "forbid": ["prompt"]}, "prompt is in both"),
        ({"force_sessions": {}}, "expected one of them"),
    ],
)
def test_what_makes_no_sense_for_sessions_is_refused_at_start(options, words):
    with pytest.raises(ValueError, match=words):
        FeaturePolicyGuard(**options)
