"""A real Prometheus (Debian's package `prometheus`) over one app, for a test."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

needed = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="prometheus is not installed: apt-get install prometheus",
)
_PATIENCE_S = 30.0
_EVERY = "300ms"


class Prometheus:
    """One that runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def api(self, path: str, **query: str) -> Any:
        """Return `data` of one reply of its HTTP API."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as reply:
            return json.load(reply)["data"]

    def ask(self, expression: str) -> dict[tuple[str, ...], float]:
        """Return an instant query's values by their labels' values, in the labels' order."""
        return {
            tuple(value for _, value in sorted(each["metric"].items())): float(each["value"][1])
            for each in self.api("query", query=expression)["result"]
        }

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until *true* says so."""
        ends = time.monotonic() + _PATIENCE_S
        while not true():
            assert time.monotonic() < ends, self.api("targets")
            time.sleep(0.05)


@contextmanager
def prometheus(
    folder: Path, address: str, *, path: str, token: str, rules: Path
) -> Iterator[Prometheus]:
    """Run one that scrapes *path* of the app at *address*, and evaluates *rules*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = folder / "prometheus.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": _EVERY, "evaluation_interval": _EVERY},
                "rule_files": [str(rules)],
                "scrape_configs": [
                    {
                        "job_name": "app",
                        "metrics_path": path,
                        "authorization": {"credentials": token},
                        "static_configs": [{"targets": [address]}],
                    }
                ],
            }
        )
    )
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with open(folder / "log", "wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            served = Prometheus(f"http://127.0.0.1:{port}")
            ends = time.monotonic() + _PATIENCE_S
            while True:
                try:
                    urllib.request.urlopen(f"{served.url}/-/ready", timeout=_PATIENCE_S).close()
                    break
                except OSError:
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < ends
                    time.sleep(0.05)
            yield served
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


def promtool(*words: str) -> str:
    """Run it and return what it says; it must find no fault."""
    done = subprocess.run(
        ["promtool", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
