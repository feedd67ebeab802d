"""The digest by which a repeated request is recognised as the same."""

from __future__ import annotations

import contextlib
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ...http.counted_input import CountedInput

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# RFC 2046, 5.1.1.
MAX_BOUNDARY_CHARS = 70


class RequestDigest:
    """The SHA-256 of a request: its method, path, query, model field and body.

    A form's boundary is no part of it: clients make a new one for each try. What stands between
    two delimiters is.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        head = [
            environ["REQUEST_METHOD"],
            environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            # The synchronous API's model stands in no body.
            environ.get("HTTP_X_AAI_MODEL", ""),
        ]
        self._whole = sha256(json.dumps(head).encode())
        boundary = _boundary(environ.get("CONTENT_TYPE", ""))
        # A delimiter begins a line (RFC 2046, 5.1.1); so does the body.
        self._delimiter = b"" if boundary is None else b"\r\n--" + boundary
        self._held = b"" if boundary is None else b"\r\n"
        self._part = sha256()

    def update(self, block: bytes) -> None:
        """Add bytes of the body."""
        delimiter = self._delimiter
        if not delimiter:
            self._part.update(block)
            return
        text = self._held + block
        start = 0
        while (found := text.find(delimiter, start)) >= 0:
            self._part.update(memoryview(text)[start:found])
            self._end_part()
            start = found + len(delimiter)
        # A delimiter may begin in this block, and end in the next one.
        kept = max(start, len(text) - len(delimiter) + 1)
        self._part.update(memoryview(text)[start:kept])
        self._held = text[kept:]

    def digest(self) -> bytes:
        """Return the SHA-256; the body has ended."""
        self._part.update(self._held)
        self._held = b""
        self._end_part()
        return self._whole.digest()

    def _end_part(self) -> None:
        self._whole.update(self._part.digest())
        self._part = sha256()


class DigestedInput(CountedInput):
    """A `wsgi.input` whose bytes go into a digest as they are read."""

    __slots__ = ("_digest",)

    def __init__(self, input: Any, digest: RequestDigest) -> None:
        super().__init__(input, keep=0)
        self._digest = digest

    def finish(self, length: int | None, most: int) -> None:
        """Read what is left of a body of *length* bytes, *most* of it; None for one in chunks."""
        left = most if length is None else min(most, length - self.count)
        with contextlib.suppress(Exception):
            # A client that has left is no fault of the answer.
            while left > 0 and (block := self.read(left)):
                left -= len(block)

    def _noted(self, block: bytes, size: int) -> bytes:
        self._digest.update(block)
        return super()._noted(block, size)


def _boundary(content_type: str) -> bytes | None:
    """Return the boundary of a multipart body; None for other bodies, hashed as they are."""
    if not content_type.lower().startswith("multipart/"):
        return None
    from werkzeug.http import parse_options_header

    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not 0 < len(boundary) <= MAX_BOUNDARY_CHARS or not boundary.isascii():
        return None
    return boundary.encode()
