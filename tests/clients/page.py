"""The table of results in docs/clients.md, written from runs; that of settings is with the rest
of the pages' tables."""

from __future__ import annotations

from typing import Any

from doc_tables import TABLES, marked, replace, rows

from .clients import CELLS, CLIENTS, DOORS, Client

PAGE, RESULTS, SETTINGS = "clients.md", "results", "settings"
HEAD = ("client", "version", "API", *CELLS)
# Title, versions, API, and a word for each cell.
Row = tuple[str, ...]


def rows_of(client: Client, versions: list[str], cells: list[dict[str, Any]]) -> list[Row]:
    """Return the rows of one run, one for each API that it used."""
    found = []
    for door in client.doors:
        parts = [cell for cell in cells if cell["door"] == door]
        if parts:
            said = [_said([part for part in parts if part["cell"] == cell]) for cell in CELLS]
            found.append((client.title, "<br>".join(versions), DOORS[door], *said))
    return found


def _said(parts: list[dict[str, Any]]) -> str:
    """Return what the table says of a cell that was run in *parts*."""
    if not parts:
        return ""
    if not all(part["ok"] for part in parts):
        return "**no**"
    return "by setting" if any(part.get("setting") for part in parts) else "yes"


def table(found: list[Row]) -> str:
    """Return the table of results in Markdown."""
    return rows(HEAD, iter(found))


def read() -> list[Row]:
    """Return the rows that the page has."""
    lines = marked(PAGE, RESULTS).splitlines()[2:]
    return [tuple(cell.strip() for cell in line[2:-2].split(" | ")) for line in lines]


def write(found: list[Row]) -> None:
    """Put *found* in the place of the page's rows of the same client and API."""
    known = {row[0] + row[2]: row for row in [*read(), *found]}
    order = [client.title + DOORS[door] for client in CLIENTS.values() for door in client.doors]
    replace(PAGE, RESULTS, table([known[key] for key in order if key in known]))
    replace(PAGE, SETTINGS, TABLES[PAGE, SETTINGS]())
