"""The load, the kills, and the counts."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select

from assemblyai_mw.billing.price_book import PriceBook, format_usd
from assemblyai_mw.billing.replies import transcript_outcome
from assemblyai_mw.config import load_config
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Database, Keys, Ledger, UsageFilter
from assemblyai_mw.store.schema import calls, holds, spend
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, Hosts, serve_all
from assemblyai_mw.transport import SocketTransport

from .workers import Workers

POINTS = (
    "before-forward",
    "after-upstream",
    "before-accept",
    "after-accept",
    "before-settle",
    "after-settle",
    "random",
)
WORKERS, CLIENTS = 2, 6
# What a submit may ask for beside the transcript: prices differ, so that a mix-up shows.
ASKS: tuple[dict[str, Any], ...] = (
    {"speech_models": ["universal-2"]},
    {"speech_models": ["universal-3-5-pro"], "speaker_labels": True},
    {"speech_models": ["universal-2"], "entity_detection": True, "sentiment_analysis": True},
)


def configuration(hosts: Hosts, database_url: str, **more: Any) -> dict[str, Any]:
    """Return a configuration whose upstreams are the stand-ins."""
    models = [("assemblyai/*", US_KEY), ("eu.assemblyai/*", EU_KEY)]
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": name, "api_key": key}}
            for name, key in models
        ],
        "general_settings": {
            "master_key": "sk-master-of-the-crash-bench",
            "database_url": database_url,
        },
        "routes": hosts.routes,
        "timeouts": {"connect_s": 5, "read_s": 20},
        **more,
    }


@dataclass
class Counts:
    """What a run found. All but the first four must be zero.

    Attributes:
        rounds, kills, acknowledged, submitted: Rounds driven, workers killed, ids that a
            client was told, transcripts that the stand-in made.
        unowned: Acknowledged ids that the ledger gives to nobody, or to another key.
        lost: Transcripts of the stand-in that no row is charged for.
        double: Transcripts that more than one row has, or totals beyond the rows' sum.
        wrong: Rows whose cost is not what the transcript costs.
        open: Rows still open after settlement.
        held: Nano-dollars still on hold.
        damage: Lines of `PRAGMA integrity_check`, or its like.
    """

    rounds: int = 0
    kills: int = 0
    acknowledged: int = 0
    submitted: int = 0
    unowned: int = 0
    lost: int = 0
    double: int = 0
    wrong: int = 0
    open: int = 0
    held: int = 0
    damage: list[str] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)
    ledger_usd: str = "0"
    upstream_usd: str = "0"

    @property
    def clean(self) -> bool:
        """Nothing was lost, doubled, or left."""
        broken = (self.unowned, self.lost, self.double, self.wrong, self.open, self.held)
        return not any(broken) and not self.damage and self.ledger_usd == self.upstream_usd


class Load:
    """Clients that submit, poll, list and delete until they are stopped."""

    def __init__(self, workers: Workers, keys: list[str]) -> None:
        self._workers = workers
        self._stop = threading.Event()
        self._lock = threading.Lock()
        # Which key was told which (region, id).
        self.acknowledged: dict[tuple[str, str], int] = {}
        self._threads = [
            threading.Thread(target=self._client, args=(number, keys), daemon=True)
            for number in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, number: int, keys: list[str]) -> None:
        choose = random.Random(number)
        key = number % len(keys)
        session = requests.Session()
        session.headers["Authorization"] = keys[key]
        count = 0
        while not self._stop.is_set():
            count += 1
            region = "eu" if choose.random() < 0.25 else "us"
            base = f"{self._workers.url}/{'eu.' if region == 'eu' else ''}assemblyai/v2/transcript"
            asked = choose.choice(ASKS)
            # Now and then the same audio again, as a client that tries again does.
            name = f"{number}-{count // 3 if number == 0 else count}"
            body = {"audio_url": f"https://audio.example/{name}.mp3", **asked}
            with contextlib.suppress(requests.RequestException, ValueError):
                reply = session.post(base, json=body, timeout=30)
                if reply.status_code != 200:
                    continue
                id = reply.json()["id"]
                with self._lock:
                    self.acknowledged[region, id] = key
                for _ in range(choose.randrange(4)):
                    session.get(f"{base}/{id}", timeout=30)
                if choose.random() < 0.1:
                    session.get(f"{base}?limit=5", timeout=30)
                if choose.random() < 0.1:
                    session.delete(f"{base}/{id}", timeout=30)


def run(
    folder: Path, database_url: str, *, rounds: int, seed: int = 1, verbose: bool = False
) -> Counts:
    """Kill *rounds* workers under load, settle what is left, and count."""
    choose = random.Random(seed)
    counts = Counts(rounds=rounds)
    names = ["alice", "bob", "carol"]
    with serve_all(FakeAssemblyAI(polls=1), FakeAssemblyAI(region="eu", polls=1)) as hosts:
        config = configuration(hosts, database_url, settlement={"first_poll_s": 0.5})
        database = Database(database_url)
        keys = Keys(database)
        secrets = [keys.create(name, team="team" if name == "carol" else None) for name in names]
        database.close()
        with Workers(folder, config, count=WORKERS) as workers:
            load = Load(workers, [secret.key for secret in secrets])
            for number in range(rounds):
                point = POINTS[number % len(POINTS)]
                if kill_one(workers, point, choose):
                    counts.kills += 1
                    counts.points[point] += 1
                if verbose and number % 20 == 19:
                    print(f"{number + 1} rounds, {counts.kills} kills", flush=True)
            # The host goes down with requests under way.
            workers.kill()
            load.stop()
        settle_all(config, database)
        check(counts, hosts, database, load.acknowledged, [keys.get(name).key_id for name in names])
        database.close()
    return counts


def kill_one(workers: Workers, point: str, choose: random.Random) -> bool:
    """Have one worker die at *point*; whether one did."""
    before = set(workers.pids())
    # Some work gets done between two deaths.
    time.sleep(choose.random() * 0.3)
    if point == "random":
        pids = workers.pids()
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(choose.choice(pids), signal.SIGKILL)
    else:
        workers.arm(point)
        deadline = time.monotonic() + 10
        while workers.armed.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        if workers.disarm():
            return False
    deadline = time.monotonic() + 20
    # The next round begins with all workers alive.
    while time.monotonic() < deadline:
        now = set(workers.pids())
        if len(now) == WORKERS and now != before:
            return True
        time.sleep(0.01)
    return True


def settle_all(config: dict[str, Any], database: Database) -> None:
    """Settle as `assemblyai-mw settle --stopped` does, until every transcript has ended."""
    settings = load_config(config)
    ledger = Ledger(database)
    with contextlib.closing(SocketTransport()) as transport:
        settler = Settler(
            settings, ledger=ledger, transport=transport, prices=PriceBook.load(), stopped=True
        )
        deadline = time.monotonic() + 120
        while ledger.pending() and time.monotonic() < deadline:
            ledger.make_due_now()
            while settler.run(limit=50).leased:
                pass


def check(
    counts: Counts,
    hosts: Hosts,
    database: Database,
    acknowledged: dict[tuple[str, str], int],
    key_ids: list[int],
) -> None:
    """Compare the ledger with what clients were told and with what the stand-ins did."""
    ledger, prices = Ledger(database), PriceBook.load()
    counts.acknowledged = len(acknowledged)
    for (region, id), key in acknowledged.items():
        owner = ledger.owner(region, id)
        if owner is None or owner.key_id != key_ids[key]:
            counts.unowned += 1
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    total = 0
    for row in ledger.calls():
        rows.setdefault((row["region"], row["transcript_id"]), []).append(row)
        counts.open += row["state"] == "pending"
    upstream = 0
    for region, fake in (("us", hosts.us), ("eu", hosts.eu)):
        for job in list(fake.transcripts.values()):
            counts.submitted += 1
            cost = _cost(hosts, region, job.id, prices)
            upstream += cost
            found = rows.get((region, job.id), [])
            charged = [row for row in found if row["cost_usd"] is not None]
            counts.lost += not charged
            counts.double += len(found) > 1
            counts.wrong += any(row["cost_usd"] != format_usd(cost) for row in charged)
    with database.read() as connection:
        total = int(connection.scalar(select(func.coalesce(func.sum(calls.c.cost_nano), 0))))
        # carol's team counts her calls once more, as a team.
        spent = int(
            connection.scalar(
                select(func.coalesce(func.sum(spend.c.spent_nano), 0)).where(
                    spend.c.scope == "key", spend.c.period == "total"
                )
            )
        )
        counts.held = int(
            connection.scalar(select(func.coalesce(func.sum(holds.c.amount_nano), 0)))
        )
    by_day = ledger.usage("day", UsageFilter(until=datetime.now(UTC).replace(year=2100)))
    reported = sum(round(float(day["cost_usd"]) * 1e9) for day in by_day)
    counts.double += (spent != total) + (reported != total)
    counts.ledger_usd, counts.upstream_usd = format_usd(total), format_usd(upstream)
    counts.damage = database.check()


def _cost(hosts: Hosts, region: str, id: str, prices: PriceBook) -> int:
    """Return what one transcript costs, asked of the stand-in itself, past the stack."""
    prefix, key = ("/assemblyai", US_KEY) if region == "us" else ("/eu.assemblyai", EU_KEY)
    reply = requests.get(
        f"{hosts.routes[prefix]}/v2/transcript/{id}", headers={"Authorization": key}, timeout=30
    )
    outcome = transcript_outcome(reply.json(), None, region)
    assert outcome.usage is not None, reply.text
    return prices.price(outcome.usage, datetime.now(UTC)).nano
