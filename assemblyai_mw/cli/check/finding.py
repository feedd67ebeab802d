"""A finding of `check`: one line, with its fix."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One line: `wrong` makes the exit status 1, `note` does not."""

    level: Literal["ok", "note", "wrong"]
    subject: str
    text: str
