"""The request's body: read once, up to a cap, and shared by the stages through the Call."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, BodyTooLarge, LengthRequired
from ..http.messages import content_length, is_chunked
from .model import UNREAD, Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


READ_BYTES = 1 << 20
# Digests of the client's own bytes (RFC 9530, RFC 1864).
_ABOUT_THE_BODY = (
    "HTTP_CONTENT_DIGEST",
    "HTTP_CONTENT_MD5",
    "HTTP_DIGEST",
    "HTTP_REPR_DIGEST",
)


def read_body(call: Call, environ: WSGIEnvironment, *, max_bytes: int) -> bytes:
    """Return the request's body, read once and kept on the Call.

    Stages and apps further in read the same bytes again from `wsgi.input`, now
    with a Content-Length.

    Raises:
        BodyTooLarge: It is longer than *max_bytes*, declared or counted.
        BadRequest: It ended before its announced length, or was framed badly.
        LengthRequired: It is chunked and the server cannot tell its end.
    """
    if call.body is not None:
        return call.body
    body = b"".join(blocks_of(environ, max_bytes=max_bytes))
    _keep(call, environ, body)
    return body


def blocks_of(environ: WSGIEnvironment, *, max_bytes: int | None) -> Iterator[bytes]:
    """Yield the request's body, to its end and no further.

    Raises:
        RequestRefused: As `read_body`.
    """
    length = body_length(environ)
    if length is not None and max_bytes is not None and length > max_bytes:
        raise _too_large(max_bytes)
    size = 0
    # Of a body in chunks, one byte too many is looked for.
    limit = length
    if length is None and max_bytes is not None:
        limit = max_bytes + 1
    while limit is None or size < limit:
        wanted = READ_BYTES if limit is None else min(READ_BYTES, limit - size)
        try:
            block = environ["wsgi.input"].read(wanted)
        except Exception as error:
            # Servers raise their own types for a body cut short or framed badly.
            raise BadRequest("The request's body could not be read.") from error
        if not block:
            break
        size += len(block)
        yield block
    if length is None and max_bytes is not None and size > max_bytes:
        raise _too_large(max_bytes)
    if length is not None and size < length:
        raise BadRequest("The request's body ended before its announced length.")


def body_length(environ: WSGIEnvironment) -> int | None:
    """Return the length of the request's body in bytes; None for one in chunks.

    Raises:
        BadRequest: It is framed badly.
        LengthRequired: It is chunked and the server cannot tell its end.
    """
    announced = content_length(environ)
    if not is_chunked(environ):
        return announced or 0
    if not environ.get("wsgi.input_terminated"):
        raise LengthRequired("This server cannot read chunked bodies; send a Content-Length.")
    return None


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than the {max_bytes} bytes allowed here.")


def replace_body(call: Call, environ: WSGIEnvironment, body: bytes, value: Any = UNREAD) -> None:
    """Make *body* what every stage further in, and the upstream, receives.

    *value* is its parsed JSON, if known; then it is not parsed again.
    """
    for key in _ABOUT_THE_BODY:
        environ.pop(key, None)
    _keep(call, environ, body, value)


def _keep(call: Call, environ: WSGIEnvironment, body: bytes, value: Any = UNREAD) -> None:
    call.body, call.json, call.billable = body, value, None
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def json_of(call: Call) -> Any:
    """Return the Call's body as parsed JSON; `read_body` must have been called.

    Parsed once and shared by all stages, which must not change it: a stage that needs another body
    passes it to `replace_body`.

    Raises:
        BadRequest: It is not JSON by RFC 8259, names a key twice (two readers could then see two
            different requests), or nests too deep.
    """
    from ..http.strict_json import loads

    if call.json is UNREAD:
        call.json = loads(call.body or b"")
    return call.json
