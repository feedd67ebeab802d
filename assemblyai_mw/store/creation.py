"""Creates the schema, and checks that it is complete."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, insert, inspect, text

from ..errors import StoreError
from .migrations import stored_version
from .schema import SCHEMA_VERSION, meta, metadata

# Any constant works that no other program locks: "aamw" in ASCII.
_LOCK = 0x61616D77


def lock_creation(connection: Connection) -> None:
    """Keep other processes from making a ledger in this PostgreSQL until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def no_ledger(where: str) -> str:
    """Return the message for a missing ledger."""
    return f"{where}: there is no ledger here; keys create, or the app's first use, makes one"


def is_made(connection: Connection, where: str, *, must_be: bool) -> bool:
    """Whether the schema is there; False means that it may be made.

    Raises:
        StoreError: It *must_be* there and is not, or another application's table has the name of
            one of ours.
    """
    present = set(inspect(connection).get_table_names())
    if meta.name in present:
        return True
    if must_be:
        raise StoreError(f"{where} was in use, and its tables are gone")
    if taken := sorted(present & set(metadata.tables)):
        raise StoreError(
            f"{where} has a table {taken[0]} of another application;"
            " give the ledger a database or schema of its own"
        )
    return False


def make_tables(connection: Connection, now: int) -> None:
    """Make every table, and an identity that no other database has."""
    metadata.create_all(connection, checkfirst=False)
    facts = {
        "schema_version": str(SCHEMA_VERSION),
        "database_id": str(uuid.uuid4()),
        "created_at": str(now),
    }
    rows = [{"name": name, "value": value} for name, value in facts.items()]
    connection.execute(insert(meta), rows)


def check_schema(connection: Connection, where: str) -> None:
    """Raise StoreError unless every table and column of the present version is there."""
    version = stored_version(connection, where)
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"{where} has schema {version}, and this assemblyai-mw needs {SCHEMA_VERSION}:"
            " run assemblyai-mw migrate (general_settings.auto_migrate is off)"
        )
    found = inspect(connection).get_multi_columns()
    present = {table: {each["name"] for each in columns} for (_, table), columns in found.items()}
    for table in metadata.sorted_tables:
        if table.name not in present:
            raise StoreError(f"{where} is damaged: table {table.name} is missing")
        for column in table.columns:
            if column.name not in present[table.name]:
                raise StoreError(
                    f"{where} is damaged: column {table.name}.{column.name} is missing"
                )
