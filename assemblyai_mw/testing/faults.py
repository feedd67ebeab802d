"""Injected faults: the next matching replies are broken in a chosen way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .seen import SeenRequest


class ConnectionCut(ConnectionError):
    """The reply ends here: `serve` closes the socket, in-process it is raised."""


@dataclass(slots=True)
class Fault:
    """How a reply is broken, and which.

    Attributes:
        status: Answer with this status instead of the real reply; None leaves the reply.
        body: The body for *status*: bytes as they are, a value as JSON; None is the host's
            own error for that status.
        headers: Further reply headers, in place of the reply's own of the same names.
        delay_s: Seconds to wait before the reply's head; `math.inf` hangs until the
            server stops.
        drop: Close the connection without any reply.
        cut_after: Close it after this many bytes of the reply's body.
        gap_s: Seconds between two items of the body (events, for a stream).
        times: How many requests get it.
        match: Which requests; None for any.
    """

    status: int | None = None
    body: Any = None
    headers: Sequence[tuple[str, str]] = ()
    delay_s: float = 0.0
    drop: bool = False
    cut_after: int | None = None
    gap_s: float = 0.0
    times: int = 1
    match: Callable[[SeenRequest], bool] | None = None


class Faults:
    """The faults still to come, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue one."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget what has not struck yet."""
        with self._lock:
            self._waiting.clear()

    def take(self, seen: SeenRequest) -> Fault | None:
        """Return the first fault that is meant for this request."""
        with self._lock:
            for fault in self._waiting:
                if fault.match is None or fault.match(seen):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None


class BrokenBody:
    """A reply's body with a fault in it."""

    def __init__(self, body: Iterable[bytes], fault: Fault, stop: threading.Event) -> None:
        self._body = body
        self._fault = fault
        self._stop = stop

    def __iter__(self) -> Iterator[bytes]:
        left = self._fault.cut_after
        for number, item in enumerate(self._body):
            if number and self._fault.gap_s:
                self._stop.wait(self._fault.gap_s)
            if left is not None and len(item) > left:
                yield item[:left]
                raise ConnectionCut("the stand-in was told to cut this reply")
            if left is not None:
                left -= len(item)
            yield item
        if left is not None:
            raise ConnectionCut("the stand-in was told to cut this reply")

    def close(self) -> None:
        """Close the reply that was broken."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
