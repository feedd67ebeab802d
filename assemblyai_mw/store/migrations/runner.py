"""Runs migrations: one transaction each, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from ...errors import StoreError
from ..schema import SCHEMA_VERSION, meta

# Longer than a request waits for a lock: others that start meanwhile wait for the first.
WAIT_S = 60
# Any constant works that no other program locks. It is not that of creation, so that a process that
# opens a ledger during a long migration can wait for it and is not refused.
_LOCK = 0x61616D78


class Migration(Protocol):
    """A module of this package.

    Attributes:
        NUMBER: The schema version that it leads to, from the one before.
        SUMMARY: Its effect, in one line for operators.
    """

    NUMBER: int
    SUMMARY: str

    def upgrade(self, connection: Connection, /) -> None:
        """Change the schema, in the transaction that is open."""


def run(
    connection: Connection, statements: Iterable[str], words: Mapping[str, Mapping[str, str]]
) -> None:
    """Run *statements* with what is in braces as the engine says it: *words*, by its name."""
    said = words[connection.dialect.name]
    for statement in statements:
        connection.exec_driver_sql(statement.format(**said))


def stored_version(connection: Connection, where: str) -> int:
    """Return the schema version of the ledger that *connection* leads to.

    Raises:
        StoreError: It is no ledger, or one of a newer version than this code knows.
    """
    if not inspect(connection).has_table(meta.name):
        raise StoreError(f"{where} is not a ledger of assemblyai-mw")
    stored = select(meta.c.value).where(meta.c.name == "schema_version")
    try:
        version = int(connection.scalar(stored) or "")
    except (DBAPIError, ValueError):
        raise StoreError(f"{where} is not a ledger of assemblyai-mw") from None
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{where} was made by a newer assemblyai-mw (schema {version}, this"
            f" one knows {SCHEMA_VERSION}); install that version"
        )
    return version


def migrations_after(version: int, migrations: Sequence[Migration]) -> list[Migration]:
    """Return those of *migrations* that a ledger of *version* lacks, in their order."""
    return [each for each in migrations if version < each.NUMBER]


def migrate(connection: Connection, where: str, migrations: Sequence[Migration]) -> None:
    """Run the *migrations* that the ledger lacks.

    One that fails leaves the ledger as the one before it left it. On SQLite the transactions
    of *connection* begin with BEGIN IMMEDIATE, so that no other process migrates as well.

    Raises:
        StoreError: As `stored_version`.
        SQLAlchemyError: A migration failed, or another process holds the lock for too long.
    """
    for each in migrations:
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                connection.execute(lock, {"lock": _LOCK})
            # Checked under the lock: another process may have done it.
            if stored_version(connection, where) < each.NUMBER:
                each.upgrade(connection)
                number = update(meta).where(meta.c.name == "schema_version")
                connection.execute(number.values(value=str(each.NUMBER)))
