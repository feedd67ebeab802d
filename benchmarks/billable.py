"""What billable calls cost: `python -m benchmarks.billable [--quick] [--json [FILE]]`.

Chats whole and streamed by both doors, a submit, a submit and the poll that settles it, and an
audio file by OpenAI's door: over 16 connections to one worker, with each ledger and with budgets,
beside key and forwarding alone, which gets the same work by AssemblyAI's own API. With budgets,
the key and its team have three each. LiteLLM's proxy, without a database, takes part in the chats
where it is installed. Rounds in turns. Read the ratios.

`busy` is at 16 connections, the other latencies are a lone connection's. A streamed chat has 20
events with no time between them; its first event is a lone connection's too. `rss_mb` is the
largest worker's, in the end of that table's rounds.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from . import load, proxies, report
from .databases import databases
from .measure import MB, SHARES, Figures, in_turns, percentile
from .servers import Server, gunicorn, upstream
from .work import WORK, Work

BASE = "key and forwarding"
LITELLM = "LiteLLM"
BUDGETS = {"team": "team-1", "budget_usd": 10_000, "team_budget_usd": 100_000}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "SQLite": ("sqlite", {}),
    "SQLite, budgets": ("sqlite", BUDGETS),
    "PostgreSQL": ("postgresql", {}),
    "PostgreSQL, budgets": ("postgresql", BUDGETS),
}
CONNECTIONS = 16


@contextmanager
def contenders(
    port: int, names: Sequence[str], *, workers: int = 1, **options: Any
) -> Iterator[list[Server]]:
    """Run the base and those of these *names* at the same time."""
    with ExitStack() as stack:
        servers = [stack.enter_context(gunicorn(BASE, port, workers=workers, **options))]
        fresh: dict[str, Any] = {}
        for name in names:
            if name == LITELLM:
                servers.append(stack.enter_context(proxies.litellm(port, workers=workers)))
                continue
            engine, limits = VARIANTS[name]
            if engine not in fresh:
                fresh[engine] = stack.enter_context(databases(engine))
            server = gunicorn(
                "ours",
                port,
                title=name,
                database=fresh[engine](),
                workers=workers,
                **options,
                **limits,
            )
            servers.append(stack.enter_context(server))
        yield servers


def script(server: Server, work: Work) -> load.Script | None:
    """Return the requests of one call to *server*, None if it cannot do that *work*."""
    if server.name == BASE:
        return work.native(server)
    if server.name == LITELLM:
        return work.litellm(server) if work.litellm else None
    return work.ours(server)


def measure(servers: Sequence[Server], work: Work, *, rounds: int, calls: int) -> Figures:
    """Time one kind of *work*: calls a second, CPU a call, latency busy and lone."""
    scripts = {server.name: script(server, work) for server in servers}
    taking_part = [server for server in servers if scripts[server.name] is not None]
    taken: dict[str, list[dict[str, float]]] = {each.name: [] for each in taking_part}
    for number, turn in enumerate(in_turns(taking_part, rounds + 1)):
        for server in turn:
            count = max(round(calls * work.share * SHARES.get(server.name, 1.0)), CONNECTIONS)
            figures = one_round(server, scripts[server.name] or [], count)
            if not work.streamed:
                del figures["first_event_ms"]
            if number:  # the first round warms up
                taken[server.name].append(figures)
    return {
        server.name: {
            **{
                name: statistics.median(each[name] for each in taken[server.name])
                for name in taken[server.name][0]
            },
            "rss_mb": max(worker.memory_info().rss for worker in server.workers()) / MB,
        }
        for server in taking_part
    }


def one_round(server: Server, requests: load.Script, count: int) -> dict[str, float]:
    """Make *count* calls at all connections, and a tenth of that at a lone one."""
    cpu = server.cpu_s()
    busy = load.repeat(server.port, requests, count, CONNECTIONS)
    used = server.cpu_s() - cpu
    lone = load.repeat(server.port, requests, max(count // 10, 5), 1)
    return {
        "calls_per_s": count / busy.seconds,
        "cpu_us_per_call": used / count * 1e6,
        "busy_p50_ms": percentile(busy.latencies, 0.5) * 1e3,
        "busy_p99_ms": percentile(busy.latencies, 0.99) * 1e3,
        "p50_ms": percentile(lone.latencies, 0.5) * 1e3,
        "p99_ms": percentile(lone.latencies, 0.99) * 1e3,
        "first_event_ms": percentile(lone.firsts, 0.5) * 1e3,
    }


def against_litellm(figures: dict[str, Figures]) -> dict[str, dict[str, float]]:
    """How many times LiteLLM's calls a second ours serves, by each kind of chat and ledger."""
    return {
        title: {
            name: row["calls_per_s"] / rows[LITELLM]["calls_per_s"]
            for name, row in rows.items()
            if name in VARIANTS
        }
        for title, rows in figures.items()
        if LITELLM in rows
    }


def title(work: str, worker: str, workers: int) -> str:
    """Return what the table of this *work* is called, here and in kept results."""
    return f"{work}, {worker}, {workers} worker{'' if workers == 1 else 's'}"


def main() -> None:
    """Run what was asked for and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.billable",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    installed = [LITELLM] if proxies.find(LITELLM) else []
    parser.add_argument("--quick", action="store_true", help="fewer rounds of fewer calls")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--calls", type=int, help="of each contender, a round")
    parser.add_argument("--work", default=";".join(WORK), help="separated by ;")
    parser.add_argument("--variants", default=";".join([*VARIANTS, *installed]), help="likewise")
    parser.add_argument("--worker", default="gthread", help="gthread, gevent, or both with a comma")
    parser.add_argument("--workers", default="1", help="their number, such as 1,4")
    parser.add_argument("--threads", type=int, default=CONNECTIONS, help="of a gthread worker")
    report.add_json(parser)
    options = parser.parse_args()
    rounds, calls = (3, 800) if options.quick else (7, 2500)
    rounds, calls = options.rounds or rounds, options.calls or calls
    names = [name for name in options.variants.split(";") if name]
    figures: dict[str, Figures] = {}
    kinds = itertools.product(options.worker.split(","), map(int, options.workers.split(",")))
    with upstream() as port:
        for worker, workers in kinds:
            how = {"worker": worker, "workers": workers, "threads": options.threads}
            with contenders(port, names, **how) as servers:
                for work in options.work.split(";"):
                    figures[title(work, worker, workers)] = measure(
                        servers, WORK[work], rounds=rounds, calls=calls
                    )
    report.show(figures, bases=(BASE,))
    against = against_litellm(figures)
    for what, ratios in against.items():
        served = ", ".join(f"{name} {ratio:.1f}x" for name, ratio in ratios.items())
        print(f"  {what}: ours serves, of LiteLLM's calls a second: {served}")
    versions = {LITELLM: proxies.version(LITELLM)} if LITELLM in names else {}
    report.save(options.json, "billable", figures, against_litellm=against, versions=versions)


if __name__ == "__main__":
    main()
