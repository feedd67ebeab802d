"""The rows of one owner's list: whose, between which, in which order, and by index alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assemblyai_mw.call import Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.store.columns import moment

from .kit import NOON, call_by, caller_of, opened, opening, price_of, used

DAY = 86_400


def made(ledger: Ledger, caller: Caller | None, id: str, **options: Any) -> int:
    row = opened(ledger, call_by(caller, **options))
    ledger.accept(row, status=200, transcript_id=id)
    return row


def ids(ledger: Ledger, caller: Caller, **bounds: Any) -> list[str]:
    return [row.id for row in ledger.own_rows("us", caller=caller, limit=100, **bounds)]


def test_rows_are_the_callers_newest_first_between_two_rows(keys: Keys, ledger: Ledger) -> None:
    alice, bob = caller_of(keys, team="blue"), caller_of(keys, "bob")
    mate = caller_of(keys, "mate", team="blue")
    rows = {}
    for number in range(5):
        rows[f"a{number}"] = made(ledger, alice if number % 2 else mate, f"a{number}")
        rows[f"b{number}"] = made(ledger, bob, f"b{number}")
    eu = opened(ledger, call_by(alice, route=route_for("/eu.assemblyai")))
    ledger.accept(eu, status=200, transcript_id="eu1")
    assert ids(ledger, alice) == ["a4", "a3", "a2", "a1", "a0"]
    assert ids(ledger, alice, upwards=True) == ["a0", "a1", "a2", "a3", "a4"]
    assert ids(ledger, alice, below=rows["a3"], above=rows["a0"]) == ["a2", "a1"]
    assert ids(ledger, alice, below=rows["a2"], above=rows["a2"]) == []
    assert ids(ledger, alice, ids=["a1", "b1", "no"]) == ["a1"]
    assert ids(ledger, Caller("all", scope="all"), above=rows["a3"]) == ["b4", "a4", "b3"]
    two = ledger.own_rows("us", caller=alice, limit=2, upwards=True)
    assert [(row.id, row.row, row.status) for row in two] == [
        ("a0", rows["a0"], "queued"),
        ("a1", rows["a1"], "queued"),
    ]


@pytest.mark.parametrize("scope", ["own", "all"])
def test_rows_are_found_by_status(keys: Keys, ledger: Ledger, scope: str) -> None:
    caller = caller_of(keys, scope=scope)
    for number in range(6):
        row = made(ledger, caller, f"t{number}")
        if number % 3 == 1:
            ledger.settle(row, usage=used(), price=price_of(1))
        elif number % 3 == 2:
            ledger.fail(row, status=None)
    assert ids(ledger, caller, statuses=["completed"]) == ["t4", "t1"]
    assert ids(ledger, caller, statuses=["queued", "error"]) == ["t5", "t3", "t2", "t0"]
    assert ids(ledger, caller) == ["t5", "t4", "t3", "t2", "t1", "t0"]


def test_rows_are_found_by_the_moment_of_their_call(keys: Keys, ledger: Ledger) -> None:
    alice = caller_of(keys)
    for day in range(6):
        made(ledger, alice, f"t{day}", at=NOON + day * DAY)
    # A call that came in before another may be written after it.
    made(ledger, alice, "late", at=NOON + 5 * DAY - 1800)
    assert ids(ledger, alice, since=NOON + 3 * DAY) == ["late", "t5", "t4", "t3"]
    assert ids(ledger, alice, since=NOON + DAY, until=NOON + 3 * DAY) == ["t2", "t1"]
    since = moment(round(NOON * 1e6)) + timedelta(days=4.5)
    assert ids(ledger, alice, since=since) == ["late", "t5"]
    assert ids(ledger, alice, since=NOON + 9 * DAY) == []
    assert ids(ledger, alice, until=NOON) == []


def test_neighbours_are_whoevers(keys: Keys, ledger: Ledger) -> None:
    alice, bob = caller_of(keys), caller_of(keys, "bob")
    rows = [made(ledger, alice if number % 2 else bob, f"t{number}") for number in range(7)]

    def beside(number: int, newer: bool, distance: int) -> str | None:
        return ledger.neighbour("us", rows[number], newer=newer, distance=distance)

    assert [beside(2, True, 1), beside(2, True, 4), beside(2, True, 5)] == ["t3", "t6", None]
    assert [beside(2, False, 1), beside(2, False, 5), beside(0, False, 1)] == ["t1", "t0", None]
    assert ledger.place("us", "t3") == rows[3]
    assert ledger.place("eu", "t3") is None
    assert ledger.place("us", "t\0") is None


def test_lists_are_read_by_index_alone(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        statements = _statements(database)
        with database.read() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            plans = [
                [step[3] for step in raw.execute(f"EXPLAIN QUERY PLAN {text}")]
                for text in statements
            ]
    assert len(plans) >= 20
    for text, plan in zip(statements, plans, strict=True):
        read = [step for step in plan if "transcripts" in step or "calls" in step]
        assert read, text
        for step in read:
            # Either a range that an index bounds, or one that it gives in order, up to a limit.
            assert step.startswith("SEARCH") or "USING COVERING INDEX calls_at" in step, (
                step,
                text,
            )


def _statements(database: Database) -> list[str]:
    """Return what a list asks the ledger, as SQLite gets it."""
    keys, ledger = Keys(database), Ledger(database)
    callers = [caller_of(keys), Caller("all", scope="all")]
    made(ledger, callers[0], "t1")
    seen: list[str] = []
    with database.snapshot() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(lambda text: seen.append(text) if "SELECT" in text else None)
    for caller in callers:
        for upwards in (False, True):
            ids(ledger, caller, upwards=upwards, since=NOON - 90 * DAY)
            ids(ledger, caller, upwards=upwards, above=0, below=9, statuses=["queued", "error"])
            ids(ledger, caller, upwards=upwards, since=NOON, until=NOON + DAY, ids=["t1", "t2"])
    raw.set_trace_callback(None)
    with database.read() as connection:
        reader = connection.connection.driver_connection
        assert reader is not None
        reader.set_trace_callback(lambda text: seen.append(text) if "SELECT" in text else None)
    ledger.place("us", "t1")
    ledger.neighbour("us", 1, newer=True, distance=25)
    ledger.neighbour("us", 1, newer=False, distance=25)
    reader.set_trace_callback(None)
    return seen
