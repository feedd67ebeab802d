"""A request repeated with its Idempotency-Key is billed once, and answered as the first time."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openai_kit import is_error
from sqlalchemy import func, select, update
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat
from stand_in.kit import wav
from webtest.app import TestRequest

from assemblyai_mw import ConfigError, Ledger
from assemblyai_mw.config import load_config
from assemblyai_mw.errors import StoreError, UpstreamError
from assemblyai_mw.middleware.audio import AudioTranscriber
from assemblyai_mw.middleware.idempotency import Idempotency
from assemblyai_mw.middleware.idempotency.stage import MAX_ANSWER_BYTES
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.store import KeptAnswers
from assemblyai_mw.store.kept_answers import KEPT_S
from assemblyai_mw.store.schema import calls, kept_answers

SUBMIT = f"{API}/v2/transcript"
NATIVE_CHAT = "/llm-gateway.assemblyai/v1/chat/completions"
SYNC = "/sync.assemblyai/v1/transcribe"
AUDIO_DOOR = "/v1/audio/transcriptions"
AUDIO, PRO = b"ID3" + bytes(range(256)) * 40, "assemblyai/universal-3-5-pro"
JOB = {"audio_url": "https://example.com/a.mp3", "speech_models": ["universal-3-5-pro"]}
CONTENT = {"general_settings": {"idempotency_content": True}}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def keeping(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that keeps content too."""
    made = AudioTranscriber.__init__

    def hurried(self: AudioTranscriber, app: Any, **options: Any) -> None:
        made(self, app, **{"pauses": (0.001, 0.001), **options})

    monkeypatch.setattr(AudioTranscriber, "__init__", hurried)
    stack = Stack(sqlite_url, **CONTENT)
    yield stack
    stack.close()


def post(
    stack: Stack, path: str, key: str | None, again: str | None, body: Any = None, **headers: str
) -> Any:
    """Send a JSON body with an Idempotency-Key."""
    if again is not None:
        headers["Idempotency-Key"] = again
    return stack.ask("POST", path, key, json=JOB if body is None else body, headers=headers)


def posts(stack: Stack, path: str = "/v2/transcript") -> int:
    """How many of these the stand-ins got."""
    return len(stack.us.asked("POST", path)) + len(stack.eu.asked("POST", path))


def rows(stack: Stack) -> list[Any]:
    with stack.ledger.database.read() as connection:
        return list(connection.execute(calls.select().order_by(calls.c.id)))


def kept(stack: Stack) -> int:
    with stack.ledger.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(kept_answers)) or 0)


def age(stack: Stack, seconds: float) -> None:
    """Let what is kept be older."""
    with stack.ledger.database.write() as connection:
        at = kept_answers.c.at - int(seconds * 1_000_000)
        connection.execute(update(kept_answers).values(at=at))


def replayed(reply: Any) -> bool:
    return reply.headers.get("Idempotent-Replayed") == "true"


def code_of(reply: Any) -> str:
    error = reply.json["error"]
    if isinstance(error, dict):
        assert is_error(reply.json)
        return str(error["code"])
    assert set(reply.json) == {"error"}
    assert isinstance(error, str)
    return ""


# Submits


def test_a_submit_is_sent_and_billed_once(database_url: str) -> None:
    stack = Stack(database_url)
    key = stack.key("alice", budget_usd=1)
    first = post(stack, SUBMIT, key, "k-1")
    for _ in range(3):
        again = post(stack, SUBMIT, key, "k-1")
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert replayed(again)
        assert not replayed(first)
    assert (posts(stack), len(rows(stack))) == (1, 1)
    held = stack.held()
    post(stack, SUBMIT, key, "k-2")
    assert (posts(stack), stack.held()) == (2, 2 * held)
    stack.close()


def test_without_a_key_each_submit_is_one(stack: Stack) -> None:
    key = stack.key("alice")
    first, second = post(stack, SUBMIT, key, None), post(stack, SUBMIT, key, None)
    assert first.json["id"] != second.json["id"]
    assert (posts(stack), kept(stack)) == (2, 0)


def test_the_same_key_with_another_body_is_422_and_sends_nothing(stack: Stack) -> None:
    key = stack.key("alice")
    post(stack, SUBMIT, key, "k-1")
    for path, body in [
        (SUBMIT, {**JOB, "speaker_labels": True}),
        (f"{SUBMIT}?x=1", JOB),
        ("/eu.assemblyai/v2/transcript", JOB),
    ]:
        reply = post(stack, path, key, "k-1", body)
        assert reply.status_int == 422
        assert "used for another request" in reply.json["error"]
    assert (posts(stack), len(rows(stack))) == (1, 1)


def test_another_callers_key_is_another_key(stack: Stack) -> None:
    secrets = [stack.key("a"), stack.key("b"), stack.key("c", team="t"), stack.key("d", team="t")]
    ids = {post(stack, SUBMIT, secret, "1").json["id"] for secret in [*secrets, MASTER_KEY]}
    assert len(ids) == 5
    assert posts(stack) == 5
    # A rotated secret is the same key.
    new = stack.keys.rotate("a", grace="1h").key
    assert replayed(post(stack, SUBMIT, new, "1"))


def test_users_of_one_identity_bridge_do_not_see_each_others_answers(sqlite_url: str) -> None:
    def identify(environ: Any) -> Any:
        return {"key": "site", "end_user": environ["HTTP_X_USER"]}

    stack = Stack(sqlite_url, options={"identify": identify})
    stack.key("site")

    def ask(user: str) -> Any:
        headers = {"X-User": user, "Sec-Fetch-Site": "same-origin"}
        return post(stack, SUBMIT, None, "1", **headers)

    first, other = ask("u-1"), ask("u-2")
    assert first.json["id"] != other.json["id"]
    assert ask("u-1").json == first.json
    assert posts(stack) == 2
    stack.close()


def test_an_answer_is_given_again_for_24_hours(stack: Stack) -> None:
    key = stack.key("alice")
    first = post(stack, SUBMIT, key, "k-1")
    age(stack, KEPT_S - 60)
    assert replayed(post(stack, SUBMIT, key, "k-1"))
    age(stack, 60)
    later = post(stack, SUBMIT, key, "k-1", {**JOB, "speaker_labels": True})
    assert later.json["id"] != first.json["id"]


def test_a_repeated_submit_counts_towards_the_rate_and_costs_nothing(stack: Stack) -> None:
    key = stack.key("alice", rpm=2, budget_usd=1)
    assert post(stack, SUBMIT, key, "k-1").status_int == 200
    held = stack.held()
    assert replayed(post(stack, SUBMIT, key, "k-1"))
    assert stack.held() == held
    assert post(stack, SUBMIT, key, "k-1").status_int == 429


def test_an_answer_outlives_its_budget_and_its_transcript(stack: Stack) -> None:
    key = stack.key("alice", budget_usd=1)
    first = post(stack, SUBMIT, key, "k-1")
    stack.finish()
    assert stack.ask("DELETE", f"{SUBMIT}/{first.json['id']}", key).status_int == 200
    stack.keys.set("alice", budget_usd="0.000001")
    assert post(stack, SUBMIT, key, "k-1").body == first.body


def test_a_key_does_not_go_upstream_and_no_setting_sends_it(stack: Stack) -> None:
    post(stack, SUBMIT, stack.key("alice"), "k-1")
    post(stack, CHAT, MASTER_KEY, "k-1", chat())
    assert [s for s in stack.us.requests if "idempotency-key" in str(s.headers).lower()] == []
    with pytest.raises(ConfigError, match=r"upstream\.headers\[0\]: expected .* not Idempotency"):
        load_config({"upstream": {"headers": ["Idempotency-Key"]}}, {"ASSEMBLYAI_API_KEY": "k"})


def test_the_database_holds_neither_key_nor_caller(stack: Stack) -> None:
    post(stack, SUBMIT, stack.key("alice"), "a-telling-key")
    with stack.ledger.database.read() as connection:
        (row,) = connection.execute(kept_answers.select()).all()
    assert "telling" not in repr(row)
    assert "alice" not in repr(row)
    assert (len(row.scope), len(row.key), len(row.digest)) == (32, 32, 32)


@pytest.mark.parametrize("bad", ["", "x" * 256, "a b", "a,b", "\xe9"], ids=range(5))
def test_what_is_not_one_key_is_400(keeping: Stack, bad: str) -> None:
    reply = post(keeping, SUBMIT, MASTER_KEY, bad)
    assert (reply.status_int, posts(keeping)) == (400, 0)
    assert reply.json["error"].startswith("Idempotency-Key: expected one field")
    reply = post(keeping, CHAT, MASTER_KEY, bad, chat())
    assert (reply.status_int, code_of(reply)) == (400, "invalid_idempotency_key")


# What cost nothing is not kept


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_of_assemblyai_is_not_kept(stack: Stack, status: int) -> None:
    key = stack.key("alice", budget_usd=1)
    stack.us.fail_next(status, body={"error": "not now"})
    assert post(stack, SUBMIT, key, "k-1").status_int == status
    assert (kept(stack), stack.held()) == (0, 0)
    # Nor is its body.
    assert post(stack, SUBMIT, key, "k-1", {**JOB, "punctuate": False}).status_int == 200


def test_a_refusal_of_ours_is_not_kept(stack: Stack) -> None:
    key = stack.key("alice", budget_usd="0.000001", region="us")
    assert post(stack, SUBMIT, key, "k-1").status_int == 429
    assert post(stack, "/eu.assemblyai/v2/transcript", key, "k-1").status_int == 403
    assert post(stack, SUBMIT, MASTER_KEY, "k-1", ["a list"]).status_int == 400
    assert (
        stack.ask("POST", SUBMIT, key, params=b"{", headers={"Idempotency-Key": "k-1"}).status_int
        == 400
    )
    assert (posts(stack), kept(stack)) == (0, 0)
    stack.keys.set("alice", budget_usd=5)
    assert post(stack, SUBMIT, key, "k-1").status_int == 200


def test_what_was_not_sent_is_not_kept(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise UpstreamError("connection refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack.transport, "send", refuse)
        assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 502
    assert kept(stack) == 0
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 200
    stack.close()


def test_what_was_not_sent_is_not_kept_though_its_row_stays_open(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise UpstreamError("connection refused")

    def down(*arguments: Any, **named: Any) -> Any:
        raise StoreError("the disk is full")

    monkeypatch.setattr(stack.transport, "send", refuse)
    monkeypatch.setattr(Ledger, "write", down)
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 502
    assert (kept(stack), rows(stack)[0].state) == (0, "pending")


# What may have been billed is kept


def test_a_submit_without_a_reply_is_sent_once(stack: Stack) -> None:
    stack.us.fail_next(drop=True, path="/v2/transcript")
    first = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert first.status_int == 502
    again = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["x-should-retry"] == "false"
    assert replayed(again)
    assert posts(stack) == 1


def test_a_gateways_503_is_kept_and_assemblyais_own_is_not(stack: Stack) -> None:
    stack.us.fail_next(503, body=b"<html>", path="/v2/transcript")
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 503
    again = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert (again.status_int, again.body, posts(stack)) == (503, b"<html>", 1)
    assert again.headers["x-should-retry"] == "false"


def test_a_lost_submit_that_settlement_finds_is_named(stack: Stack) -> None:
    """AssemblyAI made the transcript; its reply was lost."""
    stack.us.fail_next(cut_after=3, path="/v2/transcript")
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 502
    (made,) = stack.us.transcripts
    (row,) = rows(stack)
    stack.ledger.resolve(row.id, made)
    again = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert again.status_int == 502
    assert again.headers["X-AssemblyAI-MW-Transcript-Id"] == made
    assert posts(stack) == 1


def test_a_lost_submit_that_never_arrived_may_be_sent_again(stack: Stack) -> None:
    stack.us.fail_next(drop=True, path="/v2/transcript")
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 502
    (row,) = rows(stack)
    stack.ledger.fail(row.id, status=None, reason="it is not in AssemblyAI's list")
    again = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert (again.status_int, replayed(again)) == (200, False)
    assert replayed(post(stack, SUBMIT, MASTER_KEY, "k-1"))


# Under way, and lost


class Killed(BaseException):
    """What ends a worker."""


def dying(stack: Stack, *, state: str = "pending") -> None:
    """Claim a key and open a row, as a worker does that is killed then; leave that *state*."""

    def kill(*arguments: Any, **named: Any) -> Any:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack.transport, "send", kill)
        # The dead write nothing.
        patch.setattr(Idempotency, "_ended", lambda *_, **__: None)
        with pytest.raises(Killed):
            post(stack, SUBMIT, MASTER_KEY, "k-1")
    with stack.ledger.database.write() as connection:
        connection.execute(update(calls).values(state=state))


@pytest.mark.parametrize("sent", [False, True])
def test_a_worker_that_ends_during_a_request_records_what_it_knows(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    """As Gunicorn ends one whose request takes too long, by an exception."""

    def end(origin: Any, request: Any, timeouts: Any) -> Any:
        request.sent = sent
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(stack.transport, "send", end)
        with pytest.raises(Killed):
            post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == (504 if sent else 200)


def test_an_answer_is_kept_without_a_coding(stack: Stack) -> None:
    gzip = {"Accept-Encoding": "gzip"}
    post(stack, SUBMIT, MASTER_KEY, "k-1", **gzip)
    assert dict(stack.us.requests[-1].headers)["Accept-Encoding"] == "identity"
    post(stack, SUBMIT, MASTER_KEY, None, **gzip)
    assert dict(stack.us.requests[-1].headers)["Accept-Encoding"] == "gzip"


def test_a_killed_workers_request_is_409_then_504_and_never_sent_again(stack: Stack) -> None:
    dying(stack)
    reply = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert reply.status_int == 409
    assert int(reply.headers["retry-after"]) >= 1
    # Its bound is timeouts.total_s and a minute.
    age(stack, 7200 + 50)
    reply = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert (reply.status_int, reply.headers["retry-after"]) == (409, "60")
    assert post(stack, SUBMIT, MASTER_KEY, "k-1", {**JOB, "punctuate": False}).status_int == 422
    age(stack, 20)
    for _ in range(2):
        reply = post(stack, SUBMIT, MASTER_KEY, "k-1")
        assert (reply.status_int, reply.headers["x-should-retry"]) == (504, "false")
        assert "unknown" in reply.json["error"]
    (row,) = rows(stack)
    stack.ledger.resolve(row.id, "t-99")
    reply = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert reply.status_int == 504
    assert "t-99" in reply.json["error"]
    assert reply.headers["X-AssemblyAI-MW-Transcript-Id"] == "t-99"
    assert posts(stack) == 0


def test_a_killed_workers_request_that_never_arrived_is_sent_anew(stack: Stack) -> None:
    dying(stack, state="failed")
    age(stack, 7270)
    assert post(stack, SUBMIT, MASTER_KEY, "k-1", {**JOB, "punctuate": False}).status_int == 200


def test_timeouts_say_how_long_a_request_counts_as_under_way(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, timeouts={"total_s": 30})
    dying(stack)
    age(stack, 85)
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 409
    age(stack, 10)
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 504
    stack.close()


# The ledger is down


def test_without_a_ledger_nothing_goes_out(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*arguments: Any, **named: Any) -> Any:
        raise StoreError("the disk is full")

    monkeypatch.setattr(KeptAnswers, "claim", down)
    reply = post(stack, SUBMIT, MASTER_KEY, "k-1")
    assert (reply.status_int, posts(stack)) == (503, 0)
    monkeypatch.undo()
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 200


def test_an_answer_that_cannot_be_kept_reaches_its_client_and_is_kept_later(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    def perhaps(real: Any) -> Any:
        def record(*arguments: Any, **named: Any) -> None:
            if full:
                raise StoreError("the disk is full")
            real(*arguments, **named)

        return record

    for name in ("keep", "release"):
        monkeypatch.setattr(KeptAnswers, name, perhaps(getattr(KeptAnswers, name)))
    first = post(stack, SUBMIT, MASTER_KEY, "k-1")
    stack.us.fail_next(400)
    assert post(stack, SUBMIT, MASTER_KEY, "k-2").status_int == 400
    assert first.status_int == 200
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").status_int == 409
    full = False
    assert post(stack, SUBMIT, MASTER_KEY, "k-2").status_int == 200
    assert post(stack, SUBMIT, MASTER_KEY, "k-1").body == first.body
    assert posts(stack) == 3


# Content


def test_chats_are_repeated_only_where_content_may_be_kept(stack: Stack, keeping: Stack) -> None:
    for path, body in ((CHAT, chat()), (NATIVE_CHAT, chat(model="gpt-5-mini"))):
        assert post(stack, path, MASTER_KEY, "k", body).status_int == 200
        assert not replayed(post(stack, path, MASTER_KEY, "k", body))
    assert kept(stack) == 0


@pytest.mark.parametrize(
    "path, body", [(CHAT, chat()), (NATIVE_CHAT, chat(model="gpt-5-mini"))], ids=["door", "native"]
)
def test_a_whole_chat_is_billed_once_in_the_dialect_of_its_door(
    keeping: Stack, path: str, body: Any
) -> None:
    key = keeping.key("alice", budget_usd=1)
    first = post(keeping, path, key, "k-1", body, **{"Accept-Encoding": "gzip"})
    again = post(keeping, path, key, "k-1", body)
    assert first.status_int == again.status_int == 200
    assert replayed(again)
    assert again.body == first.body
    assert again.json["choices"]
    assert len(keeping.us.asked("POST", "/v1/chat/completions")) == 1
    (row,) = rows(keeping)
    assert row.state == "settled"
    assert keeping.held() == 0
    other = post(keeping, path, key, "k-1", {**body, "temperature": 0.5})
    assert other.status_int == 422
    assert code_of(other) == ("idempotency_key_reused" if path == CHAT else "")


def test_a_streamed_chat_ignores_the_key(keeping: Stack) -> None:
    body = chat(stream=True)
    for _ in range(2):
        reply = post(keeping, CHAT, MASTER_KEY, "k-1", body)
        assert b"[DONE]" in reply.body
        assert not replayed(reply)
    assert kept(keeping) == 0


def test_a_chat_without_a_reply_is_sent_once(keeping: Stack) -> None:
    keeping.us.fail_next(drop=True, path="/v1/chat/completions")
    first = post(keeping, CHAT, MASTER_KEY, "k-1", chat())
    again = post(keeping, CHAT, MASTER_KEY, "k-1", chat())
    assert (first.status_int, again.status_int, again.body) == (502, 502, first.body)
    assert is_error(again.json)
    assert again.headers["x-should-retry"] == "false"
    assert len(keeping.us.asked("POST", "/v1/chat/completions")) == 1


def test_a_native_chat_whose_reply_breaks_off_is_502_and_sent_once(keeping: Stack) -> None:
    body = chat(model="gpt-5-mini")
    keeping.us.fail_next(cut_after=40, path="/v1/chat/completions")
    first = post(keeping, NATIVE_CHAT, MASTER_KEY, "k-1", body)
    again = post(keeping, NATIVE_CHAT, MASTER_KEY, "k-1", body)
    assert (first.status_int, again.body, replayed(again)) == (502, first.body, True)
    assert len(keeping.us.asked("POST", "/v1/chat/completions")) == 1


def test_an_answer_too_large_to_be_kept_is_not_billed_again(keeping: Stack) -> None:
    body = chat(model="gpt-5-mini")
    text = "x" * (MAX_ANSWER_BYTES + 1)
    real = {
        "id": "c-1",
        "model": "gpt-5-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
    }
    keeping.us.fail_next(200, body=real, path="/v1/chat/completions")
    first = post(keeping, NATIVE_CHAT, MASTER_KEY, "k-1", body)
    assert first.json == real
    again = post(keeping, NATIVE_CHAT, MASTER_KEY, "k-1", body)
    assert (again.status_int, again.headers["x-should-retry"]) == (422, "false")
    assert "too large to be kept" in again.json["error"]
    assert len(keeping.us.asked("POST", "/v1/chat/completions")) == 1
    assert rows(keeping)[0].state == "settled"


def test_a_guards_refusal_of_a_billed_reply_is_kept(sqlite_url: str) -> None:
    options = {"patterns": ["us_ssn"], "action": "block"}
    params = {"guardrail": "pattern", "mode": "post_call", "options": options}
    guards = [{"guardrail_name": "ssn", "litellm_params": params}]
    stack = Stack(sqlite_url, **CONTENT, guardrails=guards)
    stack.us.next_answer("It is 123-45-6789.")
    first = post(stack, CHAT, MASTER_KEY, "k-1", chat())
    again = post(stack, CHAT, MASTER_KEY, "k-1", chat())
    assert first.status_int == 400
    assert "Blocked" in first.text
    assert (again.status, again.body, replayed(again)) == (first.status, first.body, True)
    assert len(stack.us.asked("POST", "/v1/chat/completions")) == 1
    stack.close()


# Speech


def sync(stack: Stack, again: str, boundary: str, audio: bytes, **headers: str) -> Any:
    line = f"--{boundary}\r\nContent-Disposition: form-data; name="
    body = (
        f'{line}"audio"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'.encode()
        + audio
        + f'\r\n{line}"config"\r\n\r\n{{}}\r\n--{boundary}--\r\n'.encode()
    )
    headers |= {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Idempotency-Key": again,
    }
    return stack.ask("POST", SYNC, MASTER_KEY, params=body, headers=headers)


def test_a_synchronous_call_is_repeated_with_a_new_boundary(keeping: Stack) -> None:
    first = sync(keeping, "k-1", "one", wav(2.0))
    again = sync(keeping, "k-1", "quite-another", wav(2.0))
    assert first.status_int == again.status_int == 200
    assert replayed(again)
    assert again.body == first.body
    assert sync(keeping, "k-1", "one", wav(2.5)).status_int == 422
    model = {"X-AAI-Model": "universal-2"}
    assert sync(keeping, "k-1", "one", wav(2.0), **model).status_int == 422
    assert posts(keeping, "/v1/transcribe") == 1
    (row,) = rows(keeping)
    assert row.state == "settled"


def test_an_upload_that_breaks_off_may_have_been_billed(keeping: Stack) -> None:
    body = b"--b\r\n" + bytes(4096)
    headers = {
        "Authorization": MASTER_KEY,
        "Idempotency-Key": "k-1",
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(body) + 9),
    }
    request = TestRequest.blank(SYNC, method="POST", headers=headers)
    request.environ["wsgi.input"] = io.BytesIO(body)
    assert keeping.app.do_request(request, status="*").status_int == 400
    (row,) = rows(keeping)
    again = sync(keeping, "k-1", "b", wav(1.0))
    assert (row.state, again.status_int) == ("unpriced", 504)


def audio(stack: Stack, again: str, *parts: tuple[str, Any], boundary: str = "b-1") -> Any:
    """Send a form; a part in bytes is a file."""
    blocks = []
    for name, value in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="a.mp3"\r\nContent-Type: audio/mpeg'
        data = value if isinstance(value, bytes) else value.encode()
        blocks.append(f"{head}\r\n\r\n".encode() + data + b"\r\n")
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Idempotency-Key": again,
    }
    body = b"".join([*blocks, f"--{boundary}--\r\n".encode()])
    return stack.ask("POST", AUDIO_DOOR, MASTER_KEY, params=body, headers=headers)


@pytest.mark.parametrize("model_first", [True, False])
def test_an_audio_transcription_is_billed_once(keeping: Stack, model_first: bool) -> None:
    parts = [("model", PRO), ("file", AUDIO)]
    parts = parts if model_first else parts[::-1]
    first = audio(keeping, "k-1", *parts)
    again = audio(keeping, "k-1", *parts, boundary="b-2")
    assert (first.status_int, again.body, replayed(again)) == (200, first.body, True)
    name = "X-AssemblyAI-MW-Transcript-Id"
    assert again.headers[name] == first.headers[name]
    assert (posts(keeping), posts(keeping, "/v2/upload"), len(rows(keeping))) == (1, 1, 1)
    other = audio(keeping, "k-1", ("model", PRO), ("file", AUDIO + b"."))
    assert (other.status_int, code_of(other)) == (422, "idempotency_key_reused")


def test_an_audio_transcription_that_failed_cost_nothing_and_is_sent_anew(keeping: Stack) -> None:
    keeping.us.next_result(error="no audio in it")
    assert audio(keeping, "k-1", ("model", PRO), ("file", AUDIO)).status_int >= 400
    assert kept(keeping) == 0
    assert audio(keeping, "k-1", ("model", PRO), ("file", AUDIO)).status_int == 200


def test_a_streamed_audio_transcription_is_not_billed_again(keeping: Stack) -> None:
    parts = ("model", PRO), ("stream", "true"), ("file", AUDIO)
    first = audio(keeping, "k-1", *parts)
    assert b"transcript.text.done" in first.body
    again = audio(keeping, "k-1", *parts)
    assert (again.status_int, code_of(again)) == (422, "idempotent_answer_not_kept")
    assert posts(keeping) == 1


def test_an_audio_transcription_is_refused_before_it_is_read_while_the_first_is_under_way(
    keeping: Stack,
) -> None:
    audio(keeping, "k-1", ("model", PRO), ("file", AUDIO))
    with keeping.ledger.database.write() as connection:
        values = dict.fromkeys(("digest", "known", "status", "headers", "body"))
        connection.execute(update(kept_answers).values(values))
    reply = audio(keeping, "k-1", ("model", PRO), ("file", AUDIO + b"."))
    assert (reply.status_int, code_of(reply)) == (409, "idempotency_key_in_use")


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", SUBMIT),
        ("POST", f"{API}/v2/upload"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions/x"),
        ("GET", "/nobody/knows"),
    ],
)
def test_a_key_has_no_effect_elsewhere(keeping: Stack, method: str, path: str) -> None:
    headers = {"Idempotency-Key": "not, a, key"}
    with_key = keeping.ask(method, path, MASTER_KEY, headers=headers)
    assert with_key.status_int == keeping.ask(method, path, MASTER_KEY).status_int
    assert kept(keeping) == 0


# What is told


def test_a_replayed_call_is_one_line_of_the_log_without_a_row(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    post(stack, SUBMIT, stack.key("alice"), "k-1")
    key = stack.keys.rotate("alice").key
    with caplog.at_level(logging.INFO, "assemblyai_mw"):
        post(stack, SUBMIT, key, "k-1")
    (line,) = [each.assemblyai_mw for each in caplog.records if hasattr(each, "assemblyai_mw")]
    assert {"replayed": True, "status": 200, "key": "alice"}.items() <= line.items()
    assert not {"row", "state", "cost_usd"} & line.keys()
    assert "k-1" not in caplog.text


def test_a_page_may_send_a_key_and_read_whether_it_was_replayed(sqlite_url: str) -> None:
    general = {"cors_origins": ["https://app.example"]}
    stack = Stack(sqlite_url, general_settings=general)
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    asked = stack.ask("OPTIONS", SUBMIT, None, headers=headers)
    assert "idempotency-key" in asked.headers["Access-Control-Allow-Headers"]
    for _ in range(2):
        reply = post(stack, SUBMIT, MASTER_KEY, "1", Origin="https://app.example")
    assert "Idempotent-Replayed" in reply.headers["Access-Control-Expose-Headers"]
    stack.close()


def test_settlement_prunes_what_is_older_than_a_day(stack: Stack) -> None:
    for number in range(3):
        post(stack, SUBMIT, MASTER_KEY, f"k-{number}")
    settings = replace(stack.middleware.config)
    settler = Settler(
        settings,
        ledger=stack.ledger,
        transport=stack.transport,
        prices=settings.price_book(),
    )
    settler.run()
    assert kept(stack) == 3
    age(stack, KEPT_S)
    settler.run()
    # Once a minute.
    assert kept(stack) == 3
    settler._prune_at = 0.0
    settler.run()
    assert kept(stack) == 0


def test_the_answer_is_kept_before_its_client_gets_it(stack: Stack) -> None:
    """A client that leaves at the first byte finds its answer later."""
    body = json.dumps(JOB).encode()
    headers = {"Authorization": MASTER_KEY, "Idempotency-Key": "k-1"}
    request = TestRequest.blank(SUBMIT, method="POST", body=body, headers=headers)
    seen = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        seen.append(kept(stack))
        raise ConnectionError("the client has left")

    with pytest.raises(ConnectionError):
        stack.middleware(request.environ, start)
    assert seen == [1]
    assert replayed(post(stack, SUBMIT, MASTER_KEY, "k-1"))
