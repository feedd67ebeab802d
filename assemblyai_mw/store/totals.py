"""Running totals: spent and held amounts of a key or team by window, and sums for reports.

Every transaction that touches several of these rows takes them in the order of
`windows`, so that on PostgreSQL none waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .columns import moment
from .schema import SUMS, holds, keys, spend, tag_totals, tagged_totals, teams, totals
from .statements import Prepared

Scope = Literal["key", "team"]
Window = Literal["total", "daily", "monthly"]
# Callers may make up tags: above so many a day, new ones are added up together.
MAX_TAGS_A_DAY = 10_000
OTHER_TAGS = "other"
# The largest 64-bit integer stands for "no limit" in comparisons.
UNLIMITED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Period:
    """One budget window of one key or team: the row of `spend` it counts in.

    Attributes:
        scope, owner: `key` and its id as text, or `team` and its name.
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


def windows(key_id: int | None, team: str | None, at: int) -> list[Period]:
    """Return the windows that a call at *at* (epoch microseconds) counts in, in lock order."""
    day = moment(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=UTC)
    first = day.replace(day=1)
    next_month = first.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    spans: tuple[tuple[Window, str, datetime | None], ...] = (
        ("total", "total", None),
        ("monthly", f"{day:%Y-%m}", next_month),
        ("daily", f"{day:%Y-%m-%d}", tomorrow),
    )
    owners: list[tuple[Scope, str]] = []
    if key_id is not None:
        owners.append(("key", str(key_id)))
    if team is not None:
        owners.append(("team", team))
    return [Period(scope, owner, *span) for scope, owner in owners for span in spans]


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
    .returning(holds.c.amount_nano, holds.c.at, holds.c.key_id, holds.c.team)
)


def free_request(connection: Connection, request_id: str) -> list[tuple[list[Period], int]]:
    """Delete the holds of a request; return the windows and nano-dollars of each.

    The caller must subtract these amounts from the windows, in the same transaction.
    """
    rows = _free_by_request.all(connection, {"b_request": request_id})
    return [(windows(row.key_id, row.team, row.at), row.amount_nano) for row in rows]


_key_limits = Prepared(
    select(
        keys.c.budget_nano,
        keys.c.budget_daily_nano,
        keys.c.budget_monthly_nano,
        keys.c.soft_budget_ratio,
    ).where(keys.c.id == bindparam("b_key"))
)
_team_limits = Prepared(
    select(
        teams.c.budget_nano,
        teams.c.budget_daily_nano,
        teams.c.budget_monthly_nano,
        teams.c.soft_budget_ratio,
    ).where(teams.c.name == bindparam("b_team"))
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of one key or team, nano-dollars; None is no limit."""

    total: int | None
    daily: int | None
    monthly: int | None
    soft_ratio: float | None

    @property
    def any(self) -> bool:
        """Whether anything is limited at all."""
        return not (self.total is None and self.daily is None and self.monthly is None)

    def of(self, window: Window) -> int | None:
        """Return the limit of one window."""
        if window == "total":
            return self.total
        return self.daily if window == "daily" else self.monthly


def limits_of(connection: Connection, key_id: int | None, team: str | None) -> dict[Scope, Limits]:
    """Return the budgets that bound a key and its team; scopes without any are left out."""
    found: dict[Scope, Limits] = {}
    if key_id is not None:
        row = _key_limits.first(connection, {"b_key": key_id})
        if row is not None:
            found["key"] = Limits(*row)
    if team is not None:
        row = _team_limits.first(connection, {"b_team": team})
        if row is not None:
            found["team"] = Limits(*row)
    return {scope: limits for scope, limits in found.items() if limits.any}


_of_period = (
    (spend.c.scope == bindparam("b_scope"))
    & (spend.c.owner == bindparam("b_owner"))
    & (spend.c.period == bindparam("b_period"))
)
_read_spend = Prepared(select(spend.c.spent_nano, spend.c.held_nano).where(_of_period))
_warn = Prepared(
    update(spend)
    .where(_of_period, spend.c.warned.is_(False), spend.c.spent_nano >= bindparam("b_threshold"))
    .values(warned=True)
    .returning(spend.c.spent_nano, spend.c.held_nano)
)


def spent_and_held(connection: Connection, period: Period) -> tuple[int, int]:
    """Return the nano-dollars spent and held in one window."""
    row = _read_spend.first(connection, period.key)
    return (0, 0) if row is None else (row.spent_nano, row.held_nano)


@dataclass(frozen=True, slots=True)
class SoftBudget:
    """A key or team has spent its soft share of a budget; reported once per window.

    Attributes:
        scope, owner: `key` and its id as text, or `team` and its name.
        window: `total`, `daily` or `monthly`.
        spent, held, limit: Nano-dollars.
        ratio: Share of *limit* that triggers the warning.
        resets_at: When the window ends; None for `total`.
    """

    scope: Scope
    owner: str
    window: Window
    spent: int
    held: int
    limit: int
    ratio: float
    resets_at: datetime | None


def soft_warnings(
    connection: Connection,
    periods: Sequence[Period],
    limits: dict[Scope, Limits],
    default: float | None = None,
) -> tuple[SoftBudget, ...]:
    """Return the newly reached soft thresholds, and mark them as reported.

    *default* is the share for keys and teams without their own.
    """
    told = []
    for each in periods:
        bounds = limits.get(each.scope)
        limit = bounds.of(each.window) if bounds else None
        ratio = bounds.soft_ratio if bounds and bounds.soft_ratio is not None else default
        if limit is None or ratio is None:
            continue
        row = _warn.first(connection, {**each.key, "b_threshold": int(limit * ratio)})
        if row is not None:
            told.append(
                SoftBudget(
                    each.scope,
                    each.owner,
                    each.window,
                    row.spent_nano,
                    row.held_nano,
                    limit,
                    ratio,
                    each.resets_at,
                )
            )
    return tuple(told)
