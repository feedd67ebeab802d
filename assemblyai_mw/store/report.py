"""Reports of the ledger: call by call, or summed by key, team, model, day, tag or end user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, case, func, select, tuple_

from ..billing.price_book import format_usd
from .columns import Moment, from_json, iso, micros, model_of, moment, tag_names
from .database import Database
from .schema import (
    FAILED,
    IS_PENDING,
    IS_UNPRICED,
    PENDING,
    SUMS,
    UNPRICED,
    calls,
    tag_totals,
    totals,
    transcripts,
)

By = Literal["key", "team", "model", "day", "tag", "end_user"]
_PAGE = 1000
_IDS_AT_ONCE = 200
_DAY = 86_400_000_000

# Grouping -> its columns in the day's totals, and in the calls themselves.
_GROUPS: dict[str, tuple[list[Any], list[Any]]] = {
    "key": (
        [totals.c.key_name, totals.c.key_id],
        [func.coalesce(calls.c.key_name, ""), func.coalesce(calls.c.key_id, 0)],
    ),
    "team": ([totals.c.team], [func.coalesce(calls.c.team, "")]),
    "model": ([totals.c.model], [func.coalesce(calls.c.model, "")]),
    "day": ([totals.c.day], [calls.c.at // _DAY]),
}
# These have no totals: a host may have any number of users, most of them with a call or two a day.
_UNTOTALLED: dict[str, list[Any]] = {"end_user": [func.coalesce(calls.c.end_user, "")]}
_ALL_TIME = (-(2**63), 2**63 - 1)
_raw_sums = [
    func.count(),
    func.sum(case((calls.c.state == FAILED, 1), else_=0)),
    func.sum(case((calls.c.state == UNPRICED, 1), else_=0)),
    *(func.coalesce(func.sum(calls.c[name]), 0) for name in SUMS[3:]),
]

_costs = select(
    transcripts.c.id,
    transcripts.c.call_id,
    transcripts.c.key_name,
    transcripts.c.at,
    calls.c.state,
    calls.c.cost_nano,
    calls.c.features,
).select_from(transcripts.join(calls, calls.c.id == transcripts.c.call_id))


class Reports:
    """The part of the Ledger that is read by people."""

    database: Database

    def calls(
        self,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int | None = None,
        *,
        state: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield each call made from *since* to before *until*, oldest first.

        With *limit* the newest ones. Each is a dict for JSON: `cost_usd` an exact decimal
        string, None while pending or unpriced; `at` ISO 8601 with Z; `tags` a dict;
        `breakdown` a list of price lines, or None; `estimated` whether AssemblyAI did not
        report the model that they are for, or the length; `duration` seconds of the
        request.
        """
        conditions = _between(since, until)
        if state is not None:
            conditions.append(calls.c.state == state)
        place = tuple_(calls.c.at, calls.c.id)
        start = None
        if limit is not None:
            newest = select(calls.c.at, calls.c.id).where(*conditions)
            newest = newest.order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
            with self.database.read() as connection:
                rows = connection.execute(newest).all()
            if not rows:
                return
            start = rows[-1]
            conditions.append(place >= tuple_(start.at, start.id))
        left, last = limit, None
        while left is None or left > 0:
            page = _PAGE if left is None else min(_PAGE, left)
            statement = select(calls).where(*conditions)
            if last is not None:
                statement = statement.where(place > tuple_(*last))
            statement = statement.order_by(calls.c.at, calls.c.id).limit(page)
            with self.database.read() as connection:
                found = connection.execute(statement).all()
            for row in found:
                yield shown(row)
            if len(found) < page:
                return
            last = (found[-1].at, found[-1].id)
            left = None if left is None else left - len(found)

    def by_transcript(self, region: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the cost of each of *ids*; ids not made here are left out.

        Each is a dict: `row`, `key`, `state`, `cost_nano` (None while open or unpriced),
        `features` as asked, `at`.
        """
        found: dict[str, dict[str, Any]] = {}
        with self.database.read() as connection:
            for start in range(0, len(ids), _IDS_AT_ONCE):
                some = [id for id in ids[start : start + _IDS_AT_ONCE] if "\0" not in id]
                statement = _costs.where(transcripts.c.region == region, transcripts.c.id.in_(some))
                for row in connection.execute(statement):
                    found[row.id] = {
                        "row": row.call_id,
                        "key": row.key_name,
                        "state": row.state,
                        "cost_nano": row.cost_nano,
                        "features": from_json(row.features),
                        "at": moment(row.at),
                    }
        return found

    def usage(
        self, by: By | str, since: Moment | None = None, until: Moment | None = None
    ) -> list[dict[str, Any]]:
        """Return calls made from *since* to before *until*, added up by group.

        Each is a dict for JSON: the group under its own name (`key`, `team`, ...; empty
        for none; a model as `Ledger.open` and `settle` were told to count it), `calls`, of
        them `pending`, `failed` and `unpriced`, `audio_seconds`, `input_tokens`,
        `output_tokens`, `cached_tokens` and `cost_usd`. A call with several tags counts in
        each of them. Whole days come from running totals; only the rest of a day is read
        call by call. By end user, all calls are read.

        Raises:
            ValueError: *by* is no grouping.
        """
        if by not in get_args(By):
            raise ValueError(f"by: expected {', '.join(get_args(By))}")
        found: dict[tuple[Any, ...], list[int]] = {}
        first, last, edges = _split(since, until)
        with self.database.snapshot() as connection:
            if by == "tag":
                _add_days(connection, found, tag_totals, [tag_totals.c.tag], first, last)
                _add_tagged(connection, found, edges, since, until)
            elif by in _UNTOTALLED:
                start = _ALL_TIME[0] if since is None else micros(since)
                end = _ALL_TIME[1] if until is None else micros(until)
                _add_calls(connection, found, by, _UNTOTALLED[by], [(start, end)])
                _add_pending(connection, found, by, _UNTOTALLED[by], since, until)
            else:
                group, raw = _GROUPS[by]
                _add_days(connection, found, totals, group, first, last)
                _add_calls(connection, found, by, raw, edges)
                _add_pending(connection, found, by, raw, since, until)
        return [_summed(by, group, sums) for group, sums in sorted(found.items())]

    def unpriced(
        self, limit: int | None = None, *, since: Moment | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the unpriced calls whose usage is known, oldest first, for pricing them later.

        Each has `row`, `at`, `kind`, `region`, `model`, `reason`, `features` (as asked) and
        `usage`: the fields of `usage.Usage`.
        """
        last, left = 0, limit
        while left is None or left > 0:
            statement = (
                select(calls)
                .where(calls.c.state == IS_UNPRICED, calls.c.usage.is_not(None), calls.c.id > last)
                .where(*_between(since, None))
                .order_by(calls.c.id)
                .limit(_PAGE if left is None else min(left, _PAGE))
            )
            with self.database.read() as connection:
                found = connection.execute(statement).all()
            for row in found:
                features, usage = from_json(row.features), from_json(row.usage)
                yield {
                    "row": row.id,
                    "at": moment(row.at),
                    "kind": row.kind,
                    "region": row.region,
                    "model": model_of(row.model, features, usage),
                    "reason": row.reason,
                    "features": features,
                    "usage": usage,
                }
            if not found:
                return
            last = found[-1].id
            left = None if left is None else left - len(found)


def _between(since: Moment | None, until: Moment | None) -> list[Any]:
    conditions: list[Any] = []
    if since is not None:
        conditions.append(calls.c.at >= micros(since))
    if until is not None:
        conditions.append(calls.c.at < micros(until))
    return conditions


def _split(
    since: Moment | None, until: Moment | None
) -> tuple[str | None, str | None, list[tuple[int, int]]]:
    """Return the whole days, from and to before, and the parts of days beside them."""
    start = None if since is None else micros(since)
    end = None if until is None else micros(until)
    if start is not None and end is not None and start >= end:
        return "", "", []
    first = None if start is None else -(-start // _DAY)
    last = None if end is None else end // _DAY
    if start is not None and end is not None and -(-start // _DAY) >= end // _DAY:
        # Not one whole day: nothing but calls, up to two days of them.
        return "", "", [(start, end)]
    edges = []
    if start is not None and first is not None and start < first * _DAY:
        edges.append((start, first * _DAY))
    if end is not None and last is not None and last * _DAY < end:
        edges.append((last * _DAY, end))
    return (
        None if first is None else _day_text(first),
        None if last is None else _day_text(last),
        edges,
    )


def _day_text(number: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()


def _add(found: dict[tuple[Any, ...], list[int]], group: tuple[Any, ...], sums: Any) -> None:
    into = found.setdefault(group, [0] * (len(SUMS) + 1))
    for index, value in enumerate(sums):
        # PostgreSQL sums whole numbers into a Decimal.
        into[index] += int(value)


def _add_days(
    connection: Connection,
    found: dict[tuple[Any, ...], list[int]],
    table: Any,
    group: list[Any],
    first: str | None,
    last: str | None,
) -> None:
    statement = select(*group, *(func.sum(table.c[name]) for name in SUMS)).group_by(*group)
    if first is not None:
        statement = statement.where(table.c.day >= first)
    if last is not None:
        statement = statement.where(table.c.day < last)
    for row in connection.execute(statement):
        _add(found, tuple(row[: len(group)]), row[len(group) :])


def _group_of(by: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return (_day_text(int(values[0])),) if by == "day" else values


def _add_calls(
    connection: Connection,
    found: dict[tuple[Any, ...], list[int]],
    by: str,
    group: list[Any],
    edges: list[tuple[int, int]],
) -> None:
    for start, end in edges:
        statement = (
            select(*group, *_raw_sums)
            .where(calls.c.at >= start, calls.c.at < end, calls.c.state != PENDING)
            .group_by(*group)
        )
        for row in connection.execute(statement):
            _add(found, _group_of(by, tuple(row[: len(group)])), row[len(group) :])


def _pending_between(since: Moment | None, until: Moment | None) -> list[Any]:
    # `+ 0` keeps SQLite from walking the index by time: few calls are pending at any time,
    # and the index that holds only those finds them.
    conditions: list[Any] = [calls.c.state == IS_PENDING]
    if since is not None:
        conditions.append(calls.c.at + 0 >= micros(since))
    if until is not None:
        conditions.append(calls.c.at + 0 < micros(until))
    return conditions


def _add_pending(
    connection: Connection,
    found: dict[tuple[Any, ...], list[int]],
    by: str,
    group: list[Any],
    since: Moment | None,
    until: Moment | None,
) -> None:
    statement = select(*group, func.count()).where(*_pending_between(since, until))
    for row in connection.execute(statement.group_by(*group)):
        count = row[-1]
        sums = [count, *([0] * (len(SUMS) - 1)), count]
        _add(found, _group_of(by, tuple(row[: len(group)])), sums)


def _add_tagged(
    connection: Connection,
    found: dict[tuple[Any, ...], list[int]],
    edges: list[tuple[int, int]],
    since: Moment | None,
    until: Moment | None,
) -> None:
    tagged = calls.c.tags != "{}"
    parts: list[tuple[list[Any], list[Any]]] = [
        (_raw_sums, [calls.c.at >= start, calls.c.at < end, calls.c.state != PENDING])
        for start, end in edges
    ]
    parts.append(([func.count()], _pending_between(since, until)))
    for sums, conditions in parts:
        statement = select(calls.c.tags, *sums).where(*conditions, tagged).group_by(calls.c.tags)
        for tags, *values in connection.execute(statement):
            if len(values) == 1:
                values += [*([0] * (len(SUMS) - 1)), values[0]]
            for tag in set(tag_names(from_json(tags))):
                _add(found, (tag,), values)


def _summed(by: str, group: tuple[Any, ...], sums: list[int]) -> dict[str, Any]:
    named = dict(zip((*SUMS, "pending"), sums, strict=True))
    shown: dict[str, Any] = {by: group[0]}
    if by == "key":
        shown["key_id"] = group[1] or None
    return {
        **shown,
        "calls": named["calls"],
        "pending": named["pending"],
        "failed": named["failed"],
        "unpriced": named["unpriced"],
        "audio_seconds": _seconds(named["audio_ms"]),
        "input_tokens": named["input_tokens"],
        "output_tokens": named["output_tokens"],
        "cached_tokens": named["cached_tokens"],
        "cost_usd": format_usd(named["cost_nano"]),
    }


def _seconds(milliseconds: int | None) -> int | float | None:
    if milliseconds is None:
        return None
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def shown(row: Any) -> dict[str, Any]:
    """Return a row of `calls` as `Reports.calls` yields it."""
    features, used = from_json(row.features), from_json(row.usage) or {}
    return {
        "id": row.id,
        "at": iso(row.at),
        "key": row.key_name,
        "key_id": row.key_id,
        "team": row.team,
        "end_user": row.end_user,
        "route": row.route,
        "region": row.region,
        "method": row.method,
        "path": row.path,
        "kind": row.kind,
        "model": model_of(row.model, features, used),
        "status": row.status,
        "state": row.state,
        "reason": row.reason,
        "estimated": bool(row.estimated),
        "audio_seconds": _seconds(row.audio_ms),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cached_tokens": row.cached_tokens,
        "characters": used.get("characters"),
        "cost_usd": None if row.cost_nano is None else format_usd(row.cost_nano),
        "transcript_id": row.transcript_id,
        "tags": from_json(row.tags),
        "features": features,
        "breakdown": from_json(row.breakdown),
        "request_id": row.request_id,
        "duration": None if row.duration_ms is None else row.duration_ms / 1000,
        "closed_at": None if row.closed_at is None else iso(row.closed_at),
    }
