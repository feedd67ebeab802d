"""The billable work that users run, as the requests of one call."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable
from dataclasses import dataclass

from . import load
from .apps import LLM_PREFIX, PREFIX
from .servers import Target

_CHAT = {
    "model": "gpt-5-mini",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Say what the fox does, in a sentence."}],
}
# The upstream sends 20 chunks and lets no time pass between them: see upstream.c.
_STREAMED = {
    **_CHAT,
    "stream": True,
    "messages": [{"role": "user", "content": "Say it in pieces. events=20/0"}],
}
_SUBMIT = {"audio_url": "https://example.com/a.wav", "speech_models": ["universal-2"]}
_CHATS = "/v1/chat/completions"
_BOUNDARY = "bench-9f1c"


@dataclass(frozen=True)
class Work:
    """One kind of call.

    Attributes:
        ours: The requests of one call to ours.
        native: Those of the same work by AssemblyAI's own API: what key and forwarding gets.
        litellm: Those to LiteLLM's proxy; None if it has nothing like it.
        share: Of the calls of a round; less for what takes long.
        streamed: Whether the reply is a stream, so that its first event counts.
    """

    ours: Callable[[Target], load.Script]
    native: Callable[[Target], load.Script]
    litellm: Callable[[Target], load.Script] | None = None
    share: float = 1.0
    streamed: bool = False


def _native_chat(body: dict[str, object]) -> Callable[[Target], load.Script]:
    return lambda target: [load.post(LLM_PREFIX + _CHATS, target.headers, body)]


def _openai_chat(body: dict[str, object]) -> Callable[[Target], load.Script]:
    named = {**body, "model": f"assemblyai/{body['model']}"}
    return lambda target: [load.post(_CHATS, target.headers, named)]


def _submit(target: Target) -> load.Script:
    return [load.post(f"{PREFIX}/v2/transcript", target.headers, _SUBMIT)]


def _read(target: Target) -> Callable[[bytes], bytes]:
    """Read the transcript that the reply before names."""

    def step(reply: bytes) -> bytes:
        return load.request(f"{PREFIX}/v2/transcript/{json.loads(reply)['id']}", target.headers)

    return step


def _submit_and_poll(target: Target) -> load.Script:
    return [*_submit(target), _read(target)]


def wav(seconds: int = 3) -> bytes:
    """Return silence: mono, 16 bits, 16,000 samples a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(32_000 * seconds))
    return file.getvalue()


def _transcription(target: Target) -> load.Script:
    """An audio file as OpenAI's clients send it; upload, submit and polls are the stack's."""
    model = 'Content-Disposition: form-data; name="model"\r\n\r\nassemblyai/universal-2'
    file = (
        'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    start = f"--{_BOUNDARY}\r\n{model}\r\n--{_BOUNDARY}\r\n{file}".encode()
    body = start + wav() + f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {
        **target.headers,
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(body)),
    }
    return [load.request("/v1/audio/transcriptions", headers, method="POST") + body]


def _upload_submit_poll(target: Target) -> load.Script:
    """The same by three native calls."""
    audio = wav()
    headers = {**target.headers, "Content-Length": str(len(audio))}
    upload = load.request(f"{PREFIX}/v2/upload", headers, method="POST") + audio

    def submit(reply: bytes) -> bytes:
        body = {**_SUBMIT, "audio_url": json.loads(reply)["upload_url"]}
        return load.post(f"{PREFIX}/v2/transcript", target.headers, body)

    return [upload, submit, _read(target)]


WORK = {
    "native chat": Work(_native_chat(_CHAT), _native_chat(_CHAT), _openai_chat(_CHAT)),
    "native chat, streamed": Work(
        _native_chat(_STREAMED), _native_chat(_STREAMED), _openai_chat(_STREAMED), streamed=True
    ),
    "OpenAI chat": Work(_openai_chat(_CHAT), _native_chat(_CHAT), _openai_chat(_CHAT)),
    "OpenAI chat, streamed": Work(
        _openai_chat(_STREAMED), _native_chat(_STREAMED), _openai_chat(_STREAMED), streamed=True
    ),
    "submit": Work(_submit, _submit),
    "submit and poll": Work(_submit_and_poll, _submit_and_poll, share=0.5),
    # The stack waits half a second before its first poll, and so does the caller.
    "audio": Work(_transcription, _upload_submit_poll, share=0.1),
}
