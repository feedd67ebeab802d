"""An OpenAI chat request -> the LLM Gateway's, or the 400 that says why not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest
from . import checks
from .checks import invalid, known_keys, missing, required
from .form import ReplyForm
from .messages import function_of, to_message
from .models import Target, not_found
from .parameters import PARAMETERS, Parameter

# Names a model as callers spell it, and says which parameter held it; None is unknown.
Resolve = Callable[[str], Target | None]
# The parameters that a model takes, where the gateway lists them.
Supported = Callable[[Target], frozenset[str] | None]

# OpenAI takes 4 stops, other providers more; each costs time at every piece of a stream.
MAX_STOPS = 16
MAX_STOP_CHARS = 256
# Names a model that a caller may have meant.
Hint = Callable[[str], str | None]

# As many models as the ledger's row of a call names.
MAX_FALLBACKS = 32
MAX_END_USER_CHARS = 256
_STREAM_OPTIONS = frozenset({"include_usage", "include_obfuscation"})
# Sent where the gateway lists what they need for a model and all its fallbacks.
_IF_LISTED = frozenset({"top_p", "top_k", "reasoning_effort"})
_TOOL = frozenset({"type", "function"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_FORMAT = frozenset({"type", "json_schema"})
_SCHEMA = frozenset({"name", "description", "schema", "strict"})
# The gateway knows no `json_object`: any object is a schema, too.
JSON_OBJECT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "json_object", "schema": {"type": "object"}, "strict": False},
}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request ready for the gateway.

    Attributes:
        body: The gateway's JSON, without `stream` and `stream_options`.
        target: The model that answers.
        form: What is asked of the reply's form, and done here.
        stream: The caller wants events.
        include_usage: And the usage as the last of them.
    """

    body: dict[str, Any]
    target: Target
    form: ReplyForm
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


def to_gateway(
    body: Any,
    resolve: Resolve,
    hint: Hint = _no_hint,
    *,
    supported: Supported | None = None,
    default_max_tokens: int | None = None,
) -> ChatRequest:
    """Return *body*, parsed JSON, in the gateway's format; *hint* is for names without a model.

    Args:
        resolve: Finds the model of a name.
        supported: Tells a model's parameters; asked only where the answer decides something.
        default_max_tokens: `max_tokens` of a request that sets none; None leaves it to the gateway.

    Raises:
        RequestRefused: 400 with `param` for a value of the wrong type, an unknown or
            unsupported parameter; 404 `model_not_found` for an unknown model.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if "model" not in body:
        raise missing("model")
    given = checked(body, PARAMETERS)
    target = resolve(given["model"])
    if target is None:
        raise not_found(given["model"], hint=hint(given["model"]))
    stream = given.pop("stream", False)
    options = given.pop("stream_options", None)
    include_usage = _include_usage(options, stream)
    form = ReplyForm(_stops(given.pop("stop", [])), not given.pop("parallel_tool_calls", True))
    translated = _fields(given, "", target, required=True)
    fallbacks = given.get("fallbacks")
    if fallbacks is not None:
        if len(fallbacks) > MAX_FALLBACKS:
            raise invalid("fallbacks", f"it holds more than {MAX_FALLBACKS}.")
        translated["fallbacks"] = [
            _fallback(item, f"fallbacks[{at}]", target, resolve)
            for at, item in enumerate(fallbacks)
        ]
    _fit(translated, target, supported)
    if default_max_tokens is not None:
        translated.setdefault("max_tokens", default_max_tokens)
    return ChatRequest(translated, target, form, stream, include_usage)


def _stops(value: str | list[str]) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value
    if len(stops) > MAX_STOPS:
        raise invalid("stop", f"it holds more than {MAX_STOPS} strings.")
    for stop in stops:
        if not 0 < len(stop) <= MAX_STOP_CHARS:
            raise invalid("stop", f"a string must have from 1 to {MAX_STOP_CHARS} characters.")
    return tuple(stops)


def _fit(body: dict[str, Any], target: Target, supported: Supported | None) -> None:
    """Leave out what a model may not take, such as `top_p`, and refuse `json_object` likewise.

    A model and its fallbacks get the same request, but for what a fallback overrides.

    Raises:
        BadRequest: A model takes no `response_format`, and `json_object` was asked for.
    """
    ways = [body, *body.get("fallbacks", ())]
    if not any(
        _IF_LISTED & way.keys() or way.get("response_format") == JSON_OBJECT for way in ways
    ):
        return
    known = []
    for way in ways:
        model = Target(way["model"], way["model"], target.region, target.prefix)
        known.append(supported(model) if supported is not None else None)
    taken = frozenset.intersection(*(names or frozenset() for names in known))
    for way in ways:
        for name in ("top_p", "top_k"):
            if name not in taken:
                way.pop(name, None)
        effort = way.pop("reasoning_effort", None)
        if effort is not None and "reasoning" in taken:
            way.setdefault("reasoning", {"effort": effort})
    for way, names in zip(ways, known, strict=True):
        asked = way.get("response_format", body.get("response_format"))
        if asked == JSON_OBJECT and names is not None and "response_format" not in names:
            raise BadRequest(
                f"Unsupported value: 'response_format.type' (`json_object`: {way['model']} takes "
                "no response_format).",
                param="response_format",
                code="unsupported_value",
            )


def checked(body: dict[str, Any], table: Mapping[str, Parameter], path: str = "") -> dict[str, Any]:
    """Return what is left of *body* once *table* has checked, dropped and refused.

    Raises:
        BadRequest: A parameter is unknown, of the wrong type, or refused.
    """
    given: dict[str, Any] = {}
    for name, value in body.items():
        row = table.get(name)
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
            to_message(item, f"{path}messages[{at}]") for at, item in enumerate(given["messages"])
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
            given["tool_choice"], path + "tool_choice", out.get("tools", [] if required else None)
        )
    if "response_format" in given:
        format_ = _response_format(given["response_format"], path + "response_format")
        if format_ is not None:
            out["response_format"] = format_
    for name, value in given.items():
        if PARAMETERS[name].fate == "passed" or name in _IF_LISTED:
            out.setdefault(name, value)
    return out


def _fallback(item: dict[str, Any], path: str, first: Target, resolve: Resolve) -> dict[str, Any]:
    """Translate one fallback: a model, and whatever of the request it overrides.

    The gateway tries them on its own, in its own region and with its own key.
    """
    if "model" not in item:
        raise missing(path + ".model")
    given = checked(item, PARAMETERS, path + ".")
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


def _tool(item: dict[str, Any], path: str) -> dict[str, Any]:
    function = function_of(item, path, _TOOL)
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


def _tool_choice(choice: Any, path: str, tools: list[dict[str, Any]] | None) -> Any:
    """Return the choice; *tools* is None for a fallback that takes over the request's."""
    if isinstance(choice, str):
        checks.one_of("none", "auto", "required")(choice, path)
        if choice != "required":
            return choice
        if tools is not None and not tools:
            raise invalid(path, "`required` is only possible with tools.")
        # The gateway documents no `required`, but names: one tool that must be called is named.
        if tools is None or len(tools) > 1:
            return choice
        return {"type": "function", "function": {"name": tools[0]["function"]["name"]}}
    function = function_of(choice, path, _TOOL)
    known_keys(function, f"{path}.function", frozenset({"name"}))
    return {"type": "function", "function": {"name": function["name"]}}


def _response_format(value: dict[str, Any], path: str) -> dict[str, Any] | None:
    required(value, "type", path, checks.string)
    known_keys(value, path, _FORMAT)
    if value["type"] == "text":
        return None
    if value["type"] == "json_object":
        return copy.deepcopy(JSON_OBJECT)
    if value["type"] != "json_schema":
        raise invalid(f"{path}.type", "it must be one of text, json_object, json_schema.")
    schema = required(value, "json_schema", path, checks.mapping)
    known_keys(schema, f"{path}.json_schema", _SCHEMA)
    out: dict[str, Any] = {}
    for name, check in (("name", checks.nonempty), ("schema", checks.mapping)):
        out[name] = required(schema, name, f"{path}.json_schema", check)
    if schema.get("description") is not None:
        checks.string(schema["description"], f"{path}.json_schema.description")
    if schema.get("strict") is not None:
        checks.boolean(schema["strict"], f"{path}.json_schema.strict")
        out["strict"] = schema["strict"]
    return {"type": "json_schema", "json_schema": out}
