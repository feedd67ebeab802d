"""Virtual keys: made, found, rotated, revoked, and every change of them on record."""

from __future__ import annotations

import builtins
import hashlib
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..call import Caller
from ..errors import KeyExists, UnknownKey
from . import key_options as option
from .columns import Moment, Money, duration, from_json, micros, moment, nano_usd, to_json
from .database import Database, as_database
from .key_info import Change, KeyInfo, NewKey, TeamInfo, caller_of, info_of, json_list
from .schema import audit, keys, secrets, spend, teams
from .statements import Prepared

_PREFIX_CHARS = 7
# 24 random bytes are 192 bits; RFC 4086 asks for 128 where guessing costs the guesser nothing.
_SECRET_BYTES = 24


def hash_key(secret: str | bytes) -> bytes:
    """Return the SHA-256 of a key: all that is ever stored of it.

    A slow hash would protect nothing more: the keys are random, not passwords.
    """
    if isinstance(secret, str):
        secret = secret.encode("utf-8", "surrogatepass")
    return hashlib.sha256(secret).digest()


_KNOWN = (
    keys,
    teams.c.rpm.label("teams_rpm"),
    teams.c.budget_nano.label("teams_budget"),
    teams.c.budget_daily_nano.label("teams_daily"),
    teams.c.budget_monthly_nano.label("teams_monthly"),
)
_find = Prepared(
    select(*_KNOWN, secrets.c.expires_at.label("secret_expires_at"))
    .select_from(secrets.join(keys).outerjoin(teams, teams.c.name == keys.c.team))
    .where(secrets.c.hash == bindparam("b_hash"))
)
_team = func.coalesce(cast(bindparam("b_team"), Text), keys.c.team)
_named = Prepared(
    select(*_KNOWN)
    .select_from(keys.outerjoin(teams, teams.c.name == _team))
    .where(keys.c.name == bindparam("b_name"), keys.c.revoked_at.is_(None))
)


class Keys:
    """The virtual keys of one database.

    Args:
        database: A Database, or its URL.
        actor: Who makes the changes, for the audit rows: `cli`, a user's name.

    A name is unique among the keys that are not revoked. A key made under the name of a
    revoked one is somebody else: it has another `key_id` and inherits nothing.
    """

    def __init__(self, database: Database | str, *, actor: str | None = None) -> None:
        self.database = as_database(database)
        self._actor = actor

    def create(
        self,
        name: str,
        *,
        team: str | None = None,
        budget_usd: Money | None = None,
        budget_daily_usd: Money | None = None,
        budget_monthly_usd: Money | None = None,
        soft_budget_ratio: float | None = None,
        rpm: int | None = None,
        team_rpm: int | None = None,
        expires_in: timedelta | str | None = None,
        expires_at: datetime | None = None,
        region: Literal["us", "eu"] | str | None = None,
        scope: Literal["own", "all"] | str = "own",
        routes: Iterable[str] | None = None,
        models: Iterable[str] | None = None,
        features: Iterable[str] | None = None,
        denied_features: Iterable[str] = (),
        max_upload_bytes: int | None = None,
        allow_unpriced: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> NewKey:
        """Make a key and return it, with its secret: this once, for only a hash is kept.

        Budgets are US dollars, by UTC day and month and over the key's whole life; 0
        allows nothing, None is no limit. Allow lists: None allows everything. *expires_in*
        is a timedelta or `90s`, `15m`, `12h`, `30d`.

        Raises:
            ValueError: An option has no sense; the message names it.
            KeyExists: The name is in use.
        """
        now = self.database.now
        values = {
            "name": option.name("name", name),
            "team": None if team is None else option.name("team", team),
            "budget_nano": nano_usd("budget_usd", budget_usd),
            "budget_daily_nano": nano_usd("budget_daily_usd", budget_daily_usd),
            "budget_monthly_nano": nano_usd("budget_monthly_usd", budget_monthly_usd),
            "soft_budget_ratio": option.ratio(soft_budget_ratio),
            "rpm": option.count("rpm", rpm, option.MAX_INT),
            "team_rpm": option.count("team_rpm", team_rpm, option.MAX_INT),
            "expires_at": option.expiry(now, expires_in, expires_at),
            "region": option.one_of("region", region, (None, *option.REGIONS)),
            "scope": option.one_of("scope", scope, option.SCOPES),
            "routes": json_list("routes", routes),
            "models": json_list("models", models),
            "features": json_list("features", features),
            "denied_features": json_list("denied_features", denied_features),
            "max_upload_bytes": option.count("max_upload_bytes", max_upload_bytes, 2**62),
            "allow_unpriced": bool(allow_unpriced),
            "tags": option.tags_json(tags),
        }
        if name in option.RESERVED_NAMES:
            raise ValueError(f"name: {name} is reserved")
        secret, prefix = _new_secret()
        with self.database.write() as connection:
            taken = select(keys.c.id).where(keys.c.name == name, keys.c.revoked_at.is_(None))
            if connection.scalar(taken) is not None:
                raise KeyExists(f"A key named {name} is in use")
            row = {**values, "prefix": prefix, "created_at": now}
            try:
                key_id = connection.scalar(insert(keys).values(**row).returning(keys.c.id))
            except IntegrityError:
                # Somebody else was quicker by a hair; only PostgreSQL gets here.
                raise KeyExists(f"A key named {name} is in use") from None
            assert key_id is not None
            connection.execute(
                insert(secrets).values(hash=hash_key(secret), key_id=key_id, created_at=now)
            )
            info = info_of({**row, "id": key_id, "revoked_at": None})
            self._note(connection, "create", key_id, name, team, info.as_dict())
        return NewKey(info, secret)

    def find(self, secret_sha256: bytes) -> Caller | None:
        """Return who holds the key with this hash, by one indexed read.

        None where no such key is, or it is revoked, or expired: from `expires_at` on, to
        the microsecond; the same for the end of a rotated secret's grace.
        """
        with self.database.read() as connection:
            row = _find.first(connection, {"b_hash": secret_sha256})
        if row is None or row.revoked_at is not None:
            return None
        now = self.database.now
        if row.expires_at is not None and now >= row.expires_at:
            return None
        if row.secret_expires_at is not None and now >= row.secret_expires_at:
            return None
        return caller_of(row)

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        """Return the caller whose live key has this name, as *team*'s where one is given.

        For hosts that vouch for their own users; who sends a key is `find`'s.
        """
        with self.database.read() as connection:
            row = _named.first(connection, {"b_name": name, "b_team": team})
        if row is None or (row.expires_at is not None and self.database.now >= row.expires_at):
            return None
        caller = caller_of(row)
        return caller if team is None else replace(caller, team=team)

    def list(self, *, revoked: bool = True) -> list[KeyInfo]:
        """Return all keys, oldest first; without the revoked ones if *revoked* is false."""
        statement = select(keys).order_by(keys.c.id)
        if not revoked:
            statement = statement.where(keys.c.revoked_at.is_(None))
        with self.database.read() as connection:
            return [info_of(row) for row in connection.execute(statement).mappings()]

    def get(self, name: str) -> KeyInfo:
        """Return the key of this name, or the last one that had it; UnknownKey if none did."""
        with self.database.read() as connection:
            return info_of(_row(connection, name))

    def revoke(self, name: str) -> KeyInfo:
        """End the key at once. Revoking it again changes nothing; UnknownKey if none is.

        What it made stays its team's, or for the master key alone.
        """
        with self.database.write() as connection:
            row = _row(connection, name)
            if row["revoked_at"] is None:
                now = self.database.now
                ended = and_(keys.c.id == row["id"], keys.c.revoked_at.is_(None))
                connection.execute(update(keys).where(ended).values(revoked_at=now))
                self._note(connection, "revoke", row["id"], name, row["team"], {})
                row = {**row, "revoked_at": now}
        return info_of(row)

    def rotate(self, name: str, *, grace: timedelta | str = timedelta(0)) -> NewKey:
        """Give the key a new secret and return it; the old one works until *grace* is over.

        It stays the same key: same id, budgets and transcripts. A secret still in the
        grace of an earlier rotation keeps no more than the new grace.

        Raises:
            UnknownKey: No live key has this name.
        """
        kept = timedelta(0) if grace == timedelta(0) else duration("grace", grace)
        secret, prefix = _new_secret()
        with self.database.write() as connection:
            row = _live(connection, name)
            now = self.database.now
            end = now + kept // timedelta(microseconds=1)
            still = (secrets.c.key_id == row["id"]) & (
                secrets.c.expires_at.is_(None) | (secrets.c.expires_at > end)
            )
            connection.execute(update(secrets).where(still).values(expires_at=end))
            connection.execute(
                insert(secrets).values(hash=hash_key(secret), key_id=row["id"], created_at=now)
            )
            connection.execute(update(keys).where(keys.c.id == row["id"]).values(prefix=prefix))
            detail = {"prefix": prefix, "old_secret_until": moment(end)}
            self._note(connection, "rotate", row["id"], name, row["team"], detail)
        return NewKey(info_of({**row, "prefix": prefix}), secret)

    def expire(self, name: str, at: Moment | None) -> KeyInfo:
        """Let the live key end at *at*, or never (None); UnknownKey if none has this name."""
        return self._change(name, "expire", {"expires_at": None if at is None else micros(at)})

    def set_budget(
        self,
        name: str,
        *,
        budget_usd: Money | None = option.UNCHANGED,
        budget_daily_usd: Money | None = option.UNCHANGED,
        budget_monthly_usd: Money | None = option.UNCHANGED,
        soft_budget_ratio: float | None = option.UNCHANGED,
    ) -> KeyInfo:
        """Change the live key's budgets, US dollars; None takes a limit away.

        What is left out stays. What was spent stays spent; soft warnings are told anew.
        """
        changes = option.budgets(
            budget_usd, budget_daily_usd, budget_monthly_usd, soft_budget_ratio
        )
        return self._change(name, "set_budget", changes)

    def set_team(
        self,
        team: str,
        *,
        budget_usd: Money | None = option.UNCHANGED,
        budget_daily_usd: Money | None = option.UNCHANGED,
        budget_monthly_usd: Money | None = option.UNCHANGED,
        soft_budget_ratio: float | None = option.UNCHANGED,
        rpm: int | None = option.UNCHANGED,
    ) -> TeamInfo:
        """Set what all keys of a team may spend and ask together; like `set_budget`.

        *rpm* holds for keys that have no `team_rpm` of their own.
        """
        changes = option.budgets(
            budget_usd, budget_daily_usd, budget_monthly_usd, soft_budget_ratio
        )
        if rpm is not option.UNCHANGED:
            changes["rpm"] = option.count("rpm", rpm, option.MAX_INT)
        option.name("team", team)
        with self.database.write() as connection:
            insert_into = sqlite.insert if self.database.is_sqlite else postgresql.insert
            statement: Any = insert_into(teams).values(name=team, **changes)
            if changes:
                statement = statement.on_conflict_do_update(
                    index_elements=[teams.c.name], set_=changes
                )
            else:
                statement = statement.on_conflict_do_nothing()
            connection.execute(statement)
            _warn_anew(connection, "team", team)
            self._note(connection, "set_team", None, None, team, changes)
            row = connection.execute(select(teams).where(teams.c.name == team)).one()
        return TeamInfo(*row)

    def teams(self) -> builtins.list[TeamInfo]:
        """Return the teams that limits were set for, by name."""
        with self.database.read() as connection:
            rows = connection.execute(select(teams).order_by(teams.c.name))
            return [TeamInfo(*row) for row in rows]

    def history(self, name: str | None = None, *, limit: int = 1000) -> builtins.list[Change]:
        """Return the last changes of keys and teams, newest first; of all keys named *name*."""
        statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if name is not None:
            statement = statement.where(audit.c.key_name == name)
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

    def _change(self, name: str, action: str, changes: dict[str, Any]) -> KeyInfo:
        with self.database.write() as connection:
            row = _live(connection, name)
            if changes:
                connection.execute(update(keys).where(keys.c.id == row["id"]).values(**changes))
            if action == "set_budget":
                _warn_anew(connection, "key", str(row["id"]))
            self._note(connection, action, row["id"], name, row["team"], changes)
        return info_of({**row, **changes})

    def _note(
        self,
        connection: Connection,
        action: str,
        key_id: int | None,
        key_name: str | None,
        team: str | None,
        detail: Mapping[str, Any],
    ) -> None:
        said = {name: value for name, value in detail.items() if value is not None}
        connection.execute(
            insert(audit).values(
                at=self.database.now,
                actor=self._actor,
                action=action,
                key_id=key_id,
                key_name=key_name,
                team=team,
                detail=to_json(said),
            )
        )


def _new_secret() -> tuple[str, str]:
    secret = "sk-" + random.token_urlsafe(_SECRET_BYTES)
    return secret, secret[:_PREFIX_CHARS] + "..."


def _row(connection: Connection, name: str) -> dict[str, Any]:
    # The live key of this name is always younger than the revoked ones.
    last = select(keys).where(keys.c.name == name).order_by(keys.c.id.desc()).limit(1)
    row = connection.execute(last).first()
    if row is None:
        raise UnknownKey(f"No key is named {name}")
    return dict(row._mapping)


def _live(connection: Connection, name: str) -> dict[str, Any]:
    row = _row(connection, name)
    if row["revoked_at"] is not None:
        raise UnknownKey(f"The key named {name} is revoked")
    return row


def _warn_anew(connection: Connection, scope: str, owner: str) -> None:
    told = and_(spend.c.scope == scope, spend.c.owner == owner, spend.c.warned.is_(True))
    connection.execute(update(spend).where(told).values(warned=False))
