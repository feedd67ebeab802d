"""Whatever happens in whatever order, what is spent and held is the sum over the calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from assemblyai_mw.call import Call
from assemblyai_mw.store import Database, Hold, Holds, Keys, Ledger, hash_key
from assemblyai_mw.store.closing import closing_of, failure_of
from assemblyai_mw.store.schema import holds as holds_table
from assemblyai_mw.store.schema import spend, tag_totals, totals
from assemblyai_mw.store.totals import windows

from .kit import NOON, Clock, call_by, price_of, used

AMOUNTS = st.integers(1, 10**12)
DAY = 86_400.0


@dataclass
class Known:
    """What the model believes of one call."""

    call: Call
    hold: Hold
    held: int
    ends: float
    row: int | None = None
    state: str = "taken"
    spent: int = 0
    usage: bool = False


class Money(RuleBasedStateMachine):
    """Two keys of one team, calls on several days; `database` is set by the test."""

    database: Database
    clock: Clock
    number = 0

    @initialize()
    def begin(self) -> None:
        Money.number += 1
        self.clock.now = NOON
        self.team = f"team-{Money.number}"
        keys = Keys(self.database)
        self.ledger, self.holds = Ledger(self.database), Holds(self.database)
        keys.set_team(self.team, budget_usd=10**6)
        made = [keys.create(f"{self.team}-{each}", team=self.team) for each in "ab"]
        self.callers = [keys.find(hash_key(each.key)) for each in made]
        self.calls: list[Known] = []

    def of(self, *states: str) -> list[Known]:
        return [each for each in self.calls if each.state in states]

    @rule(key=st.integers(0, 1), nano=AMOUNTS, lasts_s=st.sampled_from([60.0, 5 * DAY]))
    def take(self, key: int, nano: int, lasts_s: float) -> None:
        call = call_by(self.callers[key], at=self.clock.now, tags={"t": "x"})
        hold = self.holds.take(call, nano, expires_in_s=lasts_s)
        assert isinstance(hold, Hold)
        self.calls.append(Known(call, hold, nano, self.clock.now + lasts_s))

    @precondition(lambda self: self.of("taken"))
    @rule(data=st.data())
    def open(self, data: Any) -> None:
        each = data.draw(st.sampled_from(self.of("taken")))
        each.row = self.ledger.open(each.call, kind="chat", model="gpt-5", features={})
        each.state = "pending"

    @precondition(lambda self: self.of("taken"))
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        each = data.draw(st.sampled_from(self.of("taken")))
        assert self.holds.release(each.hold) == (each.held > 0)
        each.state, each.held = "gone", 0

    @rule(data=st.data(), cost=AMOUNTS, how=st.sampled_from(["settle", "fail", "none", "lost"]))
    def close(self, data: Any, cost: int, how: str) -> None:
        """Close any row that there is, closed ones too: only pending ones may change."""
        rows = [each for each in self.calls if each.row is not None]
        if not rows:
            return
        each = data.draw(st.sampled_from(rows))
        assert each.row is not None
        if how == "settle":
            done = self.ledger.settle(each.row, usage=used(), price=price_of(cost))
            state, spent = "settled", cost
        elif how == "fail":
            done = self.ledger.fail(each.row, status=500)
            state, spent = "failed", 0
        else:
            usage = used() if how == "none" else None
            done = self.ledger.settle(each.row, usage=usage, price=None, reason="no price")
            state, spent = "unpriced", each.held
        assert done == (each.state == "pending")
        if done:
            each.state, each.spent, each.held, each.usage = state, spent, 0, how == "none"

    @rule(data=st.data(), cost=AMOUNTS, by_hand=st.booleans())
    def reprice(self, data: Any, cost: int, by_hand: bool) -> None:
        rows = [each for each in self.calls if each.row is not None]
        if not rows:
            return
        each = data.draw(st.sampled_from(rows))
        assert each.row is not None
        if by_hand:
            done = self.ledger.settle_by_hand(each.row, cost, reason="invoice", actor="x")
            assert done == (each.state in ("unpriced", "pending"))
        else:
            done = self.ledger.reprice(each.row, price_of(cost))
            assert done == (each.state == "unpriced")
        if done:
            each.state, each.spent, each.held = "settled", cost, 0

    @rule(data=st.data(), cost=AMOUNTS, failed=st.booleans())
    def write_late(self, data: Any, cost: int, failed: bool) -> None:
        """A closing that had failed to be written comes after whatever came meanwhile."""
        rows = [each for each in self.calls if each.row is not None]
        if not rows:
            return
        each = data.draw(st.sampled_from(rows))
        assert each.row is not None
        closing = (
            failure_of(each.row, request_id=each.call.id)
            if failed
            else closing_of(each.row, usage=used(), price=price_of(cost), request_id=each.call.id)
        )
        lost = each.state == "unpriced" and not each.usage
        assert self.ledger.write_late(closing) == (lost or each.state == "pending")
        if lost or each.state == "pending":
            each.state, each.spent, each.held = "settled", cost, 0
            if failed:
                each.state, each.spent = "failed", 0

    @rule(days=st.sampled_from([0.1, 1.0, 40.0]))
    def wait_and_sweep(self, days: float) -> None:
        self.clock.now += days * DAY
        void = [e for e in self.of("taken") if e.held and e.ends <= self.clock.now]
        while self.holds.sweep():
            # Those that earlier runs of this machine left may be among them.
            pass
        for each in void:
            each.held = 0

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "calls"):
            return
        expected: dict[tuple[str, str, str], list[int]] = {}
        for each in self.calls:
            caller = each.call.caller
            assert caller is not None
            at = round(each.call.started * 1_000_000)
            for period in windows(caller.key_id, caller.team, at):
                sums = expected.setdefault((period.scope, period.owner, period.period), [0, 0])
                sums[0] += each.spent
                sums[1] += each.held
        owners = [self.team, *(str(each.key_id) for each in self.callers if each)]
        with self.database.read() as connection:
            found = connection.execute(select(spend).where(spend.c.owner.in_(owners))).all()
            held = connection.scalar(
                select(func.coalesce(func.sum(holds_table.c.amount_nano), 0)).where(
                    holds_table.c.team == self.team
                )
            )
            sums = connection.execute(
                select(
                    *(func.coalesce(func.sum(totals.c[n]), 0) for n in ("calls", "failed")),
                    *(func.coalesce(func.sum(totals.c[n]), 0) for n in ("unpriced", "cost_nano")),
                    func.coalesce(func.min(totals.c.unpriced), 0),
                ).where(totals.c.team == self.team)
            ).one()
            least = connection.scalar(select(func.min(tag_totals.c.unpriced)))
        got = {(r.scope, r.owner, r.period): [r.spent_nano, r.held_nano] for r in found}
        assert got == expected
        assert all(number >= 0 for each in got.values() for number in each)
        for period in {name[2] for name in got}:
            team, keys = [0, 0], [0, 0]
            for (scope, _, when), (spent, waiting) in got.items():
                if when == period:
                    into = team if scope == "team" else keys
                    into[0] += spent
                    into[1] += waiting
            assert team == keys
        assert held == sum(each.held for each in self.calls)
        closed = self.of("settled", "failed", "unpriced")
        assert tuple(sums) == (
            len(closed),
            len(self.of("failed")),
            len(self.of("unpriced")),
            sum(each.spent for each in self.of("settled")),
            sums[4],
        )
        assert sums[4] >= 0
        assert (least or 0) >= 0


def test_spent_and_held_are_the_sum_over_the_calls(database: Database, clock: Clock) -> None:
    class Here(Money):
        pass

    Here.database, Here.clock = database, clock
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=60 if database.is_sqlite else 30,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
