"""Clients of streaming sessions: AssemblyAI's SDK, and sockets that send what they like."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)
from websockets.sync.client import ClientConnection, connect

from assemblyai_mw.testing import US_KEY
from assemblyai_mw.testing.websocket import CLOSE, TEXT, frame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x11\x22\x33\x44"
# 100 ms of silence at 16,000 samples a second.
CHUNK = bytes(3200)


class Sdk:
    """AssemblyAI's streaming client, and what it was told."""

    def __init__(self, url: str, *, key: str | None = US_KEY, token: str | None = None) -> None:
        host = url.replace("http://", "ws://")
        options = StreamingClientOptions(api_host=host, api_key=key, token=token)
        self.client = StreamingClient(options)
        self.events: list[Any] = []
        self.errors: list[Any] = []
        self.ended = threading.Event()
        for event in StreamingEvents:
            if event is not StreamingEvents.Error:
                self.client.on(event, self._event)
        self.client.on(StreamingEvents.Error, self._error)

    def _event(self, client: StreamingClient, event: Any) -> None:
        self.events.append(event)
        if event.type == "Termination":
            self.ended.set()

    def _error(self, client: StreamingClient, error: Any) -> None:
        self.errors.append(error)
        self.ended.set()

    def connect(self, **parameters: Any) -> Sdk:
        self.client.connect(StreamingParameters(**{"sample_rate": 16_000, **parameters}))
        return self

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def last(self, kind: str) -> Any:
        return [event for event in self.events if event.type == kind][-1]


def address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


@contextmanager
def library(url: str, query: str = "", key: str | None = US_KEY) -> Iterator[ClientConnection]:
    """The `websockets` library's client, after Begin."""
    uri = url.replace("http://", "ws://") + "/v3/ws" + (f"?{query}" if query else "")
    headers = {"Authorization": key} if key else {}
    with connect(uri, additional_headers=headers, compression=None) as client:
        yield client


def handshake(
    target: str = "/v3/ws", *, key: str | None = US_KEY, without: str = "", **changed: str
) -> bytes:
    """A handshake's bytes; *changed* are fields by their name in lower case with underscores."""
    fields = {
        "host": "h",
        "connection": "keep-alive, Upgrade",
        "upgrade": "WebSocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": KEY,
    }
    if key is not None:
        fields["authorization"] = key
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    fields.pop(without, None)
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Raw:
    """A socket after the handshake; reads the server's frames by itself."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(10)
        self._reader = connection.makefile("rb")
        # Of the handshake's answer, where its reader notes them.
        self.fields: list[tuple[str, str]] = []

    def head(self) -> tuple[int, dict[str, str]]:
        status = int(self._reader.readline().split()[1])
        fields = {}
        while line := self._reader.readline().strip():
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        return status, fields

    def frame(self) -> tuple[bytes, bytes]:
        """The two first bytes of a frame, and its payload."""
        head = self._reader.read(2)
        if len(head) < 2:
            raise EOFError
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(self._reader.read(2))
        elif size == 127:
            size = int.from_bytes(self._reader.read(8))
        return head, self._reader.read(size)

    def message(self) -> dict[str, Any]:
        head, payload = self.frame()
        assert head[0] == 0x80 | TEXT
        return json.loads(payload)

    def close_code(self) -> int:
        """The code of the close frame; texts and pongs before it are passed over."""
        while True:
            head, payload = self.frame()
            if head[0] == 0x80 | CLOSE:
                return int.from_bytes(payload[:2])

    def send(self, opcode: int, payload: bytes = b"", **how: Any) -> None:
        self.connection.sendall(frame(opcode, payload, **{"mask": MASK, **how}))

    def say(self, message: Any) -> None:
        self.send(TEXT, json.dumps(message).encode())

    def close(self) -> None:
        self._reader.close()
        self.connection.close()


@contextmanager
def raw(url: str, target: str = "/v3/ws", after: bytes = b"", **fields: str) -> Iterator[Raw]:
    """A raw session that was accepted; *after* is glued to its handshake."""
    client = Raw(socket.create_connection(address(url)))
    try:
        client.connection.sendall(handshake(target, **fields) + after)
        status, _ = client.head()
        assert status == 101
        yield client
    finally:
        client.close()
