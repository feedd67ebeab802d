"""Whatever workers do, in whatever order, and wherever one dies: no budget is overspent.

The store runs beside the model of `budget_model`, on two workers, with faults between any two
messages, and with two operations at a time. `pytest --hypothesis-profile=search` looks for longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
    run_state_machine_as_test,
)
from postgres import PostgreSQL
from sqlalchemy import select

from assemblyai_mw.store import (
    Hold,
)
from assemblyai_mw.store.schema import (
    holds,
)

from . import budget_model as model
from .budget_machine import (
    DAY,
    FAULTS_AT,
    LIMITS,
    MOVES,
    TAG,
    USER,
    Act,
    Bench,
    Move,
    Worker,
    refusal,
)
from .budget_model import End, Limit, Model
from .faults import Fuse, installed, lit
from .kit import Clock

NANO = 10**9


class Budgets(Bench):
    """What two workers do, one operation at a time, and two."""

    # Operations of a move

    def admission_of(self, move: Move) -> tuple[model.Operation, Act]:
        asked = self.ask(move.key, move.user, move.age_s)
        return self.admission(asked, move.nano, move.lasts, move.with_row)

    def end_of(self, move: Move) -> tuple[model.Operation, Act]:
        request = move.one_of(self.known(self.rows))
        if request is None:
            return self.admission_of(move)
        return self.ending(move.how, end_as(request, move.state, move.cost, move.has_usage))

    def renewal_of(self, move: Move) -> tuple[model.Operation, Act]:
        names = self.known({*self.model.holds, *list(self.asked)[-2:]})
        if not names:
            return self.admission_of(move)
        more = {names[pick % len(names)]: nano for pick, nano in move.more}
        self.growing = list(more)
        # Holds that grow together expire together.
        self.serial += 1
        lasts_us = move.lasts * 1_000_000 + self.serial

        def act(worker: Worker) -> Any:
            found = worker.holds.renew(more, expires_in_s=lasts_us / 1_000_000)
            return {name: why and refusal(why) for name, why in found.items()}

        return model.renew(more, lasts_us), act

    def limit_of(self, move: Move) -> tuple[model.Operation, Act]:
        options = dict.fromkeys(
            ("budget_monthly_usd", "budget_daily_usd", "extra_budget_usd"), None
        )

        def act(worker: Worker) -> None:
            worker.keys.set_team("team", budget_usd=usd(move.limit), **options)

        return model.set_limit(("team", "team"), Limit("team", move.limit)), act

    def known(self, names: Iterable[str]) -> list[str]:
        """Return *names* in the order in which their calls came."""
        return sorted(names, key=list(self.asked).index)

    # Rules

    workers_of = st.integers(0, 1)

    @rule(number=workers_of, move=MOVES, fault=FAULTS_AT)
    def admit(self, number: int, move: Move, fault: Any) -> None:
        operation, act = self.admission_of(move)
        result = self.do(number, operation, act, fault)
        if result is not None and result[0] == "admitted" and result[1]:
            self.within([list(self.asked)[-1]])

    @rule(number=workers_of, move=MOVES, fault=FAULTS_AT)
    def open_row(self, number: int, move: Move, fault: Any) -> None:
        request = move.one_of(name for name in self.asked if name not in self.rows)
        if request is None:
            return

        def act(worker: Worker) -> None:
            worker.ledger.open(self.calls[request], kind="chat", model="gpt", features={})

        self.do(number, model.open_row(self.asked[request]), act, fault)

    @rule(number=workers_of, move=MOVES, fault=FAULTS_AT)
    def release(self, number: int, move: Move, fault: Any) -> None:
        request = move.one_of(self.known(self.model.holds))
        if request is None:
            return
        with self.workers[0].database.read() as connection:
            id = connection.scalar(select(holds.c.id).where(holds.c.request_id == request))
        hold = Hold(id, 0)
        self.do(number, model.release(request), lambda worker: worker.holds.release(hold), fault)

    @rule(number=workers_of, move=MOVES, fault=FAULTS_AT)
    def renew(self, number: int, move: Move, fault: Any) -> None:
        operation, act = self.renewal_of(move)
        result = self.do(number, operation, act, fault)
        if isinstance(result, dict):
            self.within([name for name in self.growing if name not in result])

    @rule(number=workers_of, move=MOVES, fault=FAULTS_AT)
    def end(self, number: int, move: Move, fault: Any) -> None:
        operation, act = self.end_of(move)
        self.do(number, operation, act, fault)

    @rule(number=workers_of, move=MOVES)
    def keep(self, number: int, move: Move) -> None:
        """A closing cannot be written, and is kept in files that all workers see."""
        request = move.one_of(self.known(self.rows))
        if request is None or request in self.kept:
            return
        end = end_as(request, move.state, move.cost, True)
        assert self.workers[number].ledger.unwritten.keep(self.closing(end))
        self.kept[request] = end

    @rule(number=workers_of, fault=FAULTS_AT)
    def write_kept(self, number: int, fault: Any) -> None:
        unwritten = self.workers[number].ledger.unwritten
        # A worker tries again what failed, after a pause.
        unwritten._pauses.clear()
        due = [each.request_id or "" for each in unwritten.due()]
        operation = model.close_late(*(self.kept[each] for each in due))

        def act(worker: Worker) -> Any:
            return {each.request_id for each in worker.ledger.write_kept()}

        if fault is not None and fault[1] not in ("death", "unheard"):
            # The ledger keeps going then; that is the rule `late`.
            fault = None
        self.do(number, operation, act, fault)

    @rule(number=workers_of, fault=FAULTS_AT)
    def sweep(self, number: int, fault: Any) -> None:
        self.do(number, model.sweep, lambda worker: worker.holds.sweep(), fault)

    @rule(
        place=st.sampled_from(["both", "team", "tag", "user"]),
        number=workers_of,
        total=LIMITS,
        monthly=LIMITS,
        daily=LIMITS,
        extra=st.sampled_from([0, 0, 4]),
    )
    def set_limit(
        self,
        place: str,
        number: int,
        total: int | None,
        monthly: int | None,
        daily: int | None,
        extra: int,
    ) -> None:
        self.change_limit(self.workers[number], place, total, monthly, daily, extra)

    def change_limit(
        self,
        worker: Worker,
        place: str,
        total: int | None,
        monthly: int | None,
        daily: int | None,
        extra: int,
    ) -> None:
        options = {
            "budget_usd": usd(total),
            "budget_monthly_usd": usd(monthly),
            "budget_daily_usd": usd(daily),
            "extra_budget_usd": usd(extra) if extra else None,
        }
        if extra:
            options["extra_budget_for"] = timedelta(hours=1)
        owner: model.Place = ("team", "team")
        whose = "team"
        if place in ("tag", "user"):
            whose = "tag" if place == "tag" else "end_user"
            name: dict[str, Any] = {whose: TAG if place == "tag" else USER}
            known = {each.scope: each.budget_id for each in worker.shared.list()}
            if total is monthly is daily is None:
                if whose in known:
                    worker.shared.clear(**name)
                    self.drop(("budget", str(known[whose])))
                return
            owner = ("budget", str(worker.shared.set(**name, **options).budget_id))
        elif place == "team":
            worker.keys.set_team("team", **options)
        else:
            whose, owner = "key", ("key", str(self.ids[place]))
            worker.keys.set(place, **options)
        until = self.now + 3_600_000_000 if extra else 0
        limit = Limit(whose, total, monthly, daily, extra, until)
        ((after, _, _),) = model.outcomes(self.model, model.set_limit(owner, limit))[-1:]
        self.compare([(after, None)])

    def drop(self, owner: model.Place) -> None:
        ((after, _, _),) = model.outcomes(self.model, model.set_limit(owner, None))[-1:]
        self.compare([(after, None)])

    @rule(seconds=st.sampled_from([1, 60, 3601, DAY, 9 * DAY]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds
        self.model.now = self.now

    # Two at a time

    @rule(
        same_worker=st.booleans(),
        at=st.integers(0, 3),
        kinds=st.tuples(*[st.sampled_from(["admit", "admit", "end", "renew", "limit"])] * 2),
        moves=st.tuples(MOVES, MOVES),
    )
    def both(
        self, same_worker: bool, at: int, kinds: tuple[str, str], moves: tuple[Move, Move]
    ) -> None:
        """One pauses before a message while the other goes on, as far as locks let it."""
        of = {
            "admit": self.admission_of,
            "end": self.end_of,
            "renew": self.renewal_of,
            "limit": self.limit_of,
        }
        drawn = [of[kind](move) for kind, move in zip(kinds, moves, strict=True)]
        other_is_over = threading.Event()
        fuse = Fuse(at, "pause", pause=lambda: other_is_over.wait(0.05))
        results: list[Any] = [None, None]
        workers = [self.workers[0], self.workers[0 if same_worker else 1]]

        def first() -> None:
            with lit(fuse):
                results[0] = said(lambda: drawn[0][1](workers[0]))

        thread = threading.Thread(target=first)
        thread.start()
        results[1] = said(lambda: drawn[1][1](workers[1]))
        other_is_over.set()
        thread.join()
        for each in results:
            if isinstance(each, BaseException):
                raise each
        candidates = model.orders(self.model, drawn[0][0], drawn[1][0])
        possible = []

        def matching() -> Iterator[tuple[Model, Any]]:
            for candidate, expected in candidates:
                possible.append(expected)
                if expected == results:
                    yield candidate, None

        try:
            self.compare(matching())
        except AssertionError as error:
            raise AssertionError(f"{kinds}: {results}, expected one of {possible}") from error


def said(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:
        return error


def end_as(request: str, state: str, cost: int, has_usage: bool) -> End:
    if state == "settled":
        return End(request, state, cost, True)
    return End(request, state, 0, has_usage and state == "unpriced")


def usd(nano: int | None) -> str | None:
    return None if nano is None else str(Decimal(nano) / NANO)


def test_the_store_does_what_the_model_does(
    database_url: str,
    postgresql: PostgreSQL,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    is_sqlite = database_url.startswith("sqlite")

    class Here(Budgets):
        pass

    Here.url, Here.clock = database_url, clock
    Here.server = None if is_sqlite else postgresql
    quick = settings().derandomize
    with installed(monkeypatch):
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=20 if quick else 2000,
                stateful_step_count=30 if quick else 60,
                deadline=None,
                database=None,
                # What a race leaves comes not twice alike: no smaller example would.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
