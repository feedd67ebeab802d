"""The handling of each parameter of a chat request: one table, published in docs/openai.md.

OpenAI's names and which of them may be null are those of its API reference (as typed by
openai-python's `CompletionCreateParams`); the gateway's are those of llm-gateway.yml,
its API reference and AssemblyAI's Python SDK. The gateway answers 400 to a parameter
that a model does not support, so nothing is sent on in the hope that it may be known.

The rule: a parameter is dropped if the reply has the requested form without it, and refused if the
reply would differ without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from . import checks
from .checks import MAX_TOKENS, Check

Fate = Literal["passed", "translated", "dropped", "refused"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes:
        origin: Owner of the parameter: the API whose it is, or the gateway.
        fate: `passed` as it is, `translated`, `dropped` silently, or `refused` with
            400 and code `unsupported_parameter`.
        check: Raises BadRequest for a value of the wrong type or out of bounds.
        note: For the table in the docs: the translation, or the reason for refusal.
        nullable: null is as good as leaving it out (as in OpenAI's reference).
        harmless: Values of a refused parameter that ask for nothing, and are dropped.
        nested: May stand in an entry of `fallbacks`.
    """

    name: str
    origin: Literal["openai", "anthropic", "gateway"]
    fate: Fate
    check: Check
    note: str
    nullable: bool = False
    harmless: tuple[Any, ...] = ()
    nested: bool = True


def _openai(name: str, fate: Fate, check: Check, note: str, **more: Any) -> Parameter:
    return Parameter(name, "openai", fate, check, note, **more)


def _gateway(name: str, check: Check, note: str, **more: Any) -> Parameter:
    return Parameter(name, "gateway", "passed", check, note, **more)


_TOKENS = checks.integer(1, MAX_TOKENS)
_HINT = "No such setting at the gateway; the reply keeps its form"

_TABLE = (
    _openai("model", "translated", checks.string, "`assemblyai/NAME` becomes `NAME`"),
    _openai(
        "messages",
        "translated",
        checks.objects,
        "Role `developer` becomes `system`; text parts only",
    ),
    _openai("max_tokens", "passed", _TOKENS, "The gateway's default is 1000", nullable=True),
    _openai("max_completion_tokens", "translated", _TOKENS, "Becomes `max_tokens`", nullable=True),
    _openai("temperature", "passed", checks.number(0, 2), "0 to 2", nullable=True),
    _openai(
        "stream",
        "translated",
        checks.boolean,
        "Every model streams: one that cannot is asked without it",
        nullable=True,
        nested=False,
    ),
    _openai(
        "stream_options",
        "translated",
        checks.mapping,
        "`include_usage` is honoured",
        nullable=True,
        nested=False,
    ),
    _openai(
        "tools",
        "translated",
        checks.objects,
        "Functions only; `strict` is dropped, missing `parameters` become an empty object",
    ),
    _openai(
        "tool_choice",
        "translated",
        checks.string_or_object,
        "`none`, `auto`, a function, `required`; with a single tool `required` names it",
    ),
    _openai(
        "response_format",
        "translated",
        checks.mapping,
        "`json_schema`; `text` is the default and dropped; `json_object` becomes the schema of "
        "an object, and is refused for a model that takes no `response_format`",
    ),
    _openai("audio", "refused", checks.mapping, "Text only", nullable=True),
    _openai("frequency_penalty", "dropped", checks.number(-2, 2), _HINT, nullable=True),
    _openai(
        "function_call",
        "refused",
        checks.string_or_object,
        "Use `tool_choice`",
        harmless=("none", "auto"),
    ),
    _openai("functions", "refused", checks.objects, "Use `tools`", harmless=([],)),
    _openai(
        "logit_bias",
        "refused",
        checks.mapping,
        "Would change the reply",
        nullable=True,
        harmless=({},),
    ),
    _openai(
        "logprobs",
        "refused",
        checks.boolean,
        "The gateway returns none",
        nullable=True,
        harmless=(False,),
    ),
    _openai("metadata", "dropped", checks.mapping, "Use `x-assemblyai-mw-tags`", nullable=True),
    _openai(
        "modalities", "refused", checks.strings, "Text only", nullable=True, harmless=(["text"],)
    ),
    _openai(
        "moderation", "refused", checks.mapping, "The gateway moderates nothing", nullable=True
    ),
    _openai(
        "n", "refused", checks.integer(1, 128), "One choice a call", nullable=True, harmless=(1,)
    ),
    _openai(
        "parallel_tool_calls",
        "translated",
        checks.boolean,
        "`false`: only the first call of a reply is passed on",
        nested=False,
    ),
    _openai("prediction", "dropped", checks.mapping, "Only saves time", nullable=True),
    _openai("presence_penalty", "dropped", checks.number(-2, 2), _HINT, nullable=True),
    _openai("prompt_cache_key", "dropped", checks.string, "Only saves money", nullable=True),
    _openai("prompt_cache_options", "dropped", checks.mapping, "Only saves money"),
    _openai("prompt_cache_retention", "dropped", checks.string, "Only saves money", nullable=True),
    _openai(
        "reasoning_effort",
        "translated",
        checks.string,
        "Becomes `reasoning.effort` where the gateway lists `reasoning` for the model and its "
        "fallbacks, else dropped",
        nullable=True,
    ),
    _openai("safety_identifier", "dropped", checks.string, "Recorded as `end_user`", nullable=True),
    _openai("seed", "dropped", checks.integer(-(2**63), 2**63 - 1), _HINT, nullable=True),
    _openai("service_tier", "dropped", checks.string, "One tier", nullable=True),
    _openai(
        "stop",
        "translated",
        checks.string_or_strings,
        "The text is cut here; the tokens beyond the cut are billed",
        nullable=True,
        nested=False,
    ),
    _openai("store", "dropped", checks.boolean, "Nothing is stored", nullable=True),
    _openai(
        "top_logprobs",
        "refused",
        checks.integer(0, 20),
        "The gateway returns none",
        nullable=True,
        harmless=(0,),
    ),
    _openai(
        "top_p",
        "translated",
        checks.number(0, 1),
        "Passed where the gateway lists it for the model and its fallbacks, else dropped",
        nullable=True,
    ),
    _openai("user", "dropped", checks.string, "Recorded as `end_user`", nullable=True),
    _openai("verbosity", "dropped", checks.string, _HINT, nullable=True),
    _openai("web_search_options", "refused", checks.mapping, "The gateway searches nothing"),
    _gateway("prompt", checks.string, "Instead of `messages`"),
    _gateway("transcript_id", checks.nonempty, "Its text replaces `{{ transcript }}`"),
    Parameter(
        "fallbacks",
        "gateway",
        "translated",
        checks.objects,
        "At most 32 models, spelled as callers spell them, of one region",
        nested=False,
    ),
    _gateway("fallback_config", checks.mapping, "Retries and depth", nested=False),
    _gateway("post_processing_steps", checks.objects, "`json-repair`"),
    _gateway("model_region", checks.one_of("global"), "`global` avoids the regional price"),
    _gateway("reasoning", checks.mapping, "For models that reason"),
    Parameter(
        "top_k",
        "gateway",
        "translated",
        checks.integer(0, MAX_TOKENS),
        "Passed where the gateway lists it for the model and its fallbacks, else dropped",
    ),
    _gateway("zero_data_retention", checks.boolean, ""),
    _gateway("fail_fast", checks.boolean, ""),
    _gateway("max_timeout", checks.number(0, 86_400), "Seconds"),
)

PARAMETERS: dict[str, Parameter] = {row.name: row for row in _TABLE}
