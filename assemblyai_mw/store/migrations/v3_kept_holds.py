"""Version 3: an unpriced call counts its hold as spent, and says where its price is estimated."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 3
SUMMARY = "what an unpriced call counts as spent, and whether a price is estimated"

_STATEMENTS = (
    "ALTER TABLE calls ADD COLUMN kept_nano BIGINT",
    "ALTER TABLE calls ADD COLUMN estimated BOOLEAN",
    "ALTER TABLE holds DROP COLUMN call_id",
)


def upgrade(connection: Connection) -> None:
    """Add the columns; a hold belongs to the call of its request, and needs no row's number."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
