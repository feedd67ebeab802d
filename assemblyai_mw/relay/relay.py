"""Relay: a stack's open sessions in each process, and their end when the process ends."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..transport.tunnel import Tunnel, keep_alive
from .background import Background, Job
from .ends import HeldWire, Wire
from .farewell import Farewell
from .loop import Loop
from .servers import is_stopping
from .session import CLOSE_S, Session
from .takeover import TLSThreads
from .watch import Cut, Watcher, Words

if TYPE_CHECKING:
    from .takeover import Taken

logger = logging.getLogger("assemblyai_mw.relay")

STOPPING = Cut(1012, "This server restarts; connect again.", drain=True)
_FAILED = Cut(3005, "This session could not begin.")
# Beyond the drain itself, for the last writes.
_SLACK_S = 2.0
# How often a process looks whether it is to end.
_LOOK_S = 0.5

_all: weakref.WeakSet[Relay] = weakref.WeakSet()


class Relay:
    """Relays WebSocket sessions beside the host's server, in each process that has any.

    Nothing starts before the first session. Then there is one thread for all sessions, and one
    more for what waits: `Watcher.ended`, and the jobs given to `every`. Both end with the process,
    once every session has ended, or after *drain_s*. Sessions are ended when Gunicorn's worker is
    told to stop, and under other servers when the main thread is over.

    Args:
        max_sessions: Open sessions of this stack in one process.
        idle_s: Seconds without a byte from either end after which a session ends.
        terminate_s: Seconds for the upstream to end a session that is to end.
        drain_s: Seconds for all sessions to end when the process ends; less than the server waits
            for its workers.

    Attributes:
        tls_threads: The server's threads that sessions may hold, where the server speaks TLS
            itself.
    """

    def __init__(
        self,
        *,
        max_sessions: int = 1000,
        idle_s: float = 300.0,
        terminate_s: float = 5.0,
        drain_s: float = 20.0,
    ) -> None:
        self.max_sessions = max_sessions
        self.idle_s = idle_s
        self.terminate_s = terminate_s
        self.drain_s = drain_s
        self.tls_threads = TLSThreads()
        self._ticks: list[tuple[float, Job]] = []
        self._lock = threading.Lock()
        self._loop: Loop | None = None
        self._starting = False
        self._draining = False
        # Handshakes that were let in, and sessions that left. Two numbers: the loop's thread must
        # not wait for a lock, which in a gevent worker is one for greenlets.
        self._entered = self._left = 0
        _all.add(self)

    def every(self, seconds: float, job: Job) -> None:
        """Run *job* every so many seconds in each process that has sessions; it may wait."""
        self._ticks.append((seconds, job))

    def enter(self) -> Cut | None:
        """Count a handshake in, or return why there is no place for it; see `leave`."""
        with self._lock:
            if self._draining:
                return STOPPING
            if self.open >= self.max_sessions:
                return Cut(3009, "Too many sessions are open on this server.")
            self._entered += 1
        return None

    def leave(self) -> None:
        """Count out a handshake that was let in and is no session."""
        with self._lock:
            self._entered -= 1

    def start(
        self,
        taken: Taken,
        tunnel: Tunnel,
        head: bytes,
        *,
        watchers: Sequence[Watcher],
        words: Words,
    ) -> Session:
        """Join a client, whose place was counted by `enter`, with the upstream.

        *head* is the handshake's answer to the client. Where a watcher's `began` fails, the session
        begins nevertheless, and is cut: so all of them hear of its end.

        Raises:
            OSError: No descriptor or thread is left; both ends are closed, and the place is free.
        """
        try:
            loop = self._running()
            slow = any(each.slow_client or each.slow_server for each in watchers)
            if slow:
                with self._alone():
                    loop.prepare_slow()
            client = _client(taken)
        except BaseException:
            taken.release()
            tunnel.close()
            self.leave()
            raise
        upstream = Wire(tunnel.fd, tunnel.tls)

        def released() -> None:
            self._left += 1

        session = Session(
            loop,
            client,
            upstream,
            watchers=watchers,
            words=words,
            idle_s=self.idle_s,
            terminate_s=self.terminate_s,
            released=released,
        )
        for watcher in watchers:
            try:
                watcher.began(session)
            except Exception:
                logger.exception("a session ends at once, since %r could not begin it", watcher)
                session.cut(_FAILED)
        loop.add(session, lambda: session.start(head, taken.early, tunnel.early))
        if self._draining:
            # The drain may have come before it.
            session.cut(STOPPING)
        return session

    def refuse(self, taken: Taken, head: bytes, cut: Cut, words: Words) -> None:
        """Answer a handshake, and end the session with a reason, without any upstream.

        Clients have a while to close. If as many again as there may be sessions take their time,
        the next ones have none.
        """
        try:
            loop = self._running()
            client = _client(taken)
        except BaseException:
            taken.release()
            raise
        patience_s = CLOSE_S if len(loop.sessions) < 2 * self.max_sessions else 0.0
        farewell = Farewell(loop, client, cut, words, patience_s=patience_s)
        loop.add(farewell, lambda: farewell.start(head, taken.early))

    @property
    def open(self) -> int:
        """Sessions and handshakes under way in this process."""
        return self._entered - self._left

    def begin_drain(self) -> Loop | None:
        """Let no session in any more, and end all; return the loop that does it."""
        self._draining = True
        loop = self._loop
        if loop is not None:

            def cut_all() -> None:
                for session in list(loop.sessions):
                    session.cut(STOPPING)

            loop.call(cut_all)
        return loop

    def drain(self) -> None:
        """Let no session in any more; end all of them, and wait until their ends are written."""
        loop = self.begin_drain()
        if loop is None:
            return
        until = time.monotonic() + self.drain_s + _SLACK_S
        while (self.open or loop.sessions or loop.untold) and time.monotonic() < until:
            time.sleep(0.01)
        left = len(loop.sessions)
        if left:
            logger.error("%d sessions did not end in time; settlement closes their rows", left)

    def close(self) -> None:
        """Drain, and end the threads."""
        self.drain()
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()

    def _look(self) -> None:
        """Begin to drain as soon as the process is to end.

        It does not end before its requests have, those whose threads sessions hold among them, and
        its server may lose patience first.
        """
        if not self._draining and is_stopping():
            self.begin_drain()

    def _running(self) -> Loop:
        loop = self._loop
        if loop is None:
            with self._alone():
                ticks = ((_LOOK_S, self._look), *self._ticks)
                loop = self._loop = self._loop or Loop(Background("assemblyai-mw-sessions", ticks))
        return loop

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Start threads one after the other, and hold no lock meanwhile.

        Starting a thread lets other greenlets run, and a lock that was made before gevent came
        would stop them all.
        """
        while True:
            with self._lock:
                is_free, self._starting = not self._starting, True
            if is_free:
                break
            time.sleep(0.001)
        try:
            yield
        finally:
            self._starting = False

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        loop, self._loop = self._loop, None
        self._entered = self._left = 0
        self._starting = self._draining = False
        self.tls_threads = TLSThreads(self.tls_threads.limit)
        if loop is not None:
            loop.abandon()


def _client(taken: Taken) -> Wire:
    if taken.tls is not None:
        return HeldWire(taken.tls, on_close=taken.release)
    keep_alive(taken.fd)
    return Wire(taken.fd, on_close=taken.release)


@atexit.register
def _drain_all() -> None:
    running = list(_all)
    for each in running:
        each.begin_drain()
    for each in running:
        each.drain()


def _forget_all() -> None:
    for each in list(_all):
        each._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
