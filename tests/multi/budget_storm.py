"""Processes at the edge of one team's budget, killed at random, with everything at once.

    python -m tests.multi.budget_storm --kills 100 [--database postgresql://...]

Each process has threads that admit calls, with their rows and without, let holds grow, close,
reprice and release, at random; a limit is cleared, set and raised meanwhile, tags are cleared,
calls are pruned, teams erased, expired holds swept. No call costs more than it held, so what is
spent and held may pass no limit that was the highest so far. At the end, sums must be those of the
rows, and every error of the database is counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from assemblyai_mw import Database, Holds, Keys, Ledger
from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.errors import StoreError, UnknownBudget
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Refusal, SharedBudgets, hash_key
from assemblyai_mw.store.erasing import erase
from assemblyai_mw.store.pruning import prune
from assemblyai_mw.store.schema import calls, holds, spend, totals

PROCESSES, THREADS = 3, 8
LIMIT, TAG_LIMIT, KEY_LIMIT = 400, 300, 200
NANO = 10**9
TAG = "customer=acme"


def _usd(nano: int) -> str:
    return f"0.{nano:09d}"


def price(nano: int) -> Price:
    return Price(nano, (Item("racer", "1", "call", "1/call", nano),))


def _call(caller: Caller, dice: random.Random) -> Call:
    return Call(
        id=f"{os.getpid()}-{dice.getrandbits(80):x}",
        started=time.time(),
        route=route_for("/assemblyai"),
        method="POST",
        path="/v2/transcript",
        caller=caller,
    )


class Storm:
    """One process's threads."""

    def __init__(self, url: str, number: int, keys: list[str], errors: Any, stop: Any) -> None:
        self.database = Database(url, busy_timeout_s=60)
        self.ledger = Ledger(self.database, on_soft_budget=lambda _: None, soft_ratios=(0.5,))
        self.holds = Holds(self.database, soft_ratios=(0.5,))
        self.keys = Keys(self.database)
        self.secrets, self.number = keys, number
        # Of keys in a team that is erased again and again.
        self.passing: list[str] = []
        self.errors, self.stop = errors, stop

    def run(self) -> None:
        threads = [
            threading.Thread(target=self.guarded, args=(number,)) for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.database.close()

    def guarded(self, number: int) -> None:
        dice = random.Random(f"{self.number} {number}")
        while not self.stop.is_set():
            try:
                if number == 0:
                    self.govern(dice)
                else:
                    self.spend(dice)
            except StoreError as error:
                self.errors.put(str(error))
            except Exception as error:
                self.errors.put(f"{type(error).__name__}: {error}")

    def spend(self, dice: random.Random) -> None:
        """Admit a few calls, let them grow together, and end each in some way."""
        under_way: dict[str, tuple[Call, int, int, Any]] = {}
        for _ in range(dice.randint(1, 4)):
            secret = dice.choice([*self.secrets, *self.passing[-2:]])
            caller = self.keys.find(hash_key(secret))
            if caller is None:
                continue
            call, nano = _call(caller, dice), dice.randint(1, 9)
            if dice.random() < 0.8:
                asked: dict[str, Any] = {"kind": "chat", "model": "racer", "features": {}}
                taken = self.ledger.open_held(call, nano, expires_in_s=60, **asked)
                if isinstance(taken, Refusal):
                    continue
                under_way[call.id] = (call, taken.row, taken.hold.amount, taken.hold)
            else:
                hold = self.holds.take(call, nano, expires_in_s=dice.choice([0, 60]))
                if not isinstance(hold, Refusal):
                    under_way[call.id] = (call, 0, hold.amount, hold)
        if under_way and dice.random() < 0.5:
            more = {name: dice.randint(1, 3) for name in dice.sample([*under_way], len(under_way))}
            refused = self.holds.renew(more, expires_in_s=60)
            for name in more.keys() - refused.keys():
                call, row, amount, hold = under_way[name]
                under_way[name] = (call, row, amount + more[name], hold)
        for _, row, amount, hold in under_way.values():
            how = dice.random()
            if not row:
                self.holds.release(hold)
            elif how < 0.6:
                cost = dice.randint(0, amount)
                usage = Usage("chat", "racer", output_tokens=1)
                self.ledger.settle(row, usage=usage, price=price(cost))
            elif how < 0.75:
                self.ledger.fail(row, status=500)
            elif how < 0.95:
                self.ledger.settle(row, usage=None, price=None, reason="no price")
                self.ledger.reprice(row, price(dice.randint(0, amount)))
            # Else it is left as a dead worker leaves it.

    def govern(self, dice: random.Random) -> None:
        """Do what operators and the background do meanwhile."""
        shared = SharedBudgets(self.database)
        time.sleep(0.02)
        what = dice.randrange(6)
        if what == 0:
            shared.set(tag=TAG, budget_usd=_usd(TAG_LIMIT), soft_budget_ratio=0.5)
        elif what == 1 and dice.random() < 0.3:
            try:
                shared.clear(tag=TAG)
            except UnknownBudget:
                return
        elif what == 2:
            self.keys.set_team("team", soft_budget_ratio=dice.choice([0.5, 0.9]))
        elif what == 3:
            prune(self.database, time.time() + 1, limit=5)
        elif what == 4:
            self.holds.sweep()
        elif dice.random() < 0.3 and not self.database.is_sqlite:
            erase(self.database, "team", "passing", sleep=lambda _: None)
        else:
            self.keys.set_team("passing", budget_usd=_usd(LIMIT), budget_daily_usd=_usd(LIMIT))
            name = f"{os.getpid()}-{dice.getrandbits(80):x}"
            made = self.keys.create(name, team="passing", tags={"customer": "acme"})
            self.passing.append(made.key)


def _run(url: str, number: int, keys: list[str], errors: Any, stop: Any) -> None:
    Storm(url, number, keys, errors, stop).run()


@dataclass
class Outcome:
    """What was seen; amounts in nano-dollars."""

    kills: int = 0
    looks: int = 0
    calls: int = 0
    overspent: int = 0
    wrong: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


def storm(url: str, kills: int, *, every_s: float = 1.0) -> Outcome:
    """Let processes spend at *url*, and kill one of them so many times."""
    context = multiprocessing.get_context("spawn")
    database = Database(url, busy_timeout_s=60)
    keys, shared = Keys(database), SharedBudgets(database)
    keys.set_team("team", budget_usd=_usd(LIMIT), budget_daily_usd=_usd(LIMIT - 50))
    shared.set(tag=TAG, budget_usd=_usd(TAG_LIMIT))
    tags = {"customer": "acme"}
    secrets = [
        keys.create(f"key-{each}", team="team", budget_usd=_usd(KEY_LIMIT), tags=tags).key
        for each in range(6)
    ]
    errors, stop = context.SimpleQueue(), context.Event()
    outcome, dice = Outcome(), random.Random(7)
    said = threading.Thread(target=_collect, args=(errors, outcome))
    said.start()

    def begin(number: int) -> Any:
        process = context.Process(target=_run, args=(url, number, secrets, errors, stop))
        process.start()
        return process

    most = LIMIT
    processes = [begin(number) for number in range(PROCESSES)]
    number = PROCESSES
    try:
        for _ in range(kills):
            until = time.monotonic() + every_s * (0.5 + dice.random())
            while time.monotonic() < until:
                _look(database, most, outcome)
                time.sleep(0.005)
            # Room for those that come; what was held by the dead stays held.
            most += LIMIT // 4
            keys.set_team("team", budget_usd=_usd(most), budget_daily_usd=_usd(most - 50))
            for each in range(6):
                keys.set(f"key-{each}", budget_usd=_usd(most // 2))
            victim = dice.randrange(PROCESSES)
            os.kill(processes[victim].pid, signal.SIGKILL)
            processes[victim].join()
            outcome.kills += 1
            processes[victim] = begin(number)
            number += 1
        time.sleep(every_s)
    finally:
        stop.set()
        for process in processes:
            process.join(120)
            if process.is_alive():
                outcome.wrong.append("a process does not end")
                process.kill()
        errors.put(None)
        said.join()
    _look(database, most, outcome)
    _add_up(database, outcome)
    database.close()
    return outcome


def _collect(errors: Any, outcome: Outcome) -> None:
    while (line := errors.get()) is not None:
        outcome.errors[line] += 1


def _look(database: Database, most: int, outcome: Outcome) -> None:
    both = spend.c.spent_nano + spend.c.held_nano
    with database.read() as connection:
        for row in connection.execute(
            select(spend.c.scope, spend.c.owner, both.label("all")).where(spend.c.period == "total")
        ):
            limit = {"team": most, "key": max(KEY_LIMIT, most // 2), "budget": TAG_LIMIT}[row.scope]
            if row.scope == "team" and row.owner != "team":
                limit = LIMIT
            outcome.overspent = max(outcome.overspent, row.all - limit)
    outcome.looks += 1


def _add_up(database: Database, outcome: Outcome) -> None:
    """Compare what is spent and held with the rows; pruned calls stand in the totals."""
    sums = func.sum(spend.c.spent_nano), func.sum(spend.c.held_nano)
    with database.snapshot() as connection:
        spent, held, *of_keys = (
            int(each or 0)
            for scope in ("team", "key")
            for each in connection.execute(
                select(*sums).where(spend.c.scope == scope, spend.c.period == "total")
            ).one()
        )
        cost, count = connection.execute(
            select(func.sum(totals.c.cost_nano), func.sum(totals.c.calls))
        ).one()
        kept = connection.scalar(
            select(func.sum(calls.c.kept_nano)).where(calls.c.state == "unpriced")
        )
        holding = connection.scalar(select(func.sum(holds.c.amount_nano)))
        lost = connection.scalar(
            select(func.count())
            .select_from(calls)
            .where(
                calls.c.state == "pending",
                calls.c.request_id.not_in(select(holds.c.request_id)),
            )
        )
    outcome.calls = int(count)
    found = {
        "spent": (spent, int(cost) + int(kept or 0)),
        "held": (held, int(holding or 0)),
        "of keys": (of_keys, [spent, held]),
        "pending calls without a hold": (lost, 0),
    }
    outcome.wrong += [f"{name}: {each}" for name, each in found.items() if each[0] != each[1]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database", help="a URL; default: a SQLite file of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'storm.db'}"
        outcome = storm(url, options.kills)
    print(
        f"{outcome.kills} kills, {outcome.calls} calls, {outcome.looks} looks: "
        f"{outcome.overspent} nano-dollars overspent, {len(outcome.wrong)} wrong"
    )
    for line, times in outcome.errors.most_common(20):
        print(f"{times} x {line}")
    for line in outcome.wrong:
        print(line)
    return 1 if outcome.overspent > 0 or outcome.wrong or outcome.errors else 0


if __name__ == "__main__":
    sys.exit(main())
