"""Reply bodies that are read while they pass: same bytes, and somebody takes note.

A tap holds back the last block of a JSON reply until it has been accounted for: once the
client has the whole reply, the ledger has it too. It never holds a stream's events.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..billing.replies import ChatMeter
from .encoding import narrow

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .wsgi import Reply

logger = logging.getLogger("assemblyai_mw.cost")


def never_raising(end: Callable[[Any], None]) -> Callable[[Any], None]:
    """Keep the meter's own faults out of the client's reply."""

    def guarded(argument: Any) -> None:
        try:
            end(argument)
        except Exception:
            logger.exception("a reply could not be metered")

    return guarded


def narrow_encoding(environ: WSGIEnvironment) -> None:
    """Ask only for codings that the meter can read too."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING")
    if accepted:
        environ["HTTP_ACCEPT_ENCODING"] = narrow(accepted)


class Counted:
    """A body that is counted: *on_end* gets the bytes that went out and whether all did."""

    def __init__(self, body: Iterable[bytes], on_end: Callable[[int, bool], None]) -> None:
        self._body = body
        self._items: Iterator[bytes] | None = None
        self._on_end: Callable[[int, bool], None] | None = on_end
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


class JSONTap:
    """Passes a JSON reply on and gives a copy of it to *on_end*, before its last block leaves.

    *on_end* gets None where the copy is not whole: cut short, or over *max_bytes*. A client
    that leaves early does not keep the rest from being read, if *drain* is set.
    """

    def __init__(
        self,
        body: Reply,
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
        """Close the body within; first read what is left of it, if that was asked for."""
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


class StreamTap:
    """Passes a stream of events on at once and lets *meter* read along.

    *on_end* is told once: when `[DONE]` is about to leave, at the end, or when the client
    has left or the upstream broke off; its argument says whether the stream was whole.
    """

    def __init__(self, body: Reply, meter: ChatMeter, on_end: Callable[[bool], None]) -> None:
        self._body = body
        self._meter = meter
        self._on_end: Callable[[bool], None] | None = on_end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            block = next(self._body)
        except StopIteration:
            self._end(True)
            raise
        except BaseException:
            self._end(False)
            raise
        self._meter.feed(block)
        if self._meter.done:
            self._end(True)
        return block

    def close(self) -> None:
        """Close the body within, which closes the upstream's connection."""
        try:
            self._body.close()
        finally:
            self._end(False)

    def _end(self, whole: bool) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(whole)
