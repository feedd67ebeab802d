"""Inputs, valid and not, read by this package's Frames and by the `websockets` library.

`python -m tests.relay.frames_agree --inputs 100000`
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from assemblyai_mw.relay.frames import (
    MAX_AUDIO_BYTES,
    MAX_TEXT_BYTES,
    Close,
    Frames,
    Item,
    Part,
    Text,
    Violation,
)

TOO_LARGE = 3006, 3007
MESSAGES = ["", "a", '{"type":"Terminate"}', "größer " * 30, "x" * 126, "y" * 65_600]
AUDIO = [0, 1, 125, 126, 1600, 65_535, 65_536, 70_000]
CLOSES = [b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xed", b"\x0b\xbd\xff", b"\x13\x87ok"]


def raw(item: Item) -> bytes:
    return item if isinstance(item, bytes) else b"" if isinstance(item, Violation) else item.raw


def read(data: bytes, cuts: list[int], *, masked: bool) -> list[Item]:
    """Return what Frames makes of *data*, which comes in pieces."""
    frames = Frames(masked=masked)
    items: list[Item] = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        if end > start:
            items += frames.feed(data[start:end])
    return items


def reader(*, masked: bool) -> Protocol:
    return Protocol(Side.SERVER if masked else Side.CLIENT, state=OPEN, max_size=None)


def events(protocol: Protocol, data: bytes) -> list[tuple[int, bytes, bool]]:
    protocol.receive_data(data)
    found = [each for each in protocol.events_received() if isinstance(each, Frame)]
    return [(int(each.opcode), bytes(each.data), each.fin) for each in found]


def serialized(opcode: int, payload: bytes, fin: bool, masked: bool) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=masked)


def some_frames(rng: random.Random, *, masked: bool) -> list[bytes]:
    """Return valid frames, mostly, in a valid order."""

    def controls() -> list[bytes]:
        if rng.random() < 0.7:
            return []
        return [serialized(rng.choice([9, 10]), rng.randbytes(rng.randrange(9)), True, masked)]

    frames: list[bytes] = []
    for _ in range(rng.randrange(1, 7)):
        frames += controls()
        if rng.random() < 0.5:
            kind, payload = 1, rng.choice(MESSAGES).encode()
        else:
            kind, payload = 2, rng.randbytes(rng.choice(AUDIO))
        parts = rng.choice([1, 1, 1, 2, 3])
        at = sorted(rng.randrange(len(payload) + 1) for _ in range(parts - 1))
        pieces = [payload[a:b] for a, b in zip([0, *at], [*at, len(payload)], strict=True)]
        for number, piece in enumerate(pieces):
            opcode = kind if number == 0 else 0
            frames.append(serialized(opcode, piece, number == parts - 1, masked))
            if number < parts - 1:
                frames += controls()
    if rng.random() < 0.4:
        code = Frame(Opcode.CLOSE, rng.choice(CLOSES)).serialize(mask=masked)
        frames.insert(rng.randrange(len(frames) + 1), code)
    return frames


def some_input(rng: random.Random, *, masked: bool) -> bytes:
    frames = some_frames(rng, masked=masked)
    fault = rng.random()
    if fault < 0.2:
        at = rng.randrange(len(frames))
        broken = bytearray(frames[at])
        broken[rng.randrange(min(len(broken), 4))] ^= 1 << rng.randrange(8)
        frames[at] = bytes(broken)
    elif fault < 0.3:
        del frames[rng.randrange(len(frames))]
    elif fault < 0.4:
        at = rng.randrange(len(frames))
        broken = bytearray(frames[at])
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        frames[at] = bytes(broken)
    data = b"".join(frames)
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data


def compare(data: bytes, cuts: list[int], *, masked: bool) -> str:
    """Assert that both read the same; return how the input ended."""
    items = read(data, cuts, masked=masked)
    closes = bool(items) and isinstance(items[-1], Close)
    passed = b"".join(map(raw, items[:-1] if closes else items))
    assert data.startswith(passed)
    theirs = reader(masked=masked)
    seen = events(theirs, data)
    again = reader(masked=masked)
    ours = events(again, passed)
    assert seen[: len(ours)] == ours
    assert_texts(items, ours)
    fault = items[-1] if items and isinstance(items[-1], Violation) else None
    # What did not pass is an unfinished text, with the control frames between, or a faulty one.
    left = seen[len(ours) :]
    if fault is None:
        if closes:
            # The library lets no message be broken off by a close frame; a relay passes it on,
            # and not what there was of a text.
            assert theirs.close_rcvd is not None
            assert theirs.close_rcvd.code == (items[-1].code or 1005)
            assert theirs.parser_exc is not None or left[-1][0] == 8
            return "closed"
        assert theirs.parser_exc is None
        assert not left or left[0][0] == 1
        assert first_text(left) is None
        return "open"
    if fault.code in TOO_LARGE:
        assert too_large(data[len(passed) :], masked=masked)
        return f"violation {fault.code}"
    text = first_text(left)
    if fault.code == 1007 and text is not None:
        # The library's own checks of a text are its connections', not its protocol's.
        assert not is_utf8(text)
        return "violation 1007"
    if theirs.parser_exc is None:
        # Frames does not wait for the whole of a frame that is wrong from its first bytes.
        events(theirs, bytes(MAX_AUDIO_BYTES + 16))
        assert theirs.parser_exc is not None or too_large(data[len(passed) :], masked=masked)
        return "violation early"
    assert theirs.close_sent is not None
    # A close frame may have two faults, its code and its text.
    both = isinstance(theirs.parser_exc, UnicodeDecodeError) and fault.code == 1002
    assert theirs.close_sent.code == fault.code or both
    return f"violation {fault.code}"


def assert_texts(items: list[Item], ours: list[tuple[int, bytes, bool]]) -> None:
    texts: list[bytes] = []
    kind = 0
    for opcode, payload, _ in ours:
        if opcode in (1, 2):
            kind = opcode
        if opcode == 1:
            texts.append(payload)
        elif opcode == 0 and kind == 1:
            texts[-1] += payload
    assert [item.payload for item in items if isinstance(item, Text)] == texts
    assert all(not isinstance(item, Part) or item.through or item.unfinished for item in items)


def first_text(frames: list[tuple[int, bytes, bool]]) -> bytes | None:
    """Return the text of a whole message at the start."""
    text = b""
    for opcode, payload, fin in frames:
        if opcode in (0, 1):
            text += payload
            if fin:
                return text
    return None


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def too_large(rest: bytes, *, masked: bool) -> bool:
    """Whether frames of *rest*, which did not pass, declare more than a message may have."""
    total = at = 0
    while len(rest) - at >= 2:
        length = rest[at + 1] & 0x7F
        wide = {126: 2, 127: 8}.get(length, 0)
        if wide:
            length = int.from_bytes(rest[at + 2 : at + 2 + wide], "big")
        total += length
        at += 2 + wide + (4 if masked else 0) + length
    return total > min(MAX_TEXT_BYTES, MAX_AUDIO_BYTES)


def agree(inputs: int, seed: int) -> Counter[str]:
    """Compare so many inputs; return how many ended how."""
    rng = random.Random(seed)
    ends: Counter[str] = Counter()
    for _ in range(inputs):
        masked = rng.random() < 0.5
        data = some_input(rng, masked=masked)
        cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice([0, 1, 5, 30])))
        ends[compare(data, cuts, masked=masked)] += 1
    return ends


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    for name, count in sorted(agree(told.inputs, told.seed).items()):
        print(f"{count:8} {name}")
