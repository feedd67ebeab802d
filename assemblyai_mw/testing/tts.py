"""The speech synthesis host of the stand-in: whole speech, events, OpenAI's shape, and sessions.

Sources: `assemblyai.tts` of the Python SDK 1.8.2 for fields, headers, errors and frames;
docs/tts/message-frames, docs/tts/limits, docs/tts/error-handling (credentials and parameters of a
session are checked after the upgrade), docs/tts/api-reference/http-api/*. Not documented, and so
decided here or left to `SpeechSettings`: whether words that a Cancel drops are billed, and the
number of characters after an error.
"""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .replies import Answer, Headers, Request
from .streaming import handshake_problem
from .tts_sessions import MAX_MESSAGE_BYTES, FakeSpeech, Speaking
from .tts_voice import (
    ENCODINGS,
    MS_A_CHARACTER,
    BadParameter,
    Voice,
    frames_of,
    is_speakable,
    voice_of,
    word_times,
)
from .upgrade import UPGRADE_KEY
from .websocket import ServerEnd, accept_of

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
WS_PATH = "/v1/ws"
_PATHS = ("/v1/speech", "/v1/speech/events", "/v1/openai/audio/speech")
_TYPES = {"pcm_s16le": "audio/pcm", "pcm_mulaw": "audio/basic", "pcm_alaw": "audio/x-alaw-basic"}
MAX_TEXT_CHARS = 5000


class SpeechHost:
    """The TTS host of one stand-in; *note* is called after each event of a session."""

    def __init__(self, fake: State, note: Callable[[], None]) -> None:
        self._fake = fake
        self._note = note

    def answer(self, request: Request) -> Answer:
        """Answer one HTTP request whose key is right."""
        if request.path not in _PATHS:
            return error(404, "not_found", "There is nothing here.", request)
        if request.method != "POST":
            return error(405, "method_not_allowed", "Use POST.", request)
        is_openai = request.path == _PATHS[2]
        try:
            text, voice = self._asked(request, is_openai=is_openai)
        except BadParameter as fault:
            return error(400, fault.code, str(fault), request, param=fault.param)
        characters = self._fake.tts.counts(text) if is_speakable(text) else 0
        ms = len(text) * MS_A_CHARACTER if characters else 0
        headers: Headers = [
            ("X-TTS-Billed-Characters", str(characters)),
            ("X-TTS-Region", "us-east-1" if self._fake.region == "us" else "eu-north-1"),
            ("X-TTS-Model", voice.model),
            ("X-TTS-Voice-Id", voice.voice_id),
            ("X-TTS-Language", voice.language),
            ("X-TTS-Encoding", voice.encoding),
            ("X-TTS-Sample-Rate", str(voice.sample_rate)),
            ("X-Request-Id", str(uuid.uuid4())),
        ]
        if request.path == _PATHS[1]:
            events = self._events(text, voice, characters, ms)
            kind = ("Content-Type", "text/event-stream; charset=utf-8")
            return Answer(200, [kind, *headers], events)
        sound, content_type = voice.sound(ms), f"{_TYPES.get(voice.encoding, 'audio/mpeg')}"
        if voice.container == "wav":
            sound, content_type = _wav(voice, sound), "audio/wav"
        elif voice.encoding != "mp3":
            content_type += f";rate={voice.sample_rate};channels=1"
        headers.insert(0, ("Content-Type", content_type))
        if voice.encoding != "mp3":
            headers.append(("X-TTS-Container", voice.container))
        if voice.stream and sound:
            blocks = (sound[at : at + 4096] for at in range(0, len(sound), 4096))
            return Answer(200, headers, blocks)
        return Answer(200, [*headers, ("X-TTS-Audio-Duration-Ms", str(ms))], sound)

    def _asked(self, request: Request, *, is_openai: bool) -> tuple[str, Voice]:
        body = request.json_object()
        member = "input" if is_openai else "text"
        if body is None:
            raise BadParameter("body", "The body is not a JSON object")
        text = body.pop(member, None)
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT_CHARS:
            raise BadParameter(member, f"{member}: expected 1 to {MAX_TEXT_CHARS} characters")
        if is_openai:
            form = body.pop("response_format", "pcm")
            body = {
                "model_id": body.get("model"),
                "voice_id": body.get("voice"),
                "encoding": "mp3" if form == "mp3" else None,
                "container": "wav" if form == "wav" else None,
            }
            # Any name of a model that an OpenAI client sends is taken.
            self._fake.tts.models.append(str(body["model_id"]))
            try:
                return text, voice_of(self._fake.tts, body)
            finally:
                self._fake.tts.models.pop()
        return text, voice_of(self._fake.tts, body, whole=request.path == _PATHS[0])

    def _events(self, text: str, voice: Voice, characters: int, ms: int) -> Iterator[bytes]:
        begin = {"id": str(uuid.uuid4()), "configuration": {"model": voice.model}}
        yield _event("Begin", begin)
        for sound in frames_of(voice, ms):
            yield _event("Audio", {"audio": base64.b64encode(sound).decode(), "flush_id": 0})
        yield _event("FlushDone", {"flush_id": 0, "audio_duration_ms": ms})
        if ms:
            words = word_times(text, 0, ms)
            yield _event("WordBoundaries", {"flush_id": 0, "audio_start_ms": 0, "words": words})
        told = {
            "session_duration_seconds": 0,
            "total_input_char_length": characters,
            "audio_duration_seconds": ms / 1000,
            "word_boundaries_status": "sent" if ms else "none",
        }
        yield _event("Termination", told | self._fake.tts.termination)

    # Sessions

    def open_session(self, request: Request) -> Answer:
        """Answer a handshake: 101, and the session goes to the server that has the connection."""
        problem = handshake_problem(request)
        if problem is not None:
            return problem
        fake, settings = self._fake, self._fake.tts
        credentials = request.query.get("token") or request.seen.header("authorization") or ""
        account = self.account(credentials)
        refusal: tuple[int, str, str] | None = None
        voice = voice_of(settings, {})
        if account is None:
            refusal = 1008, "unauthorized", "Invalid API key"
        else:
            request.seen.account = account
            try:
                voice = voice_of(settings, dict(request.query), whole=False)
            except BadParameter as fault:
                refusal = 3006, fault.code, f"Bad connect parameters: {fault}"
        is_open = [s for s in fake.speech_sessions if s.account == account and not s.ended_by]
        if settings.max_sessions is not None and len(is_open) >= settings.max_sessions:
            refusal = refusal or (3009, "at_capacity", "Too many concurrent sessions")
        session = FakeSpeech(
            id=str(uuid.uuid4()),
            account=account or "",
            query=request.seen.query,
            model=voice.model,
            headers=request.seen.headers,
            began=fake.clock(),
        )
        fake.speech_sessions.append(session)

        def talk(connection: socket.socket, early: bytes, stop: threading.Event) -> None:
            end = ServerEnd(connection, early, MAX_MESSAGE_BYTES)
            Speaking(session, end, voice, settings, fake.clock, stop, self._note).run(refusal)

        request.environ[UPGRADE_KEY].append(talk)
        accept = accept_of(request.seen.header("sec-websocket-key") or "")
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        return Answer(101, [*fields, ("Sec-WebSocket-Accept", accept)])

    def account(self, credentials: str) -> str | None:
        """Return whose key it is; OpenAI's clients put `Bearer` before it."""
        if self._fake.keys is None:
            return "account"
        if credentials[:7].lower() == "bearer ":
            credentials = credentials[7:]
        return self._fake.keys.get(credentials)


def error(
    status: int,
    code: str,
    message: str,
    request: Request | None = None,
    *,
    param: str | None = None,
) -> Answer:
    """Return an error of the TTS host, in OpenAI's shape on OpenAI's path."""
    request_id = str(uuid.uuid4())
    retryable = status in (408, 429, 500, 502, 503, 504)
    if request is not None and request.path == _PATHS[2]:
        kind = "invalid_request_error" if status < 500 else "server_error"
        body: Json = {"message": message, "type": kind, "param": param, "code": code}
        return Answer.json({"error": body}, status=status)
    errors = [{"message": message, "param": param}] if code == "invalid_parameter" else None
    return Answer.json(
        {
            "code": code,
            "message": message,
            "param": param,
            "request_id": request_id,
            "errors": errors,
            "retryable": retryable,
            "retry_after_seconds": None,
        },
        status=status,
        headers=[("X-Request-Id", request_id)],
    )


def _event(kind: str, fields: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _wav(voice: Voice, sound: bytes) -> bytes:
    width = ENCODINGS.get(voice.encoding, 1)
    form = {"pcm_s16le": 1, "pcm_mulaw": 7, "pcm_alaw": 6}[voice.encoding]
    rate = voice.sample_rate
    head = struct.pack("<HHIIHH", form, 1, rate, rate * width, width, 8 * width)
    size = 0xFFFFFFFF if voice.stream else len(sound)
    whole = 0xFFFFFFFF if voice.stream else 36 + len(sound)
    start = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16)
    return start + head + b"data" + struct.pack("<I", size) + sound
