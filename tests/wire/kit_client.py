"""A client that sends exactly the bytes it is told to, in the pieces it is told to."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

from .kit_http import CutShort, Reply, Request, Source, parse_reply_head
from .kit_upstream import LINGER_0

GOOD_KEY = "sk-good-1f6c2b7a90d34e5f8a1b"
OTHER_KEY = "sk-other-77aa01c4d2e94b6fb3c5"
ACCOUNT_KEY = "acct-5d0e8b1c9f7a4263"
ACCOUNT_KEY_EU = "acct-eu-c41d7720be9a4f58"
MASTER_KEY = "sk-master-0b9f3d5e7a1c"


def request(
    target: str | bytes,
    *fields: str | bytes,
    method: str = "GET",
    key: str | None = GOOD_KEY,
    body: bytes | None = None,
    host: str | None = "front.example",
    version: str = "HTTP/1.1",
) -> bytes:
    """Return a request's bytes; *fields* are whole lines, and `body` adds a Content-Length."""
    raw = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = [method.encode() + b" " + raw + b" " + version.encode()]
    if host is not None:
        lines.append(b"Host: " + host.encode())
    if key is not None:
        lines.append(b"Authorization: Bearer " + key.encode("latin-1"))
    lines += [f.encode("latin-1") if isinstance(f, str) else f for f in fields]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


class Client:
    """One connection to the server under test."""

    def __init__(self, port: int, timeout: float = 20.0) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.source = Source(self.sock, self.received.extend)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes, pieces: Iterable[int] = ()) -> None:
        """Send *data*; *pieces* are the sizes of the first writes. A closed end is no error."""
        with contextlib.suppress(OSError):
            start = 0
            for size in pieces:
                self.sock.sendall(data[start : start + size])
                start += size
            self.sock.sendall(data[start:])

    def head(self, method: str = "GET") -> Reply:
        """Read a reply's head; its body stays on the socket."""
        interim: list[bytes] = []
        while True:
            head = self.source.until(b"\r\n\r\n")
            if head is None:
                raise CutShort("the server closed without a reply")
            reply = parse_reply_head(head, method)
            if reply.status >= 200 or reply.status == 101:
                reply.interim = interim
                return reply
            interim.append(head)

    def body(self, reply: Reply) -> None:
        """Read the body that belongs to *reply*; `whole` says whether its end came."""
        body = bytearray()
        try:
            if reply.framing == "chunked":
                self.source.chunks(body.extend)
            elif reply.framing == "length":
                self.source.exactly(int(reply.values("content-length")[0]), body.extend)
            elif reply.framing == "close":
                self.source.to_end(body.extend)
            reply.whole = not (reply.framing == "close" and self.source.ended == "reset")
        except CutShort:
            reply.whole = False
        reply.body = bytes(body)

    def reply(self, method: str = "GET") -> Reply:
        """Read one whole reply."""
        reply = self.head(method)
        self.body(reply)
        return reply

    def to_end(self) -> bytes:
        """Read until the server closes; what came."""
        body = bytearray()
        self.source.to_end(body.extend)
        return bytes(body)

    def replies(self, methods: Iterable[str]) -> list[Reply]:
        """Read replies to pipelined requests until the server closes or all are here."""
        found = []
        for method in methods:
            try:
                reply = self.reply(method)
            except CutShort:
                break
            found.append(reply)
            if not reply.keeps or not reply.whole:
                break
        return found

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self.close()

    def close(self) -> None:
        self.sock.close()


def ask(port: int, data: bytes, method: str | None = None, timeout: float = 20.0) -> Reply:
    """Send *data* on a connection of its own and return the first reply to it."""
    with Client(port, timeout) as client:
        client.send(data)
        return client.reply(method or data.split(b" ", 1)[0].decode("latin-1"))


# What may be on a request upstream that no client wrote.
OWN_FIELDS = (b"host", b"authorization", b"content-length", b"transfer-encoding", b"connection")


def end_to_end(request: Request) -> list[tuple[bytes, bytes]]:
    """Return the fields that came from the client: names lower-case, in order."""
    return [(n.lower(), v) for n, v in request.fields if n.lower() not in OWN_FIELDS]


# What servers write on every reply by themselves, and what KeyAuth adds to it.
SERVER_FIELDS = (b"server", b"date", b"connection", b"transfer-encoding", b"via")
ADDED_FIELDS = (b"cache-control", b"vary", b"x-content-type-options")


def passed_on(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Return the fields of a reply that came from the upstream: names lower-case, in order."""
    left_out = SERVER_FIELDS + ADDED_FIELDS
    return [(n.lower(), v) for n, v in reply.fields if n.lower() not in left_out]
