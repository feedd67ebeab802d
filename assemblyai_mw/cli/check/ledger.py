"""The ledger's findings of `check`: its schema version, and rows without a cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .finding import Finding

if TYPE_CHECKING:
    from ...config import DatabaseSettings
    from ...store import Database, Ledger


def migration_due(database: Database, settings: DatabaseSettings) -> Finding | None:
    """Return a note if the first use would make or migrate the ledger; `check` does neither.

    Raises:
        StoreError: The first use could not make it.
    """
    from ...store.schema import SCHEMA_VERSION

    version, where = database.version(), database.describe()
    if version is None:
        if not database.is_sqlite:
            database.check_creatable()
        return Finding(
            "note", "database", f"{where}: no ledger is there yet; the first use makes it"
        )
    if version < SCHEMA_VERSION and settings.auto_migrate:
        text = f"{where}: schema {version}; the first use, or assemblyai-mw migrate, brings it"
        return Finding("note", "database", f"{text} to {SCHEMA_VERSION}")
    return None


def rows_without_cost(ledger: Ledger) -> Iterator[Finding]:
    """Yield a note if calls are open for long, or were closed without a price."""
    from ...store import UsageFilter

    yesterday = datetime.now(UTC) - timedelta(days=1)
    late = ledger.usage_total(UsageFilter(until=yesterday))["pending"]
    if late:
        text = f"{late} open for more than a day; assemblyai-mw settle says why"
        yield Finding("note", "calls", text)
    unpriced = ledger.usage_total()["unpriced"]
    if unpriced:
        text = (
            f"{unpriced} have no cost (unpriced): usage --by call says why, and "
            "assemblyai-mw reprice prices those whose usage is known"
        )
        yield Finding("note", "calls", text)
