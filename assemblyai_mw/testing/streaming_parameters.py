"""Parameters of a streaming session: names, types and bounds (pure).

Sources: streaming-v3.yml, and `assemblyai.streaming.v3.models` of the Python SDK 1.8.2. Not
documented: what a value out of its bounds is answered with, and whether a name that is not
known is refused; here it is ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
SPEECH_MODELS = frozenset(
    {
        "u3-pro",
        "u3-rt-pro",
        "u3-rt-pro-beta-1",
        "universal-3-5-pro",
        "universal-3-6",
        "universal-3-6-pro",
        "universal-streaming-english",
        "universal-streaming-multilingual",
        "whisper-rt",
    }
)
BYTES_A_SAMPLE = {"pcm_s16le": 2, "pcm_mulaw": 1}
# The length of compressed audio does not follow from its size; 32 kbit/s are assumed.
_COMPRESSED = ("opus", "ogg_opus", "aac")
_COMPRESSED_BYTES_A_MS = 4


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a parameter's value is: `int`, `float`, `bool`, `str`, `list` or `dict`."""

    type: type
    low: float = float("-inf")
    high: float = float("inf")
    choices: tuple[str, ...] = ()


_COUNT = _Kind(int, 0)
_SHARE = _Kind(float, 0, 1)
_FLAG = _Kind(bool)
_TEXT = _Kind(str)
_LIST = _Kind(list)
_VOICE = _Kind(str, choices=("near-field", "far-field"))
KINDS: Mapping[str, _Kind] = {
    "acknowledge_silence": _FLAG,
    "agent_context": _TEXT,
    "continuous_partials": _FLAG,
    "customer_support_audio_capture": _FLAG,
    "domain": _Kind(str, choices=("medical-v1",)),
    "encoding": _Kind(str, choices=(*BYTES_A_SAMPLE, *_COMPRESSED)),
    "end_of_turn_confidence_threshold": _SHARE,
    "filter_profanity": _FLAG,
    "format_turns": _FLAG,
    "inactivity_timeout": _Kind(int, 5, 3600),
    "include_partial_turns": _FLAG,
    "interruption_delay": _COUNT,
    "keyterms_prompt": _LIST,
    "language_code": _TEXT,
    "language_codes": _LIST,
    "language_detection": _FLAG,
    "llm_gateway": _Kind(dict),
    "max_speakers": _Kind(int, 1, 10),
    "max_turn_silence": _COUNT,
    "min_end_of_turn_silence_when_confident": _COUNT,
    "min_turn_silence": _COUNT,
    "mode": _Kind(str, choices=("max_accuracy", "min_latency", "balanced")),
    "noise_suppression_model": _VOICE,
    "noise_suppression_threshold": _SHARE,
    "prompt": _TEXT,
    "redact_pii": _FLAG,
    "redact_pii_policies": _LIST,
    "redact_pii_sub": _Kind(str, choices=("hash", "entity_name")),
    "sample_rate": _Kind(int, 1),
    "session_heartbeat": _FLAG,
    "speaker_labels": _FLAG,
    "speaker_labels_revision_interval_ms": _COUNT,
    "speech_model": _TEXT,
    "turn_left_pad_ms": _COUNT,
    "vad_threshold": _SHARE,
    "voice_focus": _VOICE,
    "voice_focus_threshold": _SHARE,
    "webhook_auth_header_name": _TEXT,
    "webhook_auth_header_value": _TEXT,
    "webhook_url": _TEXT,
}
# What is billed or listed by its name where it is on.
_FEATURES = (
    "filter_profanity",
    "format_turns",
    "keyterms_prompt",
    "language_detection",
    "llm_gateway",
    "prompt",
    "redact_pii",
    "speaker_labels",
)


def from_query(query: str) -> Json:
    """Return the parameters of a handshake, typed; of a name given twice the last counts.

    Raises:
        ValueError: One is wrong; the text names it.
    """
    given = dict(parse_qsl(query, keep_blank_values=True))
    return {
        name: _checked(name, KINDS[name], _from_text(name, KINDS[name].type, value))
        for name, value in given.items()
        if name in KINDS
    }


def from_message(message: Json) -> Json:
    """Return the parameters that an UpdateConfiguration sets; null leaves one as it is.

    Raises:
        ValueError: One is wrong; the text names it.
    """
    return {
        name: _checked(name, KINDS[name], value)
        for name, value in message.items()
        if name in KINDS and value is not None
    }


def features_of(options: Json) -> frozenset[str]:
    """Return the features that are on: flags, filled lists and texts, a domain."""
    on = {name for name in _FEATURES if options.get(name)}
    if options.get("voice_focus") or options.get("noise_suppression_model"):
        on.add("voice_focus")
    if options.get("domain"):
        on.add(f"domain.{options['domain']}")
    return frozenset(on)


def length_ms(options: Json, audio: bytes) -> float:
    """Return how many milliseconds *audio* lasts."""
    width = BYTES_A_SAMPLE.get(options.get("encoding", "pcm_s16le"))
    if width is None:
        return len(audio) / _COMPRESSED_BYTES_A_MS
    return len(audio) * 1000 / width / float(options.get("sample_rate", 16_000))


def is_compressed(options: Json) -> bool:
    """Whether the length of the audio cannot be told from its size."""
    return options.get("encoding") in _COMPRESSED


def _from_text(name: str, kind: type, value: str) -> Any:
    if kind is str:
        return value
    if kind is bool:
        # The Python SDK writes True.
        flag = {"true": True, "false": False}.get(value.lower())
        if flag is None:
            raise ValueError(f"{name}: expected true or false")
        return flag
    try:
        if kind is int and not re.fullmatch(r"-?[0-9]+", value):
            raise ValueError
        return kind(value) if kind in (int, float) else json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: expected {_NAMES[kind]}") from error


_NAMES = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a string",
    list: "a JSON list of strings",
    dict: "a JSON object",
}


def _checked(name: str, kind: _Kind, value: Any) -> Any:
    if kind.type is float and type(value) is int:
        value = float(value)
    if type(value) is not kind.type:
        raise ValueError(f"{name}: expected {_NAMES[kind.type]}")
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name}: expected {_NAMES[list]}")
    if kind.choices and value not in kind.choices:
        raise ValueError(f"{name}: expected one of {', '.join(kind.choices)}")
    if isinstance(value, int | float) and not kind.low <= value <= kind.high:
        raise ValueError(f"{name}: out of bounds")
    return value
