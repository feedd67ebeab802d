"""`usage`: the same numbers as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cli_kit import made

from assemblyai_mw.store import Database, Keys, Ledger


def test_usage_by_call_prints_what_the_interface_names(run, ledger):
    rows = json.loads(run("usage", "--by", "call", "--format", "json").stdout)
    assert len(rows) == 4
    named = (
        "id at key team route method path model status state audio_seconds input_tokens "
        "output_tokens cost_usd transcript_id tags breakdown region kind reason request_id"
    )
    assert all(set(named.split()) <= set(row) for row in rows)
    assert [(row["state"], row["cost_usd"]) for row in rows] == [
        ("settled", "12"),
        ("settled", "0.345"),
        ("unpriced", None),
        ("pending", None),
    ]
    assert rows[0]["tags"] == {"feature": "captions"}
    assert rows[0]["breakdown"][0]["amount_usd"] == "12"


@pytest.mark.parametrize(
    "by, groups",
    [
        pytest.param("key", {"alice": "12.345"}, id="key"),
        pytest.param("team", {"search": "12.345"}, id="team"),
        pytest.param(
            "model",
            {"universal-2": "12", "=cmd|' /C calc'!A0": "0.345", "nobody-knows": "0", "": "0"},
            id="model",
        ),
        pytest.param("day", {"2026-11-20": "12.345", "2026-11-21": "0"}, id="day"),
        pytest.param("tag", {"feature=captions": "12.345", "v=2": "0.345"}, id="tag"),
    ],
)
def test_usage_groups(run, ledger, by, groups):
    rows = json.loads(run("usage", "--by", by, "--format", "json").stdout)
    assert {row[by]: row["cost_usd"] for row in rows} == groups
    named = {by, "calls", "audio_seconds", "input_tokens", "output_tokens", "cost_usd"}
    assert all(named <= set(row) for row in rows)


@pytest.mark.parametrize(
    "by, calls",
    [("key", 4), ("team", 4), ("model", 4), ("day", 4), ("tag", 4)],
)
def test_the_table_ends_in_a_total_that_counts_each_call_once(run, ledger, by, calls):
    lines = run("usage", "--by", by).stdout.splitlines()
    total = lines[-1].split()
    assert total == ["total", str(calls), "1", "1", "180", "0", "0", "12.345"]
    assert len({len(line) for line in lines}) == 1


def test_money_stands_flush_right_with_its_points_below_each_other(run, ledger):
    lines = run("usage", "--by", "call").stdout.splitlines()
    costs = [line.split()[-1] for line in lines[2:6]] + [lines[-1].split()[-1]]
    assert costs == ["12.000", "0.345", "-", "-", "12.345"]
    assert len({line.rindex(".") for line in (lines[2], lines[3], lines[-1])}) == 1


def test_usage_keeps_to_the_range(run, ledger):
    def models(*options: str) -> list[str]:
        rows = json.loads(run("usage", "--by", "call", "--format", "json", *options).stdout)
        return [row["model"] for row in rows]

    assert models("--since", "2026-11-20T14:00") == ["nobody-knows", None]
    assert models("--since", "2026-11-20T14:00+02:00", "--until", "2026-11-20T13:00Z") == [
        "universal-2"
    ]
    assert models("--since", "2026-11-21") == [None]
    assert models("--until", "2026-11-20") == []


def test_a_relative_range_counts_from_now(run, sqlite_url):
    database = Database(sqlite_url)
    key = Keys(database).create("alice")
    for days in (0, 6, 8):
        call = made(key.info.key_id, datetime.now(UTC) - timedelta(days=days), {})
        Ledger(database).open(call, kind="transcript", model=f"days-{days}", features={})
    rows = json.loads(run("usage", "--by", "model", "--since", "7d", "--format", "json").stdout)
    assert [row["model"] for row in rows] == ["days-0", "days-6"]


def test_csv_is_safe_in_a_spreadsheet_and_adds_up(run, ledger):
    text = run("usage", "--by", "call", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["model"] for row in rows] == [
        "universal-2",
        "'=cmd|' /C calc'!A0",
        "nobody-knows",
        "",
    ]
    assert sum(Decimal(row["cost_usd"] or 0) for row in rows) == Decimal("12.345")
    assert json.loads(rows[0]["tags"]) == {"feature": "captions"}
    grouped = list(csv.DictReader(io.StringIO(run("usage", "--format", "csv").stdout)))
    assert (grouped[0]["key"], grouped[0]["cost_usd"]) == ("alice", "12.345")


def test_a_table_cannot_steer_a_terminal(run, sqlite_url):
    database = Database(sqlite_url)
    key = Keys(database).create("alice")
    call = made(key.info.key_id, datetime.now(UTC), {})
    Ledger(database).open(call, kind="transcript", model="m\x1b[2J\nm", features={})
    output = run("usage", "--by", "model").stdout
    assert "\x1b" not in output
    assert len(output.splitlines()) == 5


@pytest.mark.parametrize(
    "form, printed",
    [("json", "[]\n"), ("csv", "key,calls,"), ("table", "key ")],
)
def test_nothing_used_is_an_empty_report(run, keys, form, printed):
    keys.list()
    assert run("usage", "--format", form).stdout.startswith(printed)


def test_more_rows_than_a_table_measures_all_come(run, sqlite_url):
    database = Database(sqlite_url)
    key = Keys(database).create("alice")
    ledger = Ledger(database)
    for index in range(510):
        call = made(key.info.key_id, datetime.now(UTC), {})
        ledger.open(call, kind="transcript", model=f"m{index}", features={})
    lines = run("usage", "--by", "call").stdout.splitlines()
    assert sum(bool(re.search(r" m[0-9]+ ", line)) for line in lines) == 510
    assert lines[-1].startswith("total")
