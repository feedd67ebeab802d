"""A gateway's reply on its way to an OpenAI client: read whole, or turned event by event."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...errors import UpstreamError, status_line
from ...http.encoding import decode
from ...http.messages import BODY_FIELDS
from ...http.sse import Event, SSESplitter, WholeEvents, parse_event
from ...http.wsgi import Headers, Reply
from ...routes import Dialect
from . import ApiError, BadReply, ChunkStream, to_error
from .errors import is_openai, of_status, parsed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.openai")

MAX_ERROR_BYTES = 1 << 20
# A provider that says one of these in a reply with status 200 has not worked on the request.
_WITHOUT_A_REPLY = frozenset({429, 503, 529})
# What may follow `[DONE]` and is read so that the connection can be used again.
MAX_REST_BYTES = 64 << 10
EVENT_STREAM = "text/event-stream"
# These describe a body that the translation replaces, its type, and how it is passed on.
_REPLACED = BODY_FIELDS | {"content-type", "x-accel-buffering"}


class Answer:
    """A WSGI app with one fixed reply."""

    def __init__(self, head: tuple[str, Headers], body: Iterable[bytes]) -> None:
        self._head = head
        self._body = body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(*self._head)
        return self._body


class EventBody:
    """The caller's stream: one event an item, each as soon as the gateway's is whole."""

    def __init__(self, reply: Reply, chunks: ChunkStream) -> None:
        self._reply = reply
        self._chunks = chunks
        # Guards have split their stream already.
        self._splitter = None if reply.is_a(WholeEvents) else SSESplitter()
        self._ready: deque[bytes] = deque()
        self._over = False

    def begin(self) -> ApiError | None:
        """Wait for the first event; return its error, if it is one."""
        if (self._reply.header("content-encoding") or "identity").lower() != "identity":
            return of_status(502, "The LLM Gateway's stream is compressed.")
        while not self._ready and not self._over:
            self._pull()
        if self._chunks.error is not None and len(self._ready) == 1:
            return self._chunks.error
        return None

    def __iter__(self) -> EventBody:
        return self

    def __next__(self) -> bytes:
        while not self._ready:
            if self._over:
                raise StopIteration
            self._pull()
        return self._ready.popleft()

    def close(self) -> None:
        """End the gateway's stream, whole or not."""
        self._over = True
        self._ready.clear()
        self._reply.close()

    def _pull(self) -> None:
        if self._chunks.done:
            self._over = True
            self._finish()
            return
        try:
            for event in self._events(next(self._reply)):
                self._ready += self._chunks.feed(event)
        except StopIteration:
            self._over = True
            if self._splitter is not None:
                # A last event may lack the empty line that should end it.
                self._ready += self._chunks.feed(parse_event(self._splitter.flush()))
            self._ready += self._chunks.end()
        except (UpstreamError, ValueError) as error:
            # ValueError: an event longer than any that means something.
            logger.warning("the LLM Gateway's stream broke off: %s", error)
            self._ready += self._chunks.fail("The LLM Gateway's stream broke off.")
        except Exception:
            logger.exception("the LLM Gateway's stream cannot be read")
            self._ready += self._chunks.fail("The LLM Gateway's stream broke off.")
        self._over = self._over or self._chunks.error is not None

    def _events(self, item: bytes) -> list[Event]:
        return [parse_event(item)] if self._splitter is None else self._splitter.feed(item)

    def _finish(self) -> None:
        """Read the reply's end, so that its connection can be used again."""
        size = 0
        try:
            for item in self._reply:
                size += len(item)
                if size > MAX_REST_BYTES:
                    break
        except UpstreamError as error:
            logger.debug("the LLM Gateway's stream broke off after its end: %s", error)


def media_type(reply: Reply) -> str:
    """Return the reply's media type, without parameters."""
    return (reply.header("content-type") or "").partition(";")[0].strip().lower()


def read_body_of(reply: Reply, max_bytes: int) -> bytes:
    """Return a reply's body, without its Content-Encoding.

    Raises:
        BadReply: It is too long, or in an encoding that cannot be undone.
    """
    blocks, size = [], 0
    for block in reply:
        size += len(block)
        if size > max_bytes:
            raise BadReply("it is too long")
        blocks.append(block)
    body = decode(b"".join(blocks), reply.header("content-encoding"), max_bytes=max_bytes)
    if body is None:
        raise BadReply("its Content-Encoding cannot be undone")
    return body


def read_json(reply: Reply, max_bytes: int) -> Any:
    """Return a reply's body as JSON.

    Raises:
        BadReply: It is not JSON.
        UpstreamError: It broke off.
    """
    payload = parsed(read_body_of(reply, max_bytes))
    if payload is None:
        raise BadReply("it is not JSON")
    return payload


def read_error(reply: Reply, dialect: Dialect = "openai") -> tuple[ApiError, bytes | None]:
    """Return what *reply* says went wrong, and its body where that is *dialect*'s already."""
    try:
        body = read_body_of(reply, MAX_ERROR_BYTES)
    except (BadReply, UpstreamError) as fault:
        logger.warning("the LLM Gateway's error cannot be read: %s", fault)
        body = b""
    payload = parsed(body)
    error = to_error(reply.status_code, payload)
    if error.code == "upstream_credentials" and not is_openai(payload):
        logger.error("the LLM Gateway refused the account's key: check it")
    spoken = is_openai(payload) and (payload.get("type") == "error") == (dialect == "anthropic")
    return error, body if spoken else None


def failure(
    reply: Reply, error: ApiError, own: bytes | None = None, *, dialect: Dialect = "openai"
) -> WSGIApplication:
    """Answer with *error* in *dialect*; *own* is a body that already says it."""
    body = json.dumps(error.payload(dialect)).encode() if own is None else own
    _, headers = head(reply, "application/json", error.request_id, body)
    if reply.status_code // 100 == 2 and error.status not in _WITHOUT_A_REPLY:
        # The model may have worked, and been billed: OpenAI's clients would pay for it thrice.
        headers.append(("x-should-retry", "false"))
    return Answer((status_line(error.status), headers), [body])


def head(
    reply: Reply, media_type: str, request_id: str | None = None, body: bytes | None = None
) -> tuple[str, Headers]:
    """Return the head of a translated reply: `retry-after`, limits and all else are kept."""
    kept = [(name, value) for name, value in reply.headers if name.lower() not in _REPLACED]
    if request_id and reply.header("x-request-id") is None and request_id.isprintable():
        # OpenAI's clients show this one in their exceptions.
        kept.append(("x-request-id", request_id.encode("ascii", "replace").decode()))
    kept.append(("Content-Type", media_type))
    if media_type == EVENT_STREAM:
        if reply.header("cache-control") is None:
            kept.append(("Cache-Control", "no-cache"))
        # nginx would keep events back until a buffer is full.
        kept.append(("X-Accel-Buffering", "no"))
    if body is not None:
        kept.append(("Content-Length", str(len(body))))
    return "200 OK", kept
