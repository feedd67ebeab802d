"""Sessions of speech synthesis that nobody closes: charged for what their checkpoint says, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from settlement_kit import House, build, close_databases

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.speech import estimated_speech
from assemblyai_mw.call import Call, Caller, new_id
from assemblyai_mw.routes import route_for
from assemblyai_mw.settlement.closing import end_of
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Holds, Keys
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

PRICES = {"tts": {"*": {"usd": 1_000_000, "source": "a test"}}}
DOLLAR = 10**9


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(), FakeAssemblyAI(region="eu")) as hosts:
        yield hosts


@pytest.fixture
def house(hosts: Hosts, database_url: str) -> Iterator[House]:
    house = build(hosts, database_url, prices=PRICES)
    yield house
    house.database.close()
    close_databases()


def begin(house: House, caller: Caller | None = None) -> tuple[int, Call]:
    route = route_for("/us.tts.assemblyai")
    call = Call(new_id(), house.database.clock(), route, "GET", "/v1/ws", caller=caller)
    if caller is not None:
        Holds(house.database).take(call, 9 * DOLLAR, expires_in_s=60)
    row = house.ledger.open_session(call, model=None, features={}, kind="tts")
    assert isinstance(row, int)
    return row, call


def settle(house: House) -> Any:
    settler: Settler = house.settler()
    settler._stopped = True
    settler.prices = PriceBook.load(PRICES)
    return settler.run(limit=100)


def test_what_the_last_checkpoint_has_is_charged_and_marked(house: House) -> None:
    row, _ = begin(house)
    house.ledger.checkpoint({row: (1000, {"characters": 6})})
    house.ledger.checkpoint({row: (2000, {"characters": 8, "models": ["assemblyai-tts-1"]})})
    assert settle(house).nano == 8 * DOLLAR
    told = house.row()
    assert (told["state"], told["estimated"], told["characters"]) == ("settled", True, 8)
    assert (told["cost_usd"], told["kind"], told["audio_seconds"]) == ("8", "tts", None)
    assert "characters of its last checkpoint" in told["reason"]
    assert settle(house).leased == 0


def test_a_session_that_sent_nothing_costs_nothing(house: House) -> None:
    begin(house)
    assert settle(house).settled == 1
    assert (house.row()["cost_usd"], house.row()["estimated"]) == ("0", True)


def test_the_hold_of_a_lost_session_ends_with_it(house: House) -> None:
    made = Keys(house.database).create("bob", budget_usd="10")
    caller = Keys(house.database).by_id(made.info.key_id)
    assert caller is not None
    row, _ = begin(house, caller)
    house.ledger.checkpoint({row: (1000, {"characters": 6})})
    settle(house)
    (total, *_) = Holds(house.database).spent(caller)
    assert (total.spent, total.held) == (6 * DOLLAR, 0)


def test_its_own_process_knows_better_than_settlement(house: House) -> None:
    row, call = begin(house)
    house.ledger.checkpoint({row: (1000, {"characters": 6})})
    settle(house)
    outcome = estimated_speech({"characters": 9}, "us")
    prices = PriceBook.load(PRICES)
    _, closing = end_of(prices, row, outcome, call.started_at, request_id=call.id)
    house.ledger.write(closing)
    told = house.row()
    assert (told["characters"], told["cost_usd"], told["estimated"]) == (9, "9", False)


def test_a_synthesis_without_a_session_is_lost_like_any_call(house: House) -> None:
    route = route_for("/us.tts.assemblyai")
    call = Call(new_id(), house.database.clock(), route, "POST", "/v1/speech")
    house.ledger.open(call, kind="tts", model=None, features={"body_bytes": 12})
    house.ledger.make_due_now()
    settle(house)
    assert (house.row()["state"], house.row()["characters"]) == ("unpriced", None)
    assert json.dumps(house.row()["reason"])
