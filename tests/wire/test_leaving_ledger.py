"""Clients that leave, and what the ledger says of it afterwards. Row 75, through the whole stack.

`WIRE_ROUNDS=1000` makes it the long run, as for `test_leaving`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from assemblyai_mw import Database, Holds, Keys, Ledger
from assemblyai_mw.store import hash_key

from .kit_client import Client, request
from .kit_servers import KINDS, Fleet, Server
from .kit_upstream import Conn, chunk, reply
from .test_leaving import ROUNDS

CHAT = b'{"model": "gpt-5-mini", "stream": true, "max_tokens": 100, "messages": []}'
SUBMIT = b'{"audio_url": "https://x.example/a.wav"}'
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(target: str, key: str, body: bytes) -> bytes:
    json_type = "Content-Type: application/json"
    return request(target, json_type, "Connection: close", method="POST", key=key, body=body)


@pytest.fixture(params=KINDS)
def whole(request: pytest.FixtureRequest, fleet: Fleet) -> Server:
    """The whole stack, on each kind of server."""
    return fleet.get(request.param, full=True)


def eventually(claim: Callable[[], bool]) -> bool:
    """Whether *claim* comes true; the server notices a client's leaving at its next write."""
    deadline = time.monotonic() + 20
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.02)
    return claim()


def test_c75_a_chat_that_is_left_is_spent_as_it_was_held(whole: Server) -> None:
    rounds = max(ROUNDS // 10, 1)
    key = whole.new_key(f"leaves-chats-{whole.kind}", budget_usd="100")
    database = Database(whole.database_url)
    caller = Keys(database).find(hash_key(key))
    assert caller is not None

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(EVENTS)
        while conn.pause(0.001):
            conn.send(chunk(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'))

    whole.upstream.script = script
    for _ in range(rounds):
        with Client(whole.port) as client:
            client.send(post("/llm-gateway.assemblyai/v1/chat/completions", key, CHAT))
            assert client.head("POST").status == 200
            assert client.source.until(b"\n\n")
            client.reset()

    def states() -> Counter[str]:
        rows = Ledger(database).calls()
        return Counter(row["state"] for row in rows if row["key"] == caller.name)

    assert eventually(lambda: states() == {"unpriced": rounds})
    total = Holds(database).spent(caller)[0]
    assert total.held == 0
    # Each of them as much as any other, and nobody for nothing.
    assert total.spent > 0
    assert total.spent % rounds == 0
    assert eventually(lambda: all(c.finished.is_set() for c in whole.upstream.conns))
    assert len(whole.upstream.requests) == rounds
    database.close()


def test_c75_a_submit_that_is_left_before_its_reply_is_owned_and_stays_open(whole: Server) -> None:
    """The work is AssemblyAI's by then: it is settled when it is done, whoever left."""
    rounds = max(ROUNDS // 10, 1)
    key = whole.new_key(f"leaves-submits-{whole.kind}")
    database = Database(whole.database_url)
    caller = Keys(database).find(hash_key(key))
    assert caller is not None
    made: list[str] = []

    def script(conn: Conn) -> None:
        for asked in conn.requests_until_end():
            if asked.method != b"POST":
                # Settlement, which looks for itself.
                conn.send(reply(b'{"status": "queued"}'))
                continue
            client.reset()
            name = f"left-{whole.kind}-{len(made)}"
            made.append(name)
            whole.upstream.changed()
            conn.send(reply(b'{"id": "%s", "status": "queued"}' % name.encode()))

    whole.upstream.script = script
    for number in range(rounds):
        with Client(whole.port) as client:
            client.send(post("/assemblyai/v2/transcript", key, SUBMIT))
            whole.upstream.wait(lambda number=number: len(made) > number)

    def rows() -> dict[str | None, str]:
        found = Ledger(database).calls()
        return {r["transcript_id"]: r["state"] for r in found if r["key"] == caller.name}

    assert eventually(lambda: rows() == dict.fromkeys(made, "pending"))
    owners = Ledger(database).owners("us", made)
    assert len(owners) == rounds
    assert all(owner.belongs_to(caller) for owner in owners.values())
    database.close()
