"""A caller's query for the list of transcripts, and its reply. No I/O.

AssemblyAI lists everything in the account, newest first, `before_id` for older and
`after_id` for newer ones (openapi.yml, listTranscripts). One owner's list must look the same: full
pages, and links to further pages, through this app.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...errors import BadRequest

DEFAULT_LIMIT = 10
MAX_LIMIT = 200
CURSOR = re.compile(r"(?:^|&)(?:before|after)_id=")
# An item's status (openapi.yml, TranscriptStatus), and the ledger's statuses for such a transcript:
# it is open there until its end is seen.
_LEDGER_STATUSES: Mapping[str, tuple[str, ...]] = {
    "queued": ("queued",),
    "processing": ("queued",),
    "completed": ("queued", "completed"),
    "error": ("queued", "error"),
}
# Largest difference between the start of a call and AssemblyAI's time of its transcript, in both
# directions.
_LEAD = timedelta(minutes=15)
_SKEW = timedelta(minutes=5)

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A caller's query for the list.

    Attributes:
        limit: Rows a page.
        before_id, after_id: The bounds of the rows; each may be None.
        filters: The other parameters, as they were given.
        status, created_on: The filters that are judged here, from an item; None for any.
        extra: The filters that only AssemblyAI can judge, `throttled_only` among them.
    """

    limit: int = DEFAULT_LIMIT
    before_id: str | None = None
    after_id: str | None = None
    filters: tuple[tuple[str, str], ...] = ()
    status: str | None = None
    created_on: date | None = None
    extra: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, query: str) -> ListQuery:
        """Return the list's parameters.

        A parameter may come twice with the same value: HTTP clients add a call's `params` to the
        links of a list, which hold them already.

        Raises:
            BadRequest: One comes with two values, or the limit is not 1 to 200.
        """
        values: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if values.setdefault(name, value) != value:
                raise BadRequest("A parameter is given twice, with different values.")
        text = values.pop("limit", "") or str(DEFAULT_LIMIT)
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise BadRequest(f"limit must be a number from 1 to {MAX_LIMIT}.")
        before = values.pop("before_id", "") or None
        after = values.pop("after_id", "") or None
        filters = tuple(values.items())
        extra = {name: value for name, value in filters if value}
        if extra.get("throttled_only") == "false":
            del extra["throttled_only"]
        status = created_on = None
        # "Only get throttled transcripts, overrides the status filter" (openapi.yml).
        if "throttled_only" in extra:
            extra.pop("status", None)
        elif extra.get("status") in _LEDGER_STATUSES:
            status = extra.pop("status")
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", extra.get("created_on", "")):
            try:
                created_on = date.fromisoformat(extra["created_on"])
                del extra["created_on"]
            except ValueError:
                pass
        return cls(int(text), before, after, filters, status, created_on, tuple(extra.items()))

    @property
    def ledger_statuses(self) -> tuple[str, ...] | None:
        """The ledger's statuses of rows that may match; None for all."""
        if any(name == "throttled_only" for name, _ in self.extra):
            return _LEDGER_STATUSES["queued"]
        return None if self.status is None else _LEDGER_STATUSES[self.status]

    @property
    def made(self) -> tuple[datetime | None, datetime | None]:
        """The time range of the calls whose transcripts may match."""
        if self.created_on is None:
            return None, None
        day = datetime(self.created_on.year, self.created_on.month, self.created_on.day, tzinfo=UTC)
        # The first and the last day of the calendar have no day beside them.
        if not 1 < day.year < 9999:
            return day, day
        return day - _LEAD, day + timedelta(days=1) + _SKEW

    def matches(self, item: Item) -> bool:
        """Whether an item of AssemblyAI's list passes the filters that are judged here."""
        if self.status is not None and item.get("status") != self.status:
            return False
        # The list shows UTC without saying so.
        return self.created_on is None or str(item.get("created")).startswith(
            self.created_on.isoformat()
        )

    def must_match(self, ledger_status: str) -> bool:
        """Whether a row with *ledger_status* in the ledger passes every filter."""
        if self.extra or self.created_on is not None:
            return False
        return self.status is None or (ledger_status == self.status != "queued")

    def upstream(self, *, limit: int, cursor: tuple[str, str] | None) -> str:
        """Return a query string for AssemblyAI's list.

        The filters that are judged here stay here: whether a cursor may be a row that does
        not pass them is not documented.
        """
        return urlencode([("limit", str(limit)), *self.extra, *([cursor] if cursor else [])])

    def encode(self, **cursors: str | None) -> str:
        """Return the query string of another page under the same filters."""
        given = [(name, id) for name, id in cursors.items() if id]
        return urlencode([("limit", str(self.limit)), *self.filters, *given])


@dataclass(slots=True)
class Page:
    """An owner's page.

    Attributes:
        items: Newest first.
        older_than, newer_than: The ids from which the pages beside it begin; None for no
            such page.
    """

    items: list[Item] = field(default_factory=list)
    older_than: str | None = None
    newer_than: str | None = None


def reply_of(page: Page, query: ListQuery, base: str) -> dict[str, Any]:
    """Return the list reply for *page*, its links below *base* (`https://app/assemblyai`)."""
    url = f"{base}/v2/transcript"
    # Within both cursors, the pages on the way down stay within both.
    bound = query.after_id if query.before_id else None
    older = query.encode(before_id=page.older_than, after_id=bound)
    newer = query.encode(after_id=page.newer_than)
    current = query.encode(before_id=query.before_id, after_id=query.after_id)
    return {
        "page_details": {
            "limit": query.limit,
            "result_count": len(page.items),
            "current_url": f"{url}?{current}",
            "prev_url": f"{url}?{older}" if page.older_than else None,
            "next_url": f"{url}?{newer}" if page.newer_than else None,
        },
        "transcripts": [rewritten(item, base) for item in page.items],
    }


def rewritten(value: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a list item or `page_details` whose links lead through *base*.

    Clients follow them with their key in hand (the Node SDK does): past the app they would
    show it to AssemblyAI. `audio_url` and `upload_url` are no such links.
    """
    names = ("resource_url", "current_url", "prev_url", "next_url")
    return {
        name: through(base, item) if name in names and isinstance(item, str) else item
        for name, item in value.items()
    }


def through(base: str, url: str) -> str:
    """Return *url* with its host replaced by *base*."""
    parts = urlsplit(url)
    return base + parts.path + (f"?{parts.query}" if parts.query else "")
