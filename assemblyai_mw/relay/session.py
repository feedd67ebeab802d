"""One session: two ends, and the rules by which each of them may leave.

All of it runs in the relay's thread, but for `cut`, `end_after` and `elapsed`, which any thread may
call. An open session costs the account money, so whatever happens on the client's side, the
upstream is asked to end the session, and is heard to have done so, where that is possible.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Literal

from .ends import Gone, Wire
from .frames import TEXT, Close, Text, Violation, close_frame, frame
from .hub import Hub
from .timer import Timer
from .watch import Cut, End, Watcher, Words
from .way import Way

# For a close handshake with a client, once nothing is billed any more.
CLOSE_S = 2.0
_NORMAL = 1000
_VANISHED = Cut(3005, "AssemblyAI's end of the connection is gone; the session is over.")
_BROKEN = Cut(3005, "AssemblyAI's reply could not be read; the session is over.")

By = Literal["client", "upstream", "cut", "error"]


class Session:
    """A client and an upstream, joined.

    Attributes:
        watchers: The stages' views of it, the outermost first.
        ends: The client's connection, and the upstream's.
        cut_by: The cut that ended it, if one did.
        is_over: The upstream's part is over, and the watchers have been told of it.
    """

    def __init__(
        self,
        hub: Hub,
        client: Wire,
        upstream: Wire,
        *,
        watchers: Sequence[Watcher],
        words: Words,
        idle_s: float,
        terminate_s: float,
        released: Callable[[], object],
    ) -> None:
        self._hub = hub
        self._client = client
        self._upstream = upstream
        self.watchers = tuple(watchers)
        self._words = words
        self._idle_s = idle_s
        self._terminate_s = terminate_s
        self._released = released
        to_server = [
            (each.client_text, each.client_waits if each.slow_client else None) for each in watchers
        ]
        to_client = [
            (each.server_text, each.server_waits if each.slow_server else None)
            for each in reversed(watchers)
        ]
        binary = words.takes_binary
        self._up = Way(self, client, upstream, to_server, masked=True, binary=binary)
        self._down = Way(self, upstream, client, to_client, masked=False)
        self.ends = (client, upstream)
        self.cut_by: Cut | None = None
        self._began = self._active = time.monotonic()
        # Set when the upstream says that it ends the session, or ends it without a word.
        self._seconds: float | None = None
        self._timer = Timer(hub, self)
        self._by: By | None = None
        self._close_code: int | None = None
        # Came before the loop took the session in.
        self._early_cut: Cut | None = None
        self._started = False
        # The upstream was asked to end the session; it has said that it did; it sent a close frame;
        # it was sent one.
        self._end_asked = self._end_said = self._upstream_closed = self._upstream_told = False
        # The client sent a close frame, or is not there any more; it was sent one, or can be sent
        # none; it is sent nothing more.
        self._client_closed = self._client_gone = self._client_told = self._client_done = False
        self.is_over = False
        self._closed = False

    # From any thread

    def elapsed(self) -> float:
        """Return seconds from the upstream's 101 until now, or until the upstream's end."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    def cut(self, cut: Cut) -> None:
        """End the session; the first cut counts."""
        self.call(lambda: self.cut_now(cut))

    def end_after(self, seconds: float, cut: Cut, *, by: object) -> None:
        """Cut the session when it has lasted *seconds*, inf for never; the last call counts.

        Each *by* has a limit of its own; the earliest ends the session.
        """
        self._timer.limit(self._began + seconds, cut, by=by)
        self.call(self._rearm)

    # The loop, for the two ways

    def call(self, job: Callable[[], object]) -> None:
        """Run *job* in the relay's thread."""
        self._hub.call(job, self)

    def beside(self, job: Callable[[], object]) -> None:
        """Run *job* on a thread that may wait."""
        self._hub.beside(self, job)

    def pause(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* so long from now."""
        self._timer.pause(seconds, action)
        self._rearm()

    def say(self, level: int, line: str) -> None:
        """Log a line."""
        self._hub.say(level, line)

    # From the loop

    def start(self, head: bytes, client_early: bytes, upstream_early: bytes) -> None:
        """Begin to relay: *head* to the client first, then what either end sent already."""
        self._started = True
        self._client.watched_by(self._hub.watch, self._hub.at_once)
        self._upstream.watched_by(self._hub.watch, self._hub.at_once)
        self.send(self._client, head)
        if self._early_cut is not None:
            self.cut_now(self._early_cut)
        if upstream_early:
            self._down.feed(upstream_early)
        if client_early:
            self._up.feed(client_early)
        # What TLS has decrypted already, no event tells of.
        self.on_event(self._client, True, False)
        self._rearm()

    def on_event(self, wire: Wire, readable: bool, writable: bool) -> None:
        """Act on what a socket can do now."""
        if writable:
            self._flush(wire)
        if not readable or self._closed or wire.ended:
            return
        try:
            data = wire.receive()
        except Gone:
            data = b""
        if data is None:
            return
        if data:
            self._active = self._hub.now
            (self._up if wire is self._client else self._down).feed(data)
        elif wire is self._client:
            self._client_left()
        else:
            wire.want(read=False)
            self._down.end()

    def on_alarm(self, now: float) -> None:
        """Do what is due."""
        if self._closed or not self._timer.rings(now):
            return
        due = self._timer.due(now)
        if isinstance(due, Cut):
            self.cut_now(due)
        elif due is not None:
            due()
        elif self._by is None and self._active + self._idle_s <= now:
            text = f"Nothing was sent for {self._idle_s:g} seconds; the session is over."
            self.cut_now(Cut(3008, text, drain=True))
        self._rearm()

    def fail(self) -> None:
        """End it at once, after a fault of ours."""
        self._client_told = True
        try:
            self._end_upstream("error")
        finally:
            self._finish()

    def _rearm(self) -> None:
        if not self._closed:
            self._timer.arm(self._active + self._idle_s if self._by is None else math.inf)

    def _within(self, seconds: float, action: Callable[[], None]) -> None:
        self._timer.within(seconds, action)
        self._rearm()

    # What passes

    def send(self, wire: Wire, data: bytes) -> None:
        """Send to one of the ends."""
        try:
            wire.send(data)
        except Gone:
            self._broke(wire)

    def _broke(self, wire: Wire) -> None:
        if wire is self._client:
            self._client_left()
            return
        # What it sent before is read: its last text says what the session cost.
        self._up.open = False
        self._upstream.pending.clear()
        self._down.free = True
        self._down.read_on()

    def _flush(self, wire: Wire) -> None:
        try:
            wire.flush()
        except Gone:
            self._broke(wire)
            return
        if wire.pending:
            return
        wire.want(read=wire.is_read)
        if wire is self._upstream:
            self._up.read_on()
            return
        self._down.read_on()
        if self._client_done:
            self._client.finish()

    def on_text(self, way: Way, item: Text, text: bytes, *, passes: bool) -> None:
        """Pass a text that was judged, and note what it says of the session's end."""
        if way is self._up:
            if passes:
                self._end_asked = self._end_asked or self._words.is_end_asked(text)
                way.pass_text(item, text)
            return
        says_end = self._words.is_end(item.payload)
        # Behind it a client reads no more, the reason of a cut neither.
        if passes and not (says_end and self.cut_by is not None):
            way.pass_text(item, text)
        if says_end and not self._end_said:
            self._end_said = True
            self._stop_clock()
            if self._by is not None:
                self._end_upstream()
            else:
                # It closes by itself; nothing is billed any more.
                self._within(self._terminate_s, self._end_upstream)

    def on_violation(self, way: Way, fault: Violation) -> None:
        """End the session: nothing that follows can be read."""
        if way is self._up:
            self.cut_now(Cut(fault.code, f"The message cannot be read: {fault.text}."))
            return
        self.say(logging.WARNING, f"the upstream's WebSocket frames are broken: {fault.text}")
        if self._by is None:
            self.cut_by = _BROKEN
        self._end_upstream("error")

    # Who leaves

    def on_close(self, way: Way, close: Close) -> None:
        """Act on a close frame: pass it on, or answer it."""
        if way is self._down:
            if not self.is_over:
                self._upstream_closes(close)
            return
        self._client_closed = True
        if self.is_over:
            self._close_client()
        elif self._upstream_closed or self._end_said:
            self._by = self._by or "client"
            if self._close_code is None:
                self._close_code = close.code
            if way.open:
                self._upstream_told = True
                way.pass_close(close)
        elif self._by is None:
            self._by, self._close_code = "client", close.code
            self._down.open = False
            if not self._down.is_within_frame:
                self.send(self._client, self._down.own(close_frame(close.code, masked=False)))
            self._close_client()
            self._leave()

    def _upstream_closes(self, close: Close) -> None:
        self._upstream_closed = True
        self._stop_clock()
        if self._down.open and self.cut_by is None:
            self._close_code = close.code
            self._client_told = True
            self._by = self._by or self._who()
            self._down.pass_close(self._readable(close))
        if self._client_closed or self._client_gone or self.cut_by is not None:
            self._end_upstream()
        else:
            self._within(self._terminate_s, self._end_upstream)

    def _readable(self, close: Close) -> Close:
        """Return the upstream's close frame as the watchers let the client read it."""
        reason = told = close.raw[4:].decode()
        for each in reversed(self.watchers):
            told = each.close_reason(told)
        if told == reason:
            return close
        return Close(close_frame(close.code, told, masked=False), close.code)

    def on_left(self, wire: Wire) -> None:
        """Act on the end of a connection."""
        if wire is self._client:
            self._client_left()
            return
        if self.is_over:
            return
        if self._upstream_closed or self._end_said or self._by is not None:
            self._end_upstream()
            return
        self.cut_by = _VANISHED
        self._end_upstream("error")

    def _client_left(self) -> None:
        if self._client_gone:
            return
        self._client_gone = True
        self._client.close()
        self._down.open = False
        if self.is_over:
            self._finish()
        elif self._by is None:
            self._by = "client"
            self._leave()
        elif self._upstream_closed or self._end_said:
            self._end_upstream()

    def cut_now(self, cut: Cut) -> None:
        """End the session, in the relay's thread."""
        if not self._started:
            self._early_cut = self._early_cut or cut
            return
        if not cut.drain:
            # Also where another cut came first, and lets the last texts pass.
            self._down.open = False
        if self._by is not None or self.is_over:
            return
        self.cut_by, self._by = cut, "cut"
        self._leave()

    def _leave(self) -> None:
        """Ask the upstream to end the session, and hear it out; the client is not listened to."""
        up = self._up
        up.open = False
        # From here on both are read, whether or not the other takes what is passed on.
        up.let_go()
        self._down.let_go()
        if self._end_said or self._upstream_closed:
            self._end_upstream()
            return
        self._ask_for_end()
        if not self.is_over:
            self._within(self._terminate_s, self._end_upstream)

    def _ask_for_end(self) -> None:
        """Ask the upstream to end the session, if nobody has.

        A frame of audio that the client began and did not end is filled up first: it may have left
        for good, or stay within one for as long as it likes.
        """
        if not self._end_asked:
            self._end_asked = True
            last, drop = b"", self._words.drop
            if drop is not None and not self._down.open:
                last = frame(TEXT, drop, masked=True)
            last += frame(TEXT, self._words.end, masked=True)
            self.send(self._upstream, self._up.fill() + self._up.own(last))

    def _who(self) -> By:
        """Return who ended a session that the upstream ended."""
        return "client" if self._end_asked else "upstream"

    def _stop_clock(self) -> None:
        if self._seconds is None:
            self._seconds = time.monotonic() - self._began

    def _end_upstream(self, by: By | None = None) -> None:
        """Leave the upstream, whose part is over; see the client off."""
        if self.is_over:
            return
        self.is_over = True
        self._stop_clock()
        self._by = by = self._by or by or self._who()
        self._timer.stop()
        self._close_upstream()
        cut = self.cut_by
        tells = not (self._client_gone or self._client_told or self._down.is_within_frame)
        if tells:
            self._close_code = cut.code if cut is not None else _NORMAL
        self._up.open = self._down.open = False
        self._hub.over(
            self, End(self._seconds or 0.0, by, self._close_code, *self._traffic(), self.cut_by)
        )
        if self._client_gone:
            self._finish()
            return
        self._within(CLOSE_S, self._finish)
        if tells:
            self._tell_client(cut)
        if self._client_closed or not tells:
            self._close_client()
        # Its close frame may wait behind texts.
        self._up.let_go()

    def _traffic(self) -> tuple[int, int]:
        return self._up.received, self._down.passed

    def _close_upstream(self) -> None:
        """Close, with a word where there is place for one."""
        wire = self._upstream
        if not (wire.ended or wire.pending or self._up.is_within_frame or self._upstream_told):
            last = close_frame(_NORMAL, masked=True)
            if not (self._end_asked or self._end_said or self._upstream_closed):
                # Nobody hears the answer.
                last = frame(TEXT, self._words.end, masked=True) + last
            try:
                wire.send(self._up.own(last))
            except Gone:
                pass
            else:
                wire.finish()
        wire.close()

    def _tell_client(self, cut: Cut | None) -> None:
        """Send the client a close frame, and the reason before it, in AssemblyAI's own form."""
        self._client_told = True
        if cut is None:
            last = close_frame(_NORMAL, masked=False)
        else:
            last = frame(TEXT, self._words.error(cut), masked=False)
            last += close_frame(cut.code, cut.text, masked=False)
        self.send(self._client, self._down.own(last))

    def _close_client(self) -> None:
        """Send no more; the client is closed when it does likewise, or at the deadline."""
        self._client_told = self._client_done = True
        if not self._client.pending:
            self._client.finish()

    def _finish(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._client.close()
            self._upstream.close()
        finally:
            self._hub.forget(self)
            self._released()
