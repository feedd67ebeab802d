"""What people read of the ledger adds up, by whatever it is grouped and cut."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from assemblyai_mw.store import Database, Keys, Ledger, hash_key
from assemblyai_mw.store import totals as store_totals
from assemblyai_mw.store.columns import tag_names
from assemblyai_mw.store.schema import tag_totals

from .kit import NOON, Clock, call_by, caller_of, opened, opening, price_of, settled, used

DAY = 86_400


@pytest.fixture(scope="module")
def _months() -> list[tuple[float, int, int, int]]:
    """Calls over 70 days: when, whose, what, at what cost; the same in every run."""
    dice = random.Random(7)
    return [
        (
            NOON + dice.randrange(-70 * DAY, 0),
            dice.randrange(3),
            dice.randrange(4),
            dice.randrange(9**9),
        )
        for _ in range(150)
    ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _months: list[tuple[float, int, int, int]],
) -> Iterator[Ledger]:
    """A ledger with calls of every state, key, team, model and tag, for tests that only read."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").fresh_url()
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('months') / 'ledger.db'}"
    with opening(url, clock=Clock()) as database:
        yield _fill(database, _months)


def _fill(database: Database, months: list[tuple[float, int, int, int]]) -> Ledger:
    ledger, keys = Ledger(database), Keys(database)
    callers = [
        caller_of(keys, "alice", team="search"),
        caller_of(keys, "bob", team="search"),
        caller_of(keys, "carol"),
    ]
    for at, who, how, nano in months:
        tags = [{}, {"feature": "captions"}, {"feature": "search", "beta": ""}, {"beta": ""}][how]
        call = call_by(callers[who], at=at, tags=tags)
        row = opened(ledger, call, model=f"model {how % 2}")
        if how == 0:
            ledger.settle(row, usage=used(nano % 10**6), price=price_of(nano))
        elif how == 1 and nano % 2:
            ledger.settle(row, usage=used(nano % 10**6, "model 9"), price=price_of(nano))
        elif how == 1:
            ledger.settle(row, usage=used(60_000), price=None, reason="unknown")
        elif how == 2:
            ledger.fail(row, status=500)
    return ledger


def _groups(call: dict[str, Any], by: str) -> list[str]:
    if by == "tag":
        return tag_names(call["tags"])
    return [call["at"][:10]] if by == "day" else [call[by] or ""]


def _naive(calls: Iterator[dict[str, Any]], by: str) -> dict[str, list[Any]]:
    """Add the calls up one by one: calls, pending, failed, unpriced, seconds, dollars."""
    found: dict[str, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, Decimal(0)])
    for call in calls:
        for group in _groups(call, by):
            sums = found[group]
            sums[0] += 1
            for index, state in enumerate(("pending", "failed", "unpriced"), 1):
                sums[index] += call["state"] == state
            sums[4] += call["audio_seconds"] or 0
            sums[5] += Decimal(call["cost_usd"] or 0)
    return found


@pytest.mark.parametrize("by", ["key", "team", "model", "day", "tag"])
@pytest.mark.parametrize(
    "since, until",
    [
        pytest.param(None, None, id="all"),
        pytest.param(-40 * DAY, None, id="from within a day"),
        pytest.param(None, -20 * DAY, id="to within a day"),
        pytest.param(-40 * DAY, -20 * DAY, id="both within days"),
        pytest.param(-40 * DAY - DAY // 2, -20 * DAY - DAY // 2, id="whole days"),
        pytest.param(-30 * DAY + 3600, -30 * DAY + 7200, id="part of one day"),
        pytest.param(-30 * DAY + 3600, -29 * DAY - 3600, id="two parts of days"),
        pytest.param(-20 * DAY, -40 * DAY, id="backwards"),
        pytest.param(DAY, None, id="the future"),
    ],
)
def test_groups_add_up_to_the_calls(
    filled: Ledger, by: str, since: int | None, until: int | None
) -> None:
    start, end = (None if value is None else NOON + value for value in (since, until))
    expected = _naive(filled.calls(start, end), by)
    rows = filled.usage(by, start, end)
    assert [row[by] for row in rows] == sorted(expected)
    for row in rows:
        calls, pending, failed, unpriced, seconds, dollars = expected[row[by]]
        assert (row["calls"], row["pending"], row["failed"], row["unpriced"]) == (
            calls,
            pending,
            failed,
            unpriced,
        )
        assert row["audio_seconds"] == pytest.approx(seconds, abs=1e-6)
        assert Decimal(row["cost_usd"]) == dollars


def test_every_report_is_json(filled: Ledger) -> None:
    for rows in (list(filled.calls()), *map(filled.usage, ("key", "team", "model", "day", "tag"))):
        assert json.loads(json.dumps(rows)) == rows


def test_calls_come_oldest_first_and_limited_to_the_newest(filled: Ledger) -> None:
    everything = list(filled.calls())
    assert len(everything) == 150
    assert everything == sorted(everything, key=lambda call: (call["at"], call["id"]))
    assert list(filled.calls(limit=7)) == everything[-7:]
    assert list(filled.calls(limit=1000)) == everything
    assert list(filled.calls(limit=0)) == []
    some = list(filled.calls(NOON - 40 * DAY, NOON - 20 * DAY, limit=5))
    assert some == list(filled.calls(NOON - 40 * DAY, NOON - 20 * DAY))[-5:]
    assert {call["state"] for call in filled.calls(state="failed")} == {"failed"}


def test_more_calls_than_a_page_come_each_once(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        first = opened(ledger, call_by(None))
        with database.write() as connection:
            # Many rows of one moment, as a busy second has: the page's edge lies among them.
            connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM n WHERE i < 2500)"
                " INSERT INTO calls SELECT n.i, request_id, at, key_id, key_name, team, end_user,"
                " route, service, region, method, path, kind, model, features, tags, status,"
                " 'unpriced', reason, transcript_id, audio_ms, input_tokens, output_tokens,"
                " cached_tokens, cost_nano, breakdown, '{}', duration_ms, closed_at, due_at,"
                " attempts, kept_nano, estimated FROM calls, n WHERE calls.id = ?",
                (first,),
            )
        assert [call["id"] for call in ledger.calls()] == list(range(1, 2501))
        assert [call["id"] for call in ledger.calls(limit=1500)] == list(range(1001, 2501))
        assert [row["row"] for row in ledger.unpriced()] == list(range(2, 2501))
        assert len(list(ledger.unpriced(limit=1200))) == 1200


def test_two_owners_of_one_name_are_two_rows(keys: Keys, ledger: Ledger) -> None:
    for nano in (1, 2):
        settled(ledger, call_by(caller_of(keys)), nano)
        keys.revoke("alice")
    rows = ledger.usage("key")
    assert [(row["key"], row["cost_usd"]) for row in rows] == [
        ("alice", "0.000000001"),
        ("alice", "0.000000002"),
    ]
    assert len({row["key_id"] for row in rows}) == 2


def test_sums_past_32_bits_and_past_what_floats_hold_are_exact(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys)
    for nano in (10**17 + 1, 10**17 + 2):
        settled(ledger, call_by(caller), nano)
    assert ledger.usage("key")[0]["cost_usd"] == "200000000.000000003"


@pytest.mark.parametrize("by", ["call", "", "cost_nano; --"])
def test_an_unknown_grouping_is_refused(ledger: Ledger, by: str) -> None:
    with pytest.raises(ValueError, match=r"^by: expected key, team"):
        ledger.usage(by)


def test_reports_read_totals_and_open_calls_by_index(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        keys, ledger = Keys(database), Ledger(database)
        assert keys.find(hash_key("sk-none")) is None
        plans = _plans(database, ledger)
    assert len(plans) == 10
    for plan in plans:
        assert not [step for step in plan if step.startswith("SCAN calls") and "INDEX" not in step]
        assert not [step for step in plan if "calls" in step and "INDEX" not in step]


def _plans(database: Database, ledger: Ledger) -> list[list[str]]:
    seen: list[str] = []
    with database.snapshot() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(lambda text: seen.append(text) if "SELECT" in text else None)
    for by in ("key", "team", "model", "day", "tag"):
        ledger.usage(by, NOON - 40 * DAY - DAY // 2, NOON - 20 * DAY - DAY // 2)
    raw.set_trace_callback(None)
    return [[step[3] for step in raw.execute(f"EXPLAIN QUERY PLAN {text}")] for text in seen]


def test_tags_that_callers_make_up_do_not_fill_the_totals(
    keys: Keys, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_totals, "MAX_TAGS_A_DAY", 3)
    for number in range(6):
        settled(ledger, call_by(None, tags={f"tag-{number}": "", "known": ""}), 7)
    with keys.database.read() as connection:
        found = connection.execute(select(tag_totals.c.tag, tag_totals.c.calls)).all()
    assert {row.tag: row.calls for row in found} == {"known": 6, "tag-0": 1, "tag-1": 1, "other": 4}
