"""Texts as the laxest readers might decode them, with bounded work. Pure.

All work is on UTF-8, in which one character beyond the BMP does not make a text four times as
large. The expressions read each byte once a round.
"""

from __future__ import annotations

import re
import unicodedata

from ...errors import BadRequest

MAX_ROUNDS = 10
# In steps; a request's worst case takes a fifth of a second.
MAX_STEPS = 1_000_000
# What a look for invisible letters takes, beyond ASCII.
LETTERS_A_STEP = 8
_A_MATCH, _BYTES_A_STEP, _SCANNED_A_STEP = 4, 4, 32
_ESCAPES = re.compile(rb"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2}){0,63}")
# Characters that Unicode's compatible forms (NFKC) or case folding turn into letters, digits
# and signs of URLs, and their neighbours: a test holds this against the whole of Unicode. By
# their first bytes, a set of which is looked for fast.
_LOOSE = re.compile(
    rb"[\xc2-\xc5\xc7\xca\xcb\xcd\xe1-\xe3\xea\xef\xf0]"
    rb"(?:(?<=\xc2)[\xa0-\xbf]|(?<=\xc3)\x9f|(?<=[\xc4\xca])[\xb0-\xbf]|(?<=[\xc5\xc7\xcb])[\x80-\xbf]"
    rb"|(?<=\xcd)[\xba-\xbf]|(?<=\xe1)[\xb4-\xbe][\x80-\xbf]|(?<=\xe2)[\x80-\x93\xb1][\x80-\xbf]"
    rb"|(?<=\xe3)[\x80\x88-\x8f][\x80-\xbf]|(?<=\xea)[\x9d-\x9f\xad][\x80-\xbf]"
    rb"|(?<=\xef)[\xac\xb7-\xbf][\x80-\xbf]"
    rb"|(?<=\xf0)(?:\x90\x9e|\x9c[\xb0-\xbf]|\x9d[\x90-\x9f]|\x9f[\x84-\x8b\xae\xaf])[\x80-\xbf])"
)
_FULL_STOPS = tuple(dot.encode() for dot in "\u3002\uff61")


class _Widths(dict[bytes, bytes]):
    """Characters in UTF-8, each in its compatible form (NFKC).

    Each character is normalised separately. Normalising a whole text sorts the accents on a letter,
    in quadratic time for a million of them. It also joins letters and accents, which makes no plain
    letter.
    """

    def __missing__(self, char: bytes) -> bytes:
        # Asked only for what `_LOOSE` finds: some thousand characters.
        plain = unicodedata.normalize("NFKC", char.decode("utf-8", "replace"))
        self[char] = plain.encode()
        return self[char]


_WIDTHS = _Widths()


class Effort:
    """The decoding work left for one request.

    Attributes:
        left: Steps; a text of 16 MiB takes half a million a round, each escape 4.
    """

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take *steps* off.

        Raises:
            BadRequest: There are not as many left.
        """
        self.left -= steps
        if self.left < 0:
            raise BadRequest("The request holds too much that is percent-encoded.")


def decoded(data: bytes, effort: Effort, what: str, *, dots: bool = False) -> bytes:
    """Return UTF-8 without percent-encodings, and with letters of other widths as plain ones.

    Args:
        data: The text; invalid UTF-8 in it stays unchanged.
        effort: The work allowed.
        what: Name of the text, for the error.
        dots: For URLs: other full stops become dots, and backslashes slashes.

    Raises:
        BadRequest: It is still encoded after ten rounds, or takes more than *effort*.
    """

    def plain(found: re.Match[bytes]) -> bytes:
        text = found[0]
        effort.spend(_A_MATCH + len(text) // _BYTES_A_STEP)
        return bytes.fromhex(text.replace(b"%", b"").decode())

    def narrow(found: re.Match[bytes]) -> bytes:
        effort.spend(_A_MATCH)
        return _WIDTHS[found[0]]

    for _ in range(MAX_ROUNDS):
        before = data
        effort.spend(len(data) // _SCANNED_A_STEP)
        if b"%" in data:
            data = _ESCAPES.sub(plain, data)
        if not data.isascii():
            data = _LOOSE.sub(narrow, data)
        if dots:
            for dot in _FULL_STOPS:
                data = data.replace(dot, b".")
            data = data.replace(b"\\", b"/")
        if data == before or b"%" not in data:
            return data
    raise BadRequest(f"{what} is encoded too many times.")
