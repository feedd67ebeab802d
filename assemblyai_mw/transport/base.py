"""What a transport is given and what it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from ..errors import ConfigError

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for AssemblyAI. Over TLS all of it means the same.

    Attributes:
        connect_s: Seconds to connect, TLS included.
        read_s: Seconds for the reply's head once the request is out, and for each
            further piece of its body; also for each MiB of the request to be taken,
            and for each block of a body that comes in blocks.
        total_s: Seconds for everything, the request's body included. Two hours let a 2 GB
            upload through 3 Mbit/s, and end an upstream that drips for ever.
    """

    connect_s: float = 10.0
    read_s: float = 120.0
    total_s: float = 7200.0

    def __post_init__(self) -> None:
        for name in ("connect_s", "read_s", "total_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ConfigError(f"timeouts: {name}: expected a number of seconds above 0")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of an upstream, and the path that all its targets begin with.

    Attributes:
        authority: The Host field's value: the port only where it is not the scheme's own.
        url: All of it, with no slash at its end.
    """

    scheme: str
    host: str
    port: int
    base_path: str = ""
    authority: str = field(init=False, repr=False, compare=False)
    url: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = self.port == (443 if self.scheme == "https" else 80)
        authority = host if own else f"{host}:{self.port}"
        object.__setattr__(self, "authority", authority)
        object.__setattr__(self, "url", f"{self.scheme}://{authority}{self.base_path}")

    @classmethod
    def parse(cls, base_url: str) -> Origin:
        """Return the origin of *base_url*.

        Raises:
            ConfigError: It is not `https://host[:port][/path]`, or plain `http` and not
                loopback, where the account key would travel in clear text. The line shows
                nothing of the URL: it may hold a password, or be a key in the wrong place.
        """
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ConfigError("base_url: expected a URL like 'https://host'") from None
        plain = base_url.isascii() and base_url.isprintable() and " " not in base_url
        if parts.scheme not in ("http", "https") or not host or not plain or port == 0:
            raise ConfigError("base_url: expected a URL like 'https://host'")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ConfigError("base_url: expected a URL without user, query and fragment")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ConfigError("base_url: plain http is allowed to loopback only")
        default = 443 if parts.scheme == "https" else 80
        return cls(parts.scheme, host, port or default, parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host == "::1":
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdigit() for n in numbers)


@dataclass(slots=True)
class Request:
    """One request to send. The transport writes Host and framing; nobody invents the rest.

    Attributes:
        target: Origin-form, as checked by `http.request_target`.
        headers: Checked names and values; the account key is among them.
        body: The whole body, or blocks of it, or None.
        length: Its length in bytes; None for blocks is sent as chunks.
        sent: Set by the transport once a byte may have left.
    """

    method: str
    target: str
    headers: Headers = field(repr=False)
    body: bytes | Iterable[bytes] | None = field(default=None, repr=False)
    length: int | None = None
    sent: bool = False


class UpstreamReply(Protocol):
    """A reply's head, and its body as it comes, undecoded.

    Iterating raises `UpstreamError` where the body stops short of its end.

    Attributes:
        whole: The whole body if it is there already; else None, and iterating gives it.
    """

    status: int
    reason: str
    headers: Headers
    whole: bytes | None

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Let go of the connection: back to the pool if whole, closed if not."""


class Transport(Protocol):
    """Something that sends a request to an origin."""

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> UpstreamReply:
        """Send *request* and return the reply once its head is there.

        Raises:
            UpstreamTimeout: Too slow.
            UpstreamError: Unreachable, or not HTTP/1.1.
        """
