"""A client that gets no session: it is told why."""

from __future__ import annotations

import time

from .ends import Gone, Wire
from .frames import TEXT, Close, Frames, Violation, close_frame, frame
from .hub import Hub
from .session import CLOSE_S
from .watch import Cut, Words


class Farewell:
    """Tells a client why it gets no session, and gives it *patience_s* to close."""

    def __init__(
        self, hub: Hub, client: Wire, cut: Cut, words: Words, *, patience_s: float = CLOSE_S
    ) -> None:
        self._hub = hub
        self._client = client
        self._cut = cut
        self._words = words
        self._patience_s = patience_s
        self._frames = Frames(masked=True)
        self._closed = False
        self.ends = (client,)

    def start(self, head: bytes, early: bytes) -> None:
        """Send *head*, the answer to the handshake, and the reason."""
        text = frame(TEXT, self._words.error(self._cut), masked=False)
        self._client.watched_by(self._hub.watch, self._hub.at_once)
        try:
            ends = close_frame(self._cut.code, self._cut.text, masked=False)
            self._client.send(head + text + ends)
        except Gone:
            self.fail()
            return
        self._hub.alarm(self, time.monotonic() + self._patience_s)
        if early:
            self._read(early)

    def on_event(self, wire: Wire, readable: bool, writable: bool) -> None:
        """Act on what the socket can do now."""
        try:
            if writable:
                wire.flush()
                wire.want(read=True)
            data = wire.receive() if readable else None
        except Gone:
            data = b""
        if data:
            self._read(data)
        elif data is not None:
            self.fail()

    def _read(self, data: bytes) -> None:
        # Closed with bytes unread, the connection would be reset, and the reason lost with it.
        items = self._frames.feed(data)
        if items and isinstance(items[-1], Close | Violation):
            self.fail()

    def on_alarm(self, now: float) -> None:
        """The patience is over."""
        self.fail()

    def fail(self) -> None:
        """Close."""
        if not self._closed:
            self._closed = True
            self._client.close()
            self._hub.forget(self)

    def cut(self, cut: Cut) -> None:
        """It ends anyway."""
