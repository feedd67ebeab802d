"""Tokens that open one streaming session each, for clients that must not hold a key."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, or_, select, update

from ..call import MASTER, Caller
from .columns import from_json, plain, to_json
from .keys import hash_key, live_caller
from .on_database import OnDatabase
from .schema import keys, session_tokens
from .statements import Prepared

PREFIX = "st-"
_SECRET_BYTES = 32
_SWEEP_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class TakenToken:
    """What a token opens a session with.

    Attributes:
        caller: The caller that it was made for, with the rights that its key has now.
        max_session_s: Longest session, seconds.
        tags: Tags of the call that made it.
    """

    caller: Caller
    max_session_s: int
    tags: Mapping[str, str]


_MADE = (
    *("hash", "key_id", "team", "service", "region", "end_user", "tags"),
    *("at", "expires_at", "max_session_s"),
)
_insert = Prepared(insert(session_tokens).values(**{name: bindparam(name) for name in _MADE}))
_key_is_live = exists().where(
    keys.c.id == session_tokens.c.key_id,
    keys.c.revoked_at.is_(None),
    or_(keys.c.expires_at.is_(None), keys.c.expires_at > bindparam("b_now")),
)
_take = Prepared(
    update(session_tokens)
    .where(
        session_tokens.c.hash == bindparam("b_hash"),
        session_tokens.c.service == bindparam("b_service"),
        session_tokens.c.region == bindparam("b_region"),
        session_tokens.c.used_at.is_(None),
        session_tokens.c.expires_at > bindparam("b_now"),
        or_(session_tokens.c.key_id.is_(None), _key_is_live),
    )
    .values(used_at=bindparam("b_now"))
    .returning(
        session_tokens.c.key_id,
        session_tokens.c.team,
        session_tokens.c.end_user,
        session_tokens.c.tags,
        session_tokens.c.max_session_s,
    )
)
_give_back = Prepared(
    update(session_tokens)
    .where(session_tokens.c.hash == bindparam("b_hash"), session_tokens.c.used_at.is_not(None))
    .values(used_at=None)
    .returning(session_tokens.c.hash)
)
# Processes that sweep at the same time take different rows, and none waits.
_expired = (
    select(session_tokens.c.hash)
    .where(session_tokens.c.expires_at <= bindparam("b_now"))
    .limit(_SWEEP_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_sweep = Prepared(delete(session_tokens).where(session_tokens.c.hash.in_(_expired)))


class SessionTokens(OnDatabase):
    """The tokens of one database, of which it keeps the SHA-256 alone.

    A token opens one session, on the service and region that it was made for, before it expires.
    It has the rights that its key has when it is used, and is dead once that key is revoked or
    expired. Rotating a key's secret leaves its tokens alone: it stays the same key.

    Args:
        database: A Database, or its URL.
    """

    def mint(
        self,
        caller: Caller,
        *,
        service: str,
        region: str,
        ttl_s: int,
        max_session_s: int,
        tags: Mapping[str, str],
    ) -> str:
        """Make a token for *caller* and return it, once.

        Args:
            caller: A key of this database, or the master key; its end user and team too.
            service, region: Where it may be used.
            ttl_s: Seconds in which it can be used.
            max_session_s: Longest session that it opens, seconds.
            tags: Tags of the call that makes it.

        Raises:
            ValueError: The caller's key is not in the database.
        """
        if caller.key_id is None and not caller.master:
            raise ValueError("caller: expected a key of the database, or the master key")
        token = PREFIX + random.token_urlsafe(_SECRET_BYTES)
        now = self.database.now
        row = {
            "hash": hash_key(token),
            "key_id": caller.key_id,
            "team": caller.team,
            "service": service,
            "region": region,
            "end_user": plain(caller.end_user),
            "tags": to_json({plain(name): plain(value) for name, value in tags.items()}),
            "at": now,
            "expires_at": now + ttl_s * 1_000_000,
            "max_session_s": max_session_s,
        }
        with self.database.write() as connection:
            _sweep.run(connection, {"b_now": now})
            _insert.run(connection, row)
        return token

    def take(self, token_sha256: bytes, *, service: str, region: str) -> TakenToken | None:
        """Use a token; what it opens a session with for exactly one caller, ever.

        None if there is no such token for this service and region, or it was used, has expired, or
        its key is revoked or expired.
        """
        now = self.database.now
        parameters = {
            "b_hash": token_sha256,
            "b_service": service,
            "b_region": region,
            "b_now": now,
        }
        with self.database.write() as connection:
            row: Any = _take.first(connection, parameters)
            if row is None:
                return None
            caller: Caller | None = replace(MASTER, team=row.team)
            if row.key_id is not None:
                caller = live_caller(connection, now, row.key_id, row.team)
        if caller is None:
            return None
        caller = replace(caller, end_user=row.end_user)
        return TakenToken(caller, row.max_session_s, from_json(row.tags))

    def give_back(self, token_sha256: bytes) -> bool:
        """Let a token be used again: it opened no session. False if it was not used."""
        with self.database.write() as connection:
            return _give_back.first(connection, {"b_hash": token_sha256}) is not None
