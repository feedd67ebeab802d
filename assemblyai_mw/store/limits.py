"""Budgets as they bind at one moment, and the thresholds of them that are told of once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.sql import ColumnElement

from ..errors import StoreError
from .database import Database
from .schema import budgets, keys, spend, teams
from .statements import Bound, Prepared
from .totals import Period, Scope, Window, budget_ids, lock_order, of_period
from .transactions import Transaction

Whose = Literal["key", "team", "tag", "end_user"]
Place = tuple[Scope, str]
# SQLite takes no more than 32,766 parameters.
_AT_ONCE = 5_000
_WHOLE = 1_000_000

# What a budget's owner is called in a sentence to a caller, which names nobody.
IN_WORDS: Mapping[Whose, str] = {
    "key": "this key",
    "team": "this team",
    "tag": "a tag of this key",
    "end_user": "this user",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of one key, team, tag or end user as they bind now.

    Attributes:
        whose: Of what kind the owner is.
        name: The name of the key, team or end user; a tag as `NAME=VALUE`.
        team: The team of a key, if it has one.
        total, daily, monthly: Nano-dollars, temporary increase included; None is no limit.
        soft_ratio: Share of a budget that triggers a warning; None if there is none of its own.
    """

    whose: Whose
    name: str
    team: str | None
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


def _columns(table: Any, whose: Any, name: Any, team: Any) -> list[ColumnElement[Any]]:
    return [
        whose.label("whose"),
        name.label("name"),
        team.label("team"),
        table.c.budget_nano,
        table.c.budget_daily_nano,
        table.c.budget_monthly_nano,
        table.c.soft_budget_ratio,
        table.c.extra_budget_nano,
        table.c.extra_budget_until,
    ]


# By scope: the table, the column that `spend` calls the owner, and the columns of its limits.
SOURCES: Mapping[Scope, tuple[Any, Any, list[ColumnElement[Any]]]] = {
    "budget": (
        budgets,
        budgets.c.id,
        _columns(budgets, budgets.c.scope, budgets.c.owner, null()),
    ),
    "key": (keys, keys.c.id, _columns(keys, null(), keys.c.name, keys.c.team)),
    "team": (teams, teams.c.name, _columns(teams, null(), teams.c.name, teams.c.name)),
}


@lru_cache(maxsize=256)
def _of_caller(has_key: bool, has_team: bool, further: int) -> Prepared:
    """Return the statement that reads the limits of a key, a team, and so many budgets."""
    owners: list[tuple[Scope, str]] = [("budget", f"b_{number}") for number in range(further)]
    if has_key:
        owners.append(("key", "b_key"))
    if has_team:
        owners.append(("team", "b_team"))
    parts = []
    for scope, name in owners:
        _, owner, columns = SOURCES[scope]
        place = cast(owner, Text).label("place")
        parts.append(
            select(literal_column(f"'{scope}'").label("scope"), place, *columns).where(
                owner == bindparam(name)
            )
        )
    return Prepared(parts[0] if len(parts) == 1 else union_all(*parts))


def limits_from(scope: Scope, row: Any, now: int) -> Limits:
    """Return the limits in a *row* of the columns above, as they bind at *now*, epoch micros."""
    until = row.extra_budget_until
    extra = (row.extra_budget_nano or 0) if until is not None and now < until else 0

    def raised(limit: int | None) -> int | None:
        return None if limit is None else limit + extra

    return Limits(
        "key" if scope == "key" else "team" if scope == "team" else row.whose,
        row.name,
        row.team,
        raised(row.budget_nano),
        raised(row.budget_daily_nano),
        raised(row.budget_monthly_nano),
        row.soft_budget_ratio,
    )


def ask_limits(key_id: int | None, team: str | None, further: Sequence[int]) -> list[Bound]:
    """Return the statement that reads the budgets of a key, its team, and the ids *further*.

    None where there is none of these. Its rows are for `limits_in`.
    """
    if key_id is None and team is None and not further:
        return []
    statement = _of_caller(key_id is not None, team is not None, len(further))
    parameters: dict[str, Any] = {f"b_{number}": each for number, each in enumerate(further)}
    if key_id is not None:
        parameters["b_key"] = key_id
    if team is not None:
        parameters["b_team"] = team
    return [statement.of(parameters)]


def limits_in(answers: Iterable[Iterable[Any]], now: int) -> dict[Place, Limits]:
    """Return the budgets that bind at *now*, epoch microseconds; owners without any are left out.

    *answers* are the rows of each of the statements of `ask_limits`.
    """
    found = {}
    for row in chain.from_iterable(answers):
        limits = limits_from(row.scope, row, now)
        if limits.any:
            found[row.scope, row.place] = limits
    return found


def limits_of(
    connection: Connection,
    key_id: int | None,
    team: str | None,
    further: Sequence[int],
    now: int,
) -> dict[Place, Limits]:
    """Return the budgets that bind a key, its team, and those of the ids *further*, at *now*."""
    asked = ask_limits(key_id, team, further)
    return limits_in((each.statement.all(connection, each.parameters) for each in asked), now)


def limits_of_all(connection: Connection, rows: Iterable[Any], now: int) -> dict[Place, Limits]:
    """Return the budgets at *now* of the `key_id`, `team` and `budgets` of *rows*."""
    rows = list(rows)
    owners: dict[Scope, set[Any]] = {
        "budget": {each for row in rows for each in budget_ids(row.budgets)},
        "key": {row.key_id for row in rows} - {None},
        "team": {row.team for row in rows} - {None},
    }
    found: dict[Place, Limits] = {}
    for scope, (_, owner, columns) in SOURCES.items():
        for some in parts(sorted(owners[scope])):
            statement = select(owner.label("place"), *columns).where(owner.in_(some))
            for row in connection.execute(statement):
                found[scope, str(row.place)] = limits_from(scope, row, now)
    return found


def all_limits(connection: Connection, now: int) -> dict[Place, Limits]:
    """Return all budgets at *now*: those of live keys, of teams, of tags and end users."""
    found: dict[Place, Limits] = {}
    for scope, (table, owner, columns) in SOURCES.items():
        amounts = (
            table.c.budget_nano,
            table.c.budget_daily_nano,
            table.c.budget_monthly_nano,
        )
        statement = select(owner.label("place"), *columns).where(
            or_(*(amount.is_not(None) for amount in amounts))
        )
        if table is keys:
            statement = statement.where(keys.c.revoked_at.is_(None))
        for row in connection.execute(statement.order_by(owner)):
            found[scope, str(row.place)] = limits_from(scope, row, now)
    return found


def amounts_of(connection: Connection, periods: Iterable[Period]) -> dict[Period, tuple[int, int]]:
    """Return the nano-dollars spent and held in each of *periods* that has any."""
    by_place = {(each.scope, each.owner, each.period): each for each in periods}
    columns = (spend.c.scope, spend.c.owner, spend.c.period)
    found = {}
    for some in parts(list(by_place)):
        amounts = select(*columns, spend.c.spent_nano, spend.c.held_nano)
        for row in connection.execute(amounts.where(tuple_(*columns).in_(some))):
            period = by_place[row.scope, row.owner, row.period]
            found[period] = (int(row.spent_nano), int(row.held_nano))
    return found


def parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield *items* by as many as one statement takes."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


@dataclass(frozen=True, slots=True)
class SoftBudget:
    """A threshold of a budget is reached; reported once a window and threshold.

    Where several are reached at once, the highest is reported, and the lower ones never.

    Attributes:
        scope: `key`, `team`, `tag` or `end_user`.
        name: Name of the key, team or end user; a tag as `NAME=VALUE`.
        owner: The key's id as text; else the name.
        team: The key's team, or the team itself; else None.
        window: `total`, `daily` or `monthly`.
        spent, held, limit: Nano-dollars.
        ratio: Share of *limit* that triggers the warning.
        resets_at: When the window ends; None for `total`.
    """

    scope: Whose
    name: str
    owner: str
    team: str | None
    window: Window
    spent: int
    held: int
    limit: int
    ratio: float
    resets_at: datetime | None


_tell = Prepared(
    update(spend)
    .where(of_period, func.coalesce(spend.c.told, -1) < bindparam("b_told"))
    .values(told=bindparam("b_told"))
    .returning(spend.c.owner)
)


def reached(
    amounts: Mapping[Period, Any], limits: Mapping[Place, Limits], default: Sequence[float] = ()
) -> dict[Period, SoftBudget]:
    """Return the highest threshold of each window that is reached, and was not told of.

    Pure. *amounts* are rows with `totals.AMOUNTS`; *default* are the shares for owners without
    their own.
    """
    found = {}
    for each, row in amounts.items():
        bounds = limits.get((each.scope, each.owner))
        limit = bounds.of(each.window) if bounds else None
        if bounds is None or limit is None:
            continue
        ratios = default if bounds.soft_ratio is None else (bounds.soft_ratio,)
        ratio = max((ratio for ratio in ratios if row.spent_nano >= int(limit * ratio)), default=0)
        if not ratio or (row.told is not None and _mark(ratio) <= row.told):
            continue
        found[each] = SoftBudget(
            bounds.whose,
            bounds.name,
            each.owner if each.scope == "key" else bounds.name,
            bounds.team,
            each.window,
            row.spent_nano,
            row.held_nano,
            limit,
            ratio,
            each.resets_at,
        )
    return found


def tell(database: Database, found: Mapping[Period, SoftBudget]) -> tuple[SoftBudget, ...]:
    """Return those of *found* that nobody else tells of, and note that they are told.

    It is a transaction of its own, since a threshold is reached once in a window. Where it cannot
    be written, none is returned, and the next call of that budget tells.
    """
    if not found:
        return ()

    def work(transaction: Transaction) -> list[list[Any]]:
        return transaction.finish(
            *(_tell.of({**each.key, "b_told": _mark(found[each].ratio)}) for each in ordered)
        )

    ordered = sorted(found, key=lock_order)
    try:
        told = database.transact(work)
    except StoreError:
        return ()
    return tuple(found[each] for each, rows in zip(ordered, told, strict=True) if rows)


def _mark(ratio: float) -> int:
    return round(ratio * _WHOLE)
