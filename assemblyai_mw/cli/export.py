"""A file of calls, CSV or JSON lines by its suffix: whole and on the disk, or not there."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import click

from ..store.export import as_plain, csv_cell
from .base import Wrong

Write = Callable[[Mapping[str, Any]], None]

_CSV, _JSON = (".csv",), (".jsonl", ".ndjson", ".json")


def check_name(path: str) -> None:
    """Refuse a file of another form, and one that is there.

    Raises:
        Wrong: Its suffix says no form.
        click.ClickException: It is there already.
    """
    if not _form(path).endswith(_CSV + _JSON):
        raise Wrong("--export: expected a file .csv, .jsonl, .csv.gz or .jsonl.gz")
    for name in (path, f"{path}.part"):
        if os.path.lexists(name):
            raise click.ClickException(f"{name} is there already")


@contextlib.contextmanager
def exporting(path: str, columns: Sequence[str]) -> Iterator[Write]:
    """Give a function that writes a row; the file has its name, and is on the disk, at the end.

    Only this user can read it. If the block raises, no file is left.

    Raises:
        click.ClickException: It cannot be written.
    """
    draft = f"{path}.part"
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as raw:
            try:
                with _text(raw, path) as file:
                    yield _writer(file, _form(path), columns)
                raw.flush()
                os.fsync(raw.fileno())
                os.rename(draft, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(draft)
                raise
        folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def _form(path: str) -> str:
    return path.lower().removesuffix(".gz")


@contextlib.contextmanager
def _text(raw: IO[bytes], path: str) -> Iterator[IO[str]]:
    packed: Any = gzip.GzipFile(fileobj=raw, mode="wb") if path.lower().endswith(".gz") else raw
    text = io.TextIOWrapper(packed, encoding="utf-8", newline="")
    yield text
    text.detach()
    if packed is not raw:
        packed.close()


def _writer(file: IO[str], form: str, columns: Sequence[str]) -> Write:
    if form.endswith(_JSON):
        return lambda row: _say(file, row)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    return lambda row: _write_cells(writer, [csv_cell(row.get(name)) for name in columns])


def _say(file: IO[str], row: Mapping[str, Any]) -> None:
    file.write(json.dumps(row, ensure_ascii=False, default=as_plain) + "\n")


def _write_cells(writer: Any, cells: Sequence[Any]) -> None:
    writer.writerow(cells)
