"""One session of speech synthesis of the stand-in, from Begin to its end, on an open WebSocket."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .sessions import KEPT_MESSAGES, LedSession, reason_of
from .tts_voice import MS_A_CHARACTER, SpeechSettings, Voice, frames_of, is_speakable, word_times
from .websocket import Closing, ProtocolError, ServerEnd, Vanished

Json = dict[str, Any]
MAX_MESSAGE_BYTES = 1 << 20
_TYPES = ("Generate", "Flush", "Cancel", "KeepAlive", "Terminate")
# How often a clock is looked at that is not the real one, seconds.
LOOK_S = 0.01


class FakeSpeech(LedSession):
    """One session of speech synthesis that the stand-in opened, as it went.

    Attributes:
        id: The id in Begin.
        account: Who pays; empty where the key was wrong.
        query: The handshake's query, as sent.
        model: The model that speaks.
        headers: The handshake's fields.
        began: Unix seconds, by the stand-in's clock.
        texts: Texts received, parsed; one that is no JSON stays a string.
        sent: Messages sent, without sound, the last 10,000.
        spoken: The words of each request that was spoken.
        characters: What the account pays for until now.
        sound_ms: Sound sent.
        ended_by: None while it is open; then `terminate`, `close` (a close frame without
            Terminate), `vanished` (FIN or RST without a close frame), `timeout`, `expired`,
            `error`, `protocol`, `refused` (before Begin), `fault` (it was told to) or `stop`.
        close_code: Code of the first close frame of either side; None without one.
    """

    def __init__(
        self,
        *,
        id: str,
        account: str,
        query: str,
        model: str,
        headers: list[tuple[str, str]],
        began: float,
    ) -> None:
        self.id = id
        self.account = account
        self.query = query
        self.model = model
        self.headers = headers
        self.began = began
        self.texts: list[Any] = []
        self.sent: deque[Json] = deque(maxlen=KEPT_MESSAGES)
        self.spoken: list[str] = []
        self.characters = 0
        self.sound_ms = 0
        self.ended_by: str | None = None
        self.close_code: int | None = None

    def __repr__(self) -> str:
        return f"FakeSpeech({self.id}, {self.ended_by or 'open'}, {self.characters} characters)"

    # What the session's thread notes.

    def finish(self, by: str, code: int | None) -> None:
        """Note the end, once."""
        if self.ended_by is None:
            self.close_code = self.close_code or code
            self.ended_by = by


class _Ended(Exception):
    """The session ends: why, the close code, and the Error before it."""

    def __init__(
        self, by: str, code: int, kind: str | None = None, error: str | None = None
    ) -> None:
        super().__init__(by)
        self.by = by
        self.code = code
        self.kind = kind
        self.error = error


class Speaking:
    """The server's side of one session."""

    def __init__(
        self,
        session: FakeSpeech,
        end: ServerEnd,
        voice: Voice,
        settings: SpeechSettings,
        clock: Callable[[], float],
        stop: threading.Event,
        note: Callable[[], None],
    ) -> None:
        self._session = session
        self._voice = voice
        self._settings = settings
        self._clock = clock
        self._socket = end
        self._stop = stop
        self._note = note
        self._heard_at = session.began
        self._controls: deque[float] = deque()
        self._waiting = ""
        self._flushes = 0
        session.opened(end)

    def run(self, refusal: tuple[int, str, str] | None) -> None:
        """Talk until the session is over; with a *refusal*, say why it does not begin."""
        session, end = self._session, self._socket
        try:
            if refusal is not None:
                code, kind, text = refusal
                raise _Ended("refused", code, kind, text)
            self._begin()
            while True:
                message = end.receive(self._patience())
                self._watch_clock()
                if message is not None:
                    self._take(message)
                self._note()
        except _Ended as over:
            if over.error is not None:
                with contextlib.suppress(OSError):
                    self._say_error(over)
            end.send_close(over.code, reason_of(over.error or ""))
            session.finish(over.by, over.code)
            self._note()
            end.await_close()
        except ProtocolError as broken:
            end.send_close(broken.code, reason_of(broken.reason))
            session.finish("protocol", broken.code)
            self._note()
            end.await_close()
        except (Vanished, OSError):
            told = session.told_to
            by = "fault" if told else "stop" if self._stop.is_set() else "vanished"
            session.finish(by, None)
            if told in ("fin", "rst"):
                end.vanish(rst=told == "rst")
        finally:
            session.finish("fault", None)
            self._note()

    def _begin(self) -> None:
        voice, settings = self._voice, self._settings
        time.sleep(settings.begins_after_s)
        begin: Json = {
            "type": "Begin",
            "id": self._session.id,
            "expires_at": math.floor(self._session.began + settings.max_session_s),
        }
        if settings.configuration:
            begin["configuration"] = {
                "language": voice.language,
                "sample_rate": voice.sample_rate,
                "encoding": voice.encoding,
                "inactivity_timeout": voice.inactivity_timeout,
                "word_boundaries": voice.word_boundaries,
                "voice_id": voice.voice_id,
                "model": voice.model,
                "voice_expires_at": None,
                "session_ttl_sec": settings.max_session_s,
                "limits": {
                    "max_generate_text_length": settings.max_generate_chars,
                    "max_control_frames_per_sec": settings.max_control_rate,
                    "text_max_buffer_chars": settings.max_buffer_chars,
                    "max_message_bytes": MAX_MESSAGE_BYTES,
                },
                "unknown_params": [],
            }
        self._say(begin)
        self._note()

    def _patience(self) -> float | None:
        due = min(self._session.began + self._settings.max_session_s, self._idle_at())
        wait = max(0.0, due - self._clock())
        return wait if self._clock is time.time else min(wait, LOOK_S)

    def _idle_at(self) -> float:
        return self._heard_at + self._voice.inactivity_timeout

    def _watch_clock(self) -> None:
        now = self._clock()
        if now >= self._session.began + self._settings.max_session_s:
            raise _Ended("expired", 3008, "session_expired", "The session has expired")
        if now >= self._idle_at():
            raise _Ended("timeout", 3006, "inactivity_timeout", "The session was idle")

    def _say(self, message: Json, *, sound: bool = False) -> None:
        if not sound:
            self._session.sent.append(message)
        self._socket.send_text(json.dumps(message))

    def _say_error(self, over: _Ended) -> None:
        message = {
            "type": "Error",
            "error_code": over.code,
            "error": over.error,
            "error_type": over.kind,
            "retryable": over.code in (1011, 1012, 3005, 3008, 3009),
        }
        self._say(message)

    def _take(self, message: str | bytes | Closing) -> None:
        if isinstance(message, Closing):
            by = "fault" if self._session.told_to == "end" else "close"
            raise _Ended(by, message.code or 1000)
        self._heard_at = self._clock()
        if isinstance(message, bytes):
            raise _Ended("error", 3006, "invalid_message", "Binary frames are not taken")
        try:
            value = json.loads(message)
        except (ValueError, RecursionError) as error:
            self._session.texts.append(message)
            raise _Ended("error", 3006, "invalid_message", "The frame is not JSON") from error
        self._session.texts.append(value)
        if self._settings.any_case and isinstance(value, dict):
            value = {name.lower(): each for name, each in value.items()}
        kind = value.get("type") if isinstance(value, dict) else None
        if self._settings.any_case:
            kind = next((each for each in _TYPES if each.lower() == str(kind).lower()), kind)
        if kind == "Generate":
            self._generate(value.get("text"))
        elif kind == "Terminate":
            self._terminate()
        elif kind in ("Flush", "Cancel", "KeepAlive"):
            self._control()
            if kind == "Flush":
                self._flush()
            elif kind == "Cancel":
                self._cancel()
        else:
            raise _Ended("error", 3006, "invalid_message", "The type of the frame is unknown")

    def _generate(self, text: object) -> None:
        settings = self._settings
        if not isinstance(text, str):
            raise _Ended("error", 3006, "invalid_message", "text: expected words")
        if 0 < settings.max_generate_chars < len(text):
            limit = settings.max_generate_chars
            raise _Ended("error", 3006, "invalid_message", f"text: over {limit} characters")
        self._waiting += text
        self._session.characters += settings.counts(text)
        if len(self._waiting) > settings.max_buffer_chars:
            raise _Ended("error", 3011, "input_rate_exceeded", "Too much text is waiting")

    def _control(self) -> None:
        now = self._clock()
        while self._controls and self._controls[0] <= now - 1:
            self._controls.popleft()
        self._controls.append(now)
        if len(self._controls) > self._settings.max_control_rate:
            raise _Ended("error", 3010, "rate_limited", "Too many control frames a second")

    def _flush(self) -> None:
        text, self._waiting = self._waiting, ""
        session, number = self._session, self._flushes
        self._flushes += 1
        if text:
            session.spoken.append(text)
        ms = len(text) * MS_A_CHARACTER if is_speakable(text) else 0
        start_ms = session.sound_ms
        for sound in frames_of(self._voice, ms):
            audio = base64.b64encode(sound).decode()
            self._say({"type": "Audio", "audio": audio, "flush_id": number}, sound=True)
        session.sound_ms += ms
        self._say({"type": "FlushDone", "flush_id": number, "audio_duration_ms": ms})
        if ms and self._voice.word_boundaries:
            words = word_times(text, start_ms, ms)
            told = {"flush_id": number, "audio_start_ms": start_ms, "words": words}
            self._say({"type": "WordBoundaries", **told})

    def _cancel(self) -> None:
        if not self._settings.bills_cancelled:
            self._session.characters -= self._settings.counts(self._waiting)
        self._waiting = ""
        self._flushes += 1
        self._say({"type": "Cancelled", "audio_duration_seconds": 0.0})

    def _terminate(self) -> None:
        if self._waiting:
            self._flush()
        session = self._session
        if not self._settings.answers_end:
            self._socket.mute = True
            return
        told = {
            "type": "Termination",
            "session_duration_seconds": math.ceil(self._clock() - session.began),
            "total_input_char_length": session.characters,
            "audio_duration_seconds": session.sound_ms / 1000,
            "voice_expires_at": None,
        }
        self._say(told | self._settings.termination)
        raise _Ended("terminate", 1000)
