"""What models have refused of late, so that the next call need not ask again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ...dialects.chat import Target

MAX_MODELS = 1000


class Incapable:
    """The parameters that models refused, by route and id; forgotten after *kept_s* seconds.

    Args:
        kept_s: A gateway that has learnt a parameter is asked for it again after this time.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, *, kept_s: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept_s = kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], dict[str, float]] = {}

    def of(self, target: Target) -> frozenset[str]:
        """Return the parameters that *target* refused of late."""
        if not self._until:
            return frozenset()
        now = self._clock()
        with self._lock:
            known = self._until.get((target.prefix, target.id), {})
            return frozenset(name for name, until in known.items() if now < until)

    def add(self, target: Target, parameter: str) -> None:
        """Keep in mind that *target* refused *parameter*."""
        with self._lock:
            if len(self._until) >= MAX_MODELS:
                # Callers choose the names of models.
                self._until.clear()
            until = self._clock() + self._kept_s
            self._until.setdefault((target.prefix, target.id), {})[parameter] = until
