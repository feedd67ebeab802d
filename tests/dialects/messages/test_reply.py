"""A completion as a message: its blocks, the reason for its end, its usage."""

from __future__ import annotations

from typing import Any

import pytest
from messages_kit import MODEL, strictly

from assemblyai_mw.dialects.chat import BadReply, ReplyForm, Target, to_completion
from assemblyai_mw.dialects.messages.reply import to_message

TARGET = Target(MODEL, "claude-sonnet-4-6", "us", "/llm-gateway.assemblyai")
USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
FORM = ReplyForm(stop=("STOP", "."), names_stop=True)


def message_of(
    said: Any, reason: Any = "stop", usage: Any = USAGE, form: ReplyForm = FORM
) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", **said}, "finish_reason": reason}
    reply = {"request_id": "r-1", "choices": [choice], "usage": usage}
    message = to_message(to_completion(reply, TARGET, created=7, fallback_id="f00", form=form))
    strictly(message)
    return message


def call(arguments: Any = '{"a": 1}', call_id: str = "c1") -> dict[str, Any]:
    return {"id": call_id, "function": {"name": "add", "arguments": arguments}}


def test_a_small_message() -> None:
    assert message_of({"content": "Hi"}) == {
        "id": "msg_r-1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 3,
        },
    }


@pytest.mark.parametrize(
    "said, reason, told",
    [
        ({"content": "a"}, "stop", "end_turn"),
        ({"content": "a"}, "end_turn", "end_turn"),
        ({"content": "a"}, None, "end_turn"),
        ({"content": "a"}, "length", "max_tokens"),
        ({"content": "a"}, "max_tokens", "max_tokens"),
        ({"content": "a"}, "content_filter", "refusal"),
        ({"content": "", "refusal": "No"}, "stop", "refusal"),
        ({"content": "a"}, "tool_use", "end_turn"),
        ({"content": None, "tool_calls": [call()]}, "tool_calls", "tool_use"),
        ({"content": None, "tool_calls": [call()]}, "stop", "tool_use"),
        ({"content": None, "tool_calls": [call()]}, "length", "max_tokens"),
    ],
)
def test_stop_reason(said: dict[str, Any], reason: Any, told: str) -> None:
    message = message_of(said, reason)
    assert (message["stop_reason"], message["stop_sequence"]) == (told, None)


@pytest.mark.parametrize(
    "text, before, stop",
    [("a STOP b.", "a ", "STOP"), ("a. STOP", "a", "."), ("STOP", None, "STOP")],
)
def test_the_sequence_that_stopped_it_is_told(text: str, before: str | None, stop: str) -> None:
    message = message_of({"content": text, "tool_calls": [call()]}, "length")
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", stop)
    assert message["content"] == ([{"type": "text", "text": before}] if before else [])


def test_of_stops_at_one_place_the_first_to_end_is_told() -> None:
    form = ReplyForm(stop=("ab", "a"), names_stop=True)
    assert message_of({"content": "xab"}, form=form)["stop_sequence"] == "a"


def test_texts_come_before_calls() -> None:
    calls = [call(), call("", "c2"), call({"b": 2.5}, "c3")]
    message = message_of({"content": "Let me see", "tool_calls": calls}, "tool_calls")
    assert message["content"] == [
        {"type": "text", "text": "Let me see"},
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "c2", "name": "add", "input": {}},
        {"type": "tool_use", "id": "c3", "name": "add", "input": {"b": 2.5}},
    ]


@pytest.mark.parametrize(
    "arguments", ["{", "nonsense", "[1]", '"a"', "null", '{"a": NaN}', '{"a": 1e999}', "[" * 9999]
)
def test_an_input_that_is_no_object_is_an_error_and_left_out_of_a_cut_message(
    arguments: str,
) -> None:
    with pytest.raises(BadReply, match="no JSON object") as caught:
        message_of({"content": None, "tool_calls": [call(arguments)]}, "tool_calls")
    assert caught.value.error.status == 502
    message = message_of({"content": "a", "tool_calls": [call(), call(arguments)]}, "length")
    assert [block["type"] for block in message["content"]] == ["text", "tool_use"]
    assert message["stop_reason"] == "max_tokens"


def test_a_reply_without_choices_is_an_empty_message() -> None:
    reply = {"request_id": "r-1", "choices": None, "usage": USAGE}
    message = to_message(to_completion(reply, TARGET, created=7, fallback_id="f00"))
    strictly(message)
    assert (message["content"], message["stop_reason"]) == ([], "end_turn")


@pytest.mark.parametrize(
    "details, told",
    [
        ({"prompt_tokens_details": {"cached_tokens": 4}}, (6, 0, 4)),
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5}}, (1, 5, 4)),
        (
            {
                "prompt_tokens_details": {
                    "cached_tokens": 1,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": 2,
                        "ephemeral_1h_input_tokens": 3,
                    },
                }
            },
            (4, 5, 1),
        ),
        ({"cache_read_input_tokens": 2, "cache_creation_input_tokens": 3}, (5, 3, 2)),
        ({"prompt_tokens_details": {"cached_tokens": 40}}, (0, 0, 40)),
        ({"prompt_tokens_details": None}, (10, 0, 0)),
    ],
)
def test_cached_tokens_are_counted_apart(
    details: dict[str, Any], told: tuple[int, int, int]
) -> None:
    usage = message_of({"content": "a"}, usage={**USAGE, **details})["usage"]
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert tuple(usage[name] for name in names) == told


def test_usage_that_did_not_come_is_zero_and_thoughts_are_counted() -> None:
    assert set(message_of({"content": "a"}, usage=None)["usage"].values()) == {0}
    details = {"completion_tokens_details": {"reasoning_tokens": 2}}
    usage = message_of({"content": "a"}, usage={**USAGE, **details})["usage"]
    assert usage["output_tokens_details"] == {"thinking_tokens": 2}
    assert usage["output_tokens"] == 3
