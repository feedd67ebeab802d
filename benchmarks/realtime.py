"""Streaming sessions beside nginx, the `websockets` library and a direct connection.

    python -m benchmarks.realtime [--quick] [--json [FILE]]

One run, one upstream, rounds in turns. Each session sends a frame of 50 ms of audio (1,600 bytes)
every 50 ms, and gets a Turn for each. Printed: CPU of the relay a chunk (a frame up and its Turn
down), the time from a frame to its Turn, the memory of 1,000 sessions on one worker of 8 threads
and how long a page of the host takes meanwhile, the handshake with key, row and hold, and the
latency beside three CPU-bound requests.
"""

from __future__ import annotations

import argparse
import base64
import os
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import load, proxies, report
from .measure import percentile
from .servers import HERE, Server, gunicorn, running

AUDIO = bytes(1600)
CHUNK = b"\x82\xfe" + len(AUDIO).to_bytes(2, "big") + bytes(4) + AUDIO
END = b'{"type":"Terminate"}'
TERMINATE = bytes((0x81, 0x80 | len(END))) + bytes(4) + END
CLOSE = bytes((0x88, 0x82)) + bytes(4) + (1000).to_bytes(2, "big")
EVERY_S = 0.05
PATH = "/v3/ws?sample_rate=16000&speech_model=universal-streaming-english"


@dataclass
class Peer:
    """One session of the client's."""

    sock: socket.socket
    sent: list[float] = field(default_factory=list)
    data: bytes = b""
    turns: int = 0


def open_session(server: Server) -> Peer:
    """Open a session and wait for its Begin."""
    sock = load.connect(server.port)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **server.headers,
    }
    sock.sendall(load.request(server.prefix + PATH, headers))
    data = b""
    while b'"Begin"' not in data or not data.endswith(b"}"):
        more = sock.recv(65536)
        if not more:
            raise RuntimeError(data[:300].decode("latin-1"))
        data += more
    if not data.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(data[:300].decode("latin-1"))
    sock.setblocking(False)
    return Peer(sock)


def close_session(peer: Peer) -> None:
    """End a session as clients do."""
    peer.sock.setblocking(True)
    peer.sock.sendall(TERMINATE)
    data = b""
    while b"Termination" not in data:
        data += peer.sock.recv(65536)
    peer.sock.sendall(CLOSE)
    peer.sock.close()


def stream(peers: list[Peer], seconds: float) -> list[float]:
    """Send audio on all sessions in real time; return the seconds from each frame to its Turn."""
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    for peer in peers:
        selector.register(peer.sock, selectors.EVENT_READ, peer)
    began = time.perf_counter()
    # Spread over the interval, as clients are.
    due = [(began + EVERY_S * n / len(peers), peer) for n, peer in enumerate(peers)]
    total, sent, at = round(seconds / EVERY_S) * len(peers), 0, 0
    while sent < total or any(peer.sent for peer in peers):
        now = time.perf_counter()
        if sent < total and due[at][0] <= now:
            moment, peer = due[at]
            peer.sock.send(CHUNK)
            peer.sent.append(time.perf_counter())
            due[at] = (moment + EVERY_S, peer)
            at, sent = (at + 1) % len(peers), sent + 1
            continue
        wait = max(due[at][0] - now, 0) if sent < total else 5.0
        events = selector.select(wait)
        if not events and sent >= total:
            break
        for key, _ in events:
            peer = key.data
            peer.data += peer.sock.recv(65536)
            now = time.perf_counter()
            while len(peer.data) >= 2:
                size, head = peer.data[1] & 127, 2
                if size == 126:
                    size, head = int.from_bytes(peer.data[2:4], "big"), 4
                if len(peer.data) < head + size:
                    break
                peer.data = peer.data[head + size :]
                latencies.append(now - peer.sent.pop(0))
    for peer in peers:
        selector.unregister(peer.sock)
    if len(latencies) < total:
        raise RuntimeError(f"{total - len(latencies)} Turns are missing")
    return latencies


@contextmanager
def peer_program(name: str, what: str, *arguments: str) -> Iterator[Server]:
    """Run a program of `ws_peers`."""
    command = [sys.executable, "-m", "benchmarks.ws_peers", what, *arguments]
    environ = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    with running(command, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        yield Server(name, int(process.stdout.readline()), "", process=process)


@contextmanager
def nginx(upstream: int) -> Iterator[Server]:
    """Run nginx as a WebSocket proxy."""
    with tempfile.TemporaryDirectory() as folder:
        port = proxies.free_port()
        user = "user root root;" if os.geteuid() == 0 else ""
        Path(folder, "nginx.conf").write_text(
            f"{user} worker_processes 1; daemon off; pid nginx.pid; error_log error.log;"
            "events { worker_connections 4096; }"
            f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{"
            f" proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1;"
            " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
            " proxy_read_timeout 1h; } } }"
        )
        command = [proxies.find("nginx") or "nginx", "-p", folder, "-c", f"{folder}/nginx.conf"]
        with running([*command, "-e", f"{folder}/error.log"]) as process:
            server = Server("nginx", port, "", process=process)
            proxies.connects(server, Path(folder, "error.log"))
            yield server


@contextmanager
def ours(upstream: int, threads: int = 8) -> Iterator[Server]:
    """Run the whole stack under one Gunicorn worker."""
    with gunicorn("ours realtime", upstream, threads=threads) as server:
        server.prefix = "/streaming.assemblyai"
        yield server


def cost_and_latency(rounds: int, seconds: float, sessions: int) -> dict[str, dict[str, float]]:
    """CPU a chunk and latency of each contender."""
    with ExitStack() as stack:
        upstream = stack.enter_context(peer_program("direct", "upstream"))
        servers = [upstream, stack.enter_context(ours(upstream.port))]
        servers.append(stack.enter_context(peer_program("websockets", "relay", str(upstream.port))))
        if proxies.find("nginx"):
            servers.append(stack.enter_context(nginx(upstream.port)))
        cpu: dict[str, list[float]] = {server.name: [] for server in servers}
        alone: dict[str, list[float]] = {server.name: [] for server in servers}
        many: dict[str, list[float]] = {server.name: [] for server in servers}
        for number in range(rounds + 1):
            for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                peers = [open_session(server) for _ in range(sessions)]
                before = server.cpu_s()
                latencies = stream(peers, seconds)
                used = server.cpu_s() - before
                lone = stream(peers[:1], 3.0)
                for peer in peers:
                    close_session(peer)
                if number:
                    cpu[server.name].append(used / len(latencies) * 1e6)
                    many[server.name] += latencies
                    alone[server.name] += lone
        return {
            name: {
                "cpu_us_per_chunk": sorted(cpu[name])[len(cpu[name]) // 2],
                "lone_p50_ms": percentile(alone[name], 0.5) * 1e3,
                "lone_p99_ms": percentile(alone[name], 0.99) * 1e3,
                "p50_ms": percentile(many[name], 0.5) * 1e3,
                "p99_ms": percentile(many[name], 0.99) * 1e3,
            }
            for name in cpu
        }


def page_ms(server: Server, calls: int = 300) -> float:
    """Return the median time of the host's page."""
    taken = load.gets(server.port, "/", {}, calls, 1).latencies
    return percentile(taken, 0.5) * 1e3


def many_sessions(sessions: int) -> dict[str, float]:
    """Memory of many sessions on one worker of 8 threads, and the host's page beside them."""
    with peer_program("direct", "upstream") as upstream, ours(upstream.port) as server:
        close_session(open_session(server))
        (worker,) = server.workers()
        before, quiet, threads = server.rss(), page_ms(server), worker.num_threads()
        peers = [open_session(server) for _ in range(sessions)]
        idle = server.rss()
        busy: list[float] = []
        asking = threading.Thread(target=lambda: busy.append(page_ms(server)))
        asking.start()
        latencies = stream(peers, 5.0)
        asking.join()
        after = server.rss()
        figures = {
            "kib_each": (idle - before) / sessions / 1024,
            "kib_each_streaming": (after - before) / sessions / 1024,
            "threads_more": worker.num_threads() - threads,
            "page_quiet_ms": quiet,
            "page_busy_ms": busy[0],
            "p50_ms": percentile(latencies, 0.5) * 1e3,
            "p99_ms": percentile(latencies, 0.99) * 1e3,
        }
        for peer in peers:
            close_session(peer)
        return figures


def handshakes(count: int) -> dict[str, float]:
    """Time of a handshake, with key, row and hold, beside a direct one."""
    taken: dict[str, list[float]] = {"direct": [], "ours": []}
    with peer_program("direct", "upstream") as upstream, ours(upstream.port) as server:
        close_session(open_session(server))
        for _ in range(count):
            for name, target in (("direct", upstream), ("ours", server)):
                began = time.perf_counter()
                peer = open_session(target)
                taken[name].append(time.perf_counter() - began)
                close_session(peer)
    return {
        f"{name}_{part}_ms": percentile(values, share) * 1e3
        for name, values in taken.items()
        for part, share in (("p50", 0.5), ("p99", 0.99))
    }


def beside_work(seconds: float) -> dict[str, float]:
    """Latency of ten sessions while three requests of the host's keep the interpreter busy."""
    with peer_program("direct", "upstream") as upstream, ours(upstream.port) as server:
        peers = [open_session(server) for _ in range(10)]
        until = time.monotonic() + seconds + 1

        def work() -> None:
            while time.monotonic() < until:
                load.gets(server.port, "/work", {}, 1, 1)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for each in workers:
            each.start()
        latencies = stream(peers, seconds)
        for each in workers:
            each.join()
        for peer in peers:
            close_session(peer)
        return {
            "p50_ms": percentile(latencies, 0.5) * 1e3,
            "p99_ms": percentile(latencies, 0.99) * 1e3,
        }


def main() -> None:
    """Run all and print the figures, with the goals beside them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realtime")
    parser.add_argument("--quick", action="store_true")
    report.add_json(parser)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rounds, seconds, sessions = (1, 3.0, 50) if options.quick else (3, 8.0, 100)
    cost = cost_and_latency(rounds, seconds, sessions)
    alone = {
        "many": many_sessions(200 if options.quick else 1000),
        "handshake": handshakes(50 if options.quick else 200),
        "beside": beside_work(3.0 if options.quick else 10.0),
    }
    for name, figures in cost.items():
        print(f"{name:12}" + "  ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    own = cost["ours realtime"]
    for other, goal in (("nginx", 1.6), ("websockets", 0.5)):
        if other in cost:
            ratio = own["cpu_us_per_chunk"] / cost[other]["cpu_us_per_chunk"]
            print(f"CPU a chunk: {ratio:.2f} of {other}'s (goal {goal})")
    added = own["lone_p50_ms"] - cost["direct"]["lone_p50_ms"]
    print(f"added to a lone session, p50: {added:.3f} ms (goal 0.3)")
    for name, figures in alone.items():
        shown = "  ".join(f"{key} {value:.3f}" for key, value in figures.items())
        print(f"{name:12}{shown}")
    tables = {name: {"ours realtime": figures} for name, figures in alone.items()}
    report.save(options.json, "realtime", {"cost": cost, **tables})


if __name__ == "__main__":
    main()
