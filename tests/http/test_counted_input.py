"""A body that is counted: the same objects, and a beginning of bounded size."""

from __future__ import annotations

import io

import pytest

from assemblyai_mw.http.counted_input import CountedInput


def test_blocks_are_handed_on_as_they_are_and_only_the_beginning_is_kept() -> None:
    blocks = [bytes([number]) * 100 for number in range(5)]
    given = iter(blocks)

    class Input:
        def read(self, size: int = -1) -> bytes:
            return next(given, b"")

    body = CountedInput(Input(), keep=250)
    assert all(body.read(100) is block for block in blocks)
    assert (body.count, len(body.head), body.head) == (500, 250, b"".join(blocks)[:250])
    assert not body.ended
    assert (body.read(100), body.ended) == (b"", True)


@pytest.mark.parametrize("length, whole", [(11, True), (10, False), (12, False), (None, True)])
def test_a_body_is_whole_where_all_that_was_announced_was_read(
    length: int | None, whole: bool
) -> None:
    body = CountedInput(io.BytesIO(b"hello\nworld"), keep=100)
    assert list(body) == [b"hello\n", b"world"]
    assert body.is_whole(length) is whole


def test_a_body_without_a_length_is_whole_only_once_its_end_was_read() -> None:
    body = CountedInput(io.BytesIO(b"hello\nworld"), keep=100)
    assert body.read(0) == b""
    assert body.readline() == b"hello\n"
    assert not body.is_whole(None)
    assert body.readlines() == [b"world"]
    assert body.is_whole(None)
    assert body.head == b"hello\nworld"
