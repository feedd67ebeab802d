"""One chain of stages for every route: built once, printed by `repr()`, judged by one reading."""

from __future__ import annotations

import gc
import os
from typing import Any
from unittest import mock

import pytest
from stack_kit import API, CHAT, Stack, chat
from werkzeug.test import create_environ, run_wsgi_app

from assemblyai_mw import (
    Budget,
    CallLog,
    CostLogger,
    Isolation,
    KeyAuth,
    LingeringClose,
    Policy,
    RateLimit,
)
from assemblyai_mw.billing.operations import OPERATIONS
from assemblyai_mw.store.owner_cache import Ownership

ONCE = (LingeringClose, CallLog, KeyAuth, RateLimit, Policy, Isolation, Budget, CostLogger)


@pytest.mark.parametrize("kind", ONCE)
def test_each_stage_stands_once_in_a_process(kind: type, sqlite_url: str) -> None:
    gc.collect()
    before = sum(isinstance(each, kind) for each in gc.get_objects())
    stack = Stack(sqlite_url)
    assert sum(isinstance(each, kind) for each in gc.get_objects()) == before + 1
    stack.middleware.close()


def test_one_memory_of_owners_serves_isolation_and_the_meter(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a")
    path = f"{API}/v2/transcript/{stack.submit(key)}"
    with mock.patch.object(Ownership, "find", autospec=True, side_effect=Ownership.find) as find:
        assert stack.ask("GET", path, key).status_int == 200
    assert find.call_count == 1


def test_the_master_keys_poll_settles_too(sqlite_url: str) -> None:
    """Isolation looks nothing up for the master key; the meter then does."""
    stack = Stack(sqlite_url)
    id = stack.submit(stack.key("a"))
    stack.finish()
    stack.ask("GET", f"{API}/v2/transcript/{id}", "sk-master-0123456789abcdef")
    (row,) = stack.ledger.calls()
    assert row["state"] == "settled"


def test_all_routes_share_one_handle_on_the_rate_file(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a", rpm=100)
    for path in (f"{API}/v2/transcript", "/eu.assemblyai/v2/transcript"):
        assert stack.ask("GET", path, key).status_int == 200
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    rates = sqlite_url.removeprefix("sqlite:///") + ".rates"
    held = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
    assert held.count(os.path.realpath(rates)) == 1


def test_repr_prints_the_chain_from_outside_in(sqlite_url: str) -> None:
    lines = repr(Stack(sqlite_url).middleware).split()
    names = [
        "PrefixRouter",
        "LingeringClose",
        "CallLog",
        "KeyAuth",
        "RateLimit",
        "OpenAITranslator",
        "AudioTranscriber",
        "Policy",
    ]
    names += ["Isolation", "Budget", "CostLogger"]
    assert [line for line in lines if line in names] == names
    assert "/eu.assemblyai" in lines
    assert "UpstreamForwarder(https://api.eu.assemblyai.com)" in lines


def test_repr_shows_no_key(sqlite_url: str) -> None:
    shown = repr(Stack(sqlite_url).middleware)
    assert "sk-" not in shown
    assert "account-key" not in shown


# Another spelling of a described path


PREFIXES = {
    "api": "/assemblyai",
    "llm-gateway": "/llm-gateway.assemblyai",
    "streaming": "/streaming.assemblyai",
    "sync": "/sync.assemblyai",
}
SPELLINGS = {
    "slash before": lambda path: "/" + path,
    "slash after": lambda path: path + "/",
    "doubled": lambda path: path.replace("/", "//"),
    "parameter": lambda path: path + ";x",
    "escape": lambda path: path[:-1] + f"%{ord(path[-1]):02x}",
    "escape twice": lambda path: path[:-1] + f"%25{ord(path[-1]):02x}",
    "capital": lambda path: path[:2].upper() + path[2:],
    "escaped slash": lambda path: path + "%2F",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")


@pytest.fixture(scope="module")
def keys(shared: Stack) -> dict[str, str]:
    return {
        "plain": shared.key("plain"),
        "budget": shared.key("budget", budget_usd="5"),
        "list": shared.key("list", models=["gpt-5*", "universal-2"]),
        "master": "sk-master-0123456789abcdef",
    }


@pytest.mark.parametrize("who", ["plain", "budget", "list", "master"])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "operation",
    [row for row in OPERATIONS if row.service in PREFIXES],
    ids=lambda row: f"{row.method} {row.path}",
)
def test_another_spelling_is_not_found_for_every_key(
    shared: Stack, keys: dict[str, str], operation: Any, spelling: str, who: str
) -> None:
    path = operation.path.replace("{id}", "abc-123").replace("{part}", "srt")
    raw = PREFIXES[operation.service] + SPELLINGS[spelling](path)
    shared.us.requests.clear()
    environ = create_environ(raw, method=operation.method, headers={"Authorization": keys[who]})
    environ["REQUEST_URI"] = environ["RAW_URI"] = raw
    _, status, _ = run_wsgi_app(shared.middleware, environ)
    assert status[:3] == "404"
    assert shared.us.requests == []


@pytest.mark.parametrize("who", ["plain", "budget", "list", "master"])
def test_a_described_path_says_which_methods_it_takes(
    shared: Stack, keys: dict[str, str], who: str
) -> None:
    shared.us.requests.clear()
    reply = shared.ask("PUT", f"{API}/v2/upload", keys[who])
    assert reply.status_int == 405
    assert reply.headers["Allow"] == "POST"
    assert shared.us.requests == []


# Paths that nobody described


@pytest.mark.parametrize(
    "who, method, path, status",
    [
        ("plain", "GET", f"{API}/v3/tomorrow", 404),
        ("plain", "POST", f"{API}/v3/tomorrow", 404),
        ("budget", "GET", f"{API}/v3/tomorrow", 403),
        ("list", "GET", f"{API}/v3/tomorrow", 403),
        ("master", "POST", f"{API}/v3/tomorrow", 404),
        ("plain", "GET", "/streaming.assemblyai/v3/tomorrow", 403),
        ("plain", "GET", "/streaming.assemblyai/v2/token", 403),
        ("master", "GET", "/streaming.assemblyai/v3/tomorrow", 404),
    ],
)
def test_a_path_without_a_row(
    shared: Stack, keys: dict[str, str], who: str, method: str, path: str, status: int
) -> None:
    """AssemblyAI's own 404 shows that it was asked; 403 that nothing was sent."""
    shared.us.requests.clear()
    assert shared.ask(method, path, keys[who]).status_int == status
    assert bool(shared.us.requests) == (status == 404)


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/token", "/v1/sessions/abc", "/v1/tomorrow"])
def test_a_host_whose_ownership_is_not_known_is_the_master_keys_alone(
    sqlite_url: str, path: str
) -> None:
    stack = Stack(sqlite_url, routes={"/foo.assemblyai": "https://foo.assemblyai.com"})
    reply = stack.ask("GET", f"/foo.assemblyai{path}", stack.key("a"))
    assert reply.status_int == 403
    assert "only the master key" in reply.json["error"]


@pytest.mark.parametrize(
    "target",
    [
        f"{API}/v2/transcript?limit=1#frag",
        f"{API}/v2/transcript?limit=1&x=\\",
        f"{API}/v2/upload/%2e%2e/transcript",
        f"{API}/v2/upload/../transcript",
        f"{API}/v2/transcript/abc-123#f",
        f"{API}/v2/transcript/abc-123/%2e",
        f"{API}/v2/\\transcript",
    ],
)
@pytest.mark.parametrize("who", ["plain", "budget", "list", "master"])
def test_a_target_that_could_be_read_in_two_ways_is_400_for_every_key(
    shared: Stack, keys: dict[str, str], target: str, who: str
) -> None:
    shared.us.requests.clear()
    path, _, query = target.partition("?")
    environ = create_environ("/", headers={"Authorization": keys[who]})
    environ["PATH_INFO"] = path.replace("%2e", ".")
    environ["QUERY_STRING"] = query
    environ["REQUEST_URI"] = environ["RAW_URI"] = target
    _, status, _ = run_wsgi_app(shared.middleware, environ)
    assert status[:3] == "400"
    assert shared.us.requests == []
