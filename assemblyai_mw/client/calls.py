"""completion() and acompletion()."""

from __future__ import annotations

import asyncio
import functools
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

import requests

from ..billing.price_book import PriceBook
from ..billing.replies import ChatMeter, billing_facts, chat_usage
from ..config.key_files import FILE, read_key
from ..config.values import DEFAULT_ROUTES
from ..dialects.chat import (
    BadReply,
    ChunkStream,
    ChunkWriter,
    ModelList,
    Target,
    to_completion,
    to_gateway,
)
from ..dialects.chat.checks import wrong
from ..dialects.chat.errors import parsed
from ..errors import RequestRefused
from ..transport import Origin
from .errors import AuthenticationError, from_gateway, from_refusal
from .exchange import Exchange
from .keywords import DEFAULT_TIMEOUT_S, Timeout, body_of, sending_of
from .records import Reply
from .streams import AsyncCompletionStream, CompletionStream, WholeStream, cost_of

_MODELS = ModelList()


@overload
def completion(
    model: str,
    messages: Sequence[Any],
    *,
    stream: Literal[False] = False,
    api_key: str | None = None,
    api_base: str | None = None,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    num_retries: int | None = None,
    extra_headers: Mapping[str, str] | None = None,
    extra_body: Mapping[str, Any] | None = None,
    drop_params: bool | None = None,
    prices: PriceBook | None = None,
    session: requests.Session | None = None,
    trust_env: bool = False,
    **params: Any,
) -> Reply: ...


@overload
def completion(
    model: str,
    messages: Sequence[Any],
    *,
    stream: Literal[True],
    api_key: str | None = None,
    api_base: str | None = None,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    num_retries: int | None = None,
    extra_headers: Mapping[str, str] | None = None,
    extra_body: Mapping[str, Any] | None = None,
    drop_params: bool | None = None,
    prices: PriceBook | None = None,
    session: requests.Session | None = None,
    trust_env: bool = False,
    **params: Any,
) -> CompletionStream: ...


def completion(
    model: str,
    messages: Sequence[Any],
    *,
    stream: bool = False,
    api_key: str | None = None,
    api_base: str | None = None,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    num_retries: int | None = None,
    extra_headers: Mapping[str, str] | None = None,
    extra_body: Mapping[str, Any] | None = None,
    drop_params: bool | None = None,
    prices: PriceBook | None = None,
    session: requests.Session | None = None,
    trust_env: bool = False,
    **params: Any,
) -> Reply | CompletionStream:
    """Ask *model* through the LLM Gateway, and return OpenAI's `chat.completion`.

    The reply has both attributes and items, is JSON, and has `model_dump()`. Its attribute
    `cost_usd` is the exact price in US dollars as a Decimal, by the price book and the model that
    answered, or None if that has no price.

    Args:
        model: `assemblyai/MODEL`, or `eu.assemblyai/MODEL` for the EU.
        messages: As for OpenAI; messages of replies too.
        stream: Return a `CompletionStream` of chunks instead.
        api_key: AssemblyAI's key; default `ASSEMBLYAI_API_KEY`, for the EU
            `ASSEMBLYAI_EU_API_KEY` before it.
        api_base: The gateway's base URL, including `/v1`; also as `base_url`.
        timeout: Seconds to wait for the next byte, None for the default's ten minutes;
            connecting takes 10 at most. Or a pair (connect, read), or an `httpx.Timeout`, of which
            `connect` and `read` count.
        num_retries: Further tries, at most 10, where nothing can have been billed: no connection
            was made, or the gateway answered 429. Also as `max_retries`. Default none.
        extra_headers: Header fields to send besides; not those that carry the key or the body.
        extra_body: Further parameters, over those of the same name.
        drop_params: Drop the parameters that the table refuses, too.
        prices: The price book; default the shipped one.
        session: A session of your own, for its proxies, certificates, adapters and open
            connections. It is not closed, and its authentication is not used.
        trust_env: Let proxies and certificates come from the environment, as `requests`
            does by default; never `.netrc`. For a *session* its own `trust_env` counts.
        **params: The other parameters of the table in docs/openai.md; None is left out. A
            `response_format` may be a Pydantic class.

    Raises:
        APIError: One of its subclasses, by status. A BadRequestError, NotFoundError or
            AuthenticationError without `request_id` was raised before sending.
        ConfigError: *api_base* is no URL, or plain http to another machine.
    """
    try:
        sending = sending_of(params, api_base, timeout, num_retries, extra_headers)
        body = body_of(
            model, messages, stream, params, extra_body=extra_body, drop_params=drop_params
        )
        if prices is not None and not isinstance(prices, PriceBook):
            raise wrong("prices", "a PriceBook", prices)
        if session is not None and not isinstance(session, requests.Session):
            raise wrong("session", "a requests.Session", session)
        request = to_gateway(body, _resolve)
    except RequestRefused as error:
        raise from_refusal(error) from None
    key = _key(api_key, request.target.region)
    url = _url(sending.base, request.target)
    exchange = Exchange(request, url, key, sending, session, trust_env=trust_env)
    try:
        streamed = exchange.send()
        asked = billing_facts("chat", request.body)
        region = request.target.region
        if streamed:
            chunks = ChunkStream(
                request.target,
                created=int(time.time()),
                fallback_id=secrets.token_hex(12),
                writer=ChunkWriter(include_usage=request.include_usage),
                form=request.form,
            )
            return CompletionStream(exchange, chunks, ChatMeter(asked, region), prices)
        received = parsed(exchange.body())
        try:
            translated = to_completion(
                received,
                request.target,
                created=int(time.time()),
                fallback_id=secrets.token_hex(12),
                form=request.form,
            )
        except BadReply as error:
            raise from_gateway(error.error, {}) from None
        reply = Reply(translated)
        reply.cost_usd = cost_of(chat_usage(received, asked, region), prices)
        if request.stream:
            return WholeStream(exchange, reply, include_usage=request.include_usage)
    except BaseException:
        exchange.close()
        raise
    exchange.close()
    return reply


async def acompletion(
    model: str, messages: Sequence[Any], **params: Any
) -> Reply | AsyncCompletionStream:
    """`completion` for asyncio: the same call, waiting in a thread.

    Cancelling stops the waiting but not the call, which ends in its thread and is billed. A closed
    stream stops.
    """
    # Which of the two comes back depends on what is in *params*.
    result: Any = await asyncio.to_thread(functools.partial(completion, model, messages, **params))
    if isinstance(result, CompletionStream):
        return AsyncCompletionStream(result)
    reply: Reply = result
    return reply


def _resolve(name: str) -> Target | None:
    return next(iter(_MODELS.candidates(name)), None)


def _key(api_key: str | None, region: str) -> str:
    names = ["ASSEMBLYAI_API_KEY"]
    if region == "eu":
        names.insert(0, "ASSEMBLYAI_EU_API_KEY")
    key = api_key or next((os.environ[name] for name in names if os.environ.get(name)), "")
    if key.startswith(FILE):
        try:
            key = read_key(key.removeprefix(FILE)).reveal()
        except (OSError, ValueError):
            key = ""
    # requests shows a value that cannot be sent in its message.
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError(
            f"No usable key: pass api_key, or set {names[-1]}.",
            status_code=401,
            code="invalid_api_key",
            type="authentication_error",
        )
    return key


def _url(api_base: str | None, target: Target) -> str:
    base = api_base or DEFAULT_ROUTES[target.prefix] + "/v1"
    Origin.parse(base)
    return base.rstrip("/") + "/chat/completions"
