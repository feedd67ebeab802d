"""One reading of a path in any spelling, as a lax reader may take it. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from ..errors import BadRequest

MAX_ROUNDS = 10
_PARAMETERS = re.compile(r";[^/]*")
_SLASHES = re.compile(r"[/\\]+")


def canonical(path: str) -> str:
    """Return a WSGI path as the laxest of readers might take it.

    Percent-encodings are undone until none is left, letters of other widths and upper case
    become plain ones, `;...` is cut off a segment, backslashes count as slashes, slashes in a
    row as one, and a trailing one as none.

    >>> canonical("//V2/%75pload;x/")
    '/v2/upload'

    Raises:
        BadRequest: It is still encoded after ten rounds.
    """
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    for _ in range(MAX_ROUNDS):
        before = path
        path = unquote(path, errors="replace") if "%" in path else path
        if not path.isascii():
            path = "".join(unicodedata.normalize("NFKC", each) for each in path)
        if path == before or "%" not in path:
            break
    else:
        raise BadRequest("The request's target is encoded too many times.")
    plain = "".join(each for each in path.casefold() if each.isprintable()).strip()
    return _SLASHES.sub("/", _PARAMETERS.sub("", plain)).rstrip("/") or "/"
