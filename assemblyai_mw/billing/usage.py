"""Usage: the record that prices are computed from, and readers of numbers in replies.

Replies come from another machine. An impossible number (null, text, NaN, negative, absurdly large,
a boolean) is never rounded to a possible one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

# The API takes 10 hours of audio at most, streaming sessions last 3 (docs/concepts/faq,
# streaming/session-limits). A day is longer than any of them and still plausible.
MAX_DURATION_S = 86_400
# Larger than any model's context by orders of magnitude; past it a count is nonsense.
MAX_TOKENS = 10**9
MAX_CHANNELS = 256
MAX_NAME_CHARS = 128
MAX_MODELS = 32
# The ledger keeps under this name why a call cannot be priced by its request.
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one call, as far as its price depends on it.

    Attributes:
        kind: `transcript`, `chat`, `understanding`, `sync`, `dictation`, `session`
            (one streaming session), `token`, `lemur`, `tts` or `other`.
        model: The model that did the work, as the reply spells it.
        region: `us`, `eu` or `global`: the host that was asked.
        audio_ms: Length of the audio, milliseconds, one channel's worth.
        channels: Number of channels that were transcribed separately.
        features: Names of features beyond the bare transcript: parameter names,
            `speech_understanding.TASK` and `domain.DOMAIN`.
        input_tokens: All tokens read, cached ones among them.
        output_tokens: All tokens written, reasoning among them.
        cached_tokens: Tokens read from the provider's prompt cache.
        cache_write_tokens: Tokens written to that cache, kept five minutes.
        cache_write_1h_tokens: The same, kept an hour.
        characters: Characters that were spoken, as AssemblyAI bills them.
        session_ms: How long a streaming session's socket was open, milliseconds.
        model_region: `global` where the request let the model run anywhere.
        requested_models: Every requested model, including fallbacks.
    """

    kind: str
    model: str | None = None
    region: str = "us"
    audio_ms: int | None = None
    channels: int = 1
    features: frozenset[str] = frozenset()
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    session_ms: int | None = None
    model_region: str | None = None
    requested_models: tuple[str, ...] = ()
    characters: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a piece of work, by a reply.

    Attributes:
        state: `pending` (not ended, or this reply cannot tell), `completed` (then
            `usage` is whole), `error` (ended without a result, free) or `unmeterable` (the reply is
            implausible or cannot be understood, so it cannot be charged).
        usage: The usage; None unless completed.
        reason: One line for `unmeterable`, and for `pending` if there is a reason.
        model: The model that the reply itself names; None where only the request did.
    """

    state: Literal["pending", "completed", "error", "unmeterable"]
    usage: Usage | None = None
    reason: str | None = None
    # No price depends on it.
    model: str | None = field(default=None, compare=False)


def unmeterable(reason: str, model: str | None = None) -> Outcome:
    """Return the outcome of a reply that cannot be charged; *model* is the one that it names."""
    return Outcome("unmeterable", reason=reason, model=model)


def completed(asked: Mapping[str, Any], usage: Usage, *, model: str | None = None) -> Outcome:
    """Return the outcome of a call that ended with *usage*.

    Where the request said in an undocumented way what decides its price (`UNCLEAR`, as
    `decisive.read` found), no reply can say what that was taken for: it is `unmeterable`.
    """
    reason = asked.get(UNCLEAR)
    if reason:
        return unmeterable(str(reason), model)
    return Outcome("completed", usage, model=model)


def milliseconds(value: Any, per: int, limit_s: int = MAX_DURATION_S) -> int | None:
    """Return a duration of *per* milliseconds a unit as whole milliseconds, or None.

    None is whatever is no finite number above zero and up to *limit_s*. Parts of a
    millisecond are rounded half up; a duration below half of one counts as one, so
    that nothing that lasted is free.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not 0 < value * per <= limit_s * 1000:
        return None
    if isinstance(value, int):
        return value * per
    exact = Decimal(repr(value)) * per
    return max(1, int(exact.quantize(Decimal(1), ROUND_HALF_UP)))


def count(value: Any, limit: int = MAX_TOKENS) -> int | None:
    """Return a whole number from 0 to *limit*, or None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= limit else None


def name_of(value: Any) -> str | None:
    """Return a model's name as text, or None for what is no usable name."""
    if not isinstance(value, str):
        return None
    name = value.strip()
    return name if 0 < len(name) <= MAX_NAME_CHARS and name.isprintable() else None


def names_of(values: Iterable[Any]) -> list[str]:
    """Return the usable names among *values*, each once, in their order.

    Past 32 of them the rest is one `?`, which no price and no list of allowed models
    knows: what was left out must not pass unseen.
    """
    names = list(dict.fromkeys(name for value in values if (name := name_of(value))))
    return names if len(names) <= MAX_MODELS else [*names[:MAX_MODELS], "?"]


def shown(value: Any) -> str:
    """Return *value* as a reason may show it: short, on one line."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
