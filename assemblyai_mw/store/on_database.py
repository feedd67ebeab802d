"""Base class of keys, ledger and holds: each works on one database."""

from __future__ import annotations

import contextlib
from typing import Self

from .database import Database


class OnDatabase(contextlib.AbstractContextManager["OnDatabase"]):
    """An object on one database; `close`, or a `with` block, closes a database that it opened.

    Attributes:
        database: A Database that was passed in stays open.
    """

    def __init__(self, database: Database | str) -> None:
        self.database = as_database(database)
        self._is_own = self.database is not database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of a database that was given as a URL."""
        if self._is_own:
            self.database.close()


def as_database(database: Database | str) -> Database:
    """Return *database*, opened (lazily) where it is a URL."""
    return Database(database) if isinstance(database, str) else database
