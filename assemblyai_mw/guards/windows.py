"""Guards a streamed reply: text is held back only while it may become a finding.

Chat chunks (OpenAI's `chat.completion.chunk`, which the LLM Gateway sends as well) carry
pieces of several texts: for each choice its content, its refusal and its reasoning. Each is a
separate text. Other members pass at once and in their place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..http.sse import Event, encode_event
from .protocol import Blocked, GuardError
from .texts import Find, ordered, screen_arguments

# A finding that grows longer than this while it streams is masked piece by piece; a stream
# that must be held whole may not be longer.
MAX_HELD_CHARS = 64 << 10
MAX_WHOLE_BYTES = 8 << 20

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Filter:
    """One text guard for a stream.

    Attributes:
        find: Its findings in a text.
        window: Characters that it must see ahead.
        block: Called with the reason of a finding that has no mask; raises.
    """

    find: Find
    window: int
    block: Callable[[str], Any]


class Window:
    """One text's way through one guard: masked text comes out a little later.

    Sent text is kept as context, so that an expression with a lookbehind finds the same as in the
    whole text.
    """

    def __init__(self, guard: Filter) -> None:
        self._guard = guard
        self._size = max(1, guard.window)
        self._seen = ""  # went out already, as it came in
        self._held = ""

    def feed(self, text: str, *, last: bool = False) -> str:
        """Return the text that may go out now; with *last* all of it."""
        self._held += text
        if not last and len(self._held) <= self._size:
            return ""
        context = len(self._seen)
        whole = self._seen + self._held
        found = [each for each in ordered(self._guard.find(whole)) if each.end > context]
        cut = len(whole)
        if not last:
            cut -= self._size
            for each in found:
                # What may still grow stays together, and so does what begins it.
                if each.end == len(whole) or each.end > cut:
                    cut = max(min(cut, each.start), context)
            if len(whole) - cut > MAX_HELD_CHARS:
                cut = len(whole) - self._size
        out, done = "", context
        for each in found:
            if each.start >= cut:
                break
            if each.mask is None:
                self._guard.block(each.reason)
            out += whole[done : max(each.start, done)]
            # The rest of a finding that began in sent text is cut off.
            out += (each.mask or "") if each.start >= context else ""
            done = max(done, each.end)
        if done < cut:
            out, done = out + whole[done:cut], cut
        self._seen = whole[:done][-self._size :]
        self._held = whole[done:]
        return out


@dataclass
class _Place:
    """The place of a piece of text in an event."""

    holder: dict[str, Any]
    member: str


def places(choice: dict[str, Any]) -> Iterator[tuple[Key, _Place]]:
    """Yield the pieces of text of one choice of a chunk, with the text each belongs to."""
    source = choice.get("delta")
    if not isinstance(source, dict):
        source = choice.get("message")
    if isinstance(source, dict):
        for name, value in source.items():
            if isinstance(value, str) and name not in ("role", "tool_call_id", "name"):
                yield (name,), _Place(source, name)
            elif isinstance(value, list) and name != "tool_calls":
                for part in value:
                    if isinstance(part, dict) and isinstance(part.get("text"), str):
                        yield (name,), _Place(part, "text")
    inner = source.get("tool_calls") if isinstance(source, dict) else None
    for calls in (inner, choice.get("tool_calls")):
        for at, item in enumerate(calls if isinstance(calls, list) else ()):
            function = item.get("function") if isinstance(item, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                index = item.get("index", at)
                yield ("tool_calls", index), _Place(function, "arguments")


def index_of(choice: dict[str, Any], at: int) -> int:
    """Return a choice's index; the live service omits it at times."""
    index = choice.get("index")
    return index if isinstance(index, int) and not isinstance(index, bool) else at


@dataclass
class Transcript:
    """The stream so far, assembled as one completion."""

    texts: dict[tuple[int, Key], str] = field(default_factory=dict)
    calls: dict[tuple[int, Any], dict[str, Any]] = field(default_factory=dict)
    size: int = 0

    def add(self, payload: dict[str, Any]) -> None:
        """Take note of one chunk.

        Raises:
            GuardError: It has become too long.
        """
        for at, choice in enumerate(choices_of(payload)):
            index = index_of(choice, at)
            for key, place in places(choice):
                text = place.holder[place.member]
                self.size += len(text)
                if self.size > MAX_WHOLE_BYTES:
                    raise GuardError("the stream is too long to be held")
                self.texts[index, key] = self.texts.get((index, key), "") + text
                if key[0] == "tool_calls":
                    call = self.calls.setdefault((index, key[1]), {})
                    if isinstance(place.holder.get("name"), str):
                        call["name"] = place.holder["name"]

    def completion(self) -> dict[str, Any]:
        """Return it as a reply that was not streamed."""
        choices: dict[int, dict[str, Any]] = {}
        for (index, key), text in self.texts.items():
            message = choices.setdefault(index, {"role": "assistant"})
            if key[0] == "tool_calls":
                name = self.calls.get((index, key[1]), {}).get("name")
                calls = message.setdefault("tool_calls", [])
                calls.append(
                    {
                        "index": key[1],
                        "type": "function",
                        "function": {"name": name, "arguments": text},
                    }
                )
            else:
                message[key[0]] = text
        return {
            "object": "chat.completion",
            "choices": [
                {"index": index, "message": message} for index, message in sorted(choices.items())
            ],
        }

    def changed_to(self, completion: Any) -> dict[tuple[int, Key], str]:
        """Return the texts of a completion that a guard changed.

        Raises:
            GuardError: It is not a completion.
        """
        texts: dict[tuple[int, Key], str] = {}
        if not isinstance(completion, dict):
            raise GuardError("its answer is not a reply")
        for at, choice in enumerate(choices_of(completion)):
            for key, place in places(choice):
                texts[index_of(choice, at), key] = place.holder[place.member]
        return texts


def choices_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a chunk or completion that can be read."""
    choices = payload.get("choices")
    return [item for item in choices if isinstance(item, dict)] if isinstance(choices, list) else []


def payload_of(event: Event) -> dict[str, Any] | None:
    """Return an event's JSON; None for a comment, an empty event and `[DONE]`.

    Raises:
        GuardError: It cannot be parsed, so it cannot be guarded.
    """
    if event.data is None or event.data.strip() in (b"", b"[DONE]"):
        return None
    try:
        payload = json.loads(event.data)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise GuardError("the stream holds an event that is no JSON object")
    return payload


def is_done(event: Event) -> bool:
    """Whether it is the stream's last word."""
    return event.data is not None and event.data.strip() == b"[DONE]"


def rewritten(event: Event, payload: dict[str, Any]) -> bytes:
    """Return the event with another payload."""
    return encode_event(json.dumps(payload, separators=(",", ":")).encode(), event=event.event)


class Flowing:
    """Guards of text, each with its windows, on one stream.

    `feed` takes the stream's events one by one and returns the events to send, most often the same
    event with the text that is free by now. An event stays in its place, even where its text is
    held back and it goes out empty. Text that is still held when a choice ends goes out in a
    separate event before the end event. Tool arguments are held until their choice has ended, and
    masked inside their JSON.
    """

    def __init__(self, filters: Iterable[Filter]) -> None:
        self._filters = list(filters)
        self._windows: dict[tuple[int, Key], list[Window]] = {}
        self._held: dict[tuple[int, Key], str] = {}
        self._last: dict[str, Any] | None = None

    def feed(self, event: Event) -> list[bytes]:
        """Return the bytes to send for *event*.

        Raises:
            GuardError: It cannot be read.
        """
        payload = payload_of(event)
        if payload is None:
            return [*self.end(), event.raw] if is_done(event) else [event.raw]
        choices = choices_of(payload)
        if not choices:
            return [event.raw]
        self._last = {name: value for name, value in payload.items() if name != "usage"}
        out: list[bytes] = []
        touched = False
        for at, choice in enumerate(choices):
            index = index_of(choice, at)
            for key, place in places(choice):
                text = place.holder[place.member]
                free = self._text((index, key), text)
                touched = touched or free != text
                place.holder[place.member] = free
            if choice.get("finish_reason"):
                out += self._flush(index)
        return [*out, rewritten(event, payload) if touched else event.raw]

    def end(self) -> list[bytes]:
        """Return the held text at the end of the stream."""
        indexes = {index for index, _ in (*self._windows, *self._held)}
        return [event for index in sorted(indexes) for event in self._flush(index)]

    def _text(self, key: tuple[int, Key], text: str) -> str:
        if key[1][0] == "tool_calls":
            held = self._held.get(key, "") + text
            if len(held) > MAX_WHOLE_BYTES:
                raise GuardError("a tool's arguments are too long to be held")
            self._held[key] = held
            return ""
        return self._pass(key, text)

    def _pass(self, key: tuple[int, Key], text: str, *, last: bool = False) -> str:
        windows = self._windows.get(key)
        if windows is None:
            windows = [Window(each) for each in self._filters]
            self._windows[key] = windows
        for window in windows:
            text = window.feed(text, last=last)
        return text

    def _arguments(self, text: str) -> str:
        for each in self._filters:
            try:
                text = screen_arguments(text, each.find)
            except Blocked as error:
                each.block(error.reason)
        return text

    def _flush(self, index: int) -> list[bytes]:
        delta: dict[str, Any] = {}
        for key in [key for key in self._windows if key[0] == index]:
            rest = self._pass(key, "", last=True)
            del self._windows[key]
            if rest:
                delta[key[1][0]] = rest
        calls = []
        for key in [key for key in self._held if key[0] == index]:
            arguments = self._arguments(self._held.pop(key))
            calls.append({"index": key[1][1], "function": {"arguments": arguments}})
        if calls:
            delta["tool_calls"] = calls
        if not delta or self._last is None:
            return []
        choice = {"index": index, "delta": delta, "finish_reason": None}
        payload = {**self._last, "choices": [choice]}
        return [encode_event(json.dumps(payload, separators=(",", ":")).encode())]


class Held:
    """A stream held until it has ended, for guards that must see it whole."""

    def __init__(self) -> None:
        self.said = Transcript()
        self._events: list[tuple[Event, dict[str, Any] | None]] = []
        self._size = 0

    def feed(self, event: Event) -> None:
        """Keep one event.

        Raises:
            GuardError: It cannot be read, or there are too many.
        """
        payload = payload_of(event)
        self._size += len(event.raw)
        if self._size > MAX_WHOLE_BYTES:
            raise GuardError("the stream is too long to be held")
        if payload is not None:
            self.said.add(payload)
        self._events.append((event, payload))

    def release(self, texts: dict[tuple[int, Key], str] | None) -> Iterator[bytes]:
        """Yield the events; with *texts*, each text stands where its first piece stood."""
        left = None if texts is None else dict(texts)
        for event, payload in self._events:
            if left is None or payload is None or not choices_of(payload):
                yield event.raw
                continue
            for at, choice in enumerate(choices_of(payload)):
                index = index_of(choice, at)
                for key, place in places(choice):
                    place.holder[place.member] = left.pop((index, key), "")
            yield rewritten(event, payload)
