"""Speech to text for OpenAI's clients through the whole stack: money, owners, zones, guards."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from openai_kit import is_error
from stack_kit import Stack
from webtest import TestApp

from assemblyai_mw import Ledger
from assemblyai_mw.middleware.audio import AudioTranscriber
from assemblyai_mw.store.schema import calls
from assemblyai_mw.testing import EU_KEY, US_KEY
from assemblyai_mw.testing.fake import DEFAULT_TEXT

from .audio_kit import AUDIO, EU, PATH, PRO, TWO, form, hurry, transcribe


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


def rows(ledger: Ledger) -> list[Any]:
    with ledger.database.read() as connection:
        return list(connection.execute(calls.select().order_by(calls.c.id)))


def error_of(reply: Any) -> dict[str, Any]:
    assert is_error(reply.json), reply
    error: dict[str, Any] = reply.json["error"]
    return error


# Money and rights


def test_a_call_has_one_row_that_is_settled_when_the_reply_is_there(stack: Stack) -> None:
    key = stack.key("alice", budget_usd="1")
    reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO))
    assert reply.json["text"] == DEFAULT_TEXT
    (row,) = rows(stack.ledger)
    assert (row.route, row.method, row.path, row.state) == (
        "/assemblyai",
        "POST",
        "/v2/transcript",
        "settled",
    )
    assert (row.key_name, row.model, row.transcript_id) == (
        "alice",
        "universal-3-5-pro",
        reply.headers["X-AssemblyAI-MW-Transcript-Id"],
    )
    assert row.cost_nano > 0
    assert stack.held() == 0


def test_a_budget_that_is_too_small_is_429_and_submits_nothing(stack: Stack) -> None:
    key = stack.key("poor", budget_usd="0.0001")
    reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO))
    assert reply.status_int == 429
    assert error_of(reply)["code"] == "insufficient_quota"
    assert [seen.path for seen in stack.us.requests] == ["/v2/upload"]
    assert (rows(stack.ledger), stack.held()) == ([], 0)


def test_polls_and_the_upload_do_not_count_as_requests(stack: Stack) -> None:
    stack.us.polls = 20
    key = stack.key("slow", rpm=2)
    for _ in range(2):
        assert transcribe(stack, key, ("model", PRO), ("file", AUDIO)).status_int == 200
    reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO))
    assert (reply.status_int, error_of(reply)["code"]) == (429, "rate_limit_exceeded")


def test_one_call_is_one_line_of_the_log_with_its_cost(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    stack.us.polls = 5
    with caplog.at_level(logging.INFO, "assemblyai_mw"):
        transcribe(stack, stack.key("alice", team="t"), ("model", PRO), ("file", AUDIO))
    (line,) = [each.assemblyai_mw for each in caplog.records if hasattr(each, "assemblyai_mw")]
    (row,) = rows(stack.ledger)
    wanted = {"row": row.id, "state": "settled", "status": 200, "key": "alice", "team": "t"}
    assert wanted.items() <= line.items()
    assert line["transcript_id"] == row.transcript_id
    assert line["audio_seconds"] == 13.0
    assert float(line["cost_usd"]) > 0


def test_the_transcript_belongs_to_the_caller_and_to_nobody_else(stack: Stack) -> None:
    alice, bob = stack.key("alice"), stack.key("bob")
    made = transcribe(stack, alice, ("model", PRO), ("file", AUDIO))
    path = f"/assemblyai/v2/transcript/{made.headers['X-AssemblyAI-MW-Transcript-Id']}"
    assert stack.ask("GET", path, alice).json["text"] == DEFAULT_TEXT
    assert stack.ask("GET", path, bob).status_int == 404


@pytest.mark.parametrize(
    "limits, status, code",
    [
        ({"models": ["universal-2"]}, 403, "model_not_allowed"),
        ({"routes": ["/llm-gateway.assemblyai"]}, 403, "forbidden"),
        ({"routes": ["/v1/chat/completions"]}, 403, "forbidden"),
        ({"region": "eu"}, 403, "forbidden"),
        ({"denied_features": ["speaker_labels"]}, 403, "feature_not_allowed"),
        ({"max_upload_bytes": 1000}, 413, None),
    ],
)
@pytest.mark.parametrize("model_first", [True, False])
def test_a_keys_limits_hold_here_too(
    stack: Stack, limits: Any, status: int, code: str | None, model_first: bool
) -> None:
    parts: list[Any] = [("model", PRO), ("file", AUDIO)]
    parts = parts if model_first else parts[::-1]
    key = stack.key("bound", **limits)
    reply = transcribe(stack, key, *parts, ("speaker_labels", "true"))
    assert (reply.status_int, error_of(reply)["code"]) == (status, code)
    assert all(seen.path == "/v2/upload" for seen in stack.us.requests)
    assert rows(stack.ledger) == []


@pytest.mark.parametrize("route", ["/v1", "/v1/audio/transcriptions", "/assemblyai"])
def test_a_list_of_routes_may_name_the_door_its_base_or_the_route_behind_it(
    stack: Stack, route: str
) -> None:
    key = stack.key("listed", routes=[route])
    assert transcribe(stack, key, ("model", PRO), ("file", AUDIO)).status_int == 200


def test_a_key_without_language_detection_gets_assemblyais_default(stack: Stack) -> None:
    for limits in ({"features": ["speaker_labels"]}, {"denied_features": ["language_detection"]}):
        key = stack.key(next(iter(limits)).replace("_", "-"), **limits)
        assert transcribe(stack, key, ("model", PRO), ("file", AUDIO)).status_int == 200
    submits = [json.loads(seen.body) for seen in stack.us.requests if seen.body[:1] == b"{"]
    assert [sorted(sent) for sent in submits] == [["audio_url", "speech_models"]] * 2


def test_without_a_key_nothing_is_read(stack: Stack) -> None:
    reply = transcribe(stack, None, ("model", PRO), ("file", AUDIO))
    assert (reply.status_int, is_error(reply.json)) == (401, True)
    assert not stack.asked_anything()


# Zones and names


@pytest.mark.parametrize("model_first", [True, False])
def test_eu_audio_reaches_no_us_host_wherever_the_model_stands(
    stack: Stack, model_first: bool
) -> None:
    parts: list[Any] = [("model", EU), ("file", AUDIO)]
    reply = transcribe(stack, stack.key("k"), *(parts if model_first else parts[::-1]))
    assert reply.json["text"] == DEFAULT_TEXT
    assert stack.us.requests == []
    assert [each.size for each in stack.eu.uploads.values()] == [len(AUDIO)]
    (row,) = rows(stack.ledger)
    assert (row.region, row.route) == ("eu", "/eu.assemblyai")


def test_an_alias_leads_where_its_entry_says(sqlite_url: str) -> None:
    entries = [
        ("whisper-1", PRO, US_KEY),
        ("diktat", EU, EU_KEY),
        ("assemblyai/*", "assemblyai/*", US_KEY),
        ("eu.assemblyai/*", "eu.assemblyai/*", EU_KEY),
    ]
    models = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": key}}
        for name, model, key in entries
    ]
    stack = Stack(sqlite_url, model_list=models)
    key = stack.key("k")
    for name in ("whisper-1", "diktat"):
        assert transcribe(stack, key, ("model", name), ("file", AUDIO)).status_int == 200
    assert [(row.region, row.model) for row in rows(stack.ledger)] == [
        ("us", "universal-3-5-pro"),
        ("eu", "universal-2"),
    ]
    stack.close()


def test_a_name_that_nothing_answers_to_is_404_before_anything_is_sent(stack: Stack) -> None:
    reply = transcribe(stack, stack.key("k"), ("model", "whisper-1"), ("file", AUDIO))
    assert (reply.status_int, error_of(reply)["code"]) == (404, "model_not_found")
    assert "assemblyai/universal-3-5-pro" in error_of(reply)["message"]
    assert not stack.asked_anything()


def test_a_model_that_assemblyai_does_not_know_is_404(stack: Stack) -> None:
    reply = transcribe(stack, stack.key("k"), ("model", "assemblyai/gpt-5"), ("file", AUDIO))
    assert (reply.status_int, error_of(reply)["param"]) == (404, "model")


def test_an_entry_with_a_key_of_its_own_serves_chats_only(sqlite_url: str) -> None:
    entries = [("assemblyai/*", "assemblyai/*", US_KEY), ("own", PRO, "another-key")]
    models = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": key}}
        for name, model, key in entries
    ]
    stack = Stack(sqlite_url, model_list=models)
    reply = transcribe(stack, stack.key("k"), ("model", "own"), ("file", AUDIO))
    assert (reply.status_int, error_of(reply)["param"]) == (400, "model")
    assert not stack.asked_anything()
    stack.close()


def test_the_door_can_be_given_back_to_the_host(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, routes={PATH: None})
    reply = transcribe(stack, stack.key("k"), ("model", PRO), ("file", AUDIO))
    assert (reply.status_int, reply.body) == (404, b"host")
    stack.close()


def test_the_door_stands_below_every_base(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, general_settings={"openai_bases": ["/ai/v1", ""]})
    key = stack.key("k")
    for path in ("/ai/v1/audio/transcriptions", "/audio/transcriptions"):
        reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO), path=path)
        assert reply.status_int == 200
    assert transcribe(stack, key, ("model", PRO), ("file", AUDIO)).body == b"host"
    stack.close()


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", PATH, 405), ("POST", f"{PATH}/x", 404), ("POST", "/v1/audio/translations", 404)],
)
def test_what_is_not_there_is_said_in_openais_shape(
    stack: Stack, method: str, path: str, status: int
) -> None:
    reply = stack.ask(method, path, stack.key("k"))
    assert (reply.status_int, is_error(reply.json)) == (status, True)


# Faults


def test_a_job_that_fails_is_400_and_costs_nothing(stack: Stack) -> None:
    key = stack.key("k", budget_usd="1")
    reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO), ("summarization", "true"))
    assert reply.status_int == 400
    error = reply.json["error"]
    assert error["code"] == "transcription_failed"
    assert "summarization is not supported" in error["message"]
    (row,) = rows(stack.ledger)
    assert (row.state, row.cost_nano or 0, error["transcript_id"]) == (
        "failed",
        0,
        row.transcript_id,
    )
    assert stack.held() == 0


def test_a_poll_that_upstream_does_not_answer_is_followed_by_another(stack: Stack) -> None:
    stack.us.polls = 3
    for status in (500, 503, 429):
        stack.us.fail_next(status, path="/v2/transcript/", method="GET")
    reply = transcribe(stack, stack.key("k"), ("model", PRO), ("file", AUDIO))
    assert reply.json["text"] == DEFAULT_TEXT
    assert len(rows(stack.ledger)) == 1


def test_a_refused_upload_and_a_refused_submit_have_openais_shape(stack: Stack) -> None:
    key = stack.key("k")
    for path in ("/v2/upload", "/v2/transcript"):
        stack.us.fail_next(400, path=path, method="POST")
        reply = transcribe(stack, key, ("model", PRO), ("file", AUDIO))
        assert (reply.status_int, is_error(reply.json)) == (400, True)
        assert "x-should-retry" not in reply.headers


def test_a_submit_whose_fate_is_unknown_is_not_to_be_sent_again(stack: Stack) -> None:
    stack.us.fail_next(502, path="/v2/transcript", method="POST")
    reply = transcribe(stack, stack.key("k"), ("model", PRO), ("file", AUDIO))
    assert (reply.status_int, reply.headers["x-should-retry"]) == (502, "false")
    assert is_error(reply.json)


def test_a_wait_ends_with_504_and_the_job_is_settled_all_the_same(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, timeouts={"audio_wait_s": 0.05})
    stack.us.polls = 10**9
    reply = transcribe(stack, stack.key("k"), ("model", PRO), ("file", AUDIO))
    assert (reply.status_int, reply.headers["x-should-retry"]) == (504, "false")
    (row,) = rows(stack.ledger)
    assert (row.state, row.transcript_id) == ("pending", reply.json["error"]["transcript_id"])
    stack.finish()
    path = f"/assemblyai/v2/transcript/{row.transcript_id}"
    assert stack.ask("GET", path, stack.key("other")).status_int == 404
    assert rows(stack.ledger)[0].state == "pending"
    stack.close()


# Guards


def guarded(action: str, text: str) -> dict[str, Any]:
    options = {"patterns": ["us_ssn"], "action": action}
    params = {"guardrail": "pattern", "mode": ["pre_call", "post_call"], "options": options}
    return {"guardrails": [{"guardrail_name": "ssn", "litellm_params": params}]}


def test_a_guard_masks_the_transcript_in_every_format(sqlite_url: str) -> None:
    text = "My number is 536-22-1234 and that is that."
    stack = Stack(sqlite_url, **guarded("mask", text))
    stack.us.text = text
    key = stack.key("k")
    for form_of_reply in ("json", "text", "srt", "vtt", "verbose_json", "diarized_json"):
        parts: list[Any] = [("model", PRO), ("response_format", form_of_reply), ("file", AUDIO)]
        if form_of_reply == "verbose_json":
            parts += [("timestamp_granularities[]", each) for each in ("word", "segment")]
        reply = transcribe(stack, key, *parts)
        assert reply.status_int == 200
        assert b"1234" not in reply.body
        assert b"and that is that." in reply.body.replace(b'"', b"") or b"that." in reply.body
    stack.close()


def test_a_guard_blocks_a_transcript_and_a_request(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, **guarded("block", ""))
    stack.us.text = "My number is 536-22-1234."
    key = stack.key("k")
    blocked = transcribe(stack, key, ("model", PRO), ("file", AUDIO))
    assert (blocked.status_int, blocked.json["error"]["code"]) == (400, "content_policy_violation")
    assert blocked.headers["x-should-retry"] == "false"
    assert [row.state for row in rows(stack.ledger)] == ["settled"]
    before = len(stack.us.transcripts)
    asked = transcribe(stack, key, ("model", PRO), ("prompt", "536-22-1234"), ("file", AUDIO))
    assert (asked.status_int, error_of(asked)["code"]) == (400, "content_policy_violation")
    assert len(stack.us.transcripts) == before
    stack.close()


# Alone


def test_the_stage_works_around_any_app() -> None:
    seen = []

    def inner(environ: Any, start_response: Any) -> list[bytes]:
        where = environ["SCRIPT_NAME"], environ["REQUEST_METHOD"], environ["PATH_INFO"]
        seen.append((*where, environ["wsgi.input"].read(10**6)))
        answers: dict[str, Any] = {
            "/v2/upload": {"upload_url": "https://cdn.assemblyai.com/upload/1"},
            "/v2/transcript": {"id": "t-1", "status": "queued"},
            "/v2/transcript/t-1": {"id": "t-1", "status": "completed", "text": "Hi."},
        }
        body = json.dumps(answers[environ["PATH_INFO"]]).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    app = TestApp(AudioTranscriber(inner), extra_environ={"SCRIPT_NAME": "/mounted"})
    body = form([("model", TWO), ("file", b"audio")])
    kind = {"Content-Type": "multipart/form-data; boundary=b0undary"}
    reply = app.post("/mounted/v1/audio/transcriptions", body, headers=kind)
    assert reply.json["text"] == "Hi."
    submit = {
        "audio_url": "https://cdn.assemblyai.com/upload/1",
        "speech_models": ["universal-2"],
        "language_detection": True,
    }
    assert seen == [
        ("/mounted/assemblyai", "POST", "/v2/upload", b"audio"),
        ("/mounted/assemblyai", "POST", "/v2/transcript", json.dumps(submit).encode()),
        ("/mounted/assemblyai", "GET", "/v2/transcript/t-1", b""),
    ]
