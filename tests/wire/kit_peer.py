"""A peer below HTTP: each connection it accepts is a script's, plain or through TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from assemblyai_mw.transport import Origin, SocketTransport

from .kit_upstream import LINGER_0

BUFFER_BYTES = 64 * 1024

Script = Callable[[socket.socket], None]


class Peer:
    """Listens on a port of its own and runs *script* on every connection, in a thread each.

    Attributes:
        origin, transport: What reaches it.
        ca: Where the certificate lies that it is trusted by; None without TLS.
        over: Set when the test is; scripts that wait look at it.
        accepted: How many connections there were.
    """

    def __init__(
        self,
        script: Script,
        server: ssl.SSLContext | None = None,
        ca: Path | None = None,
    ) -> None:
        self.ca = ca
        client = None if ca is None else ssl.create_default_context(cafile=ca)
        self._script = script
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Connections inherit it: little is taken that the script did not take.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        port = self._listener.getsockname()[1]
        scheme = "http" if server is None else "https"
        self.origin = Origin.parse(f"{scheme}://localhost:{port}")
        self.transport = SocketTransport(ssl_context=client)
        self.over = threading.Event()
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        # A reset throws away what Nagle's algorithm still holds back.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(sock)
            if self._server is not None:
                sock = stack.enter_context(self._server.wrap_socket(sock, server_side=True))
            self._script(sock)

    def close(self) -> None:
        self.over.set()
        self.transport.close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def reset(sock: socket.socket) -> None:
    """Close with a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    sock.close()
