"""Version 3: holds fit what is known of the audio, and stay where a call has no price."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 3
SUMMARY = "length of uploaded audio, what an unpriced call counts as spent, estimated prices"

# `holds.call_id` stays, though nothing reads it: workers of the release before go on writing it
# while the others start anew.
_STATEMENTS = (
    "ALTER TABLE uploads ADD COLUMN audio_ms BIGINT",
    "ALTER TABLE uploads ADD COLUMN audio_channels INTEGER",
    "ALTER TABLE uploads ADD COLUMN audio_counted BOOLEAN",
    "ALTER TABLE calls ADD COLUMN kept_nano BIGINT",
    "ALTER TABLE calls ADD COLUMN estimated BOOLEAN",
)


def upgrade(connection: Connection) -> None:
    """Add the columns; no row is rewritten, and of earlier rows nothing more is known."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
