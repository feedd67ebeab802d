"""`usage`: use and cost, call by call or by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from ..store.export import CALL_COLUMNS, SUM_COLUMNS, group_columns
from ..store.usage_names import GROUPINGS, STATES, month_range
from .base import Moment, Setup, Wrong
from .ledger import warn_of_pruned
from .output import echo_csv, echo_json_rows, echo_table

if TYPE_CHECKING:
    from ..store import Ledger, UsageFilter

# Columns of a call in a table; CSV and JSON have all of them.
CALL_TABLE = (
    *("id", "at", "key", "team", "model", "status", "state"),
    *("audio_seconds", "input_tokens", "output_tokens", "cost_usd"),
)
# Left out of a table that has nothing in them.
SELDOM = ("failed", "cached_tokens", "characters")
# Heads of a table for people.
_HEADS = {
    "audio_seconds": "audio",
    "input_tokens": "tokens_in",
    "output_tokens": "tokens_out",
    "cached_tokens": "cached",
}
_CENT = Decimal("0.01")
_NONE = "(none)"


class Groupings(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on only
    """`call`, or one or two groupings with a comma between them, as a tuple."""

    name = "groupings"
    choices_text = ", ".join(("call", *GROUPINGS))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the names as reports have them; `end-user` is `end_user`."""
        if isinstance(value, tuple):
            return value
        names = tuple(each.strip().replace("-", "_") for each in value.split(","))
        if not set(names) <= {"call", *GROUPINGS}:
            self.fail(f"expected one or two of {self.choices_text}", param, ctx)
        if len(names) > 2 or len(set(names)) < len(names):
            self.fail("expected one grouping, or two different ones", param, ctx)
        if len(names) == 2 and "call" in names:
            self.fail("call goes with no other grouping", param, ctx)
        return names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Offer the groupings, also after a comma."""
        before, comma, begun = incomplete.rpartition(",")
        names = GROUPINGS if comma else ("call", *GROUPINGS)
        return [
            click.shell_completion.CompletionItem(f"{before}{comma}{name}")
            for name in names
            if name.startswith(begun)
        ]


class Month(click.ParamType):  # type: ignore[type-arg]
    """`2026-11`, as its first moment and the next month's."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return both moments, UTC."""
        if isinstance(value, tuple):
            return value
        try:
            return month_range(value)
        except ValueError:
            self.fail("expected YYYY-MM, such as 2026-11", param, ctx)


@click.command()
@click.option(
    "--by",
    type=Groupings(),
    metavar="BY[,BY]",
    default="key",
    show_default=True,
    help="One line for each call, key, team, model, day, month, tag, end_user or region; or for "
    "each pair of two groupings, such as team,day.",
)
@click.option("--since", type=Moment(), help="Start of the range. 2026-11-01, or 7d ago; UTC.")
@click.option("--until", type=Moment(), help="End of the range, exclusive.")
@click.option("--month", type=Month(), metavar="YYYY-MM", help="One month, UTC, as the range.")
@click.option("--key", help="Calls of this key alone. An empty value, here and below: of none.")
@click.option("--team", help="Calls of this team alone.")
@click.option("--model", help="Calls of this model alone, as --by model names it.")
@click.option("--tag", metavar="NAME=VALUE", help="Calls with this tag alone.")
@click.option("--end-user", metavar="NAME", help="Calls of this end user alone.")
@click.option("--region", type=click.Choice(["us", "eu", "global"]), help="Of this region alone.")
@click.option("--state", type=click.Choice(STATES), help="Calls in this state alone.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --by call: the newest N, newest first.",
)
@click.option("--exact", is_flag=True, help="Exact dollars and seconds in a table too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def usage(
    setup: Setup,
    /,
    by: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    month: tuple[datetime, datetime] | None,
    limit: int | None,
    exact: bool,
    form: str,
    **filters: str | None,
) -> None:
    """Show use and cost in US dollars.

    A table is for people: dollars to the cent, and audio as h:mm:ss. JSON and CSV are exact.
    """
    if month is not None:
        if since or until:
            raise Wrong("--month: expected without --since and --until")
        since, until = month
    if since and until and since >= until:
        raise Wrong("--since: expected a moment before --until")
    if limit is not None and by != ("call",):
        raise Wrong("--limit: expected with --by call")
    from ..store import Ledger, UsageFilter

    which = UsageFilter(since=since, until=until, **filters)  # type: ignore[arg-type]
    with setup.database() as database:
        ledger = Ledger(database)
        warn_of_pruned(database, by, which)
        if by == ("call",):
            rows: Iterable[Mapping[str, Any]] = ledger.calls(which, limit=limit)
        else:
            rows = ledger.usage(by[0], which, by2=by[1] if len(by) == 2 else None)
        _echo(rows, by, which, ledger, form, exact)


def _echo(
    rows: Iterable[Mapping[str, Any]],
    by: tuple[str, ...],
    which: UsageFilter,
    ledger: Ledger,
    form: str,
    exact: bool,
) -> None:
    remaining = iter(rows)
    first = list(islice(remaining, 1))
    rows = chain(first, remaining)
    if not first:
        text = "No calls yet." if which.is_all else "No calls in this range and with these filters."
        click.echo(text, err=True)
    if form == "json":
        echo_json_rows(rows)
    elif form == "csv":
        echo_csv(CALL_COLUMNS if by == ("call",) else group_columns(by), rows)
    elif first and by == ("call",):
        _echo_table(CALL_TABLE, _Sums(CALL_TABLE[-4:]), rows, exact)
    elif first:
        _echo_groups(list(rows), by, which, ledger, exact)


def _echo_groups(
    rows: list[Mapping[str, Any]],
    by: tuple[str, ...],
    which: UsageFilter,
    ledger: Ledger,
    exact: bool,
) -> None:
    shown = tuple(
        name for name in SUM_COLUMNS if name not in SELDOM or any(row[name] for row in rows)
    )
    named = ({**row, **{name: row[name] or _NONE for name in by}} for row in rows)
    sums = _Sums(SUM_COLUMNS)
    # A call with two tags stands in two lines, so the lines' sum would be too much.
    for row in [ledger.usage_total(which)] if "tag" in by else rows:
        sums.add(row)
    _echo_table((*by, *shown), sums, named, exact, add_up=False)


def _echo_table(
    columns: Sequence[str],
    sums: _Sums,
    rows: Iterable[Mapping[str, Any]],
    exact: bool,
    *,
    add_up: bool = True,
) -> None:
    """Print *rows* and their sums, which *rows* themselves are if they are to be added up."""

    def total() -> dict[str, Any]:
        return {columns[0]: "total", **sums.numbers}

    passing = sums.add_up(rows) if add_up else rows
    right = ("id", "status", *SUM_COLUMNS)
    if exact:
        echo_table(columns, passing, right=right, money=("cost_usd",), total=total)
        return
    heads = [_HEADS.get(name, name) for name in columns]
    echo_table(
        heads,
        map(_readable, passing),
        right=(*right, *_HEADS.values()),
        total=lambda: _readable(total()),
    )


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return *row* under a table's heads, with figures for people."""
    shown = {}
    for name, value in row.items():
        if value is not None:
            if name == "cost_usd":
                value = _dollars(Decimal(value))
            elif name == "audio_seconds":
                value = _clock(Decimal(str(value)))
            elif name in SUM_COLUMNS:
                value = f"{int(value):,}"
            elif name == "at":
                value = f"{value[:10]} {value[11:19]}Z"
        shown[_HEADS.get(name, name)] = value
    return shown


def _dollars(amount: Decimal) -> str:
    if 0 < amount < _CENT / 2:
        return f"<{_CENT}"
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,}"


def _clock(seconds: Decimal) -> str:
    whole = int(seconds.to_integral_value(ROUND_HALF_UP))
    if seconds > 0 and not whole:
        return "<0:00:01"
    return f"{whole // 3600:,}:{whole // 60 % 60:02}:{whole % 60:02}"


class _Sums:
    """Adds rows up. Rows without a cost add no cost."""

    def __init__(self, names: Sequence[str]) -> None:
        self.numbers = {name: Decimal(0) for name in names}

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row."""
        for name in self.numbers:
            self.numbers[name] += Decimal(str(row[name] or 0))

    def add_up(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Pass *rows* on, and add them."""
        for row in rows:
            self.add(row)
            yield row
