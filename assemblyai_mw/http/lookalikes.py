"""Texts as lax readers take them: in plain letters, without invisible characters. Pure.

Each letter is normalised separately: normalising a whole text sorts the accents on a letter, in
quadratic time for a million of them.
"""

from __future__ import annotations

import re
import unicodedata

# Characters of most scripts, at some 100 bytes each.
MAX_KEPT = 1 << 14
# No name that decides is as long; a longer one is folded as far as this.
MAX_FOLDED_CHARS = 256
_PIECE = 4096
# A URL's parser removes these anywhere (URL Standard, basic URL parser).
_URL_STRIPPED = "\t\n\r"
# The same, Unicode's format characters (category Cf) and its Default_Ignorable_Code_Point
# (DerivedCoreProperties.txt): IDNA and some readers of names drop these too.
_INVISIBLE = re.compile(
    "[\t\n\r\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class _NameLetters(dict[int, str]):
    """Letters of a name as `str.translate` asks for them; the commonest are kept."""

    def __missing__(self, code: int) -> str:
        plain = _in_name(chr(code))
        if len(self) < MAX_KEPT:
            self[code] = plain
        return plain


def _in_name(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter).upper().casefold()
    return "".join(each for each in plain if each.isalnum())


_NAME_LETTERS = _NameLetters()
_NOT_ALNUM = {code: None for code in range(128) if not chr(code).isalnum()}


def visible(url: str) -> str:
    """Return a URL's text without what its parsers take away, wherever it stands.

    >>> visible("cdn.assem\\u00adblyai.com")
    'cdn.assemblyai.com'
    """
    if url.isascii():
        for each in _URL_STRIPPED:
            url = url.replace(each, "")
        return url
    return _INVISIBLE.sub("", url)


def folded(name: str) -> str:
    """Return a member's name as the laxest of readers might match it.

    Letter case (Go's encoding/json), width, accents, invisible characters, and whether
    words are joined by underscores, hyphens or nothing make no other name.

    >>> folded("\\u017fpeech-Models"), folded("speechModels")
    ('speechmodels', 'speechmodels')
    """
    if len(name) <= MAX_FOLDED_CHARS:
        return _folded(name)
    plain = ""
    for start in range(0, len(name), _PIECE):
        plain += _folded(name[start : start + _PIECE])
        if len(plain) > MAX_FOLDED_CHARS:
            break
    return plain[:MAX_FOLDED_CHARS]


def _folded(name: str) -> str:
    if name.isascii():
        return name.translate(_NOT_ALNUM).lower()
    return name.translate(_NAME_LETTERS)
