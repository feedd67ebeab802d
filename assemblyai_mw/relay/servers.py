"""Where each WSGI server keeps the client's connection, and which ones have none to give.

PEP 3333 has no socket, but most servers leave theirs within reach: some name it in the environ,
others under `wsgi.input`. A server that is not known here is refused: only one that leaves the
connection to the app's thread until the reply is closed can lose it without noticing.

Bytes that a client glues to its handshake are kept, but for uWSGI's, which drops them or keeps them
to itself. RFC 6455, section 4.1, has clients wait for the 101.
"""

from __future__ import annotations

import _socket
import functools
import importlib
import os
import signal
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bytes asked for at once of what a server has read too far; their own buffers are smaller.
_BLOCK_BYTES = 64 * 1024
_NO_SOCKET = (
    "hands the app no socket; run the app under Gunicorn, gevent's pywsgi, cheroot, or uWSGI with "
    "--http-socket and --enable-threads"
)
_TLS = "speaks TLS itself in a way that cannot be handed over; let a proxy in front of it do TLS"
_UWSGI_THREADS = "runs without threads; start it with --enable-threads"
_UWSGI_PROTOCOL = (
    "is reached by the uwsgi protocol, which carries no WebSocket; start it with --http-socket, "
    "and use proxy_pass instead of uwsgi_pass"
)
_UWSGI_ROUTER = "lets WebSocket through --http only with --http-websockets; start it with both"
_UWSGI_LOOP = "runs an event loop other than gevent's; start it with --threads or --gevent"
_OLD_HTTP = (
    "got the request as {}, and WebSocket needs HTTP/1.1; behind nginx, set proxy_http_version 1.1 "
    "and pass the Upgrade and Connection headers on"
)
_HAS_BODY = "got a handshake with a body; send it without one"
_CLOSED = "has closed the connection already"
# Keys that a server without a socket leaves in the environ, and its name.
_WITHOUT = {
    "waitress.client_disconnected": "Waitress",
    "mod_wsgi.version": "mod_wsgi",
    "asgi.scope": "the ASGI server under a2wsgi",
}
# Options of uWSGI that open a socket: those that speak plain HTTP, and all others.
_UWSGI_HTTP = ("http-socket", "http11-socket")
_UWSGI_OTHER = (
    *("socket", "uwsgi-socket", "suwsgi-socket", "puwsgi-socket", "raw-socket"),
    *("https-socket", "ssl-socket"),
    *("fastcgi-socket", "fastcgi-nph-socket", "scgi-socket", "scgi-nph-socket"),
)


@dataclass(frozen=True, slots=True)
class Ungrippable:
    """Says why a request cannot become a WebSocket session; `str()` gives the text of a 426.

    Attributes:
        server: Its name, as people know it.
        reason: What follows the name; it says what to change.
    """

    server: str
    reason: str

    def __str__(self) -> str:
        return f"WebSocket is not possible here: {self.server} {self.reason}."


@dataclass(frozen=True, slots=True)
class ServerConnection:
    """The client's connection while it is the server's.

    Attributes:
        server: The server's name.
        fd: The server's descriptor of it.
        read: Returns the client's next bytes, first those that the server has read beyond the
            handshake; None where the server does not give these.
        tls: The server's socket if it speaks TLS.
    """

    server: str
    fd: int
    read: Callable[[], bytes] | None = None
    tls: ssl.SSLSocket | None = None


def locate(environ: WSGIEnvironment) -> ServerConnection | Ungrippable:
    """Find the connection of a WebSocket handshake. Looks only, and never waits."""
    found = connection_of(environ)
    if isinstance(found, Ungrippable):
        return found
    protocol = environ.get("SERVER_PROTOCOL")
    # eventlet says HTTP/1.0 of every request.
    if protocol != "HTTP/1.1" and "eventlet.input" not in environ:
        return Ungrippable(found.server, _OLD_HTTP.format(protocol))
    has_length = environ.get("CONTENT_LENGTH") not in (None, "", "0")
    if has_length or environ.get("HTTP_TRANSFER_ENCODING"):
        # It would lie between the handshake and the client's first frame.
        return Ungrippable(found.server, _HAS_BODY)
    return found


def connection_of(environ: WSGIEnvironment) -> ServerConnection | Ungrippable:
    """Find the client's connection, whatever the request asks for."""
    software = str(environ.get("SERVER_SOFTWARE", ""))
    stream = environ.get("wsgi.input")
    if "uwsgi.version" in environ:
        return _of_uwsgi(environ, importlib.import_module("uwsgi"))
    for key, without in _WITHOUT.items():
        if key in environ:
            return Ungrippable(without, _NO_SOCKET)
    if "gunicorn.socket" in environ:
        unreader = getattr(getattr(stream, "reader", None), "unreader", None)
        read = getattr(unreader, "read", None)
        return _connection("Gunicorn", environ["gunicorn.socket"], read)
    if "werkzeug.socket" in environ:
        read = _reader(_buffer(stream))
        return _connection("Werkzeug's server", environ["werkzeug.socket"], read)
    if "eventlet.input" in environ:
        whole = environ["eventlet.input"]
        return _connection("eventlet's wsgi", whole.get_socket(), _reader(_buffer(whole)))
    buffer = _buffer(stream)
    sock = getattr(getattr(buffer, "raw", None), "_sock", None)
    name = _name_by_types(stream, sock, software)
    if sock is None or name is None:
        return Ungrippable(name or software[:80] or "the server", _NO_SOCKET)
    return _connection(name, sock, _reader(buffer))


def _name_by_types(stream: Any, sock: Any, software: str) -> str | None:
    """Name a server whose environ does not; None: an unknown one."""
    if type(stream).__module__.startswith("cheroot."):
        return "cheroot"
    if _is_gevents(sock):
        return "gevent's pywsgi"
    if not software.startswith("WSGIServer/"):
        return None
    # It is made of wsgiref's server.
    of_django = type(stream).__module__.startswith("django.")
    return "Django's runserver" if of_django else "wsgiref"


def is_stopping() -> bool:
    """Whether this process was told to end; False, too, where the server does not tell.

    A worker of Gunicorn's first waits for its requests, a minute if it must, and may be killed
    after that. Its handler of signals leads to what it knows.
    """
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    is_gunicorns = any(each.__module__ == "gunicorn.workers.base" for each in type(worker).__mro__)
    return is_gunicorns and getattr(worker, "alive", None) is False


def _connection(
    server: str, sock: Any, read: Callable[[], bytes] | None
) -> ServerConnection | Ungrippable:
    fd = sock.fileno()
    if fd < 0:
        return Ungrippable(server, _CLOSED)
    # Those of gevent and eventlet can be subclasses.
    if isinstance(sock, ssl.SSLSocket) and type(sock).__module__ == "ssl":
        return ServerConnection(server, fd, read, tls=sock)
    if any(hasattr(sock, name) for name in ("getpeercert", "get_peer_certificate")):
        return Ungrippable(server, _TLS)
    return ServerConnection(server, fd, read)


def _is_gevents(sock: Any) -> bool:
    return type(sock).__module__.startswith("gevent.")


def _buffer(stream: Any) -> Any:
    """Return the buffered file over the server's socket, out of the server's own wrapper."""
    inner = getattr(stream, "rfile", None)
    if inner is None:
        # Django's LimitedStream keeps the bound methods alone.
        inner = getattr(getattr(stream, "_read", None), "__self__", None)
    return stream if inner is None else inner


def _reader(buffer: Any) -> Callable[[], bytes] | None:
    read = getattr(buffer, "read1", None)
    return None if read is None else functools.partial(read, _BLOCK_BYTES)


def _of_uwsgi(environ: WSGIEnvironment, uwsgi: Any) -> ServerConnection | Ungrippable:
    options: Mapping[str, Any] = uwsgi.opt
    gevent = "gevent" in options
    if "async" in options and not gevent:
        return Ungrippable("uWSGI", _UWSGI_LOOP)
    if not gevent and "enable-threads" not in options and "threads" not in options:
        return Ungrippable("uWSGI", _UWSGI_THREADS)
    fd = uwsgi.connection_fd()
    # --http is a process of its own in front; no header can set this variable.
    if environ.get("UWSGI_ROUTER") == "http":
        if "http-websockets" not in options:
            return Ungrippable("uWSGI", _UWSGI_ROUTER)
    elif not _is_plain_http(fd, options):
        return Ungrippable("uWSGI", _UWSGI_PROTOCOL)
    return ServerConnection("uWSGI", fd)


def _is_plain_http(fd: int, options: Mapping[str, Any]) -> bool:
    """Whether a connection came to one of the sockets that speak HTTP."""
    plain, other = _addresses(options, _UWSGI_HTTP), _addresses(options, _UWSGI_OTHER)
    if not other:
        return bool(plain)
    sock = _socket.socket(fileno=os.dup(fd))
    try:
        own = sock.getsockname()
    finally:
        sock.close()
    end = str(own[1]) if isinstance(own, tuple) else own
    return end in plain and end not in other


def _addresses(options: Mapping[str, Any], names: tuple[str, ...]) -> set[str]:
    """Return the ports, or the paths, of the sockets that these options open."""
    found: set[str] = set()
    for name in names:
        value = options.get(name, ())
        for address in value if isinstance(value, (list, tuple)) else (value,):
            text = address.decode() if isinstance(address, bytes) else str(address)
            found.add(text.rpartition(":")[2])
    return found
