"""Progress of long commands on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

_BAR_EVERY_S, _LINE_EVERY_S = 0.1, 5.0
_WIDTH = 30


class Progress:
    """Says how far a command is: `Copying calls: 150000 of 1000000 rows`.

    Args:
        verb: What it does, as the lines begin.
    """

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._stream = sys.stderr
        self._on_terminal = self._stream.isatty()
        self._shown_at = time.monotonic()
        self._is_open = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show *done* of *total* rows, if the last time is long enough ago."""
        now = time.monotonic()
        if now - self._shown_at < (_BAR_EVERY_S if self._on_terminal else _LINE_EVERY_S):
            return
        self._shown_at = now
        line = f"{self._verb} {what}: {done} of {total} rows"
        if not self._on_terminal:
            self._stream.write(f"{line}\n")
        else:
            full = _WIDTH * done // max(total, 1)
            self._stream.write(f"\r\x1b[K[{'#' * full}{'.' * (_WIDTH - full)}] {line}")
            self._is_open = True
        self._stream.flush()

    def end(self) -> None:
        """Leave the terminal's line."""
        if self._is_open:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_open = False
