"""A ledger of every kind of call, and what reports must say of it: added up in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from assemblyai_mw.billing.money import format_usd
from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Keys, Ledger, Scope, UsageFilter

DAY = 86_400
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
DAYS = 40
TEAMS = (None, "search", "t%_'\"", "<script>")
USERS = (None, None, "user-7", "é@x.example", "=cmd")
MODELS = ("universal-2", "gpt-5-mini", "claude <b>", "other")
ROUTES = ("/assemblyai", "/eu.assemblyai", "/streaming.assemblyai")
# What looks like the end of one tag and the start of the next, in their JSON.
TAGS: tuple[dict[str, str], ...] = (
    {},
    {"feature": "captions"},
    {"feature": "search", "beta": ""},
    {"a,": ":", ",": "b"},
    {'"x": "': "\\", "été": "100%_"},
    {"a=b": "c", "a": "b=c"},
)
SUMS = ("audio_ms", "input_tokens", "output_tokens", "cached_tokens", "characters", "nano")


@dataclass(frozen=True)
class Made:
    """One call, as it was made."""

    id: int
    at: float
    key: str
    key_id: int
    team: str
    end_user: str
    model: str
    region: str
    tags: tuple[str, ...]
    state: str
    numbers: tuple[int, ...]


def fill(database: Database, count: int = 160) -> list[Made]:
    """Make *count* calls over 40 days, in every state; the same in every run."""
    keys, ledger, dice = Keys(database), Ledger(database), random.Random(7)
    callers: list[Caller | None] = [None, Caller("master"), Caller("alice", team="search")]
    for name, team in (("alice", "search"), ("bob", None), ("carol", TEAMS[2]), ("-x", TEAMS[3])):
        callers.append(Caller(name, keys.create(name, team=team).info.key_id, team))
    # Another key of the name.
    keys.revoke("alice")
    callers.append(Caller("alice", keys.create("alice").info.key_id, None))
    return [_make(ledger, dice, dice.choice(callers), n) for n in range(count)]


def _make(ledger: Ledger, dice: random.Random, caller: Caller | None, number: int) -> Made:
    seconds = dice.choice([dice.random(), dice.randrange(DAYS) / DAYS])
    call = Call(
        id=f"request-{number}",
        # Some are at the same moment, and some at midnight.
        started=NOON - DAY // 2 - DAY * DAYS * seconds,
        route=route_for(dice.choice(ROUTES)),
        method="POST",
        path="/v2/transcript",
        caller=caller and Caller(caller.name, caller.key_id, caller.team),
        tags=dice.choice(TAGS),
    )
    user, model = dice.choice(USERS), dice.choice(MODELS)
    call.caller = caller and Caller(caller.name, caller.key_id, caller.team, end_user=user)
    row = ledger.open(call, kind="transcript", model=model, features={})
    state = dice.choice(["settled", "settled", "failed", "unpriced", "repriced", "pending"])
    usage = Usage(
        "chat",
        model=f"{model} as AssemblyAI has it",
        audio_ms=dice.choice([None, dice.randrange(9**7)]),
        input_tokens=dice.choice([None, dice.randrange(9**5)]),
        output_tokens=dice.randrange(9**4),
        cached_tokens=dice.randrange(99),
        characters=dice.choice([None, 0, dice.randrange(9**4)]),
    )
    nano = dice.choice([0, 1, 10**17 + dice.randrange(10**9), dice.randrange(9**9)])
    price = Price(nano, (Item("universal-2", "60", "second", "0.15/hour", nano),))
    numbers = [usage.audio_ms, usage.input_tokens, usage.output_tokens, usage.cached_tokens]
    numbers += [usage.characters, nano if state in ("settled", "repriced") else 0]
    if state == "failed":
        assert ledger.fail(row, status=500)
    elif state != "pending":
        given = price if state == "settled" else None
        assert ledger.settle(row, usage=usage, price=given, reason="none", metrics_label=model)
    if state == "repriced":
        assert ledger.reprice(row, price)
        state = "settled"
    return Made(
        row,
        call.started,
        call.caller.name if call.caller else "",
        (call.caller.key_id if call.caller else None) or 0,
        (call.caller.team if call.caller else None) or "",
        (user if call.caller else None) or "",
        model,
        call.route.region,
        tuple({f"{name}={value}" if value else name: None for name, value in call.tags.items()}),
        state,
        tuple(n or 0 for n in numbers) if state in ("settled", "unpriced") else (0,) * len(SUMS),
    )


def selected(made: Iterable[Made], which: UsageFilter) -> list[Made]:
    """Return the calls of *which*, oldest first."""

    def is_of(call: Made) -> bool:
        # Moments are kept to the microsecond.
        at = round(call.at * 1_000_000)
        named = ("key", "team", "model", "end_user", "region", "state")
        wanted = [(getattr(which, name), getattr(call, name)) for name in named]
        scope = which.scope
        return (
            (which.start is None or at >= which.start)
            and (which.end is None or at < which.end)
            and all(wish is None or wish == value for wish, value in wanted)
            and (which.tag is None or which.tag in (call.tags or ("",)))
            and (
                scope is None
                or call.team in scope.teams
                or call.key in scope.keys
                or (call.key_id != 0 and call.key_id in scope.keys)
            )
        )

    order = sorted(made, key=lambda call: (round(call.at * 1_000_000), call.id))
    return [call for call in order if is_of(call)]


def _groups(call: Made, by: str) -> Sequence[Any]:
    day = datetime.fromtimestamp(round(call.at * 1_000_000) // 1_000_000, UTC).date().isoformat()
    if by == "tag":
        return call.tags or ("",)
    if by in ("day", "month"):
        return (day if by == "day" else day[:7],)
    return ((call.key, call.key_id) if by == "key" else getattr(call, by),)


def added_up(made: Sequence[Made], *by: str) -> list[dict[str, Any]]:
    """Return the rows that a report by one or two groupings, or none, must have."""
    found: dict[tuple[Any, ...], list[Made]] = defaultdict(list)
    for call in made:
        groups: list[tuple[Any, ...]] = [()]
        for name in by:
            groups = [(*group, each) for group in groups for each in _groups(call, name)]
        for group in groups:
            found[group].append(call)
    return [_row(by, group, some) for group, some in sorted(found.items())]


def _row(by: Sequence[str], group: tuple[Any, ...], some: Sequence[Made]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in zip(by, group, strict=True):
        if name == "key":
            named.update(key=value[0], key_id=value[1] or None)
        else:
            named[name] = value
    states = [call.state for call in some]
    sums = [sum(numbers) for numbers in zip(*(call.numbers for call in some), strict=True)]
    audio_ms, *tokens, nano = sums or [0] * len(SUMS)
    return {
        **named,
        "calls": len(some),
        **{state: states.count(state) for state in ("pending", "failed", "unpriced")},
        "audio_seconds": audio_ms // 1000 if audio_ms % 1000 == 0 else audio_ms / 1000,
        **dict(zip(SUMS[1:-1], tokens, strict=True)),
        "cost_usd": format_usd(nano),
    }


def moments() -> st.SearchStrategy[datetime | None]:
    """Generate starts and ends: midnights, and moments of the day."""
    days = st.integers(-1, DAYS + 1).map(lambda days: -DAY // 2 - days * DAY)
    seconds = st.one_of(days, st.integers(-DAYS * DAY, DAY))
    return st.none() | seconds.map(lambda s: datetime.fromtimestamp(NOON + s, UTC))


def _mostly_none(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.none() | st.sampled_from(values)


def options(made: Sequence[Made]) -> st.SearchStrategy[dict[str, Any]]:
    """Generate what a filter may be made of, but for its scope."""
    tags = sorted({tag for call in made for tag in call.tags})
    return st.fixed_dictionaries(
        {
            "since": moments(),
            "until": moments(),
            "key": _mostly_none("", "alice", "bob", "-x", "nobody"),
            "team": _mostly_none("", *filter(None, TEAMS)),
            "model": _mostly_none(*MODELS, "made up"),
            "tag": _mostly_none("", "feature", "b=c", 'x":"', *tags),
            "end_user": _mostly_none("", *filter(None, USERS)),
            "region": _mostly_none("us", "eu", "global"),
            "state": _mostly_none("pending", "settled", "failed", "unpriced"),
        }
    )


def scopes(made: Sequence[Made]) -> st.SearchStrategy[Scope | None]:
    """Generate what a reader may see."""
    teams = st.lists(st.sampled_from([*filter(None, TEAMS), "none"]), max_size=3).map(tuple)
    ids = sorted({call.key_id for call in made} - {0})
    names = sorted({call.key for call in made} - {""})
    keys = st.lists(st.sampled_from([*ids, *names]), max_size=3).map(tuple)
    return st.none() | st.none() | st.builds(Scope, teams=teams, keys=keys)
