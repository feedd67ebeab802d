"""The ledger: one row a billable call, written before it goes out, closed exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, SmallInteger, Text, bindparam, func, insert, update

from ..errors import StoreError
from .columns import day_of, from_json, micros, plain, tag_names, to_json
from .database import Database, as_database
from .leases import Settling
from .listing import Listing
from .owners import Transcripts, add_transcript
from .report import Reports
from .schema import FAILED, IS_PENDING, IS_UNPRICED, PENDING, SETTLED, UNPRICED, calls, transcripts
from .statements import Prepared
from .totals import SoftBudget, add_spend, add_sums, free_request, limits_of, soft_warnings, windows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..billing.price_book import Price
    from ..billing.replies import Usage
    from ..call import Call

_OPENED = (
    "request_id",
    "at",
    "key_id",
    "key_name",
    "team",
    "end_user",
    "route",
    "service",
    "region",
    "method",
    "path",
    "kind",
    "model",
    "features",
    "tags",
    "due_at",
)
_open = Prepared(
    insert(calls)
    .values(**{name: bindparam(name) for name in _OPENED}, state=PENDING, attempts=0)
    .returning(calls.c.id)
)
_maker = (
    calls.c.region,
    calls.c.at,
    calls.c.key_id,
    calls.c.key_name,
    calls.c.team,
)


def _given(name: str, column: Any, type_: Any) -> Any:
    """Return *column*'s new value: the parameter, or what it was where that is NULL."""
    return func.coalesce(bindparam(name, type_=type_), column)


_accept = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"))
    .values(
        status=_given("b_status", calls.c.status, SmallInteger),
        transcript_id=bindparam("b_transcript"),
        due_at=bindparam("b_due"),
    )
    .returning(*_maker)
)
_close = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING)
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        status=_given("b_status", calls.c.status, SmallInteger),
        model=_given("b_model", calls.c.model, Text),
        audio_ms=bindparam("b_audio_ms"),
        input_tokens=bindparam("b_input"),
        output_tokens=bindparam("b_output"),
        cached_tokens=bindparam("b_cached"),
        cost_nano=bindparam("b_cost"),
        breakdown=bindparam("b_breakdown"),
        usage=bindparam("b_usage"),
        duration_ms=_given("b_duration", calls.c.duration_ms, BigInteger),
        closed_at=bindparam("b_now"),
        due_at=None,
    )
    .returning(*_maker, calls.c.request_id, calls.c.model, calls.c.tags, calls.c.transcript_id)
)
_reprice = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_UNPRICED)
    .values(
        state=SETTLED,
        reason=None,
        cost_nano=bindparam("b_cost"),
        breakdown=bindparam("b_breakdown"),
    )
    .returning(*_maker, calls.c.model, calls.c.tags)
)
_end_transcript = Prepared(
    update(transcripts)
    .where(transcripts.c.call_id == bindparam("b_row"))
    .values(status=bindparam("b_status"), completed_at=bindparam("b_now"))
)


class Ledger(Transcripts, Listing, Settling, Reports):
    """What was asked, by whom, at what cost; and who owns what came of it.

    Args:
        database: A Database, or its URL.
        intent_due_s: After how many seconds a call that got no answer is due for
            settlement: longer than most requests last.
        accept_due_s: After how many seconds an accepted transcript is due.
        on_soft_budget: Called, after the commit, with each soft threshold that a
            settlement reached; without it, the next hold tells of it.
        soft_ratio: The share of a budget from which to do that, where neither key nor team
            says one; None for never.
    """

    def __init__(
        self,
        database: Database | str,
        *,
        intent_due_s: float = 900,
        accept_due_s: float = 3,
        on_soft_budget: Callable[[SoftBudget], None] | None = None,
        soft_ratio: float | None = None,
    ) -> None:
        self.database = as_database(database)
        self._intent_due = round(intent_due_s * 1_000_000)
        self._accept_due = round(accept_due_s * 1_000_000)
        self._on_soft_budget = on_soft_budget
        self._soft_ratio = soft_ratio

    def open(
        self, call: Call, *, kind: str, model: str | None, features: Mapping[str, Any] | None
    ) -> int:
        """Write that a billable call is about to go out, state `pending`; return its row.

        Durable when this returns: only then may the upstream see the request. *features*
        is what `usage.billing_facts` says the price depends on, the models asked for among it;
        *model* is the name that the call is counted under in totals.
        """
        caller, at = call.caller, micros(call.started)
        # A key's own tags are its maker's word; a client cannot change them.
        tags = {**call.tags, **(caller.tags if caller else {})}
        values = {
            "request_id": call.id,
            "at": at,
            "key_id": caller.key_id if caller else None,
            "key_name": caller.name if caller else None,
            "team": caller.team if caller else None,
            "end_user": plain(caller.end_user) if caller else None,
            "route": plain(call.route.prefix),
            "service": call.route.service,
            "region": call.route.region,
            "method": plain(call.method),
            "path": plain(call.path),
            "kind": kind,
            "model": plain(model),
            "features": to_json(features or {}),
            "tags": to_json({plain(name): plain(value) for name, value in tags.items()}),
            "due_at": self.database.now + self._intent_due,
        }
        with self.database.write() as connection:
            return int(_open.first(connection, values).id)

    def accept(self, row: int, *, status: int, transcript_id: str) -> None:
        """Write that AssemblyAI took the call as *transcript_id*, and whose that is.

        Durable when this returns: only then may the client learn the id.

        Raises:
            StoreError: Also where the id is known from another call, or the row is not there.
        """
        self._own(row, status, transcript_id)

    def resolve(self, row: int, transcript_id: str) -> None:
        """Write which transcript came of a call whose answer was never seen; like `accept`."""
        self._own(row, None, transcript_id)

    def _own(self, row: int, status: int | None, transcript_id: str) -> None:
        parameters = {
            "b_row": row,
            "b_status": status,
            "b_transcript": transcript_id,
            "b_due": self.database.now + self._accept_due,
        }
        with self.database.write() as connection:
            made = _accept.first(connection, parameters)
            if made is None:
                raise StoreError(f"The ledger has no row {row}")
            add_transcript(connection, made, row, transcript_id)

    def settle(
        self,
        row: int,
        *,
        usage: Usage | None,
        price: Price | None,
        status: int | None = None,
        reason: str | None = None,
        duration_s: float | None = None,
        spend_hold: bool = False,
        metrics_label: str | None = None,
    ) -> bool:
        """Close a pending call with its cost; True for exactly one caller, ever.

        Without a *price* the row becomes `unpriced`, with the *reason*; never zero. In the
        same transaction the cost goes to the running totals, and the call's hold is freed;
        with *spend_hold* it counts as spent, for work that was done and will never be priced.
        Totals count it under *metrics_label*, else under the model of the *usage*.
        """
        values = {
            "b_state": UNPRICED if price is None else SETTLED,
            "b_reason": plain(reason or "no price") if price is None else plain(reason),
            "b_cost": None if price is None else price.nano,
            "b_breakdown": None if price is None else to_json(price.breakdown()),
            "b_usage": None if usage is None else to_json(_fields(usage)),
        }
        return self._end(
            row,
            values,
            usage,
            status,
            duration_s,
            spend_hold=spend_hold,
            metrics_label=metrics_label,
        )

    def fail(
        self,
        row: int,
        *,
        status: int | None,
        reason: str | None = None,
        duration_s: float | None = None,
    ) -> bool:
        """Close a pending call as failed, which costs nothing; True for one caller, ever."""
        values = {
            "b_state": FAILED,
            "b_reason": plain(reason),
            "b_cost": 0,
            "b_breakdown": None,
            "b_usage": None,
        }
        return self._end(row, values, None, status, duration_s)

    def _end(
        self,
        row: int,
        values: dict[str, Any],
        usage: Usage | None,
        status: int | None,
        duration_s: float | None,
        *,
        spend_hold: bool = False,
        metrics_label: str | None = None,
    ) -> bool:
        state, cost = values["b_state"], values["b_cost"] or 0
        audio_ms = None
        if usage is not None:
            audio_ms = usage.session_ms if usage.audio_ms is None else usage.audio_ms
        parameters = {
            **values,
            "b_row": row,
            "b_status": status,
            "b_model": plain(metrics_label or (None if usage is None else usage.model)),
            "b_audio_ms": audio_ms,
            "b_input": None if usage is None else usage.input_tokens,
            "b_output": None if usage is None else usage.output_tokens,
            "b_cached": None if usage is None else usage.cached_tokens,
            "b_duration": None if duration_s is None else round(duration_s * 1000),
            "b_now": self.database.now,
        }
        with self.database.write() as connection:
            closed = _close.first(connection, parameters)
            if closed is None:
                return False
            if closed.transcript_id is not None and (state == FAILED or usage is not None):
                ended = "error" if state == FAILED else "completed"
                _end_transcript.run(
                    connection, {"b_row": row, "b_status": ended, "b_now": parameters["b_now"]}
                )
            for periods, amount in free_request(connection, closed.request_id):
                spent = amount if spend_hold else 0
                add_spend(connection, periods, spent=spent, held=-amount)
            sums = {
                "calls": 1,
                "failed": int(state == FAILED),
                "unpriced": int(state == UNPRICED),
                "audio_ms": audio_ms or 0,
                "input_tokens": parameters["b_input"] or 0,
                "output_tokens": parameters["b_output"] or 0,
                "cached_tokens": parameters["b_cached"] or 0,
                "cost_nano": cost,
            }
            told = self._charge(connection, closed, cost, sums)
        self._tell(told)
        return True

    def reprice(self, row: int, price: Price) -> bool:
        """Give an `unpriced` row its price after all; True for exactly one caller."""
        parameters = {
            "b_row": row,
            "b_cost": price.nano,
            "b_breakdown": to_json(price.breakdown()),
        }
        with self.database.write() as connection:
            priced = _reprice.first(connection, parameters)
            if priced is None:
                return False
            sums = {"unpriced": -1, "cost_nano": price.nano}
            told = self._charge(connection, priced, price.nano, sums)
        self._tell(told)
        return True

    def _charge(
        self, connection: Connection, row: Any, cost: int, sums: dict[str, int]
    ) -> tuple[SoftBudget, ...]:
        """Add a closed row to the running totals; return the soft thresholds it reached."""
        periods = windows(row.key_id, row.team, row.at)
        add_spend(connection, periods, spent=cost)
        group = {
            "day": day_of(row.at),
            "key_id": row.key_id or 0,
            "key_name": row.key_name or "",
            "team": row.team or "",
            "model": row.model or "",
        }
        add_sums(connection, group, tag_names(from_json(row.tags)), sums)
        if not cost or self._on_soft_budget is None:
            return ()
        limits = limits_of(connection, row.key_id, row.team)
        return soft_warnings(connection, periods, limits, self._soft_ratio)

    def _tell(self, told: tuple[SoftBudget, ...]) -> None:
        for warning in told:
            if self._on_soft_budget is not None:
                self._on_soft_budget(warning)


def _fields(usage: Usage) -> dict[str, Any]:
    return {each.name: getattr(usage, each.name) for each in fields(usage)}
