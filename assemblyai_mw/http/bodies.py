"""Reply bodies that are metered while they pass unchanged.

A tee holds back the last block of a JSON reply until the call is recorded: when the client has the
whole reply, the ledger has the call. It never holds a stream's events.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

logger = logging.getLogger("assemblyai_mw.cost")


class Body(Protocol):
    """A reply's body, as `Reply` and transports give it: its reader closes it."""

    def __next__(self) -> bytes:
        """Return the next block."""

    def close(self) -> None:
        """Release its resources."""


def log_exceptions(end: Callable[[Any], None]) -> Callable[[Any], None]:
    """Keep the meter's own faults out of the client's reply."""

    def guarded(argument: Any) -> None:
        try:
            end(argument)
        except Exception:
            logger.exception("a reply could not be metered")

    return guarded


class CountingBody:
    """A body that runs *on_end* once: at its end, where it breaks off, or when it is closed.

    Args:
        on_end: Gets the bytes that went out, and whether the body was whole.
        each: Gets each block before it leaves; True ends the count there.
    """

    def __init__(
        self,
        body: Iterable[bytes],
        on_end: Callable[[int, bool], None],
        *,
        each: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._body = body
        self._items: Iterator[bytes] | None = None
        self._on_end: Callable[[int, bool], None] | None = on_end
        self._each = each
        self._bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._items is None:
                self._items = iter(self._body)
            block = next(self._items)
        except StopIteration:
            self._end(True)
            raise
        except BaseException:
            self._end(False)
            raise
        self._bytes += len(block)
        if self._each is not None and self._each(block):
            self._end(True)
        return block

    def close(self) -> None:
        """Close the body within, and end the count if the client left before the end."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._end(False)

    def _end(self, whole: bool) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self._bytes, whole)


class PrefixedBody:
    """A body of which some blocks were read already: those first, then *rest*."""

    def __init__(self, blocks: Iterable[bytes], rest: Body) -> None:
        self._blocks = deque(blocks)
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._blocks.popleft() if self._blocks else next(self._rest)

    def close(self) -> None:
        """Close the rest, and with it the upstream's connection."""
        self._rest.close()


class JSONTee:
    """Passes a JSON reply on, and gives *on_end* a copy before its last block leaves.

    *on_end* gets None where the copy is not whole: cut short, or over *max_bytes*. A client
    that leaves early does not keep the rest from being read, if *drain* is set.
    """

    def __init__(
        self,
        body: Body,
        on_end: Callable[[bytes | None], None],
        *,
        max_bytes: int,
        drain: bool = False,
    ) -> None:
        self._body = body
        self._on_end: Callable[[bytes | None], None] | None = on_end
        self._max_bytes = max_bytes
        self._drain = drain
        self._copy: list[bytes] = []
        self._size = 0
        self._held: bytes | None = None
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        while True:
            block = self._pull()
            held, self._held = self._held, block
            if block is None:
                self._ended = True
                self._end(whole=True)
                if held is None:
                    raise StopIteration
                return held
            if held is not None:
                return held

    def _pull(self) -> bytes | None:
        try:
            block = next(self._body)
        except StopIteration:
            return None
        except BaseException:
            self._end(whole=False)
            raise
        self._size += len(block)
        if self._size <= self._max_bytes:
            self._copy.append(block)
        else:
            self._copy.clear()
        return block

    def _end(self, *, whole: bool) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            whole = whole and self._size <= self._max_bytes
            on_end(b"".join(self._copy) if whole else None)
            self._copy.clear()

    def close(self) -> None:
        """Close the inner body; with *drain*, read the rest of it first."""
        try:
            if self._on_end is not None and self._drain:
                try:
                    while self._pull() is not None and self._size <= self._max_bytes:
                        pass
                    self._end(whole=True)
                except Exception:
                    self._end(whole=False)
        finally:
            self._end(whole=False)
            self._body.close()
