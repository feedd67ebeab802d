"""Streaming sessions of the stand-in: their records, settings, tokens and faults."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .streaming_parameters import SPEECH_MODELS

if TYPE_CHECKING:
    from .websocket import ServerEnd

Json = dict[str, Any]
# Longest session and its default; AssemblyAI closes one after three hours.
MAX_SESSION_S = 10_800
LOGGED_SESSIONS = 100_000
KEPT_MESSAGES = 10_000

Violation = Literal[
    "bad close",
    "bad utf-8",
    "big text",
    "continuation",
    "long ping",
    "masked",
    "nested",
    "opcode",
    "ping flood",
    "rsv",
    "split ping",
]


@dataclass(slots=True)
class StreamingSettings:
    """How the stand-in's streaming host behaves, in what AssemblyAI does not document too.

    Attributes:
        refuse_by_frame: A bad key or token gets 101, an Error and close 1008, as the documented
            codes suggest, instead of HTTP 401. What AssemblyAI does is not known.
        refuse_parameters: `frame`: a wrong parameter gets 101, an Error 3006 and that close;
            `http`: status 400. What AssemblyAI does is not known.
        models: Names that `speech_model` may have.
        default_model: The model of a session that names none; None refuses those.
        configuration: Whether Begin says the model.
        tokens_are_single_use: A token opens one session; else any number until it expires.
        max_sessions: Sessions an account may have open; one more gets 3009.
        max_session_s: Seconds until 3008; a token may allow less.
        min_chunk_ms, max_chunk_ms: Least and most audio of one binary message, else 3007.
        max_rate: Most seconds of audio a second, after a first second, else 3007; None: any.
        max_message_bytes: Longest message, else close 1009. AssemblyAI's is not known.
        inactivity_code: Error and close code after `inactivity_timeout` seconds without audio and
            KeepAlive. AssemblyAI's is not documented.
        rounding: From seconds to what Termination says and what is billed.
        ping_s: Seconds between pings; None: none.
        heartbeat_s: Seconds between Heartbeats of a session with `session_heartbeat`.
        close_ends_billing: A close frame without Terminate ends the session at once. It is not
            known; else it is billed until its longest time is over.
        vanishing_ends_billing: So does a connection that ends by FIN or RST without one.
    """

    refuse_by_frame: bool = False
    refuse_parameters: Literal["frame", "http"] = "frame"
    models: set[str] = field(default_factory=lambda: set(SPEECH_MODELS))
    default_model: str | None = "universal-streaming-english"
    configuration: bool = True
    tokens_are_single_use: bool = True
    max_sessions: int | None = None
    max_session_s: float = MAX_SESSION_S
    min_chunk_ms: float = 50
    max_chunk_ms: float = 1000
    max_rate: float | None = None
    max_message_bytes: int = 4 << 20
    inactivity_code: int = 3005
    rounding: Callable[[float], Any] = math.ceil
    ping_s: float | None = None
    heartbeat_s: float = 5.0
    close_ends_billing: bool = True
    vanishing_ends_billing: bool = False


@dataclass(slots=True)
class FakeToken:
    """A token that `GET /v3/token` gave out.

    Attributes:
        expires_at: Unix seconds.
        max_session_s: Longest session it opens.
        sessions: How many it opened.
    """

    token: str
    account: str
    issued: float
    expires_at: float
    max_session_s: float
    sessions: int = 0


@dataclass(slots=True)
class SessionFault:
    """How a session is broken.

    Attributes:
        at: When `raw`, `violation`, `vanish`, `error`, `close_code` and `silent` strike: after so
            many bytes of audio, 0 right after Begin; `terminate`: in place of Termination.
        wrong_accept: Sec-WebSocket-Accept answers another key.
        begin_after_s: Seconds between the handshake and Begin.
        begin: Fields over those of Begin.
        termination: Fields over those of Termination.
        error: Code and text of an Error; `close_code`, or else the same code, closes.
        close_code: A close frame with this code.
        vanish: The connection ends by `fin` or `rst`, without a close frame.
        silent: Nothing is sent any more, no pong either; the connection stays open.
        violation: Bytes that no server should send, by name. The session goes on.
        raw: Bytes of your own. The session goes on.
        fragment_bytes: Texts come in fragments of this size, with a ping within.
        dribble_bytes: Everything comes in TCP segments of this size.
        times: How many sessions get it.
    """

    at: int | Literal["terminate"] = 0
    wrong_accept: bool = False
    begin_after_s: float = 0.0
    begin: Json = field(default_factory=dict)
    termination: Json = field(default_factory=dict)
    error: tuple[int, str] | None = None
    close_code: int | None = None
    vanish: Literal["fin", "rst"] | None = None
    silent: bool = False
    violation: Violation | None = None
    raw: bytes = b""
    fragment_bytes: int | None = None
    dribble_bytes: int | None = None
    times: int = 1


class SessionFaults:
    """The faults of sessions still to come, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[SessionFault] = deque()

    def add(self, fault: SessionFault) -> None:
        """Queue one."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget what has not struck yet."""
        with self._lock:
            self._waiting.clear()

    def take(self) -> SessionFault | None:
        """Return the fault of the session that opens now."""
        with self._lock:
            if not self._waiting:
                return None
            fault = self._waiting[0]
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.popleft()
            return fault


class LedSession:
    """What a test may do to a session while it is open.

    Attributes:
        close_code: Code of the first close frame of either side; None without one.
        told_to: By a test: `end`, `fin` or `rst`.
    """

    close_code: int | None = None
    told_to: str | None = None
    _socket: ServerEnd | None = None

    def send(self, message: Json) -> None:
        """Send a message now, whatever it is."""
        if self._socket is not None:
            self._socket.send_text(json.dumps(message))

    def end(self, code: int, error: str) -> None:
        """Send an Error and close with its code, as AssemblyAI ends a session."""
        self.told_to = "end"
        self.send({"type": "Error", "error_code": code, "error": error})
        if self._socket is not None:
            self.close_code = self.close_code or code
            self._socket.send_close(code, reason_of(error))

    def vanish(self, *, rst: bool = True) -> None:
        """End the connection without a close frame: by RST, or by FIN."""
        self.told_to = "rst" if rst else "fin"
        if self._socket is not None:
            self._socket.leave()

    def opened(self, socket: ServerEnd) -> None:
        """Note the connection."""
        self._socket = socket


class FakeSession(LedSession):
    """One WebSocket that the stand-in opened, as it went.

    Attributes:
        id: The id in Begin.
        account: Who pays; empty where it was refused by a frame for its key.
        token: The token that opened it, or None.
        query: The handshake's query, as sent.
        options: The parameters in force, typed; an UpdateConfiguration changes them.
        headers: The handshake's fields.
        model: The `speech_model`.
        features: Features ever in force in it: the union of query and updates. An update counts
            whatever it sets; what AssemblyAI lets it set is documented in part.
        began: Unix seconds, by the stand-in's clock.
        limit_s: Longest time it may take.
        audio_bytes, audio_ms, chunks: Audio received, and in how many messages.
        texts: Texts received, parsed; one that is no JSON stays a string.
        sent: Messages sent, the last 10,000.
        seconds: From `began` to its end; None while it is open.
        ended_by: None while it is open; then `terminate`, `close` (a close frame without
            Terminate), `vanished` (FIN or RST without a close frame), `timeout`, `expired`
            (3008), `error` (3006, 3007), `protocol` (RFC 6455 was broken), `refused` (before
            Begin), `fault` (it was told to), `stop` (the server stopped).
        close_code: Code of the first close frame of either side; None without one.
    """

    def __init__(
        self,
        *,
        id: str,
        account: str,
        token: str | None,
        query: str,
        options: Json,
        headers: list[tuple[str, str]],
        limit_s: float,
        clock: Callable[[], float],
        settings: StreamingSettings,
    ) -> None:
        self.id = id
        self.account = account
        self.token = token
        self.query = query
        self.options = options
        self.headers = headers
        self.limit_s = limit_s
        self.model: str = options.get("speech_model", "")
        self.features: frozenset[str] = frozenset()
        self.began = clock()
        self.audio_bytes = self.chunks = 0
        self.audio_ms = 0.0
        self.texts: list[Any] = []
        self.sent: deque[Json] = deque(maxlen=KEPT_MESSAGES)
        self.seconds: float | None = None
        self.ended_by: str | None = None
        self.close_code: int | None = None
        self._clock = clock
        self._settings = settings
        self._digest = hashlib.sha256()
        self._billed_until: float | None = None
        self._terminated_at: float | None = None

    def __repr__(self) -> str:
        state = self.ended_by or "open"
        return f"FakeSession({self.id}, {self.model}, {state}, {self.audio_bytes} bytes)"

    def header(self, name: str) -> str | None:
        """Return the first value of a field of the handshake, or None; *name* in any case."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def audio_sha256(self) -> str:
        """Hex digest of the audio so far."""
        return self._digest.hexdigest()

    @property
    def terminated(self) -> bool:
        """Terminate was received."""
        return self._terminated_at is not None

    @property
    def pings(self) -> int:
        """Pings received."""
        return self._socket.pings if self._socket else 0

    @property
    def pongs(self) -> int:
        """Pongs received."""
        return self._socket.pongs if self._socket else 0

    @property
    def billed_s(self) -> Any:
        """Seconds that the account pays for until now, rounded as `rounding` says.

        From Begin to the end of the session; one that AssemblyAI does not know to have ended goes
        on until `limit_s`. Nothing for one that was refused.
        """
        if self.ended_by == "refused":
            return 0
        until = self._clock() if self._billed_until is None else self._billed_until
        return self._settings.rounding(min(until - self.began, self.limit_s))

    # What the session's thread notes.

    def hear(self, audio: bytes, ms: float) -> None:
        """Note a chunk of audio."""
        self._digest.update(audio)
        self.audio_bytes += len(audio)
        self.audio_ms += ms
        self.chunks += 1

    def terminate(self, now: float) -> None:
        """Note a Terminate: the session is over by then, whatever comes after it."""
        self._terminated_at = self._billed_until = now

    def finish(self, by: str, code: int | None) -> None:
        """Note the end, once."""
        if self.ended_by is not None:
            return
        now = self._clock() if self._terminated_at is None else self._terminated_at
        goes_on = (by == "vanished" and not self._settings.vanishing_ends_billing) or (
            by == "close" and not self._settings.close_ends_billing
        )
        if self._billed_until is None and not goes_on:
            self._billed_until = now
        self.seconds = now - self.began
        self.close_code = self.close_code or code
        self.ended_by = by


def reason_of(error: str) -> str:
    """Return the reason of the close frame that follows an Error; it takes 123 bytes."""
    return error if len(error.encode()) <= 123 else "See Error message for details"
