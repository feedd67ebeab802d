"""The sums of one view of the usage page, all as of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import add
from typing import Any, Literal

from sqlalchemy import func, select

from .columns import plain
from .database import Database
from .schema import IS_PENDING, PENDING, SUMS, calls, holds, keys
from .usage_filter import UsageFilter
from .usage_names import By
from .usage_query import usage_sums

Step = Literal["day", "month"]
# By the names of SUMS, and how many calls are pending.
Numbers = Mapping[str, int]
_NAMES = (*SUMS, PENDING)


@dataclass(frozen=True, slots=True)
class Overview:
    """Sums of the calls of a filter. A group is a text; a key a pair of name and id, 0 for none.

    Attributes:
        total: All calls, each once. Costs in nano-dollars, audio in milliseconds.
        groups: By group.
        bars: Nano-dollars by step (`2026-11-22` or `2026-11`) and group; by the step alone, ''.
        before: Those of the period before; None without one.
        oldest_open: When the oldest open call was made, in epoch microseconds.
        held_nano: Nano-dollars held for calls under way, of the filter's team, key and scope.
    """

    total: Numbers
    groups: Mapping[Any, Numbers]
    bars: Mapping[tuple[str, Any], int]
    before: Numbers | None
    oldest_open: int | None
    held_nano: int


def overview(database: Database, which: UsageFilter, by: By, step: Step) -> Overview:
    """Return the sums of *which* by group, and its cost by *step* and group.

    Raises:
        StoreError: The database cannot be read.
    """
    before = which.before(database.now / 1_000_000)
    cost = SUMS.index("cost_nano")
    with database.snapshot() as connection:
        if by in ("day", "month"):
            found = usage_sums(connection, (by,), which)
            steps = found if by == step else usage_sums(connection, (step,), which)
            bars = {(str(group[0]), ""): sums[cost] for group, sums in steps.items()}
            grouped = {group[0]: sums for group, sums in found.items()}
        else:
            pairs = usage_sums(connection, (step, by), which)
            bars, grouped = {}, {}
            for (at, group), sums in pairs.items():
                bars[str(at), group] = sums[cost]
                known = grouped.get(group)
                grouped[group] = sums if known is None else list(map(add, known, sums))
        # A call with two tags counts in both groups.
        rows = (
            list(usage_sums(connection, (), which).values())
            if by == "tag"
            else list(grouped.values())
        )
        earlier = None
        if before is not None:
            earlier = usage_sums(connection, (), before).get((), [0] * len(_NAMES))
        sqlite = database.is_sqlite
        oldest = select(func.min(calls.c.at)).where(
            calls.c.state == IS_PENDING, *which.calls_where(sqlite=sqlite, state=PENDING)
        )
        return Overview(
            total=_numbers([sum(column) for column in zip(*rows, strict=True)]),
            groups={group: _numbers(sums) for group, sums in grouped.items()},
            bars=bars,
            before=None if earlier is None else _numbers(earlier),
            oldest_open=connection.execute(oldest).scalar_one(),
            held_nano=int(connection.execute(_held(which, database.now)).scalar_one()),
        )


def _numbers(sums: list[int]) -> Numbers:
    return dict(zip(_NAMES, sums or [0] * len(_NAMES), strict=True))


def _held(which: UsageFilter, now: int) -> Any:
    # The same holds as `gauges` adds up.
    statement = select(func.coalesce(func.sum(holds.c.amount_nano), 0)).where(
        holds.c.expires_at > now
    )
    if which.team is not None:
        statement = statement.where(func.coalesce(holds.c.team, "") == plain(which.team))
    if which.key is not None:
        named = select(keys.c.id).where(keys.c.name == plain(which.key))
        statement = statement.where(holds.c.key_id.in_(named))
    if which.scope is not None:
        statement = statement.where(which.scope.of_keys(holds.c.team, holds.c.key_id))
    return statement
