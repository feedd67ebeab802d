"""Our app by Gunicorn, with stand-ins for AssemblyAI behind it, and what its ledger says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from stack_kit import config_of

from assemblyai_mw import Database, Keys
from assemblyai_mw.testing import FakeAssemblyAI, serve_all

from .model import answer

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = "The quick brown fox jumps over the lazy dog."
BILLED = ("/v1/chat/completions", "/v2/transcript")


class Model(FakeAssemblyAI):
    """The stand-in, with a model that gives known answers."""

    def _answer(self, service: str, request: Any) -> Any:
        asked = request.json_object() if request.path == "/v1/chat/completions" else None
        if asked is not None and asked.get("messages"):
            told = answer(asked)
            self.next_answer(told.text, tool_calls=told.tool_calls)
        reply = super()._answer(service, request)
        self.take_answer()  # Of a request that was refused.
        return reply


class Served:
    """A running server.

    Attributes:
        url: Where it listens, without a slash.
        key: A virtual key.
        fake: The stand-in of the US.
    """

    def __init__(self, folder: Path, url: str, key: str, fake: FakeAssemblyAI) -> None:
        self.url, self.key, self.fake = url, key, fake
        self._folder = folder

    def unpriced(self) -> list[str]:
        """Return what the ledger has wrong: nothing, where each billed call has its price."""
        command = [sys.executable, "-m", "assemblyai_mw", "--config", "config.yaml", "usage"]
        command += ["--by", "call", "--format", "json"]
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=_environ(self._folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        calls = json.loads(done.stdout)
        sent = [
            seen for seen in self.fake.requests if seen.method == "POST" and seen.path in BILLED
        ]
        priced = [c for c in calls if c["state"] == "settled" and float(c["cost_usd"]) > 0]
        free = [c for c in calls if c["state"] == "failed" and float(c["cost_usd"]) == 0]
        done_well = sum(seen.status == 200 for seen in sent)
        wrong = [
            f"{call['path']} is {call['state']} and costs {call['cost_usd']}"
            for call in calls
            if call not in priced and call not in free
        ]
        if (len(priced), len(calls)) != (done_well, len(sent)):
            wrong.append(
                f"{len(priced)} of {len(calls)} calls have a price; AssemblyAI did {done_well} "
                f"of {len(sent)}"
            )
        return wrong


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve the app from *folder*, by Gunicorn with two workers of threads."""
    database_url = f"sqlite:///{folder / 'ledger.db'}"
    with serve_all(Model(text=SPOKEN, polls=0)) as hosts:
        config = config_of(database_url, routes=hosts.routes)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        (folder / "config.yaml").chmod(0o600)
        with Database(database_url) as database:
            key = Keys(database).create("client").key
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener.set_inheritable(True)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        command += ["--workers", "2", "--worker-class", "gthread", "--threads", "8"]
        command += ["--no-control-socket", "--graceful-timeout", "1", "multi_app:app"]
        with (folder / "gunicorn.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environ(folder),
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        listener.close()
        try:
            yield Served(folder, url, key, hosts.us)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _environ(folder: Path) -> dict[str, str]:
    paths = [str(ROOT / "tests" / "multi"), str(ROOT)]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "ASSEMBLYAI_MW_CONFIG": str(folder / "config.yaml"),
    }
