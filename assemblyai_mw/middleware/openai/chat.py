"""A chat by whichever API: checked, sent to the LLM Gateway, and answered in the API's form."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...billing.money import NANO
from ...call import Call, Route, json_of, read_body, replace_body
from ...call.billable import check_encoding
from ...call.entrance import Entered, not_allowed
from ...call.inner import native_post
from ...dialects.chat import (
    BadReply,
    ChatRequest,
    ChunkStream,
    Exchange,
    ModelList,
    Target,
    completion_as_events,
    to_completion,
    to_gateway,
)
from ...dialects.chat.errors import of_status
from ...dialects.chat.exchange import error_as, refused_as
from ...dialects.chat.gateway_reply import (
    EVENT_STREAM,
    Answer,
    EventBody,
    failure,
    head,
    media_type,
    read_error,
    read_json,
)
from ...dialects.chat.request import end_user_of
from ...errors import RequestRefused, UpstreamError
from ...http.strict_json import dumps_like
from ...http.wsgi import Reply
from .gateway_models import Catalogue, fetch
from .incapable import Incapable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.openai")

CHAT = "/v1/chat/completions"


class Chats:
    """Chats through *app*'s native routes; `OpenAITranslator` says what the arguments are."""

    def __init__(
        self,
        app: WSGIApplication,
        models: ModelList,
        catalogue: Catalogue,
        *,
        max_body_bytes: int,
        max_reply_bytes: int,
        default_max_tokens: int | None,
        reply_cost: bool,
    ) -> None:
        self._app = app
        self._models = models
        self._catalogue = catalogue
        self._max_body_bytes = max_body_bytes
        self._max_reply_bytes = max_reply_bytes
        self._default_max_tokens = default_max_tokens
        self._reply_cost = reply_cost
        self._incapable = Incapable()
        self._turn = itertools.count()

    def answer(
        self,
        exchange_of: Callable[[Any], Exchange],
        call: Call,
        environ: WSGIEnvironment,
        entered: Entered,
    ) -> WSGIApplication:
        """Ask the gateway for what a request says in an API; *exchange_of* reads its JSON.

        Raises:
            RequestRefused: The request cannot be translated, or is too large.
        """
        if environ["REQUEST_METHOD"] != "POST":
            raise not_allowed("POST")
        check_encoding(environ)
        given = read_body(call, environ, max_bytes=self._max_body_bytes)
        region = call.caller.region if call.caller is not None else None
        turn = next(self._turn)

        def supported(target: Target) -> frozenset[str] | None:
            fetched = functools.partial(fetch, self._app, call, environ, entered.mount, target)
            models = self._catalogue.models(target.prefix, fetched) or {}
            return models[target.id].supported if target.id in models else None

        exchange = exchange_of(json_of(call))
        try:
            request = to_gateway(
                exchange.chat,
                lambda name: self._models.choose(name, region, turn),
                lambda name: self._models.hint(name, region),
                supported=supported,
                default_max_tokens=self._default_max_tokens,
            )
        except RequestRefused as refusal:
            raise refused_as(refusal, exchange.names) from refusal
        form = dataclasses.replace(request.form, names_stop=exchange.names_stop)
        request = dataclasses.replace(request, form=form)
        call.claimed_end_user = end_user_of(exchange.chat)
        target = request.target
        listed = (self._catalogue.known(target.prefix) or {}).get(target.id)
        cannot = self._incapable.of(target)
        stream = request.stream and "stream" not in cannot
        stream = stream and not (listed is not None and listed.cannot_stream)
        usage = "stream_options" not in cannot
        dialect = call.route.dialect
        while True:
            payload = request.payload(stream=stream, usage=usage)
            inner = _native_chat(call, environ, entered.mount, request.target)
            replace_body(call, inner, dumps_like(payload, given), payload)
            reply = Reply(self._app, inner)
            kept_open = False
            try:
                if reply.status_code // 100 != 2:
                    error, own = read_error(reply, dialect)
                    if stream and error.cannot_stream:
                        # The gateway refused before any work: a 400 costs nothing.
                        stream = False
                        self._incapable.add(target, "stream")
                        continue
                    if stream and usage and error.unsupported == "stream_options":
                        usage = False
                        self._incapable.add(target, "stream_options")
                        continue
                    if error.param in exchange.names:
                        error, own = error_as(error, exchange.names), None
                    return failure(reply, error, own, dialect=dialect)
                if stream and media_type(reply) == EVENT_STREAM:
                    events = EventBody(reply, self._chunks(call, request, exchange))
                    broken = events.begin()
                    if broken is not None:
                        broken = error_as(broken, exchange.names)
                        return failure(reply, broken, dialect=dialect)
                    kept_open = True
                    return Answer(head(reply, EVENT_STREAM, dialect=dialect), events)
                return self._whole(call, reply, request, exchange)
            finally:
                if not kept_open:
                    reply.close()

    def _chunks(self, call: Call, request: ChatRequest, exchange: Exchange) -> ChunkStream:
        return ChunkStream(
            request.target,
            created=int(call.started),
            fallback_id=call.id,
            writer=exchange.writer(request),
            form=request.form,
            cost=lambda: self._cost(call),
        )

    def _cost(self, call: Call) -> float | None:
        """Return the cost in dollars, where replies tell it and a meter within has priced it.

        `CostLogger` closes the row before the reply's last block leaves it.
        """
        return call.price.nano / NANO if self._reply_cost and call.price is not None else None

    def _whole(
        self, call: Call, reply: Reply, request: ChatRequest, exchange: Exchange
    ) -> WSGIApplication:
        dialect = call.route.dialect
        try:
            completion = to_completion(
                read_json(reply, self._max_reply_bytes),
                request.target,
                created=int(call.started),
                fallback_id=call.id,
                form=request.form,
            )
            cost = self._cost(call)
            if cost is not None and completion["usage"] is not None:
                completion["usage"]["cost"] = cost
            if request.stream:
                events = completion_as_events(completion, exchange.writer(request))
                return Answer(head(reply, EVENT_STREAM, dialect=dialect), events)
            # A response repeats its request.
            body = dumps_like(exchange.reply(completion), call.body or b"")
        except BadReply as error:
            logger.error("the LLM Gateway's reply cannot be read: %s", error)
            return failure(reply, error_as(error.error, exchange.names), dialect=dialect)
        except UpstreamError as error:
            logger.warning("the LLM Gateway's reply broke off: %s", error)
            broken = of_status(error.status, "The LLM Gateway's reply broke off.")
            return failure(reply, broken, dialect=dialect)
        request_id = completion["id"].removeprefix("chatcmpl-")
        return Answer(head(reply, "application/json", request_id, body, dialect=dialect), [body])


def _native_chat(
    call: Call, environ: WSGIEnvironment, mount: str, target: Target
) -> WSGIEnvironment:
    """Return the environ of the native call, and move the Call to its route."""
    route = Route(target.prefix, "llm-gateway", target.region, call.route.dialect)
    return native_post(call, environ, mount, route, CHAT)
