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

from sqlalchemy import select

from ..billing.money import Item, Price, format_usd
from ..billing.operations import SESSION_KINDS
from ..errors import StoreError
from . import closing_statements as statements
from .closing import Closing, closing_of, failure_of, priced
from .columns import Moment, day_of, from_json, micros, tag_names
from .database import Database
from .history import add_change
from .limits import Limits, Place, SoftBudget, ask_limits, limits_in, reached, tell
from .schema import FAILED, PENDING, SETTLED, UNPRICED, calls
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
            before = transaction.connection.scalar(statements.state_of, {"b_row": row})
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
                written = self._revise(transaction, closing, statements.revise_lost)
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
            waits = transaction.first(statements.await_rest.of(parameters))
            return None if waits is None else _Written()
        found, freed = transaction.ask(
            statements.close.of(parameters), statements.free_holds.of(parameters)
        )
        if not found:
            if freed:
                # Another closed it in the same microsecond, and it held anew: this is taken back.
                raise StoreError("The call was closed by another at this moment")
            return None
        closed = found[0]
        if closed.kind in SESSION_KINDS:
            ended = transaction.first(
                statements.end_session.of({"b_row": closing.row, "b_seen": seen_at})
            )
            if ended is None and seen_at is not None:
                raise _StillOpen
        failed, unpriced = closing.state == FAILED, closing.state == UNPRICED
        if closed.transcript_id is not None and (failed or closing.usage is not None):
            status = "error" if failed else "completed"
            transaction.run(
                statements.end_transcript.of(
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
            transaction.run(statements.keep.of({"b_row": closing.row, "b_kept": held}))
        sums = {**_sums(closing), "calls": 1, "failed": int(failed), "unpriced": int(unpriced)}
        return self._charge(transaction, closed, changes, spent, sums)

    def _revise(
        self, transaction: Transaction, closing: Closing, statement: Prepared = statements.revise
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
        old = transaction.first(statements.estimate.of(parameters))
        if old is None:
            return
        row = transaction.first(statements.replace_estimate.of(parameters))
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
        limits = limits_in(answers[: len(asked)], self.database.now)
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
        row = connection.execute(select(*statements.MAKER).where(calls.c.id == closing.row)).one()
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
    counts = {name: getattr(closing, name) or 0 for name in statements.COUNTS}
    return {**counts, "cost_nano": closing.cost_nano or 0}
