"""A request of another API as an OpenAI chat, and its reply and events in that API.

OpenAI's chat completions are the form in between: what the LLM Gateway takes and gives is
translated to and from them in one place, and each API from there.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from ...http.sse import encode_event
from .errors import ApiError
from .request import ChatRequest

_DONE = encode_event(b"[DONE]")


class EventWriter(Protocol):
    """Writes one stream in an API: any number of chunks, then an end or an error.

    Each method returns the events to send, whole ones, as bytes.
    """

    def chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        """Write a `chat.completion.chunk` with at least one choice, without usage."""

    def end(self, head: dict[str, Any], usage: dict[str, Any] | None) -> list[bytes]:
        """Write the end of a whole stream.

        Args:
            head: The chunks' common members: `id`, `object`, `created`, `model`.
            usage: OpenAI's usage, with `cost` where replies tell it; None where none came.
        """

    def error(self, error: ApiError) -> list[bytes]:
        """Write the error that broke the stream."""


class Exchange(Protocol):
    """One request and what its reply becomes.

    Attributes:
        chat: The request as the JSON of an OpenAI chat, yet to be checked.
    """

    chat: Any

    def reply(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the reply for a whole `chat.completion`."""

    def writer(self, request: ChatRequest) -> EventWriter:
        """Return what writes the stream of the reply to the checked *request*."""


class ChatExchange:
    """OpenAI's chat completions themselves."""

    def __init__(self, body: Any) -> None:
        self.chat = body

    def reply(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the completion."""
        return completion

    def writer(self, request: ChatRequest) -> EventWriter:
        """Return the writer of chunks, with the usage where the request includes it."""
        return ChunkWriter(include_usage=request.include_usage)


class ChunkWriter:
    """Writes chunks as they are, `[DONE]` at the end.

    Args:
        include_usage: The usage is the last chunk, and null in all others.
    """

    def __init__(self, *, include_usage: bool) -> None:
        self._include_usage = include_usage

    def chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        """Write a chunk."""
        return [_event({**chunk, "usage": None} if self._include_usage else chunk)]

    def end(self, head: dict[str, Any], usage: dict[str, Any] | None) -> list[bytes]:
        """Write the usage, if it was asked for and came, and `[DONE]`."""
        if not self._include_usage or usage is None:
            return [_DONE]
        return [_event({**head, "choices": [], "usage": usage}), _DONE]

    def error(self, error: ApiError) -> list[bytes]:
        """Write an error object."""
        return [_event(error.payload())]


def _event(payload: dict[str, Any]) -> bytes:
    return encode_event(json.dumps(payload, separators=(",", ":")).encode())
