"""The options of keys and teams, each declared once. Pure.

A field of `KeyOptions` is an option, and its name the column of `keys` (and of `teams`, for
a field of `TeamOptions`; and of `budgets`, for one of `BudgetOptions`). From it are made: the
arguments of `Keys.create` and `Keys.set`, the options of `keys create`, `keys set`, `teams set`
and `budgets set`, their checks, `KeyInfo`, what `keys show` prints, the history, the table of
docs/keys.md, and the field of `Caller` that has the same name, where there is one (`team_NAME`
is the team's where the key has none).

To add an option, add a field here and its column in a migration; the stage that obeys it
reads the field that it adds to `Caller`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..billing.features import check_names
from ..billing.spelling import hint
from .columns import MAX_BUDGET_USD, NANO, duration, from_json, nano_usd, optional_moment
from .option_kinds import (
    MAX_INT,
    MOMENT,
    MONEY,
    NAMES,
    PER_MINUTE,
    RATIO,
    SWITCH,
    TAGS,
    TEXT,
    Kind,
    choice,
    count,
    names_json,
)

# The master key's calls carry this name in the ledger.
RESERVED_NAMES = frozenset({"master"})


@dataclass(frozen=True, slots=True)
class Option:
    """One option, as the table below declares it.

    Attributes:
        flag, metavar, help: On the command line; *help* is the line of docs/keys.md too.
        name: In Python and in JSON; that of the column unless it is declared.
        column: In the database, and the field of `KeyInfo`.
        asked_as: Name of the command line's form in Python, if it differs.
        empty: The column's value without the option.
        refused: Status of requests that it refuses.
        private: Not shown to the key's holder.
    """

    flag: str
    kind: Kind
    help: str
    metavar: str | None = None
    name: str = ""
    column: str = ""
    asked_as: str = ""
    empty: Any = None
    refused: int | None = None
    private: bool = False

    def kept(self, value: object) -> Any:
        """Return *value* as the column keeps it; None is `empty`. Raises ValueError."""
        return self.empty if value is None else self.kind.check(self.name, value)

    def shown(self, value: Any) -> Any:
        """Return the value of a KeyInfo, TeamInfo or Caller as JSON has it."""
        return None if value is None else self.kind.show(value)

    def read(self, kept: Any) -> Any:
        """Return the meaning of the column's value."""
        return None if kept is None else self.kind.read(kept)


def _option(flag: str, kind: Kind, help: str, **rest: Any) -> Any:
    return field(metadata={"option": Option(flag, kind, help, **rest)})


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetOptions:
    """The options of every budget: a key's, a team's, a tag's, an end user's."""

    budget_nano: int | None = _option(
        "--budget",
        MONEY,
        "Total budget in dollars.",
        metavar="USD",
        name="budget_usd",
        refused=429,
    )
    budget_daily_nano: int | None = _option(
        "--daily-budget",
        MONEY,
        "Daily budget in dollars, by UTC day.",
        metavar="USD",
        name="budget_daily_usd",
        refused=429,
    )
    budget_monthly_nano: int | None = _option(
        "--monthly-budget",
        MONEY,
        "Monthly budget in dollars, by UTC month.",
        metavar="USD",
        name="budget_monthly_usd",
        refused=429,
    )
    soft_budget_ratio: float | None = _option(
        "--soft-budget",
        RATIO,
        "Share of a budget after which a warning is given, once per window: 0.8.",
        metavar="RATIO",
    )
    extra_budget_nano: int | None = _option(
        "--extra-budget",
        MONEY,
        "Dollars that raise each of the budgets for a time; needs --extra-for.",
        metavar="USD",
        name="extra_budget_usd",
    )
    extra_budget_until: datetime | None = _option(
        "--extra-for",
        MOMENT,
        "How long the extra budget lasts from now: 7d, 12h.",
        metavar="7d",
        asked_as="extra_budget_for",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamOptions(BudgetOptions):
    """The options that keys and teams share."""

    rpm: int | None = _option(
        "--rpm",
        PER_MINUTE,
        "Requests a minute, in a sliding window.",
        metavar="N",
        refused=429,
    )
    tpm: int | None = _option(
        "--tpm",
        PER_MINUTE,
        "Tokens a minute of chats, input and output, in a sliding window.",
        metavar="N",
        refused=429,
    )
    max_parallel: int | None = _option(
        "--max-parallel",
        count(MAX_INT, least=1),
        "Requests under way at once, but reads of one's own work and sessions.",
        metavar="N",
        refused=429,
    )
    max_sessions: int | None = _option(
        "--max-sessions",
        count(MAX_INT),
        "Streaming sessions open at once; 0 allows none.",
        metavar="N",
        refused=429,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOptions(TeamOptions):
    """The options of a key."""

    team_rpm: int | None = _option(
        "--team-rpm",
        PER_MINUTE,
        "Requests a minute of the whole team, for this key; overrides the team's rpm.",
        metavar="N",
        refused=429,
    )
    team: str | None = _option(
        "--team", TEXT, "Team that owns the key's transcripts; all its keys see them."
    )
    expires_at: datetime | None = _option(
        "--expires-in",
        MOMENT,
        "Lifetime of the key from now: 30d, 12h, 15m, 90s.",
        metavar="30d",
        asked_as="expires_in",
        refused=401,
    )
    region: str | None = _option(
        "--region",
        choice("us", "eu"),
        "Only region that the key may use, for routes, models and model_region.",
        refused=403,
    )
    scope: str = _option(
        "--scope",
        choice("own", "all"),
        "Transcripts that the key sees: its own or its team's (own, the default), or all.",
        empty="own",
        refused=404,
    )
    routes: frozenset[str] | None = _option(
        "--allow-route",
        NAMES,
        "Route that the key may use, /v1 for the OpenAI routes; repeatable.",
        metavar="PREFIX",
        refused=403,
    )
    models: frozenset[str] | None = _option(
        "--allow-model",
        NAMES,
        "Model the key may use, 'gpt-5*' for several; requests must then name one; repeatable.",
        metavar="MODEL",
        refused=403,
    )
    features: frozenset[str] | None = _option(
        "--allow-feature",
        NAMES,
        "Transcript feature that the key may use; repeatable.",
        metavar="NAME",
        refused=403,
    )
    denied_features: frozenset[str] = _option(
        "--deny-feature",
        NAMES,
        "Transcript feature that the key may not use; repeatable.",
        metavar="NAME",
        empty="[]",
        refused=403,
    )
    max_upload_bytes: int | None = _option(
        "--max-upload-bytes",
        count(2**62),
        "Largest body, declared or counted.",
        metavar="N",
        refused=413,
    )
    allow_unpriced: bool = _option(
        "--allow-unpriced",
        SWITCH,
        "Allow models without a price, despite a budget.",
        empty=False,
    )
    tags: Mapping[str, str] = _option(
        "--tag",
        TAGS,
        "Tag on each of the key's calls in the ledger; repeatable.",
        metavar="NAME=VALUE",
        empty="{}",
        private=True,
    )


def _declared(cls: type) -> Iterator[Option]:
    for each in dataclasses.fields(cls):
        option: Option = each.metadata["option"]
        named = option.name or each.name
        yield replace(option, name=named, column=each.name, asked_as=option.asked_as or named)


BUDGET_OPTIONS = tuple(_declared(BudgetOptions))
TEAM_OPTIONS = tuple(_declared(TeamOptions))
KEY_OPTIONS = tuple(_declared(KeyOptions))
BUDGETS = frozenset(each.column for each in BUDGET_OPTIONS)
EMPTY: Mapping[str, Any] = {each.column: each.empty for each in KEY_OPTIONS}


def columns(
    options: Iterable[Option],
    given: Mapping[str, Any],
    *,
    now: int,
    allow_unknown: bool = False,
) -> dict[str, Any]:
    """Return the checked columns for the *given* arguments; others are left out.

    *now* is epoch microseconds. With *allow_unknown*, features may have any name.

    Raises:
        TypeError: An argument is no option.
        ValueError: An option is invalid; the message names it and the expectation, never the value.
    """
    by_name = {each.name: each for each in options}
    given = _without_durations(given, by_name.values(), now)
    for argument in given:
        if argument not in by_name:
            raise TypeError(f"{argument}: unexpected argument; {hint(argument, by_name)}")
    if not allow_unknown:
        for argument, deny in (("features", False), ("denied_features", True)):
            if given.get(argument):
                # What is no list of names is refused below.
                names = from_json(names_json(argument, given[argument]))
                check_names(argument, names, deny=deny)
    return {by_name[argument].column: by_name[argument].kept(v) for argument, v in given.items()}


def _without_durations(
    given: Mapping[str, Any], options: Iterable[Option], now: int
) -> dict[str, Any]:
    """Return *given* with each span of time from *now* on as the moment at its end."""
    said = dict(given)
    for each in options:
        if each.asked_as == each.name or each.asked_as not in said:
            continue
        span: timedelta | str | None = said.pop(each.asked_as)
        if span is None:
            said.setdefault(each.name, None)
            continue
        if said.get(each.name) is not None:
            raise ValueError(f"{each.asked_as}, {each.name}: expected one of them")
        length = duration(each.asked_as, span)
        said[each.name] = optional_moment(now + length // timedelta(microseconds=1))
    return said


def with_extra(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns *new*, in which an extra budget and its end go together.

    Clearing one of them clears the other.

    Raises:
        ValueError: One of them would stand alone.
    """
    both = ("extra_budget_nano", "extra_budget_until")
    given = [new[each] for each in both if each in new]
    if given and None in given and all(each is None for each in given):
        return {**new, **dict.fromkeys(both)}
    changed = {**old, **new}
    if (changed[both[0]] is None) != (changed[both[1]] is None):
        raise ValueError("extra_budget_usd, extra_budget_for: expected both or none")
    return dict(new)


def topped_up(budget: int | None, dollars: Any) -> int:
    """Return the total *budget*, nano-dollars, and *dollars* more. Raises ValueError."""
    more = nano_usd("add_budget_usd", dollars)
    if budget is None:
        raise ValueError("add_budget_usd: there is no total budget to add to")
    total = budget + (more or 0)
    if total > MAX_BUDGET_USD * NANO:
        raise ValueError(f"add_budget_usd: expected at most {MAX_BUDGET_USD} dollars in all")
    return total


def stated(options: Iterable[Option], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a new *row* says something of, as JSON shows them."""
    return {
        each.name: each.shown(each.read(row[each.column]))
        for each in options
        if row[each.column] != each.empty
    }


def differences(
    options: Iterable[Option], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return what the columns *new* change of the row *old*, by option, as JSON shows it."""
    return {
        each.name: {
            "old": each.shown(each.read(old[each.column])),
            "new": each.shown(each.read(new[each.column])),
        }
        for each in options
        if each.column in new and new[each.column] != old[each.column]
    }
