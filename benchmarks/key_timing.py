"""Whether the time of a refusal tells how wrong a key was: `python -m benchmarks.key_timing`.

Asks `KeyAuth`, on a ledger in SQLite, with keys that differ from a live one in their first
half, in their last, or throughout, in random order. Whoever could tell these apart by time
could find a key letter by letter. Prints Welch's t for each pair, the measure of dudect
(Reparaz et al. 2017: over 4.5 is a leak); over that, exit status 1.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import string
import sys
import tempfile
import time
from collections.abc import Callable
from wsgiref.util import setup_testing_defaults

from assemblyai_mw import KeyAuth, Keys

LEAK = 4.5
LETTERS = string.ascii_letters + string.digits
# The slowest of each kind tell of the machine, not of the key.
KEPT = 0.9


def wrong_keys(key: str, count: int) -> list[tuple[str, str]]:
    """Return *count* wrong keys of each kind with its name, in random order.

    No two are alike, for what was asked before is quicker to find; all are made in one way
    and before any is used, for where a text lies in memory shows too.
    """
    begin, middle, end = 3, (3 + len(key)) // 2, len(key)
    kinds = {
        "first half": range(begin, middle),
        "last half": range(middle, end),
        "every letter": range(begin, end),
    }
    found = []
    for _ in range(count):
        for kind, places in kinds.items():
            letters = list(key)
            for at in places:
                letters[at] = random.choice(LETTERS.replace(key[at], ""))
            found.append((kind, letters))
    random.shuffle(found)
    return [(kind, "".join(letters)) for kind, letters in found]


def asking(app: KeyAuth) -> Callable[[str], int]:
    """Return what asks with a key and gives the nanoseconds that its refusal took."""

    def start_response(status: str, headers: object, exc_info: object = None) -> None:
        if not status.startswith("401"):
            raise RuntimeError(f"a wrong key was answered {status}")

    def ask(key: str) -> int:
        environ = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
        setup_testing_defaults(environ)
        begin = time.perf_counter_ns()
        for _ in app(environ, start_response):  # type: ignore[arg-type]
            pass
        return time.perf_counter_ns() - begin

    return ask


def welch(one: list[int], other: list[int]) -> float:
    """Return Welch's t of two samples."""
    spread = sum(statistics.variance(each) / len(each) for each in (one, other))
    return float((statistics.fmean(one) - statistics.fmean(other)) / spread**0.5)


def main() -> None:
    """Ask, and print what the times tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.key_timing", description=__doc__)
    parser.add_argument("--tries", type=int, default=5000, help="of each kind, for a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    leaks = 0
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(f"sqlite:///{folder}/keys.db")
        key = keys.create("alice").key
        # Nothing is remembered: each wrong key is looked up.
        ask = asking(KeyAuth(lambda *_: [], keys=keys, cache_seconds=0))
        for _, wrong in wrong_keys(key, 100):
            ask(wrong)
        for number in range(options.rounds):
            taken: dict[str, list[int]] = {}
            for kind, wrong in wrong_keys(key, options.tries):
                taken.setdefault(kind, []).append(ask(wrong))
            kept = {k: sorted(v)[: int(len(v) * KEPT)] for k, v in taken.items()}
            medians = ", ".join(f"{k} {statistics.median(v) / 1e3:.2f} us" for k, v in kept.items())
            print(f"round {number + 1}: {medians}")
            for one, other in itertools.combinations(kept, 2):
                t = welch(kept[one], kept[other])
                leaks += abs(t) > LEAK
                print(f"    {one} against {other}: t = {t:+.2f}")
    sys.exit(1 if leaks else 0)


if __name__ == "__main__":
    main()
