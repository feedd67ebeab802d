"""Virtual keys: made, found, rotated, revoked, and every change of them on record."""

from __future__ import annotations

import builtins
import hashlib
import secrets as random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..call import Caller
from ..errors import KeyExists, UnknownKey
from .database import Database, as_database
from .key_info import Change, KeyInfo, NewKey, TeamInfo, caller_of, info_of, json_list
from .prepared import Prepared
from .schema import audit, keys, secrets, spend, teams
from .spending import MAX_NAME
from .values import Moment, Money, duration, from_json, micros, moment, nano_usd, to_json

# The master key's calls carry this name in the ledger.
RESERVED_NAMES = frozenset({"master"})
_UNCHANGED: Any = object()
_REGIONS = ("us", "eu")
_SCOPES = ("own", "all")
_PREFIX_CHARS = 7
# 24 random bytes are 192 bits; RFC 4086 asks for 128 where guessing costs the guesser nothing.
_SECRET_BYTES = 24
_MAX_INT = 2**31 - 1


def hash_key(secret: str | bytes) -> bytes:
    """Return the SHA-256 of a key: all that is ever stored of it.

    A slow hash would protect nothing more: the keys are random, not passwords.
    """
    if isinstance(secret, str):
        secret = secret.encode("utf-8", "surrogatepass")
    return hashlib.sha256(secret).digest()


_find = Prepared(
    select(
        keys,
        secrets.c.expires_at.label("secret_expires_at"),
        teams.c.rpm.label("teams_rpm"),
        teams.c.budget_nano.label("teams_budget"),
        teams.c.budget_daily_nano.label("teams_daily"),
        teams.c.budget_monthly_nano.label("teams_monthly"),
    )
    .select_from(secrets.join(keys).outerjoin(teams, teams.c.name == keys.c.team))
    .where(secrets.c.hash == bindparam("b_hash"))
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
            "name": _name("name", name),
            "team": None if team is None else _name("team", team),
            "budget_nano": nano_usd("budget_usd", budget_usd),
            "budget_daily_nano": nano_usd("budget_daily_usd", budget_daily_usd),
            "budget_monthly_nano": nano_usd("budget_monthly_usd", budget_monthly_usd),
            "soft_budget_ratio": _ratio(soft_budget_ratio),
            "rpm": _count("rpm", rpm, _MAX_INT),
            "team_rpm": _count("team_rpm", team_rpm, _MAX_INT),
            "expires_at": _expiry(now, expires_in, expires_at),
            "region": _one_of("region", region, (None, *_REGIONS)),
            "scope": _one_of("scope", scope, _SCOPES),
            "routes": json_list("routes", routes),
            "models": json_list("models", models),
            "features": json_list("features", features),
            "denied_features": json_list("denied_features", denied_features),
            "max_upload_bytes": _count("max_upload_bytes", max_upload_bytes, 2**62),
            "allow_unpriced": bool(allow_unpriced),
            "tags": _tags(tags),
        }
        if name in RESERVED_NAMES:
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
        budget_usd: Money | None = _UNCHANGED,
        budget_daily_usd: Money | None = _UNCHANGED,
        budget_monthly_usd: Money | None = _UNCHANGED,
        soft_budget_ratio: float | None = _UNCHANGED,
    ) -> KeyInfo:
        """Change the live key's budgets, US dollars; None takes a limit away.

        What is left out stays. What was spent stays spent; soft warnings are told anew.
        """
        changes = _budgets(budget_usd, budget_daily_usd, budget_monthly_usd, soft_budget_ratio)
        return self._change(name, "set_budget", changes)

    def set_team(
        self,
        team: str,
        *,
        budget_usd: Money | None = _UNCHANGED,
        budget_daily_usd: Money | None = _UNCHANGED,
        budget_monthly_usd: Money | None = _UNCHANGED,
        soft_budget_ratio: float | None = _UNCHANGED,
        rpm: int | None = _UNCHANGED,
    ) -> TeamInfo:
        """Set what all keys of a team may spend and ask together; like `set_budget`.

        *rpm* holds for keys that have no `team_rpm` of their own.
        """
        changes = _budgets(budget_usd, budget_daily_usd, budget_monthly_usd, soft_budget_ratio)
        if rpm is not _UNCHANGED:
            changes["rpm"] = _count("rpm", rpm, _MAX_INT)
        _name("team", team)
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


def _name(option: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise ValueError(f"{option}: expected 1 to {MAX_NAME} printable characters")
    if value != value.strip():
        raise ValueError(f"{option}: expected no space at either end")
    return value


def _ratio(value: float | None) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not 0 < value <= 1:
        raise ValueError("soft_budget_ratio: expected a share of the budget, over 0 and up to 1")
    return float(value)


def _count(option: str, value: object, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{option}: expected a whole number from 0 to {most}")
    return value


def _one_of(option: str, value: str | None, allowed: tuple[str | None, ...]) -> str | None:
    if value not in allowed:
        raise ValueError(f"{option}: expected {' or '.join(a for a in allowed if a)}")
    return value


def _expiry(now: int, within: timedelta | str | None, at: datetime | None) -> int | None:
    if within is not None and at is not None:
        raise ValueError("expires_in, expires_at: expected one of them")
    if within is not None:
        return now + duration("expires_in", within) // timedelta(microseconds=1)
    if at is None:
        return None
    try:
        return micros(at)
    except ValueError as error:
        raise ValueError(f"expires_at: {error}") from None


def _tags(tags: Mapping[Any, Any] | None) -> str:
    for name, value in (tags or {}).items():
        if not (isinstance(name, str) and isinstance(value, str) and name):
            raise ValueError("tags: expected names and values of text")
    return to_json(dict(tags or {}))


def _budgets(total: Any, daily: Any, monthly: Any, ratio: Any) -> dict[str, Any]:
    checks: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "budget_nano": (total, lambda value: nano_usd("budget_usd", value)),
        "budget_daily_nano": (daily, lambda value: nano_usd("budget_daily_usd", value)),
        "budget_monthly_nano": (monthly, lambda value: nano_usd("budget_monthly_usd", value)),
        "soft_budget_ratio": (ratio, _ratio),
    }
    return {
        column: check(value) for column, (value, check) in checks.items() if value is not _UNCHANGED
    }
