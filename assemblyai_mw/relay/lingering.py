"""Closes a connection whose client is still sending, so that the client can read its reply first.

A socket that is closed with bytes unread resets the connection, and the client may lose a reply
that it has already been sent. RFC 9112, section 9.6: close the writing side, read on for a while,
then close. No thread of the server waits meanwhile. The server gets a dead end in the connection's
place (see `takeover`), and one thread of the process drops the bytes of all such clients.
"""

from __future__ import annotations

import _socket
import atexit
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

from .loop import original
from .takeover import dead_end, move

if TYPE_CHECKING:
    from .servers import ServerConnection

# Read at once; the bytes are dropped.
_BLOCK_BYTES = 256 * 1024
# Of a connection that may not wait, as much as may have arrived is read.
_ARRIVED_BYTES = 1 << 20
# The longest sleep of the thread, which is not woken for a connection that ends sooner.
_ROUND_S = 1.0
# How long the end of the process waits for the clients.
_EXIT_S = 3.0


class Lingering:
    """The connections of a process that are read from until their clients have got their reply.

    Args:
        limit: How many at once. Each holds a descriptor.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._waiting: dict[int, _Client] = {}
        self._running = False
        # A real lock, for greenlets too: nothing waits while it is held.
        self._lock = original("_thread", "allocate_lock")()
        self._epoll: Any = None

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, connection: ServerConnection, *, max_bytes: int, seconds: float) -> None:
        """Take a connection from its server, which has written its reply, and close it later.

        It is closed when the client has closed it, after *max_bytes* or after *seconds*. Above
        the limit only what has arrived is read, and it is closed at once.

        Raises:
            OSError: No descriptor is left, or the connection is gone.
        """
        client = _Client(_moved(connection.fd), max_bytes, time.monotonic() + seconds)
        try:
            client.end_reply()
            # RuntimeError: no thread can be had.
            with self._lock, contextlib.suppress(RuntimeError):
                if len(self._waiting) < self.limit:
                    self._add(client)
                    return
            client.max_bytes = min(max_bytes, _ARRIVED_BYTES)
            client.drop(memoryview(bytearray(_BLOCK_BYTES)), to_end=True)
        except BaseException:
            client.close()
            raise
        client.close()

    def abandon(self) -> None:
        """Close what came through a fork: this process has no thread that minds it."""
        for client in self._waiting.values():
            client.close()
        if self._epoll is not None:
            self._epoll.close()
        Lingering.__init__(self, self.limit)

    def wait(self, seconds: float) -> None:
        """Return when no connection is left, or after *seconds*."""
        end, sleep = time.monotonic() + seconds, original("time", "sleep")
        while self._waiting and time.monotonic() < end:
            sleep(0.01)

    def _add(self, client: _Client) -> None:
        if self._epoll is None:
            self._epoll = original("select", "epoll")()
        if not self._running:
            # A greenlet would share its time with the host's requests. It waits for the lock.
            original("_thread", "start_new_thread")(self._run, ())
            self._running = True
        fd = client.sock.fileno()
        # epoll(7): reading alone is waited for; hang-ups and errors are told unasked.
        self._epoll.register(fd, 1)
        self._waiting[fd] = client

    def _run(self) -> None:
        buffer = memoryview(bytearray(_BLOCK_BYTES))
        while True:
            now = time.monotonic()
            with self._lock:
                over = [each for each in self._waiting.values() if each.deadline <= now]
                self._forget(over)
                if not self._waiting:
                    self._running = False
                    return
                first = min(each.deadline for each in self._waiting.values())
            ready = self._epoll.poll(min(max(first - now, 0.001), _ROUND_S))
            over = [
                client
                for fd, _ in ready
                if (client := self._waiting.get(fd)) and client.drop(buffer)
            ]
            with self._lock:
                self._forget(over)

    def _forget(self, clients: list[_Client]) -> None:
        for client in clients:
            fd = client.sock.fileno()
            with contextlib.suppress(OSError):
                self._epoll.unregister(fd)
            del self._waiting[fd]
            client.close()


class _Client:
    """A connection that is only read from. `_socket`, since gevent replaces `socket`."""

    __slots__ = ("deadline", "max_bytes", "sock")

    def __init__(self, sock: _socket.socket, max_bytes: int, deadline: float) -> None:
        self.sock = sock
        self.max_bytes = max_bytes
        self.deadline = deadline

    def end_reply(self) -> None:
        """Tell the client that nothing follows its reply."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(_socket.SHUT_WR)

    def drop(self, buffer: memoryview, *, to_end: bool = False) -> bool:
        """Drop what has arrived, a block of it or *to_end*; True: the connection is over."""
        while True:
            try:
                size = self.sock.recv_into(buffer)
            except BlockingIOError:
                return False
            except OSError:
                return True
            self.max_bytes -= size
            if not size or self.max_bytes <= 0:
                return True
            if not to_end:
                return False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.close()


def _moved(fd: int) -> _socket.socket:
    """Return a socket of the connection *fd*, non-blocking; *fd* becomes a dead end."""
    dead, swallows = dead_end(fd)
    with contextlib.closing(dead), contextlib.closing(swallows):
        sock = _socket.socket(fileno=move(fd, dead))
    # A socket has the host's default timeout.
    sock.setblocking(False)
    return sock


# The connections of callers without a key, and of those with one: a flood of the former leaves the
# latter their places.
STRANGERS = Lingering(64)
CALLERS = Lingering(64)


@atexit.register
def _wait_for_all() -> None:
    end = time.monotonic() + _EXIT_S
    for each in (STRANGERS, CALLERS):
        each.wait(end - time.monotonic())


def _abandon_all() -> None:
    STRANGERS.abandon()
    CALLERS.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
