"""LingeringClose: which connections it takes, from whom, and within which bounds."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assemblyai_mw.call import enter
from assemblyai_mw.call.model import Caller
from assemblyai_mw.http.counted_input import CountedInput
from assemblyai_mw.middleware.isolation.uploads import counted
from assemblyai_mw.middleware.lingering import LingeringClose
from assemblyai_mw.relay.lingering import CALLERS, STRANGERS, Lingering
from assemblyai_mw.relay.servers import ServerConnection

MIB = 1024 * 1024


class Gunicorn:
    """What Gunicorn's Response and its way with an app come to, over a real connection."""

    def __init__(self) -> None:
        self.client, self.sock = socket.socketpair()
        self.client.settimeout(20)
        self.must_close = self.closes = False
        self.environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/v2/upload",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": "500000",
            "wsgi.input": io.BytesIO(bytes(500_000)),
            "wsgi.multithread": True,
            "gunicorn.socket": self.sock,
        }

    def force_close(self) -> None:
        self.closes = True

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> None:
        self.status = status

    def serve(self, app: Any, **environ: Any) -> None:
        body = LingeringClose(app)({**self.environ, **environ}, self.start_response)
        for block in body:
            self.sock.sendall(block)
        if hasattr(body, "close"):
            body.close()

    def was_taken(self) -> bool:
        """Whether the server has a dead end in the connection's place."""
        self.sock.setblocking(False)
        try:
            return self.sock.recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def gunicorn() -> Iterator[Gunicorn]:
    server = Gunicorn()
    yield server
    server.client.close()
    server.sock.close()
    until(lambda: not len(STRANGERS) and not len(CALLERS))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def answering(status: str, read: int = 0, caller: Caller | None = None) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        call, environ = enter(environ)
        call.caller = caller
        environ["wsgi.input"].read(read)
        start_response(status, [("Content-Length", "4")])
        return [b"done"]

    return app


def bounds(of: Lingering) -> list[tuple[int, float]]:
    """Return the bytes and the seconds, in tens, of the connections that are read from."""
    now = time.monotonic()
    return [(each.max_bytes, -(-(each.deadline - now) // 1)) for each in of._waiting.values()]


@pytest.mark.parametrize("status", ["401 Unauthorized", "413 Too Large", "503 Unavailable"])
def test_an_error_takes_the_connection_after_its_reply(gunicorn: Gunicorn, status: str) -> None:
    gunicorn.serve(answering(status))
    assert gunicorn.closes
    assert gunicorn.was_taken()
    assert gunicorn.client.recv(100) == b"done"
    # The reply has ended, and the client may go on sending.
    assert gunicorn.client.recv(100) == b""
    gunicorn.client.sendall(bytes(500_000))


@pytest.mark.parametrize(
    "app, environ",
    [
        pytest.param(answering("200 OK"), {}, id="success"),
        pytest.param(answering("401 No", 500_000), {}, id="read-whole"),
        pytest.param(answering("401 No"), {"CONTENT_LENGTH": "0"}, id="no-body"),
        pytest.param(answering("401 No"), {"CONTENT_LENGTH": ""}, id="empty-length"),
        pytest.param(answering("401 No"), {"SERVER_PROTOCOL": "HTTP/2.0"}, id="http-2"),
        pytest.param(
            answering("401 No"),
            {"gunicorn.socket": None, "waitress.client_disconnected": 1},
            id="waitress",
        ),
    ],
)
def test_else_the_connection_stays_the_servers(
    gunicorn: Gunicorn, app: Any, environ: dict[str, Any]
) -> None:
    if "waitress.client_disconnected" in environ:
        del gunicorn.environ["gunicorn.socket"]
        environ = {"waitress.client_disconnected": environ["waitress.client_disconnected"]}
    gunicorn.serve(app, **environ)
    assert not gunicorn.closes
    assert not gunicorn.was_taken()


def test_a_chunked_body_is_over_when_its_end_was_read(gunicorn: Gunicorn) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        while environ["wsgi.input"].read(100_000):
            pass
        return answering("401 No")(environ, start_response)

    del gunicorn.environ["CONTENT_LENGTH"]
    gunicorn.serve(app, HTTP_TRANSFER_ENCODING="chunked")
    assert not gunicorn.was_taken()
    gunicorn.environ["wsgi.input"] = io.BytesIO(bytes(1000))
    gunicorn.serve(answering("401 No"), HTTP_TRANSFER_ENCODING="chunked")
    assert gunicorn.was_taken()


@pytest.mark.parametrize("length", ["abc", "-5", "5, 6", "1e3", "\xb2", "9" * 5000])
def test_what_is_no_length_does_not_hide_the_refusal(gunicorn: Gunicorn, length: str) -> None:
    """wsgiref passes any Content-Length on."""
    gunicorn.serve(answering("401 Unauthorized"), CONTENT_LENGTH=length)
    assert gunicorn.client.recv(100) == b"done"
    assert gunicorn.status == "401 Unauthorized"
    assert gunicorn.was_taken()


def test_a_reply_that_begins_late_is_judged_too(gunicorn: Gunicorn) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield from answering("401 No")(environ, start_response)

    gunicorn.serve(app)
    assert gunicorn.was_taken()


def test_what_is_left_of_a_small_body_decides_by_whether_it_has_arrived(gunicorn: Gunicorn) -> None:
    gunicorn.client.sendall(bytes(900))
    gunicorn.serve(answering("401 No"), CONTENT_LENGTH="1000")
    assert gunicorn.was_taken()
    other = Gunicorn()
    other.client.sendall(bytes(1000))
    other.serve(answering("401 No"), CONTENT_LENGTH="1000")
    assert not other.closes
    # The sync worker and a client that asks for it close the connection in any case.
    for more in ({"wsgi.multithread": False}, {"HTTP_CONNECTION": "Close"}):
        closing = Gunicorn()
        closing.client.sendall(bytes(1000))
        closing.serve(answering("401 No"), CONTENT_LENGTH="1000", **more)
        assert closing.was_taken()
        closing.client.close()
        closing.sock.close()
    other.must_close = True
    other.client.sendall(bytes(1000))
    other.serve(answering("401 No"), CONTENT_LENGTH="1000")
    assert other.was_taken()
    other.client.close()
    other.sock.close()


def test_a_caller_with_a_key_has_wider_bounds(gunicorn: Gunicorn) -> None:
    gunicorn.serve(answering("401 No"))
    assert (bounds(STRANGERS), bounds(CALLERS)) == ([(32 * MIB, 3)], [])
    other = Gunicorn()
    other.serve(answering("403 No", caller=Caller(name="a")))
    assert bounds(CALLERS) == [(256 * MIB, 30)]
    other.client.close()
    other.sock.close()


def test_isolation_counts_by_the_same_wrapper(gunicorn: Gunicorn) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        outer = environ["wsgi.input"]
        assert isinstance(outer, CountedInput)
        body = counted(environ)
        assert body is outer
        body.read(100)
        assert (body.head, body.count) == (bytes(100), 100)
        return answering("200 OK")(environ, start_response)

    gunicorn.serve(app)


# The connections


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, ServerConnection, socket.socket]]:
    client, server = socket.socketpair()
    client.settimeout(20)
    yield client, ServerConnection("Gunicorn", server.fileno()), server
    client.close()
    server.close()


def sending_fails(client: socket.socket) -> bool:
    try:
        client.send(bytes(1000), socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


def test_a_connection_is_closed_after_its_bytes(pair: Any) -> None:
    client, connection, _ = pair
    lingering = Lingering(1)
    lingering.take(connection, max_bytes=3 * MIB, seconds=60)
    client.sendall(bytes(2 * MIB))
    assert len(lingering) == 1
    with pytest.raises(OSError):
        client.sendall(bytes(8 * MIB))
    until(lambda: len(lingering) == 0)


def test_a_connection_is_closed_after_its_seconds(pair: Any) -> None:
    client, connection, _ = pair
    lingering = Lingering(1)
    lingering.take(connection, max_bytes=MIB, seconds=0.05)
    until(lambda: len(lingering) == 0)
    assert sending_fails(client)


def test_a_client_that_drips_gains_no_time(pair: Any) -> None:
    client, connection, _ = pair
    lingering = Lingering(1)
    lingering.take(connection, max_bytes=1024 * MIB, seconds=0.05)
    until(lambda: sending_fails(client))


def test_above_the_limit_only_what_has_arrived_is_read(pair: Any) -> None:
    client, connection, server = pair
    client.sendall(bytes(100_000))
    lingering = Lingering(0)
    lingering.take(connection, max_bytes=MIB, seconds=60)
    assert len(lingering) == 0
    assert sending_fails(client)
    # A socket closed with bytes unread would give ECONNRESET here.
    assert client.recv(1) == b""
    assert server.recv(1) == b""


def test_the_thread_ends_with_its_last_connection(pair: Any) -> None:
    client, connection, _ = pair
    lingering = Lingering(8)
    lingering.take(connection, max_bytes=MIB, seconds=60)
    assert lingering._running
    client.close()
    until(lambda: not lingering._running)


def test_connections_taken_at_once_by_many_threads_all_end() -> None:
    lingering = Lingering(1000)

    def take() -> None:
        for _ in range(50):
            client, server = socket.socketpair()
            with client, server:
                connection = ServerConnection("Gunicorn", server.fileno())
                lingering.take(connection, max_bytes=MIB, seconds=60)

    threads = [threading.Thread(target=take) for _ in range(8)]
    before = len(os.listdir("/proc/self/fd"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(lingering) == 0)
    # Its epoll stays.
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    lingering.abandon()


def test_a_child_process_holds_no_connection_of_its_parent(pair: Any) -> None:
    client, connection, _ = pair
    STRANGERS.take(connection, max_bytes=MIB, seconds=60)
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, b"%d" % len(STRANGERS))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reads, 10) == b"0"
    assert len(STRANGERS) == 1
    client.close()
    until(lambda: len(STRANGERS) == 0)
    os.close(reads)
    os.close(writes)
