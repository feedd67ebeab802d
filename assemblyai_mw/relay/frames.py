"""WebSocket frames (RFC 6455 5) as they pass: read where their ends are, and no more. Pure.

A relay passes frames on as it received them. It needs to know their borders, to put frames of its
own between them; their texts, for the session's watchers; and their ends. Audio is not looked at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

# Of a text message, and of a frame of audio. AssemblyAI takes at most one second of audio a
# frame (streaming/message-sequence), which has some 200 KB where it is largest.
MAX_TEXT_BYTES = MAX_AUDIO_BYTES = 1 << 20
# A frame of this size waits until it is whole, so that nearly always a border can be found. A
# larger one of audio passes as it comes.
HOLD_BYTES = 64 * 1024
# Frames of a message that waits, and control frames between them.
_MAX_RAW_BYTES = MAX_TEXT_BYTES + HOLD_BYTES

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
# RFC 6455 7.4.1 and IANA's registry: what may stand in a close frame.
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})


class Violation(Exception):
    """The peer broke the protocol.

    Attributes:
        code: Close code that tells it so.
        text: One line.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Text:
    """A whole text message.

    Attributes:
        raw: Its frames as they came, control frames between them included.
        payload: Its text, UTF-8.
    """

    raw: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame; *code* is None where it has none."""

    raw: bytes
    code: int | None


class Frames:
    """Reads the frames of one direction.

    Args:
        masked: The sender is a client: its frames are masked, a server's are not.

    Attributes:
        through: Bytes of a begun frame that must pass before the next border.
    """

    __slots__ = (
        "_closed",
        "_held",
        "_kind",
        "_masked",
        "_need",
        "_parts",
        "_raw",
        "_size",
        "through",
    )

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        self._held = bytearray()
        # Bytes that must be held before the next look is worth it.
        self._need = 0
        # Opcode of the message that was begun and not ended.
        self._kind: int | None = None
        self._raw = bytearray()
        self._parts: list[bytes] = []
        self._size = 0
        self._closed = False
        self.through = 0

    @property
    def unfinished(self) -> bool:
        """Whether a message that passes in several frames still lacks its last one."""
        return self._kind == BINARY

    def feed(self, data: bytes) -> list[bytes | Text | Close]:
        """Read *data*; return what may pass: bytes as they came, texts, an end, in their order.

        Raises:
            Violation: Nothing of *data* passes from the faulty frame on.
        """
        if self._closed:
            return []
        items: list[bytes | Text | Close] = []
        if self.through:
            if len(data) <= self.through:
                self.through -= len(data)
                return [data]
            items.append(data[: self.through])
            data = data[self.through :]
            self.through = 0
        elif self._held:
            self._held += data
            if len(self._held) < self._need:
                return []
            data = bytes(self._held)
            self._held.clear()
        self._walk(data, items)
        return items

    def _walk(self, data: bytes, items: list[bytes | Text | Close]) -> None:
        masked, size = self._masked, len(data)
        # Frames from *start* to *at* pass as they are.
        start = at = 0
        need = 2
        while size - at >= need:
            first, second = data[at], data[at + 1]
            length, head = second & 0x7F, at + 2
            if length == 126:
                head += 2
            elif length == 127:
                head += 8
            if masked:
                head += 4
            if first & 0x70 or bool(second & 0x80) is not masked:
                raise Violation(1002, "reserved bits, or masking, are not as RFC 6455 5 has them")
            if size < head:
                _check_opcode(first, length)
                need = head - at
                continue
            if length == 126:
                length = data[at + 2] << 8 | data[at + 3]
            elif length == 127:
                length = int.from_bytes(data[at + 2 : at + 10], "big")
            end = head + length
            need = end - at
            if first == 0x82 and self._kind is None:
                # Audio, in one frame: nearly all that ever passes.
                if length > MAX_AUDIO_BYTES:
                    raise Violation(3007, "an audio message has more than 1 MiB")
                if end <= size:
                    at, need = end, 2
                    continue
                if need > HOLD_BYTES:
                    items.append(data[start:])
                    self.through = end - size
                    return
                break
            _check_opcode(first, second & 0x7F)
            opcode = first & 0x0F
            if opcode < CLOSE:
                self._check_order(opcode, length)
            if end > size:
                if opcode < CLOSE and self._is_audio(opcode) and need > HOLD_BYTES:
                    self._begin_or_end(first)
                    items.append(data[start:])
                    self.through = end - size
                    return
                break
            if opcode < CLOSE and self._is_audio(opcode):
                self._begin_or_end(first)
            elif opcode < CLOSE or (self._raw and opcode != CLOSE):
                if start < at:
                    items.append(data[start:at])
                text = self._text(first, data[at:end], data[head:end])
                if text is not None:
                    items.append(text)
                start = end
            elif opcode == CLOSE:
                if start < at:
                    items.append(data[start:at])
                code = self._close_code(data[head:end], data[head - 4 : head])
                items.append(Close(data[at:end], code))
                self._closed = True
                return
            at, need = end, 2
        if start < at:
            items.append(data if at - start == size else data[start:at])
        if at < size:
            self._held += data[at:]
            self._need = need

    def _is_audio(self, opcode: int) -> bool:
        return opcode == BINARY or (opcode == CONTINUATION and self._kind == BINARY)

    def _check_order(self, opcode: int, length: int) -> None:
        """Refuse a data frame out of turn, or one that is too large."""
        if (opcode == CONTINUATION) is (self._kind is None):
            raise Violation(1002, "a message begins within another, or goes on without a beginning")
        if self._is_audio(opcode):
            if length > MAX_AUDIO_BYTES:
                raise Violation(3007, "an audio message has more than 1 MiB")
        elif self._size + length > MAX_TEXT_BYTES:
            raise Violation(3006, "a text message has more than 1 MiB")

    def _begin_or_end(self, first: int) -> None:
        """Note whether a message of audio goes on after this frame."""
        self._kind = None if first & 0x80 else BINARY

    def _text(self, first: int, raw: bytes, payload: bytes) -> Text | None:
        """Take a frame of a text message, or a control frame within one; return a whole message."""
        if first == 0x81 and not self._raw:
            return Text(raw, _utf8(self._plain(raw, payload)))
        self._raw += raw
        if len(self._raw) > _MAX_RAW_BYTES:
            raise Violation(3006, "a text message comes in too many frames")
        if first & 0x0F >= CLOSE:
            return None
        self._parts.append(self._plain(raw, payload))
        self._size += len(payload)
        if not first & 0x80:
            self._kind = TEXT
            return None
        text = Text(bytes(self._raw), _utf8(b"".join(self._parts)))
        self._raw.clear()
        self._parts.clear()
        self._kind, self._size = None, 0
        return text

    def _plain(self, raw: bytes, payload: bytes) -> bytes:
        if not self._masked:
            return payload
        at = len(raw) - len(payload)
        return mask(payload, raw[at - 4 : at])

    def _close_code(self, payload: bytes, key: bytes) -> int | None:
        if self._masked:
            payload = mask(payload, key)
        if not payload:
            return None
        code = int.from_bytes(payload[:2], "big")
        if len(payload) == 1 or code not in _CLOSE_CODES:
            raise Violation(1002, "a close frame has no valid code")
        _utf8(payload[2:])
        return code


def _check_opcode(first: int, length: int) -> None:
    opcode = first & 0x0F
    if opcode in (CONTINUATION, TEXT, BINARY):
        return
    if opcode not in (CLOSE, PING, PONG):
        raise Violation(1002, "a frame has an unknown opcode")
    if not first & 0x80 or length > 125:
        raise Violation(1002, "a control frame is too long, or in parts")


def _utf8(payload: bytes) -> bytes:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Violation(1007, "a text is not UTF-8") from None
    return payload


def mask(payload: bytes, key: bytes) -> bytes:
    """Return *payload* masked, or unmasked, by the 4 bytes of *key* (RFC 6455 5.3)."""
    size = len(payload)
    if not size:
        return payload
    pad = (key * (size // 4 + 1))[:size]
    whole = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return whole.to_bytes(size, "big")


def frame(opcode: int, payload: bytes = b"", *, masked: bool) -> bytes:
    """Return a whole frame of our own; *masked* where it goes to a server."""
    size = len(payload)
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes((0x80 | opcode, bit | size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, bit | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(payload, key)


def close_frame(code: int | None, text: str = "", *, masked: bool) -> bytes:
    """Return a close frame; *text* is cut to what fits."""
    if code is None:
        return frame(CLOSE, masked=masked)
    reason = text.encode()[:123].decode("utf-8", "ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + reason, masked=masked)
