"""One session: two ends, and the rules by which each of them may leave.

All of it runs in the relay's thread, but for `cut`, `end_at` and `elapsed`, which any thread may
call. An open session costs the account money, so whatever happens on the client's side, the
upstream is asked to end the session, and is heard to have done so, where that is possible.
"""

from __future__ import annotations

import logging
import math
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, Protocol

from .ends import Gone, Wire
from .frames import TEXT, Close, Frames, Text, Violation, close_frame, frame
from .watch import Cut, End, Watcher, Words

# For a close handshake with a client, once nothing is billed any more.
CLOSE_S = 2.0
_VANISHED = Cut(3005, "AssemblyAI's end of the connection is gone; the session is over.")
_FAILED = Cut(3005, "A check of this session failed; the session is over.")

Judge = Callable[[bytes], bytes | Cut | None]
Item = bytes | Text | Close


class Hub(Protocol):
    """What a session needs of the loop that runs it."""

    now: float

    def call(self, job: Callable[[], object]) -> None:
        """Run *job* in the loop's thread."""

    def watch(self, fd: int, before: int, after: int) -> None:
        """Change what is waited for."""

    def alarm(self, session: Session | Farewell, moment: float) -> None:
        """Call `on_alarm` at *moment*."""

    def beside(self, session: Session, job: Callable[[], object]) -> None:
        """Run *job* on a thread that may wait, a session's jobs in their order."""

    def over(self, session: Session, end: End) -> None:
        """The upstream's part is over: the watchers hear of it."""

    def forget(self, session: Session | Farewell) -> None:
        """All ends are closed."""

    def say(self, level: int, line: str) -> None:
        """Log a line."""


class _Way:
    """One direction."""

    __slots__ = ("backlog", "bytes", "frames", "judges", "masked", "open", "source", "to", "waits")

    def __init__(
        self, source: Wire, to: Wire, judges: Sequence[tuple[Judge, bool]], *, masked: bool
    ) -> None:
        self.source = source
        self.to = to
        self.judges = tuple(judges)
        self.masked = masked
        self.frames = Frames(masked=masked)
        self.backlog: list[Item] = []
        self.bytes = 0
        # What comes may pass; else it is read, judged and dropped.
        self.open = True
        # A slow judge has a text.
        self.waits = False


class Session:
    """A client and an upstream, joined.

    Attributes:
        watchers: The stages' views of it, the outermost first.
        ends: The client's connection, and the upstream's.
        cut_by: The cut that ended it, if one did.
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
        self._up = _Way(
            client,
            upstream,
            [(each.client_text, each.slow_client) for each in watchers],
            masked=True,
        )
        self._down = _Way(
            upstream,
            client,
            [(each.server_text, each.slow_server) for each in reversed(watchers)],
            masked=False,
        )
        self.ends = (client, upstream)
        self.cut_by: Cut | None = None
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._active = self._began
        self._limits: dict[object, tuple[float, Cut]] = {}
        self._deadline: tuple[float, Callable[[], None]] | None = None
        self._by: Literal["client", "upstream", "cut", "error"] | None = None
        self._close_code: int | None = None
        # The upstream was asked to end the session; it has said that it did; it sent a close frame.
        self._end_asked = self._end_said = self._upstream_closed = False
        # The client sent a close frame, or is not there any more; it was sent one.
        self._client_closed = self._client_gone = self._client_told = False
        self._closed = False

    # From any thread

    def elapsed(self) -> float:
        """Return seconds from the upstream's 101 until now, or until the upstream's end."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    def cut(self, cut: Cut) -> None:
        """End the session; the first cut counts."""
        self._hub.call(lambda: self._cut(cut))

    def end_after(self, seconds: float, cut: Cut, *, by: object) -> None:
        """Cut the session when it has lasted *seconds*, inf for never; the last call counts.

        Each *by* has a limit of its own; the earliest ends the session.
        """
        self._limits[by] = (self._began + seconds, cut)
        self._hub.call(self._rearm)

    # From the loop

    def start(self, head: bytes, client_early: bytes, upstream_early: bytes) -> None:
        """Begin to relay: *head* to the client first, then what either end sent already."""
        self._client.on_data = self._from_client
        self._upstream.on_data = self._from_upstream
        self._client.watched_by(self._hub.watch)
        self._upstream.watched_by(self._hub.watch)
        self._send(self._client, head)
        if upstream_early:
            self._from_upstream(upstream_early)
        if client_early:
            self._from_client(client_early)
        self._rearm()

    def on_event(self, wire: Wire, readable: bool, writable: bool) -> None:
        """Act on what a socket can do now."""
        try:
            if writable:
                wire.flush()
                if not wire.pending:
                    self._drained(wire)
            if not readable or self._closed:
                return
            data = wire.receive()
        except Gone:
            data = b""
        if data is None:
            return
        if data and wire.on_data is not None:
            self._active = self._hub.now
            wire.on_data(data)
        elif wire is self._client:
            self._client_left()
        else:
            self._upstream_left()

    def on_alarm(self, now: float) -> None:
        """Do what is due."""
        if self._closed:
            return
        if self._deadline is not None and self._deadline[0] <= now:
            (_, action), self._deadline = self._deadline, None
            action()
        elif (limit := self._first_limit()) is not None and limit[0] <= now:
            self._limits.clear()
            self._cut(limit[1])
        elif self._by is None and self._active + self._idle_s <= now:
            text = f"Nothing was sent for {self._idle_s:g} seconds; the session is over."
            self._cut(Cut(3008, text, drain=True))
        self._rearm()

    def _first_limit(self) -> tuple[float, Cut] | None:
        first = min(list(self._limits.values()), default=None, key=lambda limit: limit[0])
        return None if first is None or math.isinf(first[0]) else first

    def fail(self) -> None:
        """End it at once, after a fault of ours."""
        self._down.open = False
        self._client_told = True
        self._end_upstream("error")
        self._finish()

    def _rearm(self) -> None:
        if self._closed:
            return
        moments = [self._active + self._idle_s] if self._by is None else []
        if self._deadline is not None:
            moments.append(self._deadline[0])
        if self.cut_by is None and (limit := self._first_limit()) is not None:
            moments.append(limit[0])
        if moments:
            self._hub.alarm(self, min(moments))

    def _within(self, seconds: float, action: Callable[[], None]) -> None:
        self._deadline = (time.monotonic() + seconds, action)
        self._rearm()

    # What passes

    def _from_client(self, data: bytes) -> None:
        self._up.bytes += len(data)
        self._fed(self._up, data)

    def _from_upstream(self, data: bytes) -> None:
        self._fed(self._down, data)

    def _fed(self, way: _Way, data: bytes) -> None:
        try:
            items = way.frames.feed(data)
        except Violation as fault:
            self._broken(way, fault)
            return
        self._pump(way, items)

    def _broken(self, way: _Way, fault: Violation) -> None:
        if way is self._up:
            self._cut(Cut(fault.code, f"The message cannot be read: {fault.text}."))
            return
        self._hub.say(logging.WARNING, f"the upstream's WebSocket frames are broken: {fault.text}")
        self._cut(Cut(3005, "AssemblyAI's reply could not be read; the session is over."))
        self._end_upstream("error")

    def _pump(self, way: _Way, items: Sequence[Item]) -> None:
        for at, item in enumerate(items):
            if type(item) is bytes:
                if way.open:
                    self._pass(way, item)
            elif isinstance(item, Text):
                if not self._judged(way, item, 0, item.payload):
                    way.backlog = list(items[at + 1 :])
                    way.source.want(read=False)
                    return
            elif isinstance(item, Close):
                self._closing(way, item)
            if self._closed:
                return

    def _judged(self, way: _Way, item: Text, at: int, text: bytes) -> bool:
        """Have a text judged from the watcher *at* on, and pass it; False where it waits."""
        if way is self._up and (not way.open or self._upstream_closed or self._end_said):
            # It does not reach the upstream, so nobody may count it: the meter, for one.
            return True
        while at < len(way.judges):
            judge, slow = way.judges[at]
            if slow and way.open:
                way.waits = True
                self._hub.beside(self, partial(self._judge_slowly, way, item, at, text, judge))
                return False
            at += 1
            verdict = self._verdict(judge, text) if not slow else None
            if isinstance(verdict, Cut):
                self._cut(verdict)
                # The judges behind it, the meter among them, may need the text of an end.
                if way is self._up:
                    return True
            elif verdict is not None:
                text = verdict
        self._pass_text(way, item, text)
        return True

    def _judge_slowly(self, way: _Way, item: Text, at: int, text: bytes, judge: Judge) -> None:
        verdict = self._verdict(judge, text)
        self._hub.call(lambda: self._go_on(way, item, at, text, verdict))

    def _go_on(
        self, way: _Way, item: Text, at: int, text: bytes, verdict: bytes | Cut | None
    ) -> None:
        if self._closed:
            return
        way.waits = False
        if isinstance(verdict, Cut):
            self._cut(verdict)
        elif verdict is not None:
            text = verdict
        refused = way is self._up and isinstance(verdict, Cut)
        if refused or self._judged(way, item, at + 1, text):
            backlog, way.backlog = way.backlog, []
            self._pump(way, backlog)
        self._read_on(way)

    def _read_on(self, way: _Way) -> None:
        if not (way.waits or self._closed or way.to.pending):
            way.source.want(read=True)

    def _pass_text(self, way: _Way, item: Text, text: bytes) -> None:
        says_end = way is self._down and self._words.is_end(item.payload)
        if way.open and not (says_end and self.cut_by is not None):
            if text is item.payload:
                self._pass(way, item.raw)
            else:
                self._pass(way, frame(TEXT, text, masked=way.masked))
            if way is self._up and self._words.is_end_asked(text):
                self._end_asked = True
        if says_end and not self._end_said:
            self._end_said = True
            if self._by is not None:
                self._end_upstream(self._by)
            else:
                # It closes by itself; nothing is billed any more.
                self._within(self._terminate_s, lambda: self._end_upstream("upstream"))

    def _pass(self, way: _Way, data: bytes) -> None:
        if way is self._down:
            way.bytes += len(data)
        self._send(way.to, data)
        if way.to.pending and self._by is None:
            way.source.want(read=False)

    def _send(self, wire: Wire, data: bytes) -> None:
        try:
            wire.send(data)
        except Gone:
            if wire is self._client:
                self._client_left()
            else:
                self._upstream_left()

    def _drained(self, wire: Wire) -> None:
        wire.want(read=wire.is_read)
        way = self._up if wire is self._upstream else self._down
        if not way.waits:
            way.source.want(read=True)
        if wire is self._client and self._seconds is not None and self._client_told:
            self._client.finish()

    # Who leaves

    def _closing(self, way: _Way, close: Close) -> None:
        if way is self._down:
            self._upstream_closed = True
            if way.open and self.cut_by is None:
                self._close_code = close.code
                self._client_told = True
                self._pass(way, close.raw)
                self._by = self._by or ("client" if self._end_asked else "upstream")
            if self._client_closed or self._client_gone or self.cut_by is not None:
                self._end_upstream(self._by or "upstream")
            else:
                self._within(self._terminate_s, lambda: self._end_upstream(self._by or "upstream"))
            return
        self._client_closed = True
        if self._seconds is not None:
            self._close_client()
        elif self._upstream_closed or self._end_said:
            self._by = self._by or "client"
            if self._close_code is None:
                self._close_code = close.code
            if way.open:
                self._pass(way, close.raw)
        elif self._by is None:
            self._by, self._close_code = "client", close.code
            self._down.open = False
            self._client_told = True
            self._send(self._client, close_frame(close.code, masked=False))
            self._client.finish()
            self._leave()

    def _client_left(self) -> None:
        if self._client_gone:
            return
        self._client_gone = True
        self._client.close()
        self._down.open = False
        self._client.pending.clear()
        if self._seconds is not None:
            self._finish()
        elif self._by is None:
            self._by = "client"
            self._leave()
        elif self._upstream_closed or self._end_said:
            self._end_upstream(self._by)

    def _upstream_left(self) -> None:
        if self._seconds is not None:
            return
        if self._upstream_closed or self._end_said or self._by is not None:
            self._end_upstream(self._by or "upstream")
            return
        self.cut_by = _VANISHED
        self._end_upstream("error")

    def _cut(self, cut: Cut) -> None:
        if self.cut_by is not None or self._by is not None or self._closed:
            return
        self.cut_by, self._by = cut, "cut"
        self._down.open = cut.drain and not self._client_gone
        self._leave()

    def _leave(self) -> None:
        """Ask the upstream to end the session, and hear it out; the client is not listened to."""
        way = self._up
        way.open = False
        # From here on the upstream is heard out, whether or not the client takes what is passed on.
        if not self._down.waits:
            self._upstream.want(read=True)
        if self._end_said or self._upstream_closed:
            self._end_upstream(self._by or "cut")
            return
        if not self._end_asked:
            if way.frames.through:
                # Within a frame of the client's there is no place for one of ours.
                self._end_upstream(self._by or "cut")
                return
            self._end_asked = True
            ends = frame(0, masked=True) if way.frames.unfinished else b""
            self._send(self._upstream, ends + frame(TEXT, self._words.end, masked=True))
        if self._seconds is None:
            self._within(self._terminate_s, lambda: self._end_upstream(self._by or "cut"))

    def _end_upstream(self, by: Literal["client", "upstream", "cut", "error"]) -> None:
        """Leave the upstream, whose part is over; see the client off."""
        if self._seconds is not None:
            return
        self._seconds = time.monotonic() - self._began
        self._by = by
        self._deadline = None
        if not (self._up.frames.through or self._upstream.ended or self._upstream.pending):
            try:
                self._upstream.send(close_frame(1000, masked=True))
            except Gone:
                pass
            else:
                self._upstream.finish()
        self._upstream.close()
        cut = self.cut_by
        if cut is not None and not self._client_gone:
            self._close_code = cut.code
        end = End(
            self._seconds, by, self._close_code, self._up.bytes, self._down.bytes, self.cut_by
        )
        self._hub.over(self, end)
        if self._client_gone:
            self._finish()
            return
        self._within(CLOSE_S, self._finish)
        if cut is not None and not self._client_told:
            self._tell_client(cut)
        elif self._client_closed or not self._client_told or by != "cut":
            self._close_client()

    def _tell_client(self, cut: Cut) -> None:
        """Send the client the reason, in AssemblyAI's own form, where a frame may begin."""
        self._client_told = True
        if self._down.frames.through:
            return
        ends = frame(0, masked=False) if self._down.frames.unfinished else b""
        text = frame(TEXT, self._words.error(cut), masked=False)
        self._send(self._client, ends + text + close_frame(cut.code, cut.text, masked=False))

    def _close_client(self) -> None:
        """Send no more; the client is closed when it does likewise, or at the deadline."""
        self._client_told = True
        if not self._client.pending:
            self._client.finish()

    def _finish(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._client.close()
        self._upstream.close()
        self._hub.forget(self)
        self._released()

    def _verdict(self, judge: Judge, text: bytes) -> bytes | Cut | None:
        """Return a watcher's verdict; one that fails ends the session."""
        try:
            return judge(text)
        except Exception:
            fault = traceback.format_exc()
            self._hub.say(logging.ERROR, f"a check of a session failed; it ends\n{fault}")
            return _FAILED


class Farewell:
    """A client that gets no session: it is told why, and has some time to close."""

    def __init__(self, hub: Hub, client: Wire, cut: Cut, words: Words) -> None:
        self._hub = hub
        self._client = client
        self._cut = cut
        self._words = words
        self._frames = Frames(masked=True)
        self._closed = False
        self.ends = (client,)

    def start(self, head: bytes, early: bytes) -> None:
        """Send *head*, the answer to the handshake, and the reason."""
        text = frame(TEXT, self._words.error(self._cut), masked=False)
        self._client.on_data = self._read
        self._client.watched_by(self._hub.watch)
        try:
            ends = close_frame(self._cut.code, self._cut.text, masked=False)
            self._client.send(head + text + ends)
        except Gone:
            self.fail()
            return
        self._hub.alarm(self, time.monotonic() + CLOSE_S)
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
        try:
            if any(isinstance(item, Close) for item in self._frames.feed(data)):
                self.fail()
        except Violation:
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
