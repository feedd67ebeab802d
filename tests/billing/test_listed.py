"""The gateway's public list as prices: read exactly, dated, and never changed afterwards."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing import toml
from assemblyai_mw.billing.layers import load
from assemblyai_mw.billing.listed import Change, Listing, Refresh, read_listing, refresh
from assemblyai_mw.billing.price_book import PriceBook, Unpriced
from assemblyai_mw.billing.price_table import in_force, retiring
from assemblyai_mw.billing.replies import Usage

NOW = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MILLION = 1_000_000
SOURCES = {"us": "the list", "eu": "the EU's"}


def item(name: str, prompt: Any = 2, completions: Any = 8, **more: Any) -> dict[str, Any]:
    rates = {"prompt": prompt, "completions": completions}
    pricing = {"global": {**rates, **more.pop("cache", {})}, "regional_increase_percent": 0.1}
    pricing |= more.pop("pricing", {})
    return {"id": name, "retirement_date": 0, "pricing": pricing, **more}


def listing(*items: dict[str, Any]) -> Listing:
    return read_listing(json.dumps({"data": items}).encode())


def taken(
    former: dict[str, Any], *items: dict[str, Any], at: dt.datetime = NOW, **more: Any
) -> Refresh:
    return refresh(former, {"us": listing(*items)}, at, sources=SOURCES, **more)


def book(done: Refresh, own: dict[str, Any] | None = None) -> PriceBook:
    written = tomllib.loads(toml.dumps(done.prices))
    return PriceBook.load(own, refreshed=written)


def chat(model: str, tokens: int = MILLION, **more: Any) -> Usage:
    return Usage("chat", model, input_tokens=tokens, output_tokens=0, **more)


def usd(
    prices: PriceBook, model: str, at: dt.datetime = NOW, *, tokens: int = MILLION, **more: Any
) -> str:
    return prices.price(chat(model, tokens, **more), at).usd


def test_a_listed_model_has_the_lists_price_from_the_moment_it_was_read() -> None:
    prices = book(taken({}, item("gpt-6-sol", 4.2, 12)))
    assert usd(prices, "gpt-6-sol", model_region="global") == "4.2"
    with pytest.raises(Unpriced, match="before 2026-11-26"):
        usd(prices, "gpt-6-sol", NOW - dt.timedelta(seconds=1))


def test_cached_tokens_cost_what_the_list_says() -> None:
    cache = {
        "input_cache_read": 0.3,
        "input_cache_write": 3.75,
        "input_cache_write_1h": 6,
    }
    prices = book(taken({}, item("claude-sonnet-5", 3, 15, cache=cache)))
    usage = Usage(
        "chat",
        "claude-sonnet-5",
        input_tokens=4000,
        output_tokens=0,
        cached_tokens=1000,
        cache_write_tokens=1000,
        cache_write_1h_tokens=1000,
        model_region="global",
    )
    lines = {line.item: line.amount_nano for line in prices.price(usage, NOW).items}
    assert lines == {
        "claude-sonnet-5 input": 3_000_000,
        "claude-sonnet-5 cached input": 300_000,
        "claude-sonnet-5 cache write": 3_750_000,
        "claude-sonnet-5 cache write 1h": 6_000_000,
    }


def test_a_cache_rate_of_nothing_is_none() -> None:
    cache = {"input_cache_read": 0, "input_cache_write": None}
    prices = book(taken({}, item("gpt-6-sol", 4, cache=cache)))
    assert usd(prices, "gpt-6-sol", cached_tokens=MILLION, model_region="global") == "4"


@pytest.mark.parametrize(
    "stated, cost",
    [
        pytest.param(0.1, "2.2", id="a fraction, as seen live"),
        pytest.param(10.0, "2.2", id="per cent, as in the SDK"),
        pytest.param(0, "2", id="none"),
        pytest.param(12.5, "2.25", id="another"),
        pytest.param(None, "2.2", id="not stated, so the book's own"),
    ],
)
@pytest.mark.parametrize("region", ["us", "eu"])
def test_staying_in_a_region_costs_what_the_list_says(
    stated: float | None, cost: str, region: str
) -> None:
    prices = book(taken({}, item("m-1", pricing={"regional_increase_percent": stated})))
    assert usd(prices, "m-1", region=region) == cost
    assert usd(prices, "m-1", region=region, model_region="global") == "2"


def test_a_list_may_name_dollars_for_a_region() -> None:
    own = {"us": {"prompt": 2.5, "completions": 9, "input_cache_read": 0.5}}
    prices = book(taken({}, item("m-1", pricing=own)))
    assert usd(prices, "m-1") == "2.5"
    assert usd(prices, "m-1", cached_tokens=MILLION) == "0.5"
    assert usd(prices, "m-1", region="eu") == "2.2"
    price = prices.price(chat("m-1"), NOW)
    assert price.items[0].item == "m-1 input, in-region (us)"


def test_the_eu_has_the_prices_of_its_own_list() -> None:
    lists = {
        "us": listing(item("both", 2), item("us only", 1), item("m-us", 1)),
        "eu": listing(item("both", 3, pricing={"regional_increase_percent": 0.2}), item("m-eu", 5)),
    }
    done = refresh({}, lists, NOW, sources=SOURCES)
    prices = book(done)
    assert usd(prices, "both", region="us") == "2.2"
    assert usd(prices, "both", region="eu") == "3.6"
    assert usd(prices, "m-eu", region="eu") == "5.5"
    assert usd(prices, "m-us") == "1.1"
    written = {line.item: line.written for line in in_force(NOW, refreshed=done.prices)}
    assert written["both"] == "the list and the EU's, read 2026-11-26"
    assert written["m-eu"] == "the EU's, read 2026-11-26"


def test_lists_that_agree_need_no_rates_of_a_region() -> None:
    lists = {"us": listing(item("both")), "eu": listing(item("both"))}
    done = refresh({}, lists, NOW, sources=SOURCES)
    (price,) = done.prices["chat"]["both"]["prices"]
    assert price.keys() == {"since", "input", "output", "in_region", "source"}


def test_refreshing_twice_changes_nothing_but_the_date_of_the_list() -> None:
    items = [item("gpt-5", 1.25, 10), item("m-1", retirement_date=1_800_000_000)]
    first = taken({}, *items)
    again = taken(first.prices, *items, at=NOW + DAY)
    assert again.changes == []
    assert again.prices == {**first.prices, "read_at": NOW + DAY}


def test_a_price_that_rises_leaves_earlier_calls_theirs() -> None:
    first = taken({}, item("m-1", 2), item("m-2", 2))
    risen = taken(first.prices, item("m-1", 3), item("m-2", 2), at=NOW + DAY)
    assert risen.changes == [Change("m-1", "input", "2", "3")]
    assert len(risen.prices["chat"]["m-1"]["prices"]) == 2
    assert risen.prices["chat"]["m-2"] == first.prices["chat"]["m-2"]
    prices = book(risen)
    assert usd(prices, "m-1", NOW + DAY - dt.timedelta(microseconds=1)) == "2.2"
    assert usd(prices, "m-1", NOW + DAY) == "3.3"


def test_of_two_lists_of_one_moment_the_later_counts() -> None:
    again = taken(taken({}, item("m-1", 2)).prices, item("m-1", 3))
    assert len(again.prices["chat"]["m-1"]["prices"]) == 1
    assert usd(book(again), "m-1") == "3.3"


def test_a_shipped_price_stays_that_of_calls_before_the_first_list() -> None:
    prices = book(taken({}, item("gpt-5", 1.5, 10)))
    assert usd(prices, "gpt-5", NOW - DAY) == "1.375"
    assert usd(prices, "gpt-5") == "1.65"


@pytest.mark.parametrize(
    "listed, asked",
    [
        pytest.param("claude-haiku-4-5", "claude-haiku-4-5-20251001", id="without its date"),
        pytest.param("gemini-3-flash", "gemini-3-flash-preview", id="by its other name"),
        pytest.param("GPT-5.2", "gpt-5-2", id="in other letters"),
    ],
)
def test_a_known_model_by_another_name_is_the_same_model(listed: str, asked: str) -> None:
    prices = book(taken({}, item(listed, 7, 20)))
    for name in (listed, asked):
        assert usd(prices, name) == "7.7"
        assert usd(prices, name, NOW - DAY) == usd(PriceBook.load(), name, NOW - DAY)


def test_two_listed_names_of_one_shipped_model_are_two_models_from_then_on() -> None:
    names = ("claude-haiku-4-5", "claude-haiku-4-5-20251001")
    prices = book(taken({}, item(names[0], 7), item(names[1], 9)))
    assert [usd(prices, name) for name in names] == ["7.7", "9.9"]
    assert [usd(prices, name, NOW - DAY) for name in names] == ["1.1", "1.1"]


def test_a_configured_price_goes_over_the_list() -> None:
    done = taken({}, item("gpt-5", 2), item("m-1", 2))
    always = book(done, {"chat": {"m-1": {"input": "1", "output": "1"}}})
    assert usd(always, "m-1", model_region="global") == "1"
    contract = {"input": "1", "output": "1", "since": "2026-11-01"}
    dated = book(done, {"chat": {"gpt-5": contract}})
    assert usd(dated, "gpt-5", model_region="global") == "1"
    aliased = book(done, {"aliases": {"chat": {"house": "m-1"}}})
    assert usd(aliased, "house", model_region="global") == "2"


def test_a_configured_increase_goes_over_the_lists() -> None:
    done = taken({}, item("m-1", pricing={"us": {"prompt": 9, "completions": 9}}), item("m-2"))
    prices = book(done, {"settings": {"in_region": 0}})
    assert [usd(prices, "m-1"), usd(prices, "m-2")] == ["2", "2"]


def test_a_discount_lowers_what_the_list_says() -> None:
    done = taken({}, item("m-1", pricing={"us": {"prompt": 9, "completions": 9}}))
    prices = book(done, {"discount": 10})
    assert usd(prices, "m-1") == "8.1"
    assert usd(prices, "m-1", model_region="global") == "1.8"


def test_a_first_price_may_hold_from_an_earlier_day_and_a_known_one_not() -> None:
    early = NOW - 10 * DAY
    done = taken({}, item("m-1", 2), item("gpt-5", 2), first_since=early)
    assert usd(book(done), "m-1", early) == "2.2"
    assert usd(book(done), "gpt-5", early) == "1.375"
    later = taken(taken({}, item("m-1", 2)).prices, item("m-1", 3), at=NOW + DAY)
    moved = taken(later.prices, item("m-1", 3), at=NOW + 2 * DAY, first_since=early)
    assert [usd(book(moved), "m-1", at) for at in (early, NOW + DAY)] == ["2.2", "3.3"]


def test_a_model_that_is_not_listed_any_more_keeps_its_price() -> None:
    done = taken(taken({}, item("m-1"), item("m-2")).prices, item("m-2"), at=NOW + DAY)
    assert done.unlisted == ["m-1"]
    assert usd(book(done), "m-1", NOW + DAY) == "2.2"


def test_a_day_of_retirement_is_shown_and_is_no_change_of_price() -> None:
    first = taken({}, item("m-1"))
    going = taken(first.prices, item("m-1", retirement_date=1_800_000_000), at=NOW + DAY)
    assert going.changes == [Change("m-1", "retires", None, "2027-01-15")]
    assert len(going.prices["chat"]["m-1"]["prices"]) == 1
    assert retiring({}, going.prices) == [("m-1", dt.date(2027, 1, 15))]
    staying = taken(going.prices, item("m-1"), at=NOW + 2 * DAY)
    assert staying.changes == [Change("m-1", "retires", "2027-01-15", None)]
    assert retiring({}, staying.prices) == []


@pytest.mark.parametrize("retirement", [None, 0, -5, True, "soon", 1.5, 10**15])
def test_what_can_be_no_day_of_retirement_is_none(retirement: Any) -> None:
    assert listing(item("m-1", retirement_date=retirement)).models["m-1"].retires is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(item("m-1", -1), id="negative"),
        pytest.param(item("m-1", "2"), id="text"),
        pytest.param(item("m-1", True), id="a boolean"),
        pytest.param(item("m-1", [2]), id="a list"),
        pytest.param(item("m-1", 1e9), id="huge"),
        pytest.param(item("m-1", cache={"input_cache_read": -0.1}), id="a cache's"),
        pytest.param(item("m-1", pricing={"eu": {"prompt": "x", "completions": 1}}), id="eu"),
        pytest.param(item("m-1", pricing={"regional_increase_percent": -1}), id="less"),
        pytest.param(item("m-1", pricing={"regional_increase_percent": 101}), id="double"),
        pytest.param(item("m-1", pricing={"regional_increase_percent": "10"}), id="as text"),
    ],
)
def test_a_price_that_is_none_is_refused_by_its_models_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^m-1: pricing\."):
        listing(item("m-2"), wrong)


def test_two_prices_for_one_model_are_refused_and_one_said_twice_is_not() -> None:
    assert listing(item("m.1"), item("m-1")).models.keys() == {"m.1"}
    with pytest.raises(ValueError, match="listed twice"):
        listing(item("m.1"), item("m-1", 3))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"data": {}}',
        b'{"data": []}',
        b'{"data": [{"id": "m"}]}',
        b'{"data": [{"id": "m", "pricing": {"global": {"prompt": NaN, "completions": 1}}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_list_of_prices_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_listing(body)


def test_a_model_without_a_price_is_named_and_gets_none() -> None:
    half = item("half")
    del half["pricing"]["global"]["completions"]
    done = taken({}, item("m-1"), {"id": "bare"}, half, {"id": "with\x1b[2J"})
    assert done.without_price == ["bare", "half"]
    assert done.prices["chat"].keys() == {"m-1"}


@pytest.mark.parametrize(
    "prompt, strange",
    [
        (201, True),
        (200, False),
        (0.02, False),
        (0.0199, True),
        (0, True),
    ],
)
def test_a_change_by_more_than_a_hundred_times_is_called_strange(
    prompt: float, strange: bool
) -> None:
    done = taken(taken({}, item("m-1", 2)).prices, item("m-1", prompt), at=NOW + DAY)
    assert bool(done.strange) == strange


@pytest.mark.parametrize("prompt", [0, 0.00005, 10_001])
def test_a_first_price_out_of_all_proportion_is_called_strange(prompt: float) -> None:
    assert taken({}, item("m-1", prompt)).strange != []


def test_the_noise_of_floats_is_no_part_of_a_price() -> None:
    assert listing(item("m-1", 0.1 + 0.2)).models["m-1"].rates["input"] == "0.3"


def test_what_the_operator_wrote_into_the_file_stays() -> None:
    former = {
        "discount": "5%",
        "transcript": {"universal-9": {"prices": [{"usd": "0.3", "source": "offer"}]}},
        "settings": {"addons_per_channel": True},
    }
    done = taken(former, item("m-1"))
    assert {key: done.prices[key] for key in former} == former
    again = taken(done.prices, item("m-1"), at=NOW + DAY)
    assert again.prices["chat"] == done.prices["chat"]


def test_the_table_says_where_each_price_is_from() -> None:
    done = taken({}, item("gpt-5", 2, retirement_date=1_800_000_000))
    own = {"transcript": {"universal-2": {"usd": "0.1"}}}
    lines = {(line.section, line.item): line for line in in_force(NOW, own, refreshed=done.prices)}
    refreshed = lines["chat", "gpt-5"]
    assert (refreshed.source, refreshed.written) == ("refreshed", "the list, read 2026-11-26")
    assert refreshed.prices == {"input": "2", "output": "8"}
    assert refreshed.in_region == {"us": "10", "eu": "10"}
    assert (refreshed.since, refreshed.retires) == (NOW, dt.date(2027, 1, 15))
    configured = lines["transcript", "universal-2"]
    assert (configured.source, configured.since) == ("configuration", None)
    assert lines["sync", "*"].source == "shipped"
    before = {
        (line.section, line.item): line for line in in_force(NOW - DAY, own, refreshed=done.prices)
    }
    assert before["chat", "gpt-5"].source == "shipped"


def test_the_table_says_what_each_region_costs() -> None:
    own = {"us": {"prompt": 9, "completions": 9}}
    done = taken(
        {}, item("m-1", pricing=own), item("m-2", pricing={"regional_increase_percent": 0})
    )
    lines = {line.item: line for line in in_force(NOW, refreshed=done.prices)}
    assert lines["m-1"].regional == {"us": {"input": "9", "output": "9"}}
    assert lines["m-1"].in_region == {"eu": "10"}
    assert lines["m-2"].in_region == lines["universal-2"].in_region == {}


def test_the_table_has_every_shipped_item_once() -> None:
    lines = in_force(NOW)
    names = [(line.section, line.item) for line in lines]
    assert len(names) == len(set(names))
    assert {name for section, name in names if section == "chat"} == {
        entry.name for entry in load().items["chat"].values()
    }


VALUES = st.recursive(
    st.text()
    | st.integers(-(2**53), 2**53)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_tables_written_as_toml_are_read_alike(tables: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dumps(tables)) == tables
