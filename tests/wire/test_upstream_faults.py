"""An upstream that fails, and what is tried again. Rows 79 to 95; 85 is with the reply heads."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest

from assemblyai_mw.transport import Timeouts

from .kit_client import ACCOUNT_KEY, GOOD_KEY, Client, ask, request
from .kit_direct import environ, run
from .kit_http import CutShort, Malformed, Request
from .kit_servers import KINDS, QUICK, Fleet, Server, at_once, each_server
from .kit_upstream import LAST_CHUNK, Blackhole, Conn, Refuser, Upstream, chunk, reply


@pytest.fixture
def quick(fleet: Fleet) -> Iterator[list[Server]]:
    """A server of each kind, with timeouts that a test can wait for."""
    servers = [fleet.get(kind, timeouts=QUICK) for kind in KINDS]
    yield servers
    for server in servers:
        server.restart_upstreams()


@pytest.fixture(scope="module")
def dead_ends() -> Iterator[str]:
    """Upstreams for WIRE_UPSTREAMS: one refuses to be connected to, one never gets done with it."""
    with closing(Refuser()) as refuser, closing(Blackhole()) as hole:
        ends = {"/assemblyai": refuser.port, "/eu.assemblyai": hole.port}
        yield json.dumps({prefix: f"http://127.0.0.1:{port}" for prefix, port in ends.items()})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c79_refused_connection_is_502_and_nothing_was_sent(forward, method: str) -> None:
    with closing(Refuser()) as refuser:
        answer = run(forward(refuser.port), environ(method=method, body=b"abc"))
    assert answer.code == 502
    assert b"unknown" not in answer.body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "prefix, status",
    [
        pytest.param("/assemblyai", 502, id="c79-refused"),
        pytest.param("/eu.assemblyai", 504, id="c82-blackhole"),
    ],
)
def test_upstreams_that_cannot_be_connected_to(
    fleet: Fleet, dead_ends: str, kind: str, method: str, prefix: str, status: int
) -> None:
    server = fleet.get(kind, timeouts=QUICK, env={"WIRE_UPSTREAMS": dead_ends})
    got = ask(server.port, request(f"{prefix}/v2/x", method=method, body=b"abc"))
    assert got.status == status
    assert "unknown" not in got.error
    # Who came in vain is not in the way of who comes next.
    assert ask(server.port, request("/host/stats", key=None)).status == 200


@each_server
def test_c79_reset_on_accept_is_502_and_not_tried_again_and_again(wire: Server) -> None:
    wire.upstream.script = Conn.reset
    assert ask(wire.port, request("/assemblyai/v2/x")).status == 502
    assert len(wire.upstream.conns) <= 2


def names_resolve_to(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], str]) -> list[str]:
    """Put a resolver of our own in; return the list of names it was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        asked.append(host)
        return real(answer(host), *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_c80_name_that_does_not_resolve_is_502_and_asked_again_next_time(
    upstream: Upstream, forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = False

    def answer(host: str) -> str:
        if not works:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return "127.0.0.1"

    app = forward(upstream.port)
    asked = names_resolve_to(monkeypatch, answer)
    assert run(app, environ()).code == 502
    works = True
    assert run(app, environ()).code == 200
    assert len(asked) == 2


def test_c80_every_new_connection_resolves_again(
    upstream: Upstream, forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.answer = reply(b"{}", "200 OK", "Connection: close")
    app = forward(upstream.port)
    asked = names_resolve_to(monkeypatch, lambda host: host)
    for count in (1, 2, 3):
        assert run(app, environ()).code == 200
        assert len(asked) == count


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c82_connecting_that_never_ends_is_504(forward, method: str) -> None:
    with closing(Blackhole()) as hole:
        app = forward(hole.port, timeout=Timeouts(connect_s=0.2))
        answer = run(app, environ(method=method, body=b"abc"))
    assert answer.code == 504
    assert b"unknown" not in answer.body


def test_c83_upstream_that_never_answers_is_504_and_let_go(quick: list[Server]) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.wait_closed()

    def check(server: Server) -> None:
        server.upstream.script = script
        got = ask(server.port, request("/assemblyai/v2/x"))
        assert got.status == 504
        assert got.error
        server.upstream.wait(lambda: server.upstream.conns[0].ended)
        assert len(server.upstream.conns) == 1

    at_once(quick, check)


def drip(data: bytes, gap: float = 0.1) -> Callable[[Conn], None]:
    def script(conn: Conn) -> None:
        conn.request()
        for at in range(len(data)):
            conn.send(data[at : at + 1])
            if not conn.pause(gap):
                return

    return script


@pytest.mark.parametrize(
    "data, gap",
    [
        pytest.param(reply(b"x" * 500), 0.1, id="c84-head"),
        pytest.param(b"HTTP/1.1 103 E\r\n\r\n" * 60, 0.02, id="c84-interim"),
    ],
)
def test_a_head_that_drips_is_504(quick: list[Server], data: bytes, gap: float) -> None:
    def check(server: Server) -> None:
        server.upstream.script = drip(data, gap)
        got = ask(server.port, request("/assemblyai/v2/x"))
        assert got.status in (502, 504)
        server.upstream.wait(lambda: server.upstream.conns[0].finished.is_set())

    at_once(quick, check)


@pytest.mark.parametrize("chunked", [False, True], ids=["c84-length", "c84-chunked"])
def test_a_body_that_drips_past_the_total_deadline_is_cut(
    quick: list[Server], chunked: bool
) -> None:
    """Each byte comes in time; all of them would not."""

    def script(conn: Conn) -> None:
        conn.request()
        framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 100000"
        conn.send(reply(b"", "200 OK", framing, framed=False))
        while conn.pause(0.1):
            conn.send(chunk(b"x") if chunked else b"x")

    def check(server: Server) -> None:
        server.upstream.script = script
        got = ask(server.port, request("/assemblyai/v2/x"))
        assert (got.status, got.whole) == (200, False)
        assert got.body.startswith(b"x")

    at_once(quick, check)


def test_c84_an_upstream_that_drips_its_reading_is_left_by_the_total_deadline(
    quick: list[Server],
) -> None:
    body = bytes(64_000_000)

    def script(conn: Conn) -> None:
        conn.head()
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while conn.pause(0.1):
            if not conn.sock.recv(300_000):
                conn.source.ended = "eof"
                return

    def check(server: Server) -> None:
        server.upstream.script = script
        with Client(server.port, timeout=8) as client:
            head = request("/assemblyai/v2/x", f"Content-Length: {len(body)}", method="POST")
            client.send(head)
            sender = threading.Thread(target=client.send, args=(body,), daemon=True)
            sender.start()
            # Closed on while it still sends, the client may not get to read the reply.
            with suppress(CutShort):
                assert client.reply().status == 504
            client.close()
            sender.join(5)
        outgoing = server.stats()["outgoing"]
        assert [port for port, status in outgoing if status == "ESTABLISHED"] == []

    at_once(quick, check)


@pytest.mark.parametrize(
    "start, endless",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * 100, id="c86-fields"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 1000, id="c86-one-field"),
        pytest.param(b"HTTP/1.1 200 ", b"a" * 1000, id="c86-reason"),
        pytest.param(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 10, id="c86-interim"),
        pytest.param(b"", b"\r\n" * 100, id="c86-empty-lines"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x" * 1000, id="c86-ext"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0" * 1000,
            id="c86-chunk-size",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X-A: a\r\n" * 100,
            id="c86-trailers",
        ),
    ],
)
def test_endless_heads_are_given_up(gthread: Server, start: bytes, endless: bytes) -> None:
    sent = 0

    def script(conn: Conn) -> None:
        nonlocal sent
        conn.request()
        conn.send(start)
        while sent < 32 << 20:
            conn.send(endless)
            sent += len(endless)

    gthread.upstream.script = script
    with Client(gthread.port) as client:
        client.send(request("/assemblyai/v2/x"))
        try:
            got = client.reply()
            assert got.status == 502 or not got.whole
        except (CutShort, Malformed):
            pass
    gthread.upstream.wait(lambda: gthread.upstream.conns[0].finished.is_set())
    # Socket buffers hold a few megabytes on the way.
    assert sent < 32 << 20


@each_server
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_c87_reply_before_the_upload_ends_reaches_the_client(wire: Server, framing: str) -> None:
    def script(conn: Conn) -> None:
        asked = conn.head()
        if framing == "length":
            conn.body(asked, limit=1000)
        conn.send(reply(b'{"error": "too large"}', "413 Too Large", "Connection: close"))

    wire.upstream.script = script
    body = bytes(4 << 20)
    with Client(wire.port) as client:
        if framing == "length":
            raw = request("/assemblyai/v2/upload", method="POST", body=body)
        else:
            raw = request("/assemblyai/v2/upload", "Transfer-Encoding: chunked", method="POST")
            raw += chunk(body) + LAST_CHUNK
        sender = threading.Thread(target=client.send, args=(raw,), daemon=True)
        sender.start()
        got = client.reply()
        assert (got.status, got.error) == (413, "too large")
        sender.join(10)
    wire.upstream.script = None
    assert ask(wire.port, request("/assemblyai/next")).json() == {"ok": True}
    assert len(wire.upstream.conns) == 2


def idle_then(action: Callable[[Conn], None]) -> Callable[[Conn], None]:
    """A script that serves one request, then does *action*; later connections serve on."""

    def script(conn: Conn) -> None:
        first = conn.upstream.conns.index(conn) == 0
        conn.request()
        conn.send(reply())
        if first:
            action(conn)
        else:
            for _ in conn.requests_until_end():
                conn.send(reply())

    return script


@each_server
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_c88_connection_closed_while_idle_costs_nothing(
    wire: Server, method: str, how: str
) -> None:
    """It is seen before a byte is written: a POST is safe too, and is sent once."""
    gone = threading.Event()

    def action(conn: Conn) -> None:
        conn.reset() if how == "reset" else conn.close()
        gone.set()

    wire.upstream.script = idle_then(action)
    assert ask(wire.port, request("/assemblyai/first")).status == 200
    assert gone.wait(10)
    body = b"abc" if method == "POST" else None
    assert ask(wire.port, request("/assemblyai/second", method=method, body=body)).status == 200
    assert [r.target for r in wire.upstream.requests] == [b"/first", b"/second"]


@each_server
@pytest.mark.parametrize(
    "method, body, tries, status",
    [
        ("GET", None, 2, 200),
        ("HEAD", None, 2, 200),
        ("DELETE", None, 2, 200),
        ("GET", b"abc", 1, 502),
        ("DELETE", b"abc", 1, 502),
        ("POST", b"abc", 1, 502),
        ("POST", b"", 1, 502),
        ("PATCH", b"abc", 1, 502),
        ("PROPPATCH", None, 1, 502),
    ],
)
def test_c88_kept_connection_that_dies_under_a_request(
    wire: Server, method: str, body: bytes | None, tries: int, status: int
) -> None:
    """The upstream reads the request, then closes without a word: only what may be repeated is,
    once, on a connection of its own."""
    wire.upstream.script = idle_then(lambda conn: conn.request() and None)
    assert ask(wire.port, request("/assemblyai/first")).status == 200
    got = ask(wire.port, request("/assemblyai/second", method=method, body=body))
    assert got.status == status
    assert [r.target for r in wire.upstream.requests] == [b"/first"] + [b"/second"] * tries
    if tries == 1:
        assert "unknown" in got.error or method == "GET"


@each_server
@pytest.mark.parametrize(
    "fields", [[], ["Idempotency-Key: 7"]], ids=["c89-plain", "c90-idempotency-key"]
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_post_that_nobody_answered_was_sent_once(
    wire: Server, fields: list[str], how: str
) -> None:
    def script(conn: Conn) -> None:
        conn.request()
        conn.reset() if how == "reset" else conn.close()

    wire.upstream.script = script
    got = ask(wire.port, request("/assemblyai/v2/transcript", *fields, method="POST", body=b"{}"))
    assert got.status == 502
    assert "unknown" in got.error
    assert len(wire.upstream.conns) == 1
    assert len(wire.upstream.requests) == 1


@each_server
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c91_errors_of_the_upstream_pass_through_and_are_not_tried_again(
    wire: Server, status: int, method: str
) -> None:
    wire.upstream.answer = reply(b'{"error": "its own"}', f"{status} Oops", "Retry-After: 3")
    got = ask(wire.port, request("/assemblyai/v2/x", method=method, body=b"{}"))
    assert (got.status, got.error, got.values("retry-after")) == (status, "its own", [b"3"])
    assert len(wire.upstream.requests) == 1


@each_server
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_c92_upload_that_breaks_midway_is_never_sent_again(wire: Server, method: str) -> None:
    def script(conn: Conn) -> None:
        asked = conn.head()
        conn.body(asked, limit=1 << 20)
        conn.reset()

    wire.upstream.script = script
    raw = request("/assemblyai/v2/upload", method=method, body=bytes(8 << 20))
    with Client(wire.port) as client:
        sender = threading.Thread(target=client.send, args=(raw,), daemon=True)
        sender.start()
        # A client that is still sending may be closed on before it reads the reply.
        with suppress(CutShort):
            assert client.reply().status == 502
        sender.join(10)
    assert len(wire.upstream.conns) == 1


def test_c93_environment_of_the_process_sends_nothing_elsewhere(
    fleet: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with closing(Upstream()) as trap:
        home = tmp_path_factory.mktemp("home")
        netrc = home / ".netrc"
        netrc.write_text("machine 127.0.0.1 login evil password evil\n")
        netrc.chmod(0o600)
        url = f"http://127.0.0.1:{trap.port}"
        names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        env = dict.fromkeys(names, url)
        env |= {"HOME": str(home), "NETRC": str(netrc), "no_proxy": "", "NO_PROXY": ""}
        env |= {"REQUESTS_CA_BUNDLE": "/nowhere", "SSL_CERT_FILE": "/nowhere"}
        server = fleet.get("gthread", env=env)
        assert ask(server.port, request("/assemblyai/v2/x", f"Proxy: {url}")).status == 200
        assert server.upstream.only.values("authorization") == [ACCOUNT_KEY.encode()]
        assert trap.conns == []


@pytest.mark.parametrize("kind", ["gthread", "waitress"])
def test_c95_slow_replies_side_by_side_do_not_mix_or_block(fleet: Fleet, kind: str) -> None:
    """As many as there are threads, all open at once, each with its own answer."""
    server = fleet.get(kind)
    barrier = threading.Barrier(8)

    def answer(asked: Request) -> bytes:
        barrier.wait(10)
        return reply(asked.target)

    server.upstream.answer = answer
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            targets = [f"/nonce-{i}" for i in range(8)]
            found = list(
                pool.map(lambda t: ask(server.port, request("/assemblyai" + t)).body, targets)
            )
        assert found == [t.encode() for t in targets]
    assert len(server.upstream.conns) == 8


def test_c112_nothing_a_client_says_moves_the_destination(gthread: Server) -> None:
    with closing(Upstream()) as trap:
        url = f"http://127.0.0.1:{trap.port}"
        body = b'{"api_base": "%s", "base_url": "%s", "webhook_url": "%s"}' % ((url.encode(),) * 3)
        raw = request(
            f"/assemblyai/v2/transcript?api_base={url}&upstream={url}",
            f"X-Upstream: {url}",
            f"X-Original-Host: 127.0.0.1:{trap.port}",
            method="POST",
            body=body,
        )
        assert ask(gthread.port, raw).status == 200
        assert bytes(gthread.upstream.only.body) == body
        assert trap.conns == []
    assert GOOD_KEY.encode() not in gthread.upstream.bytes_received
