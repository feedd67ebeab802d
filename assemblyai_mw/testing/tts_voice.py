"""Speech synthesis of the stand-in: its settings, and how something is spoken (pure).

Sources: `TTSConfig` of the Python SDK 1.8.2, docs/tts/connect-parameters, docs/tts/limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
LANGUAGES = frozenset({"english", "spanish", "german", "french", "italian", "portuguese"})
SAMPLE_RATES = frozenset({8000, 16000, 22050, 24000, 44100, 48000})
# Codec, and the bytes of one of its samples; MP3 is whole files alone.
ENCODINGS = {"pcm_s16le": 2, "pcm_mulaw": 1, "pcm_alaw": 1}
_ALIASES = {"mulaw": "pcm_mulaw", "alaw": "pcm_alaw"}
DEFAULT_VOICE = "aai-jane"
MS_A_CHARACTER = 50
# Sound of one frame, milliseconds.
FRAME_MS = 80


@dataclass(slots=True)
class SpeechSettings:
    """How the stand-in's speech synthesis behaves, in what AssemblyAI does not document too.

    Attributes:
        models: Names that `model_id` may have; the first speaks where none is named.
        voices: Names that `voice_id` may have; None: any.
        counts: From words to the characters that are billed.
        configuration: Whether Begin says the model.
        begins_after_s: Seconds from the handshake to Begin.
        bills_cancelled: Words that a Cancel drops are billed. AssemblyAI's way is not known.
        any_case: Types and members of messages count in any letter case. AssemblyAI's way is not
            known.
        answers_end: A Terminate gets its Termination; else nothing is sent any more.
        termination: Fields over those of Termination.
        max_generate_chars: Code points of one Generate, else 3006; 0: any number.
        max_buffer_chars: Code points of words that wait for a Flush, else 3011.
        max_control_rate: Flush, Cancel and KeepAlive a second, else 3010.
        max_session_s: Seconds until 3008.
        max_sessions: Sessions an account may have open; one more gets 3009.
    """

    models: list[str] = field(default_factory=lambda: ["assemblyai-tts-1"])
    voices: set[str] | None = None
    counts: Callable[[str], int] = len
    configuration: bool = True
    begins_after_s: float = 0.0
    bills_cancelled: bool = True
    any_case: bool = False
    answers_end: bool = True
    termination: Json = field(default_factory=dict)
    max_generate_chars: int = 2000
    max_buffer_chars: int = 8000
    max_control_rate: int = 20
    max_session_s: float = 3600.0
    max_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """How something is to be spoken: the parameters of a request or a session, checked."""

    model: str
    voice_id: str
    language: str
    sample_rate: int
    encoding: str
    container: str = "raw"
    bit_rate: int = 64_000
    stream: bool = True
    word_boundaries: bool = True
    inactivity_timeout: int = 120
    extend_biometric_consent: bool = False

    def sound(self, ms: int) -> bytes:
        """Return so much silence."""
        if self.encoding == "mp3":
            return bytes(self.bit_rate // 8 * ms // 1000)
        return bytes(self.sample_rate * ms // 1000 * ENCODINGS[self.encoding])


class BadParameter(ValueError):
    """A parameter is wrong: *param* names it, *code* is the API's own."""

    def __init__(self, param: str, message: str, code: str = "invalid_parameter") -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def voice_of(settings: SpeechSettings, given: Json, *, whole: bool = True) -> Voice:
    """Return parameters, checked; null counts as left out.

    Args:
        settings: Of the host.
        given: From JSON, or a query's texts.
        whole: Files may be asked for, too.

    Raises:
        BadParameter: One is wrong.
    """
    asked = {name: value for name, value in given.items() if value is not None}
    model = asked.get("model_id", settings.models[0])
    if model not in settings.models:
        raise BadParameter("model_id", "model_id: unknown", "model_not_found")
    voice_id = asked.get("voice_id", DEFAULT_VOICE)
    if not isinstance(voice_id, str) or not voice_id:
        raise BadParameter("voice_id", "voice_id: expected a name")
    if settings.voices is not None and voice_id not in settings.voices:
        raise BadParameter("voice_id", "voice_id: unknown in this zone", "voice_not_found")
    language = str(asked.get("language", "english")).lower()
    if language not in LANGUAGES:
        raise BadParameter("language", f"language: expected one of {sorted(LANGUAGES)}")
    rate = _whole(asked, "sample_rate", 24_000)
    if rate not in SAMPLE_RATES:
        raise BadParameter("sample_rate", f"sample_rate: expected one of {SAMPLE_RATES}")
    encoding = str(asked.get("encoding", "pcm_s16le"))
    encoding = _ALIASES.get(encoding, encoding)
    if encoding not in ENCODINGS and not (encoding == "mp3" and whole):
        raise BadParameter("encoding", "encoding: unknown, or not possible here")
    container = str(asked.get("container", "raw"))
    if container not in ("raw", "wav") or (container == "wav" and not whole):
        raise BadParameter("container", "container: expected raw, or wav where it is whole")
    if encoding == "mp3" and "container" in asked:
        raise BadParameter("container", "container: an MP3 has none")
    if "bit_rate" in asked and encoding != "mp3":
        raise BadParameter("bit_rate", "bit_rate: for MP3 only")
    idle_s = _whole(asked, "inactivity_timeout", 120)
    if not 5 <= idle_s <= 120:
        raise BadParameter("inactivity_timeout", "inactivity_timeout: expected 5 to 120")
    return Voice(
        model,
        voice_id,
        language,
        rate,
        encoding,
        container,
        _whole(asked, "bit_rate", 64_000),
        _flag(asked, "stream", default=True),
        _flag(asked, "word_boundaries", default=True),
        idle_s,
        _flag(asked, "extend_biometric_consent", default=False),
    )


def is_speakable(text: str) -> bool:
    """Whether there is anything to say: an emoji alone is not."""
    return any(letter.isalnum() for letter in text)


def frames_of(voice: Voice, ms: int) -> Iterator[bytes]:
    """Yield *ms* milliseconds of sound, some 80 a frame."""
    for at in range(0, ms, FRAME_MS):
        yield voice.sound(min(FRAME_MS, ms - at))


def word_times(text: str, start_ms: int, ms: int) -> list[Json]:
    """Return the words of *text* with their times."""
    words = text.split()
    each = ms // max(1, len(words))
    return [
        {
            "word": word,
            "start": start_ms + at * each,
            "end": start_ms + (at + 1) * each,
            "confidence": 0.9,
        }
        for at, word in enumerate(words)
    ]


def _whole(asked: Json, name: str, default: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadParameter(name, f"{name}: expected a whole number")
    return value


def _flag(asked: Json, name: str, *, default: bool) -> bool:
    value = asked.get(name, default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise BadParameter(name, f"{name}: expected true or false")
    return value
