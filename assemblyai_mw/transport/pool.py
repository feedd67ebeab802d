"""The connections that wait to be used again."""

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
        # TLS may have undone bytes that nobody asked for: the system shows none of them.
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
        """Let go of all, which came through a fork: the parent's own stay open.

        Not by TLS's way to close: it would tell the peer.
        """
        while self._idle:
            with contextlib.suppress(OSError):
                os.close(self._idle.pop().socket.detach())
