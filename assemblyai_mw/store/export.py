"""Reports as JSON and CSV, the same for the command line and the usage page. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

# Columns of CSV, in this order; new ones come at the end.
SUM_COLUMNS = (
    *("calls", "pending", "failed", "unpriced", "audio_seconds", "input_tokens"),
    *("output_tokens", "cached_tokens", "characters", "cost_usd"),
)
CALL_COLUMNS = (
    *("id", "at", "key", "team", "route", "method", "path", "model", "status", "state"),
    *("audio_seconds", "input_tokens", "output_tokens", "cost_usd", "transcript_id", "tags"),
    *("region", "kind", "reason", "estimated", "characters", "request_id", "breakdown"),
    *("key_id", "end_user", "cached_tokens", "features", "duration", "closed_at"),
)
# A spreadsheet would run a cell that begins so (OWASP, CSV Injection), and callers choose
# model names.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def group_columns(by: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of `Ledger.usage` for one or two groupings."""
    named = (("key", "key_id") if name == "key" else (name,) for name in by)
    return (*chain.from_iterable(named), *SUM_COLUMNS)


def as_plain(value: Any) -> Any:
    """Return *value* as JSON can say it: moments as ISO 8601 with Z, sets as sorted lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def json_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield *rows* as the text of a JSON list, an object a line."""
    separator = "["
    for row in rows:
        yield f"{separator}\n  " + json.dumps(row, ensure_ascii=False, default=as_plain)
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield *rows* as lines of CSV, with a heading; nested values are JSON in their cell."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for cells in chain([columns], ([csv_cell(row.get(c)) for c in columns] for row in rows)):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def csv_cell(value: Any) -> Any:
    """Return *value* as a cell of CSV; nested values are JSON."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, datetime | Decimal):
        return as_plain(value)
    return json.dumps(value, ensure_ascii=False, default=as_plain)
