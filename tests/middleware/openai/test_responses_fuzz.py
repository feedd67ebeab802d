"""Generated requests for a response: a 2xx or a 4xx in OpenAI's shape, by the caller's names.

    FUZZ_BODIES=10000 python -m pytest tests/middleware/openai/test_responses_fuzz.py

The inner app fails the test where anything arrives that is not a whole request of the gateway's.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai_fuzz_kit import REPLY, SENT, as_json, json_values, mangled
from openai_kit import Answered, Gateway, environ_of, is_error
from responses_kit import checked, strictly

from assemblyai_mw.dialects.responses import PARAMETERS
from assemblyai_mw.middleware.openai.stage import OpenAITranslator

BODIES = int(os.environ.get("FUZZ_BODIES", "300"))
texts = st.text(max_size=8)
names = st.sampled_from(["f", "g"])
asked = st.fixed_dictionaries({"type": st.just("input_text"), "text": texts})
said = st.fixed_dictionaries(
    {"type": st.just("output_text"), "text": texts}, optional={"annotations": st.just([])}
) | st.fixed_dictionaries({"type": st.just("refusal"), "refusal": texts})
items = st.one_of(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "system", "developer"]),
            "content": texts | st.lists(asked, min_size=1, max_size=2),
        },
        optional={"type": st.just("message"), "id": texts, "status": st.just("completed")},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("message"),
            "role": st.just("assistant"),
            "content": texts | st.lists(said, max_size=2),
        },
        optional={"id": texts, "parsed": json_values},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("function_call"),
            "call_id": st.text(min_size=1, max_size=3),
            "name": names,
            "arguments": texts,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("function_call_output"),
            "call_id": st.text(min_size=1, max_size=3),
            "output": texts | st.lists(asked, max_size=2),
        }
    ),
    st.just({"type": "reasoning", "id": "rs_1", "summary": []}),
)
tools = st.fixed_dictionaries(
    {"type": st.just("function"), "name": names},
    optional={"parameters": st.none() | st.just({"type": "object"}), "strict": st.booleans()},
)
forms = st.sampled_from(
    [
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
    ]
)
user = {"role": "user", "content": "Hi"}
good = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["assemblyai/gpt-5-mini", "eu.assemblyai/x", "assemblyai/a/b"]),
        "input": texts | st.lists(items, max_size=5).map(lambda found: [user, *found]),
    },
    optional={
        "instructions": st.none() | texts,
        "max_output_tokens": st.none() | st.integers(1, 100),
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "stream": st.booleans(),
        "tools": st.lists(tools, max_size=2),
        "text": st.fixed_dictionaries({}, optional={"format": forms, "verbosity": st.just("low")}),
        "reasoning": st.none() | st.just({"effort": "low", "summary": None}),
        "metadata": st.dictionaries(texts, texts, max_size=2),
        "store": st.booleans(),
        "include": st.just(["reasoning.encrypted_content"]),
        "parallel_tool_calls": st.booleans(),
        "truncation": st.sampled_from(["auto", "disabled"]),
        "user": texts,
    },
)
choices = st.one_of(
    st.sampled_from(["none", "auto", "required"]),
    st.builds(lambda name: {"type": "function", "name": name}, names),
    st.builds(
        lambda mode, found: {
            "type": "allowed_tools",
            "mode": mode,
            "tools": [{"type": "function", "name": name} for name in found],
        },
        st.sampled_from(["auto", "required"]),
        st.lists(names, max_size=2),
    ),
)
spoilt = st.builds(
    lambda body, choice, spoils: {**body, "tool_choice": choice, **spoils},
    good,
    choices,
    st.dictionaries(st.sampled_from(sorted(PARAMETERS)) | texts, json_values, max_size=2),
)
# A member somewhere within, replaced.
bent = st.builds(
    lambda body, steps, value: _bend(json.loads(json.dumps(body)), steps, value),
    good,
    st.lists(st.integers(0, 20), min_size=1, max_size=4),
    json_values,
)
bodies = st.one_of(*as_json(good, spoilt, bent, json_values), mangled(good))


def _bend(body: Any, steps: list[int], value: Any) -> Any:
    within = body
    for deep, step in enumerate(steps):
        keys: list[Any] = (
            sorted(within)
            if isinstance(within, dict)
            else list(range(len(within)))
            if isinstance(within, list)
            else []
        )
        if not keys:
            break
        key = keys[step % len(keys)]
        if deep == len(steps) - 1 or not isinstance(within[key], dict | list):
            within[key] = value
            break
        within = within[key]
    return body


def check(body: bytes) -> int:
    """Send *body*; fail unless it ends well; return the status."""
    gateway = Gateway((200, REPLY))
    answered = Answered(OpenAITranslator(gateway), environ_of("/v1/responses", body=body))
    assert answered.status == 200 or 400 <= answered.status < 500
    if answered.status >= 400:
        assert is_error(answered.json)
        assert gateway.chats == []
        param = answered.json["error"]["param"]
        if param is not None:
            _check_name(param, body)
        return answered.status
    (sent,) = gateway.chats
    assert set(sent) <= SENT
    for item in sent["messages"]:
        assert item["role"] in ("user", "assistant", "system", "tool", "developer")
        assert isinstance(item["content"], str | list) or item["tool_calls"]
    if sent.get("stream") or answered.headers["content-type"] == "text/event-stream":
        checked(answered.items)
    else:
        strictly(answered.json)
    return 200


def _check_name(param: str, body: bytes) -> None:
    """The parameter is one of the table's, or one that the caller sent."""
    first = re.split(r"[.\[]", param)[0]
    if first in PARAMETERS or param == "...":
        return
    asked = json.loads(body)
    assert any(param.startswith(name) for name in asked)


@given(bodies)
@settings(max_examples=BODIES, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_body_is_answered_in_shape_and_by_the_callers_names(body: bytes) -> None:
    check(body)


@given(good)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_good_bodies_are_served(body: dict[str, Any]) -> None:
    """Else the other test could pass by refusing everything."""
    assert check(json.dumps(body).encode()) == 200
