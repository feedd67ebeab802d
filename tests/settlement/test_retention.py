"""`general_settings.retention`: settlement deletes old calls, a few at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from stack_kit import Stack
from store.kit import call_by, caller_of, opened, settled

from assemblyai_mw.config import load_config
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.settlement import settler as module
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store.clock import ClockWatch

DAY = 86_400.0


@pytest.fixture
def stacks(database_url: str) -> Iterator[Any]:
    made: list[Stack] = []

    def make(**retention: Any) -> Stack:
        made.append(Stack(database_url, general_settings={"retention": retention}))
        return made[-1]

    yield make
    for each in made:
        each.close()


def settler_of(stack: Stack, **options: Any) -> Settler:
    config = stack.middleware.config
    return Settler(
        config,
        ledger=stack.ledger,
        transport=stack.transport,
        prices=config.price_book(),
        **options,
    )


def days_left(stack: Stack) -> list[int]:
    now = time.time()
    ids = {call["id"]: call["at"] for call in stack.ledger.calls()}
    return sorted(round((now - _seconds(at)) / DAY) for at in ids.values())


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def fill(stack: Stack) -> None:
    alice = caller_of(stack.keys)
    for days in (5, 20, 31, 40, 400):
        settled(stack.ledger, call_by(alice, at=time.time() - days * DAY), 1_000_000)
    opened(stack.ledger, call_by(alice, at=time.time() - 300 * DAY))


def test_calls_past_the_retention_go_and_sums_stay(stacks: Any) -> None:
    stack = stacks(calls_days=30)
    fill(stack)
    before = stack.ledger.usage("key")
    settler_of(stack).run()
    # The open call is as old, and stays; settlement closes it, and it is unpriced.
    assert days_left(stack) == [5, 20, 300]
    assert stack.ledger.usage("key")[0]["cost_usd"] == before[0]["cost_usd"]


def test_without_a_retention_all_calls_stay(stacks: Any) -> None:
    stack = stacks()
    fill(stack)
    settler_of(stack).run()
    assert len(days_left(stack)) == 6


def test_so_many_at_a_time(stacks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRUNED_AT_ONCE", 2)
    stack = stacks(calls_days=30)
    fill(stack)
    settler = settler_of(stack)
    settler.run()
    assert days_left(stack) == [5, 20, 31, 300]
    settler.run()
    # Once a minute.
    assert days_left(stack) == [5, 20, 31, 300]
    settler._prune_at = 0.0
    settler.run()
    assert days_left(stack) == [5, 20, 300]


def test_a_clock_that_jumped_makes_no_call_old(stacks: Any) -> None:
    stack = stacks(calls_days=30)
    ahead = [0.0]
    watch = ClockWatch(lambda: time.time() + ahead[0], tolerance_s=20.0)
    settler = settler_of(stack, clock=lambda: time.time() + ahead[0], clock_watch=watch)
    settler.run()
    fill(stack)
    ahead[0], settler._prune_at = 1000 * DAY, 0.0
    settler.run()
    assert days_left(stack) == [5, 20, 31, 40, 300, 400]


@pytest.mark.parametrize("days", [0, -1, 1.5, "30", True])
def test_a_retention_is_whole_days(days: Any) -> None:
    general = {"retention": {"calls_days": days}}
    with pytest.raises(ConfigError, match=r"general_settings\.retention\.calls_days: expected"):
        load_config({"general_settings": general}, {"ASSEMBLYAI_API_KEY": "k"})
