"""A transcript in each of OpenAI's formats, and as a stream of events."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .languages import name_of
from .request import SpeechRequest
from .segments import Segment, duration_of, segments_of, turns_of, words_of

_SENTENCE = re.compile(r".+?(?:[.?!\u2026\u3002\uff01\uff1f]\s+|$)", re.DOTALL)
# A word that AssemblyAI is sure to have misheard has no logarithm.
_LEAST_CONFIDENCE = 1e-4
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply: its Content-Type and its blocks."""

    content_type: str
    blocks: list[bytes]


def render(request: SpeechRequest, transcript: Mapping[str, Any]) -> Rendered:
    """Return a completed *transcript* in the form that was asked for."""
    text = transcript.get("text")
    text = text if isinstance(text, str) else ""
    if request.stream:
        return Rendered("text/event-stream", list(_events(request, transcript, text)))
    if request.format == "text":
        return Rendered(_PLAIN, [_utf8(f"{text}\n")])
    if request.format == "srt":
        return Rendered(_PLAIN, [_utf8(_srt(segments_of(transcript)))])
    if request.format == "vtt":
        return Rendered("text/vtt; charset=utf-8", [_utf8(_vtt(segments_of(transcript)))])
    if request.format == "verbose_json":
        payload = _verbose(request, transcript, text)
    elif request.format == "diarized_json":
        payload = _diarized(transcript, text)
    else:
        payload = {"text": text, "usage": _usage(transcript)}
    return Rendered("application/json", [json.dumps(payload).encode()])


def _utf8(text: str) -> bytes:
    # JSON may hold half a surrogate pair, which UTF-8 cannot.
    return text.encode("utf-8", "replace")


def _usage(transcript: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "duration", "seconds": duration_of(transcript)}


def _verbose(request: SpeechRequest, transcript: Mapping[str, Any], text: str) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "task": "transcribe",
        "language": name_of(transcript.get("language_code")),
        "duration": duration_of(transcript),
        "text": text,
    }
    if request.words:
        payload["words"] = [
            {"word": word.text, "start": word.start, "end": word.end}
            for word in words_of(transcript)
        ]
    if request.segments:
        payload["segments"] = [
            _segment(number, each, request.temperature)
            for number, each in enumerate(segments_of(transcript))
        ]
    payload["usage"] = _usage(transcript)
    return payload


def _segment(number: int, segment: Segment, temperature: float) -> dict[str, Any]:
    """Return a segment with all of Whisper's members; those of its tokens are empty here."""
    data = _utf8(segment.text)
    logs = [math.log(max(each, _LEAST_CONFIDENCE)) for each in segment.confidences]
    return {
        "id": number,
        "seek": 0,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": sum(logs) / len(logs) if logs else 0.0,
        "compression_ratio": len(data) / len(zlib.compress(data)),
        "no_speech_prob": 0.0,
    }


def _diarized(transcript: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "duration": duration_of(transcript),
        "text": text,
        "segments": _turns(transcript),
        "usage": _usage(transcript),
    }


def _turns(transcript: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            "start": each.start,
            "end": each.end,
            "text": each.text,
            "speaker": each.speaker or "A",
        }
        for number, each in enumerate(turns_of(transcript), 1)
    ]


def _events(request: SpeechRequest, transcript: Mapping[str, Any], text: str) -> Iterable[bytes]:
    """Yield the events of a transcript that is complete: its sentences, then all of it."""
    if request.format == "diarized_json":
        yield from map(_event, _turns(transcript))
    for match in _SENTENCE.finditer(text):
        yield _event({"type": "transcript.text.delta", "delta": match[0]})
    yield _event({"type": "transcript.text.done", "text": text})
    yield b"data: [DONE]\n\n"


def _event(payload: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def _srt(segments: Iterable[Segment]) -> str:
    return "".join(
        f"{number}\n{_clock(each.start, ',')} --> {_clock(each.end, ',')}\n{_line(each)}\n\n"
        for number, each in enumerate(segments, 1)
    )


def _vtt(segments: Iterable[Segment]) -> str:
    cues = (
        f"{_clock(each.start, '.')} --> {_clock(each.end, '.')}\n{_escaped(_line(each))}\n\n"
        for each in segments
    )
    return "WEBVTT\n\n" + "".join(cues)


def _line(segment: Segment) -> str:
    """Return a segment's text in one line: an empty one would end its cue."""
    return " ".join(segment.text.split())


def _escaped(text: str) -> str:
    """Return *text* as WebVTT's cue text (W3C, section 4.2.2)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, mark: str) -> str:
    total = round(seconds * 1000)
    hours, rest = divmod(total, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
