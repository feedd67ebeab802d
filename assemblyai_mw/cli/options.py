"""Options of keys and teams on the command line, made from their one declaration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from ..store.key_options import Option
from ..store.option_kinds import checked_name
from .base import Duration, Wrong

Command = TypeVar("Command", bound=Callable[..., Any])

# Removes an option, or leaves it out of a new key.
NONE = "none"
_ACTORS = ("SUDO_USER", "USER", "LOGNAME")


class _OrNone(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on only
    """The values of another type, or `none`."""

    def __init__(self, inner: click.ParamType) -> None:  # type: ignore[type-arg]
        self.inner = inner
        self.name = inner.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return `none` as it is, and anything else as the inner type reads it."""
        return value if value == NONE else self.inner.convert(value, param, ctx)


def takes(options: Iterable[Option], *, least: int | None = None) -> Callable[[Command], Command]:
    """Return a decorator that gives a command these *options*, named as Python has them.

    Args:
        options: As `store.key_options` declares them.
        least: The least of whole numbers; None for each option's own.
    """

    def decorate(command: Command) -> Command:
        for each in reversed(list(options)):
            command = _option_of(each, least)(command)
        return command

    return decorate


def _option_of(option: Option, least: int | None) -> Callable[[Command], Command]:
    kind, parameter = option.kind, option.asked_as
    shown: dict[str, Any] = {"help": option.help, "metavar": option.metavar}
    if kind.typed == "switch":
        flags = f"{option.flag}/--no-{option.flag.removeprefix('--')}"
        return click.option(flags, parameter, default=None, **shown)
    if kind.typed in ("names", "tags"):
        return click.option(option.flag, parameter, multiple=True, **shown)
    if kind.typed == "choice":
        shown["type"] = click.Choice([*kind.choices, NONE])
    elif kind.typed == "count":
        shown["type"] = _OrNone(click.IntRange(kind.least if least is None else least))
    elif kind.typed == "duration":
        shown["type"] = _OrNone(Duration())
    return click.option(option.flag, parameter, **shown)


def given(options: Iterable[Option], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given *options* for the store; `none` is None.

    Raises:
        Wrong: A value does not have its option's form.
    """
    said = {}
    for option in options:
        value = parameters[option.asked_as]
        if value is None or value == ():
            continue
        said[option.asked_as] = _value(option, value)
    return said


def _value(option: Option, value: Any) -> Any:
    if isinstance(value, tuple) and NONE in value:
        if len(value) > 1:
            raise Wrong(f"{option.flag}: expected {NONE} alone, or none of it")
        return None
    if value == NONE:
        return None
    if option.kind.typed == "ratio":
        try:
            return float(value)
        except ValueError:
            raise Wrong(f"{option.flag}: expected a number such as 0.8") from None
    return _tags(option, value) if option.kind.typed == "tags" else value


def _tags(option: Option, pairs: Sequence[str]) -> dict[str, str]:
    tags = {}
    for pair in pairs:
        tag, equals, value = pair.partition("=")
        if not tag or not equals:
            raise Wrong(f"{option.flag}: expected {option.metavar}")
        tags[tag] = value
    return tags


def _actor(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is not None:
        try:
            return checked_name("--actor", value)
        except ValueError as error:
            raise Wrong(str(error)) from None
    for variable in _ACTORS:
        try:
            return checked_name(variable, os.environ.get(variable))
        except ValueError:
            continue
    return "cli"


actor = click.option(
    "--actor",
    metavar="NAME",
    callback=_actor,
    help=f"Author of the change in the history; else {_ACTORS[0]}, {' or '.join(_ACTORS[1:])}.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
name = click.argument("name")
