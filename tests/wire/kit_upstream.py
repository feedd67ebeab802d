"""An upstream on a raw socket that does what a script tells it to, one thread a connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from .kit_http import CutShort, Malformed, Request, Source, parse_request_head

KEPT_BYTES = 4 << 20
LINGER_0 = struct.pack("ii", 1, 0)


def reply(
    body: bytes = b'{"ok": true}',
    status: str = "200 OK",
    *fields: str | bytes,
    framed: bool = True,
) -> bytes:
    """Return the bytes of a JSON reply; *fields* are whole lines, `framed` adds Content-Length."""
    lines = [b"HTTP/1.1 " + status.encode("latin-1"), b"Content-Type: application/json"]
    lines += [f.encode("latin-1") if isinstance(f, str) else f for f in fields]
    if framed:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


class Conn:
    """One connection that the forwarder made.

    Attributes:
        received: Its bytes, the first 4 MiB of them.
        count: How many there were.
        requests: What they said.
        ended: None, `eof` or `reset`: how the forwarder ended it.
        fault: What made the bytes no clean HTTP, if anything did.
    """

    def __init__(self, upstream: Upstream, sock: socket.socket) -> None:
        self.upstream = upstream
        self.sock = sock
        self.received = bytearray()
        self.count = 0
        self.requests: list[Request] = []
        self.fault: Exception | None = None
        self.released = threading.Event()
        self.finished = threading.Event()
        self.source = Source(sock, self._keep)

    @property
    def ended(self) -> str | None:
        return self.source.ended

    def _keep(self, block: bytes) -> None:
        self.count += len(block)
        if len(self.received) < KEPT_BYTES:
            self.received += block
        self.upstream.changed()

    def head(self) -> Request | None:
        """Return the next request's head, or None at the connection's end."""
        head = self.source.until(b"\r\n\r\n")
        if head is None:
            return None
        request = parse_request_head(head)
        self.requests.append(request)
        self.upstream.changed()
        return request

    def body(self, request: Request, limit: int | None = None) -> None:
        """Read the body of *request*, its first *limit* bytes where the script stops early."""

        def sink(block: bytes) -> None:
            request.sha256.update(block)
            request.size += len(block)
            if len(request.body) < KEPT_BYTES:
                request.body += block
            self.upstream.changed()

        if request.framing == "chunked":
            request.trailers = self.source.chunks(sink)
        elif request.framing == "length":
            length = int(request.values("content-length")[0])
            self.source.exactly(length if limit is None else min(limit, length), sink)
        request.whole = limit is None
        self.upstream.changed()

    def request(self) -> Request | None:
        """Return the next request with its body, or None at the connection's end."""
        request = self.head()
        if request is not None:
            self.body(request)
        return request

    def requests_until_end(self) -> Iterator[Request]:
        while (request := self.request()) is not None:
            yield request

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hold(self, seconds: float = 60.0) -> None:
        """Do nothing until the test is over."""
        self.released.wait(seconds)

    def pause(self, seconds: float) -> bool:
        """Wait; whether to go on (False once the test is over)."""
        return not self.released.wait(seconds)

    def wait_closed(self) -> None:
        """Read and drop until the forwarder closes."""
        with contextlib.suppress(TimeoutError):
            while self.source.more():
                self.source.buffer.clear()

    def reset(self) -> None:
        """Close with a TCP reset."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self.close()

    def close(self) -> None:
        """Close, telling the peer at once even while another thread reads."""
        with contextlib.suppress(OSError):
            self.sock.close()


Script = Callable[[Conn], None]


class Upstream:
    """Listens on a port of its own; what it answers is set by each test.

    Attributes:
        answer: Bytes, or a function of the Request giving bytes: what the standard
            script sends for every request.
        script: Replaces the standard script for every connection, where set.
        conns: The connections since `restart`, in order of acceptance.
    """

    def __init__(self, backlog: int = 128) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port: int = self.listener.getsockname()[1]
        self.conns: list[Conn] = []
        self.answer: bytes | Callable[[Request], bytes] = reply()
        self.script: Script | None = None
        self._news = threading.Condition()
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while self._open:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(60)
            conn = Conn(self, sock)
            with self._news:
                self.conns.append(conn)
                self._news.notify_all()
            threading.Thread(
                target=self._run, args=(conn, self.script or self._standard), daemon=True
            ).start()

    def _run(self, conn: Conn, script: Script) -> None:
        try:
            script(conn)
        except (OSError, CutShort, Malformed) as error:
            conn.fault = error
        finally:
            # A plain close() while bytes lie unread would be a reset, which may
            # overtake the reply: end our side, then read what is left.
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_WR)
                conn.sock.settimeout(5)
                while conn.source.more():
                    pass
            conn.close()
            conn.finished.set()
            self.changed()

    def _standard(self, conn: Conn) -> None:
        for request in conn.requests_until_end():
            answer = self.answer
            conn.send(answer(request) if callable(answer) else answer)

    def changed(self) -> None:
        with self._news:
            self._news.notify_all()

    def wait(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Return when *condition* holds; fail the test when it does not come to."""
        with self._news:
            assert self._news.wait_for(condition, seconds), "the upstream never saw it"

    @property
    def requests(self) -> list[Request]:
        """Every request since `restart`."""
        return [request for conn in list(self.conns) for request in conn.requests]

    @property
    def only(self) -> Request:
        """The one request there was."""
        requests = self.requests
        assert len(requests) == 1, [r.head for r in requests]
        return requests[0]

    @property
    def bytes_received(self) -> bytes:
        return b"".join(bytes(conn.received) for conn in self.conns)

    def restart(self) -> None:
        """Drop every connection, then forget everything; the port stays."""
        conns, self.conns = self.conns, []
        for conn in conns:
            conn.released.set()
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
        for conn in conns:
            conn.finished.wait(5)
        self.answer = reply()
        self.script = None

    def close(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.restart()


class Refuser:
    """A port of 127.0.0.1 on which nobody listens, held so that nobody will."""

    def __init__(self) -> None:
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.port: int = self.sock.getsockname()[1]

    def close(self) -> None:
        self.sock.close()


class Blackhole:
    """A listener with a full backlog: connecting to it never ends."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port: int = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)

    def close(self) -> None:
        for filler in self.fillers:
            filler.close()
        self.listener.close()
