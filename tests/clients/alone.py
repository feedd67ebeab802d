"""A network of loopback alone, and witnesses of each try to get out of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

# Everything that begins in it ends with it.
_UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_MARK = "CLIENTS_ALONE"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
# Port 9 is "discard" (RFC 863): nothing listens there.
_NOWHERE = "http://127.0.0.1:9"


def alone(command: list[str], environ: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return *command* and *environ* so that it has no network but loopback.

    By namespaces of Linux, as root or as a user who may make them; elsewhere by proxies that do
    not exist, which holds for clients that read the environment.
    """
    for more in ([], ["--user", "--map-root-user"]):
        prefix = [*_UNSHARE[:1], *more, *_UNSHARE[1:]]
        if (
            shutil.which("unshare")
            and not subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
        ):
            return [*prefix, *command], {**environ, _MARK: "1"}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
    proxies |= {name.lower(): value for name, value in proxies.items()}
    return command, {**environ, **proxies, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


class Witness:
    """Counts tries to leave the namespace: names that were looked up, packets without a way."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._begun = 0
        if not os.environ.get(_MARK):
            return
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        if [name for _, name in socket.if_nameindex()].count("lo") != 1:
            raise RuntimeError("the namespace has no loopback")
        with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as resolver:
            resolver.write("nameserver 127.0.0.1\n")
        os.chmod(resolver.name, 0o644)
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        os.unlink(resolver.name)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._answer, daemon=True).start()
        self._begun = _without_a_way()

    def tries(self) -> list[str]:
        """Return what was tried so far."""
        packets = _without_a_way() - self._begun if os.environ.get(_MARK) else 0
        return [f"looked up {name}" for name in dict.fromkeys(self.names)] + (
            [f"{packets} connections to other addresses"] if packets else []
        )

    def _answer(self) -> None:
        """Say of each name that it does not exist (RFC 1035, 4.1.1: RCODE 3)."""
        while True:
            query, client = self._socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
                at += query[at] + 1
            self.names.append(".".join(labels))
            self._socket.sendto(query[:2] + b"\x81\x83" + query[4:], client)


def _without_a_way() -> int:
    """Return how many packets of this namespace found no route, by IPv4 and IPv6."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines()[:2])
    count = int(values[names.index("OutNoRoutes")])
    for line in Path("/proc/net/snmp6").read_text().splitlines():
        name, value = line.split()
        if name == "Ip6OutNoRoutes":
            count += int(value)
    return count
