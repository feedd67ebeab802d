"""`usage`: use and cost by key, team, model, day or tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from .base import Moment, Setup, Wrong
from .ledger import warn_of_pruned
from .output import echo_csv, echo_json_rows, echo_table

if TYPE_CHECKING:
    from ..store import Ledger

Group = Literal["key", "team", "model", "day", "tag", "end_user"]
# Open and unpriced calls are shown beside the costs.
SUMS = (
    *("calls", "pending", "unpriced"),
    *("audio_seconds", "input_tokens", "output_tokens", "cost_usd"),
)
AMOUNTS = SUMS[3:]
CALL_COLUMNS = (
    *("id", "at", "key", "team", "route", "method", "path", "model", "status", "state"),
    *("audio_seconds", "input_tokens", "output_tokens", "cost_usd", "transcript_id", "tags"),
)
# Further columns of CSV.
CSV_COLUMNS = ("region", "kind", "reason", "estimated", "characters", "request_id", "breakdown")
# Columns of a call in a table; CSV and JSON have all of them.
CALL_TABLE = (
    *("id", "at", "key", "team", "model", "status", "state"),
    *("audio_seconds", "input_tokens", "output_tokens", "cost_usd"),
)


@click.command()
@click.option(
    "--by",
    type=click.Choice(["call", "key", "team", "model", "day", "tag", "end_user"]),
    default="key",
    show_default=True,
    help="One line per call, key, team, model, day, tag or end user.",
)
@click.option("--since", type=Moment(), help="Start of the range. 2026-11-01, or 7d ago; UTC.")
@click.option("--until", type=Moment(), help="End of the range, exclusive.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def usage(setup: Setup, by: str, since: datetime | None, until: datetime | None, form: str) -> None:
    """Show use and cost in US dollars."""
    if since and until and since >= until:
        raise Wrong("--since: expected a moment before --until")
    from ..store import Ledger

    with setup.database() as database:
        ledger = Ledger(database)
        warn_of_pruned(database, by, since, until)
        if by == "call":
            _echo_calls(ledger, since, until, form)
        else:
            _echo_groups(ledger, cast(Group, by), since, until, form)


def _echo_calls(ledger: Ledger, since: datetime | None, until: datetime | None, form: str) -> None:
    rows = ledger.calls(since=since, until=until)
    if form == "json":
        echo_json_rows(rows)
    elif form == "csv":
        echo_csv((*CALL_COLUMNS, *CSV_COLUMNS), rows)
    else:
        sums = _Sums("id", AMOUNTS)
        echo_table(
            CALL_TABLE,
            sums.add_up(rows),
            right=("id", "status", *AMOUNTS),
            money=("cost_usd",),
            total=sums.row,
        )


def _echo_groups(
    ledger: Ledger, by: Group, since: datetime | None, until: datetime | None, form: str
) -> None:
    rows = ledger.usage(by, since, until)
    if form == "json":
        echo_json_rows(rows)
    elif form == "csv":
        columns = dict.fromkeys(name for row in rows for name in row)
        echo_csv(tuple(columns) or (by, *SUMS), rows)
    else:
        sums = _Sums(by, SUMS)
        # A call with two tags stands in two lines, so the lines' sum would be too much.
        once = ledger.usage("day", since, until) if by == "tag" else rows
        for _ in sums.add_up(once):
            pass
        named = ({**row, by: row[by] or "(none)"} for row in rows)
        echo_table((by, *SUMS), named, right=SUMS, money=("cost_usd",), total=sums.row)


class _Sums:
    """Adds rows up as they pass. Rows without a cost add no cost."""

    def __init__(self, heading: str, names: Sequence[str]) -> None:
        self.heading = heading
        self.numbers = {name: Decimal(0) for name in names}

    def add_up(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Pass *rows* on."""
        for row in rows:
            for name in self.numbers:
                self.numbers[name] += Decimal(str(row[name] or 0))
            yield row

    def row(self) -> dict[str, Any]:
        """Return the line of totals."""
        return {self.heading: "total", **self.numbers}
