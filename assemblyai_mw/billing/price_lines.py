"""Lines of a price: each is computed as a fraction and rounded once, half up, to a nano-dollar."""

from __future__ import annotations

import functools
from fractions import Fraction

from .compiled_book import CHARACTERS, HOUR, MILLION, Rate, decimal_text
from .money import NANO, Item

HOUR_MS = 3_600_000


def seconds(ms: int) -> str:
    """Return milliseconds as a quantity of seconds, exact decimal text."""
    whole, part = divmod(ms, 1000)
    return f"{whole}.{part:03d}".rstrip("0") if part else str(whole)


def hours(name: str, suffix: str, rate: Rate, ms: int, channels: int) -> Item:
    """Return *ms* at an hourly *rate*, for each of *channels*."""
    if channels != 1:
        suffix = f" x {channels} channels{suffix}"
        ms *= channels
    den = rate.den * HOUR_MS
    amount = (2 * rate.num * ms + den) // (2 * den)
    return Item(name + suffix, seconds(ms), "second", f"{rate.usd}/{HOUR}", amount)


def tokens_line(name: str, tokens: int, rate: Rate, percent: Fraction | None) -> Item:
    """Return *tokens* at a *rate* per million, *percent* on top."""
    if percent is not None:
        rate = _raised(rate, percent)
    den = rate.den * 1_000_000
    amount = (2 * rate.num * tokens + den) // (2 * den)
    return Item(name, str(tokens), "token", f"{rate.usd}/{MILLION}", amount)


def characters_line(name: str, characters: int, rate: Rate) -> Item:
    """Return *characters* at a *rate* per million."""
    den = rate.den * 1_000_000
    amount = (2 * rate.num * characters + den) // (2 * den)
    return Item(name, str(characters), "character", f"{rate.usd}/{CHARACTERS}", amount)


@functools.lru_cache(1024)
def _raised(rate: Rate, percent: Fraction) -> Rate:
    """Return *rate* with *percent* on top, exactly."""
    nano = Fraction(rate.num, rate.den) * (1 + percent / 100)
    return Rate(nano.numerator, nano.denominator, decimal_text(nano / NANO))
