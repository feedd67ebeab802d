"""A ledger's SQLite file: made whole or not at all, and watched while it is in use.

SQLite itself does not notice that its file was deleted, replaced or overwritten under
an open connection (sqlite.org/howtocorrupt.html, sections 2 and 4), and it makes an
empty database where none is. Both would turn a lost ledger into unlimited budgets.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from ..errors import NoLedger, StoreError
from .creation import no_ledger

# Written into the file's header (sqlite.org/fileformat.html, 1.3.16): "AAMW".
APPLICATION_ID = 0x41414D57
# For others' transactions to end before the file is written anew.
REWRITE_WAIT_S = 60.0


class _Taken(StoreError):
    """Another file has the name by now."""


class SQLiteFile:
    """One file, by absolute path: created atomically, then held to its identity."""

    def __init__(self, path: str, busy_timeout_s: float) -> None:
        # The links are followed now: a later `chdir` must not lead to another file.
        self.path = os.path.realpath(path)
        self.name = os.path.basename(self.path)
        self._busy_timeout_s = busy_timeout_s
        self._identity: tuple[int, int] | None = None
        self._database_id: str | None = None
        self._seen = (0, 0)
        self._lock = threading.Lock()

    def after_fork(self) -> None:
        """Forget a lock that a thread of the parent may have held."""
        self._lock = threading.Lock()

    def ensure(self, fill: Callable[[sqlite3.Connection], None], *, create: bool) -> bool:
        """Make the file if there is none; *fill* writes the schema into it. True if it was made.

        It is filled under another name and then linked to its own, so that a process that starts at
        the same time, or after a crash, finds no half-made database.

        Raises:
            NoLedger: There is none, and *create* is false.
            StoreError: It was in use and is gone, is empty, or cannot be made.
        """
        if os.path.exists(self.path):
            if os.path.getsize(self.path) == 0:
                raise StoreError(
                    f"{self.path} is empty; it was truncated, or is no ledger: delete it by hand"
                    " if it should become a new one"
                )
            return False
        if self._identity is not None:
            raise StoreError(f"{self.path} was in use and is gone")
        if os.path.exists(self.path + "-wal"):
            raise StoreError(f"{self.path} is gone, but its -wal file is still there")
        if not create:
            raise NoLedger(no_ledger(self.path))
        with contextlib.suppress(_Taken), self.draft() as made:
            fill(made)
            return True
        # Another process was faster: its file is the ledger.
        return False

    @contextlib.contextmanager
    def draft(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to an empty file, which gets its name when the block ends.

        Only this user can read it. If the block raises, nothing is left of it.

        Raises:
            StoreError: There is a file of this name by then, or it cannot be made.
        """
        draft = f"{self.path}.{secrets.token_hex(8)}.new"
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            try:
                with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as made:
                    made.execute(f"PRAGMA application_id={APPLICATION_ID}")
                    yield made
                    made.execute("PRAGMA journal_mode=WAL")
                try:
                    os.link(draft, self.path)
                except FileExistsError:
                    raise _Taken(f"{self.path} is there already") from None
                self._sync_directory()
            finally:
                for suffix in ("", "-wal", "-shm", "-journal"):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(draft + suffix)
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreError(f"{self.path} could not be made: {reason}") from error

    def _sync_directory(self) -> None:
        directory = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def connect(self) -> sqlite3.Connection:
        """Return a connection to the file that is there; never makes one."""
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?mode=rw",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            if mode != "wal":
                raise StoreError(f"{self.path} lies where SQLite's WAL cannot work")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def look(self) -> sqlite3.Connection:
        """Return a connection that only reads, and leaves no file where none was."""
        # Without a -wal file all is in the file itself; otherwise SQLite has to see both.
        alone = "" if os.path.exists(self.path + "-wal") else "&immutable=1"
        return sqlite3.connect(
            f"file:{quote(self.path)}?mode=ro{alone}", uri=True, timeout=self._busy_timeout_s
        )

    def rewrite(self, *, alone: bool) -> bool:
        """Write the file anew, without what was deleted; False if it is in use and must be *alone*.

        Raises:
            StoreError: Other connections do not let go of the file in time.
        """
        wait_s = 0.0 if alone else REWRITE_WAIT_S
        uri = f"file:{quote(self.path)}?mode=rw"
        with contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None)
        ) as connection:
            # Deleted bytes are overwritten with zeros (sqlite.org/pragma.html).
            connection.execute("PRAGMA secure_delete=ON")
            if alone:
                # Set before the first read: SQLite then takes the file for itself, or is refused.
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                try:
                    connection.execute("BEGIN EXCLUSIVE")
                    connection.execute("COMMIT")
                except sqlite3.OperationalError:
                    return False
            try:
                connection.execute("VACUUM")
                deadline = time.monotonic() + wait_s
                while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    # A reader still sees the pages of before.
                    if time.monotonic() >= deadline:
                        raise StoreError(
                            f"{self.path}-wal still holds deleted rows, since others read them;"
                            " try again"
                        )
                    time.sleep(0.1)
            except sqlite3.OperationalError as error:
                raise StoreError(f"{self.path} could not be written anew: {error}") from error
        return True

    def remember(self, database_id: str) -> None:
        """Remember the file's identity: this inode, with this database in it."""
        if self._database_id not in (None, database_id):
            raise StoreError(f"{self.path} was replaced by another database")
        found = self._stat()
        identity = (found.st_dev, found.st_ino)
        if self._identity not in (None, identity):
            raise StoreError(f"{self.path} was replaced while in use")
        self._identity, self._database_id = identity, database_id
        self._seen = (found.st_mtime_ns, found.st_size)

    def check(self, info: dict[str, Any]) -> None:
        """Raise StoreError unless the file is the one that was first used, and whole.

        *info* belongs to one connection and remembers its -wal file: while it is open, only a
        mistake removes that file.
        """
        found = self._stat()
        if (found.st_dev, found.st_ino) != self._identity:
            raise StoreError(f"{self.path} was replaced while in use")
        if (found.st_mtime_ns, found.st_size) != self._seen:
            self._look_inside()
        try:
            wal = os.stat(self.path + "-wal").st_ino
        except FileNotFoundError:
            wal = None
        if info.setdefault("wal", wal) != wal:
            raise StoreError(f"{self.path}-wal was removed while in use; restart to continue")

    def _stat(self) -> os.stat_result:
        try:
            return os.stat(self.path)
        except FileNotFoundError:
            raise StoreError(f"{self.path} was in use and is gone") from None
        except OSError as error:
            raise StoreError(f"{self.path} cannot be reached: {error.strerror}") from error

    def _look_inside(self) -> None:
        """See that a file that changed, as each checkpoint changes it, is still the ledger."""
        if not self._lock.acquire(timeout=self._busy_timeout_s):
            raise StoreError(f"{self.path} is being written, and cannot be checked")
        try:
            found = self._stat()
            seen = (found.st_mtime_ns, found.st_size)
            if seen == self._seen:
                return
            if self._settled_id() != self._database_id:
                raise StoreError(f"{self.path} was replaced by another database")
            if found.st_size < self._seen[1]:
                self._check_whole()
            self._seen = seen
        finally:
            self._lock.release()

    def _settled_id(self) -> str:
        """Return the identity in the file alone, once no checkpoint is half done.

        One that waits for a busy disk leaves pages of two ages for as long, and one that a full
        disk ended leaves them until somebody writes again, which this look forbids: so it ends
        the checkpoint itself. Only what outlasts the busy timeout is damage.
        """
        deadline = time.monotonic() + self._busy_timeout_s
        pause_s = 0.01
        while True:
            try:
                return self._read_beside_the_wal()
            except sqlite3.Error as error:
                if time.monotonic() >= deadline:
                    raise StoreError(f"{self.path} is damaged: {error}") from error
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, 0.2)
                if pause_s == 0.2:
                    self._end_checkpoint()

    def _end_checkpoint(self) -> None:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self.connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _read_beside_the_wal(self) -> str:
        # `immutable` reads the file alone, without locks and past every cache; SQLite's own
        # open, unlike ours, does not drop this process's locks on it when it is closed.
        uri = f"file:{quote(self.path)}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as reader:
            row = reader.execute("SELECT value FROM meta WHERE name='database_id'").fetchone()
        return str(row[0]) if row else ""

    def _check_whole(self) -> None:
        with contextlib.closing(self.connect()) as connection:
            for line in problems(connection):
                raise StoreError(f"{self.path} is damaged: {line}")


def missing_rights(file: str) -> Iterator[str]:
    """Yield the paths that this user may not write, a line each; SQLite may still open *file*."""
    folder = os.path.dirname(os.path.realpath(file))
    if not os.access(folder, os.W_OK | os.X_OK):
        yield f"this user may not make files in {folder}, which SQLite needs"
    for path in (file, f"{file}-wal", f"{file}-shm"):
        if os.path.exists(path) and not os.access(path, os.W_OK):
            yield f"this user may not write {path}"


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the findings of SQLite's own check of a database, a line each."""
    try:
        for (line,) in connection.execute("PRAGMA quick_check(5)"):
            if line != "ok":
                yield str(line)
    except sqlite3.DatabaseError as error:
        yield str(error)
