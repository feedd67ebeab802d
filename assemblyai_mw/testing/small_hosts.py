"""The smaller hosts of the stand-in: tokens, the synchronous API, dictation.

Sources: streaming-token.yml; `assemblyai.sync` and `assemblyai.dictation` of the Python SDK 1.8.2
for paths, parts, replies and the RFC 9457 errors of both hosts; docs/dictation for its rewrite,
and docs/dictation/recordings-over-two-minutes for the lengths that its paths take.
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
CLIP_MAX_S = {
    "/v1/transcribe": 1200,
    "/transcribe": 1200,
    "/v1/transcribe/live": 120,
    "/v1/transcribe/stream": 120,
}
LIVE = frozenset({"/v1/transcribe/live", "/v1/transcribe/stream"})
_WARM = frozenset({"/v1/warm", "/warm"})
# `DictationConfig`: the host takes this exact set.
DICTATION_FIELDS = frozenset(
    {
        "channels",
        "keyterms_prompt",
        "language_codes",
        "llm_instruction",
        "rewrite_mode",
        "sample_rate",
        "stt_prompt",
    }
)
PCM_BYTES_A_SAMPLE = 2


def streaming_token(request: Request, fake: State) -> Answer:
    """Answer `GET /v3/token`; the token opens sessions at `/v3/ws`."""
    answer, now = agent_token(request, "/v3/token"), fake.clock()
    if answer.status == 200:
        for old in [token for token in fake.tokens.values() if token.expires_at <= now]:
            del fake.tokens[old.token]
    return kept_token(request, answer, fake.tokens, now)


def kept_token(
    request: Request, answer: Answer, tokens: dict[str, FakeToken], now: float
) -> Answer:
    """Keep the token that *answer* gives, if it gives one; return the answer."""
    if answer.status == 200 and isinstance(answer.body, bytes):
        given = json.loads(answer.body)
        longest = request.query.get("max_session_duration_seconds", MAX_SESSION_S)
        tokens[given["token"]] = FakeToken(
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


def problem(status: int, title: str, detail: str) -> Answer:
    """Return an RFC 9457 error, the shape of the synchronous API."""
    body: dict[str, Any] = {"status": status, "title": title, "detail": detail}
    if status == 413:
        # By which clients of dictation fall back to a whole recording.
        body["error_code"] = "audio_too_large"
    answer = Answer.json(body, status=status)
    answer.headers = [("Content-Type", "application/problem+json")]
    return answer


def transcribe(request: Request, fake: State, service: str) -> Answer:
    """Answer `/v1/transcribe`, live and whole, and `/v1/warm`, of the sync or dictation host."""
    if request.path in _WARM:
        return Answer.json({"status": "ok"})
    max_s = CLIP_MAX_S.get(request.path)
    if max_s is None:
        return problem(404, "Not Found", "There is nothing here.")
    if request.method != "POST":
        return problem(405, "Method Not Allowed", "Send the audio with POST.")
    if service == "dictation":
        return _dictate(request, fake, max_s)
    config, audio = _parts(request)
    if config is None or audio is None:
        return problem(400, "Bad Request", "Parts config (JSON) and audio are required.")
    found = _heard(config, audio, max_s)
    if isinstance(found, Answer):
        return found
    words = speech.words_of(fake.text, found)
    kept = ("text", "confidence") + (("start", "end") if config.get("timestamps") else ())
    return _reply(words, kept, found)


def _dictate(request: Request, fake: State, max_s: int) -> Answer:
    """Answer a dictation: its config may be left out where the recording is sent whole."""
    is_live = request.path in LIVE
    parts = [request.body.find(b'name="' + name + b'"') for name in (b"config", b"audio")]
    config, audio = _parts(request)
    if is_live and not 0 <= parts[0] < parts[1]:
        return problem(400, "Bad Request", "The config part must come before the audio.")
    if config is None and parts[0] < 0:
        config = {}
    if config is None or audio is None:
        return problem(400, "Bad Request", "A part audio is required, and config is JSON.")
    unknown = sorted(config.keys() - DICTATION_FIELDS)
    if unknown:
        return problem(400, "Bad Request", f"config: unknown field {unknown[0]}")
    found = _heard(config, audio, max_s)
    if isinstance(found, Answer):
        return found
    text = config.get("llm_instruction")
    further = {
        # The rewrite is on by default (docs/dictation).
        "llm_response": fake.text if text is None else f"{text} {fake.text}",
        "llm_error": None,
        "sync_time_ms": 1.0,
    }
    return _reply(speech.words_of(fake.text, found), ("text", "confidence"), found, **further)


def _parts(request: Request) -> tuple[Any, bytes | None]:
    """Return the parts of a form: the config, None where it is no JSON object, and the audio."""
    environ = dict(request.environ)
    environ |= {"wsgi.input": io.BytesIO(request.body), "CONTENT_LENGTH": str(len(request.body))}
    _, form, files = parse_form_data(environ)
    try:
        config: Any = json.loads(form.get("config") or files["config"].read())
    except (KeyError, ValueError):
        config = None
    try:
        audio = files["audio"].read() if "audio" in files else None
    finally:
        for file in files.values():
            file.close()
    return config if isinstance(config, dict) else None, audio


def _heard(config: dict[str, Any], audio: bytes, max_s: int) -> int | Answer:
    """Return the length of a clip, milliseconds, or why it is refused."""
    seconds, _ = wav_length(audio, len(audio))
    if seconds is None:
        rate = config.get("sample_rate") or 0
        channels = config.get("channels") or 1
        if not isinstance(rate, int) or not isinstance(channels, int) or rate < 1 or channels < 1:
            return problem(400, "Bad Request", "Raw audio needs sample_rate and channels.")
        seconds = len(audio) / rate / channels / PCM_BYTES_A_SAMPLE
    if seconds > max_s:
        return problem(413, "Audio Too Large", f"At most {max_s} seconds.")
    return round(seconds * 1000)


def _reply(
    words: list[dict[str, Any]], kept: tuple[str, ...], audio_ms: int, **further: Any
) -> Answer:
    return Answer.json(
        {
            "text": " ".join(word["text"] for word in words),
            "words": [{name: word[name] for name in kept} for word in words],
            "confidence": speech.confidence_of(words),
            "audio_duration_ms": audio_ms,
            "session_id": str(uuid.uuid4()),
            "request_time_ms": 1.0,
            **further,
        }
    )
