"""The operations of AssemblyAI's hosts: one row for each that their documentation describes.

A new operation begins here. Every stage finds a request's operation in this table; none has its own
list of paths. Paths and methods are those of AssemblyAI's OpenAPI and AsyncAPI files (openapi.yml,
llm-gateway.yml, streaming-token.yml), of its Python SDK 1.8.2, and of its pages on the synchronous,
dictation, speech synthesis, Voice Agent and token APIs. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from ..http.paths import canonical
from .agents import ObjectKind, agent_outcome
from .replies import (
    chat_outcome,
    clip_outcome,
    session_outcome,
    transcript_outcome,
    understanding_outcome,
)
from .usage import Outcome, Usage

Reader = Callable[[Any, Mapping[str, Any] | None, str], Outcome]

# Writes without a row: recorded, without a price.
OTHER = "other"
# The kind that guards see for a transcript that is read.
RESULT = "result"
READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# The hosts that know transcripts by their ids; the others take audio or text, and nothing else.
TRANSCRIPT_SERVICES = frozenset({"api", "llm-gateway"})
# On these hosts, a path without a row may open an unmetered session. On that of speech synthesis it
# may also name a cloned voice, whose owner is unknown here.
SESSION_SERVICES = frozenset({"streaming", "token", "agents", "tts"})
# On this host, objects have owners that the ledger knows; a path without a row may name some.
OBJECT_SERVICES = frozenset({"agents"})
# Every other host of AssemblyAI's: the owners of its objects are unknown here, so a key that knows
# an id could read, change and delete another owner's object.
OWNED_SERVICES = frozenset(
    {"api", "llm-gateway", "streaming", "token", "sync", "dictation", "tts", "agents"}
)

ID = r"[A-Za-z0-9_-]{1,128}"
# The longest audio of the sync and dictation APIs, seconds: 20 minutes where the file is sent
# whole, 120 seconds live (docs/sync-stt, read 2026-11-25; older pages say 120 for all). The
# path without a version is an older spelling that still answers (SDK 1.8.2; `/warm` in
# docs/api-reference/dictation-api/warm).
_CLIP_PATHS = {
    "/v1/transcribe": 1200,
    "/v1/transcribe/live": 120,
    "/v1/transcribe/stream": 120,
    "/transcribe": 1200,
}
# Speech synthesis in the shape of OpenAI's `audio/speech`.
OPENAI_SPEECH_PATH = "/v1/openai/audio/speech"
# The same as a stream of events, with the time of each word.
SPEECH_EVENTS_PATH = "/v1/speech/events"
_SEGMENTS = {"{id}": f"({ID})", "{object}": f"({ID})", "{part}": r"[a-z]+(?:-[a-z]+)*"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of AssemblyAI's.

    Attributes:
        service: The first name of its host: `api`, `llm-gateway`, `streaming`, ...
        method: As documented. HEAD asks for the same as GET.
        path: `{id}` is a transcript's id, `{object}` another object's, `{part}` a word of small
            letters.
        kind: Kind of billable work; None for free operations.
        body: The request's content: `json`; `query`, if the query holds the parameters; `bytes`,
            which are not read here; or `none`.
        ids: The body may name transcripts and uploads.
        words: Places of words for guards: the `request`, the `reply`.
        guarded_as: The kind that guards see; *kind*, or `result` for a transcript.
        prices: Sections of the price book, the one of its add-ons last.
        reader: Reads the usage from the reply's JSON; None if the reply does not tell.
        shows_end: Its reply may show how a transcript ended.
        metered: Its use is visible here. A token, by contrast, opens any session elsewhere.
        websocket: It is a handshake.
        session: Whose messages its session speaks, where sessions are relayed here: a name in
            `call.session_kind`; None for others.
        object: What its path or its reply is about, where it has an owner.
        max_audio_s: Longest audio that it takes, seconds; None where its hold does not ask.
    """

    service: str
    method: str
    path: str
    kind: str | None = None
    body: Literal["json", "query", "bytes", "none"] = "none"
    ids: bool = False
    words: frozenset[str] = frozenset()
    guarded_as: str | None = None
    prices: tuple[str, ...] = ()
    reader: Reader | None = None
    shows_end: bool = False
    metered: bool = True
    websocket: bool = False
    session: Literal["streaming", "agents", "tts"] | None = None
    object: ObjectKind | None = None
    max_audio_s: int | None = None

    @property
    def reads_transcripts(self) -> bool:
        """It shows a caller's own transcripts, results made from one, or the list of them."""
        return self.method == "GET" and self.path.startswith("/v2/transcript")


def _row(service: str, line: str, *, words: str = "", **columns: Any) -> Operation:
    """Return the row of `METHOD /path`."""
    method, path = line.split()
    found = frozenset(words.split())
    if found and "guarded_as" not in columns:
        columns["guarded_as"] = columns.get("kind") or RESULT
    return Operation(service, method, path, words=found, **columns)


def _clips(service: str) -> Iterable[Operation]:
    reader = partial(clip_outcome, kind=service)
    for path, max_audio_s in _CLIP_PATHS.items():
        yield _row(
            service,
            f"POST {path}",
            kind=service,
            body="bytes",
            words="reply",
            prices=(service,),
            reader=reader,
            max_audio_s=max_audio_s,
        )
    yield _row(service, "GET /v1/warm")
    yield _row(service, "GET /warm")


def _speech(path: str) -> Operation:
    # Its reply's head tells what it used.
    return _row("tts", f"POST {path}", kind="tts", body="json", words="request", prices=("tts",))


UPLOAD = _row("api", "POST /v2/upload", body="bytes")
SUBMIT = _row(
    "api",
    "POST /v2/transcript",
    kind="transcript",
    body="json",
    ids=True,
    words="request",
    prices=("transcript", "transcript_addon"),
    reader=transcript_outcome,
)
LIST = _row("api", "GET /v2/transcript")
READ = _row("api", "GET /v2/transcript/{id}", words="reply", shows_end=True)
DELETE = _row("api", "DELETE /v2/transcript/{id}", shows_end=True)
CHAT = _row(
    "llm-gateway",
    "POST /v1/chat/completions",
    kind="chat",
    body="json",
    ids=True,
    words="request reply",
    prices=("chat",),
    reader=chat_outcome,
)
UNDERSTANDING = _row(
    "llm-gateway",
    "POST /v1/understanding",
    kind="understanding",
    body="json",
    ids=True,
    words="request reply",
    prices=("transcript_addon",),
    reader=understanding_outcome,
)

# A token that is made here takes the place of AssemblyAI's own; by their services.
OWN_TOKENS: Mapping[str, Operation] = {
    "streaming": _row("streaming", "GET /v3/token"),
    "agents": _row("agents", "GET /v1/token"),
}
CREATE_AGENT = _row(
    "agents", "POST /v1/agents", body="json", words="request", guarded_as="agent", object="agent"
)
LIST_AGENTS = _row("agents", "GET /v1/agents", object="agent")
LIST_SESSIONS = _row("agents", "GET /v1/sessions", object="session")
READ_SESSION = _row("agents", "GET /v1/sessions/{object}", object="session")
SUBSCRIBE = _row(
    "agents", "POST /v1/webhook-subscriptions", body="json", object="webhook-subscription"
)
LIST_SUBSCRIPTIONS = _row("agents", "GET /v1/webhook-subscriptions", object="webhook-subscription")


def _agents() -> Iterable[Operation]:
    """Return the rows of agents.yaml, webhooks.yaml and voice-agent-api.yaml."""
    yield _row("agents", "GET /v1/token", kind="token", body="query", metered=False)
    yield _row(
        "agents",
        "GET /v1/ws",
        kind="agent",
        body="query",
        words="request reply",
        prices=("agent",),
        reader=agent_outcome,
        websocket=True,
        session="agents",
    )
    yield _row("agents", "GET /v1/voices")
    yield from (CREATE_AGENT, LIST_AGENTS)
    agent, subscription = "/v1/agents/{object}", "/v1/webhook-subscriptions/{object}"
    yield _row("agents", f"GET {agent}", object="agent")
    yield _row(
        "agents", f"PUT {agent}", body="json", words="request", guarded_as="agent", object="agent"
    )
    yield _row("agents", f"DELETE {agent}", object="agent")
    yield from (LIST_SESSIONS, READ_SESSION)
    yield _row("agents", "DELETE /v1/sessions/{object}", object="session")
    yield from (SUBSCRIBE, LIST_SUBSCRIPTIONS)
    yield _row("agents", f"GET {subscription}", object="webhook-subscription")
    yield _row("agents", f"PATCH {subscription}", body="json", object="webhook-subscription")
    yield _row("agents", f"DELETE {subscription}", object="webhook-subscription")


OPERATIONS: tuple[Operation, ...] = (
    UPLOAD,
    SUBMIT,
    LIST,
    READ,
    DELETE,
    _row("api", "GET /v2/transcript/{id}/sentences", words="reply", shows_end=True),
    _row("api", "GET /v2/transcript/{id}/paragraphs", words="reply", shows_end=True),
    _row("api", "GET /v2/transcript/{id}/redacted-audio"),
    # Subtitles, word search, and what tomorrow brings.
    _row("api", "GET /v2/transcript/{id}/{part}", words="reply"),
    # Two APIs that AssemblyAI has ended, for as long as their paths answer.
    _row(
        "api",
        "POST /lemur/v3/generate/{part}",
        kind="lemur",
        body="json",
        ids=True,
        words="request reply",
        prices=("lemur",),
        reader=partial(chat_outcome, kind="lemur"),
    ),
    _row("api", "POST /v2/realtime/token", kind="token", body="query", metered=False),
    CHAT,
    UNDERSTANDING,
    _row(
        "llm-gateway",
        "POST /v1/understanding/validate",
        body="json",
        ids=True,
        words="request",
        guarded_as="understanding",
    ),
    _row("llm-gateway", "GET /v1/models"),
    _row("streaming", "GET /v3/token", kind="token", body="query", metered=False),
    _row(
        "streaming",
        "GET /v3/ws",
        kind="session",
        body="query",
        words="request reply",
        prices=("session", "session_addon"),
        reader=session_outcome,
        websocket=True,
        session="streaming",
    ),
    _row("token", "GET /v1/token", kind="token", body="query", metered=False),
    _row("token", "POST /v1/token", kind="token", body="json", metered=False),
    *_clips("sync"),
    *_clips("dictation"),
    _speech("/v1/speech"),
    _speech(SPEECH_EVENTS_PATH),
    _speech(OPENAI_SPEECH_PATH),
    _row(
        "tts",
        "GET /v1/ws",
        kind="tts",
        body="query",
        words="request",
        prices=("tts",),
        websocket=True,
        session="tts",
    ),
    *_agents(),
)
# Kinds of billable work that are sessions which are relayed here.
SESSION_KINDS = frozenset(row.kind for row in OPERATIONS if row.session and row.kind)

# Facts of a kind of work by its name alone: those of the first row that has it.
BY_KIND: Mapping[str, Operation] = {row.kind: row for row in reversed(OPERATIONS) if row.kind}
# The hosts that have sessions which are relayed here.
SESSION_HOSTS = frozenset(row.service for row in OPERATIONS if row.session)


@dataclass(frozen=True, slots=True)
class Reading:
    """The operation of a request, by its host, method and path.

    Attributes:
        operation: None for what no row describes.
        transcript_id: The id in a transcript's path.
        object_id: The id in another object's path.
        kind: Which billable work it is; `other` for what writes and has no row.
        allow: Methods that the path is described with; empty where none is.
    """

    operation: Operation | None
    transcript_id: str | None
    kind: str | None
    allow: tuple[str, ...] = ()
    object_id: str | None = None


def read(service: str, method: str, path: str) -> Reading:
    """Return the operation of a request with exactly this *path*."""
    asked = "GET" if method == "HEAD" else method
    rows = _LITERAL.get((service, path))
    transcript_id = object_id = None
    if rows is None:
        for pattern, described in _PATTERNS.get(service, ()):
            match = pattern.fullmatch(path)
            if match is not None:
                rows, found = described, match[1] if match.re.groups else None
                if service in OBJECT_SERVICES:
                    object_id = found
                else:
                    transcript_id = found
                break
        else:
            return _UNKNOWN_READ if method in READS else _UNKNOWN_WRITE
    operation = rows.get(asked)
    if operation is None:
        unknown = _UNKNOWN_READ if method in READS else _UNKNOWN_WRITE
        return Reading(None, transcript_id, unknown.kind, tuple(sorted(rows)), object_id)
    # Only a request that asks for WebSocket opens a session.
    kind = None if operation.websocket else operation.kind
    return Reading(operation, transcript_id, kind, tuple(sorted(rows)), object_id)


def is_variant(service: str, path: str) -> bool:
    """Whether *path* is no described path, and becomes one where it is read more laxly.

    Raises:
        BadRequest: It is encoded too many times.
    """
    plain = canonical(path)
    return (service, plain) in _FOLDED or any(
        pattern.fullmatch(plain) for pattern, _ in _PATTERNS.get(service, ())
    )


def outcome_of(kind: str, reply: Any, asked: Mapping[str, Any] | None, region: str) -> Outcome:
    """Return the outcome of any kind of call by its (successful) reply's JSON."""
    row = BY_KIND.get(kind)
    if row is not None and row.reader is not None:
        return row.reader(reply, asked, region)
    models = (asked or {}).get("models") or (None,)
    return Outcome("completed", Usage(kind, models[0], region))


def _compiled(path: str) -> re.Pattern[str]:
    text = re.escape(path)
    for name, pattern in _SEGMENTS.items():
        text = text.replace(re.escape(name), pattern)
    return re.compile(text)


_UNKNOWN_READ = Reading(None, None, None)
_UNKNOWN_WRITE = Reading(None, None, OTHER)
_LITERAL: dict[tuple[str, str], dict[str, Operation]] = {}
_PATTERNS: dict[str, list[tuple[re.Pattern[str], dict[str, Operation]]]] = {}
for _each in OPERATIONS:
    if "{" not in _each.path:
        _LITERAL.setdefault((_each.service, _each.path), {})[_each.method] = _each
        continue
    _made = _compiled(_each.path)
    _known = _PATTERNS.setdefault(_each.service, [])
    _rows = next((rows for pattern, rows in _known if pattern == _made), None)
    if _rows is None:
        _rows = {}
        _known.append((_made, _rows))
    _rows[_each.method] = _each
_FOLDED = frozenset(_LITERAL)
