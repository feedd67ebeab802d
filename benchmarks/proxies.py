"""Starts the proxies that one may have already, where they are installed: nginx and LiteLLM's.

nginx is `nginx` on the PATH or where systems put it. LiteLLM's proxy is the `litellm` that
BENCH_LITELLM names, else the one on the PATH; it belongs in a virtual environment of its own.
Each runs with one worker unless told otherwise, forwards to the upstream alone, puts the account's
key in, and leaves a line a call in a file, as ours does. LiteLLM's has no database: its client for
one, Prisma, downloads programs of its own at the first start.
"""

from __future__ import annotations

import grp
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from . import load
from .servers import TRANSCRIPT, Server, listening, running

MASTER_KEY = "sk-bench"

# The kept-alive connections of a round carry more than the 1000 requests of nginx's default.
NGINX = """\
{user}
worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {log};
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 0;
    keepalive_requests 1000000;
    upstream bench {{
        server 127.0.0.1:{upstream};
        keepalive 64;
        keepalive_requests 1000000;
    }}
{servers}}}
"""
NGINX_SERVER = """\
    server {{
        listen 127.0.0.1:{port};
        location /assemblyai/ {{
            proxy_pass {scheme}://bench/;
{tls}            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization account-key;
            proxy_request_buffering off;
            proxy_buffering off;
        }}
    }}
"""

# As ours does, chain and name are verified; nginx compares names alone, not addresses.
NGINX_TLS = """\
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate {authority};
            proxy_ssl_name localhost;
"""

# A pass-through of its own: the host of LiteLLM's /assemblyai is fixed in its code, and a call
# there would leave this machine. Both go through the same handler and cost the same.
LITELLM_PREFIX = "/bench/assemblyai"
LITELLM = """\
general_settings:
  master_key: {key}
  pass_through_endpoints:
    - path: {prefix}
      target: {scheme}://127.0.0.1:{upstream}
      include_subpath: true
      auth: true
      headers:
        Authorization: account-key
model_list:
  - model_name: assemblyai/*
    litellm_params:
      model: openai/*
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: account-key
"""


@contextmanager
def nginx(upstream_port: int, authority: Path | None = None) -> Iterator[Server]:
    """Run nginx; with an *authority*, it speaks TLS to the upstream."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        tls = NGINX_TLS.format(authority=authority) if authority else ""
        servers = NGINX_SERVER.format(port=port, scheme=_scheme(authority), tls=tls)
        with run_nginx("nginx", folder, servers, port, upstream_port, log="calls.log") as server:
            _try(server)
            yield server


@contextmanager
def run_nginx(
    name: str, folder: str, servers: str, port: int, upstream_port: int, *, log: str
) -> Iterator[Server]:
    """Run nginx with these *servers*, of which one listens at *port*, once that one answers.

    They pass to `http://bench`, the plain *upstream_port*. *folder* is for its files.
    """
    # Its worker would else be somebody who may not enter the folder.
    user = f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
    config = Path(folder, "nginx.conf")
    text = NGINX.format(user=user, log=log, upstream=upstream_port, servers=servers)
    config.write_text(text, "utf-8")
    command = [_found("nginx"), "-p", folder, "-c", str(config), "-e", f"{folder}/error.log"]
    with running(command) as process:
        server = Server(name, port, process=process)
        connects(server, Path(folder, "error.log"))
        yield server


@contextmanager
def litellm(
    upstream_port: int, authority: Path | None = None, *, workers: int = 1
) -> Iterator[Server]:
    """Run LiteLLM's proxy: a master key, no database, and nothing that leaves this machine.

    It passes /bench/assemblyai on as it is, and serves /v1/chat/completions by its router.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yaml")
        text = LITELLM.format(
            key=MASTER_KEY,
            prefix=LITELLM_PREFIX,
            upstream=upstream_port,
            scheme=_scheme(authority),
        )
        config.write_text(text, "utf-8")
        # Not this shell's environment: a database, a cache or a logger that it names would be used.
        environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": folder,
            "LITELLM_MODE": "PRODUCTION",  # reads no .env file
            # Start with the lists that the package brings.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOCAL_BLOG_POSTS": "True",
            "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
            "LITELLM_LOCAL_POLICY_TEMPLATES": "true",
            "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
            # Whatever a version still asks for over TLS meets a closed port.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
        }
        if authority:
            environ["SSL_CERT_FILE"] = str(authority)
        command = [_found("LiteLLM"), "--config", str(config), "--host", "127.0.0.1"]
        command += ["--port", "0", "--num_workers", str(workers), "--keepalive_timeout", "60"]
        log = open(f"{folder}/litellm.log", "wb+")  # noqa: SIM115
        with (
            log,
            running(command, stdout=log, stderr=log, env=environ, cwd=folder) as process,
        ):
            port = listening(
                Path(log.name), process, r"Uvicorn running on http://127\.0\.0\.1:(\d+)"
            )
            headers = {"Authorization": f"Bearer {MASTER_KEY}"}
            server = Server("LiteLLM", port, LITELLM_PREFIX, headers, process=process)
            _try(server)
            yield server


def _scheme(authority: Path | None) -> str:
    return "https" if authority else "http"


PROXIES: dict[str, Callable[..., AbstractContextManager[Server]]] = {
    "nginx": nginx,
    "LiteLLM": litellm,
}


def find(name: str) -> str | None:
    """Return the executable of *name* of `PROXIES`, None if it is not installed."""
    if name == "nginx":
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return shutil.which(os.environ.get("BENCH_LITELLM") or "litellm")


def version(name: str) -> str:
    """Return the version of an installed one, "unknown" if it does not say."""
    command = [_found(name), "-v"]
    if name == "LiteLLM":
        # Its own --version imports the whole package, which takes as long as a start.
        python = Path(_found(name)).resolve().with_name("python")
        ask = "from importlib.metadata import version; print(version('litellm'))"
        command = [str(python), "-c", ask]
    try:
        run = subprocess.run(command, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return (run.stdout + run.stderr).split("/")[-1].strip()


def _found(name: str) -> str:
    path = find(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed")
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def connects(server: Server, log: Path) -> None:
    for _ in range(600):
        try:
            load.connect(server.port).close()
            return
        except ConnectionRefusedError:
            if server.process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError(f"no server: {log.read_text()}")


def _try(server: Server) -> None:
    """Make one call, so that a proxy that does not reach the upstream is not measured."""
    load.gets(server.port, f"{server.prefix}/v2/transcript/{TRANSCRIPT}", server.headers, 1, 1)
