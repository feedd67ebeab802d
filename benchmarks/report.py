"""Figures as a table beside a base, and as JSON with the machine that they are of."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .measure import Figures

LOWER_IS_BETTER = {
    "cpu_us_per_call",
    "p50_ms",
    "p99_ms",
    "busy_p50_ms",
    "busy_p99_ms",
    "cpu_s_per_gib",
    "rss_growth_mb",
    "first_event_ms",
    "first_event_lag_ms",
    "lag_p50_ms",
    "lag_p99_ms",
}
_PACKAGES = ("gunicorn", "gevent", "SQLAlchemy", "psycopg", "httptools", "requests", "werkzeug")


def show(figures: Mapping[str, Figures], *, bases: Sequence[str]) -> None:
    """Print a table for each of *figures*; ratios are to the first of *bases* that is in it."""
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
    lower = ", ".join(sorted(LOWER_IS_BETTER))
    print(f"\n  (1.00x is {' or '.join(bases)}; lower is better for {lower})")


def dated(figures: Mapping[str, Figures], **more: Any) -> dict[str, Any]:
    """Return *figures* with the moment, the machine and the versions that they are of."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
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
