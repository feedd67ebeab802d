"""Read a price book: the shipped prices.toml with an operator's changes, checked and compiled.

Every mistake in an operator's `prices:` is a `ConfigError` that names the key.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib import resources
from typing import Any

from ..errors import ConfigError
from .compiled_book import (
    DATED,
    EARLIEST,
    HOUR,
    MILLION,
    SECTIONS,
    Book,
    Entry,
    Prices,
    Rate,
    canonical,
    decimal_text,
)
from .money import NANO
from .spelling import misspelled

_RATES = {
    HOUR: ("usd",),
    MILLION: ("input", "output", "cached_input", "cache_write", "cache_write_1h"),
}
_REQUIRED = {HOUR: {"usd"}, MILLION: {"input", "output"}}
# Those whose items are models; the others' are features.
MODEL_SECTIONS = tuple(section for section in SECTIONS if not section.endswith("_addon"))
# Above any list price by far; a slip of the decimal point in a budget's book is worth a stop.
MAX_USD = 1_000_000


def load(overrides: Mapping[str, Any] | None = None) -> Book:
    """Return the shipped book with *overrides* over it.

    Raises:
        ConfigError: An override is wrong, or its name a slip of one that the shipped book
            has, so that it would never be charged; the message names its key.
    """
    if not overrides:
        return _shipped_book()
    merged = merge(_shipped(), overrides)
    for section, name in new_names(overrides):
        near = misspelled(canonical(str(name)), _known_names(section))
        # Who says where a price is written means that name.
        if near is not None and not _has_source(overrides[section][name]):
            raise ConfigError(
                f"prices.{section}.{name}: the price book has no such name; did you mean {near}? "
                "A new one needs a `source`"
            )
    return compile_book(merged)


def new_names(overrides: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield section and name of each item of *overrides* that the shipped book has not."""
    for section in SECTIONS:
        known = {canonical(name) for name in _known_names(section)}
        for name in overrides.get(section) or ():
            if canonical(str(name)) not in known and name != "*":
                yield section, name


def _known_names(section: str) -> set[str]:
    """Return the names of a section's items in the shipped book, and their other names."""
    book = _shipped_book()
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


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return *base* with *overrides* over it, item by item; neither is changed.

    An item that is null is taken away. Prices without `since` replace all of an item's
    prices; prices with it are added to the item's, and replace one of the same day. A
    bare number is a price without `since`. `settings` and `aliases` are replaced key by
    key, `free` lists are added to.
    """
    if not isinstance(overrides, Mapping):
        raise ConfigError(f"prices: expected a table, not {_shown(overrides)}")
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
        table = _table(changes, path)
        mine = merged.setdefault(section, {})
        for name, change in table.items():
            if section == "settings":
                mine[name] = change
            elif section == "free":
                mine[name] = [*mine.get(name, []), *_names(change, f"{path}.{name}")]
            elif section == "aliases":
                mine[name] = {**mine.get(name, {}), **_table(change, f"{path}.{name}")}
            elif change is None:
                for spelling in [n for n in mine if canonical(n) == canonical(str(name))]:
                    del mine[spelling]
            else:
                spelling = next((n for n in mine if canonical(n) == canonical(str(name))), name)
                old = mine.get(spelling, {})
                mine[spelling] = _merge_item(old, change, f"{path}.{name}", SECTIONS[section])
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


def _merge_item(old: Mapping[str, Any], change: Any, path: str, unit: str) -> dict[str, Any]:
    if not isinstance(change, Mapping):
        change = {"usd": change}
    inline = {k: v for k, v in change.items() if k in (*_RATES[unit], "since", "models", "source")}
    given = change.get("prices")
    if given is None:
        given = [inline] if inline else []
    elif inline:
        raise ConfigError(f"{path}: expected either `prices` or {sorted(inline)}, not both")
    if not isinstance(given, list):
        raise ConfigError(f"{path}.prices: expected a list, not {_shown(given)}")
    item = {**old, **{k: v for k, v in change.items() if k not in (*inline, "prices")}}
    item.setdefault("unit", unit)
    if any(not isinstance(price, Mapping) for price in given):
        raise ConfigError(f"{path}.prices: expected a list of tables")
    kept = old.get("prices", [])
    if any("since" not in price for price in given):
        kept = []
    days = {_day(p["since"], f"{path}.since") for p in given if "since" in p}
    kept = [p for p in kept if _day(p.get("since"), path) not in days]
    item["prices"] = [*kept, *({"source": "prices:", **p} for p in given)]
    return item


def compile_book(raw: Mapping[str, Any]) -> Book:
    """Return *raw*, a whole book as tables, checked and ready to price by.

    Raises:
        ConfigError: Something in it is wrong; the message names its key.
    """
    discount = _percent(raw.get("discount", 0), "prices.discount", least=-1000, most=100)
    settings = _table(raw.get("settings", {}), "prices.settings")
    for name in settings:
        if name not in ("addons_per_channel", "cached_without_price", "in_region"):
            raise ConfigError(f"prices.settings.{name}: unknown setting")
    per_channel = settings.get("addons_per_channel", False)
    if not isinstance(per_channel, bool):
        raise ConfigError("prices.settings.addons_per_channel: expected true or false")
    cached = settings.get("cached_without_price", "input")
    if cached not in ("input", "unpriced"):
        raise ConfigError('prices.settings.cached_without_price: expected "input" or "unpriced"')
    items: dict[str, dict[str, Entry]] = {}
    for section in SECTIONS:
        table = _table(raw.get(section, {}), f"prices.{section}")
        entries = items[section] = {}
        for name, item in table.items():
            path = f"prices.{section}.{name}"
            entries[canonical(str(name))] = _entry(str(name), item, path, section, discount)
        if SECTIONS[section] == MILLION:
            # `claude-sonnet-4-5` means the dated id of that name, where there is one.
            for name, entry in list(entries.items()):
                entries.setdefault(DATED.sub("", name), entry)
    aliases = _aliases(raw.get("aliases", {}), items)
    return Book(
        items,
        aliases,
        {
            str(kind): frozenset(_names(names, f"prices.free.{kind}"))
            for kind, names in _table(raw.get("free", {}), "prices.free").items()
        },
        _in_region(settings.get("in_region", [])),
        per_channel,
        cached,
        _model_names(items, raw.get("aliases", {}), aliases),
    )


def _entry(name: str, item: Any, path: str, section: str, overall: Fraction) -> Entry:
    table = _table(item, path)
    unit = SECTIONS[section]
    for key in table:
        if key not in ("unit", "prices", "discount"):
            raise ConfigError(f"{path}.{key}: unknown; expected unit, prices or discount")
    if table.get("unit", unit) != unit:
        raise ConfigError(f"{path}.unit: expected {unit!r}, not {_shown(table['unit'])}")
    off = overall
    if "discount" in table:
        off = _percent(table["discount"], f"{path}.discount", least=-1000, most=100)
    prices = table.get("prices")
    if not isinstance(prices, list) or not prices:
        raise ConfigError(f"{path}.prices: expected a list of at least one price")
    dated: dict[dt.datetime, Prices] = {}
    for index, price in enumerate(prices):
        where = f"{path}.prices[{index}]"
        price = _table(price, where)
        since = _day(price.get("since"), f"{where}.since")
        if since in dated:
            raise ConfigError(f"{where}.since: a second price for the same day")
        rates = {}
        for key, value in price.items():
            if key in _RATES[unit]:
                rates[key] = _rate(_usd(value, f"{where}.{key}") * (1 - off / 100))
            elif key not in ("since", "models", "source"):
                raise ConfigError(f"{where}.{key}: unknown; expected {', '.join(_RATES[unit])}")
        for key in sorted(_REQUIRED[unit] - rates.keys()):
            raise ConfigError(f"{where}.{key}: missing; expected US dollars per {unit}")
        models = price.get("models")
        if models is not None and not section.endswith("_addon"):
            raise ConfigError(f"{where}.models: only an add-on is priced by model")
        dated[since] = Prices(
            rates,
            None
            if models is None
            else frozenset(canonical(m) for m in _names(models, f"{where}.models")),
            str(price.get("source", "")),
        )
    since_list = sorted(dated)
    suffix = ""
    if off:
        word = "less" if off > 0 else "plus"
        suffix = f", {word} {decimal_text(abs(off))}%"
    return Entry(name, since_list, [dated[day] for day in since_list], suffix)


def _aliases(
    raw: Any, items: dict[str, dict[str, Entry]]
) -> dict[str, dict[str, list[tuple[dt.datetime, str]]]]:
    aliases: dict[str, dict[str, list[tuple[dt.datetime, str]]]] = {}
    for section, table in _table(raw, "prices.aliases").items():
        path = f"prices.aliases.{section}"
        if section not in SECTIONS:
            raise ConfigError(f"{path}: unknown; expected one of {', '.join(SECTIONS)}")
        known = aliases[section] = {}
        for name, target in _table(table, path).items():
            where = f"{path}.{name}"
            if target is None:
                continue
            steps = target if isinstance(target, list) else [{"to": target}]
            dated = []
            for step in steps:
                step = _table(step, where)
                to = step.get("to")
                if not isinstance(to, str):
                    raise ConfigError(f"{where}: expected the name of an item of {section}")
                # An item may have been taken away, with it goes what led there.
                if canonical(to) in items[section]:
                    dated.append((_day(step.get("since"), f"{where}.since"), canonical(to)))
            if dated:
                known[canonical(str(name))] = sorted(dated)
    return aliases


def _model_names(
    items: Mapping[str, Mapping[str, Entry]], raw: Any, aliases: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return how each section spells its models and their other names, by canonical name."""
    names: dict[str, dict[str, str]] = {}
    for section in MODEL_SECTIONS:
        # What was taken away leads nowhere.
        spelled = {canonical(str(name)): str(name) for name in raw.get(section) or ()}
        known = names[section] = {name: spelled[name] for name in aliases.get(section, {})}
        for name, entry in items[section].items():
            # The same item stands there without its date, too.
            same = canonical(entry.name) == name
            known[name] = entry.name if same else DATED.sub("", entry.name)
        known.pop("*", None)
    return names


def _in_region(raw: Any) -> list[tuple[dt.datetime, Fraction, frozenset[str], str]]:
    path = "prices.settings.in_region"
    if not isinstance(raw, list):
        # `in_region: 0` is short for one percentage at any time.
        raw = [{"percent": raw}]
    steps = []
    for index, step in enumerate(raw):
        where = f"{path}[{index}]"
        step = _table(step, where)
        for key in step:
            if key not in ("since", "percent", "regions", "source"):
                raise ConfigError(f"{where}.{key}: unknown; expected since, percent or regions")
        percent = _percent(step.get("percent"), f"{where}.percent", least=0, most=1000)
        regions = frozenset(_names(step.get("regions", ["us", "eu"]), f"{where}.regions"))
        if not regions <= {"us", "eu"}:
            raise ConfigError(f"{where}.regions: expected us and eu")
        since = _day(step.get("since"), f"{where}.since")
        steps.append((since, percent, regions, decimal_text(percent)))
    return sorted(steps, key=lambda step: step[0])


def _rate(usd: Fraction) -> Rate:
    nano = usd * NANO
    return Rate(nano.numerator, nano.denominator, decimal_text(usd))


def _usd(value: Any, path: str) -> Fraction:
    number = _decimal(value)
    if number is None or not 0 <= number <= MAX_USD:
        raise ConfigError(f"{path}: expected US dollars such as 0.21, not {_shown(value)}")
    return Fraction(number)


def _percent(value: Any, path: str, *, least: int, most: int) -> Fraction:
    text = value.strip().removesuffix("%").strip() if isinstance(value, str) else value
    number = _decimal(text)
    if number is None or not least <= number <= most:
        raise ConfigError(f'{path}: expected a percentage such as "10%", not {_shown(value)}')
    return Fraction(number)


def _decimal(value: Any) -> Decimal | None:
    """Return a number as it was written; YAML gives 0.21 as a float, whose text is exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and -18 <= exponent <= 18 else None


def _day(value: Any, path: str) -> dt.datetime:
    """Return the first moment of a day, UTC; None is the beginning of time."""
    if value is None:
        return EARLIEST
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    raise ConfigError(f"{path}: expected a date such as 2026-07-01")


def _names(value: Any, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{path}: expected a list of names, not {_shown(value)}")
    return list(value)


def _table(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: expected a table, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """Return *value*'s kind: configured values are not printed, they may be secrets."""
    return "nothing" if value is None else type(value).__name__
