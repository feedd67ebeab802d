"""Connections that stay open between two reads of a SQLite file.

A read of an indexed row takes SQLite less than taking a connection from SQLAlchemy's pool and
giving it back takes; a caller who comes now and then would pay for all of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection, Engine

_MOST = 8


class Readers:
    """Idle connections of one engine, last used first; no transaction is open on any."""

    def __init__(self) -> None:
        self._idle: list[Connection] = []
        self._closed = False

    @contextlib.contextmanager
    def one_of(self, engine: Engine) -> Iterator[Connection]:
        """Give a connection; it stays unless the block raises."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = engine.connect()
        try:
            yield connection
            if connection.in_transaction():
                connection.rollback()
        except BaseException:
            self._give_back(connection)
            raise
        if len(self._idle) >= _MOST:
            self._give_back(connection)
            return
        self._idle.append(connection)
        if self._closed:
            # Asked only now: whoever closed them meanwhile may not have seen this one.
            self.close()

    def close(self) -> None:
        """Close the idle ones, and those in use when they are done."""
        self._closed = True
        while self._idle:
            with contextlib.suppress(IndexError):
                self._give_back(self._idle.pop())

    def _give_back(self, connection: Connection) -> None:
        if self._closed:
            # The engine's pool may be another one by now, and nobody would close it there.
            connection.invalidate()
        connection.close()
