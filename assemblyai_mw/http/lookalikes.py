"""Texts as lax readers take them: without what is invisible, in plain letters. Pure.

Each is done letter by letter: a whole text's normalizing puts the accents on a letter in
order, which takes quadratic time where somebody sends a million of them.
"""

from __future__ import annotations

import unicodedata

# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt) beside the format
# characters, category Cf: IDNA and some readers of names drop these too.
_IGNORED = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
# A URL's parser takes these away wherever they stand (URL Standard, basic URL parser).
_URL_STRIPPED = "\t\n\r"


def is_invisible(character: str) -> bool:
    """Whether a reader may take a text as if *character* were not in it.

    >>> is_invisible("\\u00ad"), is_invisible("a")
    (True, False)
    """
    code = ord(character)
    return unicodedata.category(character) == "Cf" or any(a <= code <= b for a, b in _IGNORED)


class _URLLetters:
    """Characters as `str.translate` asks for them: compatible forms (NFKC), none unseen."""

    def __getitem__(self, code: int) -> str:
        letter = chr(code)
        if letter in _URL_STRIPPED or is_invisible(letter):
            return ""
        return unicodedata.normalize("NFKC", letter)


class _NameLetters:
    """Characters of a member's name: small letters and digits alone, without accents."""

    def __getitem__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).upper().casefold()
        return "".join(letter for letter in plain if letter.isalnum())


_URL_LETTERS = _URLLetters()
_NAME_LETTERS = _NameLetters()
_NOT_ALNUM = {code: None for code in range(128) if not chr(code).isalnum()}


def visible(url: str) -> str:
    """Return a URL's text as its parsers may see it: UTS 46 maps each letter of a host.

    >>> visible("cdn.assem\\u00adbly\\uff41i.com")
    'cdn.assemblyai.com'
    """
    return url.translate(_URL_LETTERS)


def folded(name: str) -> str:
    """Return a member's name as the laxest of readers might match it.

    Letter case (Go's encoding/json), width, accents, invisible characters, and whether
    words are joined by underscores, hyphens or nothing make no other name.

    >>> folded("\\u017fpeech-Models"), folded("speechModels")
    ('speechmodels', 'speechmodels')
    """
    if name.isascii():
        return name.translate(_NOT_ALNUM).lower()
    return name.translate(_NAME_LETTERS)
