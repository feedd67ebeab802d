"""TLS sessions that pooled connections resume, and idle connections that the upstream ended."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
import trustme
from wire.kit_peer import Peer, Script

from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.transport import Request, SocketTransport, Timeouts, fetch
from assemblyai_mw.transport.tickets import MAX_AGE_S, Ticket

MakePeer = Callable[[Script, bool], Peer]
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TIMES = Timeouts(connect_s=5, read_s=5, total_s=10)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def asked(sock: socket.socket) -> bytes:
    """Read a request: its head ends it, or a body that ends with "!"."""
    data = b""
    while not data.endswith((b"\r\n\r\n", b"!")):
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    return data


def call(peer: Peer, method: str = "GET") -> int:
    body = b"pay!" if method == "POST" else None
    request = Request(method, "/x", [], body, None if body is None else len(body))
    return fetch(peer.transport, peer.origin, request, TIMES, max_bytes=100).status


def answer_once(seen: list[bool | None]) -> Script:
    def script(sock: socket.socket) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        seen.append(sock.session_reused)
        asked(sock)
        sock.sendall(REPLY)
        asked(sock)

    return script


def call_anew(peer: Peer) -> None:
    """Make a call on a connection of its own."""
    assert call(peer) == 200
    peer.transport.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_connections_resume_the_first_ones_session(
    make_peer: MakePeer, server_context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server_context.maximum_version = version
    seen: list[bool | None] = []
    peer = make_peer(answer_once(seen), True)
    for _ in range(4):
        call_anew(peer)
    assert seen == [False, True, True, True]


def test_no_session_crosses_to_another_origin_or_transport(
    make_peer: MakePeer, client_context: ssl.SSLContext
) -> None:
    seen: list[bool | None] = []
    one, other = make_peer(answer_once(seen), True), make_peer(answer_once(seen), True)
    other.transport = one.transport
    for peer in (one, other, one):
        call_anew(peer)
    one.transport = SocketTransport(ssl_context=client_context)
    call_anew(one)
    assert seen == [False, False, True, False]


def test_a_certificate_is_checked_again_after_an_hour_of_resuming(make_peer: MakePeer) -> None:
    seen: list[bool | None] = []
    peer = make_peer(answer_once(seen), True)
    call_anew(peer)
    kept = peer.transport._tickets.find(peer.origin)
    assert kept is not None
    call_anew(peer)
    later = peer.transport._tickets.find(peer.origin)
    assert later is not None
    assert later.checked_at == kept.checked_at
    old = Ticket(kept.session, time.monotonic() - MAX_AGE_S - 1)
    peer.transport._tickets.keep(peer.origin, old)
    for _ in range(2):
        call_anew(peer)
    assert seen == [False, True, False, True]


def test_a_server_that_forgot_the_session_gets_a_whole_handshake(
    make_peer: MakePeer, authority: trustme.CA
) -> None:
    seen: list[bool | None] = []
    peer = make_peer(answer_once(seen), True)
    call_anew(peer)
    peer._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(peer._server)
    for _ in range(2):
        call_anew(peer)
    assert seen == [False, False, True]


def test_a_server_without_a_trusted_certificate_is_refused_despite_a_kept_session(
    make_peer: MakePeer,
) -> None:
    seen: list[bool | None] = []
    peer = make_peer(answer_once(seen), True)
    call_anew(peer)
    peer._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(peer._server)
    with pytest.raises(UpstreamError, match="certificate verify failed"):
        call(peer)
    assert seen == [False]


def test_a_context_that_checks_certificates_by_itself_resumes_nothing(
    make_peer: MakePeer, authority: trustme.CA
) -> None:
    class Own(ssl.SSLContext):
        pass

    context = Own(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    seen: list[bool | None] = []
    peer = make_peer(answer_once(seen), True)
    peer.transport = SocketTransport(ssl_context=context)
    for _ in range(2):
        call_anew(peer)
    assert seen == [False, False]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_after_the_upstream_ended_an_idle_tls_connection_succeeds(
    make_peer: MakePeer, method: str
) -> None:
    got: list[bytes] = []
    gone = threading.Semaphore(0)

    def script(sock: socket.socket) -> None:
        got.append(asked(sock))
        sock.sendall(REPLY)
        sock.shutdown(socket.SHUT_RDWR)
        gone.release()

    peer = make_peer(script, True)
    for _ in range(3):
        assert call(peer, method) == 200
        assert gone.acquire(timeout=10)
    assert len(got) == 3


@pytest.mark.parametrize(("method", "times"), [("GET", 3), ("POST", 2)])
def test_a_request_lost_on_an_idle_tls_connection_is_sent_again_only_if_it_is_a_get(
    make_peer: MakePeer, method: str, times: int
) -> None:
    got: list[bytes] = []

    def script(sock: socket.socket) -> None:
        got.append(asked(sock))
        sock.sendall(REPLY)
        got.append(asked(sock))
        sock.shutdown(socket.SHUT_RDWR)

    peer = make_peer(script, True)
    assert call(peer, method) == 200
    if method == "POST":
        with pytest.raises(UpstreamError, match="without a reply"):
            call(peer, method)
    else:
        assert call(peer, method) == 200
    assert [each.split()[0] for each in got[:times]] == [method.encode()] * times
    assert len(got) == times
