"""`chat.completion.chunk`s -> the events of a message's stream.

Their order is that of Anthropic's page *Streaming messages*: `message_start`; for each block of
content `content_block_start`, its deltas and `content_block_stop`; `message_delta` with the reason
for the end and the whole usage; `message_stop`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ...http.sse import encode_event
from ..chat import ApiError, BadReply
from ..chat.object_text import ObjectText
from .reply import (
    call_block,
    input_of,
    message_head,
    no_object,
    stop_reason,
    text_block,
    to_message_usage,
)


@dataclass(slots=True)
class _Block:
    """A block of content: a text, or a tool's call.

    Attributes:
        call_id: The call's id; None for a text.
        name: The tool's name, once it is known.
        pending: Pieces not sent yet.
        input: A call's input, as far as it was sent.
        index: Its place in the message, once its start was sent.
    """

    call_id: str | None = None
    name: str | None = None
    pending: list[str] = field(default_factory=list)
    input: ObjectText = field(default_factory=lambda: ObjectText(_is_input))
    index: int | None = None
    closed: bool = False

    def is_whole(self) -> bool:
        """Whether nothing can follow: a call's input is a whole object."""
        return self.call_id is None or self.input.is_whole()


class MessageWriter:
    """Writes a message's events. Blocks come one after the other, each begun when the last is over.

    A chat's tool calls may be told piece by piece in turns. Pieces of a later call wait until the
    one before it is whole.
    """

    def __init__(self) -> None:
        self._begun = False
        self._choice: int | None = None
        self._blocks: list[_Block] = []
        self._calls: dict[int, _Block] = {}
        self._left_out = 0  # of the calls, those that have no name
        self._at = 0  # the first block that is not over
        self._count = 0
        self._refused = False
        self._over = False
        self._reason: str | None = None
        self._stop: str | None = None

    def chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        """Write what a chunk says.

        Raises:
            BadReply: The input of a tool's call is over and no JSON object.
        """
        events = self._start(chunk)
        for choice in chunk["choices"]:
            if self._choice is None:
                self._choice = choice["index"]
            if choice["index"] != self._choice or self._over:
                continue
            delta = choice["delta"]
            for name in ("content", "refusal"):
                if delta.get(name):
                    self._text(delta[name])
                    self._refused = self._refused or name == "refusal"
            for call in delta.get("tool_calls", ()):
                self._call(call)
            if choice["finish_reason"] is not None:
                self._over = True
                self._reason = choice["finish_reason"]
                self._stop = choice.get("stop_sequence")
        return events + self._flow()

    def end(self, head: dict[str, Any], usage: dict[str, Any] | None) -> list[bytes]:
        """Write the reason for the end, the usage, and the end."""
        events = self._start(head)
        self._over = True
        events += self._flow()
        reason = stop_reason(
            self._reason,
            self._stop,
            called=len(self._calls) > self._left_out,
            refused=self._refused,
        )
        delta = {"stop_reason": reason, "stop_sequence": self._stop}
        usage = to_message_usage(usage)
        return [*events, _event("message_delta", delta=delta, usage=usage), _event("message_stop")]

    def error(self, error: ApiError) -> list[bytes]:
        """Write an error."""
        return [_encoded("error", error.payload("anthropic"))]

    def _start(self, head: dict[str, Any]) -> list[bytes]:
        if self._begun:
            return []
        self._begun = True
        message = {
            **message_head(head),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            # The gateway counts at the end; the counts of `message_delta` replace these.
            "usage": to_message_usage(None),
        }
        return [_event("message_start", message=message)]

    def _text(self, text: str) -> None:
        if not self._blocks or self._blocks[-1].call_id is not None:
            self._blocks.append(_Block())
        self._blocks[-1].pending.append(text)

    def _call(self, call: dict[str, Any]) -> None:
        number, function = call["index"], call["function"]
        block = self._calls.get(number)
        if block is None:
            block = self._calls[number] = _Block(call_id=call["id"])
            self._blocks.append(block)
        block.name = function.get("name", block.name)
        arguments = function.get("arguments")
        if not arguments:
            return
        if block.closed:
            if arguments.strip():
                raise no_object()
            return
        block.pending.append(arguments)

    def _flow(self) -> list[bytes]:
        """Write what can be written by now."""
        events: list[bytes] = []
        while self._at < len(self._blocks):
            block = self._blocks[self._at]
            cut_short = self._over and self._reason == "length"
            if block.call_id is not None and block.name is None:
                if not self._over:
                    break
                if not cut_short:
                    raise BadReply("a tool call has no function")
                self._left_out += 1
                self._at += 1
                continue
            events += self._pieces(block)
            if not self._over and self._at + 1 == len(self._blocks):
                break
            if not block.is_whole() and not cut_short:
                if not self._over:
                    break
                raise no_object()
            events.append(_event("content_block_stop", index=block.index))
            block.closed = True
            self._at += 1
        return events

    def _pieces(self, block: _Block) -> list[bytes]:
        """Write a block's start, if it is new, and what of it waits."""
        events = []
        is_text = block.call_id is None
        if block.index is None:
            block.index, self._count = self._count, self._count + 1
            begun = text_block("") if is_text else call_block(block.call_id or "", block.name or "")
            events.append(_event("content_block_start", index=block.index, content_block=begun))
        piece = "".join(block.pending)
        block.pending.clear()
        if piece:
            delta = (
                {"type": "text_delta", "text": piece}
                if is_text
                else {"type": "input_json_delta", "partial_json": piece}
            )
            if not is_text:
                block.input.add(piece)
            events.append(_event("content_block_delta", index=block.index, delta=delta))
        return events


def _is_input(text: str) -> bool:
    return input_of(text) is not None


def _event(kind: str, **members: Any) -> bytes:
    return _encoded(kind, {"type": kind, **members})


def _encoded(kind: str, payload: dict[str, Any]) -> bytes:
    data = json.dumps(payload, separators=(",", ":")).encode()
    return encode_event(data, event=kind.encode())
