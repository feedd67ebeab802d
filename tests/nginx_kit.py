"""A real nginx in front of a server, by the very block that docs/deploy.md shows."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy.md"
_CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} {tls};
        {block}
    }}
}}
"""


def program() -> str:
    """Return nginx's path, or skip the test."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip("nginx is not installed")
    return found


def deploy_block(*, port: int, buffering: bool = False) -> str:
    """Return the block for a server at *port*, with or without request buffering."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DEPLOY.read_text(), re.DOTALL)
    block, served = re.subn(r"http://127\.0\.0\.1:8000", f"http://127.0.0.1:{port}", block)
    assert served == 1
    if buffering:
        block, switched = re.subn(
            "proxy_request_buffering off", "proxy_request_buffering on", block
        )
        assert switched == 1
    return str(block)


@contextlib.contextmanager
def nginx(
    folder: Path,
    port: int,
    *,
    buffering: bool = False,
    certificate: Path | None = None,
    block: str = "",
) -> Iterator[int]:
    """Run nginx in front of *port*, and give its own port.

    Args:
        folder: For its files; made if missing.
        certificate: A .pem beside its .key; then nginx speaks TLS.
        block: In place of the page's, with its port.
    """
    found = program()
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        own: int = free.getsockname()[1]
    tls = ""
    if certificate is not None:
        key = certificate.with_suffix(".key")
        tls = f"ssl;\n        ssl_certificate {certificate};\n        ssl_certificate_key {key}"
    as_root = os.geteuid() == 0
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            user="user root;" if as_root else "",
            folder=folder,
            port=own,
            tls=tls,
            block=block or deploy_block(port=port, buffering=buffering),
        )
    )
    command = [found, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait(process, own, folder)
        yield own
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "error.log").read_text()
                raise RuntimeError(f"nginx did not start:\n{log}") from error
            time.sleep(0.02)
