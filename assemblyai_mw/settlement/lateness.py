"""Lateness: says in the log that calls stay open for too long."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store import Ledger

logger = logging.getLogger("assemblyai_mw.settlement")

LOOK_EVERY_S = 60.0
SAY_EVERY_S = 3600.0


class Lateness:
    """Looks at the oldest open call once a minute, and logs one line an hour while it is late.

    One line of all processes and hosts on the ledger. Not to be used by two threads at once.

    Args:
        ledger: The ledger.
        late_after_s: From what age on a call is late.
    """

    def __init__(self, ledger: Ledger, late_after_s: float) -> None:
        self._ledger = ledger
        self._late_after_s = late_after_s
        self._next = float("-inf")

    def look(self) -> None:
        """Look, unless that was within the last minute.

        Raises:
            StoreError: The ledger cannot be read or written.
        """
        from ..store.oldest import claim_report, oldest_open

        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_EVERY_S
        database = self._ledger.database
        oldest = oldest_open(database)
        if oldest is None or oldest.age_s <= self._late_after_s:
            return
        if claim_report(database, SAY_EVERY_S):
            logger.error(
                "settlement is late: %d calls are open, the oldest (row %d, %s) for %s: %s",
                oldest.count,
                oldest.row,
                oldest.kind,
                age_text(oldest.age_s),
                oldest.reason or "assemblyai-mw settle says why",
            )


def age_text(seconds: float) -> str:
    """Return an age for people: `2 d 3 h`, `3 h 12 min`, `12 min`, `40 s`."""
    whole = int(seconds)
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"
