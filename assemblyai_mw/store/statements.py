"""Statements compiled once, run on the driver's own cursor.

SQLAlchemy's execution costs some 60 microseconds a statement, four times the statement
itself on SQLite, and a billable call takes a dozen. These are the same Core statements, compiled by
SQLAlchemy for each dialect; only parameters and columns of plain types go through them: integers,
text, bytes and booleans.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, SelectBase, bindparam
from sqlalchemy.dialects import postgresql, sqlite
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
            if isinstance(statement, SelectBase)
            else getattr(statement, "_returning", ())
        )
        self._row = _row_type([str(column.key) for column in columns])
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

    @classmethod
    def for_postgresql(cls, sql: str, columns: Sequence[str]) -> Self:
        """Return a statement that SQLAlchemy cannot express: psycopg's SQL, and what it returns."""
        made = cls.__new__(cls)
        made._row = _row_type(list(columns))
        made._sql = {"postgresql": (sql, {})}
        return made

    def of(self, parameters: Mapping[str, Any]) -> Bound:
        """Return the statement with its parameters, for a transaction."""
        return Bound(self, parameters)

    def text(self, dialect: str, parameters: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return the SQL, and all that it is executed with."""
        sql, constants = self._sql[dialect]
        return sql, {**constants, **parameters} if constants else parameters

    @property
    def answers(self) -> bool:
        """Whether it returns rows."""
        return self._row is not None

    def rows(self, found: Iterable[Any]) -> list[Any]:
        """Return what the driver *found*, as named tuples."""
        return list(map(self._row._make, found)) if self._row is not None else []

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> None:
        """Execute it once."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(*self.text(connection.dialect.name, parameters))
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
        cursor = connection.connection.cursor()
        try:
            cursor.execute(*self.text(connection.dialect.name, parameters))
            return self.rows(cursor.fetchall())
        finally:
            cursor.close()

    def first(self, connection: Connection, parameters: Mapping[str, Any]) -> Any:
        """Execute it and return its first row, or None."""
        rows = self.all(connection, parameters)
        return rows[0] if rows else None


class Bound(NamedTuple):
    """A statement and its parameters."""

    statement: Prepared
    parameters: Mapping[str, Any]


class PreparedRows:
    """A statement over several rows, compiled once for each number of them.

    *build* gets the dialect's module of SQLAlchemy, and rows of parameters by their columns.
    """

    def __init__(self, build: Callable[[Any, list[dict[str, Any]]], Any], names: Sequence[str]):
        self._build = build
        self._names = tuple(names)
        # By the number of rows: the statement, and each row's parameters with their columns.
        self._by_count: dict[int, tuple[Prepared, list[list[tuple[str, str]]]]] = {}

    def of(self, rows: Sequence[Mapping[str, Any]]) -> Bound:
        """Return the statement over *rows*, which are taken in their order."""
        count = len(rows)
        made = self._by_count.get(count)
        if made is None:
            made = self._by_count[count] = self._made(count)
        statement, names = made
        parameters = {
            parameter: row[name]
            for row, own in zip(rows, names, strict=True)
            for parameter, name in own
        }
        return Bound(statement, parameters)

    def _made(self, count: int) -> tuple[Prepared, list[list[tuple[str, str]]]]:
        names = [[(f"{name}_{number}", name) for name in self._names] for number in range(count)]
        rows: list[dict[str, Any]] = [
            {name: bindparam(parameter) for parameter, name in own} for own in names
        ]
        statement = Prepared(self._build(sqlite, rows), postgresql=self._build(postgresql, rows))
        return statement, names


def _row_type(names: list[str]) -> Any:
    return namedtuple("Row", names) if names else None
