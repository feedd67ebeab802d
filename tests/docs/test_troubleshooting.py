"""docs/troubleshooting.md names each warning and error of the log, each status, and each code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from doc_tables import DOCS

import assemblyai_mw

PACKAGE = Path(assemblyai_mw.__file__).parent
PAGE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
STATUSES, LOG = PAGE.split("## Statuses\n")[1].split("## Log lines\n")
LEVELS = {"warning", "error", "exception", "critical"}
# Methods that log their text themselves, by the room that has them.
SAYING = {"settlement": {"_say"}, "store": {"_say"}, "relay": {"say"}}
DIFFERS = "..."


def text_of(node: ast.expr, module: ast.Module, inside: ast.AST) -> Iterator[str]:
    """Yield what an argument may say, with `...` for what differs."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"%[-+]?[\d.]*[a-z]", DIFFERS, node.value).replace("%%", "%")
    elif isinstance(node, ast.JoinedStr):
        parts = (
            str(part.value) if isinstance(part, ast.Constant) else DIFFERS for part in node.values
        )
        # A traceback follows in lines of its own.
        yield "".join(parts).partition("\n")[0]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "str":
        for argument in node.args:
            yield from text_of(argument, module, inside)
    elif isinstance(node, ast.Name):
        # A variable of the function, as it was assigned last, or a constant of the module.
        for scope in (inside, module):
            found = [
                each
                for each in ast.walk(scope)
                if isinstance(each, ast.Assign)
                and (scope is module or each.lineno < node.lineno)
                and any(isinstance(t, ast.Name) and t.id == node.id for t in each.targets)
            ]
            if found:
                last = max(found, key=lambda each: each.lineno)
                yield from text_of(last.value, module, inside)
                return


def logged() -> Iterator[str]:
    """Yield every text that the package logs as a warning or worse."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0]
        if room == "testing":
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)]
        for function in functions:
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                    continue
                owner, name = call.func.value, call.func.attr
                if name in LEVELS and isinstance(owner, ast.Name) and owner.id == "logger":
                    yield from text_of(call.args[0], module, function)
                elif name in SAYING.get(room, ()):
                    yield from text_of(call.args[-1], module, function)


def line_of(text: str) -> str:
    return " ".join(text.split())


# Texts that come from elsewhere: `%s` alone, and the reasons of `rest_api.refusal`.
REFUSALS = {
    "AssemblyAI refuses the account's key (status ...)",
    "AssemblyAI answered with status ...",
}
GUARD = "guard=... call=... stage=... action=... reason=..."
CODE = {line_of(text) for text in logged()} - {"...", ""} | REFUSALS | {GUARD}
ROWS = re.findall(r"^\| `(.+?)` \|", LOG, re.MULTILINE)


def test_each_warning_and_error_of_the_log_has_its_row() -> None:
    assert len(CODE) > 60
    assert sorted(CODE - set(ROWS)) == []


def test_each_row_is_a_line_of_the_code() -> None:
    assert sorted(set(ROWS) - CODE) == []


def test_a_row_is_there_once_and_has_three_cells() -> None:
    twice = {row for row in ROWS if ROWS.count(row) > 1}
    # The log file's and a kept closing's: two places, two rows.
    assert twice <= {"... cannot be written: ...", "... cannot be read: ..."}
    for line in PAGE.splitlines():
        if line.startswith("| "):
            assert len(re.sub(r"`[^`]*`", "", line).split("|")) == 5, line


def test_the_words_of_refusals_are_still_those() -> None:
    source = (PACKAGE / "settlement" / "rest_api.py").read_text()
    for text in REFUSALS:
        assert text.partition("...")[0] in source
    assert 'LINE = "guard=%s call=%s' in (PACKAGE / "guards" / "verdicts.py").read_text()


def test_each_status_of_the_page_on_errors_has_its_row() -> None:
    errors = (DOCS / "errors.md").read_text()
    cells = re.findall(r"^\| ([\d, ]+) \|", errors, re.MULTILINE)
    statuses = {status for cell in cells for status in re.findall(r"\d{3}", cell)}
    assert len(statuses) > 12
    first = " ".join(re.findall(r"^\| (.+?) \|", STATUSES, re.MULTILINE))
    assert sorted(statuses - set(re.findall(r"\d{3}", first))) == []


def test_each_code_of_an_error_is_documented() -> None:
    pages = [PAGE, *((DOCS / f"{name}.md").read_text() for name in ("openai", "idempotency"))]
    codes = {
        keyword.value.value
        for path in PACKAGE.rglob("*.py")
        if "testing" not in path.parts
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
        if isinstance(keyword.value.value, str)
    }
    assert len(codes) > 30
    assert sorted(code for code in codes if not any(f"`{code}`" in page for page in pages)) == []
