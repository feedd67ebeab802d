"""AssemblyAI's replies to uploads and lists, read whole, and the lists answered here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...errors import RequestRefused, UpstreamError
from ...http.encoding import decode
from ...http.wsgi import Reply
from .lists import rewritten

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


MAX_LIST_BYTES = 4 * 1024 * 1024


class NoList(Exception):
    """AssemblyAI's reply to a list request is no list; the caller gets it as it is."""

    def __init__(self, reply: Reply, body: bytes) -> None:
        super().__init__(reply.status)
        self.status = reply.status_code
        self._reply = reply
        self._body = body

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        self._reply.start(start_response)
        return [self._body]


class TooLarge(RequestRefused):
    """AssemblyAI's reply has more bytes than are read."""

    def __init__(self) -> None:
        super().__init__("AssemblyAI's reply is too large.", status=502, code="upstream_error")


def base_url(environ: WSGIEnvironment) -> str:
    """Return this app's own address of the route, as the client reached it (PEP 3333)."""
    host = environ.get("HTTP_HOST", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?", host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '')}"


def whole(reply: Reply, *, beyond: int = 0) -> bytes:
    """Return a reply's body.

    Args:
        reply: The reply.
        beyond: Bytes that it may have beyond `MAX_LIST_BYTES`.

    Raises:
        RequestRefused: 502 or 504 if it broke off.
        TooLarge: It has more.
    """
    blocks: list[bytes] = []
    size = 0
    try:
        for block in reply:
            blocks.append(block)
            size += len(block)
            if size > MAX_LIST_BYTES + beyond:
                raise TooLarge
    except UpstreamError as error:
        raise RequestRefused(
            "AssemblyAI's reply broke off.", status=error.status, code="upstream_error"
        ) from error
    finally:
        reply.close()
    return b"".join(blocks)


def listed(reply: Reply) -> dict[str, Any]:
    """Return the account's list, or raise with the reply that is no list."""
    body = whole(reply)
    value = json_in(body, reply)
    if reply.status_code != 200:
        raise NoList(reply, body)
    if not isinstance(value, dict):
        # The rows of another shape cannot be assigned to owners.
        raise unreadable()
    return value


def unreadable() -> RequestRefused:
    return RequestRefused("AssemblyAI's list cannot be read.", status=502, code="upstream_error")


def through_here(value: dict[str, Any], base: str) -> dict[str, Any]:
    details, items = value.get("page_details"), value.get("transcripts")
    if isinstance(details, dict):
        value["page_details"] = rewritten(details, base)
    if isinstance(items, list):
        value["transcripts"] = [
            rewritten(item, base) if isinstance(item, dict) else item for item in items
        ]
    return value


def json_in(body: bytes, reply: Reply) -> Any:
    most = max(MAX_LIST_BYTES, len(body))
    decoded = decode(body, reply.header("content-encoding"), max_bytes=most)
    try:
        return json.loads(decoded or b"")
    except (ValueError, RecursionError):
        return None


def json_reply(value: object, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(value).encode()
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ],
    )
    return [body]
