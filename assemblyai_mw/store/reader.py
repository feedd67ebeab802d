"""What one reader may see of calls, keys, teams and budgets: the scope is in every query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, true

from ..billing.price_book import format_usd
from .columns import from_json, iso, optional_moment, plain
from .database import Database
from .history import Change
from .holds import BudgetStatus
from .key_info import KeyInfo, info_of, team_of
from .key_options import KEY_OPTIONS, TEAM_OPTIONS
from .on_database import OnDatabase
from .report import call_as_dict
from .schema import audit, calls, keys, spend, teams
from .totals import windows
from .usage_filter import Scope

# Options that a reader with a scope is not shown.
PRIVATE = tuple(each.name for each in KEY_OPTIONS if each.private)
_AT_ONCE = 500
_BUDGETS = ("budget_nano", "budget_monthly_nano", "budget_daily_nano")
_WINDOWS = dict(zip(("total", "monthly", "daily"), _BUDGETS, strict=True))


@dataclass(frozen=True, slots=True)
class Standing:
    """One limited window of a key or a team.

    Attributes:
        name: The key's, or the team's.
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
        soft_ratio: Share of a budget that warns, if neither key nor team sets one.
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
        """Return the limited windows of live keys and of teams, the fullest first.

        With *key*, only of the keys of this name; with *team*, only of it and its keys.
        """
        now = self.database.now
        of_keys = [
            self._seen_keys(),
            keys.c.revoked_at.is_(None),
            or_(keys.c.expires_at.is_(None), keys.c.expires_at > now),
            or_(*(keys.c[name].is_not(None) for name in _BUDGETS)),
        ]
        of_teams: list[Any] = [or_(*(teams.c[name].is_not(None) for name in _BUDGETS))]
        if self.scope is not None:
            of_teams.append(teams.c.name.in_([plain(each) for each in self.scope.teams]))
        if key is not None:
            of_keys.append(keys.c.name == plain(key))
        if team is not None:
            of_keys.append(_in_team(team))
            of_teams.append(teams.c.name == plain(team))
        ratio = teams.c.soft_budget_ratio.label("team_ratio")
        with self.database.snapshot() as connection:
            joined = select(keys, ratio).outerjoin(teams, teams.c.name == keys.c.team)
            rows: list[tuple[Any, str]] = [
                (row, "key") for row in connection.execute(joined.where(*of_keys))
            ]
            if key is None:
                rows += [
                    (row, "team") for row in connection.execute(select(teams).where(*of_teams))
                ]
            wanted = [
                (row, period, getattr(row, _WINDOWS[period.window]))
                for row, scope in rows
                for period in windows(
                    row.id if scope == "key" else None, row.name if scope == "team" else None, now
                )
            ]
            wanted = [each for each in wanted if each[2] is not None]
            spent = _spent(connection, [period for _, period, _ in wanted])
        found = [
            Standing(
                row.name,
                BudgetStatus(
                    period.scope,
                    period.owner,
                    period.window,
                    *spent.get((period.scope, period.owner, period.period), (0, 0)),
                    limit,
                    period.resets_at,
                ),
                _ratio(row, self._soft_ratio),
            )
            for row, period, limit in wanted
        ]
        return sorted(found, key=lambda each: (-each.used, each.name, each.status.window))

    def _seen_keys(self) -> Any:
        if self.scope is None:
            return true()
        return self.scope.of_keys(keys.c.team, keys.c.id, keys.c.name)


def _in_team(team: str) -> Any:
    return keys.c.team == plain(team) if team else keys.c.team.is_(None)


def _ratio(row: Any, default: float | None) -> float | None:
    own = row.soft_budget_ratio
    if own is None:
        own = getattr(row, "team_ratio", None)
    return default if own is None else float(own)


def _spent(connection: Any, periods: Sequence[Any]) -> dict[tuple[str, str, str], tuple[int, int]]:
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    texts = {each.period for each in periods}
    for scope in ("key", "team"):
        owners = sorted({each.owner for each in periods if each.scope == scope})
        for start in range(0, len(owners), _AT_ONCE):
            statement = select(spend).where(
                spend.c.scope == scope,
                spend.c.owner.in_(owners[start : start + _AT_ONCE]),
                spend.c.period.in_(texts),
            )
            for row in connection.execute(statement):
                found[row.scope, row.owner, row.period] = (row.spent_nano, row.held_nano)
    return found
