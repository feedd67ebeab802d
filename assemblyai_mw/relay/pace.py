"""How fast a client's texts are read. Pure.

All sessions of a process share one thread, and texts are what takes its time: each is parsed, and
judged by the stages. A client that sends them as fast as it can would hold the other sessions up,
and the ends of them that budgets and revoked keys bring about. Audio is not looked at.
"""

from __future__ import annotations

# Texts a second. Clients send some at the beginning, and now and then one that keeps a session
# alive, changes an option or ends a turn.
RATE = 50.0
# Texts that are read at once.
BURST = 50.0
# A text counts as one more for each of these bytes.
_UNIT_BYTES = 4096


class Pace:
    """One client's. A text that is read takes from what it has left; time gives it back."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._left = BURST
        self._at = 0.0

    def wait(self, now: float) -> float:
        """Return seconds until the next text has its turn; 0 if it has."""
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        return max(0.0, (1.0 - self._left) / RATE)

    def count(self, size: int) -> None:
        """Count a text of *size* bytes that is read now."""
        self._left -= 1.0 + size // _UNIT_BYTES
