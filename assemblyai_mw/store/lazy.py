"""Objects that are made at their first use.

Importing the database toolkit takes longer than all else here together. An app that wraps itself at
import, or a command that only shows its help, should not wait for it; the first request that needs
a database does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import ConfigError
from .driver import check_driver

if TYPE_CHECKING:
    from . import Database, Holds, KeptAnswers, Ledger

T = TypeVar("T")


def _check(address: object) -> None:
    """Make a wrong URL stop the start instead of failing each request."""
    if isinstance(address, str | os.PathLike) and "://" not in os.fspath(address):
        raise ConfigError("ledger: expected sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if isinstance(address, str):
        check_driver(address)


class Lazy:
    """A stand-in for the result of *make*, which is called at the first attribute access."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._lazy_make = make
        self._lazy_lock = threading.Lock()
        self._lazy_made: Any = None

    def __getattr__(self, name: str) -> Any:
        # Asked only for what is not set above.
        return getattr(resolve(self), name)

    def __repr__(self) -> str:
        return repr(self._lazy_made) if is_resolved(self) else "<not made yet>"


def lazy(make: Callable[[], T]) -> T:
    """Return a stand-in for the result of *make*; `isinstance` does not see through it."""
    return cast(T, Lazy(make))


def is_resolved(thing: object) -> bool:
    """Whether *thing* is there: no stand-in, or one whose original was made."""
    return not isinstance(thing, Lazy) or thing._lazy_made is not None


def resolve(thing: T) -> T:
    """Return the object behind *thing*, made now if needed; itself if it is no stand-in."""
    if not isinstance(thing, Lazy):
        return thing
    if thing._lazy_made is None:
        with thing._lazy_lock:
            if thing._lazy_made is None:
                thing._lazy_made = thing._lazy_make()
    return cast(T, thing._lazy_made)


def ledger_of(what: Ledger | Database | str) -> Ledger:
    """Return the Ledger that *what* is, or one on the Database or URL that it is."""
    return cast("Ledger", _made_on(what, "Ledger", "settle"))


def holds_of(what: Holds | Database | str) -> Holds:
    """Return the Holds that *what* is, or those on the Database or URL that it is."""
    return cast("Holds", _made_on(what, "Holds", "take"))


def kept_answers_of(what: KeptAnswers | Database | str) -> KeptAnswers:
    """Return the KeptAnswers that *what* is, or those on the Database or URL that it is."""
    return cast("KeptAnswers", _made_on(what, "KeptAnswers", "claim"))


def _made_on(what: object, name: str, method: str) -> object:
    """Return *what* if it has *method*; else this package's class of that *name*, on it."""
    if isinstance(what, Lazy) or hasattr(type(what), method):
        return what
    _check(what)

    def make() -> object:
        from .. import store

        return getattr(store, name)(what)

    return lazy(make)
