"""Refused uploads under real servers: the client reads its 401, and no thread waits for it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from .hosts import GEVENT, GIVES, GTHREAD, Running, gunicorn, read_to_end, running, serve
from .marks import with_uwsgi

SYNC = gunicorn("sync")
TAKES = (GTHREAD, SYNC, GEVENT)
# uWSGI's own router, --http, resets the client when the reply ends.
SERVERS = [*(each for each in GIVES if each.name != "uWSGI http"), serve("waitress")]
MANY = 20_000_000


@pytest.fixture(scope="module", params=with_uwsgi(SERVERS), ids=str)
def site(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Running]:
    with running(request.param, tmp_path_factory.mktemp("server")) as site:
        yield site


@pytest.fixture(scope="module", params=TAKES, ids=str)
def taking(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Running]:
    with running(request.param, tmp_path_factory.mktemp("server")) as site:
        yield site


def head(size: int, more: str = "", path: str = "/refuse") -> bytes:
    return (f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n{more}\r\n").encode()


def reply(sock: socket.socket) -> bytes:
    """Read up to the end of the 401's body."""
    got = b""
    while not got.endswith(b"refused"):
        data = sock.recv(65536)
        assert data, got
        got += data
    return got


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_listening(site: Running) -> bool:
    try:
        site.connect().close()
    except OSError:
        return False
    return True


def test_a_client_that_sends_all_of_its_upload_first_reads_the_reply(site: Running) -> None:
    """As most HTTP libraries do; a reset would end the sending or lose the reply."""
    for _ in range(5):
        with site.connect() as sock:
            sock.sendall(head(MANY) + bytes(MANY))
            assert b" 401 " in reply(sock)


def test_a_chunked_upload_is_dropped_too(taking: Running) -> None:
    with taking.connect() as sock:
        sock.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        sock.sendall(b"%x\r\n%b\r\n" % (MANY, bytes(MANY)) + b"0\r\n\r\n")
        assert b"\r\nConnection: close\r\n" in reply(sock)


def test_an_upload_refused_half_way_is_dropped_too(taking: Running) -> None:
    with taking.connect() as sock:
        sock.sendall(head(MANY, path="/refuse?100000") + bytes(MANY))
        assert b"\r\nConnection: close\r\n" in reply(sock)


@pytest.mark.parametrize("server", TAKES, ids=str)
def test_over_the_servers_own_tls(server: Any, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    options = ("--certfile", str(tmp_path / "both.pem"))
    kind = server.name.removeprefix("Gunicorn ")
    tls = gunicorn(f"{kind} TLS", "--worker-class", kind, "--threads", "4", *options)
    with running(tls, tmp_path / "server") as site:
        for _ in range(5):
            with context.wrap_socket(site.connect(), server_hostname="localhost") as sock:
                sock.sendall(head(MANY))
                sock.sendall(bytes(MANY))
                assert b" 401 " in reply(sock)


def test_clients_that_never_send_the_rest_hold_no_thread(taking: Running) -> None:
    """Gunicorn itself would wait seconds for each, on its sync worker's only thread too."""
    slow = [taking.connect() for _ in range(12)]
    for sock in slow:
        sock.sendall(head(1000) + b"x")
    # The ones without a byte more than Gunicorn would read by itself, and larger ones.
    large = [taking.connect() for _ in range(12)]
    for sock in large:
        sock.sendall(head(MANY) + bytes(70_000))
    for sock in [*slow, *large]:
        assert b"\r\nConnection: close\r\n" in reply(sock)
    state = taking.state()
    assert state["lingering"] == 24
    for sock in [*slow, *large]:
        sock.close()
    until(lambda: taking.state()["lingering"] == 0)


def test_many_refused_uploads_leave_nothing_behind(taking: Running) -> None:
    def upload() -> None:
        with taking.connect() as sock:
            sock.sendall(head(200_000) + bytes(200_000))
            assert b" 401 " in reply(sock)

    upload()
    until(lambda: taking.state()["lingering"] == 0)
    before = taking.state()
    for _ in range(100):
        upload()

    def is_as_before() -> bool:
        after = taking.state()
        assert after["pid"] == before["pid"]
        return bool(after["fds"] <= before["fds"] and after["nr_conns"] == before["nr_conns"])

    until(is_as_before)


@pytest.mark.parametrize("server", [GTHREAD, GEVENT], ids=str)
def test_a_small_body_that_has_arrived_leaves_the_connection_open(
    server: Any, tmp_path: Path
) -> None:
    with running(server, tmp_path) as site, site.connect() as sock:
        for _ in range(5):
            sock.sendall(head(6000) + bytes(6000))
            assert b"\r\nConnection: keep-alive\r\n" in reply(sock)
        sock.sendall(b"GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert read_to_end(sock).endswith(b"a page")


def test_a_client_that_waits_for_100_gets_its_reply(site: Running) -> None:
    """RFC 9110, section 10.1.1: it may leave the body out, and nobody waits for that."""
    with site.connect() as sock:
        sock.sendall(head(1000, "Expect: 100-continue\r\n"))
        # These two read the body before they send a reply.
        if site.server.name not in ("cheroot", "waitress"):
            assert b" 401 " in reply(sock)
    assert site.get("/page") == b"a page"


def test_a_worker_that_ends_lets_its_clients_finish(tmp_path: Path) -> None:
    with running(GTHREAD, tmp_path) as site, site.connect() as sock:
        sock.sendall(head(MANY))
        assert b" 401 " in reply(sock)
        site.process.terminate()
        # The master has closed its listening socket when it begins to end.
        until(lambda: not is_listening(site))
        # More than the buffers hold: this fails if the connection is closed meanwhile.
        sock.sendall(bytes(MANY))
