"""What one reader may see of calls, keys, teams and budgets: the scope is in every query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, true

from ..billing.price_book import format_usd
from .columns import from_json, iso, optional_moment, plain
from .database import Database
from .history import Change
from .holds import BudgetStatus, budget_status
from .key_info import KeyInfo, info_of, team_of
from .key_options import KEY_OPTIONS, TEAM_OPTIONS
from .limits import SOURCES, Limits, amounts_of, limits_from
from .on_database import OnDatabase
from .report import call_as_dict
from .schema import audit, calls, keys, teams
from .totals import Period, windows_of_owner
from .usage_filter import Scope

# Options that a reader with a scope is not shown.
PRIVATE = tuple(each.name for each in KEY_OPTIONS if each.private)
_BUDGETS = ("budget_nano", "budget_monthly_nano", "budget_daily_nano")


@dataclass(frozen=True, slots=True)
class Standing:
    """One limited window of a budget.

    Attributes:
        name: Of the key, team or end user; a tag as `NAME=VALUE`.
        status: Spent, held and limit.
        soft_ratio: Share of the limit that warns; None for none.
    """

    name: str
    status: BudgetStatus
    soft_ratio: float | None

    @property
    def used(self) -> float:
        """Spent and held, as a share of the limit; of a limit of 0 all is used."""
        limit = self.status.limit or 0
        return (self.status.spent + self.status.held) / limit if limit else 1.0


class Reader(OnDatabase):
    """Reads calls, keys, teams and budgets for one reader.

    Args:
        database: A Database, or its URL.
        scope: What the reader may see; None is everything.
        soft_ratio: Share of a budget that warns, where its owner has none of its own.
    """

    def __init__(
        self, database: Database | str, scope: Scope | None, *, soft_ratio: float | None = None
    ) -> None:
        super().__init__(database)
        self.scope = scope
        self._soft_ratio = soft_ratio

    def call(self, id: int) -> dict[str, Any] | None:
        """Return one call: as `Ledger.calls` yields it, and how it is settled; None if not seen.

        Further members: `service`, `usage` as it was billed, `attempts` of settlement, `due_at`,
        the next of them, `kept_usd`, what an unpriced call keeps of its budget.
        """
        statement = select(calls).where(calls.c.id == id)
        if self.scope is not None:
            statement = statement.where(self.scope.where(calls, indexed=False))
        with self.database.read() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return {
            **call_as_dict(row),
            "service": row.service,
            "usage": from_json(row.usage),
            "attempts": row.attempts,
            "due_at": None if row.due_at is None else iso(row.due_at),
            "kept_usd": None if row.kept_nano is None else format_usd(row.kept_nano),
        }

    def keys(
        self,
        *,
        name: str | None = None,
        team: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[KeyInfo]:
        """Return keys, oldest first: those after the key with the id *after*, *limit* of them."""
        statement = select(keys).where(self._seen_keys(), keys.c.id > after).order_by(keys.c.id)
        if name is not None:
            statement = statement.where(keys.c.name == plain(name))
        if team is not None:
            statement = statement.where(_in_team(team))
        with self.database.read() as connection:
            found = connection.execute(statement.limit(limit)).mappings()
            return [info_of(row) for row in found]

    def team_names(self) -> list[str]:
        """Return the names of the teams that the reader may see, by name."""
        if self.scope is not None:
            return sorted(set(self.scope.teams))
        with self.database.read() as connection:
            limited = connection.scalars(select(teams.c.name))
            used = connection.scalars(
                select(keys.c.team).where(keys.c.team.is_not(None)).distinct()
            )
            return sorted({*limited, *used})

    def team(self, name: str) -> dict[str, Any] | None:
        """Return a team's options as JSON has them, all None without any; None if it is not seen.

        A team that neither has limits nor keys is seen where calls are its own.
        """
        if self.scope is not None and name not in self.scope.teams:
            return None
        name = plain(name)
        with self.database.read() as connection:
            row = connection.execute(select(teams).where(teams.c.name == name)).first()
            if row is not None:
                return team_of(row._mapping).as_dict()
            known = [
                select(column).where(column == name).limit(1)
                for column in (keys.c.team, calls.c.team)
            ]
            if self.scope is None and not any(connection.scalar(each) for each in known):
                return None
        return {"name": name, **dict.fromkeys(each.name for each in TEAM_OPTIONS)}

    def history(
        self, *, key_ids: Iterable[int] = (), team: str | None = None, limit: int = 50
    ) -> list[Change]:
        """Return the last changes of the keys with these ids, or of *team*, newest first.

        A reader with a scope is told neither who made a change, nor a key's other teams, nor what
        is private.
        """
        statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if team is not None:
            if self.scope is not None and team not in self.scope.teams:
                return []
            statement = statement.where(audit.c.team == plain(team), audit.c.key_name.is_(None))
        else:
            seen = select(keys.c.id).where(self._seen_keys(), keys.c.id.in_(list(key_ids)))
            statement = statement.where(audit.c.key_id.in_(seen))
        hidden = () if self.scope is None else ("team", *PRIVATE)
        with self.database.read() as connection:
            return [
                Change(
                    at=at,
                    actor=row.actor if self.scope is None else None,
                    action=row.action,
                    key_name=row.key_name,
                    key_id=row.key_id,
                    team=row.team,
                    detail={
                        name: value
                        for name, value in from_json(row.detail).items()
                        if name not in hidden
                    },
                )
                for row in connection.execute(statement)
                if (at := optional_moment(row.at)) is not None
            ]

    def budgets(self, *, key: str | None = None, team: str | None = None) -> list[Standing]:
        """Return the limited windows of all budgets that are set, the fullest first.

        They are those of live keys and of teams and, for who sees everything, of tags and end
        users. With *key*, only of the keys of this name; with *team*, only of it and its keys.
        """
        now = self.database.now
        bound: list[tuple[Limits, Period]] = []
        with self.database.snapshot() as connection:
            for scope, (table, owner, columns) in SOURCES.items():
                seen = self._with_budgets(scope, key, team, now)
                if seen is None:
                    continue
                limited = or_(*(table.c[name].is_not(None) for name in _BUDGETS))
                statement = select(owner.label("place"), *columns).where(limited, *seen)
                for row in connection.execute(statement):
                    limits = limits_from(scope, row, now)
                    bound += [
                        (limits, period)
                        for period in windows_of_owner(scope, str(row.place), now)
                        if limits.of(period.window) is not None
                    ]
            amounts = amounts_of(connection, [period for _, period in bound])
        found = [
            Standing(
                limits.name,
                budget_status(period, limits, amounts.get(period, (0, 0))),
                self._soft_ratio if limits.soft_ratio is None else limits.soft_ratio,
            )
            for limits, period in bound
        ]
        return sorted(found, key=lambda each: (-each.used, each.name, each.status.window))

    def _with_budgets(
        self, scope: str, key: str | None, team: str | None, now: int
    ) -> list[Any] | None:
        """Return the conditions of the owners that are seen; None where none are."""
        if scope == "key":
            seen = [
                self._seen_keys(),
                keys.c.revoked_at.is_(None),
                or_(keys.c.expires_at.is_(None), keys.c.expires_at > now),
            ]
            if key is not None:
                seen.append(keys.c.name == plain(key))
            if team is not None:
                seen.append(_in_team(team))
            return seen
        if key is not None:
            return None
        if scope == "team":
            names = None if self.scope is None else [plain(each) for each in self.scope.teams]
            seen = [] if names is None else [teams.c.name.in_(names)]
            return seen if team is None else [*seen, teams.c.name == plain(team)]
        return [] if self.scope is None and team is None else None

    def _seen_keys(self) -> Any:
        if self.scope is None:
            return true()
        return self.scope.of_keys(keys.c.team, keys.c.id, keys.c.name)


def _in_team(team: str) -> Any:
    return keys.c.team == plain(team) if team else keys.c.team.is_(None)
