"""Requests that the stand-in received: one record each, with the body hashed as it streams in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

READ_BYTES = 1 << 20
KEPT_BYTES = 64 << 10
# A JSON body is held whole, an upload never; no documented request comes near this.
JSON_BYTES = 32 << 20
# `serve` leaves the fields here as they stood on the wire; a WSGI environ joins doubled ones.
HEADERS_KEY = "assemblyai_mw.testing.headers"


@dataclass(slots=True)
class SeenRequest:
    """One request as it arrived.

    Attributes:
        at: Unix seconds.
        service: The host that was asked: `api`, `llm-gateway`, `streaming`, ...
        region: `us` or `eu`: the region of the stand-in that was asked.
        target: Path and query, on a socket exactly as sent.
        headers: Pairs in their order; names as sent (on a socket) or lower-case.
        body_size: Bytes read so far.
        body_sha256: Hex digest of the body, empty until it was read to its end.
        body: The body where it has at most 64 KiB, else None.
        complete: The body arrived whole.
        status: Status of the reply; None until then.
        account: Account of the key; None without a known key.
    """

    at: float
    service: str
    region: str
    method: str
    target: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body_size: int = 0
    body_sha256: str = ""
    body: bytes | None = None
    complete: bool = False
    status: int | None = None
    account: str | None = None
    kept: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None; *name* in any case."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def headers_of(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [v for k, v in self.headers if k.lower() == name.lower()]


def headers_of(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    """Return the request's header fields, as exactly as the server passes them on."""
    if HEADERS_KEY in environ:
        return list(environ[HEADERS_KEY])
    fields = [
        (key[5:].replace("_", "-").lower(), str(value))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    fields += [
        (name, str(environ[key]))
        for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length"))
        if environ.get(key)
    ]
    return fields


def read_body(environ: WSGIEnvironment, seen: SeenRequest, *, keep: int) -> None:
    """Read the whole body into *seen*: its size and hash, and its first *keep* bytes.

    A body that breaks off leaves `seen.complete` False.
    """
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    length = None if chunked else int(environ.get("CONTENT_LENGTH") or 0)
    digest = hashlib.sha256()
    kept = bytearray()
    source: Any = environ["wsgi.input"]
    while length is None or seen.body_size < length:
        want = READ_BYTES if length is None else min(READ_BYTES, length - seen.body_size)
        try:
            block = source.read(want)
        except OSError:
            return
        if not block:
            break
        digest.update(block)
        seen.body_size += len(block)
        if len(kept) < keep:
            kept += block[: keep - len(kept)]
    seen.complete = length is None or seen.body_size == length
    seen.body_sha256 = digest.hexdigest()
    seen.kept = bytes(kept)
    if seen.body_size <= min(KEPT_BYTES, keep):
        seen.body = seen.kept
