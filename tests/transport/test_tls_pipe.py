"""TLS over bytes says the same as TLS over a socket, however its bytes are cut."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
import trustme
from tunnel_kit import SWITCHED, answers, becomes, echo, opened, read, refused, write
from wire.kit_peer import Peer, Script
from wire.kit_upstream import reply

from assemblyai_mw.transport import SocketTransport, TLSPipe, tickets
from assemblyai_mw.transport.piped import piped
from assemblyai_mw.transport.tickets import Ticket

MakePeer = Callable[[Script, bool], Peer]


class Server:
    """The other side, over bytes too."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.done = False

    def shake_hands(self, data: bytes) -> bytes:
        self.incoming.write(data)
        try:
            self.tls.do_handshake()
            self.done = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self.outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        self.incoming.write(data)
        got = b""
        while self.incoming.pending or self.tls.pending():
            try:
                piece = self.tls.read(65536)
            except ssl.SSLWantReadError:
                break
            if not piece:
                break
            got += piece
        return got


def connect(pipe: TLSPipe, server: Server, step: int = 1 << 20) -> bytes:
    """Shake hands, *step* bytes at a time; return what the server sent beyond that."""
    done = pipe.shake_hands()
    data = b""
    while not (done and server.done):
        data += server.shake_hands(pipe.to_send())
        if not done:
            piece, data = data[:step], data[step:]
            done = pipe.shake_hands(piece)
    return data


@pytest.fixture
def pair(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> tuple[TLSPipe, Server]:
    pipe, server = TLSPipe(client_context, "localhost"), Server(server_context)
    assert pipe.decrypt(connect(pipe, server)) == b""
    return pipe, server


def test_a_handshake_may_come_in_single_bytes(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    pipe, server = TLSPipe(client_context, "localhost"), Server(server_context)
    rest = connect(pipe, server, step=1)
    assert pipe.decrypt(rest + server.encrypt(b"hello")) == b"hello"
    assert server.decrypt(pipe.encrypt(b"good day")) == b"good day"


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 1 << 20])
def test_data_of_any_size_passes_both_ways(pair: tuple[TLSPipe, Server], size: int) -> None:
    pipe, server = pair
    data = os.urandom(size)
    assert server.decrypt(pipe.encrypt(data)) == data
    assert pipe.decrypt(server.encrypt(data) if data else b"") == data
    assert pipe.to_send() == b""
    assert not pipe.ended


def test_records_are_read_wherever_they_are_split(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    at, size = 0, 1
    while at <= size:
        data = server.encrypt(b"one") + server.encrypt(b"two")
        size = len(data)
        assert pipe.decrypt(data[:at]) + pipe.decrypt(data[at:]) == b"onetwo"
        at += 1
    data = server.encrypt(b"one") + server.encrypt(b"two")
    assert b"".join(pipe.decrypt(bytes([byte])) for byte in data) == b"onetwo"


def test_the_peers_end_is_seen_after_its_last_data(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    data = server.encrypt(b"last words")
    with pytest.raises(ssl.SSLWantReadError):
        server.tls.unwrap()
    assert pipe.decrypt(data + server.outgoing.read() + b"and more") == b"last words"
    assert pipe.ended
    assert pipe.decrypt(b"and more") == b""


def test_close_tells_the_peer_and_ends_what_can_be_sent(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    server.incoming.write(pipe.encrypt(b"last words") + pipe.close())
    assert server.tls.read(100) == b"last words"
    assert server.tls.read(100) == b""
    assert pipe.close() == b""
    with pytest.raises(ssl.SSLError):
        pipe.encrypt(b"one more")


def test_what_the_peer_says_after_close_can_be_read(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    pipe.close()
    assert pipe.decrypt(server.encrypt(b"last words")) == b"last words"
    with pytest.raises(ssl.SSLWantReadError):
        server.tls.unwrap()
    assert pipe.decrypt(server.outgoing.read()) == b""
    assert pipe.ended


def test_data_before_a_false_record_is_not_lost(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    good, bad = server.encrypt(b"good"), bytearray(server.encrypt(b"bad"))
    bad[-1] ^= 1
    assert pipe.decrypt(good + bytes(bad)) == b"good"
    for _ in range(2):
        with pytest.raises(ssl.SSLError):
            pipe.decrypt(b"")
    assert not pipe.ended


def test_a_false_record_raises_and_has_an_alert_to_send(pair: tuple[TLSPipe, Server]) -> None:
    pipe, server = pair
    bad = bytearray(server.encrypt(b"bad"))
    bad[-1] ^= 1
    with pytest.raises(ssl.SSLError):
        pipe.decrypt(bytes(bad))
    with pytest.raises(ssl.SSLError, match="ALERT"):
        server.decrypt(pipe.to_send())


def test_another_name_ends_the_handshake_with_an_alert(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    pipe, server = TLSPipe(client_context, "elsewhere.example"), Server(server_context)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(pipe, server)
    with pytest.raises(ssl.SSLError, match="ALERT"):
        server.shake_hands(pipe.to_send())


def test_a_handshake_that_ends_too_soon_raises(client_context: ssl.SSLContext) -> None:
    pipe = TLSPipe(client_context, "localhost")
    assert not pipe.shake_hands()
    assert pipe.to_send()
    with pytest.raises(ssl.SSLEOFError):
        pipe.shake_hands(None)


def test_data_glued_to_the_handshake_is_received(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    """In TLS 1.2 the server ends the handshake: its first data may come along."""
    server_context.maximum_version = ssl.TLSVersion.TLSv1_2
    ours, theirs = socket.socketpair()

    def serve() -> None:
        server = Server(server_context)
        while not server.done:
            flight = server.shake_hands(theirs.recv(65536))
            theirs.sendall(flight + (server.encrypt(b"early") if server.done else b""))

    thread = threading.Thread(target=serve)
    thread.start()
    until = time.monotonic() + 20
    with ours, theirs:
        made = piped(ours, TLSPipe(client_context, "localhost"), until)
        thread.join()
        made.read_s, made.deadline = 0.2, until
        assert made.receive(3) + made.receive(100) == b"early"


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def reused(peer: Peer) -> bool:
    """Open a tunnel and use it; return whether its session was an earlier one's."""
    tunnel = opened(peer)
    write(tunnel, b"there and back")
    assert read(tunnel, 14) == b"there and back"
    tunnel.close()
    assert tunnel.tls is not None
    return tunnel.tls.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_tunnels_resume_the_first_ones_session(
    make_peer: MakePeer, server_context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server_context.maximum_version = version
    seen: list[bool | None] = []

    def script(sock: ssl.SSLSocket) -> None:
        seen.append(sock.session_reused)
        echo(sock)

    peer = make_peer(script, True)
    assert [reused(peer) for _ in range(4)] == [False, True, True, True]
    assert becomes(lambda: seen == [False, True, True, True])


def test_a_tunnel_that_is_still_open_has_given_its_ticket(make_peer: MakePeer) -> None:
    peer = make_peer(answers(SWITCHED, wait=True), True)
    first, second = opened(peer), opened(peer)
    assert (first.tls and first.tls.session_reused, second.tls and second.tls.session_reused) == (
        False,
        True,
    )
    first.close()
    second.close()


def test_a_reply_gives_its_ticket_too(make_peer: MakePeer) -> None:
    seen: list[bool | None] = []

    def script(sock: ssl.SSLSocket) -> None:
        seen.append(sock.session_reused)
        answers(reply(b"no", "401 Unauthorized"), wait=True)(sock)

    peer = make_peer(script, True)
    for _ in range(2):
        refused(peer).close()
    assert becomes(lambda: seen == [False, True])


def test_a_ticket_is_for_its_origin_and_transport_alone(
    make_peer: MakePeer, client_context: ssl.SSLContext
) -> None:
    one, other = make_peer(echo, True), make_peer(echo, True)
    other.transport = one.transport
    assert not reused(one)
    assert not reused(other)
    assert reused(one)
    one.transport = SocketTransport(ssl_context=client_context)
    assert not reused(one)


def test_a_server_that_does_not_know_the_ticket_gets_a_whole_handshake(
    make_peer: MakePeer, authority: trustme.CA
) -> None:
    peer = make_peer(echo, True)
    assert not reused(peer)
    found = peer.transport._tickets.find(peer.origin)
    other = make_peer(echo, True)
    assert found is not None
    # The same name on another port: the server's keys for tickets are the context's.
    other._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(other._server)
    other.transport = peer.transport
    other.transport._tickets.keep(other.origin, found)
    assert not reused(other)
    assert reused(other)


def test_a_certificate_is_looked_at_again_after_an_hour(
    make_peer: MakePeer,
) -> None:
    """However many sessions were resumed since."""
    peer = make_peer(echo, True)
    assert [reused(peer) for _ in range(3)] == [False, True, True]
    ticket = peer.transport._tickets.find(peer.origin)
    assert ticket is not None
    first = ticket.checked_at
    assert reused(peer)
    ticket = peer.transport._tickets.find(peer.origin)
    assert ticket is not None
    assert ticket.checked_at == first
    old = Ticket(ticket.session, first - tickets.MAX_AGE_S)
    peer.transport._tickets.keep(peer.origin, old)
    assert [reused(peer), reused(peer)] == [False, True]


def test_a_child_begins_without_tickets(make_peer: MakePeer) -> None:
    peer = make_peer(echo, True)
    assert not reused(peer)
    peer.transport._begin_in_child()
    assert not reused(peer)
