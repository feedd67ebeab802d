"""Length of an upload's audio, by its first bytes and its size. Pure.

Callers can forge the bytes, so a length from a header may make a hold larger but never smaller. One
length is counted: that of plain PCM in a WAV file, where each second takes the same number of
bytes. The work is bounded by the size of the head, whatever its content.

Formats: RIFF/WAVE (Microsoft, "Multiple Channel Audio Data and WAVE Files"), RF64 (EBU Tech
3306), FLAC (RFC 9639), Ogg (RFC 3533, 7845), MPEG audio (ISO 11172-3, Xing and VBRI
headers), ISO base media (ISO 14496-12), Matroska (RFC 9559).
"""

from __future__ import annotations

from dataclasses import dataclass

from .audio_containers import matroska, mp4
from .audio_mpeg import mpeg
from .audio_told import Told, big, flac_stream_info, little, seconds
from .usage import MAX_CHANNELS, MAX_DURATION_S

# How much of an upload's beginning is looked at.
HEAD_BYTES = 64 * 1024

_RATES = range(4_000, 768_001)
_CHANNELS = range(1, 65)
# WAVE_FORMAT_PCM and WAVE_FORMAT_IEEE_FLOAT, and the bits of a sample.
_PCM = {1: (8, 16, 24, 32, 64), 3: (32, 64)}
_EXTENSIBLE = 0xFFFE
_SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")
# Chunks before the audio that no reader takes for another description of the audio.
_HARMLESS = frozenset(
    {b"LIST", b"JUNK", b"junk", b"FLLR", b"PAD ", b"bext", b"cue ", b"ds64", b"fact", b"iXML"}
    | {b"id3 ", b"ID3 ", b"PEAK", b"smpl", b"inst", b"cart"}
)


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The audio facts of an upload.

    Attributes:
        audio_ms: Its length, whole seconds in milliseconds as AssemblyAI bills them; None
            where it is not told.
        channels: How many channels it has, or None.
        counted: The length follows from the number of bytes, and cannot be forged without changing
            the audio itself.
    """

    audio_ms: int | None = None
    channels: int | None = None
    counted: bool = False

    def longest_ms(self, assumed_ms: int) -> int:
        """Return the longest possible length of the audio, given *assumed_ms*."""
        if self.audio_ms is None:
            return assumed_ms
        return self.audio_ms if self.counted else max(assumed_ms, self.audio_ms)

    def told(self) -> AudioFacts:
        """Return the same facts as not counted, so that they lower no hold."""
        return AudioFacts(self.audio_ms, self.channels)


def audio_facts(head: bytes, total: int) -> AudioFacts | None:
    """Return the audio facts of an upload of *total* bytes that begins with *head*.

    None if it has no facts. A length of more than a day is ignored: AssemblyAI takes ten hours, and
    encoders write such numbers for an unknown length.
    """
    head = head[:HEAD_BYTES]
    counted = _wav(head, total)
    if counted is not None:
        return counted
    for read in (_flac, _ogg, mp4, matroska, mpeg):
        told = read(head, total)
        if told is not None:
            return _facts(told)
    return None


def _facts(told: Told, *, counted: bool = False) -> AudioFacts | None:
    length_s, channels = told
    if channels is not None and not 0 < channels <= MAX_CHANNELS:
        channels = None
    if length_s is not None and counted:
        length_s = min(max(length_s, 1), MAX_DURATION_S)
    elif length_s is not None and not 0 < length_s <= MAX_DURATION_S:
        length_s = None
    if length_s is None and channels is None:
        return None
    return AudioFacts(None if length_s is None else length_s * 1000, channels, counted)


def _wav(head: bytes, total: int) -> AudioFacts | None:
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
        return None
    fmt: bytes | None = None
    plain, at = True, 12
    while at + 8 <= len(head):
        name, size, start = head[at : at + 4], little(head, at + 4, 4), at + 8
        if name == b"data":
            # Its size is the caller's word; there are no more bytes of audio than passed.
            return _wave(fmt, max(total - start, 0), plain)
        if name == b"fmt ":
            plain = plain and fmt is None
            fmt = head[start : start + min(size, 40)]
        elif name not in _HARMLESS:
            plain = False
        # Some readers skip the byte that pads an odd chunk, some do not.
        plain = plain and size % 2 == 0
        at = start + size + size % 2
    return _wave(fmt, total, False)


def _wave(fmt: bytes | None, data_bytes: int, plain: bool) -> AudioFacts | None:
    """Return what `fmt ` and the bytes after it say; *plain*: there is no other reading."""
    if fmt is None or len(fmt) < 16:
        return None
    tag, channels, rate = little(fmt, 0, 2), little(fmt, 2, 2), little(fmt, 4, 4)
    align, bits = little(fmt, 12, 2), little(fmt, 14, 2)
    if tag == _EXTENSIBLE and fmt[26:40] == _SUBFORMAT:
        tag = little(fmt, 24, 2)
    if bits in _PCM.get(tag, ()) and rate in _RATES and channels in _CHANNELS:
        frame = channels * bits // 8
        length_s = seconds(data_bytes, rate * frame)
        return _facts((length_s, channels), counted=plain and align == frame)
    return _facts((seconds(data_bytes, little(fmt, 8, 4)), channels))


def _flac(head: bytes, total: int) -> Told | None:
    return flac_stream_info(head, 4) if head[:4] == b"fLaC" else None


def _ogg(head: bytes, total: int) -> Told | None:
    """Return the channels; the length stands in the last page only, but for FLAC's."""
    if head[:4] != b"OggS":
        return None
    packet = 27 + big(head, 26, 1)
    if head[packet : packet + 7] == b"\x01vorbis":
        return None, big(head, packet + 11, 1)
    if head[packet : packet + 8] == b"OpusHead":
        return None, big(head, packet + 9, 1)
    if head[packet : packet + 5] == b"\x7fFLAC":
        return flac_stream_info(head, packet + 13)
    return None
