"""A price book as tables, checked and compiled; every mistake is a `ConfigError`. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ..errors import ConfigError
from .compiled_book import (
    CHARACTERS,
    DATED,
    EARLIEST,
    HOUR,
    MILLION,
    SECTIONS,
    SHIPPED,
    Book,
    Entry,
    Prices,
    Rate,
    canonical,
    decimal_text,
)
from .money import NANO

RATES = {
    HOUR: ("usd",),
    CHARACTERS: ("usd",),
    MILLION: ("input", "output", "cached_input", "cache_write", "cache_write_1h"),
}
REQUIRED = frozenset({"usd", "input", "output"})
# What a chat model's price says of requests that stay in their region.
REGIONAL = ("in_region", "us", "eu")
# Which layer a price comes from; `layers.merge` writes it.
LAYER = "layer"
# Those whose items are models; the others' are features.
MODEL_SECTIONS = tuple(section for section in SECTIONS if not section.endswith("_addon"))
# Above any list price by far; a slip of the decimal point in a budget's book is worth a stop.
MAX_USD = 1_000_000


def compile_book(raw: Mapping[str, Any]) -> Book:
    """Return *raw*, a whole book as tables, checked and ready to price by.

    Raises:
        ConfigError: Something in it is wrong; the message names its key.
    """
    discount = _percent(raw.get("discount", 0), "prices.discount", least=-1000, most=100)
    settings = table_of(raw.get("settings", {}), "prices.settings")
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
        table = table_of(raw.get(section, {}), f"prices.{section}")
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
            str(kind): frozenset(names_of(names, f"prices.free.{kind}"))
            for kind, names in table_of(raw.get("free", {}), "prices.free").items()
        },
        _in_region(settings.get("in_region", [])),
        per_channel,
        cached,
        _model_names(items, raw.get("aliases", {}), aliases),
    )


def _entry(name: str, item: Any, path: str, section: str, overall: Fraction) -> Entry:
    table = table_of(item, path)
    unit = SECTIONS[section]
    for key in table:
        if key not in ("unit", "prices", "discount", "retires"):
            raise ConfigError(f"{path}.{key}: unknown; expected unit, prices, discount or retires")
    if table.get("unit", unit) != unit:
        raise ConfigError(f"{path}.unit: expected {unit!r}, not {shown(table['unit'])}")
    off = overall
    if "discount" in table:
        off = _percent(table["discount"], f"{path}.discount", least=-1000, most=100)
    prices = table.get("prices")
    if not isinstance(prices, list) or not prices:
        raise ConfigError(f"{path}.prices: expected a list of at least one price")
    dated: dict[dt.datetime, Prices] = {}
    for index, price in enumerate(prices):
        where = f"{path}.prices[{index}]"
        price = table_of(price, where)
        since = day_of(price.get("since"), f"{where}.since")
        if since in dated:
            raise ConfigError(f"{where}.since: a second price for the same day")
        regional = REGIONAL if section == "chat" else ()
        for key in price:
            if key not in (*RATES[unit], *regional, "since", "models", "source", LAYER):
                raise ConfigError(f"{where}.{key}: unknown; expected {', '.join(RATES[unit])}")
        rates = _rates(price, where, unit, off)
        models = price.get("models")
        if models is not None and not section.endswith("_addon"):
            raise ConfigError(f"{where}.models: only an add-on is priced by model")
        dated[since] = Prices(
            rates,
            None
            if models is None
            else frozenset(canonical(m) for m in names_of(models, f"{where}.models")),
            str(price.get("source", "")),
            price.get(LAYER, SHIPPED),
            *_regional(price, where, off) if regional else (),
        )
    since_list = sorted(dated)
    suffix = ""
    if off:
        word = "less" if off > 0 else "plus"
        suffix = f", {word} {decimal_text(abs(off))}%"
    retires = table.get("retires")
    return Entry(
        name,
        since_list,
        [dated[day] for day in since_list],
        suffix,
        None if retires is None else day_of(retires, f"{path}.retires").date(),
    )


def _rates(table: Mapping[str, Any], where: str, unit: str, off: Fraction) -> dict[str, Rate]:
    rates = {
        key: _rate(_usd(value, f"{where}.{key}") * (1 - off / 100))
        for key, value in table.items()
        if key in RATES[unit]
    }
    for key in RATES[unit]:
        if key in REQUIRED and key not in rates:
            raise ConfigError(f"{where}.{key}: missing; expected US dollars per {unit}")
    return rates


def _regional(
    price: Mapping[str, Any], where: str, off: Fraction
) -> tuple[Fraction | None, dict[str, dict[str, Rate]]]:
    """Return the percentage for staying in a region, and the rates of each."""
    percent = price.get("in_region")
    regional = {}
    for region in ("us", "eu"):
        if region in price:
            path = f"{where}.{region}"
            table = table_of(price[region], path)
            for key in table:
                if key not in RATES[MILLION]:
                    known = ", ".join(RATES[MILLION])
                    raise ConfigError(f"{path}.{key}: unknown; expected {known}")
            regional[region] = _rates(table, path, MILLION, off)
    if percent is not None:
        percent = _percent(percent, f"{where}.in_region", least=0, most=1000)
    return percent, regional


def _aliases(
    raw: Any, items: dict[str, dict[str, Entry]]
) -> dict[str, dict[str, list[tuple[dt.datetime, str]]]]:
    aliases: dict[str, dict[str, list[tuple[dt.datetime, str]]]] = {}
    for section, table in table_of(raw, "prices.aliases").items():
        path = f"prices.aliases.{section}"
        if section not in SECTIONS:
            raise ConfigError(f"{path}: unknown; expected one of {', '.join(SECTIONS)}")
        known = aliases[section] = {}
        for name, target in table_of(table, path).items():
            where = f"{path}.{name}"
            if target is None:
                continue
            steps = target if isinstance(target, list) else [{"to": target}]
            dated = []
            for step in steps:
                step = table_of(step, where)
                to = step.get("to")
                if not isinstance(to, str):
                    raise ConfigError(f"{where}: expected the name of an item of {section}")
                # If an item was removed, its aliases go with it.
                if canonical(to) in items[section]:
                    dated.append((day_of(step.get("since"), f"{where}.since"), canonical(to)))
            if dated:
                known[canonical(str(name))] = sorted(dated)
    return aliases


def _model_names(
    items: Mapping[str, Mapping[str, Entry]], raw: Any, aliases: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return how each section spells its models and their other names, by canonical name."""
    names: dict[str, dict[str, str]] = {}
    for section in MODEL_SECTIONS:
        # Aliases of removed items lead nowhere.
        spelled = {canonical(str(name)): str(name) for name in raw.get(section) or ()}
        known = names[section] = {name: spelled[name] for name in aliases.get(section, {})}
        for name, entry in items[section].items():
            # The same item stands there without its date, too.
            same = canonical(entry.name) == name
            known[name] = entry.name if same else DATED.sub("", entry.name)
        known.pop("*", None)
    return names


def _in_region(raw: Any) -> list[tuple[dt.datetime, Fraction, frozenset[str]]]:
    path = "prices.settings.in_region"
    if not isinstance(raw, list):
        # `in_region: 0` is short for one percentage at any time.
        raw = [{"percent": raw}]
    steps = []
    for index, step in enumerate(raw):
        where = f"{path}[{index}]"
        step = table_of(step, where)
        for key in step:
            if key not in ("since", "percent", "regions", "source"):
                raise ConfigError(f"{where}.{key}: unknown; expected since, percent or regions")
        percent = _percent(step.get("percent"), f"{where}.percent", least=0, most=1000)
        regions = frozenset(names_of(step.get("regions", ["us", "eu"]), f"{where}.regions"))
        if not regions <= {"us", "eu"}:
            raise ConfigError(f"{where}.regions: expected us and eu")
        since = day_of(step.get("since"), f"{where}.since")
        steps.append((since, percent, regions))
    return sorted(steps, key=lambda step: step[0])


def _rate(usd: Fraction) -> Rate:
    nano = usd * NANO
    return Rate(nano.numerator, nano.denominator, decimal_text(usd))


def _usd(value: Any, path: str) -> Fraction:
    number = _decimal(value)
    if number is None or not 0 <= number <= MAX_USD:
        raise ConfigError(f"{path}: expected US dollars such as 0.21, not {shown(value)}")
    return Fraction(number)


def _percent(value: Any, path: str, *, least: int, most: int) -> Fraction:
    text = value.strip().removesuffix("%").strip() if isinstance(value, str) else value
    number = _decimal(text)
    if number is None or not least <= number <= most:
        raise ConfigError(f'{path}: expected a percentage such as "10%", not {shown(value)}')
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


def day_of(value: Any, path: str) -> dt.datetime:
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


def names_of(value: Any, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{path}: expected a list of names, not {shown(value)}")
    return list(value)


def table_of(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: expected a table, not {shown(value)}")
    return value


def shown(value: Any) -> str:
    """Return *value*'s kind: configured values are not printed, they may be secrets."""
    return "nothing" if value is None else type(value).__name__
