"""One connection to a voice agent of the stand-in, on an open WebSocket."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .agent_sessions import AgentFault, FakeAgentSession, when
from .websocket import Closing, ProtocolError, ServerEnd, Vanished

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
# PCM of 24,000 samples a second.
BYTES_A_SECOND = 48_000
# How much audio is one turn of the user here, and how much of it a reply has.
TURN_BYTES = BYTES_A_SECOND // 2
REPLY_AUDIO = base64.b64encode(bytes(4800)).decode()
_FIXED = ("greeting",)
_FIXED_OUTPUT = ("voice", "format")
_MEMBERS = frozenset(
    {"agent_id", "system_prompt", "greeting", "tools", "input", "output", "metadata"}
)


class _Ended(Exception):
    """The connection ends: the close code, and whether the session is over."""

    def __init__(self, code: int, *, over: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.over = over


class AgentTalk:
    """The server's side of one connection."""

    def __init__(
        self,
        fake: State,
        account: str,
        limit_s: float,
        headers: list[tuple[str, str]],
        fault: AgentFault,
        note: Callable[[], None],
    ) -> None:
        self._fake = fake
        self._account = account
        self._limit_s = limit_s
        self._headers = headers
        self._fault = fault
        self._struck = False
        self._note = note
        self._session: FakeAgentSession | None = None
        self._since = 0.0
        self._heard = 0

    def run(self, connection: Any, early: bytes, stop: threading.Event) -> None:
        """Talk until the connection or the session is over."""
        end = self._end = ServerEnd(connection, early)
        try:
            while True:
                message = end.receive(self._patience())
                self._watch_clock()
                if message is not None:
                    self._take(message)
                self._note()
        except _Ended as ended:
            self._finish(over=ended.over)
            end.send_close(ended.code)
            self._note()
            end.await_close()
        except ProtocolError as broken:
            self._finish(over=False)
            end.send_close(broken.code, broken.reason)
        except (Vanished, OSError):
            self._finish(over=False)
        finally:
            self._note()

    def refuse(self, code: str, text: str) -> Callable[[Any, bytes, threading.Event], None]:
        """Return the talk of a connection that is refused in a frame."""

        def talk(connection: Any, early: bytes, stop: threading.Event) -> None:
            end = self._end = ServerEnd(connection, early)
            with contextlib.suppress(OSError):
                self._say({"type": "session.error", "code": code, "message": text})
                end.send_close(1008)
                self._note()
                end.await_close()

        return talk

    def _finish(self, *, over: bool) -> None:
        session = self._session
        if session is None or session.ended is not None:
            return
        if over:
            session.ended = self._fake.clock()
            session.reason = session.reason or "client_end"
        elif session.lost_at is None:
            session.lost_at = self._fake.clock()
            session.reason = "client_disconnected"

    def _patience(self) -> float | None:
        if self._session is None or self._end.mute:
            return None
        left = self._session.began + self._limit_s - self._fake.clock()
        return min(max(0.0, left), 3600.0)

    def _watch_clock(self) -> None:
        session = self._session
        if session is None or self._fake.clock() < session.began + self._limit_s:
            return
        session.reason = "max_duration"
        self._fail("session_expired", "The session has reached its longest time.")
        self._tell_end(session)
        raise _Ended(1008)

    # Messages

    def _say(self, message: Json) -> None:
        if self._end.mute:
            return
        if self._session is not None:
            self._session.sent.append(message)
        self._end.send_text(json.dumps(message))

    def _fail(self, code: str, text: str, **more: Any) -> None:
        stamp = when(self._fake.clock())
        self._say(
            {"type": "session.error", "code": code, "message": text, "timestamp": stamp} | more
        )

    def _take(self, message: str | bytes | Closing) -> None:
        if isinstance(message, Closing):
            raise _Ended(message.code or 1000, over=False)
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            value = None
        said = value.get("type") if isinstance(value, dict) else None
        if isinstance(message, bytes) or not isinstance(said, str):
            self._fail("invalid_format", "Invalid message format")
            return
        session = self._session
        if session is not None:
            session.types.append(said)
            if said != "input.audio":
                session.texts.append(value)
        if said == "session.end":
            self._end_session()
        elif session is None and said == "session.update":
            self._begin(value.get("session"))
        elif session is None and said == "session.resume":
            self._resume(value.get("session_id"))
        elif session is None:
            self._fail("invalid_format", "Send session.update first")
        elif said == "session.update":
            self._update(session, value.get("session"))
        elif said == "input.audio":
            self._hear(session, value.get("audio"))
        elif said == "tool.result":
            if not all(isinstance(value.get(name), str) for name in ("call_id", "result")):
                self._fail("invalid_format", "call_id and result must be strings")
            else:
                self._reply(session, "Here is what I found.")
        elif said == "reply.create":
            self._reply(session, str(value.get("instructions") or "Go on."))
        else:
            self._fail("invalid_format", f"Unknown message type: {said[:80]}")

    def _begin(self, config: Any) -> None:
        fake = self._fake
        if not isinstance(config, dict) or config.keys() - _MEMBERS:
            self._fail("invalid_config", "session: invalid", param="session")
            return
        agent_id = config.get("agent_id")
        if agent_id is not None:
            if len(config) > 1:
                self._fail("invalid_config", "agent_id goes with no other field")
                return
            agent = fake.agents.get(agent_id) if isinstance(agent_id, str) else None
            if agent is None or agent["account"] != self._account:
                self._fail("agent_init_failed", "The agent could not be started")
                raise _Ended(1008)
            config = agent["asked"]
        now = fake.clock()
        self._session = FakeAgentSession(
            id=f"sess_{uuid.uuid4().hex}",
            account=self._account,
            agent_id=agent_id,
            config=config,
            began=now,
            limit_s=self._limit_s,
            settings=fake.agent_settings,
            clock=fake.clock,
            headers=self._headers,
        )
        self._session.types.append("session.update")
        self._since = now
        fake.agent_sessions.append(self._session)
        self._ready(self._session)
        if config.get("greeting"):
            self._reply(self._session, str(config["greeting"]))

    def _resume(self, session_id: Any) -> None:
        fake = self._fake
        found = next((each for each in fake.agent_sessions if each.id == session_id), None)
        if found is not None and found.account != self._account:
            self._fail("session_forbidden", "The session belongs to another account")
            raise _Ended(1008)
        if found is None or found.over_at is not None:
            self._fail("session_not_found", "Unknown session, or its time is over")
            raise _Ended(1008)
        found.lost_at = None
        found.connections += 1
        found.types.append("session.resume")
        self._session = found
        self._since = fake.clock()
        self._ready(found)

    def _ready(self, session: FakeAgentSession) -> None:
        self._say({"type": "session.ready", "session_id": session.id} | self._fault.ready)
        self._note()
        self._strike("ready")

    def _update(self, session: FakeAgentSession, config: Any) -> None:
        if not isinstance(config, dict) or config.keys() - _MEMBERS or "agent_id" in config:
            self._fail("invalid_config", "session: invalid", param="session")
            return
        output = config.get("output")
        fixed = [name for name in _FIXED if name in config]
        fixed += [name for name in _FIXED_OUTPUT if isinstance(output, dict) and name in output]
        if fixed:
            self._fail("immutable_field", f"{fixed[0]} cannot be changed", param=fixed[0])
            return
        session.config = session.config | config
        self._say({"type": "session.updated"})

    def _hear(self, session: FakeAgentSession, audio: Any) -> None:
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError, TypeError):
            self._fail("invalid_audio", "audio: not base64")
            return
        session.audio_bytes += len(data)
        self._heard += len(data)
        self._strike("audio")
        if self._heard >= TURN_BYTES:
            self._heard = 0
            item = f"item_{uuid.uuid4().hex[:12]}"
            text = self._fake.text
            self._say({"type": "input.speech.started"})
            self._say({"type": "transcript.user.delta", "text": text[: len(text) // 2]})
            self._say({"type": "input.speech.stopped"})
            self._say({"type": "transcript.user", "text": text, "item_id": item})
            self._reply(session, f"You said: {text}")

    def _reply(self, session: FakeAgentSession, text: str) -> None:
        reply = f"reply_{uuid.uuid4().hex[:12]}"
        self._say({"type": "reply.started", "reply_id": reply})
        self._say({"type": "reply.audio", "data": REPLY_AUDIO})
        said = {"reply_id": reply, "item_id": f"item_{reply[6:]}", "interrupted": False}
        self._say({"type": "transcript.agent", "text": text} | said)
        self._say({"type": "reply.done"})

    def _end_session(self) -> None:
        session = self._session
        self._strike("end")
        if session is not None:
            self._tell_end(session)
        raise _Ended(1000)

    def _tell_end(self, session: FakeAgentSession) -> None:
        now, settings = self._fake.clock(), self._fake.agent_settings
        since = session.began if settings.from_beginning else self._since
        session.ended = now
        audio_s = session.audio_bytes / BYTES_A_SECOND
        self._say(
            {
                "type": "session.ended",
                "session_duration_seconds": settings.rounding(now - since),
                "audio_duration_seconds": settings.rounding(audio_s) if audio_s else None,
                "timestamp": when(now),
            }
            | self._fault.ended
        )

    def _strike(self, at: str) -> None:
        fault, end = self._fault, self._end
        if self._struck or fault.at != at:
            return
        self._struck = True
        for text in fault.texts:
            end.send_text(text)
        if fault.error is not None:
            self._fail(*fault.error)
            raise _Ended(1008)
        if fault.vanish is not None:
            self._finish(over=False)
            self._note()
            end.vanish(rst=fault.vanish == "rst")
            raise Vanished("as the stand-in was told")
        end.mute = fault.silent
