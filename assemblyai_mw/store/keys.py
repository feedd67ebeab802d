"""Virtual keys: made, found, rotated, revoked, and every change of them on record."""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..call import Caller
from ..errors import KeyExists, UnknownKey
from . import key_options as option
from .columns import duration, moment
from .database import Database
from .key_info import KeyInfo, NewKey, caller_of, info_of
from .key_options import KEY_OPTIONS
from .on_database import OnDatabase
from .option_kinds import checked_name
from .schema import keys, secrets, teams
from .shared_budgets import any_budgets, budget_id, budgets_of_tags, has_budgets
from .statements import Prepared
from .teams import Teams, warn_anew

_PREFIX_CHARS = 7
# 24 random bytes are 192 bits; RFC 4086 requires 128 if guessing costs nothing.
_SECRET_BYTES = 24


def hash_key(secret: str | bytes) -> bytes:
    """Return the SHA-256 of a key: all that is ever stored of it.

    A slow hash would protect nothing more: the keys are random, not passwords.
    """
    if isinstance(secret, str):
        secret = secret.encode("utf-8", "surrogatepass")
    return hashlib.sha256(secret).digest()


_KNOWN: tuple[Any, ...] = (
    keys,
    any_budgets("tag").label("any_tag_budgets"),
    *(teams.c[each.column].label(f"teams_{each.column}") for each in option.TEAM_OPTIONS),
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


_by_id = Prepared(
    select(*_KNOWN)
    .select_from(keys.outerjoin(teams, teams.c.name == _team))
    .where(keys.c.id == bindparam("b_id"), keys.c.revoked_at.is_(None))
)
# SQLite takes no more than 32,766 parameters.
_AT_ONCE = 10_000


class Keys(Teams, OnDatabase):
    """The virtual keys of one database.

    Args:
        database: A Database, or its URL.
        actor: Actor for the history of changes: `cli`, or a user's name.

    A name is unique among the keys that are not revoked. A new key with the name of a revoked one
    is unrelated: it has another `key_id` and inherits nothing.
    """

    def __init__(self, database: Database | str, *, actor: str | None = None) -> None:
        OnDatabase.__init__(self, database)
        self._actor = actor

    def create(self, name: str, *, allow_unknown: bool = False, **options: Any) -> NewKey:
        """Make a key and return it with its secret, once: only a hash is kept.

        *options* are those of `key_options.KeyOptions`, as docs/keys.md lists them: `team`,
        `budget_usd`, `budget_daily_usd`, `budget_monthly_usd`, `soft_budget_ratio`, `rpm`,
        `expires_in` or `expires_at`, `region`, `scope`, `routes`, `models`, `features`, ...
        Budgets are US dollars, by UTC day and month and over the key's whole life; 0 allows
        nothing, None is no limit. Allow lists: None allows everything. *expires_in* is a
        timedelta or `90s`, `15m`, `12h`, `30d`. Features must have names that are known here,
        unless *allow_unknown*.

        Raises:
            TypeError: An argument is no option.
            ValueError: An option is invalid; the message names it.
            KeyExists: The name is in use.
        """
        now = self.database.now
        checked_name("name", name)
        if name in option.RESERVED_NAMES:
            raise ValueError(f"name: {name} is reserved")
        given = option.columns(KEY_OPTIONS, options, now=now, allow_unknown=allow_unknown)
        values = {"name": name, **option.EMPTY, **option.with_extra(option.EMPTY, given)}
        _check_team(values)
        secret, prefix = _new_secret()
        with self.database.write() as connection:
            taken = select(keys.c.id).where(keys.c.name == name, keys.c.revoked_at.is_(None))
            if connection.scalar(taken) is not None:
                raise KeyExists(f"A key named {name} is in use")
            row = {**values, "prefix": prefix, "created_at": now}
            try:
                key_id = connection.scalar(insert(keys).values(**row).returning(keys.c.id))
            except IntegrityError:
                # Another process was faster; only PostgreSQL gets here.
                raise KeyExists(f"A key named {name} is in use") from None
            assert key_id is not None
            connection.execute(
                insert(secrets).values(hash=hash_key(secret), key_id=key_id, created_at=now)
            )
            row |= {"id": key_id, "revoked_at": None}
            made = {"prefix": prefix, **option.stated(KEY_OPTIONS, row)}
            self._note_of(connection, "create", row, made)
        return NewKey(info_of(row), secret)

    def find(self, secret_sha256: bytes) -> Caller | None:
        """Return the caller with this key hash, by one indexed read.

        None if there is no such key, or it is revoked or expired: from `expires_at` on, to the
        microsecond; likewise after a rotated secret's grace.
        """
        with self.database.read() as connection:
            row = _find.first(connection, {"b_hash": secret_sha256})
            if row is None or row.revoked_at is not None:
                return None
            now = self.database.now
            if row.secret_expires_at is not None and now >= row.secret_expires_at:
                return None
            return _caller(connection, row, now, None)

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        """Return the caller whose live key has this name, with *team* if given.

        For hosts that identify their own users; `find` is for requests with a key.
        """
        with self.database.read() as connection:
            row = _named.first(connection, {"b_name": name, "b_team": team})
            return _caller(connection, row, self.database.now, team)

    def by_id(self, key_id: int, *, team: str | None = None) -> Caller | None:
        """Return the caller with this id, if its key is live, with *team* if given."""
        with self.database.read() as connection:
            return live_caller(connection, self.database.now, key_id, team)

    def has_end_user_budgets(self) -> bool:
        """Whether any end user has a budget."""
        with self.database.read() as connection:
            return has_budgets(connection, "end_user")

    def end_user_budget(self, end_user: str) -> int | None:
        """Return the id of the budget of the host's own user; None without one."""
        with self.database.read() as connection:
            return budget_id(connection, "end_user", end_user)

    def live(self, key_ids: Iterable[int]) -> frozenset[int]:
        """Return which of these keys are neither revoked nor expired."""
        ids, now = sorted(set(key_ids)), self.database.now
        alive = keys.c.revoked_at.is_(None) & (
            keys.c.expires_at.is_(None) | (keys.c.expires_at > now)
        )
        found: set[int] = set()
        for start in range(0, len(ids), _AT_ONCE):
            some = keys.c.id.in_(ids[start : start + _AT_ONCE])
            with self.database.read() as connection:
                found.update(connection.scalars(select(keys.c.id).where(some, alive)))
        return frozenset(found)

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

        Its transcripts stay its team's, or only the master key sees them.
        """
        with self.database.write() as connection:
            row = _row(connection, name, lock=True)
            if row["revoked_at"] is None:
                now = self.database.now
                ended = and_(keys.c.id == row["id"], keys.c.revoked_at.is_(None))
                connection.execute(update(keys).where(ended).values(revoked_at=now))
                self._note_of(connection, "revoke", row, {})
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
            detail = {"prefix": {"old": row["prefix"], "new": prefix}}
            self._note_of(connection, "rotate", row, {**detail, "old_secret_until": moment(end)})
        return NewKey(info_of({**row, "prefix": prefix}), secret)

    def set(self, name: str, *, allow_unknown: bool = False, **changes: Any) -> KeyInfo:
        """Change the given options of the live key; return the changed key.

        *changes* are the options of `create`; None clears one, and a list or mapping takes
        the place of the whole former one. `add_budget_usd` tops up the total budget. The spend
        stays, and soft budgets warn again. With another `team`, new transcripts belong to that
        team; earlier ones stay with the former team.

        Raises:
            TypeError: An argument is no option.
            ValueError: An option is invalid, or there is none; the message names it.
            UnknownKey: No live key has this name.
        """
        if not changes:
            raise ValueError("expected an option to change, got none")
        more = changes.pop("add_budget_usd", None)
        if more is not None and "budget_usd" in changes:
            raise ValueError("add_budget_usd, budget_usd: expected one of them")
        new = option.columns(
            KEY_OPTIONS, changes, now=self.database.now, allow_unknown=allow_unknown
        )
        with self.database.write() as connection:
            row = _live(connection, name)
            if more is not None:
                new["budget_nano"] = option.topped_up(row["budget_nano"], more)
            new = option.with_extra(row, new)
            changed = {**row, **new}
            if "team_rpm" in new:
                _check_team(changed)
            detail = option.differences(KEY_OPTIONS, row, new)
            if detail:
                connection.execute(update(keys).where(keys.c.id == row["id"]).values(**new))
                if option.BUDGETS & new.keys():
                    warn_anew(connection, "key", str(row["id"]))
                self._note_of(connection, "set", changed, detail)
        return info_of(changed)

    def _note_of(
        self,
        connection: Connection,
        action: str,
        row: Mapping[str, Any],
        detail: Mapping[str, Any],
    ) -> None:
        key_id, name, team = row["id"], row["name"], row["team"]
        self._note(connection, action, detail, key_id=key_id, key_name=name, team=team)


def live_caller(
    connection: Connection, now: int, key_id: int, team: str | None = None
) -> Caller | None:
    """Return the caller of a key that is live at *now*, with *team* if given."""
    row = _by_id.first(connection, {"b_id": key_id, "b_team": team})
    return _caller(connection, row, now, team)


def _caller(connection: Connection, row: Any, now: int, team: str | None) -> Caller | None:
    if row is None or (row.expires_at is not None and now >= row.expires_at):
        return None
    caller = caller_of(row)
    if row.any_tag_budgets and caller.tags:
        caller = caller.bound_by(*budgets_of_tags(connection, caller.tags))
    return caller if team is None else replace(caller, team=team)


def _new_secret() -> tuple[str, str]:
    secret = "sk-" + random.token_urlsafe(_SECRET_BYTES)
    return secret, secret[:_PREFIX_CHARS] + "..."


def _check_team(row: Mapping[str, Any]) -> None:
    if row["team_rpm"] is not None and row["team"] is None:
        raise ValueError("team_rpm: expected a key with a team")


def _row(connection: Connection, name: str, *, lock: bool = False) -> dict[str, Any]:
    # The live key of this name is always younger than the revoked ones.
    last = select(keys).where(keys.c.name == name).order_by(keys.c.id.desc()).limit(1)
    if lock:
        last = last.with_for_update()
    row = connection.execute(last).first()
    if row is None:
        raise UnknownKey(f"No key is named {name}")
    return dict(row._mapping)


def _live(connection: Connection, name: str) -> dict[str, Any]:
    row = _row(connection, name, lock=True)
    if row["revoked_at"] is not None:
        raise UnknownKey(f"The key named {name} is revoked")
    return row
