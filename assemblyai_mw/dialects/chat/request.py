"""An OpenAI chat request -> the LLM Gateway's, or the 400 that says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest
from . import checks
from .checks import invalid, known_keys, missing, wrong
from .models import Target, not_found
from .parameters import PARAMETERS

# Names a model as callers spell it, and says which parameter held it; None is unknown.
Resolve = Callable[[str], Target | None]
# Names a model that a caller may have meant.
Hint = Callable[[str], str | None]

# As many models as the ledger's row of a call names.
MAX_FALLBACKS = 32
MAX_END_USER_CHARS = 256
_STREAM_OPTIONS = frozenset({"include_usage", "include_obfuscation"})
_TOOL = frozenset({"type", "function"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_CALL = frozenset({"id", "type", "function", "index"})
_CALLED = frozenset({"name", "arguments"})
_FORMAT = frozenset({"type", "json_schema"})
_SCHEMA = frozenset({"name", "description", "schema", "strict"})
# What a reply's message carries and clients send back: `audio`, `function_call` and the
# like are null there. `thinking` is the gateway's own.
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


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request ready for the gateway.

    Attributes:
        body: The gateway's JSON, without `stream` and `stream_options`.
        target: The model that answers.
        stream: The caller wants events.
        include_usage: And the usage as the last of them.
    """

    body: dict[str, Any]
    target: Target
    stream: bool
    include_usage: bool

    def payload(self, *, stream: bool, usage: bool = True) -> dict[str, Any]:
        """Return the JSON to send; a stream always brings its usage, unless *usage* is False."""
        if not stream:
            return self.body
        if not usage:
            return {**self.body, "stream": True}
        return {**self.body, "stream": True, "stream_options": {"include_usage": True}}


def _no_hint(name: str) -> str | None:
    return None


def end_user_of(body: dict[str, Any]) -> str | None:
    """Return the user for whom a chat request says that it is, as the ledger keeps it.

    `safety_identifier` names a user and nothing else; `user` is its older spelling.
    """
    for name in ("safety_identifier", "user"):
        value = body.get(name)
        if isinstance(value, str):
            kept = "".join(c for c in value.strip() if c.isprintable())[:MAX_END_USER_CHARS]
            if kept:
                return kept
    return None


def to_gateway(body: Any, resolve: Resolve, hint: Hint = _no_hint) -> ChatRequest:
    """Return *body*, parsed JSON, in the gateway's format; *hint* is for names without a model.

    Raises:
        RequestRefused: 400 with `param` for a value of the wrong type, an unknown or
            unsupported parameter; 404 `model_not_found` for an unknown model.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if "model" not in body:
        raise missing("model")
    given = _checked(body, "")
    target = resolve(given["model"])
    if target is None:
        raise not_found(given["model"], hint=hint(given["model"]))
    stream = given.pop("stream", False)
    options = given.pop("stream_options", None)
    include_usage = _include_usage(options, stream)
    translated = _fields(given, "", target, required=True)
    fallbacks = given.get("fallbacks")
    if fallbacks is not None:
        if len(fallbacks) > MAX_FALLBACKS:
            raise invalid("fallbacks", f"it holds more than {MAX_FALLBACKS}.")
        translated["fallbacks"] = [
            _fallback(item, f"fallbacks[{at}]", target, resolve)
            for at, item in enumerate(fallbacks)
        ]
    return ChatRequest(translated, target, stream, include_usage)


def _checked(body: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what is left of *body* once the table has checked, dropped and refused."""
    given: dict[str, Any] = {}
    for name, value in body.items():
        row = PARAMETERS.get(name)
        shown = name if len(name) <= 64 and name.isprintable() else "..."
        param = path + shown
        if row is None or (path and not row.nested):
            raise BadRequest(
                f"Unrecognized request argument supplied: '{param}'.",
                param=param,
                code="unknown_parameter",
            )
        if value is None and row.nullable:
            continue
        row.check(value, param)
        if row.fate == "refused":
            if not any(type(value) is type(ok) and value == ok for ok in row.harmless):
                raise BadRequest(
                    f"Unsupported parameter: '{param}' ({row.note}).",
                    param=param,
                    code="unsupported_parameter",
                )
        elif row.fate != "dropped":
            given[name] = value
    return given


def _fields(given: dict[str, Any], path: str, target: Target, *, required: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"model": target.id}
    if "messages" in given:
        if "prompt" in given:
            raise invalid(path + "prompt", "send either messages or a prompt.")
        if not given["messages"]:
            raise invalid(path + "messages", "it is empty.", "empty_array")
        out["messages"] = [
            _message(item, f"{path}messages[{at}]") for at, item in enumerate(given["messages"])
        ]
    elif "prompt" not in given and required:
        raise missing("messages")
    limits = {given[n] for n in ("max_tokens", "max_completion_tokens") if n in given}
    if len(limits) > 1:
        raise invalid(path + "max_tokens", "max_completion_tokens says something else.")
    if limits:
        out["max_tokens"] = limits.pop()
    if "tools" in given:
        out["tools"] = [_tool(item, f"{path}tools[{at}]") for at, item in enumerate(given["tools"])]
    if "tool_choice" in given:
        out["tool_choice"] = _tool_choice(
            given["tool_choice"], path + "tool_choice", out.get("tools", [])
        )
    if "response_format" in given:
        format_ = _response_format(given["response_format"], path + "response_format")
        if format_ is not None:
            out["response_format"] = format_
    for name, value in given.items():
        if PARAMETERS[name].fate == "passed":
            out.setdefault(name, value)
    return out


def _fallback(item: dict[str, Any], path: str, first: Target, resolve: Resolve) -> dict[str, Any]:
    """Translate one fallback: a model, and whatever of the request it overrides.

    The gateway tries them on its own, in its own region and with its own key.
    """
    if "model" not in item:
        raise missing(path + ".model")
    given = _checked(item, path + ".")
    target = resolve(given["model"])
    if target is None:
        raise not_found(given["model"], path + ".model")
    if target.prefix != first.prefix:
        raise invalid(path + ".model", "a fallback cannot lead to another region or account.")
    return _fields(given, path + ".", target, required=False)


def _include_usage(options: Any, stream: bool) -> bool:
    if options is None:
        return False
    if not stream:
        raise invalid("stream_options", "it is only allowed when stream is true.")
    known_keys(options, "stream_options", _STREAM_OPTIONS)
    for name, value in options.items():
        checks.boolean(value, f"stream_options.{name}")
    return bool(options.get("include_usage", False))


def _message(item: dict[str, Any], path: str) -> dict[str, Any]:
    known_keys(item, path, _MESSAGE)
    if "role" not in item:
        raise missing(f"{path}.role")
    checks.one_of(*_ROLES)(item["role"], f"{path}.role")
    role = "system" if item["role"] == "developer" else item["role"]
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
        if "tool_call_id" not in item:
            raise missing(f"{path}.tool_call_id")
        checks.nonempty(item["tool_call_id"], f"{path}.tool_call_id")
        out["tool_call_id"] = item["tool_call_id"]
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
    if "type" not in part:
        raise missing(f"{path}.type")
    kind = part["type"]
    checks.string(kind, f"{path}.type")
    field = {"text": "text", "refusal": "refusal"}.get(kind)
    if field is None:
        raise invalid(f"{path}.type", "the gateway takes text parts only.")
    if field not in part:
        raise missing(f"{path}.{field}")
    checks.string(part[field], f"{path}.{field}")
    out = {"type": "text", "text": part[field]}
    if part.get("cache_control") is not None:
        checks.mapping(part["cache_control"], f"{path}.cache_control")
        out["cache_control"] = part["cache_control"]
    return out


def _function_type(item: dict[str, Any], path: str, keys: frozenset[str]) -> dict[str, Any]:
    """Return the `function` of an object of type `function`."""
    if "type" not in item:
        raise missing(f"{path}.type")
    checks.one_of("function")(item["type"], f"{path}.type")
    known_keys(item, path, keys)
    if "function" not in item:
        raise missing(f"{path}.function")
    checks.mapping(item["function"], f"{path}.function")
    function: dict[str, Any] = item["function"]
    if "name" not in function:
        raise missing(f"{path}.function.name")
    checks.nonempty(function["name"], f"{path}.function.name")
    return function


def _tool(item: dict[str, Any], path: str) -> dict[str, Any]:
    function = _function_type(item, path, _TOOL)
    known_keys(function, f"{path}.function", _FUNCTION)
    out: dict[str, Any] = {"name": function["name"]}
    if function.get("description") is not None:
        checks.string(function["description"], f"{path}.function.description")
        out["description"] = function["description"]
    if function.get("strict") is not None:
        checks.boolean(function["strict"], f"{path}.function.strict")
    if "parameters" in function:
        checks.mapping(function["parameters"], f"{path}.function.parameters")
    # The gateway wants the schema that OpenAI lets one leave out: no parameters.
    out["parameters"] = function.get("parameters", {"type": "object", "properties": {}})
    return {"type": "function", "function": out}


def _tool_call(item: dict[str, Any], path: str) -> dict[str, Any]:
    function = _function_type(item, path, _CALL)
    known_keys(function, f"{path}.function", _CALLED)
    if "id" not in item:
        raise missing(f"{path}.id")
    checks.nonempty(item["id"], f"{path}.id")
    if "arguments" not in function:
        raise missing(f"{path}.function.arguments")
    checks.string(function["arguments"], f"{path}.function.arguments")
    return {
        "id": item["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": function["arguments"]},
    }


def _tool_choice(choice: Any, path: str, tools: list[dict[str, Any]]) -> Any:
    if isinstance(choice, str):
        checks.one_of("none", "auto", "required")(choice, path)
        if choice != "required":
            return choice
        # One tool that must be called is that tool, named; the gateway has no word for the rest.
        if len(tools) != 1:
            raise invalid(path, "`required` is only possible with exactly one tool.")
        return {"type": "function", "function": {"name": tools[0]["function"]["name"]}}
    function = _function_type(choice, path, _TOOL)
    known_keys(function, f"{path}.function", frozenset({"name"}))
    return {"type": "function", "function": {"name": function["name"]}}


def _response_format(value: dict[str, Any], path: str) -> dict[str, Any] | None:
    if "type" not in value:
        raise missing(f"{path}.type")
    checks.string(value["type"], f"{path}.type")
    known_keys(value, path, _FORMAT)
    if value["type"] == "text":
        return None
    if value["type"] != "json_schema":
        raise invalid(f"{path}.type", "the gateway knows text and json_schema.")
    if "json_schema" not in value:
        raise missing(f"{path}.json_schema")
    schema = value["json_schema"]
    checks.mapping(schema, f"{path}.json_schema")
    known_keys(schema, f"{path}.json_schema", _SCHEMA)
    out: dict[str, Any] = {}
    for name, check in (("name", checks.nonempty), ("schema", checks.mapping)):
        if name not in schema:
            raise missing(f"{path}.json_schema.{name}")
        check(schema[name], f"{path}.json_schema.{name}")
        out[name] = schema[name]
    if schema.get("description") is not None:
        checks.string(schema["description"], f"{path}.json_schema.description")
    if schema.get("strict") is not None:
        checks.boolean(schema["strict"], f"{path}.json_schema.strict")
        out["strict"] = schema["strict"]
    return {"type": "json_schema", "json_schema": out}
