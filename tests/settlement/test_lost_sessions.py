"""Sessions that nobody closes: charged to one interval after their last checkpoint, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from settlement_kit import House, build, close_databases

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller, new_id
from assemblyai_mw.routes import route_for
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Database, Holds, Keys, Ledger
from assemblyai_mw.store.clock import ClockWatch
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

MODEL = "universal-streaming-english"
ASKED = {"models": [MODEL]}


class Now:
    """A clock for the ledger and the settler, in Unix seconds."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def house(hosts: Hosts, database_url: str, now: Now) -> Iterator[House]:
    house = build(hosts, database_url)
    house.database.close()
    house.database = Database(database_url, clock=now)
    yield house
    house.database.close()
    close_databases()


def begin(house: House, caller: Caller | None = None, *, held: int = 0, **asked: Any) -> int:
    """Open a session, with a hold of *held* nano-dollars."""
    started = house.database.clock()
    route = route_for("/streaming.assemblyai")
    call = Call(new_id(), started, route, "GET", "/v3/ws", caller=caller)
    if held:
        Holds(house.database).take(call, held, expires_in_s=1)
    row = house.ledger.open_session(call, model=None, features={**ASKED, **asked})
    assert isinstance(row, int)
    return row


def settle(house: House, now: Now, *, after_s: float = 0.0, **options: Any) -> Any:
    now.now += after_s
    settler = house.settler(**options)
    settler._clock = now
    return settler.run(limit=100)


def cost(session_ms: int, *features: str, model: str = MODEL) -> int:
    usage = Usage("session", model, "global", session_ms=session_ms, features=frozenset(features))
    return PriceBook.load().price(usage, datetime(2026, 11, 22, 12, tzinfo=UTC)).nano


def nano(row: dict[str, Any]) -> int:
    return int(Decimal(row["cost_usd"]) * 10**9)


def budgeted(house: House, usd: str = "1") -> Caller:
    made = Keys(house.database).create("budgeted", budget_usd=usd)
    caller = Keys(house.database).by_id(made.info.key_id)
    assert caller is not None
    return caller


def test_a_session_is_left_alone_as_long_as_it_is_seen(house: House, now: Now) -> None:
    row = begin(house)
    for turn in range(1, 100):
        now.now += 15
        assert house.ledger.checkpoint({row: (15_000 * turn, None)}) == {row}
        assert settle(house, now).leased == 0
    house.ledger.make_due_now()
    summary = settle(house, now, after_s=59)
    assert (summary.leased, dict(summary.left)) == (1, {"the session is under way": 1})
    assert house.row()["state"] == "pending"


def test_a_session_whose_process_died_ends_one_interval_after_it_was_seen(
    house: House, now: Now
) -> None:
    row = begin(house)
    now.now += 30
    house.ledger.checkpoint({row: (29_500, None)})
    summary = settle(house, now, after_s=60)
    assert (summary.settled, summary.nano) == (1, cost(44_500))
    told = house.row()
    assert (told["state"], told["estimated"], told["audio_seconds"]) == ("settled", True, 44.5)
    assert "last checkpoint" in told["reason"]
    assert nano(told) == cost(44_500)
    (record,) = house.records
    assert (record.cost_usd, record.region, record.kind) == (
        told["cost_usd"],
        "global",
        "session",
    )
    assert settle(house, now, after_s=3600).leased == 0


def test_a_session_that_may_never_have_begun_is_one_interval(house: House, now: Now) -> None:
    begin(house)
    assert settle(house, now, after_s=60).settled == 1
    assert (house.row()["audio_seconds"], house.row()["estimated"]) == (15, True)


def test_a_session_is_charged_for_what_its_checkpoints_say_it_grew_to(
    house: House, now: Now
) -> None:
    row = begin(house)
    grown = {"models": ["u3-rt-pro"], "features": ["keyterms_prompt", "speaker_labels"]}
    house.ledger.checkpoint({row: (15_000, grown)})
    settle(house, now, after_s=60)
    told = house.row()
    assert nano(told) == cost(30_000, *grown["features"], model="u3-rt-pro") > cost(30_000)
    assert told["model"] == "u3-rt-pro"


@pytest.mark.parametrize("elapsed_ms", [0, 15_000])
@pytest.mark.parametrize("room_ms", [0, 1, 7_000, 14_999, 15_000, 60_000])
def test_a_lost_session_spends_no_more_than_is_held_for_it(
    house: House, now: Now, elapsed_ms: int, room_ms: int
) -> None:
    held = cost(max(1, elapsed_ms + room_ms))
    caller = budgeted(house)
    row = begin(house, caller, held=held)
    house.ledger.checkpoint({row: (elapsed_ms, None)})
    assert settle(house, now, after_s=60).settled == 1
    least, most = cost(max(1, elapsed_ms)), cost(elapsed_ms + 15_000)
    assert nano(house.row()) == max(least, min(most, held))
    (total, *_) = Holds(house.database).spent(caller)
    assert (total.spent, total.held) == (nano(house.row()), 0)


def test_without_a_price_it_is_unpriced_with_what_was_held(house: House, now: Now) -> None:
    caller = budgeted(house)
    begin(house, caller, held=500, models=["nobody-knows"])
    assert settle(house, now, after_s=60).unpriced == 1
    told = house.row()
    assert (told["state"], told["cost_usd"], told["estimated"]) == ("unpriced", None, False)
    assert "nobody-knows" in told["reason"]
    assert Holds(house.database).spent(caller)[0].spent == 500


def test_stopped_means_that_no_session_is_under_way(house: House, now: Now) -> None:
    row = begin(house)
    house.ledger.checkpoint({row: (5_000, None)})
    summary = settle(house, now, stopped=True)
    assert (summary.settled, house.row()["audio_seconds"]) == (1, 20)


def test_a_longer_interval_is_waited_for_and_charged(house: House, now: Now) -> None:
    ledger = Ledger(house.database, checkpoint_s=60)
    row = begin(house)
    ledger.checkpoint({row: (60_000, None)})
    settler = Settler(
        house.settler().config,
        ledger=ledger,
        transport=house.transport,
        prices=PriceBook.load(),
        clock=now,
    )
    now.now += 239
    assert settler.run().leased == 0
    now.now += 1
    assert settler.run().settled == 1
    assert house.row()["audio_seconds"] == 120


def test_a_session_without_a_checkpoint_is_unpriced_like_any_lost_call(
    house: House, now: Now
) -> None:
    row = begin(house)
    with house.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM open_sessions")
    house.ledger.make_due_now([row])
    assert settle(house, now, after_s=60).unpriced == 0
    assert settle(house, now, after_s=86_400).unpriced == 1
    assert "unknown" in house.row()["reason"]


def test_only_one_of_two_settlers_closes_and_tells(house: House, now: Now) -> None:
    begin(house)
    now.now += 60
    stale = house.ledger.stale_sessions()
    assert settle(house, now).settled == 1
    slow = house.settler()
    slow.ledger.stale_sessions = lambda *args, **options: stale  # type: ignore[method-assign]
    assert slow.run().settled == 0
    assert len(house.records) == 1
    (total,) = house.ledger.usage("day")
    assert total["calls"] == 1


def test_a_clock_that_jumps_loses_no_session(house: House, now: Now) -> None:
    row = begin(house)
    uptime = Now()
    settler = Settler(
        house.settler().config,
        ledger=house.ledger,
        transport=house.transport,
        prices=PriceBook.load(),
        clock=now,
        clock_watch=ClockWatch(now, steady=uptime, tolerance_s=20),
    )
    assert settler.run().leased == 0
    now.now += 3600
    assert settler.run().leased == 0
    house.ledger.checkpoint({row: (15_000, None)})
    for clock in (now, uptime):
        clock.now += 59
    assert settler.run().leased == 0
    # Its process is gone.
    for clock in (now, uptime):
        clock.now += 1
    assert settler.run().settled == 1
