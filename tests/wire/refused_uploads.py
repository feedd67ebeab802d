"""Uploads that are refused, through real servers, nginx and clients: who learns why?

    python -m tests.wire.refused_uploads [N] [--only WORD]

prints a table of the answers that were lost of N (300) uploads in each cell, four at a time. An
upload by Python is followed by a GET on the same connection, which must be answered too. Behind
nginx without request buffering each upload has a connection of its own: nginx says keep-alive there
and closes, whenever a reply comes before the end of the request. The cells named "npm" need node,
and `assemblyai` in NODE_PATH.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme

from tests.nginx_kit import nginx

from .kit_servers import Server

KINDS = ("gthread", "gevent", "sync")
STATUSES = (401, 403, 413, 429, 503)
AT_ONCE = 4
# The sizes at which answers got lost: the last one is just more than Gunicorn reads by itself.
DIRECT_BYTES, PROXIED_BYTES, SMALL_BYTES = 20_000_000, 3_000_000, 66_000
UPLOAD = "/assemblyai/v2/upload"
_NPM = Path(__file__).with_name("npm_uploads.js")

_DIGITS = re.compile(r"[0-9]+")
Ends = collections.Counter[str]


@dataclass(frozen=True)
class Way:
    """How clients reach the server."""

    name: str
    size: int
    npm: bool = False
    proxied: bool = False
    buffering: bool = False
    tls: bool = False

    @property
    def keeps_connections(self) -> bool:
        return self.buffering or not self.proxied


WAYS = (
    Way("Python, direct", DIRECT_BYTES),
    Way("Python, direct, 66 kB", SMALL_BYTES),
    Way("npm, direct", DIRECT_BYTES, npm=True),
    Way("nginx", PROXIED_BYTES, proxied=True),
    Way("nginx, request buffering", PROXIED_BYTES, proxied=True, buffering=True),
    Way("nginx, TLS", PROXIED_BYTES, proxied=True, tls=True),
)


@dataclass(frozen=True)
class Site:
    """A server whose callers are refused, each for a reason of its own.

    Attributes:
        keys: By status.
    """

    server: Server
    broken: Server
    keys: dict[int, str]

    def port(self, status: int) -> int:
        return (self.broken if status == 503 else self.server).port


@contextlib.contextmanager
def site(kind: str, folder: Path) -> Iterator[Site]:
    """Run the whole stack, and again with a ledger that cannot be reached."""
    folder.mkdir(parents=True, exist_ok=True)
    gone = "postgresql://nobody:nothing@127.0.0.1:1/nothing"
    server = Server(kind, folder, full=True, threads=8)
    broken = Server(kind, folder, full=True, threads=8, database_url=gone)
    try:
        server.wait_ready()
        broken.wait_ready()
        keys = {
            401: "sk-of-nobody-0123456789",
            403: server.new_key("elsewhere", region="eu"),
            413: server.new_key("small", max_upload_bytes=1000),
            429: server.new_key("slow", rpm=1),
            503: "sk-of-somebody-0123456789",
        }
        yield Site(server, broken, keys)
    finally:
        server.stop()
        broken.stop()


@contextlib.contextmanager
def reached(
    way: Way, site: Site, status: int, folder: Path, certificate: Path
) -> Iterator[tuple[str, ssl.SSLContext | bool]]:
    """Give the base URL of a way to the server, and what a client trusts."""
    port = site.port(status)
    if not way.proxied:
        yield f"http://127.0.0.1:{port}", True
        return
    own = certificate if way.tls else None
    with nginx(folder / "nginx", port, buffering=way.buffering, certificate=own) as proxy:
        if way.tls:
            trust = ssl.create_default_context(cafile=str(certificate.with_name("ca.pem")))
            yield f"https://localhost:{proxy}", trust
        else:
            yield f"http://127.0.0.1:{proxy}", True


def by_python(
    base: str, trust: ssl.SSLContext | bool, key: str, size: int, count: int, *, keeping: bool
) -> Ends:
    """Upload *count* times, on a new connection or *keeping* it, with another call each time."""
    body = bytes(size)
    calls = (("POST", UPLOAD), ("GET", "/host/next"))[: 1 + keeping]

    def upload(client: httpx.Client) -> list[str]:
        ends = []
        for method, path in calls:
            content = body if method == "POST" else None
            try:
                reply = client.request(
                    method, path, content=content, headers={"Authorization": key}
                )
                ends.append(f"{method} {reply.status_code}")
            except httpx.HTTPError as error:
                ends.append(f"{method} {type(error).__name__}: {error}")
        return ends

    def uploads(share: int) -> list[str]:
        ends = []
        for _ in range(1 if keeping else share):
            with httpx.Client(base_url=base, verify=trust, timeout=60) as client:
                for _ in range(share if keeping else 1):
                    ends += upload(client)
        return ends

    shares = [count // AT_ONCE + (number < count % AT_ONCE) for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return collections.Counter(end for ends in pool.map(uploads, shares) for end in ends)


def by_npm(base: str, key: str, size: int, count: int, folder: Path, **environ: str) -> Ends:
    """Upload *count* times with AssemblyAI's SDK for JavaScript."""
    file = folder / "upload.bin"
    file.write_bytes(bytes(size))
    command = ["node", str(_NPM), f"{base}/assemblyai", key, str(file), str(count)]
    done = subprocess.run(
        command,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return collections.Counter(json.loads(done.stdout))


def cell(
    way: Way, site: Site, status: int, count: int, folder: Path, certificate: Path, **environ: str
) -> tuple[int, Ends]:
    """Return how many answers were lost, and all ends that are not the answer."""
    key, size = site.keys[status], way.size
    with reached(way, site, status, folder, certificate) as (base, trust):
        with httpx.Client(base_url=base, verify=trust) as client:
            # The first one uses up the one request a minute.
            client.post(UPLOAD, content=b"x" * 2000, headers={"Authorization": key})
            known = client.post(UPLOAD, content=b"x" * 2000, headers={"Authorization": key})
        assert known.status_code == status, known.text
        if way.npm:
            ends = by_npm(base, key, size, count, folder, **environ)
            # A 429 says how long to wait.
            ends = _counted((_DIGITS.sub("#", end), times) for end, times in ends.items())
            answers = {_DIGITS.sub("#", known.json()["error"])}
        else:
            ends = by_python(base, trust, key, size, count, keeping=way.keeps_connections)
            answers = {f"POST {status}", "GET 200"}
    # A key of one request a minute may send one each minute.
    if status == 429:
        answers |= {"POST 200", "uploaded"}
    others = collections.Counter({end: n for end, n in ends.items() if end not in answers})
    return others.total(), others


def _counted(pairs: Iterable[tuple[str, int]]) -> Ends:
    counted: Ends = collections.Counter()
    for end, times in pairs:
        counted[end] += times
    return counted


def certificate_in(folder: Path) -> Path:
    """Make a certificate for localhost: its path, with its key and ca.pem beside it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("localhost")
    path = folder / "localhost.pem"
    issued.private_key_pem.write_to_path(str(path.with_suffix(".key")))
    issued.cert_chain_pems[0].write_to_path(str(path))
    return path


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=300)
    parser.add_argument("--only", default="", help="a word of the ways or servers to try")
    options = parser.parse_args()
    print("| Server | Way |", " | ".join(map(str, STATUSES)), "|")
    print("|---|---|" + "---|" * len(STATUSES))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        certificate = certificate_in(folder)
        for kind in KINDS:
            with site(kind, folder / kind) as running:
                for way in WAYS:
                    if options.only not in f"{kind} {way.name}" or (
                        way.npm and shutil.which("node") is None
                    ):
                        continue
                    lost = []
                    for status in STATUSES:
                        number, others = cell(
                            way, running, status, options.count, folder / kind, certificate
                        )
                        lost.append(str(number))
                        for end, times in others.items():
                            print(f"  {kind}, {way.name}, {status}: {times} x {end}", flush=True)
                    print(f"| {kind} | {way.name} |", " | ".join(lost), "|", flush=True)


if __name__ == "__main__":
    main()
