"""A connection says how it stands and sends whole requests, whoever keeps its time."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from assemblyai_mw.transport import connection as module
from assemblyai_mw.transport.connection import CUT_OFF, TIMED_OUT, Connection

# How a connection gets along: by the kernel alone, without ctypes, and by Python (gevent, TLS,
# and other systems than Linux).
WAYS = ["kernel", "kernel without ctypes", "python told by the kernel", "python"]


@contextmanager
def connected(way: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, Peer]]:
    """Give a connection that gets along in one of `WAYS`, and its other end."""
    if way == "kernel without ctypes":
        monkeypatch.setattr(module, "holding_the_lock", lambda name: None)
    if way.startswith("python"):
        monkeypatch.setattr(module, "_kernel_keeps_time", lambda sock: False)
    if way == "python":
        monkeypatch.setattr(module, "_kernel_tells", lambda sock: False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
    made = Connection.over(ours)
    made.read_s, made.deadline = 10.0, monotonic() + 60
    with peer:
        yield made, Peer(peer)
        made.close()


class Peer:
    """The other end."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def reset(self) -> None:
        """End the connection by a reset, and wait until it has crossed the loopback."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@pytest.fixture(params=WAYS)
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Connection, Peer]]:
    with connected(request.param, monkeypatch) as made:
        yield made


def test_the_ways_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the other tests would say the same four times."""
    with connected("kernel", monkeypatch) as (made, _):
        assert (made._told, made._by_kernel) == (True, True)
        assert module.holding_the_lock("send") is not None
    with connected("python told by the kernel", monkeypatch) as (made, _):
        assert (made._told, made._by_kernel) == (True, False)
    with connected("python", monkeypatch) as (made, _):
        assert (made._told, made._by_kernel) == (False, False)


def test_an_open_connection_without_a_word_is_quiet(pair: tuple[Connection, Peer]) -> None:
    made, peer = pair
    assert made.is_quiet()
    made.send(b"one request")
    assert peer.sock.recv(100) == b"one request"
    peer.sock.sendall(b"one reply")
    assert made.receive(100) == b"one reply"
    assert made.is_quiet()


@pytest.mark.parametrize("word", ["a byte", "its end", "a reset"])
def test_c88_who_spoke_out_of_turn_is_not_quiet(pair: tuple[Connection, Peer], word: str) -> None:
    made, peer = pair
    if word == "a byte":
        peer.sock.sendall(b"!")
    elif word == "its end":
        peer.sock.shutdown(socket.SHUT_WR)
    else:
        peer.reset()
    assert not made.is_quiet()


@pytest.mark.parametrize("size", [1, 16 * 1024, 16 * 1024 + 1, 5 << 20])
def test_c52_all_of_a_request_is_sent_to_a_slow_reader(
    pair: tuple[Connection, Peer], size: int
) -> None:
    made, peer = pair
    data = bytes(range(251)) * (size // 251 + 1)
    received = bytearray()

    def read() -> None:
        while len(received) < size and (block := peer.sock.recv(4096)):
            received.extend(block)

    reader = threading.Thread(target=read)
    reader.start()
    made.send(data[:size])
    reader.join(30)
    assert bytes(received) == data[:size]


def test_c84_a_reader_that_stopped_ends_a_small_request_in_time(
    pair: tuple[Connection, Peer],
) -> None:
    """The kernel takes small pieces while its buffers last; then it is a wait like any other."""
    made, _ = pair
    made.read_s = 0.2

    def send_without_end() -> None:
        for _ in range(100_000):
            made.send(bytes(8192))

    with pytest.raises(TIMED_OUT):
        send_without_end()


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_c79_sending_to_who_has_reset_says_so(pair: tuple[Connection, Peer], size: int) -> None:
    made, peer = pair
    peer.reset()
    with pytest.raises(CUT_OFF):
        made.send(bytes(size))


def test_nothing_is_sent_once_the_deadline_is_over(pair: tuple[Connection, Peer]) -> None:
    made, peer = pair
    made.deadline = monotonic() - 1
    with pytest.raises(TimeoutError):
        made.send(b"late")
    peer.sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        peer.sock.recv(100)
