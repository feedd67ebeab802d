"""Finds transcripts, files, and words that could be ids in a JSON document. Pure.

One walk, without recursion, and with bounded work for each string, so that a crafted body of 16 MiB
takes no more time than any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .decoding import Effort
from .ids import ids_like, is_upload

# More than this of a kind in one request is not looked up one by one.
MAX_IDS = 1000
# Longest text that is checked for a URL under any member, or searched for ids.
MAX_UPLOAD_CHARS = 2048
MAX_WORDS_CHARS = 1024
_ID_MEMBERS = frozenset({b"transcriptid", b"transcriptids"})
_SHORTEST_ID_MEMBER, _LONGEST_ID_MEMBER = 12, 13
_PIECE = 4096
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())
_SPACE = re.compile(r"\s")
# Percent signs, and what NFKC or case folding turns into one or into a letter of "upload": a
# test holds this against the whole of Unicode. Without them, the word stands there plainly.
_COULD_HIDE = re.compile(
    "[%\xaa\xba\u013f\u0140\u01c4-\u01cc\u01f1-\u01f3\u02e1\u1d2c-\u1d64\u1e9a\u2090-\u209a"
    "\u2100-\u217f\u249c-\u24e9\u3250\u32cf\u3371-\u33ff\ufb02\ufb04\ufe6a\uff05\uff21-\uff3a"
    "\uff41-\uff5a\U0001ccd6-\U0001ccef\U0001d400-\U0001d6a5\U0001f110-\U0001f190]"
)


@dataclass(slots=True)
class Named:
    """The names found in a document.

    Attributes:
        ids: The values of `transcript_id` and `transcript_ids`, at any depth, up to one over
            `MAX_IDS`. Names match without case and underscores, as in some JSON readers. A JSON
            schema may have a property of that name; its description is no id.
        urls: The URLs under `audio_url`, and those of uploads anywhere, up to one over
            `MAX_IDS`.
        words: Possible ids in any string, if requested; at most one text over `MAX_IDS`.
    """

    ids: list[object] = field(default_factory=list)
    urls: dict[str, None] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)


def named_in(document: object, effort: Effort, *, words: bool = False) -> Named:
    """Return what *document*, parsed JSON, names; with *words*, all that could be an id.

    Raises:
        BadRequest: A text is percent-encoded too many times, or all of them take more than
            *effort*.
    """
    named = Named()
    # Most names come many times.
    known: dict[str, bool] = {}
    waiting: list[list[object] | dict[str, object]] = []
    _take(document, waiting, named, effort, words)
    while waiting:
        container = waiting.pop()
        if isinstance(container, list):
            for value in container:
                _take(value, waiting, named, effort, words)
            continue
        for name, value in container.items():
            if len(name) >= _SHORTEST_ID_MEMBER:
                if name not in known:
                    known[name] = _is_id_member(name)
                if known[name] and value is not None and not isinstance(value, dict):
                    given = value if isinstance(value, list) else (value,)
                    named.ids.extend(given[: MAX_IDS + 1 - len(named.ids)])
            elif (
                isinstance(value, str)
                and len(name) == len("audio_url")
                and name.casefold() == "audio_url"
                and len(named.urls) <= MAX_IDS
            ):
                named.urls[value] = None
            _take(value, waiting, named, effort, words)
    return named


def _take(
    value: object,
    waiting: list[list[object] | dict[str, object]],
    named: Named,
    effort: Effort,
    words: bool,
) -> None:
    """Check a string; queue a container."""
    if isinstance(value, str):
        if (
            len(value) <= MAX_UPLOAD_CHARS
            and could_be_upload(value)
            and len(named.urls) <= MAX_IDS
            and not _SPACE.search(value.strip())
            and is_upload(value, effort)
        ):
            named.urls[value] = None
        if words and len(value) <= MAX_WORDS_CHARS and len(named.words) <= MAX_IDS:
            named.words |= ids_like(value)
    elif isinstance(value, list | dict) and value:
        waiting.append(value)


def could_be_upload(text: str) -> bool:
    """Whether *text* contains "upload", or could contain it in disguise."""
    if text.isascii():
        return "%" in text or "upload" in text.lower()
    return "upload" in text.casefold() or _COULD_HIDE.search(text) is not None


def _is_id_member(name: str) -> bool:
    """Whether *name* is one of `_ID_MEMBERS`, ignoring case and non-letters."""
    letters = b""
    # Case folding takes twelve times a text's memory for a while.
    for start in range(0, len(name), _PIECE):
        folded = name[start : start + _PIECE].casefold().encode("ascii", "ignore")
        letters += folded.translate(None, _NO_LETTERS)
        if len(letters) > _LONGEST_ID_MEMBER:
            return False
    return letters in _ID_MEMBERS
