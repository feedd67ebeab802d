"""Results of completion(): JSON with attributes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, Self

# What OpenAI's replies may leave out, and its Python client then shows as None (types.chat):
# `delta.content` of a last chunk, `message.tool_calls` where nothing is called.
_OPTIONAL = frozenset(
    {
        *("content", "refusal", "role", "tool_calls", "function_call", "audio", "annotations"),
        *("finish_reason", "logprobs", "usage", "system_fingerprint", "service_tier"),
        *("id", "type", "function", "name", "arguments"),
        *("prompt_tokens_details", "completion_tokens_details"),
        *("cached_tokens", "audio_tokens", "reasoning_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    }
)


class Record(dict[str, Any]):
    """JSON with attributes: `reply["usage"]["total_tokens"]` is `reply.usage.total_tokens`.

    Attributes and items are the same values: whichever is set or deleted, both change. A plain dict
    that is set becomes a Record, in lists too; one that is appended to a list stays a dict. A
    missing optional member of OpenAI's is None as an attribute, as in its client. It is a dict, so
    `json.dumps` takes it, and so does `messages` of the next call.
    """

    def __init__(self, *args: Any, **members: Any) -> None:
        super().__init__()
        self.update(*args, **members)

    @classmethod
    def of(cls, value: Any) -> Any:
        """Return *value* with every plain dict in it a Record; what holds none stays itself."""
        if isinstance(value, Record):
            return value
        if isinstance(value, dict):
            return Record(value)
        if isinstance(value, list):
            items = [cls.of(item) for item in value]
            return value if all(map(_is, items, value)) else items
        return value

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in _OPTIONAL:
            return None
        raise AttributeError(f"no {name!r} here; there are {', '.join(self)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"{name!r} is a name of the class; set the item")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(f"no {name!r} here; there are {', '.join(self)}")
        del self[name]

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self]

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, self.of(value))

    def setdefault(self, name: str, default: Any = None) -> Any:
        """As of a dict."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *args: Any, **members: Any) -> None:
        """As of a dict."""
        for name, value in dict(*args, **members).items():
            self[name] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def copy(self) -> Self:
        """Return a shallow copy, of the same class."""
        return copy.copy(self)

    def model_dump(
        self,
        *,
        mode: Literal["python", "json"] = "python",
        exclude_none: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        by_alias: bool = False,
    ) -> dict[str, Any]:
        """Return plain dicts and lists, a copy, as of OpenAI's and LiteLLM's replies.

        Args:
            mode: The same either way: all of it is JSON.
            exclude_none: Leave out members that are None.
            exclude_unset, exclude_defaults, by_alias: For code that passes them. A Record holds
                what was set, under its own name.
        """
        dumped: dict[str, Any] = _plain(self, exclude_none)
        return dumped

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        exclude_none: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        by_alias: bool = False,
    ) -> str:
        """Return the JSON text of `model_dump`, compact unless *indent* is given."""
        return json.dumps(
            _plain(self, exclude_none),
            indent=indent,
            separators=(",", ":") if indent is None else (",", ": "),
            ensure_ascii=False,
        )

    def json(self) -> str:
        """Return the JSON text."""
        return self.model_dump_json()


class Reply(Record):
    """A `chat.completion`, or a `chat.completion.chunk` of a stream.

    Attributes:
        cost_usd: Exact price in US dollars, in a stream on the chunk with the usage; None where
            there is no price. An attribute alone: it is no item, and not in the JSON.
    """

    cost_usd: Decimal | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "cost_usd":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "cost_usd":
            raise KeyError("cost_usd is an attribute, not an item")
        super().__setitem__(name, value)


def _is(one: Any, other: Any) -> bool:
    return one is other


def _plain(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, dict):
        return {
            name: _plain(item, exclude_none)
            for name, item in value.items()
            if not (exclude_none and item is None)
        }
    if isinstance(value, list):
        return [_plain(item, exclude_none) for item in value]
    return value
