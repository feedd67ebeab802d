"""The identity bridge: what a host app says of its own user, for requests without a key.

A browser that is logged in to the host then needs no virtual key. The host gives a
callable, `identify(environ)`; `KeyAuth` asks it where a request has no Authorization.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...billing.operations import read
from ...call import Call, Caller
from ...errors import RequestRefused

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.auth")

Answer = Caller | str | Mapping[str, Any] | None
Identify = Callable[[dict[str, Any]], Answer]

MAX_END_USER = 256
_MEMBERS = frozenset({"key", "team", "end_user", "tags"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}
# What only a browser sends; scripts in a page can set none of them (Fetch, forbidden headers).
_FROM_A_BROWSER = ("HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, as the host says.

    Attributes:
        caller: The caller itself; or None, and *key* names one.
        key: Name of the virtual key whose policy, budgets and rates hold.
        team: Instead of the key's own team: who owns what is made, and may see it.
        end_user: Stands in the ledger beside the key.
        tags: Over the key's own.
    """

    caller: Caller | None = None
    key: str = ""
    team: str | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def ask(identify: Identify, environ: WSGIEnvironment) -> Identity | None:
    """Return who *identify* says is calling; None for nobody.

    It sees the request without its body, so that a host that parses forms cannot eat it.

    Raises:
        RequestRefused: 503, where it fails or gives something else than an answer. The
            log says where, and nothing that the exception says: that may hold a secret.
    """
    seen = {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    seen.pop("HTTP_TRANSFER_ENCODING", None)
    try:
        return _read(identify(seen))
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
        logger.error("identify failed: %s at %s", type(error).__name__, place)
        raise RequestRefused("The caller could not be identified; try again.", status=503) from None


def _read(answer: Answer) -> Identity | None:
    if answer is None:
        return None
    if isinstance(answer, Caller):
        return Identity(caller=answer)
    if isinstance(answer, str):
        answer = {"key": answer}
    if not isinstance(answer, Mapping):
        raise TypeError("expected a key's name, a mapping, a Caller or None")
    if not answer.keys() <= _MEMBERS:
        raise TypeError(f"expected no members but {', '.join(sorted(_MEMBERS))}")
    key, team, tags = answer.get("key"), answer.get("team"), answer.get("tags") or {}
    if not isinstance(key, str) or not key:
        raise TypeError("key: expected the name of a key")
    if team is not None and (not isinstance(team, str) or not team):
        raise TypeError("team: expected a name or None")
    if not all(isinstance(text, str) for pair in tags.items() for text in pair):
        raise TypeError("tags: expected names and values of text")
    end_user = answer.get("end_user")
    if end_user is not None:
        # Hosts' ids are numbers and UUIDs as often as names.
        end_user = str(end_user)[:MAX_END_USER]
    return Identity(key=key, team=team, end_user=end_user, tags=tags)


def refuse_other_sites(call: Call, environ: WSGIEnvironment) -> None:
    """Let a browser through only where a page of this very site asks.

    A cookie comes with whatever page makes the browser send the request (CSRF, CWE-352).
    Sec-Fetch-Site decides where it is sent, which browsers do on HTTPS and localhost since
    2023; else Origin must be this site's, scheme and port included. What changes something,
    or costs, needs one of the two; a read may come without both, and may be typed into the
    address bar. Requests that no browser made (no cookie, neither header) are let through:
    who vouches for them is the host.

    Raises:
        RequestRefused: 403.
    """
    if not any(name in environ for name in _FROM_A_BROWSER):
        return
    reads = call.method in _READS and read(call.route.service, call.method, call.path).kind is None
    site = environ.get("HTTP_SEC_FETCH_SITE")
    origin = environ.get("HTTP_ORIGIN")
    if site is not None:
        own = site == "same-origin" or (reads and site == "none")
    elif origin is not None:
        own = _own_origin(environ) is not None and _normal(origin) == _own_origin(environ)
    else:
        own = reads
    if not own:
        raise RequestRefused(
            "This site's login counts for requests from its own pages only; others need a key.",
            status=403,
            code="cross_site",
        )


def _own_origin(environ: WSGIEnvironment) -> tuple[str, str, int] | None:
    host = environ.get("HTTP_HOST")
    return _normal(f"{environ.get('wsgi.url_scheme')}://{host}") if host else None


def _normal(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an origin; None for `null` and for nonsense."""
    try:
        url = urlsplit(origin)
        port = url.port or _PORTS[url.scheme]
    except (ValueError, KeyError):
        return None
    if not url.hostname or url.path or url.query or url.fragment or "@" in url.netloc:
        return None
    return url.scheme, url.hostname, port
