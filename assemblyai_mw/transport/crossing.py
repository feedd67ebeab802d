"""Header fields that cross: from a caller's request to AssemblyAI, and from its reply back.

Of a request only a short list goes on: the fields that a front server, a browser or a host app adds
cannot be foreseen. Of a reply everything comes back except the fields of the last table, which
address more than the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ConfigError
from ..http.fields import Remembered, RequestFields
from ..http.messages import HOP_BY_HOP, TOKEN


def _spelled(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.upper() if len(name) == 2 else name.title() for name in sorted(names))


class Fields(NamedTuple):
    """Some fields, and the reason for their treatment. A name that ends in `*` is a prefix."""

    names: tuple[str, ...]
    reason: str


# Fields that go upstream.
SENT = (
    Fields(("Accept", "Accept-*"), "formats that the caller accepts"),
    Fields(("Content-*",), "type of the body; Content-Length is the forwarder's own"),
    Fields(("Range", "If-*"), "range and conditional requests"),
    Fields(("Cache-Control", "Pragma"), "how fresh a reply must be"),
    Fields(("User-Agent", "X-Request-Id"), "ids by which AssemblyAI's support finds a call"),
    Fields(
        ("AssemblyAI-*", "X-AssemblyAI-*", "X-AAI-*"),
        "AssemblyAI's own fields; `X-AssemblyAI-MW-*` are this package's",
    ),
)
# Fields that no setting sends upstream.
OVERRIDES = (
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Original-URI",
)
REFUSED = (
    Fields(
        (
            "Authorization",
            "Cookie",
            "Cookie2",
            "X-Api-Key",
            "Api-Key",
            "X-Goog-Api-Key",
            "Remote-User",
            "Ssl-Client-*",
            "X-Ssl-Client-*",
            "X-Client-Cert*",
            "X-Forwarded-Client-Cert",
            "X-Auth-Request-*",
            "X-Amzn-Oidc-*",
            "X-Ms-Client-Principal*",
            "Cf-Access-*",
        ),
        "the caller's credentials, and assertions of a front server",
    ),
    Fields(
        (*_spelled(name for name in HOP_BY_HOP if not name.startswith("proxy-")), "Proxy*"),
        "they belong to one connection",
    ),
    Fields(("Host", "Content-Length", "Expect"), "the forwarder's own, or the server's"),
    Fields(
        ("Idempotency-Key",),
        "it is answered here; AssemblyAI would see the keys of all callers as those of one",
    ),
    Fields(OVERRIDES, "they override the request line"),
    Fields(("X-AssemblyAI-MW-*",), "they address this package"),
)
# A name that contains one of these words is a credential's.
CREDENTIAL_WORDS = frozenset(
    {"apikey", "assertion", "authorization", "cookie", "credential", "credentials", "jwt"}
    | {"password", "secret", "token"}
)

# Fields that do not come back.
DROPPED = (
    Fields(_spelled(HOP_BY_HOP), "they belong to one connection"),
    Fields(
        (
            "Set-Cookie",
            "Set-Cookie2",
            "Clear-Site-Data",
            "Set-Login",
            "Sec-Session-*",
            "Secure-Session-*",
        ),
        "cookies, storage and logins of the host's origin are the host's",
    ),
    Fields(
        ("Access-Control-*", "Timing-Allow-Origin", "Activate-Storage-Access"),
        "the host decides which other sites may read it (CORS)",
    ),
    Fields(
        ("Strict-Transport-Security", "Alt-Svc", "Expect-CT", "Public-Key-Pins*"),
        "how browsers connect to the host from now on",
    ),
    Fields(
        (
            "Content-Security-Policy*",
            "Cross-Origin-*",
            "Document-Policy*",
            "Feature-Policy",
            "Integrity-Policy*",
            "Origin-Agent-Cluster",
            "Permissions-Policy*",
            "Require-Document-Policy",
            "X-Permitted-Cross-Domain-Policies",
        ),
        "the host sets the policy of its pages",
    ),
    Fields(
        ("NEL", "Report-To", "Reporting-Endpoints"),
        "where browsers report on the host and its users",
    ),
    Fields(
        (
            "Accept-CH",
            "Accept-CH-Lifetime",
            "Attribution-Reporting-*",
            "Critical-CH",
            "Service-Worker-Allowed",
            "Speculation-Rules",
            "Use-As-Dictionary",
        ),
        "browsers act on it in later requests to the host",
    ),
    Fields(("Refresh",), "it redirects the browser's window"),
    Fields(
        (
            "WWW-Authenticate",
            "Optional-WWW-Authenticate",
            "Authentication-Control",
            "Authentication-Info",
            "Proxy-*",
        ),
        "callers are authenticated here, not by AssemblyAI",
    ),
    Fields(
        (
            "X-Accel-*",
            "X-Sendfile*",
            "X-Lighttpd-*",
            "X-LiteSpeed-*",
            "X-Reproxy-*",
            "X-Envoy-Degraded",
            "X-Envoy-Immediate-Health-Check-Fail",
        ),
        "commands to the server in front: files to send, redirects, servers to ask",
    ),
    Fields(
        (
            "Surrogate-*",
            "CDN-Cache-Control",
            "Cloudflare-CDN-Cache-Control",
            "Cache-Tag",
            "Edge-Cache-Tag",
            "Edge-Control",
        ),
        "commands to shared caches in front",
    ),
)


class _Names:
    """Whether a lower-case name is one of some `Fields`."""

    def __init__(self, groups: Iterable[Fields]) -> None:
        names = [name.lower() for group in groups for name in group.names]
        self._exact = frozenset(name for name in names if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))

    def __contains__(self, lower: str) -> bool:
        return lower in self._exact or lower.startswith(self._prefixes)


_SENT = _Names(SENT)
_REFUSED = _Names(REFUSED)
_DROPPED = _Names(DROPPED)


def field_fault(name: str) -> tuple[str, str] | None:
    """Return (expected, got) if *name* must not be added to the fields sent upstream, or None."""
    if not TOKEN.fullmatch(name):
        return "a header's name such as X-Team", "another string"
    if "_" in name or name.endswith("-"):
        # WSGI writes both as `_`, so these could not be distinguished from another field.
        return "a header's name without underscores, and no dash at its end", "one with"
    lower = name.lower()
    if lower in _REFUSED or not CREDENTIAL_WORDS.isdisjoint(lower.split("-")):
        return (
            "a header that may leave this app: no credential, no field of one connection, "
            "not Host, not Idempotency-Key, no X-AssemblyAI-MW-*",
            "another",
        )
    return None


_request_fields: dict[frozenset[str], RequestFields] = {}


def request_fields(added: Iterable[str] = ()) -> RequestFields:
    """Return the filter of fields that go upstream: those of `SENT`, and *added*.

    Callers with the same *added* share one filter, and its plans.

    Raises:
        ConfigError: One of *added* may not go.
    """
    if isinstance(added, str):
        raise ConfigError("headers: expected a list of names, got a string")
    names = set()
    for name in added:
        fault = field_fault(name)
        if fault is not None:
            raise ConfigError("headers: expected {}, got {}".format(*fault))
        names.add(name.lower())
    key = frozenset(names)
    return _request_fields.setdefault(
        key,
        RequestFields(lambda lower: lower in key or (lower in _SENT and lower not in _REFUSED)),
    )


# The treatment of a reply field. Zero, the usual one, is tested by truth.
PASSES, DROPS, NOMINATES, TYPES = range(4)
_FATES = {"connection": NOMINATES, "content-type": TYPES}
# Gunicorn writes these itself, beside whatever the app says.
GUNICORNS = ("date", "server")


def reply_fields(*dropped: str) -> Remembered[int]:
    """Return the treatment of each reply field; *dropped* are not passed back either.

    `NOMINATES` is Connection, which is dropped with the fields that it names; `TYPES` is
    Content-Type, which passes.
    """

    def decide(name: str) -> int:
        lower = name.lower()
        fate = _FATES.get(lower)
        if fate is not None:
            return fate
        return DROPS if lower in _DROPPED or lower in dropped else PASSES

    return Remembered(decide)
