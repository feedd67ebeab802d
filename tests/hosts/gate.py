"""A stand-in of the LLM Gateway whose streams wait in the middle, and say how they end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'
EVENTS, GAP_S, PATIENCE_S = 200, 0.02, 5.0


class Stream:
    """One reply: two events, then nothing until `go`.

    Attributes:
        go: Set it to have the rest sent.
        more: Events between those and the rest.
        ended: Set at its end.
        waited_out: Whether the rest was sent without `go`, since it did not come in time.
        whole: Whether all of it was read.
    """

    def __init__(self, more: int) -> None:
        self.go, self.ended = threading.Event(), threading.Event()
        self.more = more
        self.waited_out = self.whole = False

    def of(self, body: Iterable[bytes]) -> Iterator[bytes]:
        try:
            for number, event in enumerate(body):
                if number == 0:
                    # They tell no usage, as AssemblyAI's may. The first may go with the head.
                    yield EVENT
                    self.ended.wait(GAP_S)
                    yield EVENT
                    self.waited_out = not self.go.wait(PATIENCE_S)
                    for _ in range(self.more):
                        yield EVENT
                        self.ended.wait(GAP_S)
                yield event
            self.whole = True
        finally:
            self.ended.set()


class Gate:
    """The gateway; replies are held after `hold`."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._next: Stream | None = None

    def hold(self, more: int = 0) -> Stream:
        """Return what the next reply will be."""
        self._next = Stream(more)
        return self._next

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._app(environ, start_response)
        stream, self._next = self._next, None
        return body if stream is None else stream.of(body)
