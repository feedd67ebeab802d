"""Closing calls: once, by one conditional UPDATE, with spend and totals in its transaction.

What a call counts as spent, in each window of its key and team, and of the budgets of
tags and an end user that bind it:

| state      | spent           | held     |
|------------|-----------------|----------|
| `pending`  | 0               | its hold |
| `settled`  | its cost        | 0        |
| `failed`   | 0               | 0        |
| `unpriced` | what it had held | 0       |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

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

from ..billing.money import Item, Price, format_usd
from ..billing.operations import SESSION_KINDS
from ..errors import StoreError
from .closing import Closing, closing_of, failure_of, priced
from .columns import Moment, day_of, from_json, micros, tag_names
from .database import Database
from .history import add_change
from .limits import SoftBudget, limits_of, soft_warnings
from .schema import (
    FAILED,
    IS_PENDING,
    IS_UNPRICED,
    PENDING,
    SETTLED,
    UNPRICED,
    calls,
    open_sessions,
    transcripts,
)
from .statements import Prepared
from .totals import add_spend, add_sums, budget_ids, free_request, windows_of
from .unwritten import Unwritten

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..billing.replies import Usage

BY_HAND = "settled by hand"
_COUNTS = ("audio_ms", "input_tokens", "output_tokens", "cached_tokens", "characters")


def _given(name: str, column: Any, type_: Any) -> Any:
    """Return *column*'s new value: the parameter, or what it was where that is NULL."""
    return func.coalesce(bindparam(name, type_=type_), column)


def _of_request() -> Any:
    return calls.c.request_id == _given("b_request", calls.c.request_id, Text)


_maker = (calls.c.region, calls.c.at, calls.c.key_id, calls.c.key_name, calls.c.team)
_shown = (
    *_maker,
    *(calls.c.request_id, calls.c.kind, calls.c.model, calls.c.tags, calls.c.transcript_id),
    calls.c.budgets,
)
_close = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING, _of_request())
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        status=_given("b_status", calls.c.status, SmallInteger),
        model=_given("b_model", calls.c.model, Text),
        **{name: bindparam(f"b_{name}") for name in _COUNTS},
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
_keep = Prepared(
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
            **{name: counts(name) for name in _COUNTS},
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
_revise = _revising(_is_unpriced, counts=_given_count)
# The call was given up earlier, with its end unknown.
_revise_lost = _revising(_is_unpriced, calls.c.usage.is_(None), counts=_given_count)
# Settlement closed the session by its last checkpoint.
_is_estimate = (
    # A prepared statement cannot have a list among its parameters.
    or_(*(calls.c.kind == kind for kind in sorted(SESSION_KINDS)))
    & (calls.c.state == SETTLED)
    & calls.c.estimated.is_(True)
)
_estimate = Prepared(
    select(*(calls.c[name] for name in _COUNTS), calls.c.cost_nano)
    .where(calls.c.id == bindparam("b_row"), _of_request(), _is_estimate)
    .with_for_update()
)
_replace = _revising(_is_estimate, counts=lambda name: bindparam(f"b_{name}"))
_await = Prepared(
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
_end_session = Prepared(
    delete(open_sessions)
    .where(
        open_sessions.c.call_id == bindparam("b_row"),
        open_sessions.c.seen_at == _given("b_seen", open_sessions.c.seen_at, BigInteger),
    )
    .returning(open_sessions.c.call_id)
)
_end_transcript = Prepared(
    update(transcripts)
    .where(transcripts.c.call_id == bindparam("b_row"))
    .values(status=bindparam("b_status"), completed_at=bindparam("b_now"))
)


class _StillOpen(Exception):
    """A session had another checkpoint: the transaction that closes it is taken back."""


class Closings:
    """The part of the Ledger that closes calls."""

    database: Database
    unwritten: Unwritten
    _on_soft_budget: Callable[[SoftBudget], None] | None
    _soft_ratios: Sequence[float]

    def settle(
        self,
        row: int,
        *,
        usage: Usage | None,
        price: Price | None,
        status: int | None = None,
        reason: str | None = None,
        duration_s: float | None = None,
        metrics_label: str | None = None,
    ) -> bool:
        """Close a pending call with its cost; True for exactly one caller, ever.

        Without a *price* the row becomes `unpriced`, with the *reason*; never zero. In the
        same transaction the cost goes to the running totals and takes the place of the
        call's hold. The hold of an unpriced call counts as spent until the call has a price.
        Totals count it under *metrics_label*, else under the model of the *usage*.
        """
        return self.write(
            closing_of(
                row,
                usage=usage,
                price=price,
                status=status,
                reason=reason,
                duration_s=duration_s,
                metrics_label=metrics_label,
            )
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
        return self.write(failure_of(row, status=status, reason=reason, duration_s=duration_s))

    def write(self, closing: Closing, *, last_seen: Moment | None = None) -> bool:
        """Write how a pending call ended; True for exactly one caller, ever.

        *last_seen* is the last checkpoint of a session that its process does not close: where it
        had a later one, False, and nothing is written. A session's own process knows better than
        settlement how long it lasted: its end takes the place of an estimated one, also False.
        """
        try:
            with self.database.write() as connection:
                seen_at = None if last_seen is None else micros(last_seen)
                told = self._close(connection, closing, seen_at)
                if told is None and seen_at is None:
                    self._replace_estimate(connection, closing)
        except _StillOpen:
            return False
        return self._tell(told)

    def reprice(self, row: int, price: Price) -> bool:
        """Give an `unpriced` row its price after all; True for exactly one caller.

        The cost takes the place of what the row counted as spent, in the windows of its day.
        """
        with self.database.write() as connection:
            told = self._revise(connection, priced(row, price))
        return self._tell(told)

    def settle_by_hand(self, row: int, nano: int, *, reason: str, actor: str | None) -> bool:
        """Close a pending or unpriced row with a cost that a person knows, and record the actor.

        False, and nothing is written, where the row has another state or is not there.
        """
        closing = priced(row, Price(nano, (_line_by_hand(nano),)), reason)
        with self.database.write() as connection:
            old, told = PENDING, self._close(connection, closing)
            if told is None:
                old, told = UNPRICED, self._revise(connection, closing)
            if told is not None:
                self._note(connection, closing, old, actor)
        return self._tell(told)

    def write_kept(self) -> list[Closing]:
        """Write the closings whose first write failed; return those that took effect.

        If a write fails again, it and the rest are retried later, at growing intervals.
        """
        written = []
        for closing in self.unwritten.due():
            try:
                counts = self.write_late(closing)
            except StoreError:
                self.unwritten.failed(closing)
                break
            self.unwritten.done(closing)
            if counts:
                written.append(closing)
        return written

    def write_late(self, closing: Closing) -> bool:
        """Write a closing that could not be written when its call ended; whether that counted.

        A call that was given up meanwhile with an unknown end gets this end.
        """
        with self.database.write() as connection:
            told = self._close(connection, closing)
            if told is None and closing.state != PENDING:
                told = self._revise(connection, closing, _revise_lost)
                if told is None:
                    self._replace_estimate(connection, closing)
        return self._tell(told)

    def _close(
        self, connection: Connection, closing: Closing, seen_at: int | None = None
    ) -> tuple[SoftBudget, ...] | None:
        """Close a pending row, or let it wait; None where it is not pending."""
        parameters = self._parameters(closing)
        if closing.state == PENDING:
            return None if _await.first(connection, parameters) is None else ()
        closed = _close.first(connection, parameters)
        if closed is None:
            return None
        if closed.kind in SESSION_KINDS:
            ended = _end_session.first(connection, {"b_row": closing.row, "b_seen": seen_at})
            if ended is None and seen_at is not None:
                raise _StillOpen
        failed, unpriced = closing.state == FAILED, closing.state == UNPRICED
        if closed.transcript_id is not None and (failed or closing.usage is not None):
            status = "error" if failed else "completed"
            _end_transcript.run(
                connection,
                {"b_row": closing.row, "b_status": status, "b_now": parameters["b_now"]},
            )
        periods = windows_of(closed)
        freed = 0
        for held_in, amount in free_request(connection, closed.request_id):
            freed += amount
            if held_in != periods:
                add_spend(connection, held_in, held=-amount)
                add_spend(connection, periods, held=amount)
        spent = freed if unpriced else closing.cost_nano or 0
        if unpriced and freed:
            _keep.run(connection, {"b_row": closing.row, "b_kept": freed})
        add_spend(connection, periods, spent=spent, held=-freed)
        sums = {**_sums(closing), "calls": 1, "failed": int(failed), "unpriced": int(unpriced)}
        return self._charge(connection, closed, spent, sums)

    def _revise(
        self, connection: Connection, closing: Closing, statement: Prepared = _revise
    ) -> tuple[SoftBudget, ...] | None:
        """Give an unpriced row another end; None where it is not unpriced."""
        row = statement.first(connection, self._parameters(closing))
        if row is None:
            return None
        kept = row.kept_nano or 0
        spent = 0 if closing.state == UNPRICED else (closing.cost_nano or 0) - kept
        add_spend(connection, windows_of(row), spent=spent)
        sums = {
            **_sums(closing),
            "failed": int(closing.state == FAILED),
            "unpriced": -int(closing.state != UNPRICED),
        }
        return self._charge(connection, row, spent, sums)

    def _replace_estimate(self, connection: Connection, closing: Closing) -> None:
        """Give a session whose end was estimated the end that its process saw."""
        if closing.state not in (SETTLED, FAILED):
            return
        parameters = self._parameters(closing)
        old = _estimate.first(connection, parameters)
        if old is None:
            return
        row = _replace.first(connection, parameters)
        sums = {name: new - (getattr(old, name) or 0) for name, new in _sums(closing).items()}
        add_spend(connection, windows_of(row), spent=sums["cost_nano"])
        failed = int(closing.state == FAILED)
        self._charge(connection, row, 0, {**sums, "failed": failed})

    def _parameters(self, closing: Closing) -> dict[str, Any]:
        values = {f"b_{each.name}": getattr(closing, each.name) for each in fields(closing)}
        request = values.pop("b_request_id")
        return {**values, "b_request": request, "b_now": self.database.now}

    def _charge(
        self, connection: Connection, row: Any, spent: int, sums: dict[str, int]
    ) -> tuple[SoftBudget, ...]:
        """Add a closed row to the running totals; return the soft thresholds it reached."""
        group = {
            "day": day_of(row.at),
            "key_id": row.key_id or 0,
            "key_name": row.key_name or "",
            "team": row.team or "",
            "model": row.model or "",
        }
        add_sums(connection, group, tag_names(from_json(row.tags)), sums)
        if spent <= 0 or self._on_soft_budget is None:
            return ()
        limits = limits_of(
            connection, row.key_id, row.team, budget_ids(row.budgets), self.database.now
        )
        return soft_warnings(connection, windows_of(row), limits, self._soft_ratios)

    def _tell(self, told: tuple[SoftBudget, ...] | None) -> bool:
        for warning in told or ():
            if self._on_soft_budget is not None:
                self._on_soft_budget(warning)
        return told is not None

    def _note(self, connection: Connection, closing: Closing, old: str, actor: str | None) -> None:
        row = connection.execute(select(*_maker).where(calls.c.id == closing.row)).one()
        detail = {
            "call": closing.row,
            "state": {"old": old, "new": closing.state},
            "cost_usd": format_usd(closing.cost_nano or 0),
            "reason": closing.reason,
        }
        add_change(
            connection,
            self.database.now,
            actor,
            "settle",
            detail,
            key_id=row.key_id,
            key_name=row.key_name,
            team=row.team,
        )


def _line_by_hand(nano: int) -> Item:
    return Item(BY_HAND, "1", "call", f"{format_usd(nano)}/call", nano)


def _sums(closing: Closing) -> dict[str, int]:
    counts = {name: getattr(closing, name) or 0 for name in _COUNTS}
    return {**counts, "cost_nano": closing.cost_nano or 0}
