"""The database: made once, by whoever comes first; held to what it was; loud when it is not."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import PostgreSQL
from sqlalchemy.engine import make_url

from assemblyai_mw.errors import ConfigError, StoreError
from assemblyai_mw.store import Database, Holds, Keys, Ledger, hash_key
from assemblyai_mw.store.schema import SCHEMA_VERSION, metadata

from .kit import (
    call_by,
    caller_of,
    opened,
    opening,
    price_of,
    race,
    settled,
    sqlite_ok,
    sqlite_path,
    used,
)


def execute(url: str, statement: str) -> None:
    """Run SQL past this package, as an operator could."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(sqlite_path(url))
        with connection:
            connection.execute(statement)
        connection.close()
        return
    parsed = make_url(url)
    with psycopg.connect(
        host=str(parsed.query["host"]), user="postgres", options=str(parsed.query["options"])
    ) as server:
        server.execute(statement)  # type: ignore[call-overload]


# Being made


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    with opening(f"sqlite:///{tmp_path / 'ledger.db'}") as database:
        assert list(tmp_path.iterdir()) == []
        assert Keys(database).list() == []
        assert (tmp_path / "ledger.db").exists()


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    with opening(f"sqlite:///{tmp_path / 'ledger.db'}") as database:
        Keys(database).create("alice")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_a_relative_path_counts_from_where_the_process_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opening("sqlite:///ledger.db") as database:
        monkeypatch.chdir("/")
        Keys(database).create("alice")
    assert (tmp_path / "ledger.db").exists()


def _first_use(number: int, url: str) -> list[str]:
    with opening(url, busy_timeout_s=60) as database:
        Keys(database).create(f"key {number}")
        with database.read() as connection:
            found = connection.exec_driver_sql("SELECT value FROM meta ORDER BY name").all()
    return [str(value) for (value,) in found]


def test_processes_that_start_at_once_make_one_database(database_url: str) -> None:
    facts = race(_first_use, database_url, processes=6)
    assert facts == [facts[0]] * 6
    with opening(database_url) as database:
        assert len(Keys(database).list()) == 6
    if database_url.startswith("sqlite"):
        directory = Path(sqlite_path(database_url)).parent
        assert not [path for path in directory.iterdir() if path.suffix == ".new"]


def test_threads_that_start_at_once_make_one_database(database_url: str) -> None:
    made: list[str] = []
    start = threading.Barrier(12)
    with opening(database_url, busy_timeout_s=60) as database:

        def work(number: int) -> None:
            start.wait()
            made.append(Keys(database).create(f"key {number}").name)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == len(Keys(database).list()) == 12


def test_in_memory_serves_the_threads_of_one_process() -> None:
    with opening("sqlite://") as database:
        ledger, caller = Ledger(database), caller_of(Keys(database))

        def work() -> None:
            for _ in range(20):
                settled(ledger, call_by(caller), 1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.usage("key")[0]["calls"] == 160
        assert Holds(database).spent(caller)[0].spent == 160


def test_every_connection_has_its_pragmas(sqlite_url: str) -> None:
    with opening(sqlite_url, busy_timeout_s=7) as database:
        Keys(database).list()
        with database.read() as one, database.read() as two:
            assert one.connection.driver_connection is not two.connection.driver_connection
            for connection in (one, two):
                values = [
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                ]
                assert values == ["wal", 2, 1, 7000]


# Being refused


def _random(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def _text(path: Path) -> None:
    path.write_text("not a database")


def _empty(path: Path) -> None:
    path.touch()


def _others(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE users (id INTEGER)")
    connection.close()


def _directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [_random, _text, _empty, _others, _directory])
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "ledger.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with opening(f"sqlite:///{path}") as database, pytest.raises(StoreError):
        Keys(database).list()
    if path.is_file() and make is not _others:
        assert path.read_bytes() == before


def test_c162_a_missing_directory_is_named(tmp_path: Path) -> None:
    with (
        opening(f"sqlite:///{tmp_path}/none/ledger.db") as database,
        pytest.raises(StoreError, match=r"none/ledger\.db could not be made: No such file"),
    ):
        Keys(database).list()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    with opening(database_url) as database:
        Keys(database).create("alice")
    execute(
        database_url,
        f"UPDATE meta SET value = '{SCHEMA_VERSION + 1}' WHERE name = 'schema_version'",
    )
    with opening(database_url) as database, pytest.raises(StoreError, match="newer assemblyai-mw"):
        Keys(database).list()


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE holds",
        "ALTER TABLE calls DROP COLUMN reason",
        "DELETE FROM meta",
        "DROP TABLE meta",
        "UPDATE meta SET value = 'x' WHERE name = 'schema_version'",
    ],
)
def test_half_a_schema_is_refused(database_url: str, damage: str) -> None:
    with opening(database_url) as database:
        Keys(database).create("alice")
    execute(database_url, damage)
    with opening(database_url) as database, pytest.raises(StoreError):
        Keys(database).list()


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_a_schema_with_somebody_elses_tables_is_refused(postgresql_url: str, name: str) -> None:
    execute(postgresql_url, f"CREATE TABLE {name} (id INTEGER)")
    with opening(postgresql_url) as database, pytest.raises(StoreError):
        Keys(database).list()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.db",
        "mysql://u:hunter2@h/d",
        "postgresql+asyncpg://u:hunter2@h/d",
        "sqlite:///x.db?hunter2=1",
        "sqlite:///file:x.db",
        "sqlite+aiosqlite:///x.db",
        "://hunter2",
        "postgresql://u:hunter2@h:port/d",
    ],
)
def test_what_is_no_database_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^database_url: ") as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_an_unreachable_server_is_an_error_without_its_password(scheme: str) -> None:
    with opening(f"{scheme}://u:hunter2@127.0.0.1:1/d", busy_timeout_s=2) as database:
        with pytest.raises(StoreError) as caught:
            Keys(database).list()
        said = f"{caught.value}{database!r}{database.describe()}"
    assert "hunter2" not in said
    assert "\n" not in str(caught.value)


# Going missing while in use


def _delete(path: Path, other: Path) -> None:
    path.unlink()


def _delete_all(path: Path, other: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink()


def _replace(path: Path, other: Path) -> None:
    shutil.copy(other, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)


def _overwrite(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def _truncate(path: Path, other: Path) -> None:
    os.truncate(path, 0)


def _halve(path: Path, other: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _scramble(path: Path, other: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _zero_page(path: Path, other: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(4096))


def _take_wal(path: Path, other: Path) -> None:
    Path(f"{path}-wal").unlink()


@pytest.mark.parametrize("fork", [False, True], ids=["same process", "forked child"])
@pytest.mark.parametrize(
    "harm",
    [
        _delete,
        _delete_all,
        _replace,
        _overwrite,
        _truncate,
        _halve,
        _scramble,
        _zero_page,
        _take_wal,
    ],
)
def test_a_file_harmed_while_in_use_is_refused_and_never_made_anew(
    tmp_path: Path, harm: Callable[[Path, Path], None], fork: bool
) -> None:
    path, other = tmp_path / "ledger.db", tmp_path / "other.db"
    with opening(f"sqlite:///{other}") as database:
        Keys(database).create("mallory")
    with opening(f"sqlite:///{path}", busy_timeout_s=0.2) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = keys.create("alice").key
        opened(ledger, call_by(None))
        harm(path, other)
        size = path.stat().st_size if path.exists() else None
        # A child opens its own connections, and has no unlinked -wal to go on with.
        if not fork or harm is not _take_wal:
            refused = _in_child if fork else _refused
            assert refused(lambda: keys.find(hash_key(secret)))
            assert refused(lambda: opened(ledger, call_by(None)))
        # A fork closes connections, and SQLite writes back what its -wal still holds; a file
        # that is gone must stay gone.
        assert path.exists() == (size is not None)
        if not fork and size is not None:
            assert path.stat().st_size == size


def _refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except StoreError:
        return True
    return False


def _in_child(act: Callable[[], object]) -> bool:
    child = os.fork()
    if not child:
        code = 2
        try:
            code = 0 if _refused(act) else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_file_that_grows_and_is_vacuumed_stays_the_ledger(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        rows = [opened(ledger, call_by(None, path="/" + "x" * 2000)) for _ in range(300)]
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM calls WHERE id > 1"):
            execute(sqlite_url, statement)
        connection = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        assert [call["id"] for call in ledger.calls()] == rows[:1]
        opened(ledger, call_by(None))


def test_a_server_that_goes_is_an_error_and_one_that_comes_back_is_used(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    with opening(postgresql_url) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = keys.create("alice").key
        postgresql.halt()
        try:
            assert _refused(lambda: keys.find(hash_key(secret)))
            assert _refused(lambda: opened(ledger, call_by(None)))
        finally:
            postgresql.start()
        assert keys.find(hash_key(secret)) is not None
        opened(ledger, call_by(None))


def test_tables_dropped_under_a_running_process_are_not_made_anew(postgresql_url: str) -> None:
    with opening(postgresql_url) as database:
        Keys(database).create("alice")
        schema = make_url(postgresql_url).query["options"].split("=")[1]  # type: ignore[union-attr]
        execute(postgresql_url, f"DROP SCHEMA {schema} CASCADE")
        execute(postgresql_url, f"CREATE SCHEMA {schema}")
        assert _refused(lambda: Keys(database).list())
        database.close()
        assert _refused(lambda: Keys(database).list())


# Being in the way


def test_a_lock_held_by_another_process_is_an_error_until_it_goes(sqlite_url: str) -> None:
    with opening(sqlite_url, busy_timeout_s=0.2) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = keys.create("alice").key
        locker = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
        locker.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            opened(ledger, call_by(None))
        # In WAL mode nobody who writes stops a reader.
        assert keys.find(hash_key(secret)) is not None
        locker.execute("ROLLBACK")
        locker.close()
        opened(ledger, call_by(None))


def test_a_row_locked_on_the_server_is_an_error_until_it_goes(postgresql_url: str) -> None:
    with opening(postgresql_url, busy_timeout_s=0.2) as database, opening(postgresql_url) as other:
        ledger = Ledger(database)
        row = opened(ledger, call_by(None))
        with other.write() as connection:
            connection.exec_driver_sql(f"SELECT * FROM calls WHERE id = {row} FOR UPDATE")
            with pytest.raises(StoreError, match="lock timeout"):
                ledger.settle(row, usage=used(), price=price_of(1))
        assert ledger.settle(row, usage=used(), price=price_of(1))


def test_threads_waiting_for_a_stuck_writer_all_get_their_error(sqlite_url: str) -> None:
    with opening(sqlite_url, busy_timeout_s=0.2) as database:
        ledger = Ledger(database)
        opened(ledger, call_by(None))
        locker = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        refused: list[bool] = []

        def work() -> None:
            refused.append(_refused(lambda: opened(ledger, call_by(None))))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        locker.close()
        assert refused == [True] * 8


_FILL = """
import resource, signal, sys
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Database, Keys, Ledger, hash_key
from store.kit import call_by, opened, sqlite_path
import os
url = sys.argv[1]
database = Database(url)
keys, ledger = Keys(database), Ledger(database)
secret = keys.create("alice").key
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
wal = os.path.getsize(sqlite_path(url) + "-wal")
resource.setrlimit(resource.RLIMIT_FSIZE, (wal + 200_000, resource.RLIM_INFINITY))
rows = refused = 0
while refused < 3:
    try:
        opened(ledger, call_by(None, path="/" + "x" * 2000))
        rows += 1
    except StoreError:
        refused += 1
found = keys.find(hash_key(secret)) is not None
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
opened(ledger, call_by(None))
print(rows + 1, found)
"""


def _python(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    tests = Path(__file__).parent.parent
    path = os.pathsep.join([str(tests), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        **options,
    )


def test_a_full_disk_is_an_error_and_loses_no_row_and_no_reader(sqlite_url: str) -> None:
    with _python(_FILL, sqlite_url) as process:
        output, _ = process.communicate(timeout=60)
    rows, found = output.split()
    assert found == "True"
    with opening(sqlite_url) as database:
        assert len(list(Ledger(database).calls())) == int(rows) > 3
        assert database.check() == []
    assert sqlite_ok(sqlite_url)


# Dying, and being born


_WRITE = """
import sys
from assemblyai_mw.store import Database, Holds, Keys, Ledger
from store.kit import call_by, caller_of, opened, price_of, used
database = Database(sys.argv[1], busy_timeout_s=30)
ledger, holds = Ledger(database), Holds(database)
caller = caller_of(Keys(database), sys.argv[2], team="search", budget_usd=1, tags={"a": "b"})
while True:
    call = call_by(caller)
    holds.take(call, 100, expires_in_s=600)
    row = opened(ledger, call)
    print("opened", row, flush=True)
    ledger.accept(row, status=200, transcript_id=f"t{row}")
    print("accepted", row, flush=True)
    ledger.settle(row, usage=used(), price=price_of(7))
    print("settled", row, flush=True)
"""


def test_a_killed_process_loses_nothing_it_was_told_is_stored(database_url: str) -> None:
    said: list[list[str]] = []
    for round_ in range(4):
        with _python(_WRITE, database_url, f"key {round_}") as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.split())
                if len(said) >= 25 * (round_ + 1) + round_:
                    break
            process.send_signal(signal.SIGKILL)
            said += [line.split() for line in process.stdout if line.endswith("\n")]
    with opening(database_url) as database:
        ledger, holds = Ledger(database), Holds(database)
        calls = {call["id"]: call for call in ledger.calls()}
        for what, row in said:
            call = calls[int(row)]
            if what != "opened":
                assert ledger.owner("us", f"t{row}") is not None
            if what == "settled":
                assert (call["state"], call["cost_usd"]) == ("settled", "0.000000007")
        ended = sum(call["state"] == "settled" for call in calls.values())
        standings = [holds.spent(caller_of_id(info.key_id))[0] for info in Keys(database).list()]
        assert sum(standing.spent for standing in standings) == 7 * ended
        assert ledger.usage("tag")[0]["calls"] == len(calls)
        # Only a call that was killed on its way still holds anything: at most one a round.
        assert sum(standing.held for standing in standings) <= 4 * 100
        assert database.check() == []
    if database_url.startswith("sqlite"):
        assert sqlite_ok(database_url)


def caller_of_id(key_id: int) -> Any:
    from assemblyai_mw.call import Caller

    return Caller("any", key_id)


def _open_files() -> set[str]:
    return {
        os.readlink(f"/proc/self/fd/{number}")
        for number in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{number}")
    }


def test_a_forked_child_opens_its_own_and_inherits_none(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = keys.create("alice").key
        assert sqlite_path(sqlite_url) in _open_files()
        child = os.fork()
        if not child:
            code = 1
            try:
                inherited = [name for name in _open_files() if sqlite_path(sqlite_url) in name]
                opened(ledger, call_by(None))
                if not inherited and keys.find(hash_key(secret)) is not None:
                    code = 0
            finally:
                os._exit(code)
        opened(ledger, call_by(None))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        opened(ledger, call_by(None))
        assert len(list(ledger.calls())) == 3
    assert sqlite_ok(sqlite_url)


def test_c176_parent_and_forked_children_write_side_by_side(database_url: str) -> None:
    with opening(database_url, busy_timeout_s=60) as database:
        ledger, caller = Ledger(database), caller_of(Keys(database))
        settled(ledger, call_by(caller), 1)
        children = []
        for _ in range(3):
            child = os.fork()
            if not child:
                code = 1
                try:
                    for _ in range(20):
                        settled(ledger, call_by(caller), 1)
                    code = 0
                finally:
                    os._exit(code)
            children.append(child)
        for _ in range(20):
            settled(ledger, call_by(caller), 1)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert codes == [0, 0, 0]
        assert ledger.usage("key")[0]["calls"] == 81
        assert Holds(database).spent(caller)[0].spent == 81
        assert database.check() == []
