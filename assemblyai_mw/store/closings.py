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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
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
from .limits import Limits, Place, SoftBudget, ask_limits, limits_in, reached, tell
from .schema import (
    FAILED,
    IS_PENDING,
    IS_UNPRICED,
    PENDING,
    SETTLED,
    UNPRICED,
    calls,
    holds,
    open_sessions,
    transcripts,
)
from .statements import Prepared
from .totals import Changes, Period, add_sums, budget_ids, by_period, windows_of
from .transactions import Transaction
from .unwritten import Unwritten

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..billing.replies import Usage

_BOUND = [
    (each.name, "b_request" if each.name == "request_id" else f"b_{each.name}")
    for each in fields(Closing)
]
BY_HAND = "settled by hand"
_COUNTS = ("audio_ms", "input_tokens", "output_tokens", "cached_tokens", "characters")


def _given(name: str, column: Any, type_: Any) -> Any:
    """Return *column*'s new value: the parameter, or what it was where that is NULL."""
    return func.coalesce(bindparam(name, type_=type_), column)


def _of_request() -> Any:
    return calls.c.request_id == _given("b_request", calls.c.request_id, Text)


_state_of = select(calls.c.state).where(calls.c.id == bindparam("b_row")).with_for_update()
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


# Only where this transaction closed the call: a closed call may hold anew.
_free = Prepared(
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


@dataclass(frozen=True, slots=True)
class _Written:
    """What the last message of a closing brought: the limits, and the amounts they bound."""

    limits: Mapping[Place, Limits] = field(default_factory=dict)
    amounts: Mapping[Period, Any] = field(default_factory=dict)


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
        seen_at = None if last_seen is None else micros(last_seen)

        def work(transaction: Transaction) -> _Written | None:
            written = self._close(transaction, closing, seen_at)
            if written is None and seen_at is None:
                self._replace_estimate(transaction, closing)
            return written

        try:
            return self._tell(self.database.transact(work))
        except _StillOpen:
            return False

    def reprice(self, row: int, price: Price) -> bool:
        """Give an `unpriced` row its price after all; True for exactly one caller.

        The cost takes the place of what the row counted as spent, in the windows of its day.
        """
        closing = priced(row, price)
        return self._tell(
            self.database.transact(lambda transaction: self._revise(transaction, closing))
        )

    def settle_by_hand(self, row: int, nano: int, *, reason: str, actor: str | None) -> bool:
        """Close a pending or unpriced row with a cost that a person knows, and record the actor.

        False, and nothing is written, where the row has another state or is not there.
        """
        closing = priced(row, Price(nano, (_line_by_hand(nano),)), reason)

        def work(transaction: Transaction) -> _Written | None:
            before = transaction.connection.scalar(_state_of, {"b_row": row})
            if before not in (PENDING, UNPRICED):
                return None
            self._note(transaction.connection, closing, before, actor)
            if before == PENDING:
                return self._close(transaction, closing)
            return self._revise(transaction, closing)

        return self._tell(self.database.transact(work))

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

        def work(transaction: Transaction) -> _Written | None:
            written = self._close(transaction, closing)
            if written is None and closing.state != PENDING:
                written = self._revise(transaction, closing, _revise_lost)
                if written is None:
                    self._replace_estimate(transaction, closing)
            return written

        return self._tell(self.database.transact(work))

    def _close(
        self, transaction: Transaction, closing: Closing, seen_at: int | None = None
    ) -> _Written | None:
        """Close a pending row, or let it wait; None where it is not pending."""
        parameters = self._parameters(closing)
        if closing.state == PENDING:
            return None if transaction.first(_await.of(parameters)) is None else _Written()
        found, freed = transaction.ask(_close.of(parameters), _free.of(parameters))
        if not found:
            if freed:
                # Another closed it in the same microsecond, and it held anew: this is taken back.
                raise StoreError("The call was closed by another at this moment")
            return None
        closed = found[0]
        if closed.kind in SESSION_KINDS:
            ended = transaction.first(_end_session.of({"b_row": closing.row, "b_seen": seen_at}))
            if ended is None and seen_at is not None:
                raise _StillOpen
        failed, unpriced = closing.state == FAILED, closing.state == UNPRICED
        if closed.transcript_id is not None and (failed or closing.usage is not None):
            status = "error" if failed else "completed"
            transaction.run(
                _end_transcript.of(
                    {"b_row": closing.row, "b_status": status, "b_now": parameters["b_now"]}
                )
            )
        changes = Changes()
        for hold in freed:
            changes.add(windows_of(hold), held=-hold.amount_nano)
        held = sum(hold.amount_nano for hold in freed)
        spent = held if unpriced else closing.cost_nano or 0
        changes.add(windows_of(closed), spent=spent)
        if unpriced and held:
            transaction.run(_keep.of({"b_row": closing.row, "b_kept": held}))
        sums = {**_sums(closing), "calls": 1, "failed": int(failed), "unpriced": int(unpriced)}
        return self._charge(transaction, closed, changes, spent, sums)

    def _revise(
        self, transaction: Transaction, closing: Closing, statement: Prepared = _revise
    ) -> _Written | None:
        """Give an unpriced row another end; None where it is not unpriced."""
        row = transaction.first(statement.of(self._parameters(closing)))
        if row is None:
            return None
        kept = row.kept_nano or 0
        spent = 0 if closing.state == UNPRICED else (closing.cost_nano or 0) - kept
        changes = Changes()
        changes.add(windows_of(row), spent=spent)
        sums = {
            **_sums(closing),
            "failed": int(closing.state == FAILED),
            "unpriced": -int(closing.state != UNPRICED),
        }
        return self._charge(transaction, row, changes, spent, sums)

    def _replace_estimate(self, transaction: Transaction, closing: Closing) -> None:
        """Give a session whose end was estimated the end that its process saw."""
        if closing.state not in (SETTLED, FAILED):
            return
        parameters = self._parameters(closing)
        old = transaction.first(_estimate.of(parameters))
        if old is None:
            return
        row = transaction.first(_replace.of(parameters))
        sums = {name: new - (getattr(old, name) or 0) for name, new in _sums(closing).items()}
        changes = Changes()
        changes.add(windows_of(row), spent=sums["cost_nano"])
        failed = int(closing.state == FAILED)
        self._charge(transaction, row, changes, 0, {**sums, "failed": failed})

    def _parameters(self, closing: Closing) -> dict[str, Any]:
        values = {bound: getattr(closing, name) for name, bound in _BOUND}
        values["b_now"] = self.database.now
        return values

    def _charge(
        self,
        transaction: Transaction,
        row: Any,
        changes: Changes,
        spent: int,
        sums: dict[str, int],
    ) -> _Written:
        """Add a closed row to the running totals, and to what is spent; the last of its work."""
        group = {
            "day": day_of(row.at),
            "key_id": row.key_id or 0,
            "key_name": row.key_name or "",
            "team": row.team or "",
            "model": row.model or "",
        }
        add_sums(transaction, group, tag_names(from_json(row.tags)), sums)
        bound = changes.bound()
        watched = spent > 0 and self._on_soft_budget is not None
        asked = ask_limits(row.key_id, row.team, budget_ids(row.budgets)) if watched else []
        answers = transaction.finish(*asked, *bound)
        if not watched:
            return _Written()
        limits: dict[Place, Limits] = {}
        for rows in answers[: len(asked)]:
            limits |= limits_in(rows, self.database.now)
        amounts = [found for rows in answers[len(asked) :] for found in rows]
        return _Written(limits, by_period(changes.periods, amounts))

    def _tell(self, written: _Written | None) -> bool:
        """Report the soft thresholds that a committed closing reached; whether it counted."""
        if written is None:
            return False
        if self._on_soft_budget is not None:
            found = reached(written.amounts, written.limits, self._soft_ratios)
            for warning in tell(self.database, found):
                self._on_soft_budget(warning)
        return True

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
