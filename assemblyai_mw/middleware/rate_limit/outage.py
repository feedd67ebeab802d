"""What to do while the counts cannot be reached: let calls through, or refuse them."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Literal

from ...errors import ConfigError, RequestRefused

if TYPE_CHECKING:
    from limits.errors import StorageError

logger = logging.getLogger("assemblyai_mw.rate_limit")

# Pause after a storage failure, so that calls do not each wait for it.
RETRY_S = 1.0
WhenGone = Literal["open", "closed"]


class Outage:
    """One storage's failures: logged once, and so is their end.

    Args:
        when_gone: `open` lets calls through, `closed` answers 503.
        what: What cannot be counted, in the plural, for the log and the 503.

    Raises:
        ConfigError: *when_gone* is neither.
    """

    def __init__(self, when_gone: WhenGone, what: str = "rates") -> None:
        if when_gone not in ("open", "closed"):
            raise ConfigError("when_gone: expected 'open' or 'closed'")
        self._open = when_gone == "open"
        self._what = what
        self._lock = threading.Lock()
        self._retry_at = float("-inf")
        self._gone = False

    @property
    def lasts(self) -> bool:
        """Whether the storage failed a moment ago: it is not asked again yet."""
        return self._gone and time.monotonic() < self._retry_at

    def over(self) -> None:
        """The storage has answered."""
        if not self._gone:
            return
        with self._lock:
            recovered, self._gone = self._gone, False
        if recovered:
            logger.warning("%s are counted again", self._what)

    def failed(self, error: StorageError) -> None:
        """The storage has failed. Raises RequestRefused as `check` does."""
        with self._lock:
            first, self._gone = not self._gone, True
            self._retry_at = time.monotonic() + RETRY_S
        if first:
            logger.error(
                "%s cannot be counted (%s): %s",
                self._what,
                type(error.__cause__ or error).__name__,
                "calls pass without a limit" if self._open else "calls are refused",
            )
        self.check()

    def check(self) -> None:
        """Raise RequestRefused, 503, where calls are refused meanwhile."""
        if not self._open:
            raise RequestRefused(
                f"{self._what.capitalize()} cannot be counted at the moment.",
                status=503,
                code="rate_limit_unavailable",
                headers=[("Retry-After", str(math.ceil(RETRY_S)))],
            )
