"""OpenAITranslator: chats by OpenAI's and Anthropic's APIs, answered by the LLM Gateway."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...call import Call, Caller, enter
from ...call.entrance import Entered, Entrances, not_allowed
from ...dialects.chat import ChatExchange, Model, ModelList, Target
from ...dialects.chat.gateway_models import GatewayModel
from ...dialects.chat.gateway_reply import Answer
from ...dialects.chat.models import DEFAULT_MODELS, not_found, spelled
from ...dialects.messages import MessagesExchange
from ...dialects.responses import ResponsesExchange
from ...errors import RequestRefused
from ...http.messages import request_target
from ...routes import (
    CHAT_DOOR,
    DEFAULT_BASES,
    MESSAGES_DOOR,
    MODELS_DOOR,
    RESPONSES_DOOR,
    SPEECH_DOOR,
    Door,
)
from .chat import Chats
from .gateway_models import Catalogue, fetch
from .speech import speak

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Handler = Callable[[Call, WSGIEnvironment, Entered], WSGIApplication]

__all__ = ["Model", "OpenAITranslator"]

# What clients look for below doors, and why it is not there.
_MISSING = {
    "messages/batches": "the LLM Gateway has no batches; send each message by itself",
    "messages/count_tokens": "the LLM Gateway counts no tokens before a call; the usage of a "
    "message has its counts",
    "responses": "no response is stored, compacted or counted",
}


class OpenAITranslator:
    """Answer chats by any API, and `models`, below each base by *app*'s native routes.

    The doors are those of `routes.DOORS`. A chat request, by whichever API, is checked, translated
    and sent to *app* as a POST to `/llm-gateway.assemblyai/v1/chat/completions` (or `/eu.…`, or the
    model's own prefix), below the request's mount point. Inner stages see a native call, and send
    their refusals in the API's shape. Everything else goes to *app* unchanged.

    Answers itself: 400 with `param` for what is malformed or unsupported, 404 `model_not_found`
    before anything is sent, 405, 413, 415, and 502 for an invalid reply.

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
        self._catalogue = Catalogue(fresh_s=models_fresh_s)
        self._entrances = Entrances(bases)
        chats = Chats(
            app,
            self.models,
            self._catalogue,
            max_body_bytes=max_body_bytes,
            max_reply_bytes=max_reply_bytes,
            default_max_tokens=default_max_tokens,
            reply_cost=reply_cost,
        )
        self._handlers: Mapping[Door, Handler] = {
            CHAT_DOOR: functools.partial(chats.answer, ChatExchange),
            MESSAGES_DOOR: functools.partial(chats.answer, MessagesExchange),
            RESPONSES_DOOR: functools.partial(chats.answer, ResponsesExchange),
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
                raise RequestRefused(_nothing_at(door, entered.rest), status=404)
            answer = self._handlers[door](call, environ, entered)
        except RequestRefused as error:
            return error.reply(door.dialect)(environ, start_response)
        return answer(environ, start_response)

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
                fetched = functools.partial(fetch, self.app, call, environ, mount, entry)
                models = self._catalogue.models(entry.route, fetched) or {}
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


def _nothing_at(door: Door, rest: str) -> str:
    """Return why there is nothing at a path below a door."""
    part = rest.split("/")[1]
    missing = _MISSING.get(f"{door.name}/{part}") or _MISSING.get(door.name)
    return f"There is nothing at this path{f': {missing}' if missing else ''}."


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
