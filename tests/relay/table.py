"""A table of what comes of sessions under every server known.

    python -m tests.relay.hosts

makes a virtual environment and prints the table. With --here it uses the environment it runs in;
names of servers after that choose some.
"""

from __future__ import annotations

import configparser
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

from .hosts import (
    GIVES,
    HTTP,
    PRODUCT,
    REFUSES,
    UWSGI_PROTOCOL,
    Server,
    gunicorn,
    read_to_end,
    running,
    serve,
    uwsgi,
    uwsgi_packet,
)

# What the table needs beside what the package does.
NEEDED = ("a2wsgi", "assemblyai>=1.8", "cffi", "cheroot", "django", "eventlet", "flask", "gevent")
NEEDED += ("granian", "gunicorn", "psutil", "uvicorn", "uwsgi", "waitress")
BY_HAND = [
    gunicorn("gevent_pywsgi", "--worker-class", "gunicorn.workers.ggevent.GeventPyWSGIWorker"),
    uwsgi("http11-socket", "--http11-socket", HTTP, "--enable-threads", gives_early=False),
    uwsgi("gevent", "--http-socket", HTTP, "--gevent", "10", gives_early=False),
    serve("a2wsgi"),
]


def attempt(server: Server, folder: Path) -> str:
    """Run one session under *server*, and say what came of it."""
    with running(server, folder) as site:
        if server is UWSGI_PROTOCOL:
            with site.connect() as sock:
                sock.sendall(uwsgi_packet(PATH_INFO="/ws"))
                return read_to_end(sock).partition(b"\r\n\r\n")[2].decode()
        session = site.open(early=b"early" if server.gives_early else b"")
        if not session.is_open:
            return session.text
        early = session.read(5) if server.gives_early else b"early"
        echoed, page, rest = session.echo(b"x" * 100_000), site.get("/page"), session.end()
        whole = (early, echoed, page, rest) == (b"early", b"x" * 100_000, b"a page", b"")
        return f"{'works' if whole else 'FAILS'}; {session.facts}"


def attempt_streaming(server: Server, folder: Path) -> str:
    """Run sessions of the Python SDK through a whole stack; say what came of them."""
    from .streaming_kit import hold_sessions, open_sessions, streaming_site, until

    with streaming_site(server, folder) as site:
        hold_sessions(site)
        site.settled(10)
        descriptors, threads = site.descriptors(), site.threads()
        hold_sessions(site, threads=threads)
        site.settled(20)
        until(lambda: site.descriptors() <= descriptors)
        (speaker,) = open_sessions(site, 1)
        site.running.process.terminate()
        site.running.process.wait(30)
        speaker.end()
        state = site.rows()[-1]["state"]
        told = ", ".join(str(code) for code, _ in speaker.errors)
        return f"20 streamed and settled | {told}, {state}"


def main() -> None:
    if sys.argv[1:2] != ["--here"]:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            setup = configparser.ConfigParser()
            setup.read(PRODUCT / "setup.cfg")
            needed = setup["options"]["install_requires"].split()
            install = [python, "-m", "pip", "install", "-q", *needed, *NEEDED]
            subprocess.run(install, check=True)
            again = [python, "-m", "tests.relay.hosts", "--here", *sys.argv[1:]]
            subprocess.run(again, check=True, cwd=PRODUCT)
        return
    only = sys.argv[2:]
    print("| server | one session by hand | the SDK, ten sessions at once | a session at SIGTERM |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        servers = [*GIVES, *REFUSES, UWSGI_PROTOCOL, *BY_HAND]
        for number, server in enumerate(servers):
            if only and server.name not in only:
                continue
            cells = [_cell(attempt, server, Path(folder, str(number)))]
            if cells[0].startswith("works"):
                cells.append(_cell(attempt_streaming, server, Path(folder, f"{number}-stack")))
            print(f"| {server.name} | {' | '.join(cells)} |", flush=True)


def _cell(of: Callable[[Server, Path], str], server: Server, folder: Path) -> str:
    try:
        return of(server, folder)
    except Exception as error:
        return f"FAILS: {type(error).__name__}: {error}".replace("\n", " ")[:300]
