"""A JSON object that comes in pieces: the arguments of a tool's call in a stream. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

_BLANK = " \t\n\r"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_REST_OF_STRING = re.compile(r'(?:[^"\\]++|\\.)*+"', re.DOTALL)


class ObjectText:
    """Pieces of a text, and whether they are a whole JSON object by now.

    Each piece is looked at once, for brackets outside strings: a text is parsed only where all of
    them are closed, and then it is a whole object or will never be one. So the time is that of the
    text's length, in however many pieces it comes.

    Args:
        is_object: Whether a text is a JSON object.
    """

    __slots__ = (
        "_depth",
        "_escaped",
        "_hopeless",
        "_in_string",
        "_is_object",
        "_judged",
        "_pieces",
    )

    def __init__(self, is_object: Callable[[str], bool]) -> None:
        self._is_object = is_object
        self._pieces: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False  # the last piece ended with a backslash that escapes
        self._judged: bool | None = False  # None: not judged yet
        self._hopeless: bool | None = None  # no text more makes it an object; None: all blank

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, piece: str) -> None:
        """Add what comes next."""
        self._pieces.append(piece)
        if not piece.strip(_BLANK):
            # White space opens and closes nothing, and leaves an object whole.
            self._escaped = self._escaped and not piece
            return
        if self._hopeless is None:
            self._hopeless = not piece.lstrip(_BLANK).startswith("{")
        self._judged = False if self._hopeless else None
        self._depth += self._opened(piece)

    def is_whole(self) -> bool:
        """Whether the text is a JSON object."""
        if self._judged is None:
            closed = self._depth == 0 and not self._in_string
            if not closed:
                return False
            self._judged = self._is_object(str(self))
            # All its brackets are closed: more text would be a second value.
            self._hopeless = True
        return self._judged

    def _opened(self, piece: str) -> int:
        """Return how many more brackets a piece opens than it closes, outside strings."""
        at = 1 if self._escaped else 0
        self._escaped = False
        if self._in_string:
            end = _REST_OF_STRING.match(piece, at)
            if end is None:
                self._escaped = _escapes(piece[at:])
                return 0
            self._in_string, at = False, end.end()
        outside, quote, inside = _STRING.sub("", piece[at:]).partition('"')
        if quote:
            self._in_string, self._escaped = True, _escapes(inside)
        return sum(map(outside.count, "{[")) - sum(map(outside.count, "}]"))


def _escapes(text: str) -> bool:
    """Whether *text*, within a string, ends with a backslash that escapes what comes next."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
