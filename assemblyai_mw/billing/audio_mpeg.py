"""MP3 and its kin: the first frame, and the frame counts of Xing, Info and VBRI headers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .audio_told import Told, big, flac_stream_info, past_id3, seconds

# How far from the beginning, or from an ID3v2 tag, the first frame may be.
_SEARCHED_BYTES = 4096
_V1_RATES = (44_100, 48_000, 32_000)
# kbit/s by version 1 or not, and layer (ISO 11172-3 2.4.2.3, ISO 13818-3 2.4.2.3).
_V2_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBITS = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): _V2_LOW,
    (False, 3): _V2_LOW,
}


@dataclass(frozen=True, slots=True)
class _Frame:
    is_v1: bool
    layer: int
    rate: int
    bits_a_second: int
    channels: int
    samples: int
    size: int


def mpeg(head: bytes, total: int) -> Told | None:
    """Return what the first frame tells; without a count of frames, by its bit rate."""
    start = past_id3(head)
    if head[start : start + 4] == b"fLaC":
        return flac_stream_info(head, start + 4)
    for at in range(start, min(start + _SEARCHED_BYTES, len(head) - 3)):
        frame = _frame(head, at)
        if frame is None:
            continue
        following = at + frame.size
        if following + 4 <= len(head):
            after = _frame(head, following)
            if after is None or (after.layer, after.rate) != (frame.layer, frame.rate):
                continue
        frames = _frames(head, at, frame)
        if frames:
            return seconds(frames * frame.samples, frame.rate), frame.channels
        return seconds((total - at) * 8, frame.bits_a_second), frame.channels
    return None


def _frame(head: bytes, at: int) -> _Frame | None:
    if head[at] != 0xFF or head[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = head[at + 1] >> 3 & 3, 4 - (head[at + 1] >> 1 & 3)
    kbit_index, rate_index = head[at + 2] >> 4, head[at + 2] >> 2 & 3
    if version == 1 or layer == 4 or kbit_index in (0, 15) or rate_index == 3:
        return None
    is_v1 = version == 3
    rate = _V1_RATES[rate_index] // (1 if is_v1 else 2 if version == 2 else 4)
    bits = _KBITS[is_v1, layer][kbit_index] * 1000
    samples = 384 if layer == 1 else 1152 if is_v1 or layer == 2 else 576
    padding = head[at + 2] >> 1 & 1
    size = (
        (12 * bits // rate + padding) * 4 if layer == 1 else samples // 8 * bits // rate + padding
    )
    channels = 1 if head[at + 3] >> 6 == 3 else 2
    return _Frame(is_v1, layer, rate, bits, channels, samples, size)


def _frames(head: bytes, at: int, frame: _Frame) -> int | None:
    """Return the number of frames that the first one tells."""
    if frame.layer != 3:
        return None
    side = (32 if frame.channels == 2 else 17) if frame.is_v1 else 17 if frame.channels == 2 else 9
    tag = at + 4 + side
    if head[tag : tag + 4] in (b"Xing", b"Info"):
        return big(head, tag + 8, 4) if big(head, tag + 4, 4) & 1 else None
    tag = at + 4 + 32
    return big(head, tag + 14, 4) if head[tag : tag + 4] == b"VBRI" else None
