"""Generated bodies: whatever is sent, a 2xx or a 4xx in OpenAI's shape comes back.

    FUZZ_BODIES=10000 python -m pytest tests/middleware/test_openai_fuzz.py     # the longer run

The inner app here is strict: it fails the test where anything arrives that is not a
whole request of the gateway's.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai_fuzz_kit import REPLY, SENT, as_json, as_utf8, json_values, mangled
from openai_kit import Gateway, chat, is_error, strictly

from assemblyai_mw.dialects.chat import PARAMETERS
from assemblyai_mw.middleware.openai.stage import OpenAITranslator

texts = st.text(max_size=12)
parts = st.fixed_dictionaries({"type": st.just("text"), "text": texts})
calls = st.fixed_dictionaries(
    {
        "id": st.text(min_size=1, max_size=4),
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": st.just("f"), "arguments": texts}),
    }
)
messages = st.one_of(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "system", "developer", "assistant"]),
            "content": texts | st.lists(parts, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "role": st.just("assistant"),
            "content": st.none(),
            "tool_calls": st.lists(calls, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"role": st.just("tool"), "content": texts, "tool_call_id": st.just("c1")}
    ),
)
tools = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.just("f")},
            optional={"parameters": st.just({"type": "object"}), "strict": st.booleans()},
        ),
    }
)
good = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["assemblyai/gpt-5-mini", "eu.assemblyai/x", "assemblyai/a/b"]),
        "messages": st.lists(messages, min_size=1, max_size=3),
    },
    optional={
        "max_tokens": st.integers(1, 100) | st.none(),
        "temperature": st.floats(0, 2),
        "stream": st.booleans(),
        "tools": st.lists(tools, max_size=2),
        "tool_choice": st.sampled_from(["none", "auto", "required"]),
        "top_p": st.floats(0, 1),
        "n": st.just(1),
        "user": texts,
        "transcript_id": st.just("t-1"),
        "fallbacks": st.just([{"model": "assemblyai/gpt-5"}]),
    },
)
spoilt = st.builds(
    lambda body, spoils: {**body, **spoils},
    good,
    st.dictionaries(st.sampled_from(sorted(PARAMETERS)) | texts, json_values, max_size=2),
)
BODIES = int(os.environ.get("FUZZ_BODIES", "500"))

bodies = st.one_of(
    *as_json(good, spoilt, json_values), as_utf8(spoilt), mangled(good), st.binary(max_size=64)
)


def check(body: bytes) -> int:
    """Send *body*; fail unless it ends well; return the status."""
    gateway = Gateway((200, REPLY))
    app = OpenAITranslator(gateway)
    answered = chat(app, body)
    assert 200 <= answered.status < 300 or 400 <= answered.status < 500
    if answered.status >= 400:
        assert is_error(answered.json)
        assert gateway.asked == []
        return answered.status
    (sent,) = gateway.chats
    assert set(sent) <= SENT
    assert re.fullmatch(r"[A-Za-z0-9._:/-]{1,200}", sent["model"])
    assert isinstance(sent.get("messages", []), list)
    assert ("messages" in sent) != ("prompt" in sent)
    for item in sent.get("messages", ()):
        assert item["role"] in ("user", "assistant", "system", "tool")
        assert isinstance(item["content"], str | list) or item["tool_calls"]
    if sent.get("stream"):
        assert answered.events[-1] == "[DONE]"
    else:
        strictly(answered.json)
    return answered.status


@given(bodies)
@settings(max_examples=BODIES, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_body_is_answered_in_shape_and_nothing_half_translated_is_sent(body: bytes) -> None:
    check(body)


@given(good)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_good_bodies_are_served(body: dict[str, Any]) -> None:
    """Else the other tests could pass by refusing everything."""
    body.pop("tool_choice", None)
    if body["model"].startswith("eu."):
        body.pop("fallbacks", None)
    assert check(json.dumps(body).encode()) == 200
