"""JSON by RFC 8259 and nothing else: what one reader accepts, every reader must read alike.

The stages decide by what a body says (whose transcript, which model), and AssemblyAI
acts on the same bytes. So whatever two parsers could read differently is refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import BadRequest

# RFC 8259 section 9 leaves limits to the parser. No documented request nests past 20;
# Python's own scanner recurses, and past about 1,000 levels raises.
MAX_DEPTH = 128
MAX_INT_DIGITS = 128
# A string without an end takes in all that follows: looked for again at each quote in it, it
# would cost quadratic time.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[][{}]', re.DOTALL)


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

    Raises:
        BadRequest: Not UTF-8, not JSON, a key twice, NaN or Infinity, a lone
            surrogate, an overlong number, or more than 128 levels deep.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    if _too_deep(text):
        raise BadRequest("The body nests too deep.")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON.") from error
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadRequest("The body holds half of a surrogate pair.") from error
    return value


def _too_deep(text: str) -> bool:
    """Whether brackets nest past MAX_DEPTH; looked at closely only where they might."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif first in "]}":
            depth -= 1
    return False
