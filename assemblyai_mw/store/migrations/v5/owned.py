"""The owners of other objects than transcripts and uploads."""

from __future__ import annotations

from sqlalchemy import Connection

from ..runner import run

SUMMARY = "owners of voice agents, their sessions and webhook subscriptions"

_STATEMENTS = (
    "CREATE TABLE owned ("
    " service TEXT NOT NULL,"
    " region TEXT NOT NULL,"
    " kind TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " key_id {id},"
    " key_name TEXT,"
    " team TEXT,"
    " at BIGINT NOT NULL,"
    " call_id {id},"
    " PRIMARY KEY (service, region, kind, id))",
    "CREATE INDEX owned_listed ON owned (service, region, kind, owner, at, id)",
)
_TYPES = {"sqlite": {"id": "INTEGER"}, "postgresql": {"id": "BIGINT"}}


def upgrade(connection: Connection) -> None:
    """Add the table; no row is rewritten."""
    run(connection, _STATEMENTS, _TYPES)
