"""One process's connections to one database: creation, sharing, and start of transactions."""

from __future__ import annotations

import contextlib
import math
import re
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import NullPool, PoolProxiedConnection, QueuePool, StaticPool

from ..errors import StoreError
from .idle_connections import Readers
from .slots import Slots
from .sqlite_file import SQLiteFile

# A connection that was idle for longer is tested before use: firewalls drop idle connections
# silently.
_QUIET_S = 30.0
# PostgreSQL's 53300 and PgBouncer's; a refused connection has no SQLSTATE.
_FULL = re.compile(
    r"too many (clients|connections)|connection slots are reserved|no more connections allowed"
)


class Connections:
    """The connections of one process: to read, to read a snapshot, to write.

    Attributes:
        write_start: The SQL that begins a transaction that may write.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        timeout_s: float,
        snapshot: str,
        write: str,
        begin: str | None = None,
        readers: bool = False,
        most: int | None = None,
    ) -> None:
        self._engine = engine
        self.write_start = write
        self._snapshot = engine.execution_options(start=snapshot)
        self._write = engine.execution_options(start=write)
        self._first = engine.execution_options(start=begin or write)
        self._timeout_s = timeout_s
        self._readers = Readers() if readers else None
        self._slots = Slots(most) if most else None
        event.listen(engine, "begin", _begin)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection without transactions: each statement commits alone."""
        if self._readers is not None:
            with self._readers.one_of(self._engine) as connection:
                yield connection
        else:
            with self._one_of(self._engine) as connection:
                yield connection

    def standing(self) -> contextlib.AbstractContextManager[Connection]:
        """Give a connection whose transactions are begun, and ended, by who uses it.

        On a SQLite file it is one that stays open for this.
        """
        return self.reading()

    def snapshot(self) -> contextlib.AbstractContextManager[Connection]:
        """Give a connection whose transactions see one moment."""
        return self._one_of(self._snapshot)

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        """Give a connection whose transactions may write."""
        return self._one_of(self._write)

    def beginning(self) -> contextlib.AbstractContextManager[Connection]:
        """Give a connection whose transactions may write, and take no lock from their start."""
        return self._one_of(self._first)

    @contextlib.contextmanager
    def _one_of(self, engine: Engine) -> Iterator[Connection]:
        connection = self._wait_for_one(engine, self._slots) if self._slots else engine.connect()
        pool = engine.pool
        try:
            with connection:
                try:
                    yield connection
                finally:
                    if engine.pool is not pool:
                        # Closed meanwhile: a connection in the old pool would never be closed.
                        connection.invalidate()
        finally:
            if self._slots is not None:
                self._slots.give_back()

    def _wait_for_one(self, engine: Engine, slots: Slots) -> Connection:
        deadline = time.monotonic() + self._timeout_s
        pause_s = 0.01
        while True:
            if not slots.take(deadline - time.monotonic()):
                raise StoreError(
                    f"The database is busy: no connection was free for {self._timeout_s:g} s "
                    "(general_settings.database_pool)"
                )
            try:
                return engine.connect()
            except DBAPIError as error:
                if not _is_full(error):
                    slots.give_back()
                    raise
                shared = slots.give_back_unfilled()
                if time.monotonic() + pause_s >= deadline:
                    raise
            except BaseException:
                slots.give_back()
                raise
            if not shared:
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, 0.2)

    def close(self) -> None:
        """Close the idle ones, and those in use when they are done."""
        if self._readers is not None:
            readers, self._readers = self._readers, Readers()
            readers.close()
        self._engine.dispose()


def sqlite_in_memory(timeout_s: float) -> Connections:
    """Return the one connection to an in-memory database."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False),
        poolclass=StaticPool,
        hide_parameters=True,
    )
    return _sqlite(engine, timeout_s)


def sqlite_file(file: SQLiteFile, timeout_s: float) -> Connections:
    """Return connections to *file*."""
    engine = create_engine(
        "sqlite://",
        creator=file.connect,
        poolclass=QueuePool,
        # The last one used has the pages and statements at hand.
        pool_use_lifo=True,
        pool_size=8,
        max_overflow=248,
        pool_timeout=timeout_s,
        hide_parameters=True,
    )
    return _sqlite(engine, timeout_s, readers=True)


def sqlite_look(file: SQLiteFile) -> Engine:
    """Return an engine that only reads *file*, and creates no files."""
    return create_engine("sqlite://", creator=file.look, poolclass=NullPool)


def sqlite_draft(raw: sqlite3.Connection) -> Engine:
    """Return an engine on *raw*, in which a new file is made."""
    return create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)


def _sqlite(engine: Engine, timeout_s: float, *, readers: bool = False) -> Connections:
    # pysqlite's own transactions are off (isolation_level=None): SQLAlchemy's documented
    # recipe for SERIALIZABLE SQLite. A lone read needs no BEGIN and gets none.
    return Connections(
        engine,
        timeout_s=timeout_s,
        snapshot="BEGIN",
        write="BEGIN IMMEDIATE",
        begin="BEGIN",
        readers=readers,
    )


def postgresql(url: URL, timeout_s: float, *, pool: int, prepare: bool) -> Connections:
    """Return at most *pool* connections to the server at *url*.

    They keep no state in the server's session, so that a pooler may give each transaction to
    another one: no statement is prepared unless *prepare*, and what a transaction needs to be
    set is set for it alone, in the same message as its BEGIN.
    """
    arguments: dict[str, Any] = {}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = max(2, math.ceil(timeout_s))
    if "client_encoding" not in url.query:
        # A server may be set to another, which has not all characters.
        arguments["client_encoding"] = "utf8"
    if not prepare:
        arguments["prepare_threshold"] = None
    engine = create_engine(
        url,
        connect_args=arguments,
        # psycopg's own transactions are off: `_begin` begins them.
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        pool_use_lifo=True,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=timeout_s,
        hide_parameters=True,
    )
    lock_timeout_ms = int(timeout_s * 1000)

    @event.listens_for(engine, "connect")
    def connected(raw: Any, record: Any) -> None:
        # For reads outside of a transaction, and only where the session is ours alone: a
        # pooler says another process id than the server behind it, and then this is undone
        # with the statement.
        raw.execute(
            "SELECT set_config('lock_timeout', %s, pg_backend_pid() <> %s)",
            [str(lock_timeout_ms), raw.info.backend_pid],
        )

    @event.listens_for(engine, "checkin")
    def idle(raw: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def used(raw: Any, record: Any, proxy: PoolProxiedConnection) -> None:
        if not _is_alive(raw, record.info.pop("idle_since", None)):
            # SQLAlchemy's pool connects anew.
            raise DisconnectionError

    lock_timeout = f"SET LOCAL lock_timeout = {lock_timeout_ms}"
    return Connections(
        engine,
        timeout_s=timeout_s,
        snapshot=f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {lock_timeout}",
        write=f"BEGIN ISOLATION LEVEL READ COMMITTED; {lock_timeout}",
        most=pool,
    )


def _begin(connection: Connection) -> None:
    start = connection.get_execution_options().get("start")
    if start is not None:
        # Bypasses SQLAlchemy, whose execution of a statement takes longer than the statement.
        raw: Any = connection.connection.driver_connection
        raw.execute(start)


def _is_alive(raw: Any, idle_since: float | None) -> bool:
    """Whether an idle connection of psycopg's still leads to its server.

    A server that ended has closed it, which libpq sees without sending anything: the first
    read takes what the server said at the end, the second finds the end itself. Only one
    that was idle for long costs a round trip.
    """
    if idle_since is None:
        return True
    import psycopg

    try:
        raw.pgconn.consume_input()
        raw.pgconn.consume_input()
        if time.monotonic() - idle_since > _QUIET_S:
            raw.execute("")
    except psycopg.Error:
        return False
    return True


def _is_full(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlstate", None)
    return code == "53300" or _FULL.search(str(error.orig)) is not None
