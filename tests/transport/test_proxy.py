"""Through an HTTP proxy: CONNECT, its refusals and its faults."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from network_kit import ConnectProxy, head_of, listening, pump
from tunnel_kit import PATIENT, SWITCHED, answers, echo, handshake
from wire.kit_peer import Peer
from wire.kit_upstream import reply

from assemblyai_mw.errors import ConfigError, UpstreamError, UpstreamTimeout
from assemblyai_mw.transport import (
    Origin,
    Proxy,
    Request,
    SocketTransport,
    Timeouts,
    Tunnel,
    fetch,
)

# In Base64: dXNlcjpwYTpzcw==
CREDENTIALS = "user:pa:ss"


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate, as an operator has it in a file."""
    path = tmp_path / "private-ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def upstream(server_context: ssl.SSLContext) -> Iterator[Peer]:
    peer = Peer(answers(reply(b"hello")), server_context)
    yield peer
    peer.close()


def get() -> Request:
    return Request("GET", "/v2/transcript", [("Authorization", "an-account-key")])


def ask(transport: SocketTransport, origin: Origin, request: Request | None = None) -> bytes | None:
    return fetch(transport, origin, request or get(), PATIENT, max_bytes=1000).body


def through(proxy: str, bundle: str) -> SocketTransport:
    return SocketTransport(ca_file=bundle, proxy=Proxy.parse(proxy))


def test_https_goes_through_the_proxy_which_sees_the_host_alone(
    upstream: Peer, bundle: str
) -> None:
    with ConnectProxy() as proxy:
        transport = through(proxy.url, bundle)
        assert ask(transport, upstream.origin) == b"hello"
        transport.close()
    at = f"localhost:{upstream.origin.port}".encode()
    assert proxy.heads == [b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (at, at)]


def test_a_connection_through_the_proxy_is_used_again(
    server_context: ssl.SSLContext, bundle: str
) -> None:
    def script(sock: socket.socket) -> None:
        while sock.recv(65536):
            sock.sendall(reply(b"hello"))

    peer = Peer(script, server_context)
    with ConnectProxy() as proxy:
        transport = through(proxy.url, bundle)
        assert [ask(transport, peer.origin) for _ in range(3)] == [b"hello"] * 3
        assert len(proxy.heads) == 1
        transport.close()
    peer.close()


def test_plain_http_to_this_machine_goes_direct(bundle: str) -> None:
    peer = Peer(answers(reply(b"hello")))
    with ConnectProxy() as proxy:
        transport = through(proxy.url, bundle)
        assert ask(transport, peer.origin) == b"hello"
        assert proxy.heads == []
        transport.close()
    peer.close()


def test_credentials_are_basic_and_percent_decoded(upstream: Peer, bundle: str) -> None:
    with ConnectProxy(user=CREDENTIALS) as proxy:
        url = proxy.url.replace("//", "//user:pa%3Ass@")
        transport = through(url, bundle)
        assert ask(transport, upstream.origin) == b"hello"
        transport.close()
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwYTpzcw==\r\n" in proxy.heads[0]


def test_the_proxys_credentials_reach_no_upstream(
    server_context: ssl.SSLContext, bundle: str
) -> None:
    seen = []

    def script(sock: socket.socket) -> None:
        seen.append(sock.recv(65536))
        sock.sendall(reply(b"hello"))

    peer = Peer(script, server_context)
    with ConnectProxy(user=CREDENTIALS) as proxy:
        transport = through(proxy.url.replace("//", "//user:pa%3Ass@"), bundle)
        ask(transport, peer.origin)
        transport.close()
    peer.close()
    (head,) = seen
    assert head.startswith(b"GET /v2/transcript HTTP/1.1\r\n")
    assert b"roxy" not in head


@pytest.mark.parametrize(
    "answer, words",
    [
        (b"HTTP/1.1 407 Hello\r\nContent-Length: 3\r\n\r\nno!", r"other credentials \(status 407"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", r"refuses the connection \(status 403\)"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", r"refuses the connection \(status 502\)"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", r"\(status 302\)"),
        (b"", "the proxy ended the connection"),
        (b"HTTP/1.1 200 O", "the proxy ended the connection"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "no tunnel through the proxy: the reply is malformed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "head is too large"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "a body with its consent"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "no tunnel through the proxy"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_one_line_and_nothing_was_sent(
    upstream: Peer, bundle: str, answer: bytes, words: str
) -> None:
    with ConnectProxy(answer=answer) as proxy:
        transport = through(proxy.url.replace("//", "//user:secret-of-mine@"), bundle)
        request = get()
        with pytest.raises(UpstreamError, match=words) as caught:
            ask(transport, upstream.origin, request)
    assert caught.value.status == 502
    assert not request.sent
    assert upstream.accepted == 0
    text = f"{caught.value} {caught.value.__cause__!r} {transport._proxy!r} {transport._proxy}"
    assert "secret" not in text
    assert "c2VjcmV0" not in text
    assert "\n" not in str(caught.value)


def test_a_proxys_interim_reply_and_announced_body_do_not_matter(
    upstream: Peer, bundle: str
) -> None:
    """RFC 9110 9.3.6: a 2xx to CONNECT has no body, whatever its fields say."""
    consent = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

    def handle(sock: socket.socket) -> None:
        head_of(sock)
        sock.sendall(consent)
        with socket.create_connection(("127.0.0.1", upstream.origin.port)) as to:
            pump(sock, to)

    with listening(handle) as port:
        transport = through(f"http://127.0.0.1:{port}", bundle)
        assert ask(transport, upstream.origin) == b"hello"
        transport.close()


def test_a_silent_proxy_is_too_slow(upstream: Peer, bundle: str) -> None:
    with listening(lambda sock: sock.recv(65536) and sock.recv(1)) as port:
        transport = through(f"http://127.0.0.1:{port}", bundle)
        with pytest.raises(UpstreamTimeout, match="the proxy took over") as caught:
            transport.send(upstream.origin, get(), Timeouts(connect_s=0.2, read_s=20, total_s=20))
    assert caught.value.status == 504


def test_a_proxy_that_is_not_there_is_named_as_the_proxy(upstream: Peer, bundle: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UpstreamError, match="cannot connect to the proxy: Connection refused"):
        ask(through(f"http://127.0.0.1:{port}", bundle), upstream.origin)


def test_a_proxy_that_dies_within_the_reply_leaves_no_whole_reply(
    server_context: ssl.SSLContext, bundle: str
) -> None:
    partial = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello"
    peer = Peer(answers(partial, wait=True), server_context)
    with ConnectProxy() as proxy:
        blocks = through(proxy.url, bundle).send(peer.origin, get(), PATIENT)
        assert next(blocks) == b"hello"
        proxy.cut()
        with pytest.raises(UpstreamError):
            next(blocks)
    peer.close()


def test_a_websocket_tunnel_goes_through_the_proxy(
    server_context: ssl.SSLContext, bundle: str
) -> None:
    peer = Peer(echo, server_context)
    with ConnectProxy() as proxy:
        transport = through(proxy.url, bundle)
        tunnel = transport.upgrade(peer.origin, handshake(), PATIENT)
        assert isinstance(tunnel, Tunnel)
        assert tunnel.tls is not None
        with socket.socket(fileno=tunnel.fd) as sock:
            sock.settimeout(20)
            sock.sendall(tunnel.tls.encrypt(b"words"))
            back = tunnel.early
            while back != b"words":
                data = sock.recv(65536)
                assert data
                back += tunnel.tls.decrypt(data)
        tunnel.fd = -1
        assert proxy.targets == [f"localhost:{peer.origin.port}"]
    peer.close()


def test_a_proxy_that_answers_with_an_upgrade_of_its_own_opens_no_tunnel(
    upstream: Peer, bundle: str
) -> None:
    with ConnectProxy(answer=SWITCHED) as proxy:
        with pytest.raises(UpstreamError, match="no tunnel"):
            through(proxy.url, bundle).upgrade(upstream.origin, handshake(), PATIENT)


def test_a_private_authority_is_trusted_instead_of_certifis(upstream: Peer, bundle: str) -> None:
    transport = SocketTransport(ca_file=bundle)
    assert ask(transport, upstream.origin) == b"hello"
    transport.close()
    assert [each["subject"] for each in transport._context().get_ca_certs()] != []
    assert len(transport._context().get_ca_certs()) == 1
    with pytest.raises(UpstreamError, match="TLS failed"):
        ask(SocketTransport(), upstream.origin)


@pytest.mark.parametrize("later", [None, "", "junk"])
def test_a_file_of_authorities_that_was_swapped_since_the_start_is_named(
    upstream: Peer, bundle: str, later: str | None
) -> None:
    transport = SocketTransport(ca_file=bundle)
    good = Path(bundle).read_text()
    Path(bundle).unlink() if later is None else Path(bundle).write_text(later)
    request = get()
    with pytest.raises(UpstreamError, match=f"^ca_file: no certificates in {bundle}: "):
        ask(transport, upstream.origin, request)
    assert not request.sent
    Path(bundle).write_text(good)
    assert ask(transport, upstream.origin) == b"hello"
    # Read once.
    Path(bundle).write_text("junk")
    transport.close()
    assert ask(transport, upstream.origin) == b"hello"
    transport.close()


def test_the_systems_authorities_are_truststores(
    upstream: Peer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL's own variable puts the private authority into the system's store."""
    transport = SocketTransport(ca_file="system")
    with pytest.raises(UpstreamError, match="TLS failed"):
        ask(transport, upstream.origin)
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    transport = SocketTransport(ca_file="system")
    assert ask(transport, upstream.origin) == b"hello"
    transport.close()


@pytest.mark.parametrize(
    "url, got",
    [
        ("https://proxy.example:3128", "https://"),
        ("socks5://proxy.example:1080", "another scheme"),
        ("proxy.example:3128", "another scheme"),
        ("http://proxy.example", "without a host or a port"),
        ("http://:3128", "without a host or a port"),
        ("http://proxy.example:0", "without a host or a port"),
        ("http://proxy.example:99999", "the port from 1 to 65535"),
        ("http://proxy.example:3128/x", "a path"),
        ("http://proxy.example:3128?x", "a path"),
        ("http://user:p#w@proxy.example:3128", "before the @"),
        ("http://user:1#w@proxy.example:3128", "before the @"),
        ("http://user:p/w@proxy.example:3128", "before the @"),
        ("", "an empty one"),
        ("http://a b:3128", "blanks"),
        ("http://us%3Aer:pw@proxy.example:3128", "a user that"),
        ("http://user:p%0Aw@proxy.example:3128", "a user that"),
        ("http://:pw@proxy.example:3128", "a user that"),
    ],
)
def test_another_url_is_no_proxy(url: str, got: str) -> None:
    with pytest.raises(ConfigError, match=r"proxy: expected http://.*host:port") as caught:
        Proxy.parse(url)
    assert got in str(caught.value)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://proxy.example:3128", "http://proxy.example:3128/"])
def test_a_proxy_is_shown_by_host_and_port(url: str) -> None:
    assert str(Proxy.parse(url)) == "proxy.example:3128"
    assert str(Proxy.parse(url.replace("proxy.example", "u:p@[::1]"))) == "[::1]:3128"
