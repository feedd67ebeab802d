"""After a run with a ledger in trouble every account of it is the same, to the nano-dollar."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgreSQL
from stack_kit import Stack, chat
from webtest import TestApp

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.call import Caller
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Database, Holds, Ledger
from assemblyai_mw.testing import FakeTransport

pytestmark = pytest.mark.usefixtures("impatient")
LLM = "/llm-gateway.assemblyai/v1/chat/completions"
METRICS, TOKEN = "/metrics", "token-of-the-monitor-0123"
# Longer than a transaction waits for a lock (`impatient`).
LOCKED_S = 2.0
WEEK_S = 7 * 86_400


@contextmanager
def sqlite_locked(path: str) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid():
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def disk_full(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def postgresql_locked(server: PostgreSQL, schema: str) -> Iterator[None]:
    with server.connect() as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {schema}.calls IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def postgresql_down(server: PostgreSQL) -> Iterator[None]:
    server.halt()
    try:
        yield
    finally:
        server.start()


class Callers:
    """Four callers who chat, submit and poll until they are told to stop."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        self.statuses: list[int] = []
        keys = [stack.key(f"key-{number}", team="team", budget_usd="2500") for number in range(4)]
        self._threads = [threading.Thread(target=self._call, args=(key,)) for key in keys]
        for thread in self._threads:
            thread.start()

    def _call(self, key: str) -> None:
        app = TestApp(self._stack.middleware)
        headers = {"Authorization": key}
        numbers = itertools.count()
        while not self._stop.is_set():
            # Each of its own: of two lost submits alike, of two keys, none is given the other's.
            url = f"https://audio.example/{key[-8:]}/{next(numbers)}.mp3"
            submit = {"audio_url": url, "speech_models": ["universal-2"]}
            reply = app.post_json(LLM, chat("hi", "gpt-5-mini"), headers=headers, status="*")
            self.statuses.append(reply.status_int)
            path = "/assemblyai/v2/transcript"
            reply = app.post_json(path, submit, headers=headers, status="*")
            self.statuses.append(reply.status_int)
            if reply.status_int == 200:
                app.get(f"{path}/{reply.json['id']}", headers=headers, status="*")

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def one_of_each(stack: Stack) -> tuple[Decimal, Decimal]:
    """Return what one chat and one transcript of the callers cost."""
    key = stack.key("first")
    assert stack.ask("POST", LLM, key, json=chat("hi", "gpt-5-mini")).status_int == 200
    stack.submit(key, speech_models=["universal-2"])
    settle(stack)
    costs = [Decimal(row["cost_usd"]) for row in stack.ledger.calls()]
    assert len(costs) == 2
    return costs[0], costs[1]


def caller_of(stack: Stack, name: str) -> Caller:
    info = stack.keys.get(name)
    return Caller(name=name, key_id=info.key_id, team=info.team)


def settle(stack: Stack) -> None:
    """Settle as `assemblyai-mw settle --stopped` does, with what this process kept."""
    stack.finish()
    transport = FakeTransport(stack.us, stack.eu)
    for ledger in (stack.middleware.parts.ledger, Ledger(stack.keys.database)):
        settler = Settler(
            stack.middleware.config,
            ledger=ledger,
            transport=transport,
            prices=PriceBook.load(),
            stopped=True,
        )
        for _ in range(200):
            ledger.make_due_now()
            if not settler.run(limit=100).leased:
                break


def run(stack: Stack, url: str, troubles: list[Callable[[], Any]]) -> None:
    """Let callers call through all *troubles*, then compare every account of it."""
    chat_usd, transcript_usd = one_of_each(stack)
    stack.keys.set_team("team", budget_usd="10000")
    callers = Callers(stack)
    try:
        for trouble in troubles:
            time.sleep(0.5)
            before = len(callers.statuses)
            with trouble():
                time.sleep(LOCKED_S)
            assert 503 in callers.statuses[before:], trouble
        time.sleep(0.5)
    finally:
        callers.end()
    assert set(callers.statuses) == {200, 503}, Counter(callers.statuses)
    settle(stack)

    done = [seen for seen in stack.us.requests if seen.status == 200 and seen.method == "POST"]
    chats = sum(seen.path == "/v1/chat/completions" for seen in done)
    submits = sum(seen.path == "/v2/transcript" for seen in done)
    assert chats > 20
    assert submits > 20
    bill = chats * chat_usd + submits * transcript_usd

    rows = list(stack.ledger.calls())
    assert [row for row in rows if row["state"] not in ("settled", "failed")] == []
    assert sum(Decimal(row["cost_usd"]) for row in rows) == bill
    for by in ("key", "team", "model", "day"):
        assert sum(Decimal(group["cost_usd"]) for group in stack.ledger.usage(by)) == bill
    text = stack.ask("GET", METRICS, f"Bearer {TOKEN}").text
    shown = re.findall(r"^assemblyai_mw_cost_dollars_total\{.*\} (\S+)$", text, re.MULTILINE)
    assert float(sum(map(Decimal, shown))) == pytest.approx(float(bill), rel=1e-12)
    # A hold that was taken for a call whose row could not be opened is void in time.
    with Database(url, clock=lambda: time.time() + WEEK_S) as later:
        Holds(later).sweep()
    assert stack.held() == 0
    budgeted = bill - chat_usd - transcript_usd
    for scope, owners in (("key", range(4)), ("team", range(1))):
        spent = [
            Decimal(status.as_dict()["spent_usd"])
            for number in owners
            for status in stack.holds.spent(caller_of(stack, f"key-{number}"))
            if (status.scope, status.window) == (scope, "total")
        ]
        assert sum(spent) == budgeted


def made(url: str) -> Stack:
    return Stack(url, general_settings={"metrics_path": METRICS, "metrics_token": TOKEN})


def test_sqlite_that_was_locked_and_full(small_disk: Path) -> None:
    path = str(small_disk / "ledger.db")
    url = f"sqlite:///{path}"
    stack = made(url)
    run(stack, url, [lambda: sqlite_locked(path), lambda: disk_full(small_disk)])
    stack.close()


def test_postgresql_that_was_locked_and_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = PostgreSQL()
    try:
        url = server.fresh_url()
        schema = re.search(r"search_path%3D(\w+)", url)
        assert schema is not None
        name = schema[1]
        stack = made(url)
        run(stack, url, [lambda: postgresql_locked(server, name), lambda: postgresql_down(server)])
        stack.close()
    finally:
        server.stop()
