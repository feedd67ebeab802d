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

from .alone import Witness
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
            environ = _environ(client, home, server.url, server.key, doors)
            # Node finds packages from where a script lies.
            shutil.copytree(SCRIPTS, home, dirs_exist_ok=True)
            done = subprocess.run(
                [interpreter(client, folder), client.script.name],
                cwd=home,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SCRIPT_S,
                check=False,
            )
            ledger = server.unpriced()
        log = (Path(place) / "gunicorn.log").read_text()
    cells = [json.loads(line[5:]) for line in done.stdout.splitlines() if line[:5] == "CELL "]
    result = {
        "cells": cells,
        "status": done.returncode,
        "tries": witness.tries(),
        "ledger": ledger,
        "output": done.stdout,
        "server": log,
    }
    (folder / "result.json").write_text(json.dumps(result, indent=1))


def _environ(client: Client, home: Path, url: str, key: str, doors: list[str]) -> dict[str, str]:
    """Return the environment of a script: the client's settings, and nothing of the caller's."""
    kept = ("PATH", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
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
