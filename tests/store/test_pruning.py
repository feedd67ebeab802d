"""Old calls go; sums, budgets, open and unpriced calls, and owners stay."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Claim, Database, Holds, KeptAnswers, Keys, Ledger
from assemblyai_mw.store.pruning import export, give_back, prunable, prune, pruned_before
from assemblyai_mw.store.report import By

from .frozen import lay, said
from .kit import (
    NOON,
    Clock,
    call_by,
    caller_of,
    opened,
    opening,
    price_of,
    settled,
    sqlite_path,
    used,
)

DAY = 86_400.0
FAR = datetime(2100, 1, 1, tzinfo=UTC)
TOTALLED: tuple[By, ...] = ("day", "key", "team", "model", "tag")


def test_a_pruned_ledger_has_the_same_sums_budgets_and_owners(database_url: str) -> None:
    then = lay(database_url, 5)
    with opening(database_url, clock=lambda: then["at"]) as database:
        before = said(database, then["secrets"])
        left = [c["id"] for c in before["calls"] if c["state"] in ("pending", "unpriced")]
        found = prunable(database, FAR)
        assert prune(database, FAR) == found.calls == len(before["calls"]) - len(left)
        after = said(database, then["secrets"])
        assert [call["id"] for call in after["calls"]] == left
        assert {by: after["usage"][by] for by in TOTALLED} == {
            by: before["usage"][by] for by in TOTALLED
        }
        for part in ("keys", "teams", "history", "spent", "transcripts", "unpriced", "pending"):
            assert after[part] == before[part], part
        assert prunable(database, FAR).calls == 0
        assert prune(database, FAR) == 0


def test_only_calls_before_the_moment_go(keys: Keys, ledger: Ledger, database: Database) -> None:
    alice = caller_of(keys)
    old, young = (settled(ledger, call_by(alice, at=NOON - d * DAY), 5) for d in (9, 8))
    edge = datetime.fromtimestamp(NOON - 8 * DAY, UTC)
    assert prune(database, edge) == 1
    assert [call["id"] for call in ledger.calls()] == [young] != [old]
    assert pruned_before(database) == edge
    # An earlier moment does not say that calls are there again.
    prune(database, edge - timedelta(days=3))
    assert pruned_before(database) == edge


def test_the_transcript_of_a_pruned_call_keeps_its_owner(
    keys: Keys, ledger: Ledger, database: Database
) -> None:
    alice, bob = caller_of(keys), caller_of(keys, "bob")
    row = settled(ledger, call_by(alice, at=NOON - 9 * DAY), 5)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, at, status)"
            f" VALUES ('us', 't1', {row}, 'key:{alice.key_id}', {alice.key_id}, 'alice', 1,"
            " 'completed')"
        )
    assert prune(database, FAR) == 1
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert owner.settled
    assert owner.belongs_to(alice)
    assert not owner.belongs_to(bob)
    assert ledger.owners("us", ["t1"])["t1"].belongs_to(alice)
    assert [each.id for each in ledger.own_rows("us", caller=alice, limit=9)] == ["t1"]
    assert ledger.place("us", "t1") == row


def test_an_id_of_a_pruned_call_is_never_used_again(
    keys: Keys, ledger: Ledger, database: Database
) -> None:
    alice = caller_of(keys)
    last = settled(ledger, call_by(alice, at=NOON - 9 * DAY), 5)
    assert prune(database, FAR) == 1
    assert opened(ledger, call_by(alice)) == last + 1


@pytest.mark.parametrize("version", [1, 5])
def test_nor_in_a_ledger_that_was_migrated(database_url: str, version: int) -> None:
    then = lay(database_url, version)
    with opening(database_url, clock=lambda: then["at"]) as database:
        ledger = Ledger(database)
        last = max(call["id"] for call in ledger.calls())
        with database.write() as connection:
            for table in ("open_sessions", "calls"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        assert opened(ledger, call_by(None)) > last


def test_a_call_whose_answer_is_kept_stays(
    keys: Keys, ledger: Ledger, database: Database, clock: Clock
) -> None:
    call = call_by(caller_of(keys))
    settled(ledger, call, 5)
    KeptAnswers(database).claim(Claim(b"s" * 32, b"k" * 32, call.id), call, b"d" * 32)
    assert prune(database, FAR) == 0
    clock.now += 3 * DAY
    KeptAnswers(database).prune()
    assert prune(database, FAR) == 1


def test_what_is_exported_is_what_goes(keys: Keys, ledger: Ledger, database: Database) -> None:
    alice = caller_of(keys)
    rows = [settled(ledger, call_by(alice, at=NOON - 9 * DAY), 5) for _ in range(3)]
    unpriced = opened(ledger, call_by(alice, at=NOON - 9 * DAY))
    ledger.settle(unpriced, usage=used(), price=None)
    written: list[Any] = []
    ids = export(database, FAR, written.append)
    assert [call["id"] for call in written] == list(ids) == rows
    # It got its price after the export: the file does not have it, so it stays.
    assert ledger.reprice(unpriced, price_of(7))
    assert prune(database, FAR, ids=ids) == 3
    assert [call["id"] for call in ledger.calls()] == [unpriced]


def test_a_budget_goes_on_where_it_was(keys: Keys, ledger: Ledger, database: Database) -> None:
    alice = caller_of(keys, budget_usd="1")
    settled(ledger, call_by(alice, at=NOON), 900_000_000)
    holds = Holds(database)
    assert prune(database, FAR) == 1
    assert holds.spent(alice)[0].as_dict()["spent_usd"] == "0.9"
    refused = holds.take(call_by(alice), 200_000_000, expires_in_s=60)
    assert type(refused).__name__ == "Refusal"


def test_a_server_writes_between_two_batches(
    keys: Keys,
    ledger: Ledger,
    database: Database,
    database_url: str,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from assemblyai_mw.store import pruning

    monkeypatch.setattr(pruning, "BATCH", 2)
    alice = caller_of(keys)
    for _ in range(5):
        settled(ledger, call_by(alice, at=NOON - 9 * DAY), 5)
    written = []
    with opening(database_url) as server:
        server_ledger = Ledger(server)

        def progress(done: int, total: int) -> None:
            written.append((done, total, opened(server_ledger, call_by(alice))))

        assert prune(database, FAR, progress=progress) == 5
    assert [each[:2] for each in written] == [(2, 5), (4, 5), (5, 5)]
    assert ledger.pending() == 3


def test_the_file_shrinks_only_where_no_other_process_has_it(sqlite_url: str, keys: Keys) -> None:
    with opening(sqlite_url) as database:
        ledger, alice = Ledger(database), caller_of(Keys(database))
        settled(ledger, call_by(alice), 5)
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS filler (x TEXT)")
            connection.exec_driver_sql("INSERT INTO filler VALUES (hex(randomblob(300000)))")
            connection.exec_driver_sql("DROP TABLE filler")
        with closing(sqlite3.connect(sqlite_path(sqlite_url))) as other:
            other.execute("SELECT count(*) FROM calls").fetchone()
            assert give_back(database) is False
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = os.path.getsize(sqlite_path(sqlite_url))
        assert give_back(database) is True
        assert os.path.getsize(sqlite_path(sqlite_url)) < size / 2
        # The ledger is in use as before.
        settled(ledger, call_by(alice), 5)
        assert database.check() == []


def test_a_prune_of_a_ledger_that_cannot_be_written_deletes_nothing(
    sqlite_url: str, impatient: None
) -> None:
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        settled(ledger, call_by(caller_of(Keys(database)), at=NOON - 9 * DAY), 5)
        with closing(sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"locked|busy"):
                prune(database, FAR)
            other.execute("ROLLBACK")
        assert len(list(ledger.calls())) == 1
