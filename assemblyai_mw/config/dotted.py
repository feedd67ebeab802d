"""Objects that a configuration names by their dotted paths: `package.module:object`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pkgutil import resolve_name
from typing import Any

from ..errors import ConfigError


def imported(path: str, place: str) -> Any:
    """Return the object that *path* names; *place* is the setting, for the error.

    Raises:
        ConfigError: It cannot be imported.
    """
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{place}: cannot import {path!r}: {type(error).__name__}") from error


def callables(paths: Iterable[str], place: str) -> list[Callable[[Any], object]]:
    """Return the callables that *paths* name.

    Raises:
        ConfigError: One cannot be imported, or is not callable.
    """
    found = []
    for path in paths:
        target = imported(path, place)
        if not callable(target):
            raise ConfigError(f"{place}: {path!r} is not callable")
        found.append(target)
    return found
