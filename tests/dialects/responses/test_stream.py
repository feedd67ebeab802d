"""A chat's chunks as a response's events: their order, indexes and ids, their ends, and any cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_kit import TARGET
from responses_kit import checked, parsed

from assemblyai_mw.dialects.chat import ChatRequest, ChunkStream, ReplyForm, completion_as_events
from assemblyai_mw.dialects.responses import ResponsesExchange
from assemblyai_mw.http.sse import SSESplitter, encode_event

HEAD = {"id": "chatcmpl-1", "created": 1_760_000_000, "model": "gpt-5-mini"}
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
DONE = b"[DONE]"
REQUEST = ChatRequest({}, TARGET, ReplyForm(), True, False)


def exchange(**fields: Any) -> ResponsesExchange:
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi", "stream": True, **fields}
    return ResponsesExchange(body, now=lambda: 1_760_000_009.5)


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {**HEAD, "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def call(at: int, arguments: str | None = None, **more: Any) -> dict[str, Any]:
    function = {**more.pop("function", {}), "arguments": arguments}
    return delta(tool_calls=[{"index": at, "function": function, **more}])


def begun(at: int, name: str, arguments: str = "") -> dict[str, Any]:
    return call(at, arguments, id=f"call_{at}", type="function", function={"name": name})


def raw(*payloads: Any) -> bytes:
    return b"".join(
        encode_event(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in payloads
    )


def stream(*blocks: bytes, ends: bool = True) -> list[bytes]:
    chunks = ChunkStream(TARGET, created=7, fallback_id="f00", writer=exchange().writer(REQUEST))
    splitter, out = SSESplitter(), []
    for block in blocks:
        for event in splitter.feed(block):
            out += chunks.feed(event)
    return out + (chunks.end() if ends else [])


def kinds(items: list[bytes]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in parsed(items)]


TEXT = (
    delta(role="assistant", content=""),
    delta(content="Pa"),
    delta(content="ris"),
    delta("stop"),
    {**HEAD, "choices": [], "usage": USAGE},
    DONE,
)


def test_a_text_comes_in_openais_order_and_without_done() -> None:
    items = stream(raw(*TEXT))
    assert kinds(items) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert items[0].startswith(b'event: response.created\ndata: {"type":"response.created",')
    last = checked(items)
    assert last["id"] == "resp_1"
    assert last["output"][0]["content"][0]["text"] == "Paris"
    assert last["usage"]["total_tokens"] == 5
    assert (last["created_at"], last["completed_at"]) == (1_760_000_000, 1_760_000_009)
    first = parsed(items)[0]["response"]
    assert (first["status"], first["output"], first["usage"]) == ("in_progress", [], None)


CALLS = (
    delta(role="assistant", content="Let me see."),
    begun(0, "add"),
    call(0, '{"a":'),
    call(0, " 1}"),
    begun(1, "now"),
    delta(content=" Done."),
    delta("tool_calls"),
    {**HEAD, "choices": [], "usage": USAGE},
    DONE,
)


def test_text_before_and_after_calls_has_items_of_its_own() -> None:
    items = stream(raw(*CALLS))
    output = checked(items)["output"]
    assert [item["type"] for item in output] == [
        "message",
        "function_call",
        "function_call",
        "message",
    ]
    assert [item["id"] for item in output] == ["msg_1_0", "fc_1_1", "fc_1_2", "msg_1_3"]
    assert [item.get("arguments") for item in output] == [None, '{"a": 1}', "{}", None]
    assert [item.get("call_id") for item in output] == [None, "call_0", "call_1", None]
    # A whole call is over before the next begins; one without arguments may still get some.
    said = parsed(items)
    done = [(e["type"], e["output_index"]) for e in said if "output_item" in e["type"]]
    assert done.index(("response.output_item.done", 1)) < done.index(
        ("response.output_item.added", 2)
    )


def test_calls_that_take_turns_are_put_together() -> None:
    items = stream(
        raw(
            begun(0, "a", '{"x"'),
            begun(1, "b", '{"y"'),
            call(0, ": 1}"),
            call(1, ": 2}"),
            delta("tool_calls"),
            DONE,
        )
    )
    output = checked(items)["output"]
    assert [item["arguments"] for item in output] == ['{"x": 1}', '{"y": 2}']


def test_a_call_is_an_item_once_its_name_is_known() -> None:
    late = call(0, '"a": 1}', function={"name": "add"})
    items = stream(raw(call(0, "{", id="call_0"), late, delta("tool_calls"), DONE))
    (item,) = checked(items)["output"]
    assert (item["name"], item["arguments"]) == ("add", '{"a": 1}')
    (added,) = [e for e in parsed(items) if e["type"] == "response.output_item.added"]
    assert added["item"]["name"] == "add"


def test_a_refusal_is_a_part_of_its_own() -> None:
    items = stream(raw(delta(content="Well"), delta(refusal="I ca"), delta(refusal="nnot"), DONE))
    # Without a reason for its end, the stream is whole by its `[DONE]`.
    (item,) = checked(items)["output"]
    assert [part["type"] for part in item["content"]] == ["output_text", "refusal"]
    assert item["content"][1]["refusal"] == "I cannot"
    assert kinds(items)[6:12] == [
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
    ]


@pytest.mark.parametrize(
    "reason, status, details",
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("max_tokens", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_the_reason_for_the_end_is_the_status(
    reason: str, status: str, details: dict[str, str] | None
) -> None:
    items = stream(raw(delta(content="a"), delta(reason), DONE))
    last = checked(items)
    assert (last["status"], last["incomplete_details"]) == (status, details)
    assert last["output"][0]["status"] == status
    assert (last["completed_at"] is None) == (status == "incomplete")
    assert kinds(items)[-1] == status


@pytest.mark.parametrize("payloads", [(), (delta(role="assistant", content=""), delta("stop"))])
def test_a_reply_without_text_is_an_empty_message(payloads: tuple[Any, ...]) -> None:
    last = checked(stream(raw(*payloads, DONE)))
    assert last["output"][0]["content"] == [
        {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    ]


def test_many_pieces_are_joined_once() -> None:
    """Joined one by one, these would be copied for many seconds."""
    writer, count = exchange().writer(REQUEST), 200_000
    for _ in range(count):
        writer.chunk(delta(content="word"))
    done = parsed(writer.end(HEAD, None))[0]
    assert (done["type"], len(done["text"])) == ("response.output_text.done", 4 * count)


def test_many_open_calls_are_looked_at_once() -> None:
    writer, count = exchange().writer(REQUEST), 4000
    for at in range(count):
        writer.chunk(begun(at, "f", '{"a": '))
    assert len(parsed(writer.end(HEAD, None))[-1]["response"]["output"]) == count


def test_only_the_first_choice_is_written() -> None:
    other = {**HEAD, "choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}
    last = checked(stream(raw(delta(content="yes"), other, delta("stop"), DONE)))
    assert last["output"][0]["content"][0]["text"] == "yes"


@pytest.mark.parametrize("payloads", [TEXT, CALLS], ids=["text", "calls"])
def test_a_stream_cut_at_any_byte_gives_the_same_events(payloads: tuple[Any, ...]) -> None:
    whole = raw(*payloads)
    expected = stream(whole)
    for at in range(len(whole)):
        assert stream(whole[:at], whole[at:]) == expected
    assert stream(*(bytes([byte]) for byte in whole)) == expected


@pytest.mark.parametrize("after", range(1, len(CALLS) - 2))
def test_a_stream_that_breaks_ends_with_an_error_and_the_failed_response(after: int) -> None:
    items = stream(raw(*CALLS[:after]))
    last = checked(items)
    assert last["status"] == "failed"
    assert last["error"]["code"] == "server_error"
    error = parsed(items)[-2]
    assert error["type"] == "error"
    assert error["error"]["message"] == error["message"] == last["error"]["message"]
    assert all(item["status"] in ("completed", "incomplete") for item in last["output"])


@pytest.mark.parametrize(
    "code, told", [(429, "rate_limit_exceeded"), (400, "invalid_prompt"), (529, "server_error")]
)
def test_an_error_in_a_stream_has_one_of_openais_codes(code: int, told: str) -> None:
    broken = {"error": {"code": code, "message": "The provider failed."}}
    items = stream(raw(delta(content="a"), broken))
    assert checked(items)["error"] == {"code": told, "message": "The provider failed."}
    assert kinds(items)[-2:] == ["error", "failed"]


def test_an_error_names_the_parameter_of_a_response() -> None:
    broken = {"code": 400, "message": "the prompt is too long"}
    (event,) = parsed(stream(raw(broken)))
    assert (event["type"], event["code"], event["param"]) == (
        "error",
        "context_length_exceeded",
        "input",
    )


def test_before_any_chunk_an_error_is_alone_so_that_it_gets_a_status() -> None:
    assert len(stream(raw({"error": {"code": 503, "message": "down"}}))) == 1
    assert len(stream(b"")) == 1


def numbered(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": f"call_{at}", **call} for at, call in enumerate(calls)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
completions = st.builds(
    lambda text, refusal, calls, reason: {
        "id": "chatcmpl-1",
        "created": 1_760_000_000,
        "model": "assemblyai/gpt-5-mini",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": text,
                    "refusal": refusal,
                    **({"tool_calls": numbered(calls)} if calls else {}),
                },
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
        "usage": USAGE,
    },
    st.none() | texts,
    st.none() | texts,
    st.lists(
        st.builds(
            lambda name, arguments: {
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            },
            st.text("abc", min_size=1, max_size=3),
            st.sampled_from(["{}", '{"a": 1}', "not JSON", "[1]"]),
        ),
        max_size=3,
    ),
    st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
)


@given(completions)
@settings(max_examples=100, deadline=None)
def test_a_whole_reply_and_its_stream_end_in_the_same_response(completion: dict[str, Any]) -> None:
    asked = exchange()
    last = checked(completion_as_events(completion, asked.writer(REQUEST)))
    assert last == asked.reply(completion)


@pytest.mark.parametrize("said", ["\u4e2d", "\xe9", "a"])
def test_a_stream_repeats_a_long_request_in_no_more_bytes_than_it_has(said: str) -> None:
    long = "\u2028\x85\u2029" + said * 600_000
    exchange = ResponsesExchange({"model": "assemblyai/m", "input": "a", "instructions": long})
    writer = exchange.writer(None)  # type: ignore[arg-type]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": "\ud800"}, "finish_reason": "stop"}
    events = [*writer.chunk({**head, "choices": [choice]}), *writer.end(head, None)]
    repeated = [event for event in events if len(event) > 100_000]
    assert len(repeated) == 3
    for event in repeated:
        assert len(event) <= len(long.encode()) + 2_000
        # No client sees the end of a line within an event, by whichever rule.
        kind, data, *blank = event.decode().splitlines()
        assert (kind[:7], blank) == ("event: ", [""])
        assert json.loads(data.removeprefix("data: "))["response"]["instructions"] == long
    last = json.loads(events[-1].decode().splitlines()[1].removeprefix("data: "))
    assert last["response"]["output"][0]["content"][0]["text"] == "\ud800"
