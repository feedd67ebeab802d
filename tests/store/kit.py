"""What these tests share: calls to record, a clock to turn, processes to race."""

from __future__ import annotations

import itertools
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller, Route
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Keys, Ledger, hash_key

NOON = datetime.fromisoformat("2026-11-22T12:00:00+00:00").timestamp()
_numbers = itertools.count(1)
# Nothing of a test's process goes to the others. They come of one that has imported what takes
# long, and does no more.
_fresh = multiprocessing.get_context("forkserver")
_fresh.set_forkserver_preload(["assemblyai_mw.settlement.settler", "psycopg", "pytest"])


class Clock:
    """A clock that stands still until it is moved; Unix seconds."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def call_by(
    caller: Caller | None,
    *,
    at: float = NOON,
    route: Route | None = None,
    tags: dict[str, str] | None = None,
    path: str = "/v2/transcript",
) -> Call:
    """Return a call with a request id of its own."""
    return Call(
        id=f"request-{multiprocessing.current_process().name}-{next(_numbers)}",
        started=at,
        route=route or route_for("/assemblyai"),
        method="POST",
        path=path,
        caller=caller,
        tags=tags or {},
    )


def caller_of(keys: Keys, name: str = "alice", **options: Any) -> Caller:
    """Return the Caller of a key made for it."""
    found = keys.find(hash_key(keys.create(name, **options).key))
    assert found is not None
    return found


def opened(ledger: Ledger, call: Call, *, model: str = "universal-2") -> int:
    """Return the row of a call just opened."""
    return ledger.open(call, kind="transcript", model=model, features={})


def used(audio_ms: int = 60_000, model: str = "universal-2") -> Usage:
    return Usage("transcript", model, audio_ms=audio_ms)


def price_of(nano: int) -> Price:
    return Price(nano, (Item("universal-2", "60", "second", "0.15/hour", nano),))


def settled(ledger: Ledger, call: Call, nano: int, *, model: str = "universal-2") -> int:
    """Return the row of a call opened and settled at *nano* nano-dollars."""
    row = opened(ledger, call, model=model)
    assert ledger.settle(row, usage=used(model=model), price=price_of(nano))
    return row


def race(target: Callable[..., Any], *arguments: Any, processes: int = 4) -> list[Any]:
    """Run *target(number, *arguments)* in so many processes at once; return what each returned."""
    results = _fresh.Queue()
    start = _fresh.Barrier(processes)
    running = [
        _fresh.Process(target=_runner, args=(target, number, arguments, start, results))
        for number in range(processes)
    ]
    for process in running:
        process.start()
    try:
        answers = [results.get(timeout=120) for _ in running]
    finally:
        for process in running:
            process.join(timeout=30)
            process.close()
        results.close()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _runner(target: Any, number: int, arguments: Any, start: Any, results: Any) -> None:
    try:
        start.wait(timeout=60)
        results.put(target(number, *arguments))
    except Exception as error:
        results.put(RuntimeError(f"{type(error).__name__}: {error}"))


@contextmanager
def opening(url: str, **options: Any) -> Iterator[Database]:
    """Give a Database and close it afterwards."""
    database = Database(url, **options)
    try:
        yield database
    finally:
        database.close()


def sqlite_path(url: str) -> str:
    return url.removeprefix("sqlite:///")


def sqlite_ok(url: str) -> bool:
    """Whether SQLite finds nothing wrong with the file."""
    connection = sqlite3.connect(sqlite_path(url))
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
