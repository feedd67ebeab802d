"""The table of operations: what a request is, and which spellings are nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing.compiled_book import SECTIONS
from assemblyai_mw.billing.operations import (
    BY_KIND,
    CHAT,
    LIST,
    OPERATIONS,
    OTHER,
    READ,
    SUBMIT,
    UPLOAD,
    Operation,
    is_variant,
    read,
)
from assemblyai_mw.errors import BadRequest
from assemblyai_mw.http.paths import canonical

ID = "5552830d-d8b1-4e60-a2b4-bdfefb3130b3"


def example(operation: Operation) -> str:
    """Return a path that the row describes."""
    path = operation.path.replace("{object}", "6f1c")
    return path.replace("{id}", ID).replace("{part}", "word-search")


@pytest.mark.parametrize(
    "service, method, path, kind",
    [
        ("api", "POST", "/v2/transcript", "transcript"),
        ("api", "GET", "/v2/transcript", None),
        ("api", "GET", "/v2/transcript/x", None),
        ("api", "GET", "/v2/transcript/x/chapters-of-tomorrow", None),
        ("api", "DELETE", "/v2/transcript/x", None),
        ("api", "POST", "/v2/upload", None),
        ("api", "POST", "/lemur/v3/generate/task", "lemur"),
        ("api", "GET", "/lemur/v3/x", None),
        ("api", "POST", "/v3/something-new", OTHER),
        ("api", "PUT", "/v2/transcript/x", OTHER),
        ("api", "FROB", "/v2/transcript", OTHER),
        ("api", "POST", "/v1/chat/completions", OTHER),
        ("llm-gateway", "POST", "/v1/chat/completions", "chat"),
        ("llm-gateway", "GET", "/v1/models", None),
        ("llm-gateway", "POST", "/v1/understanding", "understanding"),
        ("llm-gateway", "POST", "/v1/understanding/validate", None),
        ("llm-gateway", "POST", "/v1/embeddings", OTHER),
        ("streaming", "GET", "/v3/token", "token"),
        ("streaming", "HEAD", "/v3/token", "token"),
        ("agents", "GET", "/v1/token", "token"),
        ("token", "POST", "/v1/token", "token"),
        ("api", "GET", "/v3/token", None),
        ("sync", "POST", "/v1/transcribe", "sync"),
        ("sync", "POST", "/v1/transcribe/live", "sync"),
        ("sync", "GET", "/v1/warm", None),
        ("dictation", "POST", "/v1/transcribe/live", "dictation"),
        ("dictation", "POST", "/transcribe", "dictation"),
        ("tts", "POST", "/v1/speech", "tts"),
        ("somewhere", "POST", "/", OTHER),
    ],
)
def test_the_kind_of_a_request(service: str, method: str, path: str, kind: str | None) -> None:
    assert read(service, method, path).kind == kind


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: f"{row.service} {row.path}")
def test_each_row_is_found_by_what_it_describes(operation: Operation) -> None:
    reading = read(operation.service, operation.method, example(operation))
    assert reading.operation is operation
    assert reading.transcript_id == (ID if "{id}" in operation.path else None)
    assert operation.method in reading.allow


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: f"{row.service} {row.path}")
def test_each_row_says_the_whole_of_what_it_is(operation: Operation) -> None:
    assert set(operation.prices) <= set(SECTIONS)
    assert operation.words <= {"request", "reply"}
    assert bool(operation.words) == (operation.guarded_as is not None)
    assert not operation.ids or operation.body == "json"
    assert "request" not in operation.words or operation.body == "json" or operation.session
    assert operation.session is None or operation.websocket
    assert not operation.prices or operation.kind is not None


def test_rows_of_one_kind_agree_on_how_it_is_metered() -> None:
    for row in OPERATIONS:
        if row.kind is not None and not row.websocket:
            first = BY_KIND[row.kind]
            facts = (row.prices, row.metered, row.guarded_as)
            assert facts == (first.prices, first.metered, first.guarded_as)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: f"{row.service} {row.path}")
@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda path: "/" + path, id="slash before"),
        pytest.param(lambda path: path.replace("/", "//", 2), id="slashes"),
        pytest.param(lambda path: path + "/", id="slash after"),
        pytest.param(lambda path: path + "//", id="slashes after"),
        pytest.param(lambda path: path + ";x=1", id="parameter"),
        pytest.param(lambda path: path + ";", id="empty parameter"),
        pytest.param(lambda path: path.replace("/", ";a/", 2), id="parameter within"),
        pytest.param(lambda path: path.upper(), id="upper case"),
        pytest.param(lambda path: path[:2] + path[2].upper() + path[3:], id="one capital"),
        pytest.param(lambda path: path[:2] + f"%{ord(path[2]):02x}" + path[3:], id="escape"),
        pytest.param(lambda path: path[:2] + f"%25{ord(path[2]):02x}" + path[3:], id="twice"),
        pytest.param(lambda path: path[0] + path[1:].replace("/", "%2F"), id="escaped slash"),
        pytest.param(lambda path: path.replace("/", "\\"), id="backslashes"),
        pytest.param(
            lambda path: (
                path.replace(path[2], chr(ord(path[2]) + 0xFEE0)).encode().decode("latin-1")
            ),
            id="full width",
        ),
    ],
)
def test_other_spellings_of_a_row_are_told(operation: Operation, spell: object) -> None:
    path = spell(example(operation))  # type: ignore[operator]
    assert read(operation.service, operation.method, path).operation is None or path == example(
        operation
    )
    assert is_variant(operation.service, path) or path == example(operation)


@pytest.mark.parametrize(
    "service, path",
    [
        ("api", "/v3/something-new"),
        ("api", "/v2/transcripts"),
        ("api", "/v2/upload/multipart"),
        ("llm-gateway", "/v1/responses"),
        ("streaming", "/v3/tokens"),
        ("tts", "/v1/voices"),
    ],
)
def test_a_path_of_tomorrow_is_no_variant(service: str, path: str) -> None:
    assert not is_variant(service, path)


def test_a_path_that_is_encoded_for_ever_is_refused() -> None:
    with pytest.raises(BadRequest):
        canonical("/%" + "25" * 12 + "41")


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_a_canonical_path_is_its_own(path: str) -> None:
    try:
        plain = canonical(path)
    except BadRequest:
        return
    if plain.isascii():
        assert canonical(plain) == plain


def test_the_rows_that_stages_name_are_in_the_table() -> None:
    assert {UPLOAD, SUBMIT, LIST, READ, CHAT} <= set(OPERATIONS)
