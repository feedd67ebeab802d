"""Origins of web pages, as browsers write them into Origin (RFC 6454, 6.1). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..errors import ConfigError

EVERY = "*"
_PORTS = {"http": 80, "https": 443}
# Pages of browser extensions, and of apps that are made of web pages.
_OF_APPS = (
    "capacitor",
    "chrome-extension",
    "ionic",
    "moz-extension",
    "safari-web-extension",
    "tauri",
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")
_EXAMPLE = "such as https://app.example"


def origin_fault(value: str) -> tuple[str, str] | None:
    """Return (expected, got) if no browser writes *value* as an origin, or None.

    Upper case is no fault: `browser_form` makes it lower.
    """
    if not value.isascii():
        return "an origin in ASCII (a host's international name as xn--...)", "other characters"
    if value.lower() == "null":
        return f"an origin {_EXAMPLE}", "null, which pages of anybody have"
    if "*" in value:
        return f"an origin {_EXAMPLE}, or * alone for every origin", "a pattern"
    scheme, mark, rest = value.partition("://")
    if not mark:
        return f"an origin with its scheme, {_EXAMPLE}", "one without"
    scheme = scheme.lower()
    if scheme not in _PORTS and scheme not in _OF_APPS:
        known = ", ".join(f"{each}://" for each in ("https", "http", *_OF_APPS))
        return f"an origin that begins with one of {known}", "another"
    if "@" in rest:
        return "an origin without user and password", "one with (@)"
    if rest.endswith("/") and "/" not in rest[:-1]:
        return f"an origin without a slash at its end, {_EXAMPLE}", "one with"
    if re.search(r"[/?#\\]", rest):
        return f"an origin without path, query and fragment, {_EXAMPLE}", "one with"
    try:
        url = urlsplit(value.lower())
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, 0
    if port == 0 or re.search(r":(0[0-9]*)?$", rest):
        return "an origin with a host, and a port from 1 to 65535 or none", "another"
    if port is not None and port == _PORTS.get(scheme):
        return f"an origin without the port {port}, which browsers leave out", "one with"
    if not host or not _is_host(host):
        return "an origin with a host name or address", "another"
    if not _is_in_browser_form(host):
        return "an origin with its address as 127.0.0.1 or [::1], which browsers write", "another"
    return None


def browser_form(value: str) -> str:
    """Return an origin without a fault as browsers write it."""
    return value.lower()


def listed(values: Iterable[str], option: str) -> tuple[str, ...]:
    """Return the origins that an *option* lists, as browsers write them.

    Raises:
        ConfigError: One of them is none.
    """
    if isinstance(values, str):
        raise ConfigError(f"{option}: expected a list of origins, got a string")
    found = []
    for value in values:
        fault = origin_fault(value)
        if fault is not None:
            raise ConfigError("{}: expected {}, got {}".format(option, *fault))
        found.append(browser_form(value))
    return tuple(found)


def is_protected(origin: str) -> bool:
    """Whether nobody on the network can write a page of *origin*: https, or this machine."""
    scheme, _, authority = origin.partition("://")
    return scheme == "https" or (scheme == "http" and re.sub(r":[0-9]+$", "", authority) in _LOCAL)


def _is_host(host: str) -> bool:
    try:
        return getattr(ipaddress.ip_address(host), "scope_id", None) is None
    except ValueError:
        return _NAME.fullmatch(host) is not None and ".." not in host


def _is_in_browser_form(host: str) -> bool:
    """Whether a browser leaves *host* as it is: `127.1` and `[0::1]` never reach Origin."""
    try:
        return ipaddress.ip_address(host).compressed == host
    except ValueError:
        # URL Standard, ends in a number: the rest is an IPv4 address in another spelling, or none.
        return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) is None
