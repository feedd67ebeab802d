"""Helpers of the audio header readers: numbers from untrusted bytes. Pure."""

from __future__ import annotations

# Seconds, rounded up, and channels; each None where it is not told.
Told = tuple[int | None, int | None]


def big(data: bytes, at: int, size: int) -> int:
    """Return a big-endian number; bytes that are not there count as none."""
    return int.from_bytes(data[at : at + size], "big")


def little(data: bytes, at: int, size: int) -> int:
    """Return a little-endian number; bytes that are not there count as none."""
    return int.from_bytes(data[at : at + size], "little")


def seconds(units: int, a_second: int) -> int | None:
    """Return *units* at *a_second* of them in seconds, rounded up; None without a rate."""
    return -(-units // a_second) if a_second > 0 else None


def past_id3(head: bytes) -> int:
    """Return where an ID3v2 tag at the beginning ends; 0 without one."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)


def flac_stream_info(head: bytes, at: int) -> Told | None:
    """Return what the STREAMINFO block at *at* tells (RFC 9639 8.2)."""
    if big(head, at, 1) & 0x7F != 0 or len(head) < at + 22:
        return None
    packed = big(head, at + 14, 8)
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    # 0 samples: the encoder did not know (RFC 9639 8.2).
    return (seconds(samples, rate) if samples else None), channels
