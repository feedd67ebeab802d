"""Numbered migrations: what brings a ledger of an earlier schema version to the present one.

To add one: freeze the present version (`tests/store/freeze.py`), write a module
`vN_what_it_does.py` with `NUMBER`, `SUMMARY` and `upgrade(connection)`, list it below, and
change `schema.py` to match; a test compares a new ledger with a migrated one. A migration is
plain SQL of its day: it names no table of `schema.py`, which goes on to change. It runs in one
transaction on both engines, so it can neither use `CREATE INDEX CONCURRENTLY` nor leave a
half of itself. It is never changed once it was released.
"""

from . import v2_call_indexes, v3_fitting_holds, v4_sessions, v5_kept_answers, v6_watched_budgets
from .runner import Migration, migrate, migrations_after, stored_version

MIGRATIONS: tuple[Migration, ...] = (
    v2_call_indexes,
    v3_fitting_holds,
    v4_sessions,
    v5_kept_answers,
    v6_watched_budgets,
)

__all__ = ["MIGRATIONS", "Migration", "migrate", "migrations_after", "stored_version"]
