"""A site behind which sessions run for real: a server, the stand-in, a ledger and the SDK."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)

from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve_all

from .hosts import Running, Server, running

# The SDK reads them of an exception of `websockets`, which would rather not give them any more.
SDK_IS_OLD = pytest.mark.filterwarnings("ignore:ConnectionClosed.(code|reason):DeprecationWarning")
ROUTE = "/streaming.assemblyai"
MODEL = "universal-streaming-english"
# 0.15 USD an hour (prices.toml).
USD_A_SECOND = 0.15 / 3600
AUDIO = bytes(16_000 // 10 * 2)  # 100 ms


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs.

    Attributes:
        address: Host and port.
        fake: What stands for AssemblyAI.
        key: A key without limits.
    """

    running: Running
    fake: FakeAssemblyAI
    database: Database
    key: str

    @property
    def address(self) -> str:
        host, port = self.running.address
        return f"{host}:{port}"

    @property
    def keys(self) -> Keys:
        return Keys(self.database)

    def rows(self) -> list[dict[str, Any]]:
        """Return what `usage --by call` says of the sessions, the oldest first."""
        rows = [row for row in Ledger(self.database).calls() if row["kind"] == "session"]
        return sorted(rows, key=lambda row: row["id"])

    def settled(self, sessions: int) -> list[dict[str, Any]]:
        """Wait until so many sessions are in the ledger, each with its cost; return the rows."""
        until(lambda: sum(row["state"] == "settled" for row in self.rows()) >= sessions)
        rows = self.rows()
        assert len(rows) == sessions, rows
        assert {row["state"] for row in rows} == {"settled"}, rows
        return rows

    def processes(self) -> list[psutil.Process]:
        """Return the server's workers, or the server where it has none."""
        server = psutil.Process(self.running.process.pid)
        return server.children(recursive=True) or [server]

    def descriptors(self) -> int:
        return sum(each.num_fds() for each in self.processes())

    def threads(self) -> int:
        return sum(each.num_threads() for each in self.processes())


class Speaker:
    """The Python SDK, and what it tells its user.

    Attributes:
        heard: The events, by their name.
    """

    def __init__(self, api_host: str, key: str, **options: Any) -> None:
        self.heard: dict[str, list[Any]] = {}
        self._news = threading.Condition()
        self._client = StreamingClient(
            StreamingClientOptions(**{"api_key": key, "api_host": api_host} | options)
        )
        for event in ("Begin", "Turn", "Termination", "Error", "Warning"):
            self._listen(event)

    def _listen(self, name: str) -> None:
        def heard(client: StreamingClient, event: Any) -> None:
            with self._news:
                self.heard.setdefault(name, []).append(event)
                self._news.notify_all()

        self._client.on(StreamingEvents[name], heard)

    def connect(self, **more: Any) -> Speaker:
        """Open the session and wait for Begin, or for an Error."""
        parameters = {"sample_rate": 16_000, "speech_model": MODEL} | more
        self._client.connect(StreamingParameters(**parameters))
        self.wait("Begin", "Error")
        return self

    def speak(self, tenths: int = 20) -> None:
        """Send so many tenths of a second of audio, as fast as it goes."""
        for _ in range(tenths):
            self._client.stream(AUDIO)

    def wait(self, *names: str) -> None:
        """Wait until one of these was heard."""
        with self._news:
            found = self._news.wait_for(lambda: any(name in self.heard for name in names), 30)
        assert found, self.heard

    def end(self) -> None:
        self._client.disconnect(terminate=True)

    @property
    def errors(self) -> list[tuple[int | None, str]]:
        return [(error.code, str(error)) for error in self.heard.get("Error", [])]


def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens after the client has seen all of it."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def streaming_site(
    server: Server, folder: Path, *, audio_s: float = 2.0, **config: Any
) -> Iterator[Site]:
    """Run a site with *config* beside the usual until the block ends.

    The stand-in says all of its text in *audio_s* seconds of audio.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fake = FakeAssemblyAI(audio_s=audio_s)
    url = f"sqlite:///{folder}/ledger.db"
    database = Database(url)
    key = Keys(database).create("alice").key
    Keys(database).create("web")
    with serve_all(fake) as hosts:
        file = _configure(folder, hosts, url, config)
        environ = {"ASSEMBLYAI_MW_CONFIG": str(file), "ASSEMBLYAI_API_KEY": ""}
        module = "streaming_django" if server.name == "django" else "streaming_app"
        with running(server, folder, module, environ) as process:
            wait_for_page(process)
            yield Site(process, fake, database, key)
    database.close()


def _configure(folder: Path, hosts: Hosts, url: str, more: dict[str, Any]) -> Path:
    entry = {"model": "assemblyai/*", "api_key": US_KEY}
    config = {
        "routes": hosts.routes,
        "general_settings": {"database_url": url},
        "model_list": [{"model_name": "assemblyai/*", "litellm_params": entry}],
        **more,
    }
    file = folder / "mw.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    file.chmod(0o600)
    return file


def wait_for_page(process: Running) -> None:
    """Ask for the host's page; a server may listen before it can answer."""
    assert process.get("/page") == b"the host's own page"
