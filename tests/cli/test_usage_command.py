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

from assemblyai_mw.billing.price_book import Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.store import Database, Keys, Ledger

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
        pytest.param("tag", {"": "0", "feature=captions": "12.345", "v=2": "0.345"}, id="tag"),
        pytest.param("month", {"2026-11": "12.345"}, id="month"),
        pytest.param("end-user", {"": "12.345"}, id="end user"),
        pytest.param("region", {"us": "12.345"}, id="region"),
    ],
)
def test_usage_groups(run, ledger, by, groups):
    rows = json.loads(run("usage", "--by", by, "--format", "json").stdout)
    by = by.replace("-", "_")
    assert {row[by]: row["cost_usd"] for row in rows} == groups
    named = {by, "calls", "audio_seconds", "input_tokens", "output_tokens", "cost_usd"}
    assert all(named <= set(row) for row in rows)


@pytest.mark.parametrize("by", ["key", "team", "model", "day", "tag", "tag,day", "team,tag"])
def test_the_table_ends_in_a_total_that_counts_each_call_once(run, ledger, by):
    lines = run("usage", "--by", by, "--exact").stdout.splitlines()
    total = lines[-1].split()
    assert total == ["total", "4", "1", "1", "180", "0", "0", "12.345"]
    assert len({len(line) for line in lines}) == 1
    lines = run("usage", "--by", by).stdout.splitlines()
    assert lines[-1].split() == ["total", "4", "1", "1", "0:03:00", "0", "0", "12.35"]
    assert len({len(line) for line in lines}) == 1


def test_a_table_rounds_what_people_read_and_never_to_nothing(run, sqlite_url):
    ledger = Ledger(sqlite_url)
    for name, nano, ms in (
        ("big", 1_234_567_005_000_000, 5_025_500_000),
        ("cent", 5_000_000, 1_499),
        ("dust", 4_999_999, 499),
        ("free", 0, 0),
    ):
        row = ledger.open(made(None, AT, {}), kind="transcript", model=name, features={})
        usage = Usage("chat", name, audio_ms=ms, input_tokens=1234567, characters=7)
        ledger.settle(row, usage=usage, price=Price(nano, ()))
    lines = run("usage", "--by", "model").stdout.splitlines()
    assert [" ".join(line.split()) for line in (lines[0], *lines[2:6], lines[7])] == [
        "model calls pending unpriced audio tokens in tokens out characters cost usd",
        "big 1 0 0 1,395:58:20 1,234,567 0 7 1,234,567.01",
        "cent 1 0 0 0:00:01 1,234,567 0 7 0.01",
        "dust 1 0 0 <0:00:01 1,234,567 0 7 <0.01",
        "free 1 0 0 0:00:00 1,234,567 0 7 0.00",
        "total 4 0 0 1,395:58:22 4,938,268 0 28 1,234,567.01",
    ]
    exact = run("usage", "--by", "model", "--exact").stdout
    assert " 1234567.005000000\n" in exact
    assert " 0.004999999\n" in exact
    assert " 5025501.998 " in exact


@pytest.mark.parametrize(
    "options, models",
    [
        pytest.param(["--key", "alice"], 4, id="key"),
        pytest.param(["--key", "nobody"], 0, id="another key"),
        pytest.param(["--team", "search"], 4, id="team"),
        pytest.param(["--team", ""], 0, id="no team"),
        pytest.param(["--tag", "v=2"], 1, id="tag"),
        pytest.param(["--tag", ""], 2, id="no tag"),
        pytest.param(["--model", "nobody-knows"], 1, id="model"),
        pytest.param(["--end-user", ""], 4, id="no end user"),
        pytest.param(["--end-user", "user-7"], 0, id="end user"),
        pytest.param(["--state", "settled"], 2, id="state"),
        pytest.param(["--region", "eu"], 0, id="region"),
        pytest.param(["--month", "2026-11"], 4, id="month"),
        pytest.param(["--month", "2026-12"], 0, id="another month"),
        pytest.param(["--tag", "feature=captions", "--since", "2026-11-20T13:00"], 1, id="both"),
    ],
)
def test_filters_select_calls(run, ledger, options, models):
    calls = run("usage", "--by", "call", "--format", "json", *options)
    assert len(json.loads(calls.stdout)) == models
    rows = json.loads(run("usage", "--by", "team,day", "--format", "json", *options).stdout)
    assert sum(row["calls"] for row in rows) == models
    assert calls.stderr == ("" if models else "No calls in this range and with these filters.\n")


def test_the_newest_come_first_with_a_limit(run, ledger):
    rows = json.loads(run("usage", "--by", "call", "--limit", "3", "--format", "json").stdout)
    assert [row["id"] for row in rows] == [4, 3, 2]
    lines = run("usage", "--by", "call", "--limit", "1").stdout.splitlines()
    assert lines[2].startswith("    4  2026-11-21 12:00:00Z  alice")
    assert len(lines) == 5


def test_two_groupings_are_a_line_a_pair(run, ledger):
    rows = json.loads(run("usage", "--by", "team, day", "--format", "json").stdout)
    assert [(row["team"], row["day"], row["calls"]) for row in rows] == [
        ("search", "2026-11-20", 3),
        ("search", "2026-11-21", 1),
    ]
    text = run("usage", "--by", "day,key", "--format", "csv").stdout
    assert text.startswith("day,key,key_id,calls,pending,failed,unpriced,")


def test_csv_has_every_column_in_one_order(run, ledger):
    def both(*options: str) -> tuple[list[str], set[str]]:
        text = run("usage", *options, "--format", "csv").stdout
        (row, *_) = json.loads(run("usage", *options, "--format", "json").stdout)
        return text.splitlines()[0].split(","), set(row)

    for by in ("call", "key", "team", "model", "day", "month", "tag", "end_user", "region"):
        columns, named = both("--by", by)
        assert set(columns) == named
        assert len(columns) == len(named)
    empty = run("usage", "--by", "key", "--team", "none", "--format", "csv").stdout
    assert empty.splitlines() == [",".join(both("--by", "key")[0])]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--by", "cost"], id="no grouping"),
        pytest.param(["--by", "key,team,day"], id="three groupings"),
        pytest.param(["--by", "key,key"], id="one twice"),
        pytest.param(["--by", "call,key"], id="call and another"),
        pytest.param(["--by", ""], id="nothing"),
        pytest.param(["--by", "key,"], id="half a pair"),
        pytest.param(["--state", "open"], id="state"),
        pytest.param(["--region", "mars"], id="region"),
        pytest.param(["--month", "2026-13"], id="month"),
        pytest.param(["--month", "november"], id="month by name"),
        pytest.param(["--month", "2026-11", "--since", "7d"], id="month and a range"),
        pytest.param(["--limit", "0", "--by", "call"], id="limit"),
        pytest.param(["--limit", "5"], id="limit of groups"),
        pytest.param(["--since", "2026-11-02", "--until", "2026-11-02"], id="an empty range"),
    ],
)
def test_a_wrong_value_is_one_line(run, ledger, options):
    result = run("usage", *options, status=2)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert options[-2 if len(options) == 2 else 0] in line or "--" in line


def test_money_stands_flush_right_with_its_points_below_each_other(run, ledger):
    lines = run("usage", "--by", "call", "--exact").stdout.splitlines()
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


@pytest.mark.parametrize("form, lines", [("json", 1), ("csv", 1), ("table", 0)])
@pytest.mark.parametrize("by", ["key", "call", "tag"])
def test_nothing_used_is_said_in_one_line(run, keys, by, form, lines):
    keys.list()
    result = run("usage", "--by", by, "--format", form)
    assert result.stderr == "No calls yet.\n"
    assert len(result.stdout.splitlines()) == lines


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
