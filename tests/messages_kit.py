"""What the tests of Anthropic's Messages share: strict reading of its objects and its events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent
from openai_kit import Answered, environ_of, unknown
from pydantic import TypeAdapter

MODEL = "assemblyai/claude-sonnet-4-6"
MESSAGES = "/v1/messages"
EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
# Its API reference, page *Errors*.
ERROR_TYPES = {
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "timeout_error",
    "overloaded_error",
}


def asked(content: Any = "hi", **fields: Any) -> dict[str, Any]:
    """Return the body of a request for a message."""
    messages = [{"role": "user", "content": content}]
    return {"model": MODEL, "max_tokens": 100, "messages": messages, **fields}


def message(app: Any, body: Any = None, /, **fields: Any) -> Answered:
    """Send a request for a message to *app*: bytes as they are, or a small one with *fields*."""
    if not isinstance(body, bytes):
        body = json.dumps(asked(**fields) if body is None else body).encode()
    return Answered(app, environ_of(MESSAGES, body=body))


def is_error(payload: Any) -> bool:
    """Whether *payload* is exactly Anthropic's error object."""
    error = payload["error"]
    return (
        payload["type"] == "error"
        and set(payload) <= {"type", "error", "request_id"}
        and {"type", "message"} <= set(error) <= {"type", "message", "details"}
        and all(isinstance(code, str) for code in error.get("details", {}).values())
        and error["type"] in ERROR_TYPES
        and isinstance(error["message"], str)
        and isinstance(payload.get("request_id", ""), str)
    )


def error_of(reply: Any) -> dict[str, Any]:
    """Return the error that WebTest's *reply* is."""
    assert reply.content_type == "application/json"
    assert is_error(reply.json), reply.text
    found: dict[str, Any] = reply.json["error"]
    return found


def strictly(payload: dict[str, Any]) -> Message:
    """Return *payload* as the package's type for it: all it asks for, nothing it knows not."""
    found = Message.model_validate(payload, strict=True)
    assert set(unknown(found)) <= {".usage.cost"}
    assert found.stop_reason is not None
    assert (found.stop_sequence is not None) == (found.stop_reason == "stop_sequence")
    return found


def events_of(items: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return a stream's events. One event an item is part of the claim."""
    found = []
    for item in items:
        kind, data, *rest = item.decode().split("\n")
        assert rest == ["", ""]
        payload = json.loads(data.removeprefix("data: "))
        assert kind == f"event: {payload['type']}"
        if payload["type"] == "error":
            assert is_error(payload)
        else:
            assert set(unknown(EVENT.validate_python(payload))) <= {".usage.cost"}
        found.append(payload)
    return found


def told(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the message that a whole stream tells; each event must be in its place."""
    first, *rest = events
    assert first["type"] == "message_start"
    found: dict[str, Any] = first["message"]
    assert (found["content"], found["stop_reason"]) == ([], None)
    while rest[0]["type"] == "content_block_start":
        begun = rest.pop(0)
        index = begun["index"]
        assert index == len(found["content"])
        pieces = []
        while (event := rest.pop(0))["type"] == "content_block_delta":
            assert event["index"] == index
            pieces.append(event["delta"])
        assert (event["type"], event["index"]) == ("content_block_stop", index)
        found["content"].append(_block(begun["content_block"], pieces))
    last, stop = rest
    assert (last["type"], stop) == ("message_delta", {"type": "message_stop"})
    found |= last["delta"]
    found["usage"] |= last["usage"]
    return found


def _block(begun: dict[str, Any], pieces: list[dict[str, Any]]) -> dict[str, Any]:
    if begun["type"] == "text":
        assert (begun["text"], {piece["type"] for piece in pieces}) == ("", {"text_delta"})
        return {**begun, "text": "".join(piece["text"] for piece in pieces)}
    assert begun["input"] == {}
    assert {piece["type"] for piece in pieces} <= {"input_json_delta"}
    given = "".join(piece["partial_json"] for piece in pieces)
    try:
        return {**begun, "input": json.loads(given)}
    except ValueError:
        return {**begun, "input": given}
