"""The stand-in's log, its faults, and its server."""

from __future__ import annotations

import hashlib
import http.client
import json
import math
import socket
import threading
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw.testing import US_KEY, ConnectionCut, FakeAssemblyAI, serve

from .kit import AUTH, exchange, get, submit


def test_the_log_shows_requests_as_they_were_sent(url: str, fake: FakeAssemblyAI) -> None:
    raw = (
        b"GET /v2/transcript/a%2Fb?x=%41&&y HTTP/1.1\r\nhost: h\r\nX-One: 1\r\nx-one: 2\r\n"
        b"Connection: close\r\n\r\n"
    )
    exchange(url, raw)
    (seen,) = fake.requests
    assert seen.target == "/v2/transcript/a%2Fb?x=%41&&y"
    assert seen.headers == [("host", "h"), ("X-One", "1"), ("x-one", "2"), ("Connection", "close")]
    assert seen.headers_of("X-ONE") == ["1", "2"]


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_an_upload_is_hashed_and_not_kept(chunked: bool, url: str, fake: FakeAssemblyAI) -> None:
    block, count = bytes(range(256)) * 4096, 24
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    headers = AUTH if chunked else {**AUTH, "Content-Length": str(len(block) * count)}
    connection.request(
        "POST", "/v2/upload", (block for _ in range(count)), headers, encode_chunked=chunked
    )
    reply = json.loads(connection.getresponse().read())
    connection.close()
    upload = fake.uploads[reply["upload_url"]]
    assert upload.size == len(block) * count
    assert upload.sha256 == hashlib.sha256(block * count).hexdigest()
    assert fake.requests[0].body is None
    assert len(fake.requests[0].kept) == 64 << 10


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 9\r\n\r\nabc", id="short"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", id="in a chunk"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", id="between chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no size"),
    ],
)
def test_a_body_that_breaks_off_is_no_upload(body: bytes, url: str, fake: FakeAssemblyAI) -> None:
    exchange(
        url,
        b"POST /v2/upload HTTP/1.1\r\nHost: h\r\nAuthorization: %b\r\n" % US_KEY.encode() + body,
    )
    assert fake.wait_for(lambda f: any(r.status == 400 for r in f.requests))
    assert (fake.requests[0].complete, fake.uploads) == (False, {})


def test_chunks_may_carry_extensions_and_trailers(url: str, fake: FakeAssemblyAI) -> None:
    body = b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
    reply = exchange(
        url,
        b"POST /v2/upload HTTP/1.1\r\nHost: h\r\nAuthorization: %b\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" % US_KEY.encode() + body,
    )
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert fake.requests[0].body == b"abcde"


def test_faults_strike_what_they_are_meant_for(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.fail_next(429, headers=[("Retry-After", "7")], path="/v2/upload")
    fake.fail_next(200, body=b"\xff not json", method="GET", times=2)
    app.get("/v3/token?expires_in_seconds=9")
    reply = app.post("/v2/upload", b"x", status=429)
    assert (reply.json, reply.headers["Retry-After"]) == ({"error": "Too Many Requests"}, "7")
    assert app.get("/v2/transcript").body == b"\xff not json"
    app.post("/v2/upload", b"x", status=200)
    assert app.get("/v2/transcript").content_type == "application/json"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        pytest.param("/v2/transcript", "error", id="api"),
        pytest.param("/v1/chat/completions", "message", id="gateway"),
        pytest.param("/v1/transcribe", "detail", id="sync"),
        pytest.param("/v3/token", "error", id="streaming"),
    ],
)
def test_a_status_on_order_comes_in_the_hosts_shape(
    path: str, key: str, app: TestApp, fake: FakeAssemblyAI
) -> None:
    fake.fail_next(503)
    assert isinstance(app.post(path, b"{}", status=503).json[key], str)


def test_a_fault_can_drop_cut_and_delay(url: str, fake: FakeAssemblyAI) -> None:
    head = b"GET /v2/transcript HTTP/1.1\r\nHost: h\r\nAuthorization: %b\r\n\r\n" % US_KEY.encode()
    fake.fail_next(drop=True)
    assert exchange(url, head) == b""
    fake.fail_next(cut_after=5)
    reply = exchange(url, head)
    assert b"\r\nContent-Length: " in reply
    assert len(reply.partition(b"\r\n\r\n")[2]) == 5
    fake.fail_next(delay_s=0.001)
    assert exchange(url, head.replace(b"Host: h", b"Host: h\r\nConnection: close")).startswith(
        b"HTTP/1.1 200 OK\r\n"
    )


def test_in_process_a_cut_reply_raises(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.fail_next(cut_after=1)
    with pytest.raises(ConnectionCut):
        app.get("/v2/transcript")
    fake.fail_next(drop=True)
    with pytest.raises(ConnectionCut):
        app.get("/v2/transcript")


def test_events_leave_one_by_one_and_a_stream_can_break(url: str, fake: FakeAssemblyAI) -> None:
    """The reply stands open between two events: the first is read while the rest waits."""
    fake.fail_next(gap_s=math.inf)
    address = url.removeprefix("http://").split(":")
    body = b'{"model": "gpt-5", "prompt": "x", "stream": true}'
    with socket.create_connection((address[0], int(address[1]))) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: %b\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (US_KEY.encode(), len(body), body)
        )
        received = b""
        while b'"role": "assistant"' not in received:
            block = client.recv(65536)
            assert block
            received += block
    assert b"[DONE]" not in received


def test_a_served_block_ends_also_while_a_fault_waits(fake: FakeAssemblyAI) -> None:
    fake.fail_next(delay_s=math.inf)
    before = set(threading.enumerate())
    with serve(fake) as url:
        address = url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert fake.wait_for(lambda f: len(f.requests) == 1)
    assert set(threading.enumerate()) <= before


def test_one_connection_carries_many_requests(url: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.connect()
    first = connection.sock
    for method, body in (("GET", None), ("POST", b"{}"), ("HEAD", None), ("PROPFIND", None)):
        connection.request(method, "/v2/transcript", body, AUTH)
        reply = connection.getresponse()
        assert reply.status == {"GET": 200, "POST": 400, "HEAD": 200, "PROPFIND": 405}[method]
        assert bool(reply.read()) == (method != "HEAD")
        assert connection.sock is first
    connection.close()


def test_an_old_client_gets_its_reply_and_the_end(url: str) -> None:
    body = b'{"model": "gpt-5", "prompt": "x", "stream": true}'
    reply = exchange(
        url,
        b"POST /v1/chat/completions HTTP/1.0\r\nAuthorization: %b\r\nContent-Length: %d\r\n\r\n%b"
        % (US_KEY.encode(), len(body), body),
    )
    assert b"Transfer-Encoding" not in reply
    assert reply.endswith(b"data: [DONE]\n\n")


def test_an_app_that_fails_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("as planned")

    with serve(broken) as url:
        assert get(url, "/", "")[0] == 500
    assert "as planned" in caplog.text


def test_replies_are_compressed_for_those_who_ask(url: str, fake: FakeAssemblyAI) -> None:
    fake.compress = True
    fake.reply_headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/v2/transcript", headers={**AUTH, "Accept-Encoding": "gzip"})
    reply = connection.getresponse()
    assert (reply.headers["Content-Encoding"], reply.read()[:2]) == ("gzip", b"\x1f\x8b")
    assert reply.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    connection.close()


def test_many_threads_lose_nothing(fake: FakeAssemblyAI) -> None:
    def work() -> None:
        app = TestApp(fake, extra_environ={"HTTP_AUTHORIZATION": US_KEY})
        for _ in range(25):
            submit(app)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake.requests) == len(fake.transcripts) == 200
    created = [job.created for job in fake.transcripts.values()]
    assert sorted(set(created)) == created


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: FakeAssemblyAI(region="uk"), id="region"),
        pytest.param(lambda: FakeAssemblyAI().host("lemur"), id="host"),
    ],
)
def test_a_wrong_option_fails_at_once(make: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()
