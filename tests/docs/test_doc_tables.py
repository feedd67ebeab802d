"""What a page tabulates is what the code has."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
import yaml
from blocks import ROOT, blocks_of
from doc_tables import DOCS, TABLES, marked

import assemblyai_mw
from assemblyai_mw import client, guards, testing
from assemblyai_mw.config import DEFAULT_ROUTES
from assemblyai_mw.dialects.chat import ModelList
from assemblyai_mw.dialects.chat.reply import finish_reason
from assemblyai_mw.transport.crossing import CREDENTIAL_WORDS

OPENAI = (DOCS / "openai.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page, name", TABLES)
def test_the_table_is_the_codes(page: str, name: str) -> None:
    """`python tests/docs/doc_tables.py` writes it."""
    assert marked(page, name) == TABLES[page, name]()


def test_the_words_of_credentials_are_the_codes() -> None:
    text = (DOCS / "reliability.md").read_text(encoding="utf-8")
    part = text.partition("a name with the word ")[2].partition(" in it:")[0]
    assert set(re.findall(r"`(\w+)`", part)) == CREDENTIAL_WORDS


def test_the_reasons_are_the_codes() -> None:
    part = OPENAI.partition("| `finish_reason` |")[2]
    rows = re.findall(r"^\| `(stop|length|tool_calls|content_filter)` \| (.+) \|$", part, re.M)
    assert len(rows) == 4
    for ours, theirs in rows:
        for word in re.findall(r"`(\w+)`", theirs):
            assert finish_reason(word, called=False) == ours


def test_the_model_list_is_one() -> None:
    (block,) = (block for block in blocks_of(DOCS / "openai.md") if block.language == "yaml")
    models = ModelList(yaml.safe_load(block.text)["model_list"])
    names = ("assemblyai/x", "eu.assemblyai/x", "fast")
    assert all(models.candidates(name) for name in names)


def test_the_routes_are_the_default() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(/[\w.-]*assemblyai)` \| `(https://[\w.-]+)` \|", text, re.M)
    assert dict(rows) == DEFAULT_ROUTES


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(package, id=package.__name__)
        for package in (assemblyai_mw, client, testing, guards)
    ],
)
def test_each_public_name_is_in_the_reference(package: ModuleType) -> None:
    pages = "".join(path.read_text() for path in sorted((DOCS / "api").glob("*.md")))
    named = set(re.findall(r"^::: [\w.]+\.(\w+)$", pages, re.M))
    named |= set(re.findall(r"`(\w+)`", pages))
    assert set(package.__all__) - named == set()


def test_each_page_is_in_the_navigation() -> None:
    """`mkdocs build --strict` finds the pages that are named and missing."""
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    named = set(re.findall(r": ([\w/-]+\.md)$", site, re.M))
    assert {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} <= named
