"""What a document names is found in one walk, and work on hostile texts has a bound."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.isolation import decoding, document
from assemblyai_mw.middleware.isolation.decoding import Effort, decoded
from assemblyai_mw.middleware.isolation.document import MAX_IDS, could_be_upload, named_in
from assemblyai_mw.middleware.isolation.ids import ids_in_bytes, ids_like, is_upload

UPLOAD = "https://cdn.assemblyai.com/upload/5552723a-0001"
CODE_POINTS = [code for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000]


def folded(code: int) -> str:
    return unicodedata.normalize("NFKC", chr(code)).casefold()


def test_every_character_that_reads_as_one_of_a_url_is_narrowed() -> None:
    signs = set("abcdefghijklmnopqrstuvwxyz0123456789%-_./\\;")
    missed = [
        hex(code)
        for code in CODE_POINTS
        if not signs.isdisjoint(folded(code))
        and decoding._LOOSE.fullmatch(chr(code).encode()) is None
    ]
    assert missed == []


def test_every_character_that_hides_a_letter_of_upload_gets_a_closer_look() -> None:
    letters = set("upload%")
    missed = [
        hex(code)
        for code in CODE_POINTS
        if not letters.isdisjoint(folded(code)) and not could_be_upload(chr(code))
    ]
    assert missed == []


def test_no_character_folds_to_letters_that_make_an_id_member_shorter() -> None:
    """So a name of fewer than twelve characters cannot be `transcript_id`."""
    pairs = {
        "".join(each for each in chr(code).casefold() if each.isascii()) for code in CODE_POINTS
    }
    assert not [pair for pair in pairs if len(pair) > 1 and pair in "transcriptids"]


def reference(body: Any) -> tuple[set[str], set[str], set[str]]:
    """Return ids, URLs and words, as one would write it."""
    ids: set[str] = set()
    urls: set[str] = set()
    words: set[str] = set()
    if isinstance(body, str):
        if not any(each.isspace() for each in body.strip()) and is_upload(body):
            urls.add(body)
        words |= ids_like(body)
    children = list(body.values()) if isinstance(body, dict) else body
    if isinstance(body, dict):
        for name, value in body.items():
            plain = "".join(re.findall("[a-z0-9]", name.casefold()))
            an_id = plain in ("transcriptid", "transcriptids")
            if an_id and value is not None and not isinstance(value, dict):
                ids |= {repr(each) for each in (value if isinstance(value, list) else [value])}
            if name.casefold() == "audio_url" and isinstance(value, str):
                urls.add(value)
    if isinstance(children, list):
        for child in children:
            for mine, theirs in zip((ids, urls, words), reference(child), strict=True):
                mine |= theirs
    return ids, urls, words


NAMES = st.sampled_from(
    [
        "a",
        "audio_url",
        "Audio_URL",
        "transcript_id",
        "TranscriptIds",
        "tran\u017fcript-id",
        "x" * 20,
    ]
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            UPLOAD,
            f" {UPLOAD} ",
            f"see {UPLOAD}",
            UPLOAD.replace("u", "%75"),
            UPLOAD.replace("u", "%2575"),
            UPLOAD.replace("l", "\uff4c"),
            UPLOAD.replace("/up", "\\Up"),
            UPLOAD.replace(".", "\u3002"),
            UPLOAD.replace("ss", "\xdf"),
            "\uff05" + "75pload",
        ]
    ),
    st.text(max_size=40),
    st.text("upload%25\uff55\uff05/.:aemilcy", max_size=40),
)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_the_walk_finds_what_a_plain_one_finds(body: Any) -> None:
    try:
        ids, urls, words = reference(body)
    except BadRequest:
        with pytest.raises(BadRequest):
            named_in(body, Effort(), words=True)
        return
    named = named_in(body, Effort(), words=True)
    assert {repr(each) for each in named.ids} == ids
    assert set(named.urls) == urls
    assert named.words == words


def test_a_document_of_any_depth_is_walked() -> None:
    body: Any = UPLOAD
    for _ in range(50_000):
        body = {"a": [body]}
    assert list(named_in(body, Effort()).urls) == [UPLOAD]
    while body is not UPLOAD:  # Freed from the outside, by steps: the interpreter would recurse.
        body = body["a"][0]


def test_no_more_is_collected_than_is_looked_up() -> None:
    many = [f"{number:032}" for number in range(3 * MAX_IDS)]
    body = {
        "transcript_ids": many,
        "more": [{"transcript_id": each, "audio_url": each} for each in many],
    }
    named = named_in(body, Effort(), words=True)
    assert len(named.ids) == len(named.urls) == MAX_IDS + 1
    assert MAX_IDS < len(named.words) <= MAX_IDS + 2
    assert len(ids_in_bytes(" ".join(many).encode(), MAX_IDS)) == MAX_IDS + 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("%41" * 600, id="escapes"),
        pytest.param("%41x" * 500, id="escapes, apart"),
        pytest.param("%25252541" * 200, id="escapes of escapes"),
        pytest.param("\uff55" * 2000, id="wide letters"),
        pytest.param("\uff0541x\u4e2d" * 400, id="wide percent signs"),
    ],
)
def test_texts_that_take_decoding_have_one_bound_together(text: str) -> None:
    effort = Effort()
    named_in([text] * 3, effort)
    assert effort.left < decoding.MAX_STEPS
    with pytest.raises(BadRequest, match="percent-encoded"):
        named_in([text] * 10_000, Effort())
    with pytest.raises(BadRequest, match="percent-encoded"):
        ids_in_bytes(b"%41" + text.encode() * 10_000, MAX_IDS)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a b, c/upload" * 40, id="ASCII"),
        pytest.param("\u4e2d\u6587\u3002" * 600, id="Chinese"),
        pytest.param("\u30ab\u30bf\uff0c\uff01" * 500, id="Japanese with wide signs"),
        pytest.param("caf\xe9 " * 400, id="French"),
        pytest.param("\u0315\u0300" * 1000, id="accents"),
        pytest.param("\U0001f600" * 1000, id="emoji"),
        pytest.param("%" * 4000, id="too long for a URL"),
    ],
)
def test_texts_that_hide_nothing_take_no_decoding(text: str) -> None:
    effort = Effort()
    named_in([text] * 5_000, effort)
    assert effort.left == decoding.MAX_STEPS


def test_decoding_ends_after_ten_rounds() -> None:
    for nested in (decoding.MAX_ROUNDS - 2, decoding.MAX_ROUNDS + 1):
        data = b"%" + b"25" * nested + b"41"
        if nested < decoding.MAX_ROUNDS:
            assert decoded(data, Effort(), "x") == b"A"
        else:
            with pytest.raises(BadRequest, match="too many times"):
                decoded(data, Effort(), "x")


def test_a_long_name_is_read_by_pieces() -> None:
    name = "_" * 3 * document._PIECE
    for id_member in (f"transcript{name}id", f"{name}TRANSCRIPT_IDS{name}"):
        assert named_in({id_member: "x"}, Effort()).ids == ["x"]
    assert named_in({f"{name}transcript_idx": "x", "e" * 10_000: "x"}, Effort()).ids == []
