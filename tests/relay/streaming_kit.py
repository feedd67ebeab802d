"""A site behind which sessions run for real: a server, the stand-in, a ledger and the SDK."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)

from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve_all

from .hosts import Running, Server, running

ROUTE = "/streaming.assemblyai"
MODEL = "universal-streaming-english"
# 0.15 USD an hour (prices.toml).
USD_A_SECOND = 0.15 / 3600
AUDIO = bytes(16_000 // 10 * 2)  # 100 ms


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs.

    Attributes:
        folder: Where the server runs; /long makes a file `long` there and answers once it is gone.
        fake: What stands for AssemblyAI.
        key: A key without limits.
    """

    folder: Path
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

    def settled(self, sessions: int, of: int | None = None) -> list[dict[str, Any]]:
        """Wait until so many rows have their cost, of all that there are; return the rows."""
        until(lambda: sum(row["state"] == "settled" for row in self.rows()) >= sessions)
        rows = self.rows()
        assert len(rows) == (of or sessions), rows
        return rows

    def processes(self) -> list[psutil.Process]:
        """Return the server's workers, or the server where it has none."""
        server = psutil.Process(self.running.process.pid)
        return server.children(recursive=True) or [server]

    def all_have_worked(self) -> bool:
        """Whether each worker has had a session, and so has the ledger open."""
        ledger = str(self.folder / "ledger.db")
        return all(ledger in (file.path for file in each.open_files()) for each in self.processes())

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
        # By itself the SDK would try again after a second, which is little on a busy machine.
        usual = {"api_key": key, "api_host": api_host, "connect_timeout": 20}
        self._client = StreamingClient(StreamingClientOptions(**usual | options))
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


def open_sessions(site: Site, count: int, *, heard: bool = True) -> list[Speaker]:
    """Return speakers with open sessions, which have said something; each was *heard*."""
    speakers = [Speaker(f"ws://{site.address}{ROUTE}", site.key).connect() for _ in range(count)]
    for speaker in speakers:
        speaker.speak()
    for speaker in speakers if heard else ():
        speaker.wait("Turn")
    return speakers


def hold_sessions(site: Site, count: int = 10, *, threads: int | None = None) -> None:
    """Run sessions, all open at once, while a page is served.

    They do not hold a thread each, where the server has *threads* without them: a pool of the
    server's may still grow a little.
    """
    speakers = open_sessions(site, count)
    assert site.running.get("/page") == b"the host's own page"
    if threads is not None:
        # Those of the handshakes may be about to end.
        until(lambda: site.threads() < threads + count)
    for speaker in speakers:
        speaker.end()
        assert speaker.errors == []
        assert len(speaker.heard["Begin"]) == len(speaker.heard["Termination"]) == 1


def refusal(site: Site, tls: ssl.SSLContext | None = None) -> str:
    """Return the text of the 426 to a handshake by hand, which no SDK shows."""
    connection = http.client.HTTPConnection(site.address, timeout=30)
    if tls is not None:
        address = site.address.replace("127.0.0.1", "localhost")
        connection = http.client.HTTPSConnection(address, timeout=30, context=tls)
    path = f"{ROUTE}/v3/ws?sample_rate=16000&speech_model={MODEL}"
    connection.request(
        "GET",
        path,
        headers={
            "Authorization": site.key,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    assert reply.status == 426
    return text


@contextlib.contextmanager
def streaming_site(
    server: Server,
    folder: Path,
    *,
    audio_s: float = 2.0,
    ready: Callable[[Running], None] | None = None,
    **config: Any,
) -> Iterator[Site]:
    """Run a site with *config* beside the usual until the block ends.

    The stand-in says all of its text in *audio_s* seconds of audio. *ready* waits until the site
    can be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fake = FakeAssemblyAI(audio_s=audio_s)
    url = f"sqlite:///{folder}/ledger.db"
    database = Database(url)
    key = Keys(database).create("alice").key
    Keys(database).create("web")
    with serve_all(fake) as hosts:
        file = _configure(folder, hosts, url, config)
        environ = {"ASSEMBLYAI_MW_CONFIG": str(file), "LONG": str(folder / "long")}
        module = "streaming_django" if server.name == "django" else "streaming_app"
        with running(server, folder, module, environ) as process:
            (ready or wait_for_page)(process)
            yield Site(folder, process, fake, database, key)
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
