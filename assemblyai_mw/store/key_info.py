"""What is known of keys and teams, as values; and how a row becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from ..billing.price_book import format_usd
from ..call import Caller
from .columns import from_json, iso, micros, moment, optional_moment, to_json


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A virtual key as it is on record; its secret is not.

    Attributes:
        prefix: The secret's first characters, to tell keys apart: `sk-AbCd...`.
        budget_nano, budget_daily_nano, budget_monthly_nano: Nano-dollars; None is no limit.
        soft_budget_ratio: The share of a budget from which to warn.
        rpm, team_rpm: Requests a minute.
        routes, models, features: What it may use; None is everything.

    The other fields are those of `Caller`, and moments.
    """

    name: str
    key_id: int
    team: str | None
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    region: str | None
    scope: str
    budget_nano: int | None
    budget_daily_nano: int | None
    budget_monthly_nano: int | None
    soft_budget_ratio: float | None
    rpm: int | None
    team_rpm: int | None
    routes: frozenset[str] | None
    models: frozenset[str] | None
    features: frozenset[str] | None
    denied_features: frozenset[str]
    max_upload_bytes: int | None
    allow_unpriced: bool
    tags: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the key for JSON: dollars as decimal strings, moments as ISO 8601."""
        return {
            "name": self.name,
            "key_id": self.key_id,
            "team": self.team,
            "prefix": self.prefix,
            "created_at": _text(self.created_at),
            "expires_at": _text(self.expires_at),
            "revoked_at": _text(self.revoked_at),
            "region": self.region,
            "scope": self.scope,
            **_budgets(self),
            "rpm": self.rpm,
            "team_rpm": self.team_rpm,
            "routes": _sorted(self.routes),
            "models": _sorted(self.models),
            "features": _sorted(self.features),
            "denied_features": sorted(self.denied_features),
            "max_upload_bytes": self.max_upload_bytes,
            "allow_unpriced": self.allow_unpriced,
            "tags": dict(self.tags),
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


@dataclass(frozen=True, slots=True)
class TeamInfo:
    """What all keys of a team may do together; nano-dollars and requests a minute."""

    name: str
    budget_nano: int | None
    budget_daily_nano: int | None
    budget_monthly_nano: int | None
    soft_budget_ratio: float | None
    rpm: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return the team for JSON."""
        return {"name": self.name, **_budgets(self), "rpm": self.rpm}


@dataclass(frozen=True, slots=True)
class Change:
    """One audit row: who changed what of which key or team, and when.

    Attributes:
        actor: As given to `Keys`; None if nothing was.
        action: `create`, `rotate`, `revoke`, `expire`, `set_budget` or `set_team`.
        detail: The columns set, without secrets.
    """

    at: datetime
    actor: str | None
    action: str
    key_name: str | None
    key_id: int | None
    team: str | None
    detail: Mapping[str, Any]


def info_of(row: Mapping[str, Any] | RowMapping) -> KeyInfo:
    """Return a row of `keys` as a KeyInfo."""
    return KeyInfo(
        name=row["name"],
        key_id=row["id"],
        team=row["team"],
        prefix=row["prefix"],
        created_at=moment(row["created_at"]),
        expires_at=optional_moment(row["expires_at"]),
        revoked_at=optional_moment(row["revoked_at"]),
        region=row["region"],
        scope=row["scope"],
        budget_nano=row["budget_nano"],
        budget_daily_nano=row["budget_daily_nano"],
        budget_monthly_nano=row["budget_monthly_nano"],
        soft_budget_ratio=row["soft_budget_ratio"],
        rpm=row["rpm"],
        team_rpm=row["team_rpm"],
        routes=_set(row["routes"]),
        models=_set(row["models"]),
        features=_set(row["features"]),
        denied_features=_set(row["denied_features"]) or frozenset(),
        max_upload_bytes=row["max_upload_bytes"],
        allow_unpriced=row["allow_unpriced"],
        tags=from_json(row["tags"]),
    )


def caller_of(row: Any) -> Caller:
    """Return a row of `keys`, joined with its team's limits, as the Caller it speaks for."""
    budgets = (
        row.budget_nano,
        row.budget_daily_nano,
        row.budget_monthly_nano,
        row.teams_budget,
        row.teams_daily,
        row.teams_monthly,
    )
    return Caller(
        name=row.name,
        key_id=row.id,
        team=row.team,
        region=row.region,
        scope=row.scope,
        rpm=row.rpm,
        team_rpm=row.teams_rpm if row.team_rpm is None else row.team_rpm,
        routes=_set(row.routes),
        models=_set(row.models),
        features=_set(row.features),
        denied_features=_set(row.denied_features) or frozenset(),
        max_upload_bytes=row.max_upload_bytes,
        allow_unpriced=bool(row.allow_unpriced),
        budgeted=any(budget is not None for budget in budgets),
        tags=from_json(row.tags),
    )


def json_list(option: str, values: Iterable[Any] | None) -> str | None:
    """Return names as sorted JSON text; None stays None.

    Raises:
        ValueError: A lone string, which would count as its letters, or other things.
    """
    if values is None:
        return None
    names = [values] if isinstance(values, str) else list(values)
    if isinstance(values, str) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{option}: expected a list of names")
    return to_json(sorted(set(names)))


def _set(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(from_json(text))


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _text(value: datetime | None) -> str | None:
    return None if value is None else iso(micros(value))


def _budgets(info: KeyInfo | TeamInfo) -> dict[str, Any]:
    def dollars(nano: int | None) -> str | None:
        return None if nano is None else format_usd(nano)

    return {
        "budget_usd": dollars(info.budget_nano),
        "budget_daily_usd": dollars(info.budget_daily_nano),
        "budget_monthly_usd": dollars(info.budget_monthly_nano),
        "soft_budget_ratio": info.soft_budget_ratio,
    }
