"""The relay's thread: one a process, for any number of sessions."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import os
import sys
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..transport.at_once import AtOnce
from .background import Background
from .ends import EPOLLIN, EPOLLOUT, READ_BYTES, Wire
from .hub import Member, Watched
from .watch import End

logger = logging.getLogger("assemblyai_mw.relay")

# epoll(7): hang-ups and errors are told unasked.
_EPOLLERR, _EPOLLHUP = 8, 16
_READABLE = EPOLLIN | _EPOLLERR | _EPOLLHUP
# Threads for watchers that may wait: two a session, one for each direction, up to this many.
SLOW_THREADS = 8
# What epoll takes at once has an end.
_LONGEST_WAIT_S = 3600.0

# Between two rounds the host's threads get the interpreter: so few events are one round.
EVENTS_A_ROUND = 8


class Loop:
    """Runs sessions on one real thread, gevent worker or not, and watches them end.

    Attributes:
        sessions: The open ones; only the loop's thread changes it.
        untold: Sessions that are over, and whose watchers do not all know.
        now: `time.monotonic` of the present round.
    """

    def __init__(self, background: Background) -> None:
        self.background = background
        self.sessions: set[Member] = set()
        self.untold: set[Watched] = set()
        self.now = time.monotonic()
        self.at_once = AtOnce(READ_BYTES)
        self._epoll: Any = original("select", "epoll")()
        self._wires: dict[int, tuple[Member, Wire]] = {}
        self._jobs: deque[tuple[Callable[[], object], Member | None]] = deque()
        # Weak: most of them are of sessions that ended long before.
        self._alarms: list[tuple[float, int, weakref.ref[Member]]] = []
        self._order = itertools.count()
        self._slow: list[Background] = []
        # The mouth stays open for as long as anybody can call: a closed one's number would be
        # another's.
        self._ears, self._mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._epoll.register(self._ears, EPOLLIN)
        self._stopping = False
        # A real thread: a greenlet would share its time with the host's requests, and theirs
        # with it.
        original("_thread", "start_new_thread")(self._run, ())

    # From any thread

    def call(self, job: Callable[[], object], member: Member | None = None) -> None:
        """Run *job* in the loop's thread; if it fails, *member* does."""
        self._jobs.append((job, member))
        with contextlib.suppress(OSError):
            os.write(self._mouth, b"\0")

    def add(self, member: Member, start: Callable[[], object]) -> None:
        """Take a session in, and *start* it in the loop's thread."""

        def take() -> None:
            self.sessions.add(member)
            for wire in member.ends:
                self._wires[wire.fd] = (member, wire)
            start()

        self.call(take, member)

    def prepare_slow(self) -> None:
        """Have threads for one more session that may wait; from one of the host's at a time."""
        for _ in range(min(2, SLOW_THREADS - len(self._slow))):
            self._slow.append(Background(f"assemblyai-mw-relay-{len(self._slow)}"))

    def stop(self) -> None:
        """End what is left, and the threads."""

        def stop() -> None:
            self._stopping = True

        self.call(stop)

    def abandon(self) -> None:
        """Let go of what came through a fork: this process has no thread that minds it."""
        self._jobs.clear()
        for _, wire in self._wires.values():
            wire.abandon()
        self._wires.clear()
        self._close()
        for each in (self.background, *self._slow):
            each.abandon()

    def _close(self) -> None:
        self._epoll.close()
        os.close(self._ears)

    def __del__(self) -> None:
        os.close(self._mouth)

    # From sessions, in the loop's thread

    def beside(self, session: Watched, job: Callable[[], object]) -> None:
        """Run *job* on the thread that has least to do; a direction has one at a time."""
        min(self._slow, key=lambda each: each.load).submit(job)

    def watch(self, fd: int, before: int, after: int) -> None:
        """Change what is waited for on a socket.

        One of which nothing is wanted is not watched at all: epoll would tell of its hang-up for
        ever.
        """
        if not after:
            self._epoll.unregister(fd)
        elif before:
            self._epoll.modify(fd, after)
        else:
            self._epoll.register(fd, after)

    def alarm(self, member: Member, moment: float) -> None:
        """Call a session's `on_alarm` at a moment."""
        heapq.heappush(self._alarms, (moment, next(self._order), weakref.ref(member)))

    def over(self, session: Watched, end: End) -> None:
        """Tell the watchers, the innermost stage's first."""
        self.untold.add(session)

        def tell() -> None:
            for watcher in reversed(session.watchers):
                try:
                    watcher.ended(end)
                except Exception:
                    logger.exception("the end of a session could not be noted by %r", watcher)
            self.untold.discard(session)

        self.background.submit(tell)

    def forget(self, member: Member) -> None:
        """Drop a session whose ends are closed."""
        self.sessions.discard(member)
        for wire in member.ends:
            known = self._wires.get(wire.fd)
            if known is not None and known[1] is wire:
                del self._wires[wire.fd]

    def say(self, level: int, line: str) -> None:
        """Log a line; not here: in a gevent worker the handlers' locks are for greenlets."""
        self.background.submit(lambda: logger.log(level, "%s", line))

    # The thread

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._round()
            except Exception:
                self.say(logging.ERROR, f"the relay failed; it goes on\n{traceback.format_exc()}")
        for member in list(self.sessions):
            member.fail()
        for each in (self.background, *self._slow):
            each.stop()
        self._close()

    def _round(self) -> None:
        wait = -1.0
        if self._alarms:
            wait = min(max(self._alarms[0][0] - time.monotonic(), 0.0), _LONGEST_WAIT_S)
        events = self._epoll.poll(wait, EVENTS_A_ROUND)
        self.now = now = time.monotonic()
        # Sessions join only after all events: a number that was closed meanwhile, and is another
        # connection's already, still leads to the old one here.
        for fd, mask in events:
            known = self._wires.get(fd)
            if known is None:
                if fd == self._ears:
                    os.read(fd, 4096)
                continue
            member, wire = known
            try:
                member.on_event(wire, bool(mask & _READABLE), bool(mask & EPOLLOUT))
            except Exception:
                self._failed(member)
        while self._jobs:
            job, whose = self._jobs.popleft()
            try:
                job()
            except Exception:
                self._failed(whose)
        while self._alarms and self._alarms[0][0] <= now:
            alarmed = heapq.heappop(self._alarms)[2]()
            if alarmed is None:
                continue
            try:
                alarmed.on_alarm(now)
            except Exception:
                self._failed(alarmed)

    def _failed(self, member: Member | None) -> None:
        """End a session that a fault of ours befell; the others go on."""
        if member is None:
            self.say(logging.ERROR, f"a job of the relay failed\n{traceback.format_exc()}")
            return
        self.say(logging.ERROR, f"a session failed here; it ends\n{traceback.format_exc()}")
        member.fail()


def original(module: str, name: str) -> Any:
    """Return a function of the standard library, also where gevent or eventlet has replaced it."""
    gevents = sys.modules.get("gevent.monkey")
    if gevents is not None and gevents.is_module_patched(module):
        return gevents.get_original(module, name)
    eventlets = sys.modules.get("eventlet.patcher")
    found = import_module(module) if eventlets is None else eventlets.original(module)
    return getattr(found, name)
