"""A JSON object that comes in pieces: when it is whole, and how often it is parsed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from assemblyai_mw.dialects.chat.object_text import ObjectText

TEXTS = st.one_of(
    st.recursive(
        st.none() | st.booleans() | st.text(alphabet='\\"{}[],: \n\u2028a', max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet='"\\{}a', max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ).map(json.dumps),
    st.text(alphabet='\\"{}[]:,1 \n', max_size=30),
)


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@given(TEXTS, st.text(alphabet="{} \n\xa01", max_size=3), st.lists(st.integers(0, 4), min_size=1))
@example('{"\\\\": "\\""}', "", [1])
@example('{"a": "\\\\"}', " {}", [0, 1, 2])
def test_a_text_in_pieces_is_whole_exactly_where_it_is_an_object(
    text: str, more: str, sizes: list[int]
) -> None:
    text += more
    object_text, at, turn = ObjectText(is_object), 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)] if turn < 100 else len(text)
        object_text.add(text[at : at + size])
        at, turn = min(len(text), at + size), turn + 1
        assert str(object_text) == text[:at]
        assert object_text.is_whole() == is_object(text[:at])


def parses_of(*pieces: str) -> int:
    parsed: list[str] = []

    def noted(text: str) -> bool:
        parsed.append(text)
        return is_object(text)

    object_text: Any = ObjectText(noted)
    for piece in pieces:
        object_text.add(piece)
        object_text.is_whole()
    return len(parsed)


def test_an_object_of_many_pieces_is_parsed_once() -> None:
    assert parses_of('{"a": [', *["{}", ","] * 500, "{}", "]", "}", " ", "\n") == 1


def test_text_that_will_never_be_an_object_is_not_parsed_again_and_again() -> None:
    assert parses_of(*["{}"] * 500) == 1
    assert parses_of(*["1"] * 500) == 0
    assert parses_of(*["}"] * 500) == 0
