"""The table of docs/hosts.md: every server that the page shows, and every check.

    python -m tests.hosts.table [--write] [NAME ...]

makes virtual environments with what it needs, runs all of it (or the servers named), and prints
the table; --write puts it into the page. Debian's packages that it needs are on that page.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ["a2wsgi", "cheroot", "fastapi", "flask", "gevent", "granian", "gunicorn", "psutil"]
NEEDED += ["pytest", "starlette", "uvicorn", "uwsgi", "waitress"]
PATHS = [ROOT, ROOT / "tests", ROOT / "tests" / "docs"]
INSIDE = "HOSTS_APACHE_VENV"


def _install(python: Path, more: list[str]) -> None:
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as copy:
        # A build leaves its files beside the sources.
        names = ("assemblyai_mw", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
        subprocess.run(["cp", "-r", *(str(ROOT / name) for name in names), copy], check=True)
        subprocess.run([*command, copy, *more], check=True)
    uninstall = [str(python), "-m", "pip", "uninstall", "-q", "-y", "assemblyai-mw"]
    subprocess.run(uninstall, check=True)


def outside(arguments: list[str]) -> int:
    """Run this command again in an environment that has everything."""
    with tempfile.TemporaryDirectory() as folder:
        # Apache's processes are another user's.
        Path(folder).chmod(0o755)
        own, apache = Path(folder, "own"), Path(folder, "apache")
        venv.create(own, with_pip=True)
        _install(own / "bin" / "python", NEEDED)
        subprocess.run(["/usr/bin/python3", "-m", "venv", str(apache)], check=True)
        _install(apache / "bin" / "python", ["flask"])
        return subprocess.run(
            [str(own / "bin" / "python"), "-m", "tests.hosts.table", *arguments],
            cwd=ROOT,
            env={**os.environ, INSIDE: str(apache), "PYTHONPATH": ":".join(map(str, PATHS))},
            check=False,
        ).returncode


def rows_of(names: list[str]) -> dict[str, dict[str, str]]:
    """Return each server's cells, by column."""
    from assemblyai_mw.testing import FakeAssemblyAI, serve_all

    from .checks import CHECKS
    from .shown import running

    rows: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        for number, name in enumerate(names):
            cells = rows[name] = {}
            with serve_all(FakeAssemblyAI(reply_to=lambda asked: "Paris it is.")) as hosts:
                try:
                    with running(name, Path(temporary, str(number)), hosts) as site:
                        for column, (_, check) in CHECKS.items():
                            try:
                                cells[column] = check(site)
                            except Exception:
                                traceback.print_exc()
                                cells[column] = "FAILS"
                except Exception:
                    traceback.print_exc()
                    cells.setdefault("keys", "FAILS")
            print(name, cells, file=sys.stderr, flush=True)
    return rows


def written(rows: dict[str, dict[str, str]]) -> str:
    """Return the rows as two tables in Markdown."""
    from .checks import CHECKS

    tables = []
    for part in (0, 1):
        columns = [name for name, (table, _) in CHECKS.items() if table == part]
        lines = [["server", *columns], ["---"] * (len(columns) + 1)]
        lines += [[name, *(cells.get(c, "") for c in columns)] for name, cells in rows.items()]
        tables.append("".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(tables)


def read(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of such tables."""
    rows: dict[str, dict[str, str]] = {}
    for table in text.strip().split("\n\n"):
        head, _, *lines = (line.strip("| ").split(" | ") for line in table.splitlines())
        for name, *cells in lines:
            rows.setdefault(name, {}).update(zip(head[1:], cells, strict=True))
    return rows


def main(arguments: list[str]) -> int:
    if INSIDE not in os.environ:
        return outside(arguments)
    from doc_tables import marked, replace

    from .shown import NAMES

    named = [name for name in arguments if name != "--write"]
    rows = rows_of(named or NAMES)
    if "--write" in arguments:
        known = read(marked("hosts.md", "hosts")) if named else {}
        rows = {name: (known | rows)[name] for name in NAMES if name in known | rows}
        replace("hosts.md", "hosts", written(rows))
    print(written(rows))
    return any("FAILS" in cells.values() for cells in rows.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
