"""Voice agents: what a session used, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assemblyai_mw.billing.agents import agent_outcome, stored_outcome
from assemblyai_mw.billing.decisive import read_query
from assemblyai_mw.billing.price_book import PriceBook, Unpriced
from assemblyai_mw.billing.replies import billing_facts
from assemblyai_mw.billing.sessions import cost_of, estimated_session

BOOK, AT = PriceBook.load(), datetime(2026, 11, 25, tzinfo=UTC)
# voice-agents/voice-agent-api/events-reference.
ENDED = {
    "type": "session.ended",
    "session_duration_seconds": 42.6,
    "audio_duration_seconds": None,
    "timestamp": "2026-11-25T12:00:00Z",
}


def test_an_hour_costs_four_dollars_and_a_half() -> None:
    rate = BOOK.session_rate({}, "global", AT, kind="agent")
    assert rate == 4_500_000_000
    usage = estimated_session({}, 3_600_000, "global", kind="agent").usage
    assert usage is not None
    assert BOOK.price(usage, AT).nano == rate <= cost_of(3_600_000, rate)


def test_the_last_message_tells_the_length() -> None:
    usage = agent_outcome(ENDED, {}, "global").usage
    assert usage is not None
    assert (usage.kind, usage.session_ms, usage.model) == ("agent", 42_600, None)
    assert agent_outcome({"type": "reply.done"}, {}, "global").state == "pending"


@pytest.mark.parametrize("length", [None, "42", -1, 0, True, float("nan"), 1e9, []])
def test_a_length_that_cannot_be_is_unmeterable(length: Any) -> None:
    ended = ENDED | {"session_duration_seconds": length}
    assert agent_outcome(ended, {}, "global").state == "unmeterable"
    told = stored_outcome({"duration_seconds": length}, {}, "global")
    assert told.state == ("pending" if length is None else "unmeterable")


def test_a_session_from_before_the_price_has_none() -> None:
    with pytest.raises(Unpriced):
        BOOK.session_rate({}, "global", datetime(2020, 1, 1, tzinfo=UTC), kind="agent")


def test_no_query_and_no_message_changes_the_price() -> None:
    assert billing_facts("agent", {"model": "x", "speech_model": "y"}) == {}
    assert read_query("agent", [("model", "x"), ("token", "t")]).asked == {}
