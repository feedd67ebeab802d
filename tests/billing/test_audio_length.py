"""What an upload's first bytes tell: never believed where that would make a hold too small."""

from __future__ import annotations

import io
import struct
import sys
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing.audio_length import HEAD_BYTES, AudioFacts, audio_facts

GUID = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content


def fmt(
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    *,
    tag: int = 1,
    byte_rate: int | None = None,
    align: int | None = None,
) -> bytes:
    frame = channels * bits // 8
    return struct.pack(
        "<HHIIHH",
        tag,
        channels,
        rate,
        rate * frame if byte_rate is None else byte_rate,
        frame if align is None else align,
        bits,
    )


def wav(*before: bytes, size: int | None = None, form: bytes = b"RIFF") -> bytes:
    """A WAV file whose 16,000 bytes of audio are silence: a second at 8 kHz and 16 bits."""
    content = b"WAVE" + b"".join(before) + chunk(b"data", bytes(16_000), size)
    return chunk(form, content)


def known(file: bytes, total: int | None = None) -> AudioFacts | None:
    return audio_facts(file[:HEAD_BYTES], len(file) if total is None else total)


# Counted


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_pcm_as_pythons_own_writer_makes_it_is_counted(
    width: int, channels: int, rate: int
) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(bytes(width * channels * rate * 3 // 2))
    assert known(file.getvalue()) == AudioFacts(2000, channels, True)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(wav(chunk(b"fmt ", fmt())), id="as it should be"),
        pytest.param(wav(chunk(b"fmt ", fmt(byte_rate=10**9))), id="forged byte rate"),
        pytest.param(wav(chunk(b"fmt ", fmt(byte_rate=0))), id="no byte rate"),
        pytest.param(wav(chunk(b"fmt ", fmt()), size=0), id="size not known when it began"),
        pytest.param(wav(chunk(b"fmt ", fmt()), size=0xFFFFFFFF), id="size of all ones"),
        pytest.param(wav(chunk(b"fmt ", fmt()), size=0x7FFFF000), id="size of a stream"),
        pytest.param(wav(chunk(b"fmt ", fmt()), size=2), id="forged size"),
        pytest.param(wav(chunk(b"fmt ", fmt(bits=32, rate=4000, tag=3))), id="float"),
        pytest.param(
            wav(chunk(b"LIST", b"INFOISFT"), chunk(b"fmt ", fmt())), id="a list before it"
        ),
        pytest.param(
            wav(
                chunk(
                    b"fmt ",
                    fmt(tag=0xFFFE) + struct.pack("<HHIH", 22, 16, 4, 1) + GUID,
                )
            ),
            id="extensible",
        ),
        pytest.param(
            wav(
                chunk(b"ds64", struct.pack("<QQQI", 16_100, 16_000, 8000, 0)),
                chunk(b"fmt ", fmt()),
                size=0xFFFFFFFF,
                form=b"RF64",
            ),
            id="RF64",
        ),
    ],
)
def test_a_second_of_pcm_is_counted_as_a_second(file: bytes) -> None:
    assert known(file) == AudioFacts(1000, 1, True)


def test_a_counted_length_is_that_of_the_bytes_that_passed_and_not_of_the_header() -> None:
    head = wav(chunk(b"fmt ", fmt()))[:44]
    assert audio_facts(head, 44 + 16_000 * 3600) == AudioFacts(3_600_000, 1, True)
    # Billed are whole seconds.
    assert audio_facts(head, 44 + 16_001) == AudioFacts(2000, 1, True)
    assert audio_facts(head, 44) == AudioFacts(1000, 1, True)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(wav(chunk(b"fmt ", fmt(align=4))), id="block align of other frames"),
        pytest.param(wav(chunk(b"fmt ", fmt(bits=12, align=2))), id="12 bits"),
        pytest.param(wav(chunk(b"fmt ", fmt(rate=768_001))), id="rate above any"),
        pytest.param(wav(chunk(b"fmt ", fmt(rate=3999))), id="rate below any"),
        pytest.param(wav(chunk(b"fmt ", fmt(channels=65))), id="65 channels"),
        pytest.param(wav(chunk(b"fmt ", fmt(tag=0x55, byte_rate=16_000))), id="MP3 in WAV"),
        pytest.param(wav(chunk(b"fmt ", fmt(tag=7, bits=8))), id="mu-law"),
        pytest.param(
            wav(chunk(b"fmt ", fmt(channels=64, rate=768_000)), chunk(b"fmt ", fmt())),
            id="two descriptions",
        ),
        pytest.param(wav(chunk(b"XMA2", bytes(48)), chunk(b"fmt ", fmt())), id="another codec"),
        pytest.param(wav(chunk(b"LIST", b"x"), b"\0", chunk(b"fmt ", fmt())), id="odd chunk"),
        pytest.param(wav(chunk(b"LIST", bytes(HEAD_BYTES)), chunk(b"fmt ", fmt())), id="far away"),
        pytest.param(wav(), id="no description"),
    ],
)
def test_pcm_that_could_be_read_in_another_way_lowers_nothing(file: bytes) -> None:
    found = known(file) or AudioFacts()
    assert not found.counted
    assert found.longest_ms(3_600_000) >= 3_600_000


def test_a_forged_wav_is_never_shorter_than_at_the_largest_rate_there_is() -> None:
    head = wav(chunk(b"fmt ", fmt(channels=64, rate=768_000, bits=64)))[:44]
    found = audio_facts(head, 2 << 30)
    assert found == AudioFacts(6000, 64, True)


# Told


def flac(samples: int, rate: int = 48_000, channels: int = 2) -> bytes:
    packed = rate << 44 | channels - 1 << 41 | 15 << 36 | samples
    return b"fLaC\x80\0\0\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def mvhd(duration: int, scale: int = 1000, version: int = 0) -> bytes:
    form = ">IQQIQ" if version else ">IIIII"
    return box(b"mvhd", struct.pack(form, version << 24, 0, 0, scale, duration) + bytes(80))


def m4a(*within: bytes, first: bytes = b"ftyp") -> bytes:
    return box(first, b"M4A \0\0\0\0") + box(b"moov", b"".join(within)) + box(b"mdat", bytes(99))


def track(channels: int) -> bytes:
    entry = box(b"mp4a", bytes(16) + struct.pack(">HH", channels, 16) + bytes(8))
    found = box(b"stsd", struct.pack(">II", 0, 1) + entry)
    for name in (b"stbl", b"minf", b"mdia", b"trak"):
        found = box(name, found)
    return found


def element(name: int, content: bytes, *, known_size: bool = True) -> bytes:
    size = len(content) | 1 << 56 if known_size else (1 << 57) - 1
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + size.to_bytes(8, "big") + content


def webm(
    duration: float | None, channels: int, *, form: str = ">d", known_size: bool = True
) -> bytes:
    info = element(0x2AD7B1, (1_000_000).to_bytes(3, "big"))
    if duration is not None:
        info += element(0x4489, struct.pack(form, duration))
    audio = element(0xE1, element(0x9F, bytes([channels])))
    body = element(0x1549A966, info) + element(0x1654AE6B, element(0xAE, audio))
    body += element(0x1F43B675, bytes(50), known_size=known_size)
    return element(0x1A45DFA3, bytes(8)) + element(0x18538067, body, known_size=known_size)


# MPEG 1 layer 3, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)


def mp3(tag: bytes = b"", at: int = 36, first: bytes = b"") -> bytes:
    frame = bytearray(MP3_FRAME)
    frame[at : at + len(tag)] = tag
    return first + bytes(frame) + MP3_FRAME * 9


def ogg(packet: bytes) -> bytes:
    return b"OggS" + bytes(22) + b"\x01" + bytes([len(packet)]) + packet


ID3 = b"ID3\x04\0\0\0\0\x07\x68" + bytes(1000)


@pytest.mark.parametrize(
    "file, audio_ms, channels",
    [
        pytest.param(flac(48_000 * 7200), 7_200_000, 2, id="FLAC"),
        pytest.param(flac(0, channels=6), None, 6, id="FLAC of a stream"),
        pytest.param(flac((1 << 36) - 1, rate=1), None, 2, id="FLAC of two thousand years"),
        pytest.param(ID3 + flac(48_000 * 60), 60_000, 2, id="FLAC after ID3"),
        pytest.param(m4a(mvhd(7_200_000), track(2)), 7_200_000, 2, id="M4A"),
        pytest.param(m4a(mvhd(90_500, version=1), track(6)), 91_000, 6, id="M4A, 64 bits"),
        pytest.param(m4a(mvhd(0xFFFFFFFF)), None, None, id="M4A of all ones"),
        pytest.param(m4a(mvhd(5, scale=0)), None, None, id="M4A without a time scale"),
        pytest.param(
            m4a(mvhd(0), box(b"mvex", box(b"mehd", struct.pack(">II", 0, 3_600_500)))),
            3_601_000,
            None,
            id="M4A in fragments",
        ),
        pytest.param(box(b"ftyp", bytes(8)) + box(b"mdat", bytes(99)), None, None, id="M4A, late"),
        pytest.param(webm(7_200_000.0, 2), 7_200_000, 2, id="WebM"),
        pytest.param(webm(60_500.0, 1, form=">f"), 61_000, 1, id="WebM, short floats"),
        pytest.param(webm(None, 1, known_size=False), None, 1, id="WebM of a browser"),
        pytest.param(webm(float("nan"), 1), None, 1, id="WebM, no number"),
        pytest.param(webm(float("inf"), 1), None, 1, id="WebM without end"),
        pytest.param(webm(1e308, 1), None, 1, id="WebM of ages"),
        pytest.param(mp3(), 1000, 2, id="MP3"),
        pytest.param(mp3(first=ID3), 1000, 2, id="MP3 after ID3"),
        pytest.param(
            mp3(b"Xing" + struct.pack(">II", 1, 275_625)), 7_200_000, 2, id="MP3 with Xing"
        ),
        pytest.param(mp3(b"Info" + struct.pack(">II", 1, 2297)), 61_000, 2, id="MP3 with Info"),
        pytest.param(mp3(b"Xing" + struct.pack(">II", 2, 9)), 1000, 2, id="Xing without frames"),
        pytest.param(
            mp3(b"VBRI" + bytes(10) + struct.pack(">I", 275_625)), 7_200_000, 2, id="MP3, VBRI"
        ),
        pytest.param(ogg(b"OpusHead\x01\x02"), None, 2, id="Opus"),
        pytest.param(ogg(b"\x01vorbis\0\0\0\0\x06"), None, 6, id="Vorbis"),
        pytest.param(ogg(b"\x7fFLAC\x01\0\0\x01" + flac(48_000 * 60)), 60_000, 2, id="FLAC in Ogg"),
    ],
)
def test_what_a_header_tells_only_raises(
    file: bytes, audio_ms: int | None, channels: int | None
) -> None:
    found = known(file)
    if (audio_ms, channels) == (None, None):
        assert found is None
        return
    assert found == AudioFacts(audio_ms, channels)
    assert found.longest_ms(3_600_000) == max(3_600_000, audio_ms or 0)


def test_an_mp3_without_a_count_is_as_long_as_its_first_bit_rate_makes_it() -> None:
    assert audio_facts(mp3(), 16_000 * 7200) == AudioFacts(7_200_000, 2)


@pytest.mark.parametrize(
    "file", [b"", b"RIFF", b"{}", b"\0" * 70_000, b"\xff" * 70_000, b"--boundary\r\n", ID3[:9]]
)
def test_what_is_no_audio_tells_nothing(file: bytes) -> None:
    assert known(file) is None


# Hostile bytes

SEEDS = [
    wav(chunk(b"fmt ", fmt()))[:200],
    flac(48_000),
    m4a(mvhd(1000), track(2)),
    webm(1000.0, 2),
    mp3(b"Xing" + struct.pack(">II", 1, 9)),
    ID3 + MP3_FRAME * 3,
    ogg(b"OpusHead\x01\x02"),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=9)), max_size=6),
    st.integers(0, 500),
    st.integers(0, 1 << 40),
)
def test_changed_headers_never_crash_it_and_tell_only_what_may_be(
    seed: bytes, changes: list[tuple[int, bytes]], end: int, total: int
) -> None:
    file = bytearray(seed)
    for at, put in changes:
        file[at : at + len(put)] = put
    found = audio_facts(bytes(file[:end]), total)
    if found is None:
        return
    assert found.audio_ms is None or 0 < found.audio_ms <= 86_400_000
    assert found.channels is None or 0 < found.channels <= 256
    if found.counted and found.audio_ms:
        assert total - len(file) <= found.audio_ms // 1000 * 768_000 * 64 * 8 or (
            found.audio_ms == 86_400_000
        )
    else:
        assert found.longest_ms(3_600_000) >= 3_600_000


@given(st.binary(max_size=3000), st.integers(0, 1 << 40))
def test_any_bytes_are_read_without_a_fault(file: bytes, total: int) -> None:
    audio_facts(file, total)


@pytest.mark.parametrize(
    "unit, first",
    [
        pytest.param(box(b"moov", b""), b"", id="boxes without end"),
        pytest.param(box(b"moov", b"")[:4] + b"trak", box(b"ftyp", b""), id="tracks"),
        pytest.param(b"\x1a\x45\xdf\xa3\xff", b"", id="elements without end"),
        pytest.param(b"\xff\xfb\x90\x00", b"", id="frames without end"),
        pytest.param(chunk(b"LIST", b""), b"RIFF\0\0\0\0WAVE", id="chunks without end"),
    ],
)
def test_a_head_of_nothing_but_beginnings_is_read_in_bounded_work(
    unit: bytes, first: bytes
) -> None:
    """Each byte at most some dozen times: counted in lines that run, not in seconds."""
    head = (first + unit * HEAD_BYTES)[:HEAD_BYTES]
    lines = 0

    def count(frame: object, event: str, arg: object) -> object:
        nonlocal lines
        lines += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)  # type: ignore[arg-type]
    try:
        audio_facts(head, 1 << 30)
    finally:
        sys.settrace(before)
    assert lines < 200_000
