"""The database: one engine a process, two kinds of transaction, one kind of error."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from ..errors import NoLedger, StoreError
from .columns import micros
from .creation import check_schema, is_made, make_tables, no_ledger
from .idle_connections import Readers
from .migrations import MIGRATIONS, migrate, stored_version
from .migrations.runner import WAIT_S
from .schema import SCHEMA_VERSION, meta
from .sqlite_file import SQLiteFile, problems
from .urls import checked_url, user_directories

# Any constant does, as long as nobody else locks it: "aamw" in ASCII.
_CREATION_LOCK = 0x61616D77
_identity = select(meta.c.value).where(meta.c.name == "database_id")
_databases: weakref.WeakSet[Database] = weakref.WeakSet()
# What a forked child must neither use nor close: closing a SQLite handle that came
# through fork() harms the parent's (sqlite.org/howtocorrupt.html, section 2.6).
_inherited: list[object] = []


class Database:
    """Where keys and ledger are kept: `sqlite:///file.db` or `postgresql://...`.

    Nothing is opened before the first use. Each process opens its own connections, also
    after a fork. The schema is made, or brought to the present version, on first use;
    whoever starts at the same time waits or finds it. A relative path counts from the working
    directory at construction.

    Args:
        url: SQLAlchemy's form. `sqlite://` keeps everything in memory, for one process.
        busy_timeout_s: How long, in seconds, to wait for others' locks, for a free
            connection, and for a server to answer a connection attempt.
        clock: Unix seconds; tests put their own.
        create: Make a ledger where none is; else NoLedger is raised there.
        auto_migrate: Bring a ledger of an earlier schema version to the present one; else
            it is refused.

    Attributes:
        created: Whether it was this Database that made the ledger.

    Raises:
        ConfigError: *url* is no such URL. Never shows it: it may hold a password.

    Every method here and in the rooms above raises StoreError, one line without secrets,
    when the database cannot be read or written, or is not the one that was first used.
    """

    def __init__(
        self,
        url: str,
        *,
        busy_timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
        create: bool = True,
        auto_migrate: bool = True,
    ) -> None:
        self._url = checked_url(url)
        self._timeout_s = busy_timeout_s
        self.clock = clock
        self.created = False
        self._may_create = create
        self._auto_migrate = auto_migrate
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        in_memory = self.is_sqlite and self._url.database in (None, "", ":memory:")
        self._in_memory = in_memory
        self._file = (
            SQLiteFile(self._url.database or "", busy_timeout_s)
            if self.is_sqlite and not in_memory
            else None
        )
        self._database_id: str | None = None
        self._lock = threading.Lock()
        self._writer = threading.Lock()
        self._engine: Engine | None = None
        self._transactions: tuple[Engine, ...] = ()
        self._readers = Readers()
        _databases.add(self)

    def __repr__(self) -> str:
        return f"Database({self.describe()})"

    def describe(self) -> str:
        """Return where the database is, without user and password."""
        if self._file is not None:
            return self._file.path
        if self._in_memory:
            return "SQLite in memory"
        return f"PostgreSQL {self._url.database or ''} at {self._url.host or 'local socket'}"

    def private_directories(self) -> tuple[Path, ...]:
        """Return where this user may keep files about this database, the best place first.

        Beside a SQLite file; else by the database's URL, among this user's own files.
        """
        if self._in_memory:
            return ()
        own = user_directories(self._url.render_as_string(hide_password=True))
        return own if self._file is None else (Path(f"{self._file.path}-closings"), *own)

    @property
    def now(self) -> int:
        """Now, as epoch microseconds."""
        return micros(self.clock())

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for single reads, each seeing what is committed by then."""
        with self._guarded("read"), self._shared():
            engine = self._engines()[0]
            of_file = self._file is not None
            with self._readers.one_of(engine) if of_file else engine.connect() as connection:
                self._check(connection)
                yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection whose reads all see one moment; keep it short."""
        with self._guarded("read"), self._shared(), self._engines()[1].connect() as connection:
            self._check(connection)
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction that may write; it commits unless the block raises.

        On SQLite it holds the write lock from its start, so that what it reads stays true.
        """
        with self._guarded("written"):
            engine = self._engines()[2]
            if not self.is_sqlite:
                with engine.connect() as connection:
                    self._check(connection)
                    with connection.begin():
                        yield connection
                return
            started = time.monotonic()
            # SQLite's lock is polled with growing pauses; threads of one process wait better.
            if not self._writer.acquire(timeout=self._timeout_s):
                raise StoreError("The database is busy")
            try:
                with engine.connect() as connection:
                    self._check(connection)
                    left_s = self._timeout_s - (time.monotonic() - started)
                    self._wait_at_most(connection, left_s)
                    with connection.begin():
                        yield connection
            finally:
                self._writer.release()

    def version(self) -> int | None:
        """Return the ledger's schema version, None where there is none; changes nothing.

        Raises:
            StoreError: What is there is no ledger, or a newer one than this code knows.
        """
        if self._in_memory or (self._file is not None and not os.path.exists(self._file.path)):
            return None
        where = self.describe()
        if self._file is None:
            engine = self._new_engine()
        else:
            engine = create_engine("sqlite://", creator=self._file.look, poolclass=NullPool)
        with self._guarded("read"):
            try:
                with engine.connect() as connection:
                    if self._file is None and not is_made(connection, where, must_be=False):
                        return None
                    return stored_version(connection, where)
            finally:
                engine.dispose()

    def check(self) -> list[str]:
        """Return what is wrong with the stored data, a line each; on SQLite reads all of it."""
        with self.read() as connection:
            if self.is_sqlite:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                return list(problems(raw))
            check_schema(connection, self.describe())
            return []

    def close(self) -> None:
        """Close this process's idle connections; the next use opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
            readers, self._readers = self._readers, Readers()
        readers.close()
        if engine is not None:
            engine.dispose()

    @contextlib.contextmanager
    def _shared(self) -> Iterator[None]:
        # In memory there is one connection for all threads: one transaction at a time.
        if not self._in_memory:
            yield
            return
        if not self._writer.acquire(timeout=self._timeout_s):
            raise StoreError("The database is busy")
        try:
            yield
        finally:
            self._writer.release()

    @contextlib.contextmanager
    def _guarded(self, verb: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreError(f"The database could not be {verb}: {_reason(error)}") from error
        except Exception as error:
            if not isinstance(error, self._driver_errors()):
                raise
            raise StoreError(f"The database could not be {verb}: {_line(error)}") from error

    def _driver_errors(self) -> tuple[type[Exception], ...]:
        # What no column can hold: half a surrogate pair, a number past 64 bits.
        odd = (UnicodeError, OverflowError)
        if self.is_sqlite:
            return (sqlite3.Error, *odd)
        import psycopg

        return (psycopg.Error, *odd)

    def _wait_at_most(self, connection: Connection, left_s: float) -> None:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute(f"PRAGMA busy_timeout={max(1, int(left_s * 1000))}")

    def _check(self, connection: Connection) -> None:
        """Refuse a connection that does not lead to the database first used."""
        info = connection.info
        if not info.get("known"):
            found = connection.scalar(_identity)
            if found != self._database_id:
                raise StoreError(f"{self.describe()} was replaced by another database")
            # What comes next begins its own transaction.
            connection.rollback()
            info["known"] = True
        if self._file is not None:
            self._file.check(info)

    def _engines(self) -> tuple[Engine, ...]:
        """Return the engine as it reads, reads a snapshot, and writes."""
        engine = self._engine
        if engine is None:
            if not self._lock.acquire(timeout=self._timeout_s):
                raise StoreError("The database is busy")
            try:
                if self._engine is None:
                    self._open()
            finally:
                self._lock.release()
        return self._transactions

    def _open(self) -> None:
        if self._file is not None:
            self.created |= self._file.ensure(self._fill, create=self._may_create)
        engine = self._new_engine()
        try:
            with engine.execution_options(start="BEGIN").connect() as connection:
                with connection.begin():
                    if self._in_memory or not self.is_sqlite:
                        self._create(connection)
                    is_older = stored_version(connection, self.describe()) < SCHEMA_VERSION
                if is_older and self._auto_migrate:
                    self._migrate(connection)
                with connection.begin():
                    check_schema(connection, self.describe())
                    found = connection.scalar(_identity)
            if found is None:
                raise StoreError(f"{self.describe()} is not a ledger of assemblyai-mw")
            if self._file is not None:
                self._file.remember(found)
            elif self._database_id not in (None, found):
                raise StoreError(f"{self.describe()} was replaced by another database")
            self._database_id = found
        except BaseException:
            engine.dispose()
            raise
        if self.is_sqlite:
            self._transactions = (
                engine,
                engine.execution_options(start="BEGIN"),
                engine.execution_options(start="BEGIN IMMEDIATE"),
            )
        else:
            self._transactions = (
                engine.execution_options(isolation_level="AUTOCOMMIT"),
                engine.execution_options(isolation_level="REPEATABLE READ"),
                engine,
            )
        self._engine = engine

    def _new_engine(self) -> Engine:
        if not self.is_sqlite:
            return self._postgresql_engine()
        # pysqlite's own transactions are off (isolation_level=None): SQLAlchemy's documented
        # recipe for SERIALIZABLE SQLite. A lone read needs no BEGIN and gets none.
        if self._file is not None:
            engine = create_engine(
                "sqlite://",
                creator=self._file.connect,
                poolclass=QueuePool,
                # The last one used has the pages and statements at hand.
                pool_use_lifo=True,
                pool_size=8,
                max_overflow=248,
                pool_timeout=self._timeout_s,
                hide_parameters=True,
            )
        else:
            engine = create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect(
                    ":memory:", isolation_level=None, check_same_thread=False
                ),
                poolclass=StaticPool,
                hide_parameters=True,
            )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            start = connection.get_execution_options().get("start")
            if start is not None:
                connection.exec_driver_sql(start)

        return engine

    def _postgresql_engine(self) -> Engine:
        arguments: dict[str, Any] = {}
        if "connect_timeout" not in self._url.query:
            arguments["connect_timeout"] = max(2, math.ceil(self._timeout_s))
        engine = create_engine(
            self._url,
            connect_args=arguments,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
            pool_timeout=self._timeout_s,
            hide_parameters=True,
        )
        lock_timeout = f"SET lock_timeout = {int(self._timeout_s * 1000)}"

        @event.listens_for(engine, "connect")
        def connected(raw: Any, record: object) -> None:
            with raw.cursor() as cursor:
                cursor.execute(lock_timeout)
            raw.commit()

        return engine

    def _fill(self, raw: sqlite3.Connection) -> None:
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
        with engine.connect() as connection:
            make_tables(connection, self.now)
            connection.commit()

    def _create(self, connection: Connection) -> None:
        if not self.is_sqlite:
            lock = text("SELECT pg_advisory_xact_lock(:lock)")
            connection.execute(lock, {"lock": _CREATION_LOCK})
        known = self._database_id is not None
        if not is_made(connection, self.describe(), must_be=known):
            if not self._may_create:
                raise NoLedger(no_ledger(self.describe()))
            make_tables(connection, self.now)
            self.created = True

    def _migrate(self, connection: Connection) -> None:
        if not self.is_sqlite:
            migrate(connection, self.describe(), MIGRATIONS)
            return
        self._wait_at_most(connection, WAIT_S)
        try:
            migrate(
                connection.execution_options(start="BEGIN IMMEDIATE"), self.describe(), MIGRATIONS
            )
        finally:
            connection.execution_options(start="BEGIN")
            self._wait_at_most(connection, self._timeout_s)

    def _before_fork(self) -> None:
        # No idle connection goes into a child. One in use by another thread does, but
        # nobody in the child can reach it, or closes it.
        if self._engine is not None and not self._in_memory:
            readers, self._readers = self._readers, Readers()
            readers.close()
            self._engine.dispose()

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._writer = threading.Lock()
        if self._file is not None:
            self._file.after_fork()
        if self._engine is not None and not self._in_memory:
            _inherited.extend((self._engine, self._readers))
            self._engine, self._readers = None, Readers()


def as_database(database: Database | str) -> Database:
    """Return *database*, opened (lazily) where it is a URL."""
    return Database(database) if isinstance(database, str) else database


def _reason(error: SQLAlchemyError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    return _line(original or error)


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _all(action: Callable[[Database], None]) -> Callable[[], None]:
    def act() -> None:
        for database in list(_databases):
            action(database)

    return act


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_all(Database._before_fork),
        after_in_child=_all(Database._after_fork),
    )
