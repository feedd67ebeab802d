"""The golden table: amounts worked out by hand from AssemblyAI's price cards and rules.

tests/data/golden_prices.csv has one case a row. `working` is the sum as a person writes
it down from the rules in prices.toml (dollars an hour x seconds / 3600, dollars a
million tokens x tokens / 1,000,000; channels, +10 % in the region and discounts as
factors), one term a line of the bill; `usd` is that sum with each term rounded half up
to a nano-dollar. No figure there came out of the code under test. Rows named `card` are
the price cards' own examples.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import Usage

with (Path(__file__).parents[1] / "data" / "golden_prices.csv").open(newline="") as table:
    ROWS = list(csv.DictReader(table))


def usage_of(row: dict[str, str]) -> Usage:
    ms = int(Decimal(row["seconds"] or 0) * 1000) or None
    session = row["kind"] in ("session", "agent")
    return Usage(
        row["kind"],
        row["model"] or None,
        row["region"],
        audio_ms=None if session else ms,
        session_ms=ms if session else None,
        channels=int(row["channels"]),
        features=frozenset(filter(None, row["features"].split(";"))),
        input_tokens=int(row["input"]) if row["input"] else None,
        output_tokens=int(row["output"]) if row["output"] else None,
        cached_tokens=int(row["cached"] or 0),
        model_region=row["model_region"] or None,
    )


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_price_is_the_one_worked_out_by_hand(row: dict[str, str]) -> None:
    book = PriceBook.load(json.loads(row["prices"] or "{}"))
    at = dt.datetime.fromisoformat(row["at"]).replace(tzinfo=dt.UTC)
    price = book.price(usage_of(row), at)
    assert price.nano == int(Decimal(row["usd"]) * 1_000_000_000), price.breakdown()
    assert Decimal(price.usd) == Decimal(row["usd"])


def rounded(term: str) -> Decimal:
    value = Fraction(1)
    for factor in term.split("*"):
        over, *under = factor.strip().split("/")
        value *= Fraction(over)
        for divisor in under:
            value /= Fraction(divisor)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("1e-9"), ROUND_HALF_UP)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_amount_follows_from_its_working(row: dict[str, str]) -> None:
    terms = row["working"].split("+")
    assert sum(rounded(term) for term in terms) == Decimal(row["usd"])


def test_the_table_names_every_priced_model_and_add_on() -> None:
    from assemblyai_mw.billing.compiled_book import canonical
    from assemblyai_mw.billing.layers import load

    book = load()
    at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    for section in ("transcript", "session", "chat"):
        met = {
            entry.name
            for row in ROWS
            if row["kind"] == section and (entry := book.entry(section, row["model"], at))
        }
        assert met == {entry.name for entry in book.items[section].values()}
    for section in ("transcript", "session"):
        named = {
            canonical(name)
            for row in ROWS
            if row["kind"] in (section, "understanding")
            for name in row["features"].split(";")
        }
        # No documented parameter asks for the second kind of diarization.
        unnamed = {"speaker-labels-experimental"}
        assert set(book.items[f"{section}_addon"]) - unnamed <= named
