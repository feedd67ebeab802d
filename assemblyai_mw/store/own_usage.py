"""The calls of one key by day and model, for its holder."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, case, func, literal_column, select

from ..billing.price_book import format_usd
from ..call import Caller
from .columns import plain
from .database import Database
from .schema import FAILED, PENDING, UNPRICED, calls, totals

_DAY = 86_400_000_000
_FIRST = date(1970, 1, 1)
_COUNTS = ("calls", "failed", "unpriced", "audio_ms", "input_tokens", "output_tokens", "cost_nano")


def own_usage(database: Database, caller: Caller, since: date, until: date) -> list[dict[str, Any]]:
    """Return the closed calls of *caller*'s key and present team, a row a day and model.

    From the UTC day *since* on, to before *until*. For an end user of an identity bridge, they are
    that user's calls alone: several users may share the key.

    Raises:
        StoreError: The database cannot be read.
    """
    of_user = caller.end_user is not None
    statement = _calls(caller, since, until) if of_user else _totals(caller, since, until)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        {
            "day": row.day if isinstance(row.day, str) else _iso_day(int(row.day)),
            "model": row.model or None,
            "calls": int(row.calls),
            "failed": int(row.failed),
            "unpriced": int(row.unpriced),
            "audio_seconds": int(row.audio_ms) / 1000,
            "input_tokens": int(row.input_tokens),
            "output_tokens": int(row.output_tokens),
            "cost_usd": format_usd(int(row.cost_nano)),
        }
        for row in rows
    ]


def _totals(caller: Caller, since: date, until: date) -> Any:
    group = (totals.c.day, totals.c.model)
    sums = (func.sum(totals.c[name]).label(name) for name in _COUNTS)
    statement = select(*group, *sums).where(
        totals.c.day >= since.isoformat(),
        totals.c.day < until.isoformat(),
        totals.c.key_id == (caller.key_id or 0),
        totals.c.team == (caller.team or ""),
    )
    if caller.key_id is None:
        # Keys that are not in the database are known by their names.
        statement = statement.where(totals.c.key_name == caller.name)
    return statement.group_by(*group).order_by(*group)


def _calls(caller: Caller, since: date, until: date) -> Any:
    # A literal: PostgreSQL takes two parameters for two expressions, and grouped by neither.
    day = (calls.c.at // literal_column(str(_DAY), BigInteger)).label("day")
    amounts = ("audio_ms", "input_tokens", "output_tokens", "cost_nano")
    statement = select(
        day,
        calls.c.model,
        func.count().label("calls"),
        func.sum(case((calls.c.state == FAILED, 1), else_=0)).label("failed"),
        func.sum(case((calls.c.state == UNPRICED, 1), else_=0)).label("unpriced"),
        *(func.coalesce(func.sum(calls.c[name]), 0).label(name) for name in amounts),
    ).where(
        calls.c.at >= (since - _FIRST).days * _DAY,
        calls.c.at < (until - _FIRST).days * _DAY,
        calls.c.key_id.is_(None) if caller.key_id is None else calls.c.key_id == caller.key_id,
        calls.c.team.is_(None) if caller.team is None else calls.c.team == caller.team,
        calls.c.end_user == plain(caller.end_user),
        calls.c.state != PENDING,
    )
    if caller.key_id is None:
        statement = statement.where(calls.c.key_name == caller.name)
    return statement.group_by(day, calls.c.model).order_by(day, calls.c.model)


def _iso_day(number: int) -> str:
    return date.fromordinal(_FIRST.toordinal() + number).isoformat()
