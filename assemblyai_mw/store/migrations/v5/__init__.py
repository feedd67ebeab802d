"""Version 5: kept answers, and what reports by filters read."""

from __future__ import annotations

from sqlalchemy import Connection

from . import kept_answers, usage

NUMBER = 5
_PARTS = (kept_answers, usage)
SUMMARY = "; ".join(part.SUMMARY for part in _PARTS)


def upgrade(connection: Connection) -> None:
    """Run the parts in their order."""
    for part in _PARTS:
        part.upgrade(connection)
