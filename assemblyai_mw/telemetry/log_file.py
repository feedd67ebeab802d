"""A file with one line a call, to which all threads and workers append."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .record import line_of

if TYPE_CHECKING:
    from .record import CallRecord

logger = logging.getLogger("assemblyai_mw.logfile")

# How long a line may wait for others to be written with it.
WAIT_S = 0.05
# After this time a call writes its own lines: a server without threads (uWSGI) has no writer.
LATE_S = 1.0
# Most lines that wait; if the disk is slower than the calls, calls wait for it.
MAX_WAITING = 10_000
# How soon a file that was moved away is followed by a new one of its name.
LOOK_EVERY_S = 1.0
# These are not opened: a socket (systemd) cannot be, and a pipe of root's not by another user.
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT

_all: weakref.WeakSet[LogFile] = weakref.WeakSet()


class LogFile:
    """Append each call's line to *path*.

    A thread formats and writes the lines about 50 ms after their calls. A write by the call itself
    would release the interpreter's lock, which under many threads costs more than the whole line,
    and would wait for a busy disk. Waiting lines are written when the process ends. If it is killed
    (SIGKILL), they are lost; the costs are in the ledger.

    Whole lines are appended, 4 KiB at a time: that is atomic (POSIX, `write` with O_APPEND;
    pipes, PIPE_BUF), so workers may share a file. If the file is moved or removed, as logrotate
    does, a new one is made within a second. `/dev/stdout` and `/dev/stderr` are the process's own
    streams, whatever they are. Lines that cannot be written are lost; this is logged once, and no
    call is affected.

    Raises:
        ConfigError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(path)
        try:
            stream = _STREAMS.get(self.path)
            self._file = os.open(self.path, _FLAGS, 0o640) if stream is None else os.dup(stream)
        except OSError as error:
            raise ConfigError(f"log_file: cannot open {self.path}: {error.strerror}") from None
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._failing = False
        self._ended = False
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        """Be as in a process that has had no call yet: no line, no thread, all locks free."""
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._late_at = float("inf")
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._work: threading.Event | None = None
        self._resting = True

    def __call__(self, record: CallRecord) -> None:
        self.add(record.fields())

    def add(self, fields: Mapping[str, Any]) -> None:
        """Queue the line of *fields*, which must not change any more."""
        self._waiting.append(fields)
        if self._resting:
            self._rouse()
        elif len(self._waiting) > MAX_WAITING or (
            time.monotonic() > self._late_at and not self._writing.locked()
        ):
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            self._late_at = time.monotonic() + LATE_S
            block = b""
            while self._waiting:
                line = f"{line_of(self._waiting.popleft())}\n".encode()
                if block and len(block) + len(line) > select.PIPE_BUF:
                    self._write(block)
                    block = b""
                block += line
            if block:
                self._write(block)

    def close(self) -> None:
        """Write what waits and close the file; lines added later are lost."""
        self._end()
        with self._writing:
            file, self._file = self._file, -1
            if file >= 0:
                os.close(file)

    def _end(self) -> None:
        """Write what waits; from now on each call writes its own line."""
        self._ended = self._resting = True
        if self._work is not None:
            self._work.set()
        self.flush()

    def _rouse(self) -> None:
        """Have the thread look for lines, until it finds none."""
        if self._ended:
            self.flush()
        elif self._starting.acquire(blocking=False):
            try:
                if self._work is None:
                    work = threading.Event()
                    threading.Thread(
                        target=self._run, args=(work,), name="assemblyai-mw-log", daemon=True
                    ).start()
                    self._work = work
                self._late_at = time.monotonic() + LATE_S
                self._resting = False
                self._work.set()
            except RuntimeError:
                # The system gives no thread; the next line asks again.
                self.flush()
            finally:
                self._starting.release()

    def _run(self, work: threading.Event) -> None:
        while not self._ended:
            work.wait()
            time.sleep(WAIT_S)
            if not self._waiting:
                work.clear()
                self._resting = True
                if not self._waiting or self._ended:
                    continue
                # A line arrived in between without waking the thread.
                self._resting = False
                work.set()
            try:
                self.flush()
            except Exception:
                logger.exception("%s: a line is lost", self.path)

    # The file

    def _write(self, block: bytes) -> None:
        now = time.monotonic()
        try:
            if now >= self._look_at and self.path not in _STREAMS:
                self._look_at = now + LOOK_EVERY_S
                self._follow()
            while block:
                block = block[os.write(self._file, block) :]
        except OSError as error:
            if not self._failing:
                self._failing = True
                logger.error("%s cannot be written: %s", self.path, error.strerror)
            return
        self._failing = False

    def _follow(self) -> None:
        """Write to the file that has the name now."""
        with contextlib.suppress(FileNotFoundError):
            named, ours = os.stat(self.path), os.fstat(self._file)
            if (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino):
                return
        made = os.open(self.path, _FLAGS, 0o640)
        try:
            # In place of the old one: its number may be in use elsewhere.
            os.dup2(made, self._file, inheritable=False)
        finally:
            os.close(made)


@atexit.register
def _end_all() -> None:
    for log in list(_all):
        log._end()


def _begin_all() -> None:
    for log in list(_all):
        # Waiting lines belong to the parent, whose thread does not run here.
        log._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all)
