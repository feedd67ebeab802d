"""The statements that close calls.

Parameters are the members of a `Closing`, with the prefix `b_`; its `request_id` is `b_request`,
and `b_now` is the moment. A NULL request is any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    SmallInteger,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from ..billing.operations import SESSION_KINDS
from .schema import IS_PENDING, IS_UNPRICED, SETTLED, calls, holds, open_sessions, transcripts
from .statements import Prepared

COUNTS = ("audio_ms", "input_tokens", "output_tokens", "cached_tokens", "characters")


def _given(name: str, column: Any, type_: Any) -> Any:
    """Return *column*'s new value: the parameter, or what it was where that is NULL."""
    return func.coalesce(bindparam(name, type_=type_), column)


def _of_request() -> Any:
    return calls.c.request_id == _given("b_request", calls.c.request_id, Text)


state_of = select(calls.c.state).where(calls.c.id == bindparam("b_row")).with_for_update()
MAKER = (calls.c.region, calls.c.at, calls.c.key_id, calls.c.key_name, calls.c.team)
_shown = (
    *MAKER,
    *(calls.c.request_id, calls.c.kind, calls.c.model, calls.c.tags, calls.c.transcript_id),
    calls.c.budgets,
)
close = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING, _of_request())
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        status=_given("b_status", calls.c.status, SmallInteger),
        model=_given("b_model", calls.c.model, Text),
        **{name: bindparam(f"b_{name}") for name in COUNTS},
        cost_nano=bindparam("b_cost_nano"),
        breakdown=bindparam("b_breakdown"),
        usage=bindparam("b_usage"),
        estimated=bindparam("b_estimated", type_=Boolean),
        duration_ms=_given("b_duration_ms", calls.c.duration_ms, BigInteger),
        closed_at=bindparam("b_now"),
        due_at=None,
    )
    .returning(*_shown)
)
keep = Prepared(
    update(calls).where(calls.c.id == bindparam("b_row")).values(kept_nano=bindparam("b_kept"))
)


def _revising(*conditions: Any, counts: Callable[[str], Any]) -> Prepared:
    """Return the statement that gives a closed row another end; its label stays."""
    return Prepared(
        update(calls)
        .where(calls.c.id == bindparam("b_row"), _of_request(), *conditions)
        .values(
            state=bindparam("b_state"),
            reason=bindparam("b_reason"),
            status=_given("b_status", calls.c.status, SmallInteger),
            **{name: counts(name) for name in COUNTS},
            cost_nano=bindparam("b_cost_nano"),
            breakdown=bindparam("b_breakdown"),
            usage=_given("b_usage", calls.c.usage, Text),
            estimated=bindparam("b_estimated", type_=Boolean),
        )
        .returning(*_shown, calls.c.kept_nano)
    )


def _given_count(name: str) -> Any:
    return _given(f"b_{name}", calls.c[name], BigInteger)


_is_unpriced = calls.c.state == IS_UNPRICED
revise = _revising(_is_unpriced, counts=_given_count)
# The call was given up earlier, with its end unknown.
revise_lost = _revising(_is_unpriced, calls.c.usage.is_(None), counts=_given_count)
# Settlement closed the session by its last checkpoint.
_is_estimate = (
    # A prepared statement cannot have a list among its parameters.
    or_(*(calls.c.kind == kind for kind in sorted(SESSION_KINDS)))
    & (calls.c.state == SETTLED)
    & calls.c.estimated.is_(True)
)
estimate = Prepared(
    select(*(calls.c[name] for name in COUNTS), calls.c.cost_nano)
    .where(calls.c.id == bindparam("b_row"), _of_request(), _is_estimate)
    .with_for_update()
)
replace_estimate = _revising(_is_estimate, counts=lambda name: bindparam(f"b_{name}"))
await_rest = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING, _of_request())
    .values(
        usage=bindparam("b_usage"),
        reason=bindparam("b_reason"),
        status=_given("b_status", calls.c.status, SmallInteger),
        due_at=bindparam("b_now"),
    )
    .returning(calls.c.id)
)
end_session = Prepared(
    delete(open_sessions)
    .where(
        open_sessions.c.call_id == bindparam("b_row"),
        open_sessions.c.seen_at == _given("b_seen", open_sessions.c.seen_at, BigInteger),
    )
    .returning(open_sessions.c.call_id)
)
end_transcript = Prepared(
    update(transcripts)
    .where(transcripts.c.call_id == bindparam("b_row"))
    .values(status=bindparam("b_status"), completed_at=bindparam("b_now"))
)


# Only where this transaction closed the call: a closed call may hold anew.
free_holds = Prepared(
    delete(holds)
    .where(
        holds.c.request_id
        == select(calls.c.request_id)
        .where(
            calls.c.id == bindparam("b_row"),
            calls.c.state == bindparam("b_state"),
            calls.c.closed_at == bindparam("b_now"),
        )
        .scalar_subquery()
    )
    .returning(holds.c.amount_nano, holds.c.at, holds.c.key_id, holds.c.team, holds.c.budgets)
)
