"""What OpenAI's parameters cost: a reply that is cut here is billed whole, and exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from stack_kit import CHAT, Stack, chat

WORDS = "one two STOP three four five six"


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url, general_settings={"default_max_tokens": 50_000})
    yield stack
    stack.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_reply_costs_what_the_whole_one_costs(stack: Stack, stream: bool) -> None:
    key = stack.key("a")
    for fields in ({}, {"stop": "STOP"}):
        stack.us.next_answer(WORDS)
        reply = stack.ask("POST", CHAT, key, json=chat(stream=stream, **fields))
        assert reply.status_int == 200
    assert "two" in reply.text
    assert "STOP" not in reply.text
    assert "three" not in reply.text
    cut, whole = stack.ledger.calls()
    assert cut["state"] == whole["state"] == "settled"
    for name in ("cost_usd", "input_tokens", "output_tokens"):
        assert cut[name] == whole[name] != 0


@pytest.mark.parametrize(
    "fields, bound",
    [({}, 50_000), ({"max_tokens": 10}, 10), ({"max_completion_tokens": 20}, 20)],
)
def test_a_hold_follows_the_bound_that_is_sent(
    stack: Stack, fields: dict[str, Any], bound: int
) -> None:
    key = stack.key("a", budget_usd="1")
    held: list[int] = []
    stack.us.reply_to = lambda asked: str(held.append(stack.held()))
    stack.ask("POST", CHAT, key, json=chat(**fields))
    stack.ask("POST", "/llm-gateway.assemblyai" + CHAT, key, json=native(max_tokens=bound))
    # The native request is the same but for its length in bytes, of which each counts.
    assert abs(held[0] - held[1]) < 100_000
    assert json.loads(stack.us.requests[0].body)["max_tokens"] == bound


def native(**fields: Any) -> Any:
    return chat(model="gpt-5-mini", **fields)
