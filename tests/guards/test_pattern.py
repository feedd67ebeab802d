"""Guards of text: what they find in a whole text they find in every way of cutting it."""

from __future__ import annotations

import json
import random
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assemblyai_mw.guards import Blocked, Finding, GuardError, PatternGuard, texts
from assemblyai_mw.guards.pattern import KNOWN
from assemblyai_mw.guards.texts import masked_pieces, ordered, screen
from assemblyai_mw.guards.windows import Filter, Window
from assemblyai_mw.http.strict_json import MAX_VALUES

MASK = PatternGuard(patterns=["email", "us_ssn", "phone"], action="mask")
NUMBERS = PatternGuard(patterns=["us_ssn"], action="mask")
BLOCK = PatternGuard(patterns=["email"])


def whole(guard: PatternGuard, text: str) -> str:
    changed = screen(text, guard.find)
    return text if changed is None else changed


def streamed(guard: PatternGuard, pieces: list[str], window: int = 256) -> str:
    def block(reason: str) -> None:
        raise Blocked(reason)

    text = Window(Filter(guard.find, window, block))
    return "".join([*(text.feed(piece) for piece in pieces), text.feed("", last=True)])


PARTS = ["ann@example.com", "123-45-6789", "555-123-4567", "@", "-", "12", " and ", ".", "x", "\n"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=40), st.integers(0, 1 << 30))
def test_a_text_is_masked_alike_whole_and_in_pieces(parts, seed):
    text, cuts = "".join(parts), random.Random(seed)
    pieces, at = [], 0
    while at < len(text):
        size = cuts.randint(1, 7)
        pieces.append(text[at : at + size])
        at += size
    assert streamed(MASK, pieces, window=160) == whole(MASK, text)


def test_a_text_longer_than_the_window_flows_before_it_ends():
    text = Window(Filter(MASK.find, 20, print))
    out = [text.feed("word ") for _ in range(20)]
    assert "".join(out) == ("word " * 20)[:80]


def test_what_may_still_grow_is_held_whatever_the_window():
    guard = PatternGuard(patterns={"digits": r"\d{4,40}"}, action="mask")
    assert streamed(guard, list("a" + "1" * 30 + "b"), window=6) == "a[digits]b"


def test_an_expression_looks_behind_itself_across_what_went_out():
    guard = PatternGuard(patterns={"n": r"(?<!x)\d\d"}, action="mask")
    assert streamed(guard, list("....x12..34"), window=2) == whole(guard, "....x12..34")


def test_a_block_is_not_decided_before_the_text_is_known():
    guard = PatternGuard(patterns={"four": r"\b\d{4}\b"})
    assert streamed(guard, ["1234", "5678 "], window=9) == "12345678 "
    with pytest.raises(Blocked, match="four found"):
        streamed(guard, ["1234", " 5678"], window=9)


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param({"prompt": "a@b.cc"}, {"prompt": "[email]"}, id="prompt"),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a@b.cc"}]}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "[email]"}]}]},
            id="parts",
        ),
        pytest.param(
            {"content": [{"text": "ann@exam"}, {"text": "ple.com!"}]},
            {"content": [{"text": "[email]"}, {"text": "!"}]},
            id="over two parts",
        ),
        pytest.param(
            {"words": [{"text": "a"}, {"text": "555-123-4567,"}]},
            {"words": [{"text": "a"}, {"text": "[phone],"}]},
            id="words",
        ),
        pytest.param(
            {"keyterms_prompt": ["x", "a@b.cc"]}, {"keyterms_prompt": ["x", "[email]"]}, id="list"
        ),
        pytest.param({"future": {"deep": ["a@b.cc"]}}, {"future": {"deep": ["[email]"]}}, id="any"),
    ],
)
def test_words_are_found_wherever_they_are(body, expected):
    before = json.dumps(body)
    assert screen(body, MASK.find) == expected
    assert json.dumps(body) == before


def spoken(text: str, *words: str, **more: str) -> dict[str, object]:
    return {"transcript": text, "words": [{"text": word} for word in words], **more}


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param(
            spoken("call 123 45 now", "call", "123", "45", "now"),
            spoken("call [n] now", "call", "[n]", "", "now"),
            id="words that spell it",
        ),
        pytest.param(
            spoken("call 123", "call", "123", "45"),
            spoken("call [n]", "call", "[n]", ""),
            id="words that go beyond it",
        ),
        pytest.param(
            spoken("", "123", "45", "67"),
            spoken("", "[n]", "", "67"),
            id="words before any is final",
        ),
        pytest.param(
            spoken("叫123 45号", "叫", "123 4", "5", "号"),
            spoken("叫[n]号", "叫", "[n]", "", "号"),
            id="a script without spaces",
        ),
        pytest.param(
            spoken("叫123", "叫", "123", " 45"),
            spoken("叫[n]", "叫", "[n]", ""),
            id="likewise, beyond",
        ),
        pytest.param(
            spoken(" call  123\n45 ", "call", "123", "45"),
            spoken(" call  [n] ", "call", "[n]", ""),
            id="other blanks",
        ),
        pytest.param(
            spoken("so 123 45 and more", "so", "123"),
            spoken("so [n] and more", "so", "[n]"),
            id="words that end early",
        ),
        pytest.param(
            spoken("so 123 45", "so", "one", "two", "three"),
            spoken("so [n]", "", "", "", ""),
            id="words that spell another text",
        ),
        pytest.param(
            spoken("so what", "so", "123", "45"),
            spoken("so what", "so", "[n]", ""),
            id="another text, and nothing in the first",
        ),
        pytest.param(
            spoken("123 45", "123", "45", utterance="123 45"),
            spoken("[n]", "[n]", "", utterance="[n]"),
            id="an utterance",
        ),
        pytest.param(
            {"utterances": [{"text": "123 45", "words": [{"text": "123"}, {"text": "45"}]}]},
            {"utterances": [{"text": "[n]", "words": [{"text": "[n]"}, {"text": ""}]}]},
            id="a transcript that is read",
        ),
    ],
)
def test_a_transcript_and_its_words_are_masked_alike(given, expected):
    guard = PatternGuard(patterns={"n": r"\d{3}\s\d{2}"}, action="mask")
    assert screen(given, guard.find) == expected


def test_a_transcript_and_its_words_are_searched_once():
    searched = []
    screen(spoken("call me now", "call", "me"), lambda text: searched.append(text) or [])
    assert searched == ["call me now"]


def test_words_far_beyond_their_text_are_laid_out_in_time():
    many = [{"text": "a"}] * 300_000
    assert screen({"text": "", "words": many}, MASK.find) is None


def test_settings_of_a_session_are_no_words_and_its_other_parameters_are():
    guard = PatternGuard(patterns={"n": r"\d{5}"}, action="mask")
    body = {"sample_rate": "16000", "prompt": "16000", "webhook_url": "16000", "other": "16000"}
    call = SimpleNamespace(kind="session")
    assert guard.before(call, body) == {**body, "prompt": "[n]", "other": "[n]"}
    assert guard.before(call, {"sample_rate": "16000"}) is None
    assert list(guard.before(call, body)) == list(body)


@pytest.mark.parametrize(
    "body",
    [
        {"audio_url": "https://example.com/a@b.cc"},
        {"id": "555-123-4567"},
        {"webhook_url": "https://a@b.cc"},
        {"count": 5551234567},
        {"tools": [{"function": {"name": "a@b.cc"}}]},
        {"plain": "nothing here"},
    ],
)
def test_addresses_ids_and_numbers_are_left_alone(body):
    assert screen(body, MASK.find) is None


@pytest.mark.parametrize("name", ["id", "model", "status", "type", "name", "text"])
def test_a_property_of_a_tool_is_read_whatever_its_name(name):
    def tool(said):
        schema = {"type": "object", "properties": {name: {"description": said, "enum": [[said]]}}}
        function = {"name": "f", "parameters": {**schema, "examples": [{"name": said}]}}
        return {"tools": [{"type": "function", "function": function}]}

    assert screen(tool("a@b.cc"), MASK.find) == tool("[email]")
    assert screen(tool("nothing"), MASK.find) is None


@pytest.mark.parametrize(
    "parts, expected",
    [
        (["123-45-6789", "123-45-6789"], ["[us_ssn]", "[us_ssn]"]),
        (["123-45-6789", "1"], ["[us_ssn]", "1"]),
        (["1", "123-45-6789", "", "1"], ["1", "[us_ssn]", "", "1"]),
        (["123-45-", "6789"], ["[us_ssn]", ""]),
        (["a 123-45-6789 b", "123-45-", "6789"], ["a [us_ssn] b", "[us_ssn]", ""]),
    ],
)
def test_a_part_of_a_message_hides_nothing_in_the_one_before(parts, expected):
    def message(texts):
        return {"content": [{"type": "text", "text": text} for text in texts]}

    assert screen(message(parts), NUMBERS.find) == message(expected)


def test_what_is_found_in_a_part_alone_counts(monkeypatch):
    monkeypatch.setattr(texts, "MAX_FINDINGS", 1)
    body = {"content": [{"text": "123-45-6789"}, {"text": "123-45-6789"}]}
    with pytest.raises(GuardError):
        screen(body, NUMBERS.find)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ('{"to": "a@b.cc"}', {"to": "[email]"}),
        ('{"to": "a\\u0040b.cc"}', {"to": "[email]"}),
        ('{"id": "a@b.cc"}', {"id": "[email]"}),
    ],
    ids=["plain", "escaped", "a name that means nothing here"],
)
def test_arguments_of_tools_stay_json(arguments, expected):
    changed = screen({"function": {"name": "f", "arguments": arguments}}, MASK.find)
    assert json.loads(changed["function"]["arguments"]) == expected


def test_more_text_than_may_be_searched_is_a_failure():
    with pytest.raises(GuardError):
        screen({"a": ["xxxx", "xxxx"]}, MASK.find, max_chars=7)


def test_more_findings_than_may_be_masked_are_a_failure(monkeypatch):
    monkeypatch.setattr(texts, "MAX_FINDINGS", 3)
    body = {"a": ["ann@example.com bob@example.com"], "b": "cid@example.com"}
    assert screen(body, MASK.find) == {"a": ["[email] [email]"], "b": "[email]"}
    with pytest.raises(GuardError):
        screen({**body, "c": "dan@example.com"}, MASK.find)


def test_arguments_of_more_values_than_may_be_read_are_a_failure():
    arguments = "[" + "{}," * MAX_VALUES + "{}]"
    with pytest.raises(GuardError):
        screen({"function": {"name": "f", "arguments": arguments}}, MASK.find)
    deep = "[" * 500 + "]" * 500
    with pytest.raises(GuardError):
        screen({"function": {"name": "f", "arguments": deep}}, MASK.find)


@pytest.mark.parametrize(
    "text, found",
    [
        ("ann@example.com.", "ann@example.com"),
        ("a" * 70 + "@b.c", "a" * 64 + "@b.c"),
        ("ann@" + "b" * 63 + ".c", "ann@" + "b" * 63 + ".c"),
        ("ann@" + "b" * 64 + ".c", None),
        ("ann@b.c-d.e_f", "ann@b.c-d.e"),
    ],
)
def test_an_email_is_found_whole(text, found):
    match = re.search(KNOWN["email"], text)
    assert (match and match[0]) == found


def test_overlapping_finds_are_one_and_a_block_prevails():
    found = [Finding(0, 4, "[a]", "a"), Finding(2, 6, None, "b"), Finding(8, 9, "[c]", "c")]
    assert [(f.start, f.end, f.mask) for f in ordered(found)] == [(0, 6, None), (8, 9, "[c]")]


def test_a_find_that_begins_between_two_pieces_is_masked_in_the_second():
    found = [Finding(2, 4, "*", "x")]
    assert masked_pieces(["ab", "cd"], found, starts=[0, 3]) == ["ab", "*d"]


def test_a_pattern_guard_blocks_by_the_patterns_name_and_never_quotes_the_text():
    with pytest.raises(Blocked) as caught:
        screen("write to ann@example.com", BLOCK.find)
    assert caught.value.reason == "email found"


@pytest.mark.parametrize(
    "name, text, found",
    [
        ("email", "ann.lee+x@mail.example.co.uk.", "ann.lee+x@mail.example.co.uk"),
        ("email", "no@host", None),
        ("us_ssn", "078-05-1120", "078-05-1120"),
        ("us_ssn", "000-05-1120 666-05-1120 900-05-1120 078-00-1120", None),
        ("us_ssn", "1078-05-11205", None),
        ("credit_card", "4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("credit_card", "12345", None),
        ("phone", "call +1 (555) 123-4567 now", "+1 (555) 123-4567"),
        ("ipv4", "10.0.0.1.", None),
        ("ipv4", "at 10.0.0.1 now", "10.0.0.1"),
        ("api_key", "sk-AbCdEfGhIjKlMnOpQrSt", "sk-AbCdEfGhIjKlMnOpQrSt"),
    ],
)
def test_the_known_patterns_find_what_they_are_named_for(name, text, found):
    finds = list(PatternGuard(patterns=[name]).find(text))
    assert [text[f.start : f.end] for f in finds] == ([] if found is None else [found])


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"patterns": []}, id="none"),
        pytest.param({"patterns": ["no_such"]}, id="unknown"),
        pytest.param({"patterns": {"a": "("}}, id="no expression"),
        pytest.param({"patterns": {"a": "x*"}}, id="finds everything"),
        pytest.param({"patterns": ["email"], "action": "hide"}, id="action"),
        pytest.param({"patterns": ["email"], "flags": "L"}, id="flags"),
        pytest.param({"patterns": ["email"], "window": 0}, id="window"),
    ],
)
def test_a_pattern_guard_that_makes_no_sense_is_refused_at_start(options: Any):
    with pytest.raises(ValueError):
        PatternGuard(**options)


@pytest.mark.parametrize("name", ["email", "us_ssn", "credit_card", "phone", "ipv4", "api_key"])
def test_the_known_patterns_do_not_backtrack_without_end(name):
    """Each in a process's lifetime: a text of the worst kind, which would otherwise never end."""
    guard = PatternGuard(patterns=[name])
    for unit in ("a", "1", "1 ", "1-", "a.", "a@", "@a.", "(1)", "+1 ", "sk-a", "1."):
        list(guard.find(unit * 20_000))


@pytest.mark.parametrize("text", ['{"a": "x", "a": "y"}', '[{"b": {"a": 1, "a": 2}}]'])
def test_arguments_that_name_a_member_twice_are_a_failure(text: str) -> None:
    for body in ({"arguments": text}, {"type": "tool.result", "result": text}):
        with pytest.raises(GuardError, match="twice"):
            screen(body, MASK.find)


@pytest.mark.parametrize(
    "result, expected",
    [
        ("It is 123-45-6789.", "It is us_ssn."),
        (r'{"said": "123\u002d45-6789"}', '{"said": "us_ssn"}'),
        ('{"123-45-6789": 1}', '{"us_ssn": 1}'),
        ('{"said": "nothing"}', '{"said": "nothing"}'),
    ],
)
def test_a_result_of_a_tool_is_read_as_json_and_as_it_stands(result: str, expected: str) -> None:
    guard = PatternGuard(patterns=["us_ssn"], action="mask")
    changed = screen({"type": "tool.result", "result": result}, guard.find)
    left = result if changed is None else changed["result"]
    assert re.sub(r"[<\[]?us_ssn[>\]]?", "us_ssn", left, flags=re.IGNORECASE) == expected


def test_an_object_below_a_name_of_the_api_is_read() -> None:
    """Of a tool's parameters, one may be called `id` or `status`."""
    property = {"type": "string", "description": "such as 123-45-6789", "enum": ["a"]}
    for name in ("id", "status", "role", "type"):
        tool = {"parameters": {"type": "object", "properties": {name: property}}}
        changed = screen({"tools": [tool], "speech_models": ["a-123-45-6789"]}, MASK.find)
        assert changed is not None
        assert "6789" not in json.dumps(changed["tools"])
        assert changed["speech_models"] == ["a-123-45-6789"]
