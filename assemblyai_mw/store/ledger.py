"""The ledger: one row a billable call, written before it goes out, closed exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import SmallInteger, bindparam, func, insert, update

from ..errors import StoreError
from .closings import Closings
from .columns import micros, plain, to_json
from .database import Database
from .leases import Settling
from .listing import Listing
from .on_database import OnDatabase
from .owners import Transcripts, add_transcript
from .report import Reports
from .schema import PENDING, calls
from .statements import Prepared
from .totals import SoftBudget
from .unwritten import Unwritten

if TYPE_CHECKING:
    from ..call import Call

_OPENED = (
    "request_id",
    "at",
    "key_id",
    "key_name",
    "team",
    "end_user",
    "route",
    "service",
    "region",
    "method",
    "path",
    "kind",
    "model",
    "features",
    "tags",
    "due_at",
)
_open = Prepared(
    insert(calls)
    .values(**{name: bindparam(name) for name in _OPENED}, state=PENDING, attempts=0)
    .returning(calls.c.id)
)
_maker = (
    calls.c.region,
    calls.c.at,
    calls.c.key_id,
    calls.c.key_name,
    calls.c.team,
)


_accept = Prepared(
    update(calls)
    .where(calls.c.id == bindparam("b_row"))
    .values(
        status=func.coalesce(bindparam("b_status", type_=SmallInteger), calls.c.status),
        transcript_id=bindparam("b_transcript"),
        due_at=bindparam("b_due"),
    )
    .returning(*_maker)
)


class Ledger(Transcripts, Listing, Settling, Closings, Reports, OnDatabase):
    """The record of billable calls with callers and costs, and of the owners of results.

    Args:
        database: A Database, or its URL.
        intent_due_s: Seconds after which a call without a reply is due for settlement; longer than
            most requests last.
        accept_due_s: Seconds after which an accepted transcript is due.
        on_soft_budget: Called after the commit with each soft threshold that a settlement reached;
            without it, the next hold reports it.
        soft_ratio: Share of a budget that triggers it, if neither key nor team sets one; None for
            never.

    Attributes:
        unwritten: Closings whose write failed, kept for settlement to retry.
    """

    def __init__(
        self,
        database: Database | str,
        *,
        intent_due_s: float = 900,
        accept_due_s: float = 3,
        on_soft_budget: Callable[[SoftBudget], None] | None = None,
        soft_ratio: float | None = None,
    ) -> None:
        super().__init__(database)
        self._intent_due = round(intent_due_s * 1_000_000)
        self._accept_due = round(accept_due_s * 1_000_000)
        self._on_soft_budget = on_soft_budget
        self._soft_ratio = soft_ratio
        self.unwritten = Unwritten(self.database.private_directories())

    def open(
        self, call: Call, *, kind: str, model: str | None, features: Mapping[str, Any] | None
    ) -> int:
        """Record a billable call before it goes out, in state `pending`; return its row.

        Durable when this returns: only then may the upstream see the request. *features* are the
        facts of `usage.billing_facts` that the price depends on, such as the requested models;
        *model* is the call's name in totals.
        """
        caller, at = call.caller, micros(call.started)
        # A key's own tags take precedence: a client cannot change them.
        tags = {**call.tags, **(caller.tags if caller else {})}
        values = {
            "request_id": call.id,
            "at": at,
            "key_id": caller.key_id if caller else None,
            "key_name": caller.name if caller else None,
            "team": caller.team if caller else None,
            "end_user": plain(caller.end_user) if caller else None,
            "route": plain(call.route.prefix),
            "service": call.route.service,
            "region": call.route.region,
            "method": plain(call.method),
            "path": plain(call.path),
            "kind": kind,
            "model": plain(model),
            "features": to_json(features or {}),
            "tags": to_json({plain(name): plain(value) for name, value in tags.items()}),
            "due_at": self.database.now + self._intent_due,
        }
        with self.database.write() as connection:
            return int(_open.first(connection, values).id)

    def accept(self, row: int, *, status: int, transcript_id: str) -> None:
        """Record that AssemblyAI accepted the call as *transcript_id*, and its owner.

        Durable when this returns: only then may the client learn the id.

        Raises:
            StoreError: Also if the id belongs to another call, or the row does not exist.
        """
        self._own(row, status, transcript_id)

    def resolve(self, row: int, transcript_id: str) -> None:
        """Record the transcript of a call whose reply was never seen; like `accept`."""
        self._own(row, None, transcript_id)

    def _own(self, row: int, status: int | None, transcript_id: str) -> None:
        parameters = {
            "b_row": row,
            "b_status": status,
            "b_transcript": transcript_id,
            "b_due": self.database.now + self._accept_due,
        }
        with self.database.write() as connection:
            made = _accept.first(connection, parameters)
            if made is None:
                raise StoreError(f"The ledger has no row {row}")
            add_transcript(connection, made, row, transcript_id)
