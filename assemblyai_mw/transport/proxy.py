"""An HTTP proxy on the way to AssemblyAI: its address, and the tunnel through it (CONNECT)."""

from __future__ import annotations

import base64
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import ConfigError, UpstreamError
from ..secret import HiddenBytes, Secret
from .connection import wait_until
from .origin import Origin, is_host
from .reply import READ_BYTES, Head


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        credentials: `user:password` in Base64 (RFC 7617); None for a proxy that asks for none.
    """

    host: str
    port: int
    credentials: Secret | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Return the proxy at *url*, `http://[user:password@]host:port`.

        Raises:
            ConfigError: It is another kind of URL. The message shows no part of it.
        """
        fault = proxy_fault(url)
        if fault is not None:
            raise ConfigError("proxy: expected {}, got {}".format(*fault))
        parts = urlsplit(url)
        credentials = None
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            credentials = Secret(base64.b64encode(pair.encode()).decode())
        return cls(parts.hostname or "", parts.port or 0, credentials)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_fault(value: str) -> tuple[str, str] | None:
    """Return (expected, got) for the first fault of a proxy's URL, or None."""
    if not value:
        return "http://host:port", "an empty one"
    if not re.fullmatch(r"[\x21-\x7e]+", value) or "\\" in value:
        return "http://host:port", "blanks, backslashes or other characters in it"
    authority = re.split(r"[/?#]", value.partition("://")[2], maxsplit=1)[0]
    if "@" in value and "@" not in authority:
        expected = "http://user:password@host:port, / ? and # in user and password percent-encoded"
        return expected, "one of them before the @"
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        return "http://host:port, the port from 1 to 65535", "another"
    if url.scheme == "https":
        return "http://host:port", "https:// (TLS to the proxy itself is not supported)"
    if url.scheme != "http":
        return "http://host:port", "another scheme or none"
    if not host or not is_host(host) or not port:
        return "http://host:port", "one without a host or a port"
    if url.path not in ("", "/") or "?" in value or "#" in value:
        return "http://host:port", "one with a path, query or fragment"
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if "@" in url.netloc and (
        not user or ":" in user or not f"{user}{password}".isprintable() or "@" in url.path
    ):
        return "http://user:password@host:port", "a user that HTTP Basic cannot send"
    return None


def open_tunnel(sock: socket.socket, proxy: Proxy, origin: Origin, until: float) -> None:
    """Have *proxy*, at the other end of *sock*, connect to *origin*.

    Args:
        until: The moment (`time.monotonic`) at which it must be done.

    Raises:
        UpstreamError: The proxy refuses, ends the connection, or does not answer in HTTP.
        TimeoutError: Too slow.
        OSError: The connection failed.
    """
    target = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{target}:{origin.port}"
    wait_until(sock, until)
    sock.sendall(_request(target, proxy).reveal())
    head = Head("CONNECT")
    rest = b""
    try:
        while not head.complete:
            wait_until(sock, until)
            data = sock.recv(READ_BYTES)
            if not data:
                raise UpstreamError("the proxy ended the connection")
            rest = head.feed(data)
    except UpstreamError as error:
        raise UpstreamError(f"no tunnel through the proxy: {error}") from None
    finally:
        head.end()
    if head.status == 407:
        raise UpstreamError("the proxy wants other credentials (status 407)")
    if not 200 <= head.status < 300:
        raise UpstreamError(f"the proxy refuses the connection (status {head.status})")
    if rest:
        # A server of TLS speaks second: these bytes cannot be AssemblyAI's.
        raise UpstreamError("no tunnel through the proxy: it sent a body with its consent")


def _request(target: str, proxy: Proxy) -> HiddenBytes:
    fields = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if proxy.credentials is None:
        return HiddenBytes(f"{fields}\r\n".encode("ascii"))
    return HiddenBytes(
        f"{fields}Proxy-Authorization: Basic {proxy.credentials.reveal()}\r\n\r\n".encode("ascii")
    )
