"""Request targets and framing, by table. Numbers in ids are those of docs/reliability.md."""

import pytest

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.http.messages import (
    connection_tokens,
    content_length,
    is_chunked,
    path_with_slashes,
    request_tail,
    request_target,
)


def environ(path: str, *, script: str = "/assemblyai", raw: str | None = None, **more: str):
    made = {"SCRIPT_NAME": script, "PATH_INFO": path, "QUERY_STRING": "", **more}
    if raw is not None:
        made["RAW_URI"] = raw
        made["QUERY_STRING"] = raw.partition("?")[2]
    return made


@pytest.mark.parametrize(
    "path, raw, target",
    [
        pytest.param("/v2/x", "/assemblyai/v2/x?limit=1", "/v2/x?limit=1", id="c1"),
        pytest.param("", "/assemblyai", "/", id="c3-bare"),
        pytest.param("", "/assemblyai?x=1", "/?x=1", id="c3-query"),
        pytest.param("/", "/assemblyai/", "/", id="c3-slash"),
        pytest.param("/v2/a/b/", "/assemblyai/v2/a%2Fb%2f?x=%41", "/v2/a%2Fb%2f?x=%41", id="c6"),
        pytest.param("/x", "/assemblyai/x?", "/x?", id="c7-empty-query"),
        pytest.param("/x", "/assemblyai/x?a=[1]|'&&=%zz%", "/x?a=[1]|'&&=%zz%", id="c7-raw"),
        pytest.param("/x", "/assemblyai/x?a=1?b=2", "/x?a=1?b=2", id="c7-two-marks"),
        pytest.param("/%2e%2e/x", "/assemblyai/%252e%252e/x", "/%252e%252e/x", id="c5-double"),
        pytest.param("/x", "http://evil.example/assemblyai/x", "/x", id="c9-absolute"),
        pytest.param(
            "//evil.example/x", "/assemblyai//evil.example/x", "//evil.example/x", id="c10"
        ),
        pytest.param("/@evil:80/", "/assemblyai/@evil:80/", "/@evil:80/", id="c10-at"),
        pytest.param("/\xff", "/assemblyai/%ff", "/%ff", id="c11-ff"),
        pytest.param("/..a/b..", "/assemblyai/..a/b..", "/..a/b..", id="dots in names"),
    ],
)
def test_the_target_is_the_callers_own_spelling(path: str, raw: str, target: str) -> None:
    assert request_target(environ(path, raw=raw)) == target


@pytest.mark.parametrize(
    "path, raw",
    [
        pytest.param("/v2/../x", "/assemblyai/v2/../x", id="c5-raw"),
        pytest.param("/v2/../x", "/assemblyai/v2/%2e%2e/x", id="c5-encoded"),
        pytest.param("/v2/../x", "/assemblyai/v2/.%2E/x", id="c5-mixed"),
        pytest.param("/..;/x", "/assemblyai/..;/x", id="c5-parameter"),
        pytest.param("/a/../x", "/assemblyai/a%2f..%2fx", id="c5-encoded-slash"),
        pytest.param("/.", "/assemblyai/.", id="c5-one-dot"),
        pytest.param("/a\\..\\x", "/assemblyai/a%5c..%5cx", id="c5-backslash"),
        pytest.param("/\\\\evil/x", "/assemblyai/\\\\evil/x", id="c10-backslash"),
        pytest.param("/\0", "/assemblyai/%00", id="c11-nul"),
        pytest.param("/a\r\nX: 1", "/assemblyai/a%0d%0aX:%201", id="c11-crlf"),
        pytest.param("/\xe4", "/assemblyai/\xe4", id="c11-raw-8-bit"),
        pytest.param("/x", "/assemblyai/x#f", id="c12-fragment"),
        pytest.param("/x", "/assemblyai/x?a=\t", id="c11-tab"),
        pytest.param("/v2", "/%61ssemblyai/v2", id="c4-prefix"),
        pytest.param("/v2/x", "/assemblyai/v2/y", id="c14-disagree"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(path: str, raw: str) -> None:
    with pytest.raises(BadRequest):
        request_target(environ(path, raw=raw))


def test_without_a_raw_target_the_path_is_quoted_again() -> None:
    """c15: servers that keep no raw spelling lose %2F, and nothing else."""
    made = environ("/a b/\xc3\xa9%/x", QUERY_STRING="q=1")
    made["QUERY_STRING"] = "q=1"
    assert request_target(made) == "/a%20b/%C3%A9%25/x?q=1"


@pytest.mark.parametrize(
    "script, raw, tail",
    [
        pytest.param("/gw/assemblyai", "/gw/assemblyai/v2", "/v2", id="c14-mount"),
        pytest.param("/gw/assemblyai", "/assemblyai/v2", "/v2", id="c14-mount-cut-off"),
        pytest.param("/gw/assemblyai", "/other/assemblyai/v2", None, id="c14-another-mount"),
        pytest.param("/assemblyai", "//assemblyai/v2", None, id="c8-two-slashes"),
        pytest.param("/assemblyai", "*", None, id="c13-star"),
    ],
)
def test_a_mount_point_is_left_behind(script: str, raw: str, tail: str | None) -> None:
    assert request_tail(environ("/v2", script=script, raw=raw)) == tail


@pytest.mark.parametrize(
    "path, raw, decoded",
    [
        ("/v2/a%2Fb", "/assemblyai/v2/a%2Fb", "/v2/a/b"),
        ("/v2/a%2Fb c", "/assemblyai/v2/a%2fb%20c?x=%2F", "/v2/a/b c"),
        # The raw path decides: this one is an escaped percent sign.
        ("/v2/a%2Fb%2Fc", "/assemblyai/v2/a%252Fb%2Fc", "/v2/a%2Fb/c"),
        ("/v2/a%2Fb", "http://x/assemblyai/v2/a%2Fb", "/v2/a/b"),
        ("/v2/a%2Fb", "/assemblyai/v2/a/b", None),
        ("/v2/a%2Fb", "/assemblyai/v2/c%2Fb", None),
        ("/v2/a%2Fb", "/other/v2/a%2Fb", None),
        ("/v2/a/b", "/assemblyai/v2/a%2Fb", None),
        ("/v2/a%2Fb", None, None),
    ],
)
def test_slashes_that_a_server_left_escaped_are_decoded_by_the_raw_path(
    path: str, raw: str | None, decoded: str | None
) -> None:
    made = environ(path, **({"REQUEST_URI": raw} if raw else {}))
    assert path_with_slashes(made) == decoded
    if decoded is not None:
        assert request_tail({**made, "PATH_INFO": decoded}) is not None


def test_a_path_that_is_no_bytes_has_no_tail() -> None:
    assert request_tail(environ("/\u20ac")) is None


@pytest.mark.parametrize(
    "value, length",
    [("", None), (None, None), ("0", 0), ("17", 17)],
)
def test_content_length_is_read_as_digits(value: str | None, length: int | None) -> None:
    assert content_length({"CONTENT_LENGTH": value}) == length


@pytest.mark.parametrize("value", ["-1", "+5", "1_0", " 5", "\u0661", "1" * 31, "5,5", "0x3"])
def test_c63_no_other_length_is_taken(value: str) -> None:
    with pytest.raises(BadRequest):
        content_length({"CONTENT_LENGTH": value})


@pytest.mark.parametrize(
    "coding", ["gzip, chunked", "xchunked", "\x0bchunked!", "chunked, chunked", "identity"]
)
def test_c56_only_one_plain_chunked_is_taken(coding: str) -> None:
    with pytest.raises(BadRequest):
        is_chunked({"HTTP_TRANSFER_ENCODING": coding})


def test_c56_two_framings_are_refused() -> None:
    with pytest.raises(BadRequest):
        is_chunked({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "3"})
    assert is_chunked({"HTTP_TRANSFER_ENCODING": "Chunked", "CONTENT_LENGTH": ""})
    assert not is_chunked({})


def test_c21_connection_nominates_in_any_case_and_with_empty_items() -> None:
    assert connection_tokens([",X-Foo, x-BAR", " ,"]) == {"x-foo", "x-bar"}
