"""What decides rights and prices is read by its documented name, type and place alone."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing.decisive import read, read_query
from assemblyai_mw.billing.features import FILLED, FLAGS
from assemblyai_mw.billing.replies import billing_facts, chat_outcome, transcript_outcome
from assemblyai_mw.http.lookalikes import folded, visible

# Each parameter of AssemblyAI's OpenAPI file (TranscriptParams, TranscriptOptionalParams) and of
# the Python SDK's RawTranscriptionConfig, with a value of its documented type.
TRANSCRIPT: dict[str, Any] = {
    "audio_url": "https://example.com/a.mp3",
    "audio_end_at": 280,
    "audio_start_from": 10,
    "boost_param": "high",
    "content_safety_confidence": 50,
    "custom_spelling": [{"from": ["dicarlo"], "to": "Decarlo"}],
    "custom_topics": True,
    "domain": "medical-v1",
    "format_text": True,
    "keyterms_prompt": ["Arlington"],
    "keyterms_prompt_options": {"x": 1},
    "language_code": "en_us",
    "language_codes": ["en", "es"],
    "language_confidence_threshold": 0.7,
    "language_detection_options": {"expected_languages": ["en"], "fallback_language": "auto"},
    "prompt": "Names",
    "punctuate": True,
    "redact_pii_audio_options": {"return_redacted_no_speech_audio": True},
    "redact_pii_audio_quality": "mp3",
    "redact_pii_policies": ["person_name"],
    "redact_pii_return_unredacted": True,
    "redact_pii_sub": "hash",
    "remove_audio_tags": "all",
    "speaker_options": {"min_speakers_expected": 3},
    "speakers_expected": 2,
    "speech_model": "universal-3-5-pro",
    "speech_models": ["universal-3-5-pro", "universal-2"],
    "speech_threshold": 0.5,
    "speech_understanding": {
        "request": {
            "translation": {"target_languages": ["es"], "formal": True},
            "speaker_identification": {
                "speaker_type": "role",
                "speakers": [{"role": "Guest", "translation": "of a custom property"}],
            },
            "custom_formatting": {"date": "mm/dd/yyyy"},
            "summarization": {"prompt": "short"},
            "action_items": {},
        }
    },
    "summary_model": "informative",
    "summary_type": "bullets",
    "temperature": 0,
    "topics": ["x"],
    "webhook_auth_header_name": "X-A",
    "webhook_auth_header_value": "b",
    "webhook_url": "https://example.com",
    "word_boost": ["aws"],
    **dict.fromkeys(FLAGS, True),
}
# Of llm-gateway.yml, docs/llm-gateway and the SDK's `CompletionsResource.create`.
CHAT: dict[str, Any] = {
    "model": "gpt-5-mini",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}], "Model": "x"}],
    "max_tokens": 100,
    "max_completion_tokens": 10**9,
    "n": 2,
    "temperature": 0.2,
    "stream": True,
    "stream_options": {"include_usage": True},
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f",
                "parameters": {"type": "object", "properties": {"Model": {"type": "string"}}},
            },
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "fallbacks": [
        {"model": "claude-sonnet-4-6", "max_tokens": 5, "messages": [], "temperature": 0.4},
        {"model": "gpt-5", "model_region": "global", "transcript_id": "t", "n": 1},
    ],
    "fallback_config": {"depth": 2, "retry": False},
    "transcript_id": "t1",
    "model_region": "global",
    "reasoning": {"effort": "low"},
    "post_processing_steps": [{"type": "json-repair"}],
    "zero_data_retention": True,
    "fail_fast": True,
    "max_timeout": 3.5,
    "top_p": 0.5,
}
UNDERSTANDING: dict[str, Any] = {
    "transcript_id": "t1",
    "speech_understanding": TRANSCRIPT["speech_understanding"],
}
DOCUMENTED = {"transcript": TRANSCRIPT, "chat": CHAT, "understanding": UNDERSTANDING}


def paths(kind: str, body: Any) -> list[str]:
    return [fault.path for fault in read(kind, body).faults]


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_what_is_documented_has_no_fault(kind: str) -> None:
    body = DOCUMENTED[kind]
    assert read(kind, body).faults == ()
    assert read(kind, body).asked == billing_facts(kind, body)
    if kind != "understanding":
        assert read(kind, dict.fromkeys(body)).faults == (), "null is as if it were not there"
    for name in body:
        without = {each: value for each, value in body.items() if each != name}
        if name != "speech_understanding" or kind == "transcript":
            assert read(kind, without).faults == ()


# What is sent, and the member that the fault names.
FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a model's letter": ("chat", {"Model": "x"}, "Model"),
    "a long s": ("transcript", {"\u017fpeech_model": "x"}, "\\u017fpeech_model"),
    "the sign of Kelvin": ("transcript", {"\u212aeyterms_prompt": ["x"]}, "\\u212aeyterms_prompt"),
    "a dotless i": ("transcript", {"redact_p\u0131i": True}, "redact_p\\u0131i"),
    "full width": ("chat", {"\uff4dodel": "x"}, "\\uff4dodel"),
    "a soft hyphen": ("chat", {"mo\u00addel": "x"}, "mo\\u00addel"),
    "no width": ("chat", {"model\u200b": "x"}, "model\\u200b"),
    "a space": ("chat", {" model": "x"}, " model"),
    "hyphens": ("transcript", {"speech-models": ["x"]}, "speech-models"),
    "camels": ("transcript", {"speechModels": ["x"]}, "speechModels"),
    "a flag in capitals": ("transcript", {"REDACT_PII": True}, "REDACT_PII"),
    "a domain's name": ("transcript", {"Domain": "medical-v1"}, "Domain"),
    "two spellings": ("chat", {"model": "a", "MODEL": "b"}, "MODEL"),
    "in a fallback": (
        "chat",
        {"fallbacks": [{"model": "a"}, {"Model": "b"}]},
        "fallbacks[1].Model",
    ),
    "fallbacks": ("chat", {"Fallbacks": [{"model": "b"}]}, "Fallbacks"),
    "a fallback that is a text": ("chat", {"fallbacks": ["a"]}, "fallbacks[0]"),
    "a fallback that is null": ("chat", {"fallbacks": [None]}, "fallbacks[0]"),
    "one fallback": ("chat", {"fallbacks": {"model": "a"}}, "fallbacks"),
    "fallbacks of a fallback": (
        "chat",
        {"fallbacks": [{"model": "a", "fallbacks": [{"model": "b"}]}]},
        "fallbacks[0].fallbacks",
    ),
    "a flood of fallbacks": ("chat", {"fallbacks": [{"model": "a"}] * 33}, "fallbacks"),
    "a fallback's model in a list": (
        "chat",
        {"fallbacks": [{"model": ["a"]}]},
        "fallbacks[0].model",
    ),
    "a fallback's model in disguise": (
        "chat",
        {"fallbacks": [{"model": "claude\u200b-opus"}]},
        "fallbacks[0].model",
    ),
    "how to fall back": ("chat", {"fallback_config": [2]}, "fallback_config"),
    "a model that is a number": ("chat", {"model": 5}, "model"),
    "a region that is a list": ("chat", {"model_region": ["global"]}, "model_region"),
    "a fallback's region": (
        "chat",
        {"fallbacks": [{"model": "a", "model-region": "global"}]},
        "fallbacks[0].model-region",
    ),
    "an id that is a list": ("chat", {"transcript_id": ["t"]}, "transcript_id"),
    "ids that are a text": ("chat", {"transcript_ids": "t"}, "transcript_ids"),
    "another API's": ("chat", {"Speech_Model": "x"}, "Speech_Model"),
    "a text for a list of models": ("transcript", {"speech_models": "x"}, "speech_models"),
    "a table for it": ("transcript", {"speech_models": {"0": "x"}}, "speech_models"),
    "a list in it": ("transcript", {"speech_models": [["x"]]}, "speech_models"),
    "null in it": ("transcript", {"speech_models": ["x", None]}, "speech_models"),
    "a list for a model": ("transcript", {"speech_model": ["x"]}, "speech_model"),
    "an address in a list": ("transcript", {"audio_url": ["https://x.y"]}, "audio_url"),
    "a text for a flag": ("transcript", {"redact_pii": "true"}, "redact_pii"),
    "a number for a flag": ("transcript", {"redact_pii": 1}, "redact_pii"),
    "an object for a flag": ("transcript", {"redact_pii": {"on": True}}, "redact_pii"),
    "a list of domains": ("transcript", {"domain": ["medical-v1"]}, "domain"),
    "a domain in disguise": ("transcript", {"domain": "medical\u00ad-v1"}, "domain"),
    "a text for a list of terms": ("transcript", {"keyterms_prompt": "x"}, "keyterms_prompt"),
    "a list for a prompt": ("transcript", {"prompt": ["x"]}, "prompt"),
    "a list of understandings": (
        "transcript",
        {"speech_understanding": [{"request": {"translation": {}}}]},
        "speech_understanding",
    ),
    "a text for one": (
        "transcript",
        {"speech_understanding": "translation"},
        "speech_understanding",
    ),
    "a request's letter": (
        "transcript",
        {"speech_understanding": {"Request": {"translation": {}}}},
        "speech_understanding.Request",
    ),
    "a list of tasks": (
        "transcript",
        {"speech_understanding": {"request": [{"translation": {}}]}},
        "speech_understanding.request",
    ),
    "a task's letter": (
        "transcript",
        {"speech_understanding": {"request": {"Translation": {}}}},
        "speech_understanding.request.Translation",
    ),
    "a new task's letter": (
        "transcript",
        {"speech_understanding": {"request": {"toMorrow": {}}}},
        "speech_understanding.request.toMorrow",
    ),
    "a task that is a flag": (
        "transcript",
        {"speech_understanding": {"request": {"translation": True}}},
        "speech_understanding.request.translation",
    ),
    "a task without a request": (
        "transcript",
        {"speech_understanding": {"translation": {}}},
        "speech_understanding.translation",
    ),
    "a task in a task": (
        "transcript",
        {"speech_understanding": {"request": {"batch": [[{"translation": {}}]]}}},
        "speech_understanding.request.batch.translation",
    ),
    "a request in a request": (
        "transcript",
        {"speech_understanding": {"request": {"request": {"translation": {}}}}},
        "speech_understanding.request.request",
    ),
    "a flood of tasks": (
        "transcript",
        {"speech_understanding": {"request": {f"t{n}": {} for n in range(65)}}},
        "speech_understanding.request",
    ),
    "a flood of flags": ("transcript", {f"flag_{n}": True for n in range(65)}, "the body"),
    "no task": ("understanding", {"transcript_id": "t"}, "speech_understanding.request"),
    "no task but null": (
        "understanding",
        {"speech_understanding": {"request": {"translation": None}}},
        "speech_understanding.request",
    ),
    "understanding in capitals": (
        "understanding",
        {"Speech_Understanding": {"request": {"translation": {}}}},
        "Speech_Understanding",
    ),
    "LeMUR's model": ("lemur", {"Final_Model": "x"}, "Final_Model"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_another_reader_could_read_otherwise_is_a_fault(case: str) -> None:
    kind, body, path = FAULTS[case]
    found = read(kind, body)
    fault = found.fault("price")
    assert fault is not None
    assert (fault.path, fault.reason.startswith(f"{path} ")) == (path, True)
    assert found.asked["unclear"] == fault.reason
    assert fault.reason.isascii()


@pytest.mark.parametrize(
    "value", [10**9 + 1, "100000", -5, 0, 1.5, True, [1], {"max": 1}, 10**100], ids=str
)
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n"])
def test_numbers_that_decide_a_hold_are_whole_and_positive(name: str, value: Any) -> None:
    for body, path in (
        ({"model": "m", name: value}, name),
        ({"model": "m", "fallbacks": [{"model": "n", name: value}]}, f"fallbacks[0].{name}"),
    ):
        fault = read("chat", body).fault("hold")
        assert fault is not None
        assert fault.path == path
        assert read("chat", body).fault("price") is None
        assert "unclear" not in read("chat", body).asked


def test_the_bounds_of_a_hold_are_of_all_models_that_may_answer() -> None:
    body = {
        "model": "a",
        "max_tokens": 10,
        "model_region": "global",
        "fallbacks": [{"model": "b", "n": 3, "max_tokens": 20, "transcript_id": "t"}],
    }
    asked = read("chat", body, size=5).asked
    assert (asked["max_tokens"], asked["choices"], asked["transcript_id"]) == (20, 3, "t")
    assert asked["model_region"] == "global"
    body["fallbacks"] = [{"model": "b", "model_region": "us"}]
    assert "model_region" not in read("chat", body).asked, "the dearer price counts"


def test_a_flood_hides_neither_a_task_nor_a_fault_of_another_sort() -> None:
    nulls = {f"a{n}": None for n in range(10_000)}
    asked = read(
        "transcript", {"speech_understanding": {"request": {**nulls, "translation": {}}}}
    ).asked
    assert asked["features"] == ["speech_understanding.translation"]
    assert "unclear" not in asked
    made_up = {f"a{n}": {} for n in range(10_000)}
    asked = billing_facts(
        "transcript", {"speech_understanding": {"request": {**made_up, "translation": {}}}}
    )
    assert "speech_understanding.translation" in asked["features"]
    assert len(asked["features"]) <= 65
    holds = [{"max_tokens": -1, "Max_Tokens": 1} for _ in range(31)]
    assert paths("chat", {"fallbacks": [*holds, {"Model": "x"}]})[-1] == "fallbacks[31].Model"


def test_what_decides_nothing_is_not_judged() -> None:
    assert read("chat", {"extra_body": {"Model": "x"}, "Temperature": "hot"}).faults == ()
    assert read("transcript", {"model": "x", "Webhook_URL": 5, "tomorrow": [{}]}).faults == ()
    assert read("tts", {"Voice": 5}).faults == ()
    assert read("other", {"Model": "x"}).fault("price") is not None


def test_a_transcripts_model_is_read_where_it_is_documented() -> None:
    body = {"audio_url": "u", "model": "universal-2", "final_model": "universal-2"}
    assert "models" not in read("transcript", body).asked


def test_words_in_another_spelling_have_no_bearing_on_the_price() -> None:
    found = read("chat", {"model": "m", "Messages": []})
    assert [fault.path for fault in found.faults] == ["Messages"]
    assert found.fault("words") is not None
    assert "unclear" not in found.asked


@pytest.mark.parametrize(
    "pairs, path",
    [
        ([("max_session_duration_seconds", "60")] * 2, "max_session_duration_seconds"),
        ([("Max_Session_Duration_Seconds", "60")], "Max_Session_Duration_Seconds"),
        ([("speech_model", "a"), ("speech_model", "b")], "speech_model"),
        ([("redact-pii", "true")], "redact-pii"),
    ],
)
def test_a_query_says_each_thing_once(pairs: list[tuple[str, str]], path: str) -> None:
    assert read_query("token", [("expires_in_seconds", "60")]).faults == ()
    fault = read_query("token", pairs).fault("price")
    assert fault is not None
    assert fault.path == path


def test_no_reply_makes_up_for_what_was_unclear() -> None:
    chat = {"model": "gpt-5", "usage": {"input_tokens": 1, "output_tokens": 1}}
    transcript = {
        "status": "completed",
        "audio_duration": 8,
        "speech_model_used": "universal-2",
    }
    for outcome in (
        chat_outcome(chat, {"unclear": "Model is odd"}, "us"),
        transcript_outcome(transcript, {"unclear": "Model is odd"}, "us"),
    ):
        assert (outcome.state, outcome.usage, outcome.reason) == (
            "unmeterable",
            None,
            "Model is odd",
        )
    assert outcome.model == "universal-2"


NAMES = sorted(TRANSCRIPT.keys() | CHAT.keys() | FILLED | {"transcript_ids"})


@given(st.sampled_from(NAMES), st.data())
def test_no_spelling_of_a_name_is_another_to_a_lax_reader(name: str, data: st.DataObject) -> None:
    """Letter case, width, accents, invisible letters and how words are joined say nothing."""
    letters = []
    for letter in name:
        turn = data.draw(st.integers(0, 7))
        letters.append(
            {
                0: letter.upper(),
                1: chr(ord(letter) + 0xFEE0),
                2: f"{letter}\u00ad",
                3: f"\u200d{letter}",
                4: f"{letter}\u0301",
                5: "" if letter == "_" else letter,
                6: "-" if letter == "_" else letter,
            }.get(turn, letter)
        )
    assert folded("".join(letters)) == folded(name)


def test_other_letters_make_other_names() -> None:
    assert len({folded(name) for name in NAMES}) == len(NAMES)
    assert folded("\u0430udio_url") != folded("audio_url"), "Cyrillic is folded by no reader"
    assert folded("\u540dmodel") != "model"
    assert visible("http\u2060s://\uff45xample\t.com") == "https://\uff45xample.com"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
        lambda x: (
            st.lists(x, max_size=4)
            | st.dictionaries(st.sampled_from([*NAMES, "request", "translation"]) | st.text(), x)
        ),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_body_is_read_and_kept_as_json(body: Any) -> None:
    for kind in ("transcript", "chat", "understanding", "lemur", "tts", "token", "other"):
        found = read(kind, body)
        assert found.asked == json.loads(json.dumps(found.asked))
        assert all("\n" not in fault.reason and len(fault.reason) < 800 for fault in found.faults)


# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt) beside category Cf.
IGNORED = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)


def is_invisible(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) == "Cf" or any(a <= code <= b for a, b in IGNORED)


def test_the_fast_look_takes_away_all_that_is_invisible() -> None:
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    left = set(visible("".join(letters)))
    assert [each for each in letters if is_invisible(each) and each in left] == []
    # Later Unicode than this Python's has more of them; none is a letter of a host's name.
    taken = [each for each in letters if each not in left and not is_invisible(each)]
    assert all(each in "\t\n\r" or not each.isalnum() for each in taken)
