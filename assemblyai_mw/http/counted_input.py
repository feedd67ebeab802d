"""A request body that counts its bytes as they are read, and keeps its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class CountedInput:
    """A `wsgi.input` (PEP 3333) over another one: the same bytes, never copied.

    Attributes:
        head: The first bytes that were read, up to the number asked for.
        count: How many bytes were read.
        ended: A read found the end.
    """

    __slots__ = ("_input", "_keep", "count", "ended", "head")

    def __init__(self, input: Any, *, keep: int) -> None:
        self._input = input
        self._keep = keep
        self.head = b""
        self.count = 0
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes."""
        return self._noted(self._input.read(size), size)

    def readline(self, size: int = -1) -> bytes:
        """Return one line."""
        return self._noted(self._input.readline(size), size)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return all lines that are left; a hint need not be followed (PEP 3333)."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def keep(self, size: int) -> None:
        """Keep the first *size* bytes; before the first read."""
        self._keep = size

    def is_whole(self, length: int | None) -> bool:
        """Whether the whole body was read, of *length* bytes or with its own end."""
        return self.ended if length is None else self.count == length

    def _noted(self, block: bytes, size: int) -> bytes:
        if not block:
            self.ended = self.ended or size != 0
        elif len(self.head) < self._keep:
            self.head += block[: self._keep - len(self.head)]
        self.count += len(block)
        return block
