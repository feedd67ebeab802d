"""What keys, ledger and holds have in common: each works on one database."""

from __future__ import annotations

import contextlib
from typing import Self

from .database import Database


class OnDatabase(contextlib.AbstractContextManager["OnDatabase"]):
    """What works on one database; `close`, or a `with` block, closes one that it opened itself.

    Attributes:
        database: Given as a Database, it stays its maker's to close.
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
