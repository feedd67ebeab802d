"""From a text and a duration to words, sentences, paragraphs and subtitles (pure).

Timings are spread over the audio by the words' lengths; confidences are derived from
the words, so that the same text always gives the same transcript.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]
SENTENCES_A_PARAGRAPH = 3
DEFAULT_CHARS_PER_CAPTION = 128


def words_of(text: str, audio_ms: int, *, channels: int = 1, speakers: bool = False) -> list[Json]:
    """Return the words of *text*, spread over *audio_ms* milliseconds.

    Sentences alternate between two speakers, or between the channels.
    """
    sentences = split_sentences(text)
    total = sum(len(word) + 1 for sentence in sentences for word in sentence.split()) or 1
    words = []
    at = 0
    for number, sentence in enumerate(sentences):
        channel = str(number % channels + 1) if channels > 1 else None
        speaker = channel or ("AB"[number % 2] if speakers else None)
        for word in sentence.split():
            start = audio_ms * at // total
            at += len(word) + 1
            words.append(
                {
                    "text": word,
                    "start": start,
                    "end": max(start + 1, audio_ms * at // total - 1),
                    "confidence": 0.9 + zlib.crc32(word.encode()) % 1000 / 10_000,
                    "speaker": speaker,
                    "channel": channel,
                }
            )
    return words


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def sentences_of(words: list[Json]) -> list[Json]:
    """Return `sentences[]`: text, start, end, confidence, words, speaker, channel."""
    return [
        _span(group) | {"speaker": group[0]["speaker"], "channel": group[0]["channel"]}
        for group in _grouped(words, lambda word: word["text"][-1:] in ".!?")
    ]


def paragraphs_of(words: list[Json]) -> list[Json]:
    """Return `paragraphs[]`; they carry no speaker."""
    sentences = sentences_of(words)
    return [
        _span([w for s in sentences[i : i + SENTENCES_A_PARAGRAPH] for w in s["words"]])
        for i in range(0, len(sentences), SENTENCES_A_PARAGRAPH)
    ]


def utterances_of(words: list[Json]) -> list[Json]:
    """Return `utterances[]`: the runs of one speaker or channel."""
    groups: list[list[Json]] = []
    for word in words:
        if groups and groups[-1][-1]["speaker"] == word["speaker"]:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [
        _span(group) | {"speaker": group[0]["speaker"], "channel": group[0]["channel"]}
        for group in groups
    ]


def confidence_of(words: list[Json]) -> float:
    """Return the mean confidence, 0 for silence."""
    return sum(w["confidence"] for w in words) / len(words) if words else 0.0


def word_search(words: list[Json], wanted: Iterable[str]) -> list[Json]:
    """Return `matches[]` for words or phrases of up to five words, whatever their case."""
    plain = [re.sub(r"\W", "", word["text"]).lower() for word in words]
    matches = []
    for phrase in wanted:
        parts = [re.sub(r"\W", "", part).lower() for part in phrase.split()]
        hits = [i for i in range(len(plain) - len(parts) + 1) if plain[i : i + len(parts)] == parts]
        if parts and hits:
            times = [[words[i]["start"], words[i + len(parts) - 1]["end"]] for i in hits]
            matches.append(
                {
                    "text": phrase.lower(),
                    "count": len(hits),
                    "timestamps": times,
                    "indexes": hits,
                }
            )
    return matches


def subtitles(words: list[Json], form: str, chars_per_caption: int | None = None) -> str:
    """Return `srt` or `vtt` captions of at most *chars_per_caption* characters."""
    limit = chars_per_caption or DEFAULT_CHARS_PER_CAPTION
    captions: list[list[Json]] = []
    for word in words:
        if captions and len(" ".join(w["text"] for w in [*captions[-1], word])) <= limit:
            captions[-1].append(word)
        else:
            captions.append([word])
    blocks = []
    for number, caption in enumerate(captions, start=1):
        start, end = (_clock(ms, form) for ms in (caption[0]["start"], caption[-1]["end"]))
        text = " ".join(word["text"] for word in caption)
        counter = f"{number}\n" if form == "srt" else ""
        blocks.append(f"{counter}{start} --> {end}\n{text}\n")
    return ("WEBVTT\n\n" if form == "vtt" else "") + "\n".join(blocks)


def _clock(ms: int, form: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if form == "srt":
        return f"{hours:02}:{minutes:02}:{seconds:02},{ms:03}"
    return (f"{hours:02}:" if hours else "") + f"{minutes:02}:{seconds:02}.{ms:03}"


def _grouped(words: list[Json], ends: Callable[[Json], bool]) -> list[list[Json]]:
    groups: list[list[Json]] = [[]]
    for word in words:
        groups[-1].append(word)
        if ends(word):
            groups.append([])
    return [group for group in groups if group]


def _span(words: list[Json]) -> Json:
    return {
        "text": " ".join(word["text"] for word in words),
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "confidence": confidence_of(words),
        "words": words,
    }


def redacted(text: str, substitution: str | None) -> str:
    """Return *text* without what looks like a number or an address."""
    return re.sub(
        r"\S*[\d@]\S*[\w@]|\d",
        lambda hit: "[REDACTED]" if substitution == "entity_name" else "#" * len(hit[0]),
        text,
    )
