"""A streamed chat reply on its way through the guards."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import UpstreamError
from ..http.sse import Event, SSESplitter, WholeEvents, encode_event, parse_event
from ..http.wsgi import Reply
from .protocol import GuardError, Guardrail
from .verdicts import LINE, Refused, failed, filter_of, verdict_of
from .windows import Flowing, Held, Transcript, is_done, payload_of

if TYPE_CHECKING:
    from ..call import Call

logger = logging.getLogger("assemblyai_mw.guardrails")

# Bytes to read after a block, to learn the call's usage; then the stream is closed.
MAX_REST_BYTES = 16 * 1024 * 1024


class GuardedStream(WholeEvents):
    """A streamed chat reply, guarded event by event."""

    def __init__(self, reply: Reply, guards: tuple[Guardrail, ...], call: Call) -> None:
        self._reply = reply
        self._call = call
        self._splitter = SSESplitter()
        self._ready: deque[bytes] = deque()
        self._over = False
        self._blocked = False
        acting = [guard for guard in guards if not guard.only_logs]
        self._watching = [guard for guard in guards if guard.only_logs]
        self._watched = Transcript() if self._watching else None
        self._acting = acting
        self._flowing: Flowing | None = None
        self._held: Held | None = None
        if all(callable(getattr(guard.guard, "find", None)) for guard in acting):
            if acting:
                self._flowing = Flowing([filter_of(guard, call) for guard in acting])
        else:
            self._held = Held()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._ready:
            if self._blocked:
                self._drain()
            if self._over:
                raise StopIteration
            self._pull()
        return self._ready.popleft()

    def close(self) -> None:
        """Close the stream within, which ends its count."""
        self._over = True
        self._ready.clear()
        self._reply.close()

    def _pull(self) -> None:
        try:
            try:
                events = self._splitter.feed(next(self._reply))
            except StopIteration:
                self._over = True
                rest = self._splitter.flush()
                if rest:
                    self._event(parse_event(rest))
                self._end()
                return
            except ValueError as error:
                raise GuardError("the stream holds an event that is too long") from error
            for event in events:
                self._event(event)
        except Refused as error:
            self._break(error.message, error.status, error.code or "")
        except GuardError as error:
            for guard in self._acting:
                logger.error(LINE, guard.name, self._call.id, "after", "failed", error)
            self._break("A guardrail could not read the stream.", 503, "guardrail_failed")

    def _event(self, event: Event) -> None:
        self._watch(event)
        if self._flowing is not None:
            self._ready += self._flowing.feed(event)
        elif self._held is not None:
            # A comment keeps the connection open, and carries no text.
            if event.data is None:
                self._ready.append(event.raw)
                return
            self._held.feed(event)
            if is_done(event):
                self._release()
        else:
            self._ready.append(event.raw)
        if is_done(event):
            self._report()

    def _end(self) -> None:
        if self._flowing is not None:
            self._ready += self._flowing.end()
        if self._held is not None:
            self._release()
        self._report()

    def _release(self) -> None:
        """Release a held stream, as changed by its guards."""
        held, self._held = self._held, None
        if held is None:
            return
        completion: Any = held.said.completion()
        texts = None
        for guard in self._acting:
            after = guard.guard.after
            verdict = verdict_of(guard, "after", self._call, after, self._call, copy_of(completion))
            if verdict is not None:
                completion, texts = verdict, held.said.changed_to(verdict)
        self._ready += held.release(texts)

    def _watch(self, event: Event) -> None:
        if self._watched is None:
            return
        try:
            payload = payload_of(event)
            if payload is not None:
                self._watched.add(payload)
        except GuardError as error:
            self._watched = None
            for guard in self._watching:
                failed(guard, "after", self._call, error)

    def _report(self) -> None:
        """Run the guards that only log, once the stream is complete."""
        watched, self._watched = self._watched, None
        if watched is not None:
            completion = watched.completion()
            for guard in self._watching:
                after = guard.guard.after
                verdict_of(guard, "after", self._call, after, self._call, copy_of(completion))

    def _break(self, message: str, status: int, code: str) -> None:
        kind = "invalid_request_error" if status < 500 else "server_error"
        error = {"message": message, "type": kind, "param": None, "code": code}
        payload = json.dumps({"error": error, "code": status}).encode()
        self._ready.append(encode_event(payload))
        self._held = self._flowing = self._watched = None
        self._blocked = True

    def _drain(self) -> None:
        """Read the rest for the meter: the usage comes at the end of the stream."""
        self._over = True
        size = 0
        try:
            for block in self._reply:
                size += len(block)
                if size > MAX_REST_BYTES:
                    break
        except UpstreamError as error:
            logger.warning("call=%s: the blocked stream broke off: %s", self._call.id, error)


def copy_of(value: Any) -> Any:
    return json.loads(json.dumps(value))
