"""The history of keys and teams: one row a change, with old and new values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from .columns import from_json, moment, plain, to_json
from .database import Database
from .schema import audit


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a key or a team: actor, time and details.

    Attributes:
        actor: As given to `Keys`; None if not given.
        action: `create`, `set`, `rotate`, `revoke`, `set_team` or `delete_team`; `settle` for
            one of its calls that was settled by hand; `expire` and `set_budget` in rows of
            earlier releases.
        detail: For a `set`, each option that changed, as `{"rpm": {"old": 60, "new": None}}`;
            for a `create`, the key's options; for a `settle`, the `call`, its `state`, old and new,
            `cost_usd` and `reason`. Never a secret.
    """

    at: datetime
    actor: str | None
    action: str
    key_name: str | None
    key_id: int | None
    team: str | None
    detail: Mapping[str, Any]


class History:
    """The part of `Keys` that keeps the changes."""

    database: Database
    _actor: str | None

    def history(
        self, name: str | None = None, *, team: str | None = None, limit: int = 1000
    ) -> list[Change]:
        """Return the last changes of keys and teams, newest first.

        With *name*, those of all keys that ever had it; with *team*, those of its limits.
        """
        statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if name is not None:
            statement = statement.where(audit.c.key_name == name)
        if team is not None:
            statement = statement.where(audit.c.team == team, audit.c.key_name.is_(None))
        with self.database.read() as connection:
            return [
                Change(
                    moment(row.at),
                    row.actor,
                    row.action,
                    row.key_name,
                    row.key_id,
                    row.team,
                    from_json(row.detail),
                )
                for row in connection.execute(statement)
            ]

    def _note(
        self,
        connection: Connection,
        action: str,
        detail: Mapping[str, Any],
        *,
        key_id: int | None = None,
        key_name: str | None = None,
        team: str | None = None,
    ) -> None:
        """Write a change, in the transaction that makes it."""
        add_change(
            connection,
            self.database.now,
            self._actor,
            action,
            detail,
            key_id=key_id,
            key_name=key_name,
            team=team,
        )


def add_change(
    connection: Connection,
    at: int,
    actor: str | None,
    action: str,
    detail: Mapping[str, Any],
    *,
    key_id: int | None,
    key_name: str | None,
    team: str | None,
) -> None:
    """Write a change of *at*, epoch microseconds, in the transaction that makes it."""
    connection.execute(
        insert(audit).values(
            at=at,
            actor=plain(actor),
            action=action,
            key_id=key_id,
            key_name=key_name,
            team=team,
            detail=to_json(detail),
        )
    )
