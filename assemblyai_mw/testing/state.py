"""The stand-in's state: uploads, transcripts, prepared answers, and settings."""

from __future__ import annotations

import math
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import speech
from .agent_sessions import AgentSettings, FakeAgentSession
from .chat import ChatAnswer
from .gateway_models import catalogue
from .sessions import FakeSession, FakeToken, StreamingSettings
from .tts_sessions import FakeSpeech
from .tts_voice import SpeechSettings

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file: its URL, account, size in bytes, SHA-256 and what a WAV head says.

    Attributes:
        audio_s: Seconds of audio, None where the file is no WAV.
        channels: Its channels.
    """

    url: str
    account: str
    size: int
    sha256: str
    audio_s: float | None
    channels: int


@dataclass(slots=True)
class FakeTranscript:
    """A job at the stand-in.

    Attributes:
        created: Unix seconds.
        asked: The body of POST /v2/transcript.
        model: Value of `speech_model_used`.
        audio_s: Seconds of audio, not rounded.
        polls: Reads that still find it unfinished.
        ready_at: Unix seconds before which it is unfinished.
        fields: Overrides of the finished JSON, by field.
        error: Why it fails, None if it does not.
    """

    id: str
    account: str
    created: float
    asked: Json
    model: str
    text: str
    audio_s: float
    channels: int
    polls: float
    ready_at: float
    fields: Json = field(default_factory=dict)
    error: str | None = None
    completed: float | None = None
    first_read: bool = True
    deleted: bool = False
    signatures: set[str] = field(default_factory=set, repr=False)

    @property
    def words(self) -> list[Json]:
        """The words with their timings."""
        text = self.text
        if self.asked.get("redact_pii"):
            text = speech.redacted(text, self.asked.get("redact_pii_sub"))
        return speech.words_of(
            text,
            round(self.audio_s * 1000),
            channels=self.channels if self.multichannel else 1,
            speakers=bool(self.asked.get("speaker_labels")),
        )

    @property
    def multichannel(self) -> bool:
        """Each channel is transcribed, and billed, on its own."""
        return bool(self.asked.get("multichannel") or self.asked.get("dual_channel"))

    @property
    def audio_duration(self) -> int:
        """Whole seconds, rounded up, as observed of the real service."""
        return math.ceil(self.audio_s)


class State:
    """Settings and memory of one stand-in; its attributes are those of `FakeAssemblyAI`."""

    def __init__(
        self,
        *,
        region: str,
        keys: Mapping[str, str] | None,
        polls: float,
        takes_s: float,
        text: str,
        audio_s: float,
        channels: int,
        reply_to: Callable[[dict[str, Any]], str] | None,
        rate_limit: int,
        clock: Callable[[], float],
    ) -> None:
        self.region = region
        self.keys = keys
        self.polls = polls
        self.takes_s = takes_s
        self.text = text
        self.audio_s = audio_s
        self.channels = channels
        self.reply_to = reply_to
        self.rate_limit = rate_limit
        self.clock = clock
        self.uploads: dict[str, Upload] = {}
        self.transcripts: dict[str, FakeTranscript] = {}
        self.streaming = StreamingSettings()
        self.sessions: list[FakeSession] = []
        self.dictation_hides_itself = False
        self.tts = SpeechSettings()
        self.speech_sessions: list[FakeSpeech] = []
        self.tokens: dict[str, FakeToken] = {}
        self.agents: dict[str, Json] = {}
        self.agent_sessions: list[FakeAgentSession] = []
        self.agent_settings = AgentSettings()
        self.agent_session_fields: Json = {}
        self.agent_tokens: dict[str, FakeToken] = {}
        self.subscriptions: dict[str, Json] = {}
        self.models = catalogue(region)
        self.models_down: set[str] = set()
        self.models_forbidden: set[str] = set()
        self.speech_models: set[str] = set()
        self.tool_calls_in = "message"
        self.finish_reasons = "openai"
        self.usage_spelling = "both"
        self.choice_index = True
        self.lock = threading.RLock()
        self._results: deque[dict[str, Any]] = deque()
        self._answers: deque[ChatAnswer] = deque()
        self._last_created = 0.0

    def next_result(self, **fields: Any) -> None:
        """Set fields of the next transcript that is submitted.

        `text`, `audio_s`, `channels`, `polls`, `takes_s` and `error` change the job;
        anything else is put into the finished JSON as it is, however odd:
        `next_result(audio_duration="soon")`.
        """
        with self.lock:
            self._results.append(fields)

    def next_answer(self, text: str | None = None, **fields: Any) -> None:
        """Set the answer of the next chat completion; *fields* are those of `ChatAnswer`."""
        with self.lock:
            self._answers.append(ChatAnswer(text, **fields))

    def take_answer(self) -> ChatAnswer | None:
        """Return the answer set for the next completion, if one is."""
        return self._answers.popleft() if self._answers else None

    def new_transcript(
        self,
        account: str,
        asked: dict[str, Any],
        model: str,
        upload: Upload | None,
        error: str | None = None,
    ) -> FakeTranscript:
        """Make a job; called for each accepted POST /v2/transcript."""
        fields = dict(self._results.popleft() if self._results else {})
        # Ids are listed by time; no two may have the same.
        self._last_created = now = max(self.clock(), self._last_created + 1e-6)
        known = upload is not None and upload.audio_s is not None
        job = FakeTranscript(
            id=str(uuid.uuid4()),
            account=account,
            created=now,
            asked=asked,
            model=model,
            text=fields.pop("text", self.text),
            audio_s=fields.pop(
                "audio_s", upload.audio_s if upload is not None and known else self.audio_s
            ),
            channels=fields.pop(
                "channels", upload.channels if upload is not None and known else self.channels
            ),
            polls=fields.pop("polls", self.polls),
            ready_at=now + fields.pop("takes_s", self.takes_s),
            error=fields.pop("error", error),
            fields=fields,
        )
        self.transcripts[job.id] = job
        return job
