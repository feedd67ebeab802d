"""AssemblyAIMiddleware under Gunicorn: what single stages promise, all of them together keep."""

from __future__ import annotations

import gzip
import itertools
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assemblyai_mw import Database, Keys, Ledger
from assemblyai_mw.config import DEFAULT_ROUTES
from assemblyai_mw.routes import doors_below

from .kit_client import ACCOUNT_KEY, MASTER_KEY, Client, ask, end_to_end, passed_on, request
from .kit_http import CutShort, Reply, Request
from .kit_servers import KINDS, Fleet, Server, secrets_in
from .kit_upstream import LAST_CHUNK, Conn, chunk, reply
from .test_auth import METHODS
from .test_large import growth_watched


@pytest.fixture(scope="module")
def stack(fleet: Fleet) -> Iterator[Server]:
    """Four preloaded workers on one SQLite file."""
    return fleet.get(
        "gthread", workers=4, threads=8, full=True, options=("--preload",), env={"WIRE_WARM": "1"}
    )


@pytest.fixture
def server(stack: Server) -> Iterator[Server]:
    stack.restart_upstreams()
    yield stack
    stack.restart_upstreams()


@pytest.fixture(scope="module")
def key(stack: Server) -> str:
    return stack.new_key("alice")


def service(asked: Request) -> bytes:
    """Answer as the API does: a new transcript is queued, a poll finds it completed."""
    if asked.method == b"POST":
        return reply(b'{"id": "t-%s", "status": "queued"}' % asked.body[-20:-2].hex().encode())
    done = {
        "id": asked.target.rsplit(b"/", 1)[1].decode(),
        "status": "completed",
        "audio_duration": 60,
        "speech_model_used": "universal-3-pro",
        "text": "spoken",
    }
    return reply(json.dumps(done).encode())


def test_fields_and_targets_pass_as_through_the_forwarder_alone(server: Server, key: str) -> None:
    server.upstream.answer = reply(b"{}", "200 OK", "X-A: 1", "X-A: 2", "Connection: X-B", "X-B: 1")
    raw = request(
        "/assemblyai/v2/odd/a%2Fb%2f?x=[1]&%zz",
        "X-AAI-First: 1",
        "Cookie: a=b",
        "X-Nobody-Knows: 1",
        "Connection: X-AAI-Hop",
        "X-AAI-Hop: 1",
        "X-AAI-Last: \t2",
        key=key,
    )
    got = ask(server.port, raw)
    assert got.status == 200
    sent = server.upstream.only
    assert sent.target == b"/v2/odd/a%2Fb%2f?x=[1]&%zz"
    fields = [(n, v.strip()) for n, v in end_to_end(sent)]
    assert fields == [(b"x-aai-first", b"1"), (b"x-aai-last", b"2")]
    assert sent.values("authorization") == [ACCOUNT_KEY.encode()]
    assert [v for n, v in passed_on(got) if n in (b"x-a", b"x-b")] == [b"1", b"2"]
    assert key.encode() not in server.upstream.bytes_received


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/assemblyai/v2/upload/%2e%2e/transcript", id="c5-out-of-an-upload"),
        pytest.param("/assemblyai/v2/transcript?limit=1&x=\\", id="c11-backslash-in-the-query"),
        pytest.param("/assemblyai/v2/transcript?limit=1#frag", id="c12-list"),
        pytest.param("/assemblyai/v2/transcript/4d34532e#f", id="c12-id"),
        pytest.param("/assemblyai#f", id="c12-prefix"),
        pytest.param("/assemblyai/v2/transcript/a%2Fb#f", id="c12-escaped"),
        pytest.param("/v1/chat/completions#f", id="c12-chat"),
        pytest.param("/v1/models?x=1#f", id="c12-models"),
    ],
)
def test_targets_that_can_be_read_in_two_ways_are_refused(
    fleet: Fleet, kind: str, target: str
) -> None:
    """Also where a stage answers by itself, and would send a target of its own."""
    server = fleet.get(kind, full=True, **({} if kind == "waitress" else {"workers": 4}))
    server.restart_upstreams()
    for method in ("GET", "POST"):
        got = ask(server.port, request(target, "Connection: close", method=method, key=MASTER_KEY))
        assert (got.status, b"error" in got.body) == (400, True), got
    assert server.upstream.conns + server.eu.conns == []


@pytest.mark.parametrize("method", METHODS)
def test_c108_no_route_lets_anybody_through_without_a_live_key(server: Server, method: str) -> None:
    """The table is made of the routes themselves: a new one fails here until it is guarded."""
    revoked = server.new_key(f"revoked-{method}")
    Keys(Database(server.database_url)).revoke(f"revoked-{method}")
    targets = [
        prefix + path for prefix in DEFAULT_ROUTES for path in ("", "/v2/transcript", "/v1/x")
    ]
    for target, shown in itertools.product(
        [*targets, *doors_below(), *(f"{door}/x" for door in doors_below())],
        (None, "sk-wrong", revoked, ACCOUNT_KEY),
    ):
        got = ask(server.port, request(target, "Connection: close", method=method, key=shown))
        assert got.status in (400, 401), (target, shown, got)
    assert server.upstream.conns + server.eu.conns == []


@pytest.mark.parametrize("door", doors_below())
def test_a_door_is_a_door_only_as_it_is_spelled(door: str, server: Server) -> None:
    """As prefixes are: another spelling, and what only begins like it, is the host's."""
    odd = ("/%76" + door[2:], door.upper(), "/" + door, door + "x", door.replace("/v1/", "/v1//"))
    for target in odd:
        got = ask(server.port, request(target, method="POST", key=None))
        assert (got.status, "own" in json.loads(got.body)) == (200, True), target
    for target in (door, door + "?x=1", door + "/", door + "//", door + "/x%2Fy"):
        got = ask(server.port, request(target, method="POST", key=None))
        assert got.status == 401, target
        anthropic = {"message", "type", "details"}
        openai = {"message", "type", "param", "code"}
        error = json.loads(got.body)["error"]
        assert set(error) == (anthropic if door == "/v1/messages" else openai)
    assert server.upstream.conns + server.eu.conns == []


@pytest.mark.parametrize("kind", KINDS)
def test_c102_revoked_key_is_dead_on_every_worker_within_a_second(fleet: Fleet, kind: str) -> None:
    server = fleet.get(kind, full=True, **({} if kind == "waitress" else {"workers": 4}))
    shown = server.new_key("soon-gone")
    raw = request("/assemblyai/v2/odd", "Connection: close", key=shown)
    with ThreadPoolExecutor(16) as pool:
        statuses = [r.status for r in pool.map(lambda _: ask(server.port, raw), range(64))]
        assert set(statuses) == {200}
        Keys(Database(server.database_url)).revoke("soon-gone")
        # The one second that a worker may go on believing what it has looked up.
        time.sleep(1.05)
        server.restart_upstreams()
        statuses = [r.status for r in pool.map(lambda _: ask(server.port, raw), range(64))]
    assert set(statuses) == {401}
    assert server.upstream.conns == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["/assemblyai/v2/transcript", "/v1/models"])
def test_c109_without_a_database_nobody_gets_through(fleet: Fleet, kind: str, target: str) -> None:
    server = fleet.get(kind, full=True, database_url="sqlite:////nowhere/at/all/x.db")
    for method in ("GET", "POST"):
        got = ask(server.port, request(target, method=method, body=b"{}", key="sk-anything"))
        assert got.status == 503
    assert server.upstream.conns == []


def test_c69_events_of_a_chat_leave_one_by_one_through_all_stages(server: Server, key: str) -> None:
    seen = threading.Semaphore(1)
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(head)
        for number in range(10):
            assert seen.acquire(timeout=10)
            conn.send(chunk(b'data: {"n": %d}\n\n' % number))
        conn.send(LAST_CHUNK)

    server.upstream.script = script
    body = b'{"model": "gpt-5-mini", "stream": true, "messages": []}'
    raw = request(
        "/llm-gateway.assemblyai/v1/chat/completions",
        "Connection: close",
        "Content-Type: application/json",
        method="POST",
        key=key,
        body=body,
    )
    with Client(server.port) as client:
        client.send(raw)
        assert client.head("POST").status == 200
        for number in range(10):
            assert b'data: {"n": %d}\n\n' % number in client.source.until(b"\n\n")
            seen.release()
        client.to_end()
    assert bytes(server.upstream.only.body) == body


def test_c126_a_hundred_polls_of_one_transcript_are_one_charge(server: Server, key: str) -> None:
    server.upstream.answer = service
    raw = request(
        "/assemblyai/v2/transcript",
        "Content-Type: application/json",
        method="POST",
        key=key,
        body=b'{"audio_url": "https://x.example/hundred.wav"}',
    )
    made = ask(server.port, raw)
    assert made.status == 200
    name = made.json()["id"]
    poll = request(f"/assemblyai/v2/transcript/{name}", "Connection: close", key=key)
    with ThreadPoolExecutor(25) as pool:
        replies = list(pool.map(lambda _: ask(server.port, poll), range(100)))
    assert {r.json()["status"] for r in replies} == {"completed"}
    rows = [r for r in Ledger(Database(server.database_url)).calls() if r["transcript_id"] == name]
    assert [row["state"] for row in rows] == ["settled"]
    assert rows[0]["audio_seconds"] == 60


def _transcribed(server: Server, key: str, name: str, answer: bytes) -> tuple[Reply, dict]:
    """Make transcript *name*, poll it once with *answer*; return that reply, and its row."""
    server.restart_upstreams()
    made = reply(b'{"id": "%s", "status": "queued"}' % name.encode())
    server.upstream.answer = lambda asked: made if asked.method == b"POST" else answer
    json_type = "Content-Type: application/json"
    body = b'{"audio_url": "https://x.example/a.wav"}'
    target = "/assemblyai/v2/transcript"
    ask(server.port, request(target, json_type, method="POST", key=key, body=body))
    got = ask(server.port, request(f"{target}/{name}", "Accept-Encoding: gzip", key=key))
    rows = Ledger(Database(server.database_url)).calls()
    return got, next(row for row in rows if row["transcript_id"] == name)


def completed(name: str, text: str) -> bytes:
    done = {"id": name, "status": "completed", "audio_duration": 60, "text": text}
    return json.dumps({**done, "speech_model_used": "universal-3-pro"}).encode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [10, 20_000_000])
@pytest.mark.parametrize("packed", [False, True])
def test_c65_large_and_packed_replies_pass_and_are_metered(
    fleet: Fleet, kind: str, size: int, packed: bool
) -> None:
    server = fleet.get(kind, full=True)
    key = server.new_key(f"large-{size}-{packed}")
    name = f"large-{size}-{packed}"
    body = completed(name, "x" * size)
    body = gzip.compress(body, 1) if packed else body
    fields = ["Content-Encoding: gzip"] if packed else []
    got, row = _transcribed(server, key, name, reply(body, "200 OK", *fields))
    assert got.whole
    assert got.body == body
    assert (row["state"], row["audio_seconds"]) == ("settled", 60)


@pytest.mark.slow
def test_c65_a_bomb_passes_and_does_not_burst_the_meter(server: Server, key: str) -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = packer.compress(completed("bomb", "")[:-1] + b', "x": "')
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()
    with growth_watched(server) as growth:
        fields = ["Content-Encoding: gzip"]
        got, row = _transcribed(server, key, "bomb", reply(bomb, "200 OK", *fields))
    assert (got.whole, got.body) == (True, bomb)
    assert row["state"] != "settled"
    assert growth[0] <= 256 << 20


def test_c128_no_acknowledged_transcript_is_lost_when_workers_are_killed(fleet: Fleet) -> None:
    server = fleet.get("gthread", workers=2, threads=4, full=True, env={"ROUND": "killed"})
    shown = server.new_key("alice")
    server.upstream.answer = service
    acknowledged: list[str] = []

    def submit(number: int) -> None:
        body = b'{"audio_url": "https://x.example/%08d.wav"}' % number
        raw = request(
            "/assemblyai/v2/transcript",
            "Connection: close",
            "Content-Type: application/json",
            method="POST",
            key=shown,
            body=body,
        )
        try:
            got = ask(server.port, raw)
            if got.status == 200 and got.whole:
                acknowledged.append(got.json()["id"])
                if len(acknowledged) % 25 == 0:
                    server.workers()[0].kill()
        except (CutShort, OSError):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(100)))
    posted = {bytes(r.body) for r in server.upstream.requests if r.method == b"POST"}
    rows = list(Ledger(Database(server.database_url)).calls())
    known = {row["transcript_id"] for row in rows}
    assert acknowledged
    assert set(acknowledged) <= known
    assert len(rows) >= len(posted)


def test_c173_preloaded_workers_kept_one_sound_database(server: Server, key: str) -> None:
    """A request in the master, before the fork, had opened it there already."""
    assert ask(server.port, request("/assemblyai/v2/odd", key=key)).status == 200
    path = Path(server.database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_c42_c43_account_key_that_the_upstream_echoes_tells_nobody(
    server: Server, key: str
) -> None:
    for status in ("401 Unauthorized", "403 Forbidden", "400 Bad Request", "500 Oops"):
        echo = f'{{"error": "Authentication error, API key {ACCOUNT_KEY}"}}'.encode()
        server.upstream.answer = reply(echo, status, f"X-Echo: {ACCOUNT_KEY}")
        for target, body in [
            ("/assemblyai/v2/odd", b"{}"),
            (
                "/v1/chat/completions",
                b'{"model": "assemblyai/gpt-5-mini", "messages": '
                b'[{"role": "user", "content": "x"}]}',
            ),
        ]:
            with Client(server.port) as client:
                json_type = "Content-Type: application/json"
                client.send(request(target, json_type, method="POST", key=key, body=body))
                assert client.reply("POST").status >= 400
                assert ACCOUNT_KEY.encode() not in client.received


def test_c101_c111_neither_output_nor_database_holds_a_secret(server: Server, key: str) -> None:
    ask(server.port, request("/assemblyai/v2/odd", key=MASTER_KEY))
    ask(server.port, request(f"/assemblyai/v2/odd?api_key={key}", key=key))
    path = Path(server.database_url.removeprefix("sqlite:///"))
    for file in path.parent.glob(path.name + "*"):
        assert secrets_in(file.read_bytes(), server.planted) == [], file
    assert secrets_in(server.output.read_bytes(), server.planted) == []
