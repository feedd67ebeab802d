"""One direction of a session: frames are read, texts are judged, and what may pass is passed on."""

from __future__ import annotations

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from .ends import Wire
from .frames import CONTINUATION, TEXT, Close, Frames, Item, Part, Text, Violation, frame
from .pace import Pace
from .watch import Cut

# For an end that does not read, once its pace does not hold the other one up any more.
MAX_PENDING_BYTES = 1 << 20
_FAILED = Cut(3005, "A check of this session failed; the session is over.")

Verdict = bytes | Cut | None
Judge = Callable[[bytes], Verdict]
# Whether a judge may wait over a text; None is one that never does.
Waits = Callable[[bytes], bool] | None


class Rules(Protocol):
    """What a way needs of its session."""

    is_over: bool

    def send(self, wire: Wire, data: bytes) -> None:
        """Send to one of the ends."""

    def cut_now(self, cut: Cut) -> None:
        """End the session, in the relay's thread."""

    def on_text(self, way: Way, item: Text, text: bytes, *, passes: bool) -> None:
        """Act on a text that was judged: *text* has its place, if it *passes*."""

    def on_close(self, way: Way, close: Close) -> None:
        """Act on a close frame."""

    def on_violation(self, way: Way, fault: Violation) -> None:
        """Act on what cannot be read."""

    def on_left(self, wire: Wire) -> None:
        """Act on the end of a connection."""

    def beside(self, job: Callable[[], object]) -> None:
        """Run *job* on a thread that may wait; there is one at a time."""

    def call(self, job: Callable[[], object]) -> None:
        """Run *job* in the relay's thread."""

    def pause(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* so long from now."""

    def say(self, level: int, line: str) -> None:
        """Log a line."""


class Way:
    """One direction.

    Args:
        judges: What judges texts, in their order, and which of them it may wait over.
        masked: The source is the client.
        binary: The source may send binary messages.

    Attributes:
        open: What comes may pass; else it is read, judged and dropped.
        free: The source is read whether or not the other end takes what passes.
        within: The last bytes that passed, if they end within a frame or within a message.
        received, passed: Bytes.
    """

    __slots__ = (
        "_frames",
        "_items",
        "_judges",
        "_pace",
        "_paused",
        "_rules",
        "_waits",
        "free",
        "masked",
        "open",
        "passed",
        "received",
        "source",
        "to",
        "within",
    )

    def __init__(
        self,
        rules: Rules,
        source: Wire,
        to: Wire,
        judges: Sequence[tuple[Judge, Waits]],
        *,
        masked: bool,
        binary: bool = True,
    ) -> None:
        self._rules = rules
        self.source = source
        self.to = to
        self._judges = tuple(judges)
        self.masked = masked
        self._frames = Frames(masked=masked, binary=binary)
        # What was read and waits for its turn; None is the connection's end.
        self._items: deque[Item | None] = deque()
        # A slow judge has a text.
        self._waits = False
        # The next text is not due yet; an upstream's always is.
        self._paused = False
        self._pace = Pace() if masked else None
        self.open = True
        self.free = False
        self.within: Part | None = None
        self.received = self.passed = 0

    @property
    def is_within_frame(self) -> bool:
        """Whether a frame of our own has no place now."""
        return self.within is not None and self.within.through > 0

    def feed(self, data: bytes) -> None:
        """Take what came from the source."""
        self.received += len(data)
        self._items += self._frames.feed(data)
        self._pump()

    def end(self) -> None:
        """Note that the source has left, behind all that came before."""
        self._items.append(None)
        self._pump()

    def read_on(self) -> None:
        """Read the source, if what comes can go anywhere."""
        held = self._waits or self._paused
        self.source.want(read=not held and (self.free or not self.to.pending))

    def let_go(self) -> None:
        """Read the source from now on whatever the other end takes, and wait for no text's turn."""
        self.free = True
        self._resume()
        self.read_on()

    def fill(self) -> bytes:
        """Return what ends a begun frame, to be sent before anything of our own: zeros."""
        if self.within is None:
            return b""
        rest, unfinished = bytes(self.within.through), self.within.unfinished
        self.within = Part(b"", 0, True) if unfinished else None
        return rest

    def own(self, frames: bytes) -> bytes:
        """Return frames of our own, to be sent where none is begun: a begun message is ended."""
        if self.within is None or not self.within.unfinished:
            return frames
        self.within = None
        return frame(CONTINUATION, masked=self.masked) + frames

    def pass_text(self, item: Text, text: bytes) -> None:
        """Pass a text on: as it came, or with *text* in its place."""
        changed = text is not item.payload
        self._pass(frame(TEXT, text, masked=self.masked) if changed else item.raw, None)

    def pass_close(self, close: Close) -> None:
        """Pass a close frame on; nothing may follow it."""
        self._pass(close.raw, self.within)
        self.open = False

    def _pump(self) -> None:
        items, rules = self._items, self._rules
        while items and not (self._waits or self._paused):
            if isinstance(items[0], Text) and not self._has_turn(len(items[0].raw)):
                return
            item = items.popleft()
            if isinstance(item, bytes):
                if self.open:
                    self._pass(item, None)
            elif isinstance(item, Part):
                if self.open:
                    self._pass(item.raw, item)
            elif item is None:
                rules.on_left(self.source)
            elif rules.is_over and not isinstance(item, Close):
                continue
            elif isinstance(item, Text):
                self._judge(item, 0, item.payload, passes=True)
            elif isinstance(item, Close):
                rules.on_close(self, item)
            else:
                rules.on_violation(self, item)

    def _pass(self, data: bytes, within: Part | None) -> None:
        self.within = within
        self.passed += len(data)
        to = self.to
        self._rules.send(to, data)
        if to.pending:
            if not self.free:
                self.source.want(read=False)
            elif len(to.pending) > MAX_PENDING_BYTES:
                self.open = False

    # Texts

    def _has_turn(self, size: int) -> bool:
        """Whether a text is read now; else it waits, and all that is behind it."""
        pace = self._pace
        if pace is None or not self.open or self._rules.is_over:
            return True
        wait = pace.wait(time.monotonic())
        if wait > 0:
            self._paused = True
            self.read_on()
            self._rules.pause(wait, self._resume)
            return False
        pace.count(size)
        return True

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._pump()
            self.read_on()

    def _judge(self, item: Text, at: int, text: bytes, *, passes: bool) -> None:
        """Have a text judged from a judge on, and pass it."""
        if self.masked and not self.open:
            # It does not reach the upstream, so nobody may count it: the meter, for one.
            return
        for judge, waits in self._judges[at:]:
            at += 1
            if waits is None or not self._may_wait(waits, text):
                verdict = self._verdict(judge, text)
            elif self.open and passes:
                self._waits = True
                self.read_on()
                self._rules.beside(partial(self._judge_slowly, item, at, text, judge))
                return
            else:
                continue
            text, passes = self._heed(verdict, text, passes=passes)
            # A client's refused text is nobody's. A server's may concern the judges behind: its
            # last one tells the meter what the session cost.
            if self.masked and not passes:
                return
        self._rules.on_text(self, item, text, passes=passes and self.open)

    def _may_wait(self, waits: Callable[[bytes], bool], text: bytes) -> bool:
        """Whether a judge may wait over a text; one that cannot tell may."""
        try:
            return waits(text)
        except Exception:
            self._rules.say(logging.ERROR, f"a check of a session failed\n{traceback.format_exc()}")
            return True

    def _judge_slowly(self, item: Text, at: int, text: bytes, judge: Judge) -> None:
        verdict = self._verdict(judge, text)
        self._rules.call(lambda: self._go_on(item, at, text, verdict))

    def _go_on(self, item: Text, at: int, text: bytes, verdict: Verdict) -> None:
        self._waits = False
        if self._rules.is_over:
            self._items.clear()
            return
        text, passes = self._heed(verdict, text, passes=True)
        if passes or not self.masked:
            self._judge(item, at, text, passes=passes)
        self._pump()
        self.read_on()

    def _heed(self, verdict: Verdict, text: bytes, *, passes: bool) -> tuple[bytes, bool]:
        if isinstance(verdict, Cut):
            self._rules.cut_now(verdict)
            return text, False
        return (text if verdict is None else verdict), passes

    def _verdict(self, judge: Judge, text: bytes) -> Verdict:
        """Return a judge's verdict; one that fails ends the session."""
        try:
            return judge(text)
        except Exception:
            fault = traceback.format_exc()
            self._rules.say(logging.ERROR, f"a check of a session failed; it ends\n{fault}")
            return _FAILED
