"""The rows of one list, as the ledger orders them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...call import Caller
from ...errors import BadRequest
from .lists import ListQuery
from .walk import MARGIN, Row

if TYPE_CHECKING:
    from ...store import Ledger
    from ...store.listing import OwnRow

# Time that AssemblyAI's list covers (docs, List transcripts).
LISTED = timedelta(days=90)


class OwnRows:
    """The caller's rows within the cursors, the age and the filters of a list.

    Args:
        ledger: The ledger that has them.
        region: Their region.
        caller: Their owner.
        query: The query; its cursors are the caller's own ids.

    Raises:
        BadRequest: Nothing can lie within both cursors.
    """

    def __init__(self, ledger: Ledger, region: str, caller: Caller, query: ListQuery) -> None:
        self._ledger = ledger
        self._region = region
        self._caller = caller
        self._query = query
        self._below = ledger.place(region, query.before_id) if query.before_id else None
        self._above = ledger.place(region, query.after_id) if query.after_id else None
        self._upwards = query.after_id is not None and query.before_id is None
        if self._below is not None and self._above is not None and self._below <= self._above:
            # AssemblyAI's own words (PipedreamHQ/pipedream#17808, 2025-07-25).
            raise BadRequest("'after_id' must be a newer transcript than 'before_id'")

    def rows(self, beyond: Row | None, limit: int, ids: Sequence[str] | None) -> Sequence[OwnRow]:
        """Return the next ones beyond a row, the nearest first; of *ids* only, if given."""
        from ...store.listing import STATUSES

        below, above = self._below, self._above
        if beyond is not None and self._upwards:
            above = beyond.row
        elif beyond is not None:
            below = beyond.row
        since, until = self._query.made
        listed = datetime.fromtimestamp(self._ledger.database.now / 1_000_000, UTC) - LISTED
        return self._ledger.own_rows(
            self._region,
            caller=self._caller,
            limit=limit,
            below=below,
            above=above,
            upwards=self._upwards,
            statuses=self._query.ledger_statuses or STATUSES,
            since=listed if since is None else max(since, listed),
            until=until,
            ids=ids,
        )

    def neighbour(self, row: Row) -> str | None:
        """Return the transcript `MARGIN` rows before *row* on the way, of any owner."""
        return self._ledger.neighbour(
            self._region, row.row, newer=not self._upwards, distance=MARGIN
        )
