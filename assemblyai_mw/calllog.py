"""One line a call on the logger `assemblyai_mw`, and the same facts for callbacks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .pricing import format_usd

if TYPE_CHECKING:
    from .call import Call

logger = logging.getLogger("assemblyai_mw")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is told of a call once its reply has gone out. No content, no secrets.

    Attributes:
        id: The request's id.
        at: When it came in, UTC.
        key, team: The caller's, None for nobody known.
        route: The prefix, as mounted.
        path: At the upstream, without the query.
        status: As the client saw it; None where the reply broke off.
        duration_ms: Until the reply's last byte, or its end.
        bytes_out: Of the reply's body.
        row: The ledger's row, for calls that cost or could.
        state: `pending`, `settled`, `failed` or `unpriced`: what this call did to the row.
        cost_usd: Exact decimal, where this call settled one.
    """

    id: str
    at: datetime
    key: str | None
    team: str | None
    route: str
    region: str
    method: str
    path: str
    status: int | None
    duration_ms: float
    bytes_out: int
    row: int | None = None
    kind: str | None = None
    state: str | None = None
    model: str | None = None
    transcript_id: str | None = None
    audio_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


OnCall = Callable[[CallRecord], object]


def wanted(callbacks: Iterable[OnCall]) -> bool:
    """Whether anyone would see a record."""
    return bool(callbacks) or logger.isEnabledFor(logging.INFO)


def emit(call: Call, callbacks: Iterable[OnCall], *, status: int | None, bytes_out: int) -> None:
    """Log the call and tell the callbacks; nothing here can break a reply."""
    usage, price, caller = call.usage, call.price, call.caller
    record = CallRecord(
        id=call.id,
        at=datetime.fromtimestamp(call.started, UTC),
        key=caller.name if caller else None,
        team=caller.team if caller else None,
        route=call.route.prefix,
        region=call.route.region,
        method=call.method,
        path=call.path,
        status=status,
        duration_ms=round((time.time() - call.started) * 1000, 3),
        bytes_out=bytes_out,
        row=call.row,
        kind=call.kind,
        state=call.state,
        model=usage.model if usage else None,
        transcript_id=call.transcript_id,
        audio_seconds=usage.audio_ms / 1000 if usage and usage.audio_ms is not None else None,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_usd=format_usd(price.nano) if price else None,
        tags=dict(call.tags),
    )
    if logger.isEnabledFor(logging.INFO):
        fields = asdict(record)
        shown = " ".join(
            f"{name}={_shown(value)}" for name, value in fields.items() if value not in (None, {})
        )
        logger.info("%s", shown, extra={"assemblyai_mw": fields})
    for callback in callbacks:
        try:
            callback(record)
        except Exception:
            logger.exception("on_call: %r failed; the reply is not affected", callback)


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return ",".join(f"{k}={v}" for k, v in value.items())
    text = str(value)
    # A path can hold what a log line must not: one call is one line.
    return text if text.isprintable() and " " not in text else ascii(text)
