"""Replies that depend on the caller: no cache keeps them, no browser guesses their type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .fields import Remembered

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse

Headers = list[tuple[str, str]]

CACHE_CONTROL = "private, no-store"
# Fields with other instructions for caches, shared or in browsers (RFC 9111; RFC 9213, targeted
# fields; Surrogate-Control, Edge Architecture), and the fields that are set below.
REPLACED = frozenset(
    {
        "age",
        "cache-control",
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "expires",
        "pragma",
        "surrogate-control",
        "x-content-type-options",
    }
)


class PrivateReplies:
    """Makes replies private: `start_response` goes in, and one that adds the fields comes out.

    Every reply gets `Cache-Control: private, no-store` in place of its own cache fields, a `Vary`
    that also names *vary*, and `X-Content-Type-Options: nosniff`.

    Args:
        vary: Names of the request's fields that the reply depends on.
    """

    def __init__(self, *vary: str) -> None:
        self._vary = vary
        self._added = Remembered(self._added_to)
        self._usual = self._added_to("")

    def __call__(self, start_response: StartResponse) -> StartResponse:
        """Return *start_response* with the fields added."""

        def start(
            status: str, headers: Headers, exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], Any]:
            private, varies = [], ""
            for field in headers:
                fate = _FATES[field[0]]
                if not fate:
                    private.append(field)
                elif fate == VARIES:
                    varies = f"{varies}, {field[1]}" if varies else field[1]
            private += self._added[varies] if varies else self._usual
            if exc_info:
                return start_response(status, private, exc_info)
            return start_response(status, private)

        return start

    def _added_to(self, vary: str) -> Headers:
        """Return the fields to add to a reply with the Vary value *vary*."""
        return [
            ("Cache-Control", CACHE_CONTROL),
            ("Vary", with_vary([vary], *self._vary)),
            ("X-Content-Type-Options", "nosniff"),
        ]


def with_vary(values: Iterable[str], *added: str) -> str:
    """Return the Vary of a reply whose fields of that name have *values*, with *added* names."""
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    known = {name.lower() for name in names}
    return ", ".join([*names, *(name for name in added if name.lower() not in known)])


def _fate(name: str) -> int:
    lower = name.lower()
    return VARIES if lower == "vary" else DROPS if lower in REPLACED else PASSES


# Zero, the usual one, is tested by truth.
PASSES, DROPS, VARIES = range(3)
_FATES = Remembered(_fate)
