"""Summary of one run of settlement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Summary:
    """Summary of one run of the Settler.

    Attributes:
        leased: Rows it looked at.
        settled, failed, unpriced: Rows it closed so; others may have closed some first.
        resolved: Submits without an answer whose transcript it found.
        left: Rows that stay open, by why.
        nano: Cost of the settled rows, nano-dollars.
    """

    leased: int = 0
    settled: int = 0
    failed: int = 0
    unpriced: int = 0
    resolved: int = 0
    left: Counter[str] = field(default_factory=Counter)
    nano: int = 0
