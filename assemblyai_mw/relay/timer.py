"""When a session is to be ended, and when what it waits for has taken too long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from .hub import Hub, Member
from .watch import Cut


class Timer:
    """One session's limits, and its deadline. In the loop's thread, but for `limit`."""

    __slots__ = ("_deadline", "_hub", "_limits", "_member", "_pause", "_rings_at")

    def __init__(self, hub: Hub, member: Member) -> None:
        self._hub = hub
        self._member = member
        self._limits: dict[object, tuple[float, Cut]] = {}
        self._deadline: tuple[float, Callable[[], None]] | None = None
        self._pause: tuple[float, Callable[[], None]] | None = None
        self._rings_at = math.inf

    def limit(self, moment: float, cut: Cut, *, by: object) -> None:
        """Have *cut* due at a moment; the last call of each *by* counts. Then `arm`."""
        self._limits[by] = (moment, cut)

    def within(self, seconds: float, action: Callable[[], None]) -> None:
        """Have *action* due so long from now, in place of the one before. Then `arm`."""
        self._deadline = (time.monotonic() + seconds, action)

    def pause(self, seconds: float, action: Callable[[], None]) -> None:
        """Have *action* due so long from now, beside that of `within`. Then `arm`."""
        self._pause = (time.monotonic() + seconds, action)

    def stop(self) -> None:
        """Let the action of `within` be due no more."""
        self._deadline = None

    def arm(self, idle_at: float) -> None:
        """Have the loop ring at what comes first, *idle_at* or anything else."""
        first = min(idle_at, self._first_limit()[0])
        for each in (self._deadline, self._pause):
            if each is not None:
                first = min(first, each[0])
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
        if moment <= now:
            self._limits.clear()
            return cut
        if self._pause is not None and self._pause[0] <= now:
            (_, action), self._pause = self._pause, None
            return action
        return None

    def _first_limit(self) -> tuple[float, Cut | None]:
        none: tuple[float, Cut | None] = (math.inf, None)
        return min(list(self._limits.values()), default=none, key=lambda limit: limit[0])
