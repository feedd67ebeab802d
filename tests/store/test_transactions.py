"""Transactions of billable calls on PostgreSQL: how many messages, what a fault leaves, what text
passes; and that SQLite's take back what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgbouncer import PROGRAM, PgBouncer
from postgres import PostgreSQL
from sqlalchemy import bindparam, func, select

from assemblyai_mw.call import Call, Caller
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Database, Holds, Keys, Ledger, Refusal
from assemblyai_mw.store.schema import calls, meta, spend, transcripts
from assemblyai_mw.store.schema import holds as holds_table
from assemblyai_mw.store.statements import Prepared
from assemblyai_mw.store.transactions import Transaction

from .kit import Clock, call_by, caller_of, opened, opening, price_of, used
from .pg_relay import Relay

USD = 10**9


@pytest.fixture
def relay(postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Relay]:
    made = Relay(tmp_path, postgresql.directory)
    yield made
    made.close()


@pytest.fixture
def relayed_url(postgresql_url: str, postgresql: PostgreSQL, relay: Relay, tmp_path: Path) -> str:
    server = quote(str(postgresql.directory), safe="")
    return postgresql_url.replace(server, quote(str(tmp_path), safe=""))


@pytest.fixture
def relayed(relayed_url: str) -> Iterator[Database]:
    """A database behind the relay, with one connection that is open already."""
    with opening(relayed_url, pool=1, clock=Clock()) as database:
        opened(Ledger(database), call_by(None))
        yield database


def admitted(ledger: Ledger, call: Call, nano: int = 5) -> int:
    taken = ledger.open_held(
        call, nano, expires_in_s=60, kind="chat", model="m", features={"models": ["m"]}
    )
    assert not isinstance(taken, Refusal)
    return taken.row


def chat(ledger: Ledger, caller: Caller) -> None:
    row = admitted(ledger, call_by(caller))
    assert ledger.settle(row, usage=used(), price=price_of(4), status=200)


def submit(ledger: Ledger, caller: Caller) -> None:
    call = call_by(caller)
    row = admitted(ledger, call)
    ledger.accept(row, status=200, transcript_id=f"t-{call.id}")


def cost_of(relay: Relay, act: Callable[[], object]) -> int:
    """Return the round trips of *act* in the steady state."""
    act()
    before = relay.round_trips
    act()
    return relay.round_trips - before


@pytest.mark.parametrize("bounded", [False, True])
def test_a_chat_is_three_round_trips_and_a_submit_two_up_to_its_reply(
    relayed: Database, relay: Relay, bounded: bool
) -> None:
    keys, ledger = Keys(relayed), Ledger(relayed, on_soft_budget=lambda _: None)
    budget: dict[str, Any] = {"budget_usd": 5, "budget_daily_usd": 5} if bounded else {}
    keys.set_team("team", rpm=10, **budget)
    caller = caller_of(keys, team="team", **budget)
    assert cost_of(relay, lambda: chat(ledger, caller)) <= 3
    assert cost_of(relay, lambda: submit(ledger, caller)) <= 2


def test_a_tag_of_a_call_costs_one_round_trip_more(relayed: Database, relay: Relay) -> None:
    caller = caller_of(Keys(relayed), tags={"customer": "acme"}, budget_usd=5)
    ledger = Ledger(relayed)
    assert cost_of(relay, lambda: chat(ledger, caller)) <= 4


# What a fault leaves

_add = Prepared(meta.insert().values(name=bindparam("b_name"), value=bindparam("b_value")))
_read = Prepared(select(meta.c.value).where(meta.c.name == bindparam("b_name")))


def add(name: str, value: str = "1") -> Any:
    return _add.of({"b_name": name, "b_value": value})


def stored(database: Database, name: str) -> str | None:
    with database.read() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def _fails_at_once(transaction: Transaction) -> None:
    transaction.run(add("a"))
    raise ZeroDivisionError


def _fails_after_an_answer(transaction: Transaction) -> None:
    transaction.run(add("a"))
    transaction.ask(_read.of({"b_name": "a"}))
    raise ZeroDivisionError


def _fails_in_sqlalchemy(transaction: Transaction) -> None:
    transaction.run(add("a"))
    transaction.connection.exec_driver_sql("SELECT 1 FROM nowhere")


def _doubles_in_the_middle(transaction: Transaction) -> None:
    transaction.run(add("a"), add("a"), add("b"))
    transaction.ask(_read.of({"b_name": "a"}))


def _doubles_at_the_end(transaction: Transaction) -> None:
    transaction.ask(add("a"))
    transaction.finish(add("b"), add("b"))


def _doubles_unanswered(transaction: Transaction) -> None:
    transaction.run(add("a"), add("a"))


@pytest.mark.parametrize(
    "work",
    [
        _fails_at_once,
        _fails_after_an_answer,
        _fails_in_sqlalchemy,
        _doubles_in_the_middle,
        _doubles_at_the_end,
        _doubles_unanswered,
    ],
)
def test_what_fails_in_the_middle_is_taken_back_whole(
    database: Database, work: Callable[[Transaction], None]
) -> None:
    for _ in range(2):
        with pytest.raises((StoreError, ZeroDivisionError)):
            database.transact(work)
        assert stored(database, "a") is None
        assert stored(database, "b") is None
    # The connection is good for the next, which finds no transaction under way.
    database.transact(lambda transaction: transaction.run(add("a"), add("b")))
    assert stored(database, "a") == stored(database, "b") == "1"


def test_answers_belong_to_their_statements(database: Database) -> None:
    def work(transaction: Transaction) -> Any:
        transaction.run(add("a", "1"), add("b", "2"))
        first = transaction.ask(_read.of({"b_name": "b"}), add("c", "3"), _read.of({"b_name": "x"}))
        transaction.run(add("d", "4"))
        return first, transaction.finish(_read.of({"b_name": "d"}), _read.of({"b_name": "c"}))

    first, last = database.transact(work)
    assert first == [[("2",)], [], []]
    assert last == [[("4",)], [("3",)]]


def test_a_transaction_of_nothing_is_done(database: Database) -> None:
    assert database.transact(lambda _: 5) == 5
    assert database.transact(lambda transaction: transaction.connection.scalar(select(1))) == 1


@pytest.mark.parametrize("how", ["before", "during", "after"])
def test_a_connection_cut_around_the_commit_leaves_all_or_nothing(
    relayed: Database, relay: Relay, postgresql_url: str, how: str
) -> None:
    keys, ledger = Keys(relayed), Ledger(relayed)
    caller = caller_of(keys, budget_usd=5)
    chat(ledger, caller)
    call = call_by(caller)

    def cut(data: bytes) -> str | None:
        if b"; COMMIT" not in data:
            return None
        relay.cut = lambda _: None
        return how

    relay.cut = cut
    if how == "after":
        row = admitted(ledger, call)
    else:
        with pytest.raises(StoreError, match="could not be written"):
            admitted(ledger, call)
    with opening(postgresql_url) as other, other.snapshot() as connection:
        of_call = calls.c.request_id == call.id
        rows = connection.scalars(select(calls.c.id).where(of_call)).all()
        held = connection.scalar(select(func.sum(holds_table.c.amount_nano)))
        counted = connection.scalar(select(func.sum(spend.c.held_nano)))
    assert len(rows) == (how != "before")
    assert (held or 0) == 5 * len(rows)
    assert counted == 3 * 5 * len(rows)
    # The next one has another connection.
    chat(ledger, caller)
    if how == "after":
        assert ledger.settle(row, usage=used(), price=price_of(4))


@pytest.mark.parametrize("how", ["before", "during"])
def test_a_closing_whose_commit_was_not_heard_counts_once(
    relayed: Database, relay: Relay, how: str
) -> None:
    keys, ledger, holds = Keys(relayed), Ledger(relayed), Holds(relayed)
    caller = caller_of(keys, budget_usd=5)
    row = admitted(ledger, call_by(caller))

    def cut(data: bytes) -> str | None:
        if b"; COMMIT" not in data:
            return None
        relay.cut = lambda _: None
        return how

    relay.cut = cut
    with pytest.raises(StoreError):
        ledger.settle(row, usage=used(), price=price_of(4))
    assert ledger.settle(row, usage=used(), price=price_of(4)) is (how == "before")
    assert {(each.spent, each.held) for each in holds.spent(caller)} == {(4, 0)}


# Text

ODD = [
    "'; DROP TABLE calls; --",
    "\\'; SELECT 1; --",
    "\\",
    "\\\\' || '",
    "$1 $$ $x$ %s %(name)s %% %",
    "a::text :name ?",
    '"quoted" `ticks` \u2028 \U0001f600 é',
    "E'\\x27'",
    "\n\r\t\b",
    "/* ; */ -- ;",
]
TEXTS = st.text(max_size=50) | st.text(alphabet="'\"\\$%;-:E(){}/*\0s1", max_size=50)


def passes(database: Database, text: str) -> None:
    """Check that *text* comes back as it was, or is refused as one."""
    name = f"text {text}"

    def work(transaction: Transaction) -> Any:
        transaction.run(add("before", "1"))
        return transaction.ask(add(name, text), _read.of({"b_name": name}))[1]

    try:
        found = database.transact(work)
    except StoreError:
        assert "\0" in text or any("\ud800" <= each <= "\udfff" for each in text)
        return
    assert found == [(text,)]
    with database.write() as connection:
        connection.execute(meta.delete().where(meta.c.name.in_([name, "before"])))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(text=TEXTS)
def test_any_text_passes_as_it_is(database: Database, text: str) -> None:
    passes(database, text)


@pytest.mark.parametrize(
    "setting",
    [
        "standard_conforming_strings=off",
        "backslash_quote=on",
        "client_encoding=LATIN1",
        "client_encoding=SQL_ASCII",
        "DateStyle=German",
        "search_path=public,pg_catalog",
    ],
)
def test_text_passes_whatever_the_server_is_set_to(postgresql: PostgreSQL, setting: str) -> None:
    name = postgresql.fresh_database()
    variable, _, value = setting.partition("=")
    with postgresql.connect() as connection:
        connection.execute(f"ALTER DATABASE {name} SET {variable} = {value}")
    with opening(postgresql.database_url(name), clock=Clock()) as database:
        keys, ledger, holds = Keys(database), Ledger(database), Holds(database)
        for text in ODD:
            try:
                passes(database, text)
            except AssertionError:
                # What Latin-1 has not is refused, and nothing of it is written.
                assert "LATIN1" in setting
                assert not text.isascii()
        for number, team in enumerate(
            each for each in ODD if each.isascii() and each.isprintable()
        ):
            keys.set_team(team, budget_usd=5)
            caller = caller_of(keys, f"key {number}", team=team, budget_usd=5)
            chat(ledger, caller)
            assert {(each.spent, each.held) for each in holds.spent(caller)} == {(4, 0)}


@pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed (Debian's pgbouncer)")
def test_a_pooler_that_gives_each_transaction_another_session_is_fine(
    postgresql: PostgreSQL,
) -> None:
    pooler = PgBouncer(postgresql, pool_size=2)
    try:
        with opening(pooler.url(postgresql.fresh_database())) as database:
            keys, ledger = Keys(database), Ledger(database)
            keys.set_team("team", budget_usd=5)
            caller = caller_of(keys, team="team", budget_usd=5)
            for _ in range(5):
                chat(ledger, caller)
                submit(ledger, caller)
            with pytest.raises(ZeroDivisionError):
                database.transact(_fails_after_an_answer)
            assert stored(database, "a") is None
            with database.read() as connection:
                assert connection.scalar(select(func.count()).select_from(transcripts)) == 5
    finally:
        pooler.stop()
