"""Every fault at every phase, for every kind of request: 300 runs and more.

A run ends in the upstream's right reply, in 502 or 504 with a JSON error, or in a body that is
visibly cut; the next call is right, and no socket or thread is left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .kit_client import Client, ask, request
from .kit_http import CutShort
from .kit_servers import KINDS, QUICK, Fleet, Server, at_once
from .kit_upstream import LAST_CHUNK, Conn, chunk, reply

BODY = b"right " * 200
RIGHT = reply(BODY)
CUT_HEAD = RIGHT[:60]
EARLY = reply(b'{"error": "no"}', "413 Too Large", "Connection: close")
GARBAGE = b"\x16\x03\x01 nonsense \r\n\r\n\0\xff"
IN_CHUNKS = reply(b"", "200 OK", "Transfer-Encoding: chunked", framed=False)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
UPLOAD = bytes(200_000)

Act = Callable[[Conn], object]


def send(data: bytes) -> Act:
    return lambda conn: conn.send(data)


def drip(data: bytes) -> Act:
    def act(conn: Conn) -> None:
        for at in range(len(data)):
            if not conn.pause(0.15):
                return
            conn.send(data[at : at + 1])

    return act


def again_and_again(data: bytes) -> Act:
    def act(conn: Conn) -> None:
        for _ in range(100_000):
            conn.send(data)

    return act


close, reset, hold = Conn.close, Conn.reset, Conn.wait_closed


def read_some(conn: Conn) -> None:
    while len(conn.source.buffer) < 10 and conn.source.more():
        pass


def read_head(conn: Conn) -> None:
    conn.head()


def read_half(conn: Conn) -> None:
    asked = conn.head()
    if asked.framing == "length":
        conn.body(asked, limit=100)
    elif asked.framing == "chunked":
        conn.source.exactly(100, lambda block: None)


def read_all(conn: Conn) -> None:
    conn.request()


def nothing(conn: Conn) -> None:
    pass


ENDS = {"close": close, "reset": reset, "hold": hold}
PHASES: dict[str, tuple[Act, dict[str, list[Act]]]] = {
    "connect": (
        nothing,
        {
            **{name: [end] for name, end in ENDS.items()},
            "garbage": [send(GARBAGE), close],
            "garbage-hold": [send(GARBAGE), hold],
            "early-reply-close": [send(EARLY), close],
            "drip": [drip(RIGHT)],
        },
    ),
    "request-head": (
        read_some,
        {
            **{name: [end] for name, end in ENDS.items()},
            "garbage": [send(GARBAGE), close],
            "early-reply": [send(EARLY), close],
            "early-reply-reset": [send(EARLY), reset],
        },
    ),
    "request-body-begin": (
        read_head,
        {
            **{name: [end] for name, end in ENDS.items()},
            "garbage": [send(GARBAGE), close],
            "early-reply": [send(EARLY), close],
            "early-cut-head": [send(CUT_HEAD), close],
        },
    ),
    "request-body": (
        read_half,
        {
            **{name: [end] for name, end in ENDS.items()},
            "early-reply": [send(EARLY), close],
            "garbage": [send(GARBAGE), reset],
        },
    ),
    "reply-head": (
        read_all,
        {
            **{name: [end] for name, end in ENDS.items()},
            "cut-close": [send(CUT_HEAD), close],
            "cut-reset": [send(CUT_HEAD), reset],
            "cut-hold": [send(CUT_HEAD), hold],
            "cut-status-line": [send(b"HTTP/1."), close],
            "garbage": [send(GARBAGE), close],
            "two-lengths": [send(RIGHT.replace(b"\r\n\r\n", b"\r\nContent-Length: 7\r\n\r\n", 1))],
            "length-and-chunks": [
                send(RIGHT.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n", 1))
            ],
            "switching": [
                send(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
                hold,
            ],
            "interim-close": [send(b"HTTP/1.1 103 E\r\n\r\n"), close],
            "interim-hold": [send(b"HTTP/1.1 103 E\r\n\r\n"), hold],
            "endless-interim": [again_and_again(b"HTTP/1.1 103 E\r\n\r\n")],
            "endless-fields": [send(b"HTTP/1.1 200 OK\r\n"), again_and_again(b"X-A: a\r\n" * 100)],
            "nul": [send(RIGHT.replace(b"\r\n", b"\r\nX: \0\r\n", 1)), close],
            "drip": [drip(RIGHT)],
        },
    ),
    "reply-body": (
        read_all,
        {
            **{f"length-{n}": [send(RIGHT[:-1000]), end] for n, end in ENDS.items()},
            **{f"length-none-{n}": [send(RIGHT[:-1200]), end] for n, end in ENDS.items()},
            **{f"chunks-{n}": [send(IN_CHUNKS + chunk(BODY)), end] for n, end in ENDS.items()},
            "chunks-bad-size": [send(IN_CHUNKS + chunk(BODY) + b"zz\r\n"), close],
            "chunks-bad-end": [send(IN_CHUNKS + chunk(BODY)[:-2] + b"XX0\r\n\r\n"), close],
            "chunks-drip": [send(IN_CHUNKS), drip(chunk(BODY))],
            "length-drip": [send(RIGHT[:-1000]), drip(BODY[200:])],
            "until-close-reset": [send(UNTIL_CLOSE + BODY), reset],
            "until-close-hold": [send(UNTIL_CLOSE + BODY), hold],
            "surplus": [send(RIGHT + b"evil")],
            "two-replies": [send(RIGHT + reply(b"evil"))],
            "chunks-surplus": [send(IN_CHUNKS + chunk(BODY) + LAST_CHUNK + b"evil"), close],
        },
    ),
}
FAULTS = [
    pytest.param(begin, acts, id=f"{phase}-{name}")
    for phase, (begin, faults) in PHASES.items()
    for name, acts in faults.items()
]
# A sync worker serves one request at a time, and all kinds of them come at once.
OPTIONS = {"sync": {"workers": 6}}
REQUESTS = {
    "get": ("GET", request("/assemblyai/n/get")),
    "head": ("HEAD", request("/assemblyai/n/head", method="HEAD")),
    "delete": ("DELETE", request("/assemblyai/n/delete", method="DELETE")),
    "post": ("POST", request("/assemblyai/n/post", method="POST", body=b"x" * 100)),
    "upload": ("POST", request("/assemblyai/n/upload", method="POST", body=UPLOAD)),
    "chunked": (
        "POST",
        request("/assemblyai/n/chunked", "Transfer-Encoding: chunked", method="POST")
        + chunk(UPLOAD)
        + LAST_CHUNK,
    ),
}


def run(server: Server, name: str) -> str:
    """Send the request and return what became of it, one word."""
    method, raw = REQUESTS[name]
    with Client(server.port) as client:
        client.send(raw)
        try:
            got = client.reply(method)
        except CutShort:
            # Closed on while the upload was still on its way: the reply may be lost in a reset.
            return "closed" if len(raw) > 10_000 and not client.received else "torn"
        if b"evil" in client.received:
            return "evil"
        if got.status in (502, 504):
            return "error" if got.whole and (method == "HEAD" or got.error) else "torn"
        if got.status == 413:
            return "early"
        if got.status != 200:
            return f"status {got.status}"
        if not got.whole:
            return "cut" if BODY.startswith(got.body) else "foreign bytes"
        return "right" if got.body == (b"" if method == "HEAD" else BODY) else "foreign body"


def quick(fleet: Fleet, kind: str) -> Server:
    return fleet.get(kind, timeouts=QUICK, **OPTIONS.get(kind, {}))


@pytest.mark.parametrize("begin, acts", FAULTS)
def test_no_fault_of_the_upstream_is_passed_off_as_success(
    fleet: Fleet, begin: Act, acts: list[Act]
) -> None:
    def script(conn: Conn) -> None:
        begin(conn)
        for act in acts:
            act(conn)

    def meet(server: Server) -> None:
        server.upstream.script = script
        with ThreadPoolExecutor(len(REQUESTS)) as pool:
            ends = dict(
                zip(REQUESTS, pool.map(lambda name: run(server, name), REQUESTS), strict=True)
            )
        fine = ("error", "cut", "right", "early", "closed")
        assert {name: end for name, end in ends.items() if end not in fine} == {}
        posts = [r.target for r in server.upstream.requests if r.method == b"POST"]
        assert len(posts) == len(set(posts))

    def go_on(server: Server) -> None:
        # A reply to HEAD leaves a good connection behind, on which the script says no more.
        server.upstream.restart()
        for _ in range(2):
            assert ask(server.port, request("/assemblyai/next")).json() == {"ok": True}

    servers = [quick(fleet, kind) for kind in KINDS]
    at_once(servers, meet)
    at_once(servers, go_on)


@pytest.mark.parametrize("kind", KINDS)
def test_after_all_faults_nothing_is_left(fleet: Fleet, kind: str) -> None:
    """Runs after the faults above, on their server: eight threads a worker at most."""
    server = quick(fleet, kind)
    assert ask(server.port, request("/assemblyai/next")).status == 200
    stats = server.stats()
    assert stats["threads"] <= 10
    assert len([1 for port, _ in stats["outgoing"] if port == server.upstream.port]) <= 1
    assert stats["fds"] < 40


def test_there_are_300_runs() -> None:
    assert len(FAULTS) * len(REQUESTS) >= 300
