"""Complete replies over a `Transport`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import UpstreamTimeout
from .base import Request, Timeouts, Transport
from .origin import Origin


@dataclass(frozen=True, slots=True)
class WholeReply:
    """A reply that was read to its end.

    Attributes:
        status: HTTP status.
        headers: By lower-case name; of several fields of one name, the last.
        body: As received, undecoded; None where it is larger than was allowed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None


def fetch(
    transport: Transport, origin: Origin, request: Request, timeouts: Timeouts, *, max_bytes: int
) -> WholeReply:
    """Send *request*; return its reply with all of its body. Redirects are not followed.

    `timeouts.total_s` bounds all of it, also where the transport looks at the time of a
    reply's single blocks only. A body above *max_bytes* is left unread.

    Raises:
        UpstreamTimeout: Too slow.
        UpstreamError: Unreachable, not HTTP/1.1, or its body stops short of its end.
    """
    deadline = time.monotonic() + timeouts.total_s
    reply = transport.send(origin, request, timeouts)
    try:
        headers = {name.lower(): value for name, value in reply.headers}
        blocks, size = [], 0
        for block in (reply.whole,) if reply.whole is not None else reply:
            blocks.append(block)
            size += len(block)
            if size > max_bytes:
                return WholeReply(reply.status, headers, None)
            if time.monotonic() > deadline:
                raise UpstreamTimeout("the reply took too long")
        return WholeReply(reply.status, headers, b"".join(blocks))
    finally:
        reply.close()
