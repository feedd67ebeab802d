"""Faults between any two messages of a transaction: errors, deaths, cut connections, pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from assemblyai_mw.store import database as database_module
from assemblyai_mw.store import transactions
from assemblyai_mw.store.transactions import (
    PostgreSQLTransaction,
    SQLiteTransaction,
    Transaction,
)

_fuses = threading.local()


class Death(BaseException):
    """The worker is gone: nothing of it runs any more."""


class Failed(Exception):
    """A fault in the worker's own code."""


class Fuse:
    """What goes wrong at the *at*-th message of the transactions of one thread, from 0 on.

    Args:
        at: The message; on SQLite the statement, a COMMIT included.
        how: `error` raises before it. `death` ends the connection before it and the worker with
            it; `unheard` does so after it, so that nobody learns what it did. `terminated` and
            `unheard_terminated` have PostgreSQL's process end before and after it. `pause` calls
            *pause* before it.
        terminate: Ends the process of PostgreSQL's with this number.
    """

    def __init__(
        self,
        at: int,
        how: str,
        *,
        terminate: Callable[[int], None] | None = None,
        pause: Callable[[], None] | None = None,
    ) -> None:
        self.at = at
        self.how = how
        self.has_blown = False
        self._terminate = terminate
        self._pause = pause
        self._seen = 0

    def around(self, raw: Any, send: Callable[[], Any]) -> Any:
        """Send one message by *send* on the driver's connection *raw*."""
        is_it = self._seen == self.at
        self._seen += 1
        if not is_it:
            return send()
        self.has_blown = True
        if self.how == "error":
            raise Failed
        if self.how == "pause":
            assert self._pause is not None
            self._pause()
        if self.how == "death":
            raw.close()
            raise Death
        if self.how == "terminated":
            assert self._terminate is not None
            self._terminate(raw.info.backend_pid)
        sent = send()
        if self.how == "unheard":
            raw.close()
            raise Death
        if self.how == "unheard_terminated":
            assert self._terminate is not None
            self._terminate(raw.info.backend_pid)
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return sent


@contextmanager
def lit(fuse: Fuse | None) -> Iterator[None]:
    """Have *fuse* burn in the transactions of this thread."""
    _fuses.fuse = fuse
    try:
        yield
    finally:
        _fuses.fuse = None


def _around(raw: Any, send: Callable[[], Any]) -> Any:
    fuse = getattr(_fuses, "fuse", None)
    return send() if fuse is None else fuse.around(raw, send)


class _SQLite(SQLiteTransaction):
    def run(self, *statements: Any) -> None:
        for each in statements:
            _around(self._raw, lambda each=each: SQLiteTransaction.run(self, each))

    def ask(self, *statements: Any) -> list[list[Any]]:
        return [
            _around(self._raw, lambda each=each: SQLiteTransaction.ask(self, each))[0]
            for each in statements
        ]

    finish = ask


class _PostgreSQL(PostgreSQLTransaction):
    def _send(self, statements: Any, *, end: bool) -> list[list[Any]]:
        send = super()._send
        return list(_around(self._cursor.connection, lambda: send(statements, end=end)))


def _on_sqlite(connection: Any, work: Any) -> Any:
    def to_the_commit(transaction: Transaction) -> Any:
        done = work(transaction)
        fuse = getattr(_fuses, "fuse", None)
        if fuse is not None and fuse.how != "unheard":
            fuse.around(connection.connection.driver_connection, lambda: None)
        return done

    done = transactions.on_sqlite(connection, to_the_commit)
    fuse = getattr(_fuses, "fuse", None)
    if fuse is not None and fuse.how == "unheard":
        fuse.around(connection.connection.driver_connection, lambda: None)
    return done


@contextmanager
def installed(patch: Any) -> Iterator[None]:
    """Let fuses burn, by a pytest MonkeyPatch."""
    patch.setattr(transactions, "SQLiteTransaction", _SQLite)
    patch.setattr(transactions, "PostgreSQLTransaction", _PostgreSQL)
    patch.setattr(database_module, "on_sqlite", _on_sqlite)
    yield
