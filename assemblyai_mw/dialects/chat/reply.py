"""The LLM Gateway's reply -> strictly a `chat.completion`."""

from __future__ import annotations

import json
from typing import Any

from .errors import BadReply, event_error
from .form import AS_IT_COMES, ReplyForm, cut
from .models import Target, spelled

# Providers' words arrive untranslated ("passed through provider-native", the gateway's page
# on tool calling): Anthropic's, Google's, Bedrock's and OpenAI's own.
_FINISH = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
    "refusal": "content_filter",
}
_PROMPT_DETAILS = (
    "cached_tokens",
    "audio_tokens",
    "cache_write_tokens",
    "image_tokens",
    "text_tokens",
)
_COMPLETION_DETAILS = (
    "reasoning_tokens",
    "audio_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "text_tokens",
)


def to_completion(
    reply: Any,
    target: Target,
    *,
    created: int,
    fallback_id: str,
    form: ReplyForm = AS_IT_COMES,
) -> dict[str, Any]:
    """Return the gateway's *reply*, parsed JSON, as OpenAI's `chat.completion`.

    Args:
        created: Unix seconds, for the gateway gives none.
        fallback_id: Makes the `id` where the gateway gave no `request_id`.
        form: Cuts texts and calls as the request asked.

    Raises:
        BadReply: It is no chat reply, or carries an error.
    """
    if not isinstance(reply, dict):
        raise BadReply("it is no object")
    if reply.get("error"):
        # As in streams: a provider that failed, in a reply with status 200.
        raise BadReply("it carries an error", event_error(reply))
    # The gateway is written in Go, where an empty list may be written as null.
    choices = [] if reply.get("choices") is None else reply["choices"]
    if not isinstance(choices, list):
        raise BadReply("it has no list of choices")
    if not choices and "usage" not in reply and "request_id" not in reply:
        raise BadReply("it has neither choices nor usage")
    completion = {
        "id": reply_id(reply, fallback_id),
        "object": "chat.completion",
        "created": created_at(reply, created),
        "model": answered_by(reply.get("model"), target),
        "choices": [_choice(item, at, fallback_id, form) for at, item in enumerate(choices)],
        "usage": to_usage(reply.get("usage")),
    }
    for name in ("system_fingerprint", "service_tier"):
        if isinstance(reply.get(name), str):
            completion[name] = reply[name]
    return completion


def reply_id(reply: dict[str, Any], fallback_id: str) -> str:
    """Return OpenAI's `id`: the gateway's own, or `chatcmpl-` and its request id."""
    own = reply.get("id")
    if isinstance(own, str) and own:
        return own
    request_id = reply.get("request_id")
    if not isinstance(request_id, str) or not request_id:
        request_id = fallback_id
    return f"chatcmpl-{request_id}"


def created_at(reply: dict[str, Any], default: int) -> int:
    """Return when the reply was made, in Unix seconds."""
    created = reply.get("created")
    if isinstance(created, int) and not isinstance(created, bool) and created > 0:
        return created
    return default


def answered_by(model: Any, target: Target) -> str:
    """Return the name of the model that answered, as callers spell it.

    That is the name that was asked for, unless the gateway says that another model
    answered: a fallback, or a dated version.
    """
    if not isinstance(model, str) or not model or model == target.id:
        return target.name
    return spelled(target.region, model)


def finish_reason(reason: Any, *, called: bool) -> str:
    """Return *reason* in OpenAI's words; *called* says that the message calls tools."""
    word = _FINISH.get(reason.lower(), "stop") if isinstance(reason, str) else "stop"
    # Gemini says STOP when it calls a function; OpenAI's clients look for this word.
    return "tool_calls" if called and word == "stop" else word


def to_usage(usage: Any) -> dict[str, Any] | None:
    """Return usage in OpenAI's words from either spelling, or None where there is none."""
    if not isinstance(usage, dict):
        return None
    prompt = _count(usage, "prompt_tokens", "input_tokens")
    completion = _count(usage, "completion_tokens", "output_tokens")
    if prompt is None and completion is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    total = _count(usage, "total_tokens")
    out: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion if total is None else total,
    }
    for name, keys in (
        ("prompt_tokens_details", _PROMPT_DETAILS),
        ("completion_tokens_details", _COMPLETION_DETAILS),
    ):
        details = usage.get(name)
        if isinstance(details, dict):
            out[name] = {key: n for key in keys if (n := _count(details, key)) is not None}
    cached = _cached(usage)
    if cached:
        out["prompt_tokens_details"] = cached | out.get("prompt_tokens_details", {})
    return out


def _cached(usage: dict[str, Any]) -> dict[str, int]:
    """Return the counts of cached tokens where they are spelled as Anthropic's are."""
    details = usage.get("prompt_tokens_details")
    creation = details.get("cache_creation") if isinstance(details, dict) else None
    written = _count(usage, "cache_creation_input_tokens")
    if isinstance(creation, dict):
        parts = [_count(creation, f"ephemeral_{ttl}_input_tokens") for ttl in ("5m", "1h")]
        written = sum(part or 0 for part in parts)
    counts = {
        "cached_tokens": _count(usage, "cache_read_input_tokens"),
        "cache_write_tokens": written,
    }
    return {name: n for name, n in counts.items() if n is not None}


def text_of(content: Any) -> str | None:
    """Return a message's text: a string, or text parts joined."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else None


def arguments_of(value: Any) -> str:
    """Return a call's arguments as the JSON string that OpenAI's clients parse."""
    if isinstance(value, str):
        return value
    return "{}" if value is None else json.dumps(value)


def called_with(value: Any) -> str:
    """Return the arguments of a whole call: a call without any has none in JSON, too."""
    return arguments_of(value) if value != "" else "{}"


def calls_of(choice: dict[str, Any], message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tool calls from either place: in the message, or beside it."""
    for place in (message, choice):
        calls = place.get("tool_calls")
        if isinstance(calls, list) and calls:
            return [call for call in calls if isinstance(call, dict)]
    return []


def _choice(choice: Any, at: int, fallback_id: str, form: ReplyForm) -> dict[str, Any]:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise BadReply("a choice has no message")
    index = choice.get("index")
    calls = [
        _call(call, f"call_{fallback_id}_{at}_{n}")
        for n, call in enumerate(calls_of(choice, message))
    ]
    if form.one_call:
        calls = calls[:1]
    content, reason = text_of(message.get("content")), choice.get("finish_reason")
    ended = cut(content, form.stop) if content else None
    if ended is not None:
        # What a model says or calls after a stop is not part of the reply.
        content, reason, calls = ended[0], "stop", []
    refusal = message.get("refusal")
    out: dict[str, Any] = {
        "role": "assistant",
        "content": content,
        "refusal": refusal if isinstance(refusal, str) else None,
    }
    if calls:
        out["tool_calls"] = calls
        out["content"] = out["content"] or None
    translated = {
        "index": index if isinstance(index, int) and not isinstance(index, bool) else at,
        "message": out,
        "logprobs": None,
        "finish_reason": finish_reason(reason, called=bool(calls)),
    }
    if form.names_stop and ended is not None:
        translated["stop_sequence"] = ended[1]
    return translated


def _call(call: dict[str, Any], fallback_id: str) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BadReply("a tool call has no function")
    own = call.get("id")
    return {
        "id": own if isinstance(own, str) and own else fallback_id,
        "type": "function",
        "function": {
            "name": function["name"],
            "arguments": called_with(function.get("arguments")),
        },
    }


def _count(values: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None
