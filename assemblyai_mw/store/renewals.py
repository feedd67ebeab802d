"""Renewing holds: many calls under way take more budget at once, each all of it or nothing.

Transactions lock rows in this order, as those of single calls do: holds, then the windows of
keys, then those of teams; each owner's windows as total, months, days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from .schema import holds, keys, spend, teams
from .statements import Prepared
from .totals import Limits, Period, Scope, add_held, windows

# SQLite takes no more than 32,766 parameters; a window has three.
_AT_ONCE = 5_000
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
    """The first window that a hold cannot grow in; amounts in nano-dollars."""

    period: Period
    spent: int
    held: int
    limit: int


def renew(
    connection: Connection, more: Mapping[str, int], *, expires_at: int
) -> dict[str, NoRoom | None]:
    """Let the hold of each request in *more* grow by so many nano-dollars; return those refused.

    A refused one has the first window that it does not fit in, or None where nothing is held for
    it any more. Requests are served in the order of *more*.
    """
    found = {row.request_id: row for row in _locked_holds(connection, list(more))}
    refused: dict[str, NoRoom | None] = {name: None for name in more if name not in found}
    periods = {name: windows(row.key_id, row.team, row.at) for name, row in found.items()}
    spent = _locked_spend(connection, (period for each in periods.values() for period in each))
    limits = limits_of_all(connection, found.values())
    added: Counter[Period] = Counter()
    grown = []
    for name, needed in more.items():
        if name not in found:
            continue
        full = _no_room(periods[name], spent, added, limits, needed)
        if full is not None:
            refused[name] = full
            continue
        added.update(dict.fromkeys(periods[name], needed))
        grown.append({"b_id": found[name].id, "b_more": needed, "b_expires": expires_at})
    if grown:
        add_held(connection, {period: added[period] for period in sorted(added, key=_order)})
        _grow.run_many(connection, grown)
    return refused


def _no_room(
    periods: Sequence[Period],
    spent: Mapping[tuple[str, str, str], tuple[int, int]],
    added: Counter[Period],
    limits: Mapping[tuple[str, str], Limits],
    needed: int,
) -> NoRoom | None:
    """Return the first of *periods* whose limit *needed* more would pass."""
    for period in periods:
        bound = limits.get((period.scope, period.owner))
        limit = bound.of(period.window) if bound else None
        if limit is None:
            continue
        so_far, held = spent.get(_place(period), (0, 0))
        held += added[period]
        if so_far + held + needed > limit:
            return NoRoom(period, so_far, held, limit)
    return None


def _place(period: Period) -> tuple[str, str, str]:
    return period.scope, period.owner, period.period


def _order(period: Period) -> tuple[str, str, int, str]:
    return period.scope, period.owner, len(period.period), period.period


def _locked_holds(connection: Connection, requests: Sequence[str]) -> Iterator[Any]:
    for some in _parts(sorted(requests)):
        rows = select(
            holds.c.id, holds.c.request_id, holds.c.at, holds.c.key_id, holds.c.team
        ).where(holds.c.request_id.in_(some))
        yield from connection.execute(rows.order_by(holds.c.id).with_for_update())


def _locked_spend(
    connection: Connection, periods: Iterable[Period]
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return what is spent and held in each of *periods*, locked until the commit."""
    owner: Any = spend.c.owner
    if connection.dialect.name == "postgresql":
        # The order of `_order`, whatever the database's own collation.
        owner = owner.collate("C")
    order = spend.c.scope, owner, func.length(spend.c.period), spend.c.period
    found = {}
    for some in _parts(sorted(set(periods), key=_order)):
        places = tuple_(*_OF_SPEND).in_([_place(period) for period in some])
        rows = select(*_OF_SPEND, spend.c.spent_nano, spend.c.held_nano).where(places)
        for row in connection.execute(rows.order_by(*order).with_for_update()):
            found[row.scope, row.owner, row.period] = (row.spent_nano, row.held_nano)
    return found


def limits_of_all(connection: Connection, rows: Iterable[Any]) -> dict[tuple[str, str], Limits]:
    """Return the present budgets of the `key_id` and `team` of *rows*, by scope and owner."""
    rows = list(rows)
    found: dict[tuple[str, str], Limits] = {}
    scopes: tuple[tuple[Scope, Any, Any, set[Any]], ...] = (
        ("key", keys, keys.c.id, {row.key_id for row in rows} - {None}),
        ("team", teams, teams.c.name, {row.team for row in rows} - {None}),
    )
    for scope, table, owner, owners in scopes:
        for some in _parts(sorted(owners)):
            budgets = select(
                owner,
                table.c.budget_nano,
                table.c.budget_daily_nano,
                table.c.budget_monthly_nano,
                table.c.soft_budget_ratio,
            )
            for row in connection.execute(budgets.where(owner.in_(some))):
                found[scope, str(row[0])] = Limits(*row[1:])
    return found


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
