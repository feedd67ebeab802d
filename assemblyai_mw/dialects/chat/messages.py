"""Messages of an OpenAI chat request -> the LLM Gateway's."""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from . import checks
from .checks import invalid, known_keys, missing, required, wrong

# `thinking` is the gateway's own.
_MESSAGE = frozenset(
    {
        "role",
        "content",
        "name",
        "tool_calls",
        "tool_call_id",
        "cache_control",
        "thinking",
        "refusal",
        "annotations",
        "audio",
        "function_call",
        "reasoning_content",
    }
)
_ROLES = ("system", "developer", "user", "assistant", "tool")


def to_message(item: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a message of OpenAI's in the gateway's format; *path* names it in errors."""
    # A reply's message comes back with what its client or its provider added to it: those are
    # outputs, and no model reads them.
    if item.get("role") != "assistant":
        known_keys(item, path, _MESSAGE)
    role = required(item, "role", path, checks.one_of(*_ROLES))
    role = "system" if role == "developer" else role
    out: dict[str, Any] = {"role": role}
    for name in ("audio", "function_call"):
        if item.get(name) is not None:
            raise BadRequest(
                f"Unsupported parameter: '{path}.{name}'.",
                param=f"{path}.{name}",
                code="unsupported_parameter",
            )
    calls = item.get("tool_calls")
    if calls is not None:
        if role != "assistant":
            raise invalid(f"{path}.tool_calls", "only the assistant calls tools.")
        checks.objects(calls, f"{path}.tool_calls")
        calls = [_tool_call(call, f"{path}.tool_calls[{at}]") for at, call in enumerate(calls)]
    content = item.get("content")
    if content is None and role == "assistant" and item.get("refusal") is not None:
        checks.string(item["refusal"], f"{path}.refusal")
        content = item["refusal"]
    if content is None and not (role == "assistant" and calls):
        if "content" not in item:
            raise missing(f"{path}.content")
        raise wrong(f"{path}.content", "a string or an array of text parts", content)
    out["content"] = None if content is None else _content(content, f"{path}.content", role)
    for name in ("name", "thinking"):
        if item.get(name) is not None:
            checks.string(item[name], f"{path}.{name}")
            out[name] = item[name]
    if calls:
        out["tool_calls"] = calls
    if role == "tool":
        out["tool_call_id"] = required(item, "tool_call_id", path, checks.nonempty)
    if item.get("cache_control") is not None:
        checks.mapping(item["cache_control"], f"{path}.cache_control")
        out["cache_control"] = item["cache_control"]
    return out


def _content(content: Any, path: str, role: str) -> Any:
    """Translate content: a string, or text parts; the gateway takes no others.

    A tool's result is a string there (llm-gateway.yml, ToolMessage), so its parts are joined.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise wrong(path, "a string or an array of text parts", content)
    if not content:
        raise invalid(path, "it is empty.", "empty_array")
    parts = [_part(part, f"{path}[{at}]") for at, part in enumerate(content)]
    return "".join(part["text"] for part in parts) if role == "tool" else parts


def _part(part: Any, path: str) -> dict[str, Any]:
    checks.mapping(part, path)
    kind = required(part, "type", path, checks.string)
    field = {"text": "text", "refusal": "refusal"}.get(kind)
    if field is None:
        raise invalid(f"{path}.type", "the gateway takes text parts only.")
    out = {"type": "text", "text": required(part, field, path, checks.string)}
    if part.get("cache_control") is not None:
        checks.mapping(part["cache_control"], f"{path}.cache_control")
        out["cache_control"] = part["cache_control"]
    return out


def function_of(item: dict[str, Any], path: str, keys: frozenset[str] | None) -> dict[str, Any]:
    """Return the `function` of an object of type `function`; other members than *keys* are 400."""
    required(item, "type", path, checks.one_of("function"))
    if keys is not None:
        known_keys(item, path, keys)
    function: dict[str, Any] = required(item, "function", path, checks.mapping)
    required(function, "name", f"{path}.function", checks.nonempty)
    return function


def _tool_call(item: dict[str, Any], path: str) -> dict[str, Any]:
    # Part of a reply's message: clients add `parsed_arguments` and the like.
    function = function_of(item, path, None)
    required(item, "id", path, checks.nonempty)
    required(function, "arguments", f"{path}.function", checks.string)
    return {
        "id": item["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": function["arguments"]},
    }
