"""Speech synthesis: its facts, and the characters that count."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing import decisive
from assemblyai_mw.billing.speech import (
    SpeechEvents,
    byte_length,
    session_speech_outcome,
    speech_asked,
    spoken,
)

ASKED = {"body_bytes": 26}


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


SOUND = event("Audio", audio="AAAA", flush_id=0)
LAST = event("Termination", total_input_char_length=9)


@pytest.mark.parametrize(
    "blocks, characters",
    [
        ([event("Begin", id="x"), SOUND, LAST], 9),
        ([SOUND, event("Termination")], 12),
        ([SOUND, event("Termination", total_input_char_length=0)], 0),
        ([SOUND, event("Termination", total_input_char_length="9")], None),
        ([SOUND, event("Termination", total_input_char_length=True)], None),
        ([SOUND, event("Termination", total_input_char_length=27)], None),
        ([SOUND], None),
        ([SOUND, event("Error", error_code=3005)], None),
        ([SOUND, b'event: Termination\ndata: {"type"\n\n'], None),
        ([SOUND, b"event: Termination\ndata: []\n\n"], None),
        ([b"x" * (5 << 20)], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
def test_the_figure_of_a_stream_of_events(
    blocks: list[bytes], characters: int | None, cut: int
) -> None:
    whole = b"".join(blocks)
    cut = max(cut, len(whole) >> 10)
    events = SpeechEvents()
    for at in range(0, len(whole), cut):
        events.feed(whole[at : at + cut])
    outcome = events.outcome("12", ASKED, "us")
    assert (outcome.usage and outcome.usage.characters) == characters
    assert outcome.state == ("unmeterable" if characters is None else "completed")


@pytest.mark.parametrize(
    "asked, told, model",
    [({}, None, None), ({}, "b", "b"), ({"models": ["a"]}, "b", "a"), ({}, "x" * 200, None)],
)
def test_the_model_asked_for_counts_else_the_one_told(
    asked: dict[str, Any], told: str | None, model: str | None
) -> None:
    outcome = session_speech_outcome(
        {"total_input_char_length": 3}, asked, "eu", most=3, model=told
    )
    assert outcome.usage is not None
    assert (outcome.usage.model, outcome.usage.region) == (model, "eu")
    assert outcome.model == (told if told and len(told) < 200 else None)


def test_the_models_of_both_shapes_are_read() -> None:
    assert speech_asked({"model_id": "a"}) == {"models": ["a"]}
    assert speech_asked({"model": "a"}, 7) == {"models": ["a"], "body_bytes": 7}
    assert speech_asked({"voice_id": "a", "model_id": None}) == {}
    assert decisive.read("tts", {"model_id": "a", "text": "x"}, size=3).faults == ()
    fault = decisive.read("tts", {"model_id": "a", "model": "a"}, size=3).fault("price")
    assert fault is not None
    assert fault.path == "model_id"
    assert decisive.read_query("tts", [("model_id", "a"), ("model_id", "b")]).fault("price")


@given(st.text() | st.sampled_from(["\ud800", "\U0001f600"]))
def test_no_measure_of_a_text_is_above_its_bytes(text: str) -> None:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert byte_length(text) >= max(len(text), units)


@given(
    st.dictionaries(
        st.sampled_from(["type", "text", "Text", "TEXT ", "t\u200bext", "x"]),
        st.sampled_from(["Generate", "Flush", "words", 7, None, ["words"]]),
    )
)
def test_words_are_those_of_one_member_or_there_is_a_fault(message: dict[str, Any]) -> None:
    found = decisive.read_words(message)
    if found.fault("price") is None and message.get("type") == "Generate":
        assert spoken(message) == message["text"]
        assert not {"Text", "TEXT ", "t\u200bext"} & message.keys()
