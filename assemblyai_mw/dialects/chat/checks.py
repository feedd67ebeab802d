"""Type checks of parameters in JSON; a failure is a 400 with the parameter's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import BadRequest

Check = Callable[[Any, str], None]

# Token counts are 32-bit at every provider; a larger number is a mistake or an attack.
MAX_TOKENS = 2**31 - 1

_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def wrong(param: str, expected: str, value: Any) -> BadRequest:
    """Return the 400 that says what *param* should have been."""
    got = _NAMES.get(type(value), "something else")
    return BadRequest(
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
        param=param,
        code="invalid_type",
    )


def invalid(param: str, message: str, code: str = "invalid_value") -> BadRequest:
    """Return the 400 about *param*'s value."""
    return BadRequest(f"Invalid value for '{param}': {message}", param=param, code=code)


def missing(param: str) -> BadRequest:
    """Return the 400 about *param* not being there."""
    return BadRequest(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def required(item: dict[str, Any], name: str, path: str, check: Check) -> Any:
    """Return a member that must be in *item*, checked; *path* is the item's own.

    Raises:
        BadRequest: It is not there, or fails *check*.
    """
    param = f"{path}.{name}"
    if name not in item:
        raise missing(param)
    check(item[name], param)
    return item[name]


def string(value: Any, param: str) -> None:
    """Any string."""
    if not isinstance(value, str):
        raise wrong(param, "a string", value)


def nonempty(value: Any, param: str) -> None:
    """A string with something in it."""
    string(value, param)
    if not value:
        raise invalid(param, "it is empty.")


def boolean(value: Any, param: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong(param, "a boolean", value)


def mapping(value: Any, param: str) -> None:
    """An object."""
    if not isinstance(value, dict):
        raise wrong(param, "an object", value)


def array(value: Any, param: str) -> None:
    """An array."""
    if not isinstance(value, list):
        raise wrong(param, "an array", value)


def integer(minimum: int, maximum: int) -> Check:
    """An integer within bounds; `true` and `1.0` are none."""

    def check(value: Any, param: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(param, "an integer", value)
        if not minimum <= value <= maximum:
            raise invalid(param, f"it must be from {minimum} to {maximum}.")

    return check


def number(minimum: float, maximum: float) -> Check:
    """A number within bounds."""

    def check(value: Any, param: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(param, "a number", value)
        if not minimum <= value <= maximum:
            raise invalid(param, f"it must be from {minimum:g} to {maximum:g}.")

    return check


def one_of(*choices: str) -> Check:
    """One of a few strings."""

    def check(value: Any, param: str) -> None:
        string(value, param)
        if value not in choices:
            raise invalid(param, f"it must be one of {', '.join(choices)}.")

    return check


def strings(value: Any, param: str) -> None:
    """An array of strings."""
    array(value, param)
    for at, item in enumerate(value):
        string(item, f"{param}[{at}]")


def objects(value: Any, param: str) -> None:
    """An array of objects."""
    array(value, param)
    for at, item in enumerate(value):
        mapping(item, f"{param}[{at}]")


def string_or_strings(value: Any, param: str) -> None:
    """A string, or an array of strings."""
    if not isinstance(value, str | list):
        raise wrong(param, "a string or an array of strings", value)
    if isinstance(value, list):
        strings(value, param)


def string_or_object(value: Any, param: str) -> None:
    """A string or an object."""
    if not isinstance(value, str | dict):
        raise wrong(param, "a string or an object", value)


def known_keys(value: dict[str, Any], param: str, keys: frozenset[str]) -> None:
    """No key but *keys*: what we don't know we would have to lose."""
    if value.keys() <= keys:
        return
    for key in value:
        if key not in keys:
            name = key if len(key) <= 64 and key.isprintable() else "..."
            raise BadRequest(
                f"Unknown parameter: '{param}.{name}'.",
                param=f"{param}.{name}",
                code="unknown_parameter",
            )
