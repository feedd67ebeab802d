"""Small calls, uploads and connection set-up with an upstream by TLS.

    python -m benchmarks.tls [--quick] [--only LIST] [--json FILE]

The contenders of `python -m benchmarks`, in rounds in turns, all verifying the upstream's
certificate. The upstream is nginx with TLS 1.3 in front of the compiled one; it takes one core of
what is there, so that calls a second say less than CPU. The set-up is measured in this process: a
connection, a GET on it, and its end. nginx resumes sessions by tickets.
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.transport import Origin, Request, SocketTransport, Timeouts, fetch
from assemblyai_mw.transport.tls import client_context

from . import measure, proxies, report
from .measure import Figures
from .servers import TRANSCRIPT, upstream
from .tls_front import HASTY_S, Front, front

PATH = f"/v2/transcript/{TRANSCRIPT}"
ACCOUNT = [("Authorization", "account-key"), ("Accept", "*/*")]
TIMES = Timeouts()
BASES = ("http.client",)


class Caller:
    """Our transport alone, on one upstream."""

    def __init__(self, port: int, authority: Path) -> None:
        self.origin = Origin("https", "127.0.0.1", port)
        self.context = client_context(str(authority))
        self.transport = SocketTransport(ssl_context=self.context)

    def get(self) -> None:
        """Make a small GET."""
        request = Request("GET", PATH, ACCOUNT)
        assert fetch(self.transport, self.origin, request, TIMES, max_bytes=4096).status == 200

    def get_anew(self) -> None:
        """Make a small GET on a connection of its own."""
        self.get()
        self.transport.close()

    def get_as_first(self) -> None:
        """The same without a session to resume."""
        self.transport = SocketTransport(ssl_context=self.context)
        self.get_anew()


class Bare:
    """http.client alone, on one upstream."""

    def __init__(self, port: int, authority: Path) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        self.connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)

    def get(self) -> None:
        """Make a small GET."""
        self.connection.request("GET", PATH, headers=dict(ACCOUNT))
        reply = self.connection.getresponse()
        assert reply.read()
        assert reply.status == 200

    def get_anew(self) -> None:
        """Make a small GET on a connection of its own."""
        self.get()
        self.connection.close()


def alone(calls: dict[str, Callable[[], None]], *, rounds: int, count: int) -> Figures:
    """CPU and time of each of *calls* in this process, one after the other."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds + 1):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            call, times = calls[name], []
            cpu = time.process_time()
            for _ in range(count):
                begin = time.perf_counter()
                call()
                times.append(time.perf_counter() - begin)
            cpu = time.process_time() - cpu
            if number:  # the first round warms up
                taken[name].append((cpu / count * 1e6, statistics.median(times) * 1e3))
    return {
        name: dict(
            zip(
                ("cpu_us_per_call", "p50_ms"),
                map(statistics.median, zip(*values, strict=True)),
                strict=True,
            )
        )
        for name, values in taken.items()
    }


def set_up(made: Front, *, rounds: int, count: int) -> dict[str, Figures]:
    """A connection, a GET and its end: with and without a session to resume."""
    figures = {}
    for title, port in (("TLS 1.3", made.port), ("TLS 1.2", made.older)):
        resuming, first = Caller(port, made.authority), Caller(port, made.authority)
        figures[f"connection set-up and a GET, {title}"] = alone(
            {
                "ours, resumed": resuming.get_anew,
                "ours, first": first.get_as_first,
                "http.client": Bare(port, made.authority).get_anew,
            },
            rounds=rounds,
            count=count,
        )
    return figures


def after_idling(made: Front, *, callers: int) -> Figures:
    """Calls after the upstream has closed each one's idle connection: how many failed."""
    several = [Caller(made.hasty, made.authority) for _ in range(callers)]
    for caller in several:
        caller.get()
    time.sleep(HASTY_S + 1)
    failed = 0
    for caller in several:
        try:
            caller.get()
        except UpstreamError:
            failed += 1
    return {"ours": {"calls": callers, "failed": failed}}


def main() -> None:
    """Run what was asked for and print one table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tls", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 128 MiB uploads")
    parser.add_argument("--only", default="alone,setup,idle,get,up")
    parser.add_argument("--contenders", default="ours,http.client,requests,nginx,LiteLLM")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    wanted = set(options.only.split(","))
    rounds, calls = (3, 2000) if options.quick else (7, 5000)
    size = (1 << 27) if options.quick else measure.GIB
    figures: dict[str, Figures] = {}
    versions = {name: proxies.version(name) for name in proxies.PROXIES if proxies.find(name)}
    names = [
        name
        for name in options.contenders.split(",")
        if name not in proxies.PROXIES or name in versions
    ]
    with upstream() as port, front(port) as made:
        if "alone" in wanted:
            figures["small calls by the client alone"] = alone(
                {
                    "ours": Caller(made.port, made.authority).get,
                    "http.client": Bare(made.port, made.authority).get,
                },
                rounds=rounds,
                count=calls // 5,
            )
        if "setup" in wanted:
            figures |= set_up(made, rounds=rounds, count=calls // 20)
        if "idle" in wanted:
            figures["calls after the upstream closed an idle connection"] = after_idling(
                made, callers=50
            )
        if "get" in wanted:
            with measure.contenders(names, made.port, authority=made.authority) as servers:
                figures["small calls, 16 connections"] = measure.small_calls(
                    servers, rounds=rounds, calls=calls
                )
        if "up" in wanted:
            # LiteLLM's pass-through answers binary uploads with 500; requests frames them twice.
            movers = [name for name in names if name not in ("LiteLLM", "requests")]
            with measure.contenders(movers, made.port, authority=made.authority) as servers:
                figures["upload"] = measure.uploads(servers, rounds=rounds, size=size)
    report.show(figures, bases=BASES)
    if options.json:
        text = json.dumps(report.dated(figures, versions=versions), indent=1)
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
