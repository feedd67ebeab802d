"""AssemblyAI's own SDK and OpenAI's run on the stand-in unchanged."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from typing import Any

import assemblyai as aai
import openai
import pytest

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI

from .kit import wav


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
