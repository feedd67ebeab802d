"""Sessions on one budget that renew their slices until they are refused, in four processes.

    python -m tests.multi.session_race --sessions 50 [--database postgresql://...]

Each session takes a hold and a ledger row; each process then renews all its sessions in one
transaction, and checkpoints them, again and again. A session that is refused ends at what it
holds. The key and its team have budgets that fit 20 slices a session and a part of one. Every
fifth session's process forgets it, so that settlement closes it by its last checkpoint. Printed
at the end: slices granted, nano-dollars over any budget, and nano-dollars still held.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assemblyai_mw import Caller, Database, Holds, Keys, Ledger, PriceBook, SocketTransport
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, new_id
from assemblyai_mw.config import load_config
from assemblyai_mw.routes import route_for
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Hold
from assemblyai_mw.store.closing import closing_of

PROCESSES = 4
SLICES = 20
SLICE_MS = 60_000
MODEL = "racer"
PRICES = {"session": {MODEL: {"usd": "1.0"}}}
ASKED = {"models": [MODEL]}
ACCOUNT = [
    {"model_name": f"{name}/*", "litellm_params": {"model": f"{name}/*", "api_key": "unused"}}
    for name in ("assemblyai", "eu.assemblyai")
]


def book() -> PriceBook:
    return PriceBook.load(PRICES)


def usage_of(slices: int) -> Usage:
    return Usage("session", MODEL, "global", session_ms=slices * SLICE_MS)


class Worker:
    """One process with sessions of its own."""

    def __init__(self, url: str, caller: Caller) -> None:
        self.database = Database(url, busy_timeout_s=60)
        self.ledger, self.holds = Ledger(self.database), Holds(self.database)
        self.caller = caller
        self.prices = book()
        self.slice_nano = self.nano(1)
        # By Call.id: the row, and the slices held.
        self.open: dict[str, tuple[int, int]] = {}
        self.granted = self.spent = self.turns = self.left = 0

    def nano(self, slices: int) -> int:
        return self.prices.price(usage_of(slices), datetime.now(UTC)).nano

    def begin(self, sessions: int) -> None:
        for _ in range(sessions):
            route = route_for("/streaming.assemblyai")
            call = Call(new_id(), time.time(), route, "GET", "/v3/ws", caller=self.caller)
            if isinstance(self.holds.take(call, self.slice_nano, expires_in_s=3600), Hold):
                row = self.ledger.open_session(call, model=MODEL, features=ASKED)
                assert isinstance(row, int)
                self.open[call.id] = (row, 1)
                self.granted += 1

    def run(self) -> None:
        leave = [id for at, id in enumerate(self.open) if at % 5 == 2]
        while self.open:
            self.turns += 1
            # What a further slice costs: rounding must not let the sum pass what is held.
            more = {
                id: self.nano(slices + 1) - self.nano(slices)
                for id, (_, slices) in self.open.items()
            }
            refused = self.holds.renew(more, expires_in_s=3600)
            for id in more.keys() - refused.keys():
                row, slices = self.open[id]
                self.open[id] = (row, slices + 1)
                self.granted += 1
            rows = {row: (slices * SLICE_MS, None) for row, slices in self.open.values()}
            assert self.ledger.checkpoint(rows) == rows.keys()
            for id in refused:
                row, slices = self.open.pop(id)
                nano = self.nano(slices)
                self.spent += nano
                if id in leave:
                    self.left += 1
                    continue
                usage = usage_of(slices)
                price = self.prices.price(usage, datetime.now(UTC))
                assert price.nano == nano
                assert self.ledger.write(closing_of(row, usage=usage, price=price))


def work(url: str, caller: Caller, sessions: int, start: Any, results: Any) -> None:
    worker = Worker(url, caller)
    try:
        worker.begin(sessions)
        start.wait()
        worker.run()
        results.put((worker.granted, worker.spent, worker.turns, worker.left))
    except Exception as error:
        results.put(f"{type(error).__name__}: {error}")
    worker.database.close()


@dataclass
class Outcome:
    """What the race showed; amounts in nano-dollars."""

    granted: int = 0
    spent: int = 0
    turns: int = 0
    left: int = 0
    limit: int = 0
    overspent: int = 0
    held: int = 0
    wrong: list[str] = field(default_factory=list)


def race(url: str, sessions: int) -> Outcome:
    """Run *sessions* on the database at *url*."""
    context = multiprocessing.get_context("spawn")
    database = Database(url, busy_timeout_s=60)
    keys, holds = Keys(database), Holds(database)
    probe = Worker(url, Caller("nobody"))
    limit = probe.slice_nano * SLICES * sessions + probe.slice_nano // 2
    probe.database.close()
    usd = f"{limit // 10**9}.{limit % 10**9:09d}"
    keys.set_team("racers", budget_daily_usd=usd)
    made = keys.create("racer", team="racers", budget_usd=usd)
    caller = keys.by_id(made.info.key_id)
    assert caller is not None
    results, start = context.Queue(), context.Barrier(PROCESSES)
    shares = [sessions // PROCESSES + (n < sessions % PROCESSES) for n in range(PROCESSES)]
    processes = [
        context.Process(target=work, args=(url, caller, share, start, results)) for share in shares
    ]
    for process in processes:
        process.start()
    outcome = Outcome(limit=limit)
    try:
        for _ in processes:
            found = results.get(timeout=300)
            if isinstance(found, str):
                outcome.wrong.append(found)
                continue
            granted, spent, turns, left = found
            outcome.granted += granted
            outcome.spent += spent
            outcome.turns += turns
            outcome.left += left
    finally:
        for process in processes:
            process.join(30)
            if process.is_alive():
                process.kill()
    settle(url)
    for each in holds.spent(caller):
        outcome.held += each.held
        outcome.overspent += max(0, each.spent + each.held - limit)
        if each.spent != outcome.spent:
            outcome.wrong.append(f"{each.scope} {each.window}: {each.spent} spent")
    ledger = Ledger(database)
    rows = list(ledger.calls())
    if {row["state"] for row in rows} != {"settled"} or len(rows) != sessions:
        outcome.wrong.append(f"{len(rows)} rows, {ledger.pending()} of them open")
    if sum(row["estimated"] for row in rows) != outcome.left:
        outcome.wrong.append("not just the sessions left behind are estimated")
    # Nobody is refused while a slice is left.
    if limit - outcome.spent > probe.slice_nano:
        outcome.wrong.append(f"{limit - outcome.spent} of the budget are left")
    database.close()
    return outcome


def settle(url: str) -> None:
    """Close the sessions left behind, as if a minute had gone by."""
    database = Database(url, clock=lambda: time.time() + 61)
    transport = SocketTransport()
    settler = Settler(
        load_config({"general_settings": {"database_url": url}, "model_list": ACCOUNT}),
        ledger=Ledger(database),
        transport=transport,
        prices=book(),
        clock=lambda: time.time() + 61,
    )
    while settler.run().leased:
        pass
    transport.close()
    database.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--database", help="a URL; default: a SQLite file of its own")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'race.db'}"
        outcome = race(url, options.sessions)
    print(
        f"{options.sessions} sessions over {PROCESSES} processes in "
        f"{time.monotonic() - began:.1f} s: {outcome.granted} slices granted in {outcome.turns} "
        f"renewals, {outcome.left} sessions left behind, {outcome.spent} of {outcome.limit} "
        f"nano-dollars spent, {outcome.overspent} overspent, {outcome.held} held afterwards, "
        f"{len(outcome.wrong)} wrong"
    )
    for line in outcome.wrong[:20]:
        print(line)
    return 1 if outcome.overspent or outcome.held or outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
