"""Storage of rate counts: a file that all workers of a host share, or Redis across hosts."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from bisect import bisect_right
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MovingWindowSupport, Storage, storage_from_string

from ...errors import ConfigError

BUSY_S = 2.0
# An unresponsive Redis must not delay calls for long.
REDIS_TIMEOUT_S = 1.0
PURGE_EVERY = 4096
_REDIS = ("redis", "rediss", "unix", "redis+unix")
# The last two are of `counts`.
_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS hits (
        key TEXT NOT NULL, n INTEGER NOT NULL, ends REAL NOT NULL, PRIMARY KEY (key, n)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS tokens (
        key TEXT NOT NULL, second INTEGER NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (key, second)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS places (
        key TEXT NOT NULL, place TEXT NOT NULL, taken REAL NOT NULL, ends REAL NOT NULL,
        PRIMARY KEY (key, place)
    ) WITHOUT ROWID
    """,
)


class PerMinute(RateLimitItemPerMinute):
    """A rate in requests a minute; its window does not depend on the number.

    The number is not in the window's name: a changed rate counts what came before it, and
    keys with different rates for their team count together.
    """

    def key_for(self, *identifiers: Any) -> str:
        """Return the name of the window of *identifiers*."""
        return "/".join((self.namespace, *identifiers, self.GRANULARITY.name))


class FileStorage(Storage, MovingWindowSupport):
    """Moving windows in a small SQLite file, for all threads and processes of one host.

    Each hit is one short transaction. Nothing waits for the disk: a power cut may lose counts,
    which does no harm, but does not damage the file. Time is the system's uptime, which all
    processes share and clock changes do not affect. Hits from before a reboot lie in its future and
    are dropped.

    Args:
        path: The file, made on first use in an existing directory. `:memory:` counts for one
            process.
    """

    STORAGE_SCHEME = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(None, wrap_exceptions=True)
        self.path = os.fspath(path)
        self._handles: dict[int, _Handle] = {}
        weakref.finalize(self, _close_own, self._handles)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error, OSError)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count *amount* hits if they fit into the last *expiry* seconds; whether they did."""
        if amount > limit:
            return False
        with self.handle() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                # Under the lock, so that hits stand in the order of their times.
                now = time.monotonic()
                last = self._last(connection, key, now + expiry)
                # The hit that must have left the window for these to fit in.
                bound = connection.execute(
                    "SELECT ends FROM hits WHERE key = ? AND n = ?", (key, last - limit + amount)
                ).fetchone()
                if bound is not None and bound[0] > now:
                    connection.execute("ROLLBACK")
                    return False
                connection.executemany(
                    "INSERT INTO hits VALUES (?, ?, ?)",
                    [(key, last + i, now + expiry) for i in range(1, amount + 1)],
                )
                connection.execute(
                    "DELETE FROM hits WHERE key = ? AND n <= ?", (key, last + amount - limit)
                )
                if (last + amount) % PURGE_EVERY < amount:
                    # Keys that stopped calling leave up to *limit* rows.
                    connection.execute("DELETE FROM hits WHERE ends <= ?", (now,))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return True

    def _last(self, connection: sqlite3.Connection, key: str, latest: float) -> int:
        """Return the number of the key's last hit, 0 if there is none since the boot."""
        row = connection.execute(
            "SELECT n, ends FROM hits WHERE key = ? ORDER BY n DESC LIMIT 1", (key,)
        ).fetchone()
        if row is None:
            return 0
        if row[1] > latest:
            connection.execute("DELETE FROM hits WHERE key = ?", (key,))
            return 0
        return int(row[0])

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest hit of the window was (Unix seconds), and how many there are."""
        now = time.monotonic()
        with self.handle() as connection:
            first, last = connection.execute(
                "SELECT (SELECT min(n) FROM hits WHERE key = :key),"
                " (SELECT max(n) FROM hits WHERE key = :key)",
                {"key": key},
            ).fetchone()
            if last is None or self._ends(connection, key, last) > now + expiry:
                return time.time(), 0
            # Hits stand in the order of their times, without gaps: counting them one by one
            # takes milliseconds where a window holds thousands.
            end = last + 1
            first = (
                bisect_right(range(first, end), now, key=lambda n: self._ends(connection, key, n))
                + first
            )
            if first == end:
                return time.time(), 0
            age = now + expiry - self._ends(connection, key, first)
        return time.time() - age, end - first

    @staticmethod
    def _ends(connection: sqlite3.Connection, key: str, n: int) -> float:
        """Return when a hit leaves the window; one that was dropped meanwhile has left it."""
        row = connection.execute(
            "SELECT ends FROM hits WHERE key = ? AND n = ?", (key, n)
        ).fetchone()
        return 0.0 if row is None else float(row[0])

    def clear(self, key: str) -> None:
        """Forget a key's hits."""
        with self.handle() as connection:
            connection.execute("DELETE FROM hits WHERE key = ?", (key,))

    def reset(self) -> int | None:
        """Forget all hits; return how many there were."""
        with self.handle() as connection:
            return connection.execute("DELETE FROM hits").rowcount

    def check(self) -> bool:
        """Whether hits can be counted."""
        try:
            with self.handle() as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError):
            return False
        return True

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Fixed windows are not kept here."""
        raise NotImplementedError("a FileStorage keeps moving windows only")

    def get(self, key: str) -> int:
        """Fixed windows are not kept here."""
        raise NotImplementedError("a FileStorage keeps moving windows only")

    def get_expiry(self, key: str) -> float:
        """Fixed windows are not kept here."""
        raise NotImplementedError("a FileStorage keeps moving windows only")

    def close(self) -> None:
        """Close this process's connection; the next use opens a new one."""
        _close_own(self._handles)

    def handle(self) -> _Handle:
        """Return this process's connection, as a context manager for one thread at a time."""
        pid = os.getpid()
        handle = self._handles.get(pid)
        # What a parent opened stays here unused: closing it in a child would harm the
        # parent's (sqlite.org/howtocorrupt.html, section 2.6).
        return handle or self._handles.setdefault(pid, _Handle(self.path))


class _Handle:
    """One process's connection, for one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        if not self._lock.acquire(timeout=BUSY_S):
            raise sqlite3.OperationalError("the file of rates is busy")
        try:
            if self._connection is None:
                self._connection = self._open()
            return self._connection
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            if kind is not None and issubclass(kind, sqlite3.Error):
                # The next use starts with a new connection, whatever failed.
                self._drop()
        finally:
            self._lock.release()

    def _open(self) -> sqlite3.Connection:
        if self._path != ":memory:":
            # SQLite would make the file by the umask; key names are private.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # In WAL mode this never syncs on a commit, and still cannot corrupt the file.
            connection.execute("PRAGMA synchronous=NORMAL")
            for statement in _SCHEMA:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        with self._lock:
            self._drop()


def _close_own(handles: dict[int, _Handle]) -> None:
    handle = handles.pop(os.getpid(), None)
    if handle is not None:
        handle.close()


def storage_of(where: Storage | str | os.PathLike[str]) -> Storage:
    """Return the storage that *where* names: itself, a Redis by its URL, or a file by its path.

    Raises:
        ConfigError: The `redis` package is not installed, or the URL is invalid.
    """
    if isinstance(where, Storage):
        return where
    text = os.fspath(where)
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme not in _REDIS:
        return FileStorage(text)
    try:
        storage = storage_from_string(
            "redis+" + text if scheme == "unix" else text,
            wrap_exceptions=True,
            key_prefix="assemblyai-mw",
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
        )
    except Exception as error:
        # Their messages may hold the URL, and that a password.
        raise ConfigError(
            f"redis_url: cannot be used ({type(error).__name__}); is assemblyai-mw[redis] "
            "installed, and the URL like redis://host:6379/0?"
        ) from None
    assert isinstance(storage, Storage)
    return storage
