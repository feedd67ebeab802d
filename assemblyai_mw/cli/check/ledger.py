"""What `check` says of the ledger's rows: those that stay without a cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .finding import Finding

if TYPE_CHECKING:
    from ...store import Ledger


def rows_without_cost(ledger: Ledger) -> Iterator[Finding]:
    """Yield a note where calls are open for long, or were closed without a price."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    late = sum(day["pending"] for day in ledger.usage("day", until=yesterday))
    if late:
        text = f"{late} open for more than a day; assemblyai-mw settle says why"
        yield Finding("note", "calls", text)
    unpriced = sum(day["unpriced"] for day in ledger.usage("day"))
    if unpriced:
        text = (
            f"{unpriced} have no cost (unpriced): usage --by call says why, and "
            "assemblyai-mw reprice prices those whose usage is known"
        )
        yield Finding("note", "calls", text)
