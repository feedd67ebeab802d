"""Ledgers of earlier schema versions, frozen by `freeze.py`, and what the code of then said.

`tests/data/ledger_vN.ENGINE.sql` lays the ledger anew; `ledger_vN.ENGINE.json` is what the
public store API of that version said of it at the moment `at`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, get_args

import psycopg
from sqlalchemy.engine import make_url

from assemblyai_mw.call import Caller
from assemblyai_mw.store import Database, Holds, Keys, Ledger
from assemblyai_mw.store.usage_names import By

from .kit import sqlite_path

DATA = Path(__file__).resolve().parent.parent / "data"
VERSIONS = sorted(int(path.name[8:].split(".")[0]) for path in DATA.glob("ledger_v*.sqlite.sql"))
TABLES = (
    *("meta", "keys", "secrets", "teams", "audit", "calls", "transcripts", "uploads", "holds"),
    *("spend", "totals", "tag_totals"),
)


def engine_of(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def file_of(url: str, version: int, kind: str) -> Path:
    return DATA / f"ledger_v{version}.{engine_of(url)}.{kind}"


@contextmanager
def server(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Give a plain connection to the schema of *url*; it commits at the end."""
    parsed = make_url(url)
    with psycopg.connect(
        host=str(parsed.query["host"]), user="postgres", options=str(parsed.query["options"])
    ) as connection:
        yield connection


def lay(url: str, version: int) -> dict[str, Any]:
    """Lay the frozen ledger of *version* at *url*; return what was said of it."""
    run(url, file_of(url, version, "sql").read_text(encoding="utf-8"))
    said: dict[str, Any] = json.loads(file_of(url, version, "json").read_text(encoding="utf-8"))
    return said


def run(url: str, text: str) -> None:
    """Run a dump's statements in the empty database at *url*."""
    if engine_of(url) == "sqlite":
        with closing(sqlite3.connect(sqlite_path(url))) as connection:
            connection.executescript(text)
            connection.execute("PRAGMA journal_mode=WAL")
    else:
        with server(url) as connection:
            connection.execute(text.encode())


def rows(url: str) -> dict[str, list[Any]]:
    """Return every row of every table of version 1, read past this package."""
    found: dict[str, list[Any]] = {}

    def read(execute: Callable[[str], Any]) -> None:
        for table in TABLES:
            found[table] = sorted(execute(f"SELECT * FROM {table}").fetchall(), key=repr)

    if engine_of(url) == "sqlite":
        with closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True)) as connection:
            read(connection.execute)
    else:
        with server(url) as connection:
            read(lambda statement: connection.execute(statement.encode()))
    return found


def said(database: Database, secrets: dict[str, str]) -> dict[str, Any]:
    """Return what the public store API says of a ledger, as JSON can hold it.

    *secrets* are SHA-256 in hexadecimal, by any name.
    """
    keys, ledger, holds = Keys(database), Ledger(database), Holds(database)
    live = {info.name: info for info in keys.list(revoked=False)}
    spent = {
        name: [each.as_dict() for each in holds.spent(Caller(name, info.key_id, info.team))]
        for name, info in live.items()
    }
    found = {name: keys.find(bytes.fromhex(digest)) for name, digest in secrets.items()}
    told = {
        "keys": [info.as_dict() for info in keys.list()],
        "found": {name: caller and caller.key_id for name, caller in found.items()},
        "teams": [info.as_dict() for info in keys.teams()],
        "history": [[c.action, c.actor, c.key_name, c.team, c.detail] for c in keys.history()],
        "calls": list(ledger.calls()),
        # Earlier versions had no row of calls without a tag.
        "usage": {
            by: [row for row in ledger.usage(by) if by != "tag" or row["tag"]]
            for by in get_args(By)
        },
        "unpriced": [row["row"] for row in ledger.unpriced()],
        "pending": ledger.pending(),
        "spent": spent,
        "transcripts": {
            region: [[row.id, row.row, row.status] for row in ledger.transcripts(region)]
            for region in ("us", "eu")
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain
