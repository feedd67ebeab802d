"""OpenAITranslator: OpenAI's chat completions and models, answered by the LLM Gateway."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import itertools
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...billing.money import NANO
from ...call import CALL_KEY, Call, Caller, Route, enter, json_of, new_id, read_body, replace_body
from ...call.entrance import Entered, Entrances, not_allowed
from ...call.inner import native, native_post
from ...dialects.chat import (
    BadReply,
    ChatRequest,
    ChunkStream,
    Model,
    ModelList,
    Target,
    completion_as_events,
    to_completion,
    to_gateway,
)
from ...dialects.chat.errors import of_status, parsed
from ...dialects.chat.gateway_models import GatewayModel, read_models
from ...dialects.chat.gateway_reply import (
    EVENT_STREAM,
    Answer,
    EventBody,
    failure,
    head,
    media_type,
    read_body_of,
    read_error,
    read_json,
)
from ...dialects.chat.models import DEFAULT_MODELS, not_found, spelled
from ...dialects.chat.request import end_user_of
from ...errors import RequestRefused, UpstreamError
from ...http.messages import request_target
from ...http.strict_json import dumps_like
from ...http.wsgi import Reply
from ...routes import CHAT_DOOR, DEFAULT_BASES, MODELS_DOOR, SPEECH_DOOR, Door
from .gateway_models import Catalogue
from .incapable import Incapable
from .speech import speak

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Handler = Callable[[Call, WSGIEnvironment, Entered], WSGIApplication]

__all__ = ["Model", "OpenAITranslator"]

logger = logging.getLogger("assemblyai_mw.openai")

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
MAX_LIST_BYTES = 8 << 20


class OpenAITranslator:
    """Answer `chat/completions` and `models` below each base through *app*'s native routes.

    The doors are those of `routes.DOORS`. A chat request is checked, translated and sent to *app*
    as a POST to `/llm-gateway.assemblyai/v1/chat/completions` (or `/eu.…`, or the model's own
    prefix), below the request's mount point. Inner stages see a native call, and send their
    refusals in OpenAI's shape. Everything else goes to *app* unchanged.

    Answers itself: 400 with `param` for what is malformed or unsupported, 404 `model_not_found`
    before anything is sent, 405, 413, and 502 for an invalid reply.

        app = OpenAITranslator(inner, models=[Model("fast", "assemblyai/gpt-5-mini")])

    Streams event by event. The status goes out after the first event, so that earlier failures have
    their own HTTP status. For a model that cannot stream, a whole reply is requested and sent as a
    stream; what a model refused is kept in mind for five minutes.

    Args:
        app: The app for native calls.
        models: `Model`s, or mappings in LiteLLM's shape, without addresses. Their keys are not
            used: the forwarder has its own. Entries with the same name take turns.
        max_body_bytes: Largest request body.
        max_reply_bytes: Largest reply that is translated as a whole.
        models_fresh_s: Seconds for which the gateway's list of models is kept.
        default_max_tokens: `max_tokens` of requests that set none; None for the gateway's default.
        bases: Paths below which the doors are; `""` is the root. A `PrefixRouter` outside
            decides instead where it knows a door's `Route`.
        reply_cost: Put the cost in dollars into `usage.cost`, where a `CostLogger` within knows it.

    Raises:
        ValueError: An entry of *models* is invalid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        models: Iterable[Model | Mapping[str, Any]] = DEFAULT_MODELS,
        max_body_bytes: int = 16 << 20,
        max_reply_bytes: int = 16 << 20,
        models_fresh_s: float = 300.0,
        default_max_tokens: int | None = None,
        bases: Iterable[str] = DEFAULT_BASES,
        reply_cost: bool = False,
    ) -> None:
        self.app = app
        self.models = ModelList(models)
        self.max_body_bytes = max_body_bytes
        self.max_reply_bytes = max_reply_bytes
        self.default_max_tokens = default_max_tokens
        self.reply_cost = reply_cost
        self._catalogue = Catalogue(fresh_s=models_fresh_s)
        self._incapable = Incapable()
        self._turn = itertools.count()
        self._entrances = Entrances(bases)
        self._handlers: Mapping[Door, Handler] = {
            CHAT_DOOR: self._chat,
            MODELS_DOOR: self._models,
            SPEECH_DOOR: functools.partial(speak, app, max_body_bytes=max_body_bytes),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered = self._entrances.of(environ)
        if entered is None or entered.door not in self._handlers:
            return self.app(environ, start_response)
        door = entered.door
        call, environ = enter(environ)
        call.route = dataclasses.replace(
            call.route, service=door.service, dialect=door.dialect, door=door
        )
        try:
            # Calls go on under a target of their own, so nobody within sees the caller's.
            request_target(environ)
            if entered.rest and door is not MODELS_DOOR:
                raise RequestRefused("There is nothing at this path.", status=404)
            answer = self._handlers[door](call, environ, entered)
        except RequestRefused as error:
            return error.reply(door.dialect)(environ, start_response)
        return answer(environ, start_response)

    def _chat(self, call: Call, environ: WSGIEnvironment, entered: Entered) -> WSGIApplication:
        if environ["REQUEST_METHOD"] != "POST":
            raise not_allowed("POST")
        given = read_body(call, environ, max_bytes=self.max_body_bytes)
        region = call.caller.region if call.caller is not None else None
        turn = next(self._turn)

        def supported(target: Target) -> frozenset[str] | None:
            fetch = functools.partial(_fetch, self.app, call, environ, entered.mount, target)
            models = self._catalogue.models(target.prefix, fetch) or {}
            return models[target.id].supported if target.id in models else None

        body = json_of(call)
        request = to_gateway(
            body,
            lambda name: self.models.choose(name, region, turn),
            lambda name: self.models.hint(name, region),
            supported=supported,
            default_max_tokens=self.default_max_tokens,
        )
        call.claimed_end_user = end_user_of(body)
        target = request.target
        listed = (self._catalogue.known(target.prefix) or {}).get(target.id)
        cannot = self._incapable.of(target)
        stream = request.stream and "stream" not in cannot
        stream = stream and not (listed is not None and listed.cannot_stream)
        usage = "stream_options" not in cannot
        while True:
            payload = request.payload(stream=stream, usage=usage)
            inner = _native_chat(call, environ, entered.mount, request.target)
            replace_body(call, inner, dumps_like(payload, given), payload)
            reply = Reply(self.app, inner)
            kept_open = False
            try:
                if reply.status_code // 100 != 2:
                    error, own = read_error(reply)
                    if stream and error.cannot_stream:
                        # The gateway refused before any work: a 400 costs nothing.
                        stream = False
                        self._incapable.add(target, "stream")
                        continue
                    if stream and usage and error.unsupported == "stream_options":
                        usage = False
                        self._incapable.add(target, "stream_options")
                        continue
                    return failure(reply, error, own)
                if stream and media_type(reply) == EVENT_STREAM:
                    events = EventBody(reply, self._chunks(call, request))
                    broken = events.begin()
                    if broken is not None:
                        return failure(reply, broken)
                    kept_open = True
                    return Answer(head(reply, EVENT_STREAM), events)
                return self._whole(call, reply, request)
            finally:
                if not kept_open:
                    reply.close()

    def _chunks(self, call: Call, request: ChatRequest) -> ChunkStream:
        return ChunkStream(
            request.target,
            created=int(call.started),
            fallback_id=call.id,
            include_usage=request.include_usage,
            form=request.form,
            cost=lambda: self._cost(call),
        )

    def _cost(self, call: Call) -> float | None:
        """Return the cost in dollars, where replies tell it and a meter within has priced it.

        `CostLogger` closes the row before the reply's last block leaves it.
        """
        return call.price.nano / NANO if self.reply_cost and call.price is not None else None

    def _whole(self, call: Call, reply: Reply, request: ChatRequest) -> WSGIApplication:
        try:
            completion = to_completion(
                read_json(reply, self.max_reply_bytes),
                request.target,
                created=int(call.started),
                fallback_id=call.id,
                form=request.form,
            )
        except BadReply as error:
            logger.error("the LLM Gateway's reply cannot be read: %s", error)
            return failure(reply, error.error)
        except UpstreamError as error:
            logger.warning("the LLM Gateway's reply broke off: %s", error)
            return failure(reply, of_status(error.status, "The LLM Gateway's reply broke off."))
        cost = self._cost(call)
        if cost is not None and completion["usage"] is not None:
            completion["usage"]["cost"] = cost
        if request.stream:
            events = completion_as_events(completion, include_usage=request.include_usage)
            return Answer(head(reply, EVENT_STREAM), events)
        body = json.dumps(completion).encode()
        request_id = completion["id"].removeprefix("chatcmpl-")
        return Answer(head(reply, "application/json", request_id, body), [body])

    def _models(self, call: Call, environ: WSGIEnvironment, entered: Entered) -> WSGIApplication:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise not_allowed("GET, HEAD")
        offered = self._offered(call, environ, entered.mount)
        if entered.rest is None:
            payload: Any = {"object": "list", "data": list(offered.values())}
        else:
            name = entered.rest[1:]
            payload = offered.get(name) or self._unlisted(call, name)
            if payload is None:
                region = call.caller.region if call.caller is not None else None
                raise not_found(name, hint=self.models.hint(name, region))
        body = json.dumps(payload).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        silent = environ["REQUEST_METHOD"] == "HEAD"
        return Answer(("200 OK", headers), [] if silent else [body])

    def _offered(
        self, call: Call, environ: WSGIEnvironment, mount: str
    ) -> dict[str, dict[str, Any]]:
        """Return the models that this caller may ask for, by name."""
        offered: dict[str, dict[str, Any]] = {}
        for entry in self.models.entries:
            if not _may_reach(call.caller, entry.region):
                continue
            models: Mapping[str, GatewayModel] = {}
            if "*" in entry.model:
                fetch = functools.partial(_fetch, self.app, call, environ, mount, entry)
                models = self._catalogue.models(entry.route, fetch) or {}
            models = models or self._catalogue.known(entry.route) or {}
            for target in self.models.listed(entry, models):
                if target.name not in offered and _may_use(call.caller, target):
                    offered[target.name] = _model(target, models.get(target.id))
        return offered

    def _unlisted(self, call: Call, name: str) -> dict[str, Any] | None:
        """Return a model that may be used although its route's list is unknown."""
        for target in self.models.candidates(name):
            if (
                self._catalogue.known(target.prefix) is None
                and _may_reach(call.caller, target.region)
                and _may_use(call.caller, target)
            ):
                return _model(target, None)
        return None


def _native_chat(
    call: Call, environ: WSGIEnvironment, mount: str, target: Target
) -> WSGIEnvironment:
    """Return the environ of the native call, and move the Call to its route."""
    route = Route(target.prefix, "llm-gateway", target.region, "openai")
    return native_post(call, environ, mount, route, CHAT)


def _fetch(
    app: WSGIApplication, call: Call, environ: WSGIEnvironment, mount: str, at: Model | Target
) -> Mapping[str, GatewayModel]:
    """Fetch the gateway's models on the operator's behalf: the list is for all callers.

    Raises:
        UpstreamError, ValueError: The fetch failed, or its reply is no list.
    """
    prefix = at.route if isinstance(at, Model) else at.prefix
    route = Route(prefix, "llm-gateway", at.region, "openai")
    caller = call.caller and Caller("models", master=True)
    own = Call(new_id(), time.time(), route, "GET", MODELS, caller=caller)
    inner = native(environ, mount, route, "GET", MODELS, **{CALL_KEY: own})
    # What asked first does not ask for all.
    inner.pop("HTTP_USER_AGENT", None)
    reply = Reply(app, inner)
    try:
        if reply.status_code != 200:
            raise UpstreamError(f"status {reply.status_code}")
        return read_models(parsed(read_body_of(reply, MAX_LIST_BYTES)))
    finally:
        reply.close()


def _may_reach(caller: Caller | None, region: str) -> bool:
    return caller is None or caller.region is None or caller.region == region


def _may_use(caller: Caller | None, target: Target) -> bool:
    """Whether a key may use a model, by any of its names."""
    if caller is None or caller.master or caller.models is None:
        return True
    names = (target.name, spelled(target.region, target.id), target.id)
    return any(fnmatch.fnmatchcase(name, allowed) for allowed in caller.models for name in names)


def _model(target: Target, listed: GatewayModel | None) -> dict[str, Any]:
    return {
        "id": target.name,
        "object": "model",
        "created": listed.created if listed is not None else 0,
        "owned_by": listed.owned_by if listed is not None else "assemblyai",
    }
