"""The default transport: a thin HTTP/1.1 client on pooled sockets.

A general client rewrites URLs, adds headers, or takes a short body for a whole one; a
proxy may do none of that. So the request head is written here, from what `http` has
checked, and the reply is read by llhttp (`httptools`), strict as it comes. What llhttp
leaves open is decided in `reply.Head`: replies to HEAD, interim replies, versions, limits.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator

import certifi

from ..errors import UpstreamError, UpstreamTimeout
from .ahead import Ahead
from .base import Origin, Request, Timeouts
from .connection import CUT_OFF, TIMED_OUT, Connection
from .reply import Head, ReplyBody

READ_BYTES = 64 * 1024
# Larger uploads are sent while their next block is read; a thread is not worth less.
AHEAD_AFTER_BLOCKS = 4
# What a large body in one piece is cut into: the time to send is a block's, not the body's.
BLOCK_BYTES = 1 << 20
# Blocks above this go out by a call of their own rather than through a copy.
JOIN_BYTES = 64 * 1024
MAX_IDLE_CONNECTIONS = 64
# Load balancers close idle connections after 60 s and more; a request should not race that.
MAX_IDLE_SECONDS = 30.0
# RFC 9110 9.2.2. Only these may be sent a second time, and only without a body.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class _Gone(Exception):
    """The connection died before a byte of the reply."""


class SocketTransport:
    """The default transport: pooled sockets, last used first, one pool a process.

    Connections are made when first needed and never cross a fork. TLS verifies the chain
    against certifi and the name against the configured host. A request without a body is
    sent again, once, where a pooled connection turns out to have died; nothing else ever is.

    Args:
        ssl_context: Instead of the default one, for hosts behind a private CA.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._idle: dict[Origin, deque[Connection]] = {}

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> ReplyBody:
        """Send *request*; see `Transport.send`."""
        deadline = time.monotonic() + timeouts.total_s
        connection = self._take_idle(origin, timeouts.read_s)
        if connection is not None:
            try:
                return self._exchange(connection, origin, request, timeouts, deadline)
            except _Gone as error:
                if request.method not in IDEMPOTENT or request.body is not None:
                    raise UpstreamError("the connection ended without a reply") from error
        connection = self._connect(origin, timeouts, deadline)
        try:
            return self._exchange(connection, origin, request, timeouts, deadline)
        except _Gone as error:
            raise UpstreamError("the connection ended without a reply") from error

    def close(self) -> None:
        """Close the idle connections of this process."""
        for pool in list(self._idle.values()):
            while pool:
                pool.pop().close()

    def __del__(self) -> None:
        # Hosts whose tests make warnings errors would else hear of each idle socket.
        if os.getpid() == self._pid:
            self.close()

    def _pool(self, origin: Origin) -> deque[Connection]:
        pid = os.getpid()
        if pid != self._pid:
            with self._lock:
                if pid != self._pid:
                    # The parent's sockets: closing our copies leaves its own open.
                    inherited, self._idle = self._idle, {}
                    for pool in inherited.values():
                        for connection in pool:
                            _drop_inherited(connection)
                    self._pid = pid
        pool_ = self._idle.get(origin)
        if pool_ is None:
            pool_ = self._idle.setdefault(origin, deque(maxlen=MAX_IDLE_CONNECTIONS))
        return pool_

    def _take_idle(self, origin: Origin, timeout_s: float) -> Connection | None:
        pool = self._pool(origin)
        while pool:
            try:
                connection = pool.pop()
            except IndexError:
                break
            idle = time.monotonic() - connection.idle_since
            if idle < MAX_IDLE_SECONDS and connection.is_quiet():
                connection.use_timeout(timeout_s)
                return connection
            connection.close()
        return None

    def release(self, origin: Origin, connection: Connection) -> None:
        """Put a connection back whose reply was read to its end, and nothing more."""
        pool = self._pool(origin)
        if len(pool) >= MAX_IDLE_CONNECTIONS or connection.holds_more():
            connection.close()
            return
        connection.idle_since = time.monotonic()
        pool.append(connection)

    def _connect(self, origin: Origin, timeouts: Timeouts, deadline: float) -> Connection:
        limit = min(timeouts.connect_s, max(deadline - time.monotonic(), 0.001))
        try:
            raw = socket.create_connection((origin.host, origin.port), timeout=limit)
        except TimeoutError as error:
            raise UpstreamTimeout(f"connecting took over {limit:g} s") from error
        except (OSError, UnicodeError) as error:
            raise UpstreamError(f"cannot connect: {_reason(error)}") from error
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme == "https":
                # Ragged ends must show: a body that ends with its connection may be cut.
                raw = self._context().wrap_socket(
                    raw, server_hostname=origin.host, suppress_ragged_eofs=False
                )
            return Connection.over(raw, timeouts.read_s)
        except TimeoutError as error:
            raw.close()
            raise UpstreamTimeout(f"the TLS handshake took over {limit:g} s") from error
        except OSError as error:
            raw.close()
            raise UpstreamError(f"TLS failed: {_reason(error)}") from error

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            with self._lock:
                if self._ssl_context is None:
                    context = ssl.create_default_context(cafile=certifi.where())
                    context.minimum_version = ssl.TLSVersion.TLSv1_2
                    self._ssl_context = context
        return self._ssl_context

    def _exchange(
        self,
        connection: Connection,
        origin: Origin,
        request: Request,
        timeouts: Timeouts,
        deadline: float,
    ) -> ReplyBody:
        """Send the request on *connection* and read the reply's head."""
        head = Head(request.method)
        try:
            early = _write(connection, origin, request, deadline)
            reading_until = min(time.monotonic() + connection.timeout_s, deadline)
            data = early
            while not head.complete:
                if not data:
                    connection.wait_until(reading_until)
                    data = connection.socket.recv(READ_BYTES)
                    if not data:
                        raise EOFError
                data = head.feed(data)
        except (EOFError, *CUT_OFF) as error:
            connection.close()
            if head.started:
                raise UpstreamError("the reply ended within its head") from error
            raise _Gone from error
        except TIMED_OUT as error:
            connection.close()
            raise UpstreamTimeout("the reply took too long") from error
        except OSError as error:
            connection.close()
            raise UpstreamError(f"the connection failed: {_reason(error)}") from error
        except BaseException:
            connection.close()
            raise
        return ReplyBody(
            head,
            data,
            connection,
            deadline,
            # An early reply leaves the rest of the request unsent: no second use.
            release=None if early else lambda: self.release(origin, connection),
        )


def _write(connection: Connection, origin: Origin, request: Request, deadline: float) -> bytes:
    """Write the request. Return what came back before it was all out, mostly nothing.

    A server may answer 413 without reading on, and then reset: its reply must not be lost.
    """
    request.sent = True
    try:
        return _write_all(connection, _head(origin, request), request, deadline)
    except (*CUT_OFF, *TIMED_OUT):
        early = connection.ready(READ_BYTES)
        if early:
            return early
        raise


def _head(origin: Origin, request: Request) -> bytes:
    lines = [
        f"{request.method} {origin.base_path}{request.target} HTTP/1.1\r\nHost: {origin.authority}"
    ]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.length is not None:
        lines.append(f"Content-Length: {request.length}")
    elif request.body is not None:
        lines.append("Transfer-Encoding: chunked")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _write_all(connection: Connection, head: bytes, request: Request, deadline: float) -> bytes:
    body = request.body
    if body is None:
        connection.send(head, deadline)
        return b""
    if isinstance(body, bytes):
        if len(body) <= JOIN_BYTES:
            connection.send(head + body, deadline)
            return b""
        body = _cut(body)
    connection.send(head, deadline)
    return _write_blocks(connection, iter(body), deadline, chunked=request.length is None)


def _write_blocks(
    connection: Connection, blocks: Iterator[bytes], deadline: float, *, chunked: bool
) -> bytes:
    """Write *blocks*, looking for an early reply between two of them."""
    with contextlib.closing(Ahead(lambda piece: connection.send(piece, deadline))) as ahead:
        try:
            for number, block in enumerate(filter(None, blocks)):
                if not connection.is_quiet():
                    # Only one thread at a time may use the socket: it may be TLS.
                    ahead.wait()
                    early = connection.ready(READ_BYTES)
                    if early:
                        return early
                framed = _framed(block) if chunked else (block,)
                if number < AHEAD_AFTER_BLOCKS:
                    for piece in framed:
                        connection.send(piece, deadline)
                else:
                    ahead.put(framed)
            ahead.wait()
            if chunked:
                connection.send(b"0\r\n\r\n", deadline)
        except (*CUT_OFF, *TIMED_OUT):
            raise
        except BaseException:
            # The client's body broke off: what waits is not worth sending, nor waiting for.
            ahead.drop()
            with contextlib.suppress(OSError):
                # Not TLS's own: that takes the encryption off a socket on which the other
                # thread may be about to send.
                socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
            raise
    return b""


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK_BYTES):
        yield body[start : start + BLOCK_BYTES]


def _framed(block: bytes) -> tuple[bytes, ...]:
    """Return a chunk in as few pieces as are worth a copy (RFC 9112 7.1)."""
    if len(block) <= JOIN_BYTES:
        return (b"%x\r\n%b\r\n" % (len(block), block),)
    return (b"%x\r\n" % len(block), block, b"\r\n")


def _drop_inherited(connection: Connection) -> None:
    """Close a socket that came through a fork, without TLS telling the peer anything."""
    with contextlib.suppress(OSError):
        os.close(connection.socket.detach())


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
