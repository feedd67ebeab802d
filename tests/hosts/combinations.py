"""Which host runs under which server, and how: each combination is a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import assemblyai_mw

SITES = Path(__file__).parent / "sites"
PRODUCT = Path(assemblyai_mw.__file__).parent.parent
APPS = {"flask": "flask_site:app", "django": "django_site:application"}
GUNICORN = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--graceful-timeout", "1"]


@dataclass(frozen=True, slots=True)
class Server:
    """A server as docs/hosts.md has it in its table.

    Attributes:
        name: The table's.
        command: What runs it; FD, PORT and APP are filled in.
        chunked: It marks the end of chunked bodies, by host.
    """

    name: str
    command: dict[str, list[str]]
    chunked: dict[str, bool]


def _both(*command: str, chunked: bool = True) -> tuple[dict[str, list[str]], dict[str, bool]]:
    return {host: [*command] for host in APPS}, dict.fromkeys(APPS, chunked)


def _gunicorn(worker: str, *options: str) -> Server:
    command = (*GUNICORN, "--bind", "fd://FD", "--worker-class", worker, *options, "APP")
    return Server(f"Gunicorn, {worker}", *_both(*command))


_SERVE = (sys.executable, str(SITES / "serve.py"))
SERVERS = [
    _gunicorn("gthread", "--threads", "8"),
    _gunicorn("gevent"),
    _gunicorn("sync", "--timeout", "150"),
    Server("Waitress", *_both(*_SERVE, "waitress", "FD", "APP")),
    Server("wsgiref", *_both(*_SERVE, "wsgiref", "FD", "APP", chunked=False)),
    Server(
        "the host's development server",
        {
            "flask": [sys.executable, "-m", "flask", "--app", "APP", "run", "--port", "PORT"],
            "django": [sys.executable, "-m", "django", "runserver", "--noreload", "PORT"],
        },
        {"flask": True, "django": False},
    ),
]
# It needs a compiler to install, so it is asked for: HOSTS_BY_HAND=/path/to/uwsgi
UWSGI = os.environ.get("HOSTS_BY_HAND")
if UWSGI:
    options = ["--master", "--die-on-term", "--need-app", "--enable-threads", "--threads", "8"]
    # It closes after each reply and does not say so by itself.
    options += ["--add-header", "Connection: close", "--virtualenv", sys.prefix]
    where = ["--http-socket", "127.0.0.1:PORT", "--module", "APP"]
    SERVERS.append(Server("uWSGI", *_both(UWSGI, *options, *where, chunked=False)))


@contextlib.contextmanager
def running(host: str, server: Server, folder: Path, config: Path) -> Iterator[str]:
    """Run the site until the block ends; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    fd, port = listener.fileno(), listener.getsockname()[1]
    own_port = any("PORT" in word for word in server.command[host])
    if own_port:
        listener.close()
    filled = {"FD": str(fd), "fd://FD": f"fd://{fd}", "PORT": str(port), "APP": APPS[host]}
    filled["127.0.0.1:PORT"] = f"127.0.0.1:{port}"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    environ |= {
        "PYTHONPATH": os.pathsep.join([str(SITES), str(PRODUCT)]),
        "DJANGO_SETTINGS_MODULE": "django_settings",
        "ASSEMBLYAI_MW_CONFIG": str(config),
    }
    output = folder / "server.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [filled.get(word, word) for word in server.command[host]],
            pass_fds=[] if own_port else [fd],
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    listener.close()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, output)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in output.read_text(), output.read_text()


def _wait(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/page", timeout=30) as reply:
                assert reply.read() == b"the host's own page"
                return
        except (OSError, urllib.error.URLError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"did not start:\n{output.read_text()}") from error
            time.sleep(0.05)
