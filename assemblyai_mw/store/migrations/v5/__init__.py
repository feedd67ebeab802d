"""Version 5: kept answers, owners of voice agents, filters of reports, calls that can go."""

from __future__ import annotations

from sqlalchemy import Connection

from . import kept_answers, owned, prunable, usage

NUMBER = 5
_PARTS = (kept_answers, owned, usage, prunable)
SUMMARY = "; ".join(part.SUMMARY for part in _PARTS)


def upgrade(connection: Connection) -> None:
    """Run the parts in their order."""
    for part in _PARTS:
        part.upgrade(connection)
