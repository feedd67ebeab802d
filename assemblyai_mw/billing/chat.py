"""Usage of a chat completion: tokens from a reply, or from the events of a stream.

Shapes: docs/llm-gateway/chat-completions and `assemblyai.llm_gateway.v1.models` of the
SDK. A reply that is no stream has both spellings, `input_tokens`/`output_tokens` and
`prompt_tokens`/`completion_tokens`; a stream passes the provider's own usage on, with
the second pair alone, on every chunk or on a last one without choices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..http.sse import Event, SSESplitter
from .usage import Outcome, Usage, completed, count, name_of, names_of, shown, unmeterable

DEFAULT_MAX_TOKENS = 1000  # docs/llm-gateway/chat-completions: "Default is 1000"
# Tokens of a prompt beyond its bytes: the marks around a conversation, and the text that providers
# put before tools (Anthropic documents up to about 700 tokens).
PROMPT_EXTRA_TOKENS = 1000
# Fast speech is 4 words, some 20 letters, a second; a token is a byte at least.
TRANSCRIPT_TOKENS_PER_S = 32
# No bound is documented; past this a number of choices is nonsense.
MAX_CHOICES = 1000
_PROMPT = ("messages", "prompt", "tools", "response_format")


def chat_asked(body: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """Return the billing facts of a chat completion; see `usage.billing_facts`.

    Without *size*, `prompt_bytes` is the length of the model's input, as JSON.
    """
    asked: dict[str, Any] = {}
    fallbacks = body.get("fallbacks")
    # A fallback is the request again, with members of its own over the request's.
    ways: list[Mapping[str, Any]] = [body]
    if isinstance(fallbacks, list) and fallbacks:
        asked["fallbacks"] = True
        ways += [fallback for fallback in fallbacks if isinstance(fallback, Mapping)]
    models = names_of(way.get("model") for way in ways)
    if models:
        asked["models"] = models
    default = DEFAULT_MAX_TOKENS
    asked["max_tokens"] = max(
        _output_bound(way, 0 if at else default) for at, way in enumerate(ways)
    ) + max(_thought_bound(way) for way in ways)
    choices = max(count(way.get("n"), MAX_CHOICES) or 1 for way in ways)
    if choices > 1:
        asked["choices"] = choices
    if size is None:
        read = [body[name] for name in _PROMPT if name in body]
        if fallbacks:
            read.append(fallbacks)
        size = len(json.dumps(read, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    asked["prompt_bytes"] = size
    region = name_of(body.get("model_region"))
    # Where the ways differ the dearer price counts: that of staying in the region.
    if region and all(name_of(way.get("model_region")) in (None, region) for way in ways):
        asked["model_region"] = region
    transcript = next(filter(None, (name_of(way.get("transcript_id")) for way in ways)), None)
    if transcript:
        asked["transcript_id"] = transcript
    return asked


def _output_bound(body: Mapping[str, Any], default: int) -> int:
    given = [count(body.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    return max((n for n in given if n), default=default)


def _thought_bound(body: Mapping[str, Any]) -> int:
    """Return how many tokens a request lets a model think, beside those that it writes.

    AssemblyAI does not say whether they are among `max_tokens`; where they are not, they are
    billed as output all the same.
    """
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, Mapping):
        return 0
    return max(count(reasoning.get(name)) or 0 for name in ("max_tokens", "budget_tokens"))


def chat_usage(reply: Any, asked: Mapping[str, Any] | None, region: str) -> Usage | None:
    """Return the usage of a chat completion, or None if its reply does not tell."""
    return chat_outcome(reply, asked, region).usage


def chat_outcome(
    reply: Any, asked: Mapping[str, Any] | None, region: str, *, kind: str = "chat"
) -> Outcome:
    """Return the usage of a chat completion; `unmeterable` with a reason if it is unknown.

    The model is the reply's `model`, since a fallback may have answered, else the one
    asked for where there is but one. Reasoning tokens are part of the completion and are not added.
    """
    if not isinstance(reply, Mapping):
        return unmeterable(f"the reply is not an object but {shown(reply)}")
    reported = name_of(reply.get("model"))
    usage = reply.get("usage")
    if not isinstance(usage, Mapping):
        return unmeterable("the reply has no usage", reported)
    counts = []
    for names in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
        given = [usage[name] for name in names if usage.get(name) is not None]
        read = [count(value) for value in given]
        numbers = [number for number in read if number is not None]
        if not given or len(numbers) != len(given):
            return unmeterable(f"{names[0]} is {shown(given[0] if given else None)}", reported)
        # Where both spellings are there and differ, the larger one cannot undercharge.
        counts.append(max(numbers))
    details = usage.get("prompt_tokens_details")
    if not isinstance(details, Mapping):
        details = {}
    creation = details.get("cache_creation")
    if not isinstance(creation, Mapping):
        creation = {}
    cached = _first(details.get("cached_tokens"), usage.get("cache_read_input_tokens"))
    written = _first(
        creation.get("ephemeral_5m_input_tokens"),
        details.get("cache_write_tokens"),
        usage.get("cache_creation_input_tokens"),
    )
    written_1h = _first(creation.get("ephemeral_1h_input_tokens"))
    if cached is None or written is None or written_1h is None:
        return unmeterable("the reply's counts of cached tokens are invalid", reported)
    asked = asked or {}
    models = names_of(asked.get("models") or ())
    return completed(
        asked,
        Usage(
            kind,
            reported or (models[0] if len(models) == 1 else None),
            region,
            input_tokens=counts[0],
            output_tokens=counts[1],
            cached_tokens=cached,
            cache_write_tokens=written,
            cache_write_1h_tokens=written_1h,
            model_region=name_of(asked.get("model_region")),
            requested_models=tuple(models),
        ),
        model=reported,
    )


def _first(*values: Any) -> int | None:
    """Return the first count given, 0 where none is, None where it is no count."""
    for value in values:
        if value is not None:
            return count(value)
    return 0


class ChatMeter:
    """Read the usage of a streamed chat completion while its bytes pass by.

    Feed it every chunk; it never raises and keeps at most one unfinished event. The
    last usage seen counts: providers repeat a running total, and end with the sum.

    Args:
        asked: What `billing_facts("chat", ...)` kept.
        region: The region of the host that answers.

    Attributes:
        done: `data: [DONE]` was seen: the stream is whole.
        error: The stream carried an error event.
    """

    __slots__ = ("_asked", "_broken", "_model", "_region", "_splitter", "_usage", "done", "error")

    def __init__(self, asked: Mapping[str, Any] | None, region: str) -> None:
        self._asked = asked
        self._region = region
        self._splitter = SSESplitter()
        self._usage: Mapping[str, Any] | None = None
        self._model: str | None = None
        self._broken: str | None = None
        self.done = False
        self.error = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream, cut anywhere."""
        if self._broken is not None:
            return
        try:
            events = self._splitter.feed(chunk)
        except ValueError as error:
            self._broken = f"the stream held {error}"
            return
        for event in events:
            self._read(event)

    def _read(self, event: Event) -> None:
        data = event.data
        if data is None:
            return
        if data.strip() == b"[DONE]":
            self.done = True
            return
        # Most chunks hold only text; a chunk is parsed only if it contains one of these words.
        wanted = b'"usage"' in data or b'"error"' in data
        if not wanted and (self._model is not None or b'"model"' not in data):
            return
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(chunk, Mapping):
            return
        if chunk.get("error"):
            self.error = True
        self._model = name_of(chunk.get("model")) or self._model
        usage = chunk.get("usage")
        if isinstance(usage, Mapping):
            self._usage = usage

    def outcome(self) -> Outcome:
        """Return the usage of the stream, as far as it was fed."""
        if self._broken is not None:
            return unmeterable(self._broken, self._model)
        if self._usage is None:
            return unmeterable("the stream ended without usage", self._model)
        reply = {"model": self._model, "usage": self._usage}
        return chat_outcome(reply, self._asked, self._region)

    @property
    def usage(self) -> Usage | None:
        """The usage of the stream, or None if unknown."""
        return self.outcome().usage

    @property
    def reason(self) -> str | None:
        """Why there is no usage; None where there is."""
        return self.outcome().reason


def most_tokens(asked: Mapping[str, Any], *, assumed_audio_s: float) -> tuple[int, int]:
    """Return the most tokens that a chat reads, and the most that it writes.

    It reads at most a token a byte: byte-level tokenizers never make more. *asked* is what
    `usage.billing_facts` made of the request; a transcript that the gateway puts into the prompt
    is taken to be *assumed_audio_s* seconds long.
    """
    read = int(asked.get("prompt_bytes") or 0) + PROMPT_EXTRA_TOKENS
    if asked.get("transcript_id"):
        read += max(1, round(assumed_audio_s * 1000)) * TRANSCRIPT_TOKENS_PER_S // 1000
    written = int(asked.get("max_tokens") or DEFAULT_MAX_TOKENS)
    return read, written * int(asked.get("choices") or 1)
