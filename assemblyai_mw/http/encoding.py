"""Reading a copy of a reply: undo its Content-Encoding, within a bound. Pure.

The client gets the bytes as they came; only the copy that is metered is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

import zlib

# The codings that `decode` undoes. If a reply must be read, the request's Accept-Encoding is
# narrowed to these: brotli and zstd are not in the standard library.
READABLE = ("gzip", "x-gzip", "deflate", "identity")


def decode(body: bytes, encoding: str | None, *, max_bytes: int) -> bytes | None:
    """Return *body* without its Content-Encoding.

    None for an unknown or stacked encoding, broken data, or more than *max_bytes* (10 MB can
    inflate to 10 GB).
    """
    coding = (encoding or "").strip().lower()
    if coding in ("", "identity"):
        return body if len(body) <= max_bytes else None
    if coding not in READABLE:
        return None
    # RFC 9110 8.4.1.2: "deflate" means zlib's format, though some send raw deflate.
    windows = (31,) if "gzip" in coding else (15, -15)
    for window in windows:
        inflater = zlib.decompressobj(window)
        try:
            decoded = inflater.decompress(body, max_bytes + 1)
        except zlib.error:
            continue
        if len(decoded) > max_bytes or not inflater.eof:
            return None
        return decoded
    return None


def narrow(accept_encoding: str) -> str:
    """Return an Accept-Encoding value without the codings that `decode` cannot undo.

    >>> narrow("gzip, deflate, br;q=0.9")
    'gzip, deflate'
    """
    items = accept_encoding.split(",")
    kept = [item for item in items if item.partition(";")[0].strip().lower() in READABLE]
    if len(kept) == len(items):
        return accept_encoding
    return ",".join(kept).strip() or "identity"


def narrow_encoding(environ: WSGIEnvironment) -> None:
    """Ask only for codings that the meter can read too."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING")
    if accepted:
        environ["HTTP_ACCEPT_ENCODING"] = narrow(accepted)
