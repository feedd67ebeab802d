"""Finding transcript ids and uploads in paths, queries and bodies, however spelled. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from ...errors import BadRequest
from ...http.lookalikes import visible
from .decoding import LETTERS_A_STEP, MAX_ROUNDS, Effort, decoded

# Only this spelling of an id is looked up, and the very same string is sent.
MAX_ID_CHARS = 128
PLAIN_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID_CHARS}}}")
# A possible id in an unknown place: long, with a digit in it.
_LIKE_AN_ID = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}")
_LIKE_AN_ID_IN_BYTES = re.compile(_LIKE_AN_ID.pattern.encode())
# Signed URLs have some thousand characters.
MAX_URL_CHARS = 16 * 1024
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# `xn--assemblyai-` is `assemblyai` to parsers older than UTS 46, revision 33.
_PUNYCODE_OF_ASCII = re.compile(r"xn--([a-z0-9-]{1,59})-(?=[.:/]|$)", re.IGNORECASE)
# The URL Standard takes any number of slashes here, none too.
_SCHEME = re.compile(r"^\s*(https?):/*", re.IGNORECASE)


def fully_decoded(text: str, effort: Effort | None = None) -> str:
    """Return WSGI text as a laxer reader might decode it.

    Percent-encodings are undone until none is left, and letters of other widths become
    plain ones.

    Raises:
        BadRequest: It is still encoded after ten rounds, or takes more than *effort*.
    """
    data = text.encode("latin-1", "replace")
    plain = decoded(data, effort or Effort(), "The request's target")
    return plain.decode("utf-8", "replace")


def ids_like(text: str) -> set[str]:
    """Return the possible ids in *text*.

    >>> sorted(ids_like("/v2/x/5552723a-0001.json?of=5552723a-00000002&n=short1"))
    ['5552723a-00000002']
    """
    return {word for word in _LIKE_AN_ID.findall(text) if len(word) <= MAX_ID_CHARS}


def ids_in_bytes(body: bytes, most: int) -> set[str]:
    """Return the possible ids in a body that is not JSON; up to one over *most*.

    Raises:
        BadRequest: It is still percent-encoded after ten rounds, or in too many places.
    """
    data = body.replace(b"\0", b"")
    if b"%" in data:
        data = decoded(data, Effort(), "The body")
    found: set[str] = set()
    for match in _LIKE_AN_ID_IN_BYTES.finditer(data):
        if match.end() - match.start() <= MAX_ID_CHARS:
            found.add(match[0].decode())
        if len(found) > most:
            break
    return found


def is_upload(url: str, effort: Effort | None = None) -> bool:
    """Whether *url* could lead to a file that was uploaded to AssemblyAI."""
    if "upload" not in (loose := fully_decoded_url(url, effort).casefold()):
        return False
    return "assemblyai.com" in loose.partition("/upload")[0]


def upload_key(url: str, effort: Effort | None = None) -> tuple[str, bool]:
    """Return the key under which an upload's URL is stored, and whether it is AssemblyAI's.

    URLs that differ in query, fragment, letter case or width of the host, or %-spelling, name the
    same file.

    Raises:
        BadRequest: It is no URL, too long for one, or takes more than *effort*.
    """
    # Quoted, since urlsplit normalizes a host beyond ASCII, as a whole.
    plain = _BEYOND_ASCII.sub(
        lambda found: quote(found[0], errors="replace"), fully_decoded_url(url, effort).strip()
    )
    try:
        parts = urlsplit(plain)
        host = (parts.hostname or "").rstrip(".").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise BadRequest("audio_url is not a URL.") from None
    ours = host == "assemblyai.com" or host.endswith(".assemblyai.com") or is_upload(url, effort)
    path = re.sub("/{2,}", "/", parts.path)
    return f"{host}{port}{path}", ours


def is_plain(url: str, key: str) -> bool:
    """Whether every reader of *url* finds the upload that is stored under *key*.

    `upload_key` reads as the laxest reader might; a stricter one may see another host in
    the same text.
    """
    scheme, separator, rest = url.partition("://")
    return scheme in ("https", "http") and bool(separator) and rest == key


def fully_decoded_url(url: str, effort: Effort | None = None) -> str:
    """Return a URL as the laxest reader might decode it.

    Raises:
        BadRequest: It is too long, still encoded after ten rounds, or takes more than *effort*.
    """
    if len(url) > MAX_URL_CHARS:
        raise BadRequest("audio_url is too long.")
    effort = effort or Effort()
    for _ in range(MAX_ROUNDS):
        before = url
        # Before decoding, too: a tab within `%C2%AD` is gone before that is decoded.
        seen = _visible(url, effort).encode("utf-8", "replace")
        url = _visible(
            decoded(seen, effort, "audio_url", dots=True).decode(errors="replace"), effort
        )
        url = _SCHEME.sub(r"\1://", _PUNYCODE_OF_ASCII.sub(r"\1", url))
        if url == before or "%" not in url:
            return url
    raise BadRequest("audio_url is encoded too many times.")


def _visible(url: str, effort: Effort) -> str:
    if not url.isascii():
        effort.spend(len(url) // LETTERS_A_STEP)
    return visible(url)


def both_cases(ids: Iterable[str]) -> list[str]:
    """Return *ids* as they are and in lower case: databases may compare without case."""
    return sorted({spelled for id in ids for spelled in (id, id.lower())})
