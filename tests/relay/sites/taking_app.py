"""Takes each request to /ws out of its server's hands, and echoes its bytes from a thread.

/refuse answers 401 without reading the body.
"""

from __future__ import annotations

import json
import os
import posix
import ssl
import sys
from collections.abc import Callable, Iterable
from typing import Any

from state import state

from assemblyai_mw.middleware.lingering import LingeringClose
from assemblyai_mw.relay.lingering import STRANGERS
from assemblyai_mw.relay.takeover import Taken, TLSThreads, Ungrippable, can_take, find

# Of the server's 4.
TLS_THREADS = TLSThreads(1)
# A session of /ws?quiet reads nothing before /go. A pipe, since an event of gevent's or eventlet's
# wakes up none but greenlets.
GO_READS, GO_WRITES = os.pipe()


def start_thread(work: Callable[..., None], *arguments: Any) -> None:
    """Start a thread of the operating system, under gevent and eventlet too."""
    if "gevent.monkey" in sys.modules:
        start = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
    elif "eventlet" in sys.modules:
        start = sys.modules["eventlet"].patcher.original("_thread").start_new_thread
    else:
        import _thread

        start = _thread.start_new_thread
    start(work, arguments)


def echo(taken: Taken, wait: Callable[[], None]) -> None:
    wait()
    try:
        if taken.tls is None:
            os.set_blocking(taken.fd, True)
            # Not os: eventlet replaces its read and write.
            _echo(
                taken.early, lambda: posix.read(taken.fd, 65536), lambda b: posix.write(taken.fd, b)
            )
        else:
            taken.tls.setblocking(True)
            _echo(taken.early, lambda: taken.tls.recv(65536), taken.tls.sendall)
    finally:
        taken.release()


def _echo(early: bytes, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
    try:
        if early:
            write(early)
        while data := read():
            write(data)
    except (ConnectionError, ssl.SSLError):
        pass


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if path == "/ws":
        return session(environ, start_response, query)
    if path == "/refuse":
        return LingeringClose(refuse)(environ, start_response)
    if path == "/go":
        os.write(GO_WRITES, b"!")
    known = {**state(), "lingering": len(STRANGERS)}
    reply = json.dumps(known).encode() if path == "/state" else b"a page"
    start_response("200 OK", [("Content-Length", str(len(reply)))])
    return [reply]


def refuse(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer 401 after the first bytes of the body that the query asks for."""
    if wanted := environ.get("QUERY_STRING"):
        environ["wsgi.input"].read(int(wanted))
    start_response("401 Unauthorized", [("Content-Length", "7")])
    return [b"refused"]


def session(environ: dict[str, Any], start_response: Any, query: str) -> Iterable[bytes]:
    possible = can_take(environ, TLS_THREADS)
    grip = find(environ, TLS_THREADS)
    assert possible is not isinstance(grip, Ungrippable)
    if isinstance(grip, Ungrippable):
        text = str(grip).encode()
        start_response(
            "426 Upgrade Required",
            [("Content-Length", str(len(text))), ("Content-Type", "text/plain")],
        )
        return [text]
    taken = grip.take()
    how = "holds a thread" if grip.holds_thread else describe(taken.fd)
    facts = f"{grip.server}; early {len(taken.early)}; {how}"
    head = f"HTTP/1.1 101 Switching Protocols\r\nX-Facts: {facts}\r\n\r\n".encode()
    if taken.tls is None:
        os.write(taken.fd, head)
    else:
        taken.tls.sendall(head)
    start_thread(echo, taken, wait_for_go if query == "quiet" else lambda: None)
    start_response("101 Switching Protocols", [])
    return taken.body


def wait_for_go() -> None:
    posix.read(GO_READS, 1)


def describe(fd: int) -> str:
    blocking = "blocking" if os.get_blocking(fd) else "non-blocking"
    return f"{blocking}, {'inherited' if os.get_inheritable(fd) else 'close-on-exec'}"
