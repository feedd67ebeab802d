"""Messages and their blocks -> an OpenAI chat's messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadRequest
from ..chat import checks
from ..chat.checks import invalid, known_keys, missing, required
from . import arrays

_ROLES = ("user", "assistant", "system")
_MESSAGE = frozenset({"role", "content"})
_TEXT = frozenset({"type", "text", "cache_control", "citations"})
_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"})
# What a model thought: the gateway takes no thoughts back, and goes on without them.
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})


@dataclass(slots=True)
class _Turn:
    """What one role says, in one message or in several in a row.

    Attributes:
        mark: `cache_control` of what becomes no part of its own.
    """

    role: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    mark: dict[str, Any] | None = None

    def join(self, other: _Turn) -> None:
        """Take in what the same role says next."""
        self.parts += other.parts
        self.calls += other.calls
        self.results += other.results
        self.mark = other.mark or self.mark

    def messages(self) -> list[dict[str, Any]]:
        """Return the chat's messages: the results of tools before what else a user says.

        The mark of a last part is the message's: that is the form which AssemblyAI documents
        (its page on prompt caching).
        """
        parts, mark = self.parts, self.mark
        if parts:
            last = parts[-1]
            parts = [*parts[:-1], {"type": "text", "text": last["text"]}]
            mark = mark or last.get("cache_control")
        said: dict[str, Any] = {"role": self.role, "content": _content_of(parts)}
        if self.calls:
            said["tool_calls"] = self.calls
        if mark is not None:
            said["cache_control"] = mark
        return [*self.results, said] if self.parts or self.calls else self.results


def _content_of(parts: list[dict[str, Any]]) -> Any:
    if not parts:
        return None
    return parts[0]["text"] if len(parts) == 1 else parts


def system_message(system: Any) -> list[dict[str, Any]]:
    """Return the chat's first message for `system`, or nothing where that says nothing."""
    if system is None:
        return []
    turn = _Turn("system", parts=_texts(system, "system"))
    return turn.messages()


def to_messages(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the chat's messages.

    Several messages of a role in a row are one, as they are for Anthropic.

    Raises:
        BadRequest: One is malformed, says nothing, or holds a block that is no text, tool call or
            tool result.
    """
    turns: list[_Turn] = []
    for at, item in enumerate(items):
        turn = _turn(item, f"messages.{at}")
        if not (turn.parts or turn.calls or turn.results):
            # The assistant's silence, or its thoughts alone.
            continue
        if turns and turns[-1].role == turn.role:
            turns[-1].join(turn)
        else:
            turns.append(turn)
    if not turns:
        raise invalid("messages", "it is empty.", "empty_array")
    return [message for turn in turns for message in turn.messages()]


def cache_mark(value: Any, path: str) -> dict[str, Any]:
    """Return `cache_control` as the gateway takes it; further members only save money."""
    checks.mapping(value, path)
    required(value, "type", path, checks.one_of("ephemeral"))
    mark = {"type": "ephemeral"}
    if value.get("ttl") is not None:
        checks.one_of("5m", "1h")(value["ttl"], f"{path}.ttl")
        mark["ttl"] = value["ttl"]
    return mark


def shown(kind: str) -> str:
    """Return a type for an error's text, if it may be one."""
    return f"'{kind}'" if kind.isascii() and kind.isprintable() and 0 < len(kind) <= 64 else "it"


def _turn(item: dict[str, Any], path: str) -> _Turn:
    for name in ("role", "content"):
        if name not in item:
            raise missing(f"{path}.{name}")
    role, content = item["role"], item["content"]
    checks.one_of(*_ROLES)(role, f"{path}.role")
    path_of = f"{path}.content"
    if role != "assistant":
        # A reply's message comes back with what its client added to it.
        known_keys(item, path, _MESSAGE)
    turn = _Turn(role)
    if role == "system":
        turn.parts = _texts(content, path_of)
    elif isinstance(content, str):
        turn.parts = [{"type": "text", "text": content}] if content else []
    else:
        arrays.text_or_blocks(content, path_of)
        for at, block in enumerate(content):
            _take(turn, block, f"{path_of}.{at}")
    if role != "assistant" and not (turn.parts or turn.results):
        raise invalid(path_of, "it is empty.", "empty_array")
    return turn


def _take(turn: _Turn, block: dict[str, Any], path: str) -> None:
    """Add what a block says to *turn*."""
    kind = _kind(block, path)
    if kind == "text":
        turn.parts += _part(block, path, lenient=turn.role == "assistant")
    elif kind == "tool_result" and turn.role == "user":
        turn.results.append(_result(block, path))
    elif kind == "tool_use" and turn.role == "assistant":
        turn.calls.append(_call(block, path))
        turn.mark = _mark(block, path) or turn.mark
    elif kind not in _THOUGHTS or turn.role != "assistant":
        raise _unsupported(kind, path)


def _kind(block: dict[str, Any], path: str) -> str:
    return str(required(block, "type", path, checks.string))


def _unsupported(kind: str, path: str) -> BadRequest:
    return BadRequest(
        f"Unsupported content at '{path}': the gateway takes text, tool calls and their results; "
        f"a block of type {shown(kind)} cannot be sent here.",
        param=f"{path}.type",
        code="unsupported_parameter",
    )


def _texts(content: Any, path: str) -> list[dict[str, Any]]:
    """Return the parts of a text or of text blocks."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    arrays.text_or_blocks(content, path)
    parts: list[dict[str, Any]] = []
    for at, block in enumerate(content):
        kind = _kind(block, f"{path}.{at}")
        if kind != "text":
            raise _unsupported(kind, f"{path}.{at}")
        parts += _part(block, f"{path}.{at}")
    return parts


def _part(block: dict[str, Any], path: str, *, lenient: bool = False) -> list[dict[str, Any]]:
    """Return a text block as a part; an empty one, which models refuse, as none."""
    if not lenient:
        known_keys(block, path, _TEXT)
    required(block, "text", path, checks.string)
    part = {"type": "text", "text": block["text"]}
    mark = _mark(block, path)
    if mark is not None:
        part["cache_control"] = mark
    return [part] if block["text"] else []


def _mark(block: dict[str, Any], path: str) -> dict[str, Any] | None:
    value = block.get("cache_control")
    return None if value is None else cache_mark(value, f"{path}.cache_control")


def _call(block: dict[str, Any], path: str) -> dict[str, Any]:
    for name in ("id", "name"):
        required(block, name, path, checks.nonempty)
    required(block, "input", path, checks.mapping)
    # Some models read the arguments as they are written: escapes would be noise to them.
    arguments = json.dumps(block["input"], ensure_ascii=False)
    function = {"name": block["name"], "arguments": arguments}
    return {"id": block["id"], "type": "function", "function": function}


def _result(block: dict[str, Any], path: str) -> dict[str, Any]:
    known_keys(block, path, _RESULT)
    required(block, "tool_use_id", path, checks.nonempty)
    content, mark = block.get("content"), _mark(block, path)
    parts = [] if content is None else _texts(content, f"{path}.content")
    for part in parts:
        mark = part.get("cache_control", mark)
    text = "\n".join(part["text"] for part in parts)
    failed = block.get("is_error")
    if failed is not None:
        checks.boolean(failed, f"{path}.is_error")
    if failed:
        # A chat's message of a tool has no member for it.
        text = f"Error: {text}" if text else "Error"
    message = {"role": "tool", "tool_call_id": block["tool_use_id"], "content": text}
    if mark is not None:
        message["cache_control"] = mark
    return message
