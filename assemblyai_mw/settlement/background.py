"""BackgroundSettler: one thread a process that settles open calls."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import StoreError

if TYPE_CHECKING:
    from .settler import Settler

logger = logging.getLogger("assemblyai_mw.settlement")

BATCH = 20
MAX_PAUSE_S = 5.0
# After trouble with the ledger, and it is doubled up to the larger one.
TROUBLE_PAUSE_S, MAX_TROUBLE_PAUSE_S = 5.0, 60.0
STOP_WAIT_S = 2.0

_all: weakref.WeakSet[BackgroundSettler] = weakref.WeakSet()


class BackgroundSettler:
    """Runs a `Settler` every few seconds from the first `wake()` on, in a daemon thread.

    Nothing starts at construction: a server that forks its workers later gives each its own
    thread, when that worker has its first call. The thread ends with the process, with
    `stop()`, and with this object. A server without threads (uWSGI without
    `--enable-threads`) never runs it: use `assemblyai-mw settle` from cron there.

    Args:
        make: Makes the Settler, in the thread.
        pause_s: Seconds between two looks at the ledger, at most 5.
    """

    def __init__(self, make: Callable[[], Settler], *, pause_s: float) -> None:
        self._make = make
        self._pause_s = min(pause_s, MAX_PAUSE_S)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._stopped = False
        _all.add(self)

    def wake(self) -> None:
        """Start the thread in this process, unless it runs already."""
        if self._thread is None and not self._stopped:
            self._start()

    def stop(self, wait_s: float = STOP_WAIT_S) -> None:
        """End the thread for good, after the row it is at; wait for that up to *wait_s*."""
        with self._lock:
            self._stopped = True
            thread = self._thread
            self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(wait_s)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stopped:
                return
            stop = self._stop
            me = weakref.ref(self, lambda _: stop.set())
            thread = threading.Thread(
                target=_run,
                args=(me, self._make, self._pause_s, stop),
                name="assemblyai-mw-settlement",
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError as error:
                # The current request continues; the next one tries again.
                logger.error("settlement cannot start: %s", error)
                return
            self._thread = thread

    def _after_fork(self) -> None:
        # The parent's thread is not in this process; its lock may be, locked for ever.
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = None


def _run(
    me: weakref.ref[BackgroundSettler],
    make: Callable[[], Settler],
    pause_s: float,
    stop: threading.Event,
) -> None:
    settler = make()
    trouble_s = 0.0
    while not stop.is_set() and me() is not None:
        try:
            done = settler.run(limit=BATCH, stop=stop.is_set)
            settler.lateness.look()
            trouble_s = 0.0
            # A full batch: there may be more.
            pause = 0.0 if done.leased >= BATCH else pause_s
        except StoreError as error:
            if not trouble_s:
                logger.error("settlement waits: %s", error)
            pause = trouble_s = min(max(2 * trouble_s, TROUBLE_PAUSE_S), MAX_TROUBLE_PAUSE_S)
        except Exception:
            if not trouble_s:
                logger.exception("settlement failed; it goes on")
            pause = trouble_s = min(max(2 * trouble_s, TROUBLE_PAUSE_S), MAX_TROUBLE_PAUSE_S)
        stop.wait(pause)


@atexit.register
def _stop_all() -> None:
    running = list(_all)
    for each in running:
        each._stop.set()
    for each in running:
        each.stop()


def _forget_all() -> None:
    for each in list(_all):
        each._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
