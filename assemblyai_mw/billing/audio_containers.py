"""Boxes in boxes: the length and channels that MP4/M4A and WebM/Matroska tell. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from .audio_told import Told, big, seconds

# More boxes than the head of any real file has.
_MAX_BOXES = 512
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"free", b"skip", b"wide", b"styp"})
_WITHIN = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex"})
_AUDIO = frozenset(
    {b"mp4a", b"alac", b"fLaC", b"Opus", b"ac-3", b"ec-3", b"lpcm", b"sowt", b"twos"}
)
_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_INFO, _TIMESTAMP_SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _TRACK, _TRACK_AUDIO, _TRACK_CHANNELS = 0x1654AE6B, 0xAE, 0xE1, 0x9F


def mp4(head: bytes, total: int) -> Told | None:
    """Return what the movie's header tells, where it stands at the front (ISO 14496-12)."""
    if head[4:8] not in _FIRST_BOXES:
        return None
    scale = duration = fragments = channels = 0
    for name, start, _ in _boxes(head):
        long = head[start : start + 1] == b"\x01"
        if name == b"mvhd":
            scale = big(head, start + (20 if long else 12), 4)
            duration = _known(head, start + (24 if long else 16), 8 if long else 4)
        elif name == b"mehd":
            fragments = _known(head, start + 4, 8 if long else 4)
        elif name == b"stsd" and head[start + 12 : start + 16] in _AUDIO:
            channels = max(channels, big(head, start + 32, 2))
    units = max(duration, fragments)
    return (seconds(units, scale) if units else None), channels or None


def _known(head: bytes, at: int, size: int) -> int:
    """Return a duration; all ones means that it is not known."""
    value = big(head, at, size)
    return 0 if value == (1 << 8 * size) - 1 else value


def _boxes(head: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes outside and inside `moov`: name, start and end of the content."""
    ranges, left = [(0, len(head))], _MAX_BOXES
    while ranges:
        at, end = ranges.pop()
        while at + 8 <= end and left:
            left -= 1
            size, name, start = big(head, at, 4), head[at + 4 : at + 8], at + 8
            if size == 1:
                size, start = big(head, at + 8, 8), at + 16
            stop = min(at + size, end) if size else end
            if stop < start:
                break
            if name in _WITHIN:
                ranges.append((start, stop))
            else:
                yield name, start, stop
            at = stop


def matroska(head: bytes, total: int) -> Told | None:
    """Return what Info and Tracks tell before the first cluster (RFC 9559)."""
    if big(head, 0, 4) != _EBML:
        return None
    scale, duration, channels = 1_000_000, 0.0, 0
    for name, start, stop in _elements(head):
        size = stop - start
        if name == _TIMESTAMP_SCALE:
            scale = big(head, start, min(size, 8))
        elif name == _DURATION and size in (4, 8):
            (duration,) = struct.unpack(">f" if size == 4 else ">d", head[start:stop])
        elif name == _TRACK_CHANNELS:
            channels = max(channels, big(head, start, min(size, 8)))
    length_s = duration * scale / 1e9
    told = math.ceil(length_s) if math.isfinite(length_s) and length_s > 0 else None
    return told, channels or None


def _elements(head: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the elements before the first cluster: id, start and end of the content."""
    ranges, left = [(0, len(head))], _MAX_BOXES
    while ranges:
        at, end = ranges.pop()
        while at < end and left:
            left -= 1
            name, at = _number(head, at, with_marker=True)
            size, start = _number(head, at, with_marker=False)
            if name is None or start >= end or name == _CLUSTER:
                break
            # None: the size is not known, so it goes to the end.
            stop = end if size is None else min(start + size, end)
            if name in (_SEGMENT, _INFO, _TRACKS, _TRACK, _TRACK_AUDIO):
                ranges.append((start, stop))
            else:
                yield name, start, stop
            at = stop


def _number(head: bytes, at: int, *, with_marker: bool) -> tuple[int | None, int]:
    """Return a variable-size number and where it ends; None for an unknown size, or nonsense."""
    first = big(head, at, 1)
    size = 9 - first.bit_length()
    if size > 8:
        return None, at + 8
    value = big(head, at, size)
    if with_marker:
        return value, at + size
    value &= (1 << 7 * size) - 1
    return (None if value == (1 << 7 * size) - 1 else value), at + size
