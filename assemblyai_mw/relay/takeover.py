"""Takes the client's connection out of the server's hands, so that no thread is held.

The server's descriptor is turned into a dead end: one end of a socket pair, of which the other end
swallows what the server writes and gives it the end of the stream to read. So the server can write
its reply, keep the connection alive, drain, shut down, close and log as ever, and none of it meets
the session, which has a descriptor of its own. A plain dup() would share the connection instead: a
server's shutdown() would end it, and its keep-alive loop would read the client's frames. An epoll
entry of the connection may stay with the server; gevent, which leaves one, rids itself of it.

TLS at the server itself cannot be moved, since the state of the encryption is in the server's
socket. There the server's thread waits until the session ends, and the number of such threads is
bounded.
"""

from __future__ import annotations

import _socket
import contextlib
import functools
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .servers import ServerConnection, Ungrippable, locate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Grip", "TLSThreads", "Taken", "Ungrippable", "can_take", "find"]

_TLS_ONE_THREAD = (
    "speaks TLS itself and has one thread, which a session would hold; give it more threads, or "
    "let a proxy in front of it do TLS"
)
_TLS = (
    "speaks TLS itself, so that each session holds a thread, and those that sessions may hold are "
    "taken; let a proxy in front of it do TLS"
)


class TLSThreads:
    """The server's threads that sessions over the server's own TLS may hold at once.

    Args:
        limit: How many. The others are left for ordinary requests, so keep it well below the
            server's number of threads.
    """

    def __init__(self, limit: int = 2) -> None:
        self.limit = limit
        # A seat can meet its end by garbage collection while this thread has the lock.
        self._lock = threading.RLock()
        self._held = 0

    def is_full(self) -> bool:
        return self._held >= self.limit

    def take(self) -> _Seat | None:
        """Return a seat, which is given back by its `leave()` or its end; None: all are taken."""
        with self._lock:
            if self.is_full():
                return None
            self._held += 1
        return _Seat(self)

    def _give_back(self) -> None:
        with self._lock:
            self._held -= 1


class _Seat:
    def __init__(self, threads: TLSThreads) -> None:
        self._threads: TLSThreads | None = threads

    def leave(self) -> None:
        threads, self._threads = self._threads, None
        if threads is not None:
            threads._give_back()

    def __del__(self) -> None:
        self.leave()


class DeadEndBody:
    """The empty WSGI body of a session's 101.

    The server closes it after its work on the reply. With *until*, the server's thread waits for
    that event first.
    """

    def __init__(self, swallows: _socket.socket, until: threading.Event | None = None) -> None:
        self._swallows = swallows
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        if self._until is not None:
            self._until.wait()
        # uWSGI writes the head at the first item, or else after close().
        return iter((b"",))

    def close(self) -> None:
        self._swallows.close()


@dataclass(slots=True)
class Taken:
    """The client's connection, now the session's.

    Attributes:
        fd: The connection, non-blocking; -1 where *tls* is set. Only `release()` closes it.
        tls: The server's TLS socket, non-blocking, where the server's thread is held.
        early: Bytes that the client sent behind its handshake and the server has read already.
        body: The WSGI body to return. Close it yourself where you do not return it.
    """

    fd: int
    tls: ssl.SSLSocket | None
    early: bytes
    body: DeadEndBody
    # One, until it has run. A list's pop() needs no lock; gevent and eventlet replace those, and
    # theirs are for greenlets.
    _ends: list[Callable[[], None]]

    def release(self) -> None:
        """Close the connection, and let the server's thread go on if it was held.

        From any thread, any number of times. Nobody may use `fd` or `tls` afterwards.
        """
        try:
            end = self._ends.pop()
        except IndexError:
            return
        end()


@dataclass(slots=True)
class Grip:
    """A connection that can be taken.

    Attributes:
        server: The server's name.
        holds_thread: The server's thread has to wait until the session ends.
    """

    server: str
    holds_thread: bool
    _connection: ServerConnection
    _seat: _Seat | None = None

    def is_left(self) -> bool:
        """Whether the client has left already, as far as can be seen without waiting."""
        with contextlib.closing(_socket.socket(fileno=os.dup(self._connection.fd))) as connection:
            try:
                return not connection.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                return True

    def take(self) -> Taken:
        """Take the connection; once, in the request's own thread or greenlet.

        Raises:
            OSError: No descriptor is left, or the connection is gone. The server still has
                what it had.
        """
        tls, fd = self._connection.tls, self._connection.fd
        dead, swallows = dead_end(fd)
        try:
            return self._move(dead, swallows) if tls is None else self._hold(tls, dead, swallows)
        except BaseException:
            dead.close()
            swallows.close()
            raise

    def cancel(self) -> None:
        """Give back what the grip reserves, if the connection will not be taken."""
        if self._seat is not None:
            self._seat.leave()

    def _move(self, dead: _socket.socket, swallows: _socket.socket) -> Taken:
        read = self._connection.read
        mine = move(self._connection.fd, dead)
        try:
            # Behind what the server has read already lies the dead end: nothing here waits.
            early = b"".join(iter(read, b"")) if read is not None else b""
        except BaseException:
            os.close(mine)
            raise
        dead.close()
        return Taken(mine, None, early, DeadEndBody(swallows), [functools.partial(os.close, mine)])

    def _hold(self, tls: ssl.SSLSocket, dead: _socket.socket, swallows: _socket.socket) -> Taken:
        until, timeout, read = threading.Event(), tls.gettimeout(), self._connection.read
        early = b""
        tls.setblocking(False)
        if read is not None:
            # One read gives everything that lies above TLS.
            with contextlib.suppress(OSError):
                early = read()

        def end() -> None:
            with contextlib.suppress(OSError, ValueError):
                # Sends close_notify; the client's own is not waited for.
                tls.unwrap()
            with contextlib.suppress(OSError):
                # The number may be another's if the server has closed its socket meanwhile.
                if tls.fileno() >= 0:
                    os.dup2(dead.fileno(), tls.fileno(), inheritable=False)
                    tls.settimeout(timeout)
            dead.close()
            self.cancel()
            until.set()

        return Taken(-1, tls, early, DeadEndBody(swallows, until), [end])


def find(environ: WSGIEnvironment, tls_threads: TLSThreads | None = None) -> Grip | Ungrippable:
    """Find the client's connection; it stays the server's until `Grip.take`.

    Args:
        environ: The server's own environ, with its `wsgi.input`.
        tls_threads: The threads for sessions over the server's own TLS. None: no such sessions.
    """
    found = _find(environ, tls_threads)
    if isinstance(found, Ungrippable):
        return found
    if found.tls is None:
        return Grip(found.server, False, found)
    seat = tls_threads.take() if tls_threads is not None else None
    return (
        Ungrippable(found.server, _TLS) if seat is None else Grip(found.server, True, found, seat)
    )


def can_take(environ: WSGIEnvironment, tls_threads: TLSThreads | None = None) -> bool:
    """Whether `find` would give a grip now; reserves nothing."""
    return not isinstance(_find(environ, tls_threads), Ungrippable)


def _find(
    environ: WSGIEnvironment, tls_threads: TLSThreads | None
) -> ServerConnection | Ungrippable:
    found = locate(environ)
    if isinstance(found, Ungrippable) or found.tls is None:
        return found
    if not environ.get("wsgi.multithread"):
        return Ungrippable(found.server, _TLS_ONE_THREAD)
    if tls_threads is None or tls_threads.is_full():
        return Ungrippable(found.server, _TLS)
    return found


def dead_end(fd: int) -> tuple[_socket.socket, _socket.socket]:
    """Return the dead end that the server of *fd* gets, and the socket behind it.

    `_socket`, here and above, since gevent and eventlet replace `socket`.
    """
    dead, swallows = _socket.socketpair()
    try:
        # A read gives the end of the stream at once.
        swallows.shutdown(_socket.SHUT_WR)
        # A greenlet's server relies on it.
        os.set_blocking(dead.fileno(), os.get_blocking(fd))
    except BaseException:
        dead.close()
        swallows.close()
        raise
    return dead, swallows


def move(fd: int, dead: _socket.socket) -> int:
    """Return a descriptor of the connection *fd*, non-blocking; *fd* becomes the dead end.

    Raises:
        OSError: No descriptor is left, or the connection is gone; *fd* is as it was.
    """
    mine = os.dup(fd)
    try:
        os.dup2(dead.fileno(), fd, inheritable=False)
        # Not before: the server's descriptor shared the flag.
        os.set_blocking(mine, False)
    except BaseException:
        os.close(mine)
        raise
    return mine
