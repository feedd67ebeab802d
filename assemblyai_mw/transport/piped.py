"""A connection whose TLS is a `TLSPipe`: it can be handed on as a bare file descriptor."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ..secret import HiddenBytes
from .connection import Connection, wait_until
from .reply import READ_BYTES
from .tunnel import TLSPipe


@dataclass(slots=True, kw_only=True)
class PipedConnection(Connection):
    """A connected socket with a pipe over it, after the handshake.

    Attributes:
        plain: Bytes that were decrypted and not yet received.
    """

    pipe: TLSPipe
    plain: bytes = field(default=b"", repr=False)

    def send(self, data: bytes | HiddenBytes) -> None:
        """Send all of *data*; see `Connection.send`."""
        hidden = data if isinstance(data, HiddenBytes) else HiddenBytes(data)
        try:
            sealed = self.pipe.encrypt(hidden.reveal())
        except OSError as error:
            # The frames below hold the data to send, including the key.
            raise error.with_traceback(None) from error.__cause__
        Connection.send(self, sealed)

    def receive(self, size: int, until: float | None = None) -> bytes:
        """Return the next bytes; see `Connection.receive`.

        Raises:
            ssl.SSLEOFError: The connection ended without close_notify.
        """
        until = time.monotonic() + self.read_s if until is None else until
        while not self.plain and not self.pipe.ended:
            data = Connection.receive(self, READ_BYTES, until)
            if not data:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the connection ended without TLS's end")
            self.plain = self.pipe.decrypt(data)
            more = self.pipe.to_send()
            if more:
                Connection.send(self, more)
        return self._take(size)

    def receive_ready(self, size: int) -> bytes:
        """Return the bytes that are ready, *size* at most, without waiting."""
        if not self.plain:
            with suppress(OSError):
                self.plain = self.pipe.decrypt(Connection.receive_ready(self, READ_BYTES))
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken, self.plain = self.plain[:size], self.plain[size:]
        return taken

    def close(self) -> None:
        """Close without a word more; the session's ticket is kept."""
        try:
            self.pipe.keep_ticket()
        finally:
            Connection.close(self)


def piped(sock: socket.socket, pipe: TLSPipe, until: float) -> PipedConnection:
    """Shake hands over *sock* until the moment *until* (`time.monotonic`).

    Raises:
        TimeoutError: Too slow.
        OSError: The connection or TLS failed, ssl.SSLError among them. The socket stays open.
    """
    data: bytes | None = b""
    while True:
        try:
            done = pipe.shake_hands(data)
        except ssl.SSLError:
            # An alert says why.
            with suppress(OSError):
                sock.sendall(pipe.to_send())
            raise
        wait_until(sock, until)
        sock.sendall(pipe.to_send())
        if done:
            # What came glued to the handshake is in the pipe: the socket will not show it.
            return PipedConnection(sock, pipe=pipe, plain=pipe.decrypt(b""))
        wait_until(sock, until)
        data = sock.recv(READ_BYTES) or None
