"""An OpenAI chat's completion -> a `response` object."""

from __future__ import annotations

from typing import Any

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponseHead:
    """What a `response` says of itself, in a whole reply and in each event that holds it.

    Args:
        completion: `id`, `created` and `model` of a chat's completion or chunks.
        settings: The members that repeat the request.
    """

    def __init__(self, completion: dict[str, Any], settings: dict[str, Any]) -> None:
        self._name = str(completion["id"]).removeprefix("chatcmpl-")
        self._created = completion["created"]
        self._model = completion["model"]
        self._settings = settings

    def item_id(self, kind: str, at: int) -> str:
        """Return the id of the output item at an index; *kind* is OpenAI's prefix."""
        return f"{kind}_{self._name}_{at}"

    def response(
        self,
        status: str,
        output: list[dict[str, Any]],
        *,
        completed_at: int | None = None,
        reason: str | None = None,
        error: dict[str, Any] | None = None,
        usage: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the response; *reason* says why it is incomplete, *usage* is a chat's."""
        return {
            "id": f"resp_{self._name}",
            "object": "response",
            "created_at": self._created,
            "status": status,
            "completed_at": completed_at,
            "error": error,
            "incomplete_details": None if reason is None else {"reason": reason},
            "model": self._model,
            "output": output,
            "usage": to_usage(usage),
            **self._settings,
        }


def incomplete_reason(finish_reason: str | None) -> str | None:
    """Return why a response is incomplete, by why its choice ended; None if it is whole."""
    return _INCOMPLETE.get(finish_reason or "")


def to_response(
    completion: dict[str, Any], settings: dict[str, Any], *, completed_at: int
) -> dict[str, Any]:
    """Return a whole `chat.completion` as a `response`.

    Args:
        completion: At most its first choice counts.
        settings: The members that repeat the request.
        completed_at: Unix seconds.
    """
    head = ResponseHead(completion, settings)
    choices = completion["choices"]
    message = choices[0]["message"] if choices else {}
    reason = incomplete_reason(choices[0]["finish_reason"] if choices else None)
    parts = []
    if message.get("content"):
        parts.append(text_part(message["content"]))
    if message.get("refusal"):
        parts.append(refusal_part(message["refusal"]))
    calls = message.get("tool_calls", [])
    output: list[dict[str, Any]] = []
    if parts or not calls:
        output.append(message_item(head.item_id("msg", 0), parts or [text_part("")]))
    for call in calls:
        output.append(
            call_item(
                head.item_id("fc", len(output)),
                call["id"],
                call["function"]["name"],
                call["function"]["arguments"],
            )
        )
    return ended(head, output, reason, completion["usage"], completed_at)


def ended(
    head: ResponseHead,
    output: list[dict[str, Any]],
    reason: str | None,
    usage: dict[str, Any] | None,
    completed_at: int,
) -> dict[str, Any]:
    """Return the response of a model that has ended; an incomplete one's last item is so, too."""
    if reason is None:
        return head.response("completed", output, completed_at=completed_at, usage=usage)
    output = [*output[:-1], {**output[-1], "status": "incomplete"}]
    return head.response("incomplete", output, reason=reason, usage=usage)


def text_part(text: str) -> dict[str, Any]:
    """Return a part of a message that is text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def refusal_part(text: str) -> dict[str, Any]:
    """Return a part of a message that says why the model does not answer."""
    return {"type": "refusal", "refusal": text}


def message_item(
    item_id: str, parts: list[dict[str, Any]], status: str = "completed"
) -> dict[str, Any]:
    """Return the output item of a message."""
    return {
        "id": item_id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": parts,
    }


def call_item(
    item_id: str, call_id: str, name: str, arguments: str, status: str = "completed"
) -> dict[str, Any]:
    """Return the output item of a call of a function; *arguments* are JSON."""
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def to_usage(usage: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a chat's usage in the words of a response, its cost included."""
    if usage is None:
        return None
    given = usage.get("prompt_tokens_details", {})
    made = usage.get("completion_tokens_details", {})
    out: dict[str, Any] = {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {
            name: given.get(name, 0) for name in ("cached_tokens", "cache_write_tokens")
        },
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": made.get("reasoning_tokens", 0)},
        "total_tokens": usage["total_tokens"],
    }
    if "cost" in usage:
        out["cost"] = usage["cost"]
    return out
