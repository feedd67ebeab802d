"""The state of a page: all of it is in the query, so that every view is a link. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from ...billing.spelling import nearest
from ...store.usage_names import GROUPINGS, STATES, month_range

FILTERS = ("team", "key", "model", "region", "tag", "end_user", "state")
PERIODS = ("today", "7d", "30d", "month", "last-month")
REGIONS = ("us", "eu", "global")
ROWS, MOST_ROWS = 50, 200
DEFAULT_PERIOD, DEFAULT_BY = "30d", "team"
# A form says which fields stand for calls without such a name, where an empty field means all; and
# which period its page had, since a new one counts more than days that it had as well.
FORM, NONE, WAS = "form", "none", "was"
_OF_FORMS = (FORM, NONE, WAS)
_PARAMETERS = (*("period", "from", "until"), *FILTERS, "by", "limit", "after")
_DAYS = {"today": 0, "7d": 6, "30d": 29}


class BadQuery(ValueError):
    """A parameter of the query is wrong.

    Attributes:
        parameter: Its name.
    """

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(text)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows.

    Attributes:
        since, until: Moments, from and to before; None is open.
        stated: `period`, or `from` and `until`, as they are in the query.
        filters: Names and values; an empty value is calls without such a name.
        by: The grouping.
        limit: Rows a page.
        after: Where a further page begins.
        sent: A form was sent: its address is to be the view's own.
    """

    since: datetime | None
    until: datetime | None
    stated: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    by: str = DEFAULT_BY
    limit: int = ROWS
    after: str | None = None
    sent: bool = False

    @classmethod
    def of(cls, query: str, now: datetime) -> Self:
        """Return the view of a query.

        Raises:
            BadQuery: A parameter is unknown, doubled or wrong.
        """
        given = _given(query)
        sent = FORM in given
        absent, was = given.pop(NONE, ""), given.pop(WAS, "")
        if given.pop(FORM, None) is not None:
            given = {name: value for name, value in given.items() if value}
            given |= {name: "" for name in absent.split(",") if name in FILTERS}
            days = {"from", "until"} & given.keys()
            drop = days if given.get("period", was) != was else {"period"} if days else set()
            given = {name: value for name, value in given.items() if name not in drop}
        stated = {name: given[name] for name in ("period", "from", "until") if given.get(name)}
        since, until = _range(stated, now)
        filters = {name: given[name] for name in FILTERS if name in given}
        _one_of("region", filters.get("region", "us"), REGIONS)
        _one_of("state", filters.get("state", "settled"), STATES)
        by = given.get("by") or DEFAULT_BY
        _one_of("by", by, GROUPINGS)
        limit = given.get("limit") or str(ROWS)
        if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= MOST_ROWS):
            raise BadQuery("limit", f"limit: expected a number from 1 to {MOST_ROWS}")
        after = given.get("after") or None
        return cls(since, until, stated, filters, by, int(limit), after, sent)

    def query(self, **changes: str | int | None) -> str:
        """Return the query of this view with *changes*; None takes a parameter out.

        A change of the period replaces it, and no change keeps the place in a list.
        """
        state: dict[str, Any] = {**self.stated, **self.filters}
        if {"period", "from", "until"} & changes.keys():
            state = dict(self.filters)
        state |= {"by": self.by, "limit": self.limit, **changes}
        usual = {"period": DEFAULT_PERIOD, "by": DEFAULT_BY, "limit": ROWS}
        return urlencode(
            {
                name: state[name]
                for name in _PARAMETERS
                if state.get(name) is not None and str(state[name]) != str(usual.get(name))
            }
        )

    def without_filters(self) -> Self:
        """Return the view of the same period and grouping of all calls."""
        return replace(self, filters={}, after=None)

    @property
    def period(self) -> str | None:
        """The named period; None where days are given."""
        if "from" in self.stated or "until" in self.stated:
            return None
        return self.stated.get("period", DEFAULT_PERIOD)


def _given(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise BadQuery("query", "expected at most 50 parameters") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS and name not in _OF_FORMS:
            near = nearest(name, _PARAMETERS)
            hint = f"; did you mean {near}?" if near else ""
            raise BadQuery(name, f"{name[:80]}: there is no such parameter{hint}")
        if name in given:
            raise BadQuery(name, f"{name}: expected it once")
        given[name] = value
    return given


def _one_of(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise BadQuery(name, f"{name}: expected {', '.join(known)}")


def _range(stated: Mapping[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    if "from" in stated or "until" in stated:
        if "period" in stated:
            raise BadQuery("period", "period: expected without from and until")
        since, until = (_day(name, stated.get(name)) for name in ("from", "until"))
        if since is not None and until is not None and since >= until:
            raise BadQuery("until", "until: expected a day after from; it is not part of the range")
        return since, until
    period = stated.get("period", DEFAULT_PERIOD)
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    if period in _DAYS:
        return today - timedelta(days=_DAYS[period]), None
    if period == "month":
        return month_range(f"{today:%Y-%m}")
    if period == "last-month":
        return month_range(f"{today.replace(day=1) - timedelta(days=1):%Y-%m}")
    try:
        return month_range(period)
    except ValueError:
        text = f"period: expected {', '.join(PERIODS)}, or YYYY-MM such as 2026-11"
        raise BadQuery("period", text) from None


def _day(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) != 10 or text < "1970":
            raise ValueError
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise BadQuery(name, f"{name}: expected a day from 1970 on, YYYY-MM-DD") from None
