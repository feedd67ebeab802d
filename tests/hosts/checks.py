"""What docs/hosts.md says of each server, as checks of a site that runs: each returns its cell."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from assemblyai_mw.store import Database, Ledger
from assemblyai_mw.testing import Hosts

from .gate import EVENTS, Gate

ADDRESS = "127.0.0.1"
CHAT = {"model": "gemini-2.5-flash-lite", "messages": [{"role": "user", "content": "Where?"}]}
GATEWAY = "/llm-gateway.assemblyai/v1/chat/completions"
SESSION = "/streaming.assemblyai/v3/ws?sample_rate=16000&speech_model=universal-streaming-english"
LARGE_BLOCKS = 200
MAX_GROWTH_MB = 32
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Site:
    """A server that runs.

    Attributes:
        below: Its mount point, as clients see it.
        processes: All of the server's processes.
        key: A key without limits.
    """

    port: int
    below: str
    processes: Callable[[], list[psutil.Process]]
    hosts: Hosts
    gate: Gate
    database: Database
    key: str

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(ADDRESS, self.port, timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        over: http.client.HTTPConnection | None = None,
        **headers: str,
    ) -> tuple[int, bytes]:
        """Send one request, by a connection of its own unless *over* is one."""
        connection = over or self.connect()
        fields = {"Authorization": self.key} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        try:
            connection.request(method, self.below + path, body, fields)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            if over is None:
                connection.close()

    def begin_chat(self) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask for a stream."""
        connection = self.connect()
        body = json.dumps(CHAT | {"stream": True})
        fields = {"Authorization": self.key, "Content-Type": "application/json"}
        connection.request("POST", self.below + GATEWAY, body, fields)
        return connection, connection.getresponse()


def keys(site: Site) -> str:
    status, _ = site.ask("GET", "/assemblyai/v2/transcript", Authorization="sk-wrong")
    assert status == 401, status
    job = json.dumps({"audio_url": "https://example.com/a.mp3"}).encode()
    status, body = site.ask("POST", "/assemblyai/v2/transcript", job)
    assert status == 200, body
    made = json.loads(body)["id"]
    path = f"/assemblyai/v2/transcript/{made}"
    until(lambda: json.loads(site.ask("GET", path)[1])["status"] == "completed")
    path = "/assemblyai/v2/transcript?limit=1"
    listed = json.loads(site.ask("GET", path, Host="example.com")[1])
    assert [each["id"] for each in listed["transcripts"]] == [made]
    below = f"http://example.com{site.below}/assemblyai/v2/transcript?"
    assert listed["page_details"]["current_url"].startswith(below), listed["page_details"]
    return "yes"


def upload(site: Site) -> str:
    return _upload(site, b"a" * 100_000, 100_000)


def chunked_upload(site: Site) -> str:
    return _upload(site, iter([b"a" * 70_000, b"b", b"c" * 9]), 70_010)


def _upload(site: Site, body: bytes | Iterable[bytes], size: int, **headers: str) -> str:
    status, reply = site.ask("POST", "/assemblyai/v2/upload", body, **headers)
    if status != 200:
        return str(status)
    assert site.hosts.us.uploads[json.loads(reply)["upload_url"]].size == size
    return "yes"


def large_upload(site: Site) -> str:
    growth: list[float] = []
    # A worker's first request loads what it needs; the least growth is that of a warm one.
    while len(growth) < 4:
        with _growth(site) as grown:
            blocks = (b"a" * (1 << 20) for _ in range(LARGE_BLOCKS))
            size = LARGE_BLOCKS << 20
            came = _upload(site, blocks, size, Content_Length=str(size))
            if came != "yes":
                return came
        growth.append(grown[0] / (1 << 20))
    return f"+{min(growth):.0f} MB"


@contextlib.contextmanager
def _growth(site: Site) -> Iterator[list[int]]:
    """Sample the memory of the server's processes; the one number is its growth in bytes."""
    processes = site.processes()
    before = _memory(processes)
    grown, over = [0], threading.Event()

    def sample() -> None:
        while not over.wait(0.02):
            grown[0] = max(grown[0], _memory(processes) - before)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield grown
    finally:
        over.set()
        thread.join()


def _memory(processes: list[psutil.Process]) -> int:
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def chat(site: Site) -> str:
    body = json.dumps({**CHAT, "model": "assemblyai/gemini-2.5-flash-lite"}).encode()
    status, reply = site.ask("POST", "/v1/chat/completions", body, Content_Type="application/json")
    assert status == 200, reply
    assert json.loads(reply)["choices"][0]["message"]["content"] == "Paris it is."
    return "yes"


def streamed_chat(site: Site) -> str:
    stream = site.gate.hold()
    connection, reply = site.begin_chat()
    events = [reply.readline() for _ in range(4)]
    stream.go.set()
    assert all(event.startswith(b"data: {") for event in events[::2]), events
    assert reply.read().endswith(b"data: [DONE]\n\n")
    connection.close()
    return "collected" if stream.waited_out else "as it comes"


def leaving(site: Site) -> str:
    known = {row["id"] for row in _chats(site)}
    stream = site.gate.hold(more=EVENTS)
    connection, reply = site.begin_chat()
    stream.go.set()
    assert reply.readline().startswith(b"data: {")
    reply.close()
    connection.close()
    assert stream.ended.wait(60)
    until(lambda: any(_ended(row) for row in _chats(site) if row["id"] not in known))
    (row,) = [row for row in _chats(site) if row["id"] not in known]
    return f"{'runs on' if stream.whole else 'closed'}, {row['state']}"


def _chats(site: Site) -> list[dict[str, Any]]:
    return [row for row in Ledger(site.database).calls() if row["path"] == "/v1/chat/completions"]


def _ended(row: dict[str, Any]) -> bool:
    return row["state"] != "pending"


def keep_alive(site: Site) -> str:
    connection = site.connect()
    connection.connect()
    first = connection.sock
    path = "/assemblyai/v2/transcript?limit=1"
    site.ask("GET", path, over=connection)
    if connection.sock is None:
        return "no, and says so"
    # Whoever closes without a word does so right after the reply.
    connection.sock.settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        if connection.sock.recv(1) == b"":
            return "closes"
    connection.sock.settimeout(60)
    status, _ = site.ask("GET", path, over=connection)
    assert (status, connection.sock) == (200, first)
    connection.close()
    return "yes"


def encoded_slash(site: Site) -> str:
    tail = "/v2/as-it-was-sent/a%2Fb?x=%7e&y=[1]"
    before = len(site.hosts.us.requests)
    status, _ = site.ask("GET", f"/assemblyai{tail}")
    sent = [seen.target for seen in site.hosts.us.requests[before:]]
    if sent == [tail]:
        return "as sent"
    return "decoded" if sent == [tail.replace("%2F", "/")] else f"{status}, not sent"


def two_hosts(site: Site) -> str:
    answers = []
    for name in ("example.com", "second.example", "example.com"):
        path = "/assemblyai/v2/transcript?limit=1"
        answers.append(site.ask("GET", path, Host=name)[0])
    return "yes" if answers == [200] * 3 else ", ".join(map(str, answers))


def session(site: Site) -> str:
    head = (
        f"GET {site.below}{SESSION} HTTP/1.1\r\nHost: {ADDRESS}\r\nAuthorization: {site.key}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection((ADDRESS, site.port), 30) as sock:
        sock.sendall(head.encode())
        came = b""
        while b"\r\n\r\n" not in came and (data := sock.recv(65536)):
            came += data
        status = came.split(b" ")[1].decode()
        if status != "101":
            return status
        while b'"Begin"' not in came and (data := sock.recv(65536)):
            came += data
    assert b'"Begin"' in came, came
    return "yes"


def refused_upload(site: Site) -> str:
    seen = 0
    for _ in range(ATTEMPTS):
        with contextlib.suppress(OSError, http.client.HTTPException):
            path = "/assemblyai/v2/upload"
            seen += site.ask("POST", path, bytes(3_000_000), Authorization="sk-wrong")[0] == 401
    return f"{seen} of {ATTEMPTS}"


# By column; the number says in which of the two tables.
CHECKS: dict[str, tuple[int, Callable[[Site], str]]] = {
    "keys": (0, keys),
    "upload": (0, upload),
    "chunked upload": (0, chunked_upload),
    "200 MB": (0, large_upload),
    "chat": (0, chat),
    "streamed chat": (0, streamed_chat),
    "client leaves": (0, leaving),
    "keep-alive": (1, keep_alive),
    "%2F": (1, encoded_slash),
    "two hosts": (1, two_hosts),
    "session": (1, session),
    "refused upload": (1, refused_upload),
}


def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens after the client has seen all of it."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
