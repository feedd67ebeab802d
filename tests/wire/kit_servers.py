"""Real WSGI servers as processes, each with the app of wire_app and upstreams of its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from assemblyai_mw import Database, Keys, errors
from assemblyai_mw.config import DEFAULT_ROUTES

from .kit_client import (
    ACCOUNT_KEY,
    ACCOUNT_KEY_EU,
    GOOD_KEY,
    MASTER_KEY,
    OTHER_KEY,
    ask,
    request,
)
from .kit_http import CutShort
from .kit_upstream import Upstream

HERE = Path(__file__).parent
PRODUCT = Path(errors.__file__).parent.parent
SECRETS = (ACCOUNT_KEY, ACCOUNT_KEY_EU, GOOD_KEY, OTHER_KEY, MASTER_KEY)
KEYS = {GOOD_KEY: "alice", OTHER_KEY: "bob"}
# Long enough for a busy machine, short enough that a hang fails a test and not the run.
TIMEOUTS = {"connect_s": 2.0, "read_s": 10.0, "total_s": 60.0}
# For scripted faults that only a timeout can end.
QUICK = {"connect_s": 0.4, "read_s": 0.4, "total_s": 1.2}


def spellings(secret: str) -> list[bytes]:
    """Return *secret* as a careless log might show it."""
    raw = secret.encode()
    found = {
        raw,
        urllib.parse.quote(secret, safe="").encode(),
        base64.b64encode(raw),
        base64.b64encode(b"Bearer " + raw),
        base64.b64encode(raw + b":"),
        raw.hex().encode(),
        repr(secret)[1:-1].encode(),
        raw[::-1],
    }
    return sorted(found)


def secrets_in(data: bytes, planted: Iterable[str] = SECRETS) -> list[bytes]:
    """Return every spelling of a planted secret that *data* holds."""
    return [s for secret in planted for s in spellings(secret) if s in data]


class Server:
    """One server process (with its workers) behind a port of its own.

    Attributes:
        upstream: What `/assemblyai` leads to; `eu` what `/eu.assemblyai` leads to.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        *,
        workers: int = 1,
        threads: int = 8,
        timeouts: dict[str, float] | None = None,
        options: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        mount: str = "",
        full: bool = False,
        database_url: str | None = None,
    ) -> None:
        self.kind = kind
        self.planted = list(SECRETS)
        self.mount = mount
        self.upstream = Upstream()
        self.eu = Upstream()
        self.output = folder / f"{kind}-{self.upstream.port}.log"
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        listener.set_inheritable(True)
        self.port: int = listener.getsockname()[1]
        fd = listener.fileno()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), str(PRODUCT)]),
            "PYTHONWARNINGS": "error::ResourceWarning",
            "WIRE_UPSTREAMS": json.dumps(
                {
                    "/assemblyai": f"http://127.0.0.1:{self.upstream.port}",
                    "/eu.assemblyai": f"http://127.0.0.1:{self.eu.port}",
                }
            ),
            "WIRE_KEYS": json.dumps(KEYS),
            "WIRE_SECRET": ACCOUNT_KEY,
            "WIRE_TIMEOUTS": json.dumps(TIMEOUTS if timeouts is None else timeouts),
            **(env or {}),
        }
        if full:
            self.database_url = database_url or f"sqlite:///{folder}/ledger-{self.upstream.port}.db"
            environment["WIRE_CONFIG"] = str(self._configure(folder))
        if kind in ("gthread", "sync", "gevent"):
            command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{fd}"]
            command += ["--worker-class", kind, "--workers", str(workers)]
            command += ["--threads", str(threads)] if kind == "gthread" else []
            command += ["--no-control-socket", "--timeout", "120", "--graceful-timeout", "1"]
            command += ["--keep-alive", "5", *options, "wire_app:app"]
        else:
            command = [sys.executable, str(HERE / "wire_serve.py"), kind, str(fd)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                pass_fds=[fd],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        listener.close()

    def _configure(self, folder: Path) -> Path:
        """Write the configuration of a whole stack, all of whose routes end on loopback."""
        routes = {
            prefix: f"http://127.0.0.1:{(self.eu if 'eu.' in prefix else self.upstream).port}"
            for prefix in DEFAULT_ROUTES
        }
        litellm = {"model": "assemblyai/*", "api_key": ACCOUNT_KEY}
        settings = {
            "model_list": [{"model_name": "assemblyai/*", "litellm_params": litellm}],
            "general_settings": {"master_key": MASTER_KEY, "database_url": self.database_url},
            "routes": routes,
        }
        path = folder / f"config-{self.upstream.port}.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(settings))
        return path

    def new_key(self, name: str, **options: Any) -> str:
        """Make a virtual key in the server's database, as the command line would."""
        key = Keys(Database(self.database_url)).create(name, **options).key
        self.planted.append(key)
        return key

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Return when the app answers."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.kind} did not start:\n{self.log()}")
            try:
                self.stats()
                return
            except (OSError, AssertionError, CutShort, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stats(self) -> dict[str, Any]:
        """Return what one worker says of itself."""
        reply = ask(
            self.port,
            request(f"{self.mount}/host/stats", "Connection: close", key=None),
            timeout=10,
        )
        assert reply.status == 200, reply
        return reply.json()

    def workers(self) -> list[psutil.Process]:
        """Return the processes that serve requests."""
        process = psutil.Process(self.process.pid)
        return process.children(recursive=True) or [process]

    def log(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def restart_upstreams(self) -> None:
        self.upstream.restart()
        self.eu.restart()

    def stop(self) -> None:
        """End the server, and look through all it printed."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
            self.process.wait()
        self.upstream.close()
        self.eu.close()
        # Gunicorn's own warning shows the line that it could not parse, before any app runs.
        lines = [
            line
            for line in self.output.read_bytes().splitlines()
            if b"[WARNING] Invalid request from" not in line
        ]
        leaks = [line[:300] for line in lines if secrets_in(line, self.planted)]
        assert leaks == [], leaks[:5]


KINDS = ("gthread", "sync", "waitress")
each_server = pytest.mark.parametrize("wire", KINDS, indirect=True)


def at_once(servers: Sequence[Server], check: Callable[[Server], object]) -> None:
    """Run *check* on all of the servers side by side; for what is mostly waiting."""

    def run(server: Server) -> None:
        try:
            check(server)
        except BaseException as error:
            error.add_note(f"under {server.kind}")
            raise

    with ThreadPoolExecutor(len(servers)) as pool:
        for _ in pool.map(run, servers):
            pass


class Fleet:
    """Servers by kind and options, each started once and kept for the session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[tuple[object, ...], Server] = {}

    def get(self, kind: str, **options: Any) -> Server:
        """Return a running server, its upstreams as new."""
        name = (kind, repr(sorted(options.items())))
        server = self._servers.get(name)
        if server is None or server.process.poll() is not None:
            server = self._servers[name] = Server(kind, self._folder, **options)
            server.wait_ready()
        server.restart_upstreams()
        return server

    def stop(self) -> None:
        problems = []
        for server in self._servers.values():
            server.process.terminate()
        for server in self._servers.values():
            try:
                server.stop()
            except AssertionError as error:
                problems.append(str(error))
        assert problems == []
