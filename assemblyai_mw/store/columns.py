"""Conversion between callers' values and columns: money, moments, durations, JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, overload

NANO = 1_000_000_000
# Longer texts say nothing more to a reader of the ledger.
MAX_TEXT = 2048
# Well below 2**63 nano-dollars, so that sums of budgets and holds cannot overflow a column.
MAX_BUDGET_USD = 1_000_000_000
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Money = str | int | float | Decimal
Moment = float | datetime


def nano_usd(name: str, value: Money | None) -> int | None:
    """Return *value*, in US dollars, as nano-dollars; None stays None (no limit).

    Raises:
        ValueError: Not a number, negative, finer than a nano-dollar, or over a
            billion dollars; the message names the option *name*.
    """
    if value is None:
        return None
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        amount = Decimal(str(value).strip())
        in_range = amount.is_finite() and 0 <= amount <= MAX_BUDGET_USD
    except InvalidOperation:
        in_range = False
    if not in_range:
        raise ValueError(f"{name}: expected dollars from 0 to {MAX_BUDGET_USD}")
    nano = amount * NANO
    if nano != int(nano):
        raise ValueError(f"{name}: expected at most 9 decimals")
    return int(nano)


def duration(name: str, value: timedelta | str) -> timedelta:
    """Return *value* as a timedelta: itself, or `90s`, `15m`, `12h`, `30d`.

    Raises:
        ValueError: Neither, not positive, or past what a date can hold.
    """
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError(f"{name}: expected a number and s, m, h or d, such as 30d")
        try:
            value = timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError:
            raise ValueError(f"{name}: too long") from None
    if value <= timedelta(0) or value > timedelta(days=365_000):
        raise ValueError(f"{name}: expected a time from now on, within 1000 years")
    return value


def micros(moment: Moment) -> int:
    """Return *moment*, Unix seconds or an aware datetime, as epoch microseconds.

    Raises:
        ValueError: A datetime has no time zone, so its moment is unknown.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError("expected a datetime with a time zone")
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return round(moment * 1_000_000)


def moment(value: int) -> datetime:
    """Return epoch microseconds as a datetime in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


def optional_moment(value: int | None) -> datetime | None:
    """Return epoch microseconds as a datetime in UTC; None stays None."""
    return None if value is None else moment(value)


def iso(value: int) -> str:
    """Return epoch microseconds as ISO 8601 in UTC, to the microsecond, with Z."""
    return moment(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day_of(value: int) -> str:
    """Return the UTC day of epoch microseconds: `2026-11-22`."""
    return _day_of(value // 86_400_000_000)


@lru_cache(maxsize=64)
def _day_of(number: int) -> str:
    return moment(number * 86_400_000_000).date().isoformat()


def to_json(value: Mapping[str, Any] | list[Any]) -> str:
    """Return *value* as compact JSON text; sets become sorted lists.

    Raises:
        ValueError: NaN or Infinity, which JSON does not have.
    """
    return _encode(value)


def _plain(value: object) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return iso(micros(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"a {type(value).__name__} cannot be stored as JSON")


# Made once: `json.dumps` makes one a call.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain).encode


def from_json(text: str | None) -> Any:
    """Return stored JSON text as Python values; None stays None."""
    return None if text is None else json.loads(text)


@overload
def plain(value: str) -> str: ...
@overload
def plain(value: None) -> None: ...
def plain(value: str | None) -> str | None:
    """Return *value* as any database takes it: no NUL, no lone surrogate, not endless."""
    if value is None:
        return None
    cut = value[:MAX_TEXT].replace("\0", "\ufffd")
    return cut.encode("utf-8", "replace").decode()


def model_of(
    counted: str | None, features: Mapping[str, Any], usage: Mapping[str, Any] | None = None
) -> str | None:
    """Return the model of a call: the used one, else the requested one, else *counted*."""
    used = (usage or {}).get("model")
    asked = features.get("models")
    if isinstance(used, str):
        return used
    return asked[0] if isinstance(asked, list) and asked else counted


def tag_names(tags: Mapping[str, str]) -> list[str]:
    """Return tags as reports name them: `feature=captions`, or the bare name."""
    return [f"{name}={value}" if value else name for name, value in tags.items()]
