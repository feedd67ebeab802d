"""Budgets over hosts: `python -m benchmarks.far_database [--rtt-ms 1] [--quick] [--json FILE]`.

Four Gunicorn processes, as on four hosts, on one PostgreSQL behind a slow link. Sixteen keys
make native chats at once, four on each host: once all of one team with a budget, once each with a
budget of its own, once without. Rounds in turns. Where calls waited for each other's budget, the
team's would be slower. Printed, too: what the calls were charged and what is held at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import load, report
from .measure import Figures, in_turns
from .servers import HERE, Server, compiled, gunicorn, prepare, upstream
from .work import WORK

HOSTS, KEYS = 4, 16
CASES: dict[str, dict[str, Any]] = {
    "own budgets": {"budget_usd": 10_000},
    "one team's budget": {"team": "team-1", "team_budget_usd": 100_000},
    "both": {"team": "team-1", "team_budget_usd": 100_000, "budget_usd": 10_000},
    "no budget": {},
}


@contextmanager
def hosts(
    server: Any, rtt_ms: float, upstream_port: int, options: dict[str, Any]
) -> Iterator[Sequence[Server]]:
    """Run the hosts of one case on a database of its own."""
    name = server.fresh_database()
    keys = prepare(server.database_url(name), KEYS, **options)
    with ExitStack() as stack:
        link = (str(server.directory / ".s.PGSQL.5432"), str(round(rtt_ms * 500)))
        port = stack.enter_context(compiled("slow_link.c", *link))
        user = urlsplit(server.database_url(name)).username
        url = f"postgresql+psycopg://{user}@127.0.0.1:{port}/{name}?sslmode=disable"
        yield [
            stack.enter_context(
                gunicorn(
                    "ours",
                    upstream_port,
                    title=f"host {number}",
                    threads=KEYS // HOSTS,
                    database=url,
                    keys=keys[number::HOSTS],
                )
            )
            for number in range(HOSTS)
        ]


def chats(servers: Sequence[Server], calls: int) -> tuple[float, float]:
    """Make *calls* chats in all, each key one at a time; return seconds, and CPU seconds."""
    cpu = sum(each.cpu_s() for each in servers)

    def on(server: Server) -> None:
        targets = [
            replace(server, headers={"Authorization": f"Bearer {key}"}) for key in server.keys
        ]
        scripts = [WORK["native chat"].ours(each) for each in targets]
        load.deal(server.port, scripts, calls // HOSTS)

    threads = [threading.Thread(target=on, args=(each,)) for each in servers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, sum(each.cpu_s() for each in servers) - cpu


def measure(rtt_ms: float, *, rounds: int, calls: int) -> Figures:
    """Return calls a second, and CPU a call of the workers, for each case."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from postgres import PostgreSQL

    # Only loopback's own delay counts; commits wait for the disk as in production.
    server = PostgreSQL(fsync="on", full_page_writes="on")
    taken: dict[str, list[tuple[float, float]]] = {case: [] for case in CASES}
    try:
        with upstream() as port, ExitStack() as stack:
            running_cases = {
                case: stack.enter_context(hosts(server, rtt_ms, port, options))
                for case, options in CASES.items()
            }
            for number, turn in enumerate(in_turns(list(running_cases), rounds + 1)):
                for case in turn:
                    seconds, cpu = chats(running_cases[case], calls)
                    if number:
                        taken[case].append((calls / seconds, cpu / calls * 1e6))
    finally:
        server.stop()
    return {
        case: {
            "calls_per_s": statistics.median(each[0] for each in values),
            "cpu_us_per_call": statistics.median(each[1] for each in values),
        }
        for case, values in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds of fewer calls")
    parser.add_argument("--rtt-ms", type=float, default=1.0)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    rounds, calls = (2, 400) if options.quick else (5, 1600)
    title = f"{KEYS} keys on {HOSTS} hosts, {options.rtt_ms:g} ms to PostgreSQL"
    figures = {title: measure(options.rtt_ms, rounds=rounds, calls=calls)}
    report.show(figures, bases=("own budgets",))
    if options.json:
        options.json.write_text(json.dumps(report.dated(figures), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
