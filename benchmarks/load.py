"""The clients: raw sockets, so that little of what is measured is theirs."""

from __future__ import annotations

import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

BLOCK = bytes(1 << 20)


def request(path: str, headers: dict[str, str], *, method: str = "GET") -> bytes:
    """Return the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["User-Agent: bench", "Accept: */*", "Accept-Encoding: gzip, deflate"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(port: int) -> socket.socket:
    """Return a connection without Nagle's delay."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=120)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


@dataclass
class Round:
    """What a round of calls took: seconds in all, and of each call."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def read_reply(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return head and what came of the body with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise ConnectionError("the server closed")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(data[:300].decode("latin-1"))
    return head, body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    raise RuntimeError(f"no length: {head!r}")


def post(path: str, headers: dict[str, str], value: object) -> bytes:
    """Return a whole request with *value* as its JSON."""
    body = json.dumps(value).encode()
    more = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return request(path, {**headers, **more}, method="POST") + body


def gets(port: int, path: str, headers: dict[str, str], calls: int, connections: int) -> Round:
    """Make *calls* GETs; like `repeat`."""
    return repeat(port, [request(path, headers)], calls, connections)


def repeat(port: int, payloads: Sequence[bytes], calls: int, connections: int) -> Round:
    """Make *calls* requests over *connections* kept-alive connections, one in flight on each.

    A connection always sends the same of *payloads*; they are dealt out in turn.
    """
    sent_on: dict[socket.socket, bytes] = {}
    selector = selectors.DefaultSelector()
    buffers: dict[socket.socket, bytes] = {}
    sent: dict[socket.socket, float] = {}
    done, started = 0, 0
    result = Round()
    for number in range(connections):
        sock = connect(port)
        sent_on[sock] = payloads[number % len(payloads)]
        buffers[sock] = b""
        selector.register(sock, selectors.EVENT_READ)
    begin = time.perf_counter()
    for sock in buffers:
        sent[sock] = time.perf_counter()
        sock.sendall(sent_on[sock])
        started += 1
    while done < calls:
        for key, _ in selector.select(30):
            sock = key.fileobj  # type: ignore[assignment]
            more = sock.recv(65536)
            if not more:
                raise ConnectionError("the server closed")
            data = buffers[sock] + more
            head, mark, body = data.partition(b"\r\n\r\n")
            if not mark or len(body) < _length(head):
                buffers[sock] = data
                continue
            if b" 200 " not in head[:16]:
                raise RuntimeError(data[:300].decode("latin-1"))
            now = time.perf_counter()
            result.latencies.append(now - sent[sock])
            buffers[sock] = b""
            done += 1
            if started < calls:
                started += 1
                sent[sock] = now
                sock.sendall(sent_on[sock])
    result.seconds = time.perf_counter() - begin
    for sock in buffers:
        sock.close()
    return result


def upload(port: int, path: str, headers: dict[str, str], size: int) -> float:
    """Send *size* bytes; return seconds until the reply."""
    head = request(path, {**headers, "Content-Length": str(size)}, method="POST")
    with connect(port) as sock:
        begin = time.perf_counter()
        sock.sendall(head)
        left = size
        while left:
            left -= sock.send(BLOCK if left >= len(BLOCK) else BLOCK[:left])
        read_reply(sock)
        return time.perf_counter() - begin


def download(port: int, path: str, headers: dict[str, str], size: int) -> float:
    """Receive *size* bytes; return seconds."""
    buffer = bytearray(1 << 20)
    with connect(port) as sock:
        begin = time.perf_counter()
        sock.sendall(request(f"{path}/{size}", headers))
        _, body = read_reply(sock)
        left = size - len(body)
        while left:
            got = sock.recv_into(buffer)
            if not got:
                raise ConnectionError("the reply was cut")
            left -= got
        return time.perf_counter() - begin


def at_once(count: int, work: object) -> None:
    """Run *work* in *count* threads and wait for all."""
    threads = [threading.Thread(target=work) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def events(port: int, path: str, headers: dict[str, str], count: int, every_ms: int) -> Round:
    """Read a stream of events; latencies are the lag of each, the first one's among them.

    `seconds` is from the request to the first event.
    """
    return _events(port, request(f"{path}/{count}/{every_ms}", headers), count, _EVENT)


def chat_events(port: int, path: str, headers: dict[str, str]) -> Round:
    """Read a streamed chat completion of 200 chunks; like `events`."""
    asked: dict[str, object] = {"model": "assemblyai/gpt-5-mini", "stream": True}
    asked["messages"] = [{"role": "user", "content": "go"}]
    return _events(port, post(path, headers, asked), 200, _CHAT_EVENT)


_EVENT = re.compile(rb"data: (\d+)\n\n")
_CHAT_EVENT = re.compile(rb'"content": ?"(\d+)"[^\n]*\n\n')


def _events(port: int, payload: bytes, count: int, event: re.Pattern[bytes]) -> Round:
    result = Round()
    with connect(port) as sock:
        begin = time.perf_counter()
        sock.sendall(payload)
        data = b""
        while len(result.latencies) < count:
            more = sock.recv(65536)
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            if not more:
                raise ConnectionError(f"the stream was cut: {data[:200]!r}")
            data += more
            while found := event.search(data):
                if not result.latencies:
                    result.seconds = time.perf_counter() - begin
                result.latencies.append((now - int(found[1])) / 1e9)
                data = data[found.end() :]
    return result
