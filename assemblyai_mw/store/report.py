"""Reports of the ledger: call by call, or summed by group."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from ..billing.price_book import format_usd
from .columns import Moment, from_json, iso, micros, model_of, moment
from .database import Database
from .schema import IS_UNPRICED, PENDING, SUMS, calls, transcripts
from .usage_filter import UsageFilter, moment_of
from .usage_names import GROUPINGS, By
from .usage_query import usage_sums

_PAGE = 1000
_IDS_AT_ONCE = 200
_EVERYTHING = UsageFilter()
_CURSOR = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})")

_costs = select(
    transcripts.c.id,
    transcripts.c.call_id,
    transcripts.c.key_name,
    transcripts.c.at,
    calls.c.state,
    calls.c.cost_nano,
    calls.c.features,
).select_from(transcripts.join(calls, calls.c.id == transcripts.c.call_id))


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, newest first.

    Attributes:
        calls: As `Ledger.calls` yields them.
        next: Where the next page begins, for `after`; None where there is none.
    """

    calls: tuple[dict[str, Any], ...]
    next: str | None


class Reports:
    """The part of the Ledger that is read by people."""

    database: Database

    def calls(
        self, which: UsageFilter = _EVERYTHING, *, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the calls of *which*, oldest first; with *limit* so many, newest first.

        Each is a dict for JSON: `cost_usd` an exact decimal string, None while pending or
        unpriced; `at` ISO 8601 with Z; `tags` a dict; `breakdown` a list of price lines, or
        None; `estimated` whether AssemblyAI did not report the model that they are for, or the
        length; `duration` seconds of the request.
        """
        left, last = limit, None
        while left is None or left > 0:
            page = _PAGE if left is None else min(_PAGE, left)
            found = self._page(which, page, last, newest_first=limit is not None)
            for row in found:
                yield call_as_dict(row)
            if len(found) < page:
                return
            last = (found[-1].at, found[-1].id)
            left = None if left is None else left - len(found)

    def newest_calls(
        self, which: UsageFilter = _EVERYTHING, *, limit: int = 50, after: str | None = None
    ) -> CallPage:
        """Return the newest calls of *which*, or those that come after a page's `next`.

        Raises:
            ValueError: *after* is no `next` of a page.
        """
        last = None
        if after is not None:
            match = _CURSOR.fullmatch(after)
            if match is None:
                raise ValueError("after: expected the `next` of a page of calls")
            last = (int(match[1]), int(match[2]))
        found = self._page(which, limit + 1, last, newest_first=True)
        some = found[:limit]
        more = f"{some[-1].at}.{some[-1].id}" if some and len(found) > limit else None
        return CallPage(tuple(map(call_as_dict, some)), more)

    def _page(
        self, which: UsageFilter, limit: int, last: tuple[int, int] | None, *, newest_first: bool
    ) -> Sequence[Any]:
        # Read by calls_at, or an index of one team, key, model or end user, which has their order.
        conditions = which.calls_where(sqlite=self.database.is_sqlite)
        at = moment_of(which.state)
        place = tuple_(at, calls.c.id)
        if last is not None:
            conditions.append(place < tuple_(*last) if newest_first else place > tuple_(*last))
        order = [each.desc() if newest_first else each.asc() for each in (at, calls.c.id)]
        statement = select(calls).where(*conditions).order_by(*order).limit(limit)
        with self.database.read() as connection:
            return connection.execute(statement).all()

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
        self, by: By | str, which: UsageFilter = _EVERYTHING, *, by2: By | str | None = None
    ) -> list[dict[str, Any]]:
        """Return the calls of *which*, added up by group, or by every pair of two groupings.

        `usage("day", which, by2="team")` is what a chart of days needs. Each is a dict for JSON,
        in the order of its groups: the group under its own name (`key`, `team`, ...; empty for
        none; beside `key` its `key_id`; a model as `Ledger.open` and `settle` were told to count
        it), `calls`, of them `pending`, `failed` and `unpriced`, `audio_seconds`,
        `input_tokens`, `output_tokens`, `cached_tokens`, `characters` and `cost_usd`. A call
        with several tags counts in each of them.

        Raises:
            ValueError: *by* or *by2* is no grouping, or both are the same.
        """
        groupings = (by,) if by2 is None else (by, by2)
        for each in groupings:
            if each not in GROUPINGS:
                raise ValueError(f"by: expected {', '.join(GROUPINGS)}")
        if by == by2:
            raise ValueError("by: expected two different groupings")
        with self.database.snapshot() as connection:
            found = usage_sums(connection, groupings, which)
        return [
            {**_named(groupings, group), **_numbers(sums)} for group, sums in sorted(found.items())
        ]

    def usage_total(self, which: UsageFilter = _EVERYTHING) -> dict[str, Any]:
        """Return the calls of *which*, added up: each once, also where it has several tags."""
        with self.database.snapshot() as connection:
            found = usage_sums(connection, (), which)
        return _numbers(found.get((), [0] * (len(SUMS) + 1)))

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
                .where(*([] if since is None else [calls.c.at >= micros(since)]))
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


def _named(by: Sequence[str], group: tuple[Any, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in zip(by, group, strict=True):
        if name == "key":
            shown["key"], shown["key_id"] = value[0], value[1] or None
        else:
            shown[name] = value
    return shown


def _numbers(sums: Sequence[int]) -> dict[str, Any]:
    named = dict(zip((*SUMS, PENDING), sums, strict=True))
    return {
        "calls": named["calls"],
        "pending": named["pending"],
        "failed": named["failed"],
        "unpriced": named["unpriced"],
        "audio_seconds": _seconds(named["audio_ms"]),
        "input_tokens": named["input_tokens"],
        "output_tokens": named["output_tokens"],
        "cached_tokens": named["cached_tokens"],
        "characters": named["characters"],
        "cost_usd": format_usd(named["cost_nano"]),
    }


def _seconds(milliseconds: int | None) -> int | float | None:
    if milliseconds is None:
        return None
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def call_as_dict(row: Any) -> dict[str, Any]:
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
        "characters": row.characters,
        "cost_usd": None if row.cost_nano is None else format_usd(row.cost_nano),
        "transcript_id": row.transcript_id,
        "tags": from_json(row.tags),
        "features": features,
        "breakdown": from_json(row.breakdown),
        "request_id": row.request_id,
        "duration": None if row.duration_ms is None else row.duration_ms / 1000,
        "closed_at": None if row.closed_at is None else iso(row.closed_at),
    }
