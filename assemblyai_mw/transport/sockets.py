"""The default transport: a thin HTTP/1.1 client on pooled sockets.

General clients rewrite URLs, add headers, or take a short body for a complete one; a proxy must do
none of that. So the request head is written here, from the values that `http` checked, and the
reply is read by llhttp (`httptools`) in its strict mode. `reply.Head` decides the cases that llhttp
leaves open: replies to HEAD, interim replies, versions, limits.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
import weakref
from functools import partial

from ..errors import UpstreamError, UpstreamTimeout
from ..secret import HiddenBytes
from .base import Request, Timeouts
from .connection import CUT_OFF, TIMED_OUT, Connection
from .origin import Origin
from .piped import PipedConnection, piped
from .pool import Pool
from .proxy import Proxy, open_tunnel
from .reply import READ_BYTES, Head, ReplyBody
from .tickets import Ticket, Tickets
from .tls import client_context
from .tunnel import TLSPipe, Tunnel, keep_alive
from .upload import JOIN_BYTES, send_blocks

# RFC 9110 9.2.2. Only these may be sent a second time, and only without a body.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class _Gone(Exception):
    """The connection died before a byte of the reply."""


_all: weakref.WeakSet[SocketTransport] = weakref.WeakSet()


class SocketTransport:
    """The default transport: pooled sockets, last used first, one pool a process.

    Connections are made on demand and never cross a fork. TLS verifies the chain against certifi or
    *ca_file*, and the name against the configured host. With a *proxy*, https goes through a tunnel
    (CONNECT), in which the proxy can read nothing; plain http, to this machine, goes direct. If a
    pooled connection turns out to be dead, a request without a body is sent again once; other
    requests never are.

    Args:
        ca_file: PEM file of the authorities to trust instead of certifi's; `system` for the
            operating system's.
        proxy: The HTTP proxy to go through.
        ssl_context: Instead of the default one and *ca_file*.
    """

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        proxy: Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._ssl_context = ssl_context
        self._ca_file = ca_file
        self._proxy = proxy
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._pools: dict[str, Pool] = {}
        self._tickets = Tickets()
        _all.add(self)

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> ReplyBody:
        """Send *request*; see `Transport.send`."""
        now = time.monotonic()
        deadline = now + timeouts.total_s
        pool = self._pool(origin)
        connection = pool.take(now)
        if connection is not None:
            connection.read_s, connection.deadline = timeouts.read_s, deadline
            try:
                return _exchange(connection, pool, origin, request)
            except _Gone as error:
                if request.method not in IDEMPOTENT or request.body is not None:
                    raise UpstreamError("the connection ended without a reply") from error
        connection = self._connect(origin, timeouts, deadline)
        connection.read_s, connection.deadline = timeouts.read_s, deadline
        head = Head(request.method)
        try:
            data = _read_head(connection, origin, request, head)
        except _Gone as error:
            raise UpstreamError("the connection ended without a reply") from error
        # Before the reply has the connection: it may put it into the pool, for another thread.
        if connection.tls is not None:
            self._keep_ticket(origin, connection.tls)
        return ReplyBody(head, data, connection, pool)

    def upgrade(self, origin: Origin, request: Request, timeouts: Timeouts) -> ReplyBody | Tunnel:
        """Send *request*, and open a tunnel where the upstream agrees; see `Upgrading.upgrade`."""
        deadline = time.monotonic() + timeouts.total_s
        connection = self._connect(origin, timeouts, deadline, tunnel=True)
        connection.read_s, connection.deadline = timeouts.read_s, deadline
        head = Head(request.method, may_upgrade=True)
        try:
            data = _read_head(connection, origin, request, head)
        except _Gone as error:
            raise UpstreamError("the connection ended without a reply") from error
        if head.status != 101:
            # It is made to become a tunnel: its TLS and its timeouts are not a pooled one's.
            head.reusable = False
            return ReplyBody(head, data, connection, self._pool(origin))
        head.end()
        pipe = None
        if isinstance(connection, PipedConnection):
            pipe, data = connection.pipe, data + connection.plain
        return Tunnel(
            reason=head.reason,
            headers=head.headers,
            fd=connection.socket.detach(),
            tls=pipe,
            early=data,
        )

    def reach(self, origin: Origin, timeouts: Timeouts) -> None:
        """Connect to *origin*, TLS included, and send nothing.

        Raises:
            UpstreamError: It cannot be reached.
        """
        self._connect(origin, timeouts, time.monotonic() + timeouts.total_s).close()

    def close(self) -> None:
        """Close the idle connections of this process."""
        for pool in list(self._pools.values()):
            pool.close()

    def __del__(self) -> None:
        # Otherwise each idle socket would be an error in hosts' tests that make warnings errors.
        if os.getpid() == self._pid:
            self.close()

    def _begin_in_child(self) -> None:
        """Let go of what came through a fork, before this process opens anything."""
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._tickets = Tickets()
        inherited, self._pools = self._pools, {}
        for pool in inherited.values():
            pool.forget()

    def _pool(self, origin: Origin) -> Pool:
        try:
            return self._pools[origin.url]
        except KeyError:
            return self._pools.setdefault(origin.url, Pool())

    def _connect(
        self, origin: Origin, timeouts: Timeouts, deadline: float, *, tunnel: bool = False
    ) -> Connection:
        now = time.monotonic()
        limit = min(timeouts.connect_s, max(deadline - now, 0.001))
        raw = self._open(origin, limit)
        try:
            if tunnel:
                return self._begin_tunnel(raw, origin, now + limit)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme == "https":
                context = self._context()
                ticket = self._tickets.find(origin) if _resumes(context) else None
                # Ragged ends must show: a body that ends with its connection may be cut.
                raw = context.wrap_socket(
                    raw,
                    server_hostname=origin.host,
                    suppress_ragged_eofs=False,
                    session=None if ticket is None else ticket.session,
                )
            return Connection.over(raw)
        except TimeoutError as error:
            raw.close()
            raise UpstreamTimeout(f"the TLS handshake took over {limit:g} s") from error
        except OSError as error:
            raw.close()
            raise UpstreamError(f"TLS failed: {_reason(error)}") from error
        except BaseException:
            raw.close()
            raise

    def _open(self, origin: Origin, limit: float) -> socket.socket:
        """Return a socket to *origin*, through the proxy if its kind goes there."""
        until = time.monotonic() + limit
        proxy = self._proxy if origin.scheme == "https" else None
        to = "" if proxy is None else " to the proxy"
        try:
            at = (origin.host, origin.port) if proxy is None else (proxy.host, proxy.port)
            raw = socket.create_connection(at, timeout=limit)
        except TimeoutError as error:
            raise UpstreamTimeout(f"connecting{to} took over {limit:g} s") from error
        except (OSError, UnicodeError) as error:
            raise UpstreamError(f"cannot connect{to}: {_reason(error)}") from error
        if proxy is None:
            return raw
        try:
            open_tunnel(raw, proxy, origin, until)
            raw.settimeout(max(until - time.monotonic(), 0.001))
        except TimeoutError as error:
            raw.close()
            raise UpstreamTimeout(f"the proxy took over {limit:g} s") from error
        except OSError as error:
            raw.close()
            raise UpstreamError(f"the proxy failed: {_reason(error)}") from error
        except BaseException:
            raw.close()
            raise
        return raw

    def _begin_tunnel(self, raw: socket.socket, origin: Origin, until: float) -> Connection:
        """Return a connection that can be handed on: Python keeps its time, not its descriptor."""
        keep_alive(raw.fileno())
        if origin.scheme != "https":
            return Connection(raw)
        ticket = self._tickets.find(origin)
        keep = partial(self._tickets.keep, origin)
        return piped(raw, TLSPipe(self._context(), origin.host, ticket=ticket, keep=keep), until)

    def _keep_ticket(self, origin: Origin, tls: ssl.SSLSocket) -> None:
        """Keep the session of a new connection, if its certificate was checked.

        Once the reply's head is there, so are TLS 1.3's tickets: servers send them first. Python
        copies a session to give it out, which takes a fifth of a handshake.
        """
        if tls.session_reused or not _resumes(tls.context):
            return
        session = tls.session
        if session is not None and (session.has_ticket or session.id):
            self._tickets.keep(origin, Ticket(session, time.monotonic()))

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            with self._lock:
                if self._ssl_context is None:
                    try:
                        self._ssl_context = client_context(self._ca_file)
                    except OSError as error:
                        # It was checked at start, and has changed since.
                        named = self._ca_file or "certifi"
                        raise UpstreamError(
                            f"ca_file: no certificates in {named}: {_reason(error)}"
                        ) from error
        return self._ssl_context


def _resumes(context: ssl.SSLContext) -> bool:
    """Whether OpenSSL itself checks certificates.

    Other contexts, such as truststore's, look at the chain, which a resumed handshake lacks.
    """
    return type(context) is ssl.SSLContext


def _exchange(connection: Connection, pool: Pool, origin: Origin, request: Request) -> ReplyBody:
    """Send the request on *connection* and read the reply's head."""
    head = Head(request.method)
    data = _read_head(connection, origin, request, head)
    return ReplyBody(head, data, connection, pool)


def _read_head(connection: Connection, origin: Origin, request: Request, head: Head) -> bytes:
    """Send the request and read the reply's head. Return the bytes after it.

    In every case but that, the connection is closed.
    """
    try:
        try:
            data = early = _write(connection, origin, request)
        except (*CUT_OFF, *TIMED_OUT):
            # A server may answer 413 without reading on, and then reset.
            data = early = connection.receive_ready(READ_BYTES)
            if not early:
                raise
        until = time.monotonic() + connection.read_s
        while not head.complete:
            if not data:
                data = connection.receive(READ_BYTES, until)
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
    if early:
        # The rest of the request was not sent: the next bytes would be taken for it.
        head.reusable = False
    return data


def _write(connection: Connection, origin: Origin, request: Request) -> bytes:
    """Write the request. Return the bytes that arrived before its end, mostly none."""
    body, chunked = request.body, request.length is None
    if isinstance(body, bytes) and len(body) <= JOIN_BYTES and not chunked:
        head, body = _head(origin, request, body), None
    else:
        head = _head(origin, request)
    request.sent = True
    connection.send(head)
    return b"" if body is None else send_blocks(connection, body, chunked=chunked)


def _head(origin: Origin, request: Request, body: bytes = b"") -> HiddenBytes:
    """Return the request's head and *body*. Calls nothing that fails with the key in hand."""
    line = f"{request.method} {origin.base_path}{request.target} HTTP/1.1"
    lines = [f"{name}: {value}\r\n" for name, value in request.headers]
    if request.length is not None:
        lines.append(f"Content-Length: {request.length}\r\n")
    elif request.body is not None:
        lines.append("Transfer-Encoding: chunked\r\n")
    head = f"{line}\r\nHost: {origin.authority}\r\n{''.join(lines)}\r\n".encode("latin-1")
    return HiddenBytes(head + body if body else head)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _begin_in_child() -> None:
    for transport in list(_all):
        transport._begin_in_child()


# Gunicorn and uWSGI fork by way of Python, which calls this in each worker before it serves.
os.register_at_fork(after_in_child=_begin_in_child)
