"""A string that does not show itself: keys, as the configuration holds them."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a key; only `reveal` gives it out.

    `repr`, `str`, `format` and `%` show `Secret('***')`, so that a log line, a
    traceback's locals or a debug page cannot hold it. Pickling is refused, for a
    pickle would. Two secrets compare in constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"),
            other._value.encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(("assemblyai_mw.Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: it would leave in clear")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self
