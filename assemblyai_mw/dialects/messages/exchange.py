"""A request for a message as an OpenAI chat, and its reply and events in Anthropic's form."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..chat import ChatRequest, EventWriter
from .events import MessageWriter
from .reply import to_message
from .request import to_chat


class MessagesExchange:
    """Anthropic's Messages.

    Raises:
        BadRequest: *body* is no request for a message, or asks for what the gateway cannot do.
    """

    names: Mapping[str, str] = MappingProxyType({})
    # A message tells the sequence that stopped it.
    names_stop = True

    def __init__(self, body: Any) -> None:
        self.chat: dict[str, Any] = to_chat(body)

    def reply(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the message.

        Raises:
            BadReply: A tool's input is no JSON object.
        """
        return to_message(completion)

    def writer(self, request: ChatRequest) -> EventWriter:
        """Return the writer of the message's events."""
        return MessageWriter()
