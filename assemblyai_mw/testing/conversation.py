"""One streaming session of the stand-in, from Begin to its end, on an open WebSocket."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Callable
from typing import Any

from . import streaming_parameters as parameters
from .sessions import FakeSession, SessionFault, StreamingSettings, reason_of
from .turns import Turns
from .violations import violation
from .websocket import Closing, ProtocolError, ServerEnd, Vanished

Json = dict[str, Any]
# How often a clock is looked at that is not the real one, seconds.
LOOK_S = 0.01
SHOWN_CHARACTERS = 200


class _Ended(Exception):
    """The session ends: why, the close code, and the Error before it."""

    def __init__(self, by: str, code: int | None = None, error: str | None = None) -> None:
        super().__init__(by)
        self.by = by
        self.code = code
        self.error = error


class Conversation:
    """The server's side of one session."""

    def __init__(
        self,
        session: FakeSession,
        socket: ServerEnd,
        fault: SessionFault,
        *,
        text: str,
        audio_s: float,
        settings: StreamingSettings,
        clock: Callable[[], float],
        real_time: bool,
        stop: threading.Event,
        note: Callable[[], None],
    ) -> None:
        self._session = session
        self._socket = socket
        self._fault = fault
        self._struck = False
        self._settings = settings
        self._clock = clock
        self._real_time = real_time
        self._stop = stop
        self._note = note
        pro = session.model.startswith(("u3-", "universal-3"))
        self._turns = Turns(text, audio_s, session.options, pro=pro)
        self._heard_at = session.began
        self._next_ping = session.began + (settings.ping_s or math.inf)
        self._next_heartbeat = session.began + settings.heartbeat_s

    def run(self) -> None:
        """Talk until the session is over."""
        session, socket = self._session, self._socket
        try:
            self._begin()
            while True:
                message = socket.receive(self._patience())
                self._watch_clock()
                if message is not None:
                    self._take(message)
                self._note()
        except _Ended as end:
            if end.error is not None:
                with contextlib.suppress(OSError):
                    self._say({"type": "Error", "error_code": end.code, "error": end.error})
            self._close(end.by, end.code, end.error or "")
        except ProtocolError as broken:
            self._close("protocol", broken.code, broken.reason)
        except (Vanished, OSError):
            told = session.told_to
            by = "fault" if told else "stop" if self._stop.is_set() else "vanished"
            session.finish(by, None)
            if told in ("fin", "rst"):
                self._note()
                socket.vanish(rst=told == "rst")
        finally:
            # A setting of the test's own may have failed.
            session.finish("fault", None)
            self._note()

    def _close(self, by: str, code: int | None, reason: str) -> None:
        """Send the close frame, or answer the client's, and let the client go first."""
        self._socket.send_close(code, reason_of(reason))
        self._session.finish(by, code)
        self._note()
        self._socket.await_close()

    def _begin(self) -> None:
        session, fault = self._session, self._fault
        if fault.begin_after_s:
            self._stop.wait(min(fault.begin_after_s, threading.TIMEOUT_MAX))
        begin: Json = {
            "type": "Begin",
            "id": session.id,
            "expires_at": math.floor(session.began + session.limit_s),
        }
        if self._settings.configuration:
            begin["configuration"] = {"model": session.model, "api_version": "2025-05-12"}
        self._say(begin | fault.begin)
        self._note()
        self._strike()

    # Time.

    def _patience(self) -> float | None:
        """Return the seconds until something is due, None for ever."""
        if self._socket.mute:
            return None
        due = min(self._expires_at(), self._idle_at(), self._next_ping)
        if self._session.options.get("session_heartbeat"):
            due = min(due, self._next_heartbeat)
        wait = max(0.0, due - self._clock())
        return wait if self._real_time else min(wait, LOOK_S)

    def _expires_at(self) -> float:
        return self._session.began + self._session.limit_s

    def _idle_at(self) -> float:
        timeout: float = self._session.options.get("inactivity_timeout", math.inf)
        return self._heard_at + timeout

    def _watch_clock(self) -> None:
        now = self._clock()
        if self._socket.mute:
            return
        if now >= self._expires_at():
            raise _Ended("expired", 3008, "Session Expired: Maximum session duration exceeded")
        if now >= self._idle_at():
            code = self._settings.inactivity_code
            raise _Ended("timeout", code, "Session Cancelled: Inactivity timeout")
        if now >= self._next_ping:
            self._socket.ping()
            self._next_ping = now + (self._settings.ping_s or math.inf)
        if self._session.options.get("session_heartbeat") and now >= self._next_heartbeat:
            self._next_heartbeat = now + self._settings.heartbeat_s
            open_ms = round((now - self._session.began) * 1000)
            self._say(
                {
                    "type": "Heartbeat",
                    "total_audio_received_ms": round(self._session.audio_ms),
                    "total_duration_ms": open_ms,
                    "realtime_factor": self._session.audio_ms / max(1, open_ms),
                    "max_speech_probability": 0.98,
                }
            )

    # Messages.

    def _say(self, message: Json) -> None:
        if not self._socket.mute:
            self._session.sent.append(message)
            self._socket.send_text(json.dumps(message))

    def _take(self, message: str | bytes | Closing) -> None:
        if isinstance(message, Closing):
            if self._socket.mute:
                # Nobody is there to answer; the client's FIN will end it.
                self._session.finish("close", message.code)
                return
            by = "fault" if self._session.told_to == "end" else "close"
            raise _Ended(by, message.code)
        if isinstance(message, bytes):
            self._hear(message)
        else:
            self._read(message)

    def _hear(self, audio: bytes) -> None:
        session, settings = self._session, self._settings
        ms = parameters.length_ms(session.options, audio)
        session.hear(audio, ms)
        self._heard_at = self._clock()
        if self._socket.mute:
            return
        fits = settings.min_chunk_ms <= ms <= settings.max_chunk_ms
        if not fits and not parameters.is_compressed(session.options):
            span = f"{settings.min_chunk_ms:g} and {settings.max_chunk_ms:g} ms"
            text = f"Input duration violation: {ms:g} ms. Expected between {span}"
            raise _Ended("error", 3007, text)
        audio_s, open_s = session.audio_ms / 1000, self._heard_at - session.began
        if settings.max_rate is not None and audio_s > settings.max_rate * (open_s + 1):
            rate = f"Received {audio_s:.3f} sec. audio in {open_s:.3f} sec"
            raise _Ended("error", 3007, f"Audio Transmission Rate Exceeded: {rate}")
        for message in self._turns.hear(session.audio_ms):
            self._say_turn(message)
        self._strike()

    def _read(self, text: str) -> None:
        shown = text[:SHOWN_CHARACTERS]
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            self._session.texts.append(text)
            raise _Ended("error", 3006, f"Invalid JSON: {shown}") from error
        self._session.texts.append(message)
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Ended("error", 3006, f"Invalid Message: {shown}")
        if message["type"] == "Terminate":
            self._terminate()
        elif message["type"] == "ForceEndpoint":
            self._end_turn()
        elif message["type"] == "KeepAlive":
            self._heard_at = self._clock()
        elif message["type"] == "UpdateConfiguration":
            self._update(message)
        else:
            raise _Ended("error", 3006, f"Invalid Message Type: {shown}")

    def _update(self, message: Json) -> None:
        session = self._session
        try:
            session.options |= parameters.from_message(message)
        except ValueError as error:
            raise _Ended("error", 3006, f"Invalid Message: {error}") from error
        session.features |= parameters.features_of(session.options)

    def _say_turn(self, message: Json) -> None:
        self._say(message)
        gateway = self._session.options.get("llm_gateway")
        if gateway and message.get("end_of_turn"):
            reply = {"role": "assistant", "content": f"You said: {message['transcript']}"}
            self._say(
                {
                    "type": "LLMGatewayResponse",
                    "turn_order": message["turn_order"],
                    "transcript": message["transcript"],
                    "data": {"model": gateway.get("model"), "choices": [{"message": reply}]},
                }
            )

    def _end_turn(self) -> None:
        for message in self._turns.end_turn():
            self._say_turn(message)

    def _terminate(self) -> None:
        session, rounding = self._session, self._settings.rounding
        now = self._clock()
        session.terminate(now)
        self._end_turn()
        self._strike(terminating=True)
        if self._socket.mute:
            return
        termination = {
            "type": "Termination",
            "audio_duration_seconds": rounding(session.audio_ms / 1000),
            "session_duration_seconds": rounding(now - session.began),
        }
        self._say(termination | self._fault.termination)
        raise _Ended("terminate", 1000)

    # Faults.

    def _strike(self, *, terminating: bool = False) -> None:
        """Do what the fault says, once, where its moment has come."""
        fault, socket = self._fault, self._socket
        due = terminating if fault.at == "terminate" else self._session.audio_bytes >= fault.at
        if self._struck or not due:
            return
        self._struck = True
        if fault.raw:
            socket.send_frame(fault.raw)
        if fault.violation is not None:
            socket.send_frame(violation(fault.violation))
        if fault.vanish is not None:
            self._session.finish("fault", None)
            self._note()
            socket.vanish(rst=fault.vanish == "rst")
            raise Vanished("as the stand-in was told")
        if fault.error is not None:
            code, text = fault.error
            raise _Ended("fault", fault.close_code or code, text)
        if fault.close_code is not None:
            raise _Ended("fault", fault.close_code)
        socket.mute = fault.silent
