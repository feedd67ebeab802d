"""Tables as TOML text: what prices.toml is made of, and what `tomllib` reads back alike. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dumps(tables: Mapping[str, Any]) -> str:
    """Return *tables* as text: plain members first, then a heading for each table of a table.

    Raises:
        ValueError: A value has no form in TOML.
    """
    lines = [f"{_key(key)} = {_value(v)}" for key, v in tables.items() if not _is_table(v)]
    for section, members in tables.items():
        if not _is_table(members):
            continue
        plain = {key: value for key, value in members.items() if not _is_table(value)}
        if plain or not members:
            lines += _table(_key(section), plain)
        for name, item in members.items():
            if _is_table(item):
                lines += _table(f"{_key(section)}.{_key(name)}", item)
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(heading: str, members: Mapping[str, Any]) -> list[str]:
    return ["", f"[{heading}]", *(f"{_key(key)} = {_value(v)}" for key, v in members.items())]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    # JSON's escapes are TOML's; of the control characters, JSON leaves DEL as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list):
        if any(_is_table(each) for each in value):
            return "[\n" + "".join(f"    {_value(each)},\n" for each in value) + "]"
        return f"[{', '.join(map(_value, value))}]"
    raise ValueError(f"a {type(value).__name__} has no form in TOML")
