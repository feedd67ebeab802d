"""Frames as they pass: any sequence in any pieces, and where a sender is wrong."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode

from assemblyai_mw.relay import frames as module
from assemblyai_mw.relay.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    HOLD_BYTES,
    MAX_AUDIO_BYTES,
    MAX_TEXT_BYTES,
    PING,
    PONG,
    TEXT,
    Frames,
    Item,
    Part,
    Text,
    Violation,
    close_frame,
    frame,
    mask,
)

from . import frames_agree
from .frames_agree import raw, read

SIZES = [0, 1, 125, 126, 1600, 65_535, 65_536, HOLD_BYTES + 20, MAX_AUDIO_BYTES]


def built(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool) -> bytes:
    whole = frame(opcode, payload, masked=masked)
    return whole if fin else bytes((whole[0] & 0x7F,)) + whole[1:]


def faulty(whole: bytes, first: int | None = None, second: int | None = None) -> bytes:
    """Return a frame with another first or second byte."""
    head = (whole[0] if first is None else first, whole[1] if second is None else second)
    return bytes(head) + whole[2:]


controls = st.lists(st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)), max_size=2)


@st.composite
def messages(draw: st.DrawFn, masked: bool) -> bytes:
    """Return one message, in one frame or several, and control frames between them."""
    is_text = draw(st.booleans())
    if is_text:
        payload = draw(st.text(max_size=200)).encode()
    else:
        payload = bytes(draw(st.sampled_from(SIZES) | st.integers(0, 3000)))
    at = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
    pieces = [payload[a:b] for a, b in zip([0, *at], [*at, len(payload)], strict=True)]
    out = b""
    for number, piece in enumerate(pieces):
        out += b"".join(frame(op, data, masked=masked) for op, data in draw(controls))
        opcode = CONTINUATION if number else TEXT if is_text else BINARY
        out += built(opcode, piece, fin=number == len(pieces) - 1, masked=masked)
    return out


@st.composite
def streams(draw: st.DrawFn) -> tuple[bool, list[bytes], list[int]]:
    masked = draw(st.booleans())
    parts = draw(st.lists(messages(masked), max_size=5))
    if draw(st.booleans()):
        code = draw(st.sampled_from([None, 1000, 1001, 3005, 3008, 4002, 4999]))
        parts.append(close_frame(code, draw(st.text(max_size=10)) if code else "", masked=masked))
    size = sum(map(len, parts))
    cuts = sorted(draw(st.lists(st.integers(0, size), max_size=12)))
    return masked, parts, cuts


@settings(deadline=None, max_examples=150)
@given(streams())
def test_any_valid_sequence_passes_as_it_is_in_any_pieces(
    stream: tuple[bool, list[bytes], list[int]],
) -> None:
    masked, parts, cuts = stream
    data = b"".join(parts)
    items = read(data, cuts, masked=masked)
    assert b"".join(map(raw, items)) == data
    texts = [item.payload for item in items if isinstance(item, Text)]
    assert texts == [t.payload for t in read(data, [], masked=masked) if isinstance(t, Text)]
    # All of it passed, so that a frame of our own has a place behind it.
    assert not isinstance((items or [b""])[-1], Part)


FAULTS: list[tuple[str, int, Any]] = [
    ("reserved bit 1", 1002, lambda m: faulty(built(TEXT, b"a", masked=m), first=0xC1)),
    ("reserved bit 3", 1002, lambda m: faulty(built(BINARY, b"a", masked=m), first=0x92)),
    ("wrong masking", 1002, lambda m: built(BINARY, b"audio", masked=not m)),
    ("opcode 3", 1002, lambda m: faulty(built(TEXT, b"a", masked=m), first=0x83)),
    ("opcode 11", 1002, lambda m: faulty(built(PING, b"a", masked=m), first=0x8B)),
    ("ping in parts", 1002, lambda m: built(PING, b"a", fin=False, masked=m)),
    ("close in parts", 1002, lambda m: built(CLOSE, fin=False, masked=m)),
    ("long ping", 1002, lambda m: built(PING, bytes(126), masked=m)),
    ("stray continuation", 1002, lambda m: built(CONTINUATION, b"a", masked=m)),
    ("close of one byte", 1002, lambda m: built(CLOSE, b"\x03", masked=m)),
    ("close 1004", 1002, lambda m: built(CLOSE, (1004).to_bytes(2, "big"), masked=m)),
    ("close 1005", 1002, lambda m: built(CLOSE, (1005).to_bytes(2, "big"), masked=m)),
    ("close 1006", 1002, lambda m: built(CLOSE, (1006).to_bytes(2, "big"), masked=m)),
    ("close 1015", 1002, lambda m: built(CLOSE, (1015).to_bytes(2, "big"), masked=m)),
    ("close 999", 1002, lambda m: built(CLOSE, (999).to_bytes(2, "big"), masked=m)),
    ("close 2999", 1002, lambda m: built(CLOSE, (2999).to_bytes(2, "big"), masked=m)),
    ("close 5000", 1002, lambda m: built(CLOSE, (5000).to_bytes(2, "big"), masked=m)),
    ("close text", 1007, lambda m: built(CLOSE, b"\x03\xe8\xff", masked=m)),
    ("text not UTF-8", 1007, lambda m: built(TEXT, b"\xc3", masked=m)),
    ("text too large", 3006, lambda m: built(TEXT, bytes(MAX_TEXT_BYTES + 1), masked=m)),
    ("audio too large", 3007, lambda m: built(BINARY, bytes(MAX_AUDIO_BYTES + 1), masked=m)),
    ("endless audio", 3007, lambda m: bytes((0x82, 127 | m << 7)) + b"\xff" * 8 + bytes(4)),
    ("endless text", 3006, lambda m: bytes((0x81, 127 | m << 7)) + b"\xff" * 8 + bytes(4)),
    (
        "text within a text",
        1002,
        lambda m: (built(TEXT, b"a", fin=False, masked=m), built(TEXT, b"b", masked=m)),
    ),
    (
        "audio within audio",
        1002,
        lambda m: (built(BINARY, b"a", fin=False, masked=m), built(BINARY, b"b", masked=m)),
    ),
    (
        "text of parts too large",
        3006,
        lambda m: (
            built(TEXT, bytes(MAX_TEXT_BYTES), fin=False, masked=m),
            built(CONTINUATION, b"b", masked=m),
        ),
    ),
    (
        "text cut within a letter",
        1007,
        lambda m: (
            built(TEXT, b"\xc3", fin=False, masked=m),
            built(CONTINUATION, b"", masked=m),
        ),
    ),
]


@pytest.mark.parametrize("masked", [True, False], ids=["client", "server"])
@pytest.mark.parametrize("code, build", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
@pytest.mark.parametrize("step", [None, 1, 7])
def test_nothing_passes_from_a_faulty_frame_on(
    code: int, build: Any, masked: bool, step: int | None
) -> None:
    made = build(masked)
    made = (b"", made) if isinstance(made, bytes) else made
    before = frame(BINARY, b"before", masked=masked) + frame(TEXT, b"{}", masked=masked)
    data = before + made[0] + made[1] + frame(BINARY, b"behind", masked=masked)
    cuts = [] if step is None else list(range(step, min(len(data), 500), step))
    items = read(data, cuts, masked=masked)
    fault = items.pop()
    assert isinstance(fault, Violation)
    assert fault.code == code
    # Of a begun text nothing passes, of begun audio what came before the fault.
    begun = made[0] if made[0][:1] == b"\x02" else b""
    assert b"".join(map(raw, items)) == before + begun


@pytest.mark.parametrize("size", [0, 5, 1600, HOLD_BYTES + 20])
@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("cut", [1, 3, 1 << 20])
def test_where_texts_alone_may_come_no_byte_of_a_binary_message_passes(
    size: int, fin: bool, cut: int
) -> None:
    frames = Frames(masked=True, binary=False)
    before = frame(TEXT, b"{}", masked=True) + frame(PING, b"x", masked=True)
    whole = before + built(BINARY, bytes(size), fin=fin, masked=True)
    items: list[Item] = []
    for at in range(0, len(whole), cut):
        items += frames.feed(whole[at : at + cut])
    assert isinstance(items[-1], Violation)
    assert items[-1].code == 3006
    assert b"".join(raw(each) for each in items[:-1]) == before


def test_nothing_is_read_behind_a_close_frame_or_a_fault() -> None:
    for end in (close_frame(1000, masked=True), frame(TEXT, b"\xff", masked=True)):
        frames = Frames(masked=True)
        assert len(frames.feed(end + frame(BINARY, b"behind", masked=True))) == 1
        assert frames.feed(frame(BINARY, b"behind", masked=True)) == []


@pytest.mark.parametrize("masked", [True, False], ids=["client", "server"])
def test_what_passed_says_where_it_ends(masked: bool) -> None:
    large = built(BINARY, bytes(HOLD_BYTES + 100), fin=False, masked=masked)
    frames = Frames(masked=masked)
    (begun,) = frames.feed(large[:500])
    assert begun == Part(large[:500], len(large) - 500, True)
    (rest,) = frames.feed(large[500:])
    assert rest == Part(large[500:], 0, True)
    ping = frame(PING, masked=masked)
    assert frames.feed(ping) == [Part(ping, 0, True)]
    last = built(CONTINUATION, b"", masked=masked)
    assert frames.feed(last + ping[:1]) == [last]
    assert frames.feed(ping[1:]) == [ping]


def test_the_end_of_a_large_frame_passes_before_a_fault_behind_it() -> None:
    """Else the border would be lost, and the next frame of our own be taken for audio."""
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=True)
    frames = Frames(masked=True)
    frames.feed(large[:-10])
    last, fault = frames.feed(large[-10:] + b"\xff\xff")
    assert last == large[-10:]
    assert isinstance(fault, Violation)


def test_control_frames_between_the_parts_of_a_text_pass_with_it() -> None:
    ping = frame(PING, b"between", masked=True)
    data = (
        built(TEXT, b'{"ty', fin=False, masked=True)
        + ping
        + built(CONTINUATION, b'pe":1}', masked=True)
    )
    assert read(data, [3, 20], masked=True) == [Text(data, b'{"type":1}')]


def test_the_library_reads_the_same() -> None:
    """`python -m tests.relay.frames_agree` compares more of them."""
    ends = frames_agree.agree(1500, seed=7)
    assert {"open", "closed", "violation 1002", "violation 1007"} <= set(ends)


@given(st.sampled_from([TEXT, BINARY, PING, PONG, CLOSE]), st.binary(max_size=125))
def test_our_frames_are_the_library_s(opcode: int, payload: bytes) -> None:
    assert frame(opcode, payload, masked=False) == TheirFrame(Opcode(opcode), payload).serialize(
        mask=False
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("masked", [True, False], ids=["to a server", "to a client"])
def test_the_library_reads_our_frames(size: int, masked: bool) -> None:
    payload = os.urandom(size)
    theirs = frames_agree.reader(masked=masked)
    assert frames_agree.events(theirs, frame(BINARY, payload, masked=masked)) == [
        (BINARY, payload, True)
    ]


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_masking_is_its_own_inverse(payload: bytes, key: bytes) -> None:
    masked = mask(payload, key)
    assert masked == bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    assert mask(masked, key) == payload


@given(st.sampled_from([None, 1000, 1012, 3008, 4002]), st.text(max_size=200))
def test_a_close_frame_is_cut_to_what_fits(code: int | None, text: str) -> None:
    theirs = frames_agree.reader(masked=True)
    ((opcode, payload, _),) = frames_agree.events(theirs, close_frame(code, text, masked=True))
    assert opcode == CLOSE
    assert theirs.close_rcvd is not None
    assert theirs.close_rcvd.code == (code or 1005)
    if code is not None:
        assert text.startswith(payload[2:].decode())
        assert len(text.encode()) - len(payload[2:]) < 4 or len(payload) > 120


class Counting(bytearray):
    """Counts what is copied into it, and out of it."""

    copied = 0

    def __iadd__(self, other: Any) -> Counting:  # type: ignore[override,misc]
        Counting.copied += len(other)
        return super().__iadd__(other)  # type: ignore[return-value]

    def __bytes__(self) -> bytes:
        Counting.copied += len(self)
        return bytes(memoryview(self))


@pytest.mark.parametrize(
    "data",
    [
        frame(BINARY, bytes(HOLD_BYTES - 20), masked=True),
        frame(TEXT, b"x" * MAX_TEXT_BYTES, masked=True),
        b"".join(
            built(CONTINUATION if at else TEXT, b"x", fin=at == 99_999, masked=True)
            for at in range(100_000)
        ),
    ],
    ids=["audio", "text", "text in frames of one byte"],
)
def test_bytes_that_come_one_by_one_are_copied_a_few_times_each(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "bytearray", Counting, raising=False)
    Counting.copied = 0
    frames = Frames(masked=True)
    looks = 0
    walk = frames._walk

    def counted(data: bytes, items: list[Item]) -> None:
        nonlocal looks
        looks += 1
        walk(data, items)

    monkeypatch.setattr(Frames, "_walk", lambda self, data, items: counted(data, items))
    items = [item for at in range(len(data)) for item in frames.feed(data[at : at + 1])]
    assert b"".join(map(raw, items)) == data
    assert len(data) <= Counting.copied <= 8 * len(data)
    # A look finds out how much more is needed: there are two or three a frame.
    assert looks <= 4 * (100_000 if data[0] == 0x01 else 1)


def test_a_text_in_endless_frames_ends() -> None:
    frames = Frames(masked=True)
    frames.feed(built(TEXT, b"", fin=False, masked=True))
    flood = built(CONTINUATION, b"", fin=False, masked=True) * 5000
    for _ in range(100):
        items = frames.feed(flood)
        if items:
            break
    (fault,) = items
    assert isinstance(fault, Violation)
    assert fault.code == 3006
