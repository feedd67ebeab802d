"""Imports go down only, no files import each other in a circle, and what is pure does no I/O."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assemblyai_mw

PACKAGE = Path(assemblyai_mw.__file__).parent
# The rooms of the house from the ground up: a room imports from those before it, and from itself.
ROOMS = (
    "errors",
    "secret",
    "routes",
    "http",
    "transport",
    "relay",
    "billing",
    "call",
    "config",
    "store",
    "dialects",
    "guards",
    "telemetry",
    "settlement",
    "middleware",
    "endpoints",
    "stack",
    "client",
    "cli",
    "hosts",
    "__main__",
    # For tests and demos. Nothing else may import it, but one command within its function.
    "testing",
)
PLAYS_ASSEMBLYAI = "cli.stand_in"
# What decides a price, a translation or an error: the standard library and each other alone.
PURE = frozenset({"billing", "dialects", "errors", "http", "routes", "secret"})
# Modules that reach out: sockets, processes, threads, databases. Pure modules name none.
IMPURE = frozenset(
    {"asyncio", "multiprocessing", "os", "select", "socket", "sqlite3", "ssl", "subprocess"}
    | {"tempfile", "threading", "urllib.request", "http.client"}
)
# The stages, each a file or a folder of middleware/.
STAGES = "middleware"


def name_of(path: Path) -> str:
    """`middleware.auth` for assemblyai_mw/middleware/auth.py; the package itself is empty."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(name: str) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports: an absolute name, and whether only for type checkers.

    Imports of this package come as `.middleware.auth`.
    """
    path = MODULES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        typing_only = id(node) in for_types
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.replace("assemblyai_mw", "", 1), typing_only
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                start = ".".join([*base, *(node.module or "").split(".")]).strip(".")
                start = f".{start}" if start else ""
            else:
                start = (node.module or "").replace("assemblyai_mw", "", 1)
            ours = start.startswith(".") or (not start and bool(node.level))
            for alias in node.names:
                inner_name = f"{start}.{alias.name}"
                is_module = ours and inner_name.strip(".") in MODULES
                yield inner_name if is_module else start, typing_only


def room(name: str) -> str:
    return name.strip(".").split(".")[0]


def own_imports(name: str, *, with_types: bool = False) -> set[str]:
    return {
        target.strip(".")
        for target, typing_only in imports(name)
        if target.startswith(".") and (with_types or not typing_only)
    }


def test_the_walk_sees_imports_of_every_kind():
    """Else the tests below would hold without meaning anything."""
    assert "routes" in own_imports("config.values")
    assert "cli.keys" in own_imports("cli")
    assert "store" in own_imports("cli.keys")
    assert ("sys", False) in set(imports("cli.base"))
    assert "billing.price_book" in own_imports("call.model", with_types=True)
    assert "billing.price_book" not in own_imports("call.model")


def test_the_list_names_every_room():
    assert {room(name) for name in MODULES if name} == set(ROOMS)


def test_the_roots_are_few():
    """What a reader finds first: six modules and eighteen folders at most."""
    folders = [path for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]
    assert len(list(PACKAGE.glob("*.py"))) <= 6
    assert len(folders) <= 18


@pytest.mark.parametrize(
    "name", ["billing", "call", "guards", "http", "relay", "settlement", "store"]
)
def test_a_room_names_its_files(name):
    """Its docstring is the sign at the door: a line for each file."""
    folder = PACKAGE / name
    sign = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {file for file in files if not re.search(rf"^ *{file}  ", sign, re.MULTILINE)} == set()


@pytest.mark.parametrize("name", [name for name in MODULES if name])
def test_imports_go_down_only(name):
    """A name for type checkers counts too: who reads one file should not need the one above."""
    above = ROOMS[ROOMS.index(room(name)) + 1 :]
    found = {each for each in own_imports(name, with_types=True) if room(each) in above}
    assert found == ({"testing"} if name == PLAYS_ASSEMBLYAI else set())


def test_no_files_import_each_other_in_a_circle():
    """Names for type checkers count too. A package's own `__init__` stands for its files."""
    below = {
        name: {each for each in own_imports(name, with_types=True) if each in MODULES}
        for name in MODULES
        if name
    }
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " imports ".join([*way[way.index(name) :], name])
        if name not in done:
            for each in sorted(below[name]):
                walk(each, (*way, name))
            done.add(name)

    for name in below:
        walk(name, ())


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith(f"{STAGES}.")])
def test_no_stage_knows_another(name):
    stages = {
        each.split(".")[1]
        for each in own_imports(name, with_types=True)
        if each.startswith(f"{STAGES}.")
    }
    assert stages <= {name.split(".")[1]}


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) in PURE])
def test_pure_rooms_import_the_standard_library_and_each_other(name):
    for target, typing_only in imports(name):
        if target.startswith("."):
            assert typing_only or room(target) in PURE
        else:
            assert target.split(".")[0] in sys.stdlib_module_names | {"_typeshed"}
            assert target not in IMPURE


def test_the_package_imports_on_its_own_and_brings_no_host():
    """Flask, Django and the extras are for those who use them."""
    script = (
        "import sys, assemblyai_mw, assemblyai_mw.cli\n"
        "print(*sorted({'flask', 'django', 'redis', 'psycopg', 'openai', 'assemblyai',"
        " 'prometheus_client', 'pytest', 'sqlalchemy', 'webtest', 'assemblyai_mw.testing'}"
        " & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "", "")


def test_what_a_room_promises_is_there() -> None:
    for path in sorted(PACKAGE.rglob("__init__.py")):
        room = importlib.import_module(".".join(["assemblyai_mw", name_of(path)]).rstrip("."))
        missing = [name for name in getattr(room, "__all__", ()) if not hasattr(room, name)]
        assert not missing, path
