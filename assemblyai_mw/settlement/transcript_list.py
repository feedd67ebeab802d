"""AssemblyAI's own list of transcripts, read back to a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import UpstreamError
from .rest_api import Account, refusal

# What the API puts in place of the URL of a deleted transcript (docs, delete transcripts).
DELETED_URL = "http://deleted_by_user"


@dataclass(frozen=True, slots=True)
class Listed:
    """One transcript of the list.

    Attributes:
        created: UTC; the list states no time zone.
        status: `queued`, `processing`, `completed`, `error`, or what else it says.
        audio_url: As submitted; None if it was deleted or is not given.
    """

    id: str
    created: datetime
    status: str
    audio_url: str | None


def walk(account: Account, since: datetime) -> Iterator[list[Listed]]:
    """Yield pages of the account's transcripts, newest first, back to *since* or further.

    Iterating to the end yields every transcript made from *since* on. The list holds 90 days.

    Raises:
        UpstreamError: AssemblyAI is unreachable, or its list cannot be understood.
    """
    before: str | None = None
    seen: set[str] = set()
    while True:
        answer = account.page(before)
        if answer.status != 200:
            raise refusal(answer)
        value = answer.value
        items = value.get("transcripts") if value is not None else None
        if value is None or not isinstance(items, list):
            raise UpstreamError("AssemblyAI's list of transcripts cannot be understood")
        if not items:
            return
        page = [_item(item) for item in items]
        if page[-1].id in seen:
            raise UpstreamError("AssemblyAI's list of transcripts repeats itself")
        seen.update(item.id for item in page)
        yield page
        details = value.get("page_details")
        # Older pages are "previous" ones: openapi.yml, listTranscripts.
        if isinstance(details, Mapping) and details.get("prev_url", "") is None:
            return
        if max(item.created for item in page) < since:
            return
        before = page[-1].id


def _item(item: Any) -> Listed:
    try:
        created = datetime.fromisoformat(item["created"])
        if created.tzinfo is None:
            created = created.replace(tzinfo=UTC)
        id, url = item["id"], item.get("audio_url")
        if not isinstance(id, str) or not id:
            raise ValueError
        known = isinstance(url, str) and url and url != DELETED_URL
        return Listed(id, created, str(item.get("status")), url if known else None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UpstreamError("AssemblyAI's list of transcripts cannot be understood") from error
