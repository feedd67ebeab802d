"""The stand-in without sockets: a transport that calls it instead of connecting."""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ..config import DEFAULT_ROUTES
from ..errors import UpstreamError, UpstreamTimeout
from ..http.wsgi import Reply
from ..routes import route_for
from ..transport import Origin, Request, Timeouts
from ..transport.tunnel import Tunnel
from .fake import STOP_KEY, FakeAssemblyAI
from .faults import ConnectionCut
from .seen import HEADERS_KEY
from .upgrade import UPGRADE_KEY, Talk

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Headers = list[tuple[str, str]]


class FakeTransport:
    """Send requests for AssemblyAI's hosts to stand-ins in this process.

    For tests of a whole app with WebTest or Flask's client: no socket is opened, and the
    configuration keeps AssemblyAI's real addresses.

        transport = FakeTransport()
        app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app, config, transport=transport)
        ...
        assert transport.eu.requests == []

    The account keys in the configuration must be `US_KEY` and `EU_KEY`, or those of the given
    stand-ins. Timeouts have no effect on `send`; other addresses are unreachable.

    Attributes:
        us, eu: The two zones; hosts without a zone are played by `us`.
    """

    def __init__(self, us: FakeAssemblyAI | None = None, eu: FakeAssemblyAI | None = None) -> None:
        self.us = us or FakeAssemblyAI()
        self.eu = eu or FakeAssemblyAI(region="eu")
        self._hosts: dict[str, WSGIApplication] = {}
        for prefix, url in DEFAULT_ROUTES.items():
            route = route_for(prefix, url)
            fake = self.eu if route.region == "eu" else self.us
            self._hosts[Origin.parse(url).host] = fake.host(route.service)

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> _FakeReply:
        """Ask the stand-in and return its reply.

        Raises:
            UpstreamError: No stand-in plays this host, or it was told to drop the request.
        """
        return self._ask(origin, request, {})

    def upgrade(self, origin: Origin, request: Request, timeouts: Timeouts) -> _FakeReply | Tunnel:
        """Ask the stand-in for a WebSocket: one end of a socketpair, the stand-in at the other.

        The stand-in talks in a thread of its own until either end is closed.

        Raises:
            UpstreamTimeout: It was told not to reply; comes after `read_s` seconds.
            UpstreamError: No stand-in plays this host, or it was told to drop the request.
        """
        taken: list[Talk] = []
        more = {UPGRADE_KEY: taken, STOP_KEY: _Patience(timeouts.read_s)}
        reply = self._ask(origin, request, more)
        if reply.status != 101 or not taken:
            return reply
        reply.close()
        ours, theirs = socket.socketpair()

        def talk() -> None:
            with theirs:
                taken[0](theirs, b"", threading.Event())

        threading.Thread(target=talk, daemon=True, name="assemblyai-stand-in-session").start()
        return Tunnel(
            status=reply.status,
            reason=reply.reason,
            headers=reply.headers,
            fd=ours.detach(),
            tls=None,
            early=b"",
        )

    def _ask(self, origin: Origin, request: Request, more: dict[str, Any]) -> _FakeReply:
        app = self._hosts.get(origin.host)
        if app is None:
            raise UpstreamError(f"no stand-in plays {origin.host}")
        request.sent = True
        try:
            return _FakeReply(Reply(app, _environ(origin, request) | more))
        except ConnectionCut as error:
            raise UpstreamError("the stand-in dropped the request") from error


class _Patience(threading.Event):
    """Waits for a delayed reply as long as a client with this timeout would."""

    def __init__(self, read_s: float) -> None:
        super().__init__()
        self._read_s = read_s

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None and timeout < self._read_s:
            return super().wait(timeout)
        super().wait(self._read_s)
        raise UpstreamTimeout("the stand-in did not reply in time")


class _FakeReply:
    """`UpstreamReply` over a WSGI reply."""

    whole: bytes | None = None

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.status = reply.status_code
        self.reason = reply.status[4:]
        self.headers: Headers = reply.headers

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._reply)
        except ConnectionCut as error:
            raise UpstreamError("the reply's body ended before its end") from error

    def close(self) -> None:
        """Close the stand-in's reply."""
        self._reply.close()


def _environ(origin: Origin, request: Request) -> dict[str, Any]:
    target = origin.base_path + request.target
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "SERVER_NAME": origin.host,
        "SERVER_PORT": str(origin.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": origin.authority,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": origin.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(),
        HEADERS_KEY: [("Host", origin.authority), *request.headers],
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if request.body is not None:
        body = request.body
        environ["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else _Blocks(body)
        if request.length is None:
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    if request.length is not None:
        environ["CONTENT_LENGTH"] = str(request.length)
    return environ


class _Blocks:
    """Blocks as a stream to read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes, empty at the end."""
        if not self._left:
            self._left = next((block for block in self._blocks if block), b"")
        end = len(self._left) if size < 0 else size
        block, self._left = self._left[:end], self._left[end:]
        return block
