"""The price book's layers: the shipped prices.toml, the refreshed prices, and `prices:`.

Each goes over the one before it. Every mistake in an operator's `prices:` is a `ConfigError`
that names the key. Pure, but for the package's own data.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from ..errors import ConfigError
from .compiled_book import CONFIGURED, MILLION, REFRESHED, SECTIONS, Book, canonical
from .price_file import (
    LAYER,
    MODEL_SECTIONS,
    RATES,
    REGIONAL,
    REQUIRED,
    compile_book,
    day_of,
    names_of,
    shown,
    table_of,
)
from .spelling import misspelled

# The refreshed file's own mark of when the list was last read.
READ_AT = "read_at"
_FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def load(
    overrides: Mapping[str, Any] | None = None, *, refreshed: Mapping[str, Any] | None = None
) -> Book:
    """Return the shipped book with *refreshed* prices over it and *overrides* over both.

    Raises:
        ConfigError: An override is wrong, or its name a slip of one that the book below it
            has, so that it would never be charged; the message names its key.
    """
    if not overrides and not refreshed:
        return _shipped_book()
    base, below = _shipped(), _shipped_book()
    if refreshed:
        base = _with_refreshed(base, refreshed)
        below = compile_book(base)
    if not overrides:
        return below
    overrides = table_of(overrides, "prices")
    if "in_region" in table_of(overrides.get("settings") or {}, "prices.settings"):
        base = _without_regions(base)
    merged = merge(base, overrides, CONFIGURED)
    for section, name in new_names(overrides, below):
        near = misspelled(canonical(str(name)), _known_names(section, below))
        # Who says where a price is written means that name.
        if near is not None and not _has_source(overrides[section][name]):
            raise ConfigError(
                f"prices.{section}.{name}: the price book has no such name; did you mean {near}? "
                "A new one needs a `source`"
            )
    return compile_book(merged)


def new_names(overrides: Mapping[str, Any], below: Book | None = None) -> Iterator[tuple[str, Any]]:
    """Yield section and name of each item of *overrides* that the book *below* has not.

    That is the shipped one where none is given.
    """
    below = below or _shipped_book()
    for section in SECTIONS:
        known = {canonical(name) for name in _known_names(section, below)}
        for name in overrides.get(section) or ():
            if canonical(str(name)) not in known and name != "*":
                yield section, name


def line_for(section: str, item: str) -> str:
    """Return the line below `prices:` that gives an item a price; the dollars are left to say."""
    rates = "".join(f"{name}: DOLLARS, " for name in RATES[SECTIONS[section]] if name in REQUIRED)
    # What JSON quotes, YAML reads alike; callers choose names.
    return f"{section}: {{{json.dumps(item)}: {{{rates}source: WHERE}}}}"


def _known_names(section: str, book: Book) -> set[str]:
    """Return the names of a section's items in *book*, and their other names."""
    items = {entry.name for entry in book.items[section].values()}
    kind = section.removesuffix("_addon")
    free = book.free.get(kind, frozenset()) if kind != section else frozenset()
    return items | set(book.names.get(section, {}).values()) | free


def _has_source(item: Any) -> bool:
    if not isinstance(item, Mapping):
        return False
    prices = item.get("prices")
    dated = prices if isinstance(prices, list) else []
    return any(isinstance(each, Mapping) and each.get("source") for each in (item, *dated))


@functools.cache
def _shipped() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("prices.toml").read_text("utf-8")
    return tomllib.loads(text)


@functools.cache
def _shipped_book() -> Book:
    return compile_book(_shipped())


def _with_refreshed(base: Mapping[str, Any], refreshed: Mapping[str, Any]) -> dict[str, Any]:
    """Return *base* with *refreshed* over it.

    A model that the gateway lists under another name than the shipped book's is the same
    model: its former prices stay those of its earlier calls.
    """
    over = {key: value for key, value in refreshed.items() if key != READ_AT}
    below = {key: dict(v) if isinstance(v, Mapping) else v for key, v in base.items()}
    book = _shipped_book()
    for section in (each for each in MODEL_SECTIONS if SECTIONS[each] == MILLION):
        listed = over.get(section) or {}
        names = {canonical(name) for name in listed}
        items = {}
        for name, item in listed.items():
            same = book.entry(section, name, _FOREVER)
            if same is None or canonical(same.name) == canonical(name):
                items[name] = item
            elif canonical(same.name) in names:
                # Both are listed: two models from now on.
                below.setdefault(section, {}).setdefault(name, below[section][same.name])
                items[name] = item
            else:
                items[same.name] = item
        if items:
            over[section] = items
    return merge(below, over, REFRESHED)


def _without_regions(base: Mapping[str, Any]) -> dict[str, Any]:
    """Return *base* with no price of its own for a region: the operator's percentage counts."""
    chat = {
        name: {
            **item,
            "prices": [
                {key: value for key, value in price.items() if key not in REGIONAL}
                for price in item["prices"]
            ],
        }
        for name, item in base["chat"].items()
    }
    return {**base, "chat": chat}


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any], layer: str) -> dict[str, Any]:
    """Return *base* with *overrides* over it, item by item; neither is changed.

    An item that is null is removed. Prices without `since` replace all of an item's
    prices; prices with it replace those of their first day and later, and leave earlier
    ones. A bare number is a price without `since`. `settings` and `aliases` are replaced key
    by key, `free` lists are added to. *layer* is what the prices are marked with.
    """
    merged = {key: dict(v) if isinstance(v, Mapping) else v for key, v in base.items()}
    for section, changes in overrides.items():
        path = f"prices.{section}"
        if section == "discount":
            merged["discount"] = changes
            continue
        if section not in (*SECTIONS, "settings", "aliases", "free"):
            known = ", ".join([*SECTIONS, "settings", "aliases", "free", "discount"])
            raise ConfigError(f"{path}: unknown; expected one of {known}")
        if changes is None:
            continue
        table = table_of(changes, path)
        mine = merged.setdefault(section, {})
        for name, change in table.items():
            if section == "settings":
                mine[name] = change
            elif section == "free":
                mine[name] = [*mine.get(name, []), *names_of(change, f"{path}.{name}")]
            elif section == "aliases":
                mine[name] = {**mine.get(name, {}), **table_of(change, f"{path}.{name}")}
            elif change is None:
                for spelling in [n for n in mine if canonical(n) == canonical(str(name))]:
                    del mine[spelling]
            else:
                spelling = next((n for n in mine if canonical(n) == canonical(str(name))), name)
                old, unit = mine.get(spelling, {}), SECTIONS[section]
                mine[spelling] = _merge_item(old, change, f"{path}.{name}", unit, layer)
    _check_new_aliases(overrides.get("aliases") or {}, merged)
    return merged


def _check_new_aliases(aliases: Mapping[str, Any], merged: Mapping[str, Any]) -> None:
    for section, table in aliases.items():
        items = {canonical(str(name)) for name in merged.get(section, {})}
        for name, target in table.items():
            for step in target if isinstance(target, list) else [{"to": target}]:
                to = step.get("to") if isinstance(step, Mapping) else step
                if to is not None and canonical(str(to)) not in items:
                    where = f"prices.aliases.{section}.{name}"
                    raise ConfigError(f"{where}: expected the name of an item of {section}")


def _merge_item(
    old: Mapping[str, Any], change: Any, path: str, unit: str, layer: str
) -> dict[str, Any]:
    if not isinstance(change, Mapping):
        change = {"usd": change}
    dated = (*RATES[unit], *REGIONAL, "since", "models", "source")
    inline = {key: value for key, value in change.items() if key in dated}
    given = change.get("prices")
    if given is None:
        given = [inline] if inline else []
    elif inline:
        raise ConfigError(f"{path}: expected either `prices` or {sorted(inline)}, not both")
    if not isinstance(given, list):
        raise ConfigError(f"{path}.prices: expected a list, not {shown(given)}")
    item = {**old, **{k: v for k, v in change.items() if k not in (*inline, "prices")}}
    item.setdefault("unit", unit)
    if any(not isinstance(price, Mapping) for price in given):
        raise ConfigError(f"{path}.prices: expected a list of tables")
    days = [day_of(price.get("since"), f"{path}.since") for price in given]
    # Else a list price of a later day would take the place of a contract's.
    kept = [
        p
        for p in old.get("prices", [])
        if day_of(p.get("since"), path) < min(days, default=_FOREVER)
    ]
    item["prices"] = [*kept, *({"source": "prices:", **p, LAYER: layer} for p in given)]
    return item
