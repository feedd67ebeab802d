"""The places of this process's calls under way, and the thread that keeps their leases."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...store.lazy import lazy

if TYPE_CHECKING:
    from limits.storage import Storage

    from .counts import Counts, Window

logger = logging.getLogger("assemblyai_mw.rate_limit")

# A place is free again so long after its process was killed.
LEASE_S = 60.0


class Places:
    """Places for calls under way, over all processes.

    A place is a lease: as long as the call lasts, a thread of this process renews it, so that a
    process that is killed keeps none for longer than *lease_s*. The thread starts with the first
    place, in the process that has it, and ends with this object.

    Args:
        where: A `Counts`, a file's path, or a Redis by its URL.
        most_s: Seconds after which a place is renewed no more: no call lasts so long, and this one
            was never closed.
        lease_s: Seconds of a lease; it is renewed four times as often.
    """

    def __init__(
        self,
        where: Counts | Storage | str | os.PathLike[str],
        *,
        most_s: float = 7260.0,
        lease_s: float = LEASE_S,
    ) -> None:
        self._counts = lazy(lambda: _counts(where))
        self._most_s = most_s
        self._lease_s = lease_s
        self._pid = os.getpid()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[float, Sequence[Window]]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def enter(self, windows: Sequence[Window], place: str) -> Window | None:
        """Take a place for a call in all *windows*; else return the first full one.

        Raises:
            StorageError: The counts cannot be reached.
        """
        full = self._counts.enter(windows, place, self._lease_s)
        if full is not None:
            return full
        if self._pid != os.getpid():
            # What a parent had is the parent's; its lock may be locked for ever.
            self._pid = os.getpid()
            self._begin()
        with self._lock:
            self._taken[place] = (time.monotonic(), windows)
            if self._thread is None:
                self._start()
        return None

    def leave(self, windows: Sequence[Window], place: str) -> None:
        """Give a place back. Raises StorageError; then the lease ends by itself."""
        with self._lock:
            self._taken.pop(place, None)
        self._counts.leave(windows, place)

    def renew(self) -> None:
        """Renew all leases once. Raises StorageError."""
        since = time.monotonic() - self._most_s
        with self._lock:
            for place, (at, _) in list(self._taken.items()):
                if at <= since:
                    del self._taken[place]
            taken = {place: windows for place, (_, windows) in self._taken.items()}
        if taken:
            self._counts.renew(taken, self._lease_s)

    def close(self) -> None:
        """End the thread; leases that are left end by themselves."""
        self._stop.set()
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            thread.join(1.0)

    def _start(self) -> None:
        stop = self._stop
        me = weakref.ref(self, lambda _: stop.set())
        thread = threading.Thread(
            target=_run,
            args=(me, self._lease_s / 4, stop),
            name="assemblyai-mw-places",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:
            # The lease ends before a long call does; the next place tries again.
            logger.error("leases of calls under way cannot be renewed: %s", error)
            return
        self._thread = thread


def _run(me: weakref.ref[Places], pause_s: float, stop: threading.Event) -> None:
    from limits.errors import StorageError

    failing = False
    while not stop.wait(pause_s):
        places = me()
        if places is None:
            return
        try:
            places.renew()
            failing = False
        except StorageError as error:
            if not failing:
                name = type(error.__cause__ or error).__name__
                logger.error("leases of calls under way cannot be renewed (%s)", name)
            failing = True
        del places


def _counts(where: Counts | Storage | str | os.PathLike[str]) -> Counts:
    from .counts import counts_of

    return counts_of(where)
