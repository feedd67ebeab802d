"""Replies of the stand-in's models (pure).

Source: llm-gateway.yml, `assemblyai.llm_gateway.v1.models` of the Python SDK 1.8.2, and
published observations of the live service: replies have no `id`, `object` or
`created`; plain usage has both spellings of its counts, streamed usage only OpenAI's.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
DEFAULT_MAX_TOKENS = 1000
MAX_SCHEMA_DEPTH = 20
# Claude's own stop reasons; it is unverified that the gateway shows them.
PROVIDER_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


@dataclass(slots=True)
class ChatAnswer:
    """A model's answer.

    Attributes:
        text: The message; None with tool calls.
        tool_calls: Function names and their arguments.
        usage: The counts instead of the stand-in's own estimate.
        finish_reason: Instead of the reason that follows from the answer.
        model: The model that the reply names, instead of the requested one.
    """

    text: str | None = None
    tool_calls: list[tuple[str, Json]] | None = None
    usage: Json | None = None
    finish_reason: str | None = None
    model: str | None = None

    @property
    def reason(self) -> str:
        """Why the model stopped, in OpenAI's words unless set."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")


def tokens_in(text: str) -> int:
    """Return the stand-in's count: one token for four characters, begun ones too."""
    return math.ceil(len(text) / 4)


def prompt_text(asked: Json) -> str:
    """Return all text of a request, as it is counted."""
    if isinstance(asked.get("prompt"), str):
        return str(asked["prompt"])
    return "\n".join(content_text(message.get("content")) for message in asked["messages"])


def content_text(content: Any) -> str:
    """Return the text of a message's content: a string or a list of text parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def think(asked: Json, reply_to: Callable[[Json], str] | None) -> ChatAnswer:
    """Return an answer that fits the request: a tool call, a value for a schema, or text."""
    messages = asked.get("messages") or [{"role": "user", "content": asked.get("prompt")}]
    tools, choice = asked.get("tools") or [], asked.get("tool_choice", "auto")
    if tools and choice != "none" and messages[-1].get("role") != "tool":
        named = choice["function"]["name"] if isinstance(choice, dict) else None
        function = next(
            (t["function"] for t in tools if t["function"]["name"] == named), tools[0]["function"]
        )
        arguments = sample(function.get("parameters") or {})
        return ChatAnswer(tool_calls=[(function["name"], arguments)])
    if asked.get("response_format"):
        schema = asked["response_format"]["json_schema"]["schema"]
        return ChatAnswer(text=json.dumps(sample(schema)))
    if reply_to is not None:
        return ChatAnswer(text=reply_to(asked))
    last = content_text(messages[-1].get("content"))
    kind = "a tool's result" if messages[-1].get("role") == "tool" else "a message"
    return ChatAnswer(text=f"The stand-in read {kind}: {last}")


def sample(schema: Any, depth: int = 0) -> Any:
    """Return a value that a JSON schema allows, for its common keywords."""
    if not isinstance(schema, dict) or depth > MAX_SCHEMA_DEPTH:
        return None
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        inner = schema.get("properties")
        members = inner.items() if isinstance(inner, dict) else ()
        return {name: sample(member, depth + 1) for name, member in members}
    if kind == "array":
        return [sample(schema.get("items", {"type": "string"}), depth + 1)]
    plain = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return plain.get(kind, "text") if isinstance(kind, str) else "text"


def usage_of(answer: ChatAnswer, asked: Json, *, streamed: bool, spelling: str) -> Json:
    """Return the usage object in the spelling of the place it goes to."""
    if answer.usage is not None:
        return answer.usage
    called = "".join(name + json.dumps(args) for name, args in answer.tool_calls or [])
    given, made = tokens_in(prompt_text(asked)), tokens_in((answer.text or "") + called)
    usage: Json = {"total_tokens": given + made}
    if spelling in ("both", "input") and not streamed:
        usage |= {"input_tokens": given, "output_tokens": made}
    if spelling in ("both", "prompt") or streamed:
        usage |= {
            "prompt_tokens": given,
            "completion_tokens": made,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }
    return usage


def shorten(answer: ChatAnswer, max_tokens: int) -> ChatAnswer:
    """Stop a text at *max_tokens*, as models do."""
    if answer.text is not None and tokens_in(answer.text) > max_tokens:
        answer.text = answer.text[: max_tokens * 4]
        answer.finish_reason = answer.finish_reason or "length"
    return answer


def calls_of(answer: ChatAnswer) -> list[Json]:
    """Return `tool_calls[]`; the arguments are a JSON string."""
    return [
        {
            "id": f"call_{secrets.token_hex(8)}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for name, arguments in answer.tool_calls or []
    ]


def events(answer: ChatAnswer, model: str, usage: Json, reason: str) -> Iterator[bytes]:
    """Yield the stream's events: `chat.completion.chunk`s, usage on each, then `[DONE]`.

    A last chunk without choices repeats the usage, as observed.
    """
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": answer.model or model,
    }

    def event(choices: list[Json]) -> bytes:
        return (
            b"data: " + json.dumps({**head, "choices": choices, "usage": usage}).encode() + b"\n\n"
        )

    def delta(content: Json, why: str | None = None) -> bytes:
        return event([{"index": 0, "delta": content, "finish_reason": why}])

    yield delta({"role": "assistant", "content": ""})
    for number, call in enumerate(calls_of(answer)):
        function = call["function"]
        begun = {**call, "function": {"name": function["name"], "arguments": ""}}
        yield delta({"tool_calls": [{"index": number, **begun}]})
        middle = len(function["arguments"]) // 2
        for part in (function["arguments"][:middle], function["arguments"][middle:]):
            yield delta({"tool_calls": [{"index": number, "function": {"arguments": part}}]})
    words = (answer.text or "").split(" ")
    for number, word in enumerate(words if answer.text else []):
        yield delta({"content": word if number == 0 else f" {word}"})
    yield delta({}, reason)
    yield event([])
    yield b"data: [DONE]\n\n"
