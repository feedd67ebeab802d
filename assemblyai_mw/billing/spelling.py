"""Names in other spellings, and mistyped ones: which known name was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

# Shares of equal characters, as difflib counts them. A slip changes a letter or two of the
# name and leaves its part recognisable: `pro` and `por`, and not `english` and `spanish`.
_NAME, _PART = 0.8, 0.65
_DIGITS = re.compile(r"[0-9]+")
_BETWEEN = re.compile(r"[-._:/ ]+")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that looks most like *name*; None where none does."""
    by_fold: dict[str, str] = {}
    for each in sorted(known):
        by_fold.setdefault(each.casefold(), each)
    near = get_close_matches(name.casefold(), by_fold, n=1)
    return by_fold[near[0]] if near else None


def hint(name: str, known: Iterable[str]) -> str:
    """Return the end of an error's line about an unknown *name*: the nearest, else all."""
    known = sorted(known)
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"known are {', '.join(known)}"


def misspelled(name: str, known: Iterable[str]) -> str | None:
    """Return which of *known* was most likely meant by *name*; None for a name of its own.

    A name with other digits is another version (`gpt-5.3`), one with a part more or less
    another variant (`gpt-5-mini-high`): both may be new, and neither is a slip.
    """
    folded = name.casefold()
    best: tuple[float, str] | None = None
    for each in sorted(known):
        if each == name:
            return None
        other = each.casefold()
        share = _alike(folded, other)
        if share < _NAME or _digits(folded) != _digits(other) or _is_variant(folded, other):
            continue
        if best is None or share > best[0]:
            best = share, each
    return best[1] if best else None


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _digits(name: str) -> str:
    return "".join(_DIGITS.findall(name))


def _is_variant(one: str, other: str) -> bool:
    ours, theirs = _BETWEEN.split(one), _BETWEEN.split(other)
    if len(ours) == len(theirs):
        return any(_alike(*pair) < _PART for pair in zip(ours, theirs, strict=True))
    shorter, longer = sorted((ours, theirs), key=len)
    return _is_part_of(shorter, longer)


def _is_part_of(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Whether *longer* is *shorter* with further parts among its own."""
    rest = iter(longer)
    return all(part in rest for part in shorter)
