"""Version 5: kept answers, owners of voice agents, filters of reports, more budgets."""

from __future__ import annotations

from sqlalchemy import Connection

from . import budgets, kept_answers, owned, prunable, usage

NUMBER = 5
_PARTS = (kept_answers, owned, usage, budgets, prunable)
SUMMARY = "; ".join(part.SUMMARY for part in _PARTS)


def upgrade(connection: Connection) -> None:
    """Run the parts in their order."""
    for part in _PARTS:
        part.upgrade(connection)
