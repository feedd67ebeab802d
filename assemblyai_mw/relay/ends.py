"""The two ends of a session: sockets that never wait."""

from __future__ import annotations

import _socket
import contextlib
import os
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..transport.at_once import AtOnce
    from ..transport.tunnel import TLSPipe

READ_BYTES = 32 * 1024
# What one record of TLS holds (RFC 8446 5.1).
_RECORD_BYTES = 16 * 1024
EPOLLIN, EPOLLOUT = 1, 4


class Gone(Exception):
    """The connection broke."""


class Wire:
    """A connection, plain or with TLS on it.

    Attributes:
        pending: Bytes that the kernel did not take yet; while there are any, the other side of the
            session is not read.
        ended: The peer sends no more.
    """

    __slots__ = (
        "_at_once",
        "_on_close",
        "_socket",
        "_tls",
        "_wants",
        "_watch",
        "ended",
        "fd",
        "pending",
    )

    def __init__(
        self,
        fd: int,
        tls: TLSPipe | None = None,
        *,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """*on_close* closes a descriptor that another owns."""
        # Not socket.socket, which a gevent worker has replaced.
        self._socket = _socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._tls = tls
        self._on_close = on_close
        self.fd = fd
        self.pending = bytearray()
        self.ended = False
        self._wants = 0
        self._watch: Callable[[int, int, int], None] | None = None
        self._at_once: AtOnce | None = None

    def watched_by(self, watch: Callable[[int, int, int], None], at_once: AtOnce) -> None:
        """Have *watch(fd, before, after)* told what to wait for; use the loop's own calls."""
        self._watch = watch
        self._at_once = at_once
        self.want(read=True)

    def want(self, *, read: bool) -> None:
        """Say whether to be read; writing is wanted while anything is pending."""
        wants = (EPOLLIN if read and not self.ended else 0) | (EPOLLOUT if self.pending else 0)
        if wants != self._wants and self._watch is not None:
            self._watch(self.fd, self._wants, wants)
            self._wants = wants

    @property
    def is_read(self) -> bool:
        """Whether it is being read."""
        return bool(self._wants & EPOLLIN)

    def receive(self) -> bytes | None:
        """Return what is there; None for nothing yet, empty at the end. Raises Gone."""
        data = None if self._at_once is None else self._at_once.receive(self.fd)
        try:
            if data is None:
                # Python tells which error it is.
                data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self.ended = True
            raise Gone from error
        if self._tls is None or not data:
            if not data:
                self.ended = True
            return data
        try:
            plain = self._tls.decrypt(data)
        except ssl.SSLError as error:
            self.ended = True
            raise Gone from error
        answer = self._tls.to_send()
        if answer:
            self._push(answer)
        if not plain and self._tls.ended:
            self.ended = True
            return b""
        return plain or None

    def send(self, data: bytes) -> None:
        """Send *data*, or keep what the kernel does not take. Raises Gone."""
        if self._tls is None:
            self._push(data)
            return
        try:
            data = self._tls.encrypt(data)
        except ssl.SSLError as error:
            raise Gone from error
        self._push(data)

    def _push(self, data: bytes) -> None:
        if self.pending:
            self.pending += data
            return
        done = self._write(data)
        if done < len(data):
            self.pending += data[done:]
            self.want(read=self.is_read)

    def flush(self) -> None:
        """Send what is pending, as far as the kernel takes it. Raises Gone."""
        if self.pending:
            done = self._write(self.pending)
            del self.pending[:done]

    def _write(self, data: bytes | bytearray) -> int:
        if self._at_once is not None and isinstance(data, bytes):
            done = self._at_once.send(self.fd, data)
            if done:
                return done
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise Gone from error

    def finish(self) -> None:
        """Say that no more comes."""
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._tls is not None:
                self._socket.send(self._tls.close())
            self._socket.shutdown(_socket.SHUT_WR)

    def abandon(self) -> None:
        """Close this process's hold on the connection without a word."""
        self._at_once = None
        self._socket.close()

    def close(self) -> None:
        """Close the connection."""
        if self._watch is not None and self._wants:
            self._watch(self.fd, self._wants, 0)
        self._wants, self._watch = 0, None
        # The number may soon be another connection's.
        self._at_once = None
        self.pending.clear()
        if self._on_close is None:
            with contextlib.suppress(OSError):
                self._socket.close()
            return
        self._socket.detach()
        on_close, self._on_close = self._on_close, lambda: None
        on_close()


class HeldWire(Wire):
    """The TLS socket of a server that waits until the session ends."""

    __slots__ = ("_held",)

    def __init__(self, tls: ssl.SSLSocket, *, on_close: Callable[[], object]) -> None:
        super().__init__(os.dup(tls.fileno()))
        # The duplicate is only what epoll watches.
        self._held: ssl.SSLSocket | None = tls
        self._on_close = on_close

    def receive(self) -> bytes | None:
        """Return what is there; None for nothing yet, empty at the end. Raises Gone."""
        assert self._held is not None
        pieces: list[bytes] = []
        try:
            # What TLS has decrypted already, epoll does not tell of.
            while True:
                piece = self._held.recv(READ_BYTES)
                if not piece:
                    self.ended = not pieces
                    break
                pieces.append(piece)
                if not self._held.pending():
                    break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b"".join(pieces) or None
        except OSError as error:
            self.ended = True
            raise Gone from error
        return b"".join(pieces)

    def _write(self, data: bytes | bytearray) -> int:
        assert self._held is not None
        try:
            # A buffer that grows meanwhile would be another one to OpenSSL.
            return self._held.send(bytes(data[:_RECORD_BYTES]))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:
            raise Gone from error

    def finish(self) -> None:
        """Closing says it: a half-closed TLS connection is of use to nobody."""

    def close(self) -> None:
        """Let the server have its socket back."""
        self._held = None
        on_close, self._on_close = self._on_close, None
        super().close()
        if on_close is not None:
            on_close()
