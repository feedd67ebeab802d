"""The ledger's present sums, for a monitor that reads them every few seconds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from .database import Database
from .holds import BudgetStatus, all_statuses
from .limits import Limits
from .schema import IS_PENDING, SUMS, calls, holds
from .sessions import LOST_S, fresh_sessions
from .usage_query import Sums as GroupSums
from .usage_query import closed_sums


@dataclass(frozen=True, slots=True)
class Sums:
    """Closed calls of one key, team and model, since the ledger began.

    Attributes:
        key, team, model: Empty for none.
        calls: All that are closed; *failed* and *unpriced* of them.
        audio_ms: Milliseconds of audio.
        input_tokens, output_tokens, cached_tokens: The last is a part of the first.
        cost_nano: Nano-dollars.
        characters: Spoken ones.
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
    characters: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """The ledger at one moment.

    Attributes:
        sums: By key, team and model.
        pending: Calls that are not closed yet, by their kind.
        oldest_s: Age in seconds of the oldest of them, by their kind.
        held_nano: Nano-dollars held for calls under way.
        sessions: Streaming sessions under way.
        budgets: Every budget that is set, in its present window, with the owner's limits.
    """

    sums: tuple[Sums, ...]
    pending: dict[str, int]
    oldest_s: dict[str, float]
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
    pending = (
        select(calls.c.kind, func.count(), func.min(calls.c.at))
        .where(calls.c.state == IS_PENDING)
        .group_by(calls.c.kind)
    )
    held = select(func.coalesce(func.sum(holds.c.amount_nano), 0)).where(
        holds.c.expires_at > database.now
    )
    since = database.now - round(lost_after_s * 1_000_000)
    with database.snapshot() as connection:
        sums = _sums(closed_sums(connection, ("key", "team", "model")))
        opened = connection.execute(pending).all()
        held_nano = int(connection.execute(held).scalar_one())
        sessions = fresh_sessions(connection, since)
        budgets = tuple(all_statuses(connection, database.now))
    counts = {kind: int(count) for kind, count, _ in opened}
    ages = {kind: max(0.0, (database.now - at) / 1_000_000) for kind, _, at in opened}
    return Gauges(sums, counts, ages, held_nano, sessions, budgets)


def _sums(found: GroupSums) -> tuple[Sums, ...]:
    # A key that was revoked, and another one of its name, are one series.
    named: dict[tuple[str, str, str], list[int]] = {}
    for ((key, _), team, model), sums in found.items():
        into = named.setdefault((key, team, model), [0] * len(SUMS))
        for index in range(len(SUMS)):
            into[index] += sums[index]
    return tuple(Sums(*group, *sums) for group, sums in sorted(named.items()))
