"""A `chat.completion` -> a message of Anthropic's."""

from __future__ import annotations

import json
from typing import Any

from ..chat import BadReply

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def to_message(completion: dict[str, Any]) -> dict[str, Any]:
    """Return *completion* as a message.

    A call that the model had no more tokens to finish is left out.

    Raises:
        BadReply: A tool's input is no JSON object.
    """
    choice = completion["choices"][0] if completion["choices"] else None
    message = choice["message"] if choice is not None else {}
    content: list[dict[str, Any]] = [
        text_block(message[name]) for name in ("content", "refusal") if message.get(name)
    ]
    reason = choice["finish_reason"] if choice is not None else None
    called = False
    for call in message.get("tool_calls", ()):
        value = input_of(call["function"]["arguments"])
        if value is None:
            if reason == "length":
                continue
            raise no_object()
        called = True
        content.append({**call_block(call["id"], call["function"]["name"]), "input": value})
    stop = choice.get("stop_sequence") if choice is not None else None
    return {
        **message_head(completion),
        "content": content,
        "stop_reason": stop_reason(
            reason, stop, called=called, refused=bool(message.get("refusal"))
        ),
        "stop_sequence": stop,
        "usage": to_message_usage(completion["usage"]),
    }


def message_head(head: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a message that are known before it says anything."""
    name = str(head["id"]).removeprefix("chatcmpl-")
    return {"id": f"msg_{name}", "type": "message", "role": "assistant", "model": head["model"]}


def text_block(text: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "text", "text": text}


def call_block(call_id: str, name: str) -> dict[str, Any]:
    """Return a block of a tool's call, without its input."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}}


def stop_reason(reason: str | None, stop: str | None, *, called: bool, refused: bool) -> str:
    """Return the reason in Anthropic's words.

    Args:
        reason: The chat's `finish_reason`.
        stop: The sequence that cut the text.
        called: The message holds a tool's call.
        refused: The model said its refusal as such.
    """
    if stop is not None:
        return "stop_sequence"
    if refused:
        return "refusal"
    word = _STOP_REASONS.get(reason or "stop", "end_turn")
    # An agent would wait for a call that is not there.
    return "end_turn" if word == "tool_use" and not called else word


def input_of(arguments: str) -> dict[str, Any] | None:
    """Return a tool's input, or None where *arguments* are no JSON object."""
    try:
        value = json.loads(arguments, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def no_object() -> BadReply:
    """Return the error for a call that no client could read."""
    return BadReply("the input of a tool call is no JSON object")


def to_message_usage(usage: dict[str, Any] | None) -> dict[str, Any]:
    """Return OpenAI's usage in Anthropic's words, zeros where none came.

    OpenAI counts cached tokens among the prompt's; Anthropic's `input_tokens` are those that were
    neither read from a cache nor written to one (its API reference, Usage).
    """
    usage = usage or {}
    details = usage.get("prompt_tokens_details") or {}
    read, written = details.get("cached_tokens", 0), details.get("cache_write_tokens", 0)
    out: dict[str, Any] = {
        "input_tokens": max(0, usage.get("prompt_tokens", 0) - read - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": usage.get("completion_tokens", 0),
    }
    thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
    if thought:
        out["output_tokens_details"] = {"thinking_tokens": thought}
    if "cost" in usage:
        out["cost"] = usage["cost"]
    return out


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("the number is too large")
    return number
