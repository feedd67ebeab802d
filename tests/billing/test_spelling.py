"""Which known name was meant, and which is a name of its own."""

from __future__ import annotations

import pytest

from assemblyai_mw.billing.spelling import hint, misspelled, nearest

MODELS = ("universal-2", "universal-3-5-pro", "gpt-5", "gpt-5-mini", "kimi-k2.5", "qwen3-32B")


@pytest.mark.parametrize(
    "name, meant",
    [
        ("universal-3-5-prooo", "universal-3-5-pro"),
        ("universal-35-pro", "universal-3-5-pro"),
        ("universal3-5-pro", "universal-3-5-pro"),
        ("univeral-2", "universal-2"),
        ("gpt-5-mni", "gpt-5-mini"),
        ("gpt-5-imni", "gpt-5-mini"),
        ("kimi-k2-5", "kimi-k2.5"),
        ("qwen3-32b", "qwen3-32B"),
    ],
)
def test_a_slip_is_known(name: str, meant: str) -> None:
    assert misspelled(name, MODELS) == meant


@pytest.mark.parametrize(
    "name",
    ["gpt-5-mini", "gpt-6", "gpt-5.2", "universal-4", "gpt-5-mini-high", "gpt-5-nano", "house", ""],
)
def test_a_known_name_and_a_name_of_its_own_are_none(name: str) -> None:
    assert misspelled(name, MODELS) is None


def test_a_name_that_differs_in_a_whole_part_is_another() -> None:
    assert misspelled("universal-streaming-spanish", ["universal-streaming-english"]) is None


def test_the_hint_names_the_nearest_else_all() -> None:
    assert nearest("Timeout", ["timeouts", "limits"]) == "timeouts"
    assert nearest("x", []) is None
    assert hint("timeout", ["timeouts", "limits"]) == "did you mean timeouts?"
    assert hint("zzz", ["timeouts", "limits"]) == "known are limits, timeouts"
