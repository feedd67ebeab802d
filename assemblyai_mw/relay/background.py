"""A thread for work that waits: what the relay's own thread may not do."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

logger = logging.getLogger("assemblyai_mw.relay")

Job = Callable[[], object]


class Background:
    """Runs jobs one after the other, and some of them at intervals.

    In a gevent worker this is a greenlet, as all of the host's threads are, so that it may use what
    the host uses. It is woken through a pipe, which works from any thread.
    """

    def __init__(self, name: str, ticks: tuple[tuple[float, Job], ...] = ()) -> None:
        self._jobs: deque[Job] = deque()
        now = time.monotonic()
        self._ticks = [(now + seconds, seconds, job) for seconds, job in ticks]
        self._ears, mouth = socket.socketpair()
        mouth.setblocking(False)
        # Open for as long as anybody can submit: the number of a closed one would be another's.
        self._mouth = mouth.detach()
        self._stopping = self._busy = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    @property
    def load(self) -> int:
        """Jobs that wait or run."""
        return len(self._jobs) + self._busy

    def submit(self, job: Job) -> None:
        """Run *job* soon, after those before it."""
        self._jobs.append(job)
        # Full means that it is awake.
        with contextlib.suppress(OSError):
            os.write(self._mouth, b"\0")

    def stop(self) -> None:
        """End after the jobs that wait now; the intervals end with it."""

        def stop() -> None:
            self._stopping = True

        self.submit(stop)

    def abandon(self) -> None:
        """Let go of what came through a fork; a greenlet came with it, and ends."""
        self._stopping = True
        self._jobs.clear()
        self._ticks.clear()
        self._ears.close()

    def __del__(self) -> None:
        os.close(self._mouth)

    def _run(self) -> None:
        while not self._stopping:
            self._wait()
            if self._jobs:
                self._busy = True
                _do(self._jobs.popleft())
                self._busy = False
            # Between two jobs, too: they may be many, and slow.
            now = time.monotonic()
            for at, (due, seconds, job) in enumerate(self._ticks):
                if due <= now and not self._stopping:
                    _do(job)
                    self._ticks[at] = (time.monotonic() + seconds, seconds, job)
        self._ears.close()

    def _wait(self) -> None:
        if self._jobs:
            return
        due = min((due for due, _, _ in self._ticks), default=None)
        wait = None if due is None else max(due - time.monotonic(), 0.001)
        # Closed, in the child of a fork.
        with contextlib.suppress(OSError):
            self._ears.settimeout(wait)
            self._ears.recv(4096)


def _do(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("a job beside the relay failed; the others go on")
