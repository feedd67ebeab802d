"""Tables for people, JSON for programs, CSV for spreadsheets. The same in a pipe and a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import click

from ..store.export import as_plain, csv_lines, json_rows

AMOUNTS = ("spent_usd", "held_usd", "limit_usd", "remaining_usd")
STANDING_COLUMNS = ("scope", "window", *AMOUNTS, "resets_at")
# Columns are as wide as the first rows need; reading millions twice would be slow.
MEASURED_ROWS = 500


def to_dict(record: Any) -> dict[str, Any]:
    """Return a dataclass's fields, in their order and without going deeper."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def echo_json(value: Any) -> None:
    """Print *value* as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=as_plain))


def echo_json_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print *rows* as a JSON list, an object a line, without holding them all."""
    for text in json_rows(rows):
        click.echo(text, nl=False)


def echo_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print *rows* as CSV with a heading; nested values are JSON in their cell."""
    for line in csv_lines(columns, rows):
        click.echo(line, nl=False)


def echo_table(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    right: Iterable[str] = (),
    money: Iterable[str] = (),
    total: Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Print *rows* under their headings.

    The columns in *right* and *money* are flush right; those in *money* also have their
    decimal points below each other. *total* is asked for the last line once the rows have
    gone by.
    """
    remaining = iter(rows)
    first = list(islice(remaining, MEASURED_ROWS))
    known = [total()] if total and len(first) < MEASURED_ROWS else []
    places = {name: _places(row.get(name) for row in (*first, *known)) for name in money}
    flush = {*right, *places}

    def texts(row: Mapping[str, Any], absent: Any = None) -> list[str]:
        return [_text(row.get(name, absent), places.get(name)) for name in columns]

    heads = [name.replace("_", " ") for name in columns]
    lines = [heads, *map(texts, first), *(texts(row, "") for row in known)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]

    def echo(line: Sequence[str]) -> None:
        padded = [
            text.rjust(width) if name in flush else text.ljust(width)
            for name, text, width in zip(columns, line, widths, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())

    echo(heads)
    echo(rule)
    for row in chain(first, remaining):
        echo(texts(row))
    if total:
        echo(rule)
        echo(texts(total(), ""))


def echo_fields(row: Mapping[str, Any]) -> None:
    """Print one record, a line a field."""
    for field, value in row.items():
        click.echo(f"{field.replace('_', ' ') + ':':<20} {cell(value)}")


def echo_history(changes: Iterable[Any], as_json: bool) -> None:
    """Print the changes of a key or team: for people, each option as old -> new."""
    rows = [to_dict(change) for change in changes]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        row["detail"] = "; ".join(_change(*item) for item in row["detail"].items())
    echo_table(("at", "actor", "action", "detail"), rows)


def _change(option: str, value: Any) -> str:
    if isinstance(value, Mapping) and value.keys() == {"old", "new"}:
        return f"{option}: {_or_none(value['old'])} -> {_or_none(value['new'])}"
    return f"{option}={_or_none(value)}"


def _or_none(value: Any) -> str:
    return "none" if value in (None, "", [], {}) else cell(value)


def _places(amounts: Iterable[Any]) -> int:
    """Return how many decimals *amounts* need, at least those of a cent."""
    return max([2, *(len(str(amount).partition(".")[2]) for amount in amounts)])


def _text(value: Any, places: int | None) -> str:
    """Return *value* as a cell; money gets *places* decimals, or more where it needs them."""
    if places is None or value in (None, ""):
        return cell(value)
    whole, _, part = cell(value).partition(".")
    return f"{whole}.{part.ljust(places, '0')}"


def cell(value: Any) -> str:
    """Return *value* in one line, without terminal control characters."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, Mapping):
        return cell(",".join(f"{k}={v}" if v else str(k) for k, v in value.items()) or None)
    if isinstance(value, set | frozenset):
        return cell(",".join(sorted(map(str, value))) or None)
    if isinstance(value, list | tuple):
        return cell(",".join(map(str, value)) or None)
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return "".join(c if c.isprintable() else "?" for c in text)
