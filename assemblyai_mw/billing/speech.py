"""Speech synthesis: what a request or a session asks for, and the characters billed. Pure.

AssemblyAI bills characters, and tells how many: by `X-TTS-Billed-Characters` at the head of a
reply, by `total_input_char_length` in the last event of a stream of events, and in the
`Termination` of a session. Sources:

- `assemblyai.tts` of the Python SDK 1.8.2: fields, headers, the frames of a session; `TTSConfig`
  rejects what it does not know, and names the model `model_id`
- docs/tts/message-frames: all frames are JSON texts, and a binary one ends a session
- docs/tts/api-reference/http-api/stream-speech-events: the events are the frames of a session,
  and a stream with neither `Termination` nor `Error` was cut
- docs/tts/limits: a character is a Unicode code point
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..http.sse import SSESplitter
from .usage import Outcome, Usage, completed, count, name_of, names_of, shown, unmeterable

# The client's texts of a session. A `Generate` adds words, which a `Flush` has spoken and a
# `Cancel` drops; the others carry none.
GENERATE = "Generate"
MESSAGES = (GENERATE, "Flush", "Cancel", "KeepAlive", "Terminate")
# Code points of one Generate (docs/tts/limits); a Begin may tell another number.
MAX_GENERATE_CHARS = 2000
# After these, the next words begin a request of their own.
ENDS_REQUEST = frozenset({"Flush", "Cancel"})
TOLD = "total_input_char_length"
# Of what a session has been sent; the ledger keeps it with the session's facts.
CHARACTERS = "characters"


def speech_asked(body: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """Return the billing facts of a request, or of a handshake's query, which has no *size*.

    The model is AssemblyAI's `model_id`, or `model` in the shape of OpenAI's API.
    """
    asked: dict[str, Any] = {}
    models = names_of([body.get("model_id"), body.get("model")])
    if models:
        asked["models"] = models
    if size is not None:
        asked["body_bytes"] = size
    return asked


def spoken(message: Mapping[str, Any]) -> str | None:
    """Return the words of a client's `Generate`; None where there are none to read."""
    text = message.get("text")
    return text if message.get("type") == GENERATE and isinstance(text, str) else None


def most_at_once(begin: Mapping[str, Any]) -> int | None:
    """Return how many code points one `Generate` may have, by a `Begin`; None where none is told.

    A session ends for a longer one, without a word of what it cost. The SDK splits by this number.
    """
    configuration = begin.get("configuration")
    limits = configuration.get("limits") if isinstance(configuration, Mapping) else None
    told = limits.get("max_generate_text_length") if isinstance(limits, Mapping) else None
    return count(told) or None


def byte_length(text: str) -> int:
    """Return the length of *text* in UTF-8: never below its characters, however counted."""
    return len(text.encode("utf-8", "surrogatepass"))


def with_model(asked: Mapping[str, Any], told: Any) -> dict[str, Any]:
    """Return facts with the model that AssemblyAI *told*, where the request named none."""
    model = name_of(told)
    return {**asked, "models": [model]} if model and not asked.get("models") else dict(asked)


def speech_outcome(
    billed: str | None, asked: Mapping[str, Any], region: str, *, model: str | None = None
) -> Outcome:
    """Return the outcome of a synthesis that arrived whole.

    Args:
        billed: Its reply's `X-TTS-Billed-Characters`.
        asked: Its `billing_facts`.
        region: The region of the host.
        model: Its reply's `X-TTS-Model`. It counts where the request named none.
    """
    told = billed is not None and billed.isascii() and billed.isdigit() and len(billed) < 16
    characters = int(billed) if told and billed is not None else None
    if characters is None:
        return unmeterable(f"the reply tells no number of billed characters: {shown(billed)}")
    return _billed(characters, asked, region, asked.get("body_bytes"), model)


def session_speech_outcome(
    termination: Mapping[str, Any],
    asked: Mapping[str, Any] | None,
    region: str,
    *,
    most: int | None,
    model: str | None = None,
) -> Outcome:
    """Return the outcome of a session by its `Termination`.

    Args:
        termination: The message.
        asked: The session's facts.
        region: The region of the host.
        most: UTF-8 bytes of the words that were sent up; no count of their characters is above.
            None where they were not counted.
        model: The model of its `Begin`.
    """
    return _billed(termination.get(TOLD), asked or {}, region, most, model)


def estimated_speech(asked: Mapping[str, Any], region: str, *, model: str | None = None) -> Outcome:
    """Return the outcome of a session that told no usable number: what was sent up counts."""
    return _billed(count(asked.get(CHARACTERS)) or 0, asked, region, None, model)


def _billed(
    told: Any, asked: Mapping[str, Any], region: str, most: int | None, model: str | None
) -> Outcome:
    """Return the outcome of so many characters; *model* is the one that AssemblyAI names."""
    characters = count(told)
    if characters is None:
        return unmeterable(f"the number of billed characters is {shown(told)}")
    if most is not None and characters > most:
        return unmeterable(f"{characters} billed characters are more than were sent")
    models = with_model(asked, model).get("models") or (None,)
    usage = Usage("tts", models[0], region, characters=characters)
    return completed(asked, usage, model=name_of(model))


class SpeechEvents:
    """Reads a stream of speech events while its bytes pass by. Keeps one unfinished event."""

    __slots__ = ("_broken", "_failed", "_model", "_splitter", "_termination")

    def __init__(self) -> None:
        self._splitter = SSESplitter()
        self._termination: Mapping[str, Any] | None = None
        self._model: str | None = None
        self._failed = self._broken = False

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the stream, cut anywhere."""
        if self._broken:
            return
        try:
            events = self._splitter.feed(block)
        except ValueError:
            self._broken = True
            return
        for event in events:
            # The sound, nearly all that comes, is not parsed.
            if event.event != b"Audio" and event.data is not None:
                self._read(event.data)

    def _read(self, data: bytes) -> None:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "Termination":
            self._termination = value
        elif kind == "Error":
            self._failed = True
        elif kind == "Begin" and isinstance(value.get("configuration"), dict):
            self._model = name_of(value["configuration"].get("model"))

    def outcome(
        self,
        billed: str | None,
        asked: Mapping[str, Any],
        region: str,
        *,
        model: str | None = None,
    ) -> Outcome:
        """Return the outcome of a stream that has ended; its last event goes before its head.

        Args:
            billed, asked, region, model: As for `speech_outcome`.
        """
        told = self._termination
        if told is None:
            ended = "in an error" if self._failed else "before its last event"
            return unmeterable(f"the stream of speech ended {ended}")
        model = model or self._model
        if told.get(TOLD) is None:
            return speech_outcome(billed, asked, region, model=model)
        return _billed(told[TOLD], asked, region, asked.get("body_bytes"), model)
