"""Voice agents' sessions that nobody closes: AssemblyAI tells how long they lasted, or else not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from settlement_kit import House, build, close_databases

from assemblyai_mw.billing.agents import GRACE_S, RESUMED
from assemblyai_mw.billing.sessions import SESSION_ID
from assemblyai_mw.call import Call, Caller, new_id
from assemblyai_mw.routes import route_for
from assemblyai_mw.settlement.lost_agents import TELL_AGAIN_S, TELL_WITHIN_S
from assemblyai_mw.store import Database
from assemblyai_mw.store.clock import ClockWatch
from assemblyai_mw.store.space import Space
from assemblyai_mw.testing import AgentSettings, FakeAgentSession, FakeAssemblyAI, Hosts, serve_all

ROUTE = route_for("/agents.assemblyai")
SPACE = Space("agents", "global", "session")
ME = Caller(name="me", key_id=None)
ID = "sess_lost"
# 4.50 USD an hour.
SECOND = 1_250_000


class Lost:
    """A session that was last seen after thirty seconds; its process is dead."""

    def __init__(self, house: House, hosts: Hosts, now: list[float]) -> None:
        self.house, self.us, self.now = house, hosts.us, now
        self.call = Call(new_id(), now[0], ROUTE, "GET", "/v1/ws", caller=ME)
        row = house.ledger.open_session(self.call, kind="agent", model=None, features={})
        assert isinstance(row, int)
        self.row = row
        house.ledger.own(SPACE, ID, ME, call_id=row)

    def seen(self, **facts: Any) -> Lost:
        self.now[0] += 30
        self.house.ledger.checkpoint({self.row: (30_000, {SESSION_ID: ID, **facts})})
        return self

    def upstream(self, **fields: Any) -> FakeAgentSession:
        """The same session there; it lasted for 33.25 seconds and the grace, unless told else."""
        made = FakeAgentSession(
            id=ID,
            account="account",
            agent_id=None,
            config={},
            began=self.call.started,
            limit_s=10_800,
            settings=AgentSettings(),
            clock=lambda: self.now[0],
        )
        made.lost_at = made.began + 33.25
        for name, value in fields.items():
            setattr(made, name, value)
        self.us.agent_sessions.append(made)
        return made

    def settle(self, after_s: float, **options: Any) -> Any:
        self.now[0] += after_s
        watch = ClockWatch(lambda: self.now[0])
        settler = self.house.settler(clock_watch=watch, **options)
        settler._clock = lambda: self.now[0]
        return settler.run(limit=100)

    def closed(self) -> tuple[str, bool, int]:
        (row,) = list(self.house.ledger.calls())
        nano = round(float(row["cost_usd"]) * 10**9) if row["cost_usd"] else 0
        return row["state"], bool(row["estimated"]), nano


@pytest.fixture
def lost(sqlite_url: str) -> Iterator[Lost]:
    now = [datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()]
    with serve_all(FakeAssemblyAI(clock=lambda: now[0])) as hosts:
        house = build(hosts, sqlite_url)
        house.database.close()
        house.database = Database(sqlite_url, clock=lambda: now[0])
        yield Lost(house, hosts, now)
        house.database.close()
        close_databases()


ESTIMATE = 75 * SECOND  # 30 seconds, an interval of 15, and the grace.


def test_its_length_is_assemblyai_s_own(lost: Lost) -> None:
    lost.seen().upstream()
    assert lost.settle(70).settled == 1
    assert lost.closed() == ("settled", False, round((33.25 + GRACE_S) * SECOND))
    (asked,) = lost.us.asked("GET", "/v1/sessions")
    assert asked.path == f"/v1/sessions/{ID}"


def test_one_that_is_still_active_there_is_asked_for_again(lost: Lost) -> None:
    upstream = lost.seen().upstream(lost_at=None)
    summary = lost.settle(70)
    assert (summary.settled, lost.closed()[0]) == (0, "pending")
    assert "tell its length" in next(iter(summary.left))
    upstream.ended = lost.now[0]
    assert lost.settle(TELL_AGAIN_S).settled == 1
    assert lost.closed()[:2] == ("settled", False)


def test_one_that_stays_active_is_estimated_in_the_end(lost: Lost) -> None:
    lost.seen().upstream(lost_at=None)
    assert lost.settle(70).settled == 0
    assert lost.settle(TELL_WITHIN_S).settled == 1
    assert lost.closed() == ("settled", True, ESTIMATE)


def test_a_settlement_that_comes_once_asks_once(lost: Lost) -> None:
    lost.seen().upstream(lost_at=None)
    assert lost.settle(1, stopped=True).settled == 1
    assert lost.closed() == ("settled", True, ESTIMATE)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_while_assemblyai_does_not_answer_it_waits(lost: Lost, status: int) -> None:
    lost.seen().upstream()
    lost.us.fail_next(status, path="/v1/sessions")
    assert lost.settle(70).settled == 0
    assert lost.settle(TELL_AGAIN_S).settled == 1
    assert lost.closed()[:2] == ("settled", False)


@pytest.mark.parametrize("length", [-1, 0, "soon", True, 10_000, [], 1e300])
def test_a_length_that_cannot_be_is_not_charged(lost: Lost, length: object) -> None:
    lost.seen().upstream()
    lost.us.agent_session_fields = {"duration_seconds": length}
    assert lost.settle(70).settled == 1
    assert lost.closed() == ("settled", True, ESTIMATE)


def test_one_that_is_not_known_there_is_estimated(lost: Lost) -> None:
    lost.seen()
    assert lost.settle(70).settled == 1
    assert lost.closed() == ("settled", True, ESTIMATE)


def test_one_that_was_resumed_is_not_charged_for_both(lost: Lost) -> None:
    lost.seen(**{RESUMED: True}).upstream()
    assert lost.settle(70).settled == 1
    assert lost.closed() == ("settled", True, ESTIMATE)
    assert not lost.us.asked("GET", "/v1/sessions")


def test_one_that_goes_on_in_another_call_is_not_charged_for_it(lost: Lost) -> None:
    lost.seen().upstream()
    other = Call(new_id(), lost.now[0], ROUTE, "GET", "/v1/ws", caller=ME)
    row = lost.house.ledger.open_session(other, kind="agent", model=None, features={})
    assert isinstance(row, int)
    lost.house.ledger.own(SPACE, ID, ME, call_id=row)
    lost.settle(70)
    assert not lost.us.asked("GET", "/v1/sessions")


def test_one_that_never_began_costs_an_interval_and_the_grace(lost: Lost) -> None:
    assert lost.settle(70).settled == 1
    assert lost.closed() == ("settled", True, 45 * SECOND)
