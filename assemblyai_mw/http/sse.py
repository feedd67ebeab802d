"""Server-Sent Events, split and written byte for byte.

The format is WHATWG HTML's "Server-sent events" (9.2.6, "Interpreting an event
stream"): lines end with LF, CRLF or CR, an event ends with an empty line, `data`
lines are joined by LF, a line that begins with a colon is a comment, and one byte
order mark may lead the stream. Pure: bytes in, events out, nothing is decoded, so a
character may be cut anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_EVENT_BYTES = 4 << 20
_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it came.

    Attributes:
        raw: Its bytes with every line end, the closing empty line included; the raw
            bytes of all events, and of what `flush` gives, make the stream again.
        data: What its `data` lines say, joined by LF; None where it has none (a
            comment that keeps the connection open, a bare `event:` or `id:`).
        event: The event's type, `b""` where none is named.
    """

    raw: bytes
    data: bytes | None
    event: bytes = b""


class SSESplitter:
    """Split a stream of bytes, cut anywhere, into whole events.

    A lone CR ends a line. If it is the last known byte, a LF may still follow and belong to it. So
    an event that ends in CR is given at once, and a following LF is kept at the head of the next
    event's raw bytes.

    Args:
        max_event_bytes: Longest event kept in memory.
    """

    __slots__ = ("_after_cr", "_begun", "_buffer", "_line", "_max", "_scan")

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._line = 0  # where the line being read begins
        self._scan = 0  # from where no line end has been looked for yet
        self._after_cr = False  # the last event ended in CR: a LF to come belongs to it
        self._begun = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that *chunk* completes, in order.

        Raises:
            ValueError: An unfinished event is longer than the cap. The splitter has
                then dropped its buffer and cannot be used further.
        """
        buffer = self._buffer
        buffer += chunk
        if not self._begun:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                return []
            self._begun = True
            if buffer.startswith(_BOM):
                self._line = self._scan = len(_BOM)
        events: list[Event] = []
        start = 0
        if self._after_cr and buffer:
            self._after_cr = False
            if buffer[0] == 0x0A:
                self._line = self._scan = 1
        while True:
            match = _LINE_END.search(buffer, self._scan)
            if match is None:
                self._scan = len(buffer)
                break
            end = match.end()
            empty = match.start() == self._line
            if match.group() == b"\r" and end == len(buffer) and not empty:
                # Is it CR or half of CRLF? The next byte tells, and no event waits for it.
                self._scan = match.start()
                break
            self._line = self._scan = end
            if empty:
                self._after_cr = match.group() == b"\r" and end == len(buffer)
                events.append(parse_event(bytes(buffer[start:end])))
                start = end
        if start:
            del buffer[:start]
            self._line -= start
            self._scan -= start
        if len(buffer) > self._max:
            size = len(buffer)
            buffer.clear()
            self._line = self._scan = 0
            raise ValueError(f"an event of more than {self._max} bytes ({size} so far)")
        return events

    def flush(self) -> bytes:
        """Return the bytes of the event that never ended, and forget them."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._line = self._scan = 0
        self._after_cr = False
        return rest


class WholeEvents:
    """Base of bodies each of whose items is one whole event: they need no second splitting."""

    __slots__ = ()


def parse_event(raw: bytes) -> Event:
    """Return *raw*, the bytes of one event, as an `Event`.

    A field that no reader knows is skipped, as the standard says.
    """
    data: list[bytes] = []
    event = b""
    for line in _LINE_END.split(raw.removeprefix(_BOM)):
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            event = value.removeprefix(b" ")
    return Event(raw, b"\n".join(data) if data else None, event)


def encode_event(data: bytes, *, event: bytes = b"") -> bytes:
    """Return *data* as one event, with LF line ends; a line break in it is another line.

    Raises:
        ValueError: *event* holds a line break.
    """
    if b"\n" in event or b"\r" in event:
        raise ValueError("an event's type is one line")
    head = b"event: " + event + b"\n" if event else b""
    if b"\n" not in data and b"\r" not in data:
        return head + b"data: " + data + b"\n\n"
    lines = [b"data: " + line + b"\n" for line in _LINE_END.split(data)]
    return head + b"".join(lines) + b"\n"
