"""Answers kept for a day, so that a request repeated with its Idempotency-Key is billed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..call import Call
from .columns import from_json, micros, to_json
from .on_database import OnDatabase
from .schema import FAILED, calls, kept_answers
from .statements import Prepared

KEPT_S = 24 * 3600
# Old rows that a claim deletes along the way, and those of one transaction of `prune`.
SWEPT_AT_ONCE, PRUNED_AT_ONCE = 10, 100

_CLAIMED = ("scope", "key", "at", "request_id", "call_at", "digest")
_ANSWER = ("known", "status", "headers", "body")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request claims: that it is the only one of its caller with its key.

    Attributes:
        scope: SHA-256 of the caller.
        key: SHA-256 of the caller's key, and of the caller.
        request_id: The call's `id`.
    """

    scope: bytes
    key: bytes
    request_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as the client got it. Its body is content, and no part of its repr."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an earlier request with the same key came to.

    Attributes:
        claim: The earlier request's claim.
        call_at: When its call came in, epoch microseconds.
        age_s: Seconds since its claim.
        digest: SHA-256 of the request; None if that is not known, or not yet.
        known: It was billed: True; whether it was is unknown: False; it has not ended: None.
        answer: None if none was kept.
    """

    claim: Claim
    call_at: int
    age_s: float
    digest: bytes | None
    known: bool | None
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Fate:
    """What the ledger says of an earlier request by now.

    Attributes:
        free: It was billed nothing, and will not be.
        transcript_id: The transcript that it made, if it is known.
    """

    free: bool
    transcript_id: str | None


def _claiming(module: Any) -> Any:
    statement = module.insert(kept_answers).values(**{name: bindparam(name) for name in _CLAIMED})
    taken = {name: statement.excluded[name] for name in ("at", "request_id", "call_at", "digest")}
    return statement.on_conflict_do_update(
        index_elements=list(kept_answers.primary_key),
        set_={**taken, **dict.fromkeys(_ANSWER)},
        where=kept_answers.c.at <= bindparam("b_expired"),
    ).returning(kept_answers.c.at)


_claim = Prepared(_claiming(sqlite), postgresql=_claiming(postgresql))
_is_place = (
    kept_answers.c.scope == bindparam("b_scope"),
    kept_answers.c.key == bindparam("b_key"),
)
_is_claim = (*_is_place, kept_answers.c.request_id == bindparam("b_request"))
_find = Prepared(
    select(
        kept_answers.c.at,
        kept_answers.c.request_id,
        kept_answers.c.call_at,
        kept_answers.c.digest,
        kept_answers.c.known,
        kept_answers.c.status,
        kept_answers.c.headers,
        kept_answers.c.body,
    ).where(*_is_place)
)
_keep = Prepared(
    update(kept_answers)
    .where(*_is_claim)
    .values(digest=bindparam("b_digest"), **{name: bindparam(f"b_{name}") for name in _ANSWER})
)
_release = Prepared(delete(kept_answers).where(*_is_claim))
# An index of calls begins with the moment.
_rows = Prepared(
    select(calls.c.state, calls.c.transcript_id).where(
        calls.c.at == bindparam("b_at"), calls.c.request_id == bindparam("b_request")
    )
)
_is_old = kept_answers.c.at <= bindparam("b_expired")
_any_old = Prepared(select(kept_answers.c.at).where(_is_old).limit(1))
# Processes that sweep at the same time take different rows, and none waits.
_some_old = Prepared(
    select(kept_answers.c.scope, kept_answers.c.key)
    .where(_is_old)
    .order_by(kept_answers.c.at)
    .limit(bindparam("b_limit"))
    .with_for_update(skip_locked=True)
)
_drop = Prepared(delete(kept_answers).where(*_is_place))


class KeptAnswers(OnDatabase):
    """The answers of one database. Callers and their keys are kept as SHA-256 alone.

    Args:
        database: A Database, or its URL.

    All methods raise StoreError if the database cannot be read or written.
    """

    def claim(self, claim: Claim, call: Call, digest: bytes | None) -> KeptAnswer | None:
        """Claim a key for *call*, by one statement; None if it has it now.

        Returns:
            What the key stands for already, if it was claimed within 24 hours.
        """
        while True:
            now = self.database.now
            expired = now - KEPT_S * 1_000_000
            values = {
                "scope": claim.scope,
                "key": claim.key,
                "at": now,
                "request_id": claim.request_id,
                "call_at": micros(call.started),
                "digest": digest,
                "b_expired": expired,
            }
            place = {"b_scope": claim.scope, "b_key": claim.key}
            with self.database.write() as connection:
                if _claim.first(connection, values) is not None:
                    # After the claim, which may wait for another's: a sweep holds locks.
                    _sweep(connection, expired, SWEPT_AT_ONCE)
                    return None
                row = _find.first(connection, place)
            # It may have been released in between.
            if row is not None:
                return _kept(claim, row, now)

    def keep(
        self, claim: Claim, *, digest: bytes | None, known: bool, answer: Answer | None
    ) -> None:
        """Record what the request with this claim came to; nothing if it has lost its claim."""
        values = {
            "b_scope": claim.scope,
            "b_key": claim.key,
            "b_request": claim.request_id,
            "b_digest": digest,
            "b_known": known,
            "b_status": None if answer is None else answer.status,
            "b_headers": None if answer is None else to_json(list(answer.headers)),
            "b_body": None if answer is None else answer.body,
        }
        with self.database.write() as connection:
            _keep.run(connection, values)

    def release(self, claim: Claim) -> None:
        """Give the key of this claim back; nothing if the claim is another's by now."""
        values = {"b_scope": claim.scope, "b_key": claim.key, "b_request": claim.request_id}
        with self.database.write() as connection:
            _release.run(connection, values)

    def fate(self, kept: KeptAnswer) -> Fate:
        """Return what the ledger says of an earlier request."""
        values = {"b_at": kept.call_at, "b_request": kept.claim.request_id}
        with self.database.read() as connection:
            rows = _rows.all(connection, values)
        ids = [row.transcript_id for row in rows if row.transcript_id is not None]
        # Without a row, the request may still be on its way to have one.
        free = bool(rows) and all(row.state == FAILED for row in rows)
        return Fate(free, ids[0] if ids else None)

    def prune(self, *, most: int = 1000) -> int:
        """Delete answers older than 24 hours, *most* of them, in short transactions.

        Returns:
            How many were deleted.
        """
        expired = self.database.now - KEPT_S * 1_000_000
        done = 0
        while done < most:
            with self.database.read() as connection:
                if _any_old.first(connection, {"b_expired": expired}) is None:
                    break
            with self.database.write() as connection:
                swept = _sweep(connection, expired, min(PRUNED_AT_ONCE, most - done))
            done += swept
            if swept == 0:
                # Another process has them.
                break
        return done


def _kept(claim: Claim, row: Any, now: int) -> KeptAnswer:
    answer = None
    if row.status is not None:
        headers = [(name, value) for name, value in from_json(row.headers)]
        answer = Answer(row.status, headers, bytes(row.body))
    return KeptAnswer(
        Claim(claim.scope, claim.key, row.request_id),
        row.call_at,
        max(0.0, (now - row.at) / 1_000_000),
        None if row.digest is None else bytes(row.digest),
        None if row.known is None else bool(row.known),
        answer,
    )


def _sweep(connection: Connection, expired: int, limit: int) -> int:
    rows = _some_old.all(connection, {"b_expired": expired, "b_limit": limit})
    if rows:
        _drop.run_many(connection, [{"b_scope": row.scope, "b_key": row.key} for row in rows])
    return len(rows)
