"""Closings that could not be written: kept in memory and on disk until they are.

A call's cost is known when its reply ends. If the database cannot take it then (it is locked, full,
restarting, gone), it could not be learned later: a chat's usage is sent only once. A file for each
such closing survives the worker; any worker on this host, or `settle`, writes it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from .closing import Closing
from .schema import FAILED, PENDING, SETTLED, UNPRICED

logger = logging.getLogger("assemblyai_mw.settlement")

# A closing is a kilobyte or two; no reply causes more than these.
MAX_KEPT = 10_000
MAX_FILE_BYTES = 64 * 1024
FIRST_PAUSE_S, MAX_PAUSE_S = 2.0, 60.0
_STATES = (PENDING, SETTLED, FAILED, UNPRICED)
_TEXTS = ("request_id", "reason", "model", "breakdown", "usage")


class Unwritten:
    """Keeps closings that the database cannot take now.

    Each is known by its row and request, and counts once however often it is kept: the
    UPDATE that writes it asks for the row's state. Files hold ids, usage, prices and names
    of models, readable by this user alone.

    Args:
        directories: Directories for the files; the first writable one is used, and made on demand
            for this user only. Empty for memory only.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = tuple(directories)
        self._memory: dict[str, Closing] = {}
        # When each may be tried again, and after how long the time after that.
        self._pauses: dict[str, tuple[float, float]] = {}
        self._said: set[str] = set()

    def keep(self, closing: Closing) -> bool:
        """Keep a closing of a known request; whether there was room for it."""
        name = _name_of(closing)
        if len(self._memory) >= MAX_KEPT:
            self._say("too many closings are kept already; this one is lost")
            return False
        self._memory[name] = closing
        text = json.dumps(asdict(closing), separators=(",", ":")).encode()
        reasons = []
        for directory in self._directories:
            try:
                return _write(directory, name, text)
            except OSError as error:
                reasons.append(f"{directory}: {error.strerror or type(error).__name__}")
        why = "; ".join(reasons) or "the database is in memory"
        self._say(f"closings are kept in memory alone, and lost if this process ends ({why})")
        return True

    def due(self) -> Iterator[Closing]:
        """Yield the closings to try now, from this process and from files, each once."""
        seen = set()
        for name, closing in list(self._memory.items()):
            seen.add(name)
            if self._may_be_tried(name):
                yield closing
        for directory in self._directories:
            for name in _names_in(directory):
                if name in seen or not self._may_be_tried(name):
                    continue
                seen.add(name)
                found = self._read(directory / name)
                if found is not None:
                    yield found

    def done(self, closing: Closing) -> None:
        """Forget a closing: it was written, by any process, or its row does not exist."""
        name = _name_of(closing)
        self._memory.pop(name, None)
        self._pauses.pop(name, None)
        for directory in self._directories:
            _remove(directory / name)

    def failed(self, closing: Closing) -> None:
        """Leave a closing alone for a while, ever longer."""
        name = _name_of(closing)
        _, pause_s = self._pauses.get(name, (0.0, FIRST_PAUSE_S))
        self._pauses[name] = (time.monotonic() + pause_s, min(2 * pause_s, MAX_PAUSE_S))

    def _may_be_tried(self, name: str) -> bool:
        return time.monotonic() >= self._pauses.get(name, (0.0, 0.0))[0]

    def _read(self, path: Path) -> Closing | None:
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                text = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._say(f"{path} cannot be read: {error.strerror}")
            return None
        closing = _parsed(text)
        if closing is None or _name_of(closing) != path.name:
            self._say(f"{path} holds no closing; it is left alone")
            return None
        return closing

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            logger.error("%s", what)


def _name_of(closing: Closing) -> str:
    digest = hashlib.sha256((closing.request_id or "").encode("utf-8", "replace")).hexdigest()
    return f"{closing.row}-{digest[:32]}.json"


def _write(directory: Path, name: str, text: bytes) -> bool:
    _made(directory)
    if not (directory / name).exists() and len(os.listdir(directory)) >= MAX_KEPT:
        raise OSError(0, "it holds too many closings")
    begun = directory / f".{name}.{os.getpid()}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(begun, flags, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(directory / name)
    except OSError:
        _remove(begun)
        raise
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def _made(directory: Path) -> None:
    """Make a directory for this user only; raise OSError if it belongs to another user."""
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022 or found.st_uid != os.geteuid():
        raise OSError(0, "expected a directory that only this user can write")


def _names_in(directory: Path) -> list[str]:
    try:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
            return []
        # Root settles the closings of a server's user.
        if found.st_uid != os.geteuid() and os.geteuid() != 0:
            return []
        return sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except OSError:
        return []


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # Tried again, it changes nothing: the row's state says that it was written.
        return


def _parsed(text: bytes) -> Closing | None:
    """Return the closing that a file's *text* holds; None where it holds anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.keys() != {each.name for each in fields(Closing)}:
        return None
    texts = [value[name] for name in _TEXTS]
    numbers = [value[name] for name in value.keys() - {*_TEXTS, "state", "estimated"}]
    good = (
        value["state"] in _STATES
        and type(value["estimated"]) is bool
        and None not in (value["row"], value["request_id"])
        and all(text is None or isinstance(text, str) for text in texts)
        and all(number is None or (type(number) is int and number >= 0) for number in numbers)
    )
    return Closing(**value) if good else None
