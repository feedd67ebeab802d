"""JSON that every reader reads alike, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.http import strict_json
from assemblyai_mw.http.strict_json import (
    MAX_DEPTH,
    MAX_VALUES,
    MAX_WIDE_BYTES,
    check_size,
    dumps_like,
    loads,
)


@pytest.mark.parametrize(
    "body, value",
    [
        (b"{}", {}),
        (
            b' {"a": [1, 2.5, "\\ud83d\\ude00", null, true]} ',
            {"a": [1, 2.5, "\U0001f600", None, True]},
        ),
        (b'"' + b"[" * 5000 + b'"', "[" * 5000),
        (b"[" * 100 + b"]" * 100, None),
        (b"[" + b"{}," * 300 + b"{}]", [{}] * 301),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    read = loads(body)
    assert read == value or value is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"[Infinity]", id="Infinity"),
        pytest.param(b"1e999", id="overflow"),
        pytest.param(b"1" * 300, id="300 digits"),
        pytest.param(b'{"a":1,"a":1}', id="a key twice"),
        pytest.param(b'{"a":{"b":1,"b":2}}', id="a key twice within"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="a key twice in two spellings"),
        pytest.param(b"\xef\xbb\xbf{}", id="BOM"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param(b'"\xff"', id="invalid UTF-8"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b"[" * 100_000, id="100,000 deep, open"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 deep"),
        pytest.param(b'{"a":' * 200 + b"1" + b"}" * 200, id="200 objects deep"),
        pytest.param(b'"\x01"', id="control character"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"{'a':1}", id="single quotes"),
    ],
)
def test_what_readers_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        loads(body)


def test_a_text_without_an_end_is_refused() -> None:
    with pytest.raises(BadRequest):
        loads(b"[" + b"[]," * 200 + b'"' + b'\\"' * 400_000)


def test_brackets_in_texts_are_not_counted() -> None:
    body = b'["' + b"\\\\" + b'", "' + b'\\"' + b"[{" * 300 + b'"]'
    assert loads(body) == ["\\", '"' + "[{" * 300]


@pytest.mark.parametrize(
    "unit, values",
    [
        pytest.param(b"1", 1, id="numbers"),
        pytest.param(b'""', 1, id="texts"),
        pytest.param(b"{}", 2, id="objects, counted twice"),
        pytest.param(b'{"a":1}', 2, id="members"),
        pytest.param(b"[1,1]", 3, id="lists"),
    ],
)
def test_as_many_values_as_the_bound_are_read_and_no_more(unit: bytes, values: int) -> None:
    most = (MAX_VALUES - 1) // values
    assert len(loads(b"[" + b",".join([unit] * most) + b"]")) == most
    with pytest.raises(BadRequest, match=f"more than {MAX_VALUES} values"):
        loads(b"[" + b",".join([unit] * (most + 2)) + b"]")


def test_what_stands_in_texts_is_not_counted() -> None:
    code = 'f(a, [b, {c: "\\"}], d)\n' * 100_000
    body = json.dumps({"messages": [{"role": "user", "content": code}]}).encode()
    assert body.count(b",") > MAX_VALUES
    assert loads(body) == {"messages": [{"role": "user", "content": code}]}


def test_too_many_texts_are_refused_before_they_are_told_apart() -> None:
    with pytest.raises(BadRequest, match="values"):
        loads(b'{"a"' + b'""' * (3 * MAX_VALUES) + b"," * MAX_VALUES)


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_has_a_bound(opening: bytes, closing: bytes) -> None:
    loads(opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH)
    for body in (
        opening * (MAX_DEPTH + 1) + b"1" + closing * (MAX_DEPTH + 1),
        b"[" + b"[]," * MAX_VALUES + opening * 500,
        b'["' + b"[" * 1000 + b'",' + opening * (MAX_DEPTH + 1),
        b"[]" * 1000 + opening * 1000,
    ):
        with pytest.raises(BadRequest):
            loads(body)


@pytest.mark.parametrize("wide", [b"\xf0\x9f\x98\x80", b"\\ud83d\\ude00"])
def test_a_long_body_cannot_hold_what_makes_it_four_times_as_large(wide: bytes) -> None:
    room = MAX_WIDE_BYTES - len(wide) - 2
    assert len(loads(b'"' + wide + b"a" * room + b'"')) == room + 1
    with pytest.raises(BadRequest, match="U"):
        loads(b'"' + wide + b"a" * (room + 1) + b'"')
    assert len(loads(b'"' + "\u4e2d".encode() + b"a" * room * 2 + b'"')) == room * 2 + 1


@pytest.mark.parametrize("where", ['"{}"', '{{"{}": 1}}', '[[{{"a": ["b", "{}"]}}]]'])
def test_half_a_surrogate_pair_is_found_wherever_it_stands(where: str) -> None:
    loads(where.format("\\ud83d\\ude00").encode())
    for half in ("\\ud83d", "\\ude00\\ud83d"):
        with pytest.raises(BadRequest, match="surrogate"):
            loads(where.format(half).encode())


def test_json_is_written_as_ascii_unless_it_would_grow_much() -> None:
    for text in ("caf\xe9 " * 10, "a" * 2_000_000 + "\xe9"):
        given_ = json.dumps(text, ensure_ascii=False).encode()
        assert dumps_like(text, given_) == json.dumps(text).encode()
    for text in ("\xe9" * 1_000_000, "\x7f" * 2_000_000, "\u4e2d\U0001f600" * 400_000):
        given_ = json.dumps(text, ensure_ascii=False).encode()
        assert dumps_like(text, given_) == given_


# What hostile bodies are made of: pieces that are JSON, or nearly, many times over.
PIECES = st.sampled_from(
    [
        b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b'\\"', b'"a"', b'"a":', b"1", b"-1.5e9",
        b"null", b"NaN", b" ", b"\x00", b"\xff", "\u4e2d".encode(), b"\\ud800", b'{"a":1}', b"[[]]",
        b'","', b'\\\\"', b"1" * 200, b"{},", b'"x":{',
    ]
)  # fmt: skip
SHAPES = st.lists(st.tuples(PIECES, st.sampled_from([1, 1, 1, 2, 3, 200])), max_size=12).map(
    lambda parts: b"".join(piece * times for piece, times in parts)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a,[]{}":\\\u4e2d', max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('a,[]{}"\\', max_size=3), inner),
)


@given(SHAPES)
def test_any_bytes_are_a_value_or_refused(body: bytes) -> None:
    try:
        value = loads(body)
    except BadRequest:
        return
    assert value == json.loads(body)


def test_a_byte_order_mark_is_named() -> None:
    for body in (b"\xef\xbb\xbf{}", b"\xef\xbb\xbf"):
        with pytest.raises(BadRequest, match="byte order mark"):
            loads(body)


@given(VALUES)
def test_no_honest_value_is_over_a_bound_that_it_keeps(value: Any) -> None:
    """The counts are those of the values outside texts, at most one too many for a container."""
    body = json.dumps(value, ensure_ascii=False).encode()
    waiting, values, containers = [value], 0, 0
    while waiting:
        each = waiting.pop()
        values += 1
        if isinstance(each, list | dict):
            containers += 1
            waiting += each.values() if isinstance(each, dict) else each
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_json, "MAX_VALUES", values + containers)
        assert loads(body) == value
        patch.setattr(strict_json, "MAX_VALUES", values - 1)
        with pytest.raises(BadRequest):
            check_size(body)
