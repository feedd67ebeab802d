"""Leases of open calls, so that only one process settles each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, func, select, update

from ..billing.operations import SESSION_KINDS
from .columns import Moment, from_json, micros, model_of, moment, plain
from .database import Database
from .schema import IS_PENDING, calls, holds, open_sessions
from .statements import Prepared


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last checkpoint of a streaming session.

    Attributes:
        at: When it was written.
        lost_at: When the session counts as under way no more, without another checkpoint.
        elapsed_ms: How long the session had lasted by then; 0 until its first checkpoint.
        held_nano: Nano-dollars held for it; None where no budget bounds it.
    """

    at: datetime
    lost_at: datetime
    elapsed_ms: int
    held_nano: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """A call that this process leased in order to settle it.

    Attributes:
        row: Its ledger row.
        transcript_id: None if no reply was seen.
        at: When it was made.
        attempts: How often it was leased, this time included.
        features, model: As requested.
        status: Of the reply to the call, if one was seen.
        ended: When its request was over, if that was seen.
        usage: The usage in its reply, if the cost depends on more than that.
        state: `pending`, unless it was read for another reason.
        session: The last checkpoint, if it is a streaming session under way.
    """

    row: int
    kind: str
    region: str
    service: str
    route: str
    method: str
    path: str
    transcript_id: str | None
    at: datetime
    attempts: int
    features: Mapping[str, Any]
    model: str | None
    status: int | None
    key_id: int | None
    key_name: str | None
    team: str | None
    tags: Mapping[str, str]
    request_id: str
    ended: datetime | None
    usage: Mapping[str, Any] | None
    state: str
    session: LastSeen | None = None


_told = (
    calls.c.id,
    calls.c.kind,
    calls.c.region,
    calls.c.service,
    calls.c.route,
    calls.c.method,
    calls.c.path,
    calls.c.transcript_id,
    calls.c.at,
    calls.c.attempts,
    calls.c.features,
    calls.c.model,
    calls.c.status,
    calls.c.key_id,
    calls.c.key_name,
    calls.c.team,
    calls.c.tags,
    calls.c.request_id,
    calls.c.duration_ms,
    calls.c.usage,
    calls.c.state,
)
_is_due = (calls.c.state == IS_PENDING) & (calls.c.due_at <= bindparam("b_now"))
_select_due = Prepared(
    select(calls.c.id).where(_is_due).order_by(calls.c.due_at).limit(bindparam("b_limit"))
)
_lease = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), _is_due)
    .values(due_at=bindparam("b_until"), attempts=calls.c.attempts + 1)
    .returning(*_told)
)
_reschedule = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"), calls.c.state == IS_PENDING)
    .values(
        due_at=bindparam("b_due"),
        reason=func.coalesce(bindparam("b_reason", type_=Text), calls.c.reason),
        duration_ms=func.coalesce(bindparam("b_duration", type_=BigInteger), calls.c.duration_ms),
    )
    .returning(calls.c.id)
)
_unanswered = (
    select(*_told)
    .where(
        calls.c.state == IS_PENDING,
        calls.c.kind == "transcript",
        calls.c.transcript_id.is_(None),
    )
    .order_by(calls.c.id)
)
_last_seen = Prepared(
    select(
        open_sessions.c.seen_at,
        open_sessions.c.elapsed_ms,
        select(func.sum(holds.c.amount_nano))
        .where(holds.c.request_id == open_sessions.c.request_id)
        .scalar_subquery()
        .label("held_nano"),
    ).where(open_sessions.c.call_id == bindparam("b_row"))
)
_look = Prepared(select(*_told).where(calls.c.id == bindparam("b_row")))
_all_pending = select(calls.c.id).where(calls.c.state == IS_PENDING).limit(bindparam("b_limit"))


class Settling:
    """The part of the Ledger that hands out open calls."""

    database: Database
    lost_after_s: float

    def due(self, now: Moment | None = None, *, limit: int = 50, lease_s: float = 60) -> list[Due]:
        """Lease up to *limit* pending calls that are due at *now*, the longest waiting first.

        No other process on any host gets them for *lease_s* seconds: by then the caller has
        settled, failed or rescheduled them, or has died.
        """
        at = self.database.now if now is None else micros(now)
        with self.database.read() as connection:
            found = _select_due.all(connection, {"b_now": at, "b_limit": limit})
        if not found:
            return []
        until = at + round(lease_s * 1_000_000)
        leased = []
        with self.database.write() as connection:
            # In one order for all processes, so that none waits for another in a circle.
            for row_id in sorted(each.id for each in found):
                parameters = {"b_row": row_id, "b_now": at, "b_until": until}
                row = _lease.first(connection, parameters)
                if row is not None:
                    leased.append(self._due(connection, row))
        return leased

    def reschedule(
        self,
        row: int,
        due_at: Moment,
        *,
        reason: str | None = None,
        duration_s: float | None = None,
    ) -> bool:
        """Reschedule a pending call to *due_at*; False if it is no longer pending.

        *reason*, one line, says why it is still open; *duration_s* is the duration of its ended
        request. None keeps the former value.
        """
        parameters = {
            "b_row": row,
            "b_due": micros(due_at),
            "b_reason": plain(reason),
            "b_duration": None if duration_s is None else round(duration_s * 1000),
        }
        with self.database.write() as connection:
            return _reschedule.first(connection, parameters) is not None

    def make_due_now(self, rows: Sequence[int] | None = None) -> int:
        """Make pending calls due now, all of them or those of *rows*; return how many."""
        now = self.database.now
        late = (calls.c.state == IS_PENDING) & (calls.c.due_at > now)
        if rows is not None:
            late &= calls.c.id.in_(rows)
        with self.database.write() as connection:
            # Locked in the order in which `due` takes them.
            found = select(calls.c.id).where(late).order_by(calls.c.id).with_for_update()
            hurried = update(calls).where(calls.c.id.in_(found), late).values(due_at=now)
            return connection.execute(hurried).rowcount

    def look(self, row: int) -> Due | None:
        """Return a call in any state without a lease; None if there is no such row."""
        with self.database.read() as connection:
            found = _look.first(connection, {"b_row": row})
            return None if found is None else self._due(connection, found)

    def unanswered(self, region: str) -> list[Due]:
        """Return the pending submits of a region whose transcript is not known; leases none."""
        statement = _unanswered.where(calls.c.region == region)
        with self.database.read() as connection:
            return [self._due(connection, row) for row in connection.execute(statement)]

    def pending(self, limit: int = 1_000_000) -> int:
        """Return how many calls are open, counting no further than *limit*."""
        with self.database.read() as connection:
            return len(connection.scalars(_all_pending, {"b_limit": limit}).all())

    def _due(self, connection: Connection, row: Any) -> Due:
        features = from_json(row.features)
        session = None
        if row.kind in SESSION_KINDS:
            session = self._last_seen(connection, row.id)
        return Due(
            row=row.id,
            kind=row.kind,
            region=row.region,
            service=row.service,
            route=row.route,
            method=row.method,
            path=row.path,
            transcript_id=row.transcript_id,
            at=moment(row.at),
            attempts=row.attempts,
            features=features,
            model=model_of(row.model, features),
            status=row.status,
            key_id=row.key_id,
            key_name=row.key_name,
            team=row.team,
            tags=from_json(row.tags),
            request_id=row.request_id,
            ended=None if row.duration_ms is None else moment(row.at + 1000 * row.duration_ms),
            usage=from_json(row.usage),
            state=row.state,
            session=session,
        )

    def _last_seen(self, connection: Connection, row: int) -> LastSeen | None:
        seen = _last_seen.first(connection, {"b_row": row})
        if seen is None:
            return None
        lost_at = seen.seen_at + round(self.lost_after_s * 1_000_000)
        # PostgreSQL sums whole numbers into a Decimal.
        held = None if seen.held_nano is None else int(seen.held_nano)
        return LastSeen(moment(seen.seen_at), moment(lost_at), seen.elapsed_ms, held)
