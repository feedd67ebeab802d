"""Checks of arrays that name an item as Anthropic does: `messages.0`."""

from __future__ import annotations

from typing import Any

from ..chat import checks


def objects(value: Any, param: str) -> None:
    """An array of objects."""
    checks.array(value, param)
    for at, item in enumerate(value):
        checks.mapping(item, f"{param}.{at}")


def strings(value: Any, param: str) -> None:
    """An array of strings."""
    checks.array(value, param)
    for at, item in enumerate(value):
        checks.string(item, f"{param}.{at}")


def text_or_blocks(value: Any, param: str) -> None:
    """A string, or an array of objects."""
    if not isinstance(value, str | list):
        raise checks.wrong(param, "a string or an array of blocks", value)
    if isinstance(value, list):
        objects(value, param)
