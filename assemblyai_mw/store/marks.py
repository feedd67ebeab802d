"""Budgets that have reached their soft mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .database import Database
from .holds import all_statuses
from .limits import Whose
from .totals import Window


class Mark(NamedTuple):
    """A budget over its mark, in nano-dollars."""

    scope: Whose
    name: str
    window: Window
    spent: int
    held: int
    limit: int


def over_mark(database: Database, soft_ratio: float | None) -> Iterator[Mark]:
    """Yield the budgets whose spending has reached their share.

    Args:
        soft_ratio: The share for owners without one of their own; None for all of the budget.

    Raises:
        StoreError: The ledger cannot be read.
    """
    with database.snapshot() as connection:
        statuses = all_statuses(connection, database.now)
    for limits, status in statuses:
        ratio = next((each for each in (limits.soft_ratio, soft_ratio) if each is not None), 1.0)
        # A limit of 0 is an owner switched off, and no budget to watch.
        if status.limit and status.spent >= int(status.limit * ratio):
            yield Mark(
                limits.whose, limits.name, status.window, status.spent, status.held, status.limit
            )
