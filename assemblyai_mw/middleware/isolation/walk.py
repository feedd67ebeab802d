"""One owner's page out of the account's list, by the ledger's ids. No I/O of its own.

The ledger gives the page's rows and their order; AssemblyAI's list gives the rows themselves. The
account's list holds all owners' rows, so it is entered near the next wanted row, not walked. A list
takes few requests, however many rows others have: rows beyond them are left to the next page, or to
an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...errors import BadRequest
from .lists import MAX_LIMIT, Item, ListQuery, Page

# Requests that one list may take, of the account's 20,000 in five minutes.
MAX_READS = 5
# Rows by which the order of the ledger and of AssemblyAI may differ if calls overlap; a larger
# difference takes one more request.
MARGIN = 25
_BATCH = 50

# Returns AssemblyAI's list for a query string; None where it does not list the cursor.
Fetch = Callable[[str], Mapping[str, object] | None]


class Row(Protocol):
    """A row as the ledger knows it: `store.OwnRow`."""

    @property
    def id(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def status(self) -> str: ...


class Own(Protocol):
    """The caller's rows that may be on the page, as the ledger orders them."""

    def rows(self, beyond: Row | None, limit: int, ids: Sequence[str] | None) -> Sequence[Row]:
        """Return the next ones, the nearest first; of *ids* only, where they are given."""

    def neighbour(self, row: Row) -> str | None:
        """Return the transcript `MARGIN` rows before *row* on the way, of any owner."""


def page_of(query: ListQuery, fetch: Fetch, own: Own) -> Page:
    """Return the page that *query* asks for, in `MAX_READS` requests at most.

    It is full unless the requests do not reach so far, and leads on wherever there is more.

    Raises:
        BadRequest: They reach no row of it, though there may be some.
    """
    upwards = query.after_id is not None and query.before_id is None
    search = _Search(query, fetch, own, upwards)
    items: list[Item] = []
    last: Row | None = None
    more = cut = False
    while not more and (rows := own.rows(last, max(query.limit + 1, _BATCH), search.whole)):
        for row in rows:
            full = len(items) == query.limit
            if full and query.must_match(row.status):
                more = True
                break
            if not search.settle(row):
                more = cut = True
                break
            item = search.seen.get(row.id)
            if item is not None and query.matches(item):
                if full:
                    more = True
                    break
                items.append(item)
            last = row
    if cut and not items:
        on = f"; go on with {'after' if upwards else 'before'}_id={last.id}" if last else ""
        raise BadRequest(
            "No transcript of yours was found in the part of the account's list that one "
            f"request can read, and the rest lies too far back{on}."
        )
    further = last.id if more and last is not None else None
    if upwards:
        oldest = items[0]["id"] if items else query.after_id
        return Page(items[::-1], older_than=oldest, newer_than=further)
    newest = items[0]["id"] if items else query.before_id
    return Page(items, older_than=further, newer_than=newest if query.before_id else None)


class _Search:
    """Finds rows in the account's list, and counts its requests.

    Attributes:
        seen: The items read so far, by id.
    """

    def __init__(self, query: ListQuery, fetch: Fetch, own: Own, upwards: bool) -> None:
        self._query = query
        self._fetch = fetch
        self._own = own
        self._upwards = upwards
        # The cursor that leads on, and the one that leads back.
        self._on, self._back = ("after_id", "before_id")[:: 1 if upwards else -1]
        self._anchors: set[str | None] = set()
        self._left = MAX_READS
        self._size = min(2 * query.limit + 1 + MARGIN, MAX_LIMIT)
        self._answered = False
        self._complete = False
        self._exactly = False
        self._unlisted: set[str] = set()
        self.seen: dict[str, Item] = {}

    @property
    def whole(self) -> Sequence[str] | None:
        """All ids of the account's list, where it was read as a whole."""
        return list(self.seen) if self._complete else None

    def settle(self, row: Row) -> bool:
        """Find out whether *row* is listed; False where no more may be asked.

        Where it is, it is in `seen`.
        """
        if not self._known(row) and not self._answered and self._query.extra:
            # Few rows may pass a filter that is not judged here: then this is all of them.
            self._size = MAX_LIMIT
            self._read()
        if not self._known(row) and not self._exactly and self._left:
            self._exactly = not self._read_near(row)
        if self._known(row):
            return True
        if self._left >= 2:
            self._read_at(row)
        return self._known(row)

    def _known(self, row: Row) -> bool:
        return self._complete or row.id in self.seen or row.id in self._unlisted

    def _read_near(self, row: Row) -> bool:
        """Read the page that holds *row*, unless the account has many other rows there."""
        anchor = self._own.neighbour(row)
        if anchor not in self._anchors:
            self._anchors.add(anchor)
            if anchor is not None:
                self._read((self._on, anchor))
            elif not self._upwards:
                self._read()
        return self._known(row)

    def _read_at(self, row: Row) -> None:
        """Read the page that begins with *row*: no cursor includes the row that it names."""
        beside = self._read((self._back, row.id), size=1)
        if beside is None:
            self._unlisted.add(row.id)
            # The next one may well be where the ledger says.
            self._exactly = False
            if not self._answered:
                # Raises, where it was not for this row that AssemblyAI refused.
                self._read()
            return
        if beside:
            self._read((self._on, beside[0]))
        elif not self._upwards:
            self._read()
        elif self._left < 2:
            return
        else:
            # The oldest of all: nothing leads up to it.
            above = self._read(("after_id", row.id), size=1)
            self._read(("before_id", above[0]) if above else None)
        if row.id not in self.seen:
            self._unlisted.add(row.id)

    def _read(
        self, cursor: tuple[str, str] | None = None, *, size: int | None = None
    ) -> Sequence[str] | None:
        """Read a page and return its ids; None where the cursor is not listed."""
        self._left -= 1
        if size is None:
            size, self._size = self._size, MAX_LIMIT
        reply = self._fetch(self._query.upstream(limit=size, cursor=cursor))
        if reply is None:
            return None
        self._answered = True
        items = _items(reply)
        for item in items:
            self.seen.setdefault(item["id"], item)
        details = reply.get("page_details")
        if cursor is None and isinstance(details, dict) and details.get("prev_url", "") is None:
            self._complete = True
        return [item["id"] for item in items]


def _items(reply: Mapping[str, object]) -> list[Item]:
    rows = reply.get("transcripts")
    return [
        row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("id"), str)
    ]
