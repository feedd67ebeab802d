"""The sums of calls by group: the one query of the command line, the usage page and metrics.

Where the running totals know everything that is asked, whole days come from them, the rest of a day
from its calls, and open calls, which are in no total, from the calls. Else every call is read.

| asked                                  | read                | by                                |
|----------------------------------------|---------------------|-----------------------------------|
| key, team, model, day, month           | `totals`            | its key, or totals_team,          |
|                                        |                     | totals_key, totals_key_name,      |
|                                        |                     | totals_model                      |
| tag, and day or month, without filters | `tag_totals`,       | their keys                        |
|                                        | `tagged_totals`     |                                   |
| the rest of a day                      | `calls`             | calls_at, or as the next          |
| end user, region, a filter by state,   | `calls`             | calls_team, calls_key,            |
| tag, end user or region                |                     | calls_key_name, calls_model,      |
|                                        |                     | calls_end_user, else calls_at     |
| state failed; unpriced; pending        | `calls`             | calls_failed; calls_unpriced;     |
|                                        |                     | calls_pending, alone              |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection, case, func, select

from .columns import from_json, tag_names
from .schema import FAILED, PENDING, SUMS, UNPRICED, calls, tag_totals, tagged_totals, totals
from .usage_filter import Span, UsageFilter

# A value for each grouping; a key is its name and its id, 0 for none.
Group = tuple[Any, ...]
# Numbers in the order of SUMS, and how many calls are pending.
Sums = dict[Group, list[int]]
DAY = 86_400_000_000
_LAST_DAY = date.max.toordinal() - date(1970, 1, 1).toordinal()

_IN_CALLS: dict[str, list[Any]] = {
    "key": [func.coalesce(calls.c.key_name, ""), func.coalesce(calls.c.key_id, 0)],
    "team": [func.coalesce(calls.c.team, "")],
    "model": [func.coalesce(calls.c.model, "")],
    "day": [calls.c.at // DAY],
    "month": [calls.c.at // DAY],
    "tag": [calls.c.tags],
    "end_user": [func.coalesce(calls.c.end_user, "")],
    "region": [calls.c.region],
}
_IN_TOTALS: dict[str, list[Any]] = {
    "key": [totals.c.key_name, totals.c.key_id],
    "team": [totals.c.team],
    "model": [totals.c.model],
    "day": [totals.c.day],
    "month": [totals.c.day],
}
_IS_CLOSED = calls.c.state != PENDING


def _when(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_CALL_SUMS = [
    func.count(),
    _when(calls.c.state == FAILED),
    _when(calls.c.state == UNPRICED),
    # Whatever an open call says of itself counts once it is closed.
    *(func.coalesce(func.sum(case((_IS_CLOSED, calls.c[name]), else_=0)), 0) for name in SUMS[3:]),
    _when(calls.c.state == PENDING),
]


def usage_sums(connection: Connection, by: tuple[str, ...], which: UsageFilter) -> Sums:
    """Return the sums of the calls of *which* by group, without groups that have none.

    *by* names any number of groupings; without one there is one sum of all. A call with several
    tags counts in each of them.
    """
    found: Sums = {}
    if _in_totals(by, which):
        first, last, edges = _split(which)
        _add_days(found, connection, by, which, (first, last))
    elif _in_tag_totals(by, which):
        first, last, edges = _split(which)
        _add_tag_days(found, connection, by, (first, last))
    else:
        _add_calls(found, connection, by, which, (which.start, which.end))
        return found
    for edge in edges:
        _add_calls(found, connection, by, which, edge, _IS_CLOSED)
    _add_calls(found, connection, by, which, (which.start, which.end), state=PENDING)
    return found


def reads_totals(by: tuple[str, ...], which: UsageFilter) -> bool:
    """Whether whole days come from the running totals, which outlast the calls."""
    return _in_totals(by, which) or _in_tag_totals(by, which)


def _in_totals(by: tuple[str, ...], which: UsageFilter) -> bool:
    return set(by) <= _IN_TOTALS.keys() and which.in_totals


def _in_tag_totals(by: tuple[str, ...], which: UsageFilter) -> bool:
    return "tag" in by and set(by) <= {"tag", "day", "month"} and which.in_tag_totals


def closed_sums(connection: Connection, by: tuple[str, ...]) -> Sums:
    """Return the sums of all closed calls, since the ledger began, from the running totals."""
    found: Sums = {}
    _add_days(found, connection, by, UsageFilter(), (None, None))
    return found


def _add(found: Sums, group: Group, sums: Iterable[Any], sign: int = 1) -> None:
    into = found.setdefault(group, [0] * (len(SUMS) + 1))
    for index, value in enumerate(sums):
        # PostgreSQL sums whole numbers into a Decimal.
        into[index] += sign * int(value)


def _add_calls(
    found: Sums,
    connection: Connection,
    by: tuple[str, ...],
    which: UsageFilter,
    span: Span,
    *conditions: Any,
    state: str | None = None,
) -> None:
    """Add calls made within *span*, of the *state* if one is given."""
    sqlite = connection.dialect.name == "sqlite"
    where = which.calls_where(sqlite=sqlite, state=state, span=span)
    columns = [each for name in by for each in _IN_CALLS[name]]
    statement = select(*columns, *_CALL_SUMS).where(*conditions, *where)
    if columns:
        statement = statement.group_by(*columns)
    for row in connection.execute(statement):
        values, sums = row[: len(columns)], row[len(columns) :]
        if sums[0]:
            for group in _groups(by, values):
                _add(found, group, sums)


def _groups(by: tuple[str, ...], values: Iterable[Any]) -> Iterator[Group]:
    """Yield each group that a row of `calls` counts in, made of its *values* in their order."""
    rest = iter(values)
    parts: list[list[Any]] = []
    for name in by:
        value = next(rest)
        if name == "key":
            parts.append([(value, next(rest))])
        elif name == "tag":
            parts.append(sorted(set(tag_names(from_json(value)))) or [""])
        elif name in ("day", "month"):
            parts.append([_day_text(int(value))[: 10 if name == "day" else 7]])
        else:
            parts.append([value])
    return product(*parts)


Days = tuple[str | None, str | None]


def _add_days(
    found: Sums, connection: Connection, by: tuple[str, ...], which: UsageFilter, days: Days
) -> None:
    """Add closed calls of whole days, from the running totals."""
    columns = [each for name in by for each in _IN_TOTALS[name]]
    for row in _of_days(connection, totals, columns, which.totals_where(), days):
        rest = iter(row[: len(columns)])
        group = tuple(
            (value, next(rest)) if name == "key" else value[:7] if name == "month" else value
            for name, value in zip(by, rest, strict=False)
        )
        _add(found, group, row[len(columns) :])


def _add_tag_days(found: Sums, connection: Connection, by: tuple[str, ...], days: Days) -> None:
    """Add closed calls of whole days by tag; those without one are all less those with any."""

    def add(table: Any, columns: list[Any], sign: int = 1) -> None:
        for row in _of_days(connection, table, [table.c.day, *columns], [], days):
            day, sums = row[0], row[1 + len(columns) :]
            named = {"day": day, "month": day[:7], "tag": row[1] if columns else ""}
            _add(found, tuple(named[name] for name in by), sums, sign)

    add(totals, [])
    add(tagged_totals, [], -1)
    for group in [group for group, sums in found.items() if not any(sums)]:
        del found[group]
    add(tag_totals, [tag_totals.c.tag])


def _of_days(
    connection: Connection, table: Any, columns: list[Any], where: list[Any], days: Days
) -> Iterable[Any]:
    first, last = days
    statement = select(*columns, *(func.coalesce(func.sum(table.c[name]), 0) for name in SUMS))
    if first is not None:
        where = [*where, table.c.day >= first]
    if last is not None:
        where = [*where, table.c.day < last]
    statement = statement.where(*where)
    if columns:
        return connection.execute(statement.group_by(*columns))
    return [row for row in connection.execute(statement) if any(row)]


def _split(which: UsageFilter) -> tuple[str | None, str | None, list[Span]]:
    """Return the whole days, from and to before, and the parts of days beside them."""
    start, end = which.start, which.end
    if start is not None and end is not None and start >= end:
        return "", "", []
    first = None if start is None else -(-start // DAY)
    last = None if end is None else end // DAY
    if start is not None and end is not None and -(-start // DAY) >= end // DAY:
        # Not one whole day: nothing but calls, up to two days of them.
        return "", "", [(start, end)]
    edges: list[Span] = []
    if start is not None and first is not None and start < first * DAY:
        edges.append((start, first * DAY))
    if end is not None and last is not None and last * DAY < end:
        edges.append((last * DAY, end))
    return (
        None if first is None else _day_text(first),
        None if last is None else _day_text(last),
        edges,
    )


def _day_text(number: int) -> str:
    # The day after the calendar's last: no day is that, or after it.
    if number > _LAST_DAY:
        return "9999-12-32"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()
