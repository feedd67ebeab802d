"""Voice Agent sessions of the stand-in: their records, settings and faults.

Sources: as in `billing.agents`. Not documented, and so decided here or left to `AgentSettings`:
whether a resumed session's length counts from its beginning, what an unknown agent is answered
with, and what a client may send before `session.ready`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    pass

Json = dict[str, Any]
MAX_SESSION_S = 10_800


@dataclass(slots=True)
class AgentSettings:
    """How the stand-in's Voice Agents behave, in what AssemblyAI does not document too.

    Attributes:
        grace_s: Seconds for which a session that lost its connection can be resumed, and is billed.
        from_beginning: `session.ended` of a resumed session counts from its first connection.
        rounding: From seconds to what is told and billed.
        max_sessions: Sessions an account may have open; one more is refused as at capacity.
        refuse_by_frame: A bad key gets 101, `session.error` and close 1008; else HTTP 401. A bad
            token always gets the former (generate-voice-agent-token).
        max_session_s: Longest session; a token may allow less.
    """

    grace_s: float = 30.0
    from_beginning: bool = True
    rounding: Callable[[float], Any] = lambda seconds: round(seconds, 3)
    max_sessions: int | None = None
    refuse_by_frame: bool = False
    max_session_s: float = MAX_SESSION_S


@dataclass(slots=True)
class AgentFault:
    """How a session is broken.

    Attributes:
        at: When it strikes: right after `ready`, at the first `audio`, or in place of the `end`.
        ready: Fields over those of `session.ready`.
        ended: Fields over those of `session.ended`.
        error: Code and text of a `session.error`, after which the connection is closed with 1008.
        vanish: The connection ends by `fin` or `rst`, without a close frame.
        silent: Nothing is sent any more; the connection stays open.
        texts: Texts that are sent as they are.
        times: How many sessions get it.
    """

    at: Literal["ready", "audio", "end"] = "ready"
    ready: Json = field(default_factory=dict)
    ended: Json = field(default_factory=dict)
    error: tuple[str, str] | None = None
    vanish: Literal["fin", "rst"] | None = None
    silent: bool = False
    texts: tuple[str, ...] = ()
    times: int = 1


@dataclass(slots=True)
class FakeAgentSession:
    """A session at the stand-in, over all of its connections.

    Attributes:
        began, ended: Unix seconds.
        lost_at: When its connection was lost without `session.end`; None while there is one.
        reason: Its `public_close_reason`.
        config: What it was begun with.
        audio_bytes: Audio received.
        types: Types of the texts received.
        texts: The texts, without those of audio.
        sent: Messages sent.
        connections: How many it had.
    """

    id: str
    account: str
    agent_id: str | None
    config: Json
    began: float
    limit_s: float
    settings: AgentSettings
    clock: Callable[[], float]
    ended: float | None = None
    lost_at: float | None = None
    reason: str | None = None
    audio_bytes: int = 0
    connections: int = 1
    headers: list[tuple[str, str]] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=10_000))

    @property
    def over_at(self) -> float | None:
        """When it was over, the time for resuming it among it; None while it is not."""
        if self.ended is not None:
            return self.ended
        if self.lost_at is not None and self.lost_at + self.settings.grace_s <= self.clock():
            return self.lost_at + self.settings.grace_s
        return None

    @property
    def billed_s(self) -> float:
        """Seconds that the account pays for until now."""
        over = self.over_at
        until = self.clock() if over is None else over
        return float(self.settings.rounding(min(until - self.began, self.limit_s)))

    def shown(self) -> Json:
        """Return its line in the list."""
        over = self.over_at
        return {
            "id": self.id,
            "status": "active" if over is None else "completed",
            "agent_id": self.agent_id,
            "public_close_reason": self.reason if over is not None else None,
            "duration_seconds": None if over is None else self.billed_s,
            "created_at": when(self.began),
            "ended_at": None if over is None else when(over),
        }


def when(seconds: float) -> str:
    """Return a moment as the host writes it."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e6):06d}Z"
