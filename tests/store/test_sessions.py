"""Streaming sessions under way: limits that hold over all workers, checkpoints, one end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger, SessionLimit
from assemblyai_mw.store.closing import closing_of, failure_of
from assemblyai_mw.store.gauges import gauges
from assemblyai_mw.store.schema import open_sessions

from .kit import NOON, Clock, call_by, caller_of, opened, opening, price_of, race, used

ASKED = {"models": ["universal-streaming-english"]}
STREAMING = route_for("/streaming.assemblyai")


def handshake(caller: Caller | None, **options: Any) -> Call:
    return call_by(caller, route=STREAMING, path="/v3/ws", **options)


def begin(ledger: Ledger, caller: Caller | None, **options: Any) -> int | SessionLimit:
    return ledger.open_session(handshake(caller, **options), model=None, features=ASKED)


def begun(ledger: Ledger, caller: Caller | None, **options: Any) -> int:
    row = begin(ledger, caller, **options)
    assert isinstance(row, int)
    return row


def length(session_ms: int = 60_000) -> Usage:
    return Usage("session", ASKED["models"][0], "global", session_ms=session_ms)


def open_rows(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(open_sessions)) or 0


def test_an_opened_session_is_a_pending_call_that_has_not_begun(ledger: Ledger) -> None:
    row = begun(ledger, None)
    (call,) = ledger.calls()
    assert (call["id"], call["kind"], call["state"]) == (row, "session", "pending")
    due = ledger.look(row)
    assert due is not None
    assert due.session is not None
    assert (due.session.elapsed_ms, due.session.held_nano) == (0, None)
    assert due.session.at.timestamp() == NOON
    assert due.session.lost_at.timestamp() == NOON + 60


# Limits


def test_a_key_has_no_more_sessions_than_its_limit(ledger: Ledger, keys: Keys) -> None:
    alice, bob = caller_of(keys, max_sessions=2), caller_of(keys, "bob")
    first = begun(ledger, alice)
    begun(ledger, alice)
    assert begin(ledger, alice) == SessionLimit("key", 2)
    for _ in range(3):
        begun(ledger, bob)
    assert ledger.write(failure_of(first))
    begun(ledger, alice)
    assert begin(ledger, alice) == SessionLimit("key", 2)


def test_a_refused_session_leaves_nothing(ledger: Ledger, keys: Keys, database: Database) -> None:
    assert begin(ledger, caller_of(keys, max_sessions=0)) == SessionLimit("key", 0)
    assert list(ledger.calls()) == []
    assert open_rows(database) == 0


def test_all_keys_of_a_team_share_its_limit(ledger: Ledger, keys: Keys) -> None:
    keys.set_team("search", max_sessions=2)
    alice = caller_of(keys, team="search", max_sessions=2)
    bob, carol = caller_of(keys, "bob", team="search"), caller_of(keys, "carol", team="sales")
    assert (alice.max_sessions, alice.team_max_sessions, carol.team_max_sessions) == (2, 2, None)
    begun(ledger, alice)
    begun(ledger, bob)
    assert begin(ledger, alice) == SessionLimit("team", 2)
    begun(ledger, carol)


def test_keys_of_a_mapping_are_counted_by_their_names(ledger: Ledger) -> None:
    one, other = (Caller(name, max_sessions=1) for name in ("one", "other"))
    begun(ledger, one)
    assert begin(ledger, one) == SessionLimit("key", 1)
    begun(ledger, other)


@pytest.mark.parametrize("checkpoint_s, lost_s", [(15, 60), (5, 60), (30, 120)])
def test_a_session_counts_until_it_has_had_no_checkpoint_for_long(
    database: Database, keys: Keys, clock: Clock, checkpoint_s: float, lost_s: float
) -> None:
    ledger = Ledger(database, checkpoint_s=checkpoint_s)
    caller = caller_of(keys, max_sessions=1)
    row = begun(ledger, caller)
    clock.now += 10
    assert ledger.checkpoint({row: (10_000, None)}) == {row}
    clock.now += lost_s - 1
    assert begin(ledger, caller) == SessionLimit("key", 1)
    assert ledger.stale_sessions() == []
    clock.now += 1
    assert [due.row for due in ledger.stale_sessions()] == [row]
    begun(ledger, caller)
    assert begin(ledger, caller) == SessionLimit("key", 1)
    assert gauges(database, lost_after_s=ledger.lost_after_s).sessions == 1


def _open_one_each(number: int, url: str, callers: list[Caller]) -> list[str]:
    with opening(url, busy_timeout_s=60) as database:
        ledger = Ledger(database)
        found = [begin(ledger, caller) for caller in callers]
        return [each.scope for each in found if isinstance(each, SessionLimit)]


@pytest.mark.parametrize("bound", ["key", "team"])
def test_processes_that_open_sessions_at_once_get_the_limit_exactly(
    database_url: str, keys: Keys, ledger: Ledger, bound: str
) -> None:
    callers = []
    for n in range(100):
        keys.set_team(f"t{n}", max_sessions=2 if bound == "team" else 1000)
        limits = {"max_sessions": 2} if bound == "key" else {}
        callers.append(caller_of(keys, f"k{n}", team=f"t{n}", **limits))
    refused = race(_open_one_each, database_url, callers)
    assert [scope for each in refused for scope in each] == [bound] * 200
    assert ledger.pending() == 200


# Checkpoints


def test_a_checkpoint_tells_which_sessions_are_still_open(ledger: Ledger, clock: Clock) -> None:
    one, two, gone = (begun(ledger, None) for _ in range(3))
    assert ledger.write(closing_of(gone, usage=length(), price=price_of(5)))
    clock.now += 15
    seen = {two: (15_000, None), gone: (15_000, None), one: (14_000, None)}
    assert ledger.checkpoint(seen) == {one, two}
    assert ledger.checkpoint({}) == frozenset()
    for row, elapsed_ms in ((one, 14_000), (two, 15_000)):
        due = ledger.look(row)
        assert due is not None
        assert due.session is not None
        assert (due.session.elapsed_ms, due.session.at.timestamp()) == (elapsed_ms, NOON + 15)


def test_changed_facts_are_kept_with_the_call(ledger: Ledger) -> None:
    row, other = begun(ledger, None), begun(ledger, None)
    grown = {"models": ["universal-streaming-multilingual"], "features": ["keyterms_prompt"]}
    ledger.checkpoint({row: (15_000, grown), other: (15_000, None)})
    told, same = ledger.look(row), ledger.look(other)
    assert told is not None
    assert same is not None
    assert (told.features, told.model) == (grown, "universal-streaming-multilingual")
    assert same.features == ASKED


def test_a_closed_session_keeps_the_facts_it_was_closed_with(ledger: Ledger) -> None:
    row = begun(ledger, None)
    assert ledger.write(closing_of(row, usage=length(), price=price_of(5)))
    assert ledger.checkpoint({row: (15_000, {"models": ["late"]})}) == frozenset()
    (call,) = ledger.calls()
    assert call["features"] == ASKED


def test_a_thousand_sessions_are_checkpointed_together(ledger: Ledger, database: Database) -> None:
    rows = {begun(ledger, None) for _ in range(1000)}
    assert ledger.checkpoint(dict.fromkeys(rows, (1, None))) == rows
    assert gauges(database).sessions == 1000


def test_stale_sessions_come_oldest_first_with_what_is_held(
    ledger: Ledger, keys: Keys, holds: Holds, clock: Clock
) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = handshake(caller)
    holds.take(call, 700, expires_in_s=1)
    old = ledger.open_session(call, model=None, features=ASKED)
    clock.now += 5
    young = begun(ledger, None)
    assert ledger.stale_sessions() == []
    found = ledger.stale_sessions(0)
    assert [(due.row, due.session and due.session.held_nano) for due in found] == [
        (old, 700),
        (young, None),
    ]
    assert [due.row for due in ledger.stale_sessions(5)] == [old]
    assert [due.row for due in ledger.stale_sessions(0, limit=1)] == [old]


# The end


@pytest.mark.parametrize("how", ["settled", "unpriced", "failed", "by hand", "late"])
def test_whatever_closes_a_session_ends_its_checkpoints(
    ledger: Ledger, database: Database, how: str
) -> None:
    row, other = begun(ledger, None), begun(ledger, None)
    if how == "by hand":
        assert ledger.settle_by_hand(row, 5, reason="told", actor=None)
    elif how == "late":
        assert ledger.write_late(closing_of(row, usage=length(), price=price_of(5)))
    elif how == "failed":
        assert ledger.write(failure_of(row))
    else:
        price = price_of(5) if how == "settled" else None
        assert ledger.write(closing_of(row, usage=length(), price=price))
    assert open_rows(database) == 1
    assert ledger.checkpoint({row: (1, None), other: (1, None)}) == {other}


def test_a_session_that_shows_itself_again_is_not_closed(ledger: Ledger, clock: Clock) -> None:
    row = begun(ledger, None)
    clock.now += 100
    (due,) = ledger.stale_sessions()
    assert due.session is not None
    closing = closing_of(row, usage=length(), price=price_of(5), estimated=True)
    assert ledger.checkpoint({row: (100_000, None)}) == {row}
    assert not ledger.write(closing, last_seen=due.session.at)
    (call,) = ledger.calls()
    assert (call["state"], call["cost_usd"]) == ("pending", None)
    assert ledger.usage("key")[0]["cost_usd"] == "0"
    seen = ledger.look(row)
    assert seen is not None
    assert seen.session is not None
    assert ledger.write(closing, last_seen=seen.session.at)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("how", ["settled", "failed"])
def test_the_end_that_its_process_saw_replaces_an_estimated_one(
    ledger: Ledger, keys: Keys, holds: Holds, how: str, late: bool
) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    call = handshake(caller, tags={"page": "talk"})
    holds.take(call, 500, expires_in_s=60)
    row = ledger.open_session(call, model=None, features=ASKED)
    assert isinstance(row, int)
    guess = closing_of(row, usage=length(15_000), price=price_of(100), estimated=True)
    assert ledger.write(guess, last_seen=NOON)
    seen = closing_of(row, usage=length(75_000), price=price_of(450))
    if how == "failed":
        seen = failure_of(row, status=401)
    write = ledger.write_late if late else ledger.write
    assert [write(seen), write(seen)] == [False, False]
    nano, seconds = (0, None) if how == "failed" else (450, 75)
    (told,) = ledger.calls()
    assert (told["state"], told["audio_seconds"], told["estimated"]) == (how, seconds, False)
    for by in ("key", "tag"):
        (total,) = ledger.usage(by)
        assert total["cost_usd"] == ("0" if how == "failed" else "0.00000045")
        assert (total["calls"], total["failed"]) == (1, int(how == "failed"))
        assert total["audio_seconds"] == (seconds or 0)
    assert {(each.spent, each.held) for each in holds.spent(caller)} == {(nano, 0)}


def test_an_end_that_was_seen_is_not_replaced(ledger: Ledger) -> None:
    row = begun(ledger, None)
    assert ledger.write(closing_of(row, usage=length(), price=price_of(5)))
    assert not ledger.write(closing_of(row, usage=length(), price=price_of(7)))
    transcript = opened(ledger, call_by(None))
    assert ledger.write(closing_of(transcript, usage=used(), price=price_of(5), estimated=True))
    assert not ledger.write(closing_of(transcript, usage=used(), price=price_of(7)))
    assert ledger.usage("day")[0]["cost_usd"] == "0.00000001"


def test_sessions_that_close_while_others_are_checkpointed_do_not_wait_in_a_circle(
    database_url: str,
) -> None:
    """Closing locks a call and its checkpoint; a checkpoint locks many of both."""
    failed: list[Exception] = []
    with opening(database_url, busy_timeout_s=60) as database:
        ledger = Ledger(database)
        rows = [begun(ledger, None) for _ in range(60)]
        start = threading.Barrier(3)

        def work(action: Any) -> None:
            start.wait()
            try:
                action()
            except Exception as error:
                failed.append(error)

        def close(some: list[int]) -> None:
            for row in some:
                assert ledger.write(closing_of(row, usage=length(), price=price_of(5)))

        def look() -> None:
            while not failed and ledger.checkpoint(dict.fromkeys(rows, (1, {"models": ["m"]}))):
                pass

        actions = [lambda: close(rows[::2]), lambda: close(rows[:0:-2]), look]
        threads = [threading.Thread(target=work, args=[action]) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert open_rows(database) == 0
        assert ledger.usage("day")[0]["calls"] == 60


# Keys of sessions under way


def test_keys_that_are_revoked_or_expired_are_live_no_more(keys: Keys, clock: Clock) -> None:
    made = {name: keys.create(name).info.key_id for name in ("alice", "bob", "carol")}
    keys.revoke("bob")
    keys.set("carol", expires_in="60s")
    ids = [*made.values(), 999]
    assert keys.live(ids) == {made["alice"], made["carol"]}
    clock.now += 60
    assert keys.live(ids) == {made["alice"]}
    assert keys.live([]) == frozenset()


def test_a_caller_is_found_by_its_keys_id(keys: Keys, clock: Clock) -> None:
    keys.set_team("search", max_sessions=3)
    caller = caller_of(keys, budget_usd=1, max_sessions=2, expires_in="1h")
    assert caller.key_id is not None
    assert keys.by_id(caller.key_id) == caller
    inside = keys.by_id(caller.key_id, team="search")
    assert inside is not None
    assert (inside.team, inside.team_max_sessions, inside.max_sessions) == ("search", 3, 2)
    clock.now += 3600
    assert keys.by_id(caller.key_id) is None
    keys.set("alice", expires_at=None)
    keys.revoke("alice")
    assert keys.by_id(caller.key_id) is None
    assert keys.by_id(999) is None
