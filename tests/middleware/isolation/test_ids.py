"""Texts as the laxest of readers might see them."""

import pytest

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.isolation.ids import (
    fully_decoded,
    ids_like,
    is_upload,
    upload_key,
)

# Accents that Unicode puts in the order of their classes: the last first, each of them.
UNORDERED = "\u0315" * 20_000 + "\u0300" * 20_000 + "\u0316" * 20_000 + "\u0f73" * 20_000


@pytest.mark.parametrize(
    "text, seen",
    [
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a/b"),
        ("%EF%BD%81bc", "abc"),
        ("\uff41".encode().decode("latin-1"), "a"),
        ("%EF%BC%852F", "/"),
        ("100%", "100%"),
        ("caf%C3%A9", "caf\xe9"),
    ],
)
def test_encodings_and_widths_are_undone(text: str, seen: str) -> None:
    assert fully_decoded(text) == seen


def test_what_is_encoded_without_end_is_refused() -> None:
    with pytest.raises(BadRequest):
        fully_decoded("%" + "25" * 20 + "41")


def test_accents_out_of_order_stay_as_they_are() -> None:
    """Sorting these as one text takes Unicode's own algorithm minutes, and all threads wait."""
    found = ids_like(fully_decoded("5552723a-0001-0001%20" + UNORDERED.encode().decode("latin-1")))
    assert not is_upload("https://x.example/" + UNORDERED[::40])
    assert found == {"5552723a-0001-0001"}
    upload_key("https://" + UNORDERED[::6])


def test_a_url_too_long_for_one_is_refused() -> None:
    """The standard library keeps the last URLs that it took apart, of any length."""
    with pytest.raises(BadRequest):
        upload_key("https://x.example/" + "a" * 100_000)
