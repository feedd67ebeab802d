"""What is measured, each in rounds that alternate between the contenders."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from . import load
from .proxies import PROXIES
from .servers import TRANSCRIPT, Server, Target, gunicorn

MB = 1_000_000
GIB = 1 << 30
Figures = dict[str, dict[str, float]]
T = TypeVar("T")
# Of the calls of a round. LiteLLM's would take most of the run; nginx uses so little that the
# kernel, which counts CPU in steps of 10 ms, would hardly see it.
SHARES = {"LiteLLM": 0.1, "nginx": 5.0}
FIRSTS = 30


@contextmanager
def contenders(
    names: Sequence[str], upstream_port: int, *, authority: Path | None = None, **options: Any
) -> Iterator[list[Server]]:
    """Run several contenders at the same time.

    Args:
        authority: PEM file of the one whose certificate the upstream has; without it, plain http.
        options: For those under Gunicorn.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                PROXIES[name](upstream_port, authority)
                if name in PROXIES
                else gunicorn(name, upstream_port, authority=authority, **options)
            )
            for name in names
        ]


def in_turns(targets: Sequence[T], rounds: int) -> Iterator[Sequence[T]]:
    """Yield *targets* for each round, another one first each time.

    Who comes after a heavy one has its leavings to bear: caches, and work that it put off.
    """
    for number in range(rounds):
        first = number % len(targets)
        yield [*targets[first:], *targets[:first]]


def percentile(values: list[float], part: float) -> float:
    """Return the value below which *part* of *values* lie."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def small_calls(servers: Sequence[Server], *, rounds: int, calls: int) -> Figures:
    """GET one transcript over 16 connections: calls a second, CPU a call, latency.

    Latency is that of a lone connection. Each makes its share of *calls* in a round.
    """
    path = f"/v2/transcript/{TRANSCRIPT}"
    taken: dict[str, list[tuple[float, float, float, float]]] = {s.name: [] for s in servers}
    for number, turn in enumerate(in_turns(servers, rounds + 1)):
        for server in turn:
            target = server.prefix + path
            count = round(calls * SHARES.get(server.name, 1.0))
            cpu = server.cpu_s()
            busy = load.gets(server.port, target, server.headers, count, 16)
            used = server.cpu_s() - cpu
            one = load.gets(server.port, target, server.headers, max(count // 10, 50), 1)
            if number:  # the first round warms up
                taken[server.name].append(
                    (
                        count / busy.seconds,
                        used / count * 1e6,
                        percentile(one.latencies, 0.5) * 1e3,
                        percentile(one.latencies, 0.99) * 1e3,
                    )
                )
    return {
        name: dict(
            zip(
                ("calls_per_s", "cpu_us_per_call", "p50_ms", "p99_ms"),
                map(statistics.median, zip(*values, strict=True)),
                strict=True,
            )
        )
        for name, values in taken.items()
    }


def against_litellm(figures: Figures) -> dict[str, float]:
    """How many times our CPU a small call costs LiteLLM, and how many times its calls we serve."""
    ours, other = figures["ours"], figures["LiteLLM"]
    return {
        "litellm_cpu_of_ours": other["cpu_us_per_call"] / ours["cpu_us_per_call"],
        "our_calls_per_s_of_litellm": ours["calls_per_s"] / other["calls_per_s"],
    }


def _moved(
    servers: Sequence[Server],
    rounds: int,
    size: int,
    move: Callable[[Server, int], float],
) -> Figures:
    taken: dict[str, list[tuple[float, float, float]]] = {server.name: [] for server in servers}
    for server in servers:
        move(server, 8 * MB)
    for turn in in_turns(servers, rounds):
        for server in turn:
            before, cpu = server.rss(), server.cpu_s()
            with _peak(server) as peak:
                seconds = move(server, size)
            used = server.cpu_s() - cpu
            taken[server.name].append(
                (size / MB / seconds, used / (size / GIB), (peak[0] - before) / MB)
            )
    return {
        name: {
            "mb_per_s": statistics.median(value[0] for value in values),
            "slowest_mb_per_s": min(value[0] for value in values),
            "fastest_mb_per_s": max(value[0] for value in values),
            "cpu_s_per_gib": statistics.median(value[1] for value in values),
            "rss_growth_mb": max(value[2] for value in values),
        }
        for name, values in taken.items()
    }


@contextmanager
def _peak(server: Server) -> Iterator[list[int]]:
    """Watch the resident size; the list holds its peak in the end."""
    peak, over = [server.rss()], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], server.rss())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
        peak[0] = max(peak[0], server.rss())


def uploads(servers: Sequence[Server], *, rounds: int, size: int) -> Figures:
    """POST /v2/upload of *size* bytes with a Content-Length."""
    return _moved(
        servers,
        rounds,
        size,
        lambda s, n: load.upload(s.port, f"{s.prefix}/v2/upload", s.headers, n),
    )


def downloads(servers: Sequence[Server], *, rounds: int, size: int) -> Figures:
    """GET of *size* bytes."""
    return _moved(
        servers,
        rounds,
        size,
        lambda s, n: load.download(s.port, f"{s.prefix}/download", s.headers, n),
    )


def many_uploads(servers: Sequence[Server]) -> Figures:
    """16 uploads of 50 MB at once: how much the worker grows."""

    def move(server: Server, _: int) -> float:
        begin = time.perf_counter()
        path = f"{server.prefix}/v2/upload"
        load.at_once(16, lambda: load.upload(server.port, path, server.headers, 50 * MB))
        return time.perf_counter() - begin

    return _moved(servers, 1, 16 * 50 * MB, move)


def streams(servers: Sequence[Target], *, rounds: int) -> Figures:
    """200 events, one every 5 ms: how late each is; and the time to the first of a stream.

    The latter is of `FIRSTS` streams a round, each of one event, on a connection of its own.
    """
    firsts: dict[str, list[float]] = {server.name: [] for server in servers}
    lags: dict[str, list[float]] = {server.name: [] for server in servers}
    for number, turn in enumerate(in_turns(servers, rounds + 1)):
        for server in turn:
            path = f"{server.prefix}/events"
            result = load.events(server.port, path, server.headers, 200, 5)
            if number:
                lags[server.name] += result.latencies
                firsts[server.name] += [
                    load.events(server.port, path, server.headers, 1, 0).seconds
                    for _ in range(FIRSTS)
                ]
    return {
        name: {
            "first_event_ms": percentile(firsts[name], 0.5) * 1e3,
            "first_event_p99_ms": percentile(firsts[name], 0.99) * 1e3,
            "lag_p50_ms": percentile(lags[name], 0.5) * 1e3,
            "lag_p99_ms": percentile(lags[name], 0.99) * 1e3,
        }
        for name in lags
    }


def chat_streams(ours: Target, direct: Target, *, rounds: int) -> Figures:
    """A streamed chat completion through the translator, beside the upstream itself."""
    path = "/v1/chat/completions"
    taken: dict[str, list[load.Round]] = {ours.name: [], direct.name: []}
    for number, turn in enumerate(in_turns((ours, direct), rounds + 1)):
        for target in turn:
            result = load.chat_events(target.port, path, target.headers)
            if number:
                taken[target.name].append(result)
    return {
        name: {
            "first_event_ms": statistics.median(r.seconds for r in results) * 1e3,
            "first_event_lag_ms": statistics.median(r.latencies[0] for r in results) * 1e3,
            "lag_p50_ms": percentile([lag for r in results for lag in r.latencies], 0.5) * 1e3,
        }
        for name, results in taken.items()
    }


def beside_streams(servers: Sequence[Server], *, calls: int) -> Figures:
    """GETs while 16 streams are open."""
    figures = {}
    for server in servers:
        path = f"{server.prefix}/events"
        readers = [
            threading.Thread(
                target=load.events, args=(server.port, path, server.headers, 60, 50), daemon=True
            )
            for _ in range(16)
        ]
        for reader in readers:
            reader.start()
        time.sleep(0.5)
        target = f"{server.prefix}/v2/transcript/{TRANSCRIPT}"
        result = load.gets(server.port, target, server.headers, calls, 8)
        for reader in readers:
            reader.join(60)
        figures[server.name] = {
            "calls_per_s": calls / result.seconds,
            "p99_ms": percentile(result.latencies, 0.99) * 1e3,
        }
    return figures
