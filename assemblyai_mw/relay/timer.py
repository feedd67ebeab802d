"""When a session is to be ended, and when what it waits for has taken too long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from .hub import Hub, Member
from .watch import Cut


class Timer:
    """One session's limits, and its deadline. In the loop's thread, but for `limit`."""

    __slots__ = ("_deadline", "_hub", "_limits", "_member", "_rings_at")

    def __init__(self, hub: Hub, member: Member) -> None:
        self._hub = hub
        self._member = member
        self._limits: dict[object, tuple[float, Cut]] = {}
        self._deadline: tuple[float, Callable[[], None]] | None = None
        self._rings_at = math.inf

    def limit(self, moment: float, cut: Cut, *, by: object) -> None:
        """Have *cut* due at a moment; the last call of each *by* counts. Then `arm`."""
        self._limits[by] = (moment, cut)

    def within(self, seconds: float, action: Callable[[], None]) -> None:
        """Have *action* due so long from now, in place of the one before. Then `arm`."""
        self._deadline = (time.monotonic() + seconds, action)

    def stop(self) -> None:
        """Let the action be due no more."""
        self._deadline = None

    def arm(self, idle_at: float) -> None:
        """Have the loop ring at what comes first, *idle_at* or anything else."""
        first = min(idle_at, self._first_limit()[0])
        if self._deadline is not None:
            first = min(first, self._deadline[0])
        # A later moment is found when the earlier alarm comes.
        if first < self._rings_at:
            self._rings_at = first
            self._hub.alarm(self._member, first)

    def rings(self, now: float) -> bool:
        """Whether an alarm is the newest one, and not one that another has replaced."""
        if now < self._rings_at:
            return False
        self._rings_at = math.inf
        return True

    def due(self, now: float) -> Callable[[], None] | Cut | None:
        """Take what is due."""
        if self._deadline is not None and self._deadline[0] <= now:
            (_, action), self._deadline = self._deadline, None
            return action
        moment, cut = self._first_limit()
        if moment > now:
            return None
        self._limits.clear()
        return cut

    def _first_limit(self) -> tuple[float, Cut | None]:
        none: tuple[float, Cut | None] = (math.inf, None)
        return min(list(self._limits.values()), default=none, key=lambda limit: limit[0])
