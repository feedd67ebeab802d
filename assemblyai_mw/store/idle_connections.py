"""Connections that stay open between two reads of a SQLite file.

SQLite reads an indexed row faster than SQLAlchemy's pool hands out a connection and takes it back.
These connections save that time for occasional reads.
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
            # Checked only now: a concurrent `close` may have missed this connection.
            self.close()

    def close(self) -> None:
        """Close the idle ones, and those in use when they are done."""
        self._closed = True
        while self._idle:
            with contextlib.suppress(IndexError):
                self._give_back(self._idle.pop())

    def _give_back(self, connection: Connection) -> None:
        if self._closed:
            # The engine may have another pool by now, in which this connection would never be
            # closed.
            connection.invalidate()
        connection.close()
