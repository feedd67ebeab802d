"""`ledger copy`, `ledger prune`: the ledger as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ..errors import StoreError
from .base import Moment, Setup
from .export import check_name, exporting
from .options import as_json
from .output import cell, echo_json, echo_table
from .progress import Progress

if TYPE_CHECKING:
    from array import array

    from ..store import Database, UsageFilter

# What an exported call says; CSV has these columns.
CALL_FIELDS = (
    *("id", "at", "key", "key_id", "team", "end_user", "route", "region", "method", "path"),
    *("kind", "model", "status", "state", "reason", "estimated", "audio_seconds"),
    *("input_tokens", "output_tokens", "cached_tokens", "characters", "cost_usd"),
    *("transcript_id", "tags", "features", "breakdown", "request_id", "duration", "closed_at"),
)
_STAYING = "pending, unpriced, or with an answer kept for their Idempotency-Key"
NOT_TOLD = (
    "usage --by call and --by end_user, and ranges that begin or end within a day, no longer "
    "count them"
)


@click.group()
def ledger() -> None:
    """Copy the whole ledger, or delete its old calls."""


@ledger.command()
@click.argument("url")
@click.option(
    "--while-open",
    is_flag=True,
    help="Copy the state of this moment, even if calls are under way. Later changes are not in it.",
)
@as_json
@click.pass_obj
def copy(setup: Setup, url: str, while_open: bool, as_json: bool) -> None:
    """Copy the ledger into the empty database at URL, SQLite or PostgreSQL.

    Stop the servers first: what they write during the copy is not in it. All tables are copied,
    with their ids, and rows and sums of both sides are compared at the end. Exit status 1 if they
    differ, if the database is not empty, or if servers use the ledger; nothing was written then.
    """
    from ..store.copying import copy_ledger

    progress = Progress("Copying")
    with setup.database() as database:
        try:
            done = copy_ledger(database, url, while_open=while_open, progress=progress)
        finally:
            progress.end()
    click.echo(f"Made a new ledger: {done.target}", err=True)
    if as_json:
        echo_json({"source": done.source, "target": done.target, "tables": done.sums})
        return
    rows = [{"table": name, **_amounts(sums)} for name, sums in sorted(done.sums.items())]
    echo_table(("table", "rows", "sums"), rows, right=("rows",))
    click.echo("Rows and sums of both are equal.")


def _amounts(sums: dict[str, int]) -> dict[str, Any]:
    return {"rows": sums["rows"], "sums": {k: str(v) for k, v in sums.items() if k != "rows"}}


@ledger.command()
@click.option(
    "--before",
    type=Moment(),
    required=True,
    metavar="DATE",
    help="Delete calls made before this moment: 2026-01-01, or 365d; UTC.",
)
@click.option(
    "--export",
    "path",
    metavar="FILE",
    help="Write them to a new file first: .csv or .jsonl, either also .gz.",
)
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
@as_json
@click.pass_obj
def prune(setup: Setup, before: datetime, path: str | None, dry_run: bool, as_json: bool) -> None:
    """Delete old calls that are settled or failed; sums and owners stay.

    Pending and unpriced calls stay. So do the totals by day, key, team, model and tag, the spend
    of budgets, and the owners of transcripts. Servers may run meanwhile.
    """
    from ..billing.price_book import format_usd
    from ..store.pruning import give_back, prunable

    if path is not None:
        check_name(path)
    with setup.database() as database:
        found = prunable(database, before)
        said: dict[str, Any] = {
            "before": before,
            "calls": found.calls,
            "cost_usd": format_usd(found.cost_nano),
            "kept": found.kept,
            "oldest": found.oldest,
            "dry_run": dry_run,
        }
        if not dry_run and found.calls:
            said["calls"] = _prune(database, before, path)
            said["export"] = path
            try:
                said["space_given_back"] = give_back(database)
            except StoreError as error:
                # The calls are deleted all the same.
                said["space_given_back"] = False
                click.echo(str(error), err=True)
    if as_json:
        echo_json(said)
        return
    _tell(said)


def _prune(database: Database, before: datetime, path: str | None) -> int:
    from ..store.pruning import export, prune

    ids: array[int] | None = None
    progress = Progress("Exporting")
    try:
        if path is not None:
            with exporting(path, CALL_FIELDS) as write:
                ids = export(database, before, write, lambda n, total: progress("calls", n, total))
            progress.end()
        progress = Progress("Deleting")
        return prune(
            database, before, ids=ids, progress=lambda n, total: progress("calls", n, total)
        )
    finally:
        progress.end()


def _tell(said: dict[str, Any]) -> None:
    before = said["before"].astimezone(UTC)
    verb = "would be deleted" if said["dry_run"] else "deleted"
    click.echo(f"{said['calls']} calls before {cell(before)} {verb}, of {said['cost_usd']} USD")
    if said["kept"]:
        click.echo(f"{said['kept']} older calls stay: {_STAYING}")
    if not said["calls"]:
        return
    click.echo(f"Totals by day, key, team, model and tag stay, and budgets; {NOT_TOLD}.")
    if said.get("export"):
        click.echo(f"Exported to {cell(said['export'])}.")
    if said.get("space_given_back") is False:
        click.echo("The free space stays in the file, for new rows: other processes have it open.")


def warn_of_pruned(database: Database, by: tuple[str, ...], which: UsageFilter) -> None:
    """Say on stderr if a report lacks calls that were pruned."""
    from ..store.columns import micros
    from ..store.pruning import pruned_before
    from ..store.usage_query import DAY, reads_totals

    pruned = pruned_before(database)
    if pruned is None:
        return
    missing = micros(pruned)
    if by != ("call",) and reads_totals(by, which):
        edges = [each for each in (which.start, which.end) if each is not None and each % DAY]
        lacking = any(each < missing for each in edges)
    else:
        lacking = which.start is None or which.start < missing
    if lacking:
        click.echo(
            f"Calls before {cell(pruned)} were pruned, and are not in this report; whole days by "
            "key, team, model, day and tag are complete.",
            err=True,
        )
