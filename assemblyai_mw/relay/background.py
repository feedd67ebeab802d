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
        self._ears, self._mouth = socket.socketpair()
        self._mouth.setblocking(False)
        self._mouth_fd = self._mouth.fileno()
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def submit(self, job: Job) -> None:
        """Run *job* soon, after those before it."""
        self._jobs.append(job)
        # Full means that it is awake.
        with contextlib.suppress(OSError):
            os.write(self._mouth_fd, b"\0")

    def stop(self) -> None:
        """End after the jobs that wait now; the intervals end with it."""

        def stop() -> None:
            self._stopping = True

        self.submit(stop)

    def abandon(self) -> None:
        """Let go of what came through a fork."""
        self._ears.close()
        self._mouth.close()

    def _run(self) -> None:
        while not self._stopping:
            self._wait()
            if self._jobs:
                _do(self._jobs.popleft())
            # Between two jobs, too: they may be many, and slow.
            now = time.monotonic()
            for at, (due, seconds, job) in enumerate(self._ticks):
                if due <= now and not self._stopping:
                    _do(job)
                    self._ticks[at] = (time.monotonic() + seconds, seconds, job)
        self._ears.close()
        self._mouth.close()

    def _wait(self) -> None:
        if self._jobs:
            return
        due = min((due for due, _, _ in self._ticks), default=None)
        wait = None if due is None else max(due - time.monotonic(), 0.001)
        self._ears.settimeout(wait)
        with contextlib.suppress(TimeoutError):
            self._ears.recv(4096)


def _do(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("a job beside the relay failed; the others go on")
