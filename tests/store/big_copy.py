"""A large ledger to PostgreSQL and back: equal rows and sums, and how long it took.

    python -m tests.store.big_copy --rows 1000000

Then, on the copy that came back, a prune of half of it and an erasure, with their times.
`tests/store/test_big_copy.py` runs it on a few rows.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from postgres import PostgreSQL  # noqa: E402

from assemblyai_mw.store import Database, Keys  # noqa: E402
from assemblyai_mw.store.copying import Sums, copy_ledger, sums_of  # noqa: E402
from assemblyai_mw.store.erasing import erase  # noqa: E402
from assemblyai_mw.store.pruning import prune  # noqa: E402
from assemblyai_mw.store.schema import SUMS  # noqa: E402

TEAMS, KEYS = 20, 200
DAYS = 365
START = datetime(2025, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_NAMES = ", ".join(SUMS)
_OF_CALLS = (
    "count(*), sum(state = 'failed'), 0, coalesce(sum(audio_ms), 0), sum(input_tokens),"
    " sum(output_tokens), 0, sum(cost_nano), 0"
)
_STATEMENTS = (
    # Chats, transcripts and failures of a year, over all keys.
    "INSERT INTO calls (request_id, at, key_id, key_name, team, end_user, route, service, region,"
    " method, path, kind, model, features, tags, status, state, transcript_id, audio_ms,"
    " input_tokens, output_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, attempts)"
    " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)"
    " SELECT printf('%016x', i * 2654435761 % 1000000007), :start + i * (:span / :rows),"
    " i % :keys + 1, 'key-' || (i % :keys), 'team-' || (i % :keys % :teams),"
    " 'user-' || (i % 5000), '/assemblyai', 'api', 'us', 'POST', '/v2/transcript',"
    " CASE WHEN i % 3 THEN 'chat' ELSE 'transcript' END, 'model-' || (i % 7),"
    ' \'{"models":["universal-3-5-pro"]}\', \'{"feature":"captions","n":"\' || (i % 9) || \'"}\','
    " 200, CASE WHEN i % 50 THEN 'settled' ELSE 'failed' END,"
    " CASE WHEN i % 3 THEN NULL ELSE printf('t-%d', i) END, i % 7200000, i % 9000, i % 700,"
    " CASE WHEN i % 50 THEN 1 + i * 7919 % 900000000 ELSE 0 END,"
    ' \'[{"item":"universal-3-5-pro","quantity":"60","unit":"second","rate":"0.21/hour"}]\','
    ' \'{"kind":"transcript","model":"universal-3-5-pro","audio_ms":60000}\', i % 60000,'
    " :start + i * (:span / :rows) + 5000000, 1 FROM n",
    "INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status)"
    " SELECT region, transcript_id, id, 'team:' || team, key_id, key_name, team, at, 'completed'"
    " FROM calls WHERE transcript_id IS NOT NULL",
    f"INSERT INTO totals (day, key_id, key_name, team, model, {_NAMES})"
    f" SELECT date(at / 1000000, 'unixepoch'), key_id, key_name, team, model, {_OF_CALLS}"
    " FROM calls GROUP BY 1, 2, 3, 4, 5",
    "INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned)"
    " SELECT 'key', key_id, 'total', sum(cost_nano), 0, 0 FROM calls GROUP BY key_id",
    "INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned)"
    " SELECT 'team', team, 'total', sum(cost_nano), 0, 0 FROM calls GROUP BY team",
)


def fill(database: Database, rows: int) -> None:
    """Lay a year's ledger of *rows* calls into an empty SQLite file."""
    keys = Keys(database)
    for number in range(KEYS):
        keys.create(f"key-{number}", team=f"team-{number % TEAMS}")
    start = int(START.timestamp() * 1_000_000)
    values = {"rows": rows, "start": start, "span": DAYS * _DAY, "keys": KEYS, "teams": TEAMS}
    with database.write() as connection:
        for statement in _STATEMENTS:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.exec_driver_sql(statement, named)


def sums(database: Database) -> Sums:
    """Return rows and amounts of every table."""
    with database.read() as connection:
        return sums_of(connection)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def run(rows: int, folder: str, postgresql_url: str) -> None:
    """Copy there and back; prune and erase what came back.

    Raises:
        AssertionError: Rows or sums differ.
    """
    first, back = (f"sqlite:///{os.path.join(folder, name)}" for name in ("a.db", "b.db"))
    with Database(first) as source:
        with timed(f"filled with {rows} calls"):
            fill(source, rows)
        before = sums(source)
        assert before["calls"]["rows"] == rows
        with timed("copied to PostgreSQL"):
            copy_ledger(source, postgresql_url)
        with Database(postgresql_url) as middle:
            assert sums(middle) == before
            with timed("copied back to SQLite"):
                copy_ledger(middle, back)
    with Database(back) as last:
        assert sums(last) == before
        assert last.check() == []
        with timed("pruned half of it"):
            gone = prune(last, datetime(2025, 7, 2, tzinfo=UTC))
        after = sums(last)
        kept = {name: each for name, each in after.items() if name not in ("calls", "audit")}
        assert kept == {name: before[name] for name in kept}
        assert after["calls"]["rows"] == rows - gone
        with timed("erased a team"):
            erase(last, "team", "team-7", sleep=lambda s: None)
        assert sums(last)["totals"] == before["totals"]
        path = os.path.join(folder, "b.db")
        assert b"team-7" not in Path(path).read_bytes()
        print(f"{path}: {os.path.getsize(path) >> 20} MiB")
    print(f"{rows} calls, {before['calls']['cost_nano']} nano-dollars: equal on all three")


def main() -> None:
    """Run it on a PostgreSQL of its own."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    server = PostgreSQL()
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(rows, folder, server.fresh_url())
    finally:
        server.stop()


if __name__ == "__main__":
    main()
