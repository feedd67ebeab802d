"""A connection to an upstream: its socket, how long it may wait, whether it may serve again.

With many threads, what a call costs is less its own work than how often it lets go of the
interpreter's lock and must get it back. A Python socket with a timeout does that twice for
each read and write, to poll first. So the kernel keeps the time here, where it can.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import sys
import time
from dataclasses import dataclass

Socket = socket.socket
# What a read or a write that waited too long raises: Python's own timeout, and the kernel's.
TIMED_OUT = (TimeoutError, BlockingIOError)
# What one raises where the peer has ended the connection.
CUT_OFF = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

# A timeval, as 64-bit Linux has it (socket(7), SO_RCVTIMEO).
_TIMEVAL = struct.Struct("ll")
# linux/tcp.h: the state is the first byte of struct tcp_info; 1 is ESTABLISHED.
_ESTABLISHED = 1
# linux/sock_diag.h and asm-generic/socket.h: how much memory the receive queue holds.
_SO_MEMINFO = 55


@dataclass(slots=True)
class Connection:
    """A socket, whose waits last *timeout_s* at most, and when it was last used."""

    socket: Socket
    timeout_s: float
    idle_since: float = 0.0
    _by_kernel: bool = False
    _shortened: bool = False

    @classmethod
    def over(cls, sock: Socket, timeout_s: float) -> Connection:
        """Return the connection over a connected socket, TLS included."""
        connection = cls(sock, timeout_s, _by_kernel=_kernel_keeps_time(sock))
        if connection._by_kernel:
            sock.settimeout(None)
        connection._set(timeout_s)
        return connection

    def is_quiet(self) -> bool:
        """Whether it is still open and has said nothing out of turn."""
        try:
            if self._by_kernel:
                state = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
                queued = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4)
                return state[0] == _ESTABLISHED and not any(queued)
            poll = select.poll()
            poll.register(self.socket, select.POLLIN | select.POLLPRI)
            return not poll.poll(0)
        except OSError:
            return False

    def holds_more(self) -> bool:
        """Whether TLS has undone bytes that nobody asked for: the system shows none of them."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def wait_until(self, moment: float) -> None:
        """Let the next read or write wait until *moment*, and *timeout_s* at most."""
        remaining = moment - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        # Most waits begin with all of their time; a hair less is not worth a system call.
        if remaining < self.timeout_s - 0.01:
            self._shortened = True
            self._set(remaining)
        elif self._shortened:
            self._shortened = False
            self._set(self.timeout_s)

    def send(self, data: bytes, deadline: float) -> None:
        """Send all of *data* within *timeout_s*, and before *deadline*.

        `sendall` has two meanings: the kernel's timeout begins anew with each part of *data*
        that was taken, Python's holds for all of it.
        """
        until = min(time.monotonic() + self.timeout_s, deadline)
        self.wait_until(until)
        done = self.socket.send(data)
        while done < len(data):
            self.wait_until(until)
            done += self.socket.send(memoryview(data)[done:])

    def ready(self, size: int) -> bytes:
        """Return what lies ready to be read, *size* bytes at most, without waiting."""
        timeout = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            return self.socket.recv(size)
        except OSError:
            return b""
        finally:
            self.socket.settimeout(timeout)

    def use_timeout(self, timeout_s: float) -> None:
        """Begin a new exchange, in which no wait is longer than *timeout_s*."""
        if self._shortened or timeout_s != self.timeout_s:
            self.timeout_s, self._shortened = timeout_s, False
            self._set(timeout_s)

    def _set(self, seconds: float) -> None:
        if not self._by_kernel:
            self.socket.settimeout(seconds)
            return
        # A timeval of zero would be no timeout at all.
        micros = max(int(seconds * 1_000_000), 1000)
        value = _TIMEVAL.pack(*divmod(micros, 1_000_000))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)

    def close(self) -> None:
        """Close without a word more; the peer sees where the bytes end."""
        with contextlib.suppress(OSError):
            self.socket.close()


def _kernel_keeps_time(sock: Socket) -> bool:
    """Whether SO_RCVTIMEO works: on 64-bit Linux, and not where gevent minds the sockets.

    Nor below TLS: on a blocking socket Python's `ssl` takes the kernel's timeout for a call
    to try again, and so waits for ever (`_ssl.c`, `PySSL_select`).
    """
    if not sys.platform.startswith("linux") or _TIMEVAL.size != 16:
        return False
    if type(sock).__module__.partition(".")[0] != "socket":
        return False
    try:
        return (
            sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED
            and len(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4)) == 4
        )
    except OSError:
        return False
