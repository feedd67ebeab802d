"""A connection that has left HTTP behind (RFC 9110 15.2.2), and TLS without a socket.

A tunnel is relayed by another thread than the one that opened it, and perhaps in a process whose
sockets gevent has replaced. So it is a bare file descriptor, and its TLS reads and writes bytes.
"""

from __future__ import annotations

import _socket
import os
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from .tickets import Ticket

# A peer that vanished without a word is noticed within a minute, whoever was to speak next.
_TCP_OPTIONS = (
    ("TCP_NODELAY", 1),
    ("TCP_KEEPIDLE", 30),
    ("TCP_KEEPINTVL", 10),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 45_000),
)
# A TLS record's data at most (RFC 8446 5.1): more is never read at once.
_RECORD_BYTES = 16 * 1024


def keep_alive(fd: int) -> None:
    """Have the kernel watch over a long connection, and send each piece at once.

    Idle, the peer is probed after 30 s, then every 10 s. Where the platform has TCP_USER_TIMEOUT,
    the connection also ends when data was not taken for 45 s, by a peer that has gone or one that
    does not read. What the platform, or another kind of socket, does not know is left out.

    Raises:
        OSError: *fd* is no socket.
    """
    # Not `socket.socket`: gevent's would make the descriptor its own hub's.
    sock = _socket.socket(fileno=fd)
    try:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP_OPTIONS:
            option = getattr(socket, name, None)
            if option is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, option, value)
    finally:
        sock.detach()


class TLSPipe:
    """TLS, the client's side, over bytes instead of a socket. One thread at a time.

    Args:
        context: Its checks hold: chain and name.
        host: The name that the certificate must prove.
        ticket: Of an earlier session with the same host and context.
        keep: Called with a ticket for later sessions, when there is one.

    Attributes:
        ended: The peer has sent close_notify: nothing more will come. A connection that ends
            without it may have been cut.
    """

    __slots__ = (
        "_checked_at",
        "_fault",
        "_incoming",
        "_keep",
        "_looked",
        "_outgoing",
        "_ticket",
        "_tls",
        "ended",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        host: str,
        *,
        ticket: Ticket | None = None,
        keep: Callable[[Ticket], None] | None = None,
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_hostname=host,
            session=None if ticket is None else ticket.session,
        )
        self._ticket = ticket
        self._keep = keep
        # Set once the handshake is over.
        self._checked_at: float | None = None
        self._looked = False
        self._fault: ssl.SSLError | None = None
        self.ended = False

    @property
    def session_reused(self) -> bool:
        """Whether the peer took the ticket that was offered."""
        return bool(self._tls.session_reused)

    def shake_hands(self, data: bytes | None = b"") -> bool:
        """Take *data* of the peer's handshake, None for its end; return whether all is done.

        What `to_send` gives then goes to the peer in any case, after an error too.

        Raises:
            ssl.SSLError: The peer did not prove its name, or spoke no TLS.
        """
        if data is None:
            self._incoming.write_eof()
        else:
            self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        ticket = self._ticket
        reused = ticket is not None and self.session_reused
        self._checked_at = ticket.checked_at if ticket and reused else time.monotonic()
        return True

    def decrypt(self, data: bytes) -> bytes:
        """Return the plain bytes that *data* completes; sets `ended` at their end.

        Afterwards `to_send` may have something for the peer.

        Raises:
            ssl.SSLError: *data* is not the peer's. The plain bytes before it are returned first,
                and the next call raises.
        """
        if self._fault is not None:
            raise self._fault
        if self.ended:
            return b""
        incoming, tls = self._incoming, self._tls
        incoming.write(data)
        pieces = []
        try:
            # Asking costs less than the exception that says that there is no whole record.
            while incoming.pending or tls.pending():
                piece = tls.read(_RECORD_BYTES)
                if not piece:
                    self.ended = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as error:
            self._fault = error
            if not pieces:
                raise
        if pieces and not self._looked:
            # TLS 1.3 sends tickets after the handshake, and servers do so before any data.
            self._looked = True
            self.keep_ticket()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def encrypt(self, data: bytes) -> bytes:
        """Return what to send for *data*, and for TLS itself.

        Raises:
            ssl.SSLError: The session has failed, or was closed.
        """
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        return self._outgoing.read()

    def to_send(self) -> bytes:
        """Return what TLS itself has for the peer: handshake, alerts, key updates."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def close(self) -> bytes:
        """Return the last bytes to send: close_notify. Nothing can be encrypted afterwards."""
        self.keep_ticket()
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._outgoing.read()

    def keep_ticket(self) -> None:
        """Give the newest ticket to later sessions, if the peer has sent one."""
        if self._keep is None or self._checked_at is None:
            return
        session = self._tls.session
        # Before its ticket has come, a session of TLS 1.3 has neither and cannot be resumed.
        if session is not None and (session.has_ticket or session.id):
            self._ticket = Ticket(session, self._checked_at)
            self._keep(self._ticket)


@dataclass(slots=True, kw_only=True)
class Tunnel:
    """An upstream that has switched protocols.

    Attributes:
        status, reason, headers: The head of the reply, as received.
        fd: A connected stream socket, owned by the holder of this object, blocking or not;
            -1 once closed.
        tls: TLS over `fd`; None for plain connections.
        early: Plain bytes that came after the head; `tls` has given them out already, and may
            have `ended`.
    """

    status: int = 101
    reason: str
    headers: list[tuple[str, str]]
    fd: int
    tls: TLSPipe | None = None
    early: bytes = field(default=b"", repr=False)

    def close(self) -> None:
        """Close the connection without a word more. A second call does nothing."""
        fd, self.fd = self.fd, -1
        if fd < 0:
            return
        try:
            if self.tls is not None:
                self.tls.keep_ticket()
        finally:
            os.close(fd)
