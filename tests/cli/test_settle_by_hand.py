"""`settle --call`: a person closes what nobody else can, and stands in the history for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from cli_kit import Run

from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger

HELD = 250_000_000


class Books:
    """A ledger with a key and a team on a budget, of which calls are held."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.keys = Keys(self.database)
        self.keys.set_team("search", budget_usd="5")
        info = self.keys.create("alice", team="search", budget_usd="1").info
        self.caller = Caller("alice", info.key_id, "search")
        self.ledger, self.holds = Ledger(self.database), Holds(self.database)
        self.number = 0

    def call(self, *, ago_s: float = 0, end: str | None = None) -> int:
        self.number += 1
        at = time.time() - ago_s
        route = route_for("/llm-gateway.assemblyai")
        call = Call(f"{self.number:032}", at, route, "POST", "/x", caller=self.caller)
        self.holds.take(call, HELD, expires_in_s=60)
        row = self.ledger.open(call, kind="chat", model="gpt-5", features={})
        if end == "failed":
            self.ledger.fail(row, status=400)
        elif end is not None:
            usage = Usage("chat", "m", input_tokens=3, output_tokens=4) if end == "known" else None
            self.ledger.settle(row, usage=usage, price=None, reason="never seen")
        return row

    def standing(self) -> set[tuple[int, int]]:
        return {(each.spent, each.held) for each in self.holds.spent(self.caller)}


@pytest.fixture
def books(sqlite_url: str) -> Iterator[Books]:
    books = Books(sqlite_url)
    yield books
    books.database.close()


@pytest.fixture
def settle(run: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", "account-key")

    def settle(row: Any, *more: str, cost: str = "0.12", status: int = 0) -> Any:
        options = ("--call", str(row), "--cost", cost, "--reason", "invoice 42", *more)
        return run("settle", *options, "--actor", "ruth", status=status)

    return settle


def shown(run: Run, row: int) -> dict[str, Any]:
    rows = json.loads(run("usage", "--by", "call", "--format", "json").stdout)
    (found,) = [each for each in rows if each["id"] == row]
    return dict(found)


@pytest.mark.parametrize("end", ["known", "lost"])
def test_an_unpriced_call_gets_the_cost_in_place_of_its_hold(
    run: Run, books: Books, settle: Any, end: str
) -> None:
    row = books.call(end=end)
    assert books.standing() == {(HELD, 0)}
    assert settle(row).stdout == f"call {row}: settled for 0.12 USD, it was unpriced\n"
    assert books.standing() == {(120_000_000, 0)}
    told = shown(run, row)
    assert (told["state"], told["cost_usd"], told["reason"]) == ("settled", "0.12", "invoice 42")
    assert [line["amount_usd"] for line in told["breakdown"]] == ["0.12"]
    assert "invoice 42" in run("usage", "--by", "call", "--format", "csv").stdout
    (total,) = books.ledger.usage("key")
    assert (total["calls"], total["unpriced"], total["cost_usd"]) == (1, 0, "0.12")


def test_the_history_says_who_what_and_why(run: Run, books: Books, settle: Any) -> None:
    row = books.call(end="lost")
    settle(row)
    change = books.keys.history("alice")[0]
    assert (change.actor, change.action, change.team) == ("ruth", "settle", "search")
    assert change.detail == {
        "call": row,
        "state": {"old": "unpriced", "new": "settled"},
        "cost_usd": "0.12",
        "reason": "invoice 42",
    }
    assert "invoice 42" in run("keys", "history", "alice").stdout


def test_a_call_that_cost_nothing_gives_back_what_it_counted(books: Books, settle: Any) -> None:
    settle(books.call(end="lost"), cost="0")
    assert books.standing() == {(0, 0)}


def test_an_open_call_is_closed_once_it_cannot_be_under_way(books: Books, settle: Any) -> None:
    row = books.call(ago_s=100_000)

    def in_all() -> set[tuple[int, int]]:
        spent = books.holds.spent(books.caller)
        return {(each.spent, each.held) for each in spent if each.window == "total"}

    assert in_all() == {(0, HELD)}
    settle(row)
    assert in_all() == {(120_000_000, 0)}
    assert {held for _, held in books.standing()} == {0}


@pytest.mark.parametrize(
    "which, said",
    [
        pytest.param("settled", "is settled already", id="settled"),
        pytest.param("failed", "is failed already", id="failed"),
        pytest.param("open", "may be under way until", id="under way"),
        pytest.param("none", "there is no call 999", id="unknown"),
        pytest.param("negative", "there is no call -1", id="negative"),
    ],
)
def test_what_cannot_be_settled_by_hand_is_said_and_changes_nothing(
    books: Books, settle: Any, which: str, said: str
) -> None:
    row = {"none": 999, "negative": -1}.get(which) or books.call(
        end={"settled": "lost", "failed": "failed"}.get(which)
    )
    if which == "settled":
        settle(row)
    before, history = books.standing(), len(books.keys.history())
    output = settle(row, cost="3", status=1).output
    assert said in output
    assert len(output.splitlines()) == 1
    assert (books.standing(), len(books.keys.history())) == (before, history)


def test_with_servers_stopped_an_open_call_is_under_way_no_more(books: Books, settle: Any) -> None:
    settle(books.call(), "--stopped")
    assert books.standing() == {(120_000_000, 0)}


@pytest.mark.parametrize(
    "options",
    [
        ("--call", "1"),
        ("--call", "1", "--cost", "1"),
        ("--cost", "1", "--reason", "x"),
        ("--call", "1", "--cost", "1", "--reason", " "),
        ("--call", "1", "--cost", "-1", "--reason", "x"),
        ("--call", "1", "--cost", "much", "--reason", "x"),
        ("--call", "1", "--cost", "0.0000000001", "--reason", "x"),
        ("--call", "one", "--cost", "1", "--reason", "x"),
    ],
)
def test_options_that_say_too_little_or_nothing_are_refused(
    run: Run, books: Books, options: tuple[str, ...]
) -> None:
    row = books.call(end="lost")
    output = run("settle", *options, status=2).output
    assert "--c" in output
    found = books.ledger.look(row)
    assert found is not None
    assert found.state == "unpriced"


def test_two_who_settle_one_call_by_hand_count_once(books: Books) -> None:
    row = books.call(end="lost")
    done = [books.ledger.settle_by_hand(row, 5, reason="x", actor=None) for _ in range(2)]
    assert done == [True, False]
    assert books.standing() == {(5, 0)}
    assert Decimal(books.ledger.usage("day")[0]["cost_usd"]) == Decimal("5e-9")
