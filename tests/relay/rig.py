"""A session on a real relay, with both of its peers in the test's hands."""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from websockets.frames import Frame
from websockets.protocol import OPEN, Protocol, Side

from assemblyai_mw.call.session_kind import STREAMING
from assemblyai_mw.relay import Cut, End, Relay, Taken, Watcher
from assemblyai_mw.relay.frames import BINARY, CLOSE, TEXT, close_frame, frame
from assemblyai_mw.relay.takeover import DeadEndBody
from assemblyai_mw.relay.watch import OpenSession
from assemblyai_mw.transport import Tunnel

HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
PATIENCE_S = 20.0
TERMINATE = b'{"type":"Terminate"}'
TERMINATION = b'{"type":"Termination","session_duration_seconds":7}'
BEGIN = b'{"type":"Begin","id":"s"}'


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.002)


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        other, _ = server.accept()
    for each in (one, other):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one, other


def fds() -> int:
    return len(os.listdir("/proc/self/fd"))


def reset(sock: socket.socket) -> None:
    """End a connection by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Peer:
    """One end, as a peer of the relay: it speaks WebSocket, and checks what it hears.

    Attributes:
        raw: All bytes that came, the head of the 101 left out.
    """

    def __init__(self, sock: socket.socket, side: Side) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE_S)
        self.masked = side is Side.CLIENT
        self.protocol = Protocol(side, state=OPEN, max_size=None)
        self.events: list[tuple[int, bytes]] = []
        self.raw = b""
        self.head = HEAD if side is Side.CLIENT else b""
        self.ended = False

    def text(self, text: bytes | str) -> None:
        payload = text.encode() if isinstance(text, str) else text
        self.sock.sendall(frame(TEXT, payload, masked=self.masked))

    def audio(self, payload: bytes) -> bytes:
        whole = frame(BINARY, payload, masked=self.masked)
        self.sock.sendall(whole)
        return whole

    def part(self, opcode: int, payload: bytes, *, fin: bool) -> bytes:
        whole = frame(opcode, payload, masked=self.masked)
        made = bytes((whole[0] if fin else whole[0] & 0x7F,)) + whole[1:]
        self.sock.sendall(made)
        return made

    def close(self, code: int | None = 1000, text: str = "") -> None:
        self.sock.sendall(close_frame(code, text, masked=self.masked))

    def leave(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        reset(self.sock)

    def hear(self) -> None:
        """Read once."""
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if self.head and data:
            assert len(data) >= len(self.head), "the head came in pieces"
            assert data.startswith(self.head)
            data = data[len(self.head) :]
            self.head = b""
            if not data:
                return
        self.raw += data
        if not data:
            self.ended = True
            return
        self.protocol.receive_data(data)
        assert self.protocol.parser_exc is None, self.protocol.parser_exc
        self.events += [
            (int(each.opcode), bytes(each.data))
            for each in self.protocol.events_received()
            if isinstance(each, Frame)
        ]

    def next(self) -> tuple[int, bytes]:
        """Return the next frame."""
        while not self.events:
            assert not self.ended, "the connection ended"
            self.hear()
        return self.events.pop(0)

    def says(self, opcode: int, payload: bytes) -> bool:
        return self.next() == (opcode, payload)

    def fills(self, data: bytes) -> int:
        """Send *data* again and again until nobody takes any more; return how often it went."""
        self.sock.settimeout(0.2)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 1000:
                self.sock.sendall(data)
                sent += 1
        self.sock.settimeout(PATIENCE_S)
        assert sent < 1000, "all of it was taken"
        return sent

    def error_code(self) -> int:
        """Return the code of the Error that comes next."""
        opcode, text = self.next()
        assert opcode == TEXT
        assert json.loads(text)["type"] == "Error"
        return int(json.loads(text)["error_code"])

    def close_code(self) -> int | None:
        """Return the code of the close frame that comes next."""
        opcode, payload = self.next()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2], "big") if payload else None

    def ends(self) -> bool:
        """Read to the end of the connection; whether no frame came before it."""
        while not self.ended:
            self.hear()
        return not self.events


class Notes(Watcher):
    """Notes what a stage hears."""

    def __init__(self, name: str = "", notes: list[Any] | None = None) -> None:
        self.name = name
        self.notes: list[Any] = [] if notes is None else notes
        self.client: list[bytes] = []
        self.server: list[bytes] = []
        self.session: OpenSession | None = None
        self.end: End | None = None
        self.over = threading.Event()

    def began(self, session: OpenSession) -> None:
        self.session = session

    def client_text(self, text: bytes) -> Any:
        assert self.end is None
        self.client.append(text)

    def server_text(self, text: bytes) -> Any:
        self.server.append(text)

    def ended(self, end: End) -> None:
        assert self.end is None, "an end is told once"
        self.notes.append(self.name)
        self.end = end
        self.over.set()


class Rig:
    """One session: `client` and `upstream` are its peers, `notes` a stage that follows it."""

    def __init__(
        self,
        relay: Relay,
        watchers: Sequence[Watcher] = (),
        *,
        client_early: bytes = b"",
        upstream_early: bytes = b"",
        small_buffers: bool = False,
    ) -> None:
        self.relay = relay
        client, ours = tcp_pair()
        upstream, theirs = tcp_pair()
        if small_buffers:
            for each in (client, ours, upstream, theirs):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        self.client = Peer(client, Side.CLIENT)
        self.upstream = Peer(upstream, Side.SERVER)
        self.notes = Notes()
        assert relay.enter() is None
        self.session = relay.start(
            taken_of(ours, client_early),
            Tunnel(reason="", headers=[], fd=theirs.detach(), early=upstream_early),
            HEAD,
            watchers=[*watchers, self.notes],
            words=STREAMING.words,
        )

    def begin(self) -> Rig:
        """Go on to where a session has begun."""
        self.upstream.text(BEGIN)
        assert self.client.says(TEXT, BEGIN)
        return self

    @property
    def end(self) -> End:
        assert self.notes.over.wait(PATIENCE_S)
        assert self.notes.end is not None
        return self.notes.end

    def gone(self) -> None:
        """Wait until nothing of the session is left in the relay."""
        self.client.leave()
        self.upstream.leave()
        loop = self.relay._loop
        assert loop is not None
        until(lambda: self.session not in loop.sessions and self.session not in loop.untold)

    @property
    def pending(self) -> int:
        """Bytes that the session keeps for ends that do not read."""
        return sum(len(wire.pending) for wire in self.session.ends)


def taken_of(sock: socket.socket, early: bytes = b"") -> Taken:
    """Give a connection away as a server does."""
    dead_end, other = socket.socketpair()
    other.close()
    dead_end.close()
    fd = sock.detach()
    return Taken(fd, None, early, DeadEndBody(dead_end), [functools.partial(os.close, fd)])


@contextlib.contextmanager
def relaying(**options: Any) -> Iterator[Relay]:
    """Give a relay that is closed at the end, and leaves no descriptor."""
    before = fds()
    relay = Relay(**{"idle_s": 60.0, "terminate_s": PATIENCE_S, "drain_s": 5.0} | options)
    try:
        yield relay
    finally:
        relay.close()
        # A loop is there for as long as a session may call it.
        until(lambda: gc.collect() is not None and fds() <= before)


CUT = Cut(3008, "The budget is used up.")
DRAIN = Cut(3008, "The budget is used up.", drain=True)
ERROR = {"type": "Error", "error_code": 3008, "error": "The budget is used up."}


def told(rig: Rig, error: dict[str, Any]) -> bool:
    """Whether the client is told this reason next, and then a close with its code."""
    opcode, text = rig.client.next()
    assert opcode == TEXT
    return json.loads(text) == error and rig.client.close_code() == error["error_code"]


def finish(rig: Rig, **expected: Any) -> None:
    """Check the facts of the end, and that nothing is left."""
    end = rig.end
    assert {name: getattr(end, name) for name in expected} == expected
    assert 0 <= end.seconds < 60
    assert rig.session.elapsed() == end.seconds
    rig.gone()
