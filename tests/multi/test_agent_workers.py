"""Voice Agents behind Gunicorn's gthread workers: several of them, restarts, and a kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from agents_kit import SECOND, Agent, ask, make_agent, session
from session_kit import Site, served_by_gunicorn, until
from stack_kit import config_of

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.config import load_config
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.transport import SocketTransport


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("workers")
    url = f"sqlite:///{folder}/ledger.db"
    streaming = {"terminate_s": 1.0, "checkpoint_s": 5}
    settlement = {"enabled": False}
    with served_by_gunicorn(
        url, folder, workers=2, streaming=streaming, settlement=settlement
    ) as made:
        yield made


def rows(site: Site, name: str) -> list[Any]:
    return [row for row in site.rows() if (row.kind, row.key_name) == ("agent", name)]


def workers() -> list[psutil.Process]:
    return [
        each
        for child in psutil.Process(os.getpid()).children()
        if "gunicorn" in " ".join(child.cmdline())
        for each in child.children()
    ]


def worker_of(agent: Agent) -> psutil.Process:
    """The worker that has a client's connection."""
    port = agent.socket.socket.getsockname()[1]
    (found,) = [
        each
        for each in workers()
        if any(c.raddr and c.raddr.port == port for c in each.net_connections("tcp"))
    ]
    return found


def test_two_tenants_talk_at_once_and_see_their_own_alone(site: Site) -> None:
    ann, ben = site.key("ann"), site.key("ben", budget_usd="5")
    with session(site, ann) as one, session(site, ben) as two:
        ids = one.begin(greeting="Hello."), two.begin()
        for agent in (one, two):
            agent.speak(6)
            agent.until("transcript.user")
        one.end()
        two.end()
    for key, own in ((ann, ids[0]), (ben, ids[1])):
        listed = ask(site, key, "GET", "/v1/sessions").json()["sessions"]
        assert [each["id"] for each in listed] == [own]
        statuses = [ask(site, key, "GET", f"/v1/sessions/{id}").status_code for id in ids]
        assert sorted(statuses) == [200, 404]
    until(lambda: all(row.state == "settled" for row in site.rows()))
    assert [row.estimated for row in (*rows(site, "ann"), *rows(site, "ben"))] == [False, False]
    assert site.nothing_open()


def test_a_lost_session_is_resumed_on_whichever_worker(site: Site) -> None:
    key = site.key("cleo")
    site.us.fail_next_agent_session(at="audio", vanish="fin")
    with session(site, key) as agent:
        id = agent.begin(agent_id=make_agent(site, key))
        agent.speak()
        agent.rest()
    for _ in range(2):
        with session(site, site.key(f"other-{_}")) as agent:
            agent.send("session.resume", session_id=id)
            assert agent.farewell()[:2] == (1008, "session_not_found")
    with session(site, key) as agent:
        agent.send("session.resume", session_id=id)
        assert agent.until("session.ready")["session_id"] == id
        agent.end()


def settler(site: Site) -> Settler:
    return Settler(
        load_config(config_of(site.database_url, routes=site.routes)),
        ledger=site.ledger,
        prices=PriceBook.load(),
        transport=SocketTransport(),
        stopped=True,
    )


@pytest.mark.parametrize("told", [True, False], ids=["told later", "unknown later"])
def test_a_killed_worker_s_session_is_settled(site: Site, told: bool) -> None:
    name = f"killed-{told}".lower()
    with session(site, site.key(name, budget_usd="5")) as agent:
        id = agent.begin()
        until(lambda: id in rows(site, name)[0].features)
        os.kill(worker_of(agent).pid, signal.SIGKILL)
        until(lambda: site.us.agent_sessions[-1].lost_at is not None)
    (row,) = rows(site, name)
    assert row.state == "pending"
    upstream = site.us.agent_sessions[-1]
    if told:
        upstream.settings.grace_s = 0.0
    else:
        site.us.agent_sessions.remove(upstream)
    try:
        settler(site).run()
    finally:
        upstream.settings.grace_s = 30.0
    (row,) = rows(site, name)
    assert (row.state, row.estimated) == ("settled", not told)
    if told:
        lasted = upstream.lost_at - upstream.began
        assert abs(row.audio_ms - lasted * 1000) <= 1
    else:
        # One interval after the last checkpoint, and what it could be resumed for.
        assert 45_000 <= row.audio_ms <= 60_000
    assert row.cost_nano == row.audio_ms * SECOND // 1000
    assert site.nothing_open()


def test_a_worker_that_stops_ends_its_sessions(site: Site) -> None:
    with session(site, site.key("drained")) as agent:
        agent.begin()
        worker_of(agent).send_signal(signal.SIGTERM)
        assert agent.farewell()[:2] == (1012, "server_restarts")
    until(lambda: rows(site, "drained")[0].state == "settled")
    assert rows(site, "drained")[0].estimated is False
    assert site.us.agent_sessions[-1].types[-1] == "session.end"
