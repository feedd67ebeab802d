"""A running stack obeys a changed key within a second, and meanwhile the key as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stack_kit import API, CHAT, Stack, chat

from assemblyai_mw.middleware.auth.stage import CACHE_SECONDS

LIST = f"{API}/v2/transcript"


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    stack = Stack(database_url)
    yield stack
    stack.close()


@pytest.fixture
def a_second_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what moves the clock of the key cache to where it asks the store again."""
    real, gone = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + gone[0])

    def move() -> None:
        gone[0] += CACHE_SECONDS

    return move


def asks_list(stack: Stack, key: str) -> int:
    return int(stack.ask("GET", LIST, key).status_int)


def asks_mini(stack: Stack, key: str) -> int:
    return int(stack.ask("POST", CHAT, key, json=chat(model="assemblyai/gpt-5-mini")).status_int)


@pytest.mark.parametrize(
    "made, ask, changes, status",
    [
        # The request from before is in the window of both rates.
        pytest.param({"rpm": 2}, asks_mini, {"rpm": 1}, 429, id="rpm"),
        pytest.param({}, asks_mini, {"models": ["gpt-5.2"]}, 403, id="models"),
        pytest.param({}, asks_mini, {"budget_usd": "0"}, 429, id="budget"),
        pytest.param({}, asks_list, {"region": "eu"}, 403, id="region"),
        pytest.param({}, asks_list, {"routes": ["/v1"]}, 403, id="routes"),
        pytest.param(
            {}, asks_list, {"expires_at": datetime.now(UTC) - timedelta(1)}, 401, id="expiry"
        ),
    ],
)
def test_a_change_and_its_end_are_obeyed_within_a_second(
    stack: Stack,
    a_second_later: Callable[[], None],
    made: dict[str, Any],
    ask: Callable[[Stack, str], int],
    changes: dict[str, Any],
    status: int,
) -> None:
    key = stack.key("alice", **made)
    assert ask(stack, key) == 200
    stack.keys.set("alice", **changes)
    a_second_later()
    stack.us.requests.clear()
    assert ask(stack, key) == status
    assert stack.us.requests == []
    stack.keys.set("alice", **dict.fromkeys(changes))
    a_second_later()
    assert ask(stack, key) == 200


def test_new_work_is_the_new_teams_and_old_transcripts_stay(
    stack: Stack, a_second_later: Callable[[], None]
) -> None:
    stack.keys.set_team("sales", budget_usd="100")
    key, mate = stack.key("alice", team="search"), stack.key("bob", team="search")
    old = stack.submit(key)
    stack.keys.set("alice", team="sales")
    a_second_later()
    new = stack.submit(key)
    seen = [
        stack.ask("GET", f"{LIST}/{id}", who).status_int for who in (key, mate) for id in (old, new)
    ]
    assert seen == [404, 200, 200, 404]
    me = stack.ask("GET", "/assemblyai-mw/key/me", key).json
    assert me["team"] == "sales"
    held = {(each["scope"], each["window"]): each["held_usd"] for each in me["budgets"]}
    assert held["team", "total"] != "0"
    stack.finish()
    assert stack.ask("GET", f"{LIST}/{new}", key).json["status"] == "completed"
    assert stack.ask("GET", f"{LIST}/{old}", mate).json["status"] == "completed"
    budgets = stack.ask("GET", "/assemblyai-mw/key/me", key).json["budgets"]
    (total,) = [each for each in budgets if (each["scope"], each["window"]) == ("team", "total")]
    cost = {row["team"]: row["cost_usd"] for row in stack.ledger.usage("team")}
    assert (total["held_usd"], total["spent_usd"]) == ("0", cost["sales"])
    assert cost.keys() == {"search", "sales"}


def test_a_call_in_flight_frees_the_team_that_it_was_held_for(
    stack: Stack, a_second_later: Callable[[], None]
) -> None:
    stack.keys.set_team("search", budget_usd="100")
    stack.keys.set_team("sales", budget_usd="100")
    key, mate = stack.key("alice", team="search"), stack.key("bob", team="search")
    old = stack.submit(key)
    stack.keys.set("alice", team="sales")
    a_second_later()
    stack.finish()
    assert stack.ask("GET", f"{LIST}/{old}", mate).json["status"] == "completed"

    def team(who: str) -> tuple[str, bool]:
        budgets = stack.ask("GET", "/assemblyai-mw/key/me", who).json["budgets"]
        (one,) = [each for each in budgets if (each["scope"], each["window"]) == ("team", "total")]
        return one["held_usd"], one["spent_usd"] == "0"

    assert team(mate) == ("0", False)
    assert team(key) == ("0", True)
