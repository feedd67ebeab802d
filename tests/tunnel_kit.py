"""What tests of tunnels share: a handshake, its answers, and the client's side of a tunnel."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

from wire.kit_peer import Peer, Script

from assemblyai_mw.transport import Request, Timeouts, Tunnel, UpstreamReply

SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: qrst\r\n\r\n"
)
HEADERS = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
    ("Authorization", "an-account-key"),
]
PATIENT = Timeouts(connect_s=20, read_s=20, total_s=40)


def handshake() -> Request:
    return Request("GET", "/v3/ws?sample_rate=16000", list(HEADERS))


def upgrade(peer: Peer, timeouts: Timeouts = PATIENT) -> Tunnel | UpstreamReply:
    return peer.transport.upgrade(peer.origin, handshake(), timeouts)


def opened(peer: Peer) -> Tunnel:
    tunnel = upgrade(peer)
    assert isinstance(tunnel, Tunnel)
    return tunnel


def refused(peer: Peer) -> UpstreamReply:
    reply = upgrade(peer)
    assert not isinstance(reply, Tunnel)
    return reply


def read_head(sock: socket.socket) -> bytes:
    """Return the bytes of a request's head; nothing follows it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        block = sock.recv(65536)
        if not block:
            raise ConnectionError
        head += block
    return head


def answers(*pieces: bytes, wait: bool = False) -> Script:
    """Return a script that answers a request by *pieces*, and then ends or holds the connection."""

    def script(sock: socket.socket) -> None:
        read_head(sock)
        for piece in pieces:
            sock.sendall(piece)
        if wait:
            while sock.recv(65536):
                pass
        else:
            # The end is TLS's too, as a server's is.
            getattr(sock, "unwrap", lambda: None)()

    return script


def echo(sock: socket.socket) -> None:
    """Switch protocols, then send back what comes."""
    read_head(sock)
    sock.sendall(SWITCHED)
    while block := sock.recv(65536):
        sock.sendall(block)


def read(tunnel: Tunnel, size: int) -> bytes:
    """Return the next *size* bytes of a tunnel, or those before its end."""
    got, tunnel.early = tunnel.early, b""
    while len(got) < size and not (tunnel.tls and tunnel.tls.ended):
        select.select([tunnel.fd], [], [], 20)
        block = os.read(tunnel.fd, 65536)
        if not block:
            break
        got += tunnel.tls.decrypt(block) if tunnel.tls else block
    return got


def write(tunnel: Tunnel, data: bytes) -> None:
    left = tunnel.tls.encrypt(data) if tunnel.tls else data
    while left:
        select.select([], [tunnel.fd], [], 20)
        left = left[os.write(tunnel.fd, left) :]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def becomes(true: Callable[[], bool]) -> bool:
    """Whether it does, before long: the peer's threads close their ends in their own time."""
    until = time.monotonic() + 10
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()
