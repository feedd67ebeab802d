"""Version 3: holds fit the audio and stay without a price; an owner's transcripts by status."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 3
SUMMARY = (
    "length of uploaded audio, what an unpriced call counts as spent, estimated prices, "
    "and an index for the transcripts of one owner by status"
)

# `holds.call_id` stays, though nothing reads it: workers of the release before go on writing it
# while the others start anew.
_STATEMENTS = (
    "ALTER TABLE uploads ADD COLUMN audio_ms BIGINT",
    "ALTER TABLE uploads ADD COLUMN audio_channels INTEGER",
    "ALTER TABLE uploads ADD COLUMN audio_counted BOOLEAN",
    "ALTER TABLE calls ADD COLUMN kept_nano BIGINT",
    "ALTER TABLE calls ADD COLUMN estimated BOOLEAN",
    "CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id)",
    "DROP INDEX transcripts_owner",
)


def upgrade(connection: Connection) -> None:
    """Add the columns, and one index for another; no row is rewritten."""
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement)
