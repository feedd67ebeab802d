"""Numbers for people, with the exact ones in `title`. Pure."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from markupsafe import Markup

from ...billing.price_book import format_usd
from .markup import ABSENT, DASH, Part, el, visible

_CENT = Decimal("0.01")
NANO = 1_000_000_000


def dollars(nano: int | None) -> str:
    """Return nano-dollars at two decimals: `1,234.50`; `<0.01` for less than half a cent."""
    amount = Decimal(nano or 0) / NANO
    if 0 < amount < _CENT / 2:
        return f"<{_CENT}"
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,}"


def money(nano: int) -> Markup:
    """Return nano-dollars at two decimals, and exactly in `title`."""
    exact = format_usd(nano)
    return el("data", dollars(nano), value=exact, title=f"{exact} USD")


def usd(exact: str | None) -> Markup:
    """Return a decimal amount as reports have it."""
    return ABSENT if exact is None else money(nano_of(exact))


def nano_of(exact: str) -> int:
    """Return a decimal amount of dollars as nano-dollars."""
    return int(Decimal(exact) * NANO)


def count(number: int | None) -> Part:
    """Return a whole number."""
    return ABSENT if number is None else f"{number:,}"


def seldom(number: int) -> Part:
    """Return a number that is 0 in most rows, and then faint."""
    return f"{number:,}" if number else el("span", "0", class_="none")


def hours(milliseconds: int) -> Part:
    """Return audio in hours, and exactly in `title`."""
    if not milliseconds:
        return el("span", "0", class_="none")
    seconds = Decimal(milliseconds) / 1000
    shown = (seconds / 3600).quantize(_CENT, ROUND_HALF_UP)
    return el("span", f"{shown:,}" if shown else "<0.01", title=f"{seconds:f} s")


def seconds(number: float | None) -> Part:
    """Return audio as `h:mm:ss`, and exactly in `title`."""
    if number is None:
        return ABSENT
    whole = int(Decimal(str(number)).to_integral_value(ROUND_HALF_UP))
    shown = f"{whole // 3600:,}:{whole // 60 % 60:02}:{whole % 60:02}"
    return el("span", shown, title=f"{number} s")


def share(part: int, whole: int) -> str:
    """Return a share as per cent: `<0.1 %` for little, and nothing of nothing."""
    if not whole:
        return DASH
    percent = Decimal(100 * part) / whole
    if 0 < percent < Decimal("0.05"):
        return "<0.1 %"
    return f"{percent.quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def at(moment: datetime | str | None, none: str = DASH) -> Part:
    """Return a moment as `2026-11-26 08:30:12`; UTC, as the page says once."""
    if moment is None:
        return el("span", none, class_="none")
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    exact = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return el("time", f"{moment:%Y-%m-%d %H:%M:%S}", datetime=exact, title=exact)


def age(since: datetime, now: datetime) -> str:
    """Return how long ago that was, in its largest unit: `3 h`."""
    passed = max(0, int((now - since).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if passed >= length:
            return f"{passed // length:,} {unit}"
    return f"{passed} s"


def size(bytes: int) -> str:
    """Return a size: `12.3 MB`."""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if bytes >= length:
            return f"{bytes / length:,.1f} {unit}"
    return f"{bytes} bytes"


def shell(*words: str) -> str:
    """Return a command to copy, with its words quoted where a shell needs that."""
    return " ".join(map(shlex.quote, words))


def value(shown: Any) -> Part:
    """Return a value of JSON for people."""
    if shown is None:
        return ABSENT
    if isinstance(shown, bool):
        return "yes" if shown else "no"
    if isinstance(shown, dict):
        if not shown:
            return ABSENT
        return el("ul", [el("li", f"{k}: ", value(v)) for k, v in shown.items()], class_="values")
    if isinstance(shown, list | tuple | set | frozenset):
        if not shown:
            return "none"
        return el("ul", [el("li", value(each)) for each in shown], class_="values")
    return el("bdi", visible(str(shown)))
