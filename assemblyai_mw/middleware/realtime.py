"""Realtime: WebSocket handshakes, and how the stages within refuse them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from ..billing.operations import OWN_TOKENS, SESSION_HOSTS, read
from ..call import Call, enter
from ..call.billable import reading_of
from ..call.session_kind import kind_of
from ..errors import CONTENT_POLICY, RequestRefused
from ..http.wsgi import Reply
from ..relay import Cut, End, Relay, TLSThreads, Ungrippable, can_take, find
from ..relay.handshake import NOT_RELAYED, check, impossible, reply_head

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..relay import DeadEndBody

# AssemblyAI's close codes (streaming/common-session-errors-and-closures) for refusals by their
# HTTP status or, before that, by their code. 4002 is of ours: SDKs do not try it again.
_CODES = {400: 3006, 403: 1008, 413: 3006, 415: 3006, 429: 3009}
_OWN_CODES = {"insufficient_quota": 4002, "server_restarts": 1012, CONTENT_POLICY: 1008}


class Realtime:
    """Answer refused WebSocket handshakes as AssemblyAI does, and decide who makes tokens.

    AssemblyAI accepts a handshake, sends an `Error` message with the reason, and closes with a
    code; its SDKs show that text, and lose the one of an HTTP status. So a refusal by a stage
    within becomes such a message: 1008 for what the key may not do or a guard has blocked, 3006
    for a parameter, 3009 for too many sessions or requests, 4002 if a budget is spent, 1012 while
    the process ends. What the upstream answers, 404, 405, 426, and 503 while nothing can be
    recorded or a guard has failed, stay HTTP, and so does 400 for what is no handshake by RFC 6455.

    A handshake is answered with 426 and the reason if the server cannot hand over its connection,
    or if no session is relayed on its path; a request on the path of one without `Upgrade` too.

    Reads `call.session`, `call.refusal`, `call.upstream`. Writes `call.own_token`.

    Args:
        app: The next WSGI app.
        relay: Relays sessions; None: there are none here.
        tokens: `own`, if the token routes give tokens of this package's own; `upstream` for
            AssemblyAI's; None for the former wherever sessions can be relayed.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        relay: Relay | None,
        tokens: Literal["own", "upstream"] | None = None,
    ) -> None:
        self.app = app
        self.relay = relay
        self.tokens = tokens

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        try:
            if call.session is not None:
                return self._handshake(call, environ, start_response)
            if call.route.service in SESSION_HOSTS:
                self._without_upgrade(call, environ)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        return self.app(environ, start_response)

    def _without_upgrade(self, call: Call, environ: WSGIEnvironment) -> None:
        """Note who makes the token that is asked for; raise on the path of a session."""
        token = OWN_TOKENS.get(call.route.service)
        if token is not None and call.path == token.path:
            call.own_token = self._makes_tokens(environ)
            return
        operation = read(call.route.service, call.method, call.path).operation
        # For another spelling of its path, the full reading raises what it is.
        if operation is not None and operation.session and reading_of(call, environ).operation:
            raise RequestRefused(
                "This path is for WebSocket, and no Upgrade: websocket arrived: a proxy on the way "
                "must pass Upgrade and Connection on.",
                status=426,
                code="no_upgrade",
            )

    def _makes_tokens(self, environ: WSGIEnvironment) -> bool:
        """Whether a token is made here; raise if it could not be used."""
        if self.tokens == "upstream":
            return False
        # With threads of its own: whether those for sessions are taken just now says nothing of
        # the session that the token opens.
        possible = self.relay is not None and can_take(environ, TLSThreads())
        if self.tokens == "own" and not possible:
            raise impossible(
                "streaming.tokens is own in the configuration, and no session can be relayed here; "
                "set it to upstream, or use a server that can hand over its connections."
            )
        return possible

    def _handshake(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        operation = reading_of(call, environ).operation
        relay = self.relay
        if operation is None or operation.session is None:
            # No stage within has to ask what else it may be.
            raise impossible(NOT_RELAYED)
        if relay is None:
            # The forwarder says why not.
            return self.app(environ, start_response)
        grip = find(environ, relay.tls_threads)
        if isinstance(grip, Ungrippable):
            raise impossible(str(grip))
        # What it reserves is reserved again by the forwarder.
        grip.cancel()
        check(environ)
        reply = Reply(self.app, environ)
        cut = _cut_of(call) if not call.relayed and call.upstream == "unsent" else None
        if cut is not None:
            grip = find(environ, relay.tls_threads)
        if cut is None or isinstance(grip, Ungrippable):
            reply.start(start_response)
            return reply
        reply.close()
        taken = grip.take()
        say = partial(relay.refuse, taken, reply_head(environ), cut, kind_of(operation).words)
        call.session_end = End(0.0, "cut", cut.code, 0, 0, cut)
        headers = [field for field in reply.headers if field[0].lower() != "content-length"]
        start_response("101 Switching Protocols", headers)
        return _Refusal(say, taken.body)


class _Refusal:
    """The body of a refused session's 101: its client hears why once all stages are done with it.

    So a token that was given back is there when the client tries again.
    """

    def __init__(self, say: Callable[[], None], body: DeadEndBody) -> None:
        self._say: Callable[[], None] | None = say
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        self._tell()
        return iter(self._body)

    def close(self) -> None:
        """Let the server have its end, whether or not it read the body."""
        self._tell()
        self._body.close()

    def _tell(self) -> None:
        say, self._say = self._say, None
        if say is not None:
            say()


def _cut_of(call: Call) -> Cut | None:
    error = call.refusal
    if error is None:
        return None
    code = _OWN_CODES.get(error.code or "") or _CODES.get(error.status)
    return None if code is None else Cut(code, error.message)
