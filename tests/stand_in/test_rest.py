"""The stand-in's REST API: life cycle, shapes, errors, accounts."""

from __future__ import annotations

import math
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw.testing import (
    EU_KEY,
    US_KEY,
    FakeAssemblyAI,
)

from .kit import UNKNOWN_ID, submit, wav


def test_a_transcript_is_queued_then_processing_then_completed(
    app: TestApp, fake: FakeAssemblyAI
) -> None:
    fake.polls = 2
    reply = submit(app)
    assert (reply["status"], reply["audio_duration"], reply["text"]) == ("queued", None, None)
    states = [app.get(f"/v2/transcript/{reply['id']}").json["status"] for _ in range(3)]
    assert states == ["processing", "processing", "completed"]


def test_a_job_takes_its_time_and_can_be_finished_by_hand(app: TestApp) -> None:
    now = [1_790_000_000.0]
    fake = FakeAssemblyAI(polls=0, takes_s=60, clock=lambda: now[0])
    app = TestApp(fake, extra_environ={"HTTP_AUTHORIZATION": US_KEY})
    slow, stuck = submit(app)["id"], None
    fake.next_result(polls=math.inf)
    stuck = submit(app)["id"]
    assert app.get(f"/v2/transcript/{slow}").json["status"] == "processing"
    now[0] += 61
    assert app.get(f"/v2/transcript/{slow}").json["status"] == "completed"
    assert app.get(f"/v2/transcript/{stuck}").json["status"] == "processing"
    fake.finish(stuck)
    assert app.get(f"/v2/transcript/{stuck}").json["status"] == "completed"
    assert (
        app.get("/v2/transcript").json["transcripts"][1]["created"] == "2026-09-21T14:13:20.000000"
    )
    now[0] += 91 * 86_400
    assert app.get("/v2/transcript").json["transcripts"] == []


def test_a_multichannel_job_counts_channels_and_not_their_time(
    app: TestApp, fake: FakeAssemblyAI
) -> None:
    fake.polls = 0
    upload = app.post("/v2/upload", wav(3, channels=2)).json["upload_url"]
    job = submit(app, audio_url=upload, multichannel=True)
    reply = app.get(f"/v2/transcript/{job['id']}").json
    assert (reply["audio_duration"], reply["audio_channels"]) == (3, 2)
    assert {word["channel"] for word in reply["words"]} == {"1", "2"}


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        pytest.param({}, "universal-3-5-pro", id="none asked for"),
        pytest.param({"speech_models": ["universal-2"]}, "universal-2", id="one"),
        pytest.param({"speech_models": ["x", "universal-3-pro"]}, "universal-3-pro", id="priority"),
        pytest.param({"speech_model": "best"}, "universal-3-5-pro", id="best"),
        pytest.param({"speech_model": "nano"}, "universal-2", id="nano"),
    ],
)
def test_the_model_used_is_named_beside_the_one_asked_for(
    asked: dict[str, Any], used: str, app: TestApp, fake: FakeAssemblyAI
) -> None:
    fake.polls = 0
    reply = app.get(f"/v2/transcript/{submit(app, **asked)['id']}").json
    assert reply["speech_model_used"] == used
    assert reply["speech_model"] == asked.get("speech_model")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        pytest.param("POST", "/v2/transcript", b"{", 400, "Invalid JSON body", id="no json"),
        pytest.param(
            "POST",
            "/v2/transcript",
            b"{}",
            400,
            "audio_url is required and must be a string",
            id="no audio_url",
        ),
        pytest.param(
            "POST",
            "/v2/transcript",
            b'{"audio_url": "https://a.example", "format_text": 1}',
            400,
            "format_text must be a Boolean",
            id="documented type error",
        ),
        pytest.param("GET", f"/v2/transcript/{UNKNOWN_ID}", b"", 404, "Not found", id="unknown id"),
        pytest.param(
            "GET", f"/v2/transcript/{UNKNOWN_ID}/srt", b"", 404, "Not found", id="its srt"
        ),
        pytest.param("GET", "/v2/nothing", b"", 404, "Not found", id="unknown path"),
        pytest.param(
            "POST", "/lemur/v3/generate/task", b"{}", 404, "Not found", id="lemur is gone"
        ),
        pytest.param(
            "GET",
            "/v2/transcript?limit=201",
            b"",
            400,
            "limit must be between 1 and 200",
            id="limit",
        ),
        pytest.param(
            "GET",
            "/v3/token?expires_in_seconds=601",
            b"",
            400,
            "expires_in_seconds must be between 1 and 600",
            id="token too long",
        ),
        pytest.param(
            "GET",
            "/v3/token",
            b"",
            400,
            "expires_in_seconds must be between 1 and 600",
            id="token without a time",
        ),
    ],
)
def test_errors_have_the_documented_shape(
    method: str, path: str, body: bytes, status: int, error: str, app: TestApp
) -> None:
    reply = app.request(path, method=method, body=body, status=status)
    assert reply.json == {"error": error}


@pytest.mark.parametrize(
    ("path", "credentials", "status"),
    [
        pytest.param("/v2/transcript", "", 401, id="api, none"),
        pytest.param("/v2/transcript", "wrong", 401, id="api, wrong"),
        pytest.param("/v2/transcript", f"Bearer {US_KEY}", 401, id="api takes no Bearer"),
        pytest.param("/v2/transcript", f"{US_KEY},{US_KEY}", 401, id="api, doubled"),
        pytest.param("/v2/transcript", EU_KEY, 401, id="api, the other region's"),
        pytest.param("/v2/transcript", US_KEY, 200, id="api"),
        pytest.param("/v3/token?expires_in_seconds=60", "", 401, id="token, none"),
        pytest.param("/v3/token?expires_in_seconds=60", US_KEY, 200, id="token"),
        pytest.param("/v1/models", "", 200, id="the model list is public"),
        pytest.param("/v1/nothing", "", 401, id="gateway, none"),
        pytest.param("/v1/nothing", US_KEY, 404, id="gateway, raw"),
        pytest.param("/v1/nothing", f"Bearer {US_KEY}", 404, id="gateway, Bearer"),
        pytest.param("/v1/warm", "", 401, id="sync, none"),
        pytest.param("/v1/warm", US_KEY, 200, id="sync"),
    ],
)
def test_only_the_account_key_opens_a_host(
    path: str, credentials: str, status: int, fake: FakeAssemblyAI
) -> None:
    headers = {"Authorization": credentials} if credentials else {}
    TestApp(fake).get(path, headers=headers, status=status)
    assert fake.requests[-1].status == status


def test_accounts_share_neither_uploads_nor_transcripts() -> None:
    fake = FakeAssemblyAI(keys={"key-a": "a", "key-b": "b"})
    app = TestApp(fake)
    a, b = {"Authorization": "key-a"}, {"Authorization": "key-b"}
    url = app.post("/v2/upload", b"x", headers=a).json["upload_url"]
    job = app.post_json("/v2/transcript", {"audio_url": url}, headers=a).json["id"]
    app.post_json("/v2/transcript", {"audio_url": url}, headers=b, status=403)
    app.get(f"/v2/transcript/{job}", headers=b, status=404)
    assert app.get("/v2/transcript", headers=b).json["transcripts"] == []


def test_without_keys_everybody_is_let_in() -> None:
    assert TestApp(FakeAssemblyAI(keys=None)).get("/v2/transcript").status_code == 200


def test_an_unfinished_transcript_has_no_parts_and_stays(app: TestApp) -> None:
    job = submit(app)["id"]
    message = app.get(f"/v2/transcript/{job}/srt", status=400).json["error"]
    assert message.startswith("This transcript has a status of 'queued'.")
    app.delete(f"/v2/transcript/{job}", status=400)


def test_results_can_be_set_however_odd(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.polls = 0
    fake.next_result(text="Hello.", audio_s=0.4, speech_model_used="universal-99")
    fake.next_result(audio_duration="soon")
    fake.next_result(error="the file is no audio")
    first, second, third = (app.get(f"/v2/transcript/{submit(app)['id']}").json for _ in range(3))
    assert (first["text"], first["audio_duration"]) == ("Hello.", 1)
    assert first["speech_model_used"] == "universal-99"
    assert second["audio_duration"] == "soon"
    assert (third["status"], third["error"]) == ("error", "the file is no audio")
