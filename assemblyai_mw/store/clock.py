"""Detects jumps of the wall clock, by a clock that cannot be set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TOLERANCE_S = 300.0
STEADY_S = 60.0


def uptime() -> float:
    """Return seconds since boot, suspension included where the system can tell."""
    boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class ClockWatch:
    """Detects forward and backward jumps of the wall clock.

    A forward jump makes holds of running calls look expired; a backward jump reopens a past day.
    The right time of the two is unknown, so the clock is distrusted for a minute after a jump: by
    then calls under way have ended, or an operator has checked.

    Args:
        clock: The wall clock, Unix seconds.
        steady: A clock that cannot be set, seconds.
        tolerance_s: Largest drift between the two clocks from one check to the next.
        steady_s: How long the clock is distrusted after a jump.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        steady: Callable[[], float] = uptime,
        tolerance_s: float = TOLERANCE_S,
        steady_s: float = STEADY_S,
    ) -> None:
        self._clock = clock
        self._steady = steady
        self._tolerance_s = tolerance_s
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._offset: float | None = None
        self._trusted_at = float("-inf")
        self._jump_s = 0.0

    def distrust(self) -> tuple[float, float] | None:
        """Return by how many seconds the clock jumped, and for how many more it is distrusted.

        None where it runs as it should.
        """
        with self._lock:
            steady = self._steady()
            offset = self._clock() - steady
            jump = 0.0 if self._offset is None else offset - self._offset
            if abs(jump) > self._tolerance_s:
                self._jump_s, self._trusted_at = jump, steady + self._steady_s
            self._offset = offset
            left = self._trusted_at - steady
            return (self._jump_s, left) if left > 0 else None
