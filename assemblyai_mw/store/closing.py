"""The end of one call, in plain values that can be written later. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from ..billing.usage import Usage
from .columns import plain, to_json
from .schema import FAILED, SETTLED, UNPRICED

if TYPE_CHECKING:
    from ..billing.money import Price

_USAGE = tuple(each.name for each in fields(Usage))


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of one call, in plain values that can be written now or later.

    Attributes:
        row: Its ledger row.
        request_id: The request that the row must belong to; None if that is known.
        state: `settled`, `failed` or `unpriced`; `pending` where the reply was seen and the
            row waits for what its cost depends on.
        model: The name in totals; None keeps the name of its opening.
        cost_nano: None unless settled or failed.
        breakdown, usage: JSON text.
        estimated: The price is that of a requested model, not of a reported one, or of a length
            that the upstream did not report.
    """

    row: int
    request_id: str | None
    state: Literal["pending", "settled", "failed", "unpriced"]
    reason: str | None = None
    status: int | None = None
    model: str | None = None
    audio_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    characters: int | None = None
    cost_nano: int | None = None
    breakdown: str | None = None
    usage: str | None = None
    estimated: bool = False
    duration_ms: int | None = None


def closing_of(
    row: int,
    *,
    usage: Usage | None,
    price: Price | None,
    request_id: str | None = None,
    status: int | None = None,
    reason: str | None = None,
    duration_s: float | None = None,
    metrics_label: str | None = None,
    estimated: bool = False,
) -> Closing:
    """Return the end of a call that was done: `settled`, or without a *price* `unpriced`.

    *estimated*: the upstream did not report the *usage*.
    """
    audio_ms = None
    if usage is not None:
        audio_ms = usage.session_ms if usage.audio_ms is None else usage.audio_ms
    return Closing(
        row,
        request_id,
        UNPRICED if price is None else SETTLED,
        reason=plain(reason or "no price") if price is None else plain(reason),
        status=status,
        model=plain(metrics_label or (None if usage is None else usage.model)),
        audio_ms=audio_ms,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cached_tokens=None if usage is None else usage.cached_tokens,
        characters=None if usage is None else usage.characters,
        cost_nano=None if price is None else price.nano,
        breakdown=None if price is None else to_json(price.breakdown()),
        usage=None if usage is None else to_json(_fields(usage)),
        estimated=price is not None and (estimated or price.estimated),
        duration_ms=_ms(duration_s),
    )


def failure_of(
    row: int,
    *,
    request_id: str | None = None,
    status: int | None = None,
    reason: str | None = None,
    duration_s: float | None = None,
) -> Closing:
    """Return the end of a call that certainly cost nothing."""
    return Closing(
        row,
        request_id,
        FAILED,
        reason=plain(reason),
        status=status,
        cost_nano=0,
        duration_ms=_ms(duration_s),
    )


def priced(row: int, price: Price, reason: str | None = None) -> Closing:
    """Return the end of a row whose usage is in the ledger, or unknown."""
    return Closing(
        row,
        None,
        SETTLED,
        reason=plain(reason),
        cost_nano=price.nano,
        breakdown=to_json(price.breakdown()),
        estimated=price.estimated,
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _fields(usage: Usage) -> dict[str, Any]:
    return {name: getattr(usage, name) for name in _USAGE}
