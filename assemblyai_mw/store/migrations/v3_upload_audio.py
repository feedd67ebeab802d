"""Version 3: an upload's row holds what is known of its audio, so that holds fit it."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 3
SUMMARY = "length and channels of uploaded audio"

_STATEMENTS = (
    "ALTER TABLE uploads ADD COLUMN audio_ms BIGINT",
    "ALTER TABLE uploads ADD COLUMN audio_channels INTEGER",
    "ALTER TABLE uploads ADD COLUMN audio_counted BOOLEAN",
)


def upgrade(connection: Connection) -> None:
    """Add the columns; no row is rewritten, and of earlier uploads nothing is known."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
