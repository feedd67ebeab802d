"""The stand-in on a socket: a small threaded HTTP/1.1 server for tests, on loopback.

It streams both ways without buffering, takes chunked bodies, keeps connections alive
and shows the header fields as they came. Waitress reads a whole upload before the app
sees it, Werkzeug's server closes every connection, wsgiref speaks HTTP/1.0; none of
them could show what a proxy really sent.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ..config import DEFAULT_ROUTES
from ..routes import route_for
from .fake import STOP_KEY, FakeAssemblyAI
from .faults import ConnectionCut
from .seen import HEADERS_KEY
from .upgrade import UPGRADE_KEY, Talk

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.testing")
DRAIN_BYTES = 1 << 20
BLOCK_BYTES = 64 << 10
# Werkzeug's name: what takes a connection over from its server does so from this one too.
SOCKET_KEY = "werkzeug.socket"
BODILESS = frozenset({"101", "204", "304"})


@contextlib.contextmanager
def serve(app: WSGIApplication, *, port: int = 0) -> Iterator[str]:
    """Serve a WSGI app on 127.0.0.1 while the block runs; gives its URL, without a slash.

    One thread a connection. At the end of the block every connection is closed and every
    thread has ended, also those that a fault made wait. An app that takes a connection over
    (`werkzeug.socket` in the environ) closes it itself.

    Args:
        app: A `FakeAssemblyAI`, one of its `host(...)`s, or any other WSGI app.
        port: 0 lets the system choose.
    """
    server = _Server(app, port)
    try:
        yield server.url
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class Hosts:
    """Stand-ins for all of AssemblyAI's hosts, on loopback.

    Attributes:
        us, eu: The two zones; their `requests` hold the requests received. `us` plays the hosts
            without a zone.
        routes: Prefix to URL, for `routes:` in a configuration.
    """

    us: FakeAssemblyAI
    eu: FakeAssemblyAI
    routes: dict[str, str]


@contextlib.contextmanager
def serve_all(
    us: FakeAssemblyAI | None = None, eu: FakeAssemblyAI | None = None, *, port: int = 0
) -> Iterator[Hosts]:
    """Serve every host of both regions, each on its own port.

    A prefix with `us.` leads to the same port as the one without. The hosts of one region
    share their state, as AssemblyAI's do. The regions share nothing, not even keys: `US_KEY`
    is unknown in the EU.

    Args:
        us, eu: The stand-ins; default new ones.
        port: Of the first host; the others get the ports after it. 0 lets the system choose all.

    Raises:
        OSError: A port is in use.
    """
    us = us or FakeAssemblyAI()
    eu = eu or FakeAssemblyAI(region="eu")
    with contextlib.ExitStack() as stack:
        made: dict[tuple[str, str], str] = {}
        routes = {}
        for prefix, url in DEFAULT_ROUTES.items():
            route = route_for(prefix, url)
            fake = eu if route.region == "eu" else us
            known = (fake.region, route.service)
            if known not in made:
                own = port and port + len(made)
                made[known] = stack.enter_context(serve(fake.host(route.service), port=own))
            routes[prefix] = made[known]
        yield Hosts(us, eu, routes)


class _Server:
    """Accepts connections, and tracks the open ones so that it can end them."""

    def __init__(self, app: WSGIApplication, port: int) -> None:
        self.app = app
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        # Weak: a thread that took itself out before it ended would not be waited for.
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.address: tuple[str, int] = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            connection, address = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._talk, args=(connection, address), daemon=True)
            with self._lock:
                self._connections.add(connection)
                self._threads.add(thread)
            thread.start()

    def _talk(self, connection: socket.socket, address: tuple[str, int]) -> None:
        try:
            _Connection(connection, address, self)  # type: ignore[arg-type]
        except OSError:
            pass  # The client left.
        finally:
            with self._lock:
                self._connections.discard(connection)
            # Closing alone waits for the peer where a reader object still holds the socket.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def stop(self) -> None:
        self.stopping.set()
        # Closing a listener does not wake accept() everywhere; a visitor does.
        with contextlib.suppress(OSError):
            socket.create_connection(self.address).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            connections, threads = list(self._connections), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=10)


class _Connection(BaseHTTPRequestHandler):
    """One connection: requests in turn, each run through the app."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = BLOCK_BYTES
    server: _Server  # type: ignore[assignment]
    _reply_headers: list[tuple[str, str]]
    _status: str
    _owed: int | None  # Bytes of a declared Content-Length that were not sent yet.

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_GET, do_POST, ...; every method goes to the app.
        if name.startswith("do_"):
            return self._run
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def _run(self) -> None:
        body = _Body(self.rfile, self.headers)
        taken: list[Talk] = []
        self._begin()
        reply = None
        try:
            reply = self.server.app(
                self._environ(body) | {UPGRADE_KEY: taken}, self._start_response
            )
            for item in reply:
                if item:
                    self._send(item)
            talks = bool(taken) and self._status.startswith("101")
            # A client that is gone before its 101 has vanished from a session as any other does.
            with contextlib.suppress(*((OSError,) if talks else ())):
                self._send(b"", last=True)
            if talks:
                self.close_connection = True
                taken[0](self.connection, self._early(), self.server.stopping)
                return
        except ConnectionCut:
            self.close_connection = True
        except OSError:
            self.close_connection = True
            raise
        except Exception:
            logger.exception("the app on %s failed", self.server.url)
            self.close_connection = True
            if not self._started:
                self._status = "500 Internal Server Error"
                self._reply_headers = [("Content-Length", "0")]
                self._send(b"", last=True)
        finally:
            close = getattr(reply, "close", None)
            if close is not None:
                close()
        if self._owed or not body.drain():
            self.close_connection = True

    def _early(self) -> bytes:
        """Return what was read of the connection already; nothing, if its client is gone."""
        self.connection.setblocking(False)
        try:
            return self.rfile.peek()  # type: ignore[attr-defined, no-any-return]
        except ConnectionError:
            return b""
        finally:
            self.connection.setblocking(True)

    def _begin(self) -> None:
        self._started = self._chunked = False
        self._status = ""
        self._reply_headers = []
        self._owed = None

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Any:
        if exc_info and self._started and exc_info[1]:
            raise exc_info[1]
        self._status, self._reply_headers = status, list(headers)
        return self._send

    def _send(self, data: bytes, last: bool = False) -> None:
        """Send the head with the first bytes, in one packet where both are small."""
        head = b"" if self._started else self._head()
        silent = self.command == "HEAD" or self._status[:3] in BODILESS
        if silent:
            data = b""
        elif self._owed is not None:
            self._owed -= len(data)
        if self._chunked and not silent:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if last:
                data += b"0\r\n\r\n"
        if head or data:
            self.wfile.write(head + data)

    def _head(self) -> bytes:
        self._started = True
        names = {name.lower(): value for name, value in self._reply_headers}
        lines = [f"HTTP/1.1 {self._status}"]
        lines += [f"{name}: {value}" for name, value in self._reply_headers]
        if "content-length" in names:
            if self.command != "HEAD":
                self._owed = int(names["content-length"])
        elif self._status[:3] not in BODILESS:
            if self.request_version == "HTTP/1.1":
                self._chunked = True
                lines.append("Transfer-Encoding: chunked")
            else:
                self.close_connection = True
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _environ(self, body: _Body) -> WSGIEnvironment:
        target = self.requestline.split(" ")[1]
        path, _, query = target.partition("?")
        if "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "SERVER_NAME": self.server.address[0],
            "SERVER_PORT": str(self.server.address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": str(self.client_address[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            HEADERS_KEY: self.headers.items(),
            STOP_KEY: self.server.stopping,
            SOCKET_KEY: self.connection,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ


class _Body:
    """The request's body: ends where its framing ends it, and raises where it breaks off.

    Attributes:
        rfile: What is read of the connection.
    """

    def __init__(self, source: Any, headers: Any) -> None:
        self.rfile = source
        self._chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        self._left = 0 if self._chunked else int(headers.get("Content-Length") or 0)
        self._ended = not self._chunked and not self._left

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes, empty at the end.

        Raises:
            OSError: The client stopped in the middle, or framed a chunk badly.
        """
        parts = bytearray()
        while not self._ended and (size < 0 or len(parts) < size):
            if self._chunked and not self._left:
                self._next_chunk()
                continue
            want = self._left if size < 0 else min(self._left, size - len(parts))
            block = self.rfile.read1(min(want, BLOCK_BYTES * 16))
            if not block:
                raise OSError("the body ended before its announced length")
            parts += block
            self._left -= len(block)
            if not self._left and not self._chunked:
                self._ended = True
            elif not self._left:
                self._line(2)
        return bytes(parts)

    def readline(self, size: int = -1) -> bytes:
        """Return one line, as PEP 3333 asks of wsgi.input."""
        line = bytearray()
        while not line.endswith(b"\n") and (size < 0 or len(line) < size):
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return bytes(line)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return all lines."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def drain(self) -> bool:
        """Read what the app left, up to 1 MiB; whether the connection can go on."""
        read = 0
        while not self._ended and read < DRAIN_BYTES:
            read += len(self.read(BLOCK_BYTES))
        return self._ended

    def _next_chunk(self) -> None:
        line = self._line(1024).partition(b";")[0].strip()
        try:
            self._left = int(line, 16)
        except ValueError as error:
            raise OSError("a chunk has no size") from error
        if self._left == 0:
            while self._line(8192).strip():
                pass  # A trailer field.
            self._ended = True

    def _line(self, limit: int) -> bytes:
        line: bytes = self.rfile.readline(limit)
        if not line.endswith(b"\n"):
            raise OSError("the body broke off in its framing")
        return line
