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
