"""Several processes at once: budgets, rates, and ids on the wire."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis_server import running_redis
from spellings import METHODS, PATHS, spellings
from stack_kit import config_of

from assemblyai_mw import Database, Keys
from assemblyai_mw.testing import Hosts, serve_all

from . import session_race
from .budget_race import race
from .budget_storm import storm

HERE = Path(__file__).parent
WORKERS = 4
SECRET = "The secret word of A is xylophone"


@pytest.mark.slow
def test_four_processes_never_overspend(database_url: str) -> None:
    """The long run is `python -m tests.multi.budget_race --rounds 1000`."""
    outcome = race(database_url, 9)
    assert (outcome.overspent, outcome.held, outcome.wrong) == (0, 0, [])
    assert outcome.admitted > 0


@pytest.mark.slow
def test_processes_that_are_killed_at_the_edge_of_budgets_overspend_nothing(
    database_url: str,
) -> None:
    """The long run is `python -m tests.multi.budget_storm --kills 100`."""
    outcome = storm(database_url, 3)
    assert (max(0, outcome.overspent), outcome.wrong, outcome.errors) == (0, [], {})
    assert outcome.calls > 0


@pytest.mark.slow
def test_sessions_of_four_processes_spend_their_budget_and_no_more(database_url: str) -> None:
    """The long run is `python -m tests.multi.session_race --sessions 50`."""
    outcome = session_race.race(database_url, 12)
    assert (outcome.overspent, outcome.held, outcome.wrong) == (0, 0, [])
    assert outcome.left > 0


def _talk(port: int, lines: list[str]) -> tuple[int, bytes]:
    """Send one request, byte for byte, and return status and all that came back."""
    request = "\r\n".join([*lines, "Host: app.example", "Connection: close", "", ""])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request.encode("latin-1"))
        received = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(65536):
                received += block
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(match[1]) if match else 0, bytes(received)


class Served:
    """Gunicorn with four workers before stand-ins that this process plays."""

    def __init__(self, folder: Path, hosts: Hosts, *options: str, **general: Any) -> None:
        self.hosts = hosts
        url = f"sqlite:///{folder / 'ledger.db'}"
        config = config_of(url, routes=hosts.routes, general_settings=general)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        (folder / "config.yaml").chmod(0o600)
        self.database = Database(url)
        self.keys = Keys(self.database)
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        listener.set_inheritable(True)
        self.port: int = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        command += ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "4"]
        command += ["--no-control-socket", "--graceful-timeout", "1", *options, "multi_app:app"]
        paths = [str(HERE), str(HERE.parent.parent)]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(paths),
                    "ASSEMBLYAI_MW_CONFIG": str(folder / "config.yaml"),
                },
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        # Connections wait in the listener's queue until a worker is there.
        listener.close()

    def ask(self, method: str, target: str, key: str, *headers: str) -> tuple[int, bytes]:
        return _talk(self.port, [f"{method} {target} HTTP/1.1", f"Authorization: {key}", *headers])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.database.close()


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Where rates are counted: by default in a file, or in a real Redis."""
    if request.param == "file":
        yield {}
        return
    with running_redis() as server:
        yield {"redis_url": f"unix://{server.socket_file}"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "shared, method, target, rpm, upstream",
    [
        pytest.param("file", "POST", "/assemblyai/v2/upload", 100, 100, id="requests"),
        # Ten reads for each request; and a key without rows lists nothing of AssemblyAI's.
        pytest.param("redis", "GET", "/assemblyai/v2/transcript", 10, 0, id="reads"),
    ],
    indirect=["shared"],
)
def test_a_rate_of_100_over_four_workers_admits_100(
    tmp_path: Path, shared: dict[str, str], method: str, target: str, rpm: int, upstream: int
) -> None:
    with serve_all() as hosts:
        served = Served(tmp_path, hosts, **shared)
        try:
            key = served.keys.create("a", rpm=rpm).key
            with ThreadPoolExecutor(16) as pool:
                replies = list(
                    pool.map(
                        lambda _: served.ask(method, target, key, "Content-Length: 0"), range(400)
                    )
                )
        finally:
            served.stop()
    assert Counter(status for status, _ in replies) == {200: 100, 429: 300}, served.log.read_text()
    assert len(hosts.us.requests) == upstream
    refused = next(raw for status, raw in replies if status == 429)
    assert re.search(rb"(?i)\r\nretry-after: [0-9]+\r\n", refused)


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["", "preload"])
def test_workers_that_are_told_to_end_write_each_line_once(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    log = tmp_path / "calls.log"
    with serve_all() as hosts:
        served = Served(tmp_path, hosts, *options, log_file=str(log))
        try:
            key = served.keys.create("a").key
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda _: served.ask("GET", "/assemblyai/v2/x", key), range(200)))
        finally:
            # At once: the last lines wait to be written.
            served.stop()
    lines = log.read_text().splitlines()
    assert all(re.fullmatch(r"id=\w{32} at=\S+ key=a .* bytes_out=\d+", line) for line in lines)
    assert len(lines) == len(set(lines)) == 200, served.log.read_text()


@pytest.mark.slow
def test_no_spelling_on_the_wire_shows_anothers_transcript(tmp_path: Path) -> None:
    """8 paths x 4 methods x 200 spellings, byte for byte, to Gunicorn."""
    with serve_all() as hosts:
        served = Served(tmp_path, hosts)
        try:
            a, b = served.keys.create("a").key, served.keys.create("b").key
            hosts.us.next_result(text=SECRET)
            body = '{"audio_url":"https://x.y/a.mp3","speech_models":["universal-2"]}'
            length = f"Content-Length: {len(body)}"
            lines = ["POST /assemblyai/v2/transcript HTTP/1.1", f"Authorization: {a}", length]
            request = "\r\n".join([*lines, "Host: x", "Connection: close", "", body])
            with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
                connection.sendall(request.encode())
                while connection.recv(65536):
                    pass
            (id,) = hosts.us.transcripts
            hosts.us.finish()
            hosts.us.requests.clear()
            cases = [
                (method, "/assemblyai" + path.format(id=spelled))
                for path in PATHS
                for method in METHODS
                for spelled in spellings(id)
            ]
            assert len(cases) == 8 * 4 * 200
            with ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(lambda case: served.ask(*case, b), cases))
            asked = [seen.target for seen in hosts.us.requests]
            own = served.ask("GET", f"/assemblyai/v2/transcript/{id}", a)
        finally:
            served.stop()
    for case, (status, raw) in zip(cases, replies, strict=True):
        assert b"xylophone" not in raw, case
        assert status in (400, 404, 405), (case, raw)
    assert [target for target in asked if id.lower() in target.lower()] == []
    assert asked == []
    assert SECRET.encode() in own[1]
