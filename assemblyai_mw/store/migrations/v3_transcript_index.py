"""Version 3: the transcripts of one owner are found by status as well."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 3
SUMMARY = "an index for the transcripts of one owner by status"

_STATEMENTS = (
    "CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id)",
    "DROP INDEX transcripts_owner",
)


def upgrade(connection: Connection) -> None:
    """Make the one index and drop the other, which it replaces; no row is rewritten."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
