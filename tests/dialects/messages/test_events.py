"""Chunks as a message's events: each in its place, and together what the whole reply says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messages_kit import MODEL, events_of, strictly, told

from assemblyai_mw.dialects.chat import (
    BadReply,
    ChunkStream,
    ReplyForm,
    Target,
    completion_as_events,
    to_completion,
)
from assemblyai_mw.dialects.messages.events import MessageWriter
from assemblyai_mw.dialects.messages.reply import to_message
from assemblyai_mw.http.sse import SSESplitter, encode_event

TARGET = Target(MODEL, "claude-sonnet-4-6", "us", "/llm-gateway.assemblyai")
USAGE = {"prompt_tokens": 2, "completion_tokens": 30, "total_tokens": 32}
DONE = b"data: [DONE]\n\n"


def stream_of(form: ReplyForm) -> ChunkStream:
    return ChunkStream(TARGET, created=7, fallback_id="f00", writer=MessageWriter(), form=form)


def fed(*blocks: bytes, form: ReplyForm | None = None) -> list[bytes]:
    """Return the items for a gateway's stream that comes in *blocks*."""
    chunks = stream_of(form or ReplyForm(names_stop=True))
    splitter, out = SSESplitter(), []
    for block in blocks:
        for event in splitter.feed(block):
            out += chunks.feed(event)
    return out + chunks.end()


def raw(*payloads: Any, end: bytes = DONE) -> bytes:
    return b"".join(encode_event(json.dumps(each).encode()) for each in payloads) + end


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def piece(index: int | None, call_id: str | None = None, name: Any = None, said: Any = None) -> Any:
    function = {"name": name, "arguments": said}
    call: dict[str, Any] = {"function": {k: v for k, v in function.items() if v is not None}}
    if index is not None:
        call["index"] = index
    return delta(tool_calls=[{**call, "id": call_id} if call_id else call])


LAST = {"choices": [], "usage": USAGE}
TEXT = [delta(role="assistant", content=""), delta(content="Grüße, "), delta(content="world 🌍")]
PARALLEL = [
    piece(0, "c1", "add", ""),
    piece(0, said='{"a": '),
    piece(0, said="1}"),
    piece(1, "c2", "sub", '{"b": {"c": "}"}}'),
    piece(2, "c3", "now", ""),
]
ADD = {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}
SUB = {"type": "tool_use", "id": "c2", "name": "sub", "input": {"b": {"c": "}"}}}
NOW = {"type": "tool_use", "id": "c3", "name": "now", "input": {}}
STREAMS = {
    "text": [*TEXT, delta("stop"), LAST],
    "tools": [*TEXT, *PARALLEL, delta("tool_calls"), LAST],
    "whole": [
        {
            "choices": [
                {
                    "message": {
                        "content": "a",
                        "tool_calls": [
                            {"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}
                        ],
                    },
                    "finish_reason": "tool_calls",
                }
            ],
            "usage": USAGE,
        }
    ],
    "stop": [*TEXT, delta("length"), LAST],
    "an error": [*TEXT, {"error": {"code": 500, "message": "boom"}}],
    "an error at once": [{"error": {"code": 500, "message": "boom"}}],
    "a bad call": [*TEXT, piece(0, "c1", "add", "{"), delta("tool_calls"), LAST],
}


@pytest.mark.parametrize("name", STREAMS)
def test_cut_at_every_byte_the_events_are_the_same(name: str) -> None:
    form = ReplyForm(stop=("world",) if name == "stop" else (), names_stop=True)
    whole = raw(*STREAMS[name])
    expected = fed(whole, form=form)
    events = events_of(expected)
    if "error" in name or "bad" in name:
        assert events[-1]["type"] == "error"
    else:
        strictly(told(events))
    for at in range(1, len(whole)):
        assert fed(whole[:at], whole[at:], form=form) == expected
    assert fed(*(bytes([byte]) for byte in whole), form=form) == expected


def test_text_and_parallel_calls() -> None:
    message = told(events_of(fed(raw(*STREAMS["tools"]))))
    assert message["content"] == [{"type": "text", "text": "Grüße, world 🌍"}, ADD, SUB, NOW]
    assert message["stop_reason"] == "tool_use"
    assert message["usage"]["input_tokens"] == 2
    assert message["usage"]["output_tokens"] == 30


def test_each_piece_goes_out_at_once() -> None:
    chunks = stream_of(ReplyForm())
    kinds = []
    for payload in STREAMS["tools"]:
        items = []
        for event in SSESplitter().feed(raw(payload, end=b"")):
            items += chunks.feed(event)
        kinds.append([event["type"].removeprefix("content_block_") for event in events_of(items)])
    assert kinds == [
        ["message_start"],
        ["start", "delta"],
        ["delta"],
        ["stop", "start"],
        ["delta"],
        ["delta"],
        ["stop", "start", "delta"],
        ["stop", "start"],
        ["delta", "stop"],
        [],
    ]


def test_pieces_that_come_in_turns_wait_until_the_call_before_is_whole() -> None:
    turns = [
        piece(0, "c1", "add"),
        piece(1, "c2", "sub", '{"b": '),
        piece(0, said='{"a"'),
        piece(1, said='{"c": "}"}'),
        piece(0, said=": 1}"),
        piece(1, said="}"),
        delta("tool_calls"),
        LAST,
    ]
    assert told(events_of(fed(raw(*turns))))["content"] == [ADD, SUB]


def test_a_name_that_comes_late_is_waited_for_and_one_that_never_comes_is_an_error() -> None:
    late = [piece(0, "c1", said='{"a": '), piece(0, name="add"), piece(0, said="1}"), LAST]
    assert told(events_of(fed(raw(*late[:3], delta("stop"), LAST))))["content"] == [ADD]
    never = [piece(0, "c1", said='{"a": 1}'), delta("tool_calls"), LAST]
    assert [event["type"] for event in events_of(fed(raw(*never)))] == ["message_start", "error"]
    short = told(events_of(fed(raw(delta(content="a"), never[0], delta("length"), LAST))))
    assert (len(short["content"]), short["stop_reason"]) == (1, "max_tokens")


def test_text_after_a_call_is_a_block_of_its_own() -> None:
    stream = [*TEXT, *PARALLEL[:3], delta(content="so"), delta(content=" be it"), delta("stop")]
    content = told(events_of(fed(raw(*stream, LAST))))["content"]
    assert content == [
        {"type": "text", "text": "Grüße, world 🌍"},
        ADD,
        {"type": "text", "text": "so be it"},
    ]


@pytest.mark.parametrize("said", ['{"a": 1', "[1]", '{"a": 1} x', '"a"', "null"])
def test_an_input_that_is_no_object_ends_the_stream_in_an_error(said: str) -> None:
    events = events_of(fed(raw(*TEXT, piece(0, "c1", "add", said), delta("tool_calls"), LAST)))
    assert events[-1]["type"] == "error"
    assert "no JSON object" in events[-1]["error"]["message"]
    assert "message_stop" not in [event["type"] for event in events]
    # What follows a whole input, when the next call has begun.
    late = [*PARALLEL[:4], piece(0, said="x"), delta("tool_calls"), LAST]
    assert events_of(fed(raw(*late)))[-1]["type"] == "error"


def test_a_call_that_the_model_could_not_finish_ends_with_max_tokens() -> None:
    events = events_of(fed(raw(piece(0, "c1", "add", '{"a": [1'), delta("length"), LAST)))
    message = told(events)
    assert (message["stop_reason"], message["content"][0]["input"]) == ("max_tokens", '{"a": [1')


def test_a_refusal_is_text_and_its_reason() -> None:
    message = told(events_of(fed(raw(delta(refusal="No."), delta("stop"), LAST))))
    assert message["content"] == [{"type": "text", "text": "No."}]
    assert message["stop_reason"] == "refusal"


def test_only_one_choice_is_told_and_nothing_after_its_end() -> None:
    two = {"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]}
    stream = [delta(content="a"), two, delta("stop"), delta(content="c"), LAST]
    assert told(events_of(fed(raw(*stream))))["content"] == [{"type": "text", "text": "a"}]


def test_a_stream_without_choices_or_usage_is_an_empty_message() -> None:
    for payloads in ([], [{"choices": []}], [LAST]):
        message = told(events_of(fed(raw(*payloads))))
        strictly(message)
        assert (message["content"], message["stop_reason"]) == ([], "end_turn")


def test_a_stream_that_just_stops_ends_in_an_error() -> None:
    events = events_of(fed(raw(delta(content="a"), end=b"")))
    assert [event["type"] for event in events][-1] == "error"
    assert events[-1]["error"]["type"] == "api_error"


# Few letters, so that stops begin, break off and overlap.
words = st.text("ab\u00e9", min_size=1, max_size=4)
inputs = st.dictionaries(words, st.integers() | words | st.lists(words, max_size=2), max_size=3)


@given(
    st.lists(words, max_size=6),
    st.lists(inputs, max_size=3),
    st.lists(words, max_size=2),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
)
def test_a_stream_tells_what_the_whole_reply_does(
    pieces: list[str],
    values: list[dict[str, Any]],
    stop: list[str],
    size: int,
    turns: bool,
    one_call: bool,
    reason: str,
) -> None:
    form = ReplyForm(stop=tuple(stop), one_call=one_call, names_stop=True)
    calls = [
        {"id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": json.dumps(v)}}
        for at, v in enumerate(values)
    ]
    said: list[list[Any]] = []
    for at, call in enumerate(calls):
        text = call["function"]["arguments"]
        cut = [text[i : i + size] for i in range(0, len(text), size)]
        said.append([piece(at, call["id"], "f"), *(piece(at, said=each) for each in cut)])
    mixed = [each for row in zip(*said, strict=False) for each in row] if turns else []
    rest = [each for row in said for each in (row[min(map(len, said)) :] if turns else row)]
    stream = raw(*(delta(content=each) for each in pieces), *mixed, *rest, delta(reason), LAST)
    message = {"content": "".join(pieces), "tool_calls": calls}
    reply = {"choices": [{"message": message, "finish_reason": reason}], "usage": USAGE, "id": "x"}
    completion = to_completion(reply, TARGET, created=7, fallback_id="f00", form=form)
    whole = to_message(completion)
    strictly(whole)
    assert told(events_of(fed(stream, form=form))) == whole
    assert told(events_of(completion_as_events(completion, MessageWriter()))) == whole


def test_a_whole_reply_that_cannot_be_told_makes_no_stream() -> None:
    call = {"id": "c1", "function": {"name": "f", "arguments": "{"}}
    choice = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}
    completion = to_completion(
        {"choices": [choice], "usage": USAGE}, TARGET, created=7, fallback_id="f"
    )
    with pytest.raises(BadReply):
        completion_as_events(completion, MessageWriter())
