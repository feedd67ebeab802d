"""How the ledger does: open calls, settlement, calls without a price, its version and size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text

from .columns import optional_moment
from .database import Database
from .schema import IS_PENDING, IS_UNPRICED, SCHEMA_VERSION, calls
from .sessions import LOST_S, fresh_sessions
from .usage_filter import Scope

# There is no index of the moment when calls were closed.
NEWEST = 1000


@dataclass(frozen=True, slots=True)
class OpenCalls:
    """Open calls of one kind.

    Attributes:
        oldest: When the oldest of them was made.
        tried: How many settlement has looked at; *attempts* is the most for one of them.
        due: How many are due for a look now.
        next_look: When the next of them is.
    """

    kind: str
    calls: int
    oldest: datetime | None
    tried: int
    attempts: int
    due: int
    next_look: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a reader's calls, and for one who sees all that of the ledger.

    Attributes:
        open: By kind.
        unpriced: How many calls have no price, by reason.
        last_closed: When the last of the 1,000 newest calls was closed.
        sessions, schema_version, where, size_bytes: Streaming sessions under way, and facts of the
            database; None for a reader with a scope.
    """

    open: tuple[OpenCalls, ...]
    unpriced: tuple[tuple[str, int], ...]
    last_closed: datetime | None
    sessions: int | None = None
    schema_version: int | None = None
    where: str | None = None
    size_bytes: int | None = None


def health(database: Database, scope: Scope | None, *, lost_after_s: float = LOST_S) -> Health:
    """Return the state of the calls in *scope*; None is all.

    Raises:
        StoreError: The database cannot be read.
    """
    now = database.now
    seen = [] if scope is None else [scope.where(calls, indexed=False)]
    pending = (
        select(
            calls.c.kind,
            func.count(),
            func.min(calls.c.at),
            func.sum(case((calls.c.attempts > 0, 1), else_=0)),
            func.max(calls.c.attempts),
            func.sum(case((calls.c.due_at <= now, 1), else_=0)),
            func.min(calls.c.due_at),
        )
        .where(calls.c.state == IS_PENDING, *seen)
        .group_by(calls.c.kind)
        .order_by(calls.c.kind)
    )
    reason = func.coalesce(calls.c.reason, "")
    unpriced = (
        select(reason, func.count())
        .where(calls.c.state == IS_UNPRICED, *seen)
        .group_by(reason)
        .order_by(func.count().desc(), reason)
    )
    newest = (
        select(calls.c.closed_at)
        .where(*([] if scope is None else [scope.where(calls)]))
        .order_by(calls.c.at.desc(), calls.c.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    with database.snapshot() as connection:
        found = Health(
            open=tuple(
                OpenCalls(
                    kind=row[0],
                    calls=int(row[1]),
                    oldest=optional_moment(row[2]),
                    tried=int(row[3]),
                    attempts=int(row[4]),
                    due=int(row[5]),
                    next_look=optional_moment(row[6]),
                )
                for row in connection.execute(pending)
            ),
            unpriced=tuple((row[0], int(row[1])) for row in connection.execute(unpriced)),
            last_closed=optional_moment(
                connection.execute(select(func.max(newest.c.closed_at))).scalar_one()
            ),
        )
        if scope is not None:
            return found
        since = now - round(lost_after_s * 1_000_000)
        return Health(
            found.open,
            found.unpriced,
            found.last_closed,
            fresh_sessions(connection, since),
            SCHEMA_VERSION,
            database.describe(),
            _size(database, connection),
        )


def _size(database: Database, connection: Any) -> int | None:
    if not database.is_sqlite:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar())
    path, size = database.describe(), 0
    for name in (path, f"{path}-wal"):
        try:
            size += os.path.getsize(name)
        except OSError:
            continue
    return size or None
