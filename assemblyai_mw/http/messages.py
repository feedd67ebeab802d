"""HTTP/1.1 as a proxy must read it: targets, headers and framing, from WSGI's environ.

Pure functions. Sections are RFC 9110's (semantics) and RFC 9112's (HTTP/1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from ..errors import BadRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 5.5: field values are visible characters, spaces, tabs and obs-text.
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# RFC 3986 leaves these out of a URL, but clients send some of them raw (`[1]`, `|`) and the
# promise is the caller's bytes; `#` would be a fragment, a backslash another spelling of `/`.
_TARGET = re.compile(r"[!-\"$-\[\]-~]*")
_ABSOLUTE_FORM = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_DOT_SEGMENT = re.compile(r"(?:^|[/\\])\.\.?(?:[/\\;]|$)")
_ESCAPED_SLASH = re.compile("%2F", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_DIGITS = re.compile(r"[0-9]{1,18}")

# Fields that describe one body; they are dropped when the body is replaced (RFC 9110 8, RFC 9530).
BODY_FIELDS = frozenset(
    {
        "accept-ranges",
        "content-digest",
        "content-encoding",
        "content-length",
        "content-md5",
        "digest",
        "etag",
        "last-modified",
        "repr-digest",
    }
)
# RFC 9110 7.6.1, and the older names that senders still use.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def request_tail(environ: WSGIEnvironment) -> str | None:
    """Return the raw path below SCRIPT_NAME as the client spelled it, or None.

    PATH_INFO is decoded, so `a%2Fb` and `a/b` look alike there; RAW_URI (Gunicorn)
    and REQUEST_URI (Waitress, Werkzeug, uWSGI, mod_wsgi) are not. None means that the raw spelling
    does not begin exactly with SCRIPT_NAME, or contradicts PATH_INFO: then the target to forward is
    unknown. Servers without either variable get PATH_INFO, quoted again; there `%2F` is lost.

    SCRIPT_NAME may begin with a mount point that the front server has cut off.
    """
    script: str = environ.get("SCRIPT_NAME", "")
    path: str = environ.get("PATH_INFO", "")
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw is None:
        try:
            return quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        except UnicodeEncodeError:
            # PEP 3333 decodes bytes as Latin-1 here; this text is not.
            return None
    raw_path = _path_of(raw)
    if raw_path == script + path and "%" not in path and path[:1] in ("", "/"):
        return path
    for tail in _tails(raw_path, script):
        # Servers leave a fragment out of PATH_INFO; here it stays, and is refused later.
        if path in (_decoded(tail), _decoded(tail.partition("#")[0])):
            return tail
    return None


def path_with_slashes(environ: WSGIEnvironment) -> str | None:
    """Return PATH_INFO as PEP 3333 has it, where the server left `%2F` in it; else None.

    Cheroot (CherryPy) decodes all other escapes. What it left is known by the raw path alone: a
    `%252F` looks like it.
    """
    script: str = environ.get("SCRIPT_NAME", "")
    path: str = environ.get("PATH_INFO", "")
    raw = environ.get("REQUEST_URI")
    if raw is None or "%2F" not in path:
        return None
    for tail in _tails(_path_of(raw), script):
        if "%2F".join(map(_decoded, _ESCAPED_SLASH.split(tail))) == path:
            return _decoded(tail)
    return None


def _path_of(raw: str) -> str:
    raw = raw if raw.startswith("/") else _ABSOLUTE_FORM.sub("", raw, count=1)
    return raw.partition("?")[0] if "?" in raw else raw


def _tails(raw_path: str, script: str) -> Iterator[str]:
    """Yield what may stand below SCRIPT_NAME, or below what is left of it behind a front server."""
    start = 0
    while start >= 0:
        mount = script[start:]
        tail = raw_path[len(mount) :]
        if raw_path.startswith(mount) and tail[:1] in ("", "/", "#"):
            yield tail
        start = script.find("/", start + 1)


def _decoded(tail: str) -> str:
    return unquote_to_bytes(tail.encode("latin-1", "replace")).decode("latin-1")


def request_target(environ: WSGIEnvironment) -> str:
    """Return the origin-form target to send upstream: the caller's own bytes.

    Raises:
        BadRequest: Its path holds dot segments (once decoded), control characters, a
            backslash, a fragment or bytes outside ASCII; or the raw target and
            PATH_INFO disagree.
    """
    tail = request_tail(environ)
    if tail is None:
        raise BadRequest("The request's target is spelled in a way that cannot be forwarded.")
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw is None:
        query = environ.get("QUERY_STRING", "")
        target = f"{tail or '/'}?{query}" if query else (tail or "/")
    else:
        _, mark, query = raw.partition("?")
        target = (tail or "/") + mark + query
    if not _TARGET.fullmatch(target):
        raise BadRequest("The request's target holds an invalid character.")
    path = tail
    if "%" in tail:
        decoded = unquote_to_bytes(tail)
        if _CONTROL.search(decoded):
            raise BadRequest("The request's path holds a control character.")
        path = decoded.decode("latin-1")
    if "." in path and _DOT_SEGMENT.search(path):
        raise BadRequest("The request's path holds a dot segment.")
    return target


def content_length(environ: WSGIEnvironment) -> int | None:
    """Return the announced length in bytes, or None without one.

    Raises:
        BadRequest: It is not plain ASCII digits (`int` would take `+5` and `1_0`).
    """
    value = environ.get("CONTENT_LENGTH")
    if not value:
        return None
    if not _DIGITS.fullmatch(value):
        raise BadRequest("Content-Length is not a number.")
    return int(value)


def is_chunked(environ: WSGIEnvironment) -> bool:
    """Whether the request's body comes in chunks (RFC 9112 7.1).

    Raises:
        BadRequest: Transfer-Encoding is anything but one `chunked`, or comes with
            a Content-Length: two readers could see two different bodies.
    """
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    if not coding:
        return False
    if coding.strip().lower() != "chunked":
        raise BadRequest("Transfer-Encoding is something other than chunked.")
    if environ.get("CONTENT_LENGTH"):
        raise BadRequest("Both Content-Length and Transfer-Encoding were sent.")
    return True


def is_field_value(text: str) -> bool:
    """Whether *text*, Latin-1-decoded (PEP 3333), may be a field's value (RFC 9110 5.5)."""
    plain = text.isascii() and text.isprintable()
    return plain or _FIELD_VALUE.fullmatch(text) is not None


def connection_tokens(values: list[str]) -> set[str]:
    """Return the lower-case field names that Connection fields nominate (RFC 9110 7.6.1)."""
    return {name.strip().lower() for value in values for name in value.split(",")} - {""}
