"""Results of completion(): JSON with attributes, whole or in chunks, and its price."""

from __future__ import annotations

import asyncio
import functools
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from ..billing.price_book import PriceBook, Unpriced
from ..billing.replies import ChatMeter, Usage
from ..dialects.chat import ChunkStream, completion_as_events
from ..http.sse import SSESplitter, parse_event
from .errors import from_gateway
from .exchange import Exchange

# What OpenAI's replies may leave out, and its Python client then shows as None (types.chat):
# `delta.content` of a last chunk, `message.tool_calls` where nothing is called.
_OPTIONAL = frozenset(
    {
        *("content", "refusal", "role", "tool_calls", "function_call", "audio", "annotations"),
        *("finish_reason", "logprobs", "usage", "cost_usd", "system_fingerprint", "service_tier"),
        *("id", "type", "function", "name", "arguments"),
        *("prompt_tokens_details", "completion_tokens_details"),
        *("cached_tokens", "audio_tokens", "reasoning_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    }
)


class Record(dict[str, Any]):
    """JSON with attributes: `reply["usage"]["total_tokens"]` is `reply.usage.total_tokens`.

    A missing optional member of OpenAI's is None as an attribute, as in its client.
    """

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in _OPTIONAL:
            return None
        raise AttributeError(f"no {name!r} here; there are {', '.join(self)}")

    @classmethod
    def of(cls, value: Any) -> Any:
        """Return *value* with every object in it a Record."""
        if isinstance(value, dict):
            return cls({key: cls.of(item) for key, item in value.items()})
        return [cls.of(item) for item in value] if isinstance(value, list) else value


class CompletionStream(Iterator[Record]):
    """A streamed completion: iterate over its `chat.completion.chunk`s, and close it.

        with completion(model, messages, stream=True) as stream:
            for chunk in stream: ...
        print(stream.cost_usd)

    Leaving the block early closes the connection, and the gateway stops.

    Attributes:
        usage: OpenAI's usage, once the stream is over; None where the gateway gave none.
        cost_usd: Its price in US dollars, exact; None where there is no usage or no price.

    Raises:
        APIError: From `next()`, if the stream breaks or carries an error.
    """

    def __init__(self, exchange: Exchange, chunks: ChunkStream, meter: ChatMeter) -> None:
        self._exchange = exchange
        self._pieces = exchange.pieces()
        self._chunks = chunks
        self._meter = meter
        self._splitter = SSESplitter()
        self._ready: deque[bytes] = deque()
        self._over = False
        self.usage: Record | None = None
        self.cost_usd: Decimal | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        while True:
            while not self._ready:
                if self._over:
                    raise StopIteration
                self._pull()
            data = parse_event(self._ready.popleft()).data or b""
            if data == b"[DONE]":
                continue
            chunk = json.loads(data)
            if "error" in chunk and self._chunks.error is not None:
                self.close()
                raise from_gateway(self._chunks.error, {})
            if chunk.get("usage") is not None:
                chunk["cost_usd"] = self.cost_usd
            record: Record = Record.of(chunk)
            return record

    def close(self) -> None:
        """Close the connection."""
        self._over = True
        self._ready.clear()
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _pull(self) -> None:
        try:
            piece = next(self._pieces)
            self._meter.feed(piece)
            events = self._splitter.feed(piece)
        except StopIteration:
            self._end()
            return
        except ValueError as error:
            self._ready += self._chunks.fail(f"The LLM Gateway sent {error}.")
            self._over = True
            return
        except BaseException:
            self.close()
            raise
        for event in events:
            self._ready += self._chunks.feed(event)
        if self._chunks.done or self._chunks.error is not None:
            self._finish()

    def _end(self) -> None:
        self._ready += self._chunks.feed(parse_event(self._splitter.flush()))
        self._ready += self._chunks.end()
        self._finish()

    def _finish(self) -> None:
        self._over = True
        self.usage = Record.of(self._chunks.usage)
        self.cost_usd = cost_of(self._meter.usage)
        self._exchange.close()


class WholeStream(CompletionStream):
    """The stream of a model that cannot stream: its whole reply, in chunks."""

    def __init__(self, exchange: Exchange, completion: Record, *, include_usage: bool) -> None:
        exchange.close()
        self._exchange = exchange
        self._ready = deque(completion_as_events(completion, include_usage=include_usage))
        self._over = True
        self._chunks = ChunkStream(
            exchange.request.target, created=0, fallback_id="", include_usage=include_usage
        )
        self.usage = completion.usage
        self.cost_usd = completion.cost_usd


class AsyncCompletionStream(AsyncIterator[Record]):
    """A `CompletionStream` for asyncio: each step waits in a thread.

    Attributes:
        stream: The stream itself, with `usage` and `cost_usd`.
    """

    def __init__(self, stream: CompletionStream) -> None:
        self.stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        record = await asyncio.to_thread(next, self.stream, None)
        if record is None:
            raise StopAsyncIteration
        return record

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.to_thread(self.stream.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


@functools.cache
def _prices() -> PriceBook:
    return PriceBook.load()


def cost_of(usage: Usage | None) -> Decimal | None:
    """Return the exact price in US dollars by the shipped book; None where it has none."""
    if usage is None:
        return None
    try:
        return Decimal(_prices().price(usage, datetime.now(UTC)).usd)
    except Unpriced:
        return None
