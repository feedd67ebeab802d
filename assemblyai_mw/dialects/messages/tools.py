"""Tools and the choice between them -> an OpenAI chat's."""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..chat import checks
from ..chat.checks import invalid, known_keys, missing, required
from . import arrays
from .content import shown

# Those that are not translated change how a tool is loaded, cached or explained, and not what the
# model may call.
_TOOL = frozenset(
    {
        "type",
        "name",
        "description",
        "input_schema",
        "allowed_callers",
        "cache_control",
        "defer_loading",
        "eager_input_streaming",
        "input_examples",
        "strict",
    }
)
_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})


def to_tool(item: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a tool as a function; *path* names it in errors.

    Raises:
        BadRequest: It is one that Anthropic's servers run or describe, or is malformed.
    """
    kind = item.get("type")
    if kind is not None:
        checks.string(kind, f"{path}.type")
        if kind != "custom":
            raise BadRequest(
                f"Unsupported tool at '{path}': the gateway does not have {shown(kind)}; only "
                "tools of your own, with a name and an input_schema, can be called.",
                param=f"{path}.type",
                code="unsupported_parameter",
            )
    known_keys(item, path, _TOOL)
    for name in ("name", "input_schema"):
        if name not in item:
            raise missing(f"{path}.{name}")
    checks.nonempty(item["name"], f"{path}.name")
    checks.mapping(item["input_schema"], f"{path}.input_schema")
    # Without it, providers refuse the tool, or call it with what no client of Anthropic's reads.
    if "type" not in item["input_schema"]:
        raise missing(f"{path}.input_schema.type")
    checks.one_of("object")(item["input_schema"]["type"], f"{path}.input_schema.type")
    callers = item.get("allowed_callers")
    if callers is not None:
        arrays.strings(callers, f"{path}.allowed_callers")
        if "direct" not in callers:
            raise invalid(f"{path}.allowed_callers", "the gateway has direct calls only.")
    function: dict[str, Any] = {"name": item["name"], "parameters": item["input_schema"]}
    if item.get("description") is not None:
        checks.string(item["description"], f"{path}.description")
        function["description"] = item["description"]
    return {"type": "function", "function": function}


def to_tool_choice(choice: dict[str, Any], *, has_tools: bool) -> tuple[Any, bool]:
    """Return OpenAI's `tool_choice`, None for none, and whether only one call is wanted."""
    path = "tool_choice"
    kind = required(choice, "type", path, checks.one_of("auto", "any", "tool", "none"))
    known_keys(choice, path, _CHOICE)
    single = choice.get("disable_parallel_tool_use")
    if single is not None:
        checks.boolean(single, f"{path}.disable_parallel_tool_use")
    if not has_tools:
        if kind in ("any", "tool"):
            raise invalid(path, "a tool can only be chosen from `tools`.")
        return None, False
    if kind == "tool":
        required(choice, "name", path, checks.nonempty)
        return {"type": "function", "function": {"name": choice["name"]}}, bool(single)
    return {"any": "required"}.get(kind, kind), bool(single)
