"""What a billable call costs: `python -m benchmarks.billable [--quick] [--json FILE]`.

A native chat and a submit, over 16 connections to one worker, with each ledger and with budgets,
beside key and forwarding alone; rounds in turns. With budgets, the key and its team have three
each. Latency is that of a lone connection. Read the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from . import load, report
from .apps import LLM_PREFIX, PREFIX
from .databases import databases
from .measure import Figures, in_turns, percentile
from .servers import Server, gunicorn, upstream

BASE = "key and forwarding"
BUDGETS = {"team": "team-1", "budget_usd": 10_000, "team_budget_usd": 100_000}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "SQLite": ("sqlite", {}),
    "SQLite, budgets": ("sqlite", BUDGETS),
    "PostgreSQL": ("postgresql", {}),
    "PostgreSQL, budgets": ("postgresql", BUDGETS),
}
CHAT = {
    "model": "gpt-5-mini",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Say what the fox does, in a sentence."}],
}
SUBMIT = {"audio_url": "https://example.com/a.wav", "speech_models": ["universal-2"]}
WORK = {
    "native chat": (LLM_PREFIX, "/v1/chat/completions", CHAT),
    "submit": (PREFIX, "/v2/transcript", SUBMIT),
}


@contextmanager
def contenders(port: int, names: Sequence[str], **options: Any) -> Iterator[list[Server]]:
    """Run the base and the variants of these *names* at the same time."""
    with ExitStack() as stack:
        fresh = {
            engine: stack.enter_context(databases(engine)) for engine in ("sqlite", "postgresql")
        }
        servers = [stack.enter_context(gunicorn(BASE, port, **options))]
        for name in names:
            engine, limits = VARIANTS[name]
            servers.append(
                stack.enter_context(
                    gunicorn(
                        "ours", port, title=name, database=fresh[engine](), **options, **limits
                    )
                )
            )
        yield servers


def measure(servers: Sequence[Server], work: str, *, rounds: int, calls: int) -> Figures:
    """Time one kind of *work*: calls a second and CPU a call at 16 connections, lone latency."""
    prefix, path, body = WORK[work]
    taken: dict[str, list[tuple[float, ...]]] = {each.name: [] for each in servers}
    for number, turn in enumerate(in_turns(servers, rounds + 1)):
        for server in turn:
            payload = [load.post(prefix + path, server.headers, body)]
            cpu = server.cpu_s()
            busy = load.repeat(server.port, payload, calls, 16)
            used = server.cpu_s() - cpu
            lone = load.repeat(server.port, payload, max(calls // 10, 50), 1)
            if number:  # the first round warms up
                taken[server.name].append(
                    (
                        calls / busy.seconds,
                        used / calls * 1e6,
                        percentile(busy.latencies, 0.5) * 1e3,
                        percentile(busy.latencies, 0.99) * 1e3,
                        percentile(lone.latencies, 0.5) * 1e3,
                        percentile(lone.latencies, 0.99) * 1e3,
                    )
                )
    names = (
        "calls_per_s",
        "cpu_us_per_call",
        "busy_p50_ms",
        "busy_p99_ms",
        "p50_ms",
        "p99_ms",
    )
    return {
        name: dict(zip(names, map(statistics.median, zip(*values, strict=True)), strict=True))
        for name, values in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds of fewer calls")
    parser.add_argument("--work", default=",".join(WORK))
    parser.add_argument("--variants", default=";".join(VARIANTS), help="separated by ;")
    parser.add_argument("--worker", default="gthread")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    rounds, calls = (3, 800) if options.quick else (7, 2500)
    figures: dict[str, Figures] = {}
    with upstream() as port:
        names = [name for name in options.variants.split(";") if name]
        how = {name: getattr(options, name) for name in ("worker", "workers", "threads")}
        with contenders(port, names, **how) as servers:
            for work in options.work.split(","):
                figures[f"{work}, {options.worker}, {options.workers} worker"] = measure(
                    servers, work, rounds=rounds, calls=calls
                )
    report.show(figures, bases=(BASE,))
    if options.json:
        options.json.write_text(json.dumps(report.dated(figures), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
