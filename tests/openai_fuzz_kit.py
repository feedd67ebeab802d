"""What the generated requests of OpenAI's APIs share: any JSON, and what may reach the gateway."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from assemblyai_mw.dialects.chat import PARAMETERS

REPLY = {
    "request_id": "r-1",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5},
}
# What the gateway may be sent, by llm-gateway.yml and the table.
SENT = {row.name for row in PARAMETERS.values() if row.fate in ("passed", "translated")}
SENT -= {"max_completion_tokens", "reasoning_effort"}

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "role", "content", "name", "function"])
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def mangled(good: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return bytes that were the JSON of *good* once, with some cut out, put in or changed."""

    def spoil(body: Any, at: int, byte: bytes, cut: int) -> bytes:
        raw = json.dumps(body).encode()
        return raw[: at % (len(raw) + 1)] + byte + raw[(at + cut) % (len(raw) + 1) :]

    return st.builds(spoil, good, st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 3))


def as_json(*bodies: st.SearchStrategy[Any]) -> list[st.SearchStrategy[bytes]]:
    """Return each of *bodies* as JSON in bytes."""
    return [each.map(json.dumps).map(str.encode) for each in bodies]


def as_utf8(bodies: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return *bodies* as JSON whose letters are not escaped, lone surrogates too."""
    return bodies.map(
        lambda body: json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
