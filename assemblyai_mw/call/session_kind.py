"""The sessions that are relayed, product by product: how their messages are called.

A new product begins here, with a row in `billing.operations`. No stage has a list of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..billing import agents, sessions, speech
from ..billing.operations import Operation
from ..billing.usage import Outcome
from ..relay import Cut, Words
from .model import Call

_NEVER = re.compile(rb"(?!)")
# The beginning of a client's text with audio, and the end of one. What is between is one string
# for every reader, as long as it holds neither a quote nor a backslash.
_AGENT_AUDIO = re.compile(rb'\s*\{\s*"type"\s*:\s*"input\.audio"\s*,\s*"audio"\s*:\s*"')
_AUDIO_ENDS = re.compile(rb'"\s*\}\s*')
_AGENT_SPEECH = re.compile(rb'\s*\{\s*"type"\s*:\s*"reply\.audio"')
# The codes of `session.error` are names. AssemblyAI's own where it has one for the same thing.
_AGENT_CODES = {
    1002: "invalid_format",
    1007: "invalid_format",
    1008: "forbidden",
    1012: "server_restarts",
    3005: "server_error",
    3006: "invalid_format",
    3007: "invalid_audio",
    3008: "session_expired",
    3009: "too_many_sessions",
    4002: "insufficient_quota",
}


def _agent_error(cut: Cut) -> bytes:
    code = cut.name or _AGENT_CODES.get(cut.code, "server_error")
    return json.dumps({"type": "session.error", "code": code, "message": cut.text}).encode()


@dataclass(frozen=True, slots=True)
class SessionKind:
    """How one product's sessions speak.

    Attributes:
        kind: Kind of billable work, as in `billing.operations`.
        words: The texts with which its sessions end.
        begins, fails: `type` of the server's text with which a session begins, and of errors.
        updates: `type` of the client's text that sets options.
        messages: Documented types of a client's texts.
        no_words: Types of the server's texts that hold nobody's words.
        outcome: The usage by a text of the server's, the facts asked for, and the region.
        model_told: The model that the beginning names; None where it names none.
        audio: How a client's text begins that holds audio, up to that.
        speech: How a server's text begins that holds audio.
        grace_s: Seconds that a session is billed for after its connection was lost.
        runs_llm: A language model that no message names takes part.
    """

    kind: str
    words: Words
    begins: str
    fails: str
    updates: str
    messages: tuple[str, ...]
    no_words: frozenset[str]
    outcome: Callable[[Any, Mapping[str, Any] | None, str], Outcome]
    model_told: Callable[[Mapping[str, Any]], Any] = lambda begin: None
    audio: re.Pattern[bytes] = _NEVER
    speech: re.Pattern[bytes] = _NEVER
    grace_s: float = 0.0
    runs_llm: bool = False
    _noted: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        noted = (self.begins, self.words.says_end, self.fails)
        object.__setattr__(self, "_noted", tuple(f'"{each}"'.encode() for each in noted))

    def is_audio(self, text: bytes) -> bool:
        """Whether a client's text is audio and nothing else; such a text is not parsed."""
        begins = self.audio.match(text)
        if begins is None or b"\\" in text:
            return False
        ends = text.find(b'"', begins.end())
        return ends > 0 and _AUDIO_ENDS.fullmatch(text, ends) is not None

    def is_speech(self, text: bytes) -> bool:
        """Whether a server's text is audio."""
        return self.speech.match(text) is not None

    def is_noted(self, text: bytes) -> bool:
        """Whether a server's text may be one with which a session begins, ends or fails."""
        return any(each in text for each in self._noted)


# Universal Streaming v3 (AsyncAPI, streaming-v3.yml, and SDK 1.8.2).
STREAMING = SessionKind(
    kind="session",
    words=Words("Terminate", "Termination"),
    begins="Begin",
    fails="Error",
    updates="UpdateConfiguration",
    messages=sessions.MESSAGES,
    # Others, those of tomorrow among them, are judged.
    no_words=frozenset(
        {"Begin", "Error", "Heartbeat", "Silence", "SpeechStarted", "Termination", "Warning"}
    ),
    outcome=sessions.session_outcome,
    model_told=sessions.model_in_force,
)
# Voice Agent API (sources in `billing.agents`).
AGENTS = SessionKind(
    kind="agent",
    words=Words("session.end", "session.ended", _agent_error),
    begins="session.ready",
    fails="session.error",
    updates="session.update",
    messages=agents.MESSAGES,
    no_words=agents.NO_WORDS,
    outcome=agents.agent_outcome,
    audio=_AGENT_AUDIO,
    speech=_AGENT_SPEECH,
    grace_s=agents.GRACE_S,
    runs_llm=True,
)
# Streaming TTS (docs/tts/message-frames, and SDK 1.8.2). Its handshake has all options. Terminate
# has the words spoken that still wait, Cancel drops them.
SPEECH = SessionKind(
    kind="tts",
    words=Words("Terminate", "Termination", drops="Cancel", takes_binary=False),
    begins="Begin",
    fails="Error",
    updates="",
    messages=speech.MESSAGES,
    no_words=frozenset(),
    outcome=partial(speech.session_speech_outcome, most=None),
    model_told=sessions.model_in_force,
)
# By `Operation.session`.
KINDS: Mapping[str, SessionKind] = {"streaming": STREAMING, "agents": AGENTS, "tts": SPEECH}


def kind_of(operation: Operation) -> SessionKind:
    """Return the kind of the sessions that an operation opens, which is one that opens some."""
    assert operation.session is not None
    return KINDS[operation.session]


def session_kind(call: Call) -> SessionKind:
    """Return the kind of a call's session; its request has been read."""
    assert call.reading is not None
    assert call.reading.operation is not None
    return kind_of(call.reading.operation)
