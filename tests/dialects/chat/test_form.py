"""What of a reply is passed on: its text up to a stop, one tool call; whole and in streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai_kit import TARGET, strictly

from assemblyai_mw.dialects.chat import ChunkStream, ChunkWriter, ReplyForm, to_completion
from assemblyai_mw.dialects.chat.form import StopCutter, cut
from assemblyai_mw.http.sse import SSESplitter, encode_event

USAGE = {"prompt_tokens": 2, "completion_tokens": 30, "total_tokens": 32}
# Few letters, so that stops begin, break off and overlap.
words = st.text("ab\u00e9", min_size=1, max_size=4)


@pytest.mark.parametrize(
    "text, stop, before",
    [
        ("one STOP two", ("STOP",), "one "),
        ("one", ("STOP",), None),
        ("STOP", ("STOP",), ""),
        ("abcd", ("cd", "bc"), "a"),
        ("abcd", ("b", "abc"), ""),
        ("xab", ("ab", "abc"), "x"),
    ],
)
def test_the_stop_that_begins_first_cuts(
    text: str, stop: tuple[str, ...], before: str | None
) -> None:
    assert cut(text, stop) == before


@given(st.lists(words, max_size=12), st.lists(words, min_size=1, max_size=4))
def test_pieces_are_cut_as_the_whole_text_is(pieces: list[str], stop: list[str]) -> None:
    whole, stops = "".join(pieces), tuple(stop)
    cutter = StopCutter(stops)
    out = "".join(cutter.feed(piece) for piece in pieces)
    expected = cut(whole, stops)
    # Whatever is out is part of the result, and at most what may begin a stop is kept.
    assert (whole if expected is None else expected).startswith(out)
    if expected is None:
        assert len(whole) - len(out) < max(map(len, stops))
    out += cutter.end()
    assert out == (whole if expected is None else expected)
    assert cutter.hit == (expected is not None)


def streamed(choices: list[dict[str, Any]], form: ReplyForm, *, done: bool = True) -> list[Any]:
    chunks = ChunkStream(
        TARGET, created=7, fallback_id="f00", writer=ChunkWriter(include_usage=True), form=form
    )
    out: list[bytes] = []
    payloads: list[Any] = [{"choices": [choice]} for choice in choices]
    for payload in [*payloads, {"choices": [], "usage": USAGE}]:
        for event in SSESplitter().feed(encode_event(json.dumps(payload).encode())):
            out += chunks.feed(event)
    if done:
        for event in SSESplitter().feed(b"data: [DONE]\n\n"):
            out += chunks.feed(event)
    out += chunks.end()
    said = [event.data or b"" for item in out for event in SSESplitter().feed(item)]
    assert said.pop() == b"[DONE]"
    found = [json.loads(data) for data in said]
    for payload in found:
        strictly(payload)
    assert found.pop()["usage"] == USAGE
    return [payload["choices"][0] for payload in found]


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"index": 0, "delta": fields, "finish_reason": reason}


def text_of(choices: list[Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def completed(message: dict[str, Any], form: ReplyForm, reason: str = "stop") -> Any:
    reply = {"choices": [{"message": message, "finish_reason": reason}], "usage": USAGE}
    completion = to_completion(reply, TARGET, created=7, fallback_id="f00", form=form)
    strictly(completion)
    assert completion["usage"] == USAGE
    return completion["choices"][0]


@given(st.lists(words, max_size=8), st.lists(words, min_size=1, max_size=3))
def test_a_stream_says_what_the_whole_reply_says(pieces: list[str], stop: list[str]) -> None:
    form = ReplyForm(stop=tuple(stop))
    whole = completed({"content": "".join(pieces)}, form, "length")
    said = streamed([*[delta(content=piece) for piece in pieces], delta("length")], form)
    assert text_of(said) == whole["message"]["content"]
    reasons = [choice["finish_reason"] for choice in said if choice["finish_reason"]]
    assert reasons == [whole["finish_reason"]]
    assert said[-1]["finish_reason"] == reasons[0]


def test_text_before_a_stop_goes_out_at_once_and_nothing_after_it() -> None:
    said = streamed(
        [
            delta(role="assistant", content=""),
            delta(content="one tw"),
            delta(content="o S"),
            delta(content="o ST"),
            delta(content="OP three"),
            delta(content="four"),
            delta("length"),
        ],
        ReplyForm(stop=("STOP",)),
    )
    assert [(choice["delta"], choice["finish_reason"]) for choice in said] == [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "one tw"}, None),
        ({"content": "o "}, None),
        ({"content": "So "}, None),
        ({}, "stop"),
    ]


def test_a_cut_stream_that_ends_without_done_is_whole() -> None:
    said = streamed([delta(content="a."), delta(content="b")], ReplyForm(stop=(".",)), done=False)
    assert (text_of(said), said[-1]["finish_reason"]) == ("a", "stop")


CALLS = [
    {"index": at, "id": f"c{at}", "function": {"name": name, "arguments": "{}"}}
    for at, name in enumerate(["find", "stop", "now"])
]


def test_held_text_goes_out_before_a_call_and_a_cut_text_calls_nothing() -> None:
    form = ReplyForm(stop=("STOP",))
    said = streamed([delta(content="a ST"), delta(tool_calls=CALLS[:1]), delta("stop")], form)
    assert [list(choice["delta"]) for choice in said] == [
        ["role", "content"],
        ["content", "tool_calls"],
        [],
    ]
    assert text_of(said) == "a ST"
    whole = completed({"content": "a STOP b", "tool_calls": CALLS}, form, "tool_calls")
    assert (whole["message"]["content"], whole["finish_reason"]) == ("a ", "stop")
    assert "tool_calls" not in whole["message"]
    said = streamed([delta(content="a STOP b"), delta("tool_calls", tool_calls=CALLS)], form)
    assert [(choice["delta"], choice["finish_reason"]) for choice in said] == [
        ({"role": "assistant", "content": "a "}, "stop")
    ]


def test_one_call_is_passed_on_where_one_is_asked_for() -> None:
    form = ReplyForm(one_call=True)
    whole = completed({"content": None, "tool_calls": CALLS}, form, "tool_calls")
    assert [call["id"] for call in whole["message"]["tool_calls"]] == ["c0"]
    assert whole["finish_reason"] == "tool_calls"
    single = [{**call, "index": 0} for call in CALLS]
    for pieces in (CALLS, single):
        choices = [delta(tool_calls=[call]) for call in pieces]
        said = streamed([*choices, delta("tool_calls")], form)
        calls = [call for choice in said for call in choice["delta"].get("tool_calls", ())]
        assert [call["id"] for call in calls] == ["c0"]
        assert [choice["finish_reason"] for choice in said] == [None, "tool_calls"]
