"""Budgets of live keys and of teams that have reached their soft mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .database import Database
from .key_info import KeyInfo, TeamInfo
from .keys import Keys
from .totals import Limits, Scope, Window, spent_and_held, windows


class Mark(NamedTuple):
    """A budget over its mark, in nano-dollars."""

    scope: Scope
    name: str
    window: Window
    spent: int
    held: int
    limit: int


def over_mark(database: Database, soft_ratio: float) -> Iterator[Mark]:
    """Yield the budgets whose spending has reached their share, the keys' first.

    Args:
        soft_ratio: The share for keys and teams without one of their own.

    Raises:
        StoreError: The ledger cannot be read.
    """
    keys = Keys(database)
    owners: list[tuple[Scope, KeyInfo | TeamInfo]] = [
        ("key", info)
        for info in keys.list(revoked=False)
        if info.expires_at is None or info.expires_at.timestamp() > database.now / 1_000_000
    ]
    owners += [("team", info) for info in keys.teams()]
    with database.snapshot() as connection:
        for scope, info in owners:
            limits = Limits(
                info.budget_nano,
                info.budget_daily_nano,
                info.budget_monthly_nano,
                info.soft_budget_ratio,
            )
            if not limits.any:
                continue
            ratio = soft_ratio if limits.soft_ratio is None else limits.soft_ratio
            key_id, team = (info.key_id, None) if isinstance(info, KeyInfo) else (None, info.name)
            for period in windows(key_id, team, database.now):
                limit = limits.of(period.window)
                # A limit of 0 is a key switched off, and no budget to watch.
                if not limit:
                    continue
                spent, held = spent_and_held(connection, period)
                if spent >= int(limit * ratio):
                    yield Mark(scope, info.name, period.window, spent, held, limit)
