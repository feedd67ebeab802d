"""Connections: shared, waited for, noticed when they are dead, and closed in the end."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import PostgreSQL
from stack_kit import CHAT, Stack, chat

from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Database, Holds, Keys, Ledger, hash_key
from assemblyai_mw.store import engine as engine_module

from .kit import call_by, caller_of, opened, opening, settled, sqlite_path

# PostgreSQL: how many, and for how long


def backends(server: PostgreSQL, database: str) -> list[int]:
    """Return the server's processes for *database*, but for the one that asks."""
    with server.connect() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [database],
        ).fetchall()
    return [pid for (pid,) in rows]


def test_threads_wait_for_one_of_few_connections(postgresql: PostgreSQL) -> None:
    name = postgresql.fresh_database()
    with opening(postgresql.database_url(name), pool=2) as database:
        ledger, caller = Ledger(database), caller_of(Keys(database))

        def work() -> None:
            for _ in range(10):
                settled(ledger, call_by(caller), 1)

        threads = [threading.Thread(target=work) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.usage("key")[0]["calls"] == 120
        assert len(backends(postgresql, name)) == 2


def test_a_connection_that_never_comes_free_is_an_error_that_names_the_setting(
    postgresql_url: str,
) -> None:
    with opening(postgresql_url, pool=1, busy_timeout_s=0.2) as database:
        with database.write():
            with pytest.raises(StoreError, match=r"general_settings\.database_pool"):
                Keys(database).list()
        assert Keys(database).list() == []


# PostgreSQL: nothing stays in a session


def prepared(database: Database) -> int:
    """Return how many statements the one session of *database* keeps."""
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements")
        return int(count.scalar_one())


@pytest.mark.parametrize("prepare", [False, True])
def test_statements_are_prepared_only_where_that_is_asked_for(
    postgresql_url: str, prepare: bool
) -> None:
    with opening(postgresql_url, pool=1, prepare=prepare) as database:
        keys = Keys(database)
        secret = hash_key(keys.create("alice").key)
        for _ in range(10):
            assert keys.find(secret) is not None
        assert (prepared(database) > 0) is prepare


def test_a_read_too_waits_no_longer_than_the_timeout_for_a_lock(
    postgresql: PostgreSQL,
) -> None:
    name = postgresql.fresh_database()
    with opening(postgresql.database_url(name), busy_timeout_s=0.2) as database:
        Keys(database).create("alice")
        with postgresql.connect(name) as other, other.transaction():
            other.execute("LOCK TABLE keys IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreError, match="lock timeout"):
                Keys(database).list()
        assert len(Keys(database).list()) == 1


# PostgreSQL: connections that died while idle


def _restart(server: PostgreSQL, database: str) -> None:
    server.halt()
    server.start()


def _terminate(server: PostgreSQL, database: str) -> None:
    with server.connect() as connection:
        for pid in backends(server, database):
            # Returns once the process is gone.
            connection.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


Harm = Callable[[PostgreSQL, str], None]


@pytest.mark.parametrize("harm", [_restart, _terminate])
def test_the_first_use_of_each_kind_after_the_server_restarted_succeeds(
    postgresql: PostgreSQL, harm: Harm
) -> None:
    name = postgresql.fresh_database()
    with opening(postgresql.database_url(name)) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = hash_key(keys.create("alice").key)

        def use(way: Callable[[], AbstractContextManager[Any]]) -> None:
            with way() as one, way() as two:
                for connection in (one, two):
                    connection.exec_driver_sql("SELECT 1")

        for way in (database.read, database.snapshot, database.write):
            use(way)
            harm(postgresql, name)
            use(way)
        harm(postgresql, name)
        assert keys.find(secret) is not None
        harm(postgresql, name)
        opened(ledger, call_by(None))


def test_no_billable_call_fails_because_the_server_restarted_before_it(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    stack = Stack(postgresql_url)
    try:
        key = stack.key("alice", budget_usd="10")
        for _ in range(3):
            assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
            _restart(postgresql, "")
        assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
        assert [row["state"] for row in stack.ledger.calls()] == ["settled"] * 4
    finally:
        stack.close()


def test_a_connection_that_was_idle_for_long_is_asked_and_used(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_QUIET_S", -1)
    asked: list[str] = []
    execute = psycopg.Connection.execute

    def watched(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        asked.append(query)
        return execute(self, query, *rest, **options)

    with opening(postgresql_url, pool=1) as database:
        Keys(database).create("alice")
        monkeypatch.setattr(psycopg.Connection, "execute", watched)
        assert len(Keys(database).list()) == 1
        opened(Ledger(database), call_by(None))
    assert asked == ["", ""]


# Closed by itself


def open_files(path: str) -> int:
    """Return how many of this process's files are *path* or beside it."""
    links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return sum(os.readlink(link).startswith(path) for link in links if os.path.exists(link))


@pytest.mark.parametrize("kind", [Keys, Ledger, Holds, Database])
def test_the_end_of_a_with_block_closes_what_it_opened(sqlite_url: str, kind: Any) -> None:
    with kind(sqlite_url) as made:
        database = made if kind is Database else made.database
        with database.write():
            pass
        assert open_files(sqlite_path(sqlite_url)) > 0
    assert open_files(sqlite_path(sqlite_url)) == 0
    # It may be used again.
    with made:
        with database.read():
            pass
    assert open_files(sqlite_path(sqlite_url)) == 0


@pytest.mark.parametrize("kind", [Keys, Ledger, Holds])
def test_a_database_of_somebody_elses_is_left_open(sqlite_url: str, kind: Any) -> None:
    with opening(sqlite_url) as database:
        with kind(database):
            with database.write():
                pass
        assert open_files(sqlite_path(sqlite_url)) > 0


def test_one_that_is_dropped_closes_its_file(sqlite_url: str) -> None:
    keys = Keys(sqlite_url)
    keys.create("alice")
    assert open_files(sqlite_path(sqlite_url)) > 0
    del keys
    gc.collect()
    assert open_files(sqlite_path(sqlite_url)) == 0


def test_one_that_is_dropped_closes_its_connections(postgresql: PostgreSQL) -> None:
    name = postgresql.fresh_database()
    keys = Keys(postgresql.database_url(name))
    keys.create("alice")
    (pid,) = backends(postgresql, name)
    del keys
    gc.collect()
    for _ in range(200):
        if pid not in backends(postgresql, name):
            return
        threading.Event().wait(0.05)
    pytest.fail("the connection is still open")


@pytest.mark.parametrize("way", ["read", "snapshot", "write"])
def test_a_connection_in_use_is_closed_when_it_is_done(sqlite_url: str, way: str) -> None:
    with opening(sqlite_url) as database:
        with getattr(database, way)() as connection:
            database.close()
            assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar() == 0
        assert open_files(sqlite_path(sqlite_url)) == 0


def test_a_child_leaves_its_parents_connections_alone(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        keys = Keys(database)
        keys.create("alice")
        with database.read() as connection:
            child = os.fork()
            if not child:
                code = 1
                try:
                    # As at the end of a process.
                    assert database._finalizer is None
                    database.close()
                    code = 0 if Keys(database).list() else 1
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar() == 1


def test_a_dropped_stack_leaves_no_file_open(sqlite_url: str, tmp_path: Path) -> None:
    stack = Stack(sqlite_url)
    assert stack.ask("POST", CHAT, stack.key("alice"), json=chat()).status_int == 200
    assert open_files(sqlite_path(sqlite_url)) > 0
    del stack
    gc.collect()
    assert open_files(sqlite_path(sqlite_url)) == 0
