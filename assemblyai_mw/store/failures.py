"""The errors of SQLAlchemy and of the drivers, told as StoreError in one line."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..errors import StoreError


@contextlib.contextmanager
def told(is_sqlite: bool, verb: str) -> Iterator[None]:
    """Raise StoreError for what a database says while it is *verb*: `read` or `written`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"The database could not be {verb}: {_reason(error)}") from error
    except Exception as error:
        if not isinstance(error, _driver_errors(is_sqlite)):
            raise
        raise StoreError(f"The database could not be {verb}: {_line(error)}") from error


def _driver_errors(is_sqlite: bool) -> tuple[type[Exception], ...]:
    # Values that no column can hold: half a surrogate pair, a number beyond 64 bits.
    odd = (UnicodeError, OverflowError)
    if is_sqlite:
        return (sqlite3.Error, *odd)
    import psycopg

    return (psycopg.Error, *odd)


def _reason(error: SQLAlchemyError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    return _line(original or error)


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
