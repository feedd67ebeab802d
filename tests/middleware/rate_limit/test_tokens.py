"""Tokens a minute: counted before the reply, and corrected by it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from limits.storage import Storage
from stack_kit import CHAT, Stack, chat

from assemblyai_mw.call import Caller
from assemblyai_mw.middleware.rate_limit import outage
from assemblyai_mw.middleware.rate_limit.counts import (
    WINDOW_S,
    Full,
    Taken,
    Window,
    counts_of,
    windows_of,
)

ONE = [Window("key/1", 100)]
BOTH = [Window("key/1", 1000), Window("team/t", 100)]
LLM = "/llm-gateway.assemblyai/v1/chat/completions"


def test_tokens_fit_to_the_last_one(storage: Storage) -> None:
    counts = counts_of(storage)
    assert isinstance(counts.take(ONE, 60), Taken)
    assert counts.take(ONE, 41) == Full(ONE[0], 60, WINDOW_S)
    taken = counts.take(ONE, 40)
    assert isinstance(taken, Taken)
    assert taken.used == (60,)


def test_what_the_team_refuses_is_not_counted_for_the_key(storage: Storage) -> None:
    counts = counts_of(storage)
    assert isinstance(counts.take(BOTH, 90), Taken)
    assert counts.take(BOTH, 20) == Full(BOTH[1], 90, WINDOW_S)
    taken = counts.take(BOTH[:1], 1)
    assert isinstance(taken, Taken)
    assert taken.used == (90,)


def test_more_than_a_minute_allows_never_fits(storage: Storage) -> None:
    assert counts_of(storage).take(ONE, 101) == Full(ONE[0], 0, None)


def test_a_correction_makes_room(storage: Storage) -> None:
    counts = counts_of(storage)
    taken = counts.take(BOTH, 90)
    assert isinstance(taken, Taken)
    counts.correct(BOTH, taken.second, -80)
    assert isinstance(counts.take(BOTH, 90), Taken)
    # A second that has left the window is not brought back.
    counts.correct(BOTH, taken.second - 100, 50)
    full = counts.take(BOTH, 1)
    assert isinstance(full, Full)
    assert full.used == 100


def test_at_once_no_more_tokens_pass_than_allowed(storage: Storage) -> None:
    counts = counts_of(storage)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: counts.take(ONE, 7), range(64)))
    assert sum(isinstance(each, Taken) for each in taken) == 100 // 7


def test_a_team_limit_without_a_team_binds_nothing() -> None:
    assert windows_of(Caller("a", team_tpm=5), "tpm") == []


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url)
    yield made
    made.close()


def test_the_usage_of_a_reply_takes_the_place_of_the_estimate(stack: Stack) -> None:
    key = stack.key("a", tpm=2_000)
    # The estimate is over half of the limit; what the stand-in's replies use is far below.
    for _ in range(3):
        reply = stack.ask("POST", CHAT, key, json=chat(max_tokens=100))
        assert reply.status_int == 200
        assert reply.headers["x-ratelimit-limit-tokens"] == "2000"
        assert 0 < int(reply.headers["x-ratelimit-remaining-tokens"]) < 1000


def test_streams_count_too(stack: Stack) -> None:
    key = stack.key("a", tpm=2_000)
    for _ in range(3):
        assert stack.ask("POST", CHAT, key, json=chat(max_tokens=100, stream=True)).text


def test_a_chat_that_upstream_refused_counts_nothing(stack: Stack) -> None:
    key = stack.key("a", tpm=2_000)
    for _ in range(3):
        stack.us.fail_next(500)
        assert stack.ask("POST", CHAT, key, json=chat(max_tokens=100)).status_int == 500
    assert stack.ask("POST", CHAT, key, json=chat(max_tokens=100)).status_int == 200


@pytest.mark.parametrize(
    "path, body, message",
    [
        (CHAT, chat(max_tokens=4000), lambda value: value["error"]["message"]),
        (
            LLM,
            {"model": "gpt-5-mini", "messages": [], "max_tokens": 4000},
            lambda value: value["error"],
        ),
    ],
    ids=["openai", "native"],
)
def test_too_many_tokens_are_a_429_in_each_dialect(
    stack: Stack, path: str, body: Any, message: Any
) -> None:
    key = stack.key("a", team="t", tpm=8_000)
    stack.keys.set_team("t", tpm=5_500)
    stack.us.requests.clear()
    caller = stack.keys.named("a")
    assert caller is not None
    counts = counts_of(stack.middleware.parts.rates)
    assert isinstance(counts.take(windows_of(caller, "tpm"), 1000), Taken)
    reply = stack.ask("POST", path, key, json=body)
    assert reply.status_int == 429
    assert "this team may use 5500 a minute, 1000 are in use" in message(reply.json)
    assert 50 <= int(reply.headers["retry-after"]) <= WINDOW_S
    assert reply.headers["x-ratelimit-limit-tokens"] == "5500"
    assert reply.headers["x-ratelimit-remaining-tokens"] == "4500"
    assert stack.us.requests == []


def test_what_never_fits_has_no_retry_after(stack: Stack) -> None:
    key = stack.key("a", tpm=1_000)
    reply = stack.ask("POST", CHAT, key, json=chat())
    assert reply.status_int == 429
    assert "retry-after" not in reply.headers
    assert reply.headers["x-should-retry"] == "false"


def test_other_work_and_keys_without_the_limit_touch_no_file(stack: Stack, tmp_path: Path) -> None:
    limited, free = stack.key("a", tpm=2_000), stack.key("b")
    stack.submit(limited)
    assert "x-ratelimit-limit-tokens" not in stack.ask("POST", CHAT, free, json=chat()).headers
    assert not list(tmp_path.glob("*.rates"))


def test_both_kinds_of_headers_stand_side_by_side(stack: Stack) -> None:
    key = stack.key("a", tpm=9_000, rpm=5)
    headers = stack.ask("POST", CHAT, key, json=chat(max_tokens=50)).headers
    # Upstream's own, which pass unchanged.
    assert headers["x-ratelimit-limit"] == str(10**6)
    assert headers["x-ratelimit-limit-tokens"] == "9000"


@pytest.mark.parametrize("number", [-5, 0, "many", 1.5])
def test_a_number_that_would_lower_the_estimate_is_refused(stack: Stack, number: Any) -> None:
    key = stack.key("a", tpm=2_000)
    body = {"model": "gpt-5-mini", "messages": [], "max_tokens": number}
    assert stack.ask("POST", LLM, key, json=body).status_int == 400


@pytest.mark.parametrize("policy, status", [("open", 200), ("closed", 503)])
def test_without_its_storage_the_setting_decides(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, policy: str, status: int
) -> None:
    monkeypatch.setattr(outage, "RETRY_S", 0.0)
    stack = Stack(
        sqlite_url,
        general_settings={"redis_url": "redis://127.0.0.1:1/0"},
        rate_limit={"when_redis_is_gone": policy},
    )
    for limits in ({"tpm": 9_000}, {"max_parallel": 1}):
        key = stack.key(f"a{len(limits)}{next(iter(limits))}", **limits)
        reply = stack.ask("POST", CHAT, key, json=chat())
        assert reply.status_int == status, reply
    stack.close()
