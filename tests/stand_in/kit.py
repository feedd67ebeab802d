"""What the tests of the stand-in send."""

from __future__ import annotations

import http.client
import io
import socket
import wave
from typing import Any

from webtest import TestApp

from assemblyai_mw.testing import US_KEY

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


def submit(app: TestApp, **asked: Any) -> dict[str, Any]:
    asked = {"audio_url": "https://example.com/a.mp3", **asked}
    return app.post_json("/v2/transcript", asked).json


def ask(app: TestApp, **asked: Any) -> Any:
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello?"}], **asked}
    return app.post_json("/v1/chat/completions", asked, status="*")


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
