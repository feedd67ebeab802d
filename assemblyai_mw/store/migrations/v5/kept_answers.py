"""Answers that are kept for repeated requests with an Idempotency-Key."""

from __future__ import annotations

from sqlalchemy import Connection

from ..runner import run

SUMMARY = "answers kept for repeated requests with an Idempotency-Key"

_STATEMENTS = (
    "CREATE TABLE kept_answers ("
    " scope {binary} NOT NULL,"
    " key {binary} NOT NULL,"
    " at BIGINT NOT NULL,"
    " request_id TEXT NOT NULL,"
    " call_at BIGINT NOT NULL,"
    " digest {binary},"
    " known BOOLEAN,"
    " status SMALLINT,"
    " headers TEXT,"
    " body {binary},"
    " PRIMARY KEY (scope, key))",
    "CREATE INDEX kept_answers_at ON kept_answers (at)",
)
_TYPES = {"sqlite": {"binary": "BLOB"}, "postgresql": {"binary": "BYTEA"}}


def upgrade(connection: Connection) -> None:
    """Add the table; no row is rewritten."""
    run(connection, _STATEMENTS, _TYPES)
