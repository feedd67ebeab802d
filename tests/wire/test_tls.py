"""An upstream behind TLS: who cannot prove its name gets no byte of a request. Row 81."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assemblyai_mw.middleware.forward import UpstreamForwarder
from assemblyai_mw.transport import SocketTransport, Timeouts
from assemblyai_mw.transport.tls import client_context

from .kit_client import ACCOUNT_KEY
from .kit_direct import Answer, environ, run
from .kit_servers import secrets_in
from .kit_upstream import reply


class TLSUpstream:
    """Serves one certificate; keeps what it could read after a handshake."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.received = b""
        self.names: list[str | None] = []
        self.resumed: list[bool] = []
        if context is not None:
            context.sni_callback = lambda sock, name, ctx: self.names.append(name)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            raw.settimeout(5)
            with raw:
                try:
                    sock = self.context.wrap_socket(raw, server_side=True) if self.context else raw
                except OSError:
                    continue
                with sock:
                    self._answer(sock)

    def _answer(self, sock: socket.socket) -> None:
        try:
            while block := sock.recv(65536):
                if self.context is None:
                    self.received += block
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    return
                self.received += block
                sock.sendall(reply())
        except OSError:
            pass

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def serve(certificates: Path) -> Iterator[Callable[..., TLSUpstream]]:
    made = []

    def make(name: str | None) -> TLSUpstream:
        context = None
        if name is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        made.append(TLSUpstream(context))
        return made[-1]

    yield make
    for one in made:
        one.close()


def call(port: int, context: ssl.SSLContext | None, host: str = "localhost"):
    transport = SocketTransport(ssl_context=context)
    app = UpstreamForwarder(
        f"https://{host}:{port}",
        api_key=ACCOUNT_KEY,
        transport=transport,
        timeout=Timeouts(connect_s=5, read_s=5),
    )
    try:
        return run(app, environ())
    finally:
        transport.close()


def trusting(certificates: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates / "ca.pem")


def test_c81_upstream_that_proves_its_name_is_asked(serve, certificates: Path) -> None:
    upstream = serve("good")
    assert call(upstream.port, trusting(certificates)).code == 200
    assert ACCOUNT_KEY.encode() in upstream.received
    assert upstream.names == ["localhost"]


@pytest.mark.parametrize(
    "name, trusted",
    [
        pytest.param("self-signed", True, id="c81-self-signed"),
        pytest.param("expired", True, id="c81-expired"),
        pytest.param("other-name", True, id="c81-wrong-name"),
        pytest.param("wildcard", True, id="c81-wildcard-below"),
        pytest.param("good", False, id="c81-unknown-ca"),
        pytest.param(None, True, id="c81-plain-http-on-a-tls-port"),
    ],
)
def test_upstream_that_cannot_prove_its_name_gets_nothing(
    serve, certificates: Path, caplog: pytest.LogCaptureFixture, name: str | None, trusted: bool
) -> None:
    upstream = serve(name)
    answer = call(upstream.port, trusting(certificates) if trusted else None)
    assert answer.code == 502
    assert ACCOUNT_KEY.encode() not in upstream.received
    assert b"/v2/x" not in upstream.received
    assert secrets_in(answer.body + caplog.text.encode()) == []
    assert "certificate" in caplog.text or "TLS" in caplog.text or "SSL" in caplog.text


def test_c81_an_address_is_not_taken_for_a_name(serve, certificates: Path) -> None:
    upstream = serve("good")
    assert call(upstream.port, trusting(certificates), host="127.0.0.1").code == 502
    assert upstream.received == b""


def test_c81_old_tls_is_not_spoken() -> None:
    transport = SocketTransport()
    context = transport._context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_c81_secrets_of_a_connection_are_written_nowhere(
    serve, certificates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SSLKEYLOGFILE would open the recorded traffic, with the account's key in it."""
    log = tmp_path / "secrets.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    context = client_context()
    context.load_verify_locations(certificates / "ca.pem")
    assert call(serve("good").port, context).code == 200
    assert not log.exists()


class Talkative(TLSUpstream):
    """Sends a second reply that nobody asked for, in the same breath as the first one's end."""

    body = b"a" * 40_000

    def _answer(self, sock: socket.socket) -> None:
        try:
            while sock.recv(65536):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.body))
                sock.sendall(self.body + reply(body=b"somebody else's"))
        except OSError:
            pass


def test_surplus_that_tls_holds_back_reaches_nobody(certificates: Path) -> None:
    """The system shows a quiet socket: what is too much was decrypted with the rest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    upstream = Talkative(context)
    transport = SocketTransport(ssl_context=trusting(certificates))
    app = UpstreamForwarder(
        f"https://localhost:{upstream.port}", api_key=ACCOUNT_KEY, transport=transport, timeout=5.0
    )
    try:
        assert [run(app, environ()).body for _ in range(3)] == [upstream.body] * 3
    finally:
        transport.close()
        upstream.close()


class Deaf(TLSUpstream):
    """Reads no request."""

    def _answer(self, sock: socket.socket) -> None:
        self.asked.wait(10)

    asked = threading.Event()


def test_an_upload_that_breaks_off_never_goes_on_in_clear_text(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS's own shutdown takes the encryption off a socket that another thread writes to."""
    bared: list[object] = []
    monkeypatch.setattr(ssl.SSLSocket, "shutdown", lambda sock, how: bared.append(sock))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    upstream = Deaf(context)
    transport = SocketTransport(ssl_context=trusting(certificates))

    class Broken(io.BytesIO):
        blocks = 20

        def read(self, size: int | None = -1) -> bytes:
            self.blocks -= 1
            if not self.blocks:
                raise OSError("the client is gone")
            return b"a" * 65536

    app = UpstreamForwarder(
        f"https://localhost:{upstream.port}", api_key=ACCOUNT_KEY, transport=transport, timeout=5.0
    )
    env = environ(method="POST", CONTENT_LENGTH=str(1 << 30), **{"wsgi.input": Broken()})
    try:
        assert run(app, env).code == 400
    finally:
        upstream.asked.set()
        transport.close()
        upstream.close()
    assert bared == []


class Handshakes(TLSUpstream):
    """Answers `answers` requests on a connection, then ends it as TLS does."""

    answers = 5

    def __init__(self, context: ssl.SSLContext) -> None:
        self.said = threading.Semaphore(0)
        super().__init__(context)

    def _answer(self, sock: socket.socket) -> None:
        for _ in range(self.answers):
            asked = b""
            while not asked.endswith(b"!"):
                asked += sock.recv(65536)
            sock.sendall(reply())
        assert isinstance(sock, ssl.SSLSocket)
        sock.settimeout(0.05)
        with suppress(OSError):
            sock.unwrap()  # says it, and waits for the peer's
        self.said.release()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_c88_a_tls_connection_serves_until_its_end_is_said(
    certificates: Path, version: ssl.TLSVersion
) -> None:
    """TLS 1.3 sends tickets nobody asked for; the kernel shows those like any other word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    context.maximum_version = version
    upstream = Handshakes(context)
    transport = SocketTransport(ssl_context=trusting(certificates))
    app = UpstreamForwarder(
        f"https://localhost:{upstream.port}", api_key=ACCOUNT_KEY, transport=transport, timeout=5.0
    )
    try:
        for _ in range(3):
            for _ in range(Handshakes.answers):
                assert run(app, environ(method="POST", body=b"!")).code == 200
            assert upstream.said.acquire(timeout=10)
        assert len(upstream.names) == 3
    finally:
        transport.close()
        upstream.close()


def test_silence_behind_tls_ends(certificates: Path) -> None:
    """A socket whose time the kernel keeps would wait for ever: `ssl` tries again by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    upstream = Deaf(context)
    upstream.asked = threading.Event()
    transport = SocketTransport(ssl_context=trusting(certificates))
    app = UpstreamForwarder(
        f"https://localhost:{upstream.port}", api_key=ACCOUNT_KEY, transport=transport, timeout=0.3
    )
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(run(app, environ())), daemon=True)
    try:
        waiting.start()
        waiting.join(10)
        assert [answer.code for answer in answers] == [504]
    finally:
        upstream.asked.set()
        transport.close()
        upstream.close()
