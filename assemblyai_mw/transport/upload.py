"""Sends a body in blocks, and watches for an early reply of the upstream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .connection import Connection
from .memory import keep_blocks
from .reply import READ_BYTES

# What a large body in one piece is cut into: the time to send is a block's, not the body's.
BLOCK_BYTES = 1 << 20
# Larger blocks go out by their own call instead of through a copy.
JOIN_BYTES = 64 * 1024


def send_blocks(connection: Connection, body: bytes | Iterable[bytes], *, chunked: bool) -> bytes:
    """Send *body*. Return the bytes that arrived before its end, mostly none.

    A server may answer 413 without reading on; that is looked for between two blocks.
    Reading and sending take turns: while one waits, the kernel's buffers keep the other
    side busy.
    """
    keep_blocks()
    for block in _cut(body) if isinstance(body, bytes) else body:
        if not block:
            continue
        if not connection.is_quiet():
            early = connection.receive_ready(READ_BYTES)
            if early:
                return early
        for piece in _framed(block) if chunked else (block,):
            connection.send(piece)
    if chunked:
        connection.send(b"0\r\n\r\n")
    return b""


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK_BYTES):
        yield body[start : start + BLOCK_BYTES]


def _framed(block: bytes) -> tuple[bytes, ...]:
    """Return a chunk in as few pieces as are worth a copy (RFC 9112 7.1)."""
    if len(block) <= JOIN_BYTES:
        return (b"%x\r\n%b\r\n" % (len(block), block),)
    return (b"%x\r\n" % len(block), block, b"\r\n")
