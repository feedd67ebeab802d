"""AssemblyAI as one that does whatever it is asked, and remembers each body."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from stack_kit import Stack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

USAGE = {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20}


class Recorder:
    """A WSGI app that answers 200 to anything.

    Attributes:
        bodies: What POST requests held, in their order.
        model: Which model a chat is said to have used.
        look: Called with each chat or submit while it is under way.
    """

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.model = "gpt-5-nano"
        self.look: Callable[[], object] = bool
        self._ids = (f"recorded-{n:08d}" for n in itertools.count())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        reply: dict[str, Any]
        if environ["REQUEST_METHOD"] == "POST":
            self.bodies.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            self.look()
        if path == "/v1/chat/completions":
            reply = {"request_id": "r", "model": self.model, "usage": USAGE, "choices": []}
        elif path == "/v1/understanding":
            reply = {"request_id": "r", "speech_understanding": {}}
        elif path == "/v2/transcript":
            reply = {"id": next(self._ids), "status": "queued"}
        else:
            reply = {
                "id": path.rpartition("/")[2],
                "status": "completed",
                "audio_duration": 60,
                "speech_model_used": "universal-2",
            }
        body = json.dumps(reply).encode()
        start_response(
            "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        return [body]


def recording(database_url: str, **config: Any) -> tuple[Stack, Recorder]:
    """Return a stack whose upstream is a recorder."""
    stack, recorder = Stack(database_url, **config), Recorder()
    for host in ("api.assemblyai.com", "llm-gateway.assemblyai.com"):
        stack.transport._hosts[host] = recorder
    return stack, recorder
