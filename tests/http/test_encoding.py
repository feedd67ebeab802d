"""Undoing a Content-Encoding within a bound."""

import gzip
import zlib

import pytest

from assemblyai_mw.http.encoding import decode, narrow

TEXT = b'{"status": "completed"}' * 10


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


@pytest.mark.parametrize(
    "encoding, body",
    [
        pytest.param(None, TEXT, id="none"),
        pytest.param("identity", TEXT, id="identity"),
        pytest.param("gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param("X-GZIP", gzip.compress(TEXT), id="x-gzip"),
        pytest.param("deflate", zlib.compress(TEXT), id="deflate, zlib"),
        pytest.param("deflate", raw_deflate(TEXT), id="deflate, raw"),
    ],
)
def test_what_can_be_undone_is(encoding: str | None, body: bytes) -> None:
    assert decode(body, encoding, max_bytes=1000) == TEXT


@pytest.mark.parametrize(
    "encoding, body",
    [
        pytest.param("br", TEXT, id="brotli"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(TEXT)), id="stacked"),
        pytest.param("gzip", gzip.compress(TEXT)[:-9], id="cut"),
        pytest.param("gzip", b"no gzip", id="nonsense"),
        pytest.param("gzip", gzip.compress(bytes(10_000_000)), id="bomb"),
        pytest.param(None, bytes(1001), id="too large"),
    ],
)
def test_what_cannot_be_undone_is_none(encoding: str | None, body: bytes) -> None:
    assert decode(body, encoding, max_bytes=1000) is None


@pytest.mark.parametrize(
    "accepted, narrowed",
    [
        ("gzip, deflate, br;q=0.9, zstd", "gzip, deflate"),
        ("br", "identity"),
        ("*", "identity"),
        ("gzip;q=0.5,identity", "gzip;q=0.5,identity"),
        ("gzip,deflate", "gzip,deflate"),
    ],
)
def test_only_readable_codings_are_asked_for(accepted: str, narrowed: str) -> None:
    assert narrow(accepted) == narrowed
