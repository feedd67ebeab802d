"""The ledger: one row a billable call, written before it goes out, closed exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import SmallInteger, bindparam, func, update

from ..errors import StoreError
from .admission import Admitted, Refusal, write_row
from .closings import Closings
from .database import Database
from .holds import Holds
from .limits import SoftBudget
from .listing import Listing
from .on_database import OnDatabase
from .opening import opened
from .owned import Objects
from .owners import Transcripts, add_transcript, is_owned
from .report import Reports
from .schema import calls
from .sessions import CHECKPOINT_S, Sessions, lost_after
from .statements import Prepared
from .unwritten import Unwritten

if TYPE_CHECKING:
    from ..call import Call

_accept = Prepared(
    update(calls)
    .where(
        calls.c.id == bindparam("b_row"),
        is_owned(bindparam("b_row"), bindparam("b_transcript")),
    )
    .values(
        status=func.coalesce(bindparam("b_status", type_=SmallInteger), calls.c.status),
        transcript_id=bindparam("b_transcript"),
        due_at=bindparam("b_due"),
    )
    .returning(calls.c.id)
)


class Ledger(Transcripts, Objects, Listing, Sessions, Closings, Reports, OnDatabase):
    """The record of billable calls with callers and costs, and of the owners of results.

    Args:
        database: A Database, or its URL.
        intent_due_s: Seconds after which a call without a reply is due for settlement; longer than
            most requests last.
        accept_due_s: Seconds after which an accepted transcript is due.
        on_soft_budget: Called after the commit with each soft threshold that a settlement reached;
            without it, the next hold reports it.
        soft_ratios: Shares of a budget that trigger it, where it has no share of its own.
        checkpoint_s: Seconds between two checkpoints of a streaming session.

    Attributes:
        checkpoint_s: As given.
        lost_after_s: Seconds after its last checkpoint for which a session counts as under way.
        unwritten: Closings whose write failed, kept for settlement to retry.
    """

    def __init__(
        self,
        database: Database | str,
        *,
        intent_due_s: float = 900,
        accept_due_s: float = 3,
        on_soft_budget: Callable[[SoftBudget], None] | None = None,
        soft_ratios: Sequence[float] = (),
        checkpoint_s: float = CHECKPOINT_S,
    ) -> None:
        super().__init__(database)
        self._intent_due = round(intent_due_s * 1_000_000)
        self._accept_due = round(accept_due_s * 1_000_000)
        self._on_soft_budget = on_soft_budget
        self._soft_ratios = tuple(soft_ratios)
        self.checkpoint_s = checkpoint_s
        self.lost_after_s = lost_after(checkpoint_s)
        self.unwritten = Unwritten(self.database.private_directories())

    def open(
        self, call: Call, *, kind: str, model: str | None, features: Mapping[str, Any] | None
    ) -> int:
        """Record a billable call before it goes out, in state `pending`; return its row.

        Durable when this returns: only then may the upstream see the request. *features* are the
        facts of `usage.billing_facts` that the price depends on, such as the requested models;
        *model* is the call's name in totals.
        """
        return write_row(self.database, self._opened(call, kind, model, features))

    def open_held(
        self,
        call: Call,
        nano: int,
        *,
        expires_in_s: float,
        kind: str,
        model: str | None,
        features: Mapping[str, Any] | None,
    ) -> Admitted | Refusal:
        """Record a call like `open`, and take a hold like `Holds.take`, in one transaction.

        Where it does not fit in a budget, nothing is written.
        """
        holds = Holds(self.database, soft_ratios=self._soft_ratios)
        row = self._opened(call, kind, model, features)
        return holds.admit(call, nano, row, expires_in_s=expires_in_s)

    def _opened(
        self, call: Call, kind: str, model: str | None, features: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        due_at = self.database.now + self._intent_due
        return opened(call, kind=kind, model=model, features=features, due_at=due_at)

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
        add = add_transcript(row, transcript_id)
        _, accepted = self.database.transact(
            lambda transaction: transaction.finish(add, _accept.of(parameters))
        )
        if not accepted:
            raise StoreError(
                f"The ledger has no row {row}, or the id is already known from another call"
            )
