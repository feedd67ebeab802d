"""`python -m tests.clients [NAME ...]`: install each client, run it, and write the table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))

from .alone import alone
from .clients import CLIENTS, DOORS, Client
from .install import NotInstalled, install
from .page import Row, rows_of, table, write

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CLIENTS))
    parser.add_argument("--work", type=Path, help="folder of the clients, kept between runs")
    parser.add_argument(
        "--door", action="append", choices=list(DOORS), help="only this API (repeat for more)"
    )
    parser.add_argument("--write", action="store_true", help="put the rows into docs/clients.md")
    parser.add_argument("--installed", action="store_true", help="upgrade nothing")
    parser.add_argument(
        "--loud",
        action="store_true",
        help="leave out the settings that keep a client from calling elsewhere: what it tries "
        "without them is a fault then, and shows what they are for",
    )
    options = parser.parse_args()
    if options.loud and options.write:
        parser.error("--loud and --write exclude each other")
    unknown = [name for name in options.names if name not in CLIENTS]
    if unknown:
        parser.error(f"unknown client: {', '.join(unknown)}")
    doors = options.door or list(DOORS)
    rows: list[Row] = []
    passed = True
    with tempfile.TemporaryDirectory(prefix="clients-") as fresh:
        work = (options.work or Path(fresh)).resolve()
        for name in options.names or CLIENTS:
            client = CLIENTS[name]
            asked = [door for door in client.doors if door in doors]
            if asked:
                fine, more = _run(
                    client,
                    work / name,
                    asked,
                    upgrade=not options.installed,
                    loud=options.loud,
                )
                passed &= fine
                rows += more
    if options.write:
        write(rows)
    print(table(rows))
    return 0 if passed else 1


def _run(
    client: Client, folder: Path, doors: list[str], *, upgrade: bool, loud: bool
) -> tuple[bool, list[Row]]:
    """Run *client*; return whether all is well, and its rows of the table."""
    print(f"{client.name}: ", end="", flush=True)
    try:
        versions = install(client, folder, upgrade=upgrade)
    except NotInstalled as error:
        print(f"cannot be installed: {error}")
        return False, []
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.clients.inside", client.name, str(folder)]
    command += ["loud" if loud else "quiet", *doors]
    command, environ = alone(command, dict(os.environ))
    subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads(result.read_text())
    wrong = [
        f"{cell['door']}, {cell['cell']}: {cell['why']}"
        for cell in found["cells"]
        if not cell["ok"]
    ]
    wrong += [f"ledger: {line}" for line in found["ledger"]]
    wrong += [f"network: {line}" for line in found["tries"]]
    whole = not found["ledger"] and not found["tries"]
    if found["status"] and all(cell["ok"] for cell in found["cells"]):
        wrong.append(f"the script ended with {found['status']}: {found['output'][-2000:]}")
        whole = False
    print(f"{', '.join(versions)}: {len(found['cells'])} cells, {len(wrong)} faults")
    for line in wrong:
        print(f"  {line}")
    return not wrong, rows_of(client, versions, found["cells"]) if whole else []


sys.exit(main())
