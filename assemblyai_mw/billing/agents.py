"""Voice Agent sessions: what their messages may name, and what a session used. Pure.

A session costs the time that it lasts, at one hourly price, whatever its agent is. Sources, read
2026-11-25: voice-agent-api.yaml (AsyncAPI), agents.yaml and webhooks.yaml (OpenAPI) of AssemblyAI,
its pages voice-agents/voice-agent-api (events-reference, session-history, webhooks), and
references/voice-agents.md of its own repository assemblyai-skill.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from ..http.lookalikes import folded
from .sessions import estimated_session
from .usage import Outcome, milliseconds, shown, unmeterable

# What an account's objects at this host are, as the ledger has their owners.
ObjectKind = Literal["agent", "session", "webhook-subscription"]
# Documented client messages; audio is in one of them, in base64.
RESUMES = "session.resume"
MESSAGES = (
    *("input.audio", "session.update", RESUMES, "tool.result"),
    *("reply.create", "session.end"),
)
# The server's messages in which nobody speaks, in words.
NO_WORDS = frozenset(
    {
        *("session.ready", "session.updated", "session.ended", "session.error"),
        *("input.speech.started", "input.speech.stopped"),
        *("reply.started", "reply.audio", "reply.done"),
    }
)
# The fact that a session was begun by an earlier call.
RESUMED = "resumed"
# A session that lost its connection can be resumed for so long, and is billed meanwhile.
GRACE_S = 30.0
_NAMED: Mapping[str, ObjectKind] = {"agentid": "agent", "sessionid": "session"}
# A stored agent's id, and the id of a session, stand in these places alone.
_PLACES = {("session.update", "session", "agent_id"), (RESUMES, "session_id")}
# What a client describes itself, in words of its own: members may have any name there.
_FREE = frozenset({"tools", "parameters", "arguments", "result"})


class Id(NamedTuple):
    """An object that a message or a body names.

    Attributes:
        kind: What it is.
        value: Its id as it stands there: a text, or what is none.
        is_documented: It stands where such an id is documented, spelled so.
    """

    kind: ObjectKind
    value: object
    is_documented: bool


def ids_in_message(message: Mapping[str, Any]) -> list[Id]:
    """Return the agents and sessions that a client's message names, wherever."""
    kind = message.get("type")
    return [
        Id(each, value, (kind, *path) in _PLACES) for each, value, path in _named(message, limit=8)
    ]


def ids_in_body(body: Mapping[str, Any]) -> list[Id]:
    """Return the agents and sessions that a request's JSON names, wherever.

    `agent_id` is documented at the top of a webhook subscription.
    """
    return [Id(each, value, path == ("agent_id",)) for each, value, path in _named(body, limit=64)]


def texts_in(value: object, *, longest: int, most: int) -> set[str]:
    """Return the texts in JSON of up to *longest* characters; no more than one over *most*."""
    found: set[str] = set()
    waiting = [value]
    while waiting and len(found) <= most:
        each = waiting.pop()
        if isinstance(each, str) and 0 < len(each) <= longest:
            found.add(each)
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, Mapping):
            waiting += each.values()
    return found


def _named(
    body: Mapping[str, Any], *, limit: int
) -> list[tuple[ObjectKind, object, tuple[str, ...]]]:
    found: list[tuple[ObjectKind, object, tuple[str, ...]]] = []
    waiting: list[tuple[tuple[str, ...], object]] = [((), body)]
    while waiting and len(found) < limit:
        path, value = waiting.pop()
        if isinstance(value, list):
            # No documented place is in a list.
            inside = (*path, "[]")
            waiting += [(inside, inner) for inner in value if isinstance(inner, list | Mapping)]
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                kind = _NAMED.get(folded(name))
                if kind is not None:
                    found.append((kind, inner, (*path, name)))
                elif name not in _FREE and isinstance(inner, list | Mapping):
                    waiting.append(((*path, name), inner))
    return found


def agent_outcome(message: Any, asked: Mapping[str, Any] | None, region: str) -> Outcome:
    """Return the usage of a Voice Agent session, by its `session.ended` message.

    Args:
        message: A text of the server's, as JSON; any other leaves it pending.
        asked: The session's facts.
        region: The region of the host.
    """
    if not isinstance(message, Mapping):
        return unmeterable(f"the message is not an object but {shown(message)}")
    if message.get("type") != "session.ended":
        return Outcome("pending")
    return _lasted(message, "session_duration_seconds", asked, region)


def stored_outcome(session: Mapping[str, Any], asked: Mapping[str, Any], region: str) -> Outcome:
    """Return the usage of a session by what `GET /v1/sessions/{id}` shows of it.

    Its `duration_seconds` is null while the session is active: then it is pending.
    """
    if session.get("duration_seconds") is None:
        return Outcome("pending")
    return _lasted(session, "duration_seconds", asked, region)


def _lasted(
    value: Mapping[str, Any], name: str, asked: Mapping[str, Any] | None, region: str
) -> Outcome:
    session_ms = milliseconds(value.get(name), 1000)
    if session_ms is None:
        return unmeterable(f"{name} is {shown(value.get(name))}")
    return estimated_session(asked, session_ms, region, kind="agent")
