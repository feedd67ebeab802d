"""A gigabyte of audio through the form, by a worker that stays small.

python -m pytest -s tests/middleware/audio/test_audio_memory.py     # prints the figures
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from session_kit import Site, served_by_gunicorn

from .audio_kit import BOUNDARY, PATH, PRO

BLOCK = random.Random(7).randbytes(1 << 20)
BLOCKS = 1024
# Measured at less than half of it; the rest is for other machines.
MAX_GROWTH = 64 << 20


def workers_of(site: Site) -> list[psutil.Process]:
    """Return the processes below this one that run Gunicorn."""
    found = psutil.Process().children(recursive=True)
    return [each for each in found if "gunicorn" in " ".join(each.cmdline())]


@contextmanager
def growth_watched(site: Site) -> Iterator[list[int]]:
    """Sample the workers' memory; the list's one number is the largest growth in bytes."""
    workers = workers_of(site)
    before = {each.pid: each.memory_info().rss for each in workers}
    growth = [0]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.02):
            for each in workers:
                growth[0] = max(growth[0], each.memory_info().rss - before[each.pid])

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()


def field(name: str, value: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def send(site: Site, key: str, *, blocks: int, model_first: bool) -> str:
    """Send a form with that many MiB of audio, and return their digest when it was served."""
    file = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    ).encode()
    end = f"--{BOUNDARY}--\r\n".encode()
    model = field("model", PRO)
    ahead, behind = (model, b"") if model_first else (b"", model)
    size = len(ahead) + len(file) + (blocks << 20) + 2 + len(behind) + len(end)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    ).encode()
    digest = hashlib.sha256()
    with socket.create_connection(site.address) as client:
        client.settimeout(300)
        client.sendall(head + ahead + file)
        for number in range(blocks):
            block = number.to_bytes(8, "big") + BLOCK[8:]
            digest.update(block)
            client.sendall(block)
        client.sendall(b"\r\n" + behind + end)
        reply = b"".join(iter(lambda: client.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 200"), reply
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["text"]
    return digest.hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("model_first", [True, False])
def test_a_gigabyte_arrives_whole_and_in_constant_memory(
    tmp_path: Path, sqlite_url: str, model_first: bool
) -> None:
    with served_by_gunicorn(sqlite_url, tmp_path, "--timeout", "300") as site:
        key = site.key("k")
        # A worker loads its modules at its first call.
        send(site, key, blocks=1, model_first=model_first)
        with growth_watched(site) as growth:
            digest = send(site, key, blocks=BLOCKS, model_first=model_first)
        uploads = [seen for seen in site.us.requests if seen.path == "/v2/upload"]
    assert (uploads[-1].body_size, uploads[-1].body_sha256) == (BLOCKS << 20, digest)
    print(f"{os.linesep}RSS grew by {growth[0] / (1 << 20):.1f} MiB, model first: {model_first}")
    assert growth[0] <= MAX_GROWTH
