"""Cors: pages of other origins may call, as far as the operator lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..call import enter
from ..errors import ConfigError, error_reply
from ..http.fields import Remembered
from ..http.messages import TOKEN
from ..http.origins import EVERY, is_protected, listed
from ..http.private import with_vary

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
# Request fields that a page may set: those that a stage reads or that go upstream, and those that
# the SDKs of the APIs here add of themselves.
REQUEST_HEADERS = (
    "accept",
    "accept-language",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "anthropic-version",
    "authorization",
    "baggage",
    "cache-control",
    "content-language",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "pragma",
    "range",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-api-key",
    "x-request-id",
    "x-requested-with",
)
REQUEST_PREFIXES = ("assemblyai-", "x-aai-", "x-assemblyai-", "x-stainless-")
# Without a wildcard, so that a browser that is asked for few of them may remember all.
_ALWAYS_NAMED = (*REQUEST_HEADERS, "assemblyai-agent", "x-assemblyai-mw-tags")
# Reply fields that a script may read, besides those that it always may.
REPLY_HEADERS = (
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "Date",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-AssemblyAI-MW-Cost-USD",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
    "X-Should-Retry",
)
REPLY_PREFIXES = ("assemblyai-", "x-aai-", "x-assemblyai-", "x-ratelimit-")
# Chromium remembers for no longer.
MAX_AGE_S = 7200
MAX_REQUESTED_CHARS = 4096


class Cors:
    """Let pages of other origins call, and read every answer, errors too (Fetch, CORS protocol).

    The outermost stage within the router, so that each stage's errors can be read. A preflight
    (OPTIONS with Origin and Access-Control-Request-Method, without a key and without a body) gets
    204 with what may be sent, or 403 if its origin is not listed. It is no call: no stage within
    sees it, so it needs no key, is not logged and counts towards no rate. Other replies get
    `Vary: Origin` and, for an origin that is listed, `Access-Control-Allow-Origin` and
    `-Expose-Headers`. Access-Control fields of an inner app are dropped, so that none is doubled.
    Handshakes of WebSockets pass: browsers ask nobody before they send them.

    Cookies and Basic logins count only with *login*, and only from origins whose pages nobody on
    the network can change: https, and this machine's. The `KeyAuth` within must be told the same
    origins.

    Reads Origin, Access-Control-Request-Method and -Headers. Writes nothing. Answers preflights
    itself.

    Args:
        app: The next WSGI app.
        origins: Origins as browsers write them, `https://app.example`; or `*` alone for all.
        login: The app within may identify callers by the host's login.
        expose: Further reply fields that scripts may read.

    Raises:
        ConfigError: One of *origins* is none; or it is `*` together with *login*.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        origins: Iterable[str],
        login: bool = False,
        expose: Iterable[str] = (),
    ) -> None:
        self.app = app
        self._exposed = ", ".join(dict.fromkeys((*REPLY_HEADERS, *expose)))
        self._granted: dict[str, Headers] = {}
        self._every: Headers | None = None
        given = origins if isinstance(origins, str) else tuple(origins)
        if given == (EVERY,):
            if login:
                raise ConfigError(f"origins: {BESIDE_LOGIN}")
            self._every = [("Access-Control-Allow-Origin", EVERY)]
            given = ()
        for origin in listed(given, "origins"):
            self._granted[origin] = [("Access-Control-Allow-Origin", origin)]
            if login and is_protected(origin):
                self._granted[origin].append(("Access-Control-Allow-Credentials", "true"))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        if call.session is not None:
            return self.app(environ, start_response)
        origin = environ.get("HTTP_ORIGIN")
        granted = None if origin is None else self._granted.get(origin, self._every)
        if origin is not None and call.method == "OPTIONS" and _is_preflight(environ):
            if granted is None:
                refusal = error_reply(
                    call.route.dialect,
                    403,
                    "Pages of this origin may not call: general_settings.cors_origins does not "
                    "list it.",
                    code="origin_not_allowed",
                )
                return refusal(environ, self._telling(start_response, None))
            requested = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
            return _allowed(granted, requested, start_response)
        return self.app(environ, self._telling(start_response, granted))

    def _telling(self, start_response: StartResponse, granted: Headers | None) -> StartResponse:
        """Return a start_response that adds *granted*, and that the reply depends on Origin."""

        def start(
            status: str, headers: Headers, exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], Any]:
            fields: Headers = []
            varies: list[str] = []
            exposed = self._exposed
            for field in headers:
                fate = _FATES[field[0]]
                if fate == VARIES:
                    varies.append(field[1])
                elif fate != DROPS:
                    fields.append(field)
                    if fate == EXPOSES:
                        exposed = f"{exposed}, {field[0]}"
            fields.append(("Vary", with_vary(varies, "Origin")))
            if granted is not None:
                fields += [*granted, ("Access-Control-Expose-Headers", exposed)]
            if exc_info:
                return start_response(status, fields, exc_info)
            return start_response(status, fields)

        return start


BESIDE_LOGIN = (
    "expected the origins by name, since pages of theirs may use the host's login (identify), got *"
)


def _is_preflight(environ: WSGIEnvironment) -> bool:
    """Whether an OPTIONS with Origin asks for a browser, which sends no key and no body."""
    return (
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        and "HTTP_AUTHORIZATION" not in environ
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def _allowed(granted: Headers, requested: str, start_response: StartResponse) -> Iterable[bytes]:
    names = list(_ALWAYS_NAMED)
    for name in requested[:MAX_REQUESTED_CHARS].lower().split(","):
        name = name.strip()
        if name.startswith(REQUEST_PREFIXES) and name not in names and TOKEN.fullmatch(name):
            names.append(name)
    start_response(
        "204 No Content",
        [
            *granted,
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", ", ".join(names)),
            ("Access-Control-Max-Age", str(MAX_AGE_S)),
            (
                "Vary",
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ),
        ],
    )
    return []


def _fate(name: str) -> int:
    lower = name.lower()
    if lower == "vary":
        return VARIES
    if lower.startswith("access-control-"):
        return DROPS
    new = lower.startswith(REPLY_PREFIXES) and lower not in _NAMED
    return EXPOSES if new else PASSES


PASSES, DROPS, VARIES, EXPOSES = range(4)
_NAMED = frozenset(name.lower() for name in REPLY_HEADERS)
_FATES = Remembered(_fate)
