"""Streaming sessions: what decides their price, and what they cost by the hour."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from assemblyai.streaming.v3 import _base, models
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing import decisive
from assemblyai_mw.billing.features import MAX_FEATURES
from assemblyai_mw.billing.money import Unpriced
from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import billing_facts, estimated_session, session_outcome
from assemblyai_mw.billing.sessions import (
    PARAMETERS,
    ROUNDING_NANO,
    cost_of,
    in_json,
    seconds_for,
    union,
)
from assemblyai_mw.billing.usage import UNCLEAR, Usage

AT = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
BOOK = PriceBook.load()
HOUR_NANO = 1_000_000_000
TERMINATION = {"type": "Termination", "audio_duration_seconds": 9, "session_duration_seconds": 60}

# What the Node SDK 4.41.5 writes and the Python SDK 1.8.2 does not name.
NODE_ONLY = {"_customer_support_audio_capture", "token"}


def query_of(**parameters: Any) -> list[tuple[str, str]]:
    """Return the query that the Python SDK writes of its parameters."""
    asked = models.RealTimeParameters(sample_rate=16_000, **parameters)
    return parse_qsl(urlsplit(_base._build_uri("h", asked)).query, keep_blank_values=True)


def update_of(**parameters: Any) -> dict[str, Any]:
    """Return the message that the Python SDK writes of its parameters."""
    found: dict[str, Any] = json.loads(
        _base._dump_model_json(models.UpdateConfiguration(**parameters))
    )
    return found


# The table of parameters


def test_every_documented_parameter_is_in_the_table() -> None:
    assert set(PARAMETERS) - NODE_ONLY == set(models.RealTimeParameters.model_fields)


def test_the_table_says_which_parameters_an_update_may_change() -> None:
    documented = set(models.UpdateConfiguration.model_fields) - {"type"}
    assert {name for name, each in PARAMETERS.items() if each.update} == documented


def test_the_parameters_of_the_sdk_are_without_fault_and_all_counted() -> None:
    found = decisive.read_query(
        "session",
        query_of(
            speech_model="universal-3-6-pro",
            speaker_labels=True,
            domain="medical-v1",
            redact_pii=True,
            redact_pii_policies=["person_name"],
            noise_suppression_model="near-field",
            prompt="null",
            keyterms_prompt=["Arlington", "Decarlo"],
            agent_context="What is your name?",
            filter_profanity=True,
            format_turns=True,
            language_detection=False,
            customer_support_audio_capture=True,
            session_heartbeat=True,
        ),
    )
    assert found.faults == ()
    assert found.asked == {
        "models": ["universal-3-6-pro"],
        "features": [
            "customer_support_audio_capture",
            "domain.medical-v1",
            "filter_profanity",
            "format_turns",
            "keyterms_prompt",
            "prompt",
            "redact_pii",
            "speaker_labels",
            "voice_focus",
        ],
    }


def test_the_llm_of_a_session_is_told() -> None:
    llm = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
    found = decisive.read_query("session", query_of(llm_gateway=llm))
    assert found.faults == ()
    assert found.asked == {"llm_gateway": True}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("keyterms_prompt=%5B%5D", id="no-terms"),
        pytest.param("keyterms_prompt=%5B%22%22%5D", id="an-empty-term"),
        pytest.param("prompt=", id="no-prompt"),
        pytest.param("speaker_labels=false&redact_pii=False", id="flags-off"),
        pytest.param("domain=", id="no-domain"),
        pytest.param("max_speakers=2&sample_rate=16000", id="settings"),
    ],
)
def test_options_that_ask_for_nothing_cost_nothing(query: str) -> None:
    found = decisive.read_query("session", parse_qsl(query, keep_blank_values=True))
    assert (found.asked, found.faults) == ({}, ())


# Faults


@pytest.mark.parametrize(
    ("query", "path", "what"),
    [
        pytest.param("Speech_Model=u3-rt-pro", "Speech_Model", "spelling", id="capitals"),
        pytest.param("speechModel=u3-rt-pro", "speechModel", "spelling", id="camel"),
        pytest.param("speech-model=u3-rt-pro", "speech-model", "spelling", id="hyphen"),
        pytest.param("%E1%B5%96rompt=x", "\\u1d56rompt", "spelling", id="lookalike"),
        pytest.param(
            "speaker%E2%80%8B_labels=true", "speaker\\u200b_labels", "spelling", id="zwsp"
        ),
        pytest.param("llmGateway=%7B%7D", "llmGateway", "spelling", id="llm"),
        pytest.param("sentimentAnalysis=true", "sentimentAnalysis", "spelling", id="of-others"),
        pytest.param("redact_pii=true&redact_pii=false", "redact_pii", "value", id="twice"),
        pytest.param("speech_model=a&speech_model=b", "speech_model", "value", id="two-models"),
        pytest.param("speech_models=%5B%22a%22%5D", "speech_models", "value", id="models"),
        pytest.param("speech_model=", "speech_model", "value", id="no-name"),
        pytest.param("speaker_labels=1", "speaker_labels", "value", id="one"),
        pytest.param("redact_pii=", "redact_pii", "value", id="blank-flag"),
        pytest.param("keyterms_prompt=Arlington", "keyterms_prompt", "value", id="bare-term"),
        pytest.param("keyterms_prompt=%5B1%5D", "keyterms_prompt", "value", id="number"),
        pytest.param("voice_focus=off", "voice_focus", "value", id="focus"),
        pytest.param("noise_suppression_model=x", "noise_suppression_model", "value", id="noise"),
        pytest.param("domain=m%C3%A9dical", "domain", "value", id="domain"),
        pytest.param("llm_gateway=%7B%7D", "llm_gateway", "value", id="llm-without-model"),
        pytest.param("llm_gateway=x", "llm_gateway", "value", id="llm-text"),
    ],
)
def test_what_can_be_read_in_two_ways_is_a_fault_of_the_query(
    query: str, path: str, what: str
) -> None:
    found = decisive.read_query("session", parse_qsl(query, keep_blank_values=True))
    fault = found.fault("price")
    assert fault is not None
    assert (fault.path, fault.what) == (path, what)
    assert found.asked[UNCLEAR] == fault.reason


def test_a_doubtful_context_concerns_guards_alone() -> None:
    found = decisive.read_query("session", [("agentContext", "x")])
    assert found.fault("price") is None
    assert found.fault("words") is not None
    assert UNCLEAR not in found.asked


@pytest.mark.parametrize("text", ["[" * 100_000, "{", '"', "\ud800", "9" * 5000])
def test_broken_json_in_a_query_is_a_fault_and_no_error(text: str) -> None:
    for name in ("keyterms_prompt", "llm_gateway"):
        fault = decisive.read_query("session", [(name, text)]).fault("price")
        assert fault is not None
        assert fault.path == name


def test_an_update_of_the_sdk_is_without_fault() -> None:
    found = decisive.read(
        "session",
        update_of(
            prompt="Names",
            keyterms_prompt=["Arlington"],
            agent_context="Your name?",
            filter_profanity=True,
            format_turns=False,
            language_codes=["en"],
            acknowledge_silence=True,
            session_heartbeat=True,
            vad_threshold=0.4,
            min_turn_silence=100,
        ),
    )
    assert found.faults == ()
    assert found.asked == {"features": ["filter_profanity", "keyterms_prompt", "prompt"]}


@pytest.mark.parametrize("kind", ["ForceEndpoint", "KeepAlive", "Terminate"])
def test_the_other_messages_of_a_client_decide_nothing(kind: str) -> None:
    found = decisive.read("session", {"type": kind})
    assert (found.asked, found.faults) == ({}, ())


@pytest.mark.parametrize(
    ("members", "path"),
    [
        pytest.param({"Prompt": "x"}, "Prompt", id="spelling"),
        pytest.param({"keytermsPrompt": ["x"]}, "keytermsPrompt", id="camel"),
        pytest.param({"Type": "UpdateConfiguration"}, "Type", id="type"),
        pytest.param({"keyterms_prompt": "x"}, "keyterms_prompt", id="text"),
        pytest.param({"filter_profanity": "true"}, "filter_profanity", id="flag-in-text"),
        pytest.param({"speaker_labels": True}, "speaker_labels", id="only-at-the-start"),
        pytest.param({"speech_model": "u3-rt-pro"}, "speech_model", id="model"),
        pytest.param({"llm_gateway": {"model": "gpt-5"}}, "llm_gateway", id="llm"),
        pytest.param({"voice_focus": "near-field"}, "voice_focus", id="focus"),
        pytest.param({"type": "ReconfigureOfTomorrow"}, "type", id="unknown-message"),
        pytest.param({"type": ["UpdateConfiguration"]}, "type", id="type-in-a-list"),
    ],
)
def test_what_no_update_documents_is_a_fault(members: dict[str, Any], path: str) -> None:
    fault = decisive.read("session", {"type": "UpdateConfiguration", **members}).fault("price")
    assert fault is not None
    assert fault.path == path


def test_a_flood_of_flags_is_a_fault_of_a_message() -> None:
    flags: dict[str, Any] = dict.fromkeys(map(str, range(MAX_FEATURES + 1)), True)
    assert decisive.read("session", {"type": "UpdateConfiguration", **flags}).fault("price")


# The words


def test_parameters_that_are_spelled_in_json_are_read_as_json() -> None:
    llm = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
    pairs = dict(
        query_of(prompt="[1]", keyterms_prompt=["a", "b"], llm_gateway=llm, mode="balanced")
    )
    assert in_json(pairs) == {
        **pairs,
        "prompt": "[1]",
        "keyterms_prompt": ["a", "b"],
        "llm_gateway": llm,
        "mode": "balanced",
    }


@pytest.mark.parametrize("text", ["[", '{"model": "m", "model": "n"}', "[NaN]", "\ud800"])
def test_what_two_readers_could_read_differently_stays_a_text_and_is_a_fault(text: str) -> None:
    assert in_json({"keyterms_prompt": text}) == {"keyterms_prompt": text}
    for name in ("keyterms_prompt", "llm_gateway"):
        assert decisive.read_query("session", [(name, text)]).fault("price") is not None


# A session's facts over its time


def test_an_option_that_was_on_once_counts_for_the_whole_session() -> None:
    asked = billing_facts("session", {"speech_model": "u3-rt-pro", "prompt": "x"})
    more = billing_facts("session", update_of(keyterms_prompt=["a"]))
    less = billing_facts("session", update_of(keyterms_prompt=[], prompt=""))
    both = union(union(asked, more), less)
    assert both == {"models": ["u3-rt-pro"], "features": ["keyterms_prompt", "prompt"]}
    assert asked == {"models": ["u3-rt-pro"], "features": ["prompt"]}


def test_a_doubtful_update_makes_the_whole_session_doubtful() -> None:
    update = decisive.read("session", {"type": "UpdateConfiguration", "Prompt": "x"}).asked
    both = union({"models": ["u3-rt-pro"]}, update)
    outcome = session_outcome(TERMINATION, union(both, {}), "us")
    assert (outcome.state, outcome.reason) == ("unmeterable", update[UNCLEAR])
    with pytest.raises(Unpriced, match="Prompt is not a documented spelling"):
        BOOK.session_rate(both, "us", AT)


def test_an_llm_stays_in_the_union() -> None:
    assert union({"llm_gateway": True}, {"features": ["prompt"]})["llm_gateway"] is True
    assert union({}, {"llm_gateway": True}) == {"llm_gateway": True}


def test_flags_of_many_updates_have_an_end_and_are_not_dropped_in_silence() -> None:
    asked: dict[str, Any] = {"models": ["u3-rt-pro"], "features": ["prompt"]}
    for number in range(MAX_FEATURES + 9):
        asked = union(asked, billing_facts("session", {f"a{number}": True}))
    assert len(asked["features"]) == MAX_FEATURES + 1
    assert "prompt" in asked["features"]
    assert "undocumented flags" in asked[UNCLEAR]


@pytest.mark.parametrize(
    ("told", "model"),
    [
        ("universal-3-6-pro", "universal-3-6-pro"),
        ("whisper-rt", "whisper-rt"),
        ("a-model-of-tomorrow", "u3-rt-pro"),
        ("gpt-5", "u3-rt-pro"),
        ("", "u3-rt-pro"),
        (None, "u3-rt-pro"),
        (7, "u3-rt-pro"),
    ],
)
def test_the_model_that_begin_told_stands_where_the_book_knows_it(told: Any, model: str) -> None:
    asked = {"models": ["u3-rt-pro"], "features": ["prompt"]}
    assert BOOK.with_model(asked, told, AT) == {"models": [model], "features": ["prompt"]}


def test_begin_names_the_model_of_a_session_that_named_none() -> None:
    assert BOOK.with_model({}, "u3-rt-pro", AT) == {"models": ["u3-rt-pro"]}
    assert BOOK.with_model({}, "tomorrows", AT) == {}


# The rate


@pytest.mark.parametrize(
    ("query", "dollars"),
    [
        pytest.param({"speech_model": "u3-rt-pro"}, "0.45", id="pro"),
        pytest.param({"speech_model": "universal-3-5-pro"}, "0.45", id="alias"),
        pytest.param({"speech_model": "universal-streaming-english"}, "0.15", id="english"),
        pytest.param(
            {"speech_model": "universal-streaming-english", "keyterms_prompt": '["a"]'},
            "0.20",
            id="english-keyterms",
        ),
        pytest.param(
            {"speech_model": "u3-rt-pro", "keyterms_prompt": '["a"]'}, "0.45", id="pro-keyterms"
        ),
        pytest.param(
            {
                "speech_model": "universal-3-6-pro",
                "speaker_labels": "true",
                "domain": "medical-v1",
                "prompt": "x",
                "noise_suppression_model": "far-field",
                "redact_pii": "True",
                "format_turns": "true",
                "sentiment_analysis": "true",
            },
            "0.99",
            id="everything",
        ),
    ],
)
def test_the_rate_is_the_model_and_its_add_ons(query: dict[str, str], dollars: str) -> None:
    asked = billing_facts("session", query)
    rate = BOOK.session_rate(asked, "us", AT)
    assert rate == round(float(dollars) * 100) * HOUR_NANO // 100
    assert rate == BOOK.price(_used(asked, 3_600_000), AT).nano
    assert rate == BOOK.session_rate(asked, "eu", AT)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param({}, "names no speech_model", id="no-model"),
        pytest.param({"speech_model": "tomorrows"}, "no price for model", id="unknown"),
        pytest.param(
            {"speech_model": "u3-rt-pro", "domain": "law"}, "no price for add-on", id="domain"
        ),
        pytest.param(
            {"speech_model": "u3-rt-pro", "llm_gateway": "{}"}, "tokens are not seen", id="llm"
        ),
    ],
)
def test_a_session_without_a_price_has_no_rate(query: dict[str, str], reason: str) -> None:
    asked = billing_facts("session", query)
    with pytest.raises(Unpriced, match=reason):
        BOOK.session_rate(asked, "us", AT)
    with pytest.raises(Unpriced):
        BOOK.price(_used(asked, 60_000), AT)


def test_an_operator_may_price_the_llm_of_sessions() -> None:
    book = PriceBook.load({"session_addon": {"llm_gateway": "0.25"}})
    asked = {"models": ["u3-rt-pro"], "llm_gateway": True}
    assert book.session_rate(asked, "us", AT) == 700_000_000
    assert book.price(_used(asked, 3_600_000), AT).nano == 700_000_000


def test_a_default_model_has_no_rate_even_if_every_model_has_a_price() -> None:
    book = PriceBook.load({"session": {"*": "0.10"}})
    assert book.session_rate({"models": ["tomorrows"]}, "us", AT) == HOUR_NANO // 10
    with pytest.raises(Unpriced, match="names no speech_model"):
        book.session_rate({}, "us", AT)


def _used(asked: dict[str, Any], ms: int) -> Usage:
    usage = estimated_session(asked, ms, "us").usage
    assert usage is not None
    return usage


# Odd prices, so that lines have fractions of a nano-dollar: discounts of a third, and the like.
PRICE = st.decimals("0", "2", places=9, allow_nan=False).map(str)
DISCOUNT = st.decimals("-50", "100", places=3, allow_nan=False).map(lambda each: f"{each}%")


@given(
    ms=st.integers(1, 86_400_000),
    features=st.sets(
        st.sampled_from(
            [
                "speaker_labels",
                "domain.medical-v1",
                "redact_pii",
                "prompt",
                "voice_focus",
                "odd_one",
            ]
        )
    ),
    base=PRICE,
    own=PRICE,
    off=DISCOUNT,
)
def test_the_cost_by_the_rate_is_never_below_the_price(
    ms: int, features: set[str], base: str, own: str, off: str
) -> None:
    book = PriceBook.load(
        {"discount": off, "session": {"u3-rt-pro": base}, "session_addon": {"prompt": own}}
    )
    asked = {"models": ["u3-rt-pro"], "features": sorted(features)}
    rate = book.session_rate(asked, "us", AT)
    price = book.price(_used(asked, ms), AT).nano
    # The rate is rounded up once, and that part of a nano-dollar counts for each hour.
    assert price <= cost_of(ms, rate) <= price + ROUNDING_NANO + 24 + len(features) + 2


@given(nano=st.integers(0, 10**13), rate=st.integers(10**5, 10**11))
def test_money_lasts_for_as_long_as_its_cost_allows(nano: int, rate: int) -> None:
    ms = round(seconds_for(nano, rate) * 1000)
    assert cost_of(ms, rate) <= nano
    assert cost_of(ms + 1, rate) > nano


def test_a_free_session_lasts_for_ever() -> None:
    assert seconds_for(0, 0) == math.inf
    assert cost_of(86_400_000, 0) == 0
    assert cost_of(0, HOUR_NANO) == 0


def test_no_price_of_a_session_has_more_lines_than_its_rounding_allows() -> None:
    flags = [f"x{number}" for number in range(MAX_FEATURES)]
    prices = dict.fromkeys(flags, "0.000001111")
    book = PriceBook.load({"session_addon": prices})
    every = sorted({*flags, *book._priced("session_addon", AT)} - {"llm_gateway"})
    asked = {"models": ["u3-rt-pro"], "features": every}
    rate = book.session_rate(asked, "us", AT)
    # Each line comes to half a nano-dollar and a little at 1,620 ms.
    for ms in range(1_600, 1_640):
        assert book.price(_used(asked, ms), AT).nano <= cost_of(ms, rate)


# How a session ended


def test_a_session_without_a_usable_end_is_priced_by_our_own_clock() -> None:
    asked = {"models": ["u3-rt-pro"], "features": ["prompt"]}
    outcome = estimated_session(asked, 61_234, "eu")
    assert outcome.usage == Usage(
        "session", "u3-rt-pro", "eu", session_ms=61_234, features=frozenset({"prompt"})
    )
    assert _used(asked, 0).session_ms == 1


@pytest.mark.parametrize("value", [None, "60", True, -1, 0, 10**9, math.nan, math.inf, [60], {}])
def test_an_implausible_length_cannot_be_charged(value: Any) -> None:
    message = {**TERMINATION, "session_duration_seconds": value}
    assert session_outcome(message, {"models": ["u3-rt-pro"]}, "us").state == "unmeterable"
