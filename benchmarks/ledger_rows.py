"""How the ledger does with many rows: `python -m benchmarks.ledger_rows --rows 10000000`.

Fills a ledger in bulk (a thousand keys, twenty teams, five models, 90 days) and times what
happens on each request and what people ask for, on a ledger of ten rows and on the full
one: the same statements, by the library's own methods. Medians, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger, UsageFilter
from assemblyai_mw.store.columns import tag_names
from assemblyai_mw.store.schema import calls, spend, tag_totals, tagged_totals, totals

from .databases import databases

KEYS, TEAMS, DAYS, COST = 1000, 20, 90, 541_667
USERS = 5000
TAGS = ("{}", '{"feature":"captions"}', '{"feature":"search","beta":""}')
MODELS = ("universal-2", "universal-3-5-pro", "gpt-5", "gpt-5-mini", "claude-sonnet-4-6")
CHUNK = 20_000
_DAY = 86_400_000_000


def rows(count: int, now: int) -> Iterator[tuple[Any, ...]]:
    """Yield settled calls, oldest first, in the order of `COLUMNS`."""
    choose = random.Random(1)
    step = DAYS * _DAY // max(1, count)
    start = now - count * step
    for number in range(count):
        key = choose.randrange(KEYS) + 1
        yield (
            number + 1,
            f"{number:032x}",
            start + number * step,
            key,
            f"key-{key}",
            f"team-{key % TEAMS}",
            MODELS[number % len(MODELS)],
            f"{number:08x}-0000-4000-8000-000000000000",
            f"user-{number % USERS}",
            "us" if number % 10 else "eu",
            TAGS[number % len(TAGS)],
        )


COLUMNS = (
    *("id", "request_id", "at", "key_id", "key_name", "team", "model", "transcript_id"),
    *("end_user", "region", "tags"),
)
FIXED = {
    "route": "/assemblyai",
    "service": "api",
    "method": "POST",
    "path": "/v2/transcript",
    "kind": "transcript",
    "features": "{}",
    "status": 200,
    "state": "settled",
    "audio_ms": 13_000,
    "cost_nano": COST,
    "attempts": 1,
}


def fill(database: Database, count: int) -> None:
    """Put *count* settled calls, their owners and their totals into an empty ledger."""
    Keys(database).create("key-1", budget_usd="1000000000")
    now = database.now
    if database.is_sqlite:
        _fill_sqlite(database, count, now)
    else:
        _fill_postgresql(database, count, now)
    sums = select(
        (calls.c.at // _DAY).label("day"),
        calls.c.key_id,
        calls.c.key_name,
        calls.c.team,
        calls.c.model,
        func.count().label("calls"),
        func.sum(calls.c.audio_ms).label("audio_ms"),
        func.sum(calls.c.cost_nano).label("cost_nano"),
    ).group_by("day", calls.c.key_id, calls.c.key_name, calls.c.team, calls.c.model)
    tagged = select(
        (calls.c.at // _DAY).label("day"),
        calls.c.tags,
        calls.c.key_id,
        func.count().label("calls"),
        func.sum(calls.c.audio_ms).label("audio_ms"),
        func.sum(calls.c.cost_nano).label("cost_nano"),
    ).group_by("day", calls.c.tags, calls.c.key_id)
    nothing = dict.fromkeys(
        ("failed", "unpriced", "input_tokens", "output_tokens", "cached_tokens", "characters"), 0
    )
    spent: dict[int, int] = {}
    with database.read() as connection:
        found = connection.execute(sums).mappings().all()
        by_tags = connection.execute(tagged).mappings().all()
    days = []
    for row in found:
        numbers = _numbers(row)
        days.append({**row, **nothing, **numbers, "day": _day_text(row["day"])})
        spent[row["key_id"]] = spent.get(row["key_id"], 0) + numbers["cost_nano"]
    tags: Counter[tuple[str, str, str]] = Counter()
    keys: Counter[tuple[str, int, str]] = Counter()
    for row in by_tags:
        day = _day_text(row["day"])
        for name, number in _numbers(row).items():
            for tag in tag_names(json.loads(row["tags"])):
                tags[day, tag, name] += number
            if row["tags"] != "{}":
                keys[day, row["key_id"], name] += number
    with database.write() as connection:
        for table, counted in (
            (totals, days),
            (tag_totals, _rows_of("tag", tags, nothing)),
            (tagged_totals, _rows_of("key_id", keys, nothing)),
        ):
            for at in range(0, len(counted), CHUNK):
                connection.execute(insert(table), counted[at : at + CHUNK])
        if spent:
            connection.execute(
                insert(spend),
                [
                    {
                        "scope": "key",
                        "owner": str(key),
                        "period": "total",
                        "spent_nano": nano,
                        "held_nano": 0,
                        "warned": False,
                    }
                    for key, nano in spent.items()
                ],
            )


def _numbers(row: Any) -> dict[str, int]:
    return {name: int(row[name]) for name in ("calls", "audio_ms", "cost_nano")}


def _day_text(number: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(number))).date().isoformat()


def _rows_of(owner: str, counted: Counter[Any], nothing: dict[str, int]) -> list[dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for (day, each, name), number in counted.items():
        found.setdefault((day, each), {"day": day, owner: each, **nothing})[name] = number
    return list(found.values())


def _fill_sqlite(database: Database, count: int, now: int) -> None:
    database.close()
    connection = sqlite3.connect(database.describe(), isolation_level=None)
    # Indexes are cheaper made at once than grown row by row.
    made = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('calls', 'transcripts')"
    ).fetchall()
    # Nothing is lost if this dies: written once, and without a journal.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-1000000")
    connection.execute("BEGIN")
    for name, _ in made:
        connection.execute(f'DROP INDEX "{name}"')
    names = (*COLUMNS, *FIXED)
    marks = ",".join(["?"] * len(COLUMNS) + [repr(value) for value in FIXED.values()])
    connection.executemany(
        f"INSERT INTO calls ({','.join(names)}) VALUES ({marks})", rows(count, now)
    )
    connection.execute(
        "INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status)"
        " SELECT region, transcript_id, id, 'team:' || team, key_id, key_name, team, at,"
        " 'completed' FROM calls ORDER BY region, transcript_id"
    )
    for _, statement in made:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _fill_postgresql(database: Database, count: int, now: int) -> None:
    with database.write() as connection:
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor:
            names = (*COLUMNS, *FIXED)
            with cursor.copy(f"COPY calls ({','.join(names)}) FROM STDIN") as copy:
                fixed = tuple(FIXED.values())
                for row in rows(count, now):
                    copy.write_row((*row, *fixed))
            cursor.execute("SELECT setval(pg_get_serial_sequence('calls', 'id'), %s)", [count + 1])
            cursor.execute(
                "INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at,"
                " status) SELECT region, transcript_id, id, 'team:' || team, key_id, key_name,"
                " team, at, 'completed' FROM calls"
            )
    with database.read() as connection:
        connection.exec_driver_sql("ANALYZE")


def median_ms(act: Callable[[], object], times: int) -> float:
    """Return the median of *times* runs, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def measure(database: Database) -> dict[str, float]:
    """Time the ledger's daily work."""
    ledger, holds, prices = Ledger(database), Holds(database), PriceBook.load()
    caller = Caller("key-1", 1, "team-1", budgeted=True)
    route = route_for("/assemblyai")
    last_month = UsageFilter(since=datetime.now(UTC) - timedelta(days=30))
    usage = Usage("transcript", "universal-2", audio_ms=13_000)
    numbers = iter(range(1 << 30))
    day = time.time() - 45 * 86_400

    def listed(ledger: Ledger, **bounds: Any) -> None:
        bounds.setdefault("since", time.time() - 90 * 86_400)
        ledger.own_rows("us", caller=caller, limit=50, **bounds)

    def call() -> Call:
        id = f"bench-{next(numbers)}-{time.perf_counter_ns()}"
        return Call(id, time.time(), route, "POST", "/v2/transcript", caller=caller)

    def take() -> None:
        hold = holds.take(call(), 1_000_000, expires_in_s=60)
        holds.release(hold)  # type: ignore[arg-type]

    def charge() -> None:
        made = call()
        row = ledger.open(made, kind="transcript", model="universal-2", features={})
        ledger.accept(row, status=200, transcript_id=made.id)
        price = prices.price(usage, datetime.now(UTC))
        ledger.settle(row, usage=usage, price=price)

    return {
        "budget: take and release": median_ms(take, 200),
        "open, accept, settle": median_ms(charge, 200),
        "owner of a transcript": median_ms(lambda: ledger.owner("us", "none"), 200),
        "list: a team's newest": median_ms(lambda: listed(ledger), 200),
        "list: errors of a team": median_ms(lambda: listed(ledger, statuses=("error",)), 200),
        "list: a day of a team": median_ms(
            lambda: listed(ledger, since=day, until=day + 86_400), 200
        ),
        "list: where to enter": median_ms(
            lambda: ledger.neighbour("us", 5, newer=True, distance=25), 200
        ),
        "due rows": median_ms(lambda: ledger.due(limit=20), 200),
        "usage --by key, 30 days": median_ms(lambda: ledger.usage("key", last_month), 5),
        "usage --by day, 30 days": median_ms(lambda: ledger.usage("day", last_month), 5),
        "usage --by key, all": median_ms(lambda: ledger.usage("key"), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    found = {}
    with databases(options.database) as fresh_url:
        for count in (10, options.rows):
            with Database(fresh_url()) as database:
                started = time.perf_counter()
                fill(database, count)
                size = 0.0
                if database.is_sqlite:
                    size = Path(database.describe()).stat().st_size / 1e9
                print(f"{count} rows in {time.perf_counter() - started:.0f} s, {size:.2f} GB")
                found[count] = measure(database)
    print(f"{options.database:<28}" + "".join(f"{count:>14}" for count in found))
    for name in found[10]:
        print(f"{name:<28}" + "".join(f"{each[name]:>11.2f} ms" for each in found.values()))


if __name__ == "__main__":
    main()
