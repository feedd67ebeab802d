"""A body made to take the worker's time is refused, in a sentence, before anything is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stack_kit import API, CHAT, Stack, chat

from assemblyai_mw.dialects.chat.request import MAX_FALLBACKS
from assemblyai_mw.http.strict_json import MAX_DEPTH, MAX_VALUES, MAX_WIDE_BYTES
from assemblyai_mw.middleware.isolation.decoding import MAX_STEPS
from benchmarks.hostile_bodies import BODIES, UNKNOWN

NATIVE = "/llm-gateway.assemblyai/v1/chat/completions"
OVER_THE_BOUND = (
    "[{},{},...]",
    "numbers",
    "stop, 120 deep",
    "16 MiB of [",
    "texts of nested %25",
    "texts of %25, wide and not",
    "short texts of %",
    "texts of wide letters",
    "fallbacks by the thousand",
    "ASCII with one emoji",
    "% (text)",
    "nested %25, apart (text)",
    "wide letters, apart (text)",
)


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


def message_of(reply: Any) -> str:
    error = reply.json["error"]
    return str(error["message"] if isinstance(error, dict) else error)


@pytest.mark.parametrize("name", OVER_THE_BOUND)
def test_a_hostile_body_is_refused_in_one_sentence(stack: Stack, name: str) -> None:
    path, body = BODIES[name]
    # A key with a budget may not use paths that nobody knows.
    limits = {} if path == UNKNOWN else {"budget_usd": "1000", "region": "us"}
    key = stack.key("k", team="t", **limits)
    kind = "text/plain" if name.endswith("(text)") else "application/json"
    headers = {"Content-Type": kind}
    reply = stack.ask("POST", path, key, params=body(), headers=headers)
    assert reply.status_int == 400
    assert len(message_of(reply)) < 200
    assert not stack.asked_anything()


def test_the_page_of_limits_states_them() -> None:
    page = (Path(__file__).parents[1] / "docs" / "limits.md").read_text()
    assert f"at most {MAX_VALUES:,} values**, at most {MAX_DEPTH} levels" in page
    assert f"over {MAX_WIDE_BYTES >> 20} MiB holds no emoji" in page
    assert f"about {MAX_STEPS // 4:,} places" in page


def test_a_prompt_of_ten_million_characters_of_code_passes(stack: Stack) -> None:
    code = 'f(a, [b, {"c": 1}], d)\n' * 440_000
    assert code.count(",") > MAX_VALUES
    key = stack.key("k", budget_usd="1000000", region="us")
    native = json.dumps(chat(code, "gpt-5-mini")).encode()
    headers = {"Content-Type": "application/json"}
    assert stack.ask("POST", NATIVE, key, params=native, headers=headers).status_int == 200
    assert stack.us.requests[-1].body_sha256 == hashlib.sha256(native).hexdigest()
    assert stack.ask("POST", CHAT, key, json=chat(code)).status_int == 200
    assert abs(stack.us.requests[-1].body_size - len(native)) < 100


def test_a_submit_with_as_many_words_as_a_language_passes(stack: Stack) -> None:
    fields = {"keyterms_prompt": [f"\uff11\u5206\uff0c\u4e2d {n}" for n in range(50_000)]}
    stack.submit(stack.key("k"), **fields)


def test_a_text_of_escapes_does_not_grow_on_its_way_to_the_gateway(stack: Stack) -> None:
    text = "\x7f\xe9" * 1_000_000
    body = json.dumps(chat(text), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    assert stack.ask("POST", CHAT, stack.key("k"), params=body, headers=headers).status_int == 200
    assert abs(stack.us.requests[-1].body_size - len(body)) < 100


def test_more_fallbacks_than_a_row_names_are_refused(stack: Stack) -> None:
    key = stack.key("k")
    for count, status in ((MAX_FALLBACKS, 200), (MAX_FALLBACKS + 1, 400)):
        fallbacks = [{"model": "assemblyai/gpt-5"}] * count
        assert stack.ask("POST", CHAT, key, json=chat(fallbacks=fallbacks)).status_int == status


SCALARS = st.sampled_from(
    [None, True, 0, 10**60, 1.5, "", "%2541", "\uff55pload", "https://cdn.assemblyai.com/upload/x"]
)
_NAMES = """
x model Model messages tools stop fallbacks metadata response_format user audio_url transcript_id
speech_models speech_understanding request role content model_region max_tokens n
"""
NAMES = st.sampled_from([*_NAMES.split(), "x" * 300])
SHAPES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(NAMES, inner, max_size=4),
        st.tuples(inner, st.sampled_from([3, 60, 120])).map(lambda each: nested(*each)),
        inner.map(lambda each: [each] * 12),
    ),
    max_leaves=4,
)


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(NAMES, SHAPES, max_size=4),
    path=st.sampled_from([CHAT, NATIVE, f"{API}/v2/transcript", f"{API}/v2/x"]),
)
def test_any_document_is_answered(stack: Stack, fields: dict[str, Any], path: str) -> None:
    """Whatever shape stands where: an answer of ours or AssemblyAI's, and no fault here."""
    if not hasattr(stack, "hostile_key"):
        stack.hostile_key = stack.key(  # type: ignore[attr-defined]
            "k", budget_usd="1000000", region="us", models=["*"], allow_unpriced=True
        )
    body = {**chat("a"), "audio_url": "https://a.example/a", **fields}
    reply = stack.ask("POST", path, stack.hostile_key, json=body)  # type: ignore[attr-defined]
    assert reply.status_int < 500, reply
