"""completion() and acompletion()."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import secrets
import time
from collections.abc import Sequence
from typing import Any, Literal, overload

from ..billing.replies import ChatMeter, billing_facts, chat_usage
from ..config.values import DEFAULT_ROUTES
from ..dialects.chat import (
    BadReply,
    ChatRequest,
    ChunkStream,
    ModelList,
    Target,
    to_completion,
    to_gateway,
)
from ..dialects.chat.errors import parsed
from ..errors import RequestRefused
from ..transport import Origin
from .errors import AuthenticationError, BadRequestError, from_gateway, from_refusal
from .exchange import Exchange
from .streams import AsyncCompletionStream, CompletionStream, Record, WholeStream, cost_of

# As long as OpenAI's own client waits: a long answer of a large model takes minutes.
DEFAULT_TIMEOUT_S = 600.0
_MODELS = ModelList()


@overload
def completion(
    model: str,
    messages: Sequence[Any],
    *,
    stream: Literal[False] = False,
    api_key: str | None = None,
    api_base: str | None = None,
    timeout: float | None = DEFAULT_TIMEOUT_S,
    trust_env: bool = False,
    **params: Any,
) -> Record: ...


@overload
def completion(
    model: str,
    messages: Sequence[Any],
    *,
    stream: Literal[True],
    api_key: str | None = None,
    api_base: str | None = None,
    timeout: float | None = DEFAULT_TIMEOUT_S,
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
    timeout: float | None = DEFAULT_TIMEOUT_S,
    trust_env: bool = False,
    **params: Any,
) -> Record | CompletionStream:
    """Ask *model* through the LLM Gateway, and return OpenAI's `chat.completion`.

    The reply has both attributes and items. Besides OpenAI's fields it has `cost_usd`: the exact
    price in US dollars as a Decimal, by the shipped price book and the model that answered, or None
    if that has no price.

    Args:
        model: `assemblyai/MODEL`, or `eu.assemblyai/MODEL` for the EU.
        messages: As for OpenAI.
        stream: Return a `CompletionStream` of chunks instead.
        api_key: AssemblyAI's key; default `ASSEMBLYAI_API_KEY`, for the EU
            `ASSEMBLYAI_EU_API_KEY` before it.
        api_base: The gateway's base URL, including `/v1`.
        timeout: Seconds to wait for the next byte, None for the default's ten minutes;
            connecting takes 10 at most.
        trust_env: Let proxies and certificates come from the environment, as `requests`
            does by default. `.netrc` is then read too.
        **params: The other parameters of the table in docs/openai.md; None is left out.

    Raises:
        APIError: One of its subclasses, by status. A BadRequestError, NotFoundError or
            AuthenticationError without `request_id` was raised before sending.
        ConfigError: *api_base* is no URL, or plain http to another machine.
    """
    request = _request(model, messages, stream, params)
    key = _key(api_key, request.target.region)
    url = _url(api_base, request.target)
    wait_s = DEFAULT_TIMEOUT_S if timeout is None else timeout
    exchange = Exchange(request, url, key, wait_s, trust_env=trust_env)
    try:
        streamed = exchange.send()
        asked = billing_facts("chat", request.body)
        region = request.target.region
        if streamed:
            chunks = ChunkStream(
                request.target,
                created=int(time.time()),
                fallback_id=secrets.token_hex(12),
                include_usage=request.include_usage,
                form=request.form,
            )
            return CompletionStream(exchange, chunks, ChatMeter(asked, region))
        reply = parsed(exchange.body())
        try:
            translated = to_completion(
                reply,
                request.target,
                created=int(time.time()),
                fallback_id=secrets.token_hex(12),
                form=request.form,
            )
        except BadReply as error:
            raise from_gateway(error.error, {}) from None
        translated["cost_usd"] = cost_of(chat_usage(reply, asked, region))
        record: Record = Record.of(translated)
        if request.stream:
            return WholeStream(exchange, record, include_usage=request.include_usage)
    except BaseException:
        exchange.close()
        raise
    exchange.close()
    return record


async def acompletion(
    model: str, messages: Sequence[Any], **params: Any
) -> Record | AsyncCompletionStream:
    """`completion` for asyncio: the same call, waiting in a thread.

    Cancelling stops the waiting but not the call, which ends in its thread and is billed. A closed
    stream stops.
    """
    # Which of the two comes back depends on what is in *params*.
    reply: Any = await asyncio.to_thread(functools.partial(completion, model, messages, **params))
    if isinstance(reply, CompletionStream):
        return AsyncCompletionStream(reply)
    record: Record = reply
    return record


def _request(model: Any, messages: Any, stream: bool, params: dict[str, Any]) -> ChatRequest:
    given = {name: value for name, value in params.items() if value is not None}
    body = {"model": model, "messages": messages, "stream": stream, **given}
    try:
        # Refuses values that JSON cannot hold, and tuples, which it would write as arrays.
        body = json.loads(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequestError(f"The request is not JSON: {error}", status=400) from None

    def resolve(name: str) -> Target | None:
        return next(iter(_MODELS.candidates(name)), None)

    try:
        return to_gateway(body, resolve)
    except RequestRefused as error:
        raise from_refusal(error) from None


def _key(api_key: str | None, region: str) -> str:
    names = ["ASSEMBLYAI_API_KEY"]
    if region == "eu":
        names.insert(0, "ASSEMBLYAI_EU_API_KEY")
    key = api_key or next((os.environ[name] for name in names if os.environ.get(name)), "")
    # requests shows a value that cannot be sent in its message.
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError(
            f"No usable key: pass api_key, or set {names[-1]}.",
            status=401,
            code="invalid_api_key",
            type="authentication_error",
        )
    return key


def _url(api_base: str | None, target: Target) -> str:
    base = api_base or DEFAULT_ROUTES[target.prefix] + "/v1"
    Origin.parse(base)
    return base.rstrip("/") + "/chat/completions"
