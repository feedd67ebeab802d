"""One owner's transcripts in the order of their calls, for lists.

Each query reads an index, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, union_all

from ..call import Caller
from .columns import Moment, micros
from .database import Database
from .owners import owner_key
from .schema import calls, transcripts
from .statements import Prepared

# Values of `transcripts.status`; `queued` is also a transcript whose end has not been seen.
STATUSES = ("queued", "completed", "error")
# Longer than any call; the order of rows and of their moments may differ by up to this.
_OVERLAP = 3_600_000_000

_place = Prepared(
    select(transcripts.c.call_id).where(
        transcripts.c.region == bindparam("b_region"), transcripts.c.id == bindparam("b_id")
    )
)
_last_before = Prepared(
    select(calls.c.id)
    .where(calls.c.at < bindparam("b_at"))
    .order_by(calls.c.at.desc(), calls.c.id.desc())
    .limit(1)
)
_first_after = Prepared(
    select(calls.c.id)
    .where(calls.c.at > bindparam("b_at"))
    .order_by(calls.c.at, calls.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A transcript of an owner's list.

    Attributes:
        id: At AssemblyAI.
        row: Its ledger row: the order of the list.
        status: One of `STATUSES`.
    """

    id: str
    row: int
    status: str


class Listing:
    """The part of the Ledger from which lists are made."""

    database: Database

    def place(self, region: str, transcript_id: str) -> int | None:
        """Return the ledger row of a transcript; None if it was not made here."""
        if "\0" in transcript_id:
            return None
        with self.database.read() as connection:
            found = _place.first(connection, {"b_region": region, "b_id": transcript_id})
        return None if found is None else int(found.call_id)

    def own_rows(
        self,
        region: str,
        *,
        caller: Caller,
        limit: int,
        below: int | None = None,
        above: int | None = None,
        upwards: bool = False,
        statuses: Sequence[str] = STATUSES,
        since: Moment | None = None,
        until: Moment | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[OwnRow]:
        """Return the caller's transcripts between two ledger rows, both exclusive.

        Args:
            region: Their region.
            caller: The owner; a caller of scope `all` gets all transcripts.
            limit: So many at most.
            below, above: Ledger rows; None for no bound.
            upwards: The oldest come first, else the newest.
            statuses: Only rows of which the ledger says one of these.
            since, until: Only calls made from *since* to before *until*.
            ids: Only these.
        """
        with self.database.snapshot() as connection:
            if since is not None:
                above = _higher(above, _edge(connection, _last_before, micros(since) - _OVERLAP))
            if until is not None:
                below = _lower(below, _edge(connection, _first_after, micros(until) + _OVERLAP))
            where = [transcripts.c.region == region]
            if below is not None:
                where.append(transcripts.c.call_id < below)
            if above is not None:
                where.append(transcripts.c.call_id > above)
            if since is not None:
                where.append(transcripts.c.at >= micros(since))
            if until is not None:
                where.append(transcripts.c.at < micros(until))
            if ids is not None:
                where.append(transcripts.c.id.in_(ids))
            rows = connection.execute(_owned(caller, where, statuses, upwards, limit)).all()
        return [OwnRow(row.id, row.call_id, row.status) for row in rows]

    def neighbour(self, region: str, row: int, *, newer: bool, distance: int) -> str | None:
        """Return the transcript *distance* rows from a ledger row, of any owner.

        None if there are too few newer ones; the oldest if there are too few older ones.
        """
        column = transcripts.c.call_id
        with self.database.read() as connection:
            ids = connection.scalars(
                select(transcripts.c.id)
                .where(transcripts.c.region == region, column > row if newer else column < row)
                .order_by(column.asc() if newer else column.desc())
                .limit(distance)
            ).all()
        if not ids or (newer and len(ids) < distance):
            return None
        return str(ids[-1])


def _owned(
    caller: Caller,
    where: Sequence[ColumnElement[bool]],
    statuses: Sequence[str],
    upwards: bool,
    limit: int,
) -> Any:
    """Return the statement of `own_rows`: one range of the owner's index for each status."""
    if caller.master or caller.scope == "all":
        if len(statuses) < len(STATUSES):
            where = [*where, transcripts.c.status.in_(statuses)]
        return _range(where, upwards, limit)
    owned = [*where, transcripts.c.owner == owner_key(caller)]
    ranges = [
        _range([*owned, transcripts.c.status == status], upwards, limit).subquery()
        for status in statuses
    ]
    every = union_all(*(select(each) for each in ranges)).subquery()
    column = every.c.call_id
    return select(every).order_by(column.asc() if upwards else column.desc()).limit(limit)


def _range(where: Sequence[ColumnElement[bool]], upwards: bool, limit: int) -> Select[Any]:
    column = transcripts.c.call_id
    return (
        select(transcripts.c.id, column, transcripts.c.status)
        .where(*where)
        .order_by(column.asc() if upwards else column.desc())
        .limit(limit)
    )


def _edge(connection: Connection, statement: Prepared, at: int) -> int | None:
    """Return the ledger row next to a moment, on its far side.

    Rows may have been pruned: then the next one further away bounds as well, less closely.
    """
    found = statement.first(connection, {"b_at": at})
    return None if found is None else int(found.id)


def _higher(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)


def _lower(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return min(known, default=None)
