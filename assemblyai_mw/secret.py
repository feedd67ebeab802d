"""Strings and bytes with a hidden repr: keys, and data that contains one.

Tracebacks, debug pages and error trackers show the `repr` of local variables. So a key is held as a
`Secret`, and revealed only within an expression: never in a variable of a frame that calls another
stage, a hook of the host or the transport.
"""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a key; only `reveal` gives it out.

    `repr`, `str`, `format` and `%` show `Secret('***')`, so that no log line, traceback or debug
    page holds it. Pickling is refused: a pickle would hold it. Two secrets compare in constant
    time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def is_in(self, text: str) -> bool:
        """Whether *text* holds the key."""
        return self.reveal() in text

    def masked(self, text: str) -> str:
        """Return *text* with asterisks where it holds the key."""
        return text.replace(self.reveal(), "*" * len(self.reveal()))

    def masked_bytes(self, data: bytes) -> bytes:
        """Return *data* with asterisks where it holds the key, in UTF-8."""
        key = self.reveal().encode()
        return data.replace(key, b"*" * len(key))

    def __len__(self) -> int:
        return len(self.reveal())

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.reveal().encode("utf-8", "surrogatepass"),
            other.reveal().encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(("assemblyai_mw.Secret", self.reveal()))

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: it would leave in clear")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class HiddenBytes:
    """Bytes with a key among them, such as a request's head; only `reveal` gives them out."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return f"HiddenBytes(<{len(self._value)} bytes>)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("HiddenBytes cannot be pickled: they would leave in clear")
