"""The smaller hosts of the stand-in: tokens, the synchronous APIs, speech synthesis.

Sources: streaming-token.yml; `assemblyai.sync` of the Python SDK 1.8.2 for paths,
parts, replies and the RFC 9457 errors of the synchronous API, which dictation answers with
as well; its `tts` for the headers and errors of speech synthesis.
"""

from __future__ import annotations

import io
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from werkzeug.formparser import parse_form_data

from . import speech
from .replies import Answer, Request, api_error
from .sessions import MAX_SESSION_S, FakeToken
from .transcripts import wav_length

if TYPE_CHECKING:
    from .state import State

# Longest audio by path, seconds.
# Path of speech synthesis -> the member with the words.
_SPOKEN = {"/v1/speech": "text", "/v1/openai/audio/speech": "input"}
SYNC_MAX_S = {"/v1/transcribe": 1200, "/v1/transcribe/live": 120}
PCM_BYTES_A_SAMPLE = 2
# Raw audio of 24,000 samples a second, and fast speech: 20 letters of it.
_BYTES_A_CHARACTER = 24_000 * PCM_BYTES_A_SAMPLE // 20


def streaming_token(request: Request, fake: State) -> Answer:
    """Answer `GET /v3/token`; the token opens sessions at `/v3/ws`."""
    answer = agent_token(request, "/v3/token")
    if answer.status == 200 and isinstance(answer.body, bytes):
        given, now = json.loads(answer.body), fake.clock()
        longest = request.query.get("max_session_duration_seconds", MAX_SESSION_S)
        for old in [token for token in fake.tokens.values() if token.expires_at <= now]:
            del fake.tokens[old.token]
        fake.tokens[given["token"]] = FakeToken(
            token=given["token"],
            account=request.account,
            issued=now,
            expires_at=now + given["expires_in_seconds"],
            max_session_s=int(longest),
        )
    return answer


def agent_token(request: Request, path: str = "/v1/token") -> Answer:
    """Answer `GET /v1/token`, or what else *path* is."""
    if request.path != path:
        return api_error(404)
    if request.method != "GET":
        return api_error(405)
    bounds = {"expires_in_seconds": (1, 600), "max_session_duration_seconds": (60, 10_800)}
    for name, (low, high) in bounds.items():
        value = request.query.get(name)
        if value is None and name == "max_session_duration_seconds":
            continue
        if value is None or not value.isdecimal() or not low <= int(value) <= high:
            return api_error(400, f"{name} must be between {low} and {high}")
    seconds = int(request.query["expires_in_seconds"])
    return Answer.json({"token": secrets.token_urlsafe(32), "expires_in_seconds": seconds})


def speak(request: Request) -> Answer:
    """Answer `POST /v1/speech`, or the same in OpenAI's shape: silence, as long as the text."""
    member = _SPOKEN.get(request.path)
    if request.method != "POST" or member is None:
        return _speech_error(404, "There is nothing here.", request)
    try:
        text = json.loads(request.body)[member]
    except (ValueError, TypeError, KeyError):
        text = None
    if not isinstance(text, str) or not text:
        return _speech_error(400, f"{member}: expected words to say", request)
    answer = Answer(200, [], bytes(len(text) * _BYTES_A_CHARACTER))
    answer.headers = [
        ("Content-Type", "audio/pcm;rate=24000;channels=1"),
        ("X-TTS-Billed-Characters", str(len(text))),
        ("X-TTS-Audio-Duration-Ms", str(len(text) * 50)),
        ("X-Request-Id", str(uuid.uuid4())),
    ]
    return answer


def _speech_error(status: int, message: str, request: Request) -> Answer:
    error = {"code": status, "message": message, "param": None, "errors": []}
    return Answer.json(
        {**error, "request_id": str(uuid.uuid4()), "retryable": False}, status=status
    )


def problem(status: int, title: str, detail: str) -> Answer:
    """Return an RFC 9457 error, the shape of the synchronous API."""
    body = {"status": status, "title": title, "detail": detail}
    answer = Answer.json(body, status=status)
    answer.headers = [("Content-Type", "application/problem+json")]
    return answer


def transcribe(request: Request, fake: State) -> Answer:
    """Answer `/v1/transcribe`, `/v1/transcribe/live` and `/v1/warm`."""
    if request.path == "/v1/warm":
        return Answer.json({"status": "ok"})
    max_s = SYNC_MAX_S.get(request.path)
    if max_s is None:
        return problem(404, "Not Found", "There is nothing here.")
    if request.method != "POST":
        return problem(405, "Method Not Allowed", "Send the audio with POST.")
    environ = dict(request.environ)
    environ |= {"wsgi.input": io.BytesIO(request.body), "CONTENT_LENGTH": str(len(request.body))}
    _, form, files = parse_form_data(environ)
    try:
        config: Any = json.loads(form.get("config") or files["config"].read())
        audio = files["audio"].read()
    except (KeyError, ValueError):
        config, audio = None, b""
    finally:
        for file in files.values():
            file.close()
    if not isinstance(config, dict):
        return problem(400, "Bad Request", "Parts config (JSON) and audio are required.")
    seconds, _ = wav_length(audio, len(audio))
    if seconds is None:
        rate = config.get("sample_rate") or 0
        channels = config.get("channels") or 1
        if not isinstance(rate, int) or not isinstance(channels, int) or rate < 1 or channels < 1:
            return problem(400, "Bad Request", "Raw audio needs sample_rate and channels.")
        seconds = len(audio) / rate / channels / PCM_BYTES_A_SAMPLE
    if seconds > max_s:
        return problem(413, "Audio Too Large", f"At most {max_s} seconds.")
    words = speech.words_of(fake.text, round(seconds * 1000))
    kept = ("text", "confidence") + (("start", "end") if config.get("timestamps") else ())
    return Answer.json(
        {
            "text": " ".join(word["text"] for word in words),
            "words": [{name: word[name] for name in kept} for word in words],
            "confidence": speech.confidence_of(words),
            "audio_duration_ms": round(seconds * 1000),
            "session_id": str(uuid.uuid4()),
            "request_time_ms": 1.0,
        }
    )
