"""A tenant's list in the whole stack: complete, in few upstream requests, for real clients too."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import assemblyai as aai
import pytest
import requests
from stack_kit import API, MASTER_KEY, Stack

from assemblyai_mw.testing import serve

LIST = f"{API}/v2/transcript"
MAX_READS = 5


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def both(database_url: str) -> Iterator[Stack]:
    """The same on each engine."""
    stack = Stack(database_url)
    yield stack
    stack.close()


def outside(stack: Stack, count: int) -> None:
    """Make transcripts in the account, past this app."""
    for _ in range(count):
        stack.us.new_transcript("account", {"audio_url": "x"}, "universal-3-5-pro", None)


def page(stack: Stack, key: str, query: str = "", *, most: int = MAX_READS) -> Any:
    """Return a page; it may take *most* requests upstream."""
    stack.us.requests.clear()
    reply = stack.ask("GET", f"{LIST}?{query}", key)
    assert len(stack.us.requests) <= most
    return reply


def ids_of(reply: Any) -> list[str]:
    assert reply.status_int == 200, reply
    return [item["id"] for item in reply.json["transcripts"]]


def query_of(url: str) -> str:
    return urlsplit(url).query


def walked(stack: Stack, key: str, query: str, link: str) -> list[list[str]]:
    """Return the rows of each page, as a client finds them that follows links and errors."""
    pages = []
    while query:
        reply = page(stack, key, query)
        if reply.status_int == 400:
            cursor = re.search(r"go on with ((?:before|after)_id=[^.]+)\.$", reply.json["error"])
            assert cursor is not None, reply
            query = f"{re.sub('&?(before|after)_id=[^&]*', '', query)}&{cursor[1]}"
            continue
        pages.append(ids_of(reply))
        query = query_of(reply.json["page_details"][link] or "")
    return pages


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "status=completed", "limit=200&created_on=2026-01-01"])
def test_a_key_without_rows_gets_its_empty_list_from_here(
    stack: Stack, method: str, query: str
) -> None:
    other, key = stack.key("other"), stack.key("a")
    for _ in range(3):
        stack.submit(other)
    outside(stack, 500)
    stack.us.requests.clear()
    reply = stack.ask(method, f"{LIST}?{query}", key)
    assert reply.status_int == 200
    assert stack.us.requests == []
    if method == "GET":
        assert reply.json["transcripts"] == []
        assert reply.json["page_details"]["prev_url"] is None


@pytest.mark.parametrize("query", ["", "status=completed", "limit=200", "_=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_one_row_under_21_000_of_others_is_found(stack: Stack, query: str, method: str) -> None:
    key = stack.key("a")
    id = stack.submit(key)
    outside(stack, 21_000)
    stack.us.finish()
    stack.us.requests.clear()
    reply = stack.ask(method, f"{LIST}?{query}", key)
    assert len(stack.us.requests) <= MAX_READS
    assert reply.status_int == 200
    if method == "GET":
        assert ids_of(reply) == [id]


def test_upstream_pages_are_no_longer_than_a_page_needs(stack: Stack) -> None:
    key = stack.key("a")
    for _ in range(60):
        stack.submit(key)
    assert len(ids_of(page(stack, key, "limit=3", most=1))) == 3
    (seen,) = stack.us.requests
    assert int(dict(pair.split("=") for pair in query_of(seen.target).split("&"))["limit"]) < 60


@pytest.mark.parametrize("seed", range(4))
def test_random_tenants_cursors_and_deletions_upstream(both: Stack, seed: int) -> None:
    choose = random.Random(seed)
    keys = {name: both.key(name) for name in "abc"}
    made: dict[str, list[str]] = {name: [] for name in keys}
    for _ in range(60):
        name = choose.choice("aabcx")
        if name == "x":
            outside(both, choose.choice([1, 5, 300]))
        else:
            made[name].insert(0, both.submit(keys[name]))
    both.us.finish()
    for id in choose.sample(made["a"], 4):
        if choose.random() < 0.5:
            del both.us.transcripts[id]
            made["a"].remove(id)
        else:
            assert both.ask("DELETE", f"{LIST}/{id}", keys["a"]).status_int == 200
    for name, key in keys.items():
        query = f"limit={choose.choice([1, 4, 10])}&status=completed"
        assert list(chain(*walked(both, key, query, "prev_url"))) == made[name]
        up = walked(both, key, f"limit=3&after_id={made[name][-1]}", "next_url")
        assert list(chain(*reversed(up))) == made[name][:-1]


def test_where_five_requests_reach_no_match_it_is_an_error_that_says_how_to_go_on(
    stack: Stack,
) -> None:
    key = stack.key("a")
    done = stack.submit(key)
    for _ in range(8):
        stack.submit(key)
        outside(stack, 300)
    stack.us.finish(done)
    reply = page(stack, key, "status=completed")
    asked = 1
    while reply.status_int == 400:
        assert "lies too far back" in reply.json["error"]
        cursor = reply.json["error"].rpartition("before_id=")[2].rstrip(".")
        reply = page(stack, key, f"status=completed&before_id={cursor}")
        asked += 1
    assert ids_of(reply) == [done]
    assert 1 < asked < 9


def test_filters_hold_as_assemblyai_says(stack: Stack) -> None:
    key = stack.key("a")
    done, broken, open_ = stack.submit(key), stack.submit(key), stack.submit(key)
    stack.us.transcripts[broken].error = "no speech"
    stack.us.finish(done)
    stack.us.finish(broken)
    today = stack.us.transcripts[done].created
    day = time.strftime("%Y-%m-%d", time.gmtime(today))
    expected = {
        "status=completed": [done],
        "status=error": [broken],
        "status=queued": [open_],
        "status=processing": [],
        f"created_on={day}": [open_, broken, done],
        f"created_on={day}&status=error": [broken],
        "created_on=2026-01-01": [],
        "throttled_only=false": [open_, broken, done],
        "status=": [open_, broken, done],
    }
    assert {query: ids_of(page(stack, key, query)) for query in expected} == expected
    # The ledger has not seen these ends; now it has, and says the same.
    for id in (done, broken):
        stack.ask("GET", f"{LIST}/{id}", key)
    assert {query: ids_of(page(stack, key, query)) for query in expected} == expected


@pytest.mark.parametrize("query", ["status=done", "created_on=yesterday", "created_on=2026-02-30"])
def test_a_filter_that_is_none_gets_assemblyais_own_answer(stack: Stack, query: str) -> None:
    key = stack.key("a")
    stack.submit(key)
    assert page(stack, key, query, most=1).status_int == 400


def test_a_row_of_the_ends_of_a_day_is_that_days(stack: Stack) -> None:
    """By AssemblyAI's moment, not by that of the call here."""
    key = stack.key("a")
    first, second = stack.submit(key), stack.submit(key)
    now = time.time()
    stack.us.transcripts[second].created = midnight = now - now % 86_400
    stack.us.transcripts[first].created = midnight - 1e-3
    with stack.keys.database.write() as connection:
        for table in ("transcripts", "calls"):
            connection.exec_driver_sql(f"UPDATE {table} SET at = {int((midnight - 1) * 1e6)}")
    days = [time.strftime("%Y-%m-%d", time.gmtime(midnight - back)) for back in (0, 1)]
    assert [ids_of(page(stack, key, f"created_on={day}")) for day in days] == [[second], [first]]


def test_what_assemblyai_lists_no_more_is_not_looked_for(stack: Stack) -> None:
    key = stack.key("a")
    old, new = stack.submit(key), stack.submit(key)
    with stack.keys.database.write() as connection:
        for table, column in (("transcripts", "id"), ("calls", "transcript_id")):
            connection.exec_driver_sql(
                f"UPDATE {table} SET at = at - 91 * 86400000000 WHERE {column} = '{old}'"
            )
    del stack.us.transcripts[old]
    assert ids_of(page(stack, key, most=1)) == [new]
    assert ids_of(page(stack, key, f"before_id={new}", most=0)) == []


@pytest.mark.parametrize("path", ["/v2/transcript/", "//v2/transcript", "/v2//transcript"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("who", ["tenant", "master"])
def test_a_lax_spelling_of_the_path_is_no_path(
    stack: Stack, path: str, method: str, who: str
) -> None:
    """One reading for all stages: nothing goes out, nothing is held, nothing is written."""
    key = MASTER_KEY if who == "master" else stack.key("a", budget_usd="5")
    body = {"json": {"audio_url": "https://x.example/a"}} if method in ("POST", "PUT") else {}
    assert stack.ask(method, f"{API}{path}", key, **body).status_int == 404
    assert not stack.asked_anything()
    assert list(stack.ledger.calls()) == []
    assert stack.held() == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_the_list_has_two_methods(stack: Stack, method: str) -> None:
    reply = stack.ask(method, LIST, stack.key("a"))
    assert (reply.status_int, reply.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert not stack.asked_anything()


# Cursors and doubles


def test_both_cursors_give_what_lies_within_both(stack: Stack) -> None:
    key, other = stack.key("a"), stack.key("b")
    ids = [stack.submit(each) for each in [key, other] * 6][::2][::-1]
    reply = page(stack, key, f"limit=2&before_id={ids[0]}&after_id={ids[4]}")
    assert ids_of(reply) == ids[1:3]
    reply = page(stack, key, query_of(reply.json["page_details"]["prev_url"]))
    assert ids_of(reply) == [ids[3]]
    assert reply.json["page_details"]["prev_url"] is None


@pytest.mark.parametrize("before, after", [(2, 1), (1, 1)])
def test_cursors_with_nothing_in_between_get_assemblyais_own_400(
    stack: Stack, before: int, after: int
) -> None:
    key = stack.key("a")
    ids = [stack.submit(key) for _ in range(4)][::-1]
    reply = page(stack, key, f"before_id={ids[before]}&after_id={ids[after]}", most=0)
    assert (reply.status_int, reply.json) == (
        400,
        {"error": "'after_id' must be a newer transcript than 'before_id'"},
    )


@pytest.mark.parametrize("cursor", ["before_id", "after_id"])
def test_a_cursor_of_somebody_else_is_not_there(stack: Stack, cursor: str) -> None:
    key, other = stack.key("a"), stack.key("b")
    mine, theirs = stack.submit(key), stack.submit(other)
    beside = "after_id" if cursor == "before_id" else "before_id"
    for query in (f"{cursor}={theirs}", f"{cursor}={theirs}&{beside}={mine}"):
        assert page(stack, key, query, most=0).status_int == 404


def test_doubles_mean_one_thing_and_contradictions_nothing(stack: Stack) -> None:
    key = stack.key("a")
    ids = [stack.submit(key) for _ in range(3)][::-1]
    double = f"limit=1&before_id={ids[0]}&limit=1"
    assert ids_of(page(stack, key, double)) == [ids[1]]
    assert page(stack, key, f"{double}&limit=2", most=0).status_int == 400


# Real clients, over a socket


@pytest.fixture
def url(stack: Stack) -> Iterator[str]:
    with serve(stack.middleware) as served:
        yield f"{served}{API}"


def test_requests_may_add_its_params_to_every_link(stack: Stack, url: str) -> None:
    key, other = stack.key("a"), stack.key("b")
    ids = [stack.submit(each) for each in [key, other] * 8][::2][::-1]
    stack.us.finish()
    params = {"limit": "3", "status": "completed"}
    seen: list[str] = []
    link: str | None = f"{url}/v2/transcript"
    with requests.Session() as session:
        while link:
            assert link.startswith(url)
            reply = session.get(link, params=params, headers={"Authorization": key})
            assert reply.status_code == 200, reply.text
            seen += [item["id"] for item in reply.json()["transcripts"]]
            link = reply.json()["page_details"]["prev_url"]
    assert seen == ids


def test_the_sdk_pages_through_a_tenants_list(
    stack: Stack, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = stack.key("a", rpm=3), stack.key("b")
    ids = [stack.submit(other), stack.submit(key), stack.submit(other)][1:2]
    monkeypatch.setattr(aai.Client, "_default", None)
    monkeypatch.setattr(aai.settings, "api_key", key)
    monkeypatch.setattr(aai.settings, "base_url", url)
    monkeypatch.setattr(aai.settings, "polling_interval", 0.001)
    transcriber = aai.Transcriber()
    stack.us.polls = 12
    # With three requests a minute, the job can be submitted and waited for.
    done = transcriber.transcribe("https://example.com/a.mp3")
    assert done.status == aai.TranscriptStatus.completed
    ids = [str(done.id), *ids]
    seen: list[str] = []
    before: str | None = None
    while True:
        shown = transcriber.list_transcripts(
            aai.ListTranscriptParameters(limit=1, before_id=before)
        )
        seen += [item.id for item in shown.transcripts]
        if shown.page_details.prev_url is None:
            break
        before = shown.page_details.before_id_of_prev_url
    aai.Client.get_default().http_client.close()
    assert seen == ids
