"""Servers that run an app of sites/, each a process, and a client of raw bytes.

    python -m tests.relay.hosts

prints a table of what comes of sessions under every server known (table.py).
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SITES = Path(__file__).parent / "sites"
# Found, not imported: the table's command may run without what the package needs.
_SPEC = importlib.util.find_spec("assemblyai_mw")
assert _SPEC is not None
assert _SPEC.origin is not None
PRODUCT = Path(_SPEC.origin).parent.parent
APP = "SITE:application"


@dataclass(frozen=True, slots=True)
class Server:
    """A server and what runs it.

    Attributes:
        command: FD, PORT and UNIX stand for its listening socket, SITE for the app's module.
        gives_early: Bytes glued to the handshake reach the session.
        environ: Variables beside those of the tests.
    """

    name: str
    command: tuple[str, ...]
    gives_early: bool = True
    environ: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def gunicorn(name: str, *options: str, bind: str = "fd://FD", **more: Any) -> Server:
    command = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", bind)
    usual = ("--access-logfile", "-", "--graceful-timeout", "1")
    return Server(f"Gunicorn {name}", (*command, *usual, *options, APP), **more)


def serve(name: str, **more: Any) -> Server:
    return Server(name, (sys.executable, str(SITES / "serve.py"), name, "FD", "SITE"), **more)


def uwsgi(name: str, *options: str, **more: Any) -> Server:
    program = str(Path(sys.executable).with_name("uwsgi"))
    common = (
        "--master",
        "--die-on-term",
        "--need-app",
        "--worker-reload-mercy",
        "2",
        "--virtualenv",
        sys.prefix,
    )
    common += ("--pythonpath", str(SITES), "--pythonpath", str(PRODUCT), "--module", APP)
    return Server(f"uWSGI {name}", (program, *common, *options), **more)


HTTP = "127.0.0.1:PORT"
# pip compiles it, which needs a compiler: no dependency of the tests.
HAS_UWSGI = Path(sys.executable).with_name("uwsgi").exists()
GTHREAD = gunicorn("gthread", "--worker-class", "gthread", "--threads", "4")
GEVENT = gunicorn("gevent", "--worker-class", "gevent")
LIBUV = gunicorn(
    "gevent on libuv", "--worker-class", "gevent", environ=(("GEVENT_LOOP", "libuv-cffi"),)
)
GIVES = [
    GTHREAD,
    gunicorn("sync"),
    GEVENT,
    LIBUV,
    serve("werkzeug"),
    Server("django", (sys.executable, "-m", "django", "runserver", "--noreload", "PORT")),
    serve("wsgiref"),
    serve("pywsgi"),
    serve("cheroot"),
    serve("eventlet"),
    uwsgi("http-socket", "--http-socket", HTTP, "--enable-threads", gives_early=False),
    uwsgi("http-socket threads", "--http-socket", HTTP, "--threads", "4", gives_early=False),
    uwsgi("http", "--http", HTTP, "--http-websockets", "--enable-threads", gives_early=False),
]
UWSGI_PROTOCOL = uwsgi("socket", "--socket", HTTP, "--enable-threads")
REFUSES = [
    serve("waitress"),
    Server(
        "granian",
        (
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", "PORT", APP),
        ),
    ),
    uwsgi("without threads", "--http-socket", HTTP),
    uwsgi("http without websockets", "--http", HTTP, "--enable-threads"),
]


@dataclass(frozen=True, slots=True)
class Running:
    server: Server
    process: subprocess.Popen[bytes]
    address: tuple[str, int] | str
    log: Path

    def connect(self) -> socket.socket:
        unix = isinstance(self.address, str)
        sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        sock.settimeout(30)
        try:
            sock.connect(self.address)
        except OSError:
            sock.close()
            raise
        return sock

    def get(self, path: str) -> bytes:
        with self.connect() as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            reply = read_to_end(sock)
        head, _, body = reply.partition(b"\r\n\r\n")
        assert b" 200 " in head.partition(b"\r\n")[0], reply
        return body

    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/state")))

    def open(self, path: str = "/ws", early: bytes = b"") -> Session:
        return Session(self.connect(), path, early)


class Session:
    """A client of /ws: raw bytes after the head.

    Attributes:
        head: The reply's head.
        text: The reply's body where it is no 101.
    """

    text = ""

    def __init__(self, sock: socket.socket, path: str = "/ws", early: bytes = b"") -> None:
        self.sock = sock
        self.sock.sendall(handshake(path) + early)
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            byte = self.sock.recv(1)
            if not byte:
                break
            self.head += byte
        if not self.is_open:
            length = self.head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            self.text = self.read(int(length)).decode()
            self.sock.close()

    @property
    def is_open(self) -> bool:
        return self.head.startswith(b"HTTP/1.1 101 ")

    @property
    def facts(self) -> str:
        return self.head.partition(b"X-Facts: ")[2].partition(b"\r\n")[0].decode()

    def echo(self, data: bytes) -> bytes:
        """Send *data* and return as many bytes, or fewer if the stream ends."""
        self.sock.sendall(data)
        return self.read(len(data))

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size and (data := self.sock.recv(size - len(got))):
            got += data
        return got

    def end(self) -> bytes:
        """End our direction and return what else came until the other one ended."""
        if isinstance(self.sock, ssl.SSLSocket):
            # Returns when the other direction has ended as TLS wants it.
            self.sock = self.sock.unwrap()
        else:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
        rest = read_to_end(self.sock)
        self.sock.close()
        return rest


def handshake(path: str, version: str = "1.1", more: str = "") -> bytes:
    return (
        f"GET {path} HTTP/{version}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    ).encode()


def read_to_end(sock: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while data := sock.recv(65536):
            got += data
    return got


def uwsgi_packet(**variables: str) -> bytes:
    """Return a request in the uwsgi protocol, as nginx's uwsgi_pass sends it."""
    variables = {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", **variables}
    body = b"".join(
        struct.pack("<H", len(text)) + text.encode() for pair in variables.items() for text in pair
    )
    return struct.pack("<BHB", 0, len(body), 0) + body


@contextlib.contextmanager
def running(
    server: Server, folder: Path, site: str = "taking_app", more: Mapping[str, str] = {}
) -> Iterator[Running]:
    """Run *site* under the server until the block ends, with *more* in its environment."""
    folder.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    fd, port = listener.fileno(), listener.getsockname()[1]
    unix = str(folder / "s")
    # Clients can connect to a socket that it inherits before it runs.
    inherits = "FD" in " ".join(server.command)
    if not inherits:
        listener.close()
    words = [
        word.replace("fd://FD", f"fd://{fd}")
        .replace("PORT", str(port))
        .replace("UNIX", unix)
        .replace("SITE", site)
        for word in server.command
    ]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SITES), str(PRODUCT)]),
        "DJANGO_SETTINGS_MODULE": "django_settings",
        "DJANGO_SITE": site,
        "PYTHONUNBUFFERED": "1",
        **dict(server.environ),
        **more,
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(fd) if word == "FD" else word for word in words],
            pass_fds=[fd] if inherits else [],
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    listener.close()
    address = unix if "UNIX" in " ".join(server.command) else ("127.0.0.1", port)
    server_process = Running(server, process, address, log)
    try:
        if not inherits:
            _wait(server_process)
        yield server_process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait(site: Running) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            site.connect().close()
            return
        except OSError as error:
            if site.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"did not start:\n{site.log.read_text()}") from error
            time.sleep(0.02)


if __name__ == "__main__":
    from .table import main

    main()
