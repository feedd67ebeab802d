"""RequestsTransport: AssemblyAI through a `requests.Session` of the host's choosing."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import UpstreamError, UpstreamTimeout
from .base import Headers, Request, Timeouts
from .origin import Origin

if TYPE_CHECKING:
    import requests
    from urllib3 import BaseHTTPResponse

READ_BYTES = 64 * 1024


class RequestsTransport:
    """Send through a `requests.Session`: adapters of your own, `responses` in tests.

    It is much slower than `SocketTransport`, and not byte-exact on the way out: `requests` and
    urllib3 normalise the URL (unreserved `%41` is decoded, hex digits become upper-case, `[`, `]`
    and `|` are quoted, a bare `?` is dropped), write `Accept-Encoding: identity` and a `User-Agent`
    where the caller sent none, and accept replies that llhttp refuses. Bodies pass undecoded both
    ways. Redirects are not followed. Environment variables (`http_proxy`, `.netrc`) count only if
    the session's `trust_env` is set.

    A request counts as unsent if no connection was made: refused, too slow, no such host, no TLS,
    no way through the proxy. If the session's adapter retries, an earlier try may have been sent,
    so the request counts as sent. urllib3 obeys SSLKEYLOGFILE.

    Times are not exact either: `total_s` is checked only between two blocks of a body, and on a new
    connection urllib3 waits `connect_s` for a piece of the request, not `read_s`.

    Args:
        session: Default a new one with `trust_env` off.
    """

    def __init__(self, session: requests.Session | None = None) -> None:
        import requests

        if session is None:
            session = requests.Session()
            session.trust_env = False
        # Only the caller's fields go out; `None` in a request's headers removes one.
        session.headers.clear()
        self.session = session

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> RequestsReply:
        """Send *request*; see `Transport.send`."""
        import requests

        url = origin.url + request.target
        deadline = time.monotonic() + timeouts.total_s
        data: bytes | Iterable[bytes] | None = request.body
        if data is not None and not isinstance(data, bytes):
            data = _until(deadline, data)
        if request.length is not None and data is not None and not isinstance(data, bytes):
            data = _Sized(iter(data), request.length)
        prepared = _prepared(url, request, data)
        settings = self.session.merge_environment_settings(
            prepared.url, {}, True, self.session.verify, None
        )
        # An exception that the caller is handling must not become the cause here.
        outer = sys.exception()
        request.sent = True
        try:
            response = self.session.send(
                prepared,
                timeout=(timeouts.connect_s, timeouts.read_s),
                allow_redirects=False,
                **settings,
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            # Of the proxy: an invalid address, or a kind that is not installed.
            request.sent = False
            raise UpstreamError(type(error).__name__) from error
        except requests.exceptions.RequestException as error:
            request.sent = not (self._tries_once(url) and never_connected(error, outer))
            _forget_frames(error, outer)
            kind = UpstreamTimeout if isinstance(error, requests.Timeout) else UpstreamError
            # Its text can hold the URL; its type says enough.
            raise kind(type(error).__name__) from error
        return RequestsReply(response.raw, deadline)

    def _tries_once(self, url: str) -> bool:
        retries = getattr(self.session.get_adapter(url), "max_retries", None)
        # A total of None leaves it to the other counts.
        return retries is not None and retries.total is not None and not retries.total


def _prepared(
    url: str, request: Request, data: bytes | Iterable[bytes] | None
) -> requests.PreparedRequest:
    """Return the request for `requests`, with a repr that shows no content."""
    import requests

    headers = dict(request.headers)
    if request.length is not None:
        headers["Content-Length"] = str(request.length)
    return requests.Request(
        request.method, url, headers=headers, data=data, auth=_no_auth
    ).prepare()


def _forget_frames(error: BaseException, outer: BaseException | None) -> None:
    """Take the tracebacks from an exception and its causes: their frames hold the key."""
    seen: BaseException | None = error
    while seen is not None and seen is not outer:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__


def never_connected(error: BaseException, outer: BaseException | None) -> bool:
    """Whether *error* came out of connecting, TLS and the proxy's tunnel included.

    Types do not show it: to urllib3 a handshake that fails, stalls or is reset looks like a later
    failure of the connection. The traceback shows it: `connect` sends no part of the request. All
    other errors count as sent.
    """
    from urllib3.connection import HTTPConnection, HTTPSConnection

    connect = {HTTPConnection.connect.__code__, HTTPSConnection.connect.__code__}
    seen: BaseException | None = error
    while seen is not None and seen is not outer:
        frames = traceback.walk_tb(seen.__traceback__)
        if any(frame.f_code in connect for frame, _ in frames):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from putting credentials of `.netrc` over the account's key."""
    return prepared


def _until(deadline: float, blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        if time.monotonic() > deadline:
            raise UpstreamTimeout("the request took too long")
        yield block


class _Sized:
    """Blocks with a length: `requests` then sends a Content-Length and no chunks."""

    def __init__(self, blocks: Iterator[bytes], length: int) -> None:
        self._blocks = blocks
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks


class RequestsReply:
    """`UpstreamReply` over urllib3's raw response."""

    whole: bytes | None = None

    def __init__(self, raw: BaseHTTPResponse, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline
        self.status: int = raw.status
        self.reason: str = raw.reason or ""
        self.headers: Headers = list(raw.headers.iteritems())
        # A whole body must be known as whole: urllib3 then counts it.
        raw.enforce_content_length = True  # type: ignore[attr-defined]
        self._blocks = raw.stream(READ_BYTES, decode_content=False)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        import urllib3

        if time.monotonic() > self._deadline:
            raise UpstreamTimeout("the reply's body took too long")
        try:
            return next(self._blocks)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise UpstreamTimeout("the reply's body took too long") from error
        except urllib3.exceptions.HTTPError as error:
            raise UpstreamError("the reply's body ended before its end") from error

    def close(self) -> None:
        """Give the connection back, or close it if the body was left unread."""
        self._raw.close()
        self._raw.release_conn()
