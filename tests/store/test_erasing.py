"""A name that is erased stands nowhere, and everything else says the same as before."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, select

from assemblyai_mw.store import (
    Answer,
    Claim,
    Database,
    Holds,
    KeptAnswers,
    Keys,
    Ledger,
    SessionTokens,
    SharedBudgets,
)
from assemblyai_mw.store.erasing import (
    FREE_TEXTS,
    JSON_NAMES,
    NAMES,
    NO_NAMES,
    Kind,
    erase,
    would_erase,
)
from assemblyai_mw.store.schema import metadata
from assemblyai_mw.store.space import Space

from .kit import call_by, opened, opening, price_of, settled, sqlite_path, used

TEXTS = {
    f"{table.name}.{column.name}"
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Text)
}
NAME: dict[Kind, str] = {
    "key": "key-of-Zoë Quux",
    "team": "team-of-Zoë Quux",
    "end_user": "user-Zoë Quux",
}
KINDS = list(NAME)


@pytest.fixture
def live(database_url: str) -> Iterator[Database]:
    with filled(database_url) as database:
        yield database


@contextmanager
def filled(url: str) -> Iterator[Database]:
    """Give a ledger with the three names wherever a name can be."""
    with opening(url) as database:
        keys = Keys(database, actor=NAME["end_user"])
        made = keys.create(NAME["key"], team=NAME["team"], budget_usd="9")
        keys.create("other", team="other team")
        keys.set("other", team=NAME["team"])
        keys.set("other", team="other team")
        Keys(database, actor=NAME["key"]).set_team(NAME["team"], budget_usd="100")
        Keys(database, actor=NAME["team"]).set("other", rpm=5)
        caller = keys.by_id(made.info.key_id)
        assert caller is not None
        person = replace(caller, end_user=NAME["end_user"])
        ledger, holds = Ledger(database), Holds(database)
        row = settled(ledger, call_by(person), 123)
        call = call_by(person)
        holds.take(call, 7, expires_in_s=3600)
        row = opened(ledger, call)
        ledger.accept(row, status=200, transcript_id="t-1")
        ledger.own_upload("us", "https://cdn.example/1", person)
        SharedBudgets(database).set(end_user=NAME["end_user"], budget_usd=1)
        agents = Space("agents", "global", "agent")
        ledger.own(agents, "a-1", person)
        # Hosts may name a caller without a key: the name itself is the owner then.
        nameless = replace(person, key_id=None, name=NAME["key"], team=None)
        row = opened(ledger, call_by(nameless))
        ledger.accept(row, status=200, transcript_id="t-2")
        ledger.own(agents, "a-2", nameless)
        KeptAnswers(database).claim(Claim(b"s" * 32, b"k" * 32, call.id), call, b"d" * 32)
        body = Answer(200, [("x", "y")], b"words of the customer")
        KeptAnswers(database).keep(
            Claim(b"s" * 32, b"k" * 32, call.id), digest=b"d" * 32, known=True, answer=body
        )
        where = {"service": "streaming", "region": "global"}
        SessionTokens(database).mint(person, ttl_s=600, max_session_s=60, tags={}, **where)
        session = call_by(person, path="/v3/ws")
        ledger.open_session(session, model=None, features={})
        yield database


def columns_with(database: Database, name: str) -> set[str]:
    """Return every text column in which the name stands, in whatever way."""
    found = set()
    with database.read() as connection:
        for where in TEXTS:
            table, _, column = where.partition(".")
            for (value,) in connection.execute(select(metadata.tables[table].c[column])):
                if value and (name in value or json.dumps(name)[1:-1] in value):
                    found.add(where)
    return found


def test_every_text_column_is_known_to_hold_a_name_or_none() -> None:
    named = {where for places in NAMES.values() for where in places}
    known = [named, set(JSON_NAMES), set(FREE_TEXTS), set(NO_NAMES)]
    assert set().union(*known) == TEXTS
    assert sum(map(len, known)) == len(TEXTS), "each stands in one of them"


def test_the_tests_ledger_has_the_names_wherever_they_can_be(live: Database) -> None:
    for kind, name in NAME.items():
        json_columns = {w for w, members in JSON_NAMES.items() if members[kind]}
        lacking = set(NAMES[kind]) - columns_with(live, name)
        assert lacking <= {"audit.actor"} | json_columns, kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_stands_in_no_text_of_any_table_afterwards(live: Database, kind: Kind) -> None:
    told = would_erase(live, kind, NAME[kind])
    done = erase(live, kind, NAME[kind], sleep=lambda s: None)
    assert columns_with(live, NAME[kind]) == set()
    assert done.pseudonym
    assert done.pseudonym.startswith("erased-")
    assert done.left == told.left == {}
    # The others stand where they stood.
    for other in set(KINDS) - {kind}:
        assert set(NAMES[other]) - {"audit.actor"} <= columns_with(live, NAME[other]) | {
            *(w for w in NAMES[other] if w.startswith("session_tokens."))
        }


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_it_is_left_in_the_file_and_its_wal(sqlite_url: str, kind: Kind) -> None:
    name, path = NAME[kind], Path(sqlite_path(sqlite_url))
    forms = (name.encode(), json.dumps(name)[1:-1].encode())

    def found() -> set[str]:
        return {
            file.name
            for file in path.parent.iterdir()
            if file.is_file() and any(form in file.read_bytes() for form in forms)
        }

    with filled(sqlite_url) as database:
        assert found()
        erase(database, kind, name, sleep=lambda s: None)
        assert found() == set()
    assert not (path.parent / f"{path.name}-wal").exists() or not os.path.getsize(f"{path}-wal")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("kind", KINDS)
def test_sums_spend_and_owners_stay_under_the_pseudonym(live: Database, kind: Kind) -> None:
    name, ledger = NAME[kind], Ledger(live)
    groups = ("key", "team", "end_user", "model", "day", "tag")
    before = {by: ledger.usage(by) for by in groups}
    stranger = Keys(live).by_id(2)
    assert stranger is not None
    done = erase(live, kind, name, sleep=lambda s: None)

    def renamed(rows: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
        same = by == kind
        named = [{**r, by: done.pseudonym} if same and r[by] == name else r for r in rows]
        return sorted(named, key=repr)

    after = {by: sorted(ledger.usage(by), key=repr) for by in groups}
    assert after == {by: renamed(before[by], by) for by in groups}
    with live.read() as connection:
        spent = connection.exec_driver_sql(
            "SELECT scope, sum(spent_nano), sum(held_nano) FROM spend GROUP BY scope ORDER BY 1"
        ).all()
    assert [(scope, int(nano), int(held)) for scope, nano, held in spent] == [
        ("key", 369, 21),
        ("team", 369, 21),
    ]
    for transcript in ("t-1", "t-2"):
        owner = ledger.owner("us", transcript)
        assert owner is not None
        assert not owner.belongs_to(stranger)
    [upload] = [ledger.upload_owner("us", "https://cdn.example/1")]
    assert upload is not None
    assert not upload.belongs_to(stranger)


def test_a_key_is_revoked_by_it_and_a_team_revokes_its_keys(live: Database) -> None:
    keys = Keys(live)
    assert would_erase(live, "key", NAME["key"]).revoked == (NAME["key"],)
    waited: list[float] = []
    assert erase(live, "team", NAME["team"], sleep=waited.append).revoked == (NAME["key"],)
    assert keys.live([1, 2]) == {2}
    assert waited == [1.5], "look-ups are cached for a second"
    assert erase(live, "key", NAME["key"], sleep=waited.append).revoked == ()
    assert len(waited) == 1
    erase(live, "end_user", NAME["end_user"], sleep=waited.append)
    assert keys.live([1, 2]) == {2}


@pytest.mark.parametrize("kind", KINDS)
def test_kept_answers_of_it_are_deleted(live: Database, kind: Kind) -> None:
    done = erase(live, kind, NAME[kind], sleep=lambda s: None)
    assert done.rows["kept_answers"] == 1
    with live.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept_answers").scalar() == 0


def test_a_name_that_no_row_holds_changes_nothing(live: Database) -> None:
    before = {kind: columns_with(live, name) for kind, name in NAME.items()}
    for kind in KINDS:
        # A part of a name is another name.
        assert erase(live, kind, "Quux", sleep=lambda s: None).rows == {}
    assert {kind: columns_with(live, name) for kind, name in NAME.items()} == before


def test_tags_and_reasons_of_people_are_told_and_left(database_url: str) -> None:
    with opening(database_url) as database:
        keys = Keys(database)
        keys.create("zoe", tags={"customer": "zoe"})
        caller = keys.named("zoe")
        settled(Ledger(database), call_by(caller, tags={"customer": "zoe"}), 5)
        told = would_erase(database, "key", "zoe")
        done = erase(database, "key", "zoe", sleep=lambda s: None)
        assert done.left == told.left
        assert set(done.left) == {"calls.tags", "keys.tags", "tag_totals.tag", "audit.detail"}
        assert columns_with(database, "zoe") == set(done.left)


def test_the_history_says_who_erased_and_not_whom(live: Database) -> None:
    done = erase(live, "team", NAME["team"], actor="dpo", sleep=lambda s: None)
    newest = Keys(live).history()[0]
    assert (newest.action, newest.actor, newest.team) == ("erase", "dpo", done.pseudonym)
    assert newest.detail["kind"] == "team"
    # An operator of the same name is not written down again.
    again = erase(live, "key", NAME["key"], actor=NAME["key"], sleep=lambda s: None)
    assert again.rows
    assert columns_with(live, NAME["key"]) == set()


def test_a_reader_in_the_way_is_told_and_a_second_try_removes_the_bytes(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assemblyai_mw.errors import StoreError
    from assemblyai_mw.store import sqlite_file

    monkeypatch.setattr(sqlite_file, "REWRITE_WAIT_S", 0.3)
    with opening(sqlite_url) as database:
        Keys(database).create("zoe-quux")
        with closing(sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM keys").fetchone()
            with pytest.raises(StoreError, match=r"still holds deleted rows.*try again"):
                erase(database, "key", "zoe-quux", sleep=lambda s: None)
        assert erase(database, "key", "zoe-quux", sleep=lambda s: None).rows == {}
    for suffix in ("", "-wal"):
        if os.path.exists(sqlite_path(sqlite_url) + suffix):
            assert b"zoe-quux" not in Path(sqlite_path(sqlite_url) + suffix).read_bytes()


def test_a_server_that_has_the_file_open_goes_on_after_it(sqlite_url: str) -> None:
    with opening(sqlite_url) as server, opening(sqlite_url) as operator:
        keys, ledger = Keys(server), Ledger(server)
        keys.create("zoe-quux", team="quuxes")
        other = keys.by_id(keys.create("other").info.key_id)
        rows = [settled(ledger, call_by(other), 5) for _ in range(50)]
        erase(operator, "key", "zoe-quux", sleep=lambda s: None)
        assert [call["id"] for call in ledger.calls()] == rows
        assert settled(ledger, call_by(other), 5) == rows[-1] + 1
        assert server.check() == []
        # What it writes afterwards brings nothing back.
        assert columns_with(server, "zoe-quux") == set()
        assert b"zoe-quux" not in Path(sqlite_path(sqlite_url)).read_bytes()


def test_a_call_under_way_is_settled_under_the_pseudonym(database_url: str) -> None:
    with opening(database_url) as database:
        keys, ledger, holds = Keys(database), Ledger(database), Holds(database)
        made = keys.create("zoe-quux", team="quuxes", budget_usd="1")
        keys.set_team("quuxes", budget_usd="1")
        call = call_by(keys.by_id(made.info.key_id))
        holds.take(call, 100_000_000, expires_in_s=3600)
        row = opened(ledger, call)
        for kind, name in (("team", "quuxes"), ("key", "zoe-quux")):
            erase(database, kind, name, sleep=lambda s: None)  # type: ignore[arg-type]
        assert ledger.settle(row, usage=used(), price=price_of(70_000_000))
        [of_key] = ledger.usage("key")
        assert of_key["key"].startswith("erased-")
        assert of_key["cost_usd"] == "0.07"
        with database.read() as connection:
            amounts = connection.exec_driver_sql(
                "SELECT scope, spent_nano, held_nano FROM spend WHERE period='total' ORDER BY 1"
            ).all()
        assert [tuple(each) for each in amounts] == [
            ("key", 70_000_000, 0),
            ("team", 70_000_000, 0),
        ]
        assert columns_with(database, "zoe-quux") | columns_with(database, "quuxes") == set()
