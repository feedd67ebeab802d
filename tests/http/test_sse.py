"""`SSESplitter` gives back every byte, in whole events, however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.http.sse import Event, SSESplitter, encode_event, parse_event


def split(*chunks: bytes, **options: int) -> tuple[list[Event], bytes]:
    splitter = SSESplitter(**options)
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return events, splitter.flush()


@pytest.mark.parametrize(
    "stream, expected",
    [
        pytest.param(b"data: a\n\ndata: b\n\n", [b"a", b"b"], id="LF"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"], id="CRLF"),
        pytest.param(b"data: a\r\rdata: b\r\r", [b"a", b"b"], id="CR"),
        pytest.param(b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"], id="mixed"),
        pytest.param(b"data: a\ndata: b\n\n", [b"a\nb"], id="two data lines"),
        pytest.param(b"data:a\ndata:  b\n\n", [b"a\n b"], id="one space is taken off"),
        pytest.param(b"data\n\n", [b""], id="data without a colon"),
        pytest.param(b"data:\n\n", [b""], id="empty data"),
        pytest.param(b": keep-alive\n\ndata: a\n\n", [None, b"a"], id="comment"),
        pytest.param(b"\n\ndata: a\n\n", [None, None, b"a"], id="empty lines"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [b"a"], id="byte order mark"),
        pytest.param(b"id: 7\nretry: 10\nfoo: x\ndata: a\n\n", [b"a"], id="other fields"),
        pytest.param(b"Data: a\ndatax: b\n\n", [None], id="names are exact"),
        pytest.param("data: ä€😀\n\n".encode(), ["ä€😀".encode()], id="UTF-8"),
    ],
)
@pytest.mark.parametrize("width", [1, 2, 3, 1000])
def test_events_are_those_of_the_standard_however_the_stream_is_cut(
    stream: bytes, expected: list[bytes | None], width: int
) -> None:
    chunks = [stream[i : i + width] for i in range(0, len(stream), width)]
    events, rest = split(*chunks)
    assert expected == [event.data for event in events]
    assert stream == b"".join(event.raw for event in events) + rest


def test_an_event_is_given_as_soon_as_its_empty_line_is_there() -> None:
    splitter = SSESplitter()
    assert splitter.feed(b"data: a\n") == []
    assert [event.data for event in splitter.feed(b"\n")] == [b"a"]


def test_an_event_of_CR_lines_does_not_wait_for_the_next_byte() -> None:
    splitter = SSESplitter()
    assert [event.data for event in splitter.feed(b"data: a\r\r")] == [b"a"]
    # Had the last CR been half of CRLF, its LF is no empty line of its own.
    assert [event.data for event in splitter.feed(b"\ndata: b\r\n\r\n")] == [b"b"]


def test_the_type_of_an_event_is_read() -> None:
    assert Event(b"event: error\ndata: x\n\n", b"x", b"error") == parse_event(
        b"event: error\ndata: x\n\n"
    )


def test_what_never_ended_is_given_back_by_flush_and_only_once() -> None:
    splitter = SSESplitter()
    splitter.feed(b"data: a\n\ndata: hal")
    assert splitter.flush() == b"data: hal"
    assert splitter.flush() == b""


def test_an_event_longer_than_the_cap_is_refused_and_dropped() -> None:
    splitter = SSESplitter(max_event_bytes=100)
    splitter.feed(b"data: " + b"x" * 90)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        splitter.feed(b"x" * 90)
    assert splitter.flush() == b""


def test_the_cap_is_on_one_event_and_not_on_the_stream() -> None:
    events, rest = split(b"data: 0123456789\n\n" * 1000, max_event_bytes=100)
    assert (len(events), rest) == (1000, b"")


LINES = st.lists(
    st.sampled_from([b"data: x", b"data:", b":c", b"event: e", b"", "data: ü😀".encode(), b"id"])
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(lines=LINES, data=st.data())
def test_cutting_changes_no_event_and_loses_no_byte(
    lines: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(line + data.draw(ENDS) for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    events, rest = split(*chunks)
    assert stream == b"".join(event.raw for event in events) + rest
    whole, _ = split(stream + b"\n\n")
    assert [e.data for e in events if e.data is not None] == [
        e.data for e in whole if e.data is not None
    ][: sum(e.data is not None for e in events)]


@given(data=st.binary(), event=st.sampled_from([b"", b"error"]))
def test_what_is_encoded_is_read_back(data: bytes, event: bytes) -> None:
    events, rest = split(encode_event(data, event=event))
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert [(lines, event)] == [(e.data, e.event) for e in events]
    assert rest == b""


def test_a_type_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        encode_event(b"x", event=b"a\nb")
