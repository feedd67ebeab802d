"""The ledger's present sums, for a monitor that reads them every few seconds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from .database import Database
from .holds import BudgetStatus, all_statuses
from .limits import Limits
from .schema import IS_PENDING, SUMS, calls, holds, totals
from .sessions import LOST_S, fresh_sessions


@dataclass(frozen=True, slots=True)
class Sums:
    """Closed calls of one key, team and model, since the ledger began.

    Attributes:
        key, team, model: Empty for none.
        calls: All that are closed; *failed* and *unpriced* of them.
        audio_ms: Milliseconds of audio.
        input_tokens, output_tokens, cached_tokens: The last is a part of the first.
        cost_nano: Nano-dollars.
    """

    key: str
    team: str
    model: str
    calls: int
    failed: int
    unpriced: int
    audio_ms: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_nano: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """The ledger at one moment.

    Attributes:
        sums: By key, team and model.
        pending: Calls that are not closed yet, by their kind.
        held_nano: Nano-dollars held for calls under way.
        sessions: Streaming sessions under way.
        budgets: Every budget that is set, in its present window, with the owner's limits.
    """

    sums: tuple[Sums, ...]
    pending: dict[str, int]
    held_nano: int
    sessions: int
    budgets: tuple[tuple[Limits, BudgetStatus], ...]


def gauges(database: Database, *, lost_after_s: float = LOST_S) -> Gauges:
    """Return the ledger's sums, all as of one moment.

    Reads running totals (a row a day, key, team and model), open rows, holds and budgets. A session
    whose last checkpoint is older than *lost_after_s* seconds is not under way.

    Raises:
        StoreError: The database cannot be read.
    """
    group = (totals.c.key_name, totals.c.team, totals.c.model)
    by_group = select(*group, *(func.sum(totals.c[name]) for name in SUMS)).group_by(*group)
    pending = (
        select(calls.c.kind, func.count()).where(calls.c.state == IS_PENDING).group_by(calls.c.kind)
    )
    held = select(func.coalesce(func.sum(holds.c.amount_nano), 0)).where(
        holds.c.expires_at > database.now
    )
    since = database.now - round(lost_after_s * 1_000_000)
    with database.snapshot() as connection:
        # PostgreSQL sums whole numbers into a Decimal.
        sums = tuple(Sums(*row[:3], *map(int, row[3:])) for row in connection.execute(by_group))
        open_calls = {row[0]: int(row[1]) for row in connection.execute(pending)}
        held_nano = int(connection.execute(held).scalar_one())
        budgets = tuple(all_statuses(connection, database.now))
        return Gauges(sums, open_calls, held_nano, fresh_sessions(connection, since), budgets)
