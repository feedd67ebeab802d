"""What sessions cost, and that no budget is overspent by them: the whole stack over sockets."""

from __future__ import annotations

import contextlib
import math
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from metered_kit import (
    CHUNK,
    DEARER,
    MODEL,
    SECOND,
    TERMINATE,
    Heard,
    Metered,
    listen,
    until,
    update,
)
from stack_kit import MASTER_KEY
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assemblyai_mw.middleware.budget import sessions as budget_sessions
from assemblyai_mw.middleware.cost import sessions as cost_sessions
from assemblyai_mw.transport import SocketTransport

# Dollars held for a session at first, of which it may use all but 3; and a budget with room for
# that alone.
FIRST = 4
ONE_SLICE = "4.001"
AMOUNTS = r"[0-9.]+ USD spent, [0-9.]+ USD held, limit [0-9.]+ USD"


@pytest.fixture
def metered(sqlite_url: str) -> Iterator[Metered]:
    made = Metered(sqlite_url)
    yield made
    made.close()


def heard_out(metered: Metered, key: str, **query: Any) -> Heard:
    """A session that its client never ends."""
    with metered.session(key, **query) as client:
        with contextlib.suppress(ConnectionClosed):
            client.send(CHUNK)
        heard = listen(client)
    metered.idle()
    return heard


def assert_kept(metered: Metered, limit_s: int) -> None:
    """Nothing is held, and no more was spent than *limit_s* dollars, here and there."""
    spent = metered.spent("alice")
    assert (metered.held(), metered.open(), metered.pending()) == (0, 0, 0)
    assert 0 < spent <= limit_s * SECOND


# The price of one session


def test_a_session_costs_what_its_termination_says(metered: Metered) -> None:
    key = metered.key(budget_usd="100")
    heard = metered.whole(key)
    assert heard.types() == ["Begin", "Termination"]
    row = metered.row()
    assert (row.state, row.estimated, row.status, row.kind) == ("settled", False, 101, "session")
    assert row.cost_nano == heard.messages[-1]["session_duration_seconds"] * SECOND
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, 100)


def test_the_master_key_is_charged_to_nobody(metered: Metered) -> None:
    metered.whole(MASTER_KEY)
    row = metered.row()
    assert (row.state, row.key_id, row.cost_nano) == ("settled", None, metered.billed())
    assert metered.held() == 0


def test_a_session_of_a_token_is_its_keys(metered: Metered) -> None:
    import requests

    key = metered.key(budget_usd="100")
    address = f"http://127.0.0.1:{metered.port}/streaming.assemblyai/v3/token"
    reply = requests.get(
        address, params={"expires_in_seconds": "60"}, headers={"Authorization": key}, timeout=10
    )
    with metered.session(None, token=reply.json()["token"]) as client:
        assert client.recv()
        assert metered.held() >= FIRST * SECOND
        client.send(TERMINATE)
        listen(client)
    metered.idle()
    (row,) = [row for row in metered.rows() if row.kind == "session"]
    assert (row.key_name, row.cost_nano) == ("alice", metered.billed())
    assert_kept(metered, 100)


def test_options_added_midway_count_for_all_of_the_session(metered: Metered) -> None:
    key = metered.key(budget_usd="100")
    with metered.session(key) as client:
        client.send(update(keyterms_prompt=["AssemblyAI"]))
        client.send(TERMINATE)
        seconds = listen(client).messages[-1]["session_duration_seconds"]
    metered.idle()
    assert metered.upstream().features == {"keyterms_prompt"}
    assert metered.row().cost_nano == 3 * seconds * SECOND
    assert_kept(metered, 100)


def test_a_dearer_model_than_the_one_asked_for_is_charged_within_the_budget(
    metered: Metered,
) -> None:
    metered.fake.fail_next_session(begin={"configuration": {"model": DEARER}})
    key = metered.key(budget_usd="60")
    heard = heard_out(metered, key)
    assert heard.error[0] == 3008
    row = metered.row()
    assert (row.model, row.state) == (DEARER, "settled")
    assert row.cost_nano == 10 * metered.billed()
    assert_kept(metered, 60)


# The end of a budget


@pytest.mark.parametrize("owner", ["key", "team"])
@pytest.mark.parametrize("window", ["budget_usd", "budget_daily_usd", "budget_monthly_usd"])
def test_a_session_ends_with_its_budget(metered: Metered, owner: str, window: str) -> None:
    budget = {window: "5"}
    if owner == "team":
        metered.keys.set_team("search", **budget)
    key = metered.key(**({"team": "search"} if owner == "team" else budget))
    heard = heard_out(metered, key)
    code, text = heard.error
    assert (code, heard.code) == (3008, 3008)
    name = {"budget_usd": "", "budget_daily_usd": "daily ", "budget_monthly_usd": "monthly "}
    assert text.startswith(f"The {name[window]}budget of this {owner} has no room for more")
    assert re.search(AMOUNTS, text)
    assert "Termination" not in heard.types()
    assert (metered.row().estimated, metered.upstream().ended_by) == (False, "terminate")
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, 5)


def test_what_the_upstream_counts_until_it_has_ended_is_within_the_budget(
    metered: Metered,
) -> None:
    """It ends a session as late as it may, and rounds up."""
    metered.fake.streaming.rounding = lambda seconds: math.ceil(seconds + 1.0)
    heard = heard_out(metered, metered.key(budget_usd="5"))
    assert heard.error[0] == 3008
    assert metered.row().estimated is False
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, 5)


def test_a_slow_handshake_counts_against_what_is_held(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AssemblyAI's clock begins before its answer comes."""
    metered.fake.streaming.rounding = lambda seconds: math.ceil(seconds + 1.0)
    upgrade = SocketTransport.upgrade

    def slow(*arguments: Any) -> Any:
        answer = upgrade(*arguments)
        time.sleep(2.5)
        return answer

    monkeypatch.setattr(SocketTransport, "upgrade", slow)
    heard = heard_out(metered, metered.key(budget_usd=ONE_SLICE))
    assert heard.code in (3005, 3008)
    assert metered.row().estimated is False
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, FIRST)


def test_an_upstream_that_does_not_end_a_session_is_left_and_charged_by_our_clock(
    metered: Metered,
) -> None:
    metered.fake.fail_next_session(at="terminate", silent=True)
    heard = heard_out(metered, metered.key(budget_usd="5"))
    assert heard.error[0] == 3008
    row = metered.row()
    assert (row.state, row.estimated) == ("settled", True)
    assert "no Termination came" in row.reason
    assert_kept(metered, 5)


def test_an_option_that_does_not_fit_is_not_sent_and_not_charged(metered: Metered) -> None:
    with metered.session(metered.key(budget_usd="5")) as client:
        client.send(update(keyterms_prompt=["AssemblyAI"]))
        code, text = listen(client).error
    metered.idle()
    assert code == 3008
    assert re.search(AMOUNTS, text)
    assert metered.upstream().texts == [{"type": "Terminate"}]
    assert metered.row().cost_nano == metered.billed()
    assert_kept(metered, 5)


def test_what_a_client_says_after_the_end_is_not_charged(metered: Metered) -> None:
    """The upstream takes its time to end the session, and the client goes on."""
    metered.fake.fail_next_session(at="terminate", silent=True)
    with metered.session(metered.key(budget_usd=ONE_SLICE)) as client:
        assert client.recv()
        assert metered.fake.wait_for(lambda fake: fake.sessions[0].terminated)
        client.send(update(keyterms_prompt=["AssemblyAI"]))
        assert listen(client).error[0] == 3008
    metered.idle()
    row = metered.row()
    assert "keyterms_prompt" not in row.usage
    assert_kept(metered, FIRST)


def test_a_top_up_lets_an_open_session_go_on(metered: Metered) -> None:
    with metered.session(metered.key(budget_usd=ONE_SLICE)) as client:
        until(lambda: metered.held() // SECOND == FIRST)
        metered.keys.set("alice", budget_usd="100")
        until(lambda: metered.held() // SECOND > FIRST)
        client.send(TERMINATE)
        assert listen(client).types() == ["Begin", "Termination"]
    metered.idle()
    assert_kept(metered, 100)


def test_a_session_goes_on_when_its_key_has_no_budget_any_more(metered: Metered) -> None:
    with metered.session(metered.key(budget_usd=ONE_SLICE)) as client:
        metered.keys.set("alice", budget_usd=None)
        until(lambda: metered.held() // SECOND > FIRST)
        client.send(TERMINATE)
        assert listen(client).types() == ["Begin", "Termination"]
    metered.idle()
    assert metered.spent("alice") == metered.billed()
    assert metered.held() == 0


@pytest.fixture
def looking(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metered]:
    """One that soon sees a new budget."""
    monkeypatch.setattr(budget_sessions, "LOOK_S", 0.1)
    made = Metered(sqlite_url)
    yield made
    made.close()


@pytest.mark.parametrize("owner", ["key", "team"])
def test_a_budget_that_comes_midway_bounds_an_open_session(looking: Metered, owner: str) -> None:
    with looking.session(looking.key(team="search")) as client:
        client.send(update(keyterms_prompt=["AssemblyAI"]))
        assert looking.held() == 0
        if owner == "key":
            looking.keys.set("alice", budget_usd="100")
        else:
            looking.keys.set_team("search", budget_usd="100")
        until(lambda: looking.held() >= 3 * FIRST * SECOND)
        client.send(TERMINATE)
        assert listen(client).types() == ["Begin", "Termination"]
    looking.idle()
    assert looking.row().cost_nano == 3 * looking.billed()
    assert_kept(looking, 100)


def test_a_budget_that_comes_midway_and_is_too_small_ends_it(looking: Metered) -> None:
    with looking.session(looking.key()) as client:
        looking.keys.set("alice", budget_usd="1")
        code, text = listen(client).error
    looking.idle()
    assert code == 3008
    assert "limit 1 USD" in text
    assert (looking.row().estimated, looking.held()) == (False, 0)


def test_a_budget_that_is_lowered_ends_an_open_session(metered: Metered) -> None:
    with metered.session(metered.key(budget_usd="100")) as client:
        metered.keys.set("alice", budget_usd="1")
        code, text = listen(client).error
    metered.idle()
    assert code == 3008
    assert "limit 1 USD" in text
    # Nothing was held anew.
    assert_kept(metered, FIRST + 1)


def test_a_budget_without_room_for_a_slice_opens_no_session(metered: Metered) -> None:
    with metered.session(metered.key(budget_usd="3.99")) as client:
        code, text = listen(client).error
    assert code == 4002
    assert "up to 4.00" in text
    assert metered.fake.sessions == []
    assert (metered.rows(), metered.held()) == ([], 0)


def test_a_refused_handshake_gives_its_hold_back(metered: Metered) -> None:
    metered.fake.fail_next_session(status=500)
    with pytest.raises(InvalidStatus), metered.session(metered.key(budget_usd="5")):
        pass
    metered.idle()
    row = metered.row()
    assert (row.state, row.cost_nano, metered.held()) == ("failed", 0, 0)


def test_without_a_price_only_a_key_that_may_opens_a_session(metered: Metered) -> None:
    """AssemblyAI's Begin says the model; from then on the session is held like any."""
    with metered.session(metered.key("bob", budget_usd="100"), model=None) as client:
        assert listen(client).error[0] == 1008
    key = metered.key(budget_usd="100", allow_unpriced=True)
    with metered.session(key, model=None) as client:
        until(lambda: metered.held() >= FIRST * SECOND)
        client.send(TERMINATE)
        assert listen(client).types() == ["Begin", "Termination"]
    metered.idle()
    (row,) = metered.rows()
    assert (row.state, row.model, row.cost_nano) == ("settled", MODEL, metered.billed())
    assert_kept(metered, 100)


def test_a_session_whose_price_is_learned_late_ends_with_its_budget(metered: Metered) -> None:
    key = metered.key(budget_usd="1", allow_unpriced=True)
    assert heard_out(metered, key, model=None).error[0] == 3008
    assert metered.held() == 0


def test_a_background_that_is_busy_lets_no_session_spend_more(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_sessions, "LEDGER_DOWN_S", 1.0)
    relay, go_on = metered.stack.parts.relay, threading.Event()
    assert relay is not None
    with metered.session(metered.key(budget_usd="100")) as client:
        assert client.recv()
        relay._running().background.submit(go_on.wait)
        assert listen(client).error[0] == 3005
        with metered.session(metered.key("bob")) as unbounded:
            assert listen(unbounded).error[0] == 3005
        go_on.set()
    metered.idle()
    assert {(row.state, row.estimated) for row in metered.rows()} == {("settled", False)}
    assert metered.spent("alice") + metered.spent("bob") == metered.billed()
    assert metered.spent("alice") <= FIRST * SECOND
    assert metered.held() == 0


# The upstream


@pytest.mark.parametrize(
    "figure", [-1, 0, True, None, "12", 1e300, 10**9, 60.5, float("nan")], ids=repr
)
def test_an_implausible_length_is_not_charged(metered: Metered, figure: Any) -> None:
    metered.fake.fail_next_session(termination={"session_duration_seconds": figure})
    metered.whole(metered.key(budget_usd="100"))
    row = metered.row()
    assert (row.state, row.estimated) == ("settled", True)
    assert "session_duration_seconds" in row.reason
    assert 0 < row.cost_nano < 30 * SECOND
    assert_kept(metered, 30)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_an_upstream_that_vanishes_is_charged_by_our_clock(metered: Metered, how: str) -> None:
    metered.fake.fail_next_session(vanish=how, at=1)
    assert heard_out(metered, metered.key(budget_usd="100")).error[0] == 3005
    row = metered.row()
    assert (row.state, row.estimated) == ("settled", True)
    assert_kept(metered, 100)


def test_an_upstream_that_refuses_before_it_begins_is_free(metered: Metered) -> None:
    metered.fake.streaming.max_sessions = 0
    heard = heard_out(metered, metered.key(budget_usd="100"))
    assert heard.code == 3009
    row = metered.row()
    assert (row.state, row.cost_nano) == ("failed", 0)
    assert row.reason == "AssemblyAI refused it: 3009"
    assert metered.held() == 0


def test_an_error_after_the_beginning_is_charged(metered: Metered) -> None:
    metered.fake.fail_next_session(error=(3007, "Input duration violation"), at=1)
    assert heard_out(metered, metered.key(budget_usd="100")).code == 3007
    row = metered.row()
    assert (row.state, row.estimated) == ("settled", True)
    assert_kept(metered, 100)


# The client


@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_a_client_that_leaves_is_settled_by_a_termination(metered: Metered, how: str) -> None:
    with metered.session(metered.key(budget_usd="100")) as client:
        client.send(CHUNK)
        if how == "rst":
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
        elif how == "fin":
            client.socket.shutdown(socket.SHUT_WR)
        else:
            client.close()
        assert metered.upstream().ended_by == "terminate"
        metered.idle()
    row = metered.row()
    assert (row.state, row.estimated) == ("settled", False)
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, 100)


_CLIENT = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], additional_headers={"Authorization": sys.argv[2]}) as client:
    print(client.recv(), flush=True)
    client.recv()
"""


def test_a_client_that_is_killed_is_settled_by_a_termination(metered: Metered) -> None:
    key = metered.key(budget_usd="100")
    command = [sys.executable, "-c", _CLIENT, metered.url(), key]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert b'"Begin"' in client.stdout.readline()
        client.kill()
    assert metered.upstream().ended_by == "terminate"
    metered.idle()
    assert (metered.row().state, metered.row().estimated) == ("settled", False)
    assert metered.spent("alice") == metered.billed()
    assert_kept(metered, 100)


# Limits on sessions


@pytest.mark.parametrize("owner", ["key", "team"])
def test_one_session_too_many_is_refused_with_3009(metered: Metered, owner: str) -> None:
    if owner == "team":
        metered.keys.set_team("search", max_sessions=1)
    key = metered.key(
        budget_usd="100", **({"team": "search"} if owner == "team" else {"max_sessions": 1})
    )
    with metered.session(key) as client:
        with metered.session(key) as second:
            code, text = listen(second).error
        assert code == 3009
        assert text == f"Too many sessions: this {owner} may have 1 open at a time."
        client.send(TERMINATE)
        listen(client)
    metered.idle()
    metered.whole(key)
    assert len(metered.fake.sessions) == len(metered.rows()) == 2
    assert_kept(metered, 100)


# What an operator sees


def test_usage_shows_length_estimates_and_totals(metered: Metered) -> None:
    metered.fake.fail_next_session(vanish="rst", at=1)
    key = metered.key(budget_usd="100")
    heard_out(metered, key)
    seconds = metered.whole(key).messages[-1]["session_duration_seconds"]
    first, second = sorted(metered.ledger.calls(), key=lambda call: call["id"])
    assert (first["estimated"], second["estimated"]) == (True, False)
    assert {first["state"], second["state"]} == {"settled"}
    assert second["audio_seconds"] == seconds
    for group in ("model", "day", "key"):
        (total,) = metered.ledger.usage(group)
        assert total["calls"] == 2
        assert total["audio_seconds"] == first["audio_seconds"] + seconds
        assert round(float(total["cost_usd"]) * SECOND) == metered.spent("alice")


def test_a_session_without_a_price_is_repriced_by_its_length_and_options(
    sqlite_url: str,
) -> None:
    from assemblyai_mw.billing.price_book import PriceBook
    from assemblyai_mw.settlement.reprice import reprice

    metered = Metered(sqlite_url)
    try:
        metered.fake.streaming.models.add("new-model")
        key = metered.key(budget_usd="100", allow_unpriced=True)
        heard = metered.whole(key, "new-model", keyterms_prompt='["a"]')
        seconds = heard.messages[-1]["session_duration_seconds"]
        assert (metered.row().state, metered.held()) == ("unpriced", 0)
        book = PriceBook.load(
            {
                "session": {"new-model": {"usd": 3600, "source": "a test"}},
                "session_addon": {"keyterms_prompt": {"usd": 7200, "source": "a test"}},
            }
        )
        (done,) = reprice(metered.ledger, book)
        assert done.price is not None
        assert done.price.nano == metered.row().cost_nano == 3 * seconds * SECOND
        assert metered.spent("alice") == 3 * seconds * SECOND
    finally:
        metered.close()
