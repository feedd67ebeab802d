"""A chat's chunks -> the events of a streamed response, in OpenAI's order and names.

The order is that of OpenAI's API reference, *Streaming events* of responses: an item is added, its
parts and texts come, and it is done, before the next is added. A call stays open while its
arguments may go on, since a chat's chunks may go back to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ...http.sse import encode_event
from ...http.strict_json import HALVES, stays_short
from ..chat.errors import ApiError
from ..chat.exchange import error_as
from ..chat.object_text import ObjectText
from .reply import (
    ResponseHead,
    call_item,
    ended,
    incomplete_reason,
    message_item,
    refusal_part,
    text_part,
)


class _Part:
    """A part of a message: text, or a refusal; its pieces are joined once they are needed."""

    def __init__(self, kind: Literal["output_text", "refusal"]) -> None:
        self.kind = kind
        self.pieces: list[str] = []

    def part(self, text: str) -> dict[str, Any]:
        return text_part(text) if self.kind == "output_text" else refusal_part(text)

    def whole(self) -> dict[str, Any]:
        return self.part("".join(self.pieces))


class _Message:
    """A message under way: parts one after the other, the last one open."""

    def __init__(self, item_id: str, at: int) -> None:
        self.id = item_id
        self.at = at
        self.parts: list[_Part] = []
        self.open = True

    def item(self, status: str) -> dict[str, Any]:
        return message_item(self.id, [part.whole() for part in self.parts], status)

    def is_whole(self) -> bool:
        """Whether nothing can follow: text after another item is a message of its own."""
        return True


class _Call:
    """A call of a function under way; it is no item before its name is known."""

    def __init__(self, call_id: str) -> None:
        self.id = ""
        self.at = -1
        self._call_id = call_id
        self.name = ""
        self.unsaid: list[str] = []  # of the arguments, before the name is known
        self._arguments = ObjectText(_is_object)
        self.open = True

    @property
    def arguments(self) -> str:
        return str(self._arguments)

    def add(self, text: str) -> None:
        """Add what comes next of the arguments."""
        self._arguments.add(text)

    def item(self, status: str) -> dict[str, Any]:
        return call_item(self.id, self._call_id, self.name, self.arguments, status)

    def is_whole(self) -> bool:
        """Whether nothing can follow: text after a JSON object would make it none."""
        return self._arguments.is_whole()


class ResponseWriter:
    """Writes a chat's first choice as the events of a response, one event an item of bytes.

    Args:
        settings: The members of the reply that repeat the request.
        now: Unix seconds.
        names: Parameters of a chat that a response calls otherwise, for errors.
    """

    def __init__(
        self, settings: dict[str, Any], *, now: Callable[[], float], names: Mapping[str, str]
    ) -> None:
        self._settings = settings
        self._now = now
        self._names = names
        self._ascii = True
        self._head: ResponseHead | None = None
        self._number = 0
        self._items: list[_Message | _Call] = []
        self._calls: dict[int, _Call] = {}  # by the chat's index
        # By their index: items that came or grew since the last look at what is whole.
        self._changed: dict[int, _Message | _Call] = {}
        self._index: int | None = None  # of the choice that is written
        self._reason: str | None = None

    def chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        """Write what a `chat.completion.chunk` adds."""
        head, events = self._begun(chunk)
        for choice in chunk["choices"]:
            if self._index is None:
                self._index = choice["index"]
            if choice["index"] != self._index:
                continue
            delta = choice["delta"]
            if delta.get("content"):
                events += self._say(head, "output_text", delta["content"])
            if delta.get("refusal"):
                events += self._say(head, "refusal", delta["refusal"])
            for call in delta.get("tool_calls", ()):
                events += self._call(head, call)
            self._reason = choice["finish_reason"] or self._reason
        return events

    def end(self, head: dict[str, Any], usage: dict[str, Any] | None) -> list[bytes]:
        """Write the end of what is open, and the whole response with its usage."""
        known, events = self._begun(head)
        for called in self._calls.values():
            if called.at < 0:
                events += self._add_call(known, called)
        if not self._items:
            events += self._say(known, "output_text", "")
        reason = incomplete_reason(self._reason)
        last = self._items[-1]
        for item in self._items:
            events += self._done(
                item, "incomplete" if reason is not None and item is last else "completed"
            )
        output = [item.item("completed") for item in self._items]
        response = ended(known, output, reason, usage, int(self._now()))
        return [*events, self._event(f"response.{response['status']}", response=response)]

    def error(self, error: ApiError) -> list[bytes]:
        """Write the error and the failed response; before any chunk, the error alone.

        Its members are those of OpenAI's API reference, and `error` is what OpenAI's clients
        raise.
        """
        said = error_as(error, self._names).payload()["error"]
        flat = {name: said[name] for name in ("code", "message", "param")}
        events = [self._event("error", **flat, error=said)]
        if self._head is not None:
            output = [item.item("incomplete" if item.open else "completed") for item in self._items]
            failed = {"code": _failure(error), "message": error.message}
            response = self._head.response("failed", output, error=failed)
            events.append(self._event("response.failed", response=response))
        return events

    def _begun(self, chunk: dict[str, Any]) -> tuple[ResponseHead, list[bytes]]:
        if self._head is not None:
            return self._head, []
        self._head = ResponseHead(chunk, self._settings)
        # Three events repeat the request's.
        self._ascii = stays_short(json.dumps(self._settings, ensure_ascii=False).encode())
        response = self._head.response("in_progress", [])
        kinds = ("response.created", "response.in_progress")
        return self._head, [self._event(kind, response=response) for kind in kinds]

    def _say(
        self, head: ResponseHead, kind: Literal["output_text", "refusal"], text: str
    ) -> list[bytes]:
        events: list[bytes] = []
        item = self._items[-1] if self._items else None
        if not isinstance(item, _Message):
            events += self._close_whole()
            item = _Message(head.item_id("msg", len(self._items)), len(self._items))
            events += self._added(item)
        if not item.parts or item.parts[-1].kind != kind:
            events += self._part_done(item)
            item.parts.append(_Part(kind))
            empty = item.parts[-1].part("")
            events.append(self._event("response.content_part.added", **_at(item), part=empty))
        if text:
            item.parts[-1].pieces.append(text)
            logprobs: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
            events.append(
                self._event(f"response.{kind}.delta", **_at(item), delta=text, **logprobs)
            )
        return events

    def _call(self, head: ResponseHead, given: dict[str, Any]) -> list[bytes]:
        item = self._calls.get(given["index"])
        if item is None:
            item = self._calls[given["index"]] = _Call(given["id"])
        if not item.open:
            return []
        function = given.get("function", {})
        text = function.get("arguments") or ""
        item.name = item.name or function.get("name") or ""
        if item.at < 0:
            item.unsaid.append(text)
            return self._add_call(head, item) if item.name else []
        return self._arguments(item, text)

    def _add_call(self, head: ResponseHead, item: _Call) -> list[bytes]:
        events = self._close_whole()
        item.at = len(self._items)
        item.id = head.item_id("fc", item.at)
        said, item.unsaid = "".join(item.unsaid), []
        return events + self._added(item) + self._arguments(item, said)

    def _arguments(self, item: _Call, text: str) -> list[bytes]:
        if not text:
            return []
        item.add(text)
        self._changed[item.at] = item
        where = {"item_id": item.id, "output_index": item.at, "delta": text}
        return [self._event("response.function_call_arguments.delta", **where)]

    def _added(self, item: _Message | _Call) -> list[bytes]:
        self._items.append(item)
        self._changed[item.at] = item
        added = item.item("in_progress")
        return [self._event("response.output_item.added", output_index=item.at, item=added)]

    def _close_whole(self) -> list[bytes]:
        """Write the end of what no later chunk can add to, before another item begins."""
        events: list[bytes] = []
        for item in self._changed.values():
            if item.is_whole():
                events += self._done(item, "completed")
        self._changed.clear()
        return events

    def _done(self, item: _Message | _Call, status: str) -> list[bytes]:
        if not item.open:
            return []
        item.open = False
        if isinstance(item, _Message):
            events = self._part_done(item)
        else:
            where = {"item_id": item.id, "output_index": item.at, "arguments": item.arguments}
            events = [self._event("response.function_call_arguments.done", **where)]
        done = item.item(status)
        return [*events, self._event("response.output_item.done", output_index=item.at, item=done)]

    def _part_done(self, item: _Message) -> list[bytes]:
        if not item.parts:
            return []
        kind, part = item.parts[-1].kind, item.parts[-1].whole()
        said = {name: part[name] for name in ("text", "refusal", "logprobs") if name in part}
        return [
            self._event(f"response.{kind}.done", **_at(item), **said),
            self._event("response.content_part.done", **_at(item), part=part),
        ]

    def _event(self, kind: str, **members: Any) -> bytes:
        payload = {"type": kind, "sequence_number": self._number, **members}
        self._number += 1
        text = json.dumps(payload, ensure_ascii=self._ascii, separators=(",", ":"))
        if not self._ascii:
            # Some clients end a line here as well.
            for each in "\x85\u2028\u2029":
                text = text.replace(each, f"\\u{ord(each):04x}")
        data = text.encode("utf-8", HALVES)
        return encode_event(data, event=kind.encode())


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _at(item: _Message) -> dict[str, Any]:
    return {"item_id": item.id, "output_index": item.at, "content_index": len(item.parts) - 1}


def _failure(error: ApiError) -> str:
    """Return the code of a failed response: OpenAI's list has none of an HTTP error's codes."""
    if error.status == 429:
        return "rate_limit_exceeded"
    return "invalid_prompt" if error.status < 500 else "server_error"
