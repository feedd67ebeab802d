"""How long a call may be under way, and how far settlement looks while requests are served."""

from __future__ import annotations

from ..config import Timeouts

# Beyond its timeouts, how long a call might still be under way.
MARGIN_S = 60.0
# How far back the list is read while requests are being served: 20,000 transcripts.
BACKGROUND_PAGES = 100


def under_way_s(times: Timeouts, kind: str) -> float:
    """Return for how many seconds after its start a call's request may last, and a margin."""
    total = times.total_s
    if kind == "transcript":
        # A small body each way: silence ends it long before.
        total = min(total, times.connect_s + times.read_s)
    return total + MARGIN_S
