"""Finding transcript ids and uploads in paths, queries and bodies, however spelled. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from ...errors import BadRequest

# Only this spelling of an id is looked up, and the very same string is sent.
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# What could be an id where nobody knows the place: long, with a digit in it.
_LIKE_AN_ID = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}")
MAX_ROUNDS = 10
# Signed URLs have some thousand characters.
MAX_URL_CHARS = 16 * 1024
_ID_MEMBERS = frozenset({"transcriptid", "transcriptids"})
_NOT_A_LETTER = re.compile(r"[^0-9a-z]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


class _Widths:
    """Characters as `str.translate` asks for them: each in its compatible form (NFKC).

    One by one: a whole text's normalizing puts the accents on a letter in order, which
    takes quadratic time where somebody sends a million of them. What it would also do, join
    letters and accents, makes no plain letter.
    """

    def __getitem__(self, code: int) -> str:
        return unicodedata.normalize("NFKC", chr(code))


_WIDTHS = _Widths()


def fully_decoded(text: str) -> str:
    """Return WSGI text as a reader less strict than this one might see it.

    Percent-encodings are undone until none is left, and letters of other widths become
    plain ones.

    Raises:
        BadRequest: It is still encoded after ten rounds.
    """
    plain = text.encode("latin-1", "replace").decode("utf-8", "replace")
    for _ in range(MAX_ROUNDS):
        before, plain = plain, unquote(plain, errors="replace").translate(_WIDTHS)
        if plain == before or "%" not in plain:
            return plain
    raise BadRequest("The request's target is encoded too many times.")


def ids_like(text: str) -> set[str]:
    """Return what stands in *text* and could be an id.

    >>> sorted(ids_like("/v2/x/5552723a-0001.json?of=5552723a-00000002&n=short1"))
    ['5552723a-00000002']
    """
    return set(_LIKE_AN_ID.findall(text))


def ids_named(body: object) -> Iterator[object]:
    """Yield what stands under `transcript_id` and `transcript_ids`, at any depth.

    Names are read without case and underscores, as some JSON readers match them. A JSON
    schema may name a property like that; what describes one is no id.
    """
    for name, value in _members(body):
        if (
            value is not None
            and not isinstance(value, dict)
            and _NOT_A_LETTER.sub("", name.casefold()) in _ID_MEMBERS
        ):
            yield from value if isinstance(value, list) else (value,)


def strings_in(body: object) -> Iterator[str]:
    """Yield every string value, at any depth; names of members are none."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from strings_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from strings_in(value)


def audio_urls(body: object) -> Iterator[str]:
    """Yield the URLs that stand under `audio_url`, and those of uploads anywhere."""
    named = [value for name, value in _members(body) if name.casefold() == "audio_url"]
    for value in named:
        if isinstance(value, str):
            yield value
    for text in strings_in(body):
        if len(text) <= 2048 and not re.search(r"\s", text.strip()) and is_upload(text):
            yield text


def is_upload(url: str) -> bool:
    """Whether *url* could lead to a file that was uploaded to AssemblyAI."""
    if "upload" not in (loose := fully_decoded_url(url).casefold()):
        return False
    return "assemblyai.com" in loose.partition("/upload")[0]


def upload_key(url: str) -> tuple[str, bool]:
    """Return what an upload's URL is remembered by, and whether it is AssemblyAI's at all.

    Query, fragment, letter case and width of the host and %-spelling do not make another
    file.

    Raises:
        BadRequest: It is no URL, or too long for one.
    """
    # Quoted, since urlsplit normalizes a host beyond ASCII, as a whole.
    plain = _BEYOND_ASCII.sub(
        lambda found: quote(found[0], errors="replace"), fully_decoded_url(url).strip()
    )
    try:
        parts = urlsplit(plain)
        host = (parts.hostname or "").rstrip(".").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise BadRequest("audio_url is not a URL.") from None
    ours = host == "assemblyai.com" or host.endswith(".assemblyai.com") or is_upload(url)
    path = re.sub("/{2,}", "/", parts.path)
    return f"{host}{port}{path}", ours


def is_plain(url: str, key: str) -> bool:
    """Whether every reader of *url* finds the upload that is remembered by *key*.

    `upload_key` reads as the laxest reader might; a stricter one may see another host in
    the same text.
    """
    scheme, separator, rest = url.partition("://")
    return scheme in ("https", "http") and bool(separator) and rest == key


def fully_decoded_url(url: str) -> str:
    """Return a URL as the laxest of readers might see it.

    Raises:
        BadRequest: It is too long, or still encoded after ten rounds.
    """
    if len(url) > MAX_URL_CHARS:
        raise BadRequest("audio_url is too long.")
    for _ in range(MAX_ROUNDS):
        before = url
        url = unquote(url, errors="replace").translate(_WIDTHS).translate(_DOTS)
        url = url.replace("\\", "/")
        if url == before or "%" not in url:
            return url
    raise BadRequest("audio_url is encoded too many times.")


def _members(body: object) -> Iterator[tuple[str, object]]:
    if isinstance(body, dict):
        for name, value in body.items():
            yield name, value
            yield from _members(value)
    elif isinstance(body, list):
        for value in body:
            yield from _members(value)


def both_cases(ids: Iterable[str]) -> list[str]:
    """Return *ids* as they are and in lower case: databases may compare without case."""
    return sorted({spelled for id in ids for spelled in (id, id.lower())})
