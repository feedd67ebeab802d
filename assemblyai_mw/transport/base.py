"""The interface of transports: request and reply."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ..errors import ConfigError
from .origin import Origin
from .tunnel import Tunnel

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts for AssemblyAI; `timeouts:` in YAML. They apply equally over TLS.

    Attributes:
        connect_s: Seconds to connect, TLS included.
        read_s: Seconds for the reply's head once the request is out, for each further piece
            of its body, for each MiB of the request to be taken, and for each block of a
            body that comes in blocks.
        chat_read_s: The same for chat completions, instead of `read_s`. A long answer of an LLM
            that is not streamed is silent until its end, and OpenAI's clients wait as long.
        total_s: Seconds for everything, the request's body included. Two hours let a 2 GB
            upload through 3 Mbit/s, and end an upstream that drips for ever.
        audio_wait_s: Seconds for which `/v1/audio/transcriptions` waits for a transcript. OpenAI's
            clients wait 600.
    """

    connect_s: float = 10.0
    read_s: float = 120.0
    total_s: float = 7200.0
    chat_read_s: float = 600.0
    audio_wait_s: float = 600.0

    def __post_init__(self) -> None:
        for name in ("connect_s", "read_s", "total_s", "chat_read_s", "audio_wait_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ConfigError(f"timeouts: {name}: expected a number of seconds above 0")

    def of_kind(self, kind: str | None) -> Timeouts:
        """Return the timeouts of one request, whose `read_s` is that of its *kind*."""
        return dataclasses.replace(self, read_s=self.chat_read_s) if kind == "chat" else self


@dataclass(slots=True)
class Request:
    """One request to send. The transport adds only Host and framing.

    Attributes:
        target: Origin-form, as checked by `http.request_target`.
        headers: Checked names and values; the account key is among them.
        body: The whole body, or blocks of it, or None.
        length: Its length in bytes; None for blocks is sent as chunks.
        sent: Set by the transport once a byte may have been sent.
    """

    method: str
    target: str
    headers: Headers = field(repr=False)
    body: bytes | Iterable[bytes] | None = field(default=None, repr=False)
    length: int | None = None
    sent: bool = False


class UpstreamReply(Protocol):
    """A reply's head, and its body as received, undecoded.

    Iterating raises `UpstreamError` where the body stops short of its end.

    Attributes:
        whole: The whole body if it has arrived; else None, and iterating gives it.
    """

    status: int
    reason: str
    headers: Headers
    whole: bytes | None

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Release the connection: to the pool if the body is whole, else close it."""


class Transport(Protocol):
    """Something that sends a request to an origin."""

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> UpstreamReply:
        """Send *request* and return the reply once its head is there.

        Raises:
            UpstreamTimeout: Too slow.
            UpstreamError: Unreachable, or not HTTP/1.1.
        """


@runtime_checkable
class Upgrading(Transport, Protocol):
    """A transport that can carry another protocol than HTTP, such as WebSocket.

    Others have no `upgrade`: `getattr(transport, "upgrade", None)` tells.
    """

    def upgrade(
        self, origin: Origin, request: Request, timeouts: Timeouts
    ) -> UpstreamReply | Tunnel:
        """Send *request*, whose headers ask for another protocol, on a connection of its own.

        Returns:
            A `Tunnel`, which the caller closes, if the upstream switched (101); else its
            ordinary reply. `timeouts` end with the reply: a tunnel has none.

        Raises:
            UpstreamTimeout: Too slow.
            UpstreamError: Unreachable, or not HTTP/1.1.
        """
