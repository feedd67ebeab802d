"""UpstreamForwarder: the innermost app; sends callers' requests to AssemblyAI.

Requests keep their method, target, header values with their order, and body. Replies keep their
status, headers (also doubled ones) and body, byte for byte. `transport.crossing` lists the header
fields that cross in each direction. The forwarder adds only Host, framing and the account's key,
and to event streams on the way back `X-Accel-Buffering: no`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

from ...billing.operations import read
from ...call import Call, enter
from ...call.billable import reading_of
from ...errors import (
    BadRequest,
    ConfigError,
    LengthRequired,
    RequestRefused,
    UpstreamError,
    error_reply,
)
from ...http.bodies import PrefixedBody
from ...http.messages import (
    TOKEN,
    connection_tokens,
    content_length,
    is_chunked,
    is_field_value,
    request_target,
)
from ...http.wsgi import beginning
from ...secret import Secret
from ...transport import (
    Origin,
    Request,
    SocketTransport,
    Timeouts,
    Transport,
    Tunnel,
    UpstreamReply,
)
from ...transport.crossing import GUNICORNS, NOMINATES, TYPES, reply_fields, request_fields
from .handshake import Handshake

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...relay import Relay

logger = logging.getLogger("assemblyai_mw.forward")

# Gunicorn's wsgi.input copies its rest at every read, so small reads of a large upload
# cost several times its size.
READ_BYTES = 1 << 20
MAX_ERROR_BYTES = 64 * 1024
_VALUE = itemgetter(1)
# By whether the server in front is Gunicorn.
_FATES = {False: reply_fields(), True: reply_fields(*GUNICORNS)}
# Hosts that take the account's key as a bearer token, their WebSocket that alone (AssemblyAI,
# voice-agents/voice-agent-api, Connection); the others' documentation has it bare.
_BEARER = frozenset({"agents"})
# Words that mark a refused key rather than a refused request (both can be 403).
_ABOUT_THE_KEY = (b"authenticat", b"api key", b"api token", b"unauthorized")


class UpstreamForwarder:
    """Forward every request to *base_url* with the account's key.

    Wraps no app and checks no key: **every request that reaches it spends the account's money.**
    Put `KeyAuth` in front of it.

    Reads method, target, headers and body of the request, and `call.trace_context`;
    SCRIPT_NAME holds the matched prefix and is not sent. Writes `call.upstream`. Answers itself, as
    `{"error": "..."}`: 400 for targets, framing and fields that two parsers could read differently,
    405 for TRACE and CONNECT, 411, 426 for WebSocket that cannot be relayed, 429 without a
    place for a session, 502 if the upstream is unreachable, does not speak HTTP, or refuses the
    account's key, and 504 if it is too slow. If a reply breaks off midway, its body raises, so
    that the server cuts the connection.

    Args:
        base_url: `https://host[:port][/path]`; plain http to loopback only.
        api_key: The account's key, sent as `Authorization: KEY`, AssemblyAI's own form.
        timeout: `Timeouts`, or seconds for connecting and for each wait on the upstream.
        transport: Default `SocketTransport()`.
        max_body_bytes: Largest request body, declared or counted; None for no limit.
        headers: Names of header fields to send upstream besides those of `transport.crossing.SENT`.
        relay: Relays WebSocket sessions, those of the operations that have a `session`.

    Raises:
        ConfigError: The URL or the key is invalid, or one of *headers* must not be sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | Secret,
        timeout: float | Timeouts | None = None,
        transport: Transport | None = None,
        max_body_bytes: int | None = None,
        headers: Iterable[str] = (),
        relay: Relay | None = None,
    ) -> None:
        self.origin = Origin.parse(base_url)
        self._key = api_key if isinstance(api_key, Secret) else Secret(api_key)
        if not _is_key(self._key):
            raise ConfigError("api_key: expected printable ASCII without spaces")
        self._fields = request_fields(headers)
        self.timeouts = (
            timeout
            if isinstance(timeout, Timeouts)
            else Timeouts()
            if timeout is None
            else Timeouts(connect_s=timeout, read_s=timeout, chat_read_s=timeout)
        )
        self._chat_timeouts = self.timeouts.of_kind("chat")
        self.transport: Transport = transport if transport is not None else SocketTransport()
        self.max_body_bytes = max_body_bytes
        self.relay = relay
        self._warned = False

    def __repr__(self) -> str:
        return f"UpstreamForwarder({self.origin.scheme}://{self.origin.authority})"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        if call.caller is None and not self._warned:
            self._warned = True
            logger.warning("a call reached %r with no KeyAuth before it", self)
        try:
            request = self._request(call, environ)
            # Last, since it takes a place that has to be given back.
            handshake = None if call.session is None else self._handshake(call, environ)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        # Added last and into the request itself, so that no frame here holds the key in clear.
        scheme = "Bearer " if call.route.service in _BEARER else ""
        request.headers.append(("Authorization", scheme + self._key.reveal()))
        try:
            reply: UpstreamReply | Tunnel
            if handshake is not None:
                reply = handshake.send(self.transport, self.origin, request, self.timeouts)
            else:
                reply = self.transport.send(self.origin, request, self._timeouts_of(call))
        except (UpstreamError, RequestRefused) as error:
            if request.sent:
                call.upstream = "sent"
            if isinstance(error, UpstreamError):
                return self._failed(call, error)(environ, start_response)
            # The client's body broke off; the upstream's connection is closed by now.
            return call.refused(error)(environ, start_response)
        except BaseException:
            # A server that ends its worker during a call (Gunicorn's timeout) raises SystemExit
            # here: the request may still be processed, and billed.
            if request.sent:
                call.upstream = "sent"
            raise
        call.upstream = "replied"
        if isinstance(reply, Tunnel):
            assert handshake is not None
            return handshake.join(reply, start_response, self._key)
        return self._answer(call, reply, environ, start_response)

    def _timeouts_of(self, call: Call) -> Timeouts:
        reading = call.reading or read(call.route.service, call.method, call.path)
        return self._chat_timeouts if reading.kind == "chat" else self.timeouts

    def _handshake(self, call: Call, environ: WSGIEnvironment) -> Handshake:
        operation = reading_of(call, environ).operation
        return Handshake.of(call, operation, environ, self.relay, self.transport)

    def _request(self, call: Call, environ: WSGIEnvironment) -> Request:
        method: str = environ["REQUEST_METHOD"]
        if method in ("TRACE", "CONNECT") or not TOKEN.fullmatch(method):
            raise RequestRefused(f"{method[:20]} is not forwarded.", status=405)
        target = call.target or request_target(environ)
        headers = self._fields.of(environ)
        if call.trace_context:
            theirs = {name.lower() for name, _ in call.trace_context}
            headers = [field for field in headers if field[0].lower() not in theirs]
            headers += call.trace_context
        length = content_length(environ)
        chunked = is_chunked(environ)
        if chunked and not environ.get("wsgi.input_terminated"):
            raise LengthRequired("This server cannot read chunked bodies; send a Content-Length.")
        if length == 0 or (length is None and not chunked):
            return Request(method, target, headers, None, length)
        limit = min(
            (n for n in (self.max_body_bytes, call.max_body_bytes) if n is not None), default=None
        )
        if limit is not None and length is not None and length > limit:
            raise _too_large(limit)
        if length is not None and call.body is not None:
            return Request(method, target, headers, call.body, length)
        blocks = _blocks(environ["wsgi.input"].read, length, limit)
        return Request(method, target, headers, blocks, length)

    def _failed(self, call: Call, error: UpstreamError) -> WSGIApplication:
        logger.warning("%s %s: %s", call.method, self.origin.host, error)
        headers: list[tuple[str, str]] = []
        if error.status == 504:
            message = "AssemblyAI took too long to answer."
        else:
            message = "AssemblyAI could not be reached, or did not answer in HTTP."
        if call.upstream == "sent" and call.method not in ("GET", "HEAD"):
            message += " Whether it acted on the request is unknown."
            # OpenAI's clients would send, and pay for, the request three times.
            headers.append(("x-should-retry", "false"))
        return error_reply(
            call.route.dialect, error.status, message, code="upstream_error", headers=headers
        )

    def _answer(
        self,
        call: Call,
        reply: UpstreamReply,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        try:
            # Servers send the head with the first block anyway (PEP 3333): a reply that
            # breaks off before it can still get its own status.
            start = reply.whole
            if start is None:
                start = beginning(reply, MAX_ERROR_BYTES if reply.status >= 400 else 1)
            if self._is_refusal(call, reply, start):
                reply.close()
                return self._refused(call, reply)(environ, start_response)
            start_response(self._status_line(reply), self._reply_headers(reply, environ))
        except UpstreamError as error:
            reply.close()
            if reply.status < 400:
                # The request was processed, but its result is lost with the reply.
                call.upstream = "sent"
            return self._failed(call, error)(environ, start_response)
        except BaseException:
            reply.close()
            raise
        if reply.status >= 400:
            return _Masked(start, reply, self._key)
        if reply.whole is not None:
            return [start]
        return PrefixedBody([start], reply)

    def _is_refusal(self, call: Call, reply: UpstreamReply, body: bytes) -> bool:
        """Whether AssemblyAI refused the account's key rather than the request."""
        if reply.status == 404 and call.route.service == "dictation":
            # Seen in place of its 401.
            return b"invalid api key" in body.lower()
        about_the_key = reply.status == 403 and any(w in body.lower() for w in _ABOUT_THE_KEY)
        return reply.status == 401 or about_the_key

    def _refused(self, call: Call, reply: UpstreamReply) -> WSGIApplication:
        logger.error(
            "%s refused the account's key (status %d): check it", self.origin.host, reply.status
        )
        return error_reply(
            call.route.dialect,
            502,
            "AssemblyAI refused this gateway's own credentials; tell its operator.",
            code="upstream_credentials",
        )

    def _status_line(self, reply: UpstreamReply) -> str:
        reason = self._key.masked(reply.reason)
        # start_response needs a phrase; RFC 9112 4 gives it no meaning.
        return f"{reply.status} {reason if reason and is_field_value(reason) else '-'}"

    def _reply_headers(
        self, reply: UpstreamReply, environ: WSGIEnvironment
    ) -> list[tuple[str, str]]:
        fates = _FATES[environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")]
        passed, nominated, streams = [], [], False
        for field in reply.headers:
            fate = fates[field[0]]
            if not fate:
                passed.append(field)
            elif fate == TYPES:
                passed.append(field)
                streams = field[1][:17].lower() == "text/event-stream"
            elif fate == NOMINATES:
                nominated.append(field[1])
        if self._key.is_in("\n".join(map(_VALUE, passed))):
            passed = [(name, self._key.masked(value)) for name, value in passed]
        if nominated:
            named = connection_tokens(nominated) - {"content-length", "content-type"}
            passed = [field for field in passed if field[0].lower() not in named]
        if streams:
            # nginx would keep events back until a buffer is full.
            passed.append(("X-Accel-Buffering", "no"))
        return passed


def _is_key(secret: Secret) -> bool:
    key = secret.reveal()
    return bool(key) and key.isascii() and key.isprintable() and " " not in key


def _blocks(read: Callable[[int], bytes], length: int | None, limit: int | None) -> Iterator[bytes]:
    """Yield the request's body.

    Raises:
        BadRequest: It ended before its announced length. Servers report that as end of file or in
            their own exceptions.
        BodyTooLarge: A body in chunks went over *limit*.
    """
    done = 0
    while length is None or done < length:
        try:
            block = read(READ_BYTES if length is None else min(READ_BYTES, length - done))
        except Exception as error:
            raise BadRequest("The request's body could not be read.") from error
        if not block:
            break
        done += len(block)
        if limit is not None and done > limit:
            raise _too_large(limit)
        yield block
    if length is not None and done < length:
        raise BadRequest("The request's body ended before its announced length.")


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(f"The body is larger than the {limit} bytes allowed here.", status=413)


class _Masked:
    """An error's body, of the same length, in which the account's key is asterisks."""

    def __init__(self, start: bytes, reply: UpstreamReply, key: Secret) -> None:
        self._held = start
        self._reply = reply
        self._key = key
        self._ended = reply.whole is not None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while True:
            # A possible beginning of the key waits for the next block.
            keep = 0 if self._ended else len(self._key) - 1
            clean = self._key.masked_bytes(self._held)
            out = clean[: max(len(clean) - keep, 0)]
            self._held = clean[len(out) :]
            if out:
                return out
            if self._ended:
                raise StopIteration
            try:
                self._held += next(self._reply)
            except StopIteration:
                self._ended = True

    def close(self) -> None:
        self._reply.close()
