"""Freeze a ledger of the present schema version, with rows of every kind in it.

    PYTHONPATH=.:tests python -m store.freeze

Run it before a migration is written: the files of an earlier version are never made again.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postgres import PostgreSQL
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from stack_kit import CHAT, Stack, chat
from stand_in.kit import wav

from assemblyai_mw.store import Database, Holds, Keys, Ledger, SessionTokens, hash_key
from assemblyai_mw.store.schema import SCHEMA_VERSION, metadata
from assemblyai_mw.store.space import Space
from assemblyai_mw.store.sqlite_file import APPLICATION_ID

from .frozen import engine_of, file_of, said, server
from .kit import call_by, opened, price_of, settled, sqlite_path, used


class _Clock:
    """The wall clock, so many days behind."""

    def __init__(self) -> None:
        self.days_behind = 0.0

    def __call__(self) -> float:
        return time.time() - 86_400 * self.days_behind


def fill(url: str) -> dict[str, str]:
    """Make keys, teams, and calls of every kind and state; return the keys' hashes by name."""
    secrets: dict[str, str] = {}
    clock = _Clock()
    database = Database(url, clock=clock)
    keys, ledger, holds = Keys(database, actor="cli"), Ledger(database), Holds(database)

    def key(name: str, **options: object) -> str:
        made: str = keys.create(name, **options).key  # type: ignore[arg-type]
        secrets[name] = hash_key(made).hex()
        return made

    clock.days_behind = 40
    key("former", team="search", tags={"feature": "captions"})
    key("expired", expires_in="1d")
    everything = key(
        "everything",
        team="search",
        budget_usd="100.000000001",
        budget_daily_usd=10,
        budget_monthly_usd=50,
        soft_budget_ratio=0.0001,
        rpm=600,
        team_rpm=6000,
        max_sessions=3,
        expires_in=timedelta(days=9000),
        region="us",
        routes=["/assemblyai", "/sync.assemblyai"],
        models=["universal-2", "universal-3-5-pro"],
        features=["speaker_labels", "auto_chapters"],
        denied_features=["redact_pii"],
        max_upload_bytes=1_000_000,
        allow_unpriced=True,
        tags={"feature": "captions", "été": "it's; --"},
    )
    keys.set_team("search", budget_usd=1000, budget_monthly_usd="99.5", soft_budget_ratio=0.5)
    keys.set_team("idle", budget_usd=0, rpm=7, max_sessions=0)
    for days, name in ((39.9, "former"), (39.5, "expired"), (13.2, "everything")):
        clock.days_behind = days
        caller = keys.find(bytes.fromhex(secrets[name]))
        for nano in (12_345_678_901, 1):
            settled(ledger, call_by(caller, at=clock(), tags={"v": "2"}), nano)
    clock.days_behind = 1
    keys.revoke("former")
    settled(ledger, call_by(None, at=clock()), 5, model="odd\n'model'")

    clock.days_behind = 0
    # The old secret goes on working until 2036.
    rotated = key("rotated", team="voice")
    secrets["rotated again"] = hash_key(keys.rotate("rotated", grace="3650d").key).hex()
    chatting = key("chatting", budget_usd=5, scope="all", rpm=600)
    keys.set("chatting", budget_daily_usd=None, budget_monthly_usd=3)
    plain = key("anew")
    keys.set("anew", expires_at=datetime.fromtimestamp(time.time() + 3e8, UTC))

    stack = Stack(url)
    for secret, options in ((everything, {"speaker_labels": True}), (rotated, {})):
        done = stack.submit(secret, **options)
        failing = stack.us
        failing.next_result(error="The audio could not be read.")
        failed = stack.submit(secret)
        stack.finish()
        for each in (done, failed):
            assert stack.ask("GET", f"/assemblyai/v2/transcript/{each}", secret).status_int == 200
        # Still under way, with a hold.
        stack.submit(secret)
    eu = stack.submit(rotated, prefix="/eu.assemblyai")
    stack.finish()
    stack.ask("GET", f"/eu.assemblyai/v2/transcript/{eu}", rotated)
    stack.ask("POST", "/assemblyai/v2/upload", rotated, params=b"not really audio")
    stack.ask("POST", CHAT, chatting, json=chat())
    assert b"[DONE]" in stack.ask("POST", CHAT, chatting, json=chat("ho", stream=True)).body
    request = {"translation": {"target_languages": ["es"]}}
    about = {"transcript_id": done, "speech_understanding": {"request": request}}
    stack.ask("POST", "/llm-gateway.assemblyai/v1/understanding", rotated, json=about)
    stack.us.fail_next(200, body={"id": "without a usage"})
    stack.ask("POST", CHAT, plain, json=chat("hum"))
    parts = {
        "upload_files": [("audio", "a.wav", wav(2.5))],
        "params": {"config": "{}"},
    }
    stack.app.post("/sync.assemblyai/v1/transcribe", headers={"Authorization": plain}, **parts)
    stack.us.fail_next(500, times=9)
    stack.ask("POST", CHAT, chatting, json=chat("no"))
    stack.us.clear_faults()
    stack.close()

    person = keys.find(bytes.fromhex(secrets["chatting"]))
    assert person is not None
    person = replace(person, end_user="user-7")
    # A call in flight, one whose reply was never seen, and one without a price.
    opened(ledger, call_by(person, at=clock()))
    lost = call_by(person, at=clock())
    holds.take(lost, 3_000_000, expires_in_s=0.001)
    opened(ledger, lost)
    held = call_by(person, at=clock())
    holds.take(held, 7_000_000, expires_in_s=3e8)
    row = opened(ledger, held, model="nobody-knows")
    ledger.settle(row, usage=used(model="nobody-knows"), price=None, reason="no price", status=200)
    row = opened(ledger, call_by(person, at=clock()), model="nobody-knows")
    ledger.settle(row, usage=None, price=None, reason="usage was not seen")
    row = opened(ledger, call_by(person, at=clock()))
    ledger.fail(row, status=500, reason="upstream failed", duration_s=1.25)
    row = opened(ledger, call_by(person, at=clock()), model="dear-later")
    ledger.settle(row, usage=used(model="dear-later"), price=None)
    ledger.reprice(row, price_of(42))
    holds.take(call_by(person, at=clock()), 9_000_000, expires_in_s=3e8)
    session = call_by(person, at=clock(), path="/v3/ws")
    holds.take(session, 5_000_000, expires_in_s=3e8)
    features = {"models": ["universal-streaming-english"]}
    row = ledger.open_session(session, model=None, features=features)
    assert isinstance(row, int)
    ledger.checkpoint({row: (15_000, None)})
    ledger.own(Space("agents", "global", "agent"), "agent-1", person)
    ledger.own(Space("agents", "global", "session"), "session-1", person, call_id=row)
    tokens = SessionTokens(database)
    for tags in ({}, {"page": "talk"}):
        where = {"service": "streaming", "region": "global"}
        tokens.mint(person, ttl_s=600, max_session_s=60, tags=tags, **where)
    database.close()
    return secrets


def sqlite_dump(url: str) -> Iterator[str]:
    """Yield the statements that lay this SQLite file anew."""
    yield f"PRAGMA application_id={APPLICATION_ID};"
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        yield from connection.iterdump()


def postgresql_dump(url: str) -> Iterator[str]:
    """Yield the statements that lay this PostgreSQL schema anew."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    with server(url) as connection:
        for table in metadata.sorted_tables:
            yield f"{CreateTable(table).compile(dialect=dialect)};"
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                yield f"{CreateIndex(index).compile(dialect=dialect)};"
        for table in metadata.sorted_tables:
            columns = ", ".join(column.name for column in table.columns)
            order = ", ".join(column.name for column in table.primary_key)
            rows = f"SELECT {columns} FROM {table.name} ORDER BY {order}"
            for row in connection.execute(rows.encode()):
                values = ", ".join(sql.Literal(value).as_string(connection) for value in row)
                yield f"INSERT INTO {table.name} ({columns}) VALUES ({values});"
            sequence = connection.execute(
                "SELECT pg_get_serial_sequence(table_name, column_name), table_name"
                " FROM information_schema.columns WHERE column_default LIKE 'nextval%%'"
                " AND table_schema = current_schema AND table_name = %s",
                (table.name,),
            ).fetchone()
            if sequence is not None:
                last = f"SELECT last_value, is_called FROM {sequence[0]}"
                value, called = connection.execute(last.encode()).fetchone() or (1, False)
                yield (
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                    f" {value}, {str(called).lower()});"
                )


def freeze(url: str, dump: Callable[[str], Iterator[str]]) -> None:
    """Fill the empty database at *url* and write down both what is in it and what it says."""
    secrets = fill(url)
    at = time.time()
    with closing(Database(url, clock=lambda: at)) as database:
        told = {"at": at, "secrets": secrets, "said": said(database, secrets)}
    file_of(url, SCHEMA_VERSION, "sql").write_text("\n".join(dump(url)) + "\n", encoding="utf-8")
    text = json.dumps(told, indent=1, ensure_ascii=False)
    file_of(url, SCHEMA_VERSION, "json").write_text(text + "\n", encoding="utf-8")
    print(f"{engine_of(url)}: schema {SCHEMA_VERSION} is frozen")


def main() -> None:
    """Freeze both engines' ledgers."""
    with tempfile.TemporaryDirectory() as folder:
        freeze(f"sqlite:///{Path(folder) / 'ledger.db'}", sqlite_dump)
    postgres = PostgreSQL()
    try:
        freeze(postgres.fresh_url(), postgresql_dump)
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
