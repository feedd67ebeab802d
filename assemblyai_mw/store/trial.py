"""Whether every table can be written: tried, in a transaction that is taken back."""

from __future__ import annotations

import contextlib

from sqlalchemy import delete, false, insert, select, text, update

from ..errors import StoreError
from .database import Database
from .schema import meta, metadata

# A table made with SERIAL needs its sequence too; nextval() is not taken back, so it is asked.
_SEQUENCES_REFUSED = text(
    "SELECT table_name FROM information_schema.columns"
    " WHERE table_schema = current_schema AND column_default LIKE 'nextval(%'"
    " AND NOT has_sequence_privilege("
    "pg_get_serial_sequence(quote_ident(table_name), column_name), 'USAGE')"
)


class _TakeBack(Exception):
    pass


def check_writable(database: Database) -> None:
    """Write a row, try each kind of write on each table with none, and take it back.

    Raises:
        StoreError: It cannot be read or written; the message names the reason.
    """
    with contextlib.suppress(_TakeBack), database.write() as connection:
        connection.execute(insert(meta).values(name="trial", value=""))
        for table in metadata.sorted_tables:
            # A right is asked for before a row is.
            column = next(iter(table.columns))
            nothing = select(*table.columns).where(false())
            connection.execute(insert(table).from_select(list(table.columns), nothing))
            connection.execute(update(table).where(false()).values({column: column}))
            connection.execute(delete(table).where(false()))
        if not database.is_sqlite:
            refused = connection.scalars(_SEQUENCES_REFUSED).all()
            for name in sorted(metadata.tables.keys() & set(refused)):
                raise StoreError(
                    f"The database could not be written: no right to the sequence of {name}"
                )
        raise _TakeBack
