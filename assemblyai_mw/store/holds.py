"""Budget reserved for calls in flight, so that no number of workers can overspend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, exists, select

from ..billing.price_book import format_usd
from .admission import Admitted, Hold, Refusal, Wanted, admit, refusal_of
from .columns import micros
from .database import Database
from .limits import (
    Limits,
    Whose,
    all_limits,
    amounts_of,
    limits_of,
    limits_of_all,
)
from .on_database import OnDatabase
from .renewals import renew
from .schema import IS_PENDING, calls, holds
from .statements import Prepared
from .totals import (
    Changes,
    Period,
    Window,
    kept_ids,
    spent_and_held,
    windows,
    windows_of,
    windows_of_owner,
)
from .transactions import Transaction

if TYPE_CHECKING:
    from ..call import Call, Caller

_SWEEP_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Spent and held amounts in one window of a key, team, tag or end user, and its limit.

    Attributes:
        scope: `key`, `team`, `tag` or `end_user`.
        owner: The key's id as text, or the team's name, the end user, or the tag as `NAME=VALUE`.
        spent, held, limit: Nano-dollars; *limit* is None where there is none.
        resets_at: When the window ends; None for `total`.
    """

    scope: Whose
    owner: str
    window: Window
    spent: int
    held: int
    limit: int | None
    resets_at: datetime | None

    @property
    def remaining(self) -> int | None:
        """Nano-dollars left for the next call, not below 0; None without a limit."""
        return None if self.limit is None else max(0, self.limit - self.spent - self.held)

    def as_dict(self) -> dict[str, Any]:
        """Return the status for the holder, in decimal dollars; `resets_at` stays a datetime."""
        return {
            "scope": self.scope,
            "window": self.window,
            "spent_usd": format_usd(self.spent),
            "held_usd": format_usd(self.held),
            "limit_usd": None if self.limit is None else format_usd(self.limit),
            "remaining_usd": None if self.remaining is None else format_usd(self.remaining),
            "resets_at": self.resets_at,
        }


_gone = holds.c.amount_nano, holds.c.at, holds.c.key_id, holds.c.team, holds.c.budgets
_release = Prepared(delete(holds).where(holds.c.id == bindparam("b_id")).returning(*_gone))
# The same moment stands in both, and the index of pending calls begins with it.
_is_awaited = exists().where(
    calls.c.state == IS_PENDING,
    calls.c.at == holds.c.at,
    calls.c.request_id == holds.c.request_id,
)
_is_void = (holds.c.expires_at <= bindparam("b_now")) & ~_is_awaited
_sweep = Prepared(delete(holds).where(holds.c.id == bindparam("b_id"), _is_void).returning(*_gone))
_expired = Prepared(
    select(holds.c.id).where(_is_void).order_by(holds.c.expires_at).limit(_SWEEP_AT_ONCE)
)


class Holds(OnDatabase):
    """Takes and releases holds on budgets.

    Args:
        database: A Database, or its URL.
        soft_ratios: Shares of a budget that trigger a warning, where it has no share of its own.
    """

    def __init__(self, database: Database | str, *, soft_ratios: Sequence[float] = ()) -> None:
        super().__init__(database)
        self._soft_ratios = tuple(soft_ratios)

    def take(self, call: Call, nano: int, *, expires_in_s: float) -> Hold | Refusal:
        """Hold *nano* nano-dollars in all budgets that bind the caller, or return a Refusal.

        In one transaction: spent + held + needed never passes a limit, however many calls take
        holds at the same time (`admission`). At least 1 nano-dollar is needed, so that a budget of
        0 allows nothing. Closing the call's ledger row ends the hold, and so does `release`. After
        *expires_in_s* seconds it expires, unless the row is still open. The next call that needs
        the budget frees expired holds.

        Raises:
            ValueError: *nano* is negative.
        """
        taken = self.admit(call, nano, None, expires_in_s=expires_in_s)
        return taken if isinstance(taken, Refusal) else taken.hold

    def admit(
        self, call: Call, nano: int, row: Mapping[str, Any] | None, *, expires_in_s: float
    ) -> Admitted | Refusal:
        """Take a hold like `take`, and write the call's *row* in the same transaction."""
        if nano < 0:
            raise ValueError("nano: expected 0 or more")
        caller = call.caller
        now = self.database.now
        wanted = Wanted.of(
            {
                "request_id": call.id,
                "key_id": caller.key_id if caller else None,
                "team": caller.team if caller else None,
                "amount_nano": max(1, nano),
                "at": micros(call.started),
                "expires_at": now + round(expires_in_s * 1_000_000),
                "budgets": kept_ids(caller.budgets) if caller else None,
            }
        )
        taken = admit(self.database, wanted, row, self._soft_ratios)
        if isinstance(taken, Refusal) and self.sweep():
            # The blocking holds may be those of a dead process.
            return admit(self.database, wanted, row, self._soft_ratios)
        return taken

    def renew(self, more: Mapping[str, int], *, expires_in_s: float) -> dict[str, Refusal | None]:
        """Let the holds of many calls grow at once, each by all it needs or not at all.

        One transaction for all of them, and no limit is passed, as with `take`: for sessions,
        whose cost grows as long as they last. A limit that was taken away binds no more; a new
        one binds from now on. A call whose caller had no budget when it began has no hold.

        Args:
            more: By `Call.id`, the nano-dollars to add, served in this order.
            expires_in_s: Seconds from now after which the holds that grew expire.

        Returns:
            The calls whose hold did not grow, with the budget that they do not fit in; None where
            nothing is held for a call any more, since it was closed or released.

        Raises:
            ValueError: An amount is negative.
        """
        if any(nano < 0 for nano in more.values()):
            raise ValueError("nano: expected 0 or more")
        refused = self._renew(more, expires_in_s)
        if any(refused.values()) and self.sweep():
            # The blocking holds may be those of a dead process.
            again = {name: nano for name, nano in more.items() if refused.get(name)}
            refused = {name: why for name, why in refused.items() if why is None}
            refused |= self._renew(again, expires_in_s)
        return refused

    def _renew(self, more: Mapping[str, int], expires_in_s: float) -> dict[str, Refusal | None]:
        if not more:
            return {}
        needed = {name: max(1, nano) for name, nano in more.items()}
        expires_at = self.database.now + round(expires_in_s * 1_000_000)
        now = self.database.now
        refused = self.database.transact(
            lambda transaction: renew(transaction, needed, expires_at=expires_at, now=now)
        )
        return {
            name: None if full is None else refusal_of(full, needed[name])
            for name, full in refused.items()
        }

    def bounded(self, callers: Mapping[str, Caller]) -> frozenset[str]:
        """Return the names in *callers* of those that a budget bounds now."""
        with self.database.read() as connection:
            limits = limits_of_all(connection, callers.values(), self.database.now)
        binding = {owner for owner, each in limits.items() if each.any}
        return frozenset(
            name
            for name, caller in callers.items()
            if any(
                place in binding
                for place in (
                    ("key", str(caller.key_id)),
                    ("team", str(caller.team)),
                    *(("budget", str(each)) for each in caller.budgets),
                )
            )
        )

    def release(self, hold: Hold) -> bool:
        """Release a hold; False if it was released already."""
        return hold.id is not None and self._free(_release, {"b_id": hold.id})

    def _free(self, statement: Prepared, parameters: dict[str, int]) -> bool:
        def work(transaction: Transaction) -> bool:
            row = transaction.first(statement.of(parameters))
            if row is None:
                return False
            changes = Changes()
            changes.add(windows_of(row), held=-row.amount_nano)
            transaction.finish(*changes.bound())
            return True

        return self.database.transact(work)

    def sweep(self) -> int:
        """Free up to 100 expired holds; return how many.

        The hold of a call with an open row does not expire: its cost is not known yet.
        """
        now = self.database.now
        with self.database.read() as connection:
            expired = _expired.all(connection, {"b_now": now})
        # Each in its own transaction, so that locks are taken in the one order.
        return sum(self._free(_sweep, {"b_id": hold.id, "b_now": now}) for hold in expired)

    def spent(self, caller: Caller) -> tuple[BudgetStatus, ...]:
        """Return the status of all budgets that bind the caller: three windows of each owner.

        The key comes first, then its team, then its tags and the end user, as far as they have
        budgets.
        """
        now = self.database.now
        with self.database.snapshot() as connection:
            limits = limits_of(connection, caller.key_id, caller.team, caller.budgets, now)
            own = windows(caller.key_id, caller.team, now)
            further = [
                each
                for each in windows(None, None, now, caller.budgets)
                if (each.scope, each.owner) in limits
            ]
            return tuple(
                status_of(connection, each, limits.get((each.scope, each.owner)))
                for each in (*own, *further)
            )


def all_statuses(connection: Connection, now: int) -> list[tuple[Limits, BudgetStatus]]:
    """Return what is spent and held of every budget that is set: its present window alone.

    Budgets of revoked keys are left out. *now* is epoch microseconds.
    """
    limits = all_limits(connection, now)
    found = []
    for (scope, owner), each in limits.items():
        periods = windows_of_owner(scope, owner, now)
        found += [(each, period) for period in periods if each.of(period.window) is not None]
    amounts = amounts_of(connection, [period for _, period in found])
    return [
        (each, budget_status(period, each, amounts.get(period, (0, 0)))) for each, period in found
    ]


def status_of(connection: Connection, period: Period, limits: Limits | None) -> BudgetStatus:
    """Return the status of one window, whose owner has these *limits*; None: none at all."""
    return budget_status(period, limits, spent_and_held(connection, period))


def budget_status(period: Period, limits: Limits | None, amounts: tuple[int, int]) -> BudgetStatus:
    """Return the status of one window by its *amounts*, what is spent and held, nano-dollars."""
    whose: Whose = "team" if period.scope == "team" else "key"
    return BudgetStatus(
        whose if limits is None else limits.whose,
        period.owner if limits is None or limits.whose == "key" else limits.name,
        period.window,
        *amounts,
        None if limits is None else limits.of(period.window),
        period.resets_at,
    )
