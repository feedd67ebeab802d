"""Limits a process's connections, and keeps the order of waiters."""

from __future__ import annotations

import threading
import time
from collections import deque

# Pause before asking a full server for a further connection.
_FULL_S = 1.0


class Slots:
    """At most *most* slots; waiters get the next free one, first come, first served.

    Otherwise a thread that releases its slot and returns at once would overtake the threads that it
    wakes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = most
        self._full_until = 0.0
        self._taken = 0
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def take(self, timeout_s: float) -> bool:
        """Wait up to *timeout_s* seconds for a slot; whether there was one."""
        with self._lock:
            if not self._waiting and self._has_one():
                self._taken += 1
                return True
            turn = threading.Event()
            self._waiting.append(turn)
            self._hand_out()
        try:
            if turn.wait(max(0.0, timeout_s)):
                return True
        except BaseException:
            # A thread that is interrupted, as by gevent.Timeout, takes none along.
            with self._lock:
                if turn.is_set():
                    self._taken -= 1
                    self._hand_out()
                else:
                    self._waiting.remove(turn)
            raise
        with self._lock:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
            return False

    def give_back(self) -> None:
        """Free a slot."""
        with self._lock:
            self._taken -= 1
            self._hand_out()

    def give_back_unfilled(self) -> bool:
        """Free a slot for which the server had no connection left; whether another is in use.

        For a second no more slots are taken than connections exist: threads wait for those, instead
        of all asking the full server.
        """
        with self._lock:
            self._taken -= 1
            self._now = max(1, self._taken)
            self._full_until = time.monotonic() + _FULL_S
            self._hand_out()
            return self._taken > 0

    def _has_one(self) -> bool:
        if self._now < self._most and time.monotonic() >= self._full_until:
            self._now = self._most
        return self._taken < self._now

    def _hand_out(self) -> None:
        while self._waiting and self._has_one():
            self._taken += 1
            self._waiting.popleft().set()
