"""LingeringClose: a client whose upload is refused learns why."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..call import Call, enter
from ..errors import BadRequest
from ..http.counted_input import CountedInput
from ..http.messages import content_length
from ..relay.lingering import CALLERS, STRANGERS
from ..relay.servers import ServerConnection, connection_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# These close a connection with bytes unread, or hold a thread for them. gevent's pywsgi, cheroot,
# eventlet, Werkzeug, Waitress and Django's runserver read what is left by themselves, and Apache
# lingers.
_SERVERS = frozenset({"Gunicorn", "uWSGI", "wsgiref"})
# What Gunicorn reads by itself of a body that the app has left, and then keeps the connection.
_SMALL_BYTES = 64 * 1024
# Of an upload without a valid key. Three seconds are several round trips on any network.
STRANGER_BYTES, STRANGER_S = 32 * 1024 * 1024, 3.0
# Of a caller with a key: many HTTP libraries send all of an upload before they read the reply.
CALLER_BYTES, CALLER_S = 256 * 1024 * 1024, 30.0


class LingeringClose:
    """Let a client read the error that it gets while it is still sending its request.

    A server that closes a connection with bytes unread resets it. A client in the middle of an
    upload then loses the reply, and a proxy in front answers 502 in its place. So this stage has
    the rest of a refused body read and dropped after the reply (RFC 9112, section 9.6). That takes
    no thread of the server: the connection is taken out of its hands, and Gunicorn says
    `Connection: close`. At most 32 MiB are read, for 3 seconds; for callers with a key 256 MiB, for
    30 seconds. A process does that for 64 clients of each kind at once; the next ones are closed
    after what has arrived of their bodies.

    Place it outermost. Counts the bytes read from `wsgi.input`. Answers nothing itself, and changes
    nothing for requests without a body, for bodies that were read whole, for replies below 400,
    and on servers that read what is left by themselves.

        app = LingeringClose(KeyAuth(UpstreamForwarder(...), keys=...))
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        length = environ.get("CONTENT_LENGTH")
        if (not length or length == "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return self.app(environ, start_response)
        request = _Request(call, environ, start_response)
        body = self.app(environ, request.start)
        return body if request.ends_well else _Body(body, request)


class _Request:
    """A request with a body, and what is to become of its connection.

    Attributes:
        ends_well: The reply has begun, and the connection stays the server's.
    """

    __slots__ = (
        "_call",
        "_connection",
        "_counted",
        "_environ",
        "_input",
        "_length",
        "_start_response",
        "ends_well",
    )

    def __init__(self, call: Call, environ: WSGIEnvironment, start: StartResponse) -> None:
        self._call = call
        self._environ = environ
        self._start_response = start
        self._length: int | None = None
        if "HTTP_TRANSFER_ENCODING" not in environ:
            # Some servers pass on what is no length: how much is left is then unknown too.
            with contextlib.suppress(BadRequest):
                self._length = content_length(environ)
        self._input = environ["wsgi.input"]
        self._counted = environ["wsgi.input"] = CountedInput(self._input, keep=0)
        self._connection: ServerConnection | None = None
        self.ends_well = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """The start_response of the app within."""
        if status < "4":
            self.ends_well, self._connection = True, None
        else:
            self._connection = self._to_take()
            self.ends_well = self._connection is None
            if self._connection is not None:
                self._announce()
        if exc_info:
            return self._start_response(status, headers, exc_info)
        return self._start_response(status, headers)

    def close(self) -> None:
        """Take the connection if the reply was an error and the client may still be sending."""
        connection, self._connection = self._connection, None
        if connection is None or self._left() == 0:
            return
        if self._call.caller is None:
            lingering, max_bytes, seconds = STRANGERS, STRANGER_BYTES, STRANGER_S
        else:
            lingering, max_bytes, seconds = CALLERS, CALLER_BYTES, CALLER_S
        # Without a descriptor left the server closes the connection as it always does.
        with contextlib.suppress(OSError):
            lingering.take(connection, max_bytes=max_bytes, seconds=seconds)

    def _left(self) -> int | None:
        """Return how many bytes of the body are unread; None: unknown."""
        if self._length is None:
            return 0 if self._counted.ended else None
        return self._length - self._counted.count

    def _to_take(self) -> ServerConnection | None:
        left = self._left()
        # HTTP/2 has other requests on the same connection.
        if left == 0 or not self._environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1."):
            return None
        # uWSGI's own router resets its client when the reply ends, whatever happens here.
        if "UWSGI_ROUTER" in self._environ:
            return None
        found = connection_of({**self._environ, "wsgi.input": self._input})
        if not isinstance(found, ServerConnection) or found.server not in _SERVERS:
            return None
        is_small = left is not None and left < _SMALL_BYTES
        if is_small and self._stays_open(found.server) and self._has_arrived(found, left or 0):
            return None
        return found

    def _stays_open(self, server: str) -> bool:
        environ = self._environ
        return (
            server == "Gunicorn"
            and bool(environ.get("wsgi.multithread"))
            and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
            and "close" not in environ.get("HTTP_CONNECTION", "").lower()
            # At --keep-alive 0, and when the worker is about to end.
            and not getattr(getattr(self._start_response, "__self__", None), "must_close", False)
        )

    def _has_arrived(self, connection: ServerConnection, left: int) -> bool:
        """Whether Gunicorn can read the rest of the body without waiting."""
        unreader = getattr(getattr(self._input, "reader", None), "unreader", None)
        buffer = getattr(unreader, "buf", None)
        arrived = len(buffer.getbuffer()) if buffer is not None else 0
        if connection.tls is not None:
            arrived += connection.tls.pending()
            if arrived < left:
                # The records' own bytes.
                left += left // 64 + 64
        if arrived < left:
            # Not on Windows, where no server comes here.
            import fcntl
            import termios

            number = bytearray(4)
            with contextlib.suppress(OSError):
                fcntl.ioctl(connection.fd, termios.FIONREAD, number)
            arrived += int.from_bytes(number, "little")
        return arrived >= left

    def _announce(self) -> None:
        """Have Gunicorn say `Connection: close`; an app may not (PEP 3333)."""
        response = getattr(self._start_response, "__self__", None)
        force_close = getattr(response, "force_close", None)
        if force_close is not None:
            force_close()


class _Body:
    """The reply's body. A server closes it when it has written all of it."""

    __slots__ = ("_body", "_request")

    def __init__(self, body: Iterable[bytes], request: _Request) -> None:
        self._body = body
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._request.close()
