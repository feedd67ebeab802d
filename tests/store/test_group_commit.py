"""Threads that share a commit: each learns what became of its own work, and none waits for good."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Database, Ledger
from assemblyai_mw.store.group_commit import Entry, GroupCommit
from assemblyai_mw.store.schema import calls
from assemblyai_mw.store.sqlite_file import SQLiteFile
from assemblyai_mw.store.transactions import Transaction

from .kit import call_by, opened, opening, price_of, sqlite_path, used


class Interrupted(BaseException):
    """What a host raises in a thread to end it."""


class Groups:
    """A GroupCommit whose leader waits until it is let go, and whose groups are recorded."""

    def __init__(self, timeout_s: float = 30) -> None:
        self.commits = GroupCommit(self.transact, timeout_s)
        self.sizes: list[int] = []
        self.led = threading.Event()
        self.go_on = threading.Event()
        self.fault: BaseException | None = None

    def transact(self, work: Callable[[Any], Any]) -> Any:
        self.led.set()
        assert self.go_on.wait(30)
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        results = work(None)
        self.sizes.append(len(results))
        return results

    def waiting(self, number: int) -> None:
        until(lambda: len(self.commits._waiting) == number)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def submitted(commits: GroupCommit, value: Any) -> Any:
    """Return what the submit gave or raised."""
    try:
        return commits.submit(lambda _: value)
    except BaseException as error:
        return error


def rows_of(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(calls)) or 0


@contextmanager
def locked(url: str) -> Iterator[sqlite3.Connection]:
    """Keep the file's lock from others."""
    locker = sqlite3.connect(
        sqlite_path(url), isolation_level=None, check_same_thread=False, timeout=30
    )
    locker.execute("BEGIN IMMEDIATE")
    try:
        yield locker
    finally:
        locker.close()


def queued(database: Database, number: int) -> None:
    until(lambda: len(database._commits._waiting) >= number)


# Queue alone


def test_no_group_is_larger_than_64_and_each_gets_its_own_result() -> None:
    groups = Groups()
    with ThreadPoolExecutor(150) as threads:
        results = threads.map(lambda value: submitted(groups.commits, value), range(150))
        groups.waiting(149)
        groups.go_on.set()
        assert list(results) == list(range(150))
    assert sum(groups.sizes) == 150
    assert max(groups.sizes) == 64
    assert len(groups.sizes) == 3


@pytest.mark.parametrize("fault", [Interrupted(), KeyboardInterrupt()])
def test_a_leader_that_is_interrupted_lets_the_next_one_lead(fault: BaseException) -> None:
    groups = Groups()
    groups.fault = fault
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(submitted, groups.commits, "first")
        assert groups.led.wait(30)
        others = [threads.submit(submitted, groups.commits, each) for each in range(3)]
        groups.waiting(3)
        groups.go_on.set()
        assert first.result() is fault
        assert sorted(each.result() for each in others) == [0, 1, 2]
    assert submitted(groups.commits, "later") == "later"


def test_a_leader_that_is_interrupted_while_it_lingers_lets_the_next_one_lead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = Groups(timeout_s=5)
    groups.go_on.set()
    for number in range(20):
        submitted(groups.commits, number)

    def interrupted(seconds: float) -> None:
        monkeypatch.undo()
        raise Interrupted

    monkeypatch.setattr(groups.commits, "_is_busy", lambda: True)
    monkeypatch.setattr("assemblyai_mw.store.group_commit.time.sleep", interrupted)
    assert isinstance(submitted(groups.commits, "first"), Interrupted)
    assert submitted(groups.commits, "second") == "second"


class _InterruptedLock:
    """A lock in whose wait its thread is interrupted once it is *due*."""

    def __init__(self, due: threading.Event) -> None:
        self.due, self.released = due, threading.Event()

    def acquire(self, timeout: float = -1) -> bool:
        assert self.due.wait(30)
        raise Interrupted

    def release(self) -> None:
        self.released.set()


def test_a_thread_that_is_interrupted_while_it_waits_takes_its_work_along() -> None:
    groups, due = Groups(), threading.Event()
    done: list[str] = []
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(submitted, groups.commits, "first")
        assert groups.led.wait(30)
        gone = threads.submit(_interrupted_wait, groups.commits, due, lambda _: done.append("gone"))
        groups.waiting(1)
        third = threads.submit(submitted, groups.commits, "third")
        groups.waiting(2)
        due.set()
        assert isinstance(gone.result(), Interrupted)
        groups.waiting(1)
        groups.go_on.set()
        assert (first.result(), third.result()) == ("first", "third")
    assert done == []
    assert groups.sizes == [2]


def test_a_thread_that_is_interrupted_as_it_is_told_to_lead_passes_that_on() -> None:
    groups, due = Groups(), threading.Event()
    groups.fault = Interrupted()
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(submitted, groups.commits, "first")
        assert groups.led.wait(30)
        entry: list[Entry] = []
        gone = threads.submit(_interrupted_wait, groups.commits, due, lambda _: None, entry)
        groups.waiting(1)
        third = threads.submit(submitted, groups.commits, "third")
        groups.waiting(2)
        # The first is interrupted, and tells the second, which is interrupted then.
        groups.go_on.set()
        assert isinstance(first.result(), Interrupted)
        assert entry[0].leads
        due.set()
        assert isinstance(gone.result(), Interrupted)
        assert third.result() == "third"


def _interrupted_wait(
    commits: GroupCommit,
    due: threading.Event,
    work: Callable[[Any], Any],
    made: list[Entry] | None = None,
) -> BaseException | None:
    """Submit *work* on a thread that is interrupted in its wait when that is *due*."""
    entry = Entry(work)
    entry.wake = _InterruptedLock(due)  # type: ignore[assignment]
    if made is not None:
        made.append(entry)
    with commits._mutex:
        commits._waiting.append(entry)
    try:
        commits._wait(entry)
    except Interrupted as error:
        return error
    return None


def test_a_turn_that_does_not_come_in_time_is_an_error_and_its_work_is_not_done() -> None:
    groups = Groups(timeout_s=0.1)
    done: list[int] = []
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(submitted, groups.commits, "first")
        assert groups.led.wait(30)
        with pytest.raises(StoreError, match="busy"):
            groups.commits.submit(lambda _: done.append(1))
        groups.go_on.set()
        assert first.result() == "first"
    assert submitted(groups.commits, "later") == "later"
    assert done == []


# On a file


def test_threads_that_wait_for_a_lock_share_one_commit_which_all_of_them_see(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    connect = SQLiteFile.connect

    def traced(file: SQLiteFile) -> sqlite3.Connection:
        made = connect(file)
        made.set_trace_callback(statements.append)
        return made

    monkeypatch.setattr(SQLiteFile, "connect", traced)
    with opening(sqlite_url, busy_timeout_s=30) as database:
        ledger = Ledger(database)
        opened(ledger, call_by(None))

        def seen(_: int) -> int:
            row = opened(ledger, call_by(None))
            # Another connection reads what is durable, and nothing else.
            with closing(sqlite3.connect(sqlite_path(sqlite_url))) as other:
                found = other.execute("SELECT id FROM calls WHERE id = ?", [row]).fetchone()
            assert found == (row,)
            return row

        with ThreadPoolExecutor(33) as threads:
            with locked(sqlite_url):
                first = threads.submit(opened, ledger, call_by(None))
                until(lambda: database._commits._is_led)
                rows = threads.map(seen, range(32))
                queued(database, 32)
                statements.clear()
            first.result()
            assert len(set(rows)) == 32
        assert statements.count("COMMIT") == 1
        assert rows_of(database) == 34


def test_work_that_fails_does_not_harm_that_of_its_group(sqlite_url: str) -> None:
    with opening(sqlite_url, busy_timeout_s=30) as database:
        ledger = Ledger(database)
        row = opened(ledger, call_by(None))

        def bad(number: int) -> str:
            with pytest.raises(StoreError) as caught:
                ledger.accept(10_000 + number, status=200, transcript_id="t")
            return str(caught.value)

        def odd(_: int) -> None:
            def work(transaction: Transaction) -> None:
                opened_row = "INSERT INTO meta VALUES ('odd', '1')"
                transaction.connection.exec_driver_sql(opened_row)
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                database.transact(work)

        with ThreadPoolExecutor(12) as threads:
            with locked(sqlite_url):
                first = threads.submit(opened, ledger, call_by(None))
                until(lambda: database._commits._is_led)
                good = threads.map(lambda _: opened(ledger, call_by(None)), range(6))
                failing = threads.map(bad, range(3))
                odder = threads.map(odd, range(2))
                queued(database, 11)
            assert len({first.result(), *good}) == 7
            assert all(each.startswith("The ledger has no row 1000") for each in failing)
            list(odder)
        assert rows_of(database) == 8
        assert ledger.settle(row, usage=used(), price=price_of(1))
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT * FROM meta WHERE name='odd'").all() == []


def test_a_commit_that_fails_is_told_to_each_and_nothing_of_it_stays(sqlite_url: str) -> None:
    with opening(sqlite_url, busy_timeout_s=30) as database:
        ledger = Ledger(database)
        opened(ledger, call_by(None))

        def full(limit: int) -> None:
            def work(transaction: Transaction) -> None:
                transaction.connection.exec_driver_sql(f"PRAGMA max_page_count={limit}")

            database.transact(work)

        full(1)
        path = "/" + "x" * 4000
        before = rows_of(database)

        def refused(_: int) -> str | int:
            try:
                return opened(ledger, call_by(None, path=path))
            except StoreError as error:
                return str(error)

        for _ in range(4):
            with ThreadPoolExecutor(9) as threads:
                with locked(sqlite_url):
                    results = threads.map(refused, range(9))
                    queued(database, 8)
                said = list(results)
            rows = [each for each in said if isinstance(each, int)]
            before += len(rows)
            assert rows_of(database) == before
        assert set(said) == {"The database could not be written: database or disk is full"}
        full(1_000_000_000)
        assert opened(ledger, call_by(None, path=path))


def test_a_child_writes_though_its_parent_was_forked_amid_a_group(sqlite_url: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            _FORK,
            sqlite_url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert done.returncode == 0, done.stderr
    with opening(sqlite_url) as database:
        assert rows_of(database) == 1 + 9 + 1


_FORK = """
import os, sys, threading
from store.kit import call_by, opened
from store.test_group_commit import queued
from assemblyai_mw.store import Database, Ledger
database = Database(sys.argv[1], busy_timeout_s=30)
ledger = Ledger(database)
opened(ledger, call_by(None))
writes, go_on = threading.Event(), threading.Event()
def slow(transaction):
    writes.set()
    go_on.wait(30)
slow_one = threading.Thread(target=lambda: database.transact(slow))
slow_one.start()
writes.wait(30)
threads = [threading.Thread(target=lambda: opened(ledger, call_by(None))) for _ in range(9)]
for each in threads:
    each.start()
queued(database, 9)
threading.Timer(0.2, go_on.set).start()
child = os.fork()
if not child:
    opened(ledger, call_by(None))
    os._exit(0)
for each in [slow_one, *threads]:
    each.join(30)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_greenlet_that_gives_up_leaves_no_work_and_stops_nobody(sqlite_url: str) -> None:
    """Under gevent, a wait ends by an exception at any moment: gevent.Timeout, or a kill."""
    done = subprocess.run(
        [sys.executable, "-c", _GEVENT, sqlite_url],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert done.returncode == 0, done.stderr
    made, gone = map(int, done.stdout.split())
    assert gone > 0
    with opening(sqlite_url) as database, database.read() as connection:
        paths = connection.scalars(select(calls.c.path)).all()
    # Each that was told of its row has it. Whether one that gave up is written is not known.
    assert len([path for path in paths if path == "/made"]) >= made
    assert len(paths) <= made + gone


_GEVENT = """
from gevent import monkey
monkey.patch_all()
import random, sys
import gevent
from store.kit import call_by, opened
from assemblyai_mw.store import Database, Ledger
database = Database(sys.argv[1], busy_timeout_s=10)
ledger = Ledger(database)
dice = random.Random(5)
made = gone = 0
def work():
    global made, gone
    for _ in range(40):
        try:
            with gevent.Timeout(dice.choice([0.0005, 0.001, 0.003, 10])):
                opened(ledger, call_by(None, path="/made"))
                made += 1
        except gevent.Timeout:
            gone += 1
        gevent.sleep(0)
database._opened()
threads = [gevent.spawn(work) for _ in range(24)]
gevent.joinall(threads, timeout=60, raise_error=True)
assert all(each.dead for each in threads)
assert not database._commits._is_led and not database._commits._waiting
print(made, gone)
"""


def test_those_that_write_alone_get_their_turn_among_those_that_write_together(
    sqlite_url: str,
) -> None:
    with opening(sqlite_url, busy_timeout_s=30) as database:
        ledger = Ledger(database)
        opened(ledger, call_by(None))
        stop = threading.Event()

        def chats() -> None:
            while not stop.is_set():
                opened(ledger, call_by(None))

        threads = [threading.Thread(target=chats) for _ in range(16)]
        for each in threads:
            each.start()
        try:
            for number in range(50):
                with database.write() as connection:
                    connection.exec_driver_sql(f"INSERT INTO meta VALUES ('turn {number}', '1')")
        finally:
            stop.set()
            for each in threads:
                each.join()
