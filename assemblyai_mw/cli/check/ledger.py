"""The ledger's findings of `check`: its schema version, and rows without a cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .finding import BUDGET, FAULT, LATE, UNPRICED, Finding

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
        text = f"{where}: no ledger is there yet"
        return Finding("note", "database", text, "the first use makes it", alert=FAULT)
    if version < SCHEMA_VERSION and settings.auto_migrate:
        hint = f"the first use, or assemblyai-mw migrate, brings it to {SCHEMA_VERSION}"
        return Finding("note", "database", f"{where}: schema {version}", hint, alert=FAULT)
    return None


def open_calls(ledger: Ledger, late_after_s: float) -> Finding:
    """Return how old the oldest open call is; a note if settlement of it is late."""
    from ...settlement.lateness import age_text
    from ...store.oldest import oldest_open

    oldest = oldest_open(ledger.database)
    if oldest is None:
        return Finding("ok", "open calls", "none")
    text = f"{oldest.count} open, the oldest for {age_text(oldest.age_s)}"
    if oldest.age_s <= late_after_s:
        return Finding("ok", "open calls", text)
    text += f" (row {oldest.row}, {oldest.kind}" + (f": {oldest.reason})" if oldest.reason else ")")
    hint = "assemblyai-mw settle asks AssemblyAI again, and says why calls stay open"
    return Finding("note", "open calls", text, hint, alert=LATE)


def unpriced_calls(ledger: Ledger) -> Iterator[Finding]:
    """Yield a note if calls were closed without a price."""
    unpriced = ledger.usage_total()["unpriced"]
    if unpriced:
        hint = (
            "usage --by call --state unpriced says why, assemblyai-mw reprice prices those whose "
            "usage is known, and settle --call the others"
        )
        text = f"{unpriced} have no cost (unpriced)"
        yield Finding("note", "unpriced calls", text, hint, alert=UNPRICED)


def budgets(database: Database, soft_ratio: float | None) -> Iterator[Finding]:
    """Yield a note for each budget that is over its mark."""
    from ...billing.price_book import format_usd
    from ...store.marks import over_mark

    for mark in over_mark(database, soft_ratio):
        of = f"{mark.scope} {mark.name}"
        text = (
            f"{of} has spent {format_usd(mark.spent)} of its {mark.window} budget of "
            f"{format_usd(mark.limit)} USD, with {format_usd(mark.held)} held"
        )
        option = {"total": "--budget"}.get(mark.window, f"--{mark.window}-budget")
        command = {
            "tag": f"budgets set --tag {mark.name}",
            "end_user": f"budgets set --end-user {mark.name}",
        }.get(mark.scope, f"{mark.scope}s set {mark.name}")
        hint = f"assemblyai-mw {command} {option} USD changes the limit"
        yield Finding("note", "budgets", text, hint, alert=BUDGET)
