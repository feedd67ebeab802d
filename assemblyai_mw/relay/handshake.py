"""The opening handshake (RFC 6455 4): what a client must ask, and how it is answered. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import RequestRefused, UpstreamError
from ..http.messages import is_field_value

NOT_RELAYED = (
    "WebSocket is not possible here: AssemblyAI has no streaming API on this path that is relayed."
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Fields of the handshake that go on to the upstream. Not the extensions: compressed frames could
# not be read.
_SENT = (
    ("HTTP_SEC_WEBSOCKET_KEY", "Sec-WebSocket-Key"),
    ("HTTP_SEC_WEBSOCKET_VERSION", "Sec-WebSocket-Version"),
    ("HTTP_SEC_WEBSOCKET_PROTOCOL", "Sec-WebSocket-Protocol"),
)


def is_handshake(environ: Mapping[str, Any]) -> bool:
    """Whether a request asks for WebSocket."""
    upgrade: str = environ.get("HTTP_UPGRADE", "")
    return upgrade.strip().lower() == "websocket"


def check(environ: Mapping[str, Any]) -> None:
    """Refuse a handshake that is not as RFC 6455 4.2.1 has it.

    Raises:
        RequestRefused: 400; 426 for another version, as 4.4 says.
    """
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    if environ["REQUEST_METHOD"] != "GET" or "upgrade" not in map(str.strip, connection):
        raise RequestRefused("A WebSocket handshake is a GET with Connection: Upgrade.")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip() != "13":
        raise RequestRefused(
            "This server speaks version 13 of WebSocket only.",
            status=426,
            headers=[("Sec-WebSocket-Version", "13")],
        )
    if not _is_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip()):
        raise RequestRefused("Sec-WebSocket-Key must be 16 bytes in base64.")
    if not is_field_value(environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")):
        raise RequestRefused("A header's value holds a control character.")


def impossible(message: str) -> RequestRefused:
    """Return the 426 for a request that cannot become a session."""
    return RequestRefused(message, status=426, code="websocket_impossible")


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def request_fields(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the fields that make a request to the upstream a handshake."""
    fields = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    fields += [(name, environ[key].strip()) for key, name in _SENT if environ.get(key)]
    return fields


def accept_of(key: str) -> str:
    """Return the Sec-WebSocket-Accept that fits a client's *key*."""
    return base64.b64encode(
        hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    ).decode()


def reply_head(environ: Mapping[str, Any], headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the head of a 101 to the client, as raw bytes."""
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_of(environ["HTTP_SEC_WEBSOCKET_KEY"].strip())),
        *headers,
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode("latin-1")


def passed_on(
    environ: Mapping[str, Any], headers: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return the fields of the upstream's 101 that the client must see; check the answer.

    Raises:
        UpstreamError: It does not answer this client's handshake, or turns on what the client did
            not ask for.
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value.strip())
    connection = ",".join(found.get("connection", [])).lower().split(",")
    if (
        found.get("sec-websocket-accept") != [accept_of(environ["HTTP_SEC_WEBSOCKET_KEY"].strip())]
        or [each.lower() for each in found.get("upgrade", [])] != ["websocket"]
        or "upgrade" not in map(str.strip, connection)
    ):
        raise UpstreamError("the upstream's handshake does not answer ours")
    if found.get("sec-websocket-extensions"):
        raise UpstreamError("the upstream turned an extension on that was not asked for")
    chosen = found.get("sec-websocket-protocol", [])
    offered = [each.strip() for each in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")]
    if len(chosen) > 1 or any(not each or each not in offered for each in chosen):
        raise UpstreamError("the upstream chose a subprotocol that was not offered")
    return [("Sec-WebSocket-Protocol", each) for each in chosen]
