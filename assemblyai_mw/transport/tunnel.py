"""A connection that left HTTP: what a transport's `upgrade` gives for 101."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from .base import Headers


@dataclass(slots=True, kw_only=True)
class Tunnel:
    """An upstream's 101 and the connection behind it.

    Attributes:
        fd: A connected stream socket, owned by whoever holds the tunnel; -1 once it is closed.
            Its blocking mode is not defined.
        tls: TLS over that socket, without I/O of its own; None where there is none.
        early: Plain bytes that came behind the head.
    """

    status: int = 101
    reason: str
    headers: Headers = field(repr=False)
    fd: int
    tls: Any | None = None
    early: bytes = field(default=b"", repr=False)

    def close(self) -> None:
        """Close the socket, once."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)
