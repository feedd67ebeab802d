"""A transcript in each of OpenAI's formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assemblyai_mw.dialects.audio import render, to_submit
from assemblyai_mw.dialects.audio.errors import failed_job, to_error
from assemblyai_mw.dialects.audio.segments import MAX_SEGMENT_S, segments_of
from assemblyai_mw.dialects.chat import Target

TARGET = Target("whisper-1", "universal-3-5-pro", "us", "/assemblyai")


def words(text: str, speakers: str = "", gap_ms: int = 500) -> list[dict[str, Any]]:
    return [
        {
            "text": word,
            "start": gap_ms * at,
            "end": gap_ms * at + 400,
            "confidence": 0.5,
            "speaker": speakers[at] if speakers else None,
        }
        for at, word in enumerate(text.split())
    ]


def transcript(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, "words": words(text), "audio_duration": 9, **fields}


def blocks(form: str, given: dict[str, Any], **fields: Any) -> str:
    request = to_submit({"response_format": form, **fields}, TARGET)
    return b"".join(render(request, given).blocks).decode()


def test_sentences_end_at_marks_pauses_speakers_and_length() -> None:
    assert [each.text for each in segments_of(transcript("Hi you. And I! So"))] == [
        "Hi you.",
        "And I!",
        "So",
    ]
    turns = {"text": "a b c", "words": words("a b c", "AAB")}
    assert [(each.text, each.speaker) for each in segments_of(turns)] == [("a b", "A"), ("c", "B")]
    slow = {"text": "a b", "words": words("a b", gap_ms=5000)}
    assert len(segments_of(slow)) == 2
    long = segments_of(transcript(" ".join(["word"] * 500)))
    assert all(each.end - each.start <= MAX_SEGMENT_S for each in long)
    assert " ".join(each.text for each in long) == " ".join(["word"] * 500)


def test_a_segment_keeps_the_spacing_of_the_text() -> None:
    given = {"text": "今日は。元気?", "words": words("今日は。 元気?")}
    assert [each.text for each in segments_of(given)] == ["今日は。", "元気?"]
    joined = {"text": "東京都", "words": words("東京 都")}
    assert [each.text for each in segments_of(joined)] == ["東京都"]


def test_words_that_are_not_in_the_text_are_joined_by_spaces() -> None:
    given = {"text": "[masked]", "words": words("one two")}
    assert [each.text for each in segments_of(given)] == ["one two"]


def test_srt_and_vtt_count_hours_and_escape() -> None:
    given = {"text": "a <b>", "words": [{"text": "a <b>", "start": 3_661_001, "end": 3_662_000}]}
    assert blocks("srt", given) == "1\n01:01:01,001 --> 01:01:02,000\na <b>\n\n"
    assert blocks("vtt", given) == ("WEBVTT\n\n01:01:01.001 --> 01:01:02.000\na &lt;b&gt;\n\n")


@pytest.mark.parametrize("text", ["", None])
def test_silence_is_a_reply_in_every_format(text: str | None) -> None:
    given = {"text": text, "words": [], "audio_duration": 3}
    assert json.loads(blocks("json", given)) == {
        "text": "",
        "usage": {"type": "duration", "seconds": 3.0},
    }
    assert [blocks(form, given) for form in ("text", "srt", "vtt")] == ["\n", "", "WEBVTT\n\n"]
    assert json.loads(blocks("verbose_json", given))["segments"] == []
    assert json.loads(blocks("diarized_json", given))["segments"] == []


def test_a_transcript_without_words_is_one_segment() -> None:
    given = {"text": "All of it.", "words": None, "audio_duration": 4}
    (segment,) = json.loads(blocks("verbose_json", given))["segments"]
    assert (segment["text"], segment["start"], segment["end"]) == ("All of it.", 0.0, 4.0)


def test_speakers_come_from_utterances() -> None:
    said = [
        {"speaker": speaker, "text": text, "start": 1000, "end": 2000, "words": []}
        for speaker, text in (("A", "Hi."), ("B", "Ho."))
    ]
    found = json.loads(blocks("diarized_json", transcript("Hi. Ho.", utterances=said)))["segments"]
    assert [(each["speaker"], each["text"], each["start"]) for each in found] == [
        ("A", "Hi.", 1.0),
        ("B", "Ho.", 1.0),
    ]


@pytest.mark.parametrize("text", ["One. Two!  Three", "no end", "a\nb. c\n", "...", ""])
def test_deltas_make_up_the_text(text: str) -> None:
    events = [
        json.loads(line.removeprefix("data: "))
        for line in blocks("json", transcript(text), stream=True).split("\n\n")
        if line.startswith("data: {")
    ]
    assert "".join(each.get("delta", "") for each in events) == text
    assert events[-1] == {"type": "transcript.text.done", "text": text}


@pytest.mark.parametrize(
    "code, name", [("en_us", "english"), ("de", "german"), ("xx", "xx"), (None, "")]
)
def test_languages_have_openais_names(code: Any, name: str) -> None:
    given = transcript("a", language_code=code)
    assert json.loads(blocks("verbose_json", given))["language"] == name


def test_half_a_surrogate_does_not_end_in_an_error() -> None:
    given = {"text": "a \ud800", "words": [{"text": "\ud800", "start": 0, "end": 1}]}
    for form in ("json", "text", "srt", "vtt", "verbose_json", "diarized_json"):
        assert blocks(form, given)


@pytest.mark.parametrize(
    "status, payload, wanted",
    [
        (400, {"error": "bad"}, (400, "bad", None)),
        (400, {"error": "speech_models holds none"}, (404, "speech_models holds none", "model")),
        (302, None, (502, "AssemblyAI answered with status 302.", None)),
        (503, None, (503, "AssemblyAI answered with status 503.", None)),
        (
            403,
            {"error": {"message": "no", "type": "x", "param": "model", "code": "c"}},
            (403, "no", "model"),
        ),
    ],
)
def test_errors_keep_their_status_and_words(status: int, payload: Any, wanted: Any) -> None:
    error = to_error(status, payload)
    assert (error.status, error.message, error.param) == wanted


def test_a_failed_job_is_the_audios_fault_or_assemblyais() -> None:
    audio = failed_job("t-1", {"error": "Transcoding failed. File type is application/pdf."})
    server = failed_job("t-1", {"error": "Server error, developers have been alerted."})
    assert (audio.error.status, audio.error.param) == (400, "file")
    assert (server.error.status, server.error.param) == (502, None)
    assert audio.payload()["error"]["transcript_id"] == "t-1"
