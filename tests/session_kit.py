"""A whole stack behind a real server, stand-ins on sockets, and clients of streaming sessions.

    with live(sqlite_url) as site:
        key = site.key("alice", budget_usd="1")
        with site.open(key) as session:          # a raw client, after its 101
            assert session.message()["type"] == "Begin"
        record = site.ended()                    # what CallLog told of it

Werkzeug's server runs in a thread of the test's process, so that its stages can be reached.
`served_by_gunicorn` starts workers of their own, for claims about several processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from sqlalchemy import func, select
from stack_kit import MASTER_KEY, config_of, host_app
from stand_in.streaming_kit import Raw, handshake
from werkzeug.serving import WSGIRequestHandler, make_server

import assemblyai_mw
from assemblyai_mw import AssemblyAIMiddleware, Holds, Keys, Ledger
from assemblyai_mw.store.database import _databases
from assemblyai_mw.store.schema import calls, holds, open_sessions
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

STREAMING = "/streaming.assemblyai"
WS = f"{STREAMING}/v3/ws"
MODEL = "speech_model=universal-streaming-english"
PRODUCT = Path(assemblyai_mw.__file__).parent.parent
# Long enough for a busy machine; what is waited for comes at once.
WAIT_S = 20.0

__all__ = [
    "MASTER_KEY",
    "MODEL",
    "STREAMING",
    "WS",
    "Answer",
    "Site",
    "farewell",
    "live",
    "served",
    "served_by_gunicorn",
    "until",
]


class Answer:
    """A reply that is not a session."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.body!r}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


class Site:
    """A running stack.

    Attributes:
        url: Of its server.
        us, eu: The stand-ins.
        routes: Where they are, by prefix.
        database_url: The ledger.
        records: What `on_call` was told, in Werkzeug's process only.
        middleware: The stack itself; None where it runs in other processes.
    """

    def __init__(self, url: str, database_url: str, hosts: Hosts) -> None:
        self.url = url
        self.us: FakeAssemblyAI = hosts.us
        self.eu: FakeAssemblyAI = hosts.eu
        self.routes = hosts.routes
        self.database_url = database_url
        self.records: list[Any] = []
        self.middleware: AssemblyAIMiddleware | None = None
        self.keys = Keys(database_url)
        self.ledger = Ledger(self.keys.database)
        self.holds = Holds(self.keys.database)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def key(self, name: str, **limits: Any) -> str:
        """Make a key and return its secret."""
        return self.keys.create(name, **limits).key

    def send(self, request: bytes) -> Raw | Answer:
        """Send raw bytes; return the session after a 101, else the whole reply."""
        client = Raw(socket.create_connection(self.address))
        client.connection.settimeout(WAIT_S)
        client.connection.sendall(request)
        return self.answer(client)

    def answer(self, client: Raw) -> Raw | Answer:
        reader = client._reader
        status = int(reader.readline().split()[1])
        headers = []
        while line := reader.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        if status == 101:
            client.fields = headers
            return client
        size = next((int(v) for k, v in headers if k.lower() == "content-length"), None)
        body = b"" if size == 0 else reader.read(size)
        client.close()
        return Answer(status, headers, body)

    @contextlib.contextmanager
    def open(
        self, key: str | None, query: str = MODEL, *, target: str = WS, **fields: str
    ) -> Iterator[Raw]:
        """A session that was answered with 101: one that is open, or is refused in frames."""
        target = f"{target}?{query}" if query else target
        found = self.send(handshake(target, key=key, **fields))
        assert isinstance(found, Raw), found
        try:
            yield found
        finally:
            found.close()

    def refused(
        self, key: str | None, query: str = MODEL, *, target: str = WS, **fields: str
    ) -> Answer:
        """The HTTP reply to a handshake that opens nothing."""
        target = f"{target}?{query}" if query else target
        found = self.send(handshake(target, key=key, **fields))
        assert isinstance(found, Answer), found.message()
        return found

    def goodbye(
        self, key: str | None, query: str = MODEL, *, target: str = WS, **fields: str
    ) -> tuple[int, str]:
        """Code and text of the Error before the close, which has the same code."""
        with self.open(key, query, target=target, **fields) as session:
            return farewell(session)

    def get(self, path: str, key: str | None = None, **headers: str) -> Answer:
        """A GET, or with `method=` another request, without a body."""
        method = headers.pop("method", "GET")
        lines = [f"{method} {path} HTTP/1.1", "Host: h", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Authorization: {key}"] if key is not None else []
        found = self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert isinstance(found, Answer)
        return found

    def mint(self, key: str, query: str = "expires_in_seconds=60", prefix: str = STREAMING) -> str:
        """A token of our own."""
        found = self.get(f"{prefix}/v3/token?{query}", key)
        assert found.status == 200, found
        return str(found.json["token"])

    def ended(self, count: int = 1) -> Any:
        """The record of the last call, once *count* have been logged since the last look."""
        until(lambda: len(self.records) >= count)
        assert len(self.records) == count, self.records
        last = self.records[-1]
        self.records.clear()
        return last

    def rows(self) -> list[Any]:
        """The ledger's calls, oldest first."""
        with self.keys.database.read() as connection:
            return list(connection.execute(select(calls).order_by(calls.c.id)))

    def nothing_open(self) -> bool:
        """Whether no hold and no open session is left."""
        with self.keys.database.read() as connection:
            tables = holds, open_sessions
            left = [connection.scalar(select(func.count()).select_from(each)) for each in tables]
        return left == [0, 0]

    def unseen(self) -> bool:
        """Whether no stand-in was asked anything."""
        return not (self.us.requests or self.us.sessions or self.eu.requests or self.eu.sessions)


def farewell(session: Raw) -> tuple[int, str]:
    """Read up to the close; code and text of the Error before it."""
    message = session.message()
    while message["type"] != "Error":
        message = session.message()
    assert session.close_code() == message["error_code"]
    return message["error_code"], message["error"]


def until(true: Callable[[], Any]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, "it never was so"
        time.sleep(0.005)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(app: Any, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve a WSGI app with Werkzeug's server; gives its URL, with http where it speaks TLS too."""
    server = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=_Quiet, ssl_context=tls
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def live(
    database_url: str,
    *,
    us: FakeAssemblyAI | None = None,
    eu: FakeAssemblyAI | None = None,
    options: Any = None,
    wrap: Callable[[Any], Any] = lambda app: app,
    **config: Any,
) -> Iterator[Site]:
    """Serve a stack with Werkzeug's server, in threads of this process.

    Args:
        database_url: The ledger.
        us, eu: The stand-ins.
        options: Arguments of `AssemblyAIMiddleware` beside the configuration.
        wrap: Wraps the stack in another WSGI app.
        config: Sections of the configuration, over those of `config_of`.
    """
    with serve_all(us, eu) as hosts:
        settings = config_of(database_url, **{"routes": hosts.routes, **config})
        site = Site("", database_url, hosts)
        middleware = AssemblyAIMiddleware(
            host_app, settings, on_call=site.records.append, **options or {}
        )
        site.middleware = middleware
        try:
            with served(wrap(middleware)) as site.url:
                yield site
        finally:
            middleware.close()
            for database in list(_databases):
                database.close()


@contextlib.contextmanager
def served_by_gunicorn(
    database_url: str, folder: Path, *arguments: str, workers: int = 1, **config: Any
) -> Iterator[Site]:
    """Serve a stack with Gunicorn; its log is `gunicorn.log` in *folder*."""
    with serve_all() as hosts:
        settings = config_of(database_url, **{"routes": hosts.routes, **config})
        path = folder / "config.json"
        # JSON is YAML.
        path.touch(0o600)
        path.write_text(json.dumps(settings))
        Keys(database_url).create("first")
        listener = socket.create_server(("127.0.0.1", 0))
        listener.set_inheritable(True)
        command = [
            *(sys.executable, "-m", "gunicorn", "--no-control-socket"),
            *("--bind", f"fd://{listener.fileno()}", "--workers", str(workers)),
            *("--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "10"),
            *("--access-logfile", "-", *arguments, "multi.multi_app:app"),
        ]
        environ = {
            **os.environ,
            "ASSEMBLYAI_MW_CONFIG": str(path),
            "PYTHONPATH": os.pathsep.join((str(PRODUCT), str(Path(__file__).parent))),
        }
        with (folder / "gunicorn.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=environ, pass_fds=[listener.fileno()], stdout=log, stderr=log
            )
        site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}", database_url, hosts)
        try:
            with contextlib.suppress(OSError):
                urlopen(Request(site.url), timeout=WAIT_S)
            yield site
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)
            listener.close()
            for database in list(_databases):
                database.close()
