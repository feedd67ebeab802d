"""Idle connections for reuse."""

from __future__ import annotations

import contextlib
import os
import time

from .connection import Connection

MAX_IDLE_CONNECTIONS = 64
# Load balancers close idle connections after 60 s and more; a request should not race that.
MAX_IDLE_SECONDS = 30.0


class Pool:
    """Idle connections to one origin, last used first."""

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: list[Connection] = []

    def take(self, now: float) -> Connection | None:
        """Return a connection that is fit to be used, or None."""
        idle = self._idle
        while idle:
            try:
                connection = idle.pop()
            except IndexError:
                # Another thread was faster.
                return None
            if now - connection.idle_since < MAX_IDLE_SECONDS and connection.is_quiet():
                return connection
            connection.close()
        return None

    def put(self, connection: Connection) -> None:
        """Put a connection back whose reply was read to its end, and nothing more."""
        # TLS may have decrypted unrequested bytes, which the socket does not show.
        surplus = connection.tls is not None and connection.tls.pending()
        if surplus or len(self._idle) >= MAX_IDLE_CONNECTIONS:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.append(connection)

    def close(self) -> None:
        """Close all."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """Release all connections that came through a fork; the parent's stay open.

        Not by TLS's own close, which would notify the peer.
        """
        while self._idle:
            with contextlib.suppress(OSError):
                os.close(self._idle.pop().socket.detach())
