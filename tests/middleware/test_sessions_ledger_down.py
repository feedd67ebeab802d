"""Sessions while their ledger cannot be written: none begins, and what ends is written later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from metered_kit import CHUNK, SECOND, TERMINATE, Metered, listen, until
from postgres import PostgreSQL
from websockets.exceptions import InvalidStatus

from assemblyai_mw.middleware.cost import sessions as cost_sessions

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that tests may halt."""
    server = PostgreSQL()
    yield server
    server.stop()


class Down:
    """A ledger that is taken away, and brought back."""

    def __init__(self, engine: str, request: pytest.FixtureRequest) -> None:
        self._server: PostgreSQL | None = None
        self._lock: sqlite3.Connection | None = None
        if engine == "postgresql":
            self._server = request.getfixturevalue("own_postgresql")
            self.url = self._server.fresh_url()
        else:
            self.url = request.getfixturevalue("sqlite_url")

    def begin(self) -> None:
        if self._server is not None:
            self._server.halt()
            return
        path = self.url.removeprefix("sqlite:///")
        self._lock = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._server is not None:
            self._server.start()
        elif self._lock is not None:
            self._lock.execute("ROLLBACK")
            self._lock.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def down(request: pytest.FixtureRequest) -> Down:
    return Down(request.param, request)


@pytest.fixture
def metered(down: Down) -> Iterator[Metered]:
    made = Metered(down.url, checkpoint_s=0.2)
    made.ledger.usage("day")
    yield made
    made.close()


def settled_late(metered: Metered) -> Any:
    """The only row, once the end that was kept is written."""

    def is_written() -> bool:
        metered.ledger.write_kept()
        return not metered.pending()

    until(is_written)
    assert (metered.held(), metered.open()) == (0, 0)
    return metered.row()


def test_no_session_begins_and_those_without_a_budget_go_on(metered: Metered, down: Down) -> None:
    """They have a minute. The same answer as to other billable requests: 503."""
    key = metered.key()
    with metered.session(key) as client:
        assert client.recv()
        down.begin()
        with pytest.raises(InvalidStatus) as refused, metered.session(key):
            pass
        assert refused.value.response.status_code == 503
        down.end()
        client.send(CHUNK)
        client.send(TERMINATE)
        assert listen(client).types() == ["Termination"]
    metered.idle()
    row = settled_late(metered)
    assert (row.state, row.estimated, row.cost_nano) == ("settled", False, metered.billed())
    assert len(metered.fake.sessions) == 1


def test_after_too_long_a_time_they_are_ended_and_written_later(
    metered: Metered, down: Down, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_sessions, "LEDGER_DOWN_S", 1.5)
    with metered.session(metered.key()) as client:
        assert client.recv()
        down.begin()
        code, text = listen(client).error
        assert (code, text) == (3005, "The ledger cannot be written here; the session is over.")
        # The end is noted while the ledger is still away.
        metered.idle()
    down.end()
    row = settled_late(metered)
    assert (row.state, row.estimated, row.cost_nano) == ("settled", False, metered.billed())


def test_with_a_budget_they_last_as_long_as_what_is_held(metered: Metered, down: Down) -> None:
    with metered.session(metered.key(budget_usd="100")) as client:
        assert client.recv()
        down.begin()
        code, text = listen(client).error
        assert (code, text) == (3005, "Budgets cannot be checked here; the session is over.")
        metered.idle()
    down.end()
    row = settled_late(metered)
    assert (row.state, row.estimated, row.cost_nano) == ("settled", False, metered.billed())
    # What was held when the ledger went: the first slice, and perhaps another.
    assert metered.spent("alice") <= 5 * SECOND
