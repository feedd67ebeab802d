"""Exactly one charge with several real worker processes, hosts and engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from crash.bench import configuration
from crash.workers import Workers

from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

SUBMIT = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}
COST = "0.000541667"


def eventually(true: Callable[[], bool], timeout_s: float = 30.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def key_in(url: str) -> str:
    database = Database(url)
    try:
        return Keys(database).create("alice").key
    finally:
        database.close()


def charges(url: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return every row, and the totals, as another process sees them."""
    database = Database(url)
    try:
        return list(Ledger(database).calls()), Ledger(database).usage("key")
    finally:
        database.close()


def submit(workers: Workers, key: str) -> str:
    reply = requests.post(
        f"{workers.url}/assemblyai/v2/transcript",
        json=SUBMIT,
        headers={"Authorization": key},
        timeout=30,
    )
    reply.raise_for_status()
    return str(reply.json()["id"])


@pytest.mark.slow
def test_hundred_polls_at_four_workers_then_list_then_delete_charge_once(
    database_url: str, tmp_path: Path
) -> None:
    with serve_all(FakeAssemblyAI(polls=0)) as hosts:
        key = key_in(database_url)
        with Workers(tmp_path / "host", configuration(hosts, database_url), count=4) as workers:
            id = submit(workers, key)
            start = threading.Barrier(100)
            url = f"{workers.url}/assemblyai/v2/transcript"
            headers = {"Authorization": key}

            def poll(number: int) -> str:
                start.wait()
                reply = requests.get(f"{url}/{id}", headers=headers, timeout=30)
                return str(reply.json()["status"])

            with ThreadPoolExecutor(100) as clients:
                assert set(clients.map(poll, range(100))) == {"completed"}
            listed = requests.get(url, headers=headers, timeout=30).json()["transcripts"]
            assert [item["id"] for item in listed] == [id]
            assert requests.delete(f"{url}/{id}", headers=headers, timeout=30).status_code == 200
            workers.stop()
        (row,), (total,) = charges(database_url)
        assert (row["state"], row["cost_usd"]) == ("settled", COST)
        assert (total["calls"], total["cost_usd"]) == (1, COST)


def _two_hosts(hosts: Hosts, url: str, folder: Path) -> None:
    key = key_in(url)
    config = configuration(hosts, url, settlement={"first_poll_s": 0.5})
    with (
        Workers(folder / "one", config, count=2) as one,
        Workers(folder / "two", config, count=2) as two,
    ):
        ids = [submit(host, key) for host in (one, two) for _ in range(10)]
        assert eventually(lambda: all(row["state"] == "settled" for row in charges(url)[0]))
        rows, (total,) = charges(url)
        assert sorted(row["transcript_id"] for row in rows) == sorted(ids)
        assert {row["cost_usd"] for row in rows} == {COST}
        assert total["calls"] == 20


@pytest.mark.slow
def test_two_hosts_settle_what_nobody_polls_once(postgresql_url: str, tmp_path: Path) -> None:
    with serve_all(FakeAssemblyAI(polls=0)) as hosts:
        _two_hosts(hosts, postgresql_url, tmp_path)
        asked = [seen.path for seen in hosts.us.requests if seen.method == "GET"]
        # Leases: no transcript was asked for by two of the four workers.
        assert len(asked) == len(set(asked)) == 20


@pytest.mark.slow
def test_worker_stopped_by_its_operator_loses_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with serve_all(FakeAssemblyAI(polls=0)) as hosts:
        key = key_in(sqlite_url)
        config = configuration(hosts, sqlite_url, settlement={"first_poll_s": 1.0})
        with Workers(tmp_path / "host", config, count=1) as workers:
            submit(workers, key)
            workers.stop()
            # It ended by itself: the settling thread did not hold it up.
            assert workers.process.returncode == 0
        with Workers(tmp_path / "again", config, count=1) as workers:
            # Any call wakes settlement in the new worker.
            requests.get(
                f"{workers.url}/assemblyai/v2/transcript",
                headers={"Authorization": key},
                timeout=30,
            )
            assert eventually(lambda: charges(sqlite_url)[0][0]["state"] == "settled")
