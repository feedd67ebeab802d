"""JSON that every reader reads alike, and nothing else."""

import time

import pytest

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.http.strict_json import loads


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


def test_a_text_without_an_end_is_refused_in_time_that_grows_with_it() -> None:
    """Looked for again at each of its quotes, its end would take hours."""
    body = b"[" + b"[]," * 200 + b'"' + b'\\"' * 400_000
    started = time.process_time()
    with pytest.raises(BadRequest):
        loads(body)
    assert time.process_time() - started < 5


def test_brackets_in_texts_are_not_counted() -> None:
    body = b'["' + b"\\\\" + b'", "' + b'\\"' + b"[{" * 300 + b'"]'
    assert loads(body) == ["\\", '"' + "[{" * 300]
