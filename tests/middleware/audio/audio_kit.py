"""What the tests of speech to text share: forms, and a stack whose polls take no time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stack_kit import Stack

from assemblyai_mw.middleware.audio.stage import AudioTranscriber

PATH = "/v1/audio/transcriptions"
PRO, TWO = "assemblyai/universal-3-5-pro", "assemblyai/universal-2"
EU = "eu.assemblyai/universal-2"
AUDIO = b"ID3" + bytes(range(256)) * 40
BOUNDARY = "b0undary"
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

Part = tuple[str, str | bytes]


def form(parts: Iterable[Part]) -> bytes:
    """Return a form; a part in bytes is a file."""
    blocks = []
    for name, value in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="a.mp3"\r\nContent-Type: audio/mpeg'
        data = value if isinstance(value, bytes) else value.encode()
        blocks.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(blocks) + f"--{BOUNDARY}--\r\n".encode()


def transcribe(stack: Stack, key: str | None, *parts: Part, path: str = PATH) -> Any:
    """Send a form with *parts*, as they are given; return the reply, whatever its status."""
    return stack.ask("POST", path, key, params=form(parts), headers=TYPE)


def hurry(monkeypatch: Any) -> None:
    """Let polls follow each other at once."""
    made = AudioTranscriber.__init__

    def quick(self: AudioTranscriber, app: Any, **options: Any) -> None:
        made(self, app, **{"pauses": (0.001, 0.001), **options})

    monkeypatch.setattr(AudioTranscriber, "__init__", quick)
