"""A client's WebSocket handshake, and the session that comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...call import Call
from ...call.session_kind import kind_of
from ...errors import RequestRefused
from ...relay import STOPPING, Relay, Ungrippable, Watcher, find
from ...relay.handshake import NOT_RELAYED, check, impossible, passed_on, reply_head, request_fields
from ...transport import Origin, Request, Timeouts, Transport, Tunnel, Upgrading, UpstreamReply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ...billing.operations import Operation
    from ...relay import Grip, Words
    from ...secret import Secret


class Handshake:
    """One handshake that has a place: `send` it on, then `join` the two ends.

    Whatever fails on the way, the place and the client's connection are given back.
    """

    def __init__(
        self,
        call: Call,
        environ: WSGIEnvironment,
        relay: Relay,
        words: Words,
        grip: Grip,
        upstream: Upgrading,
    ) -> None:
        self._call = call
        self._environ = environ
        self._relay = relay
        self._words = words
        self._grip = grip
        self._upstream = upstream
        self._fields: list[tuple[str, str]] = []

    @classmethod
    def of(
        cls,
        call: Call,
        operation: Operation | None,
        environ: WSGIEnvironment,
        relay: Relay | None,
        transport: Transport,
    ) -> Handshake:
        """Return the handshake, with a place for its session.

        Raises:
            RequestRefused: 400 for a malformed one; 426 where it cannot be relayed, with the
                reason; 429 where there is no place, 503 while the process ends.
        """
        grip, words = grip_of(call, operation, environ, relay, transport)
        try:
            check(environ)
            assert relay is not None
            full = relay.enter()
            if full is not None:
                if full is STOPPING:
                    raise RequestRefused(full.text, status=503, code="server_restarts")
                raise RequestRefused(full.text, status=429, code="too_many_sessions")
        except BaseException:
            grip.cancel()
            raise
        assert isinstance(transport, Upgrading)
        return cls(call, environ, relay, words, grip, transport)

    def send(
        self, transport: Transport, origin: Origin, request: Request, timeouts: Timeouts
    ) -> Tunnel | UpstreamReply:
        """Send the handshake on; return the upstream's 101, or its refusal.

        Raises:
            RequestRefused: 400: the client has left; SDKs do after a second, and try again.
            UpstreamError: As `Transport.send` does, and for a 101 that is not this handshake's.
        """
        request.headers[:0] = request_fields(self._environ)
        try:
            if self._grip.is_left():
                raise RequestRefused("The client left before its session began.")
            reply = self._upstream.upgrade(origin, request, timeouts)
            if isinstance(reply, Tunnel):
                try:
                    self._fields = passed_on(self._environ, reply.headers)
                except BaseException:
                    reply.close()
                    raise
                return reply
        except BaseException:
            self._give_up()
            raise
        self._give_up()
        return reply

    def join(self, tunnel: Tunnel, start_response: StartResponse, key: Secret) -> Iterable[bytes]:
        """Take the client's connection from the server, and relay; return the server's reply.

        The client does not see the account's *key*, if the upstream echoes it.
        """
        try:
            # Its session is opened and ended all the same: one that is left open costs hours.
            self._call.unheard = self._grip.is_left()
            taken = self._grip.take()
        except BaseException:
            tunnel.close()
            self._give_up()
            raise
        head = reply_head(self._environ, self._fields)
        watchers = (*(self._call.session or ()), _KeyMask(key))
        self._relay.start(taken, tunnel, head, watchers=watchers, words=self._words)
        self._call.relayed = True
        # The server sends it to nobody. Its checks (PEP 3333) want a type of every body.
        start_response("101 Switching Protocols", [("Content-Type", "application/octet-stream")])
        return taken.body

    def _give_up(self) -> None:
        self._grip.cancel()
        self._relay.leave()


class _KeyMask(Watcher):
    """Puts asterisks in place of the account's key in what the upstream says."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def server_text(self, text: bytes) -> bytes | None:
        """Mask a text."""
        clean = self._key.masked_bytes(text)
        return None if clean == text else clean

    def close_reason(self, reason: str) -> str:
        """Mask a reason."""
        return self._key.masked(reason)


def grip_of(
    call: Call,
    operation: Operation | None,
    environ: WSGIEnvironment,
    relay: Relay | None,
    transport: Transport,
) -> tuple[Grip, Words]:
    """Return the client's connection, and the language of its session.

    Raises:
        RequestRefused: 426, where this request cannot become a session.
    """
    if operation is None or operation.session is None:
        raise impossible(NOT_RELAYED)
    if relay is None:
        raise impossible(
            "WebSocket is not possible here: streaming.relay is off in the configuration."
        )
    if not isinstance(transport, Upgrading):
        raise impossible(
            "WebSocket is not possible here: the configured transport cannot carry it."
        )
    grip = find(environ, relay.tls_threads)
    if isinstance(grip, Ungrippable):
        raise impossible(str(grip))
    return grip, kind_of(operation).words
