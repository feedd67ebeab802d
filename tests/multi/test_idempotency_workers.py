"""Idempotency-Keys before real workers: one request goes out, whoever asks, leaves or dies."""

from __future__ import annotations

import math
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest
import requests
from sqlalchemy import update

from assemblyai_mw.store.schema import kept_answers
from assemblyai_mw.testing import serve_all

from .test_multi import Served

SUBMIT, CHATS = "/v2/transcript", "/v1/chat/completions"
JOB = {"audio_url": "https://example.com/a.mp3", "speech_models": ["universal-3-5-pro"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_all() as hosts:
        folder = tmp_path_factory.mktemp("idempotency")
        served = Served(folder, hosts, "--workers", "2", idempotency_content=True)
        try:
            yield served
        finally:
            served.stop()


def post(served: Served, secret: str, key: str, body: Any = JOB) -> requests.Response:
    return requests.post(
        f"http://127.0.0.1:{served.port}/assemblyai{SUBMIT}",
        json=body,
        headers={"Authorization": secret, "Idempotency-Key": key},
        timeout=60,
    )


def test_of_many_at_once_one_goes_out_and_all_get_its_answer(served: Served) -> None:
    secret, fake = served.keys.create("many").key, served.hosts.us
    for number in range(4):
        before = len(fake.asked("POST", SUBMIT))
        fake.fail_next(delay_s=0.05, path=SUBMIT)
        with ThreadPoolExecutor(12) as pool:
            key = f"same-{number}"
            replies = list(pool.map(lambda _, key=key: post(served, secret, key), range(24)))
        assert len(fake.asked("POST", SUBMIT)) == before + 1
        counted = Counter(reply.status_code for reply in replies)
        assert set(counted) <= {200, 409}
        bodies = {reply.content for reply in replies if reply.status_code == 200}
        assert len(bodies) == 1
        first = [r for r in replies if r.ok and "idempotent-replayed" not in r.headers]
        assert len(first) == 1
        assert post(served, secret, key).content in bodies
        for reply in replies:
            if reply.status_code == 409:
                assert int(reply.headers["retry-after"]) >= 1


def test_of_uploads_at_once_one_is_submitted(served: Served) -> None:
    """Their forms have a boundary each, and a chunked one has no length."""
    secret, fake = served.keys.create("speaking").key, served.hosts.us
    before = len(fake.asked("POST", SUBMIT))
    url = f"http://127.0.0.1:{served.port}/v1/audio/transcriptions"
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "spoken"}
    fields = {"model": "assemblyai/universal-2"}
    form = {"file": ("a.mp3", b"ID3" + bytes(300_000), "audio/mpeg")}

    def speak(number: int) -> requests.Response:
        asked = requests.Request("POST", url, headers, form, fields).prepare()
        body = asked.body
        assert isinstance(body, bytes)
        if number % 2:
            del asked.headers["Content-Length"]
            asked.headers["Transfer-Encoding"] = "chunked"
            asked.body = iter([body[:1000], body[1000:]])  # type: ignore[assignment]
        with requests.Session() as session:
            return session.send(asked, timeout=60)

    with ThreadPoolExecutor(6) as pool:
        counted = Counter(reply.status_code for reply in pool.map(speak, range(6)))
    assert set(counted) <= {200, 409}
    again = [speak(number) for number in range(2)]
    assert [reply.headers["idempotent-replayed"] for reply in again] == ["true", "true"]
    assert {reply.json()["text"] for reply in again} == {again[0].json()["text"]}
    assert len(fake.asked("POST", SUBMIT)) == before + 1


def test_openais_client_retries_until_it_has_the_first_answer(served: Served) -> None:
    """It gives up on the first request before AssemblyAI answers, and is refused meanwhile."""
    fake = served.hosts.us
    before = len(fake.asked("POST", CHATS))
    fake.fail_next(delay_s=2.0, path=CHATS)
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{served.port}/v1",
        api_key=served.keys.create("retrying").key,
        timeout=0.5,
        max_retries=20,
    )
    reply = client.chat.completions.with_raw_response.create(
        model="assemblyai/gpt-5-mini",
        messages=[{"role": "user", "content": "hi"}],
        extra_headers={"Idempotency-Key": "retried"},
    )
    assert reply.parse().choices[0].message.content
    assert reply.headers["idempotent-replayed"] == "true"
    assert reply.retries_taken > 0
    assert len(fake.asked("POST", CHATS)) == before + 1


def test_a_client_that_leaves_finds_its_answer(served: Served) -> None:
    secret, fake = served.keys.create("leaving").key, served.hosts.us
    fake.fail_next(delay_s=0.3, path=SUBMIT)
    before = len(fake.asked("POST", SUBMIT))
    body = requests.Request("POST", "http://x/", json=JOB).prepare().body
    assert isinstance(body, bytes)
    lines = [f"POST /assemblyai{SUBMIT} HTTP/1.1", f"Authorization: {secret}", "Host: x"]
    lines += ["Idempotency-Key: left", f"Content-Length: {len(body)}", "", ""]
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        assert fake.wait_for(lambda fake: len(fake.asked("POST", SUBMIT)) > before)
    while (reply := post(served, secret, "left")).status_code == 409:
        pass
    assert reply.headers["idempotent-replayed"] == "true"
    assert len(fake.asked("POST", SUBMIT)) == before + 1


def test_two_keys_are_400_and_neither_counts(served: Served) -> None:
    secret = served.keys.create("twice").key
    lines = ["Idempotency-Key: one", "Idempotency-Key: two", "Content-Length: 0"]
    status, raw = served.ask("POST", f"/assemblyai{SUBMIT}", secret, *lines)
    assert (status, b"Idempotency-Key: expected one field" in raw) == (400, True)


def test_a_killed_workers_request_is_never_sent_again(served: Served) -> None:
    secret, fake = served.keys.create("killed").key, served.hosts.us
    before = len(fake.asked("POST", SUBMIT))
    fake.fail_next(delay_s=math.inf, path=SUBMIT)
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(post, served, secret, "killed")
        assert fake.wait_for(lambda fake: len(fake.asked("POST", SUBMIT)) > before)
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        for worker in children.read_text().split():
            os.kill(int(worker), signal.SIGKILL)
        assert isinstance(lost.exception(), requests.ConnectionError)
    reply = post(served, secret, "killed")
    assert reply.status_code == 409
    with served.database.write() as connection:
        later = kept_answers.c.at - 7_261 * 1_000_000
        connection.execute(update(kept_answers).values(at=later))
    for _ in range(2):
        reply = post(served, secret, "killed")
        assert (reply.status_code, reply.headers["x-should-retry"]) == (504, "false")
    assert post(served, secret, "killed", {**JOB, "punctuate": False}).status_code == 422
    assert len(fake.asked("POST", SUBMIT)) == before + 1
