"""One owner's transcripts out of the account's list, page by page. No I/O of its own.

AssemblyAI lists everything in the account, newest first, `before_id` for older and
`after_id` for newer ones (openapi.yml, listTranscripts). What one owner gets must look the
same, with full pages and links that lead on: so the account's pages are walked until enough
of the owner's rows are found, and one more, which tells whether there is a next page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...errors import BadRequest

DEFAULT_LIMIT = 10
MAX_LIMIT = 200
# The account's list holds 90 days. Past this many of its pages a walk ends with what it has.
MAX_PAGES = 100
_CURSORS = ("before_id", "after_id")

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a caller asked of the list.

    Attributes:
        limit: Rows a page.
        before_id, after_id: Where the page begins; at most one is set.
        filters: The other parameters, passed on as they are.
    """

    limit: int = DEFAULT_LIMIT
    before_id: str | None = None
    after_id: str | None = None
    filters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, query: str) -> ListQuery:
        """Return the list's parameters.

        Raises:
            BadRequest: One comes twice, the limit is not 1 to 200, or both cursors are set.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        values = dict(pairs)
        if len(values) != len(pairs):
            raise BadRequest("A parameter is given twice.")
        text = values.pop("limit", "") or str(DEFAULT_LIMIT)
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise BadRequest(f"limit must be a number from 1 to {MAX_LIMIT}.")
        before = values.pop("before_id", "") or None
        after = values.pop("after_id", "") or None
        if before and after:
            raise BadRequest("before_id and after_id exclude each other.")
        return cls(int(text), before, after, tuple(values.items()))

    def encode(self, *, limit: int, cursor: str | None = None, id: str | None = None) -> str:
        """Return a query string for another page under the same filters."""
        pairs = [("limit", str(limit)), *self.filters]
        if cursor and id:
            pairs.append((cursor, id))
        return urlencode(pairs)


@dataclass(slots=True)
class Page:
    """An owner's page: rows newest first, and whether there are older and newer ones."""

    items: list[Item] = field(default_factory=list)
    older: bool = False
    newer: bool = False


def walk(
    query: ListQuery,
    fetch: Callable[[str], Mapping[str, Any]],
    own: Callable[[Sequence[str]], Collection[str]],
    skip_to: Callable[[str, bool], str | None] = lambda anchor, upwards: anchor,
) -> Page:
    """Return the page that *query* asks for.

    Args:
        query: The caller's.
        fetch: Returns the account's list for a query string.
        own: Returns those of some ids that are the caller's.
        skip_to: Returns from where to go on, given an id and whether newer rows are sought:
            an id with none of the caller's rows in between, None where there is none
            further on. Not asked where filters hold, for what it names may not match.
    """
    upwards = query.after_id is not None
    cursor = "after_id" if upwards else "before_id"
    anchor = query.after_id or query.before_id
    found: dict[str, Item] = {}
    size = min(2 * query.limit + 1, MAX_LIMIT)
    over = False
    for _ in range(MAX_PAGES):
        reply = fetch(query.encode(limit=size, cursor=cursor, id=anchor))
        items = _rows(reply)
        ids = [item["id"] for item in items]
        if not ids:
            over = True
            break
        mine = set(own(ids))
        for item in reversed(items) if upwards else items:
            if item["id"] in mine:
                found.setdefault(item["id"], item)
        details = reply.get("page_details")
        link = "next_url" if upwards else "prev_url"
        over = isinstance(details, dict) and not details.get(link)
        if len(found) > query.limit or over:
            break
        anchor, size = (ids[0] if upwards else ids[-1]), MAX_LIMIT
        if not mine and not query.filters:
            anchor = skip_to(anchor, upwards)
            if anchor is None:
                over = True
                break
    rows = list(found.values())
    # Where the walk was cut short, there may be more: the next page begins where it ended.
    more = len(rows) > query.limit or (bool(rows) and not over)
    rows = rows[: query.limit]
    if upwards:
        return Page(rows[::-1], older=True, newer=more)
    return Page(rows, older=more, newer=query.before_id is not None)


def _rows(reply: Mapping[str, Any]) -> list[Item]:
    rows = reply.get("transcripts")
    return [
        row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("id"), str)
    ]


def reply_of(page: Page, query: ListQuery, base: str) -> dict[str, Any]:
    """Return the list reply for *page*, its links below *base* (`https://app/assemblyai`)."""
    url = f"{base}/v2/transcript"

    def link(cursor: str, id: str) -> str:
        return f"{url}?{query.encode(limit=query.limit, cursor=cursor, id=id)}"

    given = next(((c, v) for c in _CURSORS if (v := getattr(query, c))), (None, None))
    items = [rewritten(item, base) for item in page.items]
    oldest = page.items[-1]["id"] if page.items else query.after_id
    newest = page.items[0]["id"] if page.items else query.before_id
    return {
        "page_details": {
            "limit": query.limit,
            "result_count": len(items),
            "current_url": f"{url}?{query.encode(limit=query.limit, cursor=given[0], id=given[1])}",
            "prev_url": link("before_id", oldest) if page.older and oldest else None,
            "next_url": link("after_id", newest) if page.newer and newest else None,
        },
        "transcripts": items,
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
