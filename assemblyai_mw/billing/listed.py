"""The LLM Gateway's public price list, `GET /v1/models`, and what it changes. Pure.

An item of the list carries dollars for a million tokens: `pricing.global` with `prompt`,
`completions` and, where they are stated, `input_cache_read`, `input_cache_write` and
`input_cache_write_1h`; perhaps `pricing.us` and `pricing.eu` of the same shape, which hold
for requests that stay there; and `pricing.regional_increase_percent`, seen live as 0.1 for ten
per cent and in AssemblyAI's own SDK as 10.0 (assemblyai 1.8.2, llm_gateway/v1/models.py).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from .compiled_book import MILLION, Book, Prices, canonical, decimal_text
from .layers import READ_AT, load
from .price_file import MAX_USD, compile_book, day_of

# As the list names them, and as the book does.
_RATES = {
    "prompt": "input",
    "completions": "output",
    "input_cache_read": "cached_input",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
}
_REQUIRED = ("prompt", "completions")
_REGIONS = ("us", "eu")
_NAME = re.compile(r"[\x21-\x7e]{1,128}")
MAX_MODELS = 5000
# A change by more than this factor is a slip of a unit or a decimal point, no change of price.
MAX_FACTOR = 100
# The same of a first price: the dearest known model costs some hundred dollars.
_LEAST_USD, _MOST_USD = Decimal("0.0001"), Decimal(10_000)
# A nano-dollar for a million tokens; past it there is nothing but the noise of floats.
_EXACT = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as one region's gateway lists it.

    Attributes:
        rates: US dollars for a million tokens, decimal text, by the book's names.
        regional: The same for requests that stay in a region, where the list has its own.
        in_region: Per cent on `rates` for those; None where the list does not say.
        retires: The day on which the model is removed; None for no such day.
    """

    rates: dict[str, str]
    regional: dict[str, dict[str, str]]
    in_region: str | None
    retires: dt.date | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One region's list: its models with a price, and the names of those without."""

    models: dict[str, ListedModel]
    without_price: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a list changes: before and now are decimal text or a date, or None."""

    model: str
    what: str
    before: str | None
    now: str | None


@dataclass(slots=True)
class Refresh:
    """The refreshed prices after reading the lists.

    Attributes:
        prices: The refreshed prices, as tables in the shape of prices.toml.
        changes: Changes of the prices in force before.
        strange: Implausible prices, a line each.
        unlisted: Models of the file that no list has now; their prices are kept.
        without_price: Models that a list has without a price.
    """

    prices: dict[str, Any]
    changes: list[Change] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    without_price: list[str] = field(default_factory=list)


def read_listing(body: bytes) -> Listing:
    """Return the prices of a `GET /v1/models` reply.

    A rate of a cache that is null or 0 is not stated: such tokens are then priced by
    `settings.cached_without_price`, for nothing says that a cache is free.

    Raises:
        ValueError: It is not such a list, or a price in it is invalid: negative, no number, two for
            one model. The line names the model.
    """
    try:
        payload = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("the reply is not JSON") from None
    items = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(items, list) or not items:
        raise ValueError("the reply has no list of models")
    models: dict[str, ListedModel] = {}
    without: list[str] = []
    spelled: dict[str, str] = {}
    for item in items[:MAX_MODELS]:
        name = item.get("id") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        listed = _read_model(name, item)
        first = spelled.setdefault(canonical(name), name)
        if listed is None:
            without.append(name)
        elif first != name or name in models:
            if models.get(first) != listed:
                raise ValueError(f"{name}: listed twice, with different prices")
        else:
            models[name] = listed
    if not models:
        raise ValueError("no model in the list has a price")
    return Listing(models, tuple(without))


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _read_model(name: str, item: Mapping[str, Any]) -> ListedModel | None:
    pricing = item.get("pricing")
    if not isinstance(pricing, dict) or not isinstance(pricing.get("global"), dict):
        return None
    rates = _read_rates(name, "global", pricing["global"])
    if rates is None:
        return None
    regional = {}
    for region in _REGIONS:
        if isinstance(pricing.get(region), dict):
            own = _read_rates(name, region, pricing[region])
            if own is not None:
                regional[region] = own
    return ListedModel(
        rates,
        regional,
        _percent(name, pricing.get("regional_increase_percent")),
        _retirement(item.get("retirement_date")),
    )


def _read_rates(name: str, where: str, table: Mapping[str, Any]) -> dict[str, str] | None:
    """Return rates by the book's names; None where the list leaves out one that is needed."""
    rates = {}
    for listed, ours in _RATES.items():
        value = table.get(listed)
        if value is None:
            if listed in _REQUIRED:
                return None
            continue
        usd = _text(_number(f"{name}: pricing.{where}.{listed}", value))
        if usd != "0" or listed in _REQUIRED:
            rates[ours] = usd
    return rates


def _number(where: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{where}: expected US dollars, as a number")
    number = Decimal(value)
    if not 0 <= number <= MAX_USD:
        raise ValueError(f"{where}: expected US dollars, 0 or more and up to {MAX_USD:,}")
    return number


def _percent(name: str, value: Any) -> str | None:
    if value is None:
        return None
    where = f"{name}: pricing.regional_increase_percent"
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{where}: expected a percentage, as a number")
    number = Decimal(value)
    if not 0 <= number <= 100:
        raise ValueError(f"{where}: expected 0 to 100")
    return _text(number * 100 if number < 1 else number)


def _retirement(value: Any) -> dt.date | None:
    """Return the day of a Unix time; None for 0 and for impossible days."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 34:
        return None
    return dt.datetime.fromtimestamp(value, dt.UTC).date()


def _text(number: Decimal) -> str:
    text = format(number.quantize(_EXACT), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def refresh(
    former: Mapping[str, Any],
    lists: Mapping[str, Listing],
    now: dt.datetime,
    *,
    sources: Mapping[str, str],
    first_since: dt.datetime | None = None,
) -> Refresh:
    """Return what *lists*, by region, make of the refreshed prices *former*.

    A model's price that differs from the one in force gets a new dated entry, from *now* on;
    every earlier one stays, so that no earlier call changes its price.

    Args:
        former: The file's tables, as they are.
        lists: `us`, `eu` or both.
        now: When the lists were read.
        sources: By region, where its list was read.
        first_since: Start of a model's first price, so that its earlier calls can be priced;
            default *now*.
    """
    shipped, before = load(), load(refreshed=former)
    own = compile_book(_without_discounts(former))
    chat = {name: dict(item) for name, item in (former.get("chat") or {}).items()}
    done = Refresh({**former, READ_AT: now.replace(microsecond=0)})
    spelled = {canonical(name): name for name in chat}
    every: dict[str, tuple[str, dict[str, ListedModel]]] = {}
    for region, listing in lists.items():
        for listed, model in listing.models.items():
            every.setdefault(canonical(listed), (listed, {}))[1][region] = model
    for listed, versions in sorted(every.values(), key=lambda each: each[0]):
        price = _price(versions, before.percent_in("eu", now))
        name = spelled.get(canonical(listed), listed)
        item = chat.setdefault(name, {"unit": MILLION, "prices": []})
        entry = before.entry("chat", listed, now)
        was = _flat_of(before, entry.at(now) if entry else None, now)
        current = own.items["chat"].get(canonical(name))
        in_file = current.at(now) if current else None
        if in_file is None or _flat_of(None, in_file, now) != _flat(price):
            prices = [p for p in item["prices"] if day_of(p.get("since"), name) != now]
            where = " and ".join(sources[region] for region in versions)
            source = f"{where}, read {now:%Y-%m-%d}"
            item["prices"] = [*prices, {"since": now, **price, "source": source}]
        _compare(done, listed, was, _flat(price), before, now)
        retires = next((each.retires for each in versions.values() if each.retires), None)
        _retire(done, listed, item, entry.retires if entry else None, retires)
        if first_since is not None and shipped.entry("chat", listed, now) is None:
            _extend(item, first_since)
    done.prices["chat"] = dict(sorted(chat.items()))
    done.unlisted = sorted(name for name in chat if canonical(name) not in every)
    without = {name for listing in lists.values() for name in listing.without_price}
    done.without_price = sorted(name for name in without if canonical(name) not in every)
    return done


def _price(versions: Mapping[str, ListedModel], in_region: Any) -> dict[str, Any]:
    """Return a price of the book, from what each region's own list says of a model.

    Where the EU's list has other prices than the US's, requests that stay in the EU have
    rates of their own.
    """
    us, eu = versions.get("us"), versions.get("eu")
    main = us or versions["eu"]
    price: dict[str, Any] = dict(main.rates)
    percent = main.in_region
    if percent is not None:
        price["in_region"] = percent
    for region, listed in versions.items():
        if region in listed.regional:
            price[region] = listed.regional[region]
    if us is not None and eu is not None and "eu" not in price:
        theirs = eu.in_region if eu.in_region is not None else percent
        if eu.rates != us.rates or theirs != percent:
            raised = 1 + Decimal(theirs if theirs is not None else decimal_text(in_region)) / 100
            price["eu"] = {key: _text(Decimal(usd) * raised) for key, usd in eu.rates.items()}
    return price


def _flat(price: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in price.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": usd for inner, usd in value.items()}
        else:
            flat[key] = value
    return flat


def _flat_of(book: Book | None, prices: Prices | None, now: dt.datetime) -> dict[str, str]:
    """Return compiled prices likewise; with *book*, its own percentage where they have none."""
    if prices is None:
        return {}
    flat = {name: rate.usd for name, rate in prices.rates.items()}
    percent = prices.in_region
    if percent is None and book is not None:
        percent = book.percent_in("us", now)
    if percent is not None:
        flat["in_region"] = decimal_text(percent)
    for region, rates in prices.regional.items():
        flat |= {f"{region}.{name}": rate.usd for name, rate in rates.items()}
    return flat


def _compare(
    done: Refresh,
    model: str,
    was: Mapping[str, str],
    is_now: Mapping[str, str],
    book: Book,
    now: dt.datetime,
) -> None:
    stated = {"in_region": decimal_text(book.percent_in("us", now)), **is_now}
    for what in sorted(was.keys() | stated.keys(), key=_order):
        old, new = was.get(what), stated.get(what)
        if old == new or (what == "in_region" and not was and what not in is_now):
            continue
        done.changes.append(Change(model, what, old, new))
        if what != "in_region" and (why := _strange(old, new)):
            done.strange.append(f"{model}: {what} {why}")


def _order(what: str) -> tuple[bool, int, str]:
    names = (*_RATES.values(), "in_region")
    return "." in what, names.index(what) if what in names else 0, what


def _strange(old: str | None, new: str | None) -> str | None:
    if new is None:
        return None
    usd = Decimal(new)
    if old is not None and Decimal(old):
        factor = usd / Decimal(old)
        if factor > MAX_FACTOR or factor * MAX_FACTOR < 1:
            return f"{old} -> {new}, a change by more than {MAX_FACTOR} times"
    elif not _LEAST_USD <= usd <= _MOST_USD:
        return f"{new} dollars for a million tokens"
    return None


def _retire(
    done: Refresh, model: str, item: dict[str, Any], was: dt.date | None, is_now: dt.date | None
) -> None:
    item.pop("retires", None)
    if is_now is not None:
        item["retires"] = is_now
    if was != is_now:
        done.changes.append(
            Change(
                model,
                "retires",
                None if was is None else was.isoformat(),
                None if is_now is None else is_now.isoformat(),
            )
        )


def _extend(item: dict[str, Any], since: dt.datetime) -> None:
    """Let the first of an item's prices begin at *since*, where it begins later."""
    prices = sorted(item["prices"], key=lambda price: day_of(price.get("since"), "since"))
    if day_of(prices[0].get("since"), "since") > since:
        prices[0] = {**prices[0], "since": since}
    item["prices"] = prices


def _without_discounts(tables: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in tables.items() if key not in ("discount", READ_AT)}
    plain["chat"] = {
        name: {key: value for key, value in item.items() if key != "discount"}
        for name, item in (tables.get("chat") or {}).items()
    }
    return plain
