"""The store beside the model of `budget_model`: what each worker does, and what is seen then."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
)
from postgres import PostgreSQL
from sqlalchemy import delete, func, select, update

from assemblyai_mw.call import Call
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import (
    Database,
    Holds,
    Keys,
    Ledger,
    Refusal,
    SharedBudgets,
)
from assemblyai_mw.store.closing import Closing, closing_of, failure_of
from assemblyai_mw.store.schema import (
    budgets,
    calls,
    holds,
    keys,
    spend,
    tag_totals,
    tagged_totals,
    teams,
    totals,
)

from . import budget_model as model
from .budget_model import Asked, End, Model
from .faults import Death, Failed, Fuse, lit
from .kit import NOON, Clock, call_by, price_of, used

NANO = 10**9
LIMITS = st.none() | st.integers(0, 12)
NANOS = st.integers(1, 5)
DAY = 86_400
TAG = "customer=acme"
USER = "maria"
FAULTS = ("error", "death", "unheard", "terminated", "unheard_terminated")


class Worker:
    """One process's objects."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.database = Database(url, clock=clock)
        self.told: list[Any] = []
        self.ledger = Ledger(self.database, on_soft_budget=self.told.append, soft_ratios=(0.5,))
        self.holds = Holds(self.database, soft_ratios=(0.5,))
        self.keys = Keys(self.database)
        self.shared = SharedBudgets(self.database)


@dataclass(frozen=True)
class Move:
    """What one operation needs, drawn whatever the state is, which may depend on a race."""

    pick: int
    key: str
    user: bool
    nano: int
    age_s: int
    lasts: int
    with_row: bool
    how: str
    state: str
    cost: int
    has_usage: bool
    limit: int
    more: list[tuple[int, int]]

    def one_of(self, names: Iterable[str]) -> str | None:
        known = list(names)
        return known[self.pick % len(known)] if known else None


PICKS = st.integers(0, 10_000)
MOVES = st.builds(
    Move,
    pick=PICKS,
    key=st.sampled_from(["both", "both", "team only", "tag only"]),
    user=st.booleans(),
    nano=NANOS,
    age_s=st.sampled_from([0, 0, 0, 2 * 3600]),
    lasts=st.sampled_from([30, 7200]),
    with_row=st.booleans(),
    how=st.sampled_from(["write", "write", "late", "reprice", "by hand"]),
    state=st.sampled_from(["settled", "settled", "failed", "unpriced"]),
    cost=st.integers(0, 6),
    has_usage=st.booleans(),
    limit=st.integers(0, 12),
    more=st.lists(st.tuples(PICKS, NANOS), min_size=1, max_size=4),
)
FAULTS_AT = st.none() | st.tuples(st.integers(0, 4), st.sampled_from(FAULTS))
Act = Callable[["Worker"], Any]


class Bench(RuleBasedStateMachine):
    """Two keys of a team and one without, a tag of one of each, an end user; two workers."""

    url: str
    clock: Clock
    server: PostgreSQL | None

    def __init__(self) -> None:
        super().__init__()
        self.workers = [Worker(self.url, self.clock) for _ in range(2)]
        self.clock.now = NOON + 11 * 3600
        self.model = Model(now=self.now)
        self.calls: dict[str, Call] = {}
        self.asked: dict[str, Asked] = {}
        self.kept: dict[str, End] = {}
        self.rows: dict[str, int] = {}
        self.serial = 0
        self.growing: list[str] = []

    def teardown(self) -> None:
        for each in self.workers:
            each.database.close()

    @property
    def now(self) -> int:
        return round(self.clock.now * 1_000_000)

    @initialize()
    def begin(self) -> None:
        """Leave nothing of earlier runs but keys, which nothing limits."""
        tables = (calls, holds, spend, totals, tag_totals, tagged_totals, budgets)
        nothing = dict.fromkeys(
            (
                "budget_nano",
                "budget_daily_nano",
                "budget_monthly_nano",
                "extra_budget_nano",
                "extra_budget_until",
            )
        )
        worker = self.workers[0]
        with worker.database.write() as connection:
            for table in tables:
                connection.execute(delete(table))
            for table in (keys, teams):
                connection.execute(update(table).values(**nothing))
            names = set(connection.scalars(select(keys.c.name)))
        for folder in worker.database.private_directories():
            shutil.rmtree(folder, ignore_errors=True)
        if not names:
            worker.keys.set_team("team", rpm=1000)
            worker.keys.create("both", team="team", tags={"customer": "acme"})
            worker.keys.create("team only", team="team")
            worker.keys.create("tag only", tags={"customer": "acme"})
        self.ids = {each.name: each.key_id for each in worker.keys.list()}
        self.compare([(self.model, None)])

    # What the store is seen to hold

    def observed(self) -> tuple[Any, ...]:
        with self.workers[0].database.snapshot() as connection:
            found_rows = connection.execute(select(calls)).all()
            found_holds = connection.execute(select(holds)).all()
            found_spend = connection.execute(select(spend)).all()
            limits = {}
            for scope, table, name in (
                ("key", keys, "id"),
                ("team", teams, "name"),
                ("budget", budgets, "id"),
            ):
                for each in connection.execute(select(table)).mappings():
                    amounts = each["budget_nano"], each["budget_monthly_nano"]
                    amounts += (each["budget_daily_nano"],)
                    extra = (each["extra_budget_nano"] or 0, each["extra_budget_until"] or 0)
                    if amounts != (None, None, None):
                        limits[scope, str(each[name])] = (*amounts, *extra)
            counted = ("calls", "failed", "unpriced", "cost_nano")
            sums = {
                (each.day, str(each.key_id), each.team): tuple(each[3:])
                for each in connection.execute(
                    select(
                        totals.c.day,
                        totals.c.key_id,
                        totals.c.team,
                        *(func.sum(totals.c[name]) for name in counted),
                    ).group_by(totals.c.day, totals.c.key_id, totals.c.team)
                )
            } | {
                (each.day, each.tag): tuple(getattr(each, name) for name in counted)
                for each in connection.execute(select(tag_totals))
            }
        self.rows = {each.request_id: each.id for each in found_rows}
        assert len(self.rows) == len(found_rows)
        held = {each.request_id: (each.amount_nano, each.expires_at) for each in found_holds}
        assert len(held) == len(found_holds)
        return (
            {
                each.request_id: (
                    each.state,
                    each.cost_nano or 0,
                    (each.kept_nano or 0) if each.state == "unpriced" else 0,
                )
                for each in found_rows
            },
            held,
            {
                (each.scope, each.owner, each.period): (each.spent_nano, each.held_nano)
                for each in found_spend
                if each.spent_nano or each.held_nano
                if each.scope != "budget" or each.owner not in self.model.cleared
            },
            {group: tuple(map(int, each)) for group, each in sums.items()},
            limits,
        )

    @staticmethod
    def predicted(of: Model) -> tuple[Any, ...]:
        return (
            {name: (each.state, each.cost, each.kept) for name, each in of.rows.items()},
            {name: (each.amount, each.expires) for name, each in of.holds.items()},
            of.spend(),
            of.sums(),
            {
                place: (each.total, each.monthly, each.daily, each.extra, each.until)
                for place, each in of.limits.items()
                if (each.total, each.monthly, each.daily) != (None, None, None)
            },
        )

    def compare(self, candidates: Iterator[tuple[Model, Any]] | list[tuple[Model, Any]]) -> Any:
        """Go on with the candidate that the store agrees with; return what comes with it."""
        cleared = self.model.cleared
        seen = None
        first = None
        for candidate, result in candidates:
            if seen is None or candidate.cleared != cleared:
                self.model, cleared = candidate, candidate.cleared
                seen = self.observed()
            if self.predicted(candidate) == seen:
                self.model = candidate
                self.add_up(seen)
                return result
            first = first or candidate
        raise AssertionError(
            f"no order of the transactions leaves this:\n{seen}\nbut for example:\n"
            f"{None if first is None else self.predicted(first)}"
        )

    def add_up(self, seen: tuple[Any, ...]) -> None:
        """Check the store's sums against its own rows, whatever the model says."""
        rows, held, windows = seen[:3]
        for (scope, owner, period), (spent, waiting) in windows.items():

            def counts(
                name: str, place: model.Place = (scope, owner), period: str = period
            ) -> bool:
                asked = self.asked[name]
                return place in asked.places and period in model.spans(asked.at).values()

            assert spent == sum(
                cost + kept for name, (_, cost, kept) in rows.items() if counts(name)
            )
            assert waiting == sum(amount for name, (amount, _) in held.items() if counts(name))

    def within(self, requests: list[str]) -> None:
        """Check that nothing that was just let in passes a limit that binds now."""
        spent = self.model.spend()
        for request in requests:
            for place, span, window in self.asked[request].windows:
                limit = self.model.limits.get(place)
                most = limit.of(span, self.now) if limit else None
                assert most is None or sum(spent.get(window, (0, 0))) <= most

    # Doing it

    def do(
        self, number: int, operation: model.Operation, act: Callable[[Worker], Any], fault: Any
    ) -> Any:
        """Let one worker act, with a fault or without; return the result, None if it had none."""
        fuse = self.fuse(fault)
        result, came = None, True
        try:
            with lit(fuse):
                result = act(self.workers[number])
        except Death:
            came = False
            self.workers[number] = Worker(self.url, self.clock)
        except (Failed, StoreError):
            assert fuse is not None
            assert fuse.has_blown
            came = False
        found = model.outcomes(self.model, operation)
        if came:
            after, expected, _ = found[-1]
            self.compare([(after, None)])
            assert result == expected
        else:
            self.compare([(each, None) for each, _, _ in found])
        return result

    def fuse(self, fault: Any) -> Fuse | None:
        if fault is None:
            return None
        at, how = fault
        if how.endswith("terminated") and self.server is None:
            how = "death" if how == "terminated" else "unheard"
        return Fuse(at, how, terminate=self.terminate)

    def terminate(self, pid: int) -> None:
        assert self.server is not None
        with self.server.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def ask(self, key: str, user: bool, age_s: int) -> Asked:
        self.serial += 1
        worker = self.workers[0]
        caller = worker.keys.by_id(self.ids[key])
        assert caller is not None
        budget = worker.keys.end_user_budget(USER) if user else None
        if user:
            caller = replace(caller, end_user=USER)
        if budget is not None:
            caller = caller.bound_by(budget)
        call = call_by(caller, at=self.clock.now - age_s, tags={"of": "model"})
        asked = Asked(
            call.id,
            round(call.started * 1_000_000),
            self.ids[key],
            caller.team or "",
            tuple(map(str, caller.budgets)),
            ("of=model", *([TAG] if key != "team only" else [])),
        )
        self.calls[call.id], self.asked[call.id] = call, asked
        return asked

    def admission(
        self, asked: Asked, nano: int, lasts: int, with_row: bool
    ) -> tuple[model.Operation, Act]:
        # No two expire at once: the order of a sweep is known.
        lasts_us = lasts * 1_000_000 + self.serial

        def act(worker: Worker) -> Any:
            call = self.calls[asked.request]
            lasts_s = lasts_us / 1_000_000
            if with_row:
                taken: Any = worker.ledger.open_held(
                    call, nano, expires_in_s=lasts_s, kind="chat", model="gpt", features={}
                )
                hold = None if isinstance(taken, Refusal) else taken.hold
            else:
                taken = worker.holds.take(call, nano, expires_in_s=lasts_s)
                hold = taken
            return refusal(taken) if isinstance(taken, Refusal) else ("admitted", hold.amount)

        return model.admit(asked, nano, lasts_us, with_row=with_row), act

    def ending(self, how: str, end: End) -> tuple[model.Operation, Act]:
        row = self.rows[end.request]
        if how == "reprice":
            end = replace(end, state="settled", has_usage=False)
            return model.reprice(end), lambda worker: worker.ledger.reprice(row, price_of(end.cost))
        if how == "by hand":
            end = replace(end, state="settled", has_usage=False)
            return model.settle_by_hand(end), lambda worker: worker.ledger.settle_by_hand(
                row, end.cost, reason="invoice", actor="x"
            )
        closing = self.closing(end)
        if how == "late":
            return model.close_late(
                end
            ), lambda worker: {end.request} if worker.ledger.write_late(closing) else set()
        return model.close(end), lambda worker: worker.ledger.write(closing)

    def closing(self, end: End) -> Closing:
        row = self.rows[end.request]
        if end.state == "failed":
            return failure_of(row, request_id=end.request)
        return closing_of(
            row,
            usage=used() if end.has_usage else None,
            price=price_of(end.cost) if end.state == "settled" else None,
            reason=None if end.state == "settled" else "no price",
            request_id=end.request,
        )


def refusal(of: Refusal) -> tuple[Any, ...]:
    return ("refused", of.scope, of.window, of.spent, of.held, of.needed, of.limit)
