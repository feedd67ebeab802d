"""A cost that is in hand when the database does not take it is charged all the same."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing as closed_after
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgreSQL
from settlement_kit import close_databases
from stack_kit import Stack, chat

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.errors import StoreError
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.settlement.summary import Summary
from assemblyai_mw.store import Database, Ledger
from assemblyai_mw.store.closing import closing_of
from assemblyai_mw.store.lazy import resolve
from assemblyai_mw.store.unwritten import Unwritten
from assemblyai_mw.telemetry.record import CallRecord
from assemblyai_mw.testing import FakeTransport

LLM = "/llm-gateway.assemblyai/v1/chat/completions"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files about PostgreSQL ledgers lie, for these tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    stack = Stack(database_url)
    yield stack
    stack.close()


def ask(stack: Stack, key: str) -> Any:
    return stack.ask("POST", LLM, key, json=chat("hi", "gpt-5-mini"))


def row(stack: Stack) -> dict[str, Any]:
    return list(stack.ledger.calls())[-1]


def standing(stack: Stack, key: str) -> tuple[str, str]:
    budgets = stack.ask("GET", "/assemblyai-mw/key/me", key).json["budgets"]
    (total,) = [b for b in budgets if (b["scope"], b["window"]) == ("key", "total")]
    return total["spent_usd"], total["held_usd"]


def settle(
    stack: Stack, *, of: Ledger | None = None, ahead_s: float = 0.0, **options: Any
) -> Summary:
    """Settle as another process does, or with *of* as the worker's own thread."""
    return Settler(
        stack.middleware.config,
        ledger=of or Ledger(stack.keys.database),
        transport=FakeTransport(),
        prices=PriceBook.load(),
        clock=lambda: time.time() + ahead_s,
        **options,
    ).run(limit=100)


def fails_to_close(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the worker's database take no closing, as one that is full, locked or gone."""

    def close(self: Ledger, closing: Any) -> bool:
        raise StoreError("The database could not be written: database or disk is full")

    monkeypatch.setattr(Ledger, "write", close)


def files(stack: Stack) -> list[Path]:
    return [
        path
        for directory in stack.keys.database.private_directories()
        if directory.is_dir()
        for path in directory.iterdir()
    ]


@pytest.mark.parametrize("by_thread", [True, False], ids=["the thread", "another process"])
def test_a_chat_whose_closing_failed_is_charged_by(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, by_thread: bool
) -> None:
    key = stack.key("a", budget_usd="1", team="t")
    assert ask(stack, key).status_int == 200
    cost = row(stack)["cost_usd"]
    with monkeypatch.context() as patch:
        fails_to_close(stack, patch)
        assert ask(stack, key).status_int == 200
    assert row(stack)["state"] == "pending"
    spent, held = standing(stack, key)
    assert spent == cost
    assert float(held) > 0
    records: list[CallRecord] = []
    own = stack.middleware.parts.ledger if by_thread else None
    summary = settle(stack, of=own, on_call=[records.append])
    assert (summary.settled, row(stack)["state"], row(stack)["cost_usd"]) == (1, "settled", cost)
    assert [(r.row, r.state, r.cost_usd) for r in records] == [(2, "settled", cost)]
    assert (float(standing(stack, key)[0]), standing(stack, key)[1]) == (2 * float(cost), "0")
    assert files(stack) == []
    assert settle(stack, of=stack.middleware.parts.ledger).settled == 0
    assert float(standing(stack, key)[0]) == 2 * float(cost)


def test_what_lies_on_disk_is_this_users_alone_and_holds_no_content_and_no_secret(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = stack.key("a", budget_usd="1")
    fails_to_close(stack, monkeypatch)
    body = chat("the words of a caller", "gpt-5-mini")
    stack.us.reply_to = lambda asked: "the words of a model"
    assert stack.ask("POST", LLM, key, json=body).status_int == 200
    (file,) = files(stack)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    text = file.read_text()
    assert json.loads(text)["row"] == 1
    for word in ("words of", key, "authorization"):
        assert word not in text


def test_a_call_given_up_meanwhile_still_gets_its_end(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host, which does not see the file, closes the row as one of a dead worker."""
    key = stack.key("a", budget_usd="1")
    with monkeypatch.context() as patch:
        fails_to_close(stack, patch)
        assert ask(stack, key).status_int == 200
    elsewhere = Ledger(stack.keys.database)
    elsewhere.unwritten = Unwritten(())
    assert settle(stack, of=elsewhere, ahead_s=100_000).unpriced == 1
    assert float(standing(stack, key)[0]) > 0
    assert settle(stack).settled == 1
    assert row(stack)["state"] == "settled"
    assert standing(stack, key) == (row(stack)["cost_usd"], "0")
    (total,) = stack.ledger.usage("key")
    assert (total["calls"], total["unpriced"], total["cost_usd"]) == (1, 0, row(stack)["cost_usd"])
    assert total["input_tokens"] == row(stack)["input_tokens"] > 0


def test_a_failure_that_is_certain_is_kept_too(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = stack.key("a", budget_usd="1")
    stack.us.fail_next(400, path="/v1/chat")
    with monkeypatch.context() as patch:
        fails_to_close(stack, patch)
        assert ask(stack, key).status_int == 400
    assert settle(stack).failed == 1
    assert (row(stack)["state"], standing(stack, key)) == ("failed", ("0", "0"))


def test_a_closing_of_another_call_in_the_same_row_is_not_written(stack: Stack) -> None:
    key = stack.key("a")
    assert ask(stack, key).status_int == 200
    ledger = Ledger(stack.keys.database)
    stack.us.fail_next(drop=True, path="/v1/chat")
    assert ask(stack, key).status_int == 502
    found = ledger.look(2)
    assert found is not None
    assert found.state == "unpriced"
    ledger.unwritten.keep(closing_of(2, usage=None, price=None, request_id="of-another"))
    assert ledger.write_kept() == []
    assert files(stack) == []


@pytest.mark.usefixtures("impatient")
def test_sqlite_locked_for_longer_than_a_worker_waits(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a", budget_usd="1")
    send = stack.transport.send
    path = sqlite_url.removeprefix("sqlite:///")
    with closed_after(sqlite3.connect(path, isolation_level=None)) as other:

        def send_and_lock(*request: Any) -> Any:
            reply = send(*request)
            other.execute("BEGIN IMMEDIATE")
            return reply

        stack.transport.send = send_and_lock  # type: ignore[method-assign]
        assert ask(stack, key).status_int == 200
        stack.transport.send = send  # type: ignore[method-assign]
        assert "stays open until its end can be written" in caplog.text
        other.execute("ROLLBACK")
    assert settle(stack).settled == 1
    assert standing(stack, key) == (row(stack)["cost_usd"], "0")
    stack.close()


def test_postgresql_that_restarts_while_a_chat_runs(state: Path) -> None:
    server = PostgreSQL()
    try:
        stack = Stack(server.fresh_url())
        key = stack.key("a", budget_usd="1")
        send = stack.transport.send

        def send_and_halt(*request: Any) -> Any:
            reply = send(*request)
            server.halt()
            return reply

        stack.transport.send = send_and_halt  # type: ignore[method-assign]
        assert ask(stack, key).status_int == 200
        stack.transport.send = send  # type: ignore[method-assign]
        (file,) = files(stack)
        assert file.is_relative_to(state)
        with pytest.raises(StoreError):
            settle(stack, of=stack.middleware.parts.ledger)
        server.start()
        assert settle(stack).settled == 1
        assert standing(stack, key) == (row(stack)["cost_usd"], "0")
        stack.close()
    finally:
        server.stop()


_WORKER = """
import os, sys
from stack_kit import Stack, chat
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Ledger
stack = Stack(sys.argv[1])
key = stack.key("a", budget_usd="1")
def close(self, closing):
    raise StoreError("The database is busy")
Ledger.write = close
reply = stack.ask("POST", sys.argv[2], key, json=chat("hi", "gpt-5-mini"))
print(reply.status_int, key, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_worker_killed_after_the_failed_write_loses_nothing(database_url: str) -> None:
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", _WORKER, database_url, LLM],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    status, key = done.stdout.split()
    assert status == "200"
    stack = Stack(database_url)
    assert row(stack)["state"] == "pending"
    assert settle(stack, stopped=True).settled == 1
    assert row(stack)["state"] == "settled"
    assert standing(stack, key) == (row(stack)["cost_usd"], "0")
    assert files(stack) == []
    stack.close()


def test_without_a_place_on_disk_memory_keeps_it_and_the_log_says_so_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    own = resolve(stack.middleware.parts.ledger)
    own.unwritten = Unwritten((tmp_path / "file" / "below",))
    key = stack.key("a", budget_usd="1")
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        fails_to_close(stack, patch)
        for _ in range(3):
            assert ask(stack, key).status_int == 200
    assert caplog.text.count("kept in memory alone") == 1
    assert settle(stack, of=own).settled == 3
    assert standing(stack, key)[1] == "0"


def test_a_closing_that_can_never_be_written_holds_up_no_other(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(stack.keys.database)
    key = stack.key("a", budget_usd="1")
    with monkeypatch.context() as patch:
        fails_to_close(stack, patch)
        for _ in range(2):
            assert ask(stack, key).status_int == 200
    late = Ledger.write_late

    def write_late(self: Ledger, closing: Any) -> bool:
        if closing.row == 1:
            raise StoreError("The database could not be written: number too large")
        return late(self, closing)

    monkeypatch.setattr(Ledger, "write_late", write_late)
    assert ledger.write_kept() == []
    assert [closing.row for closing in ledger.write_kept()] == [2]
    assert [path.name.split("-")[0] for path in files(stack)] == ["1"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"row": 1}', "x" * 100_000],
    ids=["empty", "list", "cut", "members missing", "too long"],
)
def test_a_file_that_holds_no_closing_stops_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    key = stack.key("a")
    with monkeypatch.context() as patch:
        fails_to_close(stack, patch)
        assert ask(stack, key).status_int == 200
    (file,) = files(stack)
    (file.parent / "0-odd.json").write_text(text)
    assert settle(stack).settled == 1
    assert [path.name for path in files(stack)] == ["0-odd.json"]


def test_how_much_is_kept_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("assemblyai_mw.store.unwritten.MAX_KEPT", 3)
    kept = Unwritten((tmp_path / "closings",))
    ends = [
        closing_of(number, usage=None, price=None, request_id=f"r{number}") for number in range(5)
    ]
    assert [kept.keep(each) for each in ends] == [True, True, True, False, False]
    assert len(list((tmp_path / "closings").iterdir())) == 3
    assert [each.row for each in kept.due()] == [0, 1, 2]
    assert "too many" in caplog.text


def test_in_memory_nothing_is_written_to_disk(state: Path) -> None:
    with closed_after(Database("sqlite://")) as database:
        assert database.private_directories() == ()
    close_databases()
    assert not state.exists()
