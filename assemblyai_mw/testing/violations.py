"""Frames that a server must not send, each by its name (pure)."""

from __future__ import annotations

import json

from .sessions import Violation
from .websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame

_TEXT = json.dumps({"type": "Warning", "warning_code": 1, "warning": "never to be read"}).encode()
_MIB = 1 << 20
FLOOD = 10_000


def violation(name: Violation) -> bytes:
    """Return the bytes of one violation of RFC 6455, or of good manners.

    `big text` (a message just over 1 MiB) and `ping flood` (10,000 of them) are allowed by the
    letter; the others fail the connection.
    """
    if name == "masked":
        return frame(TEXT, _TEXT, mask=b"\x01\x02\x03\x04")
    if name == "rsv":
        return frame(TEXT, _TEXT, rsv=4)
    if name == "opcode":
        return frame(3, _TEXT)
    if name == "continuation":
        return frame(CONTINUATION, _TEXT)
    if name == "nested":
        return frame(TEXT, _TEXT[:9], fin=False) + frame(TEXT, _TEXT)
    if name == "long ping":
        return frame(PING, bytes(126))
    if name == "split ping":
        return frame(PING, b"", fin=False) + frame(BINARY, b"")
    if name == "bad utf-8":
        return frame(TEXT, b'"\xff\xfe"')
    if name == "bad close":
        return frame(CLOSE, b"\x03\xed")  # 1005 stands for "no code" and is never sent.
    if name == "big text":
        big = {"type": "Warning", "warning_code": 1, "warning": "x" * _MIB}
        return frame(TEXT, json.dumps(big).encode())
    return frame(PING, b"flood") * FLOOD
