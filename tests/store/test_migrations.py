"""A ledger of an earlier version: brought to the present one whole, once, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, inspect
from stack_kit import MASTER_KEY, Stack, config_of

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.config import load_config
from assemblyai_mw.errors import StoreError
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import Database, Keys, Ledger, UsageFilter
from assemblyai_mw.store import database as database_module
from assemblyai_mw.store.migrations import MIGRATIONS, v2_call_indexes
from assemblyai_mw.store.schema import SCHEMA_VERSION, metadata
from assemblyai_mw.testing import US_KEY, FakeTransport

from .freeze import fill, postgresql_dump, sqlite_dump
from .frozen import VERSIONS, engine_of, lay, rows, run, said, server
from .kit import opening, price_of, race, sqlite_ok, sqlite_path, used
from .test_database import execute

EARLIER = [version for version in VERSIONS if version < SCHEMA_VERSION]
every_version = pytest.mark.parametrize("version", EARLIER)


def shape(database: Database) -> dict[str, Any]:
    """Return tables, columns, indexes and keys, in a form that can be compared."""

    def plain(described: Any) -> Any:
        if isinstance(described, dict):
            return {name: plain(value) for name, value in described.items()}
        if isinstance(described, list | tuple):
            return [plain(each) for each in described]
        # The name of the schema, one's own in each test, stands in the default of an id.
        return re.sub(r"fresh_\d+\.", "", str(described))

    with database.read() as connection:
        found = inspect(connection)
        return {
            table: {
                "columns": {each["name"]: plain(each) for each in found.get_columns(table)},
                "indexes": {each["name"]: plain(each) for each in found.get_indexes(table)},
                "primary key": plain(found.get_pk_constraint(table)),
                "foreign keys": plain(found.get_foreign_keys(table)),
                "unique": plain(found.get_unique_constraints(table)),
            }
            for table in found.get_table_names()
        }


def index_names(url: str) -> set[str]:
    """Return the names of all indexes, read past this package."""
    if engine_of(url) == "sqlite":
        with closing(sqlite3.connect(sqlite_path(url))) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type='index'")
            return {name for (name,) in found}
    with server(url) as postgresql:
        found = postgresql.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema"
        )
        return {name for (name,) in found}


def lacking(told: Any, then: Any, where: str = "") -> list[str]:
    """Return where *told* does not say what *then* said; it may say more."""
    if isinstance(then, dict) and isinstance(told, dict):
        return [
            line
            for name, value in then.items()
            for line in lacking(told.get(name, "nothing"), value, f"{where}.{name}")
        ]
    if isinstance(then, list) and isinstance(told, list) and len(told) == len(then):
        return [
            line
            for index, (now, before) in enumerate(zip(told, then, strict=True))
            for line in lacking(now, before, f"{where}[{index}]")
        ]
    return [] if told == then else [f"{where}: {told!r}, and it was {then!r}"]


def migrated(before: dict[str, list[Any]], version: int) -> dict[str, list[Any]]:
    """Return rows of a ledger of *version* as they are after the migration."""
    meta = [
        (name, str(SCHEMA_VERSION) if name == "schema_version" else value)
        for name, value in before["meta"]
    ]
    now = {**before, "meta": meta}
    # Columns more, at the end of their tables.
    added: dict[int, dict[str, tuple[Any, ...]]] = {
        3: {"uploads": (None,) * 3, "calls": (None,) * 2},
        4: {"keys": (None,), "teams": (None,)},
        5: {
            "calls": (None,) * 2,
            "holds": (None,),
            "keys": (None,) * 4,
            "teams": (None,) * 4,
            "totals": (0,),
            "tag_totals": (0,),
        },
    }
    for number, tables in added.items():
        if version < number:
            for table, values in tables.items():
                now[table] = [(*row, *values) for row in now[table]]
    if version < 5:
        # What has warned counts as told of the default of then, 0.8.
        now["spend"] = [(*row, 800_000 if row[-1] else None) for row in before["spend"]]
    return now


def test_every_earlier_version_is_frozen_and_every_step_is_there() -> None:
    assert list(range(1, SCHEMA_VERSION)) == EARLIER
    assert [each.NUMBER for each in MIGRATIONS] == list(range(2, SCHEMA_VERSION + 1))


def test_a_ledger_is_laid_as_it_was_frozen(database_url: str, tmp_path: Path) -> None:
    secrets = fill(database_url)
    with opening(database_url, clock=lambda: 2e9) as database:
        then, whole = said(database, secrets), rows(database_url)
    dump = sqlite_dump if engine_of(database_url) == "sqlite" else postgresql_dump
    text = "\n".join(dump(database_url))
    if engine_of(database_url) == "sqlite":
        database_url = f"sqlite:///{tmp_path / 'again.db'}"
    else:
        with server(database_url) as connection:
            for name in metadata.tables:
                connection.execute(f"DROP TABLE {name} CASCADE".encode())
    run(database_url, text)
    with opening(database_url, clock=lambda: 2e9) as database:
        assert said(database, secrets) == then
    assert rows(database_url) == whole


# Nothing is lost


@every_version
def test_every_row_sum_and_key_is_there_after_the_migration(
    database_url: str, version: int
) -> None:
    then = lay(database_url, version)
    before = rows(database_url)
    with opening(database_url, clock=lambda: then["at"]) as database:
        assert lacking(said(database, then["secrets"]), then["said"]) == []
        assert database.check() == []
        assert database.version() == SCHEMA_VERSION
    assert rows(database_url) == migrated(before, version)
    if engine_of(database_url) == "sqlite":
        assert sqlite_ok(database_url)


@every_version
def test_a_new_ledger_has_the_schema_of_a_migrated_one(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str, version: int
) -> None:
    lay(database_url, version)
    if engine_of(database_url) == "sqlite":
        new_url = f"sqlite:///{tmp_path / 'new.db'}"
    else:
        new_url = request.getfixturevalue("postgresql").fresh_url()
    with opening(database_url) as database, opening(new_url) as new:
        assert shape(database) == shape(new)


@every_version
def test_what_was_open_is_settled_later_and_new_calls_get_new_rows(
    database_url: str, version: int
) -> None:
    then = lay(database_url, version)
    before = {call["id"]: call for call in then["said"]["calls"]}
    later = then["at"] + 3600
    transport = FakeTransport()
    open_jobs = [
        call for call in before.values() if call["state"] == "pending" and call["transcript_id"]
    ]
    assert len(open_jobs) == 2
    account = (transport.us.keys or {})[US_KEY]
    asked = {"audio_url": "https://example.com/a.mp3"}
    for call in open_jobs:
        job = transport.us.new_transcript(account, asked, "universal-3-5-pro", None)
        transport.us.transcripts[job.id].polls = 0
        job.id = call["transcript_id"]
        transport.us.transcripts[job.id] = job
    with opening(database_url, clock=lambda: later) as database:
        ledger = Ledger(database)
        settler = Settler(
            load_config(config_of(database_url)),
            ledger=ledger,
            prices=PriceBook.load(),
            transport=transport,
            clock=lambda: later,
        )
        # A session whose process is gone costs what it had lasted.
        sessions = [c for c in before.values() if c["state"] == "pending" and c["path"] == "/v3/ws"]
        assert settler.run(limit=100).settled == 2 + len(sessions)
        now = {call["id"]: call for call in ledger.calls()}
        for call in open_jobs:
            assert now[call["id"]]["state"] == "settled"
            assert now[call["id"]]["cost_usd"] is not None
        # One whose answer was never seen.
        (row, *_) = [each.row for each in ledger.unanswered("us")]
        assert ledger.settle(row, usage=used(), price=price_of(7))
        assert not ledger.settle(row, usage=used(), price=price_of(7))
        alice = Keys(database).create("alice").info
        assert alice.key_id == 1 + max(info["key_id"] for info in then["said"]["keys"])
        assert len(before) == len(now)


def test_sums_of_characters_and_of_calls_without_a_tag_are_those_of_the_calls(
    database_url: str,
) -> None:
    lay(database_url, 4)
    spoken = json.dumps({"kind": "tts", "characters": 70, "model": "\u00e9"}, separators=(",", ":"))
    statement = f"UPDATE calls SET usage = '{spoken}' WHERE state <> 'failed'"
    run(database_url, f"{statement};" if engine_of(database_url) == "sqlite" else statement)
    with opening(database_url) as database:
        ledger = Ledger(database)
        assert {
            by: ledger.usage(by, UsageFilter(since=0)) for by in ("key", "model", "tag", "day")
        } == {by: ledger.usage(by) for by in ("key", "model", "tag", "day")}
        calls = list(ledger.calls())
        spoke = {call["id"] for call in calls if call["characters"] == 70}
        assert spoke == {call["id"] for call in calls if call["state"] != "failed"}
        untagged = [call for call in calls if not call["tags"] and call["state"] != "pending"]
        (told,) = [row for row in ledger.usage("tag") if row["tag"] == ""]
        assert told["calls"] - told["pending"] == len(untagged)
        assert told["characters"] == 70 * len([c for c in untagged if c["id"] in spoke])
        assert sum(row["characters"] for row in ledger.usage("key")) == 70 * len(
            [call for call in calls if call["id"] in spoke and call["state"] != "pending"]
        )


# Many at once, and late


def _said(number: int, url: str, then: dict[str, Any]) -> list[str]:
    with opening(url, busy_timeout_s=60, clock=lambda: then["at"]) as database:
        return lacking(said(database, then["secrets"]), then["said"])


@every_version
def test_processes_that_start_at_once_migrate_once(database_url: str, version: int) -> None:
    then = lay(database_url, version)
    before = rows(database_url)
    assert race(_said, database_url, then, processes=8) == [[]] * 8
    assert rows(database_url) == migrated(before, version)


@every_version
def test_threads_that_come_first_at_once_migrate_once(database_url: str, version: int) -> None:
    then = lay(database_url, version)
    found: list[int] = []
    start = threading.Barrier(8)
    with opening(database_url, busy_timeout_s=60) as database:

        def work() -> None:
            start.wait()
            found.append(Ledger(database).pending())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [then["said"]["pending"]] * 8


def test_who_comes_during_a_migration_waits_longer_than_for_other_locks(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = lay(database_url, 1)
    under_way, go_on = threading.Event(), threading.Event()

    def upgrade(connection: Connection) -> None:
        v2_call_indexes.upgrade(connection)
        under_way.set()
        assert go_on.wait(30)

    slow = SimpleNamespace(NUMBER=2, SUMMARY="slow", upgrade=upgrade)
    monkeypatch.setattr(database_module, "MIGRATIONS", (slow, *MIGRATIONS[1:]))
    found: list[int] = []
    with opening(database_url) as first, opening(database_url, busy_timeout_s=0.1) as second:
        threads = [
            threading.Thread(target=lambda each=each: found.append(Ledger(each).pending()))
            for each in (first, second)
        ]
        threads[0].start()
        assert under_way.wait(30)
        threads[1].start()
        threads[1].join(0.5)
        assert found == []
        go_on.set()
        for thread in threads:
            thread.join()
    assert found == [then["said"]["pending"]] * 2


@every_version
def test_an_app_that_opens_its_ledger_late_migrates_it_with_the_first_request(
    database_url: str, version: int
) -> None:
    stack = Stack(database_url)
    try:
        lay(database_url, version)
        assert stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY).status_int == 200
        transcript = stack.submit(MASTER_KEY)
        assert stack.ledger.owner("us", transcript) is not None
        assert stack.keys.database.version() == SCHEMA_VERSION
    finally:
        stack.close()


# All or nothing


def _failing(number: int, *begin: Callable[[Connection], None]) -> Any:
    """Return a migration that changes tables and rows, and then fails."""

    def upgrade(connection: Connection) -> None:
        for each in begin:
            each(connection)
        connection.exec_driver_sql("ALTER TABLE calls ADD COLUMN further TEXT")
        connection.exec_driver_sql("UPDATE calls SET further = 'x', model = 'y'")
        connection.exec_driver_sql("CREATE INDEX calls_further ON calls (further)")
        connection.exec_driver_sql("INSERT INTO no_such_table VALUES (1)")

    return SimpleNamespace(NUMBER=number, SUMMARY="fails", upgrade=upgrade)


@every_version
def test_a_migration_that_fails_leaves_everything_as_it_was(
    database_url: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = lay(database_url, version)
    before, indexes = rows(database_url), index_names(database_url)
    with monkeypatch.context() as patch:
        patch.setattr(
            database_module, "MIGRATIONS", (_failing(version + 1, MIGRATIONS[version - 1].upgrade),)
        )
        with opening(database_url) as database:
            for _ in range(2):
                with pytest.raises(StoreError, match="no_such_table"):
                    Keys(database).list()
    assert (rows(database_url), index_names(database_url)) == (before, indexes)
    with opening(database_url, clock=lambda: then["at"]) as database:
        assert lacking(said(database, then["secrets"]), then["said"]) == []


@every_version
def test_a_migration_that_fails_leaves_what_the_one_before_it_did(
    database_url: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(database_url, version)
    before = rows(database_url)
    with monkeypatch.context() as patch:
        failing = _failing(SCHEMA_VERSION + 1)
        patch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, failing))
        with opening(database_url) as database, pytest.raises(StoreError, match="no_such_table"):
            Keys(database).list()
    assert rows(database_url) == migrated(before, version)
    assert "calls_further" not in index_names(database_url)


_MIGRATE_SLOWLY = """
import sys, time
from types import SimpleNamespace
from assemblyai_mw.store import Keys, database
from assemblyai_mw.store.migrations import MIGRATIONS
(first, *rest) = MIGRATIONS

def upgrade(connection):
    first.upgrade(connection)
    connection.exec_driver_sql("UPDATE calls SET model = 'lost'")
    print("under way", flush=True)
    time.sleep(600)

slow = SimpleNamespace(NUMBER=first.NUMBER, SUMMARY="slow", upgrade=upgrade)
database.MIGRATIONS = (slow, *rest)
Keys(sys.argv[1]).list()
"""


def test_a_process_killed_while_it_migrates_leaves_version_1_whole(database_url: str) -> None:
    then = lay(database_url, 1)
    before, indexes = rows(database_url), index_names(database_url)
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", _MIGRATE_SLOWLY, database_url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (rows(database_url), index_names(database_url)) == (before, indexes)
    with opening(database_url, clock=lambda: then["at"]) as database:
        assert lacking(said(database, then["secrets"]), then["said"]) == []
    assert rows(database_url) == migrated(before, 1)


# Being refused


@every_version
def test_without_auto_migrate_the_error_names_both_versions_and_the_command(
    database_url: str, version: int
) -> None:
    lay(database_url, version)
    before, indexes = rows(database_url), index_names(database_url)
    with (
        opening(database_url, auto_migrate=False) as database,
        pytest.raises(StoreError) as caught,
    ):
        Keys(database).list()
    line = str(caught.value)
    assert f"schema {version}, " in line
    assert f"needs {SCHEMA_VERSION}: run assemblyai-mw migrate" in line
    assert "damaged" not in line
    assert (rows(database_url), index_names(database_url)) == (before, indexes)


def test_an_app_without_auto_migrate_answers_503_and_logs_the_command(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    lay(database_url, 1)
    stack = Stack(database_url, general_settings={"auto_migrate": False})
    try:
        reply = stack.ask("GET", "/assemblyai/v2/transcript", "sk-of-nobody")
        assert reply.status_int == 503
        assert "run assemblyai-mw migrate" in caplog.text
        assert not stack.asked_anything()
    finally:
        stack.close()


def test_a_ledger_of_the_present_version_that_lacks_a_column_is_damaged(database_url: str) -> None:
    with opening(database_url) as database:
        Keys(database).list()
    execute(database_url, "ALTER TABLE calls DROP COLUMN reason")
    with (
        opening(database_url) as database,
        pytest.raises(StoreError, match=r"damaged: column calls\.reason is missing"),
    ):
        Keys(database).list()


# Being looked at


@every_version
def test_the_version_is_read_without_changing_or_leaving_anything(
    database_url: str, version: int
) -> None:
    lay(database_url, version)
    before, indexes = rows(database_url), index_names(database_url)

    def files() -> dict[str, bytes]:
        if engine_of(database_url) != "sqlite":
            return {}
        folder = Path(sqlite_path(database_url)).parent
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    found = files()
    with opening(database_url) as database:
        assert database.version() == version
    assert files() == found
    assert (rows(database_url), index_names(database_url)) == (before, indexes)


def test_the_version_is_read_beside_a_running_worker(database_url: str) -> None:
    lay(database_url, 1)
    with opening(database_url) as worker, opening(database_url) as other:
        assert Keys(worker).list()
        # The new version stands in the -wal file alone.
        assert other.version() == SCHEMA_VERSION


def test_where_no_ledger_is_there_is_no_version_and_none_is_made(database_url: str) -> None:
    with opening(database_url) as database:
        assert database.version() is None
        assert not database.created
    if engine_of(database_url) == "sqlite":
        assert not list(Path(sqlite_path(database_url)).parent.iterdir())
    else:
        assert index_names(database_url) == set()


def test_the_frozen_words_hold_no_secret() -> None:
    for path in sorted(Path(__file__).parent.parent.glob("data/ledger_v*")):
        assert not re.search(r"sk-[\w-]{20,}", path.read_text(encoding="utf-8")), path.name
        if path.suffix == ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["secrets"]
