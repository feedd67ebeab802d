"""One client against one server, without any network but loopback; its result is JSON.

`python -m tests.clients` begins it: `... -m tests.clients.inside NAME FOLDER quiet|loud DOOR ...`
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from .alone import PROXIES, Witness
from .clients import CLIENTS, MODEL, SCRIPTS, Client
from .install import interpreter
from .served import served

SCRIPT_S = 300


def main(name: str, folder: Path, volume: str, doors: list[str]) -> None:
    client = CLIENTS[name]
    if volume == "loud":
        client = replace(client, quiet={})
    witness = Witness()
    # The script's own folder is its home, so that it finds and leaves nothing of the user's.
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    with tempfile.TemporaryDirectory(prefix="clients-") as place:
        with served(Path(place)) as server:
            # Node finds packages from where a script lies.
            shutil.copytree(SCRIPTS, home, dirs_exist_ok=True)
            status, output = _said(
                [interpreter(client, folder), client.script.name],
                home,
                _environ(client, home, server.url, server.key, doors),
            )
            ledger = server.unpriced()
        log = (Path(place) / "gunicorn.log").read_text()
    cells = [json.loads(line[5:]) for line in output.splitlines() if line[:5] == "CELL "]
    result = {
        "cells": cells,
        "status": status,
        "tries": witness.tries(),
        "ledger": ledger,
        "output": output,
        "server": log,
    }
    (folder / "result.json").write_text(json.dumps(result, indent=1))


def _said(command: list[str], home: Path, environ: dict[str, str]) -> tuple[int, str]:
    """Run a script; return its status and its output."""
    try:
        done = subprocess.run(
            command,
            cwd=home,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SCRIPT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        begun = error.stdout.decode("utf-8", "replace") if error.stdout else ""
        return 1, f"{begun}\nno end after {SCRIPT_S} s"
    return done.returncode, done.stdout


def _environ(client: Client, home: Path, url: str, key: str, doors: list[str]) -> dict[str, str]:
    """Return the environment of a script: the client's settings, and nothing of the caller's."""
    kept = ("PATH", "LANG", *PROXIES)
    given = {
        name: value.format(url=url, key=key)
        for name, value in {**client.settings, **client.quiet}.items()
        if name.isupper()
    }
    return {
        **{name: value for name, value in os.environ.items() if name.upper() in kept},
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CLIENT_URL": url,
        "CLIENT_KEY": key,
        "CLIENT_MODEL": MODEL,
        "CLIENT_DOORS": ",".join(doors),
        **given,
    }


main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
