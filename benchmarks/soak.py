"""Run long under many streams and see that nothing grows: `python -m benchmarks.soak`.

128 event streams stay open on four workers, one after another on each connection, while
other clients read a transcript, upload, and leave in the middle. Every few seconds each
worker's resident size, descriptors and threads are read. What grows by more than is said
here, a reply that is not the right one, and any error is a failure: exit status 1.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

from . import load
from .servers import TRANSCRIPT, Server, gunicorn, upstream

MB = 1_000_000
MAX_RSS_MB_PER_MIN = 1.0  # of one worker
MAX_DESCRIPTORS = 4
SAMPLE_S = 5.0


class Clients:
    """Threads that call until they are told to stop, and count what happened."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.stop = threading.Event()
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, count: int, once: Callable[[], None]) -> None:
        """Let *count* threads do *once* over and over."""

        def run() -> None:
            while not self.stop.is_set():
                try:
                    once()
                    outcome = name
                except Exception as error:
                    outcome = f"{name} FAILED: {type(error).__name__}: {str(error)[:80]}"
                with self._lock:
                    self.counts[outcome] += 1

        for _ in range(count):
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self) -> None:
        """Stop all and wait."""
        self.stop.set()
        for thread in self._threads:
            thread.join(60)

    def stream(self) -> None:
        """Read one stream of 50 events to its end."""
        path = f"{self.server.prefix}/events"
        load.events(self.server.port, path, self.server.headers, 50, 100)

    def poll(self) -> None:
        """Read the transcript a few times."""
        path = f"{self.server.prefix}/v2/transcript/{TRANSCRIPT}"
        load.gets(self.server.port, path, self.server.headers, 20, 1)
        self.stop.wait(0.2)

    def upload(self) -> None:
        """Send 3 MB."""
        path = f"{self.server.prefix}/v2/upload"
        load.upload(self.server.port, path, self.server.headers, 3 * MB)
        self.stop.wait(0.5)

    def leave(self) -> None:
        """Ask for a stream and go after its first event."""
        path = f"{self.server.prefix}/events/1000/20"
        with load.connect(self.server.port) as sock:
            sock.sendall(load.request(path, self.server.headers))
            load.read_reply(sock)
        self.stop.wait(0.1)


def main() -> None:
    """Run the soak and print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--streams", type=int, default=128)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    threads = options.streams // options.workers + 16
    with (
        upstream() as port,
        gunicorn("ours", port, workers=options.workers, threads=threads) as server,
    ):
        clients = Clients(server)
        clients.start("stream", options.streams, clients.stream)
        clients.start("poll", 4, clients.poll)
        clients.start("upload", 2, clients.upload)
        clients.start("leave", 4, clients.leave)
        samples = _watch(server, options.minutes * 60)
        clients.join()
    failed = _report(samples, clients.counts, options)
    sys.exit(1 if failed else 0)


def _watch(server: Server, seconds: float) -> list[tuple[float, float, int, int]]:
    begin = time.monotonic()
    samples = []
    while (passed := time.monotonic() - begin) < seconds:
        workers = server.workers()
        samples.append(
            (
                passed,
                sum(worker.memory_info().rss for worker in workers) / MB,
                sum(worker.num_fds() for worker in workers),
                sum(worker.num_threads() for worker in workers),
            )
        )
        time.sleep(SAMPLE_S)
    return samples


def _report(
    samples: list[tuple[float, float, int, int]],
    counts: Counter[str],
    options: argparse.Namespace,
) -> bool:
    # The first fifth fills pools and caches.
    steady = samples[len(samples) // 5 :]
    times = [sample[0] / 60 for sample in steady]
    slope = statistics.linear_regression(times, [sample[1] for sample in steady]).slope
    slope /= options.workers
    half = len(steady) // 2
    growth = {
        name: statistics.median(s[at] for s in steady[half:])
        - statistics.median(s[at] for s in steady[:half])
        for name, at in (("descriptors", 2), ("threads", 3))
    }
    for outcome, count in sorted(counts.items()):
        print(f"  {count:>9,}  {outcome}")
    print(f"  over {options.minutes:g} minutes, all workers together, after warming up:")
    sizes = f"{steady[0][1]:,.1f} to {steady[-1][1]:,.1f} MB"
    print(f"    resident size {sizes}, {slope:+.2f} MB/min each")
    for name, by in growth.items():
        print(f"    {name}: median of the second half {by:+.0f} against the first")
    return (
        any("FAILED" in outcome for outcome in counts)
        or slope > MAX_RSS_MB_PER_MIN
        or growth["descriptors"] > MAX_DESCRIPTORS
        or growth["threads"] > 0
    )


if __name__ == "__main__":
    main()
