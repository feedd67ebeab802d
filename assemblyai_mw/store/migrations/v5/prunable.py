"""Calls can be deleted, and transcripts keep their owners without them.

On SQLite two definitions are edited in place, which no row depends on: a table's foreign key, by
the procedure of sqlite.org/lang_altertable.html ("Making Other Kinds Of Table Schema Changes"),
and AUTOINCREMENT, which only says where the next id begins. A copy of the whole table would take a
large ledger a minute and twice its space.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from sqlalchemy import Connection, inspect, text

SUMMARY = "old calls can be pruned: their ids are never used again, and transcripts stay owned"

_OWNED = re.compile(r",\s*FOREIGN KEY\s*\(call_id\) REFERENCES calls \(id\)")
_ID = re.compile(r"\bid INTEGER NOT NULL,")
_PRIMARY_KEY = re.compile(r",\s*PRIMARY KEY \(id\)")


def upgrade(connection: Connection) -> None:
    """Release transcripts from calls, and number calls for good; no row is rewritten."""
    if connection.dialect.name == "sqlite":
        _edit(connection)
        return
    for key in inspect(connection).get_foreign_keys("transcripts"):
        if key["referred_table"] == "calls":
            name = connection.dialect.identifier_preparer.quote(str(key["name"]))
            connection.exec_driver_sql(f"ALTER TABLE transcripts DROP CONSTRAINT {name}")


def _edit(connection: Connection) -> None:
    find = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    before = {
        name: str(connection.scalar(find, {"name": name})) for name in ("transcripts", "calls")
    }
    after = {
        "transcripts": _OWNED.sub("", before["transcripts"], count=1),
        "calls": _PRIMARY_KEY.sub(
            "", _ID.sub("id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,", before["calls"], count=1)
        ),
    }
    raw: Any = connection.connection.driver_connection
    if hasattr(raw, "setconfig"):
        # Some systems' SQLite defends its definitions by default.
        raw.setconfig(getattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE"), False)  # noqa: B009
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar() or 0)
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    try:
        for name, definition in after.items():
            connection.execute(
                text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"),
                {"sql": definition, "name": name},
            )
        # Every connection, this one too, reads the definitions anew.
        connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    finally:
        connection.exec_driver_sql("PRAGMA writable_schema=OFF")
    # Otherwise the numbering would go on from the rows that are left.
    connection.exec_driver_sql(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'calls', max(id) FROM calls HAVING count(*)"
    )
    # A definition that SQLite cannot read ends the migration here, and is taken back.
    connection.exec_driver_sql("SELECT count(*) FROM calls WHERE id < 0")
    connection.exec_driver_sql("SELECT count(*) FROM transcripts WHERE call_id < 0")
