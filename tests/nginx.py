"""A real nginx with TLS for the tests, where Debian's package `nginx-light` is installed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

# Debian puts it where only root's PATH leads.
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
DOCS = Path(__file__).parent.parent / "docs"


@dataclass(frozen=True, slots=True)
class Nginx:
    """nginx in front of a site, set up by the blocks that docs/ shows.

    Attributes:
        address: Host and port; TLS.
        authority: PEM file of who signed its certificate.
    """

    address: str
    authority: Path
    log: Path

    def requests(self, path: str) -> list[str]:
        """Return the log's lines of requests for *path*, which have the status and no query."""
        return [line for line in self.log.read_text().splitlines() if f" {path}" in line]


@contextlib.contextmanager
def nginx(upstream: str, folder: Path) -> Iterator[Nginx]:
    """Run nginx in front of *upstream*, host and port, until the block ends."""
    assert PROGRAM is not None
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        str(folder / "site.pem")
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    (folder / "nginx.conf").write_text(_configuration(upstream, folder, port))
    process = subprocess.Popen(
        [PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf")],
        # It takes the listening socket over, as it does at an upgrade of its program.
        env={"NGINX": f"{listener.fileno()};"},
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    listener.close()
    try:
        _wait(port, folder, process)
        yield Nginx(f"localhost:{port}", folder / "authority.pem", folder / "access.log")
    finally:
        process.terminate()
        process.wait(30)
    serious = [line for line in _errors(folder) if re.search(r"\[(crit|alert|emerg)\]", line)]
    assert serious == []


def _configuration(upstream: str, folder: Path, port: int) -> str:
    (others,) = _blocks("deploy.md")
    (sessions,) = _blocks("realtime.md")
    own = f"""
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {folder}/site.pem;
    ssl_certificate_key {folder}/site.pem;
{others}"""
    site = sessions.replace("server {", f"server {{{own}", 1)
    site = site.replace("127.0.0.1:8000", upstream)
    # Behind 443, as there, $host is all of the host's name; here it has a port.
    site = site.replace("Host $host;", "Host $http_host;")
    site = site.replace("/var/log/nginx/access.log", f"{folder}/access.log")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log notice;
events {{}}
http {{
{temporary}
{site}
}}
"""


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```nginx\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def _errors(folder: Path) -> list[str]:
    log = folder / "error.log"
    return log.read_text().splitlines() if log.exists() else []


def _wait(port: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a worker speaks TLS."""
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, _errors(folder)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
                context.wrap_socket(sock, server_hostname="localhost").close()
                return
        except OSError:
            assert time.monotonic() < deadline, _errors(folder)
            time.sleep(0.02)
