"""Generated bodies: whatever is sent, a 2xx or a 4xx in Anthropic's shape comes back.

    FUZZ_BODIES=10000 python -m pytest tests/middleware/openai/test_messages_fuzz.py

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
from messages_kit import MODEL, events_of, is_error, message, strictly, told
from openai_fuzz_kit import as_json, as_utf8, mangled
from openai_kit import Gateway

from assemblyai_mw.dialects.chat import PARAMETERS as CHAT
from assemblyai_mw.dialects.messages import PARAMETERS
from assemblyai_mw.middleware.openai.stage import OpenAITranslator

REPLY = {
    "request_id": "r-1",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5},
}
# What the gateway may be sent, by llm-gateway.yml and the chat's table.
SENT = {row.name for row in CHAT.values() if row.fate in ("passed", "translated")}
SENT -= {"max_completion_tokens", "stop", "parallel_tool_calls"}
# As a chat's errors would name their items.
ARRAYS = re.compile(r"'(?:messages|tools|stop|stop_sequences|system|betas|mcp_servers)\[|content\[")
NAMES = ["type", "text", "role", "content", "name", "id", "input", "tool_use_id", "is_error"]
NAMES += ["cache_control", "input_schema", "format", "schema", "user_id", "citations", "ttl"]
KINDS = ["text", "tool_use", "tool_result", "image", "thinking", "custom", "ephemeral", "any"]

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(KINDS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
texts = st.text(min_size=1, max_size=12)
marks = st.sampled_from([None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}])
text_blocks = st.fixed_dictionaries(
    {"type": st.just("text"), "text": texts}, optional={"cache_control": marks}
)
uses = st.fixed_dictionaries(
    {
        "type": st.just("tool_use"),
        "id": texts,
        "name": st.just("f"),
        "input": st.dictionaries(st.text(max_size=4), json_values, max_size=2),
    },
    optional={"cache_control": marks},
)
results = st.fixed_dictionaries(
    {"type": st.just("tool_result"), "tool_use_id": texts},
    optional={
        "content": texts | st.lists(text_blocks, max_size=2),
        "is_error": st.booleans(),
        "cache_control": marks,
    },
)
thoughts = st.just({"type": "thinking", "thinking": "hm", "signature": "x"})
messages = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts}),
    st.fixed_dictionaries(
        {
            "role": st.just("user"),
            "content": st.lists(text_blocks | results, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "role": st.just("assistant"),
            "content": st.lists(text_blocks | uses | thoughts, max_size=3),
        }
    ),
)
tools = st.fixed_dictionaries(
    {"name": st.just("f"), "input_schema": st.just({"type": "object"})},
    optional={"description": texts, "type": st.just("custom"), "cache_control": marks},
)
FIRST = {"role": "user", "content": "hi"}
good = st.fixed_dictionaries(
    {
        "model": st.sampled_from([MODEL, "eu.assemblyai/x", "assemblyai/a/b"]),
        "max_tokens": st.integers(1, 10**6),
        "messages": st.lists(messages, max_size=3).map(lambda rest: [FIRST, *rest]),
    },
    optional={
        "system": st.text(max_size=5) | st.lists(text_blocks, max_size=2),
        "temperature": st.floats(0, 1),
        "stream": st.booleans(),
        "tools": st.lists(tools, min_size=1, max_size=2),
        "stop_sequences": st.lists(texts, max_size=2),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 500),
        "thinking": st.just({"type": "enabled", "budget_tokens": 1024}),
        "metadata": st.fixed_dictionaries({"user_id": texts}),
        "cache_control": marks,
        "transcript_id": st.just("t-1"),
    },
)
spoilt = st.builds(
    lambda body, spoils: {**body, **spoils},
    good,
    st.dictionaries(st.sampled_from(sorted(PARAMETERS)) | texts, json_values, max_size=2),
)


def _nested(body: dict[str, Any], at: int, name: str, value: Any) -> dict[str, Any]:
    """Put *value* into a message of *body*, or into a block of it."""
    messages = [dict(each) for each in body["messages"]]
    into = messages[at % len(messages)]
    if isinstance(into["content"], list) and into["content"]:
        blocks = into["content"] = [dict(block) for block in into["content"]]
        into = blocks[at % len(blocks)]
    into[name] = value
    return {**body, "messages": messages}


nested = st.builds(_nested, good, st.integers(0, 9), st.sampled_from(NAMES), json_values)
BODIES = int(os.environ.get("FUZZ_BODIES", "300"))

bodies = st.one_of(
    *as_json(good, spoilt, nested, json_values),
    as_utf8(spoilt),
    mangled(good),
    st.binary(max_size=64),
)


def check(body: bytes) -> int:
    """Send *body*; fail unless it ends well; return the status."""
    gateway = Gateway((200, REPLY))
    answered = message(OpenAITranslator(gateway), body)
    assert 200 <= answered.status < 300 or 400 <= answered.status < 500
    if answered.status >= 400:
        assert is_error(answered.json)
        # Paths are spelled as Anthropic's are: each place was checked as what the caller sent.
        assert not ARRAYS.search(answered.json["error"]["message"])
        assert gateway.chats == []
        return answered.status
    (sent,) = gateway.chats
    assert set(sent) <= SENT
    assert sent["messages"]
    for item in sent["messages"]:
        assert item["role"] in ("user", "assistant", "system", "tool")
        assert isinstance(item["content"], str | list) or item["tool_calls"]
        for call in item.get("tool_calls", ()):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
    if sent.get("stream") or b"event: " in answered.items[0]:
        strictly(told(events_of(answered.items)))
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
    assert check(json.dumps(body).encode()) == 200
