"""What is written before a billable call goes out: its hold and its row, in one transaction.

Why no limit is passed, and in which order all transactions lock rows: docs/reliability.md, "How no
budget is overspent". Here, the windows of a call's budgets are locked together, and stay locked
until the commit; a hold is taken in all of them or in none. On SQLite the whole file is
locked from the transaction's start. On PostgreSQL one statement locks, compares and writes, and
goes out with the COMMIT in one message, so that windows that many workers share are locked for no
round trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert

from ..errors import StoreError
from .database import Database
from .limits import Limits, Place, SoftBudget, Whose, ask_limits, limits_in, reached, tell
from .opening import COLUMNS as CALL_COLUMNS
from .opening import insert_call
from .renewals import NoRoom, no_room
from .schema import PENDING, holds, spend
from .statements import Bound, Prepared, PreparedRows
from .totals import (
    Changes,
    Period,
    Window,
    budget_ids,
    by_period,
    spend_row,
    windows,
)
from .transactions import Transaction

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Hold:
    """Budget reserved for one call, until it is released, its row is closed, or it expires.

    Attributes:
        id: None where no budget bounds the caller: nothing is held.
        amount: Nano-dollars.
        warnings: Soft thresholds that are newly reached.
    """

    id: int | None
    amount: int
    warnings: tuple[SoftBudget, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason for a refused hold: the first budget that the call does not fit in.

    Attributes:
        scope: `key`, `team`, `tag` or `end_user`.
        window: `total`, `daily` or `monthly`, by UTC.
        spent, held, needed, limit: Nano-dollars.
        resets_at: When the window ends; None for `total`.
    """

    scope: Whose
    window: Window
    spent: int
    held: int
    needed: int
    limit: int
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go out: its hold, and its row, 0 where none was to be written."""

    hold: Hold
    row: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A hold that is wanted.

    Attributes:
        values: Its row in `holds`: `request_id`, `key_id`, `team`, `amount_nano`, `at`,
            `expires_at`, `budgets`.
        periods: The windows that it counts in, in lock order.
    """

    values: Mapping[str, Any]
    periods: Sequence[Period]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Wanted:
        """Return the hold with this row."""
        whose = (values["key_id"], values["team"], values["at"])
        return cls(values, windows(*whose, budget_ids(values["budgets"])))

    @property
    def nano(self) -> int:
        """The nano-dollars to hold."""
        return int(self.values["amount_nano"])


@dataclass(frozen=True, slots=True)
class _Found:
    """What one try found and wrote; without *admitted*, nothing was written."""

    limits: Mapping[Place, Limits]
    amounts: Mapping[Period, Any]
    admitted: Admitted | None


HOLD_COLUMNS = ("request_id", "key_id", "team", "amount_nano", "at", "expires_at", "budgets")
_insert_hold = Prepared(
    insert(holds).values(**{name: bindparam(name) for name in HOLD_COLUMNS}).returning(holds.c.id)
)


def admit(
    database: Database,
    wanted: Wanted,
    row: Mapping[str, Any] | None,
    soft_ratios: Sequence[float] = (),
) -> Admitted | Refusal:
    """Take a hold in all budgets that bind a caller, and write a call's *row*; or neither.

    Without a budget nothing is held. Raises StoreError as `Database.transact` does.
    """
    if not wanted.periods:
        return Admitted(Hold(None, 0), 0 if row is None else write_row(database, row))
    now = database.now
    attempt = _in_sqlite if database.is_sqlite else _in_postgresql
    for _ in range(_TRIES):
        found = database.transact(lambda transaction: attempt(transaction, wanted, row, now))
        limits = found.limits
        if found.admitted is not None:
            hold = found.admitted.hold
            after = {
                period: each._replace(held_nano=each.held_nano + hold.amount)
                for period, each in found.amounts.items()
            }
            told = tell(database, reached(after, limits, soft_ratios))
            return Admitted(Hold(hold.id, hold.amount, told), found.admitted.row)
        held = _amounts_of(found.amounts)
        full = no_room(wanted.periods, held, limits, wanted.nano)
        if full is not None:
            return refusal_of(full, wanted.nano)
        # The windows have no rows yet; or a budget changed between two statements.
        database.transact(lambda transaction: _make_rows(transaction, wanted.periods))
    raise StoreError("The database is busy: budgets change too often")


def write_row(database: Database, row: Mapping[str, Any]) -> int:
    """Write a call's row alone, and return its id."""
    (made,) = database.transact(lambda transaction: transaction.finish(insert_call.of(row)))
    return int(made[0].id)


def _amounts_of(rows: Mapping[Period, Any]) -> dict[Period, tuple[int, int]]:
    return {period: (each.spent_nano, each.held_nano) for period, each in rows.items()}


def refusal_of(full: NoRoom, needed: int) -> Refusal:
    """Return the refusal of *needed* nano-dollars where there is no room for them."""
    period = full.period
    return Refusal(
        full.whose, period.window, full.spent, full.held, needed, full.limit, period.resets_at
    )


def _ask_limits(wanted: Wanted) -> list[Bound]:
    values = wanted.values
    return ask_limits(values["key_id"], values["team"], budget_ids(values["budgets"]))


def _in_sqlite(
    transaction: Transaction, wanted: Wanted, row: Mapping[str, Any] | None, now: int
) -> _Found:
    limits = limits_in(transaction.ask(*_ask_limits(wanted)), now)
    amounts: dict[Period, Any] = {}
    hold = Hold(None, 0)
    if limits:
        # Nobody else writes meanwhile: what does not fit is taken back unseen.
        amounts = _added(transaction, wanted.periods, wanted.nano)
        if no_room(wanted.periods, _amounts_of(amounts), limits, wanted.nano) is not None:
            _added(transaction, wanted.periods, -wanted.nano)
            return _Found(limits, amounts, None)
        hold = Hold(transaction.first(_insert_hold.of(wanted.values)).id, wanted.nano)
    made = 0 if row is None else transaction.first(insert_call.of(row)).id
    return _Found(limits, amounts, Admitted(hold, made))


def _added(transaction: Transaction, periods: Sequence[Period], nano: int) -> dict[Period, Any]:
    """Add to what is held in *periods*; return the amounts of before."""
    changes = Changes()
    changes.add(periods, held=nano)
    rows = [row for found in transaction.ask(*changes.bound()) for row in found]
    return {
        period: row._replace(held_nano=row.held_nano - nano)
        for period, row in by_period(periods, rows).items()
    }


def _in_postgresql(
    transaction: Transaction, wanted: Wanted, row: Mapping[str, Any] | None, now: int
) -> _Found:
    values = wanted.values
    parameters = {f"h_{name}": values[name] for name in HOLD_COLUMNS} | {"now": now}
    further = budget_ids(values["budgets"])
    parameters |= {f"b_{number}": each for number, each in enumerate(further)}
    for number, each in enumerate(wanted.periods):
        parameters[f"owner_{number}"] = each.owner
        parameters[f"period_{number}"] = each.period
    if row is not None:
        parameters |= {f"c_{name}": value for name, value in row.items()}
    shape = tuple((each.scope, each.window) for each in wanted.periods)
    statement = _statement(shape, len(further), row is not None)
    *asked, found = transaction.finish(*_ask_limits(wanted), Bound(statement, parameters))
    limits = limits_in(asked, now)
    result = found[0]
    amounts = {wanted.periods[each.number]: each for each in found if each.number is not None}
    if not result.is_admitted:
        return _Found(limits, amounts, None)
    hold = Hold(result.hold, wanted.nano) if result.hold is not None else Hold(None, 0)
    return _Found(limits, amounts, Admitted(hold, result.call or 0))


_LIMITS = (
    "budget_nano, budget_monthly_nano, budget_daily_nano, extra_budget_nano, extra_budget_until"
)
# Decided here are the limits at the moment of the statement: a budget that was set by then binds.
# A window without a row in `spend` counts as one that does not fit, and gets a row.
_ADMISSION = """\
WITH owners (scope, owner, total, monthly, daily, extra, until) AS ({owners}),
windows (number, scope, owner, span, period) AS (VALUES {windows}),
bounds AS (
  SELECT windows.number, windows.scope, windows.owner, windows.period,
    CASE windows.span WHEN 'total' THEN total WHEN 'monthly' THEN monthly ELSE daily END
    + CASE WHEN %(now)s < until THEN COALESCE(extra, 0) ELSE 0 END AS most
  FROM windows LEFT JOIN owners USING (scope, owner)
),
locked AS MATERIALIZED (
  SELECT bounds.number, bounds.most, spend.*
  FROM bounds JOIN spend USING (scope, owner, period)
  WHERE EXISTS (SELECT 1 FROM bounds WHERE most IS NOT NULL)
  ORDER BY bounds.number
  FOR UPDATE OF spend
),
verdict AS (
  SELECT EXISTS (SELECT 1 FROM bounds WHERE most IS NOT NULL) AS is_bounded,
    {count} = (
      SELECT count(*) FROM locked
      WHERE most IS NULL OR spent_nano + held_nano + %(h_amount_nano)s <= most
    ) AS fits
),
taken AS (
  UPDATE spend SET held_nano = spend.held_nano + %(h_amount_nano)s
  FROM locked, verdict
  WHERE verdict.is_bounded AND verdict.fits AND spend.scope = locked.scope
    AND spend.owner = locked.owner AND spend.period = locked.period
),
hold AS (
  INSERT INTO holds ({hold_columns})
  SELECT {hold_values} FROM verdict WHERE is_bounded AND fits
  RETURNING id
),
call AS ({call})
SELECT (NOT is_bounded OR fits) AS is_admitted, hold.id, call.id, locked.number,
  locked.spent_nano, locked.held_nano, locked.told
FROM verdict LEFT JOIN hold ON true LEFT JOIN call ON true LEFT JOIN locked ON true
ORDER BY locked.number
"""
_INSERT_CALL = """
  INSERT INTO calls ({columns}, state, attempts)
  SELECT {values}, '{state}', 0 FROM verdict WHERE NOT is_bounded OR fits
  RETURNING id
"""


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[str, str], ...], further: int, has_row: bool) -> Prepared:
    """Return the statement for windows of these scopes and spans, and so many shared budgets."""
    sources = [
        f"'budget', CAST(id AS TEXT), {_LIMITS} FROM budgets WHERE id = %(b_{number})s"
        for number in range(further)
    ]
    sources.append(f"'key', CAST(id AS TEXT), {_LIMITS} FROM keys WHERE id = %(h_key_id)s")
    sources.append(f"'team', name, {_LIMITS} FROM teams WHERE name = %(h_team)s")
    rows = [
        f"({number}, '{scope}', %(owner_{number})s, '{span}', %(period_{number})s)"
        for number, (scope, span) in enumerate(shape)
    ]
    call = "SELECT CAST(NULL AS BIGINT) AS id"
    if has_row:
        call = _INSERT_CALL.format(
            columns=", ".join(CALL_COLUMNS),
            values=", ".join(f"%(c_{name})s" for name in CALL_COLUMNS),
            state=PENDING,
        )
    sql = _ADMISSION.format(
        owners=" UNION ALL ".join(f"SELECT {each}" for each in sources),
        windows=", ".join(rows),
        count=len(shape),
        hold_columns=", ".join(HOLD_COLUMNS),
        hold_values=", ".join(f"%(h_{name})s" for name in HOLD_COLUMNS),
        call=call,
    )
    names = ("is_admitted", "hold", "call", "number", "spent_nano", "held_nano", "told")
    return Prepared.for_postgresql(sql, names)


def _rows_of_windows(module: Any, rows: list[dict[str, Any]]) -> Any:
    return module.insert(spend).values(rows).on_conflict_do_nothing()


_add_windows = PreparedRows(_rows_of_windows, [each.name for each in spend.columns])


def _make_rows(transaction: Transaction, periods: Sequence[Period]) -> None:
    transaction.finish(_add_windows.of([spend_row(each, 0, 0) for each in periods]))
