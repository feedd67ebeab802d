"""Running totals: spent and held amounts of each budget's owner by window, and sums for reports.

Every transaction that touches several of these rows takes them in the order of
`windows`, so that on PostgreSQL none waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Table, and_, bindparam, func, or_, select

from .columns import from_json, moment, to_json
from .schema import SUMS, spend, tag_totals, tagged_totals, totals
from .statements import Bound, Prepared, PreparedRows
from .transactions import Transaction

# `budget` is that of a tag or an end user. Their order is that of locks.
Scope = Literal["budget", "key", "team"]
Window = Literal["total", "daily", "monthly"]
# Callers may make up tags: above so many a day, new ones are added up together.
MAX_TAGS_A_DAY = 10_000
OTHER_TAGS = "other"
_DAY = 86_400_000_000
# A statement is compiled for each number of rows. A key and its team have six windows.
_ROWS_AT_ONCE = 12


class Period(NamedTuple):
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
    return list(_windows_of(key_id, team, at // _DAY, tuple(further)))


@lru_cache(maxsize=1024)
def _windows_of(
    key_id: int | None, team: str | None, day: int, further: tuple[int, ...]
) -> tuple[Period, ...]:
    owners: list[tuple[Scope, str]] = [("budget", each) for each in sorted(map(str, further))]
    if key_id is not None:
        owners.append(("key", str(key_id)))
    if team is not None:
        owners.append(("team", team))
    return tuple(Period(scope, owner, *span) for scope, owner in owners for span in _spans_of(day))


def windows_of_owner(scope: Scope, owner: str, at: int) -> list[Period]:
    """Return the windows of one owner, as `spend` calls it, at *at* (epoch microseconds)."""
    return [Period(scope, owner, *span) for span in _spans_of(at // _DAY)]


@lru_cache(maxsize=64)
def _spans_of(number: int) -> tuple[tuple[Window, str, datetime | None], ...]:
    """Return each window of a day since 1970, its name in `spend`, and when it ends."""
    day = moment(number * _DAY)
    tomorrow = datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=UTC)
    first = day.replace(day=1)
    next_month = first.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    return (
        ("total", "total", None),
        ("monthly", f"{day:%Y-%m}", next_month),
        ("daily", f"{day:%Y-%m-%d}", tomorrow),
    )


def _adding(table: Table, columns: Iterable[str], *returned: str) -> PreparedRows:
    """Return the statement that adds to rows, or makes them; it returns these columns of each."""

    def build(module: Any, rows: list[dict[str, Any]]) -> Any:
        statement = module.insert(table).values(rows)
        statement = statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: table.c[name] + statement.excluded[name] for name in columns},
        )
        return statement.returning(*(table.c[name] for name in returned)) if returned else statement

    return PreparedRows(build, [each.name for each in table.columns])


def _tags_among(module: Any, rows: list[dict[str, Any]]) -> Any:
    return select(tag_totals.c.tag).where(
        or_(*(and_(tag_totals.c.day == row["day"], tag_totals.c.tag == row["tag"]) for row in rows))
    )


AMOUNTS = ("scope", "owner", "period", "spent_nano", "held_nano", "told")
_add_spend = _adding(spend, ["spent_nano", "held_nano"], *AMOUNTS)
_add_totals = _adding(totals, SUMS)
_add_tags = _adding(tag_totals, SUMS)
_add_tagged = _adding(tagged_totals, SUMS)
_find_tags = PreparedRows(_tags_among, ["day", "tag"])
_count_tags = Prepared(
    select(func.count().label("tags")).where(tag_totals.c.day == bindparam("b_day"))
)


def lock_order(period: Period) -> tuple[str, str, int, str]:
    """Return by what windows are sorted before they are locked; `windows` has this order."""
    return period.scope, period.owner, len(period.period), period.period


class Changes:
    """What one transaction adds to the spent and held nano-dollars of windows."""

    def __init__(self) -> None:
        self._amounts: dict[Period, tuple[int, int]] = {}

    def add(self, periods: Iterable[Period], *, spent: int = 0, held: int = 0) -> None:
        """Add to each of *periods*."""
        if spent or held:
            for each in periods:
                so_far = self._amounts.get(each, (0, 0))
                self._amounts[each] = (so_far[0] + spent, so_far[1] + held)

    @property
    def periods(self) -> Iterable[Period]:
        """The windows that change."""
        return self._amounts

    def bound(self) -> list[Bound]:
        """Return the statements that write them, in lock order.

        They return `AMOUNTS` of each window. On PostgreSQL they lock the windows until the commit:
        run them last.
        """
        rows = [
            spend_row(each, *self._amounts[each]) for each in sorted(self._amounts, key=lock_order)
        ]
        return [
            _add_spend.of(rows[start : start + _ROWS_AT_ONCE])
            for start in range(0, len(rows), _ROWS_AT_ONCE)
        ]


def spend_row(period: Period, spent: int, held: int) -> dict[str, Any]:
    """Return a row of `spend`, of which nothing is told yet."""
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
    transaction: Transaction, group: dict[str, Any], tags: Sequence[str], sums: dict[str, int]
) -> None:
    """Add *sums* to the totals of *group* (day, key_id, key_name, team, model) and of each tag."""
    full = {name: sums.get(name, 0) for name in SUMS}
    if not tags:
        transaction.run(_add_totals.of([{**group, **full}]))
        return
    day = group["day"]
    counted = _counted_tags(transaction, day, tags)
    transaction.run(
        _add_totals.of([{**group, **full}]),
        _add_tagged.of([{"day": day, "key_id": group["key_id"], **full}]),
        _add_tags.of([{"day": day, "tag": tag, **full} for tag in counted]),
    )


def _counted_tags(transaction: Transaction, day: str, tags: Sequence[str]) -> list[str]:
    """Return the tags that count a call: its own, while the day has room for new ones."""
    own = sorted(set(tags))
    (found,) = transaction.ask(_find_tags.of([{"day": day, "tag": tag} for tag in own]))
    counted = {row.tag for row in found}
    new = [tag for tag in own if tag not in counted]
    if new:
        room = max(0, MAX_TAGS_A_DAY - transaction.first(_count_tags.of({"b_day": day})).tags)
        counted.update(new[:room])
        if len(new) > room:
            counted.add(OTHER_TAGS)
    return sorted(counted)


of_period = (
    (spend.c.scope == bindparam("b_scope"))
    & (spend.c.owner == bindparam("b_owner"))
    & (spend.c.period == bindparam("b_period"))
)


def by_period(periods: Iterable[Period], rows: Iterable[Any]) -> dict[Period, Any]:
    """Return *rows* with `AMOUNTS` by the one of *periods* that each is of."""
    places = {(each.scope, each.owner, each.period): each for each in periods}
    return {places[row.scope, row.owner, row.period]: row for row in rows}


_read_spend = Prepared(select(spend.c.spent_nano, spend.c.held_nano).where(of_period))


def spent_and_held(connection: Connection, period: Period) -> tuple[int, int]:
    """Return the nano-dollars spent and held in one window."""
    row = _read_spend.first(connection, period.key)
    return (0, 0) if row is None else (row.spent_nano, row.held_nano)
