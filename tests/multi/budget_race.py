"""Sixty-four calls at once at the edge of a budget, from four processes, again and again.

    python -m tests.multi.budget_race --rounds 1000 [--database postgresql://...]

Each call goes through KeyAuth, Budget and CostLogger to an app that answers as the LLM
Gateway does, at a cost that is exactly what was held. Three rounds in a row are alike: in the
second three one of the calls fails, in the third three one's client leaves. Each round has a
budget that fits twenty calls and a part of one: by turns that of a key, of a team, and of a tag
that four keys have. Printed at the end: rounds, calls, calls admitted, dollars over any budget,
dollars held.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assemblyai_mw import (
    Budget,
    CostLogger,
    Database,
    Holds,
    KeyAuth,
    Keys,
    Ledger,
    PriceBook,
)
from assemblyai_mw.billing.replies import billing_facts
from assemblyai_mw.call import CALL_KEY, Call
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import NewKey, SharedBudgets, hash_key

PROCESSES = 4
THREADS = 16
FITTING = 20
MODEL = "racer"
TOKENS = 100
PRICES = {"chat": {MODEL: {"input": "0", "output": "1"}}}
PATH = "/v1/chat/completions"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "go"}], "max_tokens": TOKENS}


def cost_nano() -> int:
    """Return what each call is held at, and costs."""
    asked = billing_facts("chat", BODY)
    now = datetime.now(UTC)
    nano = PriceBook.load(PRICES).estimate("chat", asked, "us", now, assumed_audio_s=1)
    assert nano
    return nano


def gateway(environ: Any, start_response: Any) -> list[bytes]:
    """Answer as the LLM Gateway does; fail where the request asks for it."""
    environ[CALL_KEY].upstream = "replied"
    if environ.get("HTTP_X_FAIL"):
        start_response("500 Internal Server Error", [("Content-Type", "application/json")])
        return [b'{"code": 500, "message": "no"}']
    usage = {"prompt_tokens": 1, "completion_tokens": TOKENS, "total_tokens": TOKENS + 1}
    reply = {"model": MODEL, "choices": [], "usage": usage}
    start_response("200 OK", [("Content-Type", "application/json")])
    body = json.dumps(reply).encode()
    return [body[:10], body[10:]]


class Worker:
    """One process: its own engine, its own stages."""

    def __init__(self, url: str) -> None:
        database = Database(url, busy_timeout_s=60)
        prices = PriceBook.load(PRICES)
        logger = CostLogger(gateway, ledger=Ledger(database), prices=prices)
        holds = Holds(database)
        budget = Budget(logger, holds=holds, prices=prices)
        self.app = KeyAuth(budget, keys=Keys(database), cache_seconds=0)
        self.pool = ThreadPoolExecutor(THREADS)
        self.start = threading.Barrier(THREADS)

    def call(self, key: str, trouble: str) -> int:
        body = json.dumps(BODY).encode()
        call = Call(
            multiprocessing.current_process().name + str(time.perf_counter_ns()),
            time.time(),
            route_for("/llm-gateway.assemblyai"),
            "POST",
            PATH,
        )
        environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "/llm-gateway.assemblyai",
            "PATH_INFO": PATH,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": key,
            "wsgi.input": io.BytesIO(body),
            CALL_KEY: call,
        }
        if trouble == "fail":
            environ["HTTP_X_FAIL"] = "1"
        statuses: list[str] = []
        self.start.wait()
        reply = self.app(environ, lambda status, *rest: statuses.append(status))  # type: ignore
        try:
            for block in reply:
                if block and trouble == "leave":
                    break
        finally:
            if hasattr(reply, "close"):
                reply.close()
        return int(statuses[0][:3])

    def round(self, key: str, troubles: list[str]) -> list[int]:
        return list(self.pool.map(lambda trouble: self.call(key, trouble), troubles))


def work(url: str, rounds: Any, results: Any, start: Any) -> None:
    worker = Worker(url)
    while (turn := rounds.get()) is not None:
        start.wait()
        results.put(worker.round(*turn))
    worker.pool.shutdown()


@dataclass
class Outcome:
    """What the rounds showed; amounts in nano-dollars."""

    rounds: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    admitted: int = 0
    overspent: int = 0
    held: int = 0
    wrong: list[str] = field(default_factory=list)


def _keys_of_round(database: Database, number: int, usd: str) -> list[NewKey]:
    """Return each process's key: by turns the same, of a team, and four with one tag."""
    keys = Keys(database)
    if number % 3 == 2:
        tag = {"customer": f"customer-{number}"}
        SharedBudgets(database).set(tag=f"customer={tag['customer']}", budget_monthly_usd=usd)
        return [keys.create(f"key-{number}-{each}", tags=tag) for each in range(PROCESSES)]
    team = f"team-{number}" if number % 3 else None
    if team:
        keys.set_team(team, budget_daily_usd=usd)
    made = keys.create(f"key-{number}", team=team, budget_usd=None if team else usd)
    return [made] * PROCESSES


def race(url: str, rounds: int, *, report: Any = None) -> Outcome:
    """Run *rounds* on the database at *url*."""
    context = multiprocessing.get_context("spawn")
    database = Database(url, busy_timeout_s=60)
    keys, holds = Keys(database), Holds(database)
    cost = cost_nano()
    limit = cost * FITTING + cost // 2
    usd = f"{limit // 10**9}.{limit % 10**9:09d}"
    queues = [context.Queue() for _ in range(PROCESSES)]
    results, start = context.Queue(), context.Barrier(PROCESSES)
    processes = [
        context.Process(target=work, args=(url, queue, results, start)) for queue in queues
    ]
    for process in processes:
        process.start()
    outcome = Outcome()
    try:
        for number in range(rounds):
            made = _keys_of_round(database, number, usd)
            turn = number // 3 % 3
            troubles = [""] * THREADS
            if turn:
                troubles[number % THREADS] = "fail" if turn == 1 else "leave"
            for queue, key in zip(queues, made, strict=True):
                queue.put((key.key, troubles))
            statuses = Counter[int]()
            for _ in queues:
                statuses.update(results.get(timeout=180))
            caller = keys.find(hash_key(made[0].key))
            assert caller is not None
            for each in holds.spent(caller):
                outcome.held += each.held
                if each.limit is not None:
                    outcome.overspent += max(0, each.spent + each.held - each.limit)
                shared = len({key.key for key in made}) == 1 or each.scope == "tag"
                if shared and each.spent != cost * statuses[200]:
                    outcome.wrong.append(f"round {number}: spent {each.spent}, {statuses}")
            if statuses[200] + statuses[429] + statuses[500] != PROCESSES * THREADS:
                outcome.wrong.append(f"round {number}: {statuses}")
            # What fails frees its hold for another; so nobody is refused while money is left.
            if not statuses[500] and statuses[200] != FITTING:
                outcome.wrong.append(f"round {number}: {statuses}")
            outcome.rounds += 1
            outcome.statuses.update(statuses)
            outcome.admitted += statuses[200]
            if report and (number + 1) % 100 == 0:
                report(f"{number + 1} rounds, {dict(outcome.statuses)}")
    finally:
        for queue in queues:
            queue.put(None)
        for process in processes:
            process.join(30)
            if process.is_alive():
                process.kill()
        database.close()
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--database", help="a URL; default: a SQLite file of its own")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'race.db'}"
        outcome = race(url, options.rounds, report=lambda line: print(line, flush=True))
    print(
        f"{outcome.rounds} rounds of {PROCESSES * THREADS} calls over {PROCESSES} processes in "
        f"{time.monotonic() - began:.0f} s: {outcome.admitted} admitted, "
        f"{outcome.overspent} nano-dollars overspent, {outcome.held} held afterwards, "
        f"{len(outcome.wrong)} wrong"
    )
    for line in outcome.wrong[:20]:
        print(line)
    return 1 if outcome.overspent or outcome.held or outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
