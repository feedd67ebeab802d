"""Calls through the mounted stack, in this process, to a stand-in upstream.

Nothing reaches AssemblyAI, and nothing is written to the operator's ledger: during the probes the
stack's inside is replaced by one of the same configuration, with a transport that opens no socket
and its own ledger, and without guards, callbacks and Redis.
"""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from ...config import Config
from ...config.values import DEFAULT_ROUTES, Settlement
from ...routes import CHAT_DOOR, route_for
from ...secret import Secret
from ...stack import AssemblyAIMiddleware
from ...transport import Headers, Origin, Request, Timeouts
from .app import Mounted
from .finding import Finding

EVENTS = 16
# The translator may look one event ahead, a compressor's first block is some events long.
EARLY = 4
BODY = bytes(range(256)) * 1024
TAIL = "/v2/as-it-was-sent/a%2Fb?x=%7e&y=[1]"
_SSE = (
    b'data: {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"content": "word"}}]}\n\n'
)


def probes(mounted: Mounted, app: Any) -> Iterator[Finding]:
    """Yield the findings of calls through *app*."""
    config = mounted.middleware.config
    with _on_stand_in(mounted.middleware) as (upstream, key):
        client = _Client(app, mounted, key)
        for probe in (_strangers, _bytes, _bodies, _streams, _regions):
            try:
                yield from probe(client, upstream, config)
            except Exception as error:
                yield Finding("wrong", probe.__name__[1:], f"{type(error).__name__}: {error}")


def _strangers(client: _Client, upstream: _Upstream, config: Config) -> Iterator[Finding]:
    """Without a key, our own 401 and nothing else."""
    for prefix in [*config.upstreams, *config.doors]:
        reply = client.ask("GET", prefix if prefix in config.doors else prefix + "/v2/x")
        if reply.status != 401 or b'"error"' not in reply.body:
            yield Finding(
                "wrong",
                "mount",
                f"{prefix}: something outside answers {reply.status} before AssemblyAIMiddleware "
                "is asked",
                "wrap the app in AssemblyAIMiddleware later, so that it stands outside",
            )
            return
    if upstream.seen:
        yield Finding("wrong", "mount", "a request without a key got through")
        return
    yield Finding("ok", "mount", f"at {client.mount or '/'}; without a key the answer is 401")


def _bytes(client: _Client, upstream: _Upstream, config: Config) -> Iterator[Finding]:
    """The target and the key arrive as they were sent."""
    prefix = _first(config, "api")
    if prefix is None:
        return
    reply = client.ask("GET", prefix + TAIL, key=True)
    if reply.status == 401:
        yield Finding(
            "wrong", "key", "a middleware outside removes Authorization", "remove that middleware"
        )
    elif not upstream.seen or not upstream.seen[-1].target.endswith(TAIL):
        yield Finding(
            "wrong",
            "target",
            f"a middleware outside changes paths (the answer is {reply.status})",
            "what sets PATH_INFO has to leave RAW_URI and SCRIPT_NAME in step",
        )
    else:
        yield Finding("ok", "target", "paths and queries go through byte for byte")


def _bodies(client: _Client, upstream: _Upstream, config: Config) -> Iterator[Finding]:
    """Uploads arrive whole, sized and chunked."""
    prefix = _first(config, "api")
    if prefix is None:
        return
    for name, chunked in (("sized", False), ("chunked", True)):
        before = len(upstream.seen)
        reply = client.ask("POST", prefix + "/v2/upload", key=True, body=BODY, chunked=chunked)
        bodies = [seen.body for seen in upstream.seen[before:]]
        limit = config.limits.max_upload_bytes
        if reply.status == 413 and limit is not None and limit < len(BODY):
            return
        if bodies != [BODY]:
            yield Finding(
                "wrong",
                "bodies",
                f"a {name} upload does not arrive whole (the answer is {reply.status}): a "
                "middleware outside reads wsgi.input",
                "put it inside AssemblyAIMiddleware",
            )
            return
    yield Finding("ok", "bodies", "sized and chunked uploads go through whole")


def _streams(client: _Client, upstream: _Upstream, config: Config) -> Iterator[Finding]:
    """The first event is out before the last one is in."""
    asked = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    prefix = _first(config, "llm-gateway")
    if prefix is None:
        return
    path, body = f"{prefix}/v1/chat/completions", json.dumps(asked).encode()
    reply = client.start("POST", path, key=True, body=body, json=True)
    try:
        pulled = next((upstream.pulled for block in reply.blocks if block), 0)
    finally:
        reply.close()
    if not pulled:
        yield Finding("wrong", "streams", f"no event came (the answer is {reply.status})")
    elif pulled > EARLY:
        yield Finding(
            "wrong",
            "streams",
            f"the first event comes after {pulled} of {EVENTS}: a middleware outside collects "
            f"the reply ({', '.join(client.outer)})",
            "put it inside AssemblyAIMiddleware",
        )
    else:
        yield Finding("ok", "streams", "events go out as they come in")


def _regions(client: _Client, upstream: _Upstream, config: Config) -> Iterator[Finding]:
    """No request of an EU route reaches a host that other routes use."""
    others = {
        Origin.parse(up.base_url).authority for up in config.upstreams.values() if up.region != "eu"
    }
    others |= {
        Origin.parse(url).authority
        for prefix, url in DEFAULT_ROUTES.items()
        if route_for(prefix, url).region != "eu"
    }
    asked = 0
    before = len(upstream.seen)
    for prefix, up in config.upstreams.items():
        if up.region == "eu":
            asked += 1
            client.ask("GET", prefix + "/v2/transcript", key=True)
            client.ask("POST", prefix + "/v2/upload", key=True, body=b"x")
    chat = next((at for at, door in config.doors.items() if door is CHAT_DOOR), None)
    if any(entry.region == "eu" for entry in config.models) and chat is not None:
        names = [entry.model_name for entry in config.models if entry.region == "eu"]
        for name in names:
            body = {
                "model": name.replace("*", "gpt-5"),
                "messages": [{"role": "user", "content": "x"}],
            }
            asked += 1
            client.ask(
                "POST",
                chat,
                key=True,
                body=json.dumps(body).encode(),
                json=True,
            )
    strays = sorted({seen.authority for seen in upstream.seen[before:]} & others)
    if strays:
        yield Finding(
            "wrong",
            "EU routing",
            f"EU requests reach {', '.join(strays)}, where routes of other regions lead",
            "see routes, model_list",
        )
    elif asked:
        yield Finding("ok", "EU routing", "EU requests reach no host of another region's route")


def _first(config: Config, service: str) -> str | None:
    return next((at for at, route in config.routes.items() if route.service == service), None)


# The stand-in.


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    authority: str
    target: str
    body: bytes


class _Upstream:
    """A `Transport` that answers requests itself and records them.

    Attributes:
        pulled: How many events of the last stream were taken.
    """

    def __init__(self) -> None:
        self.seen: list[_Seen] = []
        self.pulled = 0

    def send(self, origin: Origin, request: Request, timeouts: Timeouts) -> _Reply:
        """Answer *request*; no socket is opened."""
        body = request.body
        whole = body if isinstance(body, bytes) else b"".join(body or ())
        request.sent = True
        self.seen.append(_Seen(origin.authority, origin.base_path + request.target, whole))
        if b'"stream": true' in whole:
            self.pulled = 0
            return _Reply("text/event-stream", self._events())
        answer = {"upload_url": "https://cdn.assemblyai.com/upload/x", "transcripts": []}
        return _Reply("application/json", iter([json.dumps(answer).encode()]))

    def _events(self) -> Iterator[bytes]:
        for _ in range(EVENTS):
            self.pulled += 1
            yield _SSE
        yield b"data: [DONE]\n\n"


class _Reply:
    """An `UpstreamReply` of given blocks."""

    whole: bytes | None = None

    def __init__(self, content_type: str, blocks: Iterator[bytes]) -> None:
        self.status, self.reason = 200, "OK"
        self.headers: Headers = [("Content-Type", content_type)]
        self._blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def __next__(self) -> bytes:
        return next(self._blocks)

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _on_stand_in(middleware: AssemblyAIMiddleware) -> Iterator[tuple[_Upstream, str]]:
    """Replace the stack's inside; give the stand-in, and a key that works during the block."""
    upstream, key = _Upstream(), secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="assemblyai-mw-check-") as folder:
        config = dataclasses.replace(
            middleware.config,
            master_key=Secret(key),
            database_url=f"sqlite:///{folder}/probe.db",
            redis_url=None,
            guardrails=(),
            callbacks=(),
            settlement=Settlement(enabled=False),
        )
        # The costs of the stand-in's answers are not logged.
        log = logging.getLogger("assemblyai_mw")
        kept, level = middleware.app, log.level
        middleware.app = AssemblyAIMiddleware(_no_host, config, transport=upstream).app
        log.setLevel(logging.CRITICAL)
        try:
            yield upstream, key
        finally:
            middleware.app = kept
            log.setLevel(level)


def _no_host(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """In the host app's place: a probe that gets here has missed the stack."""
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


# The caller.


@dataclasses.dataclass(slots=True)
class _Answer:
    status: int
    blocks: Iterable[bytes]
    body: bytes = b""

    def close(self) -> None:
        close = getattr(self.blocks, "close", None)
        if close is not None:
            close()


class _Client:
    """Calls *app* as Gunicorn would."""

    def __init__(self, app: Any, mounted: Mounted, key: str) -> None:
        self.app, self._key = app, key
        self.mount, self.outer = mounted.mount, mounted.outer

    def ask(self, method: str, target: str, **options: Any) -> _Answer:
        """Return the whole answer."""
        answer = self.start(method, target, **options)
        try:
            answer.body = b"".join(answer.blocks)
        finally:
            answer.close()
        return answer

    def start(
        self,
        method: str,
        target: str,
        *,
        key: bool = False,
        body: bytes = b"",
        chunked: bool = False,
        json: bool = False,
    ) -> _Answer:
        """Return the answer once its head is there."""
        raw = self.mount + target
        path, _, query = raw.partition("?")
        builder = EnvironBuilder(path, "http://localhost/", query_string=query, method=method)
        environ = builder.get_environ()
        environ |= {"RAW_URI": raw, "REQUEST_URI": raw, "QUERY_STRING": query}
        environ["wsgi.input"] = io.BytesIO(body)
        if chunked:
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
            environ.pop("CONTENT_LENGTH", None)
        elif body:
            environ["CONTENT_LENGTH"] = str(len(body))
        if json:
            environ["CONTENT_TYPE"] = "application/json"
        if key:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self._key}"
        blocks, status, _ = run_wsgi_app(self.app, environ)
        return _Answer(int(status[:3]), blocks)
