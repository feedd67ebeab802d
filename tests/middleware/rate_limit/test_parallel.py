"""Requests under way at once: places that a dead process does not keep."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from limits.storage import Storage
from stack_kit import API, CHAT, Stack, chat

from assemblyai_mw.middleware.rate_limit.counts import Window, counts_of
from assemblyai_mw.middleware.rate_limit.places import Places

KEY = Window("key/1", 2)
BOTH = [KEY, Window("team/t", 3)]


def test_so_many_places_and_no_more(storage: Storage) -> None:
    counts = counts_of(storage)
    assert [counts.enter([KEY], name, 60) for name in "abc"] == [None, None, KEY]
    counts.leave([KEY], "a")
    assert counts.enter([KEY], "c", 60) is None


def test_a_place_that_the_team_lacks_is_not_taken_from_the_key(storage: Storage) -> None:
    counts = counts_of(storage)
    for name in "abc":
        assert counts.enter(BOTH[1:], name, 60) is None
    assert counts.enter(BOTH, "d", 60) == BOTH[1]
    assert [counts.enter([KEY], name, 60) for name in "ef"] == [None, None]


def test_at_once_no_more_enter_than_allowed(storage: Storage) -> None:
    counts = counts_of(storage)
    wide = [Window("key/1", 5)]
    with ThreadPoolExecutor(8) as pool:
        full = list(pool.map(lambda name: counts.enter(wide, str(name), 60), range(40)))
    assert full.count(None) == 5


def test_a_lease_ends_and_a_renewed_one_does_not(storage: Storage) -> None:
    counts = counts_of(storage)
    assert [counts.enter([KEY], name, 0.4) for name in "ab"] == [None, None]
    counts.renew({"a": [KEY], "gone": [KEY]}, 60)
    while counts.enter([KEY], "c", 60) is not None:
        time.sleep(0.05)
    # What was renewed still has its place, and what was not there got none.
    assert counts.enter([KEY], "d", 60) == KEY


def _enter_and_wait(path: str, ready: Any) -> None:
    places = Places(path, lease_s=0.6)
    assert places.enter([KEY], "theirs") is None
    assert places.enter([KEY], "also theirs") is None
    ready.set()
    time.sleep(60)


def test_a_living_process_keeps_its_places_and_a_killed_one_loses_them(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    path = str(tmp_path / "rates")
    process = context.Process(target=_enter_and_wait, args=(path, ready))
    process.start()
    try:
        assert ready.wait(60)
        places = Places(path)
        until = time.monotonic() + 1.5
        # For two leases and more.
        while time.monotonic() < until:
            assert places.enter([KEY], "ours") == KEY
            time.sleep(0.1)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        while places.enter([KEY], "ours") is not None:
            time.sleep(0.1)
        places.close()
    finally:
        process.kill()
        process.join()


def test_what_lasts_longer_than_any_call_is_renewed_no_more(tmp_path: Path) -> None:
    places = Places(str(tmp_path / "rates"), most_s=0.0, lease_s=0.3)
    assert places.enter([KEY], "never closed") is None
    places.renew()
    assert places._taken == {}
    places.close()


@pytest.fixture
def stack(sqlite_url: str) -> Any:
    made = Stack(sqlite_url)
    yield made
    made.middleware.close()
    made.close()


def _under_way(stack: Stack, key: str) -> Any:
    """Return a stream of which only the first block was read."""
    environ = stack.app.RequestClass.blank(
        CHAT,
        method="POST",
        headers={"Authorization": key, "Content-Type": "application/json"},
        json=chat(stream=True),
    ).environ
    statuses: list[str] = []
    body: Any = stack.middleware(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type,func-returns-value]
    next(iter(body))
    assert statuses == ["200 OK"]
    return body


def test_a_stream_counts_until_it_ends_and_polls_never(stack: Stack) -> None:
    key = stack.key("a", max_parallel=1)
    id = stack.submit(key)
    body = _under_way(stack, key)
    refused = stack.ask("POST", CHAT, key, json=chat())
    assert refused.status_int == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json["error"]["code"] == "too_many_parallel_requests"
    assert "this key may have 1 under way" in refused.json["error"]["message"]
    native = stack.ask("POST", f"{API}/v2/transcript", key, json={"audio_url": "https://a.b/c"})
    assert native.json["error"].startswith("Too many requests at once")
    assert stack.ask("GET", f"{API}/v2/transcript/{id}", key).status_int == 200
    assert stack.ask("GET", "/assemblyai-mw/key/me", key).status_int == 200
    body.close()
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200


def test_a_team_shares_its_places(stack: Stack) -> None:
    stack.keys.set_team("t", max_parallel=1)
    one, two = stack.key("a", team="t"), stack.key("b", team="t", max_parallel=5)
    body = _under_way(stack, one)
    refused = stack.ask("POST", CHAT, two, json=chat())
    assert refused.status_int == 429
    assert "this team" in refused.json["error"]["message"]
    body.close()
    assert stack.ask("POST", CHAT, two, json=chat()).status_int == 200


def test_refused_and_failed_calls_leave_their_place(stack: Stack) -> None:
    key = stack.key("a", max_parallel=1)
    for _ in range(3):
        assert stack.ask("POST", CHAT, key, json={"model": "nope"}).status_int in (400, 404)
        stack.us.fail_next(500)
        stack.ask("POST", CHAT, key, json=chat())
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200


def test_without_the_limit_nothing_is_counted(stack: Stack, tmp_path: Path) -> None:
    key = stack.key("a")
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert not list(tmp_path.glob("*.rates"))
