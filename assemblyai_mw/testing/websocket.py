"""The server's end of a WebSocket, by the letter of RFC 6455, blocking.

What a client may not send fails the connection: a frame without a mask, reserved bits, an
opcode that is none, a length in more bytes than it needs, a control frame that is long or in
parts, a continuation of nothing, and a close code that may not be sent (1002); text that is no
UTF-8 (1007); a message that is too long (1009). There are no extensions.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import hashlib
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAX_MESSAGE_BYTES = 4 << 20
# How long the other side has to answer a close frame, seconds.
CLOSE_S = 2.0
_RECEIVE_BYTES = 64 << 10


class ProtocolError(Exception):
    """The client broke RFC 6455; the connection fails with *code*."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Vanished(Exception):
    """The client's bytes ended, by FIN or RST, without a close frame."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A close frame: its code, None where it is empty, and its reason."""

    code: int | None
    reason: str


def accept_of(key: str) -> str:
    """Return the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


def is_key(value: str) -> bool:
    """Whether a Sec-WebSocket-Key is 16 bytes in base64."""
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def may_be_sent(code: int) -> bool:
    """Whether a close frame may carry *code* (RFC 6455, 7.4, and the codes registered since)."""
    return code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or 3000 <= code <= 4999


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bytes = b""
) -> bytes:
    """Return one frame; *mask* is the four bytes of a client's mask, *rsv* three bits."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size, masked = len(payload), 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    return head + mask + (_masked(payload, mask) if mask else payload)


def close_payload(code: int | None, reason: str = "") -> bytes:
    """Return what a close frame carries."""
    return b"" if code is None else struct.pack("!H", code) + reason.encode()


def _masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)


class ServerEnd:
    """A WebSocket whose handshake is done; one thread receives, any may send.

    Attributes:
        fragment_bytes: Texts go out in fragments of this many bytes; None sends them whole.
        dribble_bytes: Bytes of one `send`; None lets the system choose.
        mute: Nothing is sent any more, no pong and no close either.
        pongs: How many pongs came.
        pings: How many pings came.
    """

    def __init__(
        self, connection: socket.socket, early: bytes = b"", max_bytes: int = MAX_MESSAGE_BYTES
    ) -> None:
        self._connection = connection
        self._buffer = bytearray(early)
        self._max_bytes = max_bytes
        self._sending = threading.RLock()
        self._close_sent = self._leaving = False
        self._ended = False  # The client sends no more.
        self._parts = bytearray()
        self._kind: int | None = None  # Opcode of the message whose fragments are coming.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text: list[str] = []
        self.fragment_bytes: int | None = None
        self.dribble_bytes: int | None = None
        self.mute = False
        self.pings = self.pongs = 0
        connection.setblocking(True)
        self._waiter = select.poll()
        self._waiter.register(connection, select.POLLIN)

    # What comes in.

    def receive(self, timeout_s: float | None = None) -> str | bytes | Closing | None:
        """Return the next message: text, bytes or the close frame; None after *timeout_s*.

        Pings are answered in between.

        Raises:
            ProtocolError: To be answered with `close`.
            Vanished: The connection is gone.
        """
        give_up = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            while (parsed := self._next_frame()) is not None:
                message = self._take(*parsed)
                if message is not None:
                    return message
            if not self._fill(None if give_up is None else give_up - time.monotonic()):
                return None

    def _fill(self, timeout_s: float | None) -> bool:
        """Receive more; False when nothing came in time."""
        try:
            if timeout_s is not None and not self._waiter.poll(max(0.0, timeout_s) * 1000):
                return False
            block = b"" if self._leaving else self._connection.recv(_RECEIVE_BYTES)
        except OSError as error:
            self._ended = True
            raise Vanished("the connection was reset") from error
        if not block:
            self._ended = True
            raise Vanished("the connection ended without a close frame")
        self._buffer += block
        return True

    def _next_frame(self) -> tuple[bool, int, bytes] | None:
        """Return fin, opcode and payload of the next frame, None while it is not whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        fin, opcode, size = first & 0x80 != 0, first & 0x0F, second & 0x7F
        if first & 0x70:
            raise ProtocolError(1002, "reserved bits are set")
        if opcode not in _OPCODES:
            raise ProtocolError(1002, f"opcode {opcode} is unknown")
        if not second & 0x80:
            raise ProtocolError(1002, "a client's frame is not masked")
        if opcode >= CLOSE and (not fin or size > 125):
            raise ProtocolError(1002, "a control frame is fragmented or too long")
        if opcode in (TEXT, BINARY) and self._kind is not None:
            raise ProtocolError(1002, "a message begins within another")
        if opcode == CONTINUATION and self._kind is None:
            raise ProtocolError(1002, "a continuation of nothing")
        at = 2
        if size >= 126:
            at, least, form = (4, 126, "!H") if size == 126 else (10, 1 << 16, "!Q")
            if len(buffer) < at:
                return None
            (size,) = struct.unpack_from(form, buffer, 2)
            if size < least or size >= 1 << 63:
                raise ProtocolError(1002, "a length is not in its shortest form")
        if opcode < CLOSE and len(self._parts) + size > self._max_bytes:
            raise ProtocolError(1009, "a message is too long")
        end = at + 4 + size
        if len(buffer) < end:
            return None
        payload = _masked(bytes(buffer[at + 4 : end]), bytes(buffer[at : at + 4]))
        del buffer[:end]
        return fin, opcode, payload

    def _take(self, fin: bool, opcode: int, payload: bytes) -> str | bytes | Closing | None:
        if opcode == PING:
            self.pings += 1
            self.send_frame(frame(PONG, payload))
            return None
        if opcode == PONG:
            self.pongs += 1
            return None
        if opcode == CLOSE:
            self._ended = True
            return _closing(payload)
        if opcode != CONTINUATION:
            self._kind = opcode
        if self._kind == TEXT:
            try:
                self._text.append(self._decoder.decode(payload, final=fin))
            except UnicodeDecodeError as error:
                raise ProtocolError(1007, "a text is not UTF-8") from error
        self._parts += payload
        if not fin:
            return None
        whole: str | bytes = "".join(self._text) if self._kind == TEXT else bytes(self._parts)
        self._kind = None
        self._parts.clear()
        self._text.clear()
        self._decoder.reset()
        return whole

    # What goes out.

    def send_text(self, text: str) -> None:
        """Send a text message, in fragments where they are asked for, a ping after the first."""
        data, size = text.encode(), self.fragment_bytes
        if size is None or len(data) <= size:
            self.send_frame(frame(TEXT, data))
            return
        with self._sending:
            for at in range(0, len(data), size):
                opcode = CONTINUATION if at else TEXT
                self.send_frame(frame(opcode, data[at : at + size], fin=at + size >= len(data)))
                if not at:
                    self.send_frame(frame(PING, b"within a message"))

    def ping(self) -> None:
        """Send a ping."""
        self.send_frame(frame(PING, b""))

    def send_frame(self, data: bytes) -> None:
        """Send bytes as they are; nothing goes out after a close frame.

        Raises:
            OSError: The client is gone.
        """
        with self._sending:
            if self.mute or self._close_sent:
                return
            step = self.dribble_bytes or len(data)
            for at in range(0, len(data), step):
                self._connection.sendall(data[at : at + step])
                if self.dribble_bytes:
                    # A segment of its own, unless the receiver is slow.
                    time.sleep(0.0005)

    def send_close(self, code: int | None, reason: str = "") -> None:
        """Send a close frame, once; the connection stays open for the answer."""
        with self._sending, contextlib.suppress(OSError):
            self.send_frame(frame(CLOSE, close_payload(code, reason)))
            self._close_sent = True

    def await_close(self) -> None:
        """Wait for the client's close frame or its end, two seconds at most."""
        give_up = time.monotonic() + CLOSE_S
        with contextlib.suppress(Vanished, ProtocolError, OSError):
            while not self._ended and (left := give_up - time.monotonic()) > 0:
                if isinstance(self.receive(left), Closing):
                    return

    def leave(self) -> None:
        """From any thread: wake `receive`, which raises `Vanished`; the client sees nothing."""
        self._leaving = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RD)

    def vanish(self, *, rst: bool) -> None:
        """End the connection without a close frame: by RST, or by FIN."""
        with self._sending, contextlib.suppress(OSError):
            self._close_sent = True
            if rst:
                linger = struct.pack("ii", 1, 0)
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                # Reader objects may hold the socket; its descriptor is closed all the same.
                os.close(self._connection.detach())
                return
            self._connection.shutdown(socket.SHUT_WR)
        # Closing with bytes unread would send an RST after the FIN.
        give_up = time.monotonic() + CLOSE_S
        with contextlib.suppress(Vanished, OSError):
            while not self._leaving and (left := give_up - time.monotonic()) > 0:
                self._fill(left)
                self._buffer.clear()


def _closing(payload: bytes) -> Closing:
    if not payload:
        return Closing(None, "")
    if len(payload) == 1:
        raise ProtocolError(1002, "a close frame has half a code")
    code = int.from_bytes(payload[:2])
    if not may_be_sent(code):
        raise ProtocolError(1002, f"close code {code} may not be sent")
    try:
        return Closing(code, payload[2:].decode())
    except UnicodeDecodeError as error:
        raise ProtocolError(1007, "a close reason is not UTF-8") from error
