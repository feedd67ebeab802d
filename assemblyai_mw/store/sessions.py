"""Streaming sessions under way: opened within limits, and checkpointed until they are closed.

A session's row in `calls` stands before its handshake goes out, as that of any call. Beside it
a row of `open_sessions` says how long the session has lasted, as of its last checkpoint; the
transaction that closes the call deletes it, whoever closes. So after a crash the ledger knows to
within one interval how long each session lasted, and settlement closes it.

Transactions lock rows in this order: owners, calls, open sessions; then, where a call is
closed, what `closings` locks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from .columns import to_json
from .leases import Due, Settling
from .opening import insert_call, opened
from .schema import IS_PENDING, calls, open_sessions
from .statements import Prepared
from .totals import Scope

if TYPE_CHECKING:
    from ..call import Call, Caller

CHECKPOINT_S = 15.0
# A session without a checkpoint for so long, and for four intervals, is under way no more.
LOST_S = 60.0
_INTERVALS = 4
# Settlement finds sessions by their checkpoints. This is for one whose checkpoint is missing,
# and longer than any session lasts.
_DUE_AFTER = 24 * 3600 * 1_000_000
# SQLite takes no more than 32,766 parameters.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """The limit that a new session would pass: that of the key or of its team."""

    scope: Scope
    limit: int


_CHECKPOINTED = ("call_id", "request_id", "key_id", "team", "at", "seen_at", "elapsed_ms")
_insert = Prepared(
    insert(open_sessions).values(**{name: bindparam(name) for name in _CHECKPOINTED})
)
_lock = text("SELECT pg_advisory_xact_lock(:lock)")
_fresh = open_sessions.c.seen_at > bindparam("b_since")
_count = select(func.count().label("open")).select_from(open_sessions).where(_fresh)
_count_of_key = Prepared(_count.where(open_sessions.c.key_id == bindparam("b_owner")))
_count_of_team = Prepared(_count.where(open_sessions.c.team == bindparam("b_owner")))
# Keys that are not in the database are known by their names.
_count_of_name = Prepared(
    _count.where(
        open_sessions.c.call_id == calls.c.id,
        calls.c.key_id.is_(None),
        calls.c.key_name == bindparam("b_owner"),
    )
)
_change = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING)
    .values(features=bindparam("b_features"))
)
_checkpoint = Prepared(
    update(open_sessions)
    .where(open_sessions.c.call_id == bindparam("b_row"))
    .values(seen_at=bindparam("b_now"), elapsed_ms=bindparam("b_elapsed"))
)
_stale = Prepared(
    select(open_sessions.c.call_id)
    .where(open_sessions.c.seen_at <= bindparam("b_until"))
    .order_by(open_sessions.c.seen_at)
    .limit(bindparam("b_limit"))
)


def lost_after(checkpoint_s: float) -> float:
    """Return the seconds after its last checkpoint for which a session counts as under way."""
    return max(LOST_S, _INTERVALS * checkpoint_s)


class Sessions(Settling):
    """The part of the Ledger for streaming sessions."""

    def open_session(
        self,
        call: Call,
        *,
        model: str | None,
        features: Mapping[str, Any] | None,
        kind: str = "session",
    ) -> int | SessionLimit:
        """Record a session before its handshake goes out, like `open`; return its row.

        Where the caller's `max_sessions`, or its team's, are under way already, the limit is
        returned, and nothing is recorded. Exact for any number of processes. Sessions that a
        process left behind count until `lost_after_s`.
        """
        now = self.database.now
        values = opened(call, kind=kind, model=model, features=features, due_at=now + _DUE_AFTER)
        since = now - round(self.lost_after_s * 1_000_000)
        with self.database.write() as connection:
            if call.caller is not None:
                for scope, owner, count, limit in _limits(call.caller):
                    if not self.database.is_sqlite:
                        # Others that open a session of this owner wait here.
                        connection.execute(_lock, {"lock": _number(scope, owner)})
                    found = count.first(connection, {"b_owner": owner, "b_since": since})
                    if found.open >= limit:
                        return SessionLimit(scope, limit)
            row = int(insert_call.first(connection, values).id)
            shared = {name: values[name] for name in ("request_id", "key_id", "team", "at")}
            _insert.run(connection, {**shared, "call_id": row, "seen_at": now, "elapsed_ms": 0})
        return row

    def checkpoint(
        self, sessions: Mapping[int, tuple[int, Mapping[str, Any] | None]]
    ) -> frozenset[int]:
        """Record how long each of *sessions* has lasted; return the rows still under way.

        The others were closed meanwhile, by settlement or by hand: their processes end them.

        Args:
            sessions: By row: milliseconds since the session began, and the facts that its price
                depends on, as given to `open_session`, where they have changed; else None.
        """
        if not sessions:
            return frozenset()
        now, rows = self.database.now, sorted(sessions)
        changed = [
            {"b_row": row, "b_features": to_json(features)}
            for row in rows
            if (features := sessions[row][1]) is not None
        ]
        seen = [{"b_row": row, "b_now": now, "b_elapsed": sessions[row][0]} for row in rows]
        under_way: set[int] = set()
        with self.database.write() as connection:
            if changed:
                _change.run_many(connection, changed)
            _checkpoint.run_many(connection, seen)
            for start in range(0, len(rows), _AT_ONCE):
                some = open_sessions.c.call_id.in_(rows[start : start + _AT_ONCE])
                under_way.update(connection.scalars(select(open_sessions.c.call_id).where(some)))
        return frozenset(under_way)

    def stale_sessions(self, older_than_s: float | None = None, *, limit: int = 50) -> list[Due]:
        """Return up to *limit* open sessions whose last checkpoint is so old; leases none.

        The oldest first. Without *older_than_s*: those that are under way no more.
        """
        age_s = self.lost_after_s if older_than_s is None else older_than_s
        until = self.database.now - round(age_s * 1_000_000)
        with self.database.read() as connection:
            found = _stale.all(connection, {"b_until": until, "b_limit": limit})
        # A session that was closed meanwhile has no checkpoint any more.
        looked = (self.look(row.call_id) for row in found)
        return [due for due in looked if due is not None and due.session is not None]


def fresh_sessions(connection: Connection, since: int) -> int:
    """Return how many sessions had a checkpoint after *since*, epoch microseconds."""
    return int(connection.scalar(_count, {"b_since": since}) or 0)


def _limits(caller: Caller) -> list[tuple[Scope, int | str, Prepared, int]]:
    """Return the caller's limits: scope, owner, how its sessions are counted, and the limit."""
    limits: list[tuple[Scope, int | str, Prepared, int]] = []
    if caller.max_sessions is not None:
        if caller.key_id is None:
            limits.append(("key", caller.name, _count_of_name, caller.max_sessions))
        else:
            limits.append(("key", caller.key_id, _count_of_key, caller.max_sessions))
    if caller.team is not None and caller.team_max_sessions is not None:
        limits.append(("team", caller.team, _count_of_team, caller.team_max_sessions))
    return limits


def _number(scope: Scope, owner: int | str) -> int:
    """Return the number of the lock for the sessions of one owner: 64 bits that no other has."""
    digest = hashlib.sha256(f"assemblyai-mw sessions {scope} {owner!r}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
