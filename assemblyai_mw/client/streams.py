"""Streams of completion(), and what a reply costs."""

from __future__ import annotations

import asyncio
import functools
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Self

from ..billing.price_book import PriceBook, Unpriced
from ..billing.replies import ChatMeter, Usage
from ..dialects.chat import ChunkStream, ChunkWriter, completion_as_events
from ..http.sse import SSESplitter, parse_event
from .errors import from_gateway
from .exchange import Exchange
from .records import Record, Reply


class CompletionStream(Iterator[Reply]):
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

    def __init__(
        self,
        exchange: Exchange,
        chunks: ChunkStream,
        meter: ChatMeter,
        prices: PriceBook | None = None,
    ) -> None:
        self._exchange = exchange
        self._pieces = exchange.pieces()
        self._chunks = chunks
        self._meter = meter
        self._prices = prices
        self._splitter = SSESplitter()
        self._ready: deque[bytes] = deque()
        self._over = False
        self.usage: Record | None = None
        self.cost_usd: Decimal | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Reply:
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
            reply = Reply(chunk)
            if reply.usage is not None:
                reply.cost_usd = self.cost_usd
            return reply

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
        self.cost_usd = cost_of(self._meter.usage, self._prices)
        self._exchange.close()


class WholeStream(CompletionStream):
    """The stream of a model that cannot stream: its whole reply, in chunks."""

    def __init__(self, exchange: Exchange, completion: Reply, *, include_usage: bool) -> None:
        exchange.close()
        self._exchange = exchange
        writer = ChunkWriter(include_usage=include_usage)
        self._ready = deque(completion_as_events(completion, writer))
        self._over = True
        self._chunks = ChunkStream(
            exchange.request.target, created=0, fallback_id="", writer=writer
        )
        self.usage = completion.usage
        self.cost_usd = completion.cost_usd


class AsyncCompletionStream(AsyncIterator[Reply]):
    """A `CompletionStream` for asyncio: each step waits in a thread.

    Attributes:
        stream: The stream itself, with `usage` and `cost_usd`.
    """

    def __init__(self, stream: CompletionStream) -> None:
        self.stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Reply:
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
def _shipped() -> PriceBook:
    return PriceBook.load()


def cost_of(usage: Usage | None, prices: PriceBook | None = None) -> Decimal | None:
    """Return the exact price in US dollars; None where the book has none.

    Args:
        prices: The book; default the shipped one.
    """
    if usage is None:
        return None
    try:
        return Decimal((prices or _shipped()).price(usage, datetime.now(UTC)).usd)
    except Unpriced:
        return None
