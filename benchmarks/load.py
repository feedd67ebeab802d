"""The clients: raw sockets, so that little of what is measured is theirs."""

from __future__ import annotations

import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

BLOCK = bytes(1 << 20)
# The requests of a call, in order; a function makes one of the reply to that before.
Script = Sequence[bytes | Callable[[bytes], bytes]]


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
    """What a round of calls took: seconds in all, of each call, and until its reply began."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)


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


def _whole(head: bytes, body: bytes) -> bool:
    """Whether *body* is all of it: by its length, or by the last of its chunks."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"\r\n0\r\n\r\n")
    raise RuntimeError(f"no length: {head!r}")


def post(path: str, headers: dict[str, str], value: object) -> bytes:
    """Return a whole request with *value* as its JSON."""
    body = json.dumps(value).encode()
    more = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return request(path, {**headers, **more}, method="POST") + body


def gets(port: int, path: str, headers: dict[str, str], calls: int, connections: int) -> Round:
    """Make *calls* GETs; like `repeat`."""
    return repeat(port, [request(path, headers)], calls, connections)


def repeat(port: int, script: Script, calls: int, connections: int) -> Round:
    """Make *calls* calls over *connections* kept-alive connections, one in flight on each.

    A call is all requests of *script*, one after another. Its latency is from the first byte of
    the first to the last byte of the last reply.
    """
    return deal(port, [script] * min(connections, calls), calls)


def deal(port: int, scripts: Sequence[Script], calls: int) -> Round:
    """Make *calls* calls over a connection for each of *scripts*; else like `repeat`."""
    selector = selectors.DefaultSelector()
    under_way: dict[socket.socket, _Call] = {}
    done, started = 0, 0
    result = Round()
    for script in scripts:
        sock = connect(port)
        under_way[sock] = _Call(script)
        selector.register(sock, selectors.EVENT_READ)
    begin = time.perf_counter()
    for sock, call in under_way.items():
        call.start(sock)
        started += 1
    while done < calls:
        ready = selector.select(120)
        if not ready:
            raise RuntimeError("no reply came for two minutes")
        for key, _ in ready:
            sock = key.fileobj  # type: ignore[assignment]
            call = under_way[sock]
            if not call.read(sock):
                continue
            now = time.perf_counter()
            result.latencies.append(now - call.began)
            result.firsts.append(call.first - call.began)
            done += 1
            if started < calls:
                started += 1
                call.start(sock)
    result.seconds = time.perf_counter() - begin
    for sock in under_way:
        sock.close()
    return result


class _Call:
    """One call on one connection: the step that is under way, and what has come of its reply."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def start(self, sock: socket.socket) -> None:
        """Send the first request."""
        self.step, self.data, self.first = 0, b"", 0.0
        self.began = time.perf_counter()
        self._send(sock, b"")

    def read(self, sock: socket.socket) -> bool:
        """Take what has come, go on to the next step; return whether the call has ended."""
        more = sock.recv(65536)
        if not more:
            raise ConnectionError(f"the server closed: {self.data[:200]!r}")
        self.data += more
        head, mark, body = self.data.partition(b"\r\n\r\n")
        if not mark:
            return False
        if b" 200 " not in head[:16]:
            raise RuntimeError(self.data[:300].decode("latin-1"))
        if body and not self.first:
            self.first = time.perf_counter()
        if not _whole(head, body):
            return False
        self.step += 1
        if self.step == len(self._script):
            return True
        self.data, self.first = b"", 0.0
        self._send(sock, body)
        return False

    def _send(self, sock: socket.socket, reply: bytes) -> None:
        step = self._script[self.step]
        sock.sendall(step if isinstance(step, bytes) else step(reply))


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
