"""Sending a body in blocks, with an eye on what the upstream says meanwhile."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator

from .ahead import Ahead
from .connection import CUT_OFF, TIMED_OUT, Connection
from .reply import READ_BYTES

# Larger uploads are sent while their next block is read; a thread is not worth less.
AHEAD_AFTER_BLOCKS = 4
# What a large body in one piece is cut into: the time to send is a block's, not the body's.
BLOCK_BYTES = 1 << 20
# Blocks above this go out by a call of their own rather than through a copy.
JOIN_BYTES = 64 * 1024


def send_blocks(connection: Connection, body: bytes | Iterable[bytes], *, chunked: bool) -> bytes:
    """Send *body*. Return what came back before it was all out, mostly nothing.

    A server may answer 413 without reading on; that is looked for between two blocks.
    """
    blocks = _cut(body) if isinstance(body, bytes) else iter(body)
    with contextlib.closing(Ahead(connection.send)) as ahead:
        try:
            for number, block in enumerate(filter(None, blocks)):
                if not connection.is_quiet():
                    # Only one thread at a time may use the socket: it may be TLS.
                    ahead.wait()
                    early = connection.receive_ready(READ_BYTES)
                    if early:
                        return early
                pieces = _framed(block) if chunked else (block,)
                if number < AHEAD_AFTER_BLOCKS:
                    for piece in pieces:
                        connection.send(piece)
                else:
                    ahead.put(pieces)
            ahead.wait()
            if chunked:
                connection.send(b"0\r\n\r\n")
        except (*CUT_OFF, *TIMED_OUT):
            raise
        except BaseException:
            # The client's body broke off: what waits is not worth sending, nor waiting for.
            ahead.drop()
            with contextlib.suppress(OSError):
                # Not TLS's own: that takes the encryption off a socket on which the other
                # thread may be about to send.
                socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
            raise
    return b""


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK_BYTES):
        yield body[start : start + BLOCK_BYTES]


def _framed(block: bytes) -> tuple[bytes, ...]:
    """Return a chunk in as few pieces as are worth a copy (RFC 9112 7.1)."""
    if len(block) <= JOIN_BYTES:
        return (b"%x\r\n%b\r\n" % (len(block), block),)
    return (b"%x\r\n" % len(block), block, b"\r\n")
