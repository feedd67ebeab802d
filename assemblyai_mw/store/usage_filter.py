"""Which calls a report is of: one filter for the command line, the usage page and exports."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    JSON,
    Text,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)

from .columns import MAX_TEXT, Moment, micros, moment, plain
from .schema import (
    FAILED,
    IS_FAILED,
    IS_PENDING,
    IS_SETTLED,
    IS_UNPRICED,
    PENDING,
    SETTLED,
    UNPRICED,
    calls,
    keys,
    totals,
)
from .usage_names import STATES

# A state by which an index holds nothing but its own, rather few, calls.
_RARE = {PENDING: IS_PENDING, FAILED: IS_FAILED, UNPRICED: IS_UNPRICED}
_STATES = {**_RARE, SETTLED: IS_SETTLED}
_MOST_PAIRS = 8
# From, and to before, in epoch microseconds; None is open.
Span = tuple[int | None, int | None]
_COLUMNS = {"key": "key_name", "team": "team", "model": "model"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a reader may see: the calls of any of these teams and keys. An empty one sees nothing.

    Attributes:
        teams: Names.
        keys: A name is every key that ever had it; an id is that one key.
    """

    teams: tuple[str, ...] = ()
    keys: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        if "" in self.teams or "" in self.keys:
            raise ValueError("scope: expected names that are not empty")

    def where(self, table: Any, *, indexed: bool = True) -> Any:
        """Return the condition on `calls` or `totals`."""

        def of(name: str, absent: Any) -> Any:
            return table.c[name] if indexed else func.coalesce(table.c[name], absent)

        ids = [key for key in self.keys if not isinstance(key, str)]
        names = [plain(key) for key in self.keys if isinstance(key, str)]
        found = [
            of(name, absent).in_(values)
            for name, absent, values in (
                ("team", "", [plain(team) for team in self.teams]),
                ("key_name", "", names),
                ("key_id", 0, ids),
            )
            if values
        ]
        return or_(*found) if found else false()

    def of_keys(self, team: Any, key_id: Any, name: Any = None) -> Any:
        """Return the condition on a table of keys, or on one that names a key by its id.

        *team*, *key_id* and *name* are its columns; without a *name*, keys are looked up.
        """
        ids = [key for key in self.keys if not isinstance(key, str)]
        names = [plain(key) for key in self.keys if isinstance(key, str)]
        found = []
        if self.teams:
            found.append(team.in_([plain(each) for each in self.teams]))
        if ids:
            found.append(key_id.in_(ids))
        if names and name is not None:
            found.append(name.in_(names))
        elif names:
            found.append(key_id.in_(select(keys.c.id).where(keys.c.name.in_(names))))
        return or_(*found) if found else false()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """Which calls a report is of. None filters nothing; an empty text means calls without one.

    Attributes:
        since, until: Moments when the calls were made: from, and to before.
        key: A key's name; every key that ever had it counts.
        team: A team's name.
        model: A model as totals and metrics name it: as `usage --by model` prints it.
        tag: A tag as reports name it: `feature=captions`, or the bare name of one without a
            value.
        end_user: The end user, as the ledger has it.
        region: `us`, `eu` or `global`.
        state: `pending`, `settled`, `failed` or `unpriced`.
        scope: What the reader may see; None is everything. It is a condition of every query.

    Raises:
        ValueError: *state* is none, or a moment has no time zone.
    """

    since: Moment | None = None
    until: Moment | None = None
    key: str | None = None
    team: str | None = None
    model: str | None = None
    tag: str | None = None
    end_user: str | None = None
    region: str | None = None
    state: str | None = None
    scope: Scope | None = None

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in STATES:
            raise ValueError(f"state: expected {', '.join(STATES)}")
        _ = self.start, self.end

    @property
    def start(self) -> int | None:
        """`since` as epoch microseconds."""
        return None if self.since is None else micros(self.since)

    @property
    def end(self) -> int | None:
        """`until` as epoch microseconds."""
        return None if self.until is None else micros(self.until)

    @property
    def is_all(self) -> bool:
        """Whether it asks for nothing, so that every call counts."""
        return self == UsageFilter()

    @property
    def in_totals(self) -> bool:
        """Whether the running totals can answer it, by key, team, model and day."""
        return all(each is None for each in (self.tag, self.end_user, self.region, self.state))

    @property
    def in_tag_totals(self) -> bool:
        """Whether the running totals of tags can, which know a day and nothing else."""
        return self.in_totals and replace(self, since=None, until=None) == UsageFilter()

    def before(self, now: Moment) -> Self | None:
        """Return the filter of the period before, of the same length; None without a `since`.

        Whole months come after as many whole months. Without an `until`, or with one that is yet
        to come, the period ends *now*, and the one before is as long as it is by now.
        """
        start, end, at = self.start, self.end, micros(now)
        if start is None:
            return None
        end = at if end is None else end
        first, last = moment(start), moment(end)
        months = 12 * (last.year - first.year) + last.month - first.month
        if months > 0 and first == _month(first) and last == _month(last):
            earlier = _months_before(first, months)
            if earlier is None:
                return None
            until = first if end <= at else min(first, earlier + (moment(at) - first))
            return replace(self, since=earlier, until=until)
        end = min(end, at)
        if end <= start:
            return None
        try:
            return replace(self, since=moment(start - (end - start)), until=first)
        except OverflowError:
            return None

    def totals_where(self) -> list[Any]:
        """Return the conditions on `totals`, but for the moments."""
        found = [
            totals.c[column] == plain(value)
            for name, column in _COLUMNS.items()
            if (value := getattr(self, name)) is not None
        ]
        return found if self.scope is None else [*found, self.scope.where(totals)]

    def calls_where(
        self, *, sqlite: bool, state: str | None = None, span: Span | None = None
    ) -> list[Any]:
        """Return the conditions on `calls`, with another *state* or *span* if they are given.

        With a rare state only its own index can be read: SQLite knows no sizes, and would read
        every call of a team to find the few that are open.
        """
        state = self.state if state is None else state
        indexed = state not in _RARE
        found = [] if state is None else [calls.c.state == _STATES[state]]
        start, end = (self.start, self.end) if span is None else span
        at = moment_of(state)
        if start is not None:
            found.append(at >= start)
        if end is not None:
            found.append(at < end)
        for name, of in (*_COLUMNS.items(), ("end_user", "end_user"), ("region", "region")):
            value = getattr(self, name)
            if value is not None:
                found.append(_is(calls.c[of], plain(value), indexed))
        if self.tag is not None:
            found.extend(_is_tagged(self.tag, sqlite))
        if self.scope is not None:
            found.append(self.scope.where(calls, indexed=indexed))
        return found


def moment_of(state: str | None) -> Any:
    """Return `calls.at`, so that its index is not read for calls in a rare *state*."""
    # The index of failed calls has the moment, too.
    return calls.c.at + 0 if state in (PENDING, UNPRICED) else calls.c.at


def _month(day: datetime) -> datetime:
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _months_before(first: datetime, months: int) -> datetime | None:
    number = 12 * first.year + first.month - 1 - months
    return first.replace(year=number // 12, month=number % 12 + 1) if number >= 12 else None


def _is(of: Any, value: str, indexed: bool) -> Any:
    if not indexed:
        return func.coalesce(of, "") == value
    return or_(of.is_(None), of == "") if value == "" else of == value


def _is_tagged(tag: str, sqlite: bool) -> list[Any]:
    """Return the conditions that a call has the tag; '' is a call without any."""
    if tag == "":
        return [calls.c.tags == "{}"]
    # A name and a value are each as `plain` makes them; both together may be longer.
    tag = tag.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if len(tag) > 2 * MAX_TEXT + 1:
        return [false()]
    # A name may itself hold an equals sign.
    pairs = [(tag, "")] + [
        (tag[:at], tag[at + 1 :]) for at, character in enumerate(tag) if character == "="
    ]
    likely = [
        calls.c.tags.contains(f"{json.dumps(name)}:{json.dumps(value)}", autoescape=True)
        for name, value in pairs
    ]
    # The text alone is looked at first, as `to_json` writes it: taking it apart costs more.
    first = [or_(*likely)] if len(likely) <= _MOST_PAIRS else [calls.c.tags != "{}"]
    if sqlite:
        each = func.json_each(calls.c.tags).table_valued("key", "value")
    else:
        each = (
            func.json_each_text(cast(calls.c.tags, JSON))
            .table_valued(column("key", Text), column("value", Text))
            .render_derived()
        )
    named = each.c.key + case((each.c.value == "", ""), else_=literal("=") + each.c.value)
    return [*first, exists().where(named == tag).select_from(each)]
