"""The Presidio adapter, on Presidio's own analyzer with its pattern recognisers.

No language model is loaded: a blank spaCy pipeline splits words, which is all that the
recognisers by pattern and checksum need. Names of people need a model, and are not tried.
"""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

from assemblyai_mw.guards import Blocked
from assemblyai_mw.guards.presidio import PresidioGuard
from assemblyai_mw.guards.texts import screen

CARD = "4111 1111 1111 1111"


def make_analyzer() -> AnalyzerEngine:
    """An analyzer without a model: what a configuration may name by its dotted path."""
    engine = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration())
    engine.nlp = {"en": spacy.blank("en")}
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    return AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])


@pytest.fixture(scope="module")
def analyzer() -> AnalyzerEngine:
    return make_analyzer()


def test_what_presidio_finds_is_masked_by_its_kind(analyzer):
    guard = PresidioGuard(entities=["EMAIL_ADDRESS", "CREDIT_CARD"], analyzer=analyzer)
    text = f"Write to ann@example.com, card {CARD}."
    assert screen(text, guard.find) == "Write to <EMAIL_ADDRESS>, card <CREDIT_CARD>."


def test_a_turn_of_a_session_is_masked_in_its_words_too(analyzer):
    guard = PresidioGuard(entities=["CREDIT_CARD"], analyzer=analyzer)
    words = [{"text": word} for word in f"card {CARD} please".split()]
    turn = {"type": "Turn", "transcript": f"card {CARD}", "utterance": "", "words": words}
    shown = guard.after(None, turn)
    assert shown["transcript"] == "card <CREDIT_CARD>"
    texts = [word["text"] for word in shown["words"]]
    assert texts == ["card", "<CREDIT_CARD>", "", "", "", "please"]


def test_each_kind_may_block_or_be_masked(analyzer):
    guard = PresidioGuard(
        entities={"EMAIL_ADDRESS": "mask", "CREDIT_CARD": "block"}, analyzer=analyzer
    )
    assert screen("ann@example.com", guard.find) == "<EMAIL_ADDRESS>"
    with pytest.raises(Blocked) as caught:
        screen(f"card {CARD}", guard.find)
    assert caught.value.reason == "CREDIT_CARD found"


def test_kinds_that_were_not_asked_for_pass(analyzer):
    guard = PresidioGuard(entities=["EMAIL_ADDRESS"], analyzer=analyzer)
    assert screen(f"card {CARD}", guard.find) is None


def test_a_number_that_fails_its_checksum_is_none(analyzer):
    guard = PresidioGuard(entities=["CREDIT_CARD"], analyzer=analyzer)
    assert screen("4111 1111 1111 1112", guard.find) is None


def test_finds_below_the_threshold_pass(analyzer):
    guard = PresidioGuard(entities=["EMAIL_ADDRESS"], score_threshold=1.1, analyzer=analyzer)
    assert list(guard.find("ann@example.com")) == []


def test_an_analyzer_is_made_once_when_it_is_first_needed(analyzer):
    made: list[Any] = []

    def make() -> AnalyzerEngine:
        made.append(1)
        return analyzer

    guard = PresidioGuard(entities=["EMAIL_ADDRESS"], analyzer=make)
    assert made == []
    assert [screen("a@example.com", guard.find) for _ in range(2)] == ["<EMAIL_ADDRESS>"] * 2
    assert made == [1]


def test_an_analyzer_can_be_named_by_its_dotted_path():
    guard = PresidioGuard(entities=["CREDIT_CARD"], analyzer=f"{__name__}:make_analyzer")
    assert screen(CARD, guard.find) == "<CREDIT_CARD>"


@pytest.mark.parametrize("options", [{"action": "hide"}, {"entities": {"PERSON": "drop"}}])
def test_an_unknown_action_is_refused_at_start(options):
    with pytest.raises(ValueError, match="mask"):
        PresidioGuard(analyzer=object(), **options)
