"""A request for a message -> an OpenAI chat, or the 400 that says why not."""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..chat import checks
from ..chat.checks import invalid, known_keys, missing
from ..chat.request import MAX_STOP_CHARS, MAX_STOPS, checked
from .content import cache_mark, system_message, to_messages
from .parameters import PARAMETERS
from .tools import to_tool, to_tool_choice

_REQUIRED = ("model", "max_tokens", "messages")
_FORMAT = frozenset({"type", "schema"})
_OUTPUT = frozenset({"effort", "format", "task_budget"})
# What is read below; all else goes into the chat under its own name.
_TRANSLATED = frozenset(
    {
        "cache_control",
        "messages",
        "metadata",
        "output_config",
        "output_format",
        "stop_sequences",
        "system",
        "tool_choice",
        "tools",
    }
)


def to_chat(body: Any) -> dict[str, Any]:
    """Return *body*, parsed JSON, as an OpenAI chat.

    Paths in errors are Anthropic's: `messages.0.content.1`.

    Raises:
        BadRequest: It is malformed, or asks for what the gateway cannot do.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if body.get("thread"):
        # By this code Anthropic's tool runner goes on without a thread, with the whole history.
        raise BadRequest(
            "Unsupported parameter: 'thread' (Nothing is stored; send the whole conversation).",
            param="thread",
            code="thread_unsupported_request",
        )
    for name in _REQUIRED:
        if name not in body:
            raise missing(name)
    given = checked(body, PARAMETERS)
    chat = {name: value for name, value in given.items() if name not in _TRANSLATED}
    chat["messages"] = [*system_message(given.get("system")), *to_messages(given["messages"])]
    if "cache_control" in given:
        chat["messages"][-1].setdefault(
            "cache_control", cache_mark(given["cache_control"], "cache_control")
        )
    if given.get("stop_sequences"):
        chat["stop"] = _stops(given["stop_sequences"])
    if given.get("tools"):
        chat["tools"] = [to_tool(item, f"tools.{at}") for at, item in enumerate(given["tools"])]
    if "tool_choice" in given:
        choice, one_call = to_tool_choice(given["tool_choice"], has_tools="tools" in chat)
        if choice is not None:
            chat["tool_choice"] = choice
        if one_call:
            chat["parallel_tool_calls"] = False
    format_ = _format(given)
    if format_ is not None:
        chat["response_format"] = format_
    user = given.get("metadata", {}).get("user_id")
    if user is not None:
        checks.string(user, "metadata.user_id")
        chat["user"] = user
    return chat


def _stops(value: list[str]) -> list[str]:
    if len(value) > MAX_STOPS:
        raise invalid("stop_sequences", f"it holds more than {MAX_STOPS} strings.")
    for at, stop in enumerate(value):
        if not 0 < len(stop) <= MAX_STOP_CHARS:
            raise invalid(
                f"stop_sequences.{at}", f"it must have from 1 to {MAX_STOP_CHARS} characters."
            )
    return value


def _format(given: dict[str, Any]) -> dict[str, Any] | None:
    """Return the `response_format` of either parameter that may ask for one."""
    asked = given.get("output_format"), "output_format"
    if "output_config" in given:
        config = given["output_config"]
        known_keys(config, "output_config", _OUTPUT)
        if config.get("format") is not None:
            if asked[0] is not None:
                raise invalid("output_format", "send output_config.format alone.")
            asked = config["format"], "output_config.format"
    value, path = asked
    if value is None:
        return None
    checks.mapping(value, path)
    for name in ("type", "schema"):
        if name not in value:
            raise missing(f"{path}.{name}")
    checks.one_of("json_schema")(value["type"], f"{path}.type")
    checks.mapping(value["schema"], f"{path}.schema")
    known_keys(value, path, _FORMAT)
    # OpenAI's form wants a name, which no model reads.
    schema = {"name": "output", "schema": value["schema"], "strict": True}
    return {"type": "json_schema", "json_schema": schema}
