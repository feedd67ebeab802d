"""How long the oldest open call has been open, and one report of it an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .database import Database
from .schema import IS_PENDING, calls, meta
from .statements import Prepared

_REPORTED = "late_settlement_reported_at"
_oldest = Prepared(
    select(calls.c.id, calls.c.kind, calls.c.at, calls.c.reason)
    .where(calls.c.state == IS_PENDING)
    .order_by(calls.c.at, calls.c.id)
    .limit(1)
)
_count = Prepared(
    select(func.count().label("open")).select_from(calls).where(calls.c.state == IS_PENDING)
)


def _claiming(module: Any) -> Any:
    now = bindparam("b_now", type_=Text)
    statement = module.insert(meta).values(name=_REPORTED, value=now)
    # Microseconds since 1970 have 16 digits until the year 2286, so that text compares as they do.
    return statement.on_conflict_do_update(
        index_elements=[meta.c.name],
        set_={"value": statement.excluded.value},
        where=meta.c.value <= bindparam("b_before", type_=Text),
    ).returning(meta.c.name)


_claim = Prepared(_claiming(sqlite), postgresql=_claiming(postgresql))


@dataclass(frozen=True, slots=True)
class OldestOpen:
    """The oldest call that is not closed.

    Attributes:
        row: Its ledger row.
        kind: As in `billing.operations`.
        age_s: Seconds since it was made.
        reason: Why it is still open, where settlement has noted that.
        count: How many calls are open in all.
    """

    row: int
    kind: str
    age_s: float
    reason: str | None
    count: int


def oldest_open(database: Database) -> OldestOpen | None:
    """Return the oldest open call; None if no call is open.

    Raises:
        StoreError: The ledger cannot be read.
    """
    with database.snapshot() as connection:
        row = _oldest.first(connection, {})
        if row is None:
            return None
        count = _count.first(connection, {}).open
    age_s = max(0.0, (database.now - row.at) / 1_000_000)
    return OldestOpen(row.id, row.kind, age_s, row.reason, count)


def claim_report(database: Database, every_s: float) -> bool:
    """Whether this process is to report late settlement now; the ledger's others then wait.

    True for one process on all hosts, once in *every_s* seconds.

    Raises:
        StoreError: The ledger cannot be written.
    """
    now = database.now
    times = {"b_now": str(now), "b_before": str(now - round(every_s * 1_000_000))}
    with database.write() as connection:
        return _claim.first(connection, times) is not None
