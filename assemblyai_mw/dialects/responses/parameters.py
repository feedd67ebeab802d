"""The handling of each parameter of a response: one table, published in docs/openai.md.

OpenAI's names and which of them may be null are those of its API reference for responses (as
typed by openai-python's `ResponseCreateParams`). The gateway's own are those of a chat, but for
`prompt` and `reasoning`: in a response these names are OpenAI's.

The rule is that of a chat: a parameter is dropped if the reply has the requested form without it,
and refused if the reply would differ without it.
"""

from __future__ import annotations

from typing import Any

from ..chat import checks
from ..chat.checks import MAX_TOKENS, Check, invalid, known_keys, wrong
from ..chat.parameters import PARAMETERS as CHAT
from ..chat.parameters import Fate, Parameter

# The bounds of metadata in OpenAI's API reference.
MAX_PAIRS = 16
MAX_NAME_CHARS = 64
MAX_VALUE_CHARS = 512
_REASONING = frozenset({"context", "effort", "generate_summary", "mode", "summary"})
_SUMMARIES = checks.one_of("auto", "concise", "detailed")
_EFFORTS = checks.one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")
_CONTEXTS = checks.one_of("auto", "current_turn", "all_turns")


def _metadata(value: Any, param: str) -> None:
    checks.mapping(value, param)
    if len(value) > MAX_PAIRS:
        raise invalid(param, f"it holds more than {MAX_PAIRS} pairs.")
    for name, text in value.items():
        if len(name) > MAX_NAME_CHARS:
            raise invalid(param, f"a name is longer than {MAX_NAME_CHARS} characters.")
        if not isinstance(text, str):
            raise wrong(param, "strings as values", text)
        if len(text) > MAX_VALUE_CHARS:
            raise invalid(param, f"a value is longer than {MAX_VALUE_CHARS} characters.")


def _string_or_items(value: Any, param: str) -> None:
    if not isinstance(value, str | list):
        raise wrong(param, "a string or an array of items", value)
    if isinstance(value, list):
        checks.objects(value, param)


def _reasoning(value: Any, param: str) -> None:
    checks.mapping(value, param)
    known_keys(value, param, _REASONING)
    each: dict[str, Check] = {
        "context": _CONTEXTS,
        "effort": _EFFORTS,
        "generate_summary": _SUMMARIES,
        "mode": checks.string,
        "summary": _SUMMARIES,
    }
    for name, given in value.items():
        if given is not None:
            each[name](given, f"{param}.{name}")


def _row(name: str, fate: Fate, check: Check, note: str, **more: Any) -> Parameter:
    return Parameter(name, "openai", fate, check, note, **more)


_NOTHING_STORED = "Nothing is stored: send the whole conversation as `input`"

_TABLE = (
    _row("model", "translated", checks.string, "`assemblyai/NAME` becomes `NAME`"),
    _row("input", "translated", _string_or_items, "Text, messages, calls of functions and outputs"),
    _row("instructions", "translated", checks.string, "The first system message", nullable=True),
    _row(
        "max_output_tokens",
        "translated",
        checks.integer(1, MAX_TOKENS),
        "Becomes `max_tokens`; the gateway's default is 1000",
        nullable=True,
    ),
    _row("temperature", "passed", checks.number(0, 2), "0 to 2", nullable=True),
    _row(
        "top_p",
        "translated",
        checks.number(0, 1),
        "Passed where the gateway lists it for the model and its fallbacks, else dropped",
        nullable=True,
    ),
    _row("tools", "translated", checks.objects, "Functions only; `strict` is dropped"),
    _row(
        "tool_choice",
        "translated",
        checks.string_or_object,
        "`none`, `auto`, `required`, a function, `allowed_tools`",
    ),
    _row(
        "parallel_tool_calls",
        "translated",
        checks.boolean,
        "`false`: only the first call of a reply is passed on",
        nullable=True,
    ),
    _row(
        "text",
        "translated",
        checks.mapping,
        "`format`: `text`, `json_schema`, `json_object`, as `response_format` of a chat; "
        "`verbosity` is dropped",
    ),
    _row(
        "reasoning",
        "translated",
        _reasoning,
        "`effort` is passed where the gateway lists `reasoning` for the model and its fallbacks; "
        "the rest is dropped",
        nullable=True,
    ),
    _row(
        "stream",
        "translated",
        checks.boolean,
        "Every model streams: one that cannot is asked without it",
        nullable=True,
    ),
    _row(
        "stream_options",
        "dropped",
        checks.mapping,
        "`include_obfuscation` adds nothing to the text",
        nullable=True,
    ),
    _row("user", "translated", checks.string, "Recorded as `end_user`", nullable=True),
    _row("safety_identifier", "translated", checks.string, "Recorded as `end_user`", nullable=True),
    _row("access_programs", "dropped", checks.mapping, "OpenAI's own"),
    _row(
        "background",
        "refused",
        checks.boolean,
        "A response is made while its caller waits",
        nullable=True,
        harmless=(False,),
    ),
    _row("background_options", "refused", checks.mapping, "There is no `background`"),
    _row("context_management", "dropped", checks.objects, "Nothing is compacted", nullable=True),
    _row("conversation", "refused", checks.string_or_object, _NOTHING_STORED, nullable=True),
    _row("image", "dropped", checks.mapping, "No images, in or out"),
    _row(
        "include",
        "dropped",
        checks.strings,
        "The gateway returns none of it; `message.output_text.logprobs` is refused",
        nullable=True,
    ),
    _row(
        "max_tool_calls",
        "dropped",
        checks.integer(1, MAX_TOKENS),
        "Counts built-in tools, and there are none",
        nullable=True,
    ),
    _row("metadata", "dropped", _metadata, "Only repeated in the reply", nullable=True),
    _row("moderation", "refused", checks.mapping, "The gateway moderates nothing", nullable=True),
    _row("previous_response_id", "refused", checks.string, _NOTHING_STORED, nullable=True),
    _row("prompt", "refused", checks.mapping, "There are no templates", nullable=True),
    _row("prompt_cache_key", "dropped", checks.string, "Only saves money", nullable=True),
    _row("prompt_cache_options", "dropped", checks.mapping, "Only saves money"),
    _row("prompt_cache_retention", "dropped", checks.string, "Only saves money", nullable=True),
    _row("service_tier", "dropped", checks.string, "One tier", nullable=True),
    _row(
        "store",
        "dropped",
        checks.boolean,
        'Nothing is stored: the reply says `"store": false`',
        nullable=True,
    ),
    _row(
        "top_logprobs",
        "refused",
        checks.integer(0, 20),
        "The gateway returns none",
        nullable=True,
        harmless=(0,),
    ),
    _row(
        "truncation",
        "dropped",
        checks.one_of("auto", "disabled"),
        "Nothing is left out of the input: one that is too long is 400",
        nullable=True,
    ),
    *(
        row
        for row in CHAT.values()
        if row.origin == "gateway" and row.name not in ("prompt", "reasoning")
    ),
)

PARAMETERS: dict[str, Parameter] = {row.name: row for row in _TABLE}
