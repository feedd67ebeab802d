"""The streaming host of the stand-in: `/v3/ws`, a WebSocket, and who may open one.

Sources: streaming-v3.yml; docs/streaming/common-session-errors-and-closures for codes and
texts; docs/streaming/message-sequence for the order of messages. Not documented, and so decided
here or left to `StreamingSettings`: the reply to a request that is no handshake (426), how a bad
key and a wrong parameter are refused, the code after `inactivity_timeout`, and what an
UpdateConfiguration may not set (here: whatever it sets holds).
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from . import streaming_parameters as parameters
from .conversation import Conversation
from .replies import Answer, Request, api_error
from .sessions import (
    LOGGED_SESSIONS,
    MAX_SESSION_S,
    FakeSession,
    FakeToken,
    SessionFault,
    SessionFaults,
    reason_of,
)
from .upgrade import UPGRADE_KEY
from .websocket import ServerEnd, accept_of, is_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from .state import State

WEBSOCKET_PATH = "/v3/ws"
NOT_AUTHORIZED = "Unauthorized Connection: Missing Authorization header"
TOO_MANY = "Unauthorized Connection: Too many concurrent sessions"


class Streaming:
    """`/v3/ws` of one stand-in; *note* is called after each event of a session."""

    def __init__(self, fake: State, note: Callable[[], None]) -> None:
        self._fake = fake
        self._note = note
        self.faults = SessionFaults()

    def answer(self, request: Request) -> Answer:
        """Answer a handshake: 101, and the session goes to the server that has the connection."""
        problem = handshake_problem(request)
        if problem is not None:
            return problem
        settings = self._fake.streaming
        account, token = self._caller(request)
        if account is None and not settings.refuse_by_frame:
            return api_error(401)
        refusal: tuple[int, str] | None = None
        options: dict[str, Any] = {}
        if account is None:
            refusal = 1008, NOT_AUTHORIZED
        else:
            request.seen.account = account
            try:
                options = self._options(request.seen.query)
            except ValueError as error:
                if settings.refuse_parameters == "http":
                    return api_error(400, str(error))
                refusal = 3006, f"Invalid parameter: {error}"
        if refusal is None and self._is_full(account):
            refusal = 3009, TOO_MANY
        session = FakeSession(
            id=str(uuid.uuid4()),
            account=account or "",
            token=None if token is None else token.token,
            query=request.seen.query,
            options=options,
            headers=request.seen.headers,
            limit_s=min(
                settings.max_session_s, MAX_SESSION_S if token is None else token.max_session_s
            ),
            clock=self._fake.clock,
            settings=settings,
        )
        session.features = parameters.features_of(options)
        fault = None if refusal is not None else self.faults.take()
        if token is not None and refusal is None:
            token.sessions += 1
        sessions = self._fake.sessions
        sessions.append(session)
        if len(sessions) > LOGGED_SESSIONS:
            del sessions[: LOGGED_SESSIONS // 2]
        fault = fault or SessionFault()
        request.environ[UPGRADE_KEY].append(functools.partial(self._talk, session, fault, refusal))
        key = request.seen.header("sec-websocket-key") or ""
        accept = accept_of(str(uuid.uuid4()) if fault.wrong_accept else key)
        return Answer(
            101,
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", accept),
            ],
        )

    def _caller(self, request: Request) -> tuple[str | None, FakeToken | None]:
        """Return who asks, and the token that says so; `?token=` goes before the header."""
        fake = self._fake
        credentials = request.query.get("token") or request.seen.header("authorization") or ""
        token = fake.tokens.get(credentials)
        if token is not None:
            spent = token.sessions and fake.streaming.tokens_are_single_use
            if spent or fake.clock() >= token.expires_at:
                return None, None
            return token.account, token
        if fake.keys is None:
            return "account", None
        # A key is not taken from the query.
        if request.query.get("token"):
            return None, None
        return fake.keys.get(credentials), None

    def _options(self, query: str) -> dict[str, Any]:
        options = parameters.from_query(query)
        settings = self._fake.streaming
        model = options.get("speech_model", settings.default_model)
        if model is None:
            raise ValueError("speech_model: required")
        if model not in settings.models:
            raise ValueError("speech_model: unknown")
        return options | {"speech_model": model}

    def _is_full(self, account: str | None) -> bool:
        most = self._fake.streaming.max_sessions
        if most is None:
            return False
        is_open = [
            session
            for session in self._fake.sessions
            if session.ended_by is None and session.account == account
        ]
        return len(is_open) >= most

    def _talk(
        self,
        session: FakeSession,
        fault: SessionFault,
        refusal: tuple[int, str] | None,
        connection: socket.socket,
        early: bytes,
        stop: threading.Event,
    ) -> None:
        """Play one session on the connection, from after the 101 to its end."""
        fake = self._fake
        end = ServerEnd(connection, early, fake.streaming.max_message_bytes)
        end.fragment_bytes, end.dribble_bytes = fault.fragment_bytes, fault.dribble_bytes
        session.opened(end)
        if refusal is not None:
            code, text = refusal
            session.send({"type": "Error", "error_code": code, "error": text})
            end.send_close(code, reason_of(text))
            session.finish("refused", code)
            self._note()
            end.await_close()
            return
        conversation = Conversation(
            session,
            end,
            fault,
            text=fake.text,
            audio_s=fake.audio_s,
            settings=fake.streaming,
            clock=fake.clock,
            # Another clock may leap: it is looked at every few milliseconds.
            real_time=fake.clock is time.time,
            stop=stop,
            note=self._note,
        )
        with contextlib.suppress(OSError):
            conversation.run()


def handshake_problem(request: Request) -> Answer | None:
    """Return the refusal of what is no handshake by RFC 6455, 4.2.1."""
    seen = request.seen
    if request.method != "GET":
        return api_error(405)
    upgrade = {part.strip().lower() for part in (seen.header("upgrade") or "").split(",")}
    connection = {
        part.strip().lower() for field in seen.headers_of("connection") for part in field.split(",")
    }
    if "websocket" not in upgrade or "upgrade" not in connection:
        answer = api_error(426, "Connect with a WebSocket")
        answer.headers = [*answer.headers, ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        return answer
    if seen.headers_of("sec-websocket-version") != ["13"]:
        answer = api_error(426, "Sec-WebSocket-Version must be 13")
        answer.headers = [*answer.headers, ("Sec-WebSocket-Version", "13")]
        return answer
    keys = seen.headers_of("sec-websocket-key")
    if len(keys) != 1 or not is_key(keys[0]):
        return api_error(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    if request.environ.get("SERVER_PROTOCOL") != "HTTP/1.1" or seen.body_size:
        return api_error(400, "A handshake is HTTP/1.1 and has no body")
    if UPGRADE_KEY not in request.environ:
        return api_error(501, "This server gives no connection away; use `serve`")
    return None
