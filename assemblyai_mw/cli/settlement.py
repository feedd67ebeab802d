"""`settle`, `reconcile`, `reprice`: update and check the ledger."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from .base import Moment, Setup, Wrong
from .options import actor
from .output import echo_json, echo_json_rows, echo_table, to_dict

if TYPE_CHECKING:
    from ..settlement.summary import Summary

BATCH = 50
# Between two lines of progress where stderr is no terminal.
LINE_EVERY_S = 10.0
_COLUMNS = (
    *("problem", "region", "transcript_id", "row", "key", "created", "status"),
    *("ledger_usd", "upstream_usd"),
)
_MONEY = ("ledger_usd", "upstream_usd")


@click.command()
@click.option(
    "--stopped",
    is_flag=True,
    help="No server is running: calls without an answer will get none.",
)
@click.option("--call", "row", type=int, metavar="ID", help="Settle only this call, by hand.")
@click.option("--cost", metavar="USD", help="With --call: its cost.")
@click.option("--reason", metavar="TEXT", help="With --call: the source of the cost.")
@actor
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def settle(
    setup: Setup,
    stopped: bool,
    row: int | None,
    cost: str | None,
    reason: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Settle every open call now, then exit.

    Transcripts are read from AssemblyAI; submits without a seen answer are looked up in its list;
    closings that could not be written before are written; other open calls become unpriced once
    they cannot be under way any more. Exit status 0 if no call is left open, 1 if any is (mostly
    unfinished transcripts), 2 for a wrong configuration. Progress goes to stderr, and a summary to
    stdout: --json prints settled, cost_usd, failed, unpriced, open, oldest_open_s, and reasons, a
    list of objects with reason and open.

    With --call, --cost and --reason a person closes one call by hand: an unpriced one, or an open
    one that cannot be under way any more. The cost replaces the call's amount in spend, and the
    history of its key records the actor and the reason.
    """
    from ..billing.price_book import format_usd

    if row is not None or cost is not None or reason is not None:
        if as_json:
            raise Wrong("--json: not with --call")
        _settle_by_hand(setup, row, cost, reason, actor, stopped=stopped)
        return
    from ..config import transport_of
    from ..settlement.lateness import age_text
    from ..settlement.settler import Settler
    from ..store import Ledger
    from ..store.oldest import oldest_open
    from ..telemetry.setup import callbacks_of

    config = setup.config()
    if config.callbacks and os.getcwd() not in sys.path:
        # As Gunicorn does for the app's own modules.
        sys.path.insert(0, os.getcwd())
    callbacks = callbacks_of(config)
    with setup.database() as database, closing(transport_of(config.upstream)) as transport:
        ledger = Ledger(database, checkpoint_s=config.streaming.checkpoint_s)
        settler = Settler(
            config,
            ledger=ledger,
            transport=transport,
            prices=config.price_book(),
            on_call=callbacks,
            stopped=stopped,
        )
        ledger.make_due_now()
        total = ledger.pending()
        done = _Sum()
        until = time.time()
        with _Progress("Settling", total) as progress:
            while True:
                some = settler.run(limit=BATCH, until=until)
                done.add(some)
                progress(some.leased)
                if not some.leased:
                    break
        oldest = oldest_open(database)
    left = oldest.count if oldest else 0
    if as_json:
        echo_json(
            {
                "settled": done.settled,
                "cost_usd": format_usd(done.nano),
                "failed": done.failed,
                "unpriced": done.unpriced,
                "open": left,
                "oldest_open_s": round(oldest.age_s) if oldest else None,
                "reasons": [
                    {"reason": why, "open": count} for why, count in done.left.most_common()
                ],
            }
        )
    else:
        age = f", the oldest for {age_text(oldest.age_s)}" if oldest else ""
        click.echo(
            f"settled {done.settled} for {format_usd(done.nano)} USD, failed {done.failed}, "
            f"unpriced {done.unpriced}, still open {left}{age}"
        )
        for why, count in done.left.most_common():
            click.echo(f"  {count} open: {why}")
    if left:
        click.get_current_context().exit(1)


def _settle_by_hand(
    setup: Setup,
    row: int | None,
    cost: str | None,
    reason: str | None,
    actor: str,
    *,
    stopped: bool,
) -> None:
    from ..billing.price_book import format_usd
    from ..settlement.deadlines import deadline
    from ..store import Ledger
    from ..store.columns import nano_usd

    if row is None or cost is None or not (reason or "").strip():
        raise Wrong("--call, --cost, --reason: expected all three of them")
    try:
        nano = nano_usd("--cost", cost)
    except ValueError as error:
        raise Wrong(str(error)) from None
    config = setup.config()
    with setup.database() as database:
        ledger = Ledger(database, checkpoint_s=config.streaming.checkpoint_s)
        found = ledger.look(row) if 0 < row < 2**63 else None
        if found is None:
            raise click.ClickException(f"there is no call {row}")
        if found.state not in ("pending", "unpriced"):
            raise click.ClickException(f"call {row} is {found.state} already")
        ends = deadline(config.timeouts, found)
        if found.state == "pending" and not stopped and datetime.now(UTC) < ends:
            raise click.ClickException(
                f"call {row} may be under way until {ends:%Y-%m-%d %H:%M:%S} UTC"
            )
        if not ledger.settle_by_hand(row, nano or 0, reason=(reason or "").strip(), actor=actor):
            raise click.ClickException(f"call {row} was closed by another process just now")
    click.echo(f"call {row}: settled for {format_usd(nano or 0)} USD, it was {found.state}")


class _Progress:
    """A counter on stderr: one line that changes in a terminal, else a line every few seconds.

    A run of less than that says nothing in a pipe: cron would mail it.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self._label = label
        self._of = "" if total is None else f" of {total}"
        self._count = 0
        self._shown = 0.0
        self._stream = sys.stderr
        self._terminal = self._stream.isatty()
        self._ended = threading.Event()
        # One request may take minutes, in which nothing else would speak.
        self._thread = threading.Thread(target=self._lines, daemon=True)
        if self._terminal and total:
            self._show("\r", "")

    def __enter__(self) -> _Progress:
        if not self._terminal:
            self._thread.start()
        return self

    def __call__(self, count: int) -> None:
        self._count += count
        if self._terminal and time.monotonic() - self._shown > 0.1:
            self._show("\r", "")

    def __exit__(self, *error: object) -> None:
        if self._terminal and self._shown:
            self._show("\r", "\n")
        elif not self._terminal:
            self._ended.set()
            self._thread.join()

    def _lines(self) -> None:
        while not self._ended.wait(LINE_EVERY_S):
            self._show("", "\n")

    def _show(self, start: str, end: str) -> None:
        self._shown = time.monotonic()
        self._stream.write(f"{start}{self._label}: {self._count}{self._of}{end}")
        self._stream.flush()


class _Sum:
    """Adds up several runs; the last reason for an open row counts."""

    def __init__(self) -> None:
        self.settled = self.failed = self.unpriced = self.nano = 0
        self.left: Counter[str] = Counter()

    def add(self, summary: Summary) -> None:
        for name in ("settled", "failed", "unpriced", "nano"):
            setattr(self, name, getattr(self, name) + getattr(summary, name))
        self.left += summary.left


@click.command()
@click.option("--since", type=Moment(), help="Start of the range. 2026-11-01, or 7d; default 90d.")
@click.option("--region", type=click.Choice(["us", "eu"]), help="One region; default all.")
@click.option(
    "--amounts/--no-amounts",
    default=True,
    show_default=True,
    help="Price each transcript again; asks AssemblyAI for every one.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def reconcile(
    setup: Setup, since: datetime | None, region: str | None, amounts: bool, form: str
) -> None:
    """Compare the ledger with AssemblyAI's own list of transcripts.

    Shows transcripts that are unknown here, unsettled, unanswered (a submit without a known
    transcript), missing there, or of another cost by AssemblyAI's present data. Exit status 0 if
    nothing differs, 1 if something does or AssemblyAI is unreachable, 2 for a wrong configuration.
    """
    from ..config import transport_of
    from ..settlement.reconcile import reconcile
    from ..store import Ledger

    config = setup.config()
    oldest = datetime.now(UTC) - timedelta(days=config.settlement.retention_days)
    since = oldest if since is None else max(since, oldest)
    with setup.database() as database, closing(transport_of(config.upstream)) as transport:
        with _Progress("Comparing") as progress:
            found = list(
                reconcile(
                    config,
                    ledger=Ledger(database),
                    transport=transport,
                    prices=config.price_book(),
                    since=since,
                    region=region,
                    amounts=amounts,
                    progress=progress,
                )
            )
    rows = [to_dict(difference) for difference in found]
    if form == "json":
        echo_json_rows(rows)
    elif rows:
        echo_table(_COLUMNS, rows, right=("row",), money=_MONEY)
    else:
        click.echo("Nothing differs.")
    if rows:
        click.get_current_context().exit(1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
@click.pass_obj
def reprice(setup: Setup, dry_run: bool) -> None:
    """Price unpriced calls with the present price book.

    Each call gets the prices of its own date. Calls without known usage stay unpriced. Exit status
    0 even if some stay so; 1 if the ledger cannot be written.
    """
    from ..billing.price_book import format_usd
    from ..settlement.reprice import reprice
    from ..store import Ledger

    config = setup.config()
    nano = priced = 0
    kept: Counter[str] = Counter()

    def rows(ledger: Ledger) -> Iterator[dict[str, Any]]:
        nonlocal nano, priced
        for done in reprice(ledger, config.price_book(), dry_run=dry_run):
            if done.price is None:
                kept[done.reason or "no price"] += 1
                continue
            nano, priced = nano + done.price.nano, priced + 1
            cost = format_usd(done.price.nano)
            yield {"id": done.row, "kind": done.kind, "model": done.model, "cost_usd": cost}

    with setup.database() as database:
        ledger = Ledger(database)
        echo_table(
            ("id", "kind", "model", "cost_usd"),
            rows(ledger),
            right=("id",),
            money=("cost_usd",),
            total=lambda: {"id": priced, "cost_usd": format_usd(nano)},
        )
    for reason, count in kept.most_common():
        click.echo(f"{count} stay unpriced: {reason}")
    if dry_run:
        click.echo("Nothing was written.")
