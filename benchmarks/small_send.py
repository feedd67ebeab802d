"""What a send that keeps the interpreter's lock gains: `python -m benchmarks.small_send`.

One small GET through the whole stack, under Gunicorn with 16 threads and over 16 connections:
as it is, and with every request sent by Python's own `socket.send`. Rounds alternate, and each
gives a ratio to the round of "ours" beside it: below 1 is less CPU, or fewer calls a second.
"again" is the same program as "ours": what its ratios are off 1 is noise. All three are started
anew every few rounds, for where a process happens to lie in memory shows too.

On two quiet cores, 24 rounds of 5,000 calls (2026-11-26): `socket.send` took 1.027 times the CPU
(half of the rounds within 1.001-1.052, above 1 in 18 of 24) at 0.995 times the calls a second;
"again" took 0.995 times (within 0.981-1.029). That gain is why the path is there.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence

from . import load, measure
from .servers import TRANSCRIPT, Server, upstream

THREADS = 16
AGAIN, PLAIN = "ours, again", "ours by socket.send"
# So that each comes first equally often.
ROUNDS_A_START = 6
# CPU microseconds a call, and calls a second.
Figures = tuple[float, float]


def rounds(servers: Sequence[Server], count: int, calls: int) -> Iterator[dict[str, Figures]]:
    """Yield the figures of each round by the contender's name; one more before them warms up."""
    for number, turn in enumerate(measure.in_turns(servers, count + 1)):
        figures = {}
        for server in turn:
            path = f"{server.prefix}/v2/transcript/{TRANSCRIPT}"
            cpu = server.cpu_s()
            took = load.gets(server.port, path, server.headers, calls, THREADS)
            figures[server.name] = (server.cpu_s() - cpu) / calls * 1e6, calls / took.seconds
        if number:
            yield figures


def described(ratios: list[float]) -> str:
    """Return the median of *ratios*, the quartiles, the extremes, and how many are above 1."""
    low, median, high = statistics.quantiles(ratios, n=4)
    above = sum(ratio > 1 for ratio in ratios)
    return (
        f"{median:.3f} (half within {low:.3f}-{high:.3f}, all within "
        f"{min(ratios):.3f}-{max(ratios):.3f}; above 1 in {above} of {len(ratios)})"
    )


def main() -> None:
    """Run the rounds and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_send", description=__doc__)
    parser.add_argument("--rounds", type=int, default=24, help="2 at least")
    parser.add_argument("--calls", type=int, default=8000, help="of each contender, a round")
    options = parser.parse_args()
    taken: list[dict[str, Figures]] = []
    with upstream() as port:
        while len(taken) < options.rounds:
            with measure.contenders(("ours", "ours", PLAIN), port, threads=THREADS) as servers:
                servers[1].name = AGAIN
                count = min(ROUNDS_A_START, options.rounds - len(taken))
                taken += rounds(servers, count, options.calls)
    for name in ("ours", AGAIN, PLAIN):
        cpu, speed = (statistics.median(each[name][n] for each in taken) for n in (0, 1))
        print(f"{name}: {cpu:.1f} us CPU a call, {speed:.0f} calls/s")
    for name in (AGAIN, PLAIN):
        for number, unit in enumerate(("CPU", "calls/s")):
            ratios = [each[name][number] / each["ours"][number] for each in taken]
            print(f"{name} / ours, {unit}: {described(ratios)}")


if __name__ == "__main__":
    main()
