"""An upgrade gives a tunnel where the upstream switches protocols, and else an ordinary reply."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from tunnel_kit import (
    HEADERS,
    PATIENT,
    SWITCHED,
    answers,
    becomes,
    descriptors,
    echo,
    handshake,
    opened,
    read,
    read_head,
    refused,
    upgrade,
    write,
)
from wire.kit_peer import Peer, Script, reset
from wire.kit_upstream import LAST_CHUNK, chunk, reply

from assemblyai_mw.errors import UpstreamError, UpstreamTimeout
from assemblyai_mw.transport import (
    Origin,
    RequestsTransport,
    SocketTransport,
    Timeouts,
    Upgrading,
)
from assemblyai_mw.transport.reply import MAX_FIELDS, MAX_HEAD_BYTES, MAX_INTERIM_REPLIES, Head
from assemblyai_mw.transport.tunnel import keep_alive

MakePeer = Callable[[Script], Peer]
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CHUNKED = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
UNFRAMED = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n"
# The first bytes of a WebSocket text frame.
FRAME = b'\x81\x12{"type": "Begin"}\n'


def test_a_transport_says_whether_it_can_upgrade() -> None:
    assert isinstance(SocketTransport(), Upgrading)
    assert not isinstance(RequestsTransport(), Upgrading)
    assert getattr(RequestsTransport(), "upgrade", None) is None


def test_a_tunnel_carries_bytes_both_ways(peer: MakePeer) -> None:
    tunnel = opened(peer(echo))
    assert (tunnel.status, tunnel.reason) == (101, "Switching Protocols")
    assert ("Sec-WebSocket-Accept", "qrst") in tunnel.headers
    data = os.urandom(100_000)
    write(tunnel, data)
    assert read(tunnel, len(data)) == data
    tunnel.close()


def test_the_handshake_goes_out_as_it_was_given(peer: MakePeer) -> None:
    heads = []

    def script(sock: socket.socket) -> None:
        heads.append(read_head(sock))
        sock.sendall(SWITCHED)

    made = peer(script)
    request = handshake()
    tunnel = made.transport.upgrade(made.origin, request, PATIENT)
    assert request.sent
    tunnel.close()
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS)
    host = f"Host: {made.origin.authority}\r\n"
    assert heads == [f"GET /v3/ws?sample_rate=16000 HTTP/1.1\r\n{host}{fields}\r\n".encode()]


def fed(pieces: list[bytes]) -> tuple[Head, bytes]:
    """Return a head that may be a 101, and all bytes that it left."""
    head, left = Head("GET", may_upgrade=True), b""
    for piece in pieces:
        left += piece if head.complete else head.feed(piece)
    return head, left


def test_a_head_is_read_wherever_it_is_split_and_nothing_after_it_is_lost() -> None:
    stream = INTERIM + SWITCHED + FRAME
    splits = [[stream[:at], stream[at:]] for at in range(1, len(stream))]
    for pieces in [[stream], *splits, [bytes([byte]) for byte in stream]]:
        head, left = fed(pieces)
        assert (head.complete, head.status, left) == (True, 101, FRAME)
        assert [name for name, _ in head.headers] == [
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Accept",
        ]


def test_a_head_in_single_bytes_over_a_socket_gives_a_tunnel(peer: MakePeer) -> None:
    pieces = [bytes([byte]) for byte in INTERIM + SWITCHED + FRAME]
    tunnel = opened(peer(answers(*pieces, wait=True)))
    assert read(tunnel, len(FRAME)) == FRAME
    tunnel.close()


@pytest.mark.parametrize("size", [1, 20, 1000, 70_000, 500_000])
def test_early_bytes_come_with_the_tunnel_and_the_rest_follows_them(
    peer: MakePeer, size: int
) -> None:
    data = os.urandom(size)
    tunnel = opened(peer(answers(SWITCHED + data, wait=True)))
    if size == 1:
        assert tunnel.early == data
    assert read(tunnel, size) == data
    tunnel.close()


def test_an_end_that_came_with_the_head_is_seen(
    make_peer: Callable[[Script, bool], Peer],
) -> None:
    """TLS's end may lie in the pipe already, where the socket would not show it."""
    tunnel = opened(make_peer(answers(SWITCHED + FRAME), True))
    assert read(tunnel, 1000) == FRAME
    assert tunnel.tls is not None
    assert tunnel.tls.ended
    tunnel.close()


@pytest.mark.parametrize(
    "answer, status, body",
    [
        pytest.param(reply(b'{"error": "no"}', "401 No"), 401, b'{"error": "no"}', id="length"),
        pytest.param(reply(b"", "404 Not Found"), 404, b"", id="empty"),
        pytest.param(
            CHUNKED + chunk(b"not ") + chunk(b"here") + LAST_CHUNK, 404, b"not here", id="chunks"
        ),
        pytest.param(UNFRAMED + b"go away", 403, b"go away", id="to-the-end"),
        pytest.param(INTERIM + reply(b"ok", "200 OK"), 200, b"ok", id="after-interim"),
        pytest.param(
            reply(b"", "426 Upgrade Required", "Upgrade: h2c", "Connection: Upgrade"),
            426,
            b"",
            id="other-protocol",
        ),
        pytest.param(reply(b"x" * 300_000, "503 Busy"), 503, b"x" * 300_000, id="large"),
    ],
)
@pytest.mark.parametrize("cut", [False, True])
def test_another_status_is_an_ordinary_reply_on_a_connection_of_its_own(
    peer: MakePeer, answer: bytes, status: int, body: bytes, cut: bool
) -> None:
    pieces = (answer[:-3], answer[-3:]) if cut else (answer,)
    made = peer(answers(*pieces, wait=not answer.startswith(UNFRAMED)))
    before = descriptors()
    for count in (1, 2):
        got = refused(made)
        assert got.status == status
        assert (b"".join(got) if got.whole is None else got.whole) == body
        assert made.accepted == count
    assert becomes(lambda: descriptors() == before)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b"abcd", "401 No")[:-1], id="length"),
        pytest.param(CHUNKED + chunk(b"abcd"), id="chunks"),
    ],
)
def test_a_reply_that_breaks_off_says_so(peer: MakePeer, answer: bytes) -> None:
    made = peer(answers(answer))
    before = descriptors()
    got = refused(made)
    with pytest.raises(UpstreamError):
        b"".join(got)
    assert becomes(lambda: descriptors() == before)


def test_a_reply_that_ends_without_the_end_of_tls_is_cut(
    make_peer: Callable[[Script, bool], Peer],
) -> None:
    def script(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(UNFRAMED + b"half of it")

    made = make_peer(script, True)
    before = descriptors()
    with pytest.raises(UpstreamError):
        b"".join(refused(made))
    assert becomes(lambda: descriptors() == before)


def test_a_reply_that_is_left_closes_its_connection(peer: MakePeer) -> None:
    made = peer(answers(CHUNKED + chunk(b"abcd"), wait=True))
    before = descriptors()
    refused(made).close()
    assert becomes(lambda: descriptors() == before)


def test_send_refuses_a_101_that_it_did_not_ask_for(peer: MakePeer) -> None:
    made = peer(answers(SWITCHED, wait=True))
    before = descriptors()
    with pytest.raises(UpstreamError, match="unasked"):
        made.transport.send(made.origin, handshake(), PATIENT)
    assert becomes(lambda: descriptors() == before)


BARE = b"HTTP/1.1 101 Switching Protocols\r\n"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(SWITCHED.replace(b"1.1", b"1.0"), id="http-1.0"),
        pytest.param(SWITCHED.replace(b"1.1", b"2.0"), id="http-2.0"),
        pytest.param(BARE + b"\r\n", id="no-upgrade"),
        pytest.param(BARE + b"Upgrade: websocket\r\n\r\n", id="no-connection"),
        pytest.param(BARE + b"Connection: Upgrade\r\n\r\n", id="no-protocol"),
        pytest.param(BARE + UPGRADE + b"Content-Length: 5\r\n\r\nhello", id="length"),
        pytest.param(BARE + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n", id="chunked"),
        pytest.param(SWITCHED.replace(b"\r\n", b"\n"), id="bare-lf"),
        pytest.param(BARE + UPGRADE + b"Bad Name: x\r\n\r\n", id="bad-name"),
        pytest.param(BARE + UPGRADE + b"A: b\r\n" * MAX_FIELDS + b"\r\n", id="many-fields"),
        pytest.param(
            BARE + UPGRADE + b"A: " + b"b" * MAX_HEAD_BYTES + b"\r\n\r\n", id="large-field"
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM_REPLIES + 1) + SWITCHED, id="interims"
        ),
        pytest.param(b"", id="nothing"),
        pytest.param(SWITCHED[:-1], id="part-of-a-head"),
        pytest.param(INTERIM, id="interim-only"),
        pytest.param(b"SSH-2.0-x\r\n", id="no-http"),
    ],
)
def test_an_answer_that_is_no_clean_head_closes_the_connection(
    peer: MakePeer, answer: bytes
) -> None:
    made = peer(answers(answer))
    before = descriptors()
    with pytest.raises(UpstreamError):
        upgrade(made)
    assert becomes(lambda: descriptors() == before)


@pytest.mark.parametrize("after", [b"", SWITCHED[:30]])
def test_a_reset_before_the_heads_end_closes_the_connection(peer: MakePeer, after: bytes) -> None:
    def script(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(after)
        reset(sock)

    made = peer(script)
    before = descriptors()
    with pytest.raises(UpstreamError):
        upgrade(made)
    assert becomes(lambda: descriptors() == before)


@pytest.mark.parametrize(
    "timeouts",
    [Timeouts(read_s=0.2), Timeouts(total_s=0.5)],
    ids=["read_s", "total_s"],
)
@pytest.mark.parametrize("pieces", [(), (SWITCHED[:30],)], ids=["silent", "within"])
def test_a_head_that_does_not_end_is_a_timeout(
    peer: MakePeer, timeouts: Timeouts, pieces: tuple[bytes, ...]
) -> None:
    made = peer(answers(*pieces, wait=True))
    before = descriptors()
    with pytest.raises(UpstreamTimeout):
        upgrade(made, timeouts)
    assert becomes(lambda: descriptors() == before)


def test_a_head_that_drips_is_a_timeout(peer: MakePeer) -> None:
    """Each byte is in time; all of them are not."""

    def script(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nA: ")
        while not made.over.wait(0.05):
            sock.sendall(b"b")

    made = peer(script)
    before = descriptors()
    with pytest.raises(UpstreamTimeout):
        upgrade(made, Timeouts(read_s=0.5))
    assert becomes(lambda: descriptors() == before)


@pytest.mark.parametrize("drips", [False, True])
def test_a_tls_handshake_that_does_not_end_is_a_timeout(
    make_peer: Callable[[Script, bool], Peer], drips: bool
) -> None:
    def script(sock: socket.socket) -> None:
        if drips:
            # A handshake record of 16 KiB, byte by byte.
            sock.sendall(b"\x16\x03\x03\x40\x00")
        while not made.over.wait(0.05):
            if drips:
                sock.sendall(b"\x02")

    made = make_peer(script, False)
    before = descriptors()
    with pytest.raises(UpstreamTimeout, match="TLS"):
        made.transport.upgrade(
            Origin("https", "localhost", made.origin.port), handshake(), Timeouts(connect_s=0.3)
        )
    made.over.set()
    assert becomes(lambda: descriptors() == before)


def test_a_closed_port_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    before = descriptors()
    with pytest.raises(UpstreamError, match="cannot connect"):
        SocketTransport().upgrade(Origin("http", "127.0.0.1", port), handshake(), PATIENT)
    assert descriptors() == before


@pytest.mark.parametrize("case", ["other name", "unknown authority", "address", "no TLS"])
def test_an_upstream_that_cannot_prove_its_name_gets_nothing(
    case: str, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    received: list[bytes] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer = trustme.CA() if case == "unknown authority" else authority
    name = "elsewhere.example" if case == "other name" else "localhost"
    signer.issue_cert(name).configure_cert(server)
    alerts: list[str] = []

    def script(sock: socket.socket) -> None:
        if case == "no TLS":
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        try:
            with server.wrap_socket(sock, server_side=True) as secure:
                received.append(secure.recv(65536))
        except ssl.SSLError as error:
            alerts.append(error.reason or "")

    made = Peer(script)
    host = "127.0.0.1" if case == "address" else "localhost"
    before = descriptors()
    try:
        with pytest.raises(UpstreamError, match="TLS failed"):
            SocketTransport(ssl_context=client_context).upgrade(
                Origin("https", host, made.origin.port), handshake(), PATIENT
            )
        assert becomes(lambda: descriptors() == before)
        assert b"".join(received) == b""
        if case != "no TLS":
            assert becomes(lambda: bool(alerts))
            assert "ALERT" in alerts[0]
    finally:
        made.close()


def test_a_failure_that_is_no_error_closes_the_connection_too(peer: MakePeer) -> None:
    """As gevent's timeouts are: they come out of a wait."""

    class Stop(BaseException):
        pass

    class Context(ssl.SSLContext):
        def wrap_bio(self, *args: object, **kwargs: object) -> ssl.SSLObject:
            raise Stop

    made = peer(echo)
    made.transport = SocketTransport(ssl_context=Context(ssl.PROTOCOL_TLS_CLIENT))
    before = descriptors()
    with pytest.raises(Stop):
        made.transport.upgrade(Origin("https", "localhost", made.origin.port), handshake(), PATIENT)
    assert becomes(lambda: descriptors() == before)


def test_a_tunnel_is_closed_once(peer: MakePeer) -> None:
    tunnel = opened(peer(answers(SWITCHED, wait=True)))
    fd = tunnel.fd
    tunnel.close()
    assert tunnel.fd == -1
    # The number is another's now.
    os.dup2(0, fd)
    tunnel.close()
    os.close(fd)


def test_a_tunnel_leaves_nothing_that_a_garbage_collection_must_find(peer: MakePeer) -> None:
    made = peer(answers(SWITCHED, wait=True))
    gc.collect()
    gc.disable()
    try:
        opened(made).close()
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Head)]
    finally:
        gc.enable()


def test_the_kernel_watches_over_a_tunnel(peer: MakePeer) -> None:
    tunnel = opened(peer(answers(SWITCHED, wait=True)))
    sock = socket.socket(fileno=tunnel.fd)
    tcp = socket.IPPROTO_TCP
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert sock.getsockopt(tcp, socket.TCP_NODELAY) == 1
    assert sock.getsockopt(tcp, socket.TCP_KEEPIDLE) == 30
    assert sock.getsockopt(tcp, socket.TCP_KEEPINTVL) == 10
    assert sock.getsockopt(tcp, socket.TCP_KEEPCNT) == 3
    assert sock.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 45_000
    # No timeout of the kernel's is left over from the handshake.
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16) == bytes(16)
    sock.detach()
    tunnel.close()


def test_keep_alive_leaves_other_sockets_as_they_are(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        keep_alive(ours.fileno())
        assert os.get_blocking(ours.fileno())
        theirs.sendall(b"still there")
        assert ours.recv(100) == b"still there"
    with (tmp_path / "file").open("wb") as file:
        with pytest.raises(OSError):
            keep_alive(file.fileno())
        file.write(b"still open")


GEVENT = """
from gevent import monkey
monkey.patch_all()
import os, select, ssl, sys
import gevent
sys.path[:0] = sys.argv[3:]
from assemblyai_mw.transport import Origin, SocketTransport
from tunnel_kit import PATIENT, handshake
poll = monkey.get_original("select", "poll")
start = monkey.get_original("_thread", "start_new_thread")
allocate = monkey.get_original("_thread", "allocate_lock")
context = ssl.create_default_context(cafile=sys.argv[2])
scheme, port = sys.argv[1].split(":")
transport = SocketTransport(ssl_context=context)

def one():
    tunnel = transport.upgrade(Origin(scheme, "localhost", int(port)), handshake(), PATIENT)
    got, lock = [], allocate()
    lock.acquire()

    def relay():
        # A thread of the operating system's, without a hub: as the relay's own.
        data = b"through another thread"
        os.write(tunnel.fd, tunnel.tls.encrypt(data) if tunnel.tls else data)
        waiter = poll()
        waiter.register(tunnel.fd, select.POLLIN)
        plain = tunnel.early
        while len(plain) < len(data):
            waiter.poll(20_000)
            block = os.read(tunnel.fd, 65536)
            plain += tunnel.tls.decrypt(block) if tunnel.tls else block
        got.append(plain)
        tunnel.close()
        lock.release()

    start(relay, ())
    while not lock.acquire(False):
        gevent.sleep(0.01)
    return got[0]

jobs = [gevent.spawn(one) for _ in range(5)]
gevent.joinall(jobs, timeout=30, raise_error=True)
print(*sorted({job.value.decode() for job in jobs}))
"""


def test_gevents_sockets_open_tunnels_that_any_thread_can_use(
    peer: MakePeer, authority: trustme.CA, tmp_path: Path
) -> None:
    made = peer(echo)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    where = f"{made.origin.scheme}:{made.origin.port}"
    run = subprocess.run(
        [sys.executable, "-c", GEVENT, where, str(tmp_path / "ca.pem"), *sys.path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.stdout.strip(), run.returncode) == ("through another thread", 0), run.stderr
    assert made.accepted == 5
