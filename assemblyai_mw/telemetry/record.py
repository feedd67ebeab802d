"""The log line of a call: `name=value`, for people and for grep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def line_of(fields: Mapping[str, Any]) -> str:
    """Return what `CallRecord.fields` gives as a line, one space between its fields.

    A path or a tag can hold what a log line must not: one call is one line, and what looks
    like another field stands in quotes, as logfmt has them.
    """
    names = tuple(fields)
    template = _templates.get(names)
    if template is None:
        # Some dozens: there is no field whose name a caller could choose.
        template = _templates[names] = " ".join([f"{name}=%s" for name in names])
    line = template % tuple(fields.values())
    # Mostly there is no value that needs quotes: all that is left are the spaces in between.
    odd = line.encode("utf-8", "replace").translate(None, _PLAIN)
    if "tags" not in fields and odd == _SPACES[: len(fields) - 1]:
        return line
    return " ".join([f"{name}={_shown(value)}" for name, value in fields.items()])


_PLAIN = bytes(set(range(0x21, 0x7F)) - {ord('"')})
_SPACES = b" " * 64
_templates: dict[tuple[str, ...], str] = {}


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        value = ",".join([f"{name}={tag}" for name, tag in value.items()])
    text = str(value)
    plain = text.isprintable() and " " not in text and '"' not in text
    return text if plain else json.dumps(text)
