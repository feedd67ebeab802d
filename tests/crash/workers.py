"""Gunicorn with the stack, on a port of its own; for tests that need several real workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import requests

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Workers:
    """One Gunicorn master and its workers; in a test, one host.

    Args:
        folder: Where configuration, log and arming file lie.
        config: What `AssemblyAIMiddleware` is given.
        count: Worker processes.
        app: What they serve, of this folder.
        options: Further ones of Gunicorn.
    """

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any],
        *,
        count: int = 4,
        app: str = "crash_app",
        options: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.armed = folder / "armed"
        (folder / "config.json").write_text(json.dumps(config))
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        listener.set_inheritable(True)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fd = listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{fd}", "--preload"]
        command += ["--worker-class", "gthread", "--workers", str(count), "--threads", "8"]
        command += ["--timeout", "120", "--graceful-timeout", "2", "--no-control-socket"]
        command += [*options, f"{app}:app"]
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT), str(ROOT / "tests")]),
            "CRASH_FOLDER": str(folder),
        }
        self.log = folder / "gunicorn.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                pass_fds=[fd],
                env=environ,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        listener.close()
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{self.url}/host", timeout=5).raise_for_status()
                return
            except requests.RequestException:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"gunicorn did not start:\n{self.log.read_text()}") from None
                time.sleep(0.05)

    def pids(self) -> list[int]:
        """Return the process ids of the workers alive."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if child.status() != psutil.STATUS_ZOMBIE:
                        found.append(child.pid)
        return found

    def arm(self, point: str) -> None:
        """Have the first worker that comes to *point* kill itself there."""
        fresh = self.folder / "arming"
        fresh.write_text(point)
        fresh.rename(self.armed)

    def disarm(self) -> bool:
        """Take the arming back; False where somebody died of it."""
        try:
            self.armed.unlink()
        except FileNotFoundError:
            return False
        return True

    def kill(self) -> None:
        """kill -9 the master and every worker: the host is gone."""
        victims = [*self.pids(), self.process.pid]
        for pid in [self.process.pid, *victims]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        # Whoever was forked meanwhile follows its master's listening socket into nothing.
        for pid in victims:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                psutil.Process(pid).wait(5)

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.stop()
