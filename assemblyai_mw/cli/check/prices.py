"""The price findings of `check`: age, new names, retired models, and calls without a price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...config import Config
from .finding import PRICES, Finding

if TYPE_CHECKING:
    from ...billing.price_book import PriceBook, Unpriced
    from ...store import Ledger

# AssemblyAI changes its list about twice a year; an older book needs a look.
OLD_BOOK_DAYS = 180
# The gateway's list changes by the week.
OLD_LIST_DAYS = 35
RETIRING_DAYS = 60
CALLS_DAYS = 30
MAX_ITEMS = 10


def price_book(config: Config | None) -> Iterator[Finding]:
    """Yield the age of the book, new names in it, and models that retire."""
    from ...billing.layers import load, new_names

    own = config.prices if config is not None else {}
    refreshed = config.refreshed_prices if config is not None else {}
    book, below = load(own, refreshed=refreshed), load(refreshed=refreshed)
    for section, name in new_names(own, below):
        text = f"prices.{section}.{name}: in no price book below it; taken as a new name"
        yield Finding("note", "price book", text)
    entries = (entry for items in book.items.values() for entry in items.values())
    newest = max(since for entry in entries for since in entry.since)
    age = (datetime.now(UTC) - newest).days
    text = f"newest price of {newest:%Y-%m-%d}, {age} days ago"
    if age > OLD_BOOK_DAYS:
        yield Finding("note", "price book", text, "check for a newer release", alert=PRICES)
    else:
        yield Finding("ok", "price book", text)
    if config is not None:
        yield _refreshed(config)
        yield from _retiring(config)


def _refreshed(config: Config) -> Finding:
    from ...config.prices_file import read_at

    subject, again = "refreshed prices", "assemblyai-mw prices refresh"
    if not config.refreshed_prices:
        text = f"{config.prices_file} is not there"
        return Finding("note", subject, text, f"{again} takes the LLM Gateway's list")
    at = read_at(config.refreshed_prices)
    if at is None:
        text = f"{config.prices_file} does not say when the list was read"
        return Finding("note", subject, text, f"{again} reads it")
    age = (datetime.now(UTC) - at).days
    text = f"{config.prices_file}: read {at:%Y-%m-%d}, {age} days ago"
    if age > OLD_LIST_DAYS:
        return Finding("note", subject, text, f"{again} reads the list again", alert=PRICES)
    return Finding("ok", subject, text)


def _retiring(config: Config) -> Iterator[Finding]:
    from ...billing.price_table import retiring

    today = datetime.now(UTC).date()
    for model, day in retiring(config.prices, config.refreshed_prices):
        if day <= today:
            yield Finding("note", "retired", f"{model}: AssemblyAI retired it on {day}")
        elif day <= today + timedelta(days=RETIRING_DAYS):
            yield Finding("note", "retiring", f"{model}: AssemblyAI retires it on {day}")


def calls_without_price(ledger: Ledger, book: PriceBook) -> Iterator[Finding]:
    """Yield recently used items that have no price in *book*, the most used first."""
    from ...billing.layers import line_for
    from ...billing.price_book import Unpriced
    from ...settlement.reprice import usage_of

    since = datetime.now(UTC) - timedelta(days=CALLS_DAYS)
    counts: Counter[str] = Counter()
    missing: dict[str, Unpriced] = {}
    for row in ledger.unpriced(since=since):
        try:
            book.price(usage_of(row["usage"], row["features"]), row["at"])
        except Unpriced as error:
            counts[error.reason] += 1
            missing[error.reason] = error
    for reason, count in counts.most_common(MAX_ITEMS):
        lacks = missing[reason]
        text, hint = f"{reason}: {count} of the last {CALLS_DAYS} days", None
        if lacks.section and lacks.item:
            hint = f"below prices: {line_for(lacks.section, lacks.item)}"
            if lacks.section == "chat":
                hint += ", or assemblyai-mw prices refresh"
        yield Finding("note", "calls", text, hint)
    if len(counts) > MAX_ITEMS:
        yield Finding("note", "calls", f"{len(counts) - MAX_ITEMS} more items have no price")
