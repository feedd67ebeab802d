"""The gateway's events out as OpenAI's chunks: ids, usage, tool calls, and how a stream ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai_kit import TARGET, is_error, strictly

from assemblyai_mw.dialects.chat import (
    ChunkStream,
    ChunkWriter,
    completion_as_events,
    to_completion,
)
from assemblyai_mw.http.sse import SSESplitter, encode_event

HEAD = {
    "id": "gen-1",
    "object": "chat.completion.chunk",
    "created": 1_760_000_000,
    "model": "gpt-5-mini",
}
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def chunk(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**HEAD, "choices": list(choices), **more}


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return chunk({"index": 0, "delta": fields, "finish_reason": reason})


class Stream:
    """Feeds payloads (or raw data) and collects what comes out, parsed."""

    def __init__(self, *, include_usage: bool = False) -> None:
        self.chunks = ChunkStream(
            TARGET, created=7, fallback_id="f00", writer=ChunkWriter(include_usage=include_usage)
        )
        self.out: list[Any] = []

    def feed(self, *payloads: Any) -> Stream:
        for payload in payloads:
            data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            for event in SSESplitter().feed(encode_event(data)):
                self._take(self.chunks.feed(event))
        return self

    def end(self) -> Stream:
        self._take(self.chunks.end())
        return self

    def _take(self, items: list[bytes]) -> None:
        for item in items:
            events = SSESplitter().feed(item)
            assert len(events) == 1
            data = events[0].data
            assert data is not None
            self.out.append("[DONE]" if data == b"[DONE]" else json.loads(data))

    @property
    def deltas(self) -> list[dict[str, Any]]:
        found = []
        for payload in self.out:
            if payload != "[DONE]" and "error" not in payload:
                strictly(payload)
                found += [choice["delta"] for choice in payload["choices"]]
        return found


def test_chunks_pass_one_by_one_and_done_after_them() -> None:
    stream = Stream().feed(
        delta(role="assistant", content=""),
        delta(content="Pa"),
        delta(content="ris"),
        delta("stop"),
        b"[DONE]",
    )
    assert stream.deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Pa"},
        {"content": "ris"},
        {},
    ]
    assert stream.out[-1] == "[DONE]"
    assert [payload["choices"][0]["finish_reason"] for payload in stream.out[:-1]] == [
        None,
        None,
        None,
        "stop",
    ]
    assert {payload["model"] for payload in stream.out[:-1]} == {"assemblyai/gpt-5-mini"}
    assert stream.end().out[-1] == "[DONE]"  # nothing follows


def test_the_head_stays_as_in_the_first_chunk() -> None:
    stream = Stream().feed(
        delta(content="a"), {**delta(content="b"), "id": "gen-2", "created": 9, "model": "x"}
    )
    assert [(p["id"], p["created"], p["model"]) for p in stream.out] == [
        ("gen-1", 1_760_000_000, "assemblyai/gpt-5-mini")
    ] * 2


def test_what_the_gateway_leaves_out_is_filled_in() -> None:
    stream = Stream().feed({"choices": [{"delta": {"content": "a"}}]})
    assert stream.out == [
        {
            "id": "chatcmpl-f00",
            "object": "chat.completion.chunk",
            "created": 7,
            "model": "assemblyai/gpt-5-mini",
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": "a"},
                    "logprobs": None,
                    "finish_reason": None,
                }
            ],
        }
    ]


def test_usage_is_the_last_chunk_where_it_was_asked_for_and_null_before() -> None:
    stream = Stream(include_usage=True).feed(
        {**delta(content="a"), "usage": {**USAGE, "completion_tokens": 1}},
        {**delta("stop"), "usage": USAGE},
        chunk(usage=USAGE),
        b"[DONE]",
    )
    assert [payload["usage"] for payload in stream.out[:-1]] == [None, None, USAGE]
    assert stream.out[-2]["choices"] == []
    strictly(stream.out[-2])
    assert stream.chunks.usage == USAGE


def test_usage_leaves_not_where_it_was_not_asked_for() -> None:
    stream = Stream().feed({**delta(content="a"), "usage": USAGE}, chunk(usage=USAGE), b"[DONE]")
    assert len(stream.out) == 2
    assert "usage" not in stream.out[0]
    assert stream.chunks.usage == USAGE


def test_no_usage_is_invented() -> None:
    assert len(Stream(include_usage=True).feed(delta(content="a"), b"[DONE]").out) == 2


def tool(**fields: Any) -> dict[str, Any]:
    return delta(tool_calls=[fields])


def function(name: str | None = None, arguments: Any = None) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            [
                tool(index=0, id="c1", type="function", function=function("find", "")),
                tool(index=0, function=function(None, '{"a"')),
                tool(index=0, function=function(None, ":1}")),
                tool(index=1, id="c2", type="function", function=function("stop", "{}")),
            ],
            id="as OpenAI streams them",
        ),
        pytest.param(
            [
                tool(id="c1", function=function("find")),
                tool(function=function(None, '{"a"')),
                tool(id="c1", function=function("find", ":1}")),
                tool(id="c2", function=function("stop", {})),
            ],
            id="without index, names repeated",
        ),
        pytest.param(
            [
                chunk(
                    {
                        "message": {"content": None},
                        "tool_calls": [
                            {"id": "c1", "function": function("find", '{"a":1}')},
                            {"id": "c2", "function": function("stop", "{}")},
                        ],
                    }
                )
            ],
            id="whole, beside the message",
        ),
    ],
)
def test_tool_calls_can_be_put_together_by_index(pieces: list[dict[str, Any]]) -> None:
    stream = Stream().feed(*pieces, delta("tool_use"))
    calls: dict[int, dict[str, str]] = {}
    for piece in stream.deltas:
        for call in piece.get("tool_calls", ()):
            known = calls.setdefault(call["index"], {"id": "", "name": "", "arguments": ""})
            known["id"] += call.get("id", "")
            known["name"] += call["function"].get("name", "")
            known["arguments"] += call["function"].get("arguments", "")
    assert calls == {
        0: {"id": "c1", "name": "find", "arguments": '{"a":1}'},
        1: {"id": "c2", "name": "stop", "arguments": "{}"},
    }
    assert stream.out[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_calls_are_numbered_from_0_and_get_an_id() -> None:
    stream = Stream().feed(
        tool(index=1, function=function("find", "{")),
        tool(index=1, function=function(None, "}")),
        tool(index=4, id="c2", function=function("stop", "{}")),
    )
    first, second, third = (piece["tool_calls"][0] for piece in stream.deltas)
    assert (first["index"], first["id"], second) == (
        0,
        "call_f00_0_0",
        {"index": 0, "function": {"arguments": "}"}},
    )
    assert (third["index"], third["id"]) == (1, "c2")


def together(stream: Stream) -> list[tuple[str, str, str]]:
    """Put calls together as the SDKs do: by index, in a list."""
    calls: list[list[str]] = []
    for piece in stream.deltas:
        for call in piece.get("tool_calls", ()):
            if call["index"] == len(calls):
                calls.append([call["id"], "", ""])
            known = calls[call["index"]]
            known[1] += call["function"].get("name", "")
            known[2] += call["function"].get("arguments", "")
    return [(call[0], call[1], call[2]) for call in calls]


def test_a_new_id_at_a_known_index_is_a_new_call() -> None:
    stream = Stream().feed(
        tool(index=0, id="c1", function=function("find", '{"a":')),
        tool(index=0, id="", function=function(None, "1}")),
        tool(index=0, id="c2", function=function("stop", "{")),
        tool(index=0, function=function(None, "}")),
        tool(index=0, id="c1", function=function(None, " ")),
        delta("tool_calls"),
    )
    assert together(stream) == [("c1", "find", '{"a":1} '), ("c2", "stop", "{}")]


def test_an_id_that_comes_late_begins_no_call() -> None:
    stream = Stream().feed(
        tool(index=0, function=function("find", "")),
        tool(index=0, id="c1", function=function(None, "{}")),
        delta("tool_calls"),
    )
    assert together(stream) == [("call_f00_0_0", "find", "{}")]


@pytest.mark.parametrize("last_with_it", [True, False])
def test_a_call_without_arguments_has_an_empty_object_of_them(last_with_it: bool) -> None:
    calls = [
        {"index": 0, "id": "c1", "function": function("now", "")},
        {"index": 1, "id": "c2", "function": function("find", "[1]")},
        {"index": 2, "id": "c3", "function": {"name": "stop"}},
    ]
    stream = Stream()
    if last_with_it:
        stream.feed(delta("tool_calls", tool_calls=calls))
    else:
        stream.feed(delta(tool_calls=calls), delta("tool_calls"))
    assert together(stream) == [("c1", "now", "{}"), ("c2", "find", "[1]"), ("c3", "stop", "{}")]
    assert stream.out[-1]["choices"][0]["finish_reason"] == "tool_calls"
    whole = to_completion(
        {"choices": [{"message": {"tool_calls": calls}}]}, TARGET, created=7, fallback_id="f"
    )
    said = [call["function"] for call in whole["choices"][0]["message"]["tool_calls"]]
    assert [function["arguments"] for function in said] == ["{}", "[1]", "{}"]


def test_an_empty_event_keeps_a_stream_open() -> None:
    stream = Stream().feed(delta(content="a"), b"", delta("stop"), b" ", b"[DONE]")
    assert stream.out[-1] == "[DONE]"
    assert len(stream.out) == 3


def test_a_stream_whose_choices_have_all_finished_is_whole_without_done() -> None:
    stream = Stream(include_usage=True).feed(delta(content="a"), delta("stop")).end()
    assert stream.out[-1] == "[DONE]"
    usage = Stream(include_usage=True).feed(delta("stop"), chunk(usage=USAGE)).end()
    assert usage.out[-2]["usage"] == USAGE
    two = chunk({"index": 1, "delta": {"content": "b"}})
    assert is_error(Stream().feed(delta("stop"), two).end().out[-1])


@pytest.mark.parametrize(
    "data",
    [b"nonsense", b"[1]", b"null", b'{"choices": {}}', b"{" * 3000],
    ids=["no JSON", "a list", "null", "choices is no list", "deep"],
)
def test_nonsense_breaks_the_stream(data: bytes) -> None:
    stream = Stream().feed(delta(content="a"), data, delta(content="b"), b"[DONE]").end()
    assert len(stream.out) == 2
    assert is_error(stream.out[1])


@pytest.mark.parametrize(
    "payload",
    [
        {"error": {"code": 429, "message": "slow down"}},
        {"code": 500, "message": "boom", "request_id": "r"},
        {"error": "boom", "status": "error"},
    ],
)
def test_an_error_event_ends_the_stream_without_done(payload: dict[str, Any]) -> None:
    stream = Stream().feed(delta(content="a"), payload, b"[DONE]").end()
    assert is_error(stream.out[1])
    assert len(stream.out) == 2
    assert stream.chunks.error is not None
    assert not stream.chunks.done


@pytest.mark.parametrize("payloads", [[], [delta(content="a")], [chunk(usage=USAGE)]])
def test_c151_a_stream_that_just_stops_ends_in_an_error_and_no_done(
    payloads: list[dict[str, Any]],
) -> None:
    """Numbers are those of docs/reliability.md."""
    stream = Stream().feed(*payloads).end()
    assert is_error(stream.out[-1])
    assert "[DONE]" not in stream.out


def test_comments_and_choices_that_are_none_are_passed_over() -> None:
    stream = Stream()
    for event in SSESplitter().feed(b": ping\n\nevent: ping\n\n"):
        assert stream.chunks.feed(event) == []
    assert stream.feed(chunk(), chunk("x")).out == []  # type: ignore[arg-type]


REPLY = {
    "request_id": "r-1",
    "choices": [
        {"message": {"content": "Hi"}, "finish_reason": "end_turn"},
        {
            "message": {"content": "", "refusal": "No."},
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}],
        },
    ],
    "usage": {"input_tokens": 2, "output_tokens": 3},
    "service_tier": "default",
}


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_whole_reply_makes_a_valid_stream(include_usage: bool) -> None:
    completion = to_completion(REPLY, TARGET, created=7, fallback_id="f00")
    events = completion_as_events(completion, ChunkWriter(include_usage=include_usage))
    out = [event.data for item in events for event in SSESplitter().feed(item)]
    assert out.pop() == b"[DONE]"
    payloads = [json.loads(data or b"") for data in out]
    for payload in payloads:
        strictly(payload)
    if include_usage:
        last = payloads.pop()
        assert (last["choices"], last["usage"]) == ([], completion["usage"])
        assert all(payload["usage"] is None for payload in payloads)
    else:
        assert all("usage" not in payload for payload in payloads)
    said = [
        (choice["index"], choice["delta"], choice["finish_reason"])
        for payload in payloads
        for choice in payload["choices"]
    ]
    call = {"index": 0, **completion["choices"][1]["message"]["tool_calls"][0]}
    assert said == [
        (0, {"role": "assistant", "content": ""}, None),
        (0, {"content": "Hi"}, None),
        (0, {}, "stop"),
        (1, {"role": "assistant", "content": None}, None),
        (1, {"refusal": "No."}, None),
        (1, {"tool_calls": [call]}, None),
        (1, {}, "tool_calls"),
    ]
