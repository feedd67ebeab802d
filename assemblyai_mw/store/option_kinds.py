"""Kinds of values that a key's option may have: how each is checked, kept and shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..billing.price_book import format_usd
from .columns import from_json, iso, micros, nano_usd, optional_moment, to_json

MAX_INT = 2**31 - 1
MAX_NAME = 256

Typed = Literal["choice", "count", "duration", "money", "names", "ratio", "switch", "tags", "text"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the values of an option are checked, kept and shown.

    Attributes:
        typed: How the command line reads one.
        check: Takes the option's name and a value that is not None; returns what the column
            keeps. Raises ValueError, naming the option and what was expected.
        read: Returns what a column's value means.
        show: Returns a meaning as JSON has it.
        choices: The only values, where there are few.
        least: The least whole number that makes sense on the command line.
    """

    typed: Typed
    check: Callable[[str, Any], Any]
    read: Callable[[Any], Any] = lambda kept: kept
    show: Callable[[Any], Any] = lambda value: value
    choices: tuple[str, ...] = ()
    least: int = 0


def checked_name(option: str, value: object) -> str:
    """Return a key's or team's name: printable, trimmed, not endless."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise ValueError(f"{option}: expected 1 to {MAX_NAME} printable characters")
    if value != value.strip():
        raise ValueError(f"{option}: expected no space at either end")
    return value


def _ratio(option: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError(f"{option}: expected a share of the budget, over 0 and up to 1")
    return float(value)


def count(most: int, *, least: int = 0) -> Kind:
    """Return the kind of whole numbers from 0 to *most*; on the command line from *least*."""

    def check(option: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError(f"{option}: expected a whole number from 0 to {most}")
        return value

    return Kind("count", check, least=least)


def choice(*choices: str) -> Kind:
    """Return the kind of the words *choices*."""

    def check(option: str, value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{option}: expected {' or '.join(choices)}")
        return str(value)

    return Kind("choice", check, choices=choices)


def _moment(option: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, datetime)):
        raise ValueError(f"{option}: expected a datetime with a time zone")
    try:
        kept = micros(value)
        optional_moment(kept)
    except (ValueError, OverflowError):
        raise ValueError(f"{option}: expected a datetime with a time zone") from None
    return kept


def names_json(option: str, values: Iterable[Any]) -> str:
    """Return a list of names as sorted JSON text. Raises ValueError."""
    # A lone string would count as its letters.
    names = [] if isinstance(values, str) else list(values)
    if isinstance(values, str) or not all(isinstance(each, str) and each for each in names):
        raise ValueError(f"{option}: expected a list of names")
    return to_json(sorted(set(names)))


def _tags(option: str, tags: object) -> str:
    if not isinstance(tags, Mapping) or not all(
        isinstance(tag, str) and isinstance(value, str) and tag for tag, value in tags.items()
    ):
        raise ValueError(f"{option}: expected names and values of text")
    return to_json(dict(sorted(tags.items())))


MONEY = Kind("money", nano_usd, show=format_usd)
RATIO = Kind("ratio", _ratio)
PER_MINUTE = count(MAX_INT, least=1)
TEXT = Kind("text", checked_name)
MOMENT = Kind("duration", _moment, read=optional_moment, show=lambda moment: iso(micros(moment)))
NAMES = Kind("names", names_json, read=lambda kept: frozenset(from_json(kept)), show=sorted)
TAGS = Kind("tags", _tags, read=from_json, show=dict)
SWITCH = Kind("switch", lambda option, value: bool(value), read=bool)
