"""UpstreamForwarder over real sockets, in-process: what passes, what stays, who is told what.

The raw-byte cases stand in tests/wire; here is what they cannot reach: hand-made environs,
the transports behind it, configuration.
"""

import io
import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Iterator

import pytest
import requests
from webtest import TestApp

from assemblyai_mw import ConfigError, RequestsTransport, SocketTransport, Timeouts
from assemblyai_mw import UpstreamForwarder as Forwarder
from assemblyai_mw.call import CALL_KEY, Call, Caller
from assemblyai_mw.errors import UpstreamTimeout
from assemblyai_mw.routes import route_for
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve
from assemblyai_mw.transport import Origin

KEY = "account-key-of-this-test"


class RawUpstream:
    """Answers each connection with given bytes, and keeps what it was sent."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.received: list[bytes] = []
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while self.replies:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            with sock:
                try:
                    while self.replies:
                        data = b""
                        while b"\r\n\r\n" not in data:
                            more = sock.recv(65536)
                            if not more:
                                break
                            data += more
                        if not data:
                            break
                        self.received.append(data)
                        sock.sendall(self.replies.pop(0))
                except OSError:
                    continue
                finally:
                    sock.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def upstream() -> Iterator[list[RawUpstream]]:
    made: list[RawUpstream] = []
    yield made
    for each in made:
        each.close()


def reply(body: bytes = b"{}", *fields: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body


def forward(url: str, path: str = "/v2/x", **more: object):
    """Send one hand-made request; return status, headers, body and the Call."""
    options = {name: more.pop(name) for name in ("transport", "timeout") if name in more}
    app = Forwarder(url, api_key=KEY, **options)
    call = Call("id", 0.0, route_for("/assemblyai"), "GET", path, caller=Caller("alice"))
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(),
        CALL_KEY: call,
        **more,
    }
    started: list = []
    body = app(environ, lambda *start: started.append(start))
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return started[0][0], started[0][1], content, call


def test_nothing_is_invented_and_credentials_are_changed(upstream) -> None:
    upstream.append(RawUpstream(reply()))
    forward(
        f"http://127.0.0.1:{upstream[0].port}",
        HTTP_AUTHORIZATION="sk-virtual",
        HTTP_COOKIE="session=1",
        HTTP_X_FORWARDED_FOR="10.0.0.1",
        HTTP_X_ASSEMBLYAI_MW_TAGS="a=b",
        HTTP_AUTHORIZATION_="sk-twin",
        HTTP_CONNECTION="keep-alive, X-Hop, Authorization",
        HTTP_X_HOP="1",
        HTTP_X_NOBODY_KNOWS="1",
        HTTP_X_AAI_KEPT="caf\xe9",
    )
    assert upstream[0].received == [
        (
            f"GET /v2/x HTTP/1.1\r\nHost: 127.0.0.1:{upstream[0].port}\r\n"
            f"X-Aai-Kept: caf\xe9\r\nAuthorization: {KEY}\r\n\r\n"
        ).encode("latin-1")
    ]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"HTTP_X\r\nEVIL": "1"}, id="c31-name"),
        pytest.param({"HTTP_X_AAI_A": "1\r\nX-B: 2"}, id="c30-crlf"),
        pytest.param({"HTTP_X_AAI_A": "1\0"}, id="c30-nul"),
        pytest.param({"HTTP_X_AAI_A": "\u20ac"}, id="c30-not-latin-1"),
        pytest.param({"CONTENT_LENGTH": "+5"}, id="c63"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "gzip, chunked"}, id="c56"),
    ],
)
def test_a_request_that_cannot_be_written_is_400(upstream, more: dict) -> None:
    upstream.append(RawUpstream(reply()))
    status, _, body, call = forward(f"http://127.0.0.1:{upstream[0].port}", **more)
    assert status.startswith("400 ")
    assert body.startswith(b'{"error": ')
    assert upstream[0].received == []
    assert call.upstream == "unsent"


def test_a_chunked_body_without_an_end_is_411(upstream) -> None:
    upstream.append(RawUpstream(reply()))
    url = f"http://127.0.0.1:{upstream[0].port}"
    status, *_ = forward(url, REQUEST_METHOD="POST", HTTP_TRANSFER_ENCODING="chunked")
    assert status.startswith("411 ")
    assert upstream[0].received == []


def test_a_reply_goes_back_as_it_came_but_for_its_own_connection(upstream) -> None:
    upstream.append(
        RawUpstream(
            reply(
                b"\x00\xff",
                "Link: <a>",
                "Connection: close, X-Hop",
                "X-Hop: 1",
                "Set-Cookie: a=1",
                "Link: <b>",
                f"X-Echo: {KEY}",
                status="203 Mine",
            )
        )
    )
    status, headers, body, call = forward(f"http://127.0.0.1:{upstream[0].port}")
    assert (status, body, call.upstream) == ("203 Mine", b"\x00\xff", "replied")
    assert headers == [
        ("Content-Length", "2"),
        ("Link", "<a>"),
        ("Link", "<b>"),
        ("X-Echo", "*" * len(KEY)),
    ]


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_c43_a_refused_account_key_is_the_operators_fault(upstream, caplog, status: str) -> None:
    body = b'{"error":"Authentication error, API token missing/invalid"}'
    upstream.append(RawUpstream(reply(body, status=status)))
    with caplog.at_level(logging.WARNING):
        got, _, body, _ = forward(f"http://127.0.0.1:{upstream[0].port}")
    assert got.startswith("502 ")
    assert b"credentials" in body
    assert "refused the account's key" in caplog.text
    assert KEY not in caplog.text


def test_a_403_about_the_request_is_passed_on(upstream) -> None:
    body = b'{"error":"Cannot access uploaded file"}'
    upstream.append(RawUpstream(reply(body, status="403 Forbidden")))
    assert forward(f"http://127.0.0.1:{upstream[0].port}")[2] == body


def test_connections_are_used_again(upstream) -> None:
    upstream.append(RawUpstream(*[reply()] * 3))
    transport = SocketTransport()
    for _ in range(3):
        forward(f"http://127.0.0.1:{upstream[0].port}", transport=transport)
    assert (upstream[0].connections, len(upstream[0].received)) == (1, 3)
    transport.close()


def test_a_forked_child_makes_its_own_connections(upstream) -> None:
    upstream.append(RawUpstream(*[reply()] * 4))
    url = f"http://127.0.0.1:{upstream[0].port}"
    transport = SocketTransport()
    forward(url, transport=transport)
    pid = os.fork()
    if pid == 0:
        # The child only looks: the parent's connection must not be in its pool.
        taken = transport._pool(Forwarder(url, api_key=KEY).origin).take(time.monotonic())
        os._exit(0 if taken is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    forward(url, transport=transport)
    assert upstream[0].connections == 1
    transport.close()


def test_who_calls_without_key_auth_is_warned_about_once(upstream, caplog) -> None:
    upstream.append(RawUpstream(*[reply(b"{}", "Content-Type: application/json")] * 2))
    app = TestApp(Forwarder(f"http://127.0.0.1:{upstream[0].port}", api_key=KEY))
    app.get("/v2/x")
    app.get("/v2/x")
    assert len([r for r in caplog.records if "no KeyAuth" in r.message]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.assemblyai.com",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "https://",
        "https://user:pass@host",
        "https://host/?x=1",
        "https://host:99999",
        "https://host:0",
        "https://h\xf6st",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
    ],
)
def test_c159_a_base_url_that_cannot_be_trusted_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError):
        Forwarder(url, api_key=KEY)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:planted@host",
        "https://user:planted@[::1",
        "https://user:planted@host:port",
        "https://user:planted@h\xf6st",
        "ftp://user:planted@host",
        "user:planted@host",
        "http://api.assemblyai.com/planted",
        "planted",
    ],
)
def test_c159_an_error_shows_nothing_of_a_base_url(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Origin.parse(url)
    told = "".join(traceback.format_exception(caught.value))
    assert "base_url: " in told
    assert "planted" not in told


@pytest.mark.parametrize("key", ["", "two words", "line\n", "\u20ac", "tab\t"])
def test_c157_a_key_that_cannot_be_a_header_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Forwarder("https://api.assemblyai.com", api_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_c160_a_timeout_that_cannot_be_stops_the_start(seconds: float) -> None:
    with pytest.raises(ConfigError):
        Timeouts(read_s=seconds)


def test_the_key_shows_nowhere() -> None:
    app = Forwarder("https://api.assemblyai.com", api_key=KEY)
    assert KEY not in repr(app) + repr(vars(app))


# RequestsTransport


def test_requests_forwards_too() -> None:
    fake = FakeAssemblyAI()
    with serve(fake) as url:
        app = TestApp(Forwarder(url, api_key=US_KEY, transport=RequestsTransport()))
        uploaded = app.post("/v2/upload", b"audio" * 1000, content_type="application/octet-stream")
        made = app.post_json("/v2/transcript", {"audio_url": uploaded.json["upload_url"]})
        assert app.get(f"/v2/transcript/{made.json['id']}").json["id"] == made.json["id"]
        app.get("/v2/transcript/nobody", status=(400, 404))
    assert [seen.method for seen in fake.requests] == ["POST", "POST", "GET", "GET"]


def test_c93_requests_heeds_no_environment(monkeypatch, tmp_path, upstream) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    upstream.append(RawUpstream(reply()))
    url = f"http://127.0.0.1:{upstream[0].port}"
    status, *_ = forward(url, transport=RequestsTransport(), HTTP_X_A="1")
    assert status == "200 OK"
    assert f"authorization: {KEY}".encode() in upstream[0].received[0].lower()


def test_requests_failures_are_502_and_504(upstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        status, *_ = forward(url, transport=RequestsTransport(), timeout=0.2)
        assert status.startswith("504 ")
    status, *_ = forward(url, transport=RequestsTransport())
    assert status.startswith("502 ")


def test_a_session_of_the_hosts_own_is_used() -> None:
    session = requests.Session()
    assert RequestsTransport(session).session is session


@pytest.mark.parametrize("sent, known", [(False, "unsent"), (True, "sent")])
def test_a_worker_that_is_ended_in_the_midst_knows_what_it_sent(sent: bool, known: str) -> None:
    """Gunicorn's timeout raises SystemExit where the worker waits; the work may be done."""

    class Ended:
        def send(self, origin, request, timeouts):
            request.sent = sent
            raise SystemExit(1)

    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/v2/transcript",
        "wsgi.input": io.BytesIO(),
        CALL_KEY: Call("id", 0.0, route_for("/assemblyai"), "POST", "/v2/transcript"),
    }
    with pytest.raises(SystemExit):
        Forwarder("https://x.example", api_key=KEY, transport=Ended())(environ, print)
    assert environ[CALL_KEY].upstream == known


@pytest.mark.parametrize(
    "status, known", [("200 OK", "sent"), ("303 See Other", "sent"), ("400 Bad Request", "replied")]
)
def test_a_reply_cut_before_its_body_tells_nothing_of_what_was_done(
    upstream, status: str, known: str
) -> None:
    made = RawUpstream(f"HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n".encode())
    upstream.append(made)
    answer, _, _, call = forward(f"http://127.0.0.1:{made.port}")
    assert (answer, call.upstream) == ("502 Bad Gateway", known)


class Silent:
    """A transport whose upstream takes the request and never answers."""

    def __init__(self, *, sent: bool = True) -> None:
        self.sent = sent
        self.waits: list[float] = []

    def send(self, origin, request, timeouts):
        self.waits.append(timeouts.read_s)
        request.sent = self.sent
        raise UpstreamTimeout("too slow")


@pytest.mark.parametrize("prefix", ["/llm-gateway.assemblyai", "/eu.llm-gateway.assemblyai"])
def test_chats_have_a_timeout_of_their_own(prefix: str) -> None:
    silent = Silent()
    app = Forwarder("https://x.example", api_key=KEY, transport=silent)
    for path, method in (
        ("/v1/chat/completions", "POST"),
        ("/v1/models", "GET"),
        ("/v1/understanding", "POST"),
    ):
        call = Call("id", 0.0, route_for(prefix), method, path)
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": prefix,
            "PATH_INFO": path,
            "wsgi.input": io.BytesIO(),
            CALL_KEY: call,
        }
        started: list = []
        app(environ, lambda *start, to=started: to.append(start))
        assert started[0][0].startswith("504")
    assert silent.waits == [600.0, 120.0, 120.0]


def test_one_timeout_for_all_is_that_of_chats_too() -> None:
    assert Forwarder("https://x.example", api_key=KEY, timeout=3).timeouts.chat_read_s == 3


@pytest.mark.parametrize(
    "method, sent, final", [("POST", True, True), ("POST", False, False), ("GET", True, False)]
)
def test_what_may_have_been_done_is_not_to_be_tried_again(
    method: str, sent: bool, final: bool
) -> None:
    call = Call("id", 0.0, route_for("/assemblyai"), method, "/v2/transcript")
    _, headers, _, _ = forward(
        "https://x.example",
        transport=Silent(sent=sent),
        REQUEST_METHOD=method,
        **{CALL_KEY: call},
    )
    assert (("x-should-retry", "false") in headers) == final
