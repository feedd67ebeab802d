"""From audio received to the messages of a streaming session: its turns (pure).

Each sentence of the text is a turn. A word is heard once as much audio has come as lies before
its end when the text is spread over `audio_s`; then the text begins again.
"""

from __future__ import annotations

import re
from typing import Any

from . import speech

Json = dict[str, Any]


class Turns:
    """The turns of one session.

    Args:
        text: What is said.
        audio_s: Seconds of audio that the whole text takes.
        options: The session's parameters; `format_turns`, `include_partial_turns`,
            `language_detection`, `speaker_labels`, `redact_pii` and `redact_pii_sub` count.
        pro: A model that sends each turn's end once, formatted (Universal-3); others send it
            unformatted, and with `format_turns` formatted after that.
    """

    def __init__(self, text: str, audio_s: float, options: Json, *, pro: bool) -> None:
        self.options = options
        self._pro = pro
        self._lap_ms = max(1, round(audio_s * 1000))
        if options.get("redact_pii"):
            text = speech.redacted(text, options.get("redact_pii_sub"))
        self._words = speech.words_of(text, self._lap_ms, speakers=True)
        self._heard = 0
        self._open: list[Json] = []
        self._order = 0

    def hear(self, audio_ms: float) -> list[Json]:
        """Return the messages due once *audio_ms* milliseconds of audio came, all in all."""
        messages: list[Json] = []
        heard = self._heard
        while self._words and (word := self._word())["end"] <= audio_ms:
            if not self._open:
                started = {"type": "SpeechStarted", "timestamp": word["start"], "confidence": 0.98}
                messages.append(started)
            self._open.append(word)
            self._heard += 1
            if word["text"][-1:] in ".!?":
                messages += self.end_turn()
        if self._open and self._heard > heard and self.options.get("include_partial_turns", True):
            messages.append(self._turn(end=False, formatted=False))
        return messages

    def end_turn(self) -> list[Json]:
        """Return the end of the open turn; nothing where no word was heard in it."""
        if not self._open:
            return []
        messages = []
        if not self._pro:
            messages.append(self._turn(end=True, formatted=False))
        if self._pro or self.options.get("format_turns"):
            messages.append(self._turn(end=True, formatted=True))
        self._open = []
        self._order += 1
        return messages

    def _word(self) -> Json:
        lap, number = divmod(self._heard, len(self._words))
        word, later = self._words[number], lap * self._lap_ms
        return word | {"start": word["start"] + later, "end": word["end"] + later}

    def _turn(self, *, end: bool, formatted: bool) -> Json:
        plain = not (formatted or self._pro)
        words = [
            {
                "text": _plain(word["text"]) if plain else word["text"],
                "start": word["start"],
                "end": word["end"],
                "confidence": word["confidence"],
                "word_is_final": end or word is not self._open[-1],
            }
            for word in self._open
        ]
        transcript = " ".join(word["text"] for word in words if word["word_is_final"])
        turn: Json = {
            "type": "Turn",
            "turn_order": self._order,
            "turn_is_formatted": formatted,
            "end_of_turn": end,
            "transcript": transcript,
            "utterance": transcript if end else "",
            "end_of_turn_confidence": 1.0 if end else 0.0,
            "words": words,
        }
        if self.options.get("speaker_labels"):
            turn["speaker_label"] = self._open[0]["speaker"]
        if end and self.options.get("language_detection"):
            turn |= {"language_code": "en", "language_confidence": 0.99}
        return turn


def _plain(word: str) -> str:
    return re.sub(r"^\W+|\W+$", "", word).lower()
