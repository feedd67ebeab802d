"""A multipart form that holds one file: its fields in memory, its file in blocks."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING, Any

from ...call.body import READ_BYTES
from ...errors import BadRequest, BodyTooLarge, LengthRequired, RequestRefused
from ...http.messages import content_length, is_chunked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.sansio.multipart import Data, Event

FILE = "file"
# Of all fields together.
MAX_FIELD_BYTES = 1 << 20
MAX_PARTS = 256
# Of one part's headers, and of what comes before the first part.
MAX_HEAD_BYTES = 64 << 10
# RFC 2046, 5.1.1.
MAX_BOUNDARY_CHARS = 70
# What AssemblyAI takes as one upload (docs, FAQ: 2.2 GB).
MAX_FILE_BYTES = 2_200_000_000


class Form:
    """The form of a request, read once from its beginning to its end.

    Attributes:
        pairs: The fields read so far, by name and text.
        fault: Why reading the file failed. The forwarder, which reads it, answers in its own words.

    Raises:
        RequestRefused: 400 if the request holds no form, 411 if its end cannot be known.
    """

    def __init__(self, environ: WSGIEnvironment, *, max_file_bytes: int) -> None:
        from werkzeug.http import parse_options_header
        from werkzeug.sansio.multipart import MultipartDecoder

        kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_CHARS:
            raise BadRequest("The body is not a form: expected multipart/form-data.")
        if not boundary.isascii():
            raise BadRequest("The form's boundary is not plain ASCII.")
        chunked = is_chunked(environ)
        if chunked and not environ.get("wsgi.input_terminated"):
            raise LengthRequired("This server cannot read chunked bodies; send a Content-Length.")
        self.pairs: list[tuple[str, str]] = []
        self.fault: RequestRefused | None = None
        self._input = environ["wsgi.input"]
        self._left: int | None = None if chunked else content_length(environ) or 0
        self._decoder = MultipartDecoder(boundary.encode())
        # Of a delimiter, with the padding that it may have.
        self._longest = len(boundary) + 64
        self._held = b""
        self._max_file_bytes = max_file_bytes
        self._seen_file = False
        self._in_file = False
        self._field_bytes = 0
        self._file_bytes = 0
        self._parts = 0
        self._block = b""

    def seek_file(self) -> bool:
        """Read the fields up to the file; return whether there is one.

        Raises:
            RequestRefused: 400 for a malformed form, 413 for fields that are too large.
        """
        from werkzeug.sansio.multipart import Epilogue, Field, File

        while True:
            event = self._next()
            if isinstance(event, Epilogue):
                return False
            if not isinstance(event, Field | File):
                continue
            self._parts += 1
            if self._parts > MAX_PARTS:
                raise BadRequest(f"The form has more than {MAX_PARTS} fields.")
            if not event.name:
                raise BadRequest("A field of the form has no name.")
            if isinstance(event, Field):
                self._field(event.name)
                continue
            if event.name != FILE:
                raise BadRequest("The form has a file in another field than `file`.", param=FILE)
            if self._seen_file:
                raise BadRequest("The form has more than one file.", param=FILE)
            self._seen_file = self._in_file = True
            return True

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes of the file, empty at its end (PEP 3333's `wsgi.input`).

        Raises:
            RequestRefused: 400 for a malformed form, 413 for a file that is too large.
        """
        if size < 0:
            size = READ_BYTES
        try:
            while not self._block and self._in_file:
                data = self._data()
                self._in_file = data.more_data
                self._block = data.data
                self._file_bytes += len(data.data)
                if self._file_bytes > self._max_file_bytes:
                    raise BodyTooLarge(
                        f"The file is larger than the {self._max_file_bytes} bytes allowed here."
                    )
        except RequestRefused as error:
            self.fault = error
            raise
        if len(self._block) <= size:
            block, self._block = self._block, b""
            return block
        block, self._block = self._block[:size], self._block[size:]
        return block

    def spool(self) -> tuple[IO[bytes], int]:
        """Move the file to one on disk, which is gone when it is closed; return it and its size."""
        file = tempfile.TemporaryFile()  # noqa: SIM115, it outlasts this frame
        try:
            while block := self.read(READ_BYTES):
                file.write(block)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file, self._file_bytes

    def finish(self) -> None:
        """Read the fields after the file, and the form's end.

        Raises:
            RequestRefused: As `seek_file`; 400 if the file was empty.
        """
        while self.read(READ_BYTES):
            pass
        if self.seek_file():
            raise AssertionError("a second file is refused")
        if not self._file_bytes:
            raise BadRequest("The file is empty.", param=FILE)

    def _field(self, name: str) -> None:
        blocks = []
        more = True
        while more:
            data = self._data()
            more = data.more_data
            blocks.append(data.data)
            self._field_bytes += len(data.data)
            if self._field_bytes > MAX_FIELD_BYTES:
                raise BodyTooLarge(f"The form's fields have more than {MAX_FIELD_BYTES} bytes.")
        try:
            text = b"".join(blocks).decode()
        except UnicodeDecodeError:
            raise BadRequest("A field of the form is not UTF-8.") from None
        if name == FILE:
            raise BadRequest(
                "file: expected a file with a name (filename=) in its part.", param=FILE
            )
        self.pairs.append((name, text))

    def _data(self) -> Data:
        from werkzeug.sansio.multipart import Data

        event = self._next()
        if not isinstance(event, Data):
            raise _malformed()
        return event

    def _next(self) -> Event:
        """Return the next event, with as many reads as it takes."""
        from werkzeug.sansio.multipart import NeedData, State

        decoder = self._decoder
        try:
            while True:
                event = decoder.next_event()
                if not isinstance(event, NeedData):
                    return event
                if decoder.state in (State.PREAMBLE, State.PART):
                    if len(decoder.buffer) > MAX_HEAD_BYTES:
                        raise BadRequest("The form has a part with too long a head.")
                elif decoder.state is State.EPILOGUE:
                    # Nothing there means anything.
                    decoder.buffer.clear()
                decoder.receive_data(self._uncut())
        except ValueError:
            raise _malformed() from None

    def _uncut(self) -> bytes | None:
        """Return the next bytes of the body, with no delimiter cut at their end.

        Werkzeug 3.1 takes a delimiter's first byte for data if the rest of it comes later.
        """
        while True:
            block = self._pull()
            if block is None:
                # The last bytes go in before the end is told.
                held, self._held = self._held, b""
                return held or None
            block = self._held + block if self._held else block
            near = max(0, len(block) - self._longest)
            found = [at for at in (block.find(b"\r", near), block.find(b"\n", near)) if at >= 0]
            cut = min(found, default=len(block))
            self._held = block[cut:]
            if cut:
                return block[:cut] if self._held else block

    def _pull(self) -> bytes | None:
        """Return the next bytes of the body, None at its end."""
        if self._left == 0:
            return None
        size = READ_BYTES if self._left is None else min(READ_BYTES, self._left)
        try:
            block: Any = self._input.read(size)
        except Exception as error:
            # Servers raise their own types for a body cut short or framed badly.
            raise BadRequest("The request's body could not be read.") from error
        if self._left is not None:
            if not block:
                raise BadRequest("The request's body ended before its announced length.")
            self._left -= len(block)
        return block or None


def _malformed() -> BadRequest:
    return BadRequest("The form is malformed, or ends before its last boundary.")
