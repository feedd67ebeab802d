"""Keys and teams as values, made from their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from ..call import Caller
from .columns import iso, micros, moment, optional_moment
from .key_options import (
    BUDGET_OPTIONS,
    KEY_OPTIONS,
    TEAM_OPTIONS,
    BudgetOptions,
    KeyOptions,
    Option,
    TeamOptions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo(KeyOptions):
    """A virtual key's record, without its secret.

    Besides these fields it has one for each option that `key_options.KeyOptions` declares: amounts
    in nano-dollars (`budget_nano`), moments as datetimes (`expires_at`), names as frozensets, where
    None is no limit.

    Attributes:
        prefix: The secret's first characters, to tell keys apart: `sk-AbCd...`.
    """

    name: str
    key_id: int
    prefix: str
    created_at: datetime
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return `live`, `expired` or `revoked`, as it is at *now*."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "live"

    def as_dict(self) -> dict[str, Any]:
        """Return the key for JSON: dollars as decimal strings, moments as ISO 8601."""
        return {
            "name": self.name,
            "key_id": self.key_id,
            "prefix": self.prefix,
            "created_at": _text(self.created_at),
            "revoked_at": _text(self.revoked_at),
            **_shown(KEY_OPTIONS, self),
        }


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made or rotated, with its secret: shown this once.

    Attributes:
        info: The key.
        key: The secret, `sk-...`; not in the repr.
    """

    info: KeyInfo
    key: str = field(repr=False)

    @property
    def name(self) -> str:
        """The key's name."""
        return self.info.name

    @property
    def prefix(self) -> str:
        """The secret's first characters."""
        return self.info.prefix

    def as_dict(self) -> dict[str, Any]:
        """Return name and secret, and then the rest, for JSON."""
        return {"name": self.info.name, "key": self.key, **self.info.as_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamInfo(TeamOptions):
    """Limits that all keys of a team share, as declared in `key_options`."""

    name: str

    def as_dict(self) -> dict[str, Any]:
        """Return the team for JSON."""
        return {"name": self.name, **_shown(TEAM_OPTIONS, self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetInfo(BudgetOptions):
    """The budget of a tag or an end user, as declared in `key_options`.

    Attributes:
        scope: `tag` or `end_user`.
        owner: The tag as `NAME=VALUE`, or the end user as the host names it.
    """

    budget_id: int
    scope: str
    owner: str

    def as_dict(self) -> dict[str, Any]:
        """Return the budget for JSON."""
        return {"scope": self.scope, "owner": self.owner, **_shown(BUDGET_OPTIONS, self)}


def budget_of(row: Mapping[str, Any] | RowMapping) -> BudgetInfo:
    """Return a row of `budgets` as a BudgetInfo."""
    options = {each.column: each.read(row[each.column]) for each in BUDGET_OPTIONS}
    return BudgetInfo(budget_id=row["id"], scope=row["scope"], owner=row["owner"], **options)


def info_of(row: Mapping[str, Any] | RowMapping) -> KeyInfo:
    """Return a row of `keys` as a KeyInfo."""
    return KeyInfo(
        name=row["name"],
        key_id=row["id"],
        prefix=row["prefix"],
        created_at=moment(row["created_at"]),
        revoked_at=optional_moment(row["revoked_at"]),
        **{each.column: each.read(row[each.column]) for each in KEY_OPTIONS},
    )


def team_of(row: Mapping[str, Any] | RowMapping) -> TeamInfo:
    """Return a row of `teams` as a TeamInfo."""
    options = {each.column: each.read(row[each.column]) for each in TEAM_OPTIONS}
    return TeamInfo(name=row["name"], **options)


_CALLERS = frozenset(each.name for each in fields(Caller))
_RIGHTS = tuple(each for each in KEY_OPTIONS if each.column in _CALLERS)
_OF_TEAM = tuple(each.column for each in TEAM_OPTIONS if f"team_{each.column}" in _CALLERS)
_BUDGETS = ("budget_nano", "budget_daily_nano", "budget_monthly_nano")


def caller_of(row: Any) -> Caller:
    """Return a row of `keys`, joined with its team's as `teams_...`, as the Caller it means."""
    rights = {each.column: each.read(getattr(row, each.column)) for each in _RIGHTS}
    for column in _OF_TEAM:
        if rights.get(f"team_{column}") is None:
            rights[f"team_{column}"] = getattr(row, f"teams_{column}")
    budgets = (getattr(row, prefix + column) for prefix in ("", "teams_") for column in _BUDGETS)
    budgeted = any(budget is not None for budget in budgets)
    return Caller(name=row.name, key_id=row.id, budgeted=budgeted, **rights)


def _shown(options: Iterable[Option], info: BudgetOptions) -> dict[str, Any]:
    return {each.name: each.shown(getattr(info, each.column)) for each in options}


def _text(value: datetime | None) -> str | None:
    return None if value is None else iso(micros(value))
