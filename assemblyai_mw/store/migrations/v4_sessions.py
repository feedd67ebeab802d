"""Version 4: streaming sessions under way, tokens that open them, and limits on their number."""

from __future__ import annotations

from sqlalchemy import Connection

NUMBER = 4
SUMMARY = "streaming sessions under way, their tokens, and limits on open sessions"

_STATEMENTS = (
    "ALTER TABLE keys ADD COLUMN max_sessions INTEGER",
    "ALTER TABLE teams ADD COLUMN max_sessions INTEGER",
    "CREATE TABLE open_sessions ("
    " call_id {id} NOT NULL,"
    " request_id TEXT NOT NULL,"
    " key_id {id},"
    " team TEXT,"
    " at BIGINT NOT NULL,"
    " seen_at BIGINT NOT NULL,"
    " elapsed_ms BIGINT NOT NULL,"
    " PRIMARY KEY (call_id),"
    " FOREIGN KEY(call_id) REFERENCES calls (id))",
    "CREATE INDEX open_sessions_key ON open_sessions (key_id)",
    "CREATE INDEX open_sessions_team ON open_sessions (team)",
    "CREATE TABLE session_tokens ("
    " hash {binary} NOT NULL,"
    " key_id {id},"
    " team TEXT,"
    " service TEXT NOT NULL,"
    " region TEXT NOT NULL,"
    " end_user TEXT,"
    " tags TEXT NOT NULL,"
    " at BIGINT NOT NULL,"
    " expires_at BIGINT NOT NULL,"
    " max_session_s INTEGER NOT NULL,"
    " used_at BIGINT,"
    " PRIMARY KEY (hash),"
    " FOREIGN KEY(key_id) REFERENCES keys (id))",
    "CREATE INDEX session_tokens_expiry ON session_tokens (expires_at)",
)
_TYPES = {
    "sqlite": {"id": "INTEGER", "binary": "BLOB"},
    "postgresql": {"id": "BIGINT", "binary": "BYTEA"},
}


def upgrade(connection: Connection) -> None:
    """Add the columns and tables; no row is rewritten."""
    types = _TYPES[connection.dialect.name]
    for statement in _STATEMENTS:
        connection.exec_driver_sql(statement.format(**types))
