"""Nothing that costs is free: what was lost, unpriced or of unknown length counts in budgets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from stack_kit import API, Stack, chat

from assemblyai_mw import Holds, Keys
from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import billing_facts
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.settlement.reprice import reprice
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.settlement.summary import Summary
from assemblyai_mw.store import Database, Ledger

LLM = "/llm-gateway.assemblyai/v1/chat/completions"
UNDERSTANDING = "/llm-gateway.assemblyai/v1/understanding"
TOKENS = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    stack = Stack(database_url)
    yield stack
    stack.close()


def row(stack: Stack, number: int = -1) -> dict[str, Any]:
    return list(stack.ledger.calls())[number]


def standing(stack: Stack, key: str) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    budgets = stack.ask("GET", "/assemblyai-mw/key/me", key).json["budgets"]
    return {
        (b["scope"], b["window"]): (Decimal(b["spent_usd"]), Decimal(b["held_usd"]))
        for b in budgets
    }


def everywhere(stack: Stack, key: str) -> tuple[Decimal, Decimal]:
    """Return what is spent and held, which all windows of key and team agree about."""
    (found,) = set(standing(stack, key).values())
    return found


def settle(stack: Stack, *, after_s: float = 0.0, **options: Any) -> Summary:
    ahead = time.time() + after_s
    return Settler(
        stack.middleware.config,
        ledger=Ledger(stack.keys.database),
        transport=stack.transport,
        prices=PriceBook.load(),
        clock=lambda: ahead,
        **options,
    ).run(limit=100)


def answers(stack: Stack, model: str | None) -> None:
    reply = {"choices": [{"message": {"role": "assistant", "content": "x"}}], "usage": TOKENS}
    body = json.dumps({**reply, **({"model": model} if model else {})}).encode()
    headers = [("Content-Type", "application/json")]
    stack.us.fail_next(200, body=body, path="/v1/chat", headers=headers, times=100)


# A reply's model that no price knows


def with_fallbacks(*models: str) -> Any:
    fallbacks = [{"model": model} for model in models[1:]]
    return chat("hi", models[0], fallbacks=fallbacks, max_tokens=1000)


def test_a_reply_of_a_model_unknown_is_charged_at_the_dearest_fallback(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1", team="t")
    answers(stack, "provider/of-its-own")
    body = with_fallbacks("gpt-5-nano", "claude-sonnet-4-6")
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    told = row(stack)
    # Sonnet: 10 in at 3, 5 out at 15 dollars a million, and 10 % for the region.
    assert (told["state"], told["cost_usd"], told["estimated"]) == ("settled", "0.0001155", True)
    assert told["model"] == "provider/of-its-own"
    assert everywhere(stack, key) == (Decimal("0.0001155"), 0)


def test_a_budget_bounds_chats_that_nobody_can_price(stack: Stack) -> None:
    """Thirty of thirty went through, at spent 0."""
    key = stack.key("a", budget_usd="0.10", team="t", allow_unpriced=True)
    stack.keys.set_team("t", budget_usd="5")
    answers(stack, "provider/of-its-own")
    body = with_fallbacks("gpt-5-nano", "claude-sonnet-4-6")
    priced = stack.ask("POST", LLM, key, json=body)
    assert priced.status_int == 200
    needed = held_for(body)
    statuses = []
    for _ in range(5):
        stack.us.clear_faults()
        stack.us.fail_next(200, body=b"<html>", path="/v1/chat")
        statuses.append(stack.ask("POST", LLM, key, json=body).status_int)
    fitting = int((Decimal("0.10") - Decimal("0.0001155")) / needed)
    assert statuses == [200] * fitting + [429] * (5 - fitting)
    assert everywhere(stack, key) == (Decimal("0.0001155") + fitting * needed, 0)


def held_for(body: Any) -> Decimal:
    asked = billing_facts("chat", body, size=len(json.dumps(body).encode()))
    at = datetime.now(UTC)
    nano = PriceBook.load().estimate("chat", asked, "us", at, assumed_audio_s=3600)
    assert nano
    return Decimal(nano) / 10**9


def test_what_is_repriced_takes_the_place_of_what_was_counted(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1", team="t", allow_unpriced=True)
    stack.keys.set_team("t", budget_usd="5")
    answers(stack, "model-of-tomorrow")
    body = chat("hi", "model-of-tomorrow")
    prices = PriceBook.load({"chat": {"model-of-tomorrow": {"input": "1", "output": "2"}}})
    # What nobody can estimate is held at the least there is.
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    assert (row(stack)["state"], row(stack)["estimated"]) == ("unpriced", False)
    assert everywhere(stack, key) == (Decimal("1e-9"), 0)
    for _ in range(2):
        list(reprice(Ledger(stack.keys.database), prices))
        assert row(stack)["cost_usd"] == "0.000022"
        assert everywhere(stack, key) == (Decimal("0.000022"), 0)


def test_a_row_of_an_earlier_release_is_repriced_by_the_fallbacks_that_it_asked_for(
    stack: Stack,
) -> None:
    call = Call("0" * 32, time.time(), route_for("/llm-gateway.assemblyai"), "POST", "/x")
    asked = billing_facts("chat", with_fallbacks("gpt-5-nano", "claude-sonnet-4-6"))
    number = stack.ledger.open(call, kind="chat", model="gpt-5-nano", features=asked)
    usage = {"kind": "chat", "model": "of-its-own", "region": "us", "features": []}
    usage |= {"input_tokens": 10, "output_tokens": 5, "requested_model": None}
    with stack.keys.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE calls SET state = 'unpriced', usage = '{json.dumps(usage)}' "
            f"WHERE id = {number}"
        )
    (done,) = reprice(Ledger(stack.keys.database), PriceBook.load())
    assert done.price is not None
    assert (done.price.usd, row(stack)["estimated"]) == ("0.0001155", True)


# Calls that were lost


def lost(stack: Stack, key: str, kind: str, *, expires_in_s: float = 60) -> int:
    """Leave what a worker leaves that is killed after it sent a call; return the row."""
    info = stack.keys.get("a")
    caller = Caller("a", info.key_id, info.team)
    call = Call("f" * 32, time.time(), route_for("/assemblyai"), "POST", "/x", caller=caller)
    holds = Holds(stack.keys.database)
    assert getattr(holds.take(call, 250_000_000, expires_in_s=expires_in_s), "id", None)
    return stack.ledger.open(call, kind=kind, model=None, features={})


@pytest.mark.parametrize("kind", ["chat", "understanding", "sync", "other"])
def test_a_call_whose_worker_was_killed_spends_its_hold_though_that_has_expired(
    stack: Stack, kind: str
) -> None:
    key = stack.key("a", budget_usd="1", team="t")
    stack.keys.set_team("t", budget_usd="5")
    lost(stack, key, kind)
    later = time.time() + 100_000
    stack.keys.database.clock = lambda: later
    assert Holds(stack.keys.database).sweep() == 0
    stack.keys.database.clock = time.time
    assert everywhere(stack, key) == (0, Decimal("0.25"))
    assert settle(stack, after_s=100_000).unpriced == 1
    assert everywhere(stack, key) == (Decimal("0.25"), 0)


def test_a_transcript_that_is_gone_at_settlement_spends_its_hold(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1", team="t")
    id = stack.submit(key)
    assert everywhere(stack, key)[1] == Decimal("0.21")
    stack.us.transcripts.pop(id)
    assert settle(stack, after_s=1000).unpriced == 1
    assert everywhere(stack, key) == (Decimal("0.21"), 0)


def test_a_submit_that_certainly_never_arrived_is_free(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1")
    number = lost(stack, key, "transcript")
    assert settle(stack, after_s=100_000).failed == 1
    assert row(stack)["id"] == number
    assert everywhere(stack, key) == (0, 0)


def test_a_stream_that_carries_an_error_and_no_usage_spends_its_hold(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1")
    events = b'data: {"choices":[]}\n\ndata: {"error":{"message":"overloaded"}}\n\n'
    headers = [("Content-Type", "text/event-stream")]
    stack.us.fail_next(200, body=events, path="/v1/chat", headers=headers)
    body = chat("hi", "gpt-5-mini", stream=True)
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    assert row(stack)["state"] == "unpriced"
    spent, held = everywhere(stack, key)
    assert (spent > 0, held) == (True, 0)


# Understanding of a transcript whose length is not known yet


def understand(stack: Stack, key: str, transcript_id: str) -> None:
    asked = {"request": {"translation": {"target_languages": ["de"]}}}
    body = {"transcript_id": transcript_id, "speech_understanding": asked}
    reply = stack.ask("POST", UNDERSTANDING, key, json=body)
    assert reply.status_int == 200, reply


def answers_understanding(stack: Stack) -> None:
    headers = [("Content-Type", "application/json")]
    body = json.dumps({"status": "success", "speech_understanding": {}}).encode()
    stack.us.fail_next(200, body=body, path="/v1/understanding", headers=headers, times=100)


# Translation is at 0.06 dollars an hour (AssemblyAI's price list).
HELD, TEN_HOURS = Decimal("0.06"), Decimal("0.6")


@pytest.mark.parametrize("by", ["the ledger", "AssemblyAI"])
def test_understanding_waits_for_the_length_and_is_charged_by_it(stack: Stack, by: str) -> None:
    key = stack.key("a", budget_usd="10", team="t")
    other = stack.key("master-like", scope="all")
    stack.us.next_result(audio_s=36_000, polls=10**9)
    id = stack.submit(other if by == "AssemblyAI" else key)
    answers_understanding(stack)
    if by == "AssemblyAI":
        key = stack.key("b", budget_usd="10", team="t", scope="all")
    before = everywhere(stack, key)
    understand(stack, key, id)
    spent, held = everywhere(stack, key)
    assert (spent, held - before[1]) == (0, HELD)
    assert settle(stack, after_s=60).settled == 0
    assert row(stack)["state"] == "pending"
    stack.finish()
    if by == "the ledger":
        stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    settle(stack, after_s=2000)
    settle(stack, after_s=4000)
    assert (row(stack)["state"], Decimal(row(stack)["cost_usd"])) == ("settled", TEN_HOURS)
    assert row(stack)["audio_seconds"] == 36_000
    transcript = Decimal(row(stack, 0)["cost_usd"]) if by == "the ledger" else 0
    assert everywhere(stack, key) == (TEN_HOURS + transcript, 0)


def test_understanding_of_a_known_length_is_held_by_it(stack: Stack) -> None:
    key = stack.key("a", budget_usd="10")
    stack.us.next_result(audio_s=36_000)
    id = stack.submit(key)
    stack.finish()
    stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    stack.keys.set("a", budget_usd=everywhere(stack, key)[0] + Decimal("0.5"))
    answers_understanding(stack)
    asked = {"request": {"translation": {"target_languages": ["de"]}}}
    body = {"transcript_id": id, "speech_understanding": asked}
    assert stack.ask("POST", UNDERSTANDING, key, json=body).status_int == 429


def test_understanding_of_a_transcript_that_is_gone_spends_its_hold(stack: Stack) -> None:
    key = stack.key("a", budget_usd="10")
    id = stack.submit(key)
    answers_understanding(stack)
    understand(stack, key, id)
    stack.us.transcripts.pop(id)
    assert settle(stack, after_s=1000).unpriced == 2
    assert "cannot be learned" in row(stack)["reason"]
    assert everywhere(stack, key) == (Decimal("0.21") + HELD, 0)


def test_an_unpriced_call_in_a_window_that_ended_bounds_the_next_one_no_more(
    database_url: str,
) -> None:
    now = [1_800_000_000.0]
    database = Database(database_url, clock=lambda: now[0])
    ledger, holds = Ledger(database), Holds(database)
    info = Keys(database).create("a", budget_daily_usd="1").info
    caller = Caller("a", info.key_id)
    call = Call("0" * 32, now[0], route_for("/x"), "POST", "/x", caller=caller)
    holds.take(call, 10**9, expires_in_s=60)
    ledger.settle(ledger.open(call, kind="chat", model=None, features={}), usage=None, price=None)
    assert holds.spent(caller)[2].spent == 10**9
    now[0] += 86_400
    assert holds.spent(caller)[2].spent == 0
    database.close()
