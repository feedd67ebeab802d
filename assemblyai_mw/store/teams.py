"""Teams: limits that all keys of a team share. Naming a team makes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..billing.spelling import nearest
from ..errors import TeamInUse, UnknownTeam
from . import key_options as option
from .columns import moment
from .history import History
from .key_info import KeyInfo, TeamInfo, info_of, team_of
from .key_options import TEAM_OPTIONS
from .option_kinds import checked_name
from .schema import keys, spend, teams
from .totals import Scope


class Teams(History):
    """The part of `Keys` for teams' limits."""

    def set_team(self, team: str, **changes: Any) -> TeamInfo:
        """Set limits that all keys of *team* share; return the resulting limits.

        *changes* are those of `key_options.TeamOptions`, as in `Keys.set`: None removes a limit,
        and omitted limits stay. *rpm* applies to keys without their own `team_rpm`.

        Raises:
            TypeError: An argument is not one of these.
            ValueError: A limit is invalid; the message names it.
        """
        checked_name("team", team)
        new = option.columns(TEAM_OPTIONS, changes, now=self.database.now)
        with self.database.write() as connection:
            of_team = select(teams).where(teams.c.name == team).with_for_update()
            found = connection.execute(of_team).first()
            old = self._made(connection, team) if found is None else dict(found._mapping)
            new = option.with_extra(old, new)
            detail = option.differences(TEAM_OPTIONS, old, new)
            if detail:
                connection.execute(update(teams).where(teams.c.name == team).values(**new))
                warn_anew(connection, "team", team)
            if detail or found is None:
                self._note(connection, "set_team", detail, team=team)
        return team_of({**old, **new})

    def team(self, name: str) -> TeamInfo:
        """Return the team of this name; without limits where none were set.

        Raises:
            UnknownTeam: No key was ever in it, and no limits are set.
        """
        with self.database.read() as connection:
            row = connection.execute(select(teams).where(teams.c.name == name)).first()
            if row is not None:
                return team_of(row._mapping)
            known = self._named(connection)
        if name not in known:
            raise UnknownTeam(_unknown(name, known))
        return team_of({"name": name, **dict.fromkeys(each.column for each in TEAM_OPTIONS)})

    def teams(self) -> list[TeamInfo]:
        """Return the teams that limits were set for, by name."""
        with self.database.read() as connection:
            rows = connection.execute(select(teams).order_by(teams.c.name))
            return [team_of(row._mapping) for row in rows]

    def team_names(self) -> set[str]:
        """Return the names of all teams: with limits, or with a key, a revoked one too."""
        with self.database.read() as connection:
            return self._named(connection)

    def team_keys(self, team: str) -> list[KeyInfo]:
        """Return the keys of *team* that are not revoked, oldest first; expired ones too."""
        with self.database.read() as connection:
            return _keys_in(connection, team)

    def delete_team(self, name: str) -> None:
        """Delete a team's limits; its spend and transcripts stay on record.

        Raises:
            UnknownTeam: No limits are set for it.
            TeamInUse: A key is in it, and not revoked; the message names each.
        """
        with self.database.write() as connection:
            of_team = select(teams).where(teams.c.name == name).with_for_update()
            row = connection.execute(of_team).first()
            # An expired key may be given a new end, and would have no limits then.
            inside = _keys_in(connection, name)
            if inside:
                now = moment(self.database.now)
                named = ", ".join(
                    each.name if each.state(now) == "live" else f"{each.name} (expired)"
                    for each in inside
                )
                raise TeamInUse(f"The team {name} has keys: {named}; revoke or move them first")
            if row is None:
                known = self._named(connection)
                raise UnknownTeam(
                    f"No limits are set for the team {name}"
                    if name in known
                    else _unknown(name, known)
                )
            connection.execute(delete(teams).where(teams.c.name == name))
            nothing = dict.fromkeys(each.column for each in TEAM_OPTIONS)
            detail = option.differences(TEAM_OPTIONS, dict(row._mapping), nothing)
            self._note(connection, "delete_team", detail, team=name)

    def _made(self, connection: Connection, team: str) -> dict[str, Any]:
        """Return the team's new row, locked until the commit; or one made in the meantime."""
        insert_into = sqlite.insert if self.database.is_sqlite else postgresql.insert
        statement: Any = insert_into(teams).values(name=team)
        statement = statement.on_conflict_do_update(
            index_elements=[teams.c.name], set_={"name": statement.excluded.name}
        )
        return dict(connection.execute(statement.returning(*teams.c)).one()._mapping)

    def _named(self, connection: Connection) -> set[str]:
        limited = connection.scalars(select(teams.c.name))
        in_use = connection.scalars(select(keys.c.team).where(keys.c.team.is_not(None)).distinct())
        return {*limited, *in_use}


def warn_anew(connection: Connection, scope: Scope, owner: str) -> None:
    """Let the thresholds of an owner's budgets be told of again."""
    told = and_(spend.c.scope == scope, spend.c.owner == owner, spend.c.told.is_not(None))
    # Locked in the order of `totals.windows`: total, month, day.
    order = func.length(spend.c.period), spend.c.period
    connection.execute(select(spend.c.period).where(told).order_by(*order).with_for_update()).all()
    connection.execute(update(spend).where(told).values(told=None))


def _keys_in(connection: Connection, team: str) -> list[KeyInfo]:
    live = keys.c.team == team, keys.c.revoked_at.is_(None)
    rows = connection.execute(select(keys).where(*live).order_by(keys.c.id))
    return [info_of(row._mapping) for row in rows]


def _unknown(name: str, known: set[str]) -> str:
    near = nearest(name, known)
    return f"No team is named {name}" + (f"; did you mean {near}?" if near else "")
