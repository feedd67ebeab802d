"""Budgets: nobody overspends, however many ask at once; and nobody stays blocked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assemblyai_mw.call import Caller
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Database, Hold, Holds, Keys, Ledger, Refusal, SoftBudget

from .kit import NOON, Clock, call_by, caller_of, opened, opening, price_of, race, settled, used

USD = 1_000_000_000


def take(holds: Holds, caller: Caller | None, nano: int, **options: Any) -> Hold | Refusal:
    return holds.take(call_by(caller, **options), nano, expires_in_s=60)


def held(holds: Holds, caller: Caller) -> list[int]:
    return [standing.held for standing in holds.spent(caller)]


def taken(found: Hold | Refusal) -> Hold:
    assert isinstance(found, Hold)
    return found


@pytest.mark.parametrize(
    "caller", [None, Caller("master", master=True), Caller("mapped")], ids=["none", "master", "map"]
)
def test_a_caller_without_key_and_team_holds_nothing(holds: Holds, caller: Caller | None) -> None:
    hold = taken(take(holds, caller, 5))
    assert (hold.id, hold.amount) == (None, 0)
    assert not holds.release(hold)


def test_a_key_without_budget_holds_nothing(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, team="search")
    assert taken(take(holds, caller, 5)).id is None
    assert held(holds, caller) == [0] * 6


def test_a_budget_takes_holds_to_its_last_nano_and_no_further(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, budget_usd="0.000000010")
    assert isinstance(take(holds, caller, 6), Hold)
    assert isinstance(take(holds, caller, 4), Hold)
    assert take(holds, caller, 1) == Refusal("key", "total", 0, 10, 1, 10, None)


@pytest.mark.parametrize(
    "budget, window, resets",
    [
        ("budget_usd", "total", None),
        ("budget_daily_usd", "daily", datetime(2026, 11, 23, tzinfo=UTC)),
        ("budget_monthly_usd", "monthly", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("scope", ["key", "team"])
def test_a_refusal_says_which_budget_and_when_it_resets(
    keys: Keys, holds: Holds, ledger: Ledger, budget: str, window: str, resets: Any, scope: str
) -> None:
    caller = caller_of(keys, team="search", **({budget: 1} if scope == "key" else {}))
    if scope == "team":
        keys.set_team("search", **{budget: 1})
    settled(ledger, call_by(caller), USD // 2)
    taken(take(holds, caller, USD // 4))
    assert take(holds, caller, USD // 2) == Refusal(
        scope, window, USD // 2, USD // 4, USD // 2, USD, resets
    )


def test_a_refused_call_holds_nothing_anywhere(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, team="search", budget_usd=5)
    keys.set_team("search", budget_usd=1)
    assert isinstance(take(holds, caller, 2 * USD), Refusal)
    assert held(holds, caller) == [0] * 6


def test_all_keys_of_a_team_share_its_budget(keys: Keys, holds: Holds) -> None:
    alice, bob = caller_of(keys, team="search"), caller_of(keys, "bob", team="search")
    keys.set_team("search", budget_usd=1)
    taken(take(holds, alice, USD))
    refused = take(holds, bob, 1)
    assert isinstance(refused, Refusal)
    assert (refused.scope, refused.held) == ("team", USD)


@pytest.mark.parametrize("needed", [0, 1])
def test_a_budget_of_zero_allows_nothing(keys: Keys, holds: Holds, needed: int) -> None:
    assert isinstance(take(holds, caller_of(keys, budget_usd=0), needed), Refusal)


def test_a_hold_is_never_negative(keys: Keys, holds: Holds) -> None:
    with pytest.raises(ValueError, match="nano"):
        take(holds, caller_of(keys, budget_usd=1), -1)


@pytest.mark.parametrize(
    "budget, last, first",
    [
        ("budget_daily_usd", "2026-11-22T23:59:59.999999", "2026-11-23T00:00:00"),
        ("budget_monthly_usd", "2026-11-30T23:59:59.999999", "2026-12-01T00:00:00"),
        ("budget_monthly_usd", "2026-12-31T23:59:59.999999", "2027-01-01T00:00:00"),
        ("budget_daily_usd", "2028-02-28T23:59:59.999999", "2028-02-29T00:00:00"),
    ],
)
def test_a_window_ends_at_midnight_utc(
    keys: Keys, holds: Holds, budget: str, last: str, first: str
) -> None:
    caller = caller_of(keys, **{budget: 1})
    before, after = (datetime.fromisoformat(f"{text}+00:00").timestamp() for text in (last, first))
    taken(take(holds, caller, USD, at=before))
    refused = take(holds, caller, 1, at=before)
    assert isinstance(refused, Refusal)
    assert refused.resets_at == datetime.fromisoformat(f"{first}+00:00")
    taken(take(holds, caller, USD, at=after))


def test_releasing_gives_back_once(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    kept, given = taken(take(holds, caller, 3)), taken(take(holds, caller, 4))
    assert [holds.release(given), holds.release(given)] == [True, False]
    assert held(holds, caller) == [3] * 6
    # SQLite would give a deleted row's number to the next one; ids must not come back.
    again = taken(take(holds, caller, 5))
    assert not holds.release(given)
    assert held(holds, caller) == [8] * 6
    assert holds.release(kept)
    assert holds.release(again)
    assert held(holds, caller) == [0] * 6


def test_settlement_turns_the_hold_into_the_cost(keys: Keys, holds: Holds, ledger: Ledger) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    call = call_by(caller)
    hold = taken(holds.take(call, 400, expires_in_s=60))
    row = opened(ledger, call)
    assert ledger.settle(row, usage=used(), price=price_of(150))
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(150, 0)] * 6
    assert not holds.release(hold)
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(150, 0)] * 6
    assert [each.remaining for each in holds.spent(caller)] == [USD - 150, *[None] * 5]


@pytest.mark.parametrize("used_up", [used(), None], ids=["usage seen", "usage never seen"])
def test_an_unpriced_call_counts_its_hold_as_spent_until_it_has_a_price(
    keys: Keys, holds: Holds, ledger: Ledger, used_up: Any
) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    call = call_by(caller)
    taken(holds.take(call, 400, expires_in_s=60))
    row = opened(ledger, call)
    assert ledger.settle(row, usage=used_up, price=None, reason="no such model")
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(400, 0)] * 6
    assert ledger.reprice(row, price_of(150))
    assert not ledger.reprice(row, price_of(150))
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(150, 0)] * 6


def test_a_call_that_fails_frees_its_hold(keys: Keys, holds: Holds, ledger: Ledger) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = call_by(caller)
    taken(holds.take(call, 400, expires_in_s=60))
    assert ledger.fail(opened(ledger, call), status=500)
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(0, 0)] * 3


def test_a_price_found_later_counts_in_the_windows_of_the_call(
    keys: Keys, holds: Holds, ledger: Ledger, clock: Clock
) -> None:
    caller = caller_of(keys, team="search", budget_daily_usd=1)
    call = call_by(caller, at=NOON)
    taken(holds.take(call, 400, expires_in_s=60))
    row = opened(ledger, call)
    ledger.settle(row, usage=used(), price=None, reason="no such model")
    clock.now = NOON + 86_400
    assert ledger.reprice(row, price_of(9))
    now = {(each.scope, each.window): each.spent for each in holds.spent(caller)}
    expected = {"total": 9, "monthly": 9, "daily": 0}
    assert now == {(scope, w): n for scope in ("key", "team") for w, n in expected.items()}
    clock.now = NOON
    assert {each.spent for each in holds.spent(caller)} == {9}


def test_a_dead_processes_hold_blocks_nobody_past_its_time(
    keys: Keys, holds: Holds, clock: Clock
) -> None:
    caller = caller_of(keys, budget_usd=1)
    taken(take(holds, caller, USD))
    clock.now = NOON + 59.999999
    assert isinstance(take(holds, caller, 1), Refusal)
    clock.now = NOON + 60
    taken(take(holds, caller, USD))
    assert held(holds, caller) == [USD] * 3


def test_the_hold_of_an_open_call_outlives_its_time(
    keys: Keys, holds: Holds, ledger: Ledger, clock: Clock
) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    call = call_by(caller)
    taken(holds.take(call, USD, expires_in_s=60))
    row = opened(ledger, call)
    clock.now = NOON + 86_400
    assert holds.sweep() == 0
    assert isinstance(take(holds, caller, 1), Refusal)
    ledger.settle(row, usage=None, price=None, reason="its reply was never seen")
    assert isinstance(take(holds, caller, 1), Refusal)
    assert ledger.reprice(row, price_of(7))
    assert isinstance(take(holds, caller, 1), Hold)


def test_a_call_whose_hold_is_void_still_costs_what_it_cost(
    keys: Keys, holds: Holds, ledger: Ledger, clock: Clock
) -> None:
    caller = caller_of(keys, budget_usd=1)
    call = call_by(caller)
    taken(holds.take(call, 400, expires_in_s=60))
    clock.now = NOON + 61
    assert holds.sweep() == 1
    row = opened(ledger, call)
    ledger.settle(row, usage=used(), price=price_of(7))
    assert [(each.spent, each.held) for each in holds.spent(caller)] == [(7, 0)] * 3


def test_a_hold_taken_before_midnight_is_freed_where_it_was_taken(
    keys: Keys, holds: Holds, ledger: Ledger, clock: Clock
) -> None:
    caller = caller_of(keys, budget_daily_usd=1)
    call = call_by(caller, at=NOON)
    taken(holds.take(call, 400, expires_in_s=86_400))
    row = opened(ledger, call)
    clock.now = NOON + 43_200
    ledger.settle(row, usage=used(), price=price_of(9))
    today = {each.window: (each.spent, each.held) for each in holds.spent(caller)}
    assert today == {"total": (9, 0), "monthly": (9, 0), "daily": (0, 0)}
    clock.now = NOON
    assert {(each.spent, each.held) for each in holds.spent(caller)} == {(9, 0)}


def test_a_lowered_budget_counts_at_once_and_a_raised_one_too(keys: Keys, holds: Holds) -> None:
    caller = caller_of(keys, budget_usd=2)
    taken(take(holds, caller, USD))
    keys.set("alice", budget_usd=1)
    assert isinstance(take(holds, caller, 1), Refusal)
    keys.set("alice", budget_usd=3)
    taken(take(holds, caller, 2 * USD))
    keys.set("alice", budget_usd=None)
    assert taken(take(holds, caller, 9 * USD)).id is None


def test_a_budget_set_later_knows_what_was_spent_before(
    keys: Keys, holds: Holds, ledger: Ledger
) -> None:
    caller = caller_of(keys)
    settled(ledger, call_by(caller), USD)
    keys.set("alice", budget_usd=1)
    assert isinstance(take(holds, caller, 1), Refusal)


def test_a_soft_threshold_is_told_once_a_window(
    keys: Keys, holds: Holds, ledger: Ledger, clock: Clock
) -> None:
    caller = caller_of(keys, budget_daily_usd=1, soft_budget_ratio=0.8)
    settled(ledger, call_by(caller), 8 * USD // 10 - 1)
    assert taken(take(holds, caller, 1)).warnings == ()
    settled(ledger, call_by(caller), 1)
    (warning,) = taken(take(holds, caller, 1)).warnings
    assert (warning.scope, warning.window, warning.ratio) == ("key", "daily", 0.8)
    assert (warning.spent, warning.limit) == (8 * USD // 10, USD)
    assert taken(take(holds, caller, 1)).warnings == ()
    tomorrow = NOON + 86_400
    clock.now = tomorrow
    settled(ledger, call_by(caller, at=tomorrow), USD - 5)
    assert len(taken(take(holds, caller, 1, at=tomorrow)).warnings) == 1
    keys.set("alice", soft_budget_ratio=0.9)
    assert len(taken(take(holds, caller, 1, at=tomorrow)).warnings) == 1


def test_the_settlement_that_reaches_a_soft_threshold_tells_it(
    keys: Keys, database: Database, holds: Holds
) -> None:
    told: list[SoftBudget] = []
    ledger = Ledger(database, on_soft_budget=told.append)
    caller = caller_of(keys, team="search")
    keys.set_team("search", budget_usd=1, soft_budget_ratio=0.5)
    for _ in range(3):
        settled(ledger, call_by(caller), USD // 4)
    assert [(each.scope, each.owner, each.spent) for each in told] == [("team", "search", USD // 2)]
    assert taken(take(holds, caller, 1)).warnings == ()


def _spend_all(number: int, url: str, caller: Caller, each: int) -> tuple[int, int]:
    """Take and settle, at less than was held, as often as the budget lets; count both ways."""
    admitted = warned = 0
    with opening(url, busy_timeout_s=60) as database:
        ledger, holds = Ledger(database), Holds(database)
        for turn in range(each):
            call = call_by(caller)
            hold = holds.take(call, 10, expires_in_s=600)
            if isinstance(hold, Refusal):
                continue
            warned += len(hold.warnings)
            admitted += 1
            row = opened(ledger, call)
            if turn % 3:
                ledger.settle(row, usage=used(), price=price_of(10))
            elif turn % 2:
                ledger.settle(row, usage=used(), price=None, reason="later")
                ledger.reprice(row, price_of(10))
                ledger.settle(row, usage=used(), price=price_of(10))
                holds.release(hold)
            else:
                # The other way round, somebody else may take what is about to be spent.
                ledger.settle(row, usage=used(), price=price_of(10))
                holds.release(hold)
    return admitted, warned


def test_four_processes_at_the_edge_spend_the_budget_and_no_more(
    database_url: str, keys: Keys, holds: Holds
) -> None:
    # Room for 50 of the 4 x 16 calls; holds equal costs, so exactly 50 get in.
    caller = caller_of(keys, team="search", budget_usd="0.000000500", soft_budget_ratio=0.5)
    keys.set_team("search", budget_daily_usd=1)
    results = race(_spend_all, database_url, caller, 16)
    standings = holds.spent(caller)
    assert sum(admitted for admitted, _ in results) == standings[0].spent // 10
    assert standings[0].spent <= 500
    assert [standing.held for standing in standings] == [0] * 6
    assert len({standing.spent for standing in standings}) == 1
    assert sum(warned for _, warned in results) == 1


def _take_only(number: int, url: str, caller: Caller, each: int) -> int:
    with opening(url, busy_timeout_s=60) as database:
        holds = Holds(database)
        return sum(
            isinstance(holds.take(call_by(caller), 5, expires_in_s=600), Hold) for _ in range(each)
        )


def test_of_256_holds_over_four_processes_exactly_the_budget_is_given(
    database_url: str, keys: Keys, holds: Holds, clock: Clock
) -> None:
    caller = caller_of(keys, budget_usd="0.000000503")
    # The other processes' clocks are real, so their windows may be other days; total counts.
    assert sum(race(_take_only, database_url, caller, 64)) == 100
    assert holds.spent(caller)[0].held == 500
    clock.now = datetime.now(UTC).timestamp() + 3600
    assert holds.sweep() == 100
    assert holds.spent(caller)[0].held == 0


def _sweep(number: int, url: str, now: float) -> int:
    with opening(url, clock=Clock(now), busy_timeout_s=60) as database:
        return Holds(database).sweep()


def test_an_expired_hold_is_swept_once_by_all_processes_together(
    database_url: str, keys: Keys, holds: Holds
) -> None:
    caller = caller_of(keys, team="search", budget_usd=1)
    for _ in range(20):
        taken(take(holds, caller, 7))
    assert sum(race(_sweep, database_url, NOON + 61)) == 20
    assert held(holds, caller) == [0] * 6


def test_a_closing_that_comes_second_at_the_same_moment_frees_no_later_hold(
    keys: Keys, holds: Holds, ledger: Ledger
) -> None:
    caller = caller_of(keys, budget_usd=5)
    call = call_by(caller)
    taken(holds.take(call, 3, expires_in_s=60))
    row = opened(ledger, call)
    assert ledger.settle(row, usage=used(), price=price_of(2))
    again = taken(holds.take(call, 4, expires_in_s=60))
    with pytest.raises(StoreError, match="closed by another"):
        ledger.settle(row, usage=used(), price=price_of(2))
    assert held(holds, caller)[:3] == [4, 4, 4]
    assert holds.release(again)
