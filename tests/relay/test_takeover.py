"""Sessions under real servers: the server loses the connection and does not notice."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from assemblyai_mw.relay.takeover import Grip, TLSThreads, Ungrippable, can_take, find

from .hosts import (
    GEVENT,
    GIVES,
    GTHREAD,
    LIBUV,
    REFUSES,
    UWSGI_PROTOCOL,
    Running,
    Server,
    Session,
    gunicorn,
    handshake,
    read_to_end,
    running,
    uwsgi_packet,
)
from .marks import needs_uwsgi, with_uwsgi

SESSIONS = 100


@pytest.fixture(scope="module", params=with_uwsgi(GIVES), ids=str)
def site(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Running]:
    with running(request.param, tmp_path_factory.mktemp("server")) as site:
        yield site


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a server does after the client has seen all of it."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_session_is_a_clean_tunnel(site: Running) -> None:
    """The descriptor is non-blocking, no child inherits it, and nothing of the server's is in it.

    A page is served meanwhile, and on Gunicorn's sync worker that needs its only thread.
    """
    session = site.open()
    assert session.is_open
    assert session.facts.endswith("non-blocking, close-on-exec")
    sent = os.urandom(300_000)
    assert session.echo(sent[:10]) == sent[:10]
    assert site.get("/page") == b"a page"
    for start in range(0, len(sent), 50_000):
        assert session.echo(sent[start : start + 50_000]) == sent[start : start + 50_000]
    assert session.end() == b""
    assert site.get("/page") == b"a page"


def test_bytes_glued_to_the_handshake_come_first(site: Running) -> None:
    """RFC 6455 has clients wait for the 101, but a server has read them if they do not."""
    session = site.open(early=b"glued" * 20)
    assert session.is_open
    if site.server.gives_early:
        assert session.read(100) == b"glued" * 20
        assert "early 0" not in session.facts
    assert session.echo(b"later") == b"later"
    assert session.end() == b""


def test_a_hundred_sessions_leave_nothing_behind(site: Running) -> None:
    """No descriptor, and in Gunicorn's count of connections what stood there before."""
    for _ in range(3):
        site.open().end()
    before = site.state()
    for number in range(SESSIONS):
        session = site.open(early=b"glued" if number % 2 and site.server.gives_early else b"")
        assert session.is_open
        session.end()

    def is_as_before() -> bool:
        after = site.state()
        assert after["pid"] == before["pid"]
        return bool(after["fds"] <= before["fds"] and after["nr_conns"] == before["nr_conns"])

    until(is_as_before)
    if site.server is GTHREAD:
        # The connection that asks.
        assert before["nr_conns"] == [1]


def test_sessions_open_at_once_do_not_mix(site: Running) -> None:
    sessions = [site.open() for _ in range(20)]
    for number, session in enumerate(sessions):
        session.sock.sendall(b"%03d" % number * 1000)
    for number, session in enumerate(sessions):
        assert session.read(3000) == b"%03d" % number * 1000
    assert [session.end() for session in sessions] == [b""] * 20


def test_a_client_that_vanishes_frees_its_descriptor(site: Running) -> None:
    site.open().end()
    before = site.state()["fds"]
    session = site.open()
    session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    session.sock.close()
    until(lambda: site.state()["fds"] <= before)


def test_a_server_that_stops_says_nothing_into_the_session(site_alone: Running) -> None:
    """Its drain, its close and its log meet the dead end; the session goes on until it exits."""
    session = site_alone.open()
    assert session.echo(b"before") == b"before"
    os.kill(site_alone.process.pid, signal.SIGTERM)
    with contextlib.suppress(ConnectionError):
        while reply := session.echo(b"after"):
            assert b"after".startswith(reply)
            time.sleep(0.01)
    session.sock.close()
    site_alone.process.wait(30)
    session.sock.close()


@pytest.fixture(params=with_uwsgi(GIVES), ids=str)
def site_alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    with running(request.param, tmp_path) as site:
        yield site


KEEP_ALIVE = [each for each in GIVES if each.name in ("pywsgi", "cheroot", "eventlet")]


@pytest.mark.parametrize("server", [GTHREAD, GEVENT, LIBUV, *KEEP_ALIVE], ids=str)
def test_a_session_on_a_kept_connection_lets_the_servers_loop_rest(
    server: Server, tmp_path: Path
) -> None:
    """The loop has waited for this connection before; neither while the session is idle nor while
    it does not read may it wake up all the time.
    """
    with running(server, tmp_path) as site:
        sock = site.connect()
        sock.sendall(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
        reply = b""
        while not reply.endswith(b"a page"):
            reply += sock.recv(65536)
        site.state()
        session = Session(sock, "/ws?quiet")
        idle = cpu_share(site)
        session.sock.sendall(b"unread")
        unread = cpu_share(site)
        assert site.get("/go") == b"a page"
        assert session.read(6) == b"unread"
        assert session.end() == b""
    assert idle < 0.5
    assert unread < 0.5


def cpu_share(site: Running) -> float:
    used, start = site.state()["cpu_s"], time.monotonic()
    time.sleep(0.5)
    return float((site.state()["cpu_s"] - used) / (time.monotonic() - start))


def test_a_unix_socket_behind_nginx_gives_sessions(tmp_path: Path) -> None:
    with running(gunicorn("unix", "--threads", "2", bind="unix:UNIX"), tmp_path) as site:
        session = site.open(early=b"glued")
        assert session.read(5) == b"glued"
        assert session.echo(b"later") == b"later"
        assert session.end() == b""


@pytest.mark.parametrize("server", with_uwsgi(REFUSES), ids=str)
def test_a_server_without_a_socket_is_named(server: Server, tmp_path: Path) -> None:
    name, cure = {
        "waitress": ("Waitress", "run the app under Gunicorn"),
        "granian": ("Granian", "run the app under Gunicorn"),
        "uWSGI without threads": ("uWSGI", "start it with --enable-threads"),
        "uWSGI http without websockets": ("uWSGI", "--http-websockets"),
    }[server.name]
    with running(server, tmp_path) as site:
        session = site.open()
        assert session.head.startswith(b"HTTP/1.1 426 ")
        assert session.text.startswith(f"WebSocket is not possible here: {name} ")
        assert cure in session.text
        assert site.get("/page") == b"a page"


@needs_uwsgi
def test_the_uwsgi_protocol_is_refused(tmp_path: Path) -> None:
    with running(UWSGI_PROTOCOL, tmp_path) as site, site.connect() as sock:
        sock.sendall(uwsgi_packet(PATH_INFO="/ws"))
        assert b"use proxy_pass instead of uwsgi_pass" in read_to_end(sock)


def test_http_1_0_is_refused_with_nginxs_cure(tmp_path: Path) -> None:
    with running(GTHREAD, tmp_path) as site, site.connect() as sock:
        sock.sendall(handshake("/ws", version="1.0"))
        reply = read_to_end(sock)
    assert b" 426 " in reply
    assert b"as HTTP/1.0" in reply
    assert b"proxy_http_version 1.1" in reply


def test_a_handshake_with_a_body_is_refused(tmp_path: Path) -> None:
    with running(GTHREAD, tmp_path) as site, site.connect() as sock:
        sock.sendall(handshake("/ws", more="Content-Length: 4\r\n") + b"body")
        assert b" 426 " in sock.recv(65536)


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    authority = trustme.CA()
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return pem, context


def tls_session(site: Running, context: ssl.SSLContext, early: bytes = b"") -> Session:
    return Session(context.wrap_socket(site.connect(), server_hostname="127.0.0.1"), early=early)


def test_tls_at_the_server_holds_its_threads_up_to_the_bound(
    certificates: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    pem, context = certificates
    server = gunicorn("tls", "--threads", "4", "--certfile", str(pem), "--keyfile", str(pem))
    with running(server, tmp_path) as site:
        for number in range(5):
            session = tls_session(site, context, early=b"glued" if number else b"")
            assert session.is_open, session.text
            assert "holds a thread" in session.facts
            if number:
                assert session.read(5) == b"glued"
            assert session.echo(b"x" * 100_000) == b"x" * 100_000
            beyond = tls_session(site, context)
            assert beyond.head.startswith(b"HTTP/1.1 426 ")
            assert "holds a thread" in beyond.text
            assert session.echo(b"still") == b"still"
            assert session.end() == b""


def test_tls_in_greenlets_is_refused(
    certificates: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    pem, context = certificates
    server = gunicorn("tls", "-k", "gevent", "--certfile", str(pem), "--keyfile", str(pem))
    with running(server, tmp_path) as site:
        session = tls_session(site, context)
        assert session.head.startswith(b"HTTP/1.1 426 ")
        assert "let a proxy in front of it do TLS" in session.text


@pytest.fixture
def environ() -> Iterator[dict[str, Any]]:
    """An environ as Werkzeug's server makes it, with its socket and the client's."""
    server, client = socket.socketpair()
    stream = server.makefile("rb")
    yield {
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": stream,
        "werkzeug.socket": server,
        "client": client,
    }
    stream.close()
    server.close()
    client.close()


@pytest.mark.parametrize("left", range(4))
def test_a_process_out_of_descriptors_keeps_the_connection_as_it_was(
    environ: dict[str, Any], left: int
) -> None:
    grip = find(environ)
    assert isinstance(grip, Grip)
    before = set(os.listdir("/proc/self/fd"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Every number below the bound that is free is filled, but for those left.
    filled = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, before)) + 20, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                filled.append(os.dup(0))
        for _ in range(left):
            os.close(filled.pop())
        if left < 3:
            with pytest.raises(OSError, match="Too many open files"):
                grip.take()
        else:
            taken = grip.take()
            taken.body.close()
            taken.release()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for fd in filled:
            os.close(fd)
    assert set(os.listdir("/proc/self/fd")) == before
    if left < 3:
        environ["werkzeug.socket"].sendall(b"an answer")
        assert environ["client"].recv(100) == b"an answer"
        assert os.get_blocking(environ["werkzeug.socket"].fileno())


def test_what_the_server_does_after_the_take_over_meets_a_dead_end(environ: dict[str, Any]) -> None:
    server, client = environ["werkzeug.socket"], environ["client"]
    number = server.fileno()
    grip = find(environ)
    assert isinstance(grip, Grip)
    taken = grip.take()
    assert server.fileno() == number
    assert server.recv(100) == b""
    server.sendall(b"the server's own reply")
    assert list(taken.body) == [b""]
    taken.body.close()
    server.shutdown(socket.SHUT_RDWR)
    os.write(taken.fd, b"the session")
    assert client.recv(100) == b"the session"
    taken.release()
    assert client.recv(100) == b""


def test_a_release_runs_once(environ: dict[str, Any]) -> None:
    """The number can be another's the second time."""
    grip = find(environ)
    assert isinstance(grip, Grip)
    taken = grip.take()
    taken.body.close()
    taken.release()
    os.dup2(0, taken.fd)
    taken.release()
    os.close(taken.fd)


def test_looking_changes_nothing(environ: dict[str, Any]) -> None:
    server, client = environ["werkzeug.socket"], environ["client"]
    before = os.listdir("/proc/self/fd")
    assert can_take(environ)
    find(environ)
    assert os.listdir("/proc/self/fd") == before
    client.sendall(b"a body")
    assert server.recv(100) == b"a body"


@pytest.mark.parametrize(
    "changes, name",
    [
        ({"mod_wsgi.version": (5, 0)}, "mod_wsgi"),
        ({"asgi.scope": {}}, "the ASGI server under a2wsgi"),
        ({"SERVER_SOFTWARE": "Bjoern/2"}, "Bjoern/2"),
        ({}, "the server"),
    ],
)
def test_an_unknown_server_is_refused(
    environ: dict[str, Any], changes: dict[str, Any], name: str
) -> None:
    """Though its socket could be found: nobody has tried whether it would notice."""
    del environ["werkzeug.socket"]
    found = find(environ | changes)
    assert isinstance(found, Ungrippable)
    assert found.server == name
    assert not can_take(environ | changes)


def test_a_seat_comes_back_however_its_grip_ends() -> None:
    threads = TLSThreads(1)
    seat = threads.take()
    assert seat is not None
    assert threads.take() is None
    seat.leave()
    seat.leave()
    again = threads.take()
    assert again is not None
    assert threads.is_full()
    del again
    assert not threads.is_full()
