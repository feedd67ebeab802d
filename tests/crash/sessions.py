"""`python -m tests.crash.sessions`: workers that die with sessions open, and what is charged."""

from __future__ import annotations

import argparse
import contextlib
import json
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
from urllib.parse import parse_qs

sys.path.insert(0, str(Path(__file__).parent.parent))

from metered_kit import CHUNK, MODEL, PRICES, SECOND, TERMINATE, Books, listen, update
from postgres import PostgreSQL
from sqlalchemy import select
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from assemblyai_mw.config import load_config
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Database, Holds, Ledger
from assemblyai_mw.store.schema import open_sessions
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all
from assemblyai_mw.transport import SocketTransport

from .bench import configuration
from .workers import Workers

POINTS = (
    "before-row",
    "after-row",
    "after-101",
    "joined",
    "mid-audio",
    "after-checkpoint",
    "before-renewal",
    "after-renewal",
    "after-update",
    "after-terminate",
    "before-close",
    "after-close",
    "in-drain",
    "random",
)
AT_ONCE = 2
BUDGET_S = 40
CHECKPOINT_S = 0.3
STREAMING = {"hold_slice_s": 0.6, "checkpoint_s": CHECKPOINT_S, "terminate_s": 1.0}
# Longer than a hold without a row is kept.
MUCH_LATER_S = 10_000.0
# A session with its option costs three dollars a second (metered_kit).
DEAREST = 3 * SECOND


@dataclass
class Counts:
    """What a run found. All but the first four, and `points`, must be empty.

    Attributes:
        rounds, kills, begun, estimated: Rounds, workers killed, sessions that the stand-in began,
            and those that settlement had to close.
        wrong: What is not as it must be.
    """

    rounds: int = 0
    kills: int = 0
    begun: int = 0
    estimated: int = 0
    points: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Clients:
    """Sessions of one round, each of a key of its own, and with a sample rate that names it."""

    def __init__(self, workers: Workers, books: Books, first: int) -> None:
        self._address = workers.url.replace("http://", "ws://")
        self._threads = []
        for number in range(first, first + AT_ONCE):
            key = books.keys.create(f"key-{number}", budget_usd=str(BUDGET_S)).key
            self._threads.append(threading.Thread(target=self._talk, args=(key, number)))
        self.go_on = threading.Event()
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        self.go_on.set()
        for thread in self._threads:
            thread.join()

    def _talk(self, key: str, number: int) -> None:
        query = f"sample_rate={8000 + number}&speech_model={MODEL}"
        url = f"{self._address}/streaming.assemblyai/v3/ws?{query}"
        with (
            contextlib.suppress(WebSocketException, OSError, EOFError, TimeoutError),
            connect(
                url,
                additional_headers={"Authorization": key},
                compression=None,
                open_timeout=10,
                close_timeout=0.5,
            ) as client,
        ):
            client.recv(timeout=10)
            client.send(CHUNK)
            client.send(update(keyterms_prompt=["AssemblyAI"]))
            self.go_on.wait(1.2)
            client.send(CHUNK)
            client.send(TERMINATE)
            listen(client)


def kill_one(workers: Workers, clients: Clients, point: str, choose: random.Random) -> bool:
    """Have one worker die at *point*; whether one did. It is armed already."""
    if point == "random":
        time.sleep(choose.random())
        with contextlib.suppress(ProcessLookupError):
            os.kill(choose.choice(workers.pids()), signal.SIGKILL)
        return True
    if point == "in-drain":
        time.sleep(0.4)
        for pid in workers.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while workers.armed.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not workers.disarm()


def run(
    folder: Path, database_url: str, *, rounds: int, seed: int = 1, verbose: bool = False
) -> Counts:
    """Kill *rounds* workers with sessions, settle what is left, and look at all of it."""
    choose = random.Random(seed)
    counts = Counts(rounds=rounds)
    books = Books(database_url)
    books.ledger.usage("day")
    with serve_all(FakeAssemblyAI()) as hosts:
        config = configuration(hosts, database_url, settlement=False, prices=PRICES)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "streaming.json").write_text(json.dumps(STREAMING))
        hosts.us.streaming.models |= {MODEL}
        with Workers(
            folder, config, count=2, app="session_app", options=["--graceful-timeout", "8"]
        ) as workers:
            for number in range(rounds):
                point = POINTS[number % len(POINTS)]
                if point != "random":
                    workers.arm(point)
                clients = Clients(workers, books, number * AT_ONCE)
                if kill_one(workers, clients, point, choose):
                    counts.kills += 1
                    counts.points[point] += 1
                else:
                    counts.wrong.append(f"round {number}: nobody died at {point}")
                clients.join()
                if verbose and number % 20 == 19:
                    print(f"round {number + 1}: {counts.kills} killed", flush=True)
            workers.kill()
        # What dead workers left is closed there too.
        for session in hosts.us.sessions:
            assert hosts.us.wait_for(lambda _, one=session: one.ended_by is not None)
        seen = last_seen(books)
        settle(config, books)
        check(counts, hosts, books, seen)
    books.close()
    return counts


def last_seen(books: Books) -> dict[int, int]:
    """Milliseconds of each session that nobody closed, as of its last checkpoint."""
    with books.database.read() as connection:
        rows = connection.execute(select(open_sessions.c.call_id, open_sessions.c.elapsed_ms))
        return {row.call_id: row.elapsed_ms for row in rows}


def settle(config: dict[str, Any], books: Books) -> None:
    """Settle as `assemblyai-mw settle --stopped` does; let holds without a row expire."""
    settings = load_config(config)
    ledger = Ledger(books.database, checkpoint_s=CHECKPOINT_S)
    with contextlib.closing(SocketTransport()) as transport:
        settler = Settler(
            settings, ledger=ledger, transport=transport, prices=settings.price_book(), stopped=True
        )
        while settler.run(limit=50).leased:
            pass
    later = Database(str(settings.database_url), clock=lambda: time.time() + MUCH_LATER_S)
    while Holds(later).sweep():
        pass
    later.close()


def check(counts: Counts, hosts: Hosts, books: Books, seen: dict[int, int]) -> None:
    """Compare the ledger with what the stand-in did."""
    wrong = counts.wrong.append
    rows = {row.key_name: row for row in books.rows()}
    if len(rows) != len(books.rows()):
        wrong("a session has two rows")
    left = books.pending(), books.open(), books.held()
    if any(left):
        wrong(f"pending, open, held: {left}")
    for session in hosts.us.sessions:
        counts.begun += 1
        number = int(parse_qs(session.query)["sample_rate"][0]) - 8000
        row = rows.get(f"key-{number}")
        if row is None:
            wrong(f"key-{number}: no row")
        elif row.state != "settled" or not row.cost_nano:
            wrong(f"key-{number}: {row.state}, {row.cost_nano}, {row.reason}")
        elif not row.estimated:
            rate = DEAREST if session.features else SECOND
            if row.cost_nano != session.billed_s * rate:
                wrong(f"key-{number}: {row.cost_nano}, billed {session.billed_s} s")
    by_settlement = 0
    for name, row in rows.items():
        counts.estimated += bool(row.estimated)
        if row.id in seen:
            by_settlement += 1
            if not row.estimated or row.audio_ms != seen[row.id] + round(CHECKPOINT_S * 1000):
                wrong(f"{name}: {row.audio_ms} ms, last seen at {seen[row.id]}")
        if row.cost_nano and books.spent(name) > BUDGET_S * SECOND:
            wrong(f"{name}: overspent")
    total = sum(row.cost_nano or 0 for row in rows.values())
    reported = sum(round(float(each["cost_usd"]) * SECOND) for each in books.ledger.usage("day"))
    if total != reported:
        wrong(f"{total} in rows, {reported} in totals")
    if by_settlement != len(seen):
        wrong(f"{by_settlement} of {len(seen)} lost sessions")
    for line in books.database.check():
        wrong(line)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.sessions")
    parser.add_argument("--rounds", type=int, default=140)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = PostgreSQL() if options.database == "postgresql" else None
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="aamw-crash-") as name:
            folder = Path(name)
            url = server.fresh_url() if server else f"sqlite:///{folder / 'ledger.db'}"
            counts = run(folder, url, rounds=options.rounds, seed=options.seed, verbose=True)
    finally:
        if server:
            server.stop()
    print(f"{options.database}, {time.monotonic() - started:.0f} s")
    for name in ("rounds", "kills", "begun", "estimated"):
        print(f"  {name:<11}{getattr(counts, name)}")
    print(f"  {'by point':<11}{', '.join(f'{k} {v}' for k, v in counts.points.items())}")
    for line in counts.wrong:
        print(f"  wrong: {line}")
    return 1 if counts.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
