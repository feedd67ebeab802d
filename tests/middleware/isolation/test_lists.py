"""What a caller asks of the list, what AssemblyAI is asked for it, and what the reply says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

import pytest

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.isolation.lists import ListQuery, Page, reply_of, rewritten

FILTERS = (("status", "error"), ("created_on", "2026-11-22"))


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
            ListQuery(10, filters=FILTERS, status="error", created_on=date(2026, 11, 22)),
        ),
        ("before_id=x&after_id=y", ListQuery(10, before_id="x", after_id="y")),
        ("limit=3&before_id=x&limit=3", ListQuery(3, before_id="x")),
        (
            "limit=3&status=completed&before_id=X&limit=3&status=completed",
            ListQuery(3, "X", filters=(("status", "completed"),), status="completed"),
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
        "limit=1&limit=2",
        "limit=1&limit=01",
        "status=a&status=b",
        "before_id=x&before_id=",
    ],
)
def test_queries_that_mean_nothing_are_refused(query: str) -> None:
    with pytest.raises(BadRequest):
        ListQuery.parse(query)


def test_a_filter_cannot_become_a_cursor() -> None:
    query = ListQuery.parse("x=y%26before_id%3Dy;z&status=completed")
    assert query.upstream(limit=3, cursor=("after_id", "a")) == (
        "limit=3&x=y%26before_id%3Dy%3Bz&after_id=a"
    )


@pytest.mark.parametrize(
    "query, upstream",
    [
        ("status=completed&created_on=2026-11-22", ""),
        ("throttled_only=false&status=", ""),
        ("status=completed&throttled_only=true", "throttled_only=true"),
        ("status=done", "status=done"),
        ("created_on=2026-11", "created_on=2026-11"),
        ("created_on=2026-02-30", "created_on=2026-02-30"),
        ("_=7", "_=7"),
    ],
)
def test_only_what_cannot_be_judged_here_is_left_to_assemblyai(query: str, upstream: str) -> None:
    parsed = ListQuery.parse(query)
    assert parsed.upstream(limit=7, cursor=None) == f"limit=7&{upstream}".rstrip("&")
    assert dict(parse_qsl(parsed.encode(), keep_blank_values=True)) == {
        "limit": "10",
        **dict(parse_qsl(query, keep_blank_values=True)),
    }


def test_an_item_passes_the_filters_that_are_judged_here() -> None:
    query = ListQuery.parse("status=completed&created_on=2026-11-22")
    item = {"status": "completed", "created": "2026-11-22T23:59:59.999999"}
    assert query.matches(item)
    assert not query.matches(item | {"status": "error"})
    assert not query.matches(item | {"created": "2026-11-23T00:00:00.000000"})
    assert not query.matches({"status": "completed"})
    assert ListQuery.parse("limit=1").matches({})


def test_a_day_holds_the_calls_of_its_transcripts() -> None:
    """A call begins before its transcript is made, and clocks differ."""
    since, until = ListQuery.parse("created_on=2026-11-22").made
    assert since is not None
    assert until is not None
    assert since < datetime(2026, 11, 22, tzinfo=UTC)
    assert until > datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_without_calls(day: str) -> None:
    since, until = ListQuery.parse(f"created_on={day}").made
    assert since == until


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
    details = reply_of(Page(), ListQuery(5), "http://app")["page_details"]
    assert details == {
        "limit": 5,
        "result_count": 0,
        "current_url": "http://app/v2/transcript?limit=5",
        "prev_url": None,
        "next_url": None,
    }


def test_links_within_two_cursors_stay_within_on_the_way_down() -> None:
    query = ListQuery.parse("before_id=b&after_id=a&limit=1")
    details = reply_of(Page(older_than="x", newer_than="y"), query, "http://app")["page_details"]
    url = "http://app/v2/transcript?limit=1"
    assert details["current_url"] == f"{url}&before_id=b&after_id=a"
    assert details["prev_url"] == f"{url}&before_id=x&after_id=a"
    assert details["next_url"] == f"{url}&after_id=y"
