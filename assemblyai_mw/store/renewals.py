"""Renewing holds: many calls under way take more budget at once, each all of it or nothing.

Holds are locked by id, then the windows of all of them in the order of `totals.lock_order`: the
order of all transactions (docs/reliability.md, "How no budget is overspent").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from .limits import Limits, Place, Whose, limits_of_all, parts
from .schema import holds, spend
from .statements import Prepared
from .totals import Changes, Period, lock_order, windows_of
from .transactions import Transaction

_OF_SPEND = (spend.c.scope, spend.c.owner, spend.c.period)
_grow = Prepared(
    update(holds)
    .where(holds.c.id == bindparam("b_id"))
    .values(
        amount_nano=holds.c.amount_nano + bindparam("b_more"),
        expires_at=bindparam("b_expires"),
    )
)


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The first window that a hold cannot grow in, and whose; amounts in nano-dollars."""

    period: Period
    whose: Whose
    spent: int
    held: int
    limit: int


def renew(
    transaction: Transaction, more: Mapping[str, int], *, expires_at: int, now: int
) -> dict[str, NoRoom | None]:
    """Let the hold of each request in *more* grow by so many nano-dollars; return those refused.

    A refused one has the first window that it does not fit in, or None where nothing is held for
    it any more. Requests are served in the order of *more*. *now* is epoch microseconds.
    """
    connection = transaction.connection
    found = {row.request_id: row for row in _locked_holds(connection, list(more))}
    refused: dict[str, NoRoom | None] = {name: None for name in more if name not in found}
    periods = {name: windows_of(row) for name, row in found.items()}
    amounts = _locked_spend(connection, (period for each in periods.values() for period in each))
    # What a cleared budget counted is gone: nobody asks for it, and a row that another transaction
    # makes of it anew must not be locked after later ones.
    counted = frozenset(amounts)
    limits = limits_of_all(connection, found.values(), now)
    added, grown = Changes(), []
    for name, needed in more.items():
        if name not in found:
            continue
        full = no_room(periods[name], amounts, limits, needed)
        if full is not None:
            refused[name] = full
            continue
        for period in periods[name]:
            spent, held = amounts.get(period, (0, 0))
            amounts[period] = (spent, held + needed)
        added.add(counted.intersection(periods[name]), held=needed)
        grown.append({"b_id": found[name].id, "b_more": needed, "b_expires": expires_at})
    transaction.finish(*map(_grow.of, grown), *added.bound())
    return refused


def no_room(
    periods: Iterable[Period],
    amounts: Mapping[Period, tuple[int, int]],
    limits: Mapping[Place, Limits],
    needed: int,
) -> NoRoom | None:
    """Return the first of *periods* whose limit *needed* more would pass; pure.

    *amounts* are the nano-dollars spent and held in each period that has any.
    """
    for period in periods:
        bound = limits.get((period.scope, period.owner))
        limit = bound.of(period.window) if bound else None
        if bound is None or limit is None:
            continue
        spent, held = amounts.get(period, (0, 0))
        if spent + held + needed > limit:
            return NoRoom(period, bound.whose, spent, held, limit)
    return None


def _place(period: Period) -> tuple[str, str, str]:
    return period.scope, period.owner, period.period


def _locked_holds(connection: Connection, requests: Sequence[str]) -> Iterator[Any]:
    for some in parts(sorted(requests)):
        rows = select(
            holds.c.id,
            holds.c.request_id,
            holds.c.at,
            holds.c.key_id,
            holds.c.team,
            holds.c.budgets,
        ).where(holds.c.request_id.in_(some))
        yield from connection.execute(rows.order_by(holds.c.id).with_for_update())


def _locked_spend(
    connection: Connection, periods: Iterable[Period]
) -> dict[Period, tuple[int, int]]:
    """Return what is spent and held in each of *periods*, locked until the commit."""
    owner: Any = spend.c.owner
    if connection.dialect.name == "postgresql":
        # The order of `lock_order`, whatever the database's own collation.
        owner = owner.collate("C")
    order = spend.c.scope, owner, func.length(spend.c.period), spend.c.period
    found = {}
    for some in parts(sorted(set(periods), key=lock_order)):
        by_place = {_place(period): period for period in some}
        places = tuple_(*_OF_SPEND).in_(list(by_place))
        rows = select(*_OF_SPEND, spend.c.spent_nano, spend.c.held_nano).where(places)
        for row in connection.execute(rows.order_by(*order).with_for_update()):
            found[by_place[row.scope, row.owner, row.period]] = (row.spent_nano, row.held_nano)
    return found
