"""The LLM Gateway's events -> `chat.completion.chunk`s, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...http.sse import Event
from .choice_state import ChoiceState
from .errors import ApiError, event_error, of_status
from .exchange import EventWriter
from .form import AS_IT_COMES, ReplyForm
from .models import Target
from .reply import (
    answered_by,
    calls_of,
    created_at,
    finish_reason,
    reply_id,
    to_usage,
)


class ChunkStream:
    """One stream on its way to the caller.

    Feed it the gateway's events in order; each call returns the events to send on, for OpenAI's
    chat most often one. `id`, `created` and `model` stay as in the first chunk.

    Args:
        target: The requested model.
        created: Unix seconds, where the gateway gives none.
        fallback_id: Makes the `id` where the gateway gave none.
        writer: Writes the chunks as the events of the caller's API.
        form: Cuts texts and calls as the request asked; the rest is read for its usage.
        cost: Returns the cost in dollars at the stream's end, for the usage; None if unknown.

    Attributes:
        done: The stream is whole: the gateway said `[DONE]`, or every choice had finished.
        usage: The usage as last said, or None.
        error: The error that broke it, or None.
    """

    def __init__(
        self,
        target: Target,
        *,
        created: int,
        fallback_id: str,
        writer: EventWriter,
        form: ReplyForm = AS_IT_COMES,
        cost: Callable[[], float | None] | None = None,
    ) -> None:
        self._target = target
        self._created = created
        self._fallback_id = fallback_id
        self._writer = writer
        self._form = form
        self._cost = cost
        self._head: dict[str, Any] | None = None
        self.usage: dict[str, Any] | None = None
        self._choices: dict[int, ChoiceState] = {}
        self.done = False
        self.error: ApiError | None = None

    def feed(self, event: Event) -> list[bytes]:
        """Return the caller's events for one of the gateway's; none after the end."""
        if self.done or self.error or event.data is None:
            return []
        data = event.data.strip()
        if not data:
            # Some providers keep a connection open with these.
            return []
        if data == b"[DONE]":
            return self._whole()
        try:
            payload = json.loads(data)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            return self.fail("The LLM Gateway sent an event that is no JSON object.")
        choices = [] if payload.get("choices") is None else payload["choices"]
        if event.event == b"error" or payload.get("error") or not isinstance(choices, list):
            return self._broken(event_error(payload))
        if "choices" not in payload and "message" in payload:
            return self._broken(event_error(payload))
        usage = to_usage(payload.get("usage"))
        if usage is not None:
            self.usage = usage
        translated = [
            self._choice(choice, at)
            for at, choice in enumerate(choices)
            if isinstance(choice, dict)
        ]
        said = [choice for choice in translated if choice is not None]
        return self._writer.chunk(self._chunk(payload, said)) if said else []

    def end(self) -> list[bytes]:
        """Return what to send when the gateway's HTTP reply ended as it should.

        Without `[DONE]` the stream is whole if every choice has finished: OpenAI's own client
        takes it so.
        """
        if self.done or self.error:
            return []
        if self._choices and all(state.finished for state in self._choices.values()):
            return self._whole()
        return self.fail("The LLM Gateway's stream ended before its end.")

    def fail(self, message: str) -> list[bytes]:
        """Break the stream with a `server_error` that says *message*."""
        return [] if self.done or self.error else self._broken(of_status(502, message))

    def _whole(self) -> list[bytes]:
        self.done = True
        head = self._head or {
            "id": reply_id({}, self._fallback_id),
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._target.name,
        }
        cost = self._cost() if self._cost is not None else None
        usage = self.usage
        if usage is not None and cost is not None:
            usage = {**usage, "cost": cost}
        return self._writer.end(head, usage)

    def _broken(self, error: ApiError) -> list[bytes]:
        self.error = error
        return self._writer.error(error)

    def _chunk(self, payload: dict[str, Any], choices: list[dict[str, Any]]) -> dict[str, Any]:
        if self._head is None:
            self._head = {
                "id": reply_id(payload, self._fallback_id),
                "object": "chat.completion.chunk",
                "created": created_at(payload, self._created),
                "model": answered_by(payload.get("model"), self._target),
            }
        chunk = {**self._head, "choices": choices}
        for name in ("system_fingerprint", "service_tier"):
            if isinstance(payload.get(name), str):
                chunk[name] = payload[name]
        return chunk

    def _choice(self, choice: dict[str, Any], at: int) -> dict[str, Any] | None:
        """Return the choice as OpenAI's, or None where nothing of it is passed on now."""
        index = choice.get("index")
        index = index if isinstance(index, int) and not isinstance(index, bool) else at
        state = self._choices.get(index)
        if state is None:
            state = ChoiceState(f"{self._fallback_id}_{index}", self._form)
            self._choices[index] = state
        elif state.cut:
            return None
        # Some providers frame a whole message as one event.
        source = choice.get("delta")
        if not isinstance(source, dict):
            source = choice.get("message")
        if not isinstance(source, dict):
            source = {}
        reason = choice.get("finish_reason")
        delta = state.delta(source, calls_of(choice, source), last=bool(reason))
        if delta is None:
            return None
        reason = "stop" if state.cut else reason
        return {
            "index": index,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish_reason(reason, called=state.called) if reason else None,
        }


def completion_as_events(completion: dict[str, Any], writer: EventWriter) -> list[bytes]:
    """Return a whole `chat.completion` as the events of a valid stream, its end included."""
    head = {
        "id": completion["id"],
        "object": "chat.completion.chunk",
        "created": completion["created"],
        "model": completion["model"],
    }
    for name in ("system_fingerprint", "service_tier"):
        if name in completion:
            head[name] = completion[name]
    events: list[bytes] = []

    def say(index: int, delta: dict[str, Any], reason: str | None = None) -> None:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
        events.extend(writer.chunk({**head, "choices": [choice]}))

    for choice in completion["choices"]:
        index, message = choice["index"], choice["message"]
        say(index, {"role": "assistant", "content": "" if message["content"] else None})
        for name in ("content", "refusal"):
            if message[name]:
                say(index, {name: message[name]})
        for at, call in enumerate(message.get("tool_calls", ())):
            say(index, {"tool_calls": [{"index": at, **call}]})
        say(index, {}, choice["finish_reason"])
    return [*events, *writer.end(head, completion["usage"])]
