"""What a worker's memory goes to: `python -m benchmarks.memory [--calls N] [--json [FILE]]`.

One Gunicorn worker serves a Flask app, bare and wrapped, with either ledger. Its memory is read at
rest (after its first page), after its first billable call, and after half and all of --calls
native chats over 16 connections; the bare app serves as many pages. RSS counts pages that
processes share in each of them, PSS in equal parts, USS not at all: USS is what one more worker
takes. A second table has what each import adds to a fresh interpreter, and how many of its modules
a worker had loaded in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from . import load, report
from .databases import databases
from .measure import MB, Figures
from .servers import Server, gunicorn, upstream
from .work import WORK

BARE = "flask"
WRAPPED = {"SQLite": "sqlite", "PostgreSQL": "postgresql"}
CONNECTIONS = 16
# What a worker could load, with what each loads in turn.
IMPORTS = (
    *("flask", "assemblyai_mw", "httptools", "ssl", "certifi", "tomllib", "yaml", "click"),
    *("werkzeug", "requests", "limits", "sqlite3", "asyncio", "psycopg", "sqlalchemy"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm"),
)
_ONE_IMPORT = """\
import json, sys, time, psutil
before, process, began = set(sys.modules), psutil.Process(), time.process_time()
rss, uss = process.memory_info().rss, process.memory_full_info().uss
import {module}
cpu = time.process_time() - began
print(json.dumps({{
    "cpu_ms": cpu * 1e3,
    "rss_mb": (process.memory_info().rss - rss) / 1e6,
    "uss_mb": (process.memory_full_info().uss - uss) / 1e6,
    "modules": sorted(set(sys.modules) - before),
}}))
"""


@contextmanager
def servers(port: int, worker: str, names: list[str]) -> Iterator[list[Server]]:
    """Run the bare app and those of these *names* at the same time, a worker each."""
    with ExitStack() as stack:
        how = {"worker": worker, "threads": CONNECTIONS}
        running = [stack.enter_context(gunicorn(BARE, port, **how))]
        for name in names:
            fresh = stack.enter_context(databases(WRAPPED[name]))
            server = gunicorn("ours on flask", port, title=name, database=fresh(), **how)
            running.append(stack.enter_context(server))
        yield running


def held(server: Server) -> dict[str, float]:
    """Return what the one worker of *server* holds, in megabytes."""
    (worker,) = server.workers()
    found = worker.memory_full_info()
    return {"rss_mb": found.rss / MB, "pss_mb": found.pss / MB, "uss_mb": found.uss / MB}


def grown(running: list[Server], worker: str, calls: int) -> dict[str, Figures]:
    """Return a table for each stage of the workers' lives."""
    tables: dict[str, Figures] = {}

    def note(stage: str) -> None:
        tables[f"{stage}, {worker}"] = {server.name: held(server) for server in running}

    def serve(count: int) -> None:
        for server in running:
            page = [load.request("/", server.headers)]
            chat = WORK["native chat"].ours(server)
            script = page if server.name == BARE else chat
            load.repeat(server.port, script, count, min(CONNECTIONS, count))

    for server in running:
        load.gets(server.port, "/", {}, 1, 1)
    note("at rest")
    serve(1)
    note("after the first call")
    serve(calls // 2)
    note(f"after {calls // 2:,} calls")
    serve(calls - calls // 2)
    note(f"after {calls:,} calls")
    return tables


def loaded(server: Server) -> set[str]:
    """Return the names of the modules that the worker of *server* has."""
    with load.connect(server.port) as sock:
        sock.sendall(load.request("/modules", {"Connection": "close"}))
        _, body = load.read_reply(sock)
        while more := sock.recv(65536):
            body += more
    return set(json.loads(body))


def imports(workers: dict[str, set[str]]) -> Figures:
    """Return what each of `IMPORTS` adds to a fresh interpreter, and who of *workers* has it.

    `in NAME` is 1 if that worker had loaded the module and all that are below it.
    """
    figures: Figures = {}
    for module in IMPORTS:
        command = [sys.executable, "-c", _ONE_IMPORT.format(module=module)]
        # The working directory is where `import` looks first.
        with tempfile.TemporaryDirectory() as folder:
            environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            subprocess.run(command, capture_output=True, check=True, cwd=folder, env=environ)
            run = subprocess.run(command, capture_output=True, check=True, cwd=folder, env=environ)
        row = json.loads(run.stdout)
        below = f"{module}."
        brought = {m for m in row.pop("modules") if m == module or m.startswith(below)}
        figures[f"import {module}"] = {
            **row,
            **{f"in {name}": len(brought & has) / len(brought) for name, has in workers.items()},
        }
    return figures


def main() -> None:
    """Run it all and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--calls", type=int, default=2_000, help="of each worker; 100000 to judge")
    parser.add_argument("--worker", default="gthread,gevent")
    parser.add_argument("--variants", default=";".join(WRAPPED), help="separated by ;")
    report.add_json(parser)
    options = parser.parse_args()
    figures: dict[str, Figures] = {}
    has: dict[str, set[str]] = {}
    names = [name for name in options.variants.split(";") if name]
    with upstream() as port:
        for worker in options.worker.split(","):
            with servers(port, worker, names) as running:
                figures |= grown(running, worker, options.calls)
                if not has:
                    has = {server.name: loaded(server) for server in running}
    figures["imports, each in a fresh interpreter"] = imports(has)
    report.show(figures, bases=(BARE,))
    report.save(options.json, "memory", figures, calls=options.calls)


if __name__ == "__main__":
    main()
