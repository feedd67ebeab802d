"""Voice Agents: whose agents, sessions and webhook subscriptions are.

Sources: agents.yaml and webhooks.yaml (OpenAPI) of AssemblyAI, read 2026-11-25. A subscription is
bound to the agent that it names; one that names none hears of every session of the account.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ...billing.agents import Id, ids_in_body, texts_in
from ...billing.operations import (
    CREATE_AGENT,
    LIST_AGENTS,
    LIST_SESSIONS,
    LIST_SUBSCRIPTIONS,
    READ_SESSION,
    SUBSCRIBE,
    Operation,
    Reading,
)
from ...call import Call, Caller
from ...call.billable import MAX_JSON_BYTES, json_object, not_found
from ...errors import BadRequest, RequestRefused
from ...http.lookalikes import folded
from ...http.messages import content_length, is_chunked
from ...http.wsgi import Reply
from ...store.space import Space
from .ids import MAX_ID_CHARS, PLAIN_ID, fully_decoded, ids_like
from .object_lists import ObjectLists
from .object_sessions import SessionIds
from .replies import NoList, base_url, json_in, json_reply, unreadable, whole

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...store import Ledger

logger = logging.getLogger("assemblyai_mw.isolation")

Ask = Callable[..., Reply]
# Possible ids of one request that are looked up, and the texts among which they are searched.
MAX_WORDS, MAX_TEXTS = 100, 10_000
_KINDS = ("agent", "session", "webhook-subscription")
_QUERY_NAMES = {
    "agentid": "agent",
    "sessionid": "session",
    "subscriptionid": "webhook-subscription",
}
_ACCOUNT_WIDE = (
    "A webhook subscription without an agent_id hears of every session of the account, so only the "
    "master key may make one; name an agent of yours."
)
_MISPLACED = "The body names an agent or a session where none is documented."


class Objects:
    """The part of Isolation for the hosts whose objects the ledger has owners of.

    Args:
        app: The next WSGI app.
        ledger: Where owners are.
        ask: Asks AssemblyAI on a caller's behalf: call, environ, query, path.
        max_json_bytes: Largest JSON request that is read.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        ledger: Ledger,
        ask: Ask,
        max_json_bytes: int = MAX_JSON_BYTES,
    ) -> None:
        self.app = app
        self.ledger = ledger
        self._lists = ObjectLists(ledger, ask)
        self._max_json_bytes = max_json_bytes

    # Requests

    def check(self, call: Call, caller: Caller, reading: Reading, environ: WSGIEnvironment) -> None:
        """Raise 404 if a request names another owner's object, or one that never was."""
        operation = reading.operation
        if reading.object_id is not None:
            kind = _kind_of(call.path)
            if not self._is_theirs(call, caller, kind, reading.object_id):
                raise not_found()
        if operation is None:
            raise RequestRefused(
                f"Method not allowed; use {', '.join(reading.allow)}.",
                status=405,
                headers=[("Allow", ", ".join(reading.allow))],
            )
        self._check_query(call, caller, environ.get("QUERY_STRING", ""))
        if operation.body == "json":
            self._check_body(call, caller, operation, reading.object_id, environ)
        elif content_length(environ) or is_chunked(environ):
            raise BadRequest("This request takes no body.")

    def _is_theirs(self, call: Call, caller: Caller, kind: str, id: object) -> bool:
        if not (isinstance(id, str) and PLAIN_ID.fullmatch(id)):
            return False
        owner = self.ledger.object_owner(space_of(call, kind), id)
        return owner is not None and owner.belongs_to(caller)

    def _check_query(self, call: Call, caller: Caller, query: str) -> None:
        if not query:
            return
        words = ids_like(fully_decoded(query))
        self._check_words(call, caller, words, own=True)
        for name, value in parse_qsl(query, keep_blank_values=True):
            kind = _QUERY_NAMES.get(folded(name))
            if kind is not None and not self._is_theirs(call, caller, kind, value):
                raise not_found()

    def _check_words(
        self, call: Call, caller: Caller, words: set[str], *, own: bool = False
    ) -> None:
        """Raise 404 where a word is another owner's id, whatever it stands for.

        With *own*, also where it is nobody's: then the answer does not tell which of them it is.
        """
        if len(words) > MAX_WORDS:
            raise RequestRefused("Too many identifiers in the request.", status=413)
        known: set[str] = set()
        for kind in _KINDS if words else ():
            owners = self.ledger.object_owners(space_of(call, kind), sorted(words))
            if not all(owner.belongs_to(caller) for owner in owners.values()):
                raise not_found()
            known.update(owners)
        if own and words - known:
            raise not_found()

    def _check_body(
        self,
        call: Call,
        caller: Caller,
        operation: Operation,
        object_id: str | None,
        environ: WSGIEnvironment,
    ) -> None:
        body = json_object(call, environ, max_bytes=self._max_json_bytes)
        subscribes = operation.object == "webhook-subscription"
        named = ids_in_body(body)
        agent = body.get("agent_id")
        if subscribes and agent is None and (operation is SUBSCRIBE or "agent_id" in body):
            raise RequestRefused(_ACCOUNT_WIDE, status=403, code="forbidden", param="agent_id")
        for each in named:
            self._check_named(call, caller, each, documented=subscribes and each.is_documented)
        if any(folded(name) == "id" and value != object_id for name, value in body.items()):
            raise BadRequest("The body names another id than the path.", param="id")
        texts = texts_in(body, longest=MAX_ID_CHARS, most=MAX_TEXTS)
        if len(texts) > MAX_TEXTS:
            raise RequestRefused("Too many short texts in the request.", status=413)
        self._check_words(call, caller, {text for text in texts if ids_like(text) == {text}})

    def _check_named(self, call: Call, caller: Caller, named: Id, *, documented: bool) -> None:
        if not documented:
            raise BadRequest(_MISPLACED)
        if not self._is_theirs(call, caller, named.kind, named.value):
            raise not_found()

    # Replies

    def answer(
        self,
        call: Call,
        caller: Caller,
        reading: Reading,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Pass a checked request on, and keep the owners of what its reply makes known."""
        operation = reading.operation
        if call.session is not None:
            call.session.append(SessionIds(self.ledger, call, caller))
            return self.app(environ, start_response)
        if operation in (LIST_AGENTS, LIST_SESSIONS, LIST_SUBSCRIPTIONS) and not caller.master:
            try:
                value = self._lists.answer(call, caller, operation, environ)
            except NoList as refused:
                return refused.answer(start_response)
            body = json_reply(value, start_response)
            return body if call.method == "GET" else [b""]
        if operation in (CREATE_AGENT, SUBSCRIBE):
            return self._created(call, caller, operation, environ, start_response)
        if operation is READ_SESSION and call.method == "GET":
            return self._shown(call, environ, start_response)
        if operation is not None and call.method == "DELETE" and reading.object_id is not None:
            return self._deleted(call, reading.object_id, environ, start_response)
        return self.app(environ, start_response)

    def _created(
        self,
        call: Call,
        caller: Caller,
        operation: Operation,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Record the owner of a new object before the client learns its id."""
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        reply = Reply(self.app, environ)
        if not 200 <= reply.status_code < 300:
            reply.start(start_response)
            return reply
        # It tells again what was asked for, and may spell a letter of two bytes as `\u00e9`.
        body = whole(reply, beyond=3 * len(call.body or b""))
        value = json_in(body, reply)
        id = value.get("id") if isinstance(value, dict) else None
        if not (isinstance(id, str) and PLAIN_ID.fullmatch(id)):
            logger.error("an object was made, and AssemblyAI's reply does not name it")
            raise RequestRefused(
                "AssemblyAI's reply names no id; what was made belongs to nobody here.",
                status=502,
                code="upstream_error",
            )
        self.ledger.own(space_of(call, str(operation.object)), id, caller)
        reply.start(start_response)
        return [body]

    def _deleted(
        self, call: Call, id: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        reply = Reply(self.app, environ)
        if 200 <= reply.status_code < 300 and call.upstream == "replied":
            self.ledger.disown(space_of(call, _kind_of(call.path)), id)
        reply.start(start_response)
        return reply

    def _shown(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Show a session; links to this host lead through this app."""
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        reply = Reply(self.app, environ)
        if reply.status_code != 200:
            reply.start(start_response)
            return reply
        body = whole(reply)
        value = json_in(body, reply)
        if not isinstance(value, dict):
            raise unreadable()
        led = self._lists.through_here(value, base_url(environ))
        if led is not value:
            return json_reply(led, start_response)
        reply.start(start_response)
        return [body]


def space_of(call: Call, kind: str) -> Space:
    """Return where ids of a call's host mean objects of one kind."""
    return Space(call.route.service, call.route.region, kind)


def _kind_of(path: str) -> str:
    """Return the kind of the object that a described path names."""
    return path.split("/")[2].removesuffix("s")
