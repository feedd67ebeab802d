"""An upstream's URL, checked and split."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import ConfigError

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


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
                loopback, where the account key would travel in clear text. The message shows no
                part of the URL, which may hold a password, or be a key in the wrong place.
        """
        fault = url_fault(base_url)
        if fault is not None:
            raise ConfigError("base_url: expected {}, got {}".format(*fault))
        parts = urlsplit(base_url)
        default = 443 if parts.scheme == "https" else 80
        return cls(
            parts.scheme, parts.hostname or "", parts.port or default, parts.path.rstrip("/")
        )


def url_fault(value: str) -> tuple[str, str] | None:
    """Return (expected, got) for the first fault of a base URL, or None."""
    if not value.isascii():
        return "a URL in ASCII (a host's international name as xn--...)", "other characters"
    if not re.fullmatch(r"[\x21-\x7e]+", value) or "\\" in value:
        return "a URL", "blanks, control characters or backslashes in it"
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        return "a URL with a host and a port from 1 to 65535", "another"
    if url.scheme not in ("http", "https"):
        return "a URL that begins with https://", "another scheme or none"
    if "@" in url.netloc:
        return "a URL without user and password", "one with (@)"
    if "?" in value or "#" in value:
        return "a URL without query and fragment", "one with (? or #)"
    if not host or not is_host(host) or url.netloc.endswith(":"):
        return "a URL with a host name or address", "another"
    if port == 0:
        return "a URL with a host and a port from 1 to 65535", "another"
    if url.scheme == "http" and not is_loopback(host):
        return "https:// (plain http:// only to this machine)", "http://"
    path = url.path.removesuffix("/")
    if any(part in ("", ".", "..") for part in unquote(path).split("/")[1:]):
        return "a URL whose path has no empty and no dot segments", "one with"
    return None


def is_host(host: str) -> bool:
    """Whether *host* is a host name or an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        # A last label of digits is a spelling of an IPv4 address (WHATWG URL, ends in a number).
        return (
            len(host) <= 253
            and all(_LABEL.fullmatch(label) for label in labels)
            and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1])
        )
    return getattr(address, "scope_id", None) is None


def is_loopback(host: str) -> bool:
    """Whether *host* is certainly this machine, without a DNS query."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
