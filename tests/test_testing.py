"""The stand-in answers as AssemblyAI does: its own SDK and OpenAI's run on it unchanged."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import io
import json
import math
import socket
import threading
import wave
from collections.abc import Iterator
from typing import Any

import assemblyai as aai
import openai
import pytest
from assemblyai.llm_gateway.v1.models import LLMGatewayChatCompletion, LLMGatewayModelList
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp

from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.middleware.forward import UpstreamForwarder
from assemblyai_mw.middleware.router import PrefixRouter
from assemblyai_mw.testing import (
    EU_KEY,
    US_KEY,
    ConnectionCut,
    FakeAssemblyAI,
    FakeTransport,
    serve,
    serve_all,
)
from assemblyai_mw.transport import Origin, Request, Timeouts

AUTH = {"Authorization": US_KEY}
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"


def wav(seconds: float, *, channels: int = 1, rate: int = 8000) -> bytes:
    """A WAV file of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(round(seconds * rate) * 2 * channels))
    return file.getvalue()


@pytest.fixture
def fake() -> FakeAssemblyAI:
    return FakeAssemblyAI()


@pytest.fixture
def url(fake: FakeAssemblyAI) -> Iterator[str]:
    with serve(fake) as served:
        yield served


@pytest.fixture
def app(fake: FakeAssemblyAI) -> TestApp:
    return TestApp(fake, extra_environ={"HTTP_AUTHORIZATION": US_KEY})


@pytest.fixture
def sdk(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[aai.Transcriber]:
    """AssemblyAI's SDK, pointed at the stand-in as a user would point it."""
    monkeypatch.setattr(aai.Client, "_default", None)
    monkeypatch.setattr(aai.settings, "api_key", US_KEY)
    monkeypatch.setattr(aai.settings, "base_url", url)
    monkeypatch.setattr(aai.settings, "polling_interval", 0.001)
    yield aai.Transcriber()
    aai.Client.get_default().http_client.close()


@pytest.fixture
def llm(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=US_KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield client


def submit(app: TestApp, **asked: Any) -> dict[str, Any]:
    asked = {"audio_url": "https://example.com/a.mp3", **asked}
    return app.post_json("/v2/transcript", asked).json


def ask(app: TestApp, **asked: Any) -> Any:
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello?"}], **asked}
    return app.post_json("/v1/chat/completions", asked, status="*")


# The assemblyai SDK.


def test_the_sdk_uploads_transcribes_and_reads_every_part(
    sdk: aai.Transcriber, fake: FakeAssemblyAI
) -> None:
    fake.polls = 3
    audio = wav(7.3)
    transcript = sdk.transcribe(io.BytesIO(audio))

    assert transcript.status == aai.TranscriptStatus.completed
    assert transcript.text == fake.text
    assert transcript.audio_duration == 8
    assert transcript.json_response["speech_model_used"] == "universal-3-5-pro"
    assert len(fake.asked("GET", "/v2/transcript/")) == 4
    upload = fake.asked("POST", "/v2/upload")[0]
    assert upload.body_sha256 == hashlib.sha256(audio).hexdigest()

    assert "00:00:00,000 --> " in transcript.export_subtitles_srt()
    assert transcript.export_subtitles_vtt(chars_per_caption=32).startswith("WEBVTT\n\n")
    assert transcript.get_sentences()[0].text == "Good morning."
    assert " ".join(p.text for p in transcript.get_paragraphs()) == fake.text
    assert [(m.text, m.count) for m in transcript.word_search(["NO", "own machine", "cat"])] == [
        ("no", 2),
        ("own machine", 1),
    ]


def test_the_sdk_reads_every_feature(sdk: aai.Transcriber) -> None:
    config = aai.TranscriptionConfig(
        speech_models=["universal-2"],
        speaker_labels=True,
        sentiment_analysis=True,
        entity_detection=True,
        auto_chapters=True,
        auto_highlights=True,
        content_safety=True,
        iab_categories=True,
        summarization=True,
        language_detection=True,
    )
    transcript = sdk.transcribe("https://example.com/a.mp3", config)

    assert transcript.error is None
    assert {u.speaker for u in transcript.utterances or []} == {"A", "B"}
    assert transcript.sentiment_analysis[0].sentiment == aai.SentimentType.neutral
    assert transcript.entities
    assert transcript.chapters
    assert transcript.summary
    assert transcript.auto_highlights.status == aai.StatusResult.success
    assert transcript.content_safety.status == aai.StatusResult.success
    assert transcript.iab_categories.results
    assert transcript.json_response["speaker_labels"] is True
    assert transcript.json_response["redact_pii"] is False


def test_the_sdk_lists_pages_and_deletes(sdk: aai.Transcriber) -> None:
    made = [sdk.submit(f"https://example.com/{n}.mp3").id for n in range(5)]
    newest_first = made[::-1]

    page = sdk.list_transcripts(aai.ListTranscriptParameters(limit=2))
    assert [t.id for t in page.transcripts] == newest_first[:2]
    assert page.page_details.next_url is None
    assert page.transcripts[0].resource_url == (
        f"https://api.assemblyai.com/v2/transcript/{newest_first[0]}"
    )
    older = page.page_details.before_id_of_prev_url
    page = sdk.list_transcripts(aai.ListTranscriptParameters(limit=2, before_id=older))
    assert [t.id for t in page.transcripts] == newest_first[2:4]
    page = sdk.list_transcripts(aai.ListTranscriptParameters(limit=2, after_id=made[1]))
    assert [t.id for t in page.transcripts] == newest_first[1:3]

    aai.Transcript.get_by_id(made[0])
    gone = aai.Transcript.delete_by_id(made[0])
    assert gone.text == "Deleted by user."
    assert gone.audio_url == "http://deleted_by_user"
    assert gone.status == aai.TranscriptStatus.completed
    assert gone.audio_duration == 13


def test_the_sdk_saves_redacted_audio_without_a_key(
    sdk: aai.Transcriber, fake: FakeAssemblyAI, tmp_path: Any
) -> None:
    fake.text = "My number is 555-0100 and my mail is a@b.example."
    config = aai.TranscriptionConfig().set_redact_pii(
        policies=[aai.PIIRedactionPolicy.phone_number], redact_audio=True
    )
    transcript = sdk.transcribe("https://example.com/a.mp3", config)
    assert transcript.text == "My number is ######## and my mail is ###########."
    transcript.save_redacted_audio(str(tmp_path / "redacted.mp3"))
    assert (tmp_path / "redacted.mp3").stat().st_size > 0
    assert fake.requests[-1].header("authorization") is None


def test_the_sdk_shows_a_failed_job_and_a_refused_one(sdk: aai.Transcriber) -> None:
    config = aai.TranscriptionConfig(speech_models=["universal-3-pro"], auto_chapters=True)
    assert sdk.transcribe("https://example.com/a.mp3", config).error == (
        "auto_chapters is not supported by universal-3-pro"
    )
    with pytest.raises(aai.TranscriptError, match="Cannot access uploaded file"):
        sdk.transcribe("https://cdn.assemblyai.com/upload/00/11")


def test_the_sync_api_answers_the_sdk_at_once(url: str) -> None:
    settings = aai.Settings(api_key=US_KEY, sync_base_url=url)
    client = aai.Client(settings=settings)
    config = aai.SyncTranscriptionConfig(timestamps=True)
    with aai.SyncTranscriber(client=client) as transcriber:
        reply = transcriber.transcribe(wav(2.5), config=config)
    client.http_client.close()
    assert reply.audio_duration_ms == 2500
    assert reply.words[0].start == 0


# The REST API's shapes.


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


# The LLM Gateway.


def test_the_openai_sdk_asks_and_gets_what_the_gateway_sends(llm: openai.OpenAI) -> None:
    reply = llm.chat.completions.create(
        model="claude-sonnet-4-6", messages=[{"role": "user", "content": "Hello?"}]
    )
    assert reply.choices[0].message.content == "The stand-in read a message: Hello?"
    assert reply.choices[0].finish_reason == "stop"
    # The gateway leaves these out.
    assert (reply.id, reply.object, reply.created) == (None, None, None)
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 9)


def test_the_openai_sdk_streams(llm: openai.OpenAI) -> None:
    chunks = list(
        llm.chat.completions.create(
            model="gpt-5", messages=[{"role": "user", "content": "Hello?"}], stream=True
        )
    )
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == "The stand-in read a message: Hello?"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 11


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_the_openai_sdk_makes_a_round_trip_through_a_tool(llm: openai.OpenAI, stream: bool) -> None:
    parameters = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "n": {"type": "integer"}},
    }
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    messages: Any = [{"role": "user", "content": "Rain?"}]
    if stream:
        with llm.chat.completions.stream(model="gpt-5", messages=messages, tools=tools) as events:
            reply = events.get_final_completion()
    else:
        reply = llm.chat.completions.create(model="gpt-5", messages=messages, tools=tools)
    (call,) = reply.choices[0].message.tool_calls or []
    assert reply.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "text", "n": 1}

    messages += [reply.choices[0].message.model_dump(include={"role", "content", "tool_calls"})]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "Yes."}]
    reply = llm.chat.completions.create(model="gpt-5", messages=messages, tools=tools)
    assert reply.choices[0].message.content == "The stand-in read a tool's result: Yes."


def test_the_openai_sdk_gets_json_that_fits_its_schema(llm: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "steps": {"type": "array", "items": {"type": "number"}},
            "ok": {"enum": ["y"]},
        },
    }
    reply = llm.chat.completions.create(
        model="gemini-2.5-flash",
        messages=[{"role": "user", "content": "Solve it."}],
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
    )
    assert json.loads(reply.choices[0].message.content or "") == {"steps": [1.5], "ok": "y"}


def test_the_openai_sdk_streams_asynchronously(url: str) -> None:
    async def ask_all() -> str:
        async with openai.AsyncOpenAI(api_key=US_KEY, base_url=f"{url}/v1") as client:
            stream = await client.chat.completions.create(
                model="gpt-5", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    assert asyncio.run(ask_all()) == "The stand-in read a message: Hi"


def test_assemblyais_own_models_read_the_gateways_replies(app: TestApp) -> None:
    reply = ask(app)
    assert LLMGatewayChatCompletion.parse_obj(reply.json).usage.input_tokens == 2
    assert reply.headers["X-RateLimit-Service"] == "llmgw"
    models = LLMGatewayModelList.parse_obj(app.get("/v1/models").json).data
    prices = {model.id: model.pricing.global_ for model in models}
    assert (prices["gpt-5"].prompt, prices["gpt-5"].completions) == (1.25, 10.0)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param({"model": "gpt-9"}, "model gpt-9 is not supported", id="unknown model"),
        pytest.param({"messages": None}, "one of messages or prompt required", id="nothing asked"),
        pytest.param({"seed": 1}, "model gpt-5 does not support seed", id="seed"),
        pytest.param(
            {"max_completion_tokens": 9},
            "model gpt-5 does not support max_completion_tokens",
            id="max_completion_tokens",
        ),
        pytest.param(
            {"model": "gpt-oss-20b", "stream": True},
            "model gpt-oss-20b does not support stream",
            id="a model that cannot stream",
        ),
        pytest.param(
            {"messages": [{"role": "developer", "content": "x"}]},
            "role developer is not supported",
            id="developer",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "content must be a string or a list of text parts",
            id="image",
        ),
        pytest.param(
            {"response_format": {"type": "json_object"}},
            "response_format must be of type json_schema",
            id="json_object",
        ),
        pytest.param({"max_tokens": 0}, "max_tokens must be an integer of at least 1", id="0"),
        pytest.param({"temperature": 3}, "temperature must be between 0 and 2", id="temperature"),
        pytest.param(
            {"tool_choice": "required"},
            "tool_choice must be none, auto or a function",
            id="required",
        ),
        pytest.param({"model_region": "eu"}, "model_region must be global", id="region"),
        pytest.param(
            {"messages": [{"role": "tool", "content": "x"}]},
            "a tool message needs a tool_call_id",
            id="tool without id",
        ),
    ],
)
def test_the_gateway_refuses_what_it_does_not_know(
    asked: dict[str, Any], error: str, app: TestApp
) -> None:
    reply = ask(app, **asked)
    assert reply.status_code == 400
    assert (reply.json["code"], reply.json["message"]) == (400, "invalid request body")
    assert reply.json["metadata"]["errors"] == [error]
    assert reply.json["request_id"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.just("auto") | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "function",
                    "name",
                    "parameters",
                    "type",
                    "enum",
                    "properties",
                    "items",
                    "json_schema",
                    "schema",
                    "role",
                    "content",
                    "model",
                    "request",
                    "translation",
                    "speakers",
                    "target_languages",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_NAMES = [
    "audio_url",
    "speech_models",
    "speech_understanding",
    "multichannel",
    "speaker_labels",
    "redact_pii",
    "transcript_id",
    "messages",
    "prompt",
    "tools",
    "tool_choice",
    "response_format",
    "max_tokens",
    "temperature",
    "stream",
    "fallbacks",
    "model_region",
]


@pytest.mark.parametrize(
    "path", ["/v2/transcript", "/v1/chat/completions", "/v1/understanding", "/v1/transcribe"]
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6))
def test_no_body_makes_the_stand_in_fail(path: str, body: dict[str, Any], app: TestApp) -> None:
    """An error inside would be raised here, in-process."""
    if path == "/v1/chat/completions":
        body = {"model": "gpt-5", "prompt": "x", **body}
    if path == "/v2/transcript":
        body = {"audio_url": "https://example.com/a.mp3", **body}
    reply = app.post_json(path, body, status="*")
    assert reply.status_code in (200, 400, 404)
    if path == "/v2/transcript" and reply.status_code == 200:
        app.get(f"/v2/transcript/{reply.json['id']}")
        assert app.get(f"/v2/transcript/{reply.json['id']}").json["status"] == "completed"


def test_the_gateways_401_has_a_shape_of_its_own(fake: FakeAssemblyAI) -> None:
    reply = TestApp(fake).post_json("/v1/chat/completions", {}, status=401).json
    assert reply.keys() == {"error", "status", "request_id"}
    assert reply["status"] == "error"


def test_a_fallback_answers_for_a_model_that_is_down(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.models_down.add("gpt-5")
    assert ask(app).status_code == 500
    assert ask(app, fallbacks=[{"model": "gpt-5-mini"}]).json["model"] == "gpt-5-mini"
    fake.models_forbidden.add("gpt-5")
    refused = ask(app, fallbacks=[{"model": "gpt-5-mini"}])
    assert refused.json["metadata"]["errors"] == [
        "Your account does not have access to this LLM Gateway model"
    ]


def test_the_gateways_inconsistencies_can_be_chosen(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.tool_calls_in, fake.finish_reasons = "choice", "provider"
    fake.usage_spelling, fake.choice_index = "input", False
    fake.next_answer(tool_calls=[("f", {"a": 1})])
    reply = ask(app).json
    (choice,) = reply["choices"]
    assert choice["finish_reason"] == "tool_use"
    assert choice["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}
    assert "index" not in choice
    assert "tool_calls" not in choice["message"]
    assert reply["usage"].keys() == {"input_tokens", "output_tokens", "total_tokens"}
    fake.usage_spelling = "prompt"
    fake.next_answer("Set.", usage={"total_tokens": 7}, model="gpt-5-2026")
    reply = ask(app).json
    assert (reply["usage"], reply["model"]) == ({"total_tokens": 7}, "gpt-5-2026")


def test_a_long_answer_stops_at_max_tokens(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.reply_to = lambda asked: "word " * 100
    (choice,) = ask(app, max_tokens=5).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("word " * 4, "length")


def test_a_transcript_takes_the_place_of_its_slot(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.text = "Hello."
    job = submit(app)["id"]
    reply = ask(app, transcript_id=job, prompt="Sum up: {{ transcript }}", messages=None)
    assert reply.json["choices"][0]["message"]["content"].endswith("Sum up: Hello.")
    missing = ask(app, transcript_id=UNKNOWN_ID)
    assert (missing.status_code, missing.json["message"]) == (404, "transcript not found")


def test_the_gateway_counts_requests_for_each_model(app: TestApp, fake: FakeAssemblyAI) -> None:
    fake.rate_limit = 1
    assert ask(app).headers["X-RateLimit-Remaining"] == "0"
    late = ask(app)
    assert (late.status_code, late.json["code"]) == (429, 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert ask(app, model="gpt-5-mini").status_code == 200


def test_speech_understanding_comes_after_the_transcript(app: TestApp) -> None:
    job = submit(app, speaker_labels=True)["id"]
    tasks = {
        "translation": {"target_languages": ["de"]},
        "speaker_identification": {"speaker_type": "role", "known_values": ["host", "guest"]},
    }
    body = {"transcript_id": job, "speech_understanding": {"request": tasks}}
    reply = app.post_json("/v1/understanding", body).json
    response = reply["speech_understanding"]["response"]
    assert response["translation"]["status"] == "success"
    assert response["speaker_identification"]["mapping"] == {"A": "host", "B": "guest"}
    assert reply["translated_texts"]["de"].startswith("[de] Good morning.")
    app.post_json("/v1/understanding/validate", body)
    app.post_json("/v1/understanding", {**body, "transcript_id": UNKNOWN_ID}, status=404)
    app.post_json("/v1/understanding/validate", {"transcript_id": job}, status=400)


# Regions, the log, faults.


def test_a_whole_stack_runs_without_a_socket() -> None:
    transport = FakeTransport()
    forwarders = {
        "/assemblyai": UpstreamForwarder(
            "https://api.assemblyai.com", api_key=US_KEY, transport=transport
        ),
        "/eu": UpstreamForwarder(
            "https://api.eu.assemblyai.com", api_key=EU_KEY, transport=transport
        ),
        "/x": UpstreamForwarder("https://example.com", api_key=US_KEY, transport=transport),
    }
    app = TestApp(PrefixRouter(lambda *_: [], forwarders))

    upload = app.post("/assemblyai/v2/upload?a=%41", b"audio").json["upload_url"]
    assert transport.us.uploads[upload].sha256 == hashlib.sha256(b"audio").hexdigest()
    assert transport.us.requests[0].target == "/v2/upload?a=%41"
    assert transport.eu.requests == []
    assert app.get("/eu/v2/transcript").json["transcripts"] == []
    assert transport.eu.requests[0].header("authorization") == EU_KEY

    transport.us.fail_next(drop=True)
    app.get("/assemblyai/v2/transcript", status=502)
    transport.us.fail_next(cut_after=3)
    with pytest.raises(UpstreamError, match="before its end"):
        app.get("/assemblyai/v2/transcript")
    app.get("/x/", status=502)


def test_a_transport_without_sockets_takes_bodies_in_blocks() -> None:
    transport = FakeTransport()
    upstream = Origin.parse("https://api.assemblyai.com")
    headers = [("Authorization", US_KEY)]
    for length in (None, 5):
        blocks = iter([b"ab", b"", b"cde"])
        request = Request("POST", "/v2/upload", headers, blocks, length)
        reply = transport.send(upstream, request, Timeouts())
        assert (reply.status, request.sent) == (200, True)
        reply.close()
        assert transport.us.requests[-1].body == b"abcde"


def test_each_region_stands_alone_and_each_host_has_its_port() -> None:
    with serve_all() as hosts:
        assert hosts.routes.keys() == {
            "/assemblyai",
            "/eu.assemblyai",
            "/llm-gateway.assemblyai",
            "/eu.llm-gateway.assemblyai",
            "/streaming.assemblyai",
            "/eu.streaming.assemblyai",
            "/sync.assemblyai",
        }
        assert len(set(hosts.routes.values())) == 7
        assert get(hosts.routes["/eu.assemblyai"], "/v2/transcript", EU_KEY)[0] == 200
        assert get(hosts.routes["/eu.streaming.assemblyai"], "/v2/transcript", EU_KEY)[0] == 404
        assert hosts.us.requests == []
        assert [(r.region, r.service) for r in hosts.eu.requests] == [
            ("eu", "api"),
            ("eu", "streaming"),
        ]
        assert "gpt-5" in hosts.us.models
        assert "gpt-5" not in hosts.eu.models


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
    before = threading.active_count()
    with serve(fake) as url:
        address = url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert fake.wait_for(lambda f: len(f.requests) == 1)
    assert threading.active_count() == before


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


def exchange(url: str, request: bytes) -> bytes:
    """Send bytes, say that no more will come, and return all that comes back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while block := client.recv(65536):
            received += block
        return received


def get(url: str, path: str, key: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", path, headers={"Authorization": key})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body
