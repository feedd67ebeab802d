"""What a report may be grouped and filtered by, in words. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, get_args

By = Literal["key", "team", "model", "day", "month", "tag", "end_user", "region"]
State = Literal["pending", "settled", "failed", "unpriced"]
GROUPINGS: tuple[str, ...] = get_args(By)
STATES: tuple[str, ...] = get_args(State)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def month_range(text: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month `2026-11`, and that of the next one, UTC.

    Raises:
        ValueError: *text* is no month.
    """
    match = _MONTH.fullmatch(text)
    year, month = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= year < 9999:
        raise ValueError("month: expected YYYY-MM, such as 2026-11")
    first = datetime(year, month, 1, tzinfo=UTC)
    return first, first.replace(year=year + month // 12, month=month % 12 + 1)
