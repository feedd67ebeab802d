"""Copies a whole ledger into an empty database, of either engine, and compares the two.

The source is read in one snapshot. The target is written in one transaction, or, with SQLite, in a
file that gets its name at the end: what was not copied whole is no ledger.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from ..errors import StoreError
from .creation import lock_creation
from .database import Database
from .engine import postgresql, sqlite_draft
from .schema import IS_PENDING, SUMS, calls, meta, metadata, open_sessions
from .sqlite_file import SQLiteFile
from .unwritten import Unwritten
from .urls import checked_url

_BATCH = 5000
_WAIT_S = 5.0
# Amounts are compared in these tables. Limits of keys and teams are copied, and are no amounts.
_WITH_AMOUNTS = (
    "calls",
    "uploads",
    "open_sessions",
    "holds",
    "spend",
    "totals",
    "tag_totals",
    "tagged_totals",
)
_AMOUNTS = ("_nano", "_tokens", "_ms")

Sums = dict[str, dict[str, int]]
# Called with a table's name, the rows copied of all, and all rows.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        source, target: Their places, without user and password.
        sums: By table, its `rows` and the sum of each column of money or use: nano-dollars, tokens,
            milliseconds, calls.
    """

    source: str
    target: str
    sums: Sums


def copy_ledger(
    source: Database, url: str, *, while_open: bool = False, progress: Progress | None = None
) -> Copied:
    """Copy *source* into the empty database at *url*: every table, ids and where they go on.

    The copy is another database, with an identity of its own. Passing *while_open* copies the state
    of one moment even if calls are under way or the source changes meanwhile.

    Raises:
        ConfigError: *url* is no URL of a ledger, or its driver is not installed.
        StoreError: The target is not empty or cannot be written, the two differ, or, without
            *while_open*, servers use the source. Nothing was written then.
    """
    parsed = checked_url(url)
    told = progress or (lambda table, done, total: None)
    with source.snapshot() as connection:
        _check_kept(source)
        if not while_open:
            _check_closed(connection)
        sums = sums_of(connection)
        with _target(parsed) as (target, where):
            _copy_tables(connection, target, sums, told)
            _compare(sums, sums_of(target), "the copy differs from the ledger")
            if not while_open:
                with source.snapshot() as now:
                    changed = "the ledger changed meanwhile; stop the servers, or use --while-open"
                    _compare(sums, sums_of(now), changed)
            # Last: without it no server takes the target for a ledger.
            _copy_meta(connection, target)
    return Copied(source.describe(), where, sums)


def sums_of(connection: Connection) -> Sums:
    """Return the rows and amounts of every table but `meta`."""
    found: Sums = {}
    for table in metadata.sorted_tables:
        if table is meta:
            continue
        names = [each.name for each in table.columns if _is_amount(table, each.name)]
        amounts = [func.coalesce(func.sum(table.c[name]), 0) for name in names]
        row = connection.execute(select(func.count(), *amounts).select_from(table)).one()
        # PostgreSQL sums whole numbers into a Decimal.
        found[table.name] = dict(zip(("rows", *names), map(int, row), strict=True))
    return found


def _is_amount(table: Table, column: str) -> bool:
    return table.name in _WITH_AMOUNTS and (column.endswith(_AMOUNTS) or column in SUMS)


def _compare(here: Sums, there: Sums, why: str) -> None:
    for table, sums in here.items():
        for name, value in sums.items():
            if there[table][name] != value:
                raise StoreError(f"{why}: {table}.{name} is {value}, and {there[table][name]}")


def _check_closed(connection: Connection) -> None:
    lost = calls.c.state == IS_PENDING, calls.c.transcript_id.is_(None), calls.c.usage.is_(None)
    under_way = connection.scalar(select(func.count()).select_from(calls).where(*lost)) or 0
    sessions = connection.scalar(select(func.count()).select_from(open_sessions)) or 0
    if under_way or sessions:
        raise StoreError(
            f"{under_way} calls are under way, {sessions} of them streaming sessions: stop the"
            " servers and run assemblyai-mw settle --stopped, or use --while-open"
        )


def _check_kept(source: Database) -> None:
    kept = sum(1 for _ in Unwritten(source.private_directories()).due())
    if kept:
        raise StoreError(
            f"{kept} files with ends of calls wait beside the ledger: run assemblyai-mw settle"
        )


@contextlib.contextmanager
def _target(url: URL) -> Iterator[tuple[Connection, str]]:
    """Give a transaction in the empty database at *url*; its end makes the ledger."""
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database in (None, "", ":memory:"):
        raise StoreError("ledger copy: expected a file or a PostgreSQL database, got memory")
    try:
        with _sqlite(url) if is_sqlite else _postgresql(url) as given:
            yield given
    except StoreError:
        raise
    except SQLAlchemyError as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(f"The copy could not be written: {_line(original)}") from error
    except sqlite3.Error as error:
        raise StoreError(f"The copy could not be written: {_line(error)}") from error
    except Exception as error:
        # psycopg is not imported where it is not installed.
        if type(error).__module__.partition(".")[0] != "psycopg":
            raise
        raise StoreError(f"The copy could not be written: {_line(error)}") from error


def _line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def _sqlite(url: URL) -> Iterator[tuple[Connection, str]]:
    file = SQLiteFile(url.database or "", _WAIT_S)
    for path in (file.path, f"{file.path}-wal"):
        if os.path.exists(path):
            raise StoreError(f"{path} is there already; a copy needs a new file")
    with file.draft() as raw, sqlite_draft(raw).connect() as connection:
        raw.execute("BEGIN")
        yield connection, file.path
        raw.execute("COMMIT")


@contextlib.contextmanager
def _postgresql(url: URL) -> Iterator[tuple[Connection, str]]:
    opened = postgresql(url, _WAIT_S, pool=1, prepare=False)
    where = f"PostgreSQL {url.database or ''} at {url.host or 'local socket'}"
    try:
        with opened.beginning() as connection, connection.begin():
            lock_creation(connection)
            if taken := sorted(inspect(connection).get_table_names()):
                raise StoreError(f"{where} is not empty: it has a table {taken[0]}")
            yield connection, where
    finally:
        opened.close()


def _copy_tables(source: Connection, target: Connection, sums: Sums, told: Progress) -> None:
    for table in metadata.sorted_tables:
        target.execute(CreateTable(table))
    done, total = 0, sum(each["rows"] for each in sums.values())
    for table in metadata.sorted_tables:
        if table is meta:
            continue
        told(table.name, done, total)
        for rows in _batches(source, table):
            _write(target, table, rows)
            done += len(rows)
            told(table.name, done, total)
    for table in metadata.sorted_tables:
        # An index over rows that are there is made faster than kept.
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            target.execute(CreateIndex(index))
        if list(table.primary_key.columns.keys()) == ["id"]:
            _number_on(target, table, _last_id(source, table))


def _copy_meta(source: Connection, target: Connection) -> None:
    facts = {row.name: row.value for row in source.execute(select(meta))}
    # Those who use the one must not take the other for it.
    facts["database_id"] = str(uuid.uuid4())
    target.execute(insert(meta), [{"name": n, "value": v} for n, v in facts.items()])


def _batches(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    statement = str(select(table).order_by(*table.primary_key).compile(dialect=connection.dialect))
    raw: Any = connection.connection.driver_connection
    # On PostgreSQL a named cursor: the server keeps the rows that were not fetched yet.
    named = {"name": "ledger_copy"} if connection.dialect.name == "postgresql" else {}
    with contextlib.closing(raw.cursor(**named)) as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_BATCH):
            yield rows


def _write(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        raw.executemany(str(insert(table).compile(dialect=connection.dialect)), rows)
        return
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(each.name) for each in table.columns)
    with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _last_id(connection: Connection, table: Table) -> int:
    """Return the highest id that was ever given in *table*; its row may be gone."""
    last = connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    if connection.dialect.name == "sqlite":
        given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return max(last, connection.scalar(given, {"name": table.name}) or 0)
    sequence = connection.scalar(_SEQUENCE, {"name": table.name})
    if sequence is None:
        return last
    given = text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")
    return max(last, connection.scalar(given) or 0)


_SEQUENCE = text("SELECT pg_get_serial_sequence(:name, 'id')")


def _number_on(connection: Connection, table: Table, last: int) -> None:
    if not last:
        return
    if connection.dialect.name == "postgresql":
        numbered = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
        connection.execute(numbered, {"name": table.name, "last": last})
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"name": table.name, "last": last}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), values)
