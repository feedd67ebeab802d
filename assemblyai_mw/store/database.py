"""The database: one engine a process, two kinds of transaction, one kind of error."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, select

from ..config import DEFAULT_DATABASE_POOL, DatabaseSettings
from ..errors import NoLedger, StoreError
from .columns import micros
from .creation import check_schema, is_made, lock_creation, make_tables, no_ledger
from .engine import (
    Connections,
    postgresql,
    sqlite_draft,
    sqlite_file,
    sqlite_in_memory,
    sqlite_look,
)
from .failures import told
from .group_commit import GroupCommit
from .migrations import MIGRATIONS, migrate, stored_version
from .migrations.runner import WAIT_S
from .schema import SCHEMA_VERSION, meta
from .sqlite_file import SQLiteFile, problems
from .transactions import Work, on_postgresql, on_sqlite
from .urls import checked_url, user_directories

T = TypeVar("T")

_identity = select(meta.c.value).where(meta.c.name == "database_id")
_databases: weakref.WeakSet[Database] = weakref.WeakSet()
# What a forked child must neither use nor close: closing a SQLite handle that came
# through fork() harms the parent's (sqlite.org/howtocorrupt.html, section 2.6).
_inherited: list[object] = []


class Database(contextlib.AbstractContextManager["Database"]):
    """The database of keys and ledger: `sqlite:///file.db` or `postgresql://...`.

    Nothing is opened before the first use. Each process opens its own connections, also after a
    fork. The first use creates the schema or migrates it; processes that start at the same time
    wait or find it done. A relative path starts at the working directory of construction time.

    Args:
        url: SQLAlchemy's form. `sqlite://` keeps everything in memory, for one process.
        busy_timeout_s: Seconds to wait for others' locks, for a free connection, and for a server
            to answer a connection attempt.
        clock: The time in Unix seconds; tests set their own.
        create: Make a missing ledger; else NoLedger is raised.
        auto_migrate: Migrate a ledger of an earlier schema version; else it is refused.
        pool: Most connections of this process to PostgreSQL, 1 or more.
        prepare: Let PostgreSQL keep prepared statements in the session; a pooler that gives
            each transaction to another session breaks them.

    Attributes:
        created: Whether this Database made the ledger.

    Raises:
        ConfigError: *url* is invalid, or its driver is not installed. The message never shows the
            URL, which may hold a password.

    All methods that use the database raise StoreError, one line without secrets, if it cannot be
    read or written, or is not the one that was first used. `close`, the end of a `with` block or
    the garbage collector closes the connections.
    """

    def __init__(
        self,
        url: str,
        *,
        busy_timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
        create: bool = True,
        auto_migrate: bool = True,
        pool: int = DEFAULT_DATABASE_POOL,
        prepare: bool = False,
    ) -> None:
        self._url = checked_url(url)
        self._timeout_s = busy_timeout_s
        self.clock = clock
        self.created = False
        self._may_create = create
        self._auto_migrate = auto_migrate
        self._pool = pool
        self._prepare = prepare
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
        self._is_forking = False
        self._commits = GroupCommit(self._in_sqlite, busy_timeout_s)
        self._open: Connections | None = None
        self._finalizer: weakref.finalize[Any, Database] | None = None
        _databases.add(self)

    @classmethod
    def of(cls, settings: DatabaseSettings, *, create: bool = True) -> Self:
        """Return the Database that *settings* describe; nothing is opened. As the constructor."""
        return cls(
            settings.url,
            create=create,
            auto_migrate=settings.auto_migrate,
            pool=settings.pool,
            prepare=settings.prepare,
        )

    def __repr__(self) -> str:
        return f"Database({self.describe()})"

    def describe(self) -> str:
        """Return the database's location, without user and password."""
        if self._file is not None:
            return self._file.path
        if self._in_memory:
            return "SQLite in memory"
        return f"PostgreSQL {self._url.database or ''} at {self._url.host or 'local socket'}"

    def private_directories(self) -> tuple[Path, ...]:
        """Return the directories for this user's files about this database, the best one first.

        For SQLite beside its file; else by the database's URL, among this user's own files.
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
        """Give a connection for single reads, each of which sees the data committed by then."""
        with told(self.is_sqlite, "read"), self._shared(), self._opened().reading() as connection:
            self._check(connection)
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection whose reads all see one moment; keep it short."""
        with told(self.is_sqlite, "read"), self._shared(), self._opened().snapshot() as connection:
            self._check(connection)
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction that may write; it commits unless the block raises.

        On SQLite it holds the write lock from its start, so that what it reads stays true.
        """
        with told(self.is_sqlite, "written"), self._writing() as connection, connection.begin():
            yield connection

    def transact(self, work: Work[T]) -> T:
        """Return the result of *work*, done in one transaction that is committed by then.

        For what is done on each call: on PostgreSQL it takes few messages, and on SQLite threads
        share a commit. *work* may be done again where it failed beside that of other threads, so it
        acts on the database alone.
        """
        if self.is_sqlite:
            done: T = self._commits.submit(work)
            return done
        with told(self.is_sqlite, "written"), self._opened().standing() as connection:
            self._check(connection)
            return on_postgresql(connection, self._opened().write_start, work)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Give a connection that may write, on SQLite this process's only one."""
        opened = self._opened()
        if not self.is_sqlite:
            with opened.writing() as connection:
                self._check(connection)
                yield connection
            return
        with self._turn() as left_s, opened.writing() as connection:
            self._check(connection)
            self._wait_at_most(connection, left_s)
            yield connection

    @contextlib.contextmanager
    def _turn(self) -> Iterator[float]:
        """Wait until this thread may write on SQLite; give the seconds that it may still wait."""
        started = time.monotonic()
        # SQLite's lock is polled with growing pauses; threads of one process wait better.
        if not self._writer.acquire(timeout=self._timeout_s):
            raise StoreError("The database is busy")
        try:
            yield self._timeout_s - (time.monotonic() - started)
        finally:
            self._writer.release()

    def _in_sqlite(self, work: Work[T]) -> T:
        """Do *work* in a transaction on SQLite."""
        with (
            told(self.is_sqlite, "written"),
            self._turn() as left_s,
            self._opened().standing() as connection,
        ):
            self._check(connection)
            waits_less = left_s < 0.9 * self._timeout_s
            if waits_less:
                self._wait_at_most(connection, left_s)
            try:
                return on_sqlite(connection, work)
            finally:
                if waits_less:
                    self._wait_at_most(connection, self._timeout_s)

    def version(self) -> int | None:
        """Return the ledger's schema version, None where there is none; changes nothing.

        Raises:
            StoreError: It is not a ledger, or of a newer version than this code knows.
        """
        if self._in_memory or (self._file is not None and not os.path.exists(self._file.path)):
            return None
        where = self.describe()
        with told(self.is_sqlite, "read"):
            if self._file is not None:
                with sqlite_look(self._file).connect() as connection:
                    return stored_version(connection, where)
            opened = self._connections()
            try:
                with opened.reading() as connection:
                    if not is_made(connection, where, must_be=False):
                        return None
                    return stored_version(connection, where)
            finally:
                opened.close()

    def check(self) -> list[str]:
        """Return the faults of the stored data, a line each; on SQLite this reads all of it."""
        with self.read() as connection:
            if self.is_sqlite:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                return list(problems(raw))
            check_schema(connection, self.describe())
            return []

    def rewrite(self, *, alone: bool) -> bool:
        """Write the SQLite file anew, without what was deleted; False if there is none.

        Args:
            alone: Only where no other connection has the file open; else False is returned.
                Otherwise others wait meanwhile, and the -wal file is emptied too.

        Raises:
            StoreError: It cannot be done now.
        """
        if self._file is None:
            return False
        with told(self.is_sqlite, "written"):
            self._opened()
            self.close()
            return self._file.rewrite(alone=alone)

    def check_creatable(self) -> None:
        """Make a ledger where PostgreSQL has none, and take it back.

        Raises:
            StoreError: It cannot be made; the message names the reason.
        """
        with told(self.is_sqlite, "written"):
            opened = self._connections()
            try:
                with opened.beginning() as connection, connection.begin() as transaction:
                    lock_creation(connection)
                    if not is_made(connection, self.describe(), must_be=False):
                        make_tables(connection, self.now)
                    transaction.rollback()
            finally:
                opened.close()

    def close(self) -> None:
        """Close this process's idle connections; the next use opens new ones."""
        with self._lock:
            finalizer, self._finalizer, self._open = self._finalizer, None, None
        if finalizer is not None:
            finalizer()

    def __exit__(self, *raised: object) -> None:
        self.close()

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
            # The next statement begins its own transaction.
            connection.rollback()
            info["known"] = True
        if self._file is not None:
            self._file.check(info)

    def _opened(self) -> Connections:
        """Return this process's connections; the first use makes or migrates the ledger."""
        opened = self._open
        if opened is None:
            if not self._lock.acquire(timeout=self._timeout_s):
                raise StoreError("The database is busy")
            try:
                opened = self._open
                if opened is None:
                    opened = self._open = self._first_use()
                    self._finalizer = weakref.finalize(self, opened.close)
            finally:
                self._lock.release()
        return opened

    def _first_use(self) -> Connections:
        if self._file is not None:
            self.created |= self._file.ensure(self._fill, create=self._may_create)
        opened = self._connections()
        try:
            with opened.beginning() as connection:
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
            opened.close()
            raise
        return opened

    def _connections(self) -> Connections:
        if self._in_memory:
            return sqlite_in_memory(self._timeout_s)
        if self._file is not None:
            return sqlite_file(self._file, self._timeout_s)
        return postgresql(self._url, self._timeout_s, pool=self._pool, prepare=self._prepare)

    def _fill(self, raw: sqlite3.Connection) -> None:
        with sqlite_draft(raw).connect() as connection:
            make_tables(connection, self.now)
            connection.commit()

    def _create(self, connection: Connection) -> None:
        if not self.is_sqlite:
            lock_creation(connection)
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
        # No idle connection goes into a child. A connection in use by another thread does, but the
        # child cannot reach it, and does not close it.
        if self._open is not None and not self._in_memory:
            self._open.close()
        if self._file is not None:
            # SQLite notes in this process's memory who has the file's lock. A child that is made
            # while a thread has it would wait for that thread, which it does not have.
            self._is_forking = self._writer.acquire(timeout=self._timeout_s)

    def _after_fork_here(self) -> None:
        if self._is_forking:
            self._is_forking = False
            self._writer.release()

    def _after_fork(self) -> None:
        self._is_forking = False
        self._lock = threading.Lock()
        self._writer = threading.Lock()
        self._commits = GroupCommit(self._in_sqlite, self._timeout_s)
        if self._file is not None:
            self._file.after_fork()
        if self._open is not None and not self._in_memory:
            _inherited.append(self._open)
            if self._finalizer is not None:
                self._finalizer.detach()
            self._open = self._finalizer = None


def _all(action: Callable[[Database], None]) -> Callable[[], None]:
    def act() -> None:
        for database in list(_databases):
            action(database)

    return act


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_all(Database._before_fork),
        after_in_parent=_all(Database._after_fork_here),
        after_in_child=_all(Database._after_fork),
    )
