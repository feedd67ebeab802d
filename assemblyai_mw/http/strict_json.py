"""Strict JSON by RFC 8259: all readers must read an accepted text alike.

The stages decide by the body's content (the transcript, the model), and AssemblyAI acts on the same
bytes. So a text that two parsers could read differently is refused.
"""

from __future__ import annotations

import json
import re
from array import array
from itertools import accumulate
from typing import Any

from ..errors import BadRequest

# RFC 8259 section 9 leaves limits to the parser. No documented request nests past 20;
# Python's own scanner recurses, and past about 1,000 levels raises.
MAX_DEPTH = 128
# Each may be an object of one member with a name of its own: 300 bytes of memory, and two
# microseconds in all stages together.
MAX_VALUES = 200_000
MAX_INT_DIGITS = 128
# One character beyond the BMP, an emoji, makes a whole text take four bytes a character, twice
# while it is read, and again where it is written. No model reads half as much.
MAX_WIDE_BYTES = 8 * 1024 * 1024
# Up to here JSON goes out as ASCII, whatever it holds.
ESCAPED_BYTES = 1024 * 1024
# How half of a surrogate pair is encoded: as the escape that JSON has for it.
HALVES = "backslashreplace"
_ESCAPED = bytes(range(127, 256))
_BEYOND_BMP = re.compile(rb"[\xf0-\xf4]|\\u[dD]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_BRACKETS = bytes(code for code in range(256) if chr(code) not in "[]{}")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("The body names a JSON key twice.")
    return members


def _constant(name: str) -> Any:
    raise BadRequest(f"The body holds {name}, which JSON does not have.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS:
        raise BadRequest("The body holds a number too long to read.")
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadRequest("The body holds a number too large to read.")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_number,
)


def loads(body: bytes) -> Any:
    """Return *body* as Python values.

    Values are counted before any is made, at most `MAX_VALUES` of them.

    Raises:
        BadRequest: Not UTF-8, not JSON, a key twice, NaN or Infinity, a lone surrogate, an
            overlong number, more than 128 levels deep, more than 200,000 values, or more
            than 8 MiB with characters beyond the BMP.
    """
    check_size(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    if text.startswith("\ufeff"):
        # RFC 8259, 8.1: senders must not add one; some readers take it, and some do not.
        raise BadRequest("The body begins with a byte order mark; send JSON as UTF-8 without one.")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON.") from error
    if ("\\ud" in text or "\\uD" in text) and _has_surrogate(value):
        raise BadRequest("The body holds half of a surrogate pair.")
    return value


def dumps_like(value: Any, given: bytes) -> bytes:
    """Return *value* as JSON, all ASCII; as UTF-8 where that would be much longer than *given*.

    An escape takes six bytes for each of one, two or three.
    """
    return json.dumps(value, ensure_ascii=stays_short(given)).encode("utf-8", HALVES)


def stays_short(given: bytes) -> bool:
    """Whether *given*, JSON in UTF-8, is not much longer as ASCII."""
    return len(given) <= ESCAPED_BYTES or (
        len(given) - len(given.translate(None, _ESCAPED)) <= len(given) // 10
    )


def check_size(body: bytes) -> None:
    """Refuse bodies that would take too much time or memory to read, as far as bytes show it.

    Up to where *body* stops being JSON, the counts are exact; there the parser stops too.

    Raises:
        BadRequest: It nests too deep, holds too many values, or is too long for characters
            beyond the BMP.
    """
    openings = body.count(b"[") + body.count(b"{")
    # Each value is a container's first, comes after a comma, or is the document.
    if openings > MAX_DEPTH or openings + body.count(b",") >= MAX_VALUES:
        outside = _outside_strings(body)
        brackets = outside.translate(None, _NO_BRACKETS)
        openings = brackets.count(b"[") + brackets.count(b"{")
        if openings + outside.count(b",") >= MAX_VALUES:
            raise _too_many()
        # Where as many have closed, the document has ended.
        steps = array("b", brackets[: 2 * MAX_VALUES].translate(_STEPS))
        if max(accumulate(steps), default=0) > MAX_DEPTH:
            raise BadRequest("The body nests too deep.")
    if len(body) > MAX_WIDE_BYTES and _BEYOND_BMP.search(body):
        raise BadRequest(
            f"A body of more than {MAX_WIDE_BYTES} bytes cannot hold emoji and other "
            "characters beyond U+FFFF."
        )


def _outside_strings(body: bytes) -> bytes:
    """Return *body* without its strings."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A string is a value or names one.
    if body.count(b'"') > 4 * MAX_VALUES:
        raise _too_many()
    return b"".join(body.split(b'"')[::2])


def _too_many() -> BadRequest:
    return BadRequest(f"The body holds more than {MAX_VALUES} values.")


def _has_surrogate(value: Any) -> bool:
    """Whether a string or a name in *value* holds half of a pair."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if _SURROGATE.search(each):
                return True
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
    return False
