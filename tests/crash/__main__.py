"""`python -m tests.crash`: many rounds, and their counts."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from postgres import PostgreSQL

from .bench import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = PostgreSQL() if options.database == "postgresql" else None
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="aamw-crash-") as name:
            folder = Path(name)
            url = server.fresh_url() if server else f"sqlite:///{folder / 'ledger.db'}"
            counts = run(folder, url, rounds=options.rounds, seed=options.seed, verbose=True)
    finally:
        if server:
            server.stop()
    print(f"{options.database}, {time.monotonic() - started:.0f} s")
    for name in ("rounds", "kills", "acknowledged", "submitted"):
        print(f"  {name:<13}{getattr(counts, name)}")
    print(f"  {'by point':<13}{', '.join(f'{k} {v}' for k, v in counts.points.items())}")
    for name in ("unowned", "lost", "double", "wrong", "open", "held"):
        print(f"  {name:<13}{getattr(counts, name)}")
    print(f"  {'integrity':<13}{'; '.join(counts.damage) or 'ok'}")
    print(f"  {'charged':<13}{counts.ledger_usd} USD here, {counts.upstream_usd} USD there")
    return 0 if counts.clean else 1


sys.exit(main())
