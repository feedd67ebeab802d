"""Choosing header fields by their names, cheaply: most heads are like one that came before.

Pure functions and bounded caches. Their users decide which fields cross.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from ..errors import BadRequest
from .messages import TOKEN, connection_tokens, is_field_value

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

T = TypeVar("T")
_VALUE = itemgetter(1)

# Cache of header sets. Names come from outside, so the caches are bounded.
MAX_PLANS = 256
MAX_PLAN_CHARS = 4096
MAX_TEXTS = 1024
MAX_TEXT_CHARS = 128


class Remembered(dict[str, T]):
    """Results of *decide* for a text, mostly a field name, computed once for each spelling."""

    def __init__(self, decide: Callable[[str], T]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, text: str) -> T:
        decided = self._decide(text)
        if len(text) <= MAX_TEXT_CHARS:
            if len(self) >= MAX_TEXTS:
                self.clear()
            self[text] = decided
        return decided


class RequestFields:
    """Chooses the fields of a request that go on, with a plan for each set of names.

    Args:
        goes: Whether a field goes on, by its lower-case name.
    """

    def __init__(self, goes: Callable[[str], bool]) -> None:
        self._goes = goes
        # The environ keys that go on, with their field names, by the set of all keys, which is
        # mostly the same.
        self._plans: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}

    def of(self, environ: WSGIEnvironment) -> list[tuple[str, str]]:
        """Return the fields that go on, in the order the server gives them.

        Raises:
            BadRequest: A name is no token, or the value of a field that goes on holds a
                control character.
        """
        keys = tuple(environ)
        plan = self._plans.get(keys)
        if plan is None:
            plan = self._plan(keys)
        headers = [(name, environ[key]) for key, name in plan]
        if not is_field_value("".join(map(_VALUE, headers))):
            raise BadRequest("A header's value holds a control character.")
        left_out: set[str] = set()
        if environ.get("HTTP_CONNECTION"):
            left_out = connection_tokens([environ["HTTP_CONNECTION"]]) - {"content-type"}
        if not environ.get("CONTENT_TYPE", "-"):
            # In CGI, an empty value means that there was no such header.
            left_out.add("content-type")
        if left_out:
            return [field for field in headers if field[0].lower() not in left_out]
        return headers

    def _plan(self, keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return the keys that go on, each with its name on the wire."""
        plan = tuple([(key, name) for key in keys if (name := self._wire_name(key)) is not None])
        if sum(map(len, keys)) <= MAX_PLAN_CHARS:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            self._plans[keys] = plan
        return plan

    def _wire_name(self, key: str) -> str | None:
        """Return the wire name of an environ key, or None if the field does not go on."""
        if key == "CONTENT_TYPE":
            return "Content-Type"
        if not key.startswith("HTTP_"):
            return None
        name = key[5:].replace("_", "-").title()
        if not TOKEN.fullmatch(name):
            raise BadRequest("A header's name holds an invalid character.")
        lower = name.lower()
        # `Content_Type` and `Content-Type_`: underscore twins that a lax server let through.
        if lower == "content-type" or lower.endswith("-"):
            return None
        return name if self._goes(lower) else None
