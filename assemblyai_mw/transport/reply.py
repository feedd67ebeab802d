"""Reads an upstream's reply: the head by llhttp, the body as it arrives, with a checked end.

A body is complete only by its framing (RFC 9112 8). Anything else raises, so that the host's server
cuts the connection and no client takes a partial reply for a complete one.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httptools

from ..errors import UpstreamError, UpstreamTimeout
from .connection import TIMED_OUT
from .memory import keep_blocks

if TYPE_CHECKING:
    from .connection import Connection
    from .pool import Pool

# Enough for any real reply; an upstream that sends headers without end is stopped here.
MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 200
MAX_INTERIM_REPLIES = 16
# Chunk extensions and trailers between two pieces of body.
MAX_CHUNK_OVERHEAD = 64 * 1024
READ_BYTES = 64 * 1024
# Of a body that has so much left.
LARGE_READ_BYTES = 1 << 20

_END = b"\r\n\r\n"


class Head:
    """Reads a reply's head, and its chunks, through llhttp.

    Args:
        method: The request's.
        may_upgrade: The request asked for another protocol: a 101 is a final reply.

    Attributes:
        status, reason, headers: As received; values are Latin-1 text of the very bytes.
        complete: The final reply's head is there.
        started: A byte of it is.
        length: Body length in bytes; None if chunked or ended by the connection.
        chunked: The body comes in chunks.
        reusable: The connection may serve again once the body was read.
    """

    __slots__ = (
        "_codings",
        "_interim",
        "_may_upgrade",
        "_method",
        "_parser",
        "_size",
        "_tail",
        "body",
        "body_complete",
        "chunked",
        "complete",
        "headers",
        "length",
        "reason",
        "reusable",
        "started",
        "status",
    )

    def __init__(self, method: str, *, may_upgrade: bool = False) -> None:
        self._method = method
        self._may_upgrade = may_upgrade
        self._interim = 0
        self._size = 0
        self._tail = b""
        self._codings: list[str] = []
        self._parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.reason = ""
        self.headers: list[tuple[str, str]] = []
        self.complete = False
        self.started = False
        self.length: int | None = None
        self.chunked = False
        self.reusable = False
        self.body: list[bytes] = []
        self.body_complete = False

    def on_status(self, reason: bytes) -> None:
        """llhttp's: the reason phrase."""
        self.reason += reason.decode("latin-1")

    def on_header(self, raw_name: bytes, raw_value: bytes) -> None:
        """llhttp's: a header, or a trailer, which WSGI cannot pass on."""
        if self.complete:
            return
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        self.headers.append((name, value))
        lower = name.lower()
        if lower == "content-length":
            self.length = int(value)
        elif lower == "transfer-encoding":
            self._codings.append(value.strip().lower())

    def on_body(self, body: bytes) -> None:
        """llhttp's: the data of a chunk."""
        if not self.body_complete:
            self.body.append(body)

    def on_message_complete(self) -> None:
        """llhttp's: the last chunk was there, or there is no body."""
        self.body_complete = True

    def feed(self, data: bytes) -> bytes:
        """Read *data* as part of the head; return what follows the head's end.

        Raises:
            UpstreamError: It is no HTTP/1.x head, or over the limits.
        """
        self.started = True
        while True:
            joined = self._tail + data
            found = joined.find(_END)
            end = len(data) if found < 0 else found + len(_END) - len(self._tail)
            switched = False
            try:
                self._parser.feed_data(data[:end])
            except httptools.HttpParserUpgrade:
                if not self._may_upgrade or found < 0:
                    raise UpstreamError("the upstream switched protocols unasked") from None
                switched = True
            except httptools.HttpParserError as error:
                raise UpstreamError(f"the reply is malformed: {error}") from None
            self._size += end
            if self._size > MAX_HEAD_BYTES or len(self.headers) > MAX_FIELDS:
                raise UpstreamError("the reply's head is too large")
            if found < 0:
                self._tail = joined[-3:]
                return b""
            data = data[end:]
            self.status = self._parser.get_status_code()
            if switched:
                self._switch()
                return data
            if not 100 <= self.status < 200:
                # Heads mostly arrive in one piece; asking the parser costs more.
                self._frame(joined if self._size == end else b"")
                return data
            self._begin_again()
            if not data:
                return b""

    def _switch(self) -> None:
        """Take a 101 for the final reply: what follows its head is another protocol's."""
        if self._parser.get_http_version() != "1.1" or self.status != 101:
            raise UpstreamError("the reply is malformed: version or status")
        if self.length or self._codings:
            # RFC 9112 6.3: it has none. Where a body is announced all the same, its bytes
            # could be taken for the other protocol's.
            raise UpstreamError("the reply is malformed: a 101 with a body")
        self.complete = True

    def _begin_again(self) -> None:
        """Drop an interim reply: these come before the final one, and WSGI has one reply."""
        self._interim += 1
        if self.status == 101 or self._interim > MAX_INTERIM_REPLIES:
            raise UpstreamError("the upstream sent an unsolicited interim reply")
        self._tail = b""
        self.reason, self.headers, self.body_complete = "", [], False
        self.length, self._codings = None, []
        self._parser = httptools.HttpResponseParser(self)

    def _frame(self, whole_head: bytes) -> None:
        """Decide the body's framing by RFC 9112 6.3."""
        is_1_1 = whole_head.startswith(b"HTTP/1.1 ")
        version = "1.1" if is_1_1 else self._parser.get_http_version()
        if version not in ("1.0", "1.1") or not 200 <= self.status <= 599:
            raise UpstreamError("the reply is malformed: version or status")
        if self._codings:
            if self._codings != ["chunked"]:
                raise UpstreamError("the reply's transfer coding is not chunked")
            self.chunked = True
        self.reusable = self._parser.should_keep_alive() and not (self.chunked and version == "1.0")
        if self._method == "HEAD" or self.status in (204, 304):
            self.length, self.chunked = 0, False
        elif self.length is None and not self.chunked:
            self.reusable = False
        self.complete = True

    def feed_chunks(self, data: bytes) -> bytes:
        """Read *data* as chunks; return the body bytes in it. Sets `body_complete` at the end.

        Raises:
            UpstreamError: Bad chunk framing, or too much beside the body.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            # After the last chunk, whatever else came is not ours and not passed on.
            if not self.body_complete:
                raise UpstreamError(f"the reply is malformed: {error}") from None
            self.reusable = False
        body = b"".join(self.body) if len(self.body) != 1 else self.body[0]
        self.body.clear()
        self._size = 0 if body else self._size + len(data)
        if self._size > MAX_HEAD_BYTES + MAX_CHUNK_OVERHEAD:
            raise UpstreamError("the reply's chunks carry too much beside the body")
        return body

    def on_message_begin(self) -> None:
        """llhttp's: a reply begins; a second one means that the upstream is confused."""
        if self.body_complete and self.complete:
            self.reusable = False

    def end(self) -> None:
        """Release the parser, which refers to this object: nothing more will be read."""
        del self._parser


class ReplyBody:
    """A reply whose head is read: `UpstreamReply` over a `Connection`.

    Iterating yields blocks as they arrive. The connection goes back to its pool as soon
    as the body is whole, and is closed in every other case.

    Attributes:
        whole: The whole body, where it came along with the head; then there is nothing
            to iterate.
    """

    __slots__ = (
        "_connection",
        "_data",
        "_head",
        "_left",
        "_pool",
        "headers",
        "reason",
        "status",
        "whole",
    )

    def __init__(self, head: Head, data: bytes, connection: Connection, pool: Pool) -> None:
        self.status = head.status
        self.reason = head.reason
        self.headers = head.headers
        self._head = head
        self._data = data
        self._connection: Connection | None = connection
        self._pool = pool
        self._left = left = head.length
        self.whole: bytes | None = None
        if left is not None and len(data) >= left:
            # Small replies arrive with their head; the connection is free already.
            self.whole = data[:left]
            self._finish(surplus=len(data) > left)
        elif left is not None and left > LARGE_READ_BYTES:
            keep_blocks()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._connection is None:
            raise StopIteration
        try:
            if self._left is not None:
                return self._next_counted(self._left)
            if self._head.chunked:
                return self._next_chunk()
            data = self._data or self._read(READ_BYTES)
            self._data = b""
            if data:
                return data
            self._finish(surplus=False)
        except BaseException:
            self.close()
            raise
        raise StopIteration

    def _next_counted(self, left: int) -> bytes:
        data = self._data or self._read(min(LARGE_READ_BYTES, left))
        self._data = b""
        if not data:
            raise UpstreamError("the reply ended before its announced length")
        self._left = left - len(data)
        if self._left <= 0:
            surplus = self._left < 0
            data = data[:left]
            self._finish(surplus=surplus)
        return data

    def _next_chunk(self) -> bytes:
        while True:
            data = self._data or self._read(READ_BYTES)
            self._data = b""
            if not data:
                raise UpstreamError("the reply ended before its last chunk")
            body = self._head.feed_chunks(data)
            if self._head.body_complete:
                self._finish(surplus=False)
                if not body:
                    raise StopIteration
            if body:
                return body

    def _read(self, size: int) -> bytes:
        assert self._connection is not None
        try:
            return self._connection.receive(size)
        except TIMED_OUT as error:
            raise UpstreamTimeout("the reply's body took too long") from error
        except (OSError, ssl.SSLError) as error:
            raise UpstreamError("the connection failed within the reply's body") from error

    def _finish(self, *, surplus: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._head.end()
        if self._head.reusable and not surplus:
            self._pool.put(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._head.end()
            connection.close()
