"""A finding of `check`: one line, with its fix."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from ..output import cell

# Parts of the exit status of `check --cron`. 2 is click's, for a wrong option.
FAULT, LATE, UNPRICED, BUDGET, PRICES = 1, 4, 8, 16, 32


class Finding(NamedTuple):
    """One line: `wrong` makes the exit status 1, `note` does not.

    Attributes:
        hint: What to do about it; None where nothing is to be done, or the text says it.
        alert: Its part of the exit status of `check --cron`, which shows no other notes.
    """

    level: Literal["ok", "note", "wrong"]
    subject: str
    text: str
    hint: str | None = None
    alert: int = 0

    @property
    def status(self) -> int:
        """Its part of the exit status of `check --cron`; 0 for what it does not show."""
        return self.alert | (FAULT if self.level == "wrong" else 0)

    def as_line(self) -> str:
        """Return the finding for people."""
        text = self.text if self.hint is None else f"{self.text}; {self.hint}"
        return f"{self.level:<6} {self.subject}: {cell(text)}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return {
            "name": self.subject,
            "level": self.level,
            "message": cell(self.text),
            "hint": None if self.hint is None else cell(self.hint),
        }
