"""The contract between the stages: one `Call` a request, in one place of the environ.

`Call` lies at `environ["assemblyai_mw.call"]`, put there by the first stage that
needs it and found there by every stage further in. It holds facts about the
request and never a secret: hosts print their environ on debug pages.

| field | written by | read by |
|---|---|---|
| id, method, path, session | call | everywhere |
| started | call | call, cost, openai, store, telemetry |
| route | audio, call, openai | everywhere |
| tags | call | call, endpoints, store, telemetry |
| request_id | call | call, log, telemetry |
| caller | auth | everywhere |
| upstream | call, cost, forward | everywhere |
| max_body_bytes | policy | forward |
| trace_context | telemetry | call, forward |
| inner | isolation, log | cost, log |
| upstream_reads | isolation | rate_limit |
| kind | call | budget, cost, guards, telemetry |
| reading | call | call, forward |
| target | call, isolation | forward |
| owner | cost, isolation | cost |
| audio | isolation | budget |
| reservation | budget, cost | cost |
| row | call, cost, settlement | budget, cost, idempotency, rate_limit, settlement, telemetry |
| state | audio, cost, settlement | idempotency, rate_limit, telemetry |
| transcript_id | cost | cost, idempotency, telemetry |
| usage | audio, call, settlement | rate_limit, telemetry |
| price | audio, call, settlement | cost, openai, telemetry |
| body | call | call, forward, guardrails, isolation, openai |
| json, billable | call | call |
| vouched | auth | endpoints |
| max_session_s | auth | auth |
| own_token | realtime | call, stack |
| relayed | call | auth, budget, cost, realtime, telemetry |
| unheard | call | auth |
| session_end | realtime | telemetry |
| refusal | call | realtime |
| claimed_end_user | openai | call |
| replayed | idempotency | telemetry |

A place is a stage of middleware/, else a room; `call` itself writes a field when it makes the
Call. A test compares this table with the code.

Stages work on a copy of the host's environ: `enter` makes it, once.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from ..relay.handshake import is_handshake
from ..routes import Route, Zone, by_path, route_for

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ..billing.audio_length import AudioFacts
    from ..billing.decisive import Billable
    from ..billing.operations import Reading
    from ..billing.price_book import Price
    from ..billing.replies import Usage
    from ..errors import RequestRefused
    from ..relay import End, Watcher
    from .reservation import Reservation

CALL_KEY = "assemblyai_mw.call"
TAGS_HEADER = "HTTP_X_ASSEMBLYAI_MW_TAGS"
REQUEST_ID_HEADER = "HTTP_X_REQUEST_ID"
MAX_TAGS = 32
MAX_TAG_CHARS = 256

# UUIDs, ULIDs, hex, base64 and proxies' forms of them; no character that could break a log line.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/=@-]{0,127}")
UNREAD: Any = object()


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, and the rights of its key. Holds no part of the key.

    Attributes:
        name: The key's name, unique among keys; `master` for the master key.
        key_id: The key's row; None for the master key and for plain mappings.
        team: Owner of the key's transcripts; None if the key owns them alone.
        master: May see and do everything.
        region: Pinned region, or None for all.
        scope: `own` sees the team's transcripts, `all` everyone's.
        rpm, team_rpm: Requests a minute allowed to the key and to its team.
        tpm, team_tpm: Tokens a minute of their chats.
        max_parallel, team_max_parallel: Their requests under way at once.
        max_sessions, team_max_sessions: Streaming sessions open at once, of the key and of its
            team; None for no limit.
        routes, models, features: Names that the key may use; None for no limit.
        denied_features: Transcript features the key may not ask for.
        max_upload_bytes: Largest upload, or None.
        allow_unpriced: A budgeted key may use models that have no price.
        budgeted: A budget bounds the key, its team, one of its tags or the end user.
        budgets: Ids of the budgets of the key's tags and of the end user.
        end_user: The host's own user, if an identity bridge names one.
        tags: Tags that every call of this caller carries.
    """

    name: str
    key_id: int | None = None
    team: str | None = None
    master: bool = False
    region: Zone | None = None
    scope: Literal["own", "all"] = "own"
    rpm: int | None = None
    team_rpm: int | None = None
    tpm: int | None = None
    team_tpm: int | None = None
    max_parallel: int | None = None
    team_max_parallel: int | None = None
    max_sessions: int | None = None
    team_max_sessions: int | None = None
    routes: frozenset[str] | None = None
    models: frozenset[str] | None = None
    features: frozenset[str] | None = None
    denied_features: frozenset[str] = frozenset()
    max_upload_bytes: int | None = None
    allow_unpriced: bool = False
    budgeted: bool = False
    budgets: tuple[int, ...] = ()
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def bound_by(self, *budgets: int) -> Caller:
        """Return this caller, bound by further budgets of tags or an end user, by their ids."""
        if not budgets:
            return self
        ids = tuple(sorted({*self.budgets, *budgets}))
        return replace(self, budgets=ids, budgeted=True)


MASTER = Caller(name="master", master=True, scope="all")


@dataclass(slots=True)
class Call:
    """The state of one request and its reply. See the module's table.

    Attributes:
        id: Made here, 128 random bits; holds and charges refer to it.
        request_id: The host's or the client's `X-Request-Id` if it is a plain word, else *id*. For
            logs only: a client may send the same one twice.
        started: Unix seconds, UTC.
        path: Path at the upstream, decoded, without the prefix.
        upstream: `unsent` until the forwarder has written a byte of the request,
            `sent` while no reply is known, `replied` once a reply's head arrived.
            A request that was `sent` and never `replied` may have been done, and billed.
        max_body_bytes: Largest body this caller may send; None for no limit of the key.
        trace_context: Header fields that carry this call's span to the upstream.
        inner: An outer stage logs the call, or asks on its own behalf: inner stages write no log
            line.
        upstream_reads: Upstream requests that a stage made for this one, such as a list's pages.
        kind: Kind of billable work, by `billing.operations`; None for free calls.
        reading: Result of `call.billable.reading_of`.
        target: The request target to send; None until it is read.
        owner: Owner of the transcript that the path names; None if unknown here.
        audio: Audio facts of the upload that the body's `audio_url` names.
        reservation: The hold that the stage which writes the row takes with it.
        row: The ledger row of a billable call.
        billable: A kind of work, and the result of `call.billable.read_billable` for it.
        state: New state of this call's row, or of the row of the transcript that it polled.
        session: The stages' watchers if the request is a WebSocket handshake, the outermost first;
            else None.
        vouched: The host gave the caller itself, whose rights may be others than its key's.
        max_session_s: Longest session of this handshake's token, seconds.
        own_token: The request asks for a token that is made here.
        relayed: The session began: the reply's end is not the call's.
        unheard: The client had left before its session began, and may try again.
        session_end: How the session ended.
        refusal: Why a stage refused the request.
        claimed_end_user: The user that the request itself names. It describes, and decides
            nothing.
        replayed: The answer is that of an earlier request with the same Idempotency-Key.
    """

    id: str
    started: float
    route: Route
    method: str
    path: str
    tags: dict[str, str] = field(default_factory=dict)
    request_id: str = ""
    caller: Caller | None = None
    upstream: Literal["unsent", "sent", "replied"] = "unsent"
    max_body_bytes: int | None = None
    trace_context: Sequence[tuple[str, str]] = ()
    inner: bool = False
    upstream_reads: int = 0
    kind: str | None = None
    reading: Reading | None = None
    target: str | None = None
    owner: Any = field(default=UNREAD, repr=False)
    audio: AudioFacts | None = None
    reservation: Reservation | None = field(default=None, repr=False)
    row: int | None = None
    state: str | None = None
    transcript_id: str | None = None
    usage: Usage | None = None
    price: Price | None = None
    body: bytes | None = field(default=None, repr=False)
    json: Any = field(default=UNREAD, repr=False)
    billable: tuple[str, Billable] | None = field(default=None, repr=False)
    session: list[Watcher] | None = field(default=None, repr=False)
    vouched: bool = False
    max_session_s: int | None = None
    own_token: bool = False
    relayed: bool = False
    unheard: bool = False
    session_end: End | None = None
    refusal: RequestRefused | None = None
    claimed_end_user: str | None = None
    replayed: bool = False

    @property
    def started_at(self) -> datetime:
        """When the call came in, UTC."""
        return datetime.fromtimestamp(self.started, UTC)

    @property
    def end_user(self) -> str | None:
        """The user for whom the call was made: by the host, else by the request's own word."""
        vouched = self.caller.end_user if self.caller is not None else None
        return self.claimed_end_user if vouched is None else vouched

    def move(self, route: Route, path: str) -> None:
        """Take another route and path, and forget what was read from the former ones."""
        self.route = route
        self.path = path
        self.reading = self.target = self.billable = None

    def refused(self, error: RequestRefused) -> WSGIApplication:
        """Return the app that answers with *error*, in the caller's dialect."""
        self.refusal = error
        return error.reply(self.route.dialect)


def enter(environ: WSGIEnvironment) -> tuple[Call, WSGIEnvironment]:
    """Return the request's Call and the environ that stages may change.

    The first stage to call this gets a new Call in a copy of *environ*; later stages get
    what they were given.
    """
    call = environ.get(CALL_KEY)
    if call is None:
        environ = environ.copy()
        call = enter_route(environ, route_for(environ.get("SCRIPT_NAME", "")))
    return call, environ


def enter_route(environ: WSGIEnvironment, route: Route) -> Call:
    """Return the request's Call, now on *route*; *environ* is the stage's own copy.

    Callers in OpenAI's dialect still get errors in it.
    """
    path = environ.get("PATH_INFO", "")
    route = by_path(route, path)
    call: Call | None = environ.get(CALL_KEY)
    if call is not None:
        door = route.door or call.route.door
        call.move(replace(route, dialect=call.route.dialect, door=door), path)
        return call
    made = new_id()
    given = environ.get(REQUEST_ID_HEADER)
    tags = environ.get(TAGS_HEADER)
    call = environ[CALL_KEY] = Call(
        made,
        time.time(),
        route,
        environ["REQUEST_METHOD"],
        path,
        parse_tags(tags) if tags else {},
        given if given and _REQUEST_ID.fullmatch(given) else made,
    )
    if "HTTP_UPGRADE" in environ and is_handshake(environ):
        call.session = []
    return call


# By process: children would else share a parent's unused digits.
_ids: dict[int, deque[str]] = {}


def new_id() -> str:
    """Return 32 random hexadecimal digits.

    They are drawn by the hundred: each draw gives up the interpreter's lock.
    """
    pid = os.getpid()
    try:
        return _ids[pid].pop()
    except (KeyError, IndexError):
        digits = secrets.token_hex(16 * 128)
        drawn = _ids.setdefault(pid, deque())
        drawn.extend(digits[at : at + 32] for at in range(32, len(digits), 32))
        return digits[:32]


def parse_tags(header: str) -> dict[str, str]:
    """Return the tags of `x-assemblyai-mw-tags`: `team=search,feature=captions`.

    A part that is not `name=value` is a tag with an empty value. Beyond 32 tags, or 256 characters
    a name or value, the rest is cut off: tags only describe.
    """
    tags = {}
    for item in header.split(",")[:MAX_TAGS]:
        name, _, value = item.partition("=")
        name = "".join(c for c in name.strip() if c.isprintable())[:MAX_TAG_CHARS]
        if name:
            tags[name] = "".join(c for c in value.strip() if c.isprintable())[:MAX_TAG_CHARS]
    return tags
