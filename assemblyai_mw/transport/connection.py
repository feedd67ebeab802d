"""A connection to an upstream: its socket, its timeouts, and whether it can be reused.

With many threads, a call's cost is less its own work than the releases of the interpreter's lock. A
Python socket with a timeout releases it twice for each read and write, to poll first. So the kernel
keeps the timeout here, where it can, and takes a small request without waiting, which needs no
release at all.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import ssl
import struct
import sys
import time
from dataclasses import dataclass

from ..secret import HiddenBytes
from .at_once import FLAGS, holding_the_lock

Socket = socket.socket
# Exceptions of a read or write that waited too long: Python's own timeout, and the kernel's.
TIMED_OUT = (TimeoutError, BlockingIOError)
# Exceptions if the peer has ended the connection.
CUT_OFF = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

# A timeval, as 64-bit Linux has it (socket(7), SO_RCVTIMEO).
_TIMEVAL = struct.Struct("ll")
# linux/tcp.h: the state is the first byte of struct tcp_info; 1 is ESTABLISHED.
_TCP, _TCP_INFO, _ESTABLISHED = socket.IPPROTO_TCP, 11, b"\1"
# linux/sock_diag.h and asm-generic/socket.h: how much memory the receive queue holds.
_SOCKET, _SO_MEMINFO, _NONE_QUEUED = socket.SOL_SOCKET, 55, bytes(4)
# Bytes that the kernel copies in less time than the interpreter's lock takes to get back.
_SMALL_BYTES = 16 * 1024
# Most waits begin with the full timeout; a slightly shorter one is not worth a system call.
_SLACK_S = 0.01


@dataclass(slots=True)
class Connection:
    """A connected socket, TLS included, and its timeouts.

    Attributes:
        read_s: Seconds that a read, or a piece of a request, may last in this exchange.
        deadline: The moment (`time.monotonic`) at which everything of this exchange ends.
        idle_since: The moment from which it had nothing to do.
        tls: The socket, if it is TLS's.
    """

    socket: Socket
    read_s: float = 0.0
    deadline: float = 0.0
    idle_since: float = 0.0
    tls: ssl.SSLSocket | None = None
    # The kernel reports the state of its end; it also keeps the timeout.
    _told: bool = False
    _by_kernel: bool = False
    # The current timeout of waits; none yet.
    _wait_s: float = -math.inf

    @classmethod
    def over(cls, sock: Socket) -> Connection:
        """Return the connection over a connected socket, TLS included."""
        told = _kernel_tells(sock)
        connection = cls(sock, _told=told, _by_kernel=told and _kernel_keeps_time(sock))
        if connection._by_kernel:
            sock.settimeout(None)
        if isinstance(sock, ssl.SSLSocket):
            connection.tls = sock
        return connection

    def is_quiet(self) -> bool:
        """Whether it is still open and has no unexpected data."""
        try:
            if self._told:
                ask = self.socket.getsockopt
                return (
                    ask(_TCP, _TCP_INFO, 1) == _ESTABLISHED
                    and ask(_SOCKET, _SO_MEMINFO, 4) == _NONE_QUEUED
                )
            poll = select.poll()
            poll.register(self.socket, select.POLLIN | select.POLLPRI)
            return not poll.poll(0)
        except OSError:
            return False

    def send(self, data: bytes | HiddenBytes) -> None:
        """Send all of *data*, within `read_s` and before the deadline.

        `sendall` has two meanings: the kernel's timeout begins anew with each part of *data*
        that was taken, Python's holds for all of it.
        """
        now = time.monotonic()
        seconds = min(self.read_s, self.deadline - now)
        until = now + seconds
        if not -_SLACK_S < seconds - self._wait_s < _SLACK_S:
            self._wait(seconds)
        hidden = data if isinstance(data, HiddenBytes) else HiddenBytes(data)
        size = len(hidden.reveal())
        done = self._send_at_once(hidden) if self._by_kernel and size <= _SMALL_BYTES else 0
        try:
            if not done:
                done = self.socket.send(hidden.reveal())
            while done < size:
                self._wait(until - time.monotonic())
                done += self.socket.send(memoryview(hidden.reveal())[done:])
        except OSError as error:
            # `ssl` is Python, and its frames hold the data to send, including the key.
            raise error.with_traceback(None) from error.__cause__

    def _send_at_once(self, data: HiddenBytes) -> int:
        """Return how much of *data* the kernel took without waiting; 0 also where it failed."""
        send = holding_the_lock("send")
        if send is None:
            return 0
        size = len(data.reveal())
        return max(send(self.socket.fileno(), data.reveal(), size, FLAGS), 0)

    def receive(self, size: int, until: float | None = None) -> bytes:
        """Return the next bytes, *size* at most; empty if the peer has ended.

        It waits until the moment *until*, by default `read_s`, and never beyond the deadline.
        """
        now = time.monotonic()
        seconds = min(now + self.read_s if until is None else until, self.deadline) - now
        if not -_SLACK_S < seconds - self._wait_s < _SLACK_S:
            self._wait(seconds)
        return self.socket.recv(size)

    def receive_ready(self, size: int) -> bytes:
        """Return the bytes that are ready, *size* at most, without waiting."""
        timeout = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            return self.socket.recv(size)
        except OSError:
            return b""
        finally:
            self.socket.settimeout(timeout)

    def _wait(self, seconds: float) -> None:
        """Let the next reads and writes wait so long."""
        if seconds <= 0:
            raise TimeoutError
        self._wait_s = seconds
        if not self._by_kernel:
            self.socket.settimeout(seconds)
            return
        # A timeval of zero would be no timeout at all.
        micros = max(int(seconds * 1_000_000), 1000)
        value = _TIMEVAL.pack(*divmod(micros, 1_000_000))
        self.socket.setsockopt(_SOCKET, socket.SO_RCVTIMEO, value)
        self.socket.setsockopt(_SOCKET, socket.SO_SNDTIMEO, value)

    def close(self) -> None:
        """Close without a word more; the peer sees where the bytes end."""
        with contextlib.suppress(OSError):
            self.socket.close()


def wait_until(sock: Socket, until: float) -> None:
    """Let the next read or write of *sock* wait until that moment (`time.monotonic`).

    Raises:
        TimeoutError: It is past.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)


def _kernel_tells(sock: Socket) -> bool:
    """Whether the kernel reports a connection's state: on Linux, whatever runs above it."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return (
            sock.getsockopt(_TCP, _TCP_INFO, 1) == _ESTABLISHED
            and len(sock.getsockopt(_SOCKET, _SO_MEMINFO, 4)) == 4
        )
    except OSError:
        return False


def _kernel_keeps_time(sock: Socket) -> bool:
    """Whether SO_RCVTIMEO works: on 64-bit Linux, and not where gevent minds the sockets.

    Nor below TLS: on a blocking socket Python's `ssl` takes the kernel's timeout for a call
    to try again, and so waits for ever (`_ssl.c`, `PySSL_select`).
    """
    return _TIMEVAL.size == 16 and type(sock).__module__.partition(".")[0] == "socket"
