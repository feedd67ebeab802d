"""Budgets of tags and end users: set, held, settled and cleared as those of keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assemblyai_mw.call import Caller
from assemblyai_mw.errors import UnknownBudget
from assemblyai_mw.store import (
    Database,
    Hold,
    Holds,
    Keys,
    Ledger,
    Refusal,
    SharedBudgets,
    hash_key,
)
from assemblyai_mw.store.schema import spend
from assemblyai_mw.store.statements import Prepared

from .kit import NOON, Clock, call_by, caller_of, opened, price_of, settled

USD = 10**9
DAY = 86_400
ACME = {"customer": "acme"}


@pytest.fixture
def shared(database: Database) -> SharedBudgets:
    return SharedBudgets(database, actor="maria")


def take(holds: Holds, caller: Caller, usd: float, at: float = NOON) -> Hold | Refusal:
    return holds.take(call_by(caller, at=at), round(usd * USD), expires_in_s=60)


def test_a_tag_binds_all_keys_that_have_it_together(
    keys: Keys, holds: Holds, shared: SharedBudgets
) -> None:
    shared.set(tag="customer=acme", budget_monthly_usd=3)
    one, two = (caller_of(keys, name, tags=ACME) for name in ("one", "two"))
    other = caller_of(keys, "other", tags={"customer": "other"})
    assert isinstance(take(holds, one, 2), Hold)
    refused = take(holds, two, 2)
    assert isinstance(refused, Refusal)
    assert (refused.scope, refused.window) == ("tag", "monthly")
    assert (refused.spent, refused.held, refused.limit) == (0, 2 * USD, 3 * USD)
    assert isinstance(take(holds, two, 1), Hold)
    assert take(holds, other, 99) == Hold(None, 0)


@pytest.mark.parametrize("way", ["settle", "fail", "release", "expire"])
def test_a_hold_ends_in_every_window(
    keys: Keys, ledger: Ledger, holds: Holds, shared: SharedBudgets, clock: Clock, way: str
) -> None:
    info = shared.set(tag="customer=acme", budget_usd=5, budget_daily_usd=4)
    caller = caller_of(keys, tags=ACME, budget_usd=9)
    call = call_by(caller)
    hold = holds.take(call, USD, expires_in_s=60)
    assert isinstance(hold, Hold)
    if way in ("settle", "fail"):
        row = ledger.open(call, kind="chat", model="m", features={})
        if way == "settle":
            assert ledger.settle(row, usage=None, price=price_of(USD // 2))
        else:
            assert ledger.fail(row, status=500)
    elif way == "release":
        assert holds.release(hold)
    else:
        clock.now += 61
        assert holds.sweep() == 1
    spent = USD // 2 if way == "settle" else 0
    for each in (*shared.spent([info])[info.budget_id], *holds.spent(caller)):
        assert (each.spent, each.held) == (spent, 0), each
    assert [each.scope for each in holds.spent(caller)] == ["key"] * 3 + ["tag"] * 3


def test_an_unpriced_call_keeps_its_hold_until_it_has_a_price(
    keys: Keys, ledger: Ledger, holds: Holds, shared: SharedBudgets
) -> None:
    info = shared.set(tag="customer=acme", budget_usd=5)
    call = call_by(caller_of(keys, tags=ACME))
    holds.take(call, 2 * USD, expires_in_s=60)
    row = ledger.open(call, kind="chat", model="m", features={})
    ledger.settle(row, usage=None, price=None, reason="no price")
    assert shared.spent([info])[info.budget_id][0].spent == 2 * USD
    assert ledger.reprice(row, price_of(USD))
    assert shared.spent([info])[info.budget_id][0].spent == USD


def test_an_end_user_is_bound_where_the_caller_says_so(
    keys: Keys, holds: Holds, shared: SharedBudgets
) -> None:
    assert not keys.has_end_user_budgets()
    shared.set(end_user="maria@example.com", budget_daily_usd=1)
    assert keys.has_end_user_budgets()
    assert keys.end_user_budget("someone else") is None
    budget = keys.end_user_budget("maria@example.com")
    assert budget is not None
    caller = replace(caller_of(keys), end_user="maria@example.com").bound_by(budget)
    assert caller.budgeted
    refused = take(holds, caller, 1.1)
    assert isinstance(refused, Refusal)
    assert refused.scope == "end_user"
    # The next day has room again.
    assert isinstance(take(holds, caller, 1, at=NOON + DAY), Hold)


def test_sessions_grow_within_the_budget_of_a_tag(
    keys: Keys, holds: Holds, shared: SharedBudgets
) -> None:
    shared.set(tag="customer=acme", budget_usd=3)
    calls = [call_by(caller_of(keys, name, tags=ACME)) for name in ("one", "two")]
    for call in calls:
        assert isinstance(holds.take(call, USD, expires_in_s=60), Hold)
    refused = holds.renew({call.id: USD for call in calls}, expires_in_s=60)
    (why,) = refused.values()
    assert why is not None
    assert (why.scope, why.held, why.limit) == ("tag", 3 * USD, 3 * USD)


def test_a_session_that_grows_counts_in_no_budget_that_was_cleared(
    keys: Keys, holds: Holds, shared: SharedBudgets
) -> None:
    """A row made anew would be locked after those of the key: out of order."""
    info = shared.set(tag="customer=acme", budget_usd=3)
    call = call_by(caller_of(keys, tags=ACME, budget_usd=9))
    assert isinstance(holds.take(call, USD, expires_in_s=60), Hold)
    shared.clear(tag="customer=acme")
    assert holds.renew({call.id: USD}, expires_in_s=60) == {}
    with shared.database.read() as connection:
        counted = select(spend.c.held_nano).where(spend.c.scope == "budget")
        assert connection.scalars(counted.where(spend.c.owner == str(info.budget_id))).all() == []


def test_it_counts_from_the_moment_on_that_it_is_set(
    keys: Keys, ledger: Ledger, holds: Holds, shared: SharedBudgets
) -> None:
    caller = caller_of(keys, tags=ACME)
    settled(ledger, call_by(caller), 7 * USD)
    info = shared.set(tag="customer=acme", budget_usd=5)
    assert shared.spent([info])[info.budget_id][0].spent == 0
    found = keys.by_id(caller.key_id or 0)
    assert found is not None
    row = opened(ledger, call_by(found))
    shared.clear(tag="customer=acme")
    again = shared.set(tag="customer=acme", budget_usd=5)
    # What was under way when it was cleared counts in no later one.
    ledger.settle(row, usage=None, price=price_of(USD))
    assert shared.spent([again])[again.budget_id][0].spent == 0


def test_changes_are_in_the_history(keys: Keys, shared: SharedBudgets) -> None:
    shared.set(end_user="u", budget_usd=5, soft_budget_ratio=0.5)
    shared.set(end_user="u", budget_usd=6)
    assert shared.set(end_user="u", budget_daily_usd=1).budget_nano == 6 * USD
    shared.clear(end_user="u")
    assert [(each.action, each.actor) for each in keys.history()] == [
        ("clear_budget", "maria"),
        *[("set_budget", "maria")] * 3,
    ]
    assert keys.history()[2].detail == {
        "end_user": "u",
        "budget_usd": {"old": "5", "new": "6"},
    }
    with pytest.raises(UnknownBudget, match="this end user"):
        shared.clear(end_user="u")


@pytest.mark.parametrize(
    "options, error",
    [
        ({"budget_usd": 1}, "tag, end_user: expected one"),
        ({"tag": "a=b", "end_user": "u", "budget_usd": 1}, "tag, end_user: expected one"),
        ({"tag": "a", "budget_usd": 1}, "tag: expected NAME=VALUE"),
        ({"tag": "=b", "budget_usd": 1}, "tag: expected NAME=VALUE"),
        ({"end_user": "", "budget_usd": 1}, "end_user: expected 1 to"),
        ({"end_user": "a\0b", "budget_usd": 1}, "end_user: expected 1 to"),
        ({"end_user": "u"}, "expected a budget"),
        ({"end_user": "u", "budget_usd": None}, "expected at least one"),
        ({"end_user": "u", "soft_budget_ratio": 0.5}, "expected at least one"),
        ({"end_user": "u", "budget_usd": -1}, "budget_usd: expected dollars"),
        ({"end_user": "u", "budget_usd": 1, "extra_budget_usd": 1}, "expected both or none"),
    ],
)
def test_what_makes_no_sense_is_refused(
    shared: SharedBudgets, options: dict[str, Any], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        shared.set(**options)
    assert shared.list() == []


@pytest.mark.parametrize("whose", ["key", "team", "tag"])
def test_an_extra_budget_raises_every_window_until_its_end(
    keys: Keys, holds: Holds, shared: SharedBudgets, clock: Clock, whose: str
) -> None:
    limits: dict[str, Any] = {
        "budget_usd": 1,
        "budget_daily_usd": 1,
        "extra_budget_usd": 2,
        "extra_budget_for": "1h",
    }
    if whose == "team":
        keys.set_team("t", **limits)
    elif whose == "tag":
        shared.set(tag="customer=acme", **limits)
    caller = caller_of(keys, team="t", tags=ACME, **(limits if whose == "key" else {}))
    first = take(holds, caller, 3)
    assert isinstance(first, Hold)
    assert isinstance(take(holds, caller, 0.1), Refusal)
    holds.release(first)
    clock.now += 3599
    second = take(holds, caller, 3)
    assert isinstance(second, Hold)
    holds.release(second)
    clock.now += 1
    refused = take(holds, caller, 1.1)
    assert isinstance(refused, Refusal)
    assert refused.limit == USD
    assert isinstance(take(holds, caller, 1), Hold)


def test_clearing_the_extra_budget_or_its_end_clears_both(keys: Keys) -> None:
    keys.create("alice", budget_usd=1, extra_budget_usd=2, extra_budget_for="1h")
    assert keys.set("alice", extra_budget_usd=None).extra_budget_until is None
    keys.set("alice", extra_budget_usd=3, extra_budget_for="1h")
    assert keys.set("alice", extra_budget_for=None).extra_budget_nano is None
    with pytest.raises(ValueError, match="expected both or none"):
        keys.set("alice", extra_budget_for="2h")


def test_a_look_up_asks_for_tags_only_where_a_tag_has_a_budget(
    keys: Keys, holds: Holds, shared: SharedBudgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[Prepared] = []
    text = Prepared.text

    def counting(self: Prepared, dialect: str, parameters: Any) -> tuple[str, dict[str, Any]]:
        run.append(self)
        return text(self, dialect, parameters)

    monkeypatch.setattr(Prepared, "text", counting)
    secret = hash_key(keys.create("alice", tags=ACME, budget_usd=5).key)

    def statements() -> tuple[int, int]:
        run.clear()
        caller = keys.find(secret)
        assert caller is not None
        looked_up = len(run)
        take(holds, caller, 0.1)
        return looked_up, len(run) - looked_up

    statements()
    looked_up, held = statements()
    shared.set(end_user="u", budget_usd=5)
    assert statements() == (looked_up, held) == (1, held)
    shared.set(tag="customer=other", budget_usd=5)
    assert statements() == (2, held)
    shared.set(tag="customer=acme", budget_usd=5)
    # The first call of a budget makes its windows; then those of all budgets are written together.
    statements()
    assert statements() == (2, held)


def test_several_thresholds_are_told_of_once_each_with_the_highest_first(
    keys: Keys, database: Database, clock: Clock
) -> None:
    told: list[Any] = []
    ledger = Ledger(database, on_soft_budget=told.append, soft_ratios=(0.5, 0.8, 1.0))
    caller = caller_of(keys, "alice", team="blue", budget_usd=10)
    for usd in (4, 1, 1, 3, 0.5, 1, 1):
        settled(ledger, call_by(caller), round(usd * USD))
    assert [(each.ratio, each.spent / USD) for each in told] == [(0.5, 5), (0.8, 9), (1.0, 10.5)]
    assert {(each.scope, each.name, each.team) for each in told} == {("key", "alice", "blue")}
    told.clear()
    # A changed budget is told of anew, with the highest threshold that is reached.
    keys.set("alice", budget_usd=12)
    settled(ledger, call_by(caller), 1)
    assert [each.ratio for each in told] == [0.8]
