"""Transactions of billable calls: few messages to PostgreSQL, few commits of a SQLite file.

A transaction's statements are given as the answers to them are needed. On PostgreSQL, those without
an answer wait for the next that has one and go with it in one message, BEGIN with the first and
COMMIT with the last: a message is a round trip. Parameters are put into the text by psycopg
(`ClientCursor`), since only the simple query protocol takes several statements at a time
(postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT); it works through any
pooler. On SQLite, which has no round trips, each statement is executed at once, and the
transactions of threads that wait for the lock share one commit (`group_commit`).
"""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .statements import Bound

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")


class Transaction(ABC):
    """One transaction. It is committed when its work is done, and taken back if that raises.

    Attributes:
        connection: SQLAlchemy's, within this transaction, for what is not done on each call.
    """

    @property
    @abstractmethod
    def connection(self) -> Connection:
        """SQLAlchemy's connection, within this transaction."""

    @abstractmethod
    def run(self, *statements: Bound) -> None:
        """Execute statements without an answer, in order, before the next that has one."""

    @abstractmethod
    def ask(self, *statements: Bound) -> list[list[Any]]:
        """Execute statements in order, and return the rows of each."""

    @abstractmethod
    def finish(self, *statements: Bound) -> list[list[Any]]:
        """Execute the last statements, as `ask` does; nothing may come after them."""

    def first(self, statement: Bound) -> Any:
        """Execute a statement and return its first row, or None."""
        (rows,) = self.ask(statement)
        return rows[0] if rows else None


Work = Callable[[Transaction], T]


class SQLiteTransaction(Transaction):
    """On a connection whose transaction has begun."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        self._raw = raw

    @property
    def connection(self) -> Connection:
        return self._connection

    def run(self, *statements: Bound) -> None:
        for each in statements:
            self._raw.execute(*each.statement.text("sqlite", each.parameters))

    def ask(self, *statements: Bound) -> list[list[Any]]:
        return [
            each.statement.rows(
                self._raw.execute(*each.statement.text("sqlite", each.parameters)).fetchall()
            )
            for each in statements
        ]

    finish = ask


class PostgreSQLTransaction(Transaction):
    """On a connection of psycopg's that is in no transaction; *begin* starts one."""

    def __init__(self, connection: Connection, begin: str) -> None:
        from psycopg import ClientCursor

        self._connection = connection
        raw: Any = connection.connection.driver_connection
        self._cursor: Any = ClientCursor(raw)
        self._begin = begin
        self._begun = self._finished = False
        self._waiting: list[str] = []

    @property
    def connection(self) -> Connection:
        self._send([], end=False)
        return self._connection

    def run(self, *statements: Bound) -> None:
        self._waiting += map(self._text, statements)

    def ask(self, *statements: Bound) -> list[list[Any]]:
        return self._send(statements, end=False)

    def finish(self, *statements: Bound) -> list[list[Any]]:
        return self._send(statements, end=True)

    def end(self) -> None:
        """Commit, unless the last statements did."""
        if not self._finished and (self._begun or self._waiting):
            self._send([], end=True)

    def take_back(self) -> None:
        """Roll back what was begun; on a broken connection the server does."""
        if self._begun and not self._finished:
            with contextlib.suppress(Exception):
                self._cursor.execute("ROLLBACK")

    def _text(self, bound: Bound) -> str:
        text: str = self._cursor.mogrify(*bound.statement.text("postgresql", bound.parameters))
        return text

    def _send(self, statements: tuple[Bound, ...] | list[Bound], *, end: bool) -> list[list[Any]]:
        assert not self._finished, "the transaction is finished"
        message = [*self._waiting, *map(self._text, statements)]
        skipped = len(self._waiting)
        self._waiting = []
        if not self._begun:
            message.insert(0, self._begin)
            # The text begins with two statements, each of which has a result.
            skipped += self._begin.count(";") + 1
            self._begun = True
        elif not message and not end:
            return []
        if end:
            message.append("COMMIT")
        cursor = self._cursor
        cursor.execute("; ".join(message))
        for _ in range(skipped):
            cursor.nextset()
        found = []
        for each in statements:
            found.append(each.statement.rows(cursor.fetchall() if each.statement.answers else ()))
            cursor.nextset()
        self._finished = end
        return found


def on_sqlite(connection: Connection, work: Work[T]) -> T:
    """Do *work* in a transaction on a SQLite connection that is in none."""
    raw: Any = connection.connection.driver_connection
    raw.execute("BEGIN IMMEDIATE")
    try:
        done = work(SQLiteTransaction(connection))
        raw.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            raw.rollback()
        raise
    return done


def on_postgresql(connection: Connection, begin: str, work: Work[T]) -> T:
    """Do *work* in a transaction on PostgreSQL."""
    transaction = PostgreSQLTransaction(connection, begin)
    try:
        done = work(transaction)
        transaction.end()
    except BaseException:
        transaction.take_back()
        raise
    return done
