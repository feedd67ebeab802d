"""JSON, CSV and `/metrics` give the same sums, to the nano-dollar, on both engines."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from usage_kit import MODELS, Made, added_up, fill, options, selected
from webtest import TestApp

from assemblyai_mw.cli import main
from assemblyai_mw.endpoints.metrics import MetricsApp
from assemblyai_mw.store import Database, UsageFilter
from assemblyai_mw.store.usage_names import GROUPINGS

LABELS = ("key", "team", "model", "direction")
SUMS = (
    *("calls", "pending", "failed", "unpriced", "cached_tokens"),
    *("input_tokens", "output_tokens", "characters", "cost_usd"),
)


class Filled(NamedTuple):
    url: str
    made: list[Made]

    def run(self, *args: str) -> str:
        """Return what a command prints."""
        environ = {name: None for name in os.environ if name.startswith("ASSEMBLYAI_")}
        url = {"ASSEMBLYAI_MW_DATABASE_URL": self.url}
        result = CliRunner().invoke(main, args, env={**environ, **url})
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture(scope="module")
def filled(module_database_url: str) -> Iterator[Filled]:
    """A ledger that these tests read and never write, on each engine in turn."""
    url = module_database_url
    database = Database(url)
    yield Filled(url, fill(database, 120))
    database.close()


def given_as(chosen: dict[str, Any]) -> list[str]:
    """Return a filter as options of the command line."""
    return [
        f"--{name.replace('_', '-')}={value.isoformat() if isinstance(value, datetime) else value}"
        for name, value in chosen.items()
        if value is not None
    ]


def from_csv(cell: str) -> str:
    # A cell that a spreadsheet would run is quoted.
    return cell.removeprefix("'")


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_json_and_csv_are_the_calls_added_up(filled: Filled, data: st.DataObject) -> None:
    chosen = data.draw(options(filled.made))
    if chosen["since"] and chosen["until"] and chosen["since"] >= chosen["until"]:
        chosen["until"] = None
    groupings = st.lists(st.sampled_from(GROUPINGS), min_size=1, max_size=2, unique=True)
    by = data.draw(groupings)
    calls = selected(filled.made, UsageFilter(**chosen))
    expected = added_up(calls, *by)
    asked = ("usage", f"--by={','.join(by)}", *given_as(chosen))
    assert json.loads(filled.run(*asked, "--format", "json")) == expected
    told = csv.DictReader(io.StringIO(filled.run(*asked, "--format", "csv")))
    assert [{name: from_csv(cell) for name, cell in row.items()} for row in told] == [
        {name: "" if cell is None else str(cell) for name, cell in row.items()} for row in expected
    ]
    asked = ("usage", "--by=call", "--format=csv", *given_as(chosen))
    rows = list(csv.DictReader(io.StringIO(filled.run(*asked))))
    assert [int(row["id"]) for row in rows] == [call.id for call in calls]
    nano = sum(Decimal(row["cost_usd"] or 0) for row in rows) * 10**9
    assert nano == sum(call.numbers[-1] for call in calls)


def test_metrics_are_the_command_lines_sums(filled: Filled) -> None:
    text = TestApp(MetricsApp(filled.url, token=None)).get("/").text
    seen = {
        (sample.name.removeprefix("assemblyai_mw_"), *map(sample.labels.get, LABELS)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    pending = 0
    for model in MODELS:
        asked = ("usage", "--by=key,team", f"--model={model}", "--format=json")
        told: dict[tuple[str, str], Counter[str]] = {}
        for row in json.loads(filled.run(*asked)):
            # Two keys of one name are one series.
            sums = told.setdefault((row["key"], row["team"]), Counter())
            sums.update({name: Decimal(str(row[name])) for name in SUMS})  # type: ignore[misc]
        for group, sums in told.items():
            pending += sums["pending"]
            if sums["calls"] == sums["pending"]:
                continue

            def shown(name: str, *labels: str, of: tuple[str, ...] = (*group, model)) -> float:
                return seen[(name, *of, *labels)] if labels else seen[(name, *of, None)]

            assert shown("calls_total") == sums["calls"] - sums["pending"]
            assert shown("failed_calls_total") == sums["failed"]
            assert shown("unpriced_calls") == sums["unpriced"]
            assert shown("cached_tokens_total") == sums["cached_tokens"]
            assert shown("characters_total") == sums["characters"]
            assert shown("tokens_total", "input") == sums["input_tokens"]
            assert shown("tokens_total", "output") == sums["output_tokens"]
            # A sample is a float, which holds every nano-dollar below some millions of dollars.
            cost = shown("cost_dollars_total")
            assert cost == float(sums["cost_usd"])
            if cost < 4_000_000:
                assert round(cost * 10**9) == sums["cost_usd"] * 10**9
    assert seen["pending_calls", None, None, None, None] == pending
