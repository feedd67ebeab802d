"""OpenAI's responses over its chats."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..chat import ChatRequest
from .reply import to_response
from .request import to_chat
from .stream import ResponseWriter

# A chat's parameters by the names that they have in a response.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "messages": "input",
        "max_tokens": "max_output_tokens",
        "response_format": "text.format",
        "reasoning_effort": "reasoning.effort",
    }
)


class ResponsesExchange:
    """A request for a response, as a chat.

    Args:
        body: The request's JSON.
        now: Unix seconds.

    Raises:
        BadRequest: The request is malformed, or asks for what cannot be done here.
    """

    names: Mapping[str, str] = NAMES
    names_stop = False

    def __init__(self, body: Any, *, now: Callable[[], float] = time.time) -> None:
        asked = to_chat(body)
        self.chat: Any = asked.chat
        self._settings = asked.settings
        self._now = now

    def reply(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return a `response`."""
        return to_response(completion, self._settings, completed_at=int(self._now()))

    def writer(self, request: ChatRequest) -> ResponseWriter:
        """Return the writer of a response's events."""
        return ResponseWriter(self._settings, now=self._now, names=self.names)
