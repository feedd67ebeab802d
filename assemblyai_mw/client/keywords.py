"""The keywords of completion(), read and checked. Pure; each failure names its keyword."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..dialects.chat import PARAMETERS
from ..dialects.chat.checks import boolean, integer, invalid, wrong
from .structured import response_format_of

# As long as OpenAI's own client waits: a long answer of a large model takes minutes.
DEFAULT_TIMEOUT_S = 600.0
CONNECT_TIMEOUT_S = 10.0
MAX_RETRIES = 10
# They are arguments, and what completion() returns depends on them.
_ARGUMENTS = frozenset({"model", "messages", "stream"})
# What decides the key, the body and the connection is not the caller's to write.
_OURS = frozenset(
    {
        *("accept-encoding", "authorization", "connection", "content-encoding", "content-length"),
        *("content-type", "expect", "host", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?")


class ConnectAndRead(Protocol):
    """Times as `httpx.Timeout` has them: seconds, None for the default."""

    @property
    def connect(self) -> float | None: ...
    @property
    def read(self) -> float | None: ...


Timeout: TypeAlias = float | tuple[float | None, float | None] | ConnectAndRead | None


@dataclass(frozen=True, slots=True)
class Sending:
    """How a request is sent.

    Attributes:
        base: The gateway's base URL, or None for the model's own.
        timeout: Seconds to connect, and to the next byte.
        retries: Tries after the first.
        headers: Header fields besides those of completion().
    """

    base: str | None
    timeout: tuple[float, float]
    retries: int
    headers: dict[str, str]


def sending_of(
    params: dict[str, Any], api_base: Any, timeout: Any, num_retries: Any, extra_headers: Any
) -> Sending:
    """Return how to send, and take the other spellings `base_url` and `max_retries` from *params*.

    Raises:
        BadRequest: A value is of the wrong type, out of bounds, or contradicts its other spelling.
    """
    base = _one("api_base", api_base, "base_url", params.pop("base_url", None))
    if base is not None and not isinstance(base, str):
        raise wrong("api_base", "a string", base)
    retries = _one("num_retries", num_retries, "max_retries", params.pop("max_retries", None))
    if retries is not None:
        integer(0, MAX_RETRIES)(retries, "num_retries")
    return Sending(base or None, timeout_of(timeout), retries or 0, _headers(extra_headers))


def timeout_of(timeout: Any) -> tuple[float, float]:
    """Return the seconds to connect and to the next byte.

    Raises:
        BadRequest: It is no positive number, no pair of them, and has no `connect` and `read`.
    """
    if timeout is None:
        return CONNECT_TIMEOUT_S, DEFAULT_TIMEOUT_S
    if isinstance(timeout, int | float):
        read = _seconds(timeout, DEFAULT_TIMEOUT_S)
        return min(CONNECT_TIMEOUT_S, read), read
    if isinstance(timeout, tuple | list) and len(timeout) == 2:
        connect, read = timeout
    elif hasattr(timeout, "connect") and hasattr(timeout, "read"):
        connect, read = timeout.connect, timeout.read
    else:
        expected = "seconds, a pair (connect, read), or an object that has both"
        raise wrong("timeout", expected, timeout)
    return _seconds(connect, CONNECT_TIMEOUT_S), _seconds(read, DEFAULT_TIMEOUT_S)


def _seconds(value: Any, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("timeout", "seconds", value)
    if not 0 < value <= 86_400 or not math.isfinite(value):
        raise invalid("timeout", "expected more than 0 and at most 86400 seconds.")
    return float(value)


def body_of(
    model: Any,
    messages: Sequence[Any],
    stream: Any,
    params: Mapping[str, Any],
    *,
    extra_body: Any,
    drop_params: Any,
) -> dict[str, Any]:
    """Return the request's JSON, in OpenAI's format, not yet checked against the table.

    Raises:
        BadRequest: A value cannot be JSON, or a keyword is of the wrong type.
    """
    if extra_body is not None and not isinstance(extra_body, Mapping):
        raise wrong("extra_body", "a mapping", extra_body)
    given: dict[Any, Any] = {**params, **(extra_body or {})}
    if not all(isinstance(name, str) for name in given):
        raise invalid("extra_body", "it has a name that is no string.")
    for name in sorted(_ARGUMENTS & given.keys()):
        raise invalid("extra_body", f"{name} is an argument.")
    if drop_params is not None:
        boolean(drop_params, "drop_params")
    body = {"model": _json("model", model), "messages": _json("messages", messages)}
    body["stream"] = _json("stream", stream)
    for name, value in given.items():
        row = PARAMETERS.get(name)
        if value is None or (drop_params and row is not None and row.fate == "refused"):
            continue
        if name == "response_format" and isinstance(value, type):
            value = response_format_of(value)
        # An unknown one is refused by its name, whatever it holds.
        body[name] = _json(name, value) if row is not None else None
    return body


def _json(name: str, value: Any) -> Any:
    """Return *value* as JSON has it: tuples are arrays, and replies of clients are objects."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_dumped))
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(name, f"it is not JSON ({error}).") from None


def _dumped(value: Any) -> Any:
    """Return what a Pydantic object holds: a message of OpenAI's or LiteLLM's client."""
    if isinstance(value, type) or not hasattr(value, "model_dump"):
        raise TypeError(f"an object of type {type(value).__name__}")
    return value.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def _headers(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise wrong("extra_headers", "a mapping", given)
    for name, value in given.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name) or len(name) > 64:
            raise invalid("extra_headers", "it has a name that is none of a header field.")
        if name.lower() in _OURS:
            raise invalid("extra_headers", f"{name} is set here; the key is api_key.")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise invalid("extra_headers", f"{name} has a value that cannot be sent.")
    return dict(given)


def _one(name: str, value: Any, other: str, same: Any) -> Any:
    if value is not None and same is not None and value != same:
        raise invalid(name, f"{other} says something else.")
    return same if value is None else value
