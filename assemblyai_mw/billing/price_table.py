"""The prices in force on a day, line by line: what `assemblyai-mw prices` shows. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .compiled_book import EARLIEST, SECTIONS, Book, Prices, Rate, decimal_text
from .layers import load


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One item's price in force.

    Attributes:
        section, item: Its place in the book.
        unit: `hour` or `million tokens`.
        prices: US dollars a unit by rate (`usd`, or `input`, `output`, ...), exact decimal
            text, discounts taken off.
        in_region: By region, per cent on top for LLM requests that stay there; regions where
            nothing comes on top are left out.
        regional: By region, rates of their own for such requests.
        since: When it began; None for always.
        source: `shipped`, `refreshed` or `configuration`.
        written: The source of the price.
        retires: The day on which the gateway takes the model away; None for no such day.
    """

    section: str
    item: str
    unit: str
    prices: dict[str, str]
    in_region: dict[str, str]
    regional: dict[str, dict[str, str]]
    since: dt.datetime | None
    source: str
    written: str
    retires: dt.date | None


def in_force(
    at: dt.datetime,
    overrides: Mapping[str, object] | None = None,
    *,
    refreshed: Mapping[str, object] | None = None,
) -> list[PriceLine]:
    """Return the prices in force at *at*, an aware datetime, in the book's order of sections.

    The other arguments, and what is raised, are those of `PriceBook.load`.
    """
    book = load(overrides, refreshed=refreshed)
    return list(_lines(book, at))


def retiring(
    overrides: Mapping[str, object] | None, refreshed: Mapping[str, object] | None
) -> list[tuple[str, dt.date]]:
    """Return the priced models that have a day of retirement, the earliest first."""
    items = load(overrides, refreshed=refreshed).items["chat"].values()
    found = {entry.name: entry.retires for entry in items if entry.retires is not None}
    return sorted(found.items(), key=lambda each: (each[1], each[0]))


def _lines(book: Book, at: dt.datetime) -> Iterator[PriceLine]:
    for section, unit in SECTIONS.items():
        # An item stands there without the date in its name, too.
        entries = {entry.name: entry for entry in book.items[section].values()}
        for name in sorted(entries):
            entry = entries[name]
            prices = entry.at(at)
            if prices is None:
                continue
            since = max(day for day in entry.since if day <= at)
            yield PriceLine(
                section,
                name,
                unit,
                _texts(prices.rates),
                _percents(book, prices, at) if section == "chat" else {},
                {region: _texts(rates) for region, rates in prices.regional.items()},
                None if since == EARLIEST else since,
                prices.layer,
                prices.source,
                entry.retires,
            )


def _texts(rates: Mapping[str, Rate]) -> dict[str, str]:
    return {name: rate.usd for name, rate in rates.items()}


def _percents(book: Book, prices: Prices, at: dt.datetime) -> dict[str, str]:
    found = {}
    for region in ("us", "eu"):
        percent = prices.in_region
        if percent is None:
            percent = book.percent_in(region, at)
        if percent and region not in prices.regional:
            found[region] = decimal_text(percent)
    return found
