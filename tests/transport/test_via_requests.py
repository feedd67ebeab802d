"""RequestsTransport over real sockets: what of a failed request may have left."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
import trustme
from requests.adapters import HTTPAdapter
from stack_kit import CHAT, chat, config_of, host_app
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, Keys, Ledger
from assemblyai_mw.errors import UpstreamError, UpstreamTimeout
from assemblyai_mw.transport import Origin, Request, RequestsTransport, Timeouts

TIMES = Timeouts(connect_s=0.3, read_s=0.3, total_s=10)
Script = Callable[[socket.socket], object]


class Listener:
    """Accepts on a port of its own and runs *script* on each connection."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            sock.settimeout(5)
            with sock, contextlib.suppress(OSError):
                self._script(sock)

    def close(self) -> None:
        self.over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listen() -> Iterator[Callable[[Script], Listener]]:
    made: list[Listener] = []

    def make(script: Script) -> Listener:
        made.append(Listener(script))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS, and where the certificate lies that it is trusted by."""
    made, folder = trustme.CA(), tmp_path_factory.mktemp("tls")
    made.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("localhost").configure_cert(server)
    return server, folder / "ca.pem"


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def fails(session: requests.Session, port: int, *, scheme: str = "http") -> tuple[bool, type]:
    """Send a POST; return whether it may have been sent, and as what it failed."""
    request = Request("POST", "/v1/x", [("Authorization", "account-key")], b"{}", 2)
    origin = Origin.parse(f"{scheme}://localhost:{port}")
    with pytest.raises(UpstreamError) as caught:
        RequestsTransport(session).send(origin, request, TIMES)
    assert "account-key" not in str(caught.value)
    return request.sent, caught.type


def take(sock: socket.socket) -> bytes:
    """Read a request of the kind that `fails` sends."""
    data = b""
    while not data.endswith(b"{}"):
        data += sock.recv(4096)
    return data


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# Nothing left


def test_a_refused_connection_sent_nothing(session) -> None:
    assert fails(session, unused_port()) == (False, UpstreamError)
    assert fails(session, unused_port(), scheme="https") == (False, UpstreamError)


def test_a_name_that_nobody_knows_was_sent_nothing(session, monkeypatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert fails(session, 80) == (False, UpstreamError)


def test_a_connection_that_takes_too_long_sent_nothing(session) -> None:
    with contextlib.ExitStack() as stack:
        # Whoever knocks at a full queue gets no answer.
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        assert fails(session, full.getsockname()[1]) == (False, UpstreamTimeout)


def test_a_certificate_that_proves_nothing_is_sent_nothing(session, listen, authority) -> None:
    server, _ = authority
    made = listen(lambda sock: server.wrap_socket(sock, server_side=True).close())
    assert fails(session, made.port, scheme="https") == (False, UpstreamError)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(lambda sock: sock.sendall(b"HTTP/1.1 400\r\n\r\n"), UpstreamError, id="plain"),
        pytest.param(lambda sock: None, UpstreamError, id="closed"),
        pytest.param(lambda sock: sock.recv(9999) and reset(sock), UpstreamError, id="reset"),
        pytest.param(lambda sock: sock.recv(9999) and sock.recv(9999), UpstreamTimeout, id="slow"),
    ],
)
def test_a_handshake_that_fails_sent_nothing(session, listen, script: Script, kind: type) -> None:
    assert fails(session, listen(script).port, scheme="https") == (False, kind)


@pytest.mark.parametrize("there", [False, True], ids=["refused", "407"])
def test_a_proxy_that_lets_nobody_through_was_sent_nothing(session, listen, there: bool) -> None:
    seen: list[bytes] = []

    def refuse(sock: socket.socket) -> None:
        seen.append(sock.recv(4096))
        sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    port = listen(refuse).port if there else unused_port()
    session.proxies = {"https": f"http://127.0.0.1:{port}"}
    assert fails(session, unused_port(), scheme="https") == (False, UpstreamError)
    assert [line.startswith(b"CONNECT ") for line in seen] == [True] * there
    assert b"account-key" not in b"".join(seen)


def test_a_proxy_that_cannot_be_spoken_to_was_sent_nothing(session) -> None:
    session.proxies = {"https": "gopher://127.0.0.1:1"}
    assert fails(session, unused_port(), scheme="https") == (False, UpstreamError)


def test_chats_that_never_left_cost_nothing(session, sqlite_url: str) -> None:
    """Each holds more than half of the budget: two that counted as sent would use it up."""
    gateway = f"http://127.0.0.1:{unused_port()}"
    config = config_of(sqlite_url, routes={"/llm-gateway.assemblyai": gateway})
    transport = RequestsTransport(session)
    with closing(AssemblyAIMiddleware(host_app, config, transport=transport)) as stack:
        keys = Keys(sqlite_url)
        headers = {"Authorization": keys.create("a", budget_usd="0.003").key}
        app = TestApp(stack)
        for _ in range(3):
            assert app.post_json(CHAT, chat(max_tokens=1000), headers=headers, status=502)
            total, *_ = app.get("/assemblyai-mw/key/me", headers=headers).json["budgets"]
            assert (total["spent_usd"], total["held_usd"]) == ("0", "0")
        assert [row["state"] for row in Ledger(keys.database).calls()] == ["failed"] * 3
        keys.database.close()


# It may have left


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(lambda sock: None, UpstreamError, id="closed-at-once"),
        pytest.param(take, UpstreamError, id="closed"),
        pytest.param(lambda sock: take(sock) and reset(sock), UpstreamError, id="reset"),
        pytest.param(lambda sock: take(sock) and sock.recv(9), UpstreamTimeout, id="silent"),
        pytest.param(
            lambda sock: take(sock) and sock.sendall(b"nonsense\r\n\r\n"),
            UpstreamError,
            id="nonsense",
        ),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_once_connected_a_request_counts_as_sent(
    session, listen, authority, script: Script, kind: type, scheme: str
) -> None:
    server, session.verify = authority[0], str(authority[1])

    def over_tls(sock: socket.socket) -> None:
        with server.wrap_socket(sock, server_side=True) as tls:
            script(tls)

    made = listen(over_tls if scheme == "https" else script)
    assert fails(session, made.port, scheme=scheme) == (True, kind)


def test_an_adapter_that_tries_again_may_have_sent_it_before(session) -> None:
    session.mount("http://", HTTPAdapter(max_retries=1))
    assert fails(session, unused_port())[0]


def test_what_failed_before_tells_nothing_of_this_request(session, listen) -> None:
    """A caller that recovers from a refused connection: Python chains its error to ours."""
    made = listen(take)
    try:
        requests.get(f"http://127.0.0.1:{unused_port()}")
    except requests.ConnectionError:
        assert fails(session, made.port)[0]
