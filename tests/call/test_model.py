"""The table in call/model.py says truly who writes and who reads the fields of a Call."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import assemblyai_mw
from assemblyai_mw.call import Call, model

PACKAGE = Path(assemblyai_mw.__file__).parent
FIELDS = {field.name for field in dataclasses.fields(Call)}
# For tests and demos; what they do with a Call is nobody's contract.
IGNORED = {"testing"}


def place_of(path: Path) -> str:
    """`auth` for a stage's files, else the room: who would be looked for."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[1] if parts[0] == "middleware" and len(parts) > 1 else parts[0]


def calls_in(tree: ast.AST) -> set[str]:
    """Return the names that hold a Call: `call`, and what is annotated as one."""
    names = {"call"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.arg | ast.AnnAssign) or node.annotation is None:
            continue
        if re.fullmatch(r"Call(?: \| None)?", ast.unparse(node.annotation)):
            names.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
    return names


def attributes_of_calls(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Yield where a Call's attribute is written or read, in its own methods too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "Call":
            yield from attributes_of({"self"}, node)
    yield from attributes_of(calls_in(tree), tree)


def attributes_of(names: set[str], tree: ast.AST) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in names
        ):
            yield node


def accesses() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return who writes and who reads each field, by place."""
    written: dict[str, set[str]] = {name: set() for name in FIELDS}
    read: dict[str, set[str]] = {name: set() for name in FIELDS}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = place_of(path)
        if place in IGNORED:
            continue
        for node in attributes_of_calls(ast.parse(path.read_text("utf-8"))):
            if node.attr in FIELDS:
                found = written if isinstance(node.ctx, ast.Store) else read
                found[node.attr].add(place)
    for places in written.values():
        # What nobody sets later was set when the Call was made.
        places |= set() if places else {"call"}
    return written, read


def cell(places: set[str]) -> str:
    return ", ".join(sorted(places)) if len(places) <= 7 else "everywhere"


def lines() -> list[str]:
    """Return the rows as they should be: fields that the same places use share one."""
    written, read = accesses()
    rows: dict[tuple[str, str], list[str]] = {}
    for field in dataclasses.fields(Call):
        rows.setdefault((cell(written[field.name]), cell(read[field.name])), []).append(field.name)
    return [f"| {', '.join(names)} | {who} | {by} |" for (who, by), names in rows.items()]


def test_the_walk_sees_writers_and_readers() -> None:
    """Else the test below would hold without meaning anything."""
    written, read = accesses()
    assert written["caller"] == {"auth"}
    assert "policy" in read["caller"]
    assert written["upstream"] >= {"forward"}


def test_the_table_is_what_the_code_does() -> None:
    table = [" ".join(line.split()) for line in (model.__doc__ or "").splitlines()]
    table = [line for line in table if line.startswith("| ") and not line.startswith("| field")]
    assert table == lines()
