"""A compiled price book: which item a name means, and its price on a day. Pure."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction

HOUR = "hour"
MILLION = "million tokens"
CHARACTERS = "million characters"
# Section -> the unit its items are priced in.
SECTIONS = {
    "transcript": HOUR,
    "transcript_addon": HOUR,
    "session": HOUR,
    "session_addon": HOUR,
    "sync": HOUR,
    "dictation": HOUR,
    "agent": HOUR,
    "tts": CHARACTERS,
    "chat": MILLION,
    "lemur": MILLION,
}
DATED = re.compile(r"-\d{8}$|-\d{4}-\d{2}-\d{2}$")
EARLIEST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
# The layers of a book, each above the one before it.
SHIPPED, REFRESHED, CONFIGURED = "shipped", "refreshed", "configuration"


@dataclass(frozen=True, slots=True)
class Rate:
    """An exact price for one unit, discount taken off.

    Attributes:
        num, den: Nano-dollars a unit, as a fraction.
        usd: The same in dollars, as decimal text.
    """

    num: int
    den: int
    usd: str


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one item from one day on.

    Attributes:
        rates: By name: `usd`, or `input`, `output`, `cached_input`, ...
        models: The models that it is charged on, canonical; None is all.
        source: The source of the price.
        layer: Which part of the book says so: `SHIPPED`, `REFRESHED` or `CONFIGURED`.
        in_region: The percentage on top for a request that stays in its region; None for
            the book's own (`Book.in_region`).
        regional: By region, rates of their own for requests that stay there: nothing comes
            on top of these.
    """

    rates: dict[str, Rate]
    models: frozenset[str] | None
    source: str
    layer: str = SHIPPED
    in_region: Fraction | None = None
    regional: dict[str, dict[str, Rate]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the book.

    Attributes:
        name: As the book spells it.
        since: When each of `prices` begins, ascending.
        suffix: Addition to the name in a breakdown: a discount.
        retires: The day on which the gateway takes the model away; None for no such day.
    """

    name: str
    since: list[dt.datetime]
    prices: list[Prices]
    suffix: str
    retires: dt.date | None = None

    def at(self, at: dt.datetime) -> Prices | None:
        """Return the prices in force at *at*, None before the first."""
        found = bisect_right(self.since, at)
        return self.prices[found - 1] if found else None


@dataclass(slots=True)
class Book:
    """A compiled price book. Names in the tables are canonical, see `canonical`.

    Attributes:
        names: By section, how the book itself spells each model it names.
    """

    items: dict[str, dict[str, Entry]]
    aliases: dict[str, dict[str, list[tuple[dt.datetime, str]]]]
    free: dict[str, frozenset[str]]
    in_region: list[tuple[dt.datetime, Fraction, frozenset[str]]]
    addons_per_channel: bool
    cached_without_price: str
    names: dict[str, dict[str, str]]
    # What names were found to mean, and whether that depends on the day.
    _found: dict[tuple[str, str], tuple[Entry | None, bool]] = field(default_factory=dict)

    def entry(self, section: str, name: str | None, at: dt.datetime) -> Entry | None:
        """Return the item that *name* means in *section* at *at*, aliases followed."""
        items = self.items.get(section)
        if not items:
            return None
        if name is None:
            return items.get("*")
        key = (section, name)
        known = self._found.get(key)
        if known is None:
            known = self._find(section, items, name)
            # Names come from outside: the memory of them has an end.
            if len(self._found) >= 4096:
                self._found.clear()
            self._found[key] = known
        entry, dated = known
        return self._aliased(section, items, name, at) if dated else entry

    def _find(self, section: str, items: dict[str, Entry], name: str) -> tuple[Entry | None, bool]:
        aliases = self.aliases.get(section, {})
        for spelling in _spellings(name, section):
            if spelling in items:
                return items[spelling], False
            if spelling in aliases:
                steps = aliases[spelling]
                if len(steps) == 1 and steps[0][0] == EARLIEST:
                    return items.get(steps[0][1]), False
                return None, True
        return items.get("*"), False

    def canonical_model(self, section: str, name: str) -> str | None:
        """Return how the book spells the model *name*; None where it names no such model.

        There are as many answers as the book has names, however many there are to ask by.
        """
        known = self.names.get(section, {})
        return next((known[s] for s in _spellings(name, section) if s in known), None)

    def percent_in(self, region: str, at: dt.datetime) -> Fraction:
        """Return what the book adds to LLM requests that stay in *region*, in per cent."""
        found = Fraction(0)
        for since, percent, regions in self.in_region:
            if since <= at:
                found = percent if region in regions else Fraction(0)
        return found

    def _aliased(
        self, section: str, items: dict[str, Entry], name: str, at: dt.datetime
    ) -> Entry | None:
        aliases = self.aliases[section]
        steps = next(aliases[s] for s in _spellings(name, section) if s in aliases)
        target = None
        for since, to in steps:
            if since <= at:
                target = to
        return items.get(target) if target else None


def canonical(name: str) -> str:
    """Return *name* as names are compared.

    Lower case, with hyphens for spaces, dots and underscores.
    """
    return re.sub(r"[ ._]", "-", name.strip().lower())


def _spellings(name: str, section: str) -> list[str]:
    """Return the canonical names under which *name* may stand in the book, best first."""
    spellings = [canonical(name)]
    if SECTIONS[section] == MILLION:
        # A provider, region or account may stand before the model: `us/anthropic/claude-...`.
        spellings.append(spellings[0].rpartition("/")[2])
        spellings.append(DATED.sub("", spellings[-1]))
    return spellings


def decimal_text(value: Fraction) -> str:
    """Return *value* in decimal, exactly; its denominator has no factor but 2 and 5."""
    digits = 0
    scaled = value
    while scaled.denominator != 1:
        digits += 1
        scaled = value * 10**digits
    text = str(abs(scaled.numerator)).rjust(digits + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
