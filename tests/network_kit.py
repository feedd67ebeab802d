"""What stands between this process and an upstream: TLS of a private authority, and a proxy."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(handle: Handler) -> Iterator[int]:
    """Run *handle* on each connection, in a thread each; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.settimeout(20)
            handle(sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()


@contextlib.contextmanager
def tls_in_front_of(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """Serve TLS, and carry what is in it to a plain *port* of this machine; gives its own port."""

    def handle(sock: socket.socket) -> None:
        with (
            context.wrap_socket(sock, server_side=True) as inner,
            socket.create_connection(("127.0.0.1", port)) as plain,
        ):
            pump(inner, plain)

    with listening(handle) as own:
        yield own


def head_of(sock: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(1)
        if not data:
            raise ConnectionError
        head += data
    return head


class ConnectProxy:
    """An HTTP proxy that knows CONNECT, and resolves every name to this machine.

    Attributes:
        heads: The head of each request.
        answer: What it answers instead of connecting.
    """

    def __init__(self, *, user: str | None = None, answer: bytes | None = None) -> None:
        self.heads: list[bytes] = []
        self.answer = answer
        self._wanted = user and b"Basic " + base64.b64encode(user.encode())
        self._stack = contextlib.ExitStack()
        self._open: list[socket.socket] = []

    def __enter__(self) -> ConnectProxy:
        self.port = self._stack.enter_context(listening(self._handle))
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def targets(self) -> list[str]:
        return [head.split()[1].decode() for head in self.heads]

    def cut(self) -> None:
        """End every tunnel."""
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _handle(self, sock: socket.socket) -> None:
        head = head_of(sock)
        self.heads.append(head)
        if self.answer is not None:
            sock.sendall(self.answer)
            return
        if self._wanted and self._wanted not in head:
            sock.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
            )
            return
        assert head.startswith(b"CONNECT "), head
        port = int(head.split()[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            self._open.append(sock)
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(sock, upstream)
