"""Deletes old calls in small batches. Sums, budgets and the owners of transcripts stay.

| deleted                    | stays                                                   |
|----------------------------|---------------------------------------------------------|
| calls settled or failed    | calls pending or unpriced, whatever their age           |
|                            | totals, spend, holds, transcripts, uploads, the history |
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from .columns import Moment, micros, moment, optional_moment
from .database import Database
from .report import call_as_dict
from .schema import FAILED, SETTLED, calls, kept_answers, meta

BATCH = 1000
# An answer is kept for a day, and leads to the rows of its call until then.
_KEPT_FOR = 2 * 86_400_000_000
_PRUNED = "pruned_before"
# A batch takes a few milliseconds; servers that wait for the lock get it in between.
_MAX_PAUSE_S = 0.05

# Called with the calls done and all calls.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Prunable:
    """What a prune would delete, and what it would leave.

    Attributes:
        calls: Calls that would be deleted.
        cost_nano: Their cost, nano-dollars, which stays in all totals.
        kept: Older calls that stay: pending, unpriced, or named by a kept answer.
        oldest: The moment of the oldest of *calls* as ISO 8601; None without any.
    """

    calls: int
    cost_nano: int
    kept: int
    oldest: str | None


def prunable(database: Database, before: Moment) -> Prunable:
    """Return what `prune` would delete."""
    older = calls.c.at < micros(before)
    sums = func.count(), func.coalesce(func.sum(calls.c.cost_nano), 0), func.min(calls.c.at)
    with database.snapshot() as connection:
        count, nano, oldest = connection.execute(select(*sums).where(*_old(database, before))).one()
        all_older = connection.scalar(select(func.count()).select_from(calls).where(older)) or 0
    at = optional_moment(oldest)
    return Prunable(count, int(nano), all_older - count, None if at is None else at.isoformat())


def export(
    database: Database,
    before: Moment,
    write: Callable[[Mapping[str, Any]], None],
    progress: Progress | None = None,
) -> array[int]:
    """Pass each call that `prune` would delete to *write*, oldest first; return their ids.

    A call is a dict, as `Ledger.calls` yields it.
    """
    ids = array("q")
    total = prunable(database, before).calls if progress else 0
    last: tuple[int, int] | None = None
    while True:
        statement = select(calls).where(*_old(database, before))
        if last is not None:
            statement = statement.where(tuple_(calls.c.at, calls.c.id) > tuple_(*last))
        statement = statement.order_by(calls.c.at, calls.c.id).limit(BATCH)
        with database.read() as connection:
            rows = connection.execute(statement).all()
        for row in rows:
            write(call_as_dict(row))
            ids.append(row.id)
        if progress:
            progress(len(ids), total)
        if len(rows) < BATCH:
            return ids
        last = (rows[-1].at, rows[-1].id)


def prune(
    database: Database,
    before: Moment,
    *,
    ids: array[int] | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Delete calls that were made before a moment, a batch a transaction; return how many.

    Args:
        database: The ledger.
        before: The moment, exclusive.
        ids: Only these; those that were exported.
        limit: So many at most; None for all.
        progress: Called after each batch.
    """
    total = len(ids) if ids is not None else prunable(database, before).calls if progress else 0
    done = 0
    for some in _batches(database, before, ids, limit):
        started = time.monotonic()
        with database.write() as connection:
            if not done:
                _remember(connection, min(micros(before), database.now))
            # In one order: two workers that prune wait for each other in no circle.
            old = select(calls.c.id).where(calls.c.id.in_(some), *_old(database, before))
            locked = connection.scalars(old.order_by(calls.c.id).with_for_update()).all()
            done += connection.execute(delete(calls).where(calls.c.id.in_(locked))).rowcount
        if progress:
            progress(done, total)
        if limit is None:
            time.sleep(min(time.monotonic() - started, _MAX_PAUSE_S))
    return done


def _batches(
    database: Database, before: Moment, ids: array[int] | None, limit: int | None
) -> Iterator[list[int]]:
    if ids is not None:
        for start in range(0, len(ids), BATCH):
            yield list(ids[start : start + BATCH])
        return
    left = limit
    while left is None or left > 0:
        most = BATCH if left is None else min(left, BATCH)
        statement = select(calls.c.id).where(*_old(database, before))
        with database.read() as connection:
            some = connection.scalars(statement.order_by(calls.c.at, calls.c.id).limit(most)).all()
        if some:
            yield list(some)
        if len(some) < most:
            return
        left = None if left is None else left - len(some)


def _old(database: Database, before: Moment) -> list[Any]:
    conditions = [calls.c.at < micros(before), calls.c.state.in_((SETTLED, FAILED))]
    if micros(before) > database.now - _KEPT_FOR:
        conditions.append(calls.c.request_id.not_in(select(kept_answers.c.request_id)))
    return conditions


def _remember(connection: Connection, before: int) -> None:
    """Record up to when calls may be missing, in the transaction that deletes the first."""
    known = connection.scalar(select(meta.c.value).where(meta.c.name == _PRUNED))
    value = str(max(before, int(known or before)))
    module: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = module.insert(meta).values(name=_PRUNED, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[meta.c.name], set_={"value": value})
    )


def pruned_before(database: Database) -> datetime | None:
    """Return the moment before which calls may be missing; None if none are."""
    with database.read() as connection:
        value = connection.scalar(select(meta.c.value).where(meta.c.name == _PRUNED))
    return None if value is None else moment(int(value))


def give_back(database: Database) -> bool:
    """Return the space of deleted rows to the system, or for reuse; False where it stays.

    On SQLite the file is written anew, if no other process has it open: others would have to wait
    for the end of that. On PostgreSQL this is a plain VACUUM, for which nobody waits; it makes
    the space free for the table's next rows.
    """
    if database.is_sqlite:
        return database.rewrite(alone=True)
    with database.read() as connection:
        connection.execute(text("VACUUM (ANALYZE) calls"))
    return True
