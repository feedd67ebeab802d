"""Budgets of tags and of end users, which the calls of several keys may share.

A tag binds the calls of the keys that it is set on, and an end user those that an identity bridge
made for it. What a request says of itself binds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import UnknownBudget
from . import key_options as option
from .columns import MAX_TEXT, plain, tag_names
from .database import Database
from .history import History
from .holds import BudgetStatus, budget_status
from .key_info import BudgetInfo, budget_of
from .key_options import BUDGET_OPTIONS
from .limits import amounts_of, limits_of
from .on_database import OnDatabase
from .schema import budgets, spend
from .statements import Prepared
from .teams import warn_anew
from .totals import windows_of_owner

SharedScope = Literal["tag", "end_user"]

_AMOUNTS = ("budget_nano", "budget_daily_nano", "budget_monthly_nano")
_of_owner = (budgets.c.scope == bindparam("b_scope")) & (budgets.c.owner == bindparam("b_owner"))
_id_of = Prepared(select(budgets.c.id).where(_of_owner))
_any_of = Prepared(select(budgets.c.id).where(budgets.c.scope == bindparam("b_scope")).limit(1))


def any_budgets(scope: SharedScope) -> Any:
    """Return the column that says whether any budget of *scope* exists, for a look-up of a key."""
    return exists().where(budgets.c.scope == scope)


def has_budgets(connection: Connection, scope: SharedScope) -> bool:
    """Whether any budget of *scope* exists."""
    return _any_of.first(connection, {"b_scope": scope}) is not None


def budget_id(connection: Connection, scope: SharedScope, owner: str) -> int | None:
    """Return the id of the budget of one tag or end user; None without one."""
    row = _id_of.first(connection, {"b_scope": scope, "b_owner": plain(owner)})
    return None if row is None else int(row.id)


def budgets_of_tags(connection: Connection, tags: Mapping[str, str]) -> list[int]:
    """Return the ids of the budgets of a key's *tags*."""
    found = (budget_id(connection, "tag", tag) for tag in tag_names(tags))
    return [each for each in found if each is not None]


class SharedBudgets(History, OnDatabase):
    """The budgets of tags and end users in one database.

    Args:
        database: A Database, or its URL.
        actor: Actor for the history of changes.
    """

    def __init__(self, database: Database | str, *, actor: str | None = None) -> None:
        OnDatabase.__init__(self, database)
        self._actor = actor

    def set(
        self, *, tag: str | None = None, end_user: str | None = None, **changes: Any
    ) -> BudgetInfo:
        """Set the budget of a tag (`NAME=VALUE`) or of an end user; return what it is now.

        *changes* are the options of `key_options.BudgetOptions`, as in `Keys.set`. None removes
        one, and omitted ones stay. It counts what is spent from the moment on that it is made.

        Raises:
            TypeError: An argument is no option.
            ValueError: Neither or both owners are given, an option is invalid, or no amount is
                left; the message names it.
        """
        scope, owner = _owner(tag, end_user)
        new = option.columns(BUDGET_OPTIONS, changes, now=self.database.now)
        if not new:
            raise ValueError("expected a budget, got none")
        with self.database.write() as connection:
            old = self._locked(connection, scope, owner)
            made = old is None
            if old is None:
                nothing = dict.fromkeys(each.column for each in BUDGET_OPTIONS)
                old = {"scope": scope, "owner": owner, **nothing}
            new = option.with_extra(old, new)
            changed = {**old, **new}
            if all(changed[each] is None for each in _AMOUNTS):
                raise ValueError(
                    "budget_usd, budget_daily_usd, budget_monthly_usd: expected at least one"
                )
            detail = option.differences(BUDGET_OPTIONS, old, new)
            if made:
                changed = self._made(connection, changed)
            elif detail:
                connection.execute(update(budgets).where(budgets.c.id == old["id"]).values(**new))
                warn_anew(connection, "budget", str(old["id"]))
            if detail:
                self._note(connection, "set_budget", {scope: owner, **detail})
        return budget_of(changed)

    def list(self) -> list[BudgetInfo]:
        """Return all budgets, by scope and owner."""
        statement = select(budgets).order_by(budgets.c.scope, budgets.c.owner)
        with self.database.read() as connection:
            return [budget_of(row) for row in connection.execute(statement).mappings()]

    def clear(self, *, tag: str | None = None, end_user: str | None = None) -> BudgetInfo:
        """Remove the budget of a tag or end user, with what it counted; return what it was.

        Raises:
            ValueError: Neither or both owners are given.
            UnknownBudget: It has none.
        """
        scope, owner = _owner(tag, end_user)
        with self.database.write() as connection:
            old = self._locked(connection, scope, owner)
            if old is None:
                raise UnknownBudget(f"No budget is set for this {_NOUNS[scope]}")
            connection.execute(delete(budgets).where(budgets.c.id == old["id"]))
            counted = (spend.c.scope == "budget") & (spend.c.owner == str(old["id"]))
            # Locked in the order of `totals.windows`: total, month, day.
            order = func.length(spend.c.period), spend.c.period
            locked = select(spend.c.period).where(counted).order_by(*order).with_for_update()
            connection.execute(locked).all()
            connection.execute(delete(spend).where(counted))
            nothing = dict.fromkeys(each.column for each in BUDGET_OPTIONS)
            detail = option.differences(BUDGET_OPTIONS, old, nothing)
            self._note(connection, "clear_budget", {scope: owner, **detail})
        return budget_of(old)

    def spent(self, infos: Iterable[BudgetInfo]) -> dict[int, tuple[BudgetStatus, ...]]:
        """Return what is spent and held in the three windows of each budget, by its id."""
        now = self.database.now
        bound = {
            each.budget_id: windows_of_owner("budget", str(each.budget_id), now) for each in infos
        }
        with self.database.snapshot() as connection:
            limits = limits_of(connection, None, None, tuple(bound), now)
            amounts = amounts_of(connection, chain.from_iterable(bound.values()))
        return {
            budget_id: tuple(
                budget_status(
                    period, limits.get((period.scope, period.owner)), amounts.get(period, (0, 0))
                )
                for period in periods
            )
            for budget_id, periods in bound.items()
        }

    def _locked(
        self, connection: Connection, scope: SharedScope, owner: str
    ) -> dict[str, Any] | None:
        of_owner = (budgets.c.scope == scope) & (budgets.c.owner == owner)
        row = connection.execute(select(budgets).where(of_owner).with_for_update()).first()
        return None if row is None else dict(row._mapping)

    def _made(self, connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
        """Make a budget; where another process was faster, change its."""
        insert_into: Any = sqlite.insert if self.database.is_sqlite else postgresql.insert
        statement = insert_into(budgets).values(**row)
        new = {
            each.column: statement.excluded[each.column]
            for each in BUDGET_OPTIONS
            if row[each.column] is not None
        }
        statement = statement.on_conflict_do_update(
            index_elements=[budgets.c.scope, budgets.c.owner], set_=new
        )
        return dict(connection.execute(statement.returning(*budgets.c)).one()._mapping)


_NOUNS: Mapping[SharedScope, str] = {"tag": "tag", "end_user": "end user"}


def _owner(tag: str | None, end_user: str | None) -> tuple[SharedScope, str]:
    if (tag is None) == (end_user is None):
        raise ValueError("tag, end_user: expected one of them")
    if tag is not None:
        name, equals, value = tag.partition("=")
        if not name or not equals or not value:
            raise ValueError("tag: expected NAME=VALUE")
        return "tag", _text("tag", tag)
    return "end_user", _text("end_user", str(end_user))


def _text(name: str, value: str) -> str:
    if not value or len(value) > MAX_TEXT or plain(value) != value:
        raise ValueError(f"{name}: expected 1 to {MAX_TEXT} characters of text")
    return value
