"""Holds that grow: many in one transaction, none past a limit, each all it needs or not at all."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assemblyai_mw.call import Call, Caller
from assemblyai_mw.store import Hold, Holds, Keys, Ledger, Refusal

from .kit import NOON, Clock, call_by, caller_of, opened, opening, price_of, race, used

USD = 1_000_000_000


def held_call(holds: Holds, caller: Caller, nano: int, **options: Any) -> Call:
    call = call_by(caller, **options)
    assert isinstance(holds.take(call, nano, expires_in_s=60), Hold)
    return call


def held(holds: Holds, caller: Caller) -> list[int]:
    return [each.held for each in holds.spent(caller)]


def renew(holds: Holds, more: dict[str, int], expires_in_s: float = 60) -> Any:
    return holds.renew(more, expires_in_s=expires_in_s)


def test_a_hold_grows_in_every_window_and_ends_with_its_call(
    keys: Keys, holds: Holds, ledger: Ledger
) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    call = held_call(holds, caller, 100)
    row = opened(ledger, call)
    assert renew(holds, {call.id: 50}) == {}
    assert renew(holds, {call.id: 7}) == {}
    assert held(holds, caller) == [157] * 6
    assert ledger.settle(row, usage=used(), price=price_of(120))
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(120, 0)] * 6


def test_a_hold_grows_to_the_last_nano_and_no_further(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, budget_usd="0.000000010")
    call = held_call(holds, caller, 4)
    assert renew(holds, {call.id: 6}) == {}
    assert renew(holds, {call.id: 1}) == {
        call.id: Refusal("key", "total", 0, 10, 1, 10, None),
    }
    assert held(holds, caller) == [10] * 3
    # An amount of 0 needs one nano-dollar, as with `take`.
    assert renew(holds, {call.id: 0}).keys() == {call.id}


@pytest.mark.parametrize("scope", ["key", "team"])
@pytest.mark.parametrize("window", ["budget_usd", "budget_daily_usd", "budget_monthly_usd"])
def test_each_budget_bounds_a_growing_hold(
    keys: Keys, holds: Holds, scope: str, window: str
) -> None:
    caller = caller_of(keys, team="search", **({window: 1} if scope == "key" else {}))
    keys.set_team("search", **({window: 1} if scope == "team" else {"budget_usd": 9}))
    call = held_call(holds, caller, USD - 5)
    refusal = renew(holds, {call.id: 6})[call.id]
    assert (refusal.scope, refusal.held, refusal.limit) == (scope, USD - 5, USD)
    assert held(holds, caller) == [USD - 5] * 6


def test_those_that_do_not_fit_take_nothing_and_hinder_nobody(keys: Keys, holds: Holds) -> None:
    poor, rich = caller_of(keys, budget_usd="0.00000001"), caller_of(keys, "rich", budget_usd=1)
    one, two, three = (held_call(holds, each, 3) for each in (poor, poor, rich))
    refused = renew(holds, {one.id: 5, two.id: 3, three.id: 7, "never held": 1})
    assert refused.keys() == {one.id, "never held"} or refused.keys() == {two.id, "never held"}
    assert refused["never held"] is None
    # In their order: the first takes what is left.
    assert one.id in refused
    assert held(holds, poor) == [9] * 3
    assert held(holds, rich) == [10] * 3


def test_a_closed_call_holds_nothing_more(keys: Keys, holds: Holds, ledger: Ledger) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = held_call(holds, caller, 3)
    row = opened(ledger, call)
    assert ledger.settle(row, usage=used(), price=price_of(2))
    assert renew(holds, {call.id: 5}) == {call.id: None}
    assert held(holds, caller) == [0] * 3


def test_a_hold_that_grew_expires_later(keys: Keys, holds: Holds, clock: Clock) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = held_call(holds, caller, 3)
    clock.now += 50
    assert renew(holds, {call.id: 1}) == {}
    clock.now += 59
    assert holds.sweep() == 0
    clock.now += 1
    assert holds.sweep() == 1


def test_expired_holds_of_others_make_room(keys: Keys, holds: Holds, clock: Clock) -> None:
    caller = caller_of(keys, budget_usd="0.00000001")
    held_call(holds, caller, 6)
    clock.now += 60
    call = held_call(holds, caller, 2)
    assert renew(holds, {call.id: 5, "gone": 1}) == {"gone": None}
    assert held(holds, caller) == [7] * 3


def test_a_budget_that_changes_binds_from_now_on(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = held_call(holds, caller, 5)
    keys.set("alice", budget_usd=None)
    assert renew(holds, {call.id: 2 * USD}) == {}
    keys.set("alice", budget_usd=2)
    refusal = renew(holds, {call.id: 1})[call.id]
    assert (refusal.limit, refusal.held) == (2 * USD, 2 * USD + 5)


def test_a_hold_stays_in_the_windows_that_its_call_began_in(
    keys: Keys, holds: Holds, clock: Clock
) -> None:
    caller = caller_of(keys, budget_daily_usd="0.00000001")
    before = datetime.fromisoformat("2026-11-22T23:59:59+00:00").timestamp()
    call = held_call(holds, caller, 6, at=before)
    clock.now = before + 60
    after = held_call(holds, caller, 6, at=clock.now)
    assert renew(holds, {call.id: 4, after.id: 4}) == {}
    assert renew(holds, {call.id: 1, after.id: 1}).keys() == {call.id, after.id}


def test_a_negative_amount_is_refused(holds: Holds) -> None:
    with pytest.raises(ValueError, match="nano"):
        renew(holds, {"a": -1})
    assert renew(holds, {}) == {}


def test_a_thousand_holds_grow_together(keys: Keys, holds: Holds) -> None:
    callers = [caller_of(keys, f"k{n}", team=f"t{n % 7}", budget_usd=1) for n in range(100)]
    calls = [held_call(holds, callers[n % 100], 3) for n in range(1000)]
    assert renew(holds, {call.id: 4 for call in calls}) == {}
    assert {tuple(held(holds, caller)[:3]) for caller in callers} == {(70, 70, 70)}


_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["take", "renew", "settle", "unpriced", "fail"]),
        st.integers(0, 3),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=30,
)


@given(
    actions=_ACTIONS,
    key_limit=st.none() | st.integers(0, 100),
    team_limit=st.none() | st.integers(0, 100),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_order_of_calls_passes_a_limit(
    actions: list[tuple[str, int, int, int]], key_limit: int | None, team_limit: int | None
) -> None:
    def usd(nano: int | None) -> str | None:
        return None if nano is None else f"0.{nano:09}"

    with opening("sqlite://", clock=Clock(NOON)) as database:
        keys, holds, ledger = Keys(database), Holds(database), Ledger(database)
        keys.set_team("t", budget_daily_usd=usd(team_limit))
        callers = [
            caller_of(keys, name, team="t", budget_usd=usd(key_limit)) for name in ("a", "b")
        ]
        under_way: dict[str, tuple[int, int]] = {}
        for action, which, one, two in actions:
            ids = list(under_way)
            if action == "take":
                call = call_by(callers[which % 2])
                found = holds.take(call, one, expires_in_s=60)
                if isinstance(found, Hold) and found.id is not None:
                    under_way[call.id] = (opened(ledger, call), found.amount)
            elif action == "renew":
                more = {id: (one, two)[at % 2] for at, id in enumerate(ids)}
                refused = holds.renew(more, expires_in_s=60)
                for id, nano in more.items():
                    if id not in refused:
                        row, amount = under_way[id]
                        under_way[id] = (row, amount + max(1, nano))
            elif ids:
                row, amount = under_way.pop(ids[which % len(ids)])
                if action == "fail":
                    assert ledger.fail(row, status=500)
                else:
                    price = price_of(min(one, amount)) if action == "settle" else None
                    assert ledger.settle(row, usage=used(), price=price)
            for caller in callers:
                for each in holds.spent(caller):
                    assert each.held >= 0
                    assert each.limit is None or each.spent + each.held <= each.limit
        total = sum(amount for _, amount in under_way.values())
        assert sum(holds.spent(caller)[0].held for caller in callers) == total
        assert holds.spent(callers[0])[3].held == total


def _grow_and_close(number: int, url: str, callers: list[Caller], seed: int) -> tuple[int, int]:
    """Take, renew and close at random; return what was spent, and the sessions refused."""
    dice = random.Random(seed + number)
    spent = refusals = 0
    with opening(url, busy_timeout_s=60) as database:
        ledger, holds = Ledger(database), Holds(database)
        under_way: dict[str, tuple[int, int]] = {}
        for _ in range(40):
            call = call_by(dice.choice(callers))
            found = holds.take(call, dice.randint(1, 5), expires_in_s=600)
            if isinstance(found, Hold):
                under_way[call.id] = (opened(ledger, call), found.amount)
            ids = list(under_way)
            dice.shuffle(ids)
            more = {id: dice.randint(1, 5) for id in ids}
            refused = holds.renew(more, expires_in_s=600)
            refusals += len(refused)
            for id in more.keys() - refused.keys():
                row, amount = under_way[id]
                under_way[id] = (row, amount + more[id])
            for id in [*refused, *dice.sample(ids, len(ids) // 4)]:
                if id in under_way:
                    row, amount = under_way.pop(id)
                    assert ledger.settle(row, usage=used(), price=price_of(amount))
                    spent += amount
        for row, amount in under_way.values():
            assert ledger.settle(row, usage=used(), price=price_of(amount))
            spent += amount
    return spent, refusals


def test_processes_that_renew_take_and_close_at_once_spend_the_budgets_and_no_more(
    database_url: str, keys: Keys, holds: Holds
) -> None:
    """Keys of teams in both orders: a transaction locks the windows of several of each."""
    teams = ["a", "b", "c"]
    for team in teams:
        keys.set_team(team, budget_monthly_usd="0.000000400")
    callers = [
        caller_of(keys, f"k{n}", team=teams[-n % 3], budget_usd="0.000000150") for n in range(9)
    ]
    results = race(_grow_and_close, database_url, callers, 7)
    assert sum(refusals for _, refusals in results) > 0
    standings = [holds.spent(caller) for caller in callers]
    assert sum(each[0].spent for each in standings) == sum(spent for spent, _ in results)
    for each in standings:
        assert [window.held for window in each] == [0] * 6
        # The other processes' clocks are real, so their months may be others; total counts.
        assert each[0].spent <= 150
