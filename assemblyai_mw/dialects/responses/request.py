"""A request for a response -> the JSON of an OpenAI chat, and what the reply repeats of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest
from ..chat import checks
from ..chat.checks import invalid, known_keys, missing
from ..chat.request import checked
from .items import to_messages
from .parameters import PARAMETERS
from .tools import choose, to_response_format, to_tools

# The only include that would change the reply's form.
_LOGPROBS = "message.output_text.logprobs"
# What a chat takes by the same name and with the same meaning.
_AS_IT_IS = (
    "model",
    "temperature",
    "top_p",
    "parallel_tool_calls",
    "stream",
    "user",
    "safety_identifier",
    *(name for name, row in PARAMETERS.items() if row.origin == "gateway"),
)


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """A request, checked.

    Attributes:
        chat: The JSON of the chat.
        settings: The members of the reply that repeat the request, with OpenAI's defaults.
    """

    chat: dict[str, Any]
    settings: dict[str, Any]


def to_chat(body: Any) -> ResponseRequest:
    """Return *body*, parsed JSON, as an OpenAI chat.

    What a chat would refuse is refused here, by the name that it has in *body*; but the model and
    the gateway's own parameters, whose names are the same, are left to the chat.

    Raises:
        BadRequest: A value of the wrong type, an unknown or an unsupported parameter.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if "model" not in body:
        raise missing("model")
    given = checked(body, PARAMETERS)
    _check_dropped(body)
    if "input" not in given:
        raise missing("input")
    chat = {name: given[name] for name in _AS_IT_IS if name in given}
    chat["messages"] = to_messages(given["input"], given.get("instructions"))
    if "max_output_tokens" in given:
        chat["max_tokens"] = given["max_output_tokens"]
    choice, tools = choose(given.get("tool_choice", "auto"), to_tools(given.get("tools", [])))
    if tools:
        chat["tools"] = tools
    if choice is not None and "tool_choice" in given:
        chat["tool_choice"] = choice
    format_ = to_response_format(given.get("text", {}))
    if format_ is not None:
        chat["response_format"] = format_
    effort = given.get("reasoning", {}).get("effort")
    if effort is not None:
        chat["reasoning_effort"] = effort
    return ResponseRequest(chat, _settings(body))


def _check_dropped(body: dict[str, Any]) -> None:
    """Check what the table's checks of single parameters do not see."""
    for at, item in enumerate(body.get("include") or []):
        if item == _LOGPROBS:
            raise BadRequest(
                f"Unsupported value: 'include[{at}]' (the gateway returns no logprobs).",
                param=f"include[{at}]",
                code="unsupported_value",
            )
    options = body.get("stream_options")
    if options is None:
        return
    if not body.get("stream"):
        raise invalid("stream_options", "it is only allowed when stream is true.")
    known_keys(options, "stream_options", frozenset({"include_obfuscation"}))
    for name, value in options.items():
        checks.boolean(value, f"stream_options.{name}")


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a `response` that repeat its request.

    The defaults are those of OpenAI's API reference, and of its replies; what is not done here has
    the value that says so.
    """

    def given(name: str, default: Any = None) -> Any:
        value = body.get(name)
        return default if value is None else value

    text, reasoning = given("text", {}), given("reasoning", {})
    return {
        "background": False,
        "instructions": given("instructions"),
        "max_output_tokens": given("max_output_tokens"),
        "max_tool_calls": given("max_tool_calls"),
        "metadata": given("metadata", {}),
        "parallel_tool_calls": given("parallel_tool_calls", True),
        "previous_response_id": None,
        "prompt_cache_key": given("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": given("safety_identifier"),
        "service_tier": "default",
        "store": False,
        "temperature": given("temperature", 1.0),
        "text": {
            "format": text.get("format", {"type": "text"}),
            "verbosity": text.get("verbosity") or "medium",
        },
        "tool_choice": given("tool_choice", "auto"),
        "tools": [_tool(item) for item in given("tools", [])],
        "top_logprobs": 0,
        "top_p": given("top_p", 1.0),
        "truncation": "disabled",
        "user": given("user"),
    }


def _tool(item: dict[str, Any]) -> dict[str, Any]:
    names = ("type", "name", "description", "parameters", "strict")
    return {name: item.get(name) for name in names}
