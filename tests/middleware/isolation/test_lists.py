"""Filled pages out of an account's list that others' rows fill too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.isolation.lists import MAX_PAGES, ListQuery, reply_of, rewritten, walk


class Account:
    """An account's list, newest first, as AssemblyAI pages it."""

    def __init__(self, owners: Sequence[str]) -> None:
        self.ids = [f"{owner}-{number}" for number, owner in enumerate(owners)]
        self.asked: list[str] = []

    def fetch(self, query: str) -> Mapping[str, Any]:
        self.asked.append(query)
        values = dict(parse_qsl(query))
        limit = int(values["limit"])
        first = self.ids.index(values["before_id"]) + 1 if "before_id" in values else 0
        end = self.ids.index(values["after_id"]) if "after_id" in values else len(self.ids)
        page = self.ids[first:end]
        page = page[-limit:] if "after_id" in values else page[:limit]
        older = bool(page) and page[-1] != self.ids[-1]
        newer = bool(page) and page[0] != self.ids[0]
        details = {"prev_url": "older" if older else None, "next_url": "newer" if newer else None}
        return {"page_details": details, "transcripts": [{"id": id} for id in page]}

    def own(self, ids: Sequence[str]) -> list[str]:
        return [id for id in ids if id.startswith("b-")]

    def skip_to(self, anchor: str, upwards: bool) -> str | None:
        """Leap as far as can be: to the neighbour of the next own row."""
        at = self.ids.index(anchor)
        rest = range(at - 1, -1, -1) if upwards else range(at + 1, len(self.ids))
        for place in rest:
            if self.ids[place].startswith("b-"):
                return self.ids[place + 1 if upwards else place - 1]
        return None


@given(
    owners=st.lists(st.sampled_from("abc"), max_size=60),
    limit=st.integers(1, 7),
    leaping=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_walking_down_and_up_again_visits_each_own_row_once(
    owners: list[str], limit: int, leaping: bool
) -> None:
    account = Account(owners)
    mine = account.own(account.ids)
    skip_to = {"skip_to": account.skip_to} if leaping else {}
    page = walk(ListQuery(limit), account.fetch, account.own, **skip_to)
    down = [item["id"] for item in page.items]
    while page.older:
        assert len(page.items) == limit
        page = walk(ListQuery(limit, before_id=down[-1]), account.fetch, account.own, **skip_to)
        down += [item["id"] for item in page.items]
    assert down == mine
    if not mine:
        return
    up = [mine[-1]]
    page = walk(ListQuery(limit, after_id=up[0]), account.fetch, account.own, **skip_to)
    up = [item["id"] for item in page.items] + up
    while page.newer:
        page = walk(ListQuery(limit, after_id=up[0]), account.fetch, account.own, **skip_to)
        up = [item["id"] for item in page.items] + up
    assert up == mine


def test_a_lone_row_far_down_is_found_by_leaping() -> None:
    account = Account(["a"] * 30_000 + ["b"] + ["a"] * 30_000)
    page = walk(ListQuery(10), account.fetch, account.own, account.skip_to)
    assert [item["id"] for item in page.items] == ["b-30000"]
    assert not page.older
    assert len(account.asked) <= 3


def test_a_walk_that_is_cut_short_goes_on_from_what_it_found() -> None:
    account = Account((["b"] + ["a"] * 200) * (MAX_PAGES + 5))
    seen: list[str] = []
    query = ListQuery(200)
    while True:
        page = walk(query, account.fetch, account.own)
        seen += [item["id"] for item in page.items]
        if not page.older:
            break
        query = ListQuery(200, before_id=seen[-1])
    assert seen == account.own(account.ids)


def test_rows_that_are_none_are_left_out() -> None:
    reply = {"transcripts": [{"id": "b-1"}, "x", {}, {"id": 7}, None, {"id": "b-2"}]}
    page = walk(ListQuery(2), lambda query: reply, lambda ids: ids)
    assert [item["id"] for item in page.items] == ["b-1", "b-2"]


@pytest.mark.parametrize(
    "query, parsed",
    [
        ("", ListQuery(10)),
        ("limit=200", ListQuery(200)),
        ("limit=", ListQuery(10)),
        ("before_id=x", ListQuery(10, before_id="x")),
        ("after_id=x&limit=1", ListQuery(1, after_id="x")),
        ("before_id=&after_id=", ListQuery(10)),
        (
            "status=error&created_on=2026-11-22",
            ListQuery(10, filters=(("status", "error"), ("created_on", "2026-11-22"))),
        ),
    ],
)
def test_queries_are_read(query: str, parsed: ListQuery) -> None:
    assert ListQuery.parse(query) == parsed


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e1",
        "limit=+5",
        "limit=1_0",
        "limit=\u0661",
        "limit=" + "9" * 5000,
        "limit=1&limit=1",
        "status=a&status=b",
        "before_id=x&after_id=y",
    ],
)
def test_queries_that_mean_nothing_are_refused(query: str) -> None:
    with pytest.raises(BadRequest):
        ListQuery.parse(query)


def test_a_filter_cannot_become_a_cursor() -> None:
    query = ListQuery.parse("status=x%26before_id%3Dy;z")
    assert query.encode(limit=3) == "limit=3&status=x%26before_id%3Dy%3Bz"


def test_links_lead_through_the_app_and_nothing_else_is_changed() -> None:
    item = {
        "id": "x",
        "resource_url": "https://api.assemblyai.com/v2/transcript/x",
        "audio_url": "https://cdn.assemblyai.com/upload/1/2",
        "error": None,
    }
    shown = rewritten(item, "https://app.example/mnt/assemblyai")
    assert shown == item | {"resource_url": "https://app.example/mnt/assemblyai/v2/transcript/x"}


def test_an_empty_page_links_nowhere() -> None:
    page = walk(ListQuery(5), lambda query: {"transcripts": []}, lambda ids: ids)
    details = reply_of(page, ListQuery(5), "http://app")["page_details"]
    assert details == {
        "limit": 5,
        "result_count": 0,
        "current_url": "http://app/v2/transcript?limit=5",
        "prev_url": None,
        "next_url": None,
    }
