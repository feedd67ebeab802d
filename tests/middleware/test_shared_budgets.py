"""Budgets of tags and end users through the whole stack: whom they bind, and what a 429 says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat

from assemblyai_mw import Caller
from assemblyai_mw.billing.money import format_usd
from assemblyai_mw.store import SharedBudgets

LITTLE = "0.000001"


def identify(environ: dict[str, Any]) -> Any:
    user = environ.get("HTTP_X_USER")
    if user is None:
        return None
    if environ.get("HTTP_X_WHOLE"):
        return Caller("portal", end_user=user, team="portal")
    return {"key": "web", "end_user": user, "tags": {"customer": environ.get("HTTP_X_TAG", "")}}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url, options={"identify": identify})
    made.key("web", tags={"app": "web"})
    yield made
    made.close()


@pytest.fixture
def shared(stack: Stack) -> SharedBudgets:
    return SharedBudgets(stack.keys.database)


def status(stack: Stack, key: str | None = None, **headers: str) -> int:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return int(stack.ask("POST", CHAT, key, json=chat(), headers=headers).status_int)


def test_a_tag_of_the_key_binds_and_the_429_names_nobody(
    stack: Stack, shared: SharedBudgets
) -> None:
    shared.set(tag="customer=acme-secret", budget_monthly_usd=LITTLE)
    key = stack.key("a", tags={"customer": "acme-secret"})
    stack.us.requests.clear()
    refused = stack.ask("POST", CHAT, key, json=chat())
    assert refused.status_int == 429
    assert refused.json["error"]["code"] == "insufficient_quota"
    assert "the monthly budget of a tag of this key" in refused.json["error"]["message"]
    assert "acme" not in refused.text
    assert stack.us.requests == []
    shown = stack.ask("GET", "/assemblyai-mw/key/me", key)
    assert [each for each in shown.json["budgets"] if each["scope"] == "tag"] == [
        {
            "scope": "tag",
            "window": "monthly",
            "spent_usd": "0",
            "held_usd": "0",
            "limit_usd": LITTLE,
            "remaining_usd": LITTLE,
            "resets_at": shown.json["budgets"][1]["resets_at"],
        }
    ]
    assert "acme" not in shown.text


def test_what_a_request_says_of_itself_binds_nothing(stack: Stack, shared: SharedBudgets) -> None:
    shared.set(tag="customer=acme", budget_usd=LITTLE)
    shared.set(end_user="maria", budget_usd=LITTLE)
    key = stack.key("a", tags={"customer": "other"})
    body = chat(user="maria", safety_identifier="maria", metadata={"user_id": "maria"})
    for headers in ({"x-assemblyai-mw-tags": "customer=acme"}, {"X-User": "maria"}):
        assert stack.ask("POST", CHAT, key, json=body, headers=headers).status_int == 200
    # A tag that the host adds to its user is not one of the key either.
    assert status(stack, X_User="paul", X_Tag="acme") == 200


def test_an_end_user_of_the_host_is_bound_and_others_are_not(
    stack: Stack, shared: SharedBudgets
) -> None:
    shared.set(end_user="maria", budget_daily_usd=LITTLE)
    for whole in ({}, {"X-Whole": "1"}):
        headers = {"X-User": "maria", **whole}
        refused = stack.ask("POST", CHAT, None, json=chat(), headers=headers)
        assert refused.status_int == 429
        assert "the daily budget of this user" in refused.json["error"]["message"]
        assert "maria" not in refused.text
        others = {"X-User": "paul", **whole}
        assert stack.ask("POST", CHAT, None, json=chat(), headers=others).status_int == 200


def test_spend_of_an_end_user_is_what_the_ledger_says(stack: Stack, shared: SharedBudgets) -> None:
    user = shared.set(end_user="maria", budget_daily_usd=5)
    tag = shared.set(tag="app=web", budget_monthly_usd=5)
    for name in ("maria", "maria", "paul"):
        assert status(stack, X_User=name) == 200
    rows = list(stack.ledger.calls())
    spent = shared.spent([user, tag])
    maria = [row["cost_usd"] for row in rows if row["end_user"] == "maria"]
    assert len(maria) == 2
    usd = [each.as_dict() for each in spent[user.budget_id]]
    assert {each["spent_usd"] for each in usd} == {_sum(maria)}
    assert {each.as_dict()["spent_usd"] for each in spent[tag.budget_id]} == {
        _sum([row["cost_usd"] for row in rows])
    }
    assert {each.held for of in spent.values() for each in of} == {0}


def _sum(amounts: list[str]) -> str:
    return format_usd(sum(int(Decimal(each) * 10**9) for each in amounts))


def test_a_transcript_is_held_and_settled_in_the_budget_of_its_tag(
    stack: Stack, shared: SharedBudgets
) -> None:
    info = shared.set(tag="customer=acme", budget_usd=5)
    key = stack.key("a", tags={"customer": "acme"})
    id = stack.submit(key)
    (total, *_) = shared.spent([info])[info.budget_id]
    assert total.held > 0
    stack.finish()
    assert stack.ask("GET", f"{API}/v2/transcript/{id}", key).json["status"] == "completed"
    (total, *_) = shared.spent([info])[info.budget_id]
    assert (total.held, total.as_dict()["spent_usd"]) == (
        0,
        next(iter(stack.ledger.calls()))["cost_usd"],
    )


def test_the_master_key_is_bound_by_nothing(stack: Stack, shared: SharedBudgets) -> None:
    shared.set(end_user="maria", budget_usd=0)
    assert status(stack, MASTER_KEY, X_User="maria") == 200


def test_alerts_have_names(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Any] = []
    stack = Stack(sqlite_url, options={"on_soft_budget": told.append})
    SharedBudgets(stack.keys.database).set(
        tag="customer=acme", budget_usd=1, soft_budget_ratio=1e-6
    )
    stack.keys.set_team("blue", budget_usd=1, soft_budget_ratio=1e-6)
    key = stack.key(
        "alice", team="blue", tags={"customer": "acme"}, budget_usd=1, soft_budget_ratio=1e-6
    )
    with caplog.at_level(logging.WARNING, "assemblyai_mw.budget"):
        for _ in range(2):
            assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert sorted((each.scope, each.name, each.team) for each in told) == [
        ("key", "alice", "blue"),
        ("tag", "customer=acme", None),
        ("team", "blue", "blue"),
    ]
    lines = [record.getMessage() for record in caplog.records if "alert" in record.getMessage()]
    assert any("key 'alice' of team 'blue' has spent 0.0001 % of its total" in x for x in lines)
    assert any("tag 'customer=acme' has spent" in line for line in lines)
    assert any("team 'blue' has spent" in line for line in lines)
    assert len(lines) == 3
    stack.close()
