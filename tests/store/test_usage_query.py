"""Reports by every filter and grouping say what the calls say, added up one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from usage_kit import Made, added_up, fill, options, scopes, selected

from assemblyai_mw.store import Database, Keys, Ledger, Scope, UsageFilter
from assemblyai_mw.store.gauges import gauges
from assemblyai_mw.store.usage_names import GROUPINGS, month_range

from .kit import NOON, call_by, caller_of, opening, settled

DAY = 86_400


class Filled(NamedTuple):
    ledger: Ledger
    made: list[Made]


@pytest.fixture(scope="module")
def filled(module_database_url: str) -> Iterator[Filled]:
    """A ledger that these tests read and never write, on each engine in turn."""
    with opening(module_database_url) as database:
        made = fill(database)
        yield Filled(Ledger(database), made)


def pairs() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(GROUPINGS), min_size=1, max_size=2, unique=True).map(tuple)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_groups_add_up_to_the_calls(filled: Filled, data: st.DataObject) -> None:
    chosen, scope = data.draw(options(filled.made)), data.draw(scopes(filled.made))
    which, by = UsageFilter(**chosen, scope=scope), data.draw(pairs())
    expected = selected(filled.made, which)
    rows = filled.ledger.usage(by[0], which, by2=by[1] if by[1:] else None)
    assert rows == added_up(expected, *by)
    assert json.loads(json.dumps(rows)) == rows
    (total,) = added_up(expected) or added_up_nothing()
    assert filled.ledger.usage_total(which) == total


def added_up_nothing() -> list[dict[str, Any]]:
    names = ("calls", "pending", "failed", "unpriced", "audio_seconds", "input_tokens")
    names += ("output_tokens", "cached_tokens", "characters")
    return [{**dict.fromkeys(names, 0), "cost_usd": "0"}]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_calls_come_in_order_and_page_by_page(filled: Filled, data: st.DataObject) -> None:
    chosen, scope = data.draw(options(filled.made)), data.draw(scopes(filled.made))
    which, limit = UsageFilter(**chosen, scope=scope), data.draw(st.integers(1, 30))
    expected = [call.id for call in selected(filled.made, which)]
    assert [call["id"] for call in filled.ledger.calls(which)] == expected
    newest = expected[::-1]
    assert [call["id"] for call in filled.ledger.calls(which, limit=limit)] == newest[:limit]
    seen, after = [], None
    while True:
        page = filled.ledger.newest_calls(which, limit=limit, after=after)
        assert len(page.calls) == limit or page.next is None
        seen += [call["id"] for call in page.calls]
        after = page.next
        if after is None:
            break
    assert seen == newest


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_adds_up_without_a_filter(filled: Filled, by: str) -> None:
    assert filled.ledger.usage(by) == added_up(selected(filled.made, UsageFilter()), by)


def test_metrics_have_the_same_sums(filled: Filled) -> None:
    closed = [call for call in filled.made if call.state != "pending"]
    named: dict[tuple[str, str, str], list[int]] = {}
    for call in closed:
        into = named.setdefault((call.key, call.team, call.model), [0, 0])
        into[0] += 1
        into[1] += call.numbers[-1]
    told = gauges(filled.ledger.database).sums
    assert {(s.key, s.team, s.model): [s.calls, s.cost_nano] for s in told} == named
    assert sum(s.characters for s in told) == sum(call.numbers[-2] for call in closed)


def test_an_empty_scope_sees_nothing_and_an_empty_name_is_no_scope(filled: Filled) -> None:
    nothing = UsageFilter(scope=Scope())
    assert filled.ledger.usage("day", nothing) == []
    assert filled.ledger.usage("region", nothing) == []
    assert list(filled.ledger.calls(nothing)) == []
    assert filled.ledger.usage_total(nothing)["calls"] == 0
    for names in ({"teams": ("",)}, {"keys": ("alice", "")}):
        with pytest.raises(ValueError, match=r"^scope: "):
            Scope(**names)


@pytest.mark.parametrize("after", ["", "1", "1.", ".1", "1.2.3", "x.y", "9" * 40 + ".1", "1.2\n"])
def test_a_made_up_cursor_is_refused(filled: Filled, after: str) -> None:
    with pytest.raises(ValueError, match=r"^after: "):
        filled.ledger.newest_calls(after=after)


@pytest.mark.parametrize("by", ["call", "", "cost_nano; --"])
def test_an_unknown_grouping_is_refused(filled: Filled, by: str) -> None:
    with pytest.raises(ValueError, match=r"^by: expected key, team"):
        filled.ledger.usage(by)
    with pytest.raises(ValueError, match=r"^by: expected key, team"):
        filled.ledger.usage("key", by2=by)
    with pytest.raises(ValueError, match=r"^by: expected two different"):
        filled.ledger.usage("key", by2="key")


def test_a_wrong_filter_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^state: expected pending, settled"):
        UsageFilter(state="open")
    with pytest.raises(ValueError, match="time zone"):
        UsageFilter(since=datetime(2026, 11, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("\0", id="NUL"),
        pytest.param("\udc80", id="a lone surrogate"),
        pytest.param("=" * 3000, id="thousands of equals signs"),
        pytest.param("%", id="a wildcard"),
        pytest.param("'; DROP TABLE calls; --", id="SQL"),
        pytest.param("x" * 100_000, id="long"),
    ],
)
@pytest.mark.parametrize("field", ["key", "team", "model", "tag", "end_user", "region"])
def test_no_value_of_a_filter_is_more_than_a_value(filled: Filled, field: str, value: str) -> None:
    which = UsageFilter(**{field: value})  # type: ignore[arg-type]
    assert filled.ledger.usage("day", which) == []
    assert filled.ledger.newest_calls(which).calls == ()


def test_the_ends_of_the_calendar_are_moments_too(filled: Filled) -> None:
    first, last = utc("0001-01-01"), utc("9999-12-31T23:59:59.999999")
    assert filled.ledger.usage("day", UsageFilter(since=last)) == []
    assert filled.ledger.usage("tag", UsageFilter(since=last, until=last)) == []
    assert filled.ledger.usage("day", UsageFilter(until=first)) == []
    everything = UsageFilter(since=first, until=last)
    assert filled.ledger.usage("day", everything) == filled.ledger.usage("day")


def test_two_owners_of_one_name_are_two_rows(keys: Keys, ledger: Ledger) -> None:
    for nano in (1, 2):
        settled(ledger, call_by(caller_of(keys)), nano)
        keys.revoke("alice")
    rows = ledger.usage("key")
    assert [(row["key"], row["cost_usd"]) for row in rows] == [
        ("alice", "0.000000001"),
        ("alice", "0.000000002"),
    ]
    first, second = (row["key_id"] for row in rows)
    assert ledger.usage_total(UsageFilter(key="alice"))["cost_usd"] == "0.000000003"
    own = UsageFilter(scope=Scope(keys=(second,)))
    assert ledger.usage_total(own)["cost_usd"] == "0.000000002"
    assert [call["key_id"] for call in ledger.calls(own)] == [second] != [first]


# Periods


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "since, until, before",
    [
        pytest.param("2026-11-20", "2026-11-22", ("2026-11-18", "2026-11-20"), id="days"),
        pytest.param("2026-11-15T06:00", None, ("2026-11-08", "2026-11-15T06:00"), id="until now"),
        pytest.param("2026-10-01", "2026-11-01", ("2026-09-01", "2026-10-01"), id="a month"),
        pytest.param("2026-03-01", "2026-04-01", ("2026-02-01", "2026-03-01"), id="March"),
        pytest.param("2026-01-01", "2026-04-01", ("2025-10-01", "2026-01-01"), id="a quarter"),
        # As much of October as of November is over.
        pytest.param("2026-11-01", "2026-12-01", ("2026-10-01", "2026-10-22T12:00"), id="so far"),
        pytest.param("2026-11-22", "2026-11-23", ("2026-11-21T12:00", "2026-11-22"), id="today"),
        pytest.param(None, "2026-11-23", None, id="without a start"),
        pytest.param("2026-11-23", None, None, id="yet to come"),
        pytest.param("0001-01-01", "0001-02-01", None, id="before the calendar"),
        pytest.param("0001-01-01", "2026-11-01", None, id="of all time"),
        pytest.param("0001-01-02", "2026-11-01", None, id="of nearly all time"),
    ],
)
def test_the_period_before(
    since: str | None, until: str | None, before: tuple[str, str] | None
) -> None:
    which = UsageFilter(since=since and utc(since), until=until and utc(until), team="search")
    found = which.before(NOON)
    if before is None:
        assert found is None
    else:
        assert found == UsageFilter(since=utc(before[0]), until=utc(before[1]), team="search")


def test_months() -> None:
    assert month_range("2026-02") == (utc("2026-02-01"), utc("2026-03-01"))
    assert month_range("2026-12") == (utc("2026-12-01"), utc("2027-01-01"))
    odd_ones = ("", "2026", "2026-13", "2026-00", "2026-1", "0000-01", "9999-12", "2026-02\n")
    for odd in (*odd_ones, "\u0662\u0660\u0662\u0666-01"):
        with pytest.raises(ValueError, match=r"^month: expected YYYY-MM"):
            month_range(odd)


# Indexes

# What is asked -> the index by which calls are found, on SQLite, which knows no sizes.
INDEXES = {
    "calls_team": {"team": "search", "region": "us"},
    "calls_key_name": {"key": "alice", "end_user": ""},
    "calls_model": {"model": "universal-2", "region": "eu"},
    "calls_end_user": {"end_user": "user-7"},
    "calls_key": {"scope": Scope(keys=(1,)), "region": "us"},
    "calls_at": {"region": "us", "since": NOON - 40 * DAY, "until": NOON},
    "calls_failed": {"state": "failed", "team": "search", "since": NOON - 40 * DAY},
    "calls_unpriced": {"state": "unpriced", "team": "search", "since": NOON - 40 * DAY},
    "calls_pending": {"state": "pending", "team": "search", "since": NOON - 40 * DAY},
}


@pytest.mark.parametrize("index", INDEXES)
def test_filtered_sums_and_pages_read_their_index(sqlite_url: str, index: str) -> None:
    which = UsageFilter(**INDEXES[index])  # type: ignore[arg-type]
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        ledger.usage("day")
        sums = plans(database, lambda: ledger.usage("day", which))
        page = plans(database, lambda: ledger.newest_calls(which))
    assert (len(sums), len(page)) == (1, 1)
    for plan in (*sums, *page):
        assert reads(plan, index), plan


@pytest.mark.parametrize(
    "filters, index",
    [
        pytest.param({}, "sqlite_autoindex_totals_1", id="all"),
        pytest.param({"team": "search"}, "totals_team", id="team"),
        pytest.param({"key": "alice"}, "totals_key_name", id="key"),
        pytest.param({"model": "universal-2"}, "totals_model", id="model"),
        pytest.param({"scope": Scope(keys=(1,))}, "totals_key", id="a reader's key"),
    ],
)
def test_sums_of_days_read_totals_and_open_calls_by_index(
    sqlite_url: str, filters: dict[str, Any], index: str
) -> None:
    since, until = NOON - 40 * DAY - DAY // 2, NOON - 20 * DAY - DAY // 2
    which = UsageFilter(since=since, until=until, **filters)  # type: ignore[arg-type]
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        ledger.usage("day")
        of_days, open_ = plans(database, lambda: ledger.usage("day", which))
    assert reads(of_days, index), of_days
    assert reads(open_, "calls_pending"), open_


def reads(plan: list[str], index: str) -> bool:
    # There are two indexes that hold open calls and nothing else.
    named = ("calls_pending", "calls_due") if index == "calls_pending" else (index,)
    return any(f" INDEX {name} " in f"{step} " for step in plan for name in named)


def plans(database: Database, act: Callable[[], object]) -> list[list[str]]:
    """Return the plan of each statement that *act* runs on SQLite."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with database.read() as connection:
        return [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            for text, values in seen
        ]
