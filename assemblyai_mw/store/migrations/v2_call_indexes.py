"""Version 2: reports and pages of one team or key, and the oldest open call, read an index."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 2
SUMMARY = "indexes for the calls of one team, of one key, and for pending calls by time"

_STATEMENTS = (
    "CREATE INDEX calls_team ON calls (team, at, id)",
    "CREATE INDEX calls_key ON calls (key_id, at, id)",
    "CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending'",
)


def upgrade(connection: Connection) -> None:
    """Make the indexes; no row is rewritten."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
