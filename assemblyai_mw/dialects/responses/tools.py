"""Tools, their choice and the form of the text of a response -> those of an OpenAI chat."""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..chat import checks
from ..chat.checks import Check, invalid, known_keys, missing, required

# Tools of OpenAI's API reference that run at OpenAI, or that no chat has.
_OTHER_TOOLS = frozenset(
    {
        "apply_patch",
        "code_interpreter",
        "computer",
        "computer_use",
        "computer_use_preview",
        "custom",
        "file_search",
        "image_generation",
        "local_shell",
        "mcp",
        "namespace",
        "programmatic_tool_calling",
        "shell",
        "tool_search",
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
    }
)
# A member of a function: its check, and the values that ask for nothing; all may be null.
_FUNCTION: dict[str, tuple[Check, tuple[Any, ...] | None]] = {
    "description": (checks.string, None),
    "parameters": (checks.mapping, None),
    "strict": (checks.boolean, None),
    "output_schema": (checks.mapping, None),
    "allowed_callers": (checks.strings, (["direct"],)),
    "async": (checks.boolean, (False,)),
    "defer_loading": (checks.boolean, (False,)),
}
_FUNCTION_KEYS = frozenset({"type", "name", *_FUNCTION})
_NAMED = frozenset({"type", "name"})
_ALLOWED = frozenset({"type", "mode", "tools"})
_SCHEMA = frozenset({"type", "name", "schema", "description", "strict"})


def to_tools(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return functions as a chat has them.

    Raises:
        BadRequest: A tool is no function, or asks for what the gateway does not do.
    """
    return [_function(item, f"tools[{at}]") for at, item in enumerate(given)]


def _function(item: dict[str, Any], path: str) -> dict[str, Any]:
    _only_functions(item, path)
    known_keys(item, path, _FUNCTION_KEYS)
    function: dict[str, Any] = {"name": _name(item, path)}
    for name, (check, harmless) in _FUNCTION.items():
        value = item.get(name)
        if value is None:
            continue
        check(value, f"{path}.{name}")
        if harmless is not None and value not in harmless:
            raise BadRequest(
                f"Unsupported parameter: '{path}.{name}' (the gateway has no such setting).",
                param=f"{path}.{name}",
                code="unsupported_parameter",
            )
        if name in ("description", "parameters", "strict"):
            function[name] = value
    return {"type": "function", "function": function}


def _only_functions(item: dict[str, Any], path: str) -> None:
    kind = required(item, "type", path, checks.string)
    if kind in _OTHER_TOOLS:
        raise invalid(f"{path}.type", f"the gateway has no `{kind}`; use functions of your own.")
    if kind != "function":
        raise invalid(f"{path}.type", "it must be function.")


def _name(item: dict[str, Any], path: str) -> str:
    return str(required(item, "name", path, checks.nonempty))


def choose(choice: Any, tools: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """Return the choice and the tools of a chat for those of a response.

    Of `allowed_tools` the others are left out of the request, so that no model can call them.

    Raises:
        BadRequest: There is no such choice, or no such tool.
    """
    path = "tool_choice"
    if isinstance(choice, str):
        checks.one_of("none", "auto", "required")(choice, path)
        if choice == "required" and not tools:
            raise invalid(path, "`required` is only possible with tools.")
        # Without tools there is nothing to choose, and nothing that a model could refuse.
        return (choice if tools else None), tools
    by_name = {tool["function"]["name"]: tool for tool in tools}
    if choice.get("type") == "allowed_tools":
        return _allowed(choice, by_name)
    _only_functions(choice, path)
    known_keys(choice, path, _NAMED)
    name = _name(choice, path)
    if name not in by_name:
        raise invalid(f"{path}.name", "there is no such tool in `tools`.")
    return {"type": "function", "function": {"name": name}}, tools


def _allowed(
    choice: dict[str, Any], by_name: dict[str, dict[str, Any]]
) -> tuple[str, list[dict[str, Any]]]:
    known_keys(choice, "tool_choice", _ALLOWED)
    for name in ("mode", "tools"):
        if name not in choice:
            raise missing(f"tool_choice.{name}")
    checks.one_of("auto", "required")(choice["mode"], "tool_choice.mode")
    checks.objects(choice["tools"], "tool_choice.tools")
    if not choice["tools"]:
        raise invalid("tool_choice.tools", "it is empty.", "empty_array")
    allowed = {}
    for at, item in enumerate(choice["tools"]):
        path = f"tool_choice.tools[{at}]"
        _only_functions(item, path)
        known_keys(item, path, _NAMED)
        name = _name(item, path)
        if name not in by_name:
            raise invalid(f"{path}.name", "there is no such tool in `tools`.")
        allowed[name] = by_name[name]
    return str(choice["mode"]), list(allowed.values())


def to_response_format(text: dict[str, Any]) -> dict[str, Any] | None:
    """Return the `response_format` of a chat for the `text` of a response; None where it is text.

    Raises:
        BadRequest: It is malformed.
    """
    known_keys(text, "text", frozenset({"format", "verbosity"}))
    if text.get("verbosity") is not None:
        checks.one_of("low", "medium", "high")(text["verbosity"], "text.verbosity")
    if "format" not in text:
        return None
    path, given = "text.format", text["format"]
    checks.mapping(given, path)
    required(given, "type", path, checks.one_of("text", "json_object", "json_schema"))
    if given["type"] != "json_schema":
        known_keys(given, path, frozenset({"type"}))
        return None if given["type"] == "text" else {"type": "json_object"}
    known_keys(given, path, _SCHEMA)
    schema: dict[str, Any] = {"name": _name(given, path)}
    required(given, "schema", path, checks.mapping)
    schema["schema"] = given["schema"]
    for name, check in (("description", checks.string), ("strict", checks.boolean)):
        if given.get(name) is not None:
            check(given[name], f"{path}.{name}")
            schema[name] = given[name]
    return {"type": "json_schema", "json_schema": schema}
