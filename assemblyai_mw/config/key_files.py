"""Keys in files, such as /run/secrets/NAME: read at start, and again when the file changes."""

from __future__ import annotations

import logging
import os
import re
import time

from ..secret import Secret

logger = logging.getLogger("assemblyai_mw.config")

FILE = "file:"
# A stat() costs microseconds; a second is how long a revoked key of callers may still be cached.
LOOK_EVERY_S = 1.0
_MAX_BYTES = 4096
_KEY = re.compile(r"[\x21-\x7e]+")


class FileSecret(Secret):
    """The key in a file, as the file holds it now; a line end after it is no part of it.

    Looks at the file at most once a second. If it cannot be read any more, or holds no key, the
    last key stays in use, and one line of the log says so. Both the last two keys are masked.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no key; the message says what it holds instead.
    """

    __slots__ = ("_current", "_former", "_in_trouble", "_look_at", "_path", "_seen")

    def __init__(self, path: str) -> None:
        self._path = path
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._seen = _state(path)
        self._current = self._former = read_key(path)
        self._in_trouble = False

    def reveal(self) -> str:
        """Return the key itself."""
        now = time.monotonic()
        # Two threads may read it both; neither waits, and a fork leaves no lock behind.
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._look()
        return self._current.reveal()

    def is_in(self, text: str) -> bool:
        """Whether *text* holds the key, or the one before."""
        return self._current.is_in(text) or self._former.is_in(text)

    def masked(self, text: str) -> str:
        """Return *text* with asterisks where it holds the key, or the one before."""
        return self._former.masked(self._current.masked(text))

    def masked_bytes(self, data: bytes) -> bytes:
        """Return *data* with asterisks where it holds the key, or the one before."""
        return self._former.masked_bytes(self._current.masked_bytes(data))

    def __len__(self) -> int:
        return max(len(self._current), len(self._former))

    def __hash__(self) -> int:
        return hash(("assemblyai_mw.FileSecret", self._path))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FileSecret):
            return self._path == other._path
        return super().__eq__(other)

    def __bool__(self) -> bool:
        return True

    def _look(self) -> None:
        try:
            seen = _state(self._path)
            if seen == self._seen:
                return
            key = read_key(self._path)
        except (OSError, ValueError) as error:
            if not self._in_trouble:
                self._in_trouble = True
                logger.error("%s %s; the last key stays in use", self._path, fault_of(error))
            return
        self._seen, self._in_trouble = seen, False
        if key != self._current:
            self._former, self._current = self._current, key
            logger.info("%s holds another key now; it is in use", self._path)


def read_key(path: str) -> Secret:
    """Return the key in a file, without the line end after it.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no key; the message says what instead.
    """
    with open(path, "rb") as file:
        found = Secret(file.read(_MAX_BYTES).decode("latin-1").rstrip("\r\n"))
    if not found:
        raise ValueError("is empty")
    if not _KEY.fullmatch(found.reveal()):
        raise ValueError("holds blanks or other characters than visible ASCII")
    return found


def fault_of(error: OSError | ValueError) -> str:
    """Return what is wrong with a file, to stand after its name."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or type(error).__name__}"
    return str(error)


def _state(path: str) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ino, found.st_size
