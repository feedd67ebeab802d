"""A gigabyte each way through a worker that stays small. Rows 59 and 60."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from .kit_client import Client, request
from .kit_servers import Fleet, Server
from .kit_upstream import LAST_CHUNK, Conn, reply

BLOCK = random.Random(59).randbytes(1 << 20)
BLOCKS = 1024
MAX_GROWTH = 32 << 20


def numbered(number: int) -> bytes:
    """Return a MiB that no other number's MiB equals."""
    return number.to_bytes(8, "big") + BLOCK[8:]


@pytest.fixture(scope="module")
def digest() -> str:
    sha256 = hashlib.sha256()
    for number in range(BLOCKS):
        sha256.update(numbered(number))
    return sha256.hexdigest()


@contextmanager
def growth_watched(server: Server) -> Iterator[list[int]]:
    """Sample the workers' memory; the list's one number is their largest growth in bytes."""
    workers = server.workers()
    before = {worker.pid: worker.memory_info().rss for worker in workers}
    growth = [0]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.02):
            for worker in workers:
                try:
                    now = worker.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                growth[0] = max(growth[0], now - before[worker.pid])

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gthread", "sync"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_c59_upload_of_a_gigabyte_arrives_whole_and_in_constant_memory(
    fleet: Fleet, kind: str, framing: str, digest: str
) -> None:
    server = fleet.get(kind)
    if framing == "length":
        head = request("/assemblyai/v2/upload", f"Content-Length: {BLOCKS << 20}", method="POST")
    else:
        head = request("/assemblyai/v2/upload", "Transfer-Encoding: chunked", method="POST")
    with growth_watched(server) as growth, Client(server.port, timeout=60) as client:
        client.send(head)
        for number in range(BLOCKS):
            if framing == "chunked":
                client.sock.sendall(b"100000\r\n")
            client.sock.sendall(numbered(number))
            if framing == "chunked":
                client.sock.sendall(b"\r\n")
        if framing == "chunked":
            client.send(LAST_CHUNK)
        assert client.reply("POST").status == 200
    sent = server.upstream.only
    assert (sent.size, sent.digest, sent.framing) == (BLOCKS << 20, digest, framing)
    assert growth[0] <= MAX_GROWTH


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_c60_download_of_a_gigabyte_arrives_whole_and_in_constant_memory(
    fleet: Fleet, framing: str, digest: str
) -> None:
    server = fleet.get("gthread")

    def script(conn: Conn) -> None:
        conn.request()
        field = f"Content-Length: {BLOCKS << 20}"
        if framing == "chunked":
            field = "Transfer-Encoding: chunked"
        conn.send(reply(b"", "200 OK", field, framed=False))
        for number in range(BLOCKS):
            block = numbered(number)
            conn.send(b"100000\r\n" + block + b"\r\n" if framing == "chunked" else block)
        if framing == "chunked":
            conn.send(LAST_CHUNK)

    server.upstream.script = script
    sha256 = hashlib.sha256()
    with growth_watched(server) as growth, Client(server.port, timeout=60) as client:
        client.source._keep = None
        client.send(request("/assemblyai/v2/x"))
        head = client.head()
        if head.framing == "chunked":
            client.source.chunks(sha256.update)
        else:
            client.source.exactly(BLOCKS << 20, sha256.update)
    assert head.framing == framing
    assert sha256.hexdigest() == digest
    assert growth[0] <= MAX_GROWTH
