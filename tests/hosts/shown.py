"""Servers as docs/hosts.md and docs/asgi.md show them: their commands and files, on a free port."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from blocks import Block, blocks_of
from nginx_kit import deploy_block, nginx

from assemblyai_mw.store import Database, Keys
from assemblyai_mw.testing import EU_KEY, US_KEY, Hosts, serve

from .checks import ADDRESS, Site
from .combinations import PRODUCT, SITES
from .gate import Gate

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "hosts.md"
OF_ANOTHER_PAGE = dict.fromkeys(("Starlette", "FastAPI"), DOCS / "asgi.md")
GTHREAD = "Gunicorn, gthread"
APACHE = "Apache, mod_wsgi"
SUB_PATH = "nginx, sub-path"
# And whether its block's lines about buffering are left out.
NGINX = {"nginx, buffering off": False, "nginx, buffering on": True}
# With what the tests need anyway.
BY_PIP = [GTHREAD, "Gunicorn, gevent", "Gunicorn, sync", "Gunicorn, --preload", "Waitress"]
BY_PIP += ["Cheroot", "Granian", "gevent.pywsgi", "Starlette"]
NAMES = [*BY_PIP, "FastAPI", "uWSGI", APACHE, *NGINX, SUB_PATH]
_USER = "www-data"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a section of the page has.

    Attributes:
        files: Text by name.
        words: The command that runs the server.
        environ: The variables before it.
        front: The configuration of nginx or Apache.
    """

    files: dict[str, str]
    words: list[str]
    environ: dict[str, str]
    front: str


def shown(name: str, port: int) -> Shown:
    """Return the section's server, at *port*."""
    files, words, environ, front = {}, [], {}, ""
    for block in _section(name):
        text = re.sub(r"\b8000\b", str(port), block.text)
        if block.title is not None:
            files[block.title] = text
        elif block.language == "sh":
            words = shlex.split(text.splitlines()[-1])
            while "=" in words[0]:
                key, _, value = words.pop(0).partition("=")
                environ[key] = value
        else:
            front = text
    return Shown(files, words, environ, front)


def _section(name: str) -> list[Block]:
    page = OF_ANOTHER_PAGE.get(name, PAGE)
    lines = page.read_text().splitlines()
    begin = lines.index(f"## {name}") + 1
    ends = (number for number, line in enumerate(lines) if line[:3] == "## " and number >= begin)
    end = next(ends, len(lines))
    return [block for block in blocks_of(page) if begin < block.line <= end]


@contextlib.contextmanager
def running(name: str, folder: Path, hosts: Hosts) -> Iterator[Site]:
    """Run the server that the section *name* shows, with the stack, until the block ends.

    Its processes are those that this process has started meanwhile.
    """
    folder.mkdir(parents=True)
    before = set(psutil.Process().children(recursive=True))
    gate = Gate(hosts.us.host("llm-gateway"))
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(serve(gate))
        config = _configure(folder, hosts.routes | {"/llm-gateway.assemblyai": gateway})
        database = stack.enter_context(Database(f"sqlite:///{folder}/ledger.db"))
        key = Keys(database).create("alice").key
        (folder / "app.py").write_text("from flask_site import app\n")
        port = _free_port()
        page = shown(name if name not in NGINX else GTHREAD, port)
        for title, text in page.files.items():
            (folder / title).write_text(text)
        words = _apache(page, folder, port) if name == APACHE else _program(page.words)
        stack.enter_context(_process(words, folder, config, page.environ))
        below = page.environ.get("SCRIPT_NAME", "")
        _wait(port, folder / "server.log")
        if name in NGINX or name == SUB_PATH:
            block = page.front or deploy_block(port=port)
            if NGINX.get(name):
                block = re.sub(r".*proxy_(request_)?buffering .*\n", "", block)
            port = stack.enter_context(nginx(folder / "nginx", port, block=block))

        def processes() -> list[psutil.Process]:
            return [p for p in psutil.Process().children(recursive=True) if p not in before]

        yield Site(port, below, processes, hosts, gate, database, key)
    log = (folder / "server.log").read_text()
    assert "Traceback" not in log, log


def _configure(folder: Path, routes: dict[str, str]) -> Path:
    models = [("assemblyai/*", US_KEY), ("eu.assemblyai/*", EU_KEY)]
    path = folder / "mw.yaml"
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump(
            {
                "routes": routes,
                "general_settings": {"database_url": f"sqlite:///{folder}/ledger.db"},
                "model_list": [
                    {"model_name": model, "litellm_params": {"model": model, "api_key": key}}
                    for model, key in models
                ],
            }
        )
    )
    return path


def _free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as listener:
        return int(listener.getsockname()[1])


def _program(words: list[str]) -> list[str]:
    program = Path(sys.executable).with_name(words[0])
    return [sys.executable if words[0] == "python" else str(program), *words[1:]]


def _apache(page: Shown, folder: Path, port: int) -> list[str]:
    """Write a whole configuration around the page's block; its site is there under two names."""
    block = page.front.replace("/srv/podcasts/.venv", os.environ["HOSTS_APACHE_VENV"])
    block = block.replace("python-path=/srv/podcasts", f"python-path={folder}:{SITES}:{PRODUCT}")
    block = block.replace("/srv/podcasts", str(folder)).replace("*:80", f"{ADDRESS}:{port}")
    block = block.replace("/run/apache2/wsgi", f"{folder}/wsgi")
    second = block[block.index("<VirtualHost") :].replace("example.com", "second.example")
    modules = ("mpm_event", "authz_core", "wsgi")
    load = "".join(
        f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so\n" for each in modules
    )
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/apache.pid\n"
        f"Listen {ADDRESS}:{port}\nUser {_USER}\nGroup {_USER}\nErrorLog {folder}/server.log\n"
        f"{load}{block}{second}"
    )
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, _USER, _USER)
    return ["/usr/sbin/apache2", "-f", str(folder / "apache.conf"), "-DFOREGROUND"]


@contextlib.contextmanager
def _process(
    words: list[str], folder: Path, config: Path, environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            words,
            env={
                **inherited,
                "PYTHONPATH": os.pathsep.join([str(folder), str(SITES), str(PRODUCT)]),
                "ASSEMBLYAI_MW_CONFIG": str(config),
                "GUNICORN_CMD_ARGS": "--no-control-socket --graceful-timeout 1",
                **environ,
            },
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection((ADDRESS, port), 30) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if sock.recv(100).startswith(b"HTTP/1."):
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError(f"did not start:\n{log.read_text()}")
        time.sleep(0.05)
