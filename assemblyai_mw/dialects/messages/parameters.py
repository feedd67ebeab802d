"""The handling of each parameter of a message: one table, published in docs/messages.md.

Anthropic's names and which of them may be null are those of its API reference (as typed by the
`anthropic` package's `MessageCreateParams`, those of betas included); the gateway's are those of
`dialects.chat`. The rule is that of `dialects.chat.parameters`: a parameter is dropped if the reply
has the requested form without it, and refused if the reply would differ without it.
"""

from __future__ import annotations

from typing import Any

from ..chat import PARAMETERS as CHAT
from ..chat import Parameter, checks
from ..chat.checks import MAX_TOKENS, Check
from ..chat.parameters import Fate
from . import arrays

# The gateway's own that make sense beside Anthropic's; `fallbacks` is a name of both.
_GATEWAYS = (
    "transcript_id",
    "post_processing_steps",
    "model_region",
    "reasoning",
    "zero_data_retention",
    "fail_fast",
    "max_timeout",
)


def _row(name: str, fate: Fate, check: Check, note: str, **more: Any) -> Parameter:
    return Parameter(name, "anthropic", fate, check, note, **more)


def _anything(value: Any, param: str) -> None:
    """Check nothing: what is dropped may have members that are not known yet."""


_SAVES = "Only saves money"
_WHERE_LISTED = "Passed where the gateway lists it for the model, else dropped"
_TABLE = (
    _row("model", "translated", checks.string, "`assemblyai/NAME` becomes `NAME`"),
    _row("max_tokens", "passed", checks.integer(1, MAX_TOKENS), "Required"),
    _row("messages", "translated", arrays.objects, "Text, tool calls and their results; see below"),
    _row("system", "translated", arrays.text_or_blocks, "A string or text blocks"),
    _row("stream", "translated", checks.boolean, "Every model streams"),
    _row(
        "stop_sequences",
        "translated",
        arrays.strings,
        "The text is cut here; the tokens beyond the cut are billed",
        nullable=True,
    ),
    _row("temperature", "passed", checks.number(0, 1), "0 to 1", nullable=True),
    _row("top_p", "translated", checks.number(0, 1), _WHERE_LISTED, nullable=True),
    _row("top_k", "translated", checks.integer(0, MAX_TOKENS), _WHERE_LISTED, nullable=True),
    _row("tools", "translated", arrays.objects, "Tools of your own, with `input_schema`"),
    _row(
        "tool_choice",
        "translated",
        checks.mapping,
        "`any` becomes `required`; `disable_parallel_tool_use`: only the first call is passed on",
        nullable=True,
    ),
    _row(
        "output_config",
        "translated",
        checks.mapping,
        "`format` becomes `response_format`; `effort` and `task_budget` are dropped: use the "
        "gateway's `reasoning`",
        nullable=True,
    ),
    _row(
        "output_format",
        "translated",
        checks.mapping,
        "The older name of `output_config.format`",
        nullable=True,
    ),
    _row("metadata", "translated", checks.mapping, "`user_id` is recorded as `end_user`"),
    _row(
        "cache_control",
        "translated",
        checks.mapping,
        "Marks the last message, as each block's own marks its part",
        nullable=True,
    ),
    _row("thinking", "dropped", checks.mapping, "Use the gateway's `reasoning`", nullable=True),
    _row("betas", "dropped", arrays.strings, "As the header `anthropic-beta` is", nullable=True),
    _row("context_management", "dropped", _anything, _SAVES, nullable=True),
    _row("diagnostics", "dropped", _anything, "The reply tells of none", nullable=True),
    _row("fallback_credit_token", "dropped", _anything, _SAVES, nullable=True),
    _row(
        "fallbacks", "dropped", _anything, "The requested model answers or refuses", nullable=True
    ),
    _row("service_tier", "dropped", checks.string, "One tier", nullable=True),
    _row("speed", "dropped", checks.string, "Only saves time", nullable=True),
    _row("user_profile_id", "dropped", checks.string, "Anthropic's account", nullable=True),
    _row("workspace_id", "dropped", checks.string, "Anthropic's account", nullable=True),
    _row("billing_policy", "refused", _anything, "The owner of the key pays", nullable=True),
    _row("compaction", "refused", _anything, "The gateway summarises nothing", nullable=True),
    _row("container", "refused", _anything, "The gateway runs no code", nullable=True),
    _row(
        "inference_geo",
        "refused",
        checks.string,
        "The model's name says the zone: `eu.assemblyai/...`",
        nullable=True,
        harmless=("global",),
    ),
    _row(
        "mcp_servers",
        "refused",
        arrays.objects,
        "The gateway calls no servers",
        nullable=True,
        harmless=([],),
    ),
    _row(
        "thread",
        "refused",
        _anything,
        "Nothing is stored; tool runners go on without",
        nullable=True,
        harmless=(False,),
    ),
)

PARAMETERS: dict[str, Parameter] = {
    row.name: row for row in (*_TABLE, *(CHAT[name] for name in _GATEWAYS))
}
