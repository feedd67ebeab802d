"""PostgreSQL under many threads and workers: behind a pooler, and with few connections."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from pgbouncer import PROGRAM, PgBouncer
from postgres import PostgreSQL
from stack_kit import CHAT, Stack, chat
from store.frozen import file_of, said
from store.kit import race

from assemblyai_mw import Caller, Database, Keys, Ledger
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store.schema import SCHEMA_VERSION

needs_pgbouncer = pytest.mark.skipif(
    PROGRAM is None, reason="PgBouncer is not installed (Debian package pgbouncer)"
)
THREADS = 16


@pytest.fixture
def pooler(postgresql: PostgreSQL) -> Iterator[PgBouncer]:
    """Four sessions for all."""
    made = PgBouncer(postgresql, pool_size=4)
    yield made
    made.stop()


def chats(stack: Stack, key: str, calls: int) -> Counter[int]:
    """Send so many billable calls from 16 threads; return how they were answered."""
    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(
            threads.map(
                lambda _: stack.ask("POST", CHAT, key, json=chat()).status_int, range(calls)
            )
        )


@needs_pgbouncer
def test_behind_a_transaction_pooler_every_call_is_answered_and_settled(
    postgresql: PostgreSQL, pooler: PgBouncer
) -> None:
    name = postgresql.fresh_database()
    stack = Stack(pooler.url(name), general_settings={"database_pool": THREADS})
    try:
        stack.keys.set_team("search", budget_usd="100")
        made = stack.keys.create("alice", team="search", budget_usd="50", budget_daily_usd="50")
        assert chats(stack, made.key, 600) == {200: 600}
        rows = list(stack.ledger.calls())
        assert Counter(row["state"] for row in rows) == {"settled": 600}
        cost = sum(int(Decimal(row["cost_usd"]) * 10**9) for row in rows)
        caller = Caller("alice", key_id=made.info.key_id, team="search")
        windows = stack.holds.spent(caller)
        assert {(each.spent, each.held) for each in windows} == {(cost, 0)}
        assert stack.held() == 0
        assert cost > 0
        # What other users of the pooler find in its sessions.
        for _ in range(4):
            with closing(pooler.connect(name)) as other:
                assert other.execute("SHOW lock_timeout").fetchone() == ("0",)
                assert other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (
                    0,
                )
    finally:
        stack.close()


@needs_pgbouncer
def test_a_ledger_is_made_and_migrated_through_a_pooler(
    postgresql: PostgreSQL, pooler: PgBouncer
) -> None:
    name = postgresql.fresh_database()
    with postgresql.connect(name) as direct:
        direct.execute(file_of("postgresql", 1, "sql").read_bytes())
    then = json.loads(file_of("postgresql", 1, "json").read_text(encoding="utf-8"))
    with Database(pooler.url(name), clock=lambda: then["at"]) as database:
        assert database.version() == 1
        now = said(database, then["secrets"])
        assert [call["id"] for call in now["calls"]] == [c["id"] for c in then["said"]["calls"]]
        assert now["spent"] == then["said"]["spent"]
        assert database.version() == SCHEMA_VERSION
        assert database.check() == []


@needs_pgbouncer
def test_a_lock_is_waited_for_as_long_through_a_pooler(
    postgresql: PostgreSQL, pooler: PgBouncer
) -> None:
    name = postgresql.fresh_database()
    with Database(pooler.url(name), busy_timeout_s=0.3) as database:
        with database.write() as connection:
            connection.exec_driver_sql("SELECT 1")
        with closing(postgresql.connect(name)) as other, other.transaction():
            other.execute("LOCK TABLE keys")
            with pytest.raises(StoreError, match="lock timeout"):
                Keys(database).create("alice")


@pytest.fixture
def small() -> Iterator[PostgreSQL]:
    """A server with 40 connections, three of them reserved for superusers."""
    server = PostgreSQL(max_connections="40")
    with server.connect() as connection:
        connection.execute("CREATE ROLE app LOGIN")
        connection.execute("GRANT CREATE ON SCHEMA public TO app")
    yield server
    server.stop()


def _worker(number: int, url: str, key: str, pool: int) -> dict[int, int]:
    stack = Stack(url, general_settings={"database_pool": pool})
    try:
        return dict(chats(stack, key, 80))
    finally:
        stack.close()


@pytest.mark.slow
def test_eight_workers_of_sixteen_threads_share_a_server_of_forty_connections(
    small: PostgreSQL,
) -> None:
    url = small.database_url("postgres", user="app")
    with Keys(url) as keys:
        key = keys.create("alice", budget_usd="100").key
    answered: Counter[int] = Counter()
    for each in race(_worker, url, key, 4, processes=8):
        answered.update(each)
    assert answered == {200: 640}
    with Ledger(url) as ledger:
        assert Counter(row["state"] for row in ledger.calls()) == {"settled": 640}


def test_a_full_server_is_waited_for(small: PostgreSQL) -> None:
    url = small.database_url("postgres", user="app")
    with Keys(url) as keys:
        key = keys.create("alice").key
    stack = Stack(url)
    taken: list[Any] = [small.connect() for _ in range(40)]
    refused = threading.Event()

    def free() -> None:
        refused.wait(30)
        for each in taken:
            each.close()

    releasing = threading.Thread(target=free)
    releasing.start()
    try:
        # By the time that it is heard of, the server has turned somebody away.
        watch = threading.Timer(0.5, refused.set)
        watch.start()
        assert chats(stack, key, 32) == {200: 32}
        assert len(list(stack.ledger.calls())) == 32
    finally:
        refused.set()
        releasing.join()
        watch.join()
        stack.close()


def test_a_server_that_stays_full_is_an_error_in_the_end(small: PostgreSQL) -> None:
    url = small.database_url("postgres", user="app")
    with Database(url, busy_timeout_s=0.3) as database:
        Keys(database).create("alice")
        database.close()
        taken = [small.connect() for _ in range(40)]
        try:
            with pytest.raises(StoreError, match="too many clients"):
                Keys(database).list()
        finally:
            for each in taken:
                each.close()
        assert len(Keys(database).list()) == 1
