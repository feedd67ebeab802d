"""The request's body: read once, up to a cap, and shared by the stages through the Call."""

from __future__ import annotations

import io
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
    announced = content_length(environ)
    chunked = is_chunked(environ)
    if chunked and not environ.get("wsgi.input_terminated"):
        raise LengthRequired("This server cannot read chunked bodies; send a Content-Length.")
    if announced is not None and announced > max_bytes:
        raise BodyTooLarge(f"The body is larger than the {max_bytes} bytes allowed here.")
    blocks: list[bytes] = []
    size = 0
    limit = max_bytes + 1 if chunked else (announced or 0)
    while size < limit:
        try:
            block = environ["wsgi.input"].read(min(READ_BYTES, limit - size))
        except Exception as error:
            # Servers raise their own types for a body cut short or framed badly.
            raise BadRequest("The request's body could not be read.") from error
        if not block:
            break
        blocks.append(block)
        size += len(block)
    if chunked and size > max_bytes:
        raise BodyTooLarge(f"The body is larger than the {max_bytes} bytes allowed here.")
    if not chunked and size < limit:
        raise BadRequest("The request's body ended before its announced length.")
    body = b"".join(blocks)
    _keep(call, environ, body)
    return body


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
