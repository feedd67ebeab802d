"""Calls the callbacks for a row that settlement closed, as for a client's poll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from ..call import Call, Caller, Route
from ..telemetry.call_log import emit
from ..telemetry.record import OnCall
from .closing import Closed

if TYPE_CHECKING:
    from ..routes import Region
    from ..store import Due


def tell(due: Due, closed: Closed, on_call: Sequence[OnCall], now: float) -> None:
    """Log the end of a row, and call *on_call* with its record; *now* is in Unix seconds."""
    call = Call(
        id=due.request_id,
        started=now,
        route=Route(due.route, due.service, cast("Region", due.region)),
        method="GET" if due.transcript_id else due.method,
        path=f"{due.path}/{due.transcript_id}" if due.transcript_id else due.path,
        tags=dict(due.tags),
        caller=Caller(due.key_name or "", due.key_id, due.team) if due.key_name else None,
        kind=due.kind,
        row=due.row,
        state=closed.state,
        transcript_id=due.transcript_id,
        usage=closed.usage,
        price=closed.price,
    )
    emit(call, on_call, status=due.status, bytes_out=0)
