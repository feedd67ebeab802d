"""Figures as a table beside a base, and as JSON with the machine that they are of.

A run with `--json` is kept in benchmarks/results/, a file a run, named after its day and benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .measure import Figures

RESULTS = Path(__file__).parent / "results"
LOWER_IS_BETTER = {
    "cpu_us_per_call",
    "p50_ms",
    "p99_ms",
    "busy_p50_ms",
    "busy_p99_ms",
    "cpu_s_per_gib",
    "cpu_ms",
    "rss_growth_mb",
    "rss_mb",
    "pss_mb",
    "uss_mb",
    "first_event_ms",
    "first_event_p99_ms",
    "first_event_lag_ms",
    "lag_p50_ms",
    "lag_p99_ms",
}
_PACKAGES = (
    *("gunicorn", "gevent", "SQLAlchemy", "psycopg", "httptools"),
    *("requests", "werkzeug", "flask"),
)
# What `--json` without a file stands for.
_BY_DAY = Path()


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option `--json [FILE]`, for `save`."""
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=_BY_DAY,
        metavar="FILE",
        help="write the figures to this file; without one, to benchmarks/results/DAY-NAME.json",
    )


def save(to: Path | None, name: str, figures: Mapping[str, Figures], **more: Any) -> None:
    """Write *figures* of the benchmark called *name* to where `--json` says, if it was given."""
    if to is None:
        return
    value = dated(figures, **more)
    if to == _BY_DAY:
        RESULTS.mkdir(exist_ok=True)
        to = RESULTS / f"{value['at'][:10]}-{name}.json"
    to.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    print(f"  written to {to}")


def saved(name: str) -> list[dict[str, Any]]:
    """Return the kept runs of the benchmark called *name*, the newest first."""
    files = sorted(RESULTS.glob(f"*-*-*-{name}.json"), reverse=True)
    return [json.loads(file.read_text("utf-8")) for file in files]


def show(figures: Mapping[str, Figures], *, bases: Sequence[str]) -> None:
    """Print a table for each of *figures*; ratios are to the first of *bases* that is in it.

    Columns without a ratio are those that the base has not.
    """
    for title, rows in figures.items():
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        width = max(14, *map(len, rows))
        print(f"\n{title}")
        print(f"  {'':{width}}" + "".join(f"{column:>24}" for column in columns))
        base = next((rows[name] for name in bases if name in rows), {})
        for name, row in rows.items():
            cells = []
            for column in columns:
                value, of = row.get(column), base.get(column)
                text = "" if value is None else f"{value:,.1f}" if value > 10 else f"{value:.3f}"
                ratio = f" ({value / of:.2f}x)" if value is not None and of else ""
                cells.append(f"{text + ratio:>24}")
            print(f"  {name:{width}}" + "".join(cells))
    lower = ", ".join(
        sorted(LOWER_IS_BETTER & {name for t in figures.values() for r in t.values() for name in r})
    )
    print(f"\n  (1.00x is {' or '.join(bases)}; lower is better for {lower})")


def dated(figures: Mapping[str, Figures], **more: Any) -> dict[str, Any]:
    """Return *figures* with the moment, the machine and the versions that they are of."""
    commit = ["git", "-C", str(RESULTS.parent), "rev-parse", "--short", "HEAD"]
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release().split('-')[0]}",
            "python": platform.python_version(),
        },
        "commit": subprocess.run(commit, capture_output=True, text=True).stdout.strip(),
        "versions": dict(filter(None, map(_version, _PACKAGES))) | more.pop("versions", {}),
        **more,
        "figures": figures,
    }


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.machine()


def _version(name: str) -> tuple[str, str] | None:
    try:
        return name, version(name)
    except PackageNotFoundError:
        return None
