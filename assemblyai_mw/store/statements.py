"""Statements compiled once, run on the driver's own cursor.

SQLAlchemy's execution costs some 60 microseconds a statement, four times the statement
itself on SQLite, and settling a call takes eight while it holds the write lock. These are
the same Core statements, compiled by SQLAlchemy for each dialect; only parameters and
columns of plain types go through them: integers, text, bytes and booleans.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects.postgresql.psycopg import dialect as _psycopg
from sqlalchemy.dialects.sqlite import dialect as _sqlite

_DIALECTS: dict[str, Any] = {
    "sqlite": _sqlite(paramstyle="named"),
    "postgresql": _psycopg(),  # type: ignore[no-untyped-call]
}


class Prepared:
    """A Core statement for both dialects, or one of each where their builders differ."""

    __slots__ = ("_row", "_sql")

    def __init__(self, statement: Any, *, postgresql: Any = None) -> None:
        columns = (
            statement.selected_columns
            if isinstance(statement, Select)
            else getattr(statement, "_returning", ())
        )
        names = [str(column.key) for column in columns]
        self._row: Any = namedtuple("Row", names) if names else None
        self._sql: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, dialect in _DIALECTS.items():
            chosen = statement if postgresql is None or name == "sqlite" else postgresql
            compiled = chosen.compile(dialect=dialect)
            constants = {
                key: value
                for key, value in compiled.params.items()
                if not compiled.binds[key].required
            }
            self._sql[name] = (str(compiled), constants)

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> None:
        """Execute it once."""
        sql, constants = self._sql[connection.dialect.name]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql, {**constants, **parameters})
        finally:
            cursor.close()

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it once for each of *rows*, in their order."""
        sql, constants = self._sql[connection.dialect.name]
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(sql, [{**constants, **row} for row in rows])
        finally:
            cursor.close()

    def all(self, connection: Connection, parameters: Mapping[str, Any]) -> list[Any]:
        """Execute it and return its rows, as named tuples."""
        sql, constants = self._sql[connection.dialect.name]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql, {**constants, **parameters})
            return [self._row._make(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def first(self, connection: Connection, parameters: Mapping[str, Any]) -> Any:
        """Execute it and return its first row, or None."""
        rows = self.all(connection, parameters)
        return rows[0] if rows else None
