"""How long reports take: `python -m benchmarks.usage_reports --rows 1000000`.

Fills a ledger as `ledger_rows` does and times what the usage page asks of it for 30 days: sums by
group, sums a day, the newest calls, each with the filters of the page. Medians, in milliseconds.
`--explain` prints how the database finds the rows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from assemblyai_mw.store import Database, Ledger, Scope, UsageFilter

from .databases import databases
from .ledger_rows import fill, median_ms

FILTERS: dict[str, dict[str, Any]] = {
    "everything": {},
    "a team": {"team": "team-1"},
    "a team's reader": {"scope": Scope(teams=("team-1",))},
    "two teams' reader": {"scope": Scope(teams=("team-1", "team-2"))},
    "a key": {"key": "key-7"},
    "a key's reader": {"scope": Scope(keys=(7,))},
    "a model": {"model": "gpt-5"},
    "an end user": {"end_user": "user-7"},
    "a team and a region": {"team": "team-1", "region": "eu"},
    "a team and a tag": {"team": "team-1", "tag": "feature=search"},
    "a region": {"region": "eu"},
    "a tag": {"tag": "feature=search"},
    "failed": {"state": "failed"},
    "pending, a team": {"state": "pending", "team": "team-1"},
    "nobody's team": {"team": "nobody"},
    "nobody's model": {"model": "nobody"},
}


def asked(ledger: Ledger, which: UsageFilter) -> dict[str, Callable[[], object]]:
    """Return what a page asks of one filter."""
    return {
        "by key": lambda: ledger.usage("key", which),
        "by day, team": lambda: ledger.usage("day", which, by2="team"),
        "by tag": lambda: ledger.usage("tag", which),
        "total": lambda: ledger.usage_total(which),
        "newest": lambda: ledger.newest_calls(which),
    }


@contextmanager
def explaining(database: Database) -> Iterator[None]:
    """Print the plan of each statement of the block."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN (ANALYZE, COSTS OFF)"
    with database.read() as connection:
        for statement, parameters in seen:
            for row in connection.exec_driver_sql(f"{explain} {statement}", parameters):
                print(f"        {row[-1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    with databases(options.database) as fresh_url, Database(fresh_url()) as database:
        fill(database, options.rows)
        measure(database, explain=options.explain)


def measure(database: Database, *, explain: bool) -> None:
    """Print a line a filter."""
    ledger = Ledger(database)
    since = time.time() - 30 * 86_400
    for name, filters in FILTERS.items():
        acts = asked(ledger, UsageFilter(since=since, **filters))
        told = [f"{label} {median_ms(act, 3):.1f}" for label, act in acts.items()]
        print(f"{name:<22}" + "   ".join(told), flush=True)
        if explain:
            for label, act in acts.items():
                print(f"    {label}")
                with explaining(database):
                    act()


if __name__ == "__main__":
    main()
