"""The stand-in's REST API: life cycle, shapes, errors, accounts."""

from __future__ import annotations

import math
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI

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


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v2/upload", 405, id="upload"),
        pytest.param("PUT", "/v2/transcript", 405, id="transcripts"),
        pytest.param("POST", "/v2/transcript/{id}", 405, id="transcript"),
        pytest.param("DELETE", "/v2/transcript/{id}/srt", 405, id="subtitles"),
        pytest.param("GET", "/v2/transcript/{id}/lyrics", 404, id="no such part"),
        pytest.param("GET", "/v2/transcript/{id}/srt/x", 404, id="below a part"),
        pytest.param("GET", "/v2/transcript/{id}/word-search", 400, id="no words"),
        pytest.param("GET", "/v2/transcript/{id}/vtt?chars_per_caption=x", 400, id="no number"),
        pytest.param("GET", "/v2/transcript/{id}/redacted-audio", 400, id="not asked for"),
        pytest.param("GET", "/v2/transcript?limit=x", 400, id="limit is no number"),
        pytest.param("GET", "/v2/transcript?before_id=x", 400, id="before an unknown id"),
        pytest.param("GET", "/v2/transcript?status=done", 400, id="no such status"),
        pytest.param("GET", "/v2/transcript?created_on=2026-1-2", 400, id="no date"),
        pytest.param("POST", "/v3/token", 405, id="token by POST"),
        pytest.param("GET", "/v3/tokens", 404, id="no such streaming path"),
        pytest.param("GET", "/v1/transcribe", 405, id="sync by GET"),
        pytest.param("POST", "/v1/transcribe/x", 404, id="no such sync path"),
        pytest.param("GET", "/v1/chat/completions", 405, id="chat by GET"),
        pytest.param("GET", "/v1/understanding", 405, id="understanding by GET"),
    ],
)
def test_what_is_not_there_is_an_error(
    method: str, path: str, status: int, app: TestApp, fake: FakeAssemblyAI
) -> None:
    fake.polls = 0
    app.request(path.format(id=submit(app)["id"]), method=method, status=status)


def test_redacted_audio_is_late_then_there_then_gone(app: TestApp, fake: FakeAssemblyAI) -> None:
    job = submit(app, redact_pii=True, redact_pii_audio=True)["id"]
    path = f"/v2/transcript/{job}/redacted-audio"
    app.get(path, status=202)
    fake.finish(job)
    url = app.get(path).json["redacted_audio_url"]
    assert app.get(url).content_type == "audio/mpeg"
    app.get(url.replace("Signature=", "Signature=x"), status=403)
    app.delete(f"/v2/transcript/{job}")
    app.get(path, status=400)


def test_a_list_is_filtered_by_status_and_day(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.polls = math.inf
    done, open_ = submit(app)["id"], submit(app)["id"]
    fake.finish(done)
    today = app.get("/v2/transcript").json["transcripts"][0]["created"][:10]

    def ids(query: str) -> list[str]:
        return [job["id"] for job in app.get(f"/v2/transcript?{query}").json["transcripts"]]

    assert ids("status=completed") == [done]
    assert ids("status=queued") == [open_]
    assert ids(f"created_on={today}&limit=1") == [open_]
    assert ids("created_on=2001-01-01") == []


def test_both_cursors_of_a_list_bound_it_and_must_stand_in_order(app: TestApp) -> None:
    newest_first = [submit(app)["id"] for _ in range(5)][::-1]

    def ask(before: int, after: int) -> Any:
        query = f"before_id={newest_first[before]}&after_id={newest_first[after]}"
        return app.get(f"/v2/transcript?{query}", status="*")

    assert [job["id"] for job in ask(0, 4).json["transcripts"]] == newest_first[1:4]
    assert ask(1, 2).json["transcripts"] == []
    for before, after in ((2, 1), (1, 1)):
        refused = ask(before, after)
        assert (refused.status_int, refused.json["error"]) == (
            400,
            "'after_id' must be a newer transcript than 'before_id'",
        )


def test_speech_understanding_can_be_asked_for_at_once(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.polls = 0
    tasks = {
        "summarization": {},
        "custom_formatting": {"date": "mm/dd/yyyy"},
        "speaker_identification": {"speaker_type": "name", "speakers": [{"name": "Ada"}]},
    }
    asked = {"speech_understanding": {"request": tasks}, "speaker_labels": True}
    job = submit(app, domain="medical-v1", redact_pii=True, redact_pii_sub="entity_name", **asked)
    assert job["speech_understanding"] == {"request": tasks, "response": None}
    reply = app.get(f"/v2/transcript/{job['id']}").json
    response = reply["speech_understanding"]["response"]
    assert response["summarization"]["block_summary"] == "Good morning."
    assert response["custom_formatting"]["formatted_text"] == fake.text
    assert response["speaker_identification"]["mapping"] == {"A": "Ada"}
    assert reply["metadata"] == {"domain_used": "medical-v1"}


@pytest.mark.parametrize(
    ("path", "config", "audio", "status"),
    [
        pytest.param("", "{}", wav(1), 200, id="WAV"),
        pytest.param("", '{"sample_rate": 8000}', bytes(16000), 200, id="raw audio"),
        pytest.param("", "{}", bytes(16000), 400, id="raw audio of unknown rate"),
        pytest.param("", "[]", wav(1), 400, id="config is no object"),
        pytest.param("", "{", wav(1), 400, id="config is no JSON"),
        pytest.param("", "{}", wav(1200), 200, id="20 minutes"),
        pytest.param("", "{}", wav(1201), 413, id="too long"),
        pytest.param("/live", "{}", wav(120), 200, id="live"),
        pytest.param("/live", "{}", wav(121), 413, id="too long, live"),
    ],
)
def test_the_sync_api_takes_a_config_and_audio(
    path: str, config: str, audio: bytes, status: int, app: TestApp
) -> None:
    reply = app.post(
        f"/v1/transcribe{path}",
        {"config": config},
        upload_files=[("audio", "a.wav", audio)],
        status=status,
    )
    # 8 kHz, 16 bits; the head of a WAV file is less than a millisecond long.
    length = len(audio) // 16_000 * 1000
    assert reply.json.get("audio_duration_ms", reply.json.get("status")) in (length, status)


def test_faults_that_did_not_strike_can_be_forgotten(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.fail_next(500, times=9)
    fake.clear_faults()
    app.get("/v2/transcript", status=200)


def test_headers_of_a_fault_and_of_all_replies_come_in_place_of_the_replys_own(
    app: TestApp, fake: FakeAssemblyAI
) -> None:
    page = [("content-type", "text/html"), ("Retry-After", "1"), ("Retry-After", "2")]
    fake.fail_next(503, body=b"<h1>busy</h1>", headers=page)
    reply = app.get("/v2/transcript", status=503)
    assert reply.headers.getall("Content-Type") == ["text/html"]
    assert reply.headers.getall("Retry-After") == ["1", "2"]
    fake.reply_headers += [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")]
    reply = app.get("/v2/transcript")
    assert reply.headers.getall("Content-Type") == ["text/plain"]
    assert reply.headers.getall("X-A") == ["1", "2"]
    fake.fail_next(500, body=b"unbroken!", headers=[("Content-Length", "9")])
    assert app.get("/v2/transcript", status=500).headers.getall("Content-Length") == ["9"]
