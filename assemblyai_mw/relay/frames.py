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
    """The peer broke the protocol; nothing that it sends can be read any more.

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


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that end within a frame, or within a message.

    Attributes:
        raw: As they came.
        through: Bytes of a begun frame that must pass before the next border.
        unfinished: The message of audio that was begun lacks its last frame.
    """

    raw: bytes
    through: int
    unfinished: bool


# What may pass; bytes end at a frame's border, and outside of any message. A Violation is the last.
Item = bytes | Part | Text | Close | Violation


class Frames:
    """Reads the frames of one direction.

    Args:
        masked: The sender is a client: its frames are masked, a server's are not.
        binary: It may send binary messages.
    """

    __slots__ = (
        "_binary",
        "_ended",
        "_held",
        "_kind",
        "_masked",
        "_need",
        "_payload",
        "_raw",
        "_through",
    )

    def __init__(self, *, masked: bool, binary: bool = True) -> None:
        self._masked = masked
        self._binary = binary
        self._held = bytearray()
        # Bytes that must be held before the next look is worth it.
        self._need = 0
        # Bytes of a frame that passes as it comes.
        self._through = 0
        # Opcode of the message that was begun and not ended.
        self._kind: int | None = None
        # A text message that was begun: its frames, and its text.
        self._raw = bytearray()
        self._payload = bytearray()
        self._ended = False

    def feed(self, data: bytes) -> list[Item]:
        """Read *data*; return what may pass, in its order.

        The last item is a Close or a Violation where the sender has come to its end. Nothing of
        what follows is looked at.
        """
        if self._ended:
            return []
        items: list[Item] = []
        if self._through:
            if len(data) <= self._through:
                self._through -= len(data)
                return [self._run(data)]
            rest, self._through = self._through, 0
            items.append(self._run(data[:rest]))
            data = data[rest:]
        elif self._held:
            self._held += data
            if len(self._held) < self._need:
                return []
            data = bytes(self._held)
            self._held.clear()
        self._walk(data, items)
        if items and isinstance(items[-1], Close | Violation):
            self._ended = True
            self._raw.clear()
            self._payload.clear()
        return items

    def _walk(self, data: bytes, items: list[Item]) -> None:
        masked, size = self._masked, len(data)
        # Frames from *start* to *at* pass as they are.
        start = at = 0
        need = 2
        try:
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
                    raise Violation(1002, "reserved bits, or masking, are not as RFC 6455 5 has it")
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
                is_sound = first == 0x82 and self._kind is None and self._binary
                if is_sound and length <= MAX_AUDIO_BYTES:
                    # Audio, in one frame: nearly all that ever passes.
                    is_audio = True
                else:
                    _check_opcode(first, second & 0x7F)
                    is_audio = self._check_data(first & 0x0F, length)
                    if is_audio and (end <= size or need > HOLD_BYTES):
                        self._kind = None if first & 0x80 else BINARY
                if end > size:
                    if is_audio and need > HOLD_BYTES:
                        self._through = end - size
                        items.append(self._run(data[start:]))
                        return
                    break
                opcode = first & 0x0F
                if not is_audio and (opcode <= CLOSE or self._raw):
                    if start < at:
                        items.append(self._run(data[start:at]))
                        start = at
                    if opcode == CLOSE:
                        code = self._close_code(data[head:end], data[head - 4 : head])
                        items.append(Close(data[at:end], code))
                        return
                    text = self._text(first, data[at:end], data[head:end])
                    if text is not None:
                        items.append(text)
                    start = end
                at, need = end, 2
        except Violation as fault:
            if start < at:
                items.append(self._run(data[start:at]))
            items.append(fault)
            return
        if start < at:
            items.append(self._run(data if at - start == size else data[start:at]))
        if at < size:
            self._held += data[at:]
            self._need = need

    def _run(self, data: bytes) -> bytes | Part:
        """Return frames that pass, up to where the walk is."""
        if not self._through and self._kind != BINARY:
            return data
        return Part(data, self._through, self._kind == BINARY)

    def _check_data(self, opcode: int, length: int) -> bool:
        """Whether a frame is audio; refuse a data frame out of turn, or one that is too large."""
        if opcode >= CLOSE:
            return False
        if (opcode == CONTINUATION) is (self._kind is None):
            raise Violation(1002, "a message begins within another, or goes on without a beginning")
        if BINARY in (opcode, self._kind):
            if not self._binary:
                raise Violation(3006, "this session takes text messages only")
            if length > MAX_AUDIO_BYTES:
                raise Violation(3007, "a frame of audio has more than 1 MiB")
            return True
        if len(self._payload) + length > MAX_TEXT_BYTES:
            raise Violation(3006, "a text message has more than 1 MiB")
        return False

    def _text(self, first: int, raw: bytes, payload: bytes) -> Text | None:
        """Take a frame of a text message, or a control frame within one; return a whole message."""
        if first == 0x81 and not self._raw:
            return Text(raw, _utf8(self._plain(raw, payload)))
        self._raw += raw
        if len(self._raw) > _MAX_RAW_BYTES:
            raise Violation(3006, "a text message comes in too many frames")
        if first & 0x0F >= CLOSE:
            return None
        self._payload += self._plain(raw, payload)
        if not first & 0x80:
            self._kind = TEXT
            return None
        text = Text(bytes(self._raw), _utf8(bytes(self._payload)))
        self._raw.clear()
        self._payload.clear()
        self._kind = None
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
