"""A file with one line a call, that any number of threads and workers append to at once."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING

from .errors import ConfigError

if TYPE_CHECKING:
    from .calllog import CallRecord

logger = logging.getLogger("assemblyai_mw.logfile")

# How soon a file that was moved away is followed by a new one of its name.
LOOK_EVERY_S = 1.0
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT


class LogFile:
    """Append each call's line to *path*.

    One write a line: appending is atomic (POSIX, `write` with O_APPEND), so no thread waits for
    another, as those do that share a handler of `logging`. A file that was moved or removed, as
    logrotate does, is made anew within a second; `/dev/stdout` will do as well. Lines that
    cannot be written are lost, which is logged once; no call is affected.

    Raises:
        ConfigError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(path)
        try:
            self._file = os.open(self.path, _FLAGS, 0o640)
        except OSError as error:
            raise ConfigError(f"log_file: cannot open {self.path}: {error.strerror}") from None
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._failing = False

    def __call__(self, record: CallRecord) -> None:
        self.write(record.line())

    def write(self, line: str) -> None:
        """Append a line."""
        now = time.monotonic()
        try:
            if now >= self._look_at:
                self._look_at = now + LOOK_EVERY_S
                self._follow()
            os.write(self._file, f"{line}\n".encode())
        except OSError as error:
            if not self._failing:
                self._failing = True
                logger.error("%s cannot be written: %s", self.path, error.strerror)
            return
        self._failing = False

    def _follow(self) -> None:
        """Write to the file that has the name now."""
        with contextlib.suppress(FileNotFoundError):
            named, ours = os.stat(self.path), os.fstat(self._file)
            if (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino):
                return
        made = os.open(self.path, _FLAGS, 0o640)
        try:
            # In place of the old one: other threads may be about to write to it.
            os.dup2(made, self._file, inheritable=False)
        finally:
            os.close(made)

    def close(self) -> None:
        """Close the file; lines written later are lost."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)
