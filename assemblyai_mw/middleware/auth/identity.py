"""The identity bridge: the host app identifies its own user for requests without a key.

A browser that is logged in to the host then needs no virtual key. The host supplies a callable,
`identify(environ)`; `KeyAuth` calls it if a request has no Authorization.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...billing.operations import read
from ...call import Call, Caller
from ...errors import RequestRefused, raised_at
from ...http.wsgi import without_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.auth")

Answer = Caller | str | Mapping[str, Any] | None
Identify = Callable[[dict[str, Any]], Answer]

MAX_END_USER = 256
_MEMBERS = frozenset({"key", "team", "end_user", "tags"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}
# Headers that only browsers send; scripts in a page cannot set them (Fetch, forbidden headers).
_FROM_A_BROWSER = ("HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller, as identified by the host.

    Attributes:
        caller: The caller itself; None if *key* names one.
        key: Name of the virtual key whose policy, budgets and rates apply.
        team: Team that owns and sees the transcripts, instead of the key's own team.
        end_user: The host's user, recorded in the ledger beside the key.
        tags: Tags added to the key's own; they take precedence.
    """

    caller: Caller | None = None
    key: str = ""
    team: str | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def ask(identify: Identify, environ: WSGIEnvironment) -> Identity | None:
    """Return the caller that *identify* names; None if it names none.

    It gets the request without its body, so that a host that parses forms cannot consume it.

    Raises:
        RequestRefused: 503 if it raises or returns an invalid value. The log names the place but
            not the exception's text, which may hold a secret.
    """
    try:
        return _read(identify(without_body(environ)))
    except Exception as error:
        logger.error("identify failed: %s at %s", type(error).__name__, raised_at(error))
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


def refuse_other_sites(call: Call, environ: WSGIEnvironment, listed: Collection[str] = ()) -> None:
    """Let a browser through only if the request comes from a page of this site, or of *listed*.

    Browsers send cookies with requests from any page (CSRF, CWE-352). Sec-Fetch-Site decides if it
    is present; browsers send it on HTTPS and localhost since 2023. Else Origin must be this site's,
    scheme and port included. An Origin of *listed* counts by itself: scripts cannot set it, and a
    redirect by another site makes it `null` (Fetch, redirect-tainted origin). Requests that change
    something or cost need one of the two headers. A read may come without both, and may be typed
    into the address bar. Requests that no browser made (no cookie, neither header) are let through:
    the host vouches for them.

    Raises:
        RequestRefused: 403.
    """
    if not any(name in environ for name in _FROM_A_BROWSER):
        return
    # A handshake is a GET that costs.
    reads = (
        call.session is None
        and call.method in _READS
        and read(call.route.service, call.method, call.path).kind is None
    )
    site = environ.get("HTTP_SEC_FETCH_SITE")
    origin = environ.get("HTTP_ORIGIN")
    if origin in listed:
        own = True
    elif site is not None:
        own = site == "same-origin" or (reads and site == "none")
    elif origin is not None:
        own = _own_origin(environ) is not None and _normal(origin) == _own_origin(environ)
    else:
        own = reads
    if not own:
        raise RequestRefused(
            "This site's login counts for requests from its own pages, and from those of origins "
            "that its operator lists; others need a key.",
            status=403,
            code="cross_site",
        )


def _own_origin(environ: WSGIEnvironment) -> tuple[str, str, int] | None:
    host = environ.get("HTTP_HOST")
    return _normal(f"{environ.get('wsgi.url_scheme')}://{host}") if host else None


def _normal(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an origin; None for `null` and invalid values."""
    try:
        url = urlsplit(origin)
        port = url.port or _PORTS[url.scheme]
    except (ValueError, KeyError):
        return None
    if not url.hostname or url.path or url.query or url.fragment or "@" in url.netloc:
        return None
    return url.scheme, url.hostname, port
