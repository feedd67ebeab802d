"""The input of a response -> the messages of an OpenAI chat."""

from __future__ import annotations

from typing import Any

from ..chat import checks
from ..chat.checks import invalid, known_keys, missing, required, wrong

_ROLES = ("user", "assistant", "system", "developer")
# `cache_control` is the gateway's own. An item that was an output or was listed has the rest.
_MESSAGE = frozenset({"type", "role", "content", "id", "status", "phase", "cache_control"})
_TEXT = frozenset({"type", "text", "prompt_cache_breakpoint", "cache_control"})
_OUTPUT = frozenset({"type", "call_id", "output", "id", "status", "caller", "name", "namespace"})
# Parts and items of OpenAI's API reference that say nothing to a model of the gateway's.
_OTHER_PARTS = frozenset({"input_image", "input_file", "input_audio", "computer_screenshot"})
_OTHER_ITEMS = frozenset(
    {
        "additional_tools",
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction",
        "compaction_trigger",
        "computer_call",
        "computer_call_output",
        "configuration_update",
        "custom_tool_call",
        "custom_tool_call_output",
        "file_search_call",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "program",
        "program_output",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)


def to_messages(given: str | list[dict[str, Any]], instructions: str | None) -> list[Any]:
    """Return *instructions* and the input as messages of a chat.

    Calls of functions that follow each other, and the assistant's message before, between or after
    them, are one message, as a chat has it: its results must come right after it.

    Raises:
        BadRequest: An item is malformed, or the gateway has nothing like it.
    """
    messages: list[dict[str, Any] | _Answer] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    if isinstance(given, str):
        messages.append({"role": "user", "content": given})
        given = []
    for at, item in enumerate(given):
        path = f"input[{at}]"
        kind = _kind(item, path)
        if kind == "message":
            _add_message(messages, item, path)
        elif kind == "function_call":
            _add_call(messages, item, path)
        elif kind == "function_call_output":
            messages.append(_result(item, path))
        # What is left is `reasoning`, which no other model reads.
    if not messages:
        raise invalid("input", "it is empty.", "empty_array")
    return [item.message() if isinstance(item, _Answer) else item for item in messages]


class _Answer:
    """A message of the assistant under way: its texts and its calls."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.calls: list[dict[str, Any]] = []

    def message(self) -> dict[str, Any]:
        text = "".join(self.texts)
        if not self.calls:
            return {"role": "assistant", "content": text}
        return {"role": "assistant", "content": text or None, "tool_calls": self.calls}


def _kind(item: dict[str, Any], path: str) -> str:
    kind = item.get("type")
    if kind is None:
        if "role" in item:
            return "message"
        if "id" not in item:
            raise missing(f"{path}.type")
        # OpenAI lets one leave out the type of a message, and of a reference.
        kind = "item_reference"
    checks.string(kind, f"{path}.type")
    if kind in ("message", "function_call", "function_call_output", "reasoning"):
        return str(kind)
    if kind == "item_reference":
        raise invalid(
            f"{path}.type",
            "nothing is stored: send the item itself, or set your client's `store` to false.",
        )
    if kind in _OTHER_ITEMS:
        raise invalid(f"{path}.type", f"the gateway has no `{kind}`.")
    raise invalid(
        f"{path}.type", "it must be one of message, function_call, function_call_output, reasoning."
    )


def _add_message(messages: list[Any], item: dict[str, Any], path: str) -> None:
    required(item, "role", path, checks.one_of(*_ROLES))
    if "content" not in item:
        raise missing(f"{path}.content")
    role, content = item["role"], item["content"]
    if not isinstance(content, str | list):
        raise wrong(f"{path}.content", "a string or an array of text parts", content)
    if role == "assistant":
        _add_answer(messages, _said(content, f"{path}.content"))
        return
    known_keys(item, path, _MESSAGE)
    message = {"role": role, "content": _asked(content, f"{path}.content")}
    if item.get("cache_control") is not None:
        checks.mapping(item["cache_control"], f"{path}.cache_control")
        message["cache_control"] = item["cache_control"]
    messages.append(message)


def _asked(content: str | list[Any], path: str) -> Any:
    """Return what a message other than the assistant's says."""
    if isinstance(content, str):
        return content
    if not content:
        raise invalid(path, "it is empty.", "empty_array")
    parts = [_text(part, f"{path}[{at}]") for at, part in enumerate(content)]
    alone = len(parts) == 1 and "cache_control" not in parts[0]
    return parts[0]["text"] if alone else parts


def _text(part: Any, path: str) -> dict[str, Any]:
    if _part_kind(part, path) != "input_text":
        raise invalid(f"{path}.type", "it must be input_text.")
    known_keys(part, path, _TEXT)
    out = {"type": "text", "text": _member(part, "text", path)}
    if part.get("cache_control") is not None:
        checks.mapping(part["cache_control"], f"{path}.cache_control")
        out["cache_control"] = part["cache_control"]
    return out


def _said(content: str | list[Any], path: str) -> str:
    """Return what the assistant says; what else came with it were outputs, and nobody reads them.

    An assistant's message may come back as a client keeps it, and a refusal is what it said.
    """
    if isinstance(content, str):
        return content
    texts = []
    for at, part in enumerate(content):
        kind = _part_kind(part, f"{path}[{at}]")
        if kind not in ("output_text", "refusal", "input_text"):
            raise invalid(f"{path}[{at}].type", "it must be one of output_text, refusal.")
        member = "refusal" if kind == "refusal" else "text"
        texts.append(_member(part, member, f"{path}[{at}]"))
    return "".join(texts)


def _add_answer(messages: list[Any], text: str) -> None:
    if not text:
        # A reply without text comes back as an empty message, which some providers refuse.
        return
    last = messages[-1] if messages else None
    if not isinstance(last, _Answer) or not last.calls:
        last = _Answer()
        messages.append(last)
    last.texts.append(text)


def _add_call(messages: list[Any], item: dict[str, Any], path: str) -> None:
    call = {
        "id": _name(item, "call_id", path),
        "type": "function",
        "function": {
            "name": _name(item, "name", path),
            "arguments": _member(item, "arguments", path),
        },
    }
    last = messages[-1] if messages else None
    if not isinstance(last, _Answer):
        last = _Answer()
        messages.append(last)
    last.calls.append(call)


def _result(item: dict[str, Any], path: str) -> dict[str, Any]:
    known_keys(item, path, _OUTPUT)
    call_id = _name(item, "call_id", path)
    if "output" not in item:
        raise missing(f"{path}.output")
    output = item["output"]
    if not isinstance(output, str | list):
        raise wrong(f"{path}.output", "a string or an array of text parts", output)
    if isinstance(output, list):
        parts = [_text(part, f"{path}.output[{at}]") for at, part in enumerate(output)]
        output = "".join(part["text"] for part in parts)
    return {"role": "tool", "tool_call_id": call_id, "content": output}


def _part_kind(part: Any, path: str) -> str:
    checks.mapping(part, path)
    kind = required(part, "type", path, checks.string)
    if kind in _OTHER_PARTS:
        raise invalid(f"{path}.type", f"the gateway takes text only, and no `{kind}`.")
    return str(kind)


def _member(item: dict[str, Any], name: str, path: str) -> str:
    return str(required(item, name, path, checks.string))


def _name(item: dict[str, Any], name: str, path: str) -> str:
    return str(required(item, name, path, checks.nonempty))
