"""The Voice Agents' host of the stand-in: `/v1/ws`, agents, sessions, webhook subscriptions.

Sources: agents.yaml, webhooks.yaml and voice-agent-token.yaml (OpenAPI) of AssemblyAI, and as in
`agent_sessions`. No webhook is ever sent.
"""

from __future__ import annotations

import base64
import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .agent_sessions import AgentFault, when
from .agent_talk import AgentTalk
from .replies import Answer, Request
from .small_hosts import agent_token, kept_token
from .streaming import handshake_problem
from .upgrade import UPGRADE_KEY, Talk
from .websocket import accept_of

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
SOCKET_PATH = "/v1/ws"
VOICES = ("ivy", "james", "anna")
EVENTS = frozenset(
    {"session.started", "session.completed", "call.connected", "call.ended", "call.failed"}
)
_AGENT_MEMBERS = ("name", "system_prompt", "voice")
_SECRET_CHARS = 32


class AgentsHost:
    """The host of one stand-in; *note* is called after each event of a session."""

    def __init__(self, fake: State, note: Callable[[], None]) -> None:
        self._fake = fake
        self._note = note
        self._lock = threading.Lock()
        self._faults: deque[AgentFault] = deque()

    def add_fault(self, fault: AgentFault) -> None:
        """Break sessions still to come."""
        with self._lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """Forget what has not struck."""
        with self._lock:
            self._faults.clear()

    def _fault(self) -> AgentFault:
        with self._lock:
            if not self._faults:
                return AgentFault()
            fault = self._faults[0]
            fault.times -= 1
            if fault.times <= 0:
                self._faults.popleft()
            return fault

    # Sessions

    def connect(self, request: Request) -> Answer:
        """Answer a handshake."""
        problem = handshake_problem(request)
        if problem is not None:
            return problem
        fake, settings = self._fake, self._fake.agent_settings
        account, token = self._caller(request)
        if account is None and token is None and not settings.refuse_by_frame:
            return failure(401, "Unauthorized")
        limit_s = settings.max_session_s
        known = None if token is None else fake.agent_tokens.get(token)
        if known is not None:
            limit_s = min(limit_s, known.max_session_s)
            known.sessions += 1
        request.seen.account = account or ""
        talk = AgentTalk(
            fake, account or "", limit_s, request.seen.headers, self._fault(), self._note
        )
        run: Talk = talk.run
        is_open = [each for each in fake.agent_sessions if each.ended is None]
        if account is None:
            run = talk.refuse("unauthorized", "Unauthorized")
        elif settings.max_sessions is not None and len(is_open) >= settings.max_sessions:
            run = talk.refuse("server_error", "At capacity; try again later")
        request.environ[UPGRADE_KEY].append(run)
        accept = accept_of(request.seen.header("sec-websocket-key") or "")
        return Answer(
            101,
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", accept),
            ],
        )

    def _caller(self, request: Request) -> tuple[str | None, str | None]:
        """Return who asks, and the token that was given."""
        fake = self._fake
        token = request.query.get("token")
        if token:
            found = fake.agent_tokens.get(token)
            good = found and not found.sessions and fake.clock() < found.expires_at
            return (found.account if found and good else None), token
        scheme, _, key = (request.seen.header("authorization") or "").partition(" ")
        # The WebSocket takes a bearer token alone.
        if scheme.lower() != "bearer":
            return None, None
        return ("account" if fake.keys is None else fake.keys.get(key)), None

    # Everything else

    def answer(self, request: Request) -> Answer:
        """Answer a request of a known account."""
        path, method = request.path, request.method
        if path == "/v1/token":
            return self._token(request)
        if path == "/v1/voices" and method == "GET":
            return Answer.json([{"voice_id": each, "name": each} for each in VOICES])
        _, _, name, *rest = [*path.split("/"), ""]
        id = rest[0] if len(rest) == 2 else None
        if len(rest) > 2 or not path.startswith("/v1/"):
            return failure(404, "Not Found")
        handler = {
            "agents": self._agents,
            "sessions": self._sessions,
            "webhook-subscriptions": self._subscriptions,
        }.get(name)
        return failure(404, "Not Found") if handler is None else handler(request, id)

    def _token(self, request: Request) -> Answer:
        fake = self._fake
        return kept_token(request, agent_token(request), fake.agent_tokens, fake.clock())

    def _agents(self, request: Request, id: str | None) -> Answer:
        fake, method = self._fake, request.method
        mine = {k: each for k, each in fake.agents.items() if each["account"] == request.account}
        if id is None and method == "GET":
            names = ("id", "name", "created_at", "updated_at")
            return Answer.json([{k: each["shown"][k] for k in names} for each in mine.values()])
        if id is None and method == "POST":
            body = request.json_object()
            if body is None or any(not body.get(name) for name in _AGENT_MEMBERS):
                return failure(422, f"{', '.join(_AGENT_MEMBERS)}: required")
            made = str(uuid.uuid4())
            fake.agents[made] = {"account": request.account, "asked": body, "shown": {}}
            return Answer.json(self._agent(made, body), status=201)
        if id is None:
            return failure(405, "Method Not Allowed")
        found = mine.get(id)
        if found is None:
            return failure(404, "Agent not found")
        if method == "PUT":
            body = request.json_object()
            if body is None:
                return failure(422, "The body must be an object")
            found["asked"] = found["asked"] | body
            return Answer.json(self._agent(id, found["asked"]))
        if method == "DELETE":
            del fake.agents[id]
            return Answer(204)
        return Answer.json(found["shown"]) if method == "GET" else failure(405, "Not allowed")

    def _agent(self, id: str, asked: Json) -> Json:
        now = when(self._fake.clock())
        before = self._fake.agents[id]["shown"]
        defaults: Json = {"tools": [], "llm": [], "greeting": None}
        made = {"id": id, "created_at": before.get("created_at", now), "updated_at": now}
        shown = defaults | asked | made
        self._fake.agents[id]["shown"] = shown
        return shown

    def _sessions(self, request: Request, id: str | None) -> Answer:
        fake, method = self._fake, request.method
        mine = [each for each in fake.agent_sessions if each.account == request.account]
        if id is None:
            if method != "GET":
                return failure(405, "Method Not Allowed")
            rows = [each.shown() for each in reversed(mine)]
            for name in ("status", "agent_id"):
                wanted = request.query.get(name)
                rows = [row for row in rows if wanted in (None, row[name])]
            return _paged(request, "sessions", rows, 200, 50)
        found = next((each for each in mine if each.id == id), None)
        if found is None:
            return failure(404, "Session not found")
        if method == "DELETE":
            fake.agent_sessions.remove(found)
            return Answer(204)
        if method != "GET":
            return failure(405, "Method Not Allowed")
        done = found.over_at is not None
        kinds = {"audio": "audio/ogg", "timeline": "application/json"} if done else {}
        artifacts = [
            {"type": kind, "url": f"https://artifacts.example/{id}/{kind}", "content_type": form}
            for kind, form in kinds.items()
        ]
        more = {"config": found.config, "artifacts": artifacts}
        return Answer.json(found.shown() | more | fake.agent_session_fields)

    def _subscriptions(self, request: Request, id: str | None) -> Answer:
        fake, method = self._fake, request.method
        mine = {k: v for k, v in fake.subscriptions.items() if v["account"] == request.account}
        if id is None and method == "GET":
            rows = [each["shown"] for each in reversed(list(mine.values()))]
            return _paged(request, "subscriptions", rows, 100, 20)
        if id is None and method == "POST":
            body = request.json_object() or {}
            if not _is_subscription(body, whole=True):
                return failure(422, "url, events and secret: required")
            made = str(uuid.uuid4())
            shown = {name: body.get(name) for name in ("agent_id", "url", "events")}
            shown |= {"id": made, "enabled": body.get("enabled", True), "secret_version": 1}
            fake.subscriptions[made] = {"account": request.account, "shown": shown}
            return Answer.json(shown, status=201)
        if id is None:
            return failure(405, "Method Not Allowed")
        found = mine.get(id)
        if found is None:
            return failure(404, "Subscription not found")
        if method == "PATCH":
            body = request.json_object() or {}
            if not _is_subscription(body, whole=False):
                return failure(422, "The body is not a subscription")
            kept = {name: each for name, each in body.items() if name != "secret"}
            found["shown"] = found["shown"] | kept
        elif method == "DELETE":
            del fake.subscriptions[id]
            return Answer(204)
        elif method != "GET":
            return failure(405, "Method Not Allowed")
        return Answer.json(found["shown"])


def failure(status: int, detail: str) -> Answer:
    """Return an error in this host's shape."""
    return Answer.json({"detail": detail}, status=status)


def _is_subscription(body: Json, *, whole: bool) -> bool:
    url, events, secret = (body.get(name) for name in ("url", "events", "secret"))
    if whole and (url is None or not events or secret is None):
        return False
    return (
        (url is None or (isinstance(url, str) and url.startswith("https://")))
        and (events is None or (isinstance(events, list) and EVENTS.issuperset(events)))
        and (secret is None or (isinstance(secret, str) and len(secret) >= _SECRET_CHARS))
    )


def _paged(request: Request, member: str, rows: list[Json], most: int, usual: int) -> Answer:
    text = request.query.get("limit", str(usual))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        return failure(422, f"limit must be between 1 and {most}")
    cursor = request.query.get("cursor") or ""
    try:
        start = int(base64.b64decode(cursor, validate=True)) if cursor else 0
    except ValueError:
        return failure(422, "cursor: invalid")
    page = rows[start : start + int(text)]
    more = start + len(page) < len(rows)
    following = base64.b64encode(str(start + len(page)).encode()).decode() if more else ""
    return Answer.json(
        {member: page, "has_more": more, "response_metadata": {"next_cursor": following}}
    )
