"""A completion as a `response`, strictly as openai-python types it."""

from __future__ import annotations

from typing import Any

import pytest
from openai_kit import TARGET
from responses_kit import strictly

from assemblyai_mw.dialects.chat import to_completion
from assemblyai_mw.dialects.responses import ResponsesExchange
from assemblyai_mw.dialects.responses.reply import to_usage

TOOL = {
    "type": "function",
    "name": "add",
    "description": "Adds.",
    "parameters": {"type": "object"},
    "strict": True,
}


def reply(choice: dict[str, Any], **asked: Any) -> dict[str, Any]:
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi", **asked}
    gateway = {
        "request_id": "r-1",
        "model": "gpt-5-mini",
        "choices": [choice],
        "usage": {"input_tokens": 2, "output_tokens": 3},
    }
    completion = to_completion(gateway, TARGET, created=1_760_000_000, fallback_id="f")
    given = ResponsesExchange(body, now=lambda: 1_760_000_001.0).reply(completion)
    strictly(given)
    return given


def said(text: str | None, reason: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, **more}
    return {"message": message, "finish_reason": reason}


def test_a_text_is_a_message() -> None:
    given = reply(said("Paris."))
    assert given["output"] == [
        {
            "id": "msg_r-1_0",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Paris.", "annotations": [], "logprobs": []}
            ],
        }
    ]
    assert (given["id"], given["status"], given["model"]) == (
        "resp_r-1",
        "completed",
        "assemblyai/gpt-5-mini",
    )
    assert (given["created_at"], given["completed_at"]) == (1_760_000_000, 1_760_000_001)
    assert strictly(given).output_text == "Paris."


def test_calls_are_items_after_the_text() -> None:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "add", "arguments": "{}"}}
        for n in range(2)
    ]
    given = reply(said("Let me see.", "tool_use", tool_calls=calls))
    assert [item["id"] for item in given["output"]] == ["msg_r-1_0", "fc_r-1_1", "fc_r-1_2"]
    assert given["output"][2] == {
        "id": "fc_r-1_2",
        "type": "function_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "add",
        "arguments": "{}",
    }
    alone = reply(said(None, "tool_calls", tool_calls=calls))
    assert [item["type"] for item in alone["output"]] == ["function_call"] * 2


@pytest.mark.parametrize(
    "reason, details",
    [
        ("length", "max_output_tokens"),
        ("max_tokens", "max_output_tokens"),
        ("safety", "content_filter"),
    ],
)
def test_an_incomplete_reply_says_why(reason: str, details: str) -> None:
    given = reply(said("Par", reason))
    assert (given["status"], given["incomplete_details"]) == ("incomplete", {"reason": details})
    assert given["output"][0]["status"] == "incomplete"
    assert given["completed_at"] is None


def test_a_refusal_is_a_part() -> None:
    (item,) = reply(said(None, refusal="No."))["output"]
    assert item["content"] == [{"type": "refusal", "refusal": "No."}]


@pytest.mark.parametrize("choice", [said(None), said("")])
def test_a_reply_without_text_is_an_empty_message(choice: dict[str, Any]) -> None:
    (item,) = reply(choice)["output"]
    assert item["content"][0]["text"] == ""


def test_the_defaults_are_openais() -> None:
    given = reply(said("x"))
    assert {
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }.items() <= given.items()


def test_what_was_asked_is_repeated() -> None:
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "max_output_tokens": 50,
        "max_tool_calls": 3,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "reasoning": {"effort": "low", "summary": "auto"},
        "safety_identifier": "s",
        "temperature": 0.5,
        "text": {
            "format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": True},
            "verbosity": "low",
        },
        "tool_choice": {
            "type": "allowed_tools",
            "mode": "auto",
            "tools": [{"type": "function", "name": "add"}],
        },
        "tools": [TOOL],
        "top_p": 0.5,
        "user": "u",
    }
    assert asked.items() <= reply(said("x"), **asked).items()
    # What is not done has the value that says so.
    other = reply(said("x"), store=True, truncation="auto", service_tier="flex", background=False)
    assert (other["store"], other["truncation"], other["service_tier"]) == (
        False,
        "disabled",
        "default",
    )


def test_usage_is_in_the_words_of_a_response() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    assert to_usage({**usage, "cost": 0.5}) == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 15,
        "cost": 0.5,
    }
    assert to_usage(None) is None
    assert "cost" not in reply(said("x"))["usage"]
