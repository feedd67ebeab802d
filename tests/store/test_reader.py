"""What one reader may see, and how the ledger does: `Reader`, `overview`, `health`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from usage_kit import MODELS, Made, fill, selected

from assemblyai_mw.billing.price_book import format_usd
from assemblyai_mw.store import Database, Keys, Ledger, Scope, UsageFilter
from assemblyai_mw.store.health import health
from assemblyai_mw.store.overview import overview
from assemblyai_mw.store.reader import Reader
from assemblyai_mw.store.usage_names import GROUPINGS

SCOPES = (
    None,
    Scope(),
    Scope(teams=("search",)),
    Scope(teams=("t%_'\"", "nobody")),
    Scope(keys=("alice",)),
    Scope(keys=(1,)),
    Scope(teams=("<script>",), keys=("bob", 5)),
)


class Filled(NamedTuple):
    database: Database
    made: list[Made]


@pytest.fixture(scope="module")
def filled(module_database_url: str) -> Iterator[Filled]:
    with Database(module_database_url) as database:
        yield Filled(database, fill(database, 120))


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_call_is_seen_or_is_not_there(filled: Filled, scope: Scope | None) -> None:
    seen = {call.id for call in selected(filled.made, UsageFilter(scope=scope))}
    reader = Reader(filled.database, scope)
    for call in filled.made:
        assert (reader.call(call.id) is not None) == (call.id in seen)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize("by", GROUPINGS)
def test_an_overview_is_the_reports_of_one_moment(
    filled: Filled, scope: Scope | None, by: str
) -> None:
    ledger = Ledger(filled.database)
    for which in (UsageFilter(scope=scope), UsageFilter(scope=scope, model=MODELS[0])):
        total = ledger.usage_total(which)
        for step in ("day", "month"):
            found = overview(filled.database, which, by, step)  # type: ignore[arg-type]
            assert format_usd(found.total["cost_nano"]) == total["cost_usd"]
            assert found.total["calls"] == total["calls"]
            shown = sorted(format_usd(each["cost_nano"]) for each in found.groups.values())
            assert shown == sorted(row["cost_usd"] for row in ledger.usage(by, which))
            in_groups = sum(each["cost_nano"] for each in found.groups.values())
            assert sum(found.bars.values()) == in_groups
            assert found.before is None
            oldest = [c.at for c in selected(filled.made, which) if c.state == "pending"][:1]
            assert [found.oldest_open] == [round(at * 1_000_000) for at in oldest] or not oldest


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_health_counts_open_and_unpriced_calls(filled: Filled, scope: Scope | None) -> None:
    seen = selected(filled.made, UsageFilter(scope=scope))
    found = health(filled.database, scope)
    waiting = [call for call in seen if call.state == "pending"]
    assert sum(each.calls for each in found.open) == len(waiting)
    if waiting:
        (only,) = found.open
        assert only.oldest is not None
        assert only.oldest.timestamp() == pytest.approx(waiting[0].at, abs=1e-5)
    unpriced = [call for call in seen if call.state == "unpriced"]
    assert sum(count for _, count in found.unpriced) == len(unpriced)
    whole = (found.schema_version, found.where, found.size_bytes, found.sessions)
    assert all(fact is None for fact in whole) == (scope is not None)
    assert (found.last_closed is None) == (not [c for c in seen if c.state != "pending"])


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_keys_teams_and_history_are_those_of_the_scope(filled: Filled, scope: Scope | None) -> None:
    reader, every = Reader(filled.database, scope), Keys(filled.database).list()
    own = [
        key.key_id
        for key in every
        if scope is None
        or key.team in scope.teams
        or key.name in scope.keys
        or key.key_id in scope.keys
    ]
    found = reader.keys()
    assert [key.key_id for key in found] == own
    assert [key.key_id for key in reader.keys(after=1, limit=2)] == [k for k in own if k > 1][:2]
    changes = reader.history(key_ids=[key.key_id for key in every])
    assert {change.key_id for change in changes} == set(own)
    if scope is not None:
        assert reader.team_names() == sorted(scope.teams)
        assert all("team" not in change.detail for change in changes)
    for team in ("search", "t%_'\"", "<script>", "never"):
        seen = team in scope.teams if scope is not None else team != "never"
        assert (reader.team(team) is not None) == seen
