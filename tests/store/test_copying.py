"""A whole ledger in another database, of the other engine: equal, and whole or not there."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assemblyai_mw.errors import ConfigError, StoreError
from assemblyai_mw.store import Database, Keys, Ledger, copying
from assemblyai_mw.store.closing import failure_of
from assemblyai_mw.store.copying import copy_ledger, sums_of

from .frozen import engine_of, lay, rows, said, server
from .kit import call_by, caller_of, opened, opening, settled, sqlite_ok, sqlite_path


@pytest.fixture
def other_url(database_url: str, postgresql_url: str, tmp_path: Path) -> str:
    """The URL of an empty database of the other engine."""
    return f"sqlite:///{tmp_path / 'copy.db'}" if "postgres" in database_url else postgresql_url


def table_names(url: str) -> set[str]:
    if engine_of(url) == "sqlite":
        with closing(sqlite3.connect(sqlite_path(url))) as connection:
            return {n for (n,) in connection.execute("SELECT name FROM sqlite_master")}
    with server(url) as connection:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema=current_schema"
        )
        return {name for (name,) in found}


def plain(found: dict[str, list[Any]]) -> dict[str, Any]:
    """Return rows as both engines give them: SQLite has neither booleans nor memoryviews."""

    def value(each: Any) -> Any:
        return int(each) if isinstance(each, bool) else each

    del found["meta"]
    return {t: sorted([tuple(map(value, r)) for r in many], key=repr) for t, many in found.items()}


def test_a_copy_has_every_row_and_says_the_same_both_ways(
    database_url: str, other_url: str, tmp_path: Path
) -> None:
    then = lay(database_url, 5)
    clock = lambda: then["at"]  # noqa: E731
    with opening(database_url, clock=clock) as source:
        copied = copy_ledger(source, other_url, while_open=True)
        told = said(source, then["secrets"])
        with source.read() as connection:
            assert sums_of(connection) == copied.sums
    with opening(other_url, clock=clock) as target:
        assert said(target, then["secrets"]) == told
        assert target.check() == []
    assert plain(rows(other_url)) == plain(rows(database_url))
    if engine_of(other_url) == "sqlite":
        assert sqlite_ok(other_url)
        assert stat.S_IMODE(os.stat(sqlite_path(other_url)).st_mode) == 0o600


def test_the_copy_goes_on_with_ids_that_were_never_used(database_url: str, other_url: str) -> None:
    with opening(database_url) as source:
        keys, ledger = Keys(source), Ledger(source)
        alice = caller_of(keys)
        row = settled(ledger, call_by(alice), 5)
        last = settled(ledger, call_by(alice), 6)
        with source.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM calls WHERE id >= {row}")
        copy_ledger(source, other_url)
    with opening(other_url) as target:
        assert opened(Ledger(target), call_by(alice)) == last + 1
        assert Keys(target).create("bob").info.key_id == (alice.key_id or 0) + 1


def test_the_copy_is_a_database_of_its_own(database_url: str, other_url: str) -> None:
    with opening(database_url) as source:
        Keys(source).create("alice")
        copy_ledger(source, other_url)
    identity = {url: dict(rows(url)["meta"])["database_id"] for url in (database_url, other_url)}
    assert identity[database_url] != identity[other_url]
    created = {dict(rows(url)["meta"])["created_at"] for url in (database_url, other_url)}
    assert len(created) == 1


def test_a_target_that_is_not_empty_is_left_as_it_is(database_url: str, other_url: str) -> None:
    with opening(other_url) as taken:
        Keys(taken).create("there first")
    before = rows(other_url)
    with opening(database_url) as source:
        Keys(source).create("alice")
        with pytest.raises(StoreError, match=r"not empty|there already"):
            copy_ledger(source, other_url)
        with pytest.raises(StoreError, match=r"not empty|there already"):
            copy_ledger(source, database_url)
    assert rows(other_url) == before


def test_anything_in_the_target_is_not_empty(sqlite_url: str, postgresql_url: str) -> None:
    with server(postgresql_url) as connection:
        connection.execute("CREATE TABLE of_another_app (id INTEGER)")
    with opening(sqlite_url) as source:
        Keys(source).create("alice")
        with pytest.raises(StoreError, match=r"not empty: it has a table of_another_app"):
            copy_ledger(source, postgresql_url)
    assert table_names(postgresql_url) == {"of_another_app"}


def test_a_copy_that_fails_leaves_no_ledger(
    database_url: str, other_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(source: Any, target: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(copying, "_copy_meta", broken)
    with opening(database_url) as source:
        Keys(source).create("alice")
        with pytest.raises(StoreError, match=r"the disk is full"):
            copy_ledger(source, other_url)
    if engine_of(other_url) == "sqlite":
        assert not [name for name in os.listdir(tmp_path) if "copy.db" in name]
    else:
        assert table_names(other_url) == set()


def test_a_copy_that_differs_is_none(
    database_url: str, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = copying._batches
    monkeypatch.setattr(
        copying,
        "_batches",
        lambda connection, table: (
            rows[1:] if table.name == "calls" else rows for rows in whole(connection, table)
        ),
    )
    with opening(database_url) as source:
        settled(Ledger(source), call_by(caller_of(Keys(source))), 7)
        with pytest.raises(StoreError, match=r"the copy differs from the ledger: calls\.rows is 1"):
            copy_ledger(source, other_url)
        with pytest.raises(StoreError):
            Database(other_url, create=False).check()


def test_calls_under_way_stop_a_copy_unless_told(database_url: str, other_url: str) -> None:
    with opening(database_url) as source:
        alice = caller_of(Keys(source))
        opened(Ledger(source), call_by(alice))
        with pytest.raises(StoreError, match=r"1 calls are under way.*--while-open"):
            copy_ledger(source, other_url)
        copied = copy_ledger(source, other_url, while_open=True)
    assert copied.sums["calls"]["rows"] == 1


def test_an_accepted_transcript_that_is_not_finished_does_not(
    database_url: str, other_url: str
) -> None:
    with opening(database_url) as source:
        ledger = Ledger(source)
        row = opened(ledger, call_by(caller_of(Keys(source))))
        ledger.accept(row, status=200, transcript_id="t1")
        copy_ledger(source, other_url)
    with opening(other_url) as target:
        owner = Ledger(target).owner("us", "t1")
        assert owner is not None
        assert owner.row == row
        assert not owner.settled


def test_what_is_written_during_a_copy_stops_it(
    database_url: str, other_url: str, impatient: None
) -> None:
    with opening(database_url) as source, opening(database_url) as server:
        alice = caller_of(Keys(source))
        written: list[int] = []

        def progress(table: str, done: int, total: int) -> None:
            if not written:
                written.append(settled(Ledger(server), call_by(alice), 9))

        with pytest.raises(StoreError, match=r"changed meanwhile; stop the servers"):
            copy_ledger(source, other_url, progress=progress)
        written.clear()
        copied = copy_ledger(source, other_url, while_open=True, progress=progress)
    assert (copied.sums["calls"]["rows"], len(written)) == (1, 1)


def test_ends_of_calls_in_files_stop_a_copy(sqlite_url: str, postgresql_url: str) -> None:
    with opening(sqlite_url) as source:
        ledger = Ledger(source)
        call = call_by(caller_of(Keys(source)))
        row = opened(ledger, call)
        ledger.accept(row, status=200, transcript_id="t1")
        ledger.unwritten.keep(failure_of(row, request_id=call.id))
        with pytest.raises(StoreError, match=r"1 files with ends of calls.*assemblyai-mw settle"):
            copy_ledger(source, postgresql_url)


def test_a_copy_never_shows_its_url(sqlite_url: str) -> None:
    with opening(sqlite_url) as source:
        Keys(source).create("alice")
        for url in ("mysql://u:hunter2@h/d", "postgresql://u:hunter2@127.0.0.1:1/d", "sqlite://"):
            with pytest.raises((StoreError, ConfigError)) as caught:
                copy_ledger(source, url)
            assert "hunter2" not in str(caught.value)
            assert len(str(caught.value).splitlines()) == 1
