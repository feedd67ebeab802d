"""Group commit: threads that wait for one lock have their transactions written by one commit.

A commit of a SQLite file waits for the disk, and writes whole pages. Calls that come in meanwhile
touch the same pages, and need to wait for the disk only once more, together. Each is as durable as
one with a commit of its own: nobody learns of success before that commit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import StoreError
from .transactions import Transaction

Transact = Callable[[Callable[[Transaction], Any]], Any]

# Bounds how long the file is locked for other processes.
_MOST_AT_ONCE = 64
# Where so many came within so many seconds, others may be about to come. Waiting for them saves a
# commit each; it goes on as long as they do come, so that a lone caller never waits.
_BUSY = 8
_BUSY_S = 0.010
_LINGER_S = 0.002


class Entry:
    """One thread's work, and what came of it."""

    __slots__ = ("error", "is_done", "leads", "result", "wake", "work")

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_done = self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()

    def done(self, result: Any) -> None:
        """Note a result that is committed."""
        self.result, self.is_done = result, True

    def failed(self, error: BaseException) -> None:
        """Note why there is none."""
        self.error, self.is_done = error, True


class GroupCommit:
    """Collects work while other work is being committed.

    Args:
        transact: Does work in a transaction, and commits it; one thread at a time calls it.
        timeout_s: How long a thread waits for its turn.
    """

    def __init__(self, transact: Transact, timeout_s: float) -> None:
        self._transact = transact
        self._timeout_s = timeout_s
        self._mutex = threading.Lock()
        self._is_led = False
        self._waiting: deque[Entry] = deque()
        self._recent: deque[float] = deque(maxlen=_BUSY)
        self._pays = False

    def submit(self, work: Callable[[Transaction], Any]) -> Any:
        """Return the result of *work*, committed.

        Raises:
            StoreError: Its turn did not come in time, or it could not be written.
        """
        entry = Entry(work)
        self._recent.append(time.monotonic())
        with self._mutex:
            entry.leads = not self._is_led
            self._is_led = True
            if not entry.leads:
                self._waiting.append(entry)
        if not entry.leads:
            self._wait(entry)
        if entry.leads:
            self._lead(entry)
        if entry.error is not None:
            raise entry.error
        return entry.result

    def _wait(self, entry: Entry) -> None:
        """Wait until the entry is written, or until this thread is to lead."""
        try:
            if entry.wake.acquire(timeout=self._timeout_s):
                return
            if self._withdrawn(entry):
                raise StoreError("The database is busy")
            # It is being written, or this thread was just told to lead.
            entry.wake.acquire()
        except BaseException:
            # A thread that is interrupted may be the one that was just told to lead.
            if not self._withdrawn(entry) and entry.leads:
                self._pass_on()
            raise

    def _withdrawn(self, entry: Entry) -> bool:
        with self._mutex:
            if entry not in self._waiting:
                return False
            self._waiting.remove(entry)
            return True

    def _lead(self, own: Entry) -> None:
        """Write the thread's own entry with all that wait, then let the next one lead."""
        group = [own]
        try:
            # A thread may be interrupted here, too: under gevent, a sleep lets others run.
            if self._is_busy():
                # Even no time lets others come that only wait for this thread to give way.
                time.sleep(_LINGER_S if self._pays else 0)
            self._write(group)
        finally:
            # Two may be one caller and the settlement beside it.
            self._pays = len(group) > 2
            for each in group:
                if not each.is_done:
                    # The thread was interrupted: whether it was written is not known.
                    each.failed(StoreError("The database could not be written: interrupted"))
                each.wake.release()
            self._pass_on()

    def _write(self, group: list[Entry]) -> None:
        """Write *group*, and all that wait by then, by one commit; alone what then fails."""
        is_begun = False

        def work(transaction: Transaction) -> list[Any]:
            nonlocal is_begun
            is_begun = True
            # As late as possible: more may have come while the transaction waited.
            self._collect(group)
            return [each.work(transaction) for each in group]

        try:
            results = self._transact(work)
        except Exception as error:
            if is_begun and len(group) > 1:
                for each in group:
                    self._write_alone(each)
                return
            if not is_begun:
                # Nobody could write now, and each has waited long enough.
                self._collect(group)
            for each in group:
                each.failed(StoreError(str(error)) if isinstance(error, StoreError) else error)
            return
        for each, result in zip(group, results, strict=True):
            each.done(result)

    def _collect(self, group: list[Entry]) -> None:
        with self._mutex:
            while self._waiting and len(group) < _MOST_AT_ONCE:
                group.append(self._waiting.popleft())

    def _write_alone(self, entry: Entry) -> None:
        try:
            entry.done(self._transact(entry.work))
        except Exception as error:
            entry.failed(error)

    def _is_busy(self) -> bool:
        recent = self._recent
        return len(recent) == _BUSY and time.monotonic() - recent[0] < _BUSY_S

    def _pass_on(self) -> None:
        with self._mutex:
            following = self._waiting.popleft() if self._waiting else None
            self._is_led = following is not None
            if following is not None:
                following.leads = True
                following.wake.release()
