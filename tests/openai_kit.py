"""What the OpenAI tests share: strict reading of OpenAI's objects, and a scripted inner app."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.dialects.chat import Target

HELLO = [{"role": "user", "content": "Hello"}]
TARGET = Target("assemblyai/gpt-5-mini", "gpt-5-mini", "us", "/llm-gateway.assemblyai")
KINDS: dict[str, type[BaseModel]] = {
    "chat.completion": ChatCompletion,
    "chat.completion.chunk": ChatCompletionChunk,
    "model": Model,
}


def strictly(payload: dict[str, Any]) -> Any:
    """Return *payload* as openai-python's type for it: all it asks for, nothing it knows not."""
    item = KINDS[payload["object"]].model_validate(payload, strict=True)
    assert unknown(item) == []
    return item


def unknown(item: Any, path: str = "") -> list[str]:
    """Return the members, at any depth, that openai-python has no field for."""
    found: list[str] = []
    if isinstance(item, BaseModel):
        found += [f"{path}.{name}" for name in item.model_extra or ()]
        for name in type(item).model_fields:
            found += unknown(getattr(item, name), f"{path}.{name}")
    elif isinstance(item, list):
        for at, inner in enumerate(item):
            found += unknown(inner, f"{path}[{at}]")
    return found


def is_error(payload: Any) -> bool:
    """Whether *payload* is exactly OpenAI's error object."""
    error = payload["error"]
    return (
        set(payload) == {"error"}
        and set(error) == {"message", "type", "param", "code"}
        and isinstance(error["message"], str)
        and isinstance(error["type"], str)
        and all(error[name] is None or isinstance(error[name], str) for name in ("param", "code"))
    )


class Body:
    """A reply's body that tells what was done with it."""

    def __init__(self, items: Iterable[bytes | BaseException]) -> None:
        self.items = iter(items)
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        item = next(self.items)
        if isinstance(item, BaseException):
            raise item
        self.taken += 1
        return item

    def close(self) -> None:
        self.closed += 1


class Gateway:
    """The app below the translator: answers as told, and keeps what it was asked."""

    def __init__(self, *replies: tuple[int, Any] | tuple[int, Any, list[tuple[str, str]]]) -> None:
        self.replies = list(replies)
        self.asked: list[dict[str, Any]] = []
        self.bodies: list[Body] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Body:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        raw = environ["wsgi.input"].read(size) if size else b""
        call = environ.get(CALL_KEY)
        self.asked.append(
            {
                "environ": dict(environ),
                "path": environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
                "json": json.loads(raw) if raw else None,
                "route": call.route if call else None,
                "call_path": call.path if call else None,
                "caller": call.caller if call else None,
            }
        )
        status, content, *more = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        headers = list(more[0]) if more else []
        names = {name.lower() for name, _ in headers}
        if isinstance(content, Body):
            body = content
            kind = "text/event-stream"
        elif isinstance(content, bytes):
            body, kind = Body([content]), "text/plain"
        else:
            body, kind = Body([json.dumps(content).encode()]), "application/json"
        if "content-type" not in names:
            headers.append(("Content-Type", kind))
        self.bodies.append(body)
        start_response(f"{status} Whatever", headers)
        return body

    @property
    def chats(self) -> list[Any]:
        """The JSON of the chat requests that arrived."""
        return [asked["json"] for asked in self.asked if asked["path"].endswith("/completions")]


def environ_of(
    path: str, *, method: str = "POST", body: bytes = b"", **more: Any
) -> dict[str, Any]:
    """Return an environ as a server would make it."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


class Answered:
    """What an app answered to one request."""

    def __init__(self, app: Any, environ: dict[str, Any], *, read: bool = True) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            self.status = int(status[:3])
            self.headers = {name.lower(): value for name, value in headers}

        self.iterable = app(environ, start_response)
        self.items: list[bytes] = []
        if read:
            self.items = list(self.iterable)
            self.close()

    def close(self) -> None:
        close = getattr(self.iterable, "close", None)
        if close is not None:
            close()

    @property
    def json(self) -> Any:
        return json.loads(b"".join(self.items))

    @property
    def events(self) -> list[Any]:
        """The stream's data, parsed; `[DONE]` as it is. One event an item is part of the claim."""
        found: list[Any] = []
        for item in self.items:
            assert item.startswith(b"data: ")
            assert item.endswith(b"\n\n")
            assert item.count(b"\n") == 2
            data = item[6:-2]
            found.append("[DONE]" if data == b"[DONE]" else json.loads(data))
        return found


def chat(app: Any, body: Any = None, /, *, read: bool = True, **fields: Any) -> Answered:
    """Send a chat request to *app*: bytes as they are, or a small request with *fields*."""
    if not isinstance(body, bytes):
        request = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, **fields}
        body = json.dumps(request if body is None else body).encode()
    return Answered(app, environ_of("/v1/chat/completions", body=body), read=read)


def sse(*payloads: Any) -> list[bytes]:
    """Return payloads as a gateway's events."""
    return [
        b"data: " + (p if isinstance(p, bytes) else json.dumps(p).encode()) + b"\n\n"
        for p in payloads
    ]
