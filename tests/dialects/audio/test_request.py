"""A form's fields as values, and the submit that they become."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_mw.dialects.audio import to_submit, tree_of
from assemblyai_mw.dialects.chat import Target
from assemblyai_mw.errors import RequestRefused

TARGET = Target("whisper-1", "universal-3-5-pro", "us", "/assemblyai")


@pytest.mark.parametrize(
    "pairs, tree",
    [
        ([("speaker_labels", "true")], {"speaker_labels": True}),
        ([("speaker_labels", "False")], {"speaker_labels": False}),
        ([("speakers_expected", "2")], {"speakers_expected": 2}),
        ([("speech_threshold", "0.5")], {"speech_threshold": 0.5}),
        ([("summary_type", "2")], {"summary_type": "2"}),
        ([("prompt", "[1")], {"prompt": "[1"}),
        ([("prompt", "")], {}),
        ([("keyterms_prompt", '["a", "b"]')], {"keyterms_prompt": ["a", "b"]}),
        ([("keyterms_prompt", "a")], {"keyterms_prompt": ["a"]}),
        ([("keyterms_prompt", "[noise]")], {"keyterms_prompt": ["[noise]"]}),
        ([("keyterms_prompt", "1"), ("keyterms_prompt", "b")], {"keyterms_prompt": ["1", "b"]}),
        ([("keyterms_prompt[]", "1"), ("keyterms_prompt[]", "b")], {"keyterms_prompt": ["1", "b"]}),
        ([("a[b]", "1"), ("a[c][d]", "x")], {"a": {"b": 1, "c": {"d": "x"}}}),
        ([("a", '{"b": [1]}')], {"a": {"b": [1]}}),
        ([("a[]", '{"b": 1}'), ("a[]", "2")], {"a": [{"b": 1}, 2]}),
        ([("serial", "00123")], {"serial": "00123"}),
    ],
)
def test_fields_become_values(pairs: Any, tree: Any) -> None:
    assert tree_of(pairs) == tree


@pytest.mark.parametrize(
    "pairs",
    [
        [("model", "a"), ("model", "b")],
        [("a", "1"), ("a[b]", "1")],
        [("a[b]", "1"), ("a", "1")],
        [("a[]", "1"), ("a", "1")],
        [("a", "1"), ("a[]", "1")],
        [("a[]", "1"), ("a[b]", "1")],
        [("a[b]", "1"), ("a[b][c]", "1")],
        [("a", "{")],
        [("a", '{"b": 1, "b": 2}')],
        [("a[b][c][d][e]", "1")],
        [("a[", "1")],
        [("a b", "1")],
        [("", "1")],
        [("language[]", "en")],
        [("response_format[]", "json")],
        [("prompt[a]", "x")],
        [("webhook_url[a][]", "x")],
        [("keywords[a]", "x")],
        [("languages[a][]", "en")],
    ],
)
def test_a_field_that_could_be_read_in_two_ways_is_400(pairs: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        tree_of(pairs)
    assert refused.value.status == 400


def submit(**fields: Any) -> dict[str, Any]:
    payload = to_submit(fields, TARGET).payload("URL")
    assert (payload.pop("audio_url"), payload.pop("speech_models")) == ("URL", [TARGET.id])
    return payload


@pytest.mark.parametrize(
    "fields, sent",
    [
        ({}, {"language_detection": True}),
        ({"language": "pt-BR"}, {"language_code": "pt_br"}),
        ({"language_detection": False}, {"language_detection": False}),
        (
            {"languages": ["en", "es"]},
            {
                "language_detection": True,
                "language_detection_options": {"expected_languages": ["en", "es"]},
            },
        ),
        ({"language": "en", "temperature": 0}, {"language_code": "en"}),
        ({"language": "en", "temperature": 0.5}, {"language_code": "en", "temperature": 0.5}),
        ({"language": "en", "keywords": ["a"]}, {"language_code": "en", "keyterms_prompt": ["a"]}),
        ({"language": "en", "chunking_strategy": "auto", "user": "u"}, {"language_code": "en"}),
        ({"language": "en", "tomorrow": {"a": 1}}, {"language_code": "en", "tomorrow": {"a": 1}}),
        (
            {"language": "en", "response_format": "diarized_json"},
            {"language_code": "en", "speaker_labels": True},
        ),
    ],
)
def test_openais_fields_become_assemblyais(fields: Any, sent: Any) -> None:
    assert submit(**fields) == sent


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"response_format": "xml"}, "response_format"),
        ({"stream": "yes"}, "stream"),
        ({"stream": True, "response_format": "srt"}, "stream"),
        ({"temperature": 2}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        (
            {"timestamp_granularities": ["page"], "response_format": "verbose_json"},
            "timestamp_granularities",
        ),
        ({"include": ["logprobs"]}, "include"),
        ({"known_speaker_names": ["a"]}, "known_speaker_names"),
        ({"audio_url": "https://example.com"}, "audio_url"),
        ({"speech_models": ["nano"]}, "speech_models"),
        ({"language": "en", "language_code": "de"}, "language"),
        ({"keywords": ["a"], "keyterms_prompt": ["b"]}, "keywords"),
        ({"response_format": "diarized_json", "speaker_labels": False}, "speaker_labels"),
        ({"languages": ["en"], "language_detection_options": 1}, "languages"),
    ],
)
def test_what_cannot_be_done_is_400_and_names_the_field(fields: Any, param: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        to_submit(fields, TARGET)
    assert (refused.value.status, refused.value.param) == (400, param)


def test_a_form_that_is_still_coming_may_yet_say_its_format() -> None:
    fields = {"timestamp_granularities": ["word"]}
    assert to_submit(fields, TARGET, whole=False).words
