"""What may be said of a key: each option checked, and as its column keeps it. Pure.

Each raises ValueError, naming the option and what was expected, never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from .columns import duration, micros, nano_usd, to_json

# The master key's calls carry this name in the ledger.
RESERVED_NAMES = frozenset({"master"})
REGIONS = ("us", "eu")
SCOPES = ("own", "all")
MAX_INT = 2**31 - 1
MAX_NAME = 256
UNCHANGED: Any = object()


def name(option: str, value: object) -> str:
    """Return a key's or team's name: printable, trimmed, not endless."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise ValueError(f"{option}: expected 1 to {MAX_NAME} printable characters")
    if value != value.strip():
        raise ValueError(f"{option}: expected no space at either end")
    return value


def ratio(value: object) -> float | None:
    """Return a soft share of a budget, over 0 and up to 1."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError("soft_budget_ratio: expected a share of the budget, over 0 and up to 1")
    return float(value)


def count(option: str, value: object, most: int) -> int | None:
    """Return a whole number from 0 to *most*."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{option}: expected a whole number from 0 to {most}")
    return value


def one_of(option: str, value: str | None, allowed: tuple[str | None, ...]) -> str | None:
    """Return *value*, which must be among those *allowed*."""
    if value not in allowed:
        raise ValueError(f"{option}: expected {' or '.join(a for a in allowed if a)}")
    return value


def expiry(now: int, within: timedelta | str | None, at: datetime | None) -> int | None:
    """Return the moment a key ends, as epoch microseconds, by either way to say it."""
    if within is not None and at is not None:
        raise ValueError("expires_in, expires_at: expected one of them")
    if within is not None:
        return now + duration("expires_in", within) // timedelta(microseconds=1)
    if at is None:
        return None
    try:
        return micros(at)
    except ValueError as error:
        raise ValueError(f"expires_at: {error}") from None


def tags_json(tags: Mapping[Any, Any] | None) -> str:
    """Return tags as JSON text."""
    for name, value in (tags or {}).items():
        if not (isinstance(name, str) and isinstance(value, str) and name):
            raise ValueError("tags: expected names and values of text")
    return to_json(dict(tags or {}))


def budgets(total: Any, daily: Any, monthly: Any, share: Any) -> dict[str, Any]:
    """Return the budget columns that are to change; UNCHANGED ones are left out."""
    checks: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "budget_nano": (total, lambda value: nano_usd("budget_usd", value)),
        "budget_daily_nano": (daily, lambda value: nano_usd("budget_daily_usd", value)),
        "budget_monthly_nano": (monthly, lambda value: nano_usd("budget_monthly_usd", value)),
        "soft_budget_ratio": (share, ratio),
    }
    return {
        column: check(value) for column, (value, check) in checks.items() if value is not UNCHANGED
    }
