"""TLS sessions of earlier connections, offered again so that the next handshake is a short one."""

from __future__ import annotations

import ssl
import time
from typing import NamedTuple

from .origin import Origin

# A resumed handshake shows no certificate, and each brings a new ticket: without an end to this, a
# certificate that has expired would never be noticed (RFC 8446 4.6.1).
MAX_AGE_S = 3600.0


class Ticket(NamedTuple):
    """A TLS session, and the moment (`time.monotonic`) at which its certificate was checked."""

    session: ssl.SSLSession
    checked_at: float


class Tickets:
    """The last session of each origin, all of one SSLContext and one process."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Ticket] = {}

    def keep(self, origin: Origin, ticket: Ticket) -> None:
        """Keep *ticket* in place of the one before it."""
        self._kept[origin.host, origin.port] = ticket

    def find(self, origin: Origin) -> Ticket | None:
        """Return the ticket to offer to *origin*, if there is one of the last hour."""
        ticket = self._kept.get((origin.host, origin.port))
        if ticket is None or time.monotonic() - ticket.checked_at > MAX_AGE_S:
            return None
        return ticket
