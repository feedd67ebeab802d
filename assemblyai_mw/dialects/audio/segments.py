"""Sentences and speakers, from a transcript's words. Times are seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A caption that stays longer, or has more text, is hard to read.
MAX_SEGMENT_S = 15.0
MAX_SEGMENT_CHARS = 200
# A pause that ends a segment.
PAUSE_S = 2.0
_ENDS = re.compile(r"[.?!\u2026\u3002\uff01\uff1f\u061f\u0964][\"'\u201d\u2019)\]\u300d\u00bb]*$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word; *at* and *to* are its place in the transcript's text, None if it is not there."""

    text: str
    start: float
    end: float
    speaker: str | None
    confidence: float
    at: int | None
    to: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """Some words in a row."""

    text: str
    start: float
    end: float
    speaker: str | None
    confidences: tuple[float, ...]


def words_of(transcript: Mapping[str, Any]) -> list[Word]:
    """Return the words of a transcript; what has no text or time is left out."""
    text = transcript.get("text")
    text = text if isinstance(text, str) else ""
    words: list[Word] = []
    at: int | None = 0
    items = transcript.get("words")
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            continue
        start, end = _seconds(item.get("start")), _seconds(item.get("end"))
        if start is None or end is None:
            continue
        found = text.find(item["text"], at) if at is not None else -1
        place = found if found >= 0 else None
        to = None if place is None else place + len(item["text"])
        # Beyond a word that is not there, places cannot be trusted.
        at = to
        words.append(
            Word(item["text"], start, max(start, end), _speaker(item), _confidence(item), place, to)
        )
    return words


def segments_of(transcript: Mapping[str, Any]) -> list[Segment]:
    """Return a transcript in sentences; as one segment if it has no words with times."""
    text = transcript.get("text")
    text = text if isinstance(text, str) else ""
    words = words_of(transcript)
    if not words:
        whole = [Segment(text, 0.0, duration_of(transcript), None, ())]
        return whole if text else []
    return [_segment(group, text) for group in _sentences(words)]


def turns_of(transcript: Mapping[str, Any]) -> list[Segment]:
    """Return a transcript by its speakers: its utterances, else its words grouped by speaker."""
    turns: list[Segment] = []
    items = transcript.get("utterances")
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            continue
        start, end = _seconds(item.get("start")) or 0.0, _seconds(item.get("end")) or 0.0
        turns.append(Segment(item["text"], start, max(start, end), _speaker(item), ()))
    if turns:
        return turns
    merged: list[Segment] = []
    for each in segments_of(transcript):
        if merged and merged[-1].speaker == each.speaker:
            last = merged.pop()
            each = Segment(f"{last.text} {each.text}", last.start, each.end, each.speaker, ())
        merged.append(each)
    return merged


def duration_of(transcript: Mapping[str, Any]) -> float:
    """Return the length of the audio, as AssemblyAI tells and bills it."""
    value = transcript.get("audio_duration")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0.0, float(value)) if is_number else 0.0  # type: ignore[arg-type]


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    chars = 0
    for word in words:
        if group and (
            _ENDS.search(group[-1].text)
            or word.speaker != group[-1].speaker
            or word.start - group[-1].end > PAUSE_S
            or word.end - group[0].start > MAX_SEGMENT_S
            or chars + len(word.text) > MAX_SEGMENT_CHARS
        ):
            yield group
            group, chars = [], 0
        group.append(word)
        chars += len(word.text) + 1
    if group:
        yield group


def _segment(group: Sequence[Word], text: str) -> Segment:
    at, to = group[0].at, group[-1].to
    # The transcript's own spacing, where the words are in it: not every script has spaces.
    spelled = text[at:to] if at is not None and to is not None else _joined(group)
    return Segment(
        spelled,
        group[0].start,
        group[-1].end,
        group[0].speaker,
        tuple(word.confidence for word in group),
    )


def _joined(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


def _seconds(value: Any) -> float | None:
    """Return milliseconds as seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0.0, value / 1000)


def _speaker(item: Mapping[str, Any]) -> str | None:
    value = item.get("speaker")
    return value if isinstance(value, str) and value else None


def _confidence(item: Mapping[str, Any]) -> float:
    value = item.get("confidence")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 1.0
    return min(1.0, max(0.0, float(value)))
