"""Version 5: kept answers, owners of voice agents, and what reports by filters read."""

from __future__ import annotations

from sqlalchemy import Connection

from . import kept_answers, owned, usage

NUMBER = 5
_PARTS = (kept_answers, owned, usage)
SUMMARY = "; ".join(part.SUMMARY for part in _PARTS)


def upgrade(connection: Connection) -> None:
    """Run the parts in their order."""
    for part in _PARTS:
        part.upgrade(connection)
