"""A stack's relay in a process: its places, its end, its forks, and TLS on either side."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.protocol import Side

from assemblyai_mw.call.session_kind import STREAMING
from assemblyai_mw.relay import Cut, Relay, Taken
from assemblyai_mw.relay.frames import BINARY, PING, TEXT, close_frame, frame
from assemblyai_mw.relay.relay import STOPPING
from assemblyai_mw.relay.takeover import DeadEndBody
from assemblyai_mw.transport import Tunnel
from assemblyai_mw.transport.tunnel import TLSPipe

from .rig import (
    HEAD,
    TERMINATE,
    TERMINATION,
    Notes,
    Peer,
    Rig,
    fds,
    relaying,
    taken_of,
    tcp_pair,
    until,
)

REFUSED = Cut(1008, "This key may not do that.")


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


def ends_when_asked(rig: Rig) -> threading.Thread:
    """Play an upstream that ends its session when it is asked to."""

    def play() -> None:
        while rig.upstream.next() != (TEXT, TERMINATE):
            pass
        rig.upstream.text(TERMINATION)
        rig.upstream.close(1000)

    thread = threading.Thread(target=play)
    thread.start()
    return thread


# Places


def test_no_more_sessions_are_let_in_than_there_are_places() -> None:
    relay = Relay(max_sessions=50)
    results: list[Cut | None] = []
    start = threading.Barrier(8)

    def enter() -> None:
        start.wait()
        for _ in range(40):
            results.append(relay.enter())

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(None) == 50 == relay.open
    assert {cut.code for cut in results if cut is not None} == {3009}
    for _ in range(50):
        relay.leave()
    assert relay.open == 0


def test_a_session_that_ends_gives_its_place_back(relay: Relay) -> None:
    relay.max_sessions = 1
    for _ in range(5):
        rig = Rig(relay).begin()
        assert relay.enter() == Cut(3009, "Too many sessions are open on this server.")
        rig.gone()
        until(lambda: relay.open == 0)


def test_a_session_that_cannot_start_closes_both_ends(monkeypatch: Any) -> None:
    def fails(*_: Any) -> None:
        raise OSError("no descriptor is left")

    relay = Relay()
    monkeypatch.setattr("assemblyai_mw.relay.relay.Loop", fails)
    (client, ours), (upstream, theirs) = tcp_pair(), tcp_pair()
    tunnel = Tunnel(reason="", headers=[], fd=theirs.detach())
    assert relay.enter() is None
    with pytest.raises(OSError, match="no descriptor"):
        relay.start(taken_of(ours), tunnel, HEAD, watchers=[], words=STREAMING.words)
    assert relay.open == 0
    for each in (client, upstream):
        assert each.recv(1) == b""
        each.close()


# The end


def test_a_drain_ends_all_sessions_and_returns_when_their_ends_are_noted(relay: Relay) -> None:
    rigs = [Rig(relay).begin() for _ in range(20)]
    threads = [ends_when_asked(rig) for rig in rigs]
    clients = []
    for rig in rigs:

        def listen(rig: Rig = rig) -> None:
            assert rig.client.error_code() == 1012
            assert rig.client.close_code() == 1012
            rig.client.close(1012)

        clients.append(threading.Thread(target=listen))
        clients[-1].start()
    relay.drain()
    for rig in rigs:
        assert rig.notes.end is not None
        assert (rig.notes.end.by, rig.notes.end.cut) == ("cut", STOPPING)
        assert rig.notes.server[-1] == TERMINATION
    assert relay.open == 0
    for thread in [*threads, *clients]:
        thread.join(20)
    assert relay.enter() == STOPPING
    for rig in rigs:
        rig.gone()


def test_a_session_that_joins_during_a_drain_is_ended_too(relay: Relay) -> None:
    Rig(relay).gone()
    real, let_in = relay.enter, relay.enter()
    assert let_in is None
    relay.begin_drain()
    relay.enter = lambda: None  # type: ignore[method-assign]
    rig = Rig(relay)
    relay.enter = real  # type: ignore[method-assign]
    thread = ends_when_asked(rig)
    relay.drain()
    assert rig.notes.end is not None
    thread.join(20)
    rig.gone()


def test_a_drain_that_takes_too_long_is_given_up(
    relay: Relay, caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("assemblyai_mw.relay.relay._SLACK_S", 0.05)
    relay.drain_s = 0.0
    rig = Rig(relay).begin()
    relay.drain()
    assert "1 sessions did not end in time" in caplog.text
    assert rig.notes.end is None
    # What is left ends with the loop.
    relay.close()
    assert rig.end.by == "cut"
    assert rig.client.ends()
    rig.client.leave()
    rig.upstream.leave()


def test_jobs_at_intervals_run_where_there_are_sessions(relay: Relay) -> None:
    ran = threading.Event()
    relay.every(0.001, ran.set)
    Rig(relay).gone()
    assert ran.wait(20)


# Refusals


class Refused:
    def __init__(self, relay: Relay, early: bytes = b"") -> None:
        sock, ours = tcp_pair()
        self.client = Peer(sock, Side.CLIENT)
        relay.refuse(taken_of(ours, early), HEAD, REFUSED, STREAMING.words)


GLUED = [
    b"",
    frame(TEXT, b"{}", masked=True),
    frame(BINARY, bytes(100_000), masked=True),
    frame(BINARY, bytes(300_000), masked=True)[:90_000],
]


@pytest.mark.parametrize("glued", GLUED, ids=["nothing", "text", "audio", "part of a frame"])
def test_a_refused_client_is_told_the_reason_whatever_it_sent(relay: Relay, glued: bytes) -> None:
    refused = Refused(relay, glued)
    for _ in range(20):
        refused.client.audio(bytes(3000))
    assert refused.client.error_code() == 1008
    assert refused.client.close_code() == 1008
    refused.client.close(1008)
    assert refused.client.ends()
    refused.client.leave()


@pytest.mark.parametrize(
    "glued", [close_frame(1000, masked=True), b"\xff\xff"], ids=["close", "nonsense"]
)
def test_a_refused_client_that_closes_first_is_closed(relay: Relay, glued: bytes) -> None:
    refused = Refused(relay, glued)
    assert refused.client.error_code() == 1008
    assert refused.client.close_code() == 1008
    assert refused.client.ends()
    refused.client.leave()


def test_a_refused_client_that_never_closes_is_closed(relay: Relay, monkeypatch: Any) -> None:
    monkeypatch.setattr("assemblyai_mw.relay.relay.CLOSE_S", 0.05)
    refused = [Refused(relay) for _ in range(5)]
    for each in refused:
        assert each.client.error_code() == 1008
        assert each.client.close_code() == 1008
        assert each.client.ends()
        each.client.leave()


def test_many_refused_clients_that_do_not_close_take_no_more_than_their_share(
    relay: Relay,
) -> None:
    relay.max_sessions = 3
    refused = [Refused(relay) for _ in range(30)]
    loop = relay._loop
    assert loop is not None
    until(lambda: len(loop.sessions) <= 2 * relay.max_sessions + 1)
    for each in refused:
        assert each.client.error_code() == 1008
        each.client.leave()


def test_a_refused_client_that_vanishes_leaves_nothing(relay: Relay) -> None:
    refused = [Refused(relay) for _ in range(5)]
    for each in refused:
        each.client.reset()
    loop = relay._loop
    assert loop is not None
    until(lambda: not loop.sessions)
    assert not loop._wires


# Forks


def test_a_fork_leaves_the_sessions_to_the_parent_and_the_child_can_relay(relay: Relay) -> None:
    before = fds()
    rig = Rig(relay).begin()
    relayed = fds() - before
    with warnings.catch_warnings():
        # Of threads beside a fork, which this is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BaseException):
            assert relay.open == 0
            # The test's own two are left, and what wakes the old loop while objects have it.
            assert before + relayed - fds() >= 5
            rig.session.cut(REFUSED)
            own = Rig(relay).begin()
            own.client.audio(b"child")
            assert own.upstream.says(BINARY, b"child")
            status = 0
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    for at in range(20):
        rig.client.audio(b"%d" % at)
        assert rig.upstream.says(BINARY, b"%d" % at)
    rig.client.leave()
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.gone()


# gevent

GEVENT = """
import gevent.monkey
gevent.monkey.patch_all()
import sys, time
import gevent
from gevent.monkey import get_original
from relay.rig import BEGIN, TERMINATE, TERMINATION, Rig, TEXT, BINARY, relaying, until
from assemblyai_mw.relay import Relay, Watcher

class Slow(Watcher):
    slow_client = True
    def client_text(self, text):
        gevent.sleep(0.01)

relay = Relay()
rig = Rig(relay, [Slow()]).begin()
order = []
done = []

def peers():
    # A thread of the system's, as peers in other processes are.
    import _socket
    client = _socket.socket(fileno=rig.client.sock.fileno())
    upstream = _socket.socket(fileno=rig.upstream.sock.fileno())
    client.setblocking(True), upstream.setblocking(True)
    for _ in range(50):
        client.send(b"\\x82\\x81\\0\\0\\0\\0a")
        got = b""
        while len(got) < 7:
            got += upstream.recv(7 - len(got))
    order.append("relayed")
    # The descriptors are gevent's as well.
    client.setblocking(False), upstream.setblocking(False)
    client.detach(), upstream.detach()
    done.append(1)

get_original("_thread", "start_new_thread")(peers, ())
while not done:      # never yields to another greenlet
    pass
order.append("computed")
assert order == ["relayed", "computed"]
rig.client.text(TERMINATE)
assert rig.upstream.says(TEXT, TERMINATE)
rig.upstream.text(TERMINATION)
rig.upstream.close(1000)
assert rig.client.says(TEXT, TERMINATION)
assert rig.client.close_code() == 1000
rig.client.close()
assert rig.end.by == "client"
rig.gone()
relay.close()
print("fine")
"""


def test_a_greenlet_that_computes_does_not_stall_the_relay() -> None:
    tests = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", GEVENT],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "fine\n", done.stderr
    assert done.stderr == ""


# TLS


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server, client = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def test_an_upstream_over_tls(relay: Relay, contexts: Any) -> None:
    server, client = contexts
    far, near = tcp_pair()
    shaken: list[ssl.SSLSocket] = []
    thread = threading.Thread(
        target=lambda: shaken.append(server.wrap_socket(far, server_side=True))
    )
    thread.start()
    pipe = TLSPipe(client, "localhost")
    done = pipe.shake_hands()
    near.sendall(pipe.to_send())
    while not done:
        done = pipe.shake_hands(near.recv(65536))
        near.sendall(pipe.to_send())
    thread.join()
    upstream = Peer(shaken[0], Side.SERVER)
    sock, ours = tcp_pair()
    peer, notes = Peer(sock, Side.CLIENT), Notes()
    assert relay.enter() is None
    relay.start(
        taken_of(ours),
        Tunnel(reason="", headers=[], fd=near.detach(), tls=pipe),
        HEAD,
        watchers=[notes],
        words=STREAMING.words,
    )
    large = os.urandom(900_000)
    sender = threading.Thread(target=peer.audio, args=(large,))
    sender.start()
    assert upstream.says(BINARY, large)
    sender.join()
    sender = threading.Thread(target=upstream.audio, args=(large,))
    sender.start()
    assert peer.says(BINARY, large)
    sender.join()
    peer.leave()
    assert upstream.says(TEXT, TERMINATE)
    upstream.text(TERMINATION)
    assert upstream.close_code() == 1000
    assert upstream.ends()
    assert notes.over.wait(20)
    assert notes.server == [TERMINATION]
    upstream.leave()


class Held:
    """A client over the server's own TLS, whose thread waits."""

    def __init__(self, relay: Relay, contexts: Any, early: bytes = b"") -> None:
        server, client = contexts
        far, near = tcp_pair()
        shaken: list[ssl.SSLSocket] = []
        thread = threading.Thread(
            target=lambda: shaken.append(server.wrap_socket(near, server_side=True))
        )
        thread.start()
        self.client = Peer(client.wrap_socket(far, server_hostname="localhost"), Side.CLIENT)
        thread.join()
        self.server = shaken[0]
        self.released = threading.Event()
        if early:
            # One record: a byte is read, and the rest lies decrypted in the server's socket.
            self.client.sock.sendall(early)
            early = self.server.recv(1)
        self.server.setblocking(False)
        sock, theirs = tcp_pair()
        self.upstream, self.notes = Peer(sock, Side.SERVER), Notes()
        dead_end, other = socket.socketpair()
        other.close()
        dead_end.close()
        taken = Taken(-1, self.server, early, DeadEndBody(dead_end), [self.released.set])
        assert relay.enter() is None
        self.session = relay.start(
            taken,
            Tunnel(reason="", headers=[], fd=theirs.detach()),
            HEAD,
            watchers=[self.notes],
            words=STREAMING.words,
        )

    def close(self) -> None:
        assert self.released.wait(20)
        self.server.close()
        self.client.leave()
        self.upstream.leave()


def test_a_client_over_the_server_s_tls(relay: Relay, contexts: Any) -> None:
    held = Held(relay, contexts)
    large = os.urandom(900_000)
    for one, other in ((held.client, held.upstream), (held.upstream, held.client)):
        sender = threading.Thread(target=functools.partial(one.audio, large))
        sender.start()
        assert other.says(BINARY, large)
        sender.join()
    held.client.text(TERMINATE)
    assert held.upstream.says(TEXT, TERMINATE)
    held.upstream.text(TERMINATION)
    held.upstream.close(1000)
    assert held.client.says(TEXT, TERMINATION)
    assert held.client.close_code() == 1000
    held.client.close(1000)
    assert held.upstream.close_code() == 1000
    held.upstream.leave()
    assert held.notes.over.wait(20)
    assert held.notes.end is not None
    assert held.notes.end.by == "client"
    # The relay closes; here the server's part of it is the test's.
    held.client.leave()
    held.close()


def test_what_tls_has_decrypted_already_is_not_forgotten(relay: Relay, contexts: Any) -> None:
    held = Held(relay, contexts, frame(BINARY, b"early", masked=True) * 100)
    for _ in range(100):
        assert held.upstream.says(BINARY, b"early")
    # Records of many frames, each read at once.
    held.client.sock.sendall(frame(PING, b"", masked=True) * 5000)
    for _ in range(5000):
        assert held.upstream.says(PING, b"")
    held.client.leave()
    assert held.upstream.says(TEXT, TERMINATE)
    held.close()


def test_a_tls_client_that_does_not_read_holds_the_upstream(relay: Relay, contexts: Any) -> None:
    held = Held(relay, contexts)
    sent = held.upstream.fills(frame(BINARY, bytes(60_000), masked=False))
    assert sum(len(wire.pending) for wire in held.session.ends) <= 128 * 1024
    for _ in range(sent):
        assert held.client.says(BINARY, bytes(60_000))
    held.client.leave()
    held.close()
