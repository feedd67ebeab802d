"""HTTP/1.1 messages as they were on the wire: no name is folded, no value trimmed or joined."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

Fields = list[tuple[bytes, bytes]]


class Malformed(Exception):
    """The peer's bytes are no HTTP/1.1 message."""


class CutShort(Exception):
    """The peer's bytes ended inside a message."""


def parse_fields(lines: list[bytes]) -> Fields:
    """Return (name, value) pairs; anything but `name: value` with a clean name is Malformed."""
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b" " in name:
            raise Malformed(f"not a field: {line!r}")
        if any(byte in b"\r\n\0" for byte in value):
            raise Malformed(f"a control byte in a field: {line!r}")
        fields.append((name, value[1:] if value.startswith(b" ") else value))
    return fields


def values(fields: Fields, name: str) -> list[bytes]:
    """Return every value of field *name*, in order."""
    wanted = name.lower().encode()
    return [value for key, value in fields if key.lower() == wanted]


@dataclass
class Request:
    """A request as the upstream read it.

    Attributes:
        head: Its bytes up to and with the empty line.
        body: What was kept of it; `size` and `digest` speak of all of it.
        framing: `length`, `chunked` or `none`.
        whole: The body reached its announced end.
    """

    head: bytes
    method: bytes
    target: bytes
    version: bytes
    fields: Fields
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)
    framing: str = "none"
    whole: bool = False
    trailers: Fields = field(default_factory=list)

    def values(self, name: str) -> list[bytes]:
        return values(self.fields, name)

    @property
    def names(self) -> list[bytes]:
        """Field names, lower-case, in order."""
        return [name.lower() for name, _ in self.fields]

    @property
    def digest(self) -> str:
        return self.sha256.hexdigest()


def parse_request_head(head: bytes) -> Request:
    """Return the Request that *head* begins, strictly read.

    Raises:
        Malformed: It is not exactly `METHOD SP target SP HTTP/1.1` and clean fields.
    """
    lines = head[:-4].split(b"\r\n")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not all(parts) or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Malformed(f"not a request line: {lines[0]!r}")
    if any(byte < 0x21 or byte > 0x7E for byte in parts[0] + parts[1]):
        raise Malformed(f"a control byte in a request line: {lines[0]!r}")
    request = Request(head, parts[0], parts[1], parts[2], parse_fields(lines[1:]))
    lengths, codings = request.values("content-length"), request.values("transfer-encoding")
    if (lengths and codings) or len(lengths) > 1 or len(codings) > 1:
        raise Malformed(f"framed twice: {head!r}")
    if codings:
        if codings != [b"chunked"]:
            raise Malformed(f"framed oddly: {head!r}")
        request.framing = "chunked"
    elif lengths:
        if not lengths[0].isdigit():
            raise Malformed(f"not a length: {lengths[0]!r}")
        request.framing = "length"
    return request


@dataclass
class Reply:
    """A reply as the client read it.

    Attributes:
        framing: `length`, `chunked`, `close` or `none`.
        whole: The body reached its end; a close-delimited one ended without a reset.
        interim: Heads of the 1xx replies before it.
    """

    head: bytes
    status: int
    reason: bytes
    fields: Fields
    body: bytes = b""
    framing: str = "none"
    whole: bool = False
    interim: list[bytes] = field(default_factory=list)

    def values(self, name: str) -> list[bytes]:
        return values(self.fields, name)

    @property
    def keeps(self) -> bool:
        """Whether another reply may follow on this connection."""
        tokens = b",".join(self.values("connection")).lower()
        if self.framing == "close" or b"close" in tokens:
            return False
        return self.head.startswith(b"HTTP/1.1") or b"keep-alive" in tokens

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an AssemblyAI error body."""
        message = self.json()["error"]
        assert isinstance(message, str)
        return message


def parse_reply_head(head: bytes, method: str) -> Reply:
    """Return the Reply that *head* begins.

    Raises:
        Malformed: The status line or a field is not clean, or it is framed twice.
    """
    lines = head[:-4].split(b"\r\n")
    version, _, rest = lines[0].partition(b" ")
    code, _, reason = rest.partition(b" ")
    # Gunicorn answers in the version that it was asked in, whatever that is.
    http_1 = len(version) == 8 and version.startswith(b"HTTP/1.") and version[7:].isdigit()
    if not http_1 or len(code) != 3 or not code.isdigit():
        raise Malformed(f"not a status line: {lines[0]!r}")
    reply = Reply(head, int(code), reason, parse_fields(lines[1:]))
    lengths, codings = reply.values("content-length"), reply.values("transfer-encoding")
    if (lengths and codings) or len(lengths) > 1 or len(codings) > 1:
        raise Malformed(f"framed twice: {head!r}")
    lengths = [length.strip(b" \t") for length in lengths]
    if lengths and not (lengths[0].isdigit() and len(lengths[0]) < 19):
        raise Malformed(f"not a length: {lengths[0]!r}")
    if codings and codings[0].lower() != b"chunked":
        raise Malformed(f"framed oddly: {head!r}")
    if method == "HEAD" or reply.status in (204, 304) or reply.status < 200:
        reply.framing = "none"
    elif codings:
        reply.framing = "chunked"
    elif lengths:
        reply.framing = "length"
    else:
        reply.framing = "close"
    return reply


class Source:
    """Bytes of a socket, read as heads, lengths and chunks.

    Attributes:
        ended: None, or how the peer's bytes ended: `eof` or `reset`.
    """

    BLOCK = 1 << 20

    def __init__(self, sock: Any, keep: Any = None) -> None:
        self._sock = sock
        self._keep = keep
        self.buffer = bytearray()
        self.ended: str | None = None

    def more(self) -> bool:
        """Read once; whether anything came. A timeout of the socket raises TimeoutError."""
        if self.ended:
            return False
        try:
            block = self._sock.recv(self.BLOCK)
        except TimeoutError:
            raise
        except OSError:
            self.ended = "reset"
            return False
        if not block:
            self.ended = "eof"
            return False
        if self._keep is not None:
            self._keep(block)
        self.buffer += block
        return True

    def until(self, mark: bytes, limit: int = 1 << 22) -> bytes | None:
        """Return bytes up to and with *mark*; None where nothing at all came before the end."""
        start = 0
        while (at := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark) + 1)
            if len(self.buffer) > limit:
                raise Malformed(f"no {mark!r} within {limit} bytes")
            if not self.more():
                if self.buffer:
                    raise CutShort(bytes(self.buffer[:200]))
                return None
        end = at + len(mark)
        found = bytes(self.buffer[:end])
        del self.buffer[:end]
        return found

    def exactly(self, count: int, sink: Any) -> None:
        """Give *count* bytes to *sink*, in whatever pieces they come."""
        while count:
            if not self.buffer and not self.more():
                raise CutShort(f"{count} bytes missing")
            if len(self.buffer) <= count:
                block, self.buffer = self.buffer, bytearray()
            else:
                block = self.buffer[:count]
                del self.buffer[:count]
            count -= len(block)
            sink(block)

    def chunks(self, sink: Any) -> Fields:
        """Give a chunked body to *sink* and return its trailers."""
        while True:
            line = self.until(b"\r\n")
            if line is None:
                raise CutShort("no chunk size")
            digits = line[:-2].split(b";")[0].strip()
            if not digits or any(byte not in b"0123456789abcdefABCDEF" for byte in digits):
                raise Malformed(f"not a chunk size: {line!r}")
            size = int(digits, 16)
            if not size:
                break
            self.exactly(size, sink)
            end = bytearray()
            self.exactly(2, end.extend)
            if end != b"\r\n":
                raise Malformed(f"not a chunk's end: {end!r}")
        lines = []
        while (line := self.until(b"\r\n")) != b"\r\n":
            if line is None:
                raise CutShort("no end of trailers")
            lines.append(line[:-2])
        return parse_fields(lines)

    def to_end(self, sink: Any) -> None:
        """Give everything up to the connection's end to *sink*."""
        while True:
            if self.buffer:
                block, self.buffer = self.buffer, bytearray()
                sink(block)
            if not self.more():
                return
