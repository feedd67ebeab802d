"""Running totals: spent and held amounts of each budget's owner by window, and sums for reports.

Every transaction that touches several of these rows takes them in the order of
`windows`, so that on PostgreSQL none waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .columns import from_json, moment, to_json
from .schema import SUMS, holds, spend, tag_totals, tagged_totals, totals
from .statements import Prepared

# `budget` is that of a tag or an end user. Their order is that of locks.
Scope = Literal["budget", "key", "team"]
Window = Literal["total", "daily", "monthly"]
# Callers may make up tags: above so many a day, new ones are added up together.
MAX_TAGS_A_DAY = 10_000
OTHER_TAGS = "other"
# The largest 64-bit integer stands for "no limit" in comparisons.
UNLIMITED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Period:
    """One budget window of one owner: the row of `spend` it counts in.

    Attributes:
        scope, owner: `key` and its id as text, or `team` and its name; or `budget` and its id as
            text, for a budget of a tag or an end user.
        window: `total`, `daily` or `monthly`, by UTC.
        period: `total`, `2026-11-22` or `2026-11`.
        resets_at: When the next window begins; None for `total`.
    """

    scope: Scope
    owner: str
    window: Window
    period: str
    resets_at: datetime | None

    @property
    def key(self) -> dict[str, str]:
        """The row's primary key, as parameters of the statements below."""
        return {"b_scope": self.scope, "b_owner": self.owner, "b_period": self.period}


def budget_ids(kept: str | Sequence[int] | None) -> Sequence[int]:
    """Return the ids of a `budgets` column, or those that are given."""
    ids: Sequence[int] = from_json(kept) if isinstance(kept, str) else kept or ()
    return ids


def kept_ids(ids: Sequence[int]) -> str | None:
    """Return ids of budgets as a `budgets` column keeps them."""
    return to_json(list(ids)) if ids else None


def windows_of(row: Any) -> list[Period]:
    """Return the windows of a call or hold, by its `key_id`, `team`, `at` and `budgets`."""
    return windows(row.key_id, row.team, row.at, budget_ids(row.budgets))


def windows(
    key_id: int | None, team: str | None, at: int, further: Sequence[int] = ()
) -> list[Period]:
    """Return the windows that a call at *at* (epoch microseconds) counts in, in lock order.

    *further* are the ids of the budgets of tags and end users that bind it.
    """
    spans = _spans(at)
    owners: list[tuple[Scope, str]] = [("budget", each) for each in sorted(map(str, further))]
    if key_id is not None:
        owners.append(("key", str(key_id)))
    if team is not None:
        owners.append(("team", team))
    return [Period(scope, owner, *span) for scope, owner in owners for span in spans]


def windows_of_owner(scope: Scope, owner: str, at: int) -> list[Period]:
    """Return the windows of one owner, as `spend` calls it, at *at* (epoch microseconds)."""
    return [Period(scope, owner, *span) for span in _spans(at)]


def _spans(at: int) -> tuple[tuple[Window, str, datetime | None], ...]:
    """Return each window, its name in `spend`, and when it ends."""
    day = moment(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=UTC)
    first = day.replace(day=1)
    next_month = first.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    return (
        ("total", "total", None),
        ("monthly", f"{day:%Y-%m}", next_month),
        ("daily", f"{day:%Y-%m-%d}", tomorrow),
    )


def _adding(table: Table, columns: Iterable[str]) -> Prepared:
    """Return the statement that adds to a row, or makes it."""

    def build(module: Any) -> Any:
        statement = module.insert(table)
        return statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: table.c[name] + statement.excluded[name] for name in columns},
        )

    return Prepared(build(sqlite), postgresql=build(postgresql))


_add_spend = _adding(spend, ["spent_nano", "held_nano"])
_add_totals = _adding(totals, SUMS)
_add_tags = _adding(tag_totals, SUMS)
_add_tagged = _adding(tagged_totals, SUMS)
_find_tag = Prepared(
    select(tag_totals.c.tag).where(
        tag_totals.c.day == bindparam("b_day"), tag_totals.c.tag == bindparam("b_tag")
    )
)
_count_tags = Prepared(
    select(func.count().label("tags")).where(tag_totals.c.day == bindparam("b_day"))
)


def add_spend(
    connection: Connection, periods: Sequence[Period], *, spent: int = 0, held: int = 0
) -> None:
    """Add nano-dollars to what is spent, and to what is held, in each of *periods*."""
    if periods and (spent or held):
        _add_spend.run_many(connection, [_row_of(each, spent, held) for each in periods])


def add_held(connection: Connection, amounts: Mapping[Period, int]) -> None:
    """Add nano-dollars to what is held in each of the periods, in their order."""
    _add_spend.run_many(connection, [_row_of(each, 0, held) for each, held in amounts.items()])


def _row_of(period: Period, spent: int, held: int) -> dict[str, Any]:
    return {
        "scope": period.scope,
        "owner": period.owner,
        "period": period.period,
        "spent_nano": spent,
        "held_nano": held,
        "warned": False,
        "told": None,
    }


def add_sums(
    connection: Connection, group: dict[str, Any], tags: Sequence[str], sums: dict[str, int]
) -> None:
    """Add *sums* to the totals of *group* (day, key_id, key_name, team, model) and of each tag."""
    full = {name: sums.get(name, 0) for name in SUMS}
    _add_totals.run(connection, {**group, **full})
    if tags:
        day = group["day"]
        _add_tagged.run(connection, {"day": day, "key_id": group["key_id"], **full})
        _add_tags.run_many(
            connection,
            [{"day": day, "tag": tag, **full} for tag in _counted_tags(connection, day, tags)],
        )


def _counted_tags(connection: Connection, day: str, tags: Sequence[str]) -> list[str]:
    """Return the tags that count a call: its own, while the day has room for new ones."""
    counted, new = set(), []
    for tag in sorted(set(tags)):
        if _find_tag.first(connection, {"b_day": day, "b_tag": tag}) is None:
            new.append(tag)
        else:
            counted.add(tag)
    if new:
        room = max(0, MAX_TAGS_A_DAY - _count_tags.first(connection, {"b_day": day}).tags)
        counted.update(new[:room])
        if len(new) > room:
            counted.add(OTHER_TAGS)
    return sorted(counted)


_free_by_request = Prepared(
    delete(holds)
    .where(holds.c.request_id == bindparam("b_request"))
    .returning(holds.c.amount_nano, holds.c.at, holds.c.key_id, holds.c.team, holds.c.budgets)
)


def free_request(connection: Connection, request_id: str) -> list[tuple[list[Period], int]]:
    """Delete the holds of a request; return the windows and nano-dollars of each.

    The caller must subtract these amounts from the windows, in the same transaction.
    """
    rows = _free_by_request.all(connection, {"b_request": request_id})
    return [(windows_of(row), row.amount_nano) for row in rows]


of_period = (
    (spend.c.scope == bindparam("b_scope"))
    & (spend.c.owner == bindparam("b_owner"))
    & (spend.c.period == bindparam("b_period"))
)
_read_spend = Prepared(select(spend.c.spent_nano, spend.c.held_nano).where(of_period))


def spent_and_held(connection: Connection, period: Period) -> tuple[int, int]:
    """Return the nano-dollars spent and held in one window."""
    row = _read_spend.first(connection, period.key)
    return (0, 0) if row is None else (row.spent_nano, row.held_nano)
