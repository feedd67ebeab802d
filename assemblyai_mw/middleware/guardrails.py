"""Guardrails: content checks by the host, before and after a call."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..billing.operations import OPERATIONS, RESULT
from ..billing.sessions import in_json
from ..call import Call, enter, json_of, replace_body, replace_query
from ..call.billable import (
    MAX_JSON_BYTES,
    json_object,
    read_billable,
    reading_of,
    refuse,
    session_of,
    undescribed,
)
from ..call.session_kind import SessionKind, kind_of
from ..errors import RequestRefused, UpstreamError
from ..guards.guarded_stream import GuardedStream
from ..guards.protocol import GuardError, Guardrail
from ..guards.sessions import SessionGuards
from ..guards.speech_sessions import SpeechGuards
from ..guards.verdicts import encoded, failed, needs_copy, parsed, verdict_of
from ..http.bodies import PrefixedBody
from ..http.encoding import decode
from ..http.messages import BODY_FIELDS
from ..http.query import changed_to, parameters
from ..http.strict_json import dumps_like
from ..http.wsgi import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.guardrails")

# The JSON of a ten-hour transcript has about 30 MB.
MAX_REPLY_BYTES = 64 * 1024 * 1024
# The kinds that guards see.
_NAMES = frozenset(row.guarded_as for row in OPERATIONS if row.guarded_as)


class Guardrails:
    """Run guards on speech submits, LLM calls and their replies.

        Guardrails(app, guards=[PatternGuard(patterns=["us_ssn"], action="mask")])

    Before the call, guards check the JSON of POST /v2/transcript, chat completions, speech
    understanding, LeMUR and speech synthesis. A path that `billing.operations` does not describe is
    refused with 403 unless it is a read: its words would pass unchecked. After the call, guards
    check LLM replies, whole or streamed, synchronous transcripts, and transcripts when they are
    read: the completed JSON, sentences, paragraphs, search results and subtitles. Guards run in
    order, each on the result of the one before it. Replies with an error status are not checked.

    Of a streaming session, guards check the parameters of its query and its client's updates
    before, and AssemblyAI's messages with words after: a `Turn`, partial or not. A block, or a
    failure of a closed guard, ends the session. A guard that checks speech elsewhere, and not
    sessions, refuses them all with 403. Of a session of speech synthesis, guards check the words
    that its client sends, before they go up.

    A body or a query is a 400 if a member that decides rights, prices or words is not as documented
    (`billing.decisive`), unless a guard has corrected it: AssemblyAI could read it differently than
    the guard did.

    A block is a 400 with code `content_policy_violation`, the guard's name and its reason. If a
    guard fails (it raises or exceeds its timeout), its `Guardrail` decides: the call is refused
    with a 503, code `guardrail_failed`, or the guard is skipped. A request that is blocked is not
    sent and costs nothing. A reply that is blocked has been paid for: `x-should-retry: false` keeps
    OpenAI's clients from paying twice. A blocked stream ends in an error event, without `[DONE]`.

    Reads `call.route`, `call.session`, JSON bodies up to *max_json_bytes* and replies up to
    *max_reply_bytes*; writes `call.kind`. A reply is read only if a guard wants it, and is then
    requested uncompressed. A reply that no guard changes passes byte for byte.

    Args:
        app: The next WSGI app.
        guards: `Guardrail`s, or plain guards, which get its defaults.
        max_json_bytes: Largest JSON request that is read.
        max_reply_bytes: Largest reply that is read; a larger one counts as a failed guard.

    Raises:
        ValueError: A guard has neither method, or two have one name.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        guards: Sequence[Any],
        max_json_bytes: int = MAX_JSON_BYTES,
        max_reply_bytes: int = MAX_REPLY_BYTES,
    ) -> None:
        self.app = app
        self.guards = tuple(
            each if isinstance(each, Guardrail) else Guardrail(each) for each in guards
        )
        names = [each.name for each in self.guards]
        if len(set(names)) < len(names):
            raise ValueError("guards: expected a name of its own for each")
        self.max_json_bytes = max_json_bytes
        self.max_reply_bytes = max_reply_bytes
        self._before = {k: tuple(g for g in self.guards if g.asked_before(k)) for k in _NAMES}
        self._after = {k: tuple(g for g in self.guards if g.asked_after(k)) for k in _NAMES}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        try:
            operation = reading_of(call, environ).operation
            if operation is None and self.guards and call.method not in ("GET", "HEAD"):
                raise undescribed("guards could not read it")
            kind = operation.guarded_as if operation is not None else None
            if operation is None or kind is None:
                return self.app(environ, start_response)
            if operation.websocket:
                session = session_of(call, environ)
                if session == "tts":
                    self._follow_speech(call, environ)
                elif session is not None:
                    self._open_session(call, environ, kind_of(operation))
                return self.app(environ, start_response)
            before = self._before[kind] if "request" in operation.words else ()
            after = self._after[kind] if "reply" in operation.words else ()
            if call.method == "HEAD":
                after = ()
            if before:
                self._ask_before(before, call, environ)
                found = read_billable(call, environ, kind, max_bytes=self.max_json_bytes)
                refuse(found.fault("price", "words"))
            if not after:
                return self.app(environ, start_response)
            return self._guarded(after, kind, call, environ, start_response)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)

    def _ask_before(
        self, guards: Iterable[Guardrail], call: Call, environ: WSGIEnvironment
    ) -> None:
        json_object(call, environ, max_bytes=self.max_json_bytes)
        body = call.body or b""
        for guard in guards:
            value = json.loads(body) if needs_copy(guard.guard) else json_of(call)
            verdict = verdict_of(guard, "before", call, guard.guard.before, call, value)
            if isinstance(verdict, dict):
                body = dumps_like(verdict, body)
                replace_body(call, environ, body)

    def _open_session(self, call: Call, environ: WSGIEnvironment, kind: SessionKind) -> None:
        """Judge a handshake's parameters, and have the guards follow its session."""
        assert call.session is not None
        query = environ.get("QUERY_STRING", "")
        given = in_json(parameters(query))
        for guard in self.guards:
            with_llm = kind.runs_llm or "llm_gateway" in given
            if guard.misses_sessions(kind.kind, with_llm=with_llm):
                raise RequestRefused(
                    f"The guardrail {guard.name!r} does not check such sessions, so none is "
                    f"opened: its kinds need `{kind.kind}`.",
                    status=403,
                    code="forbidden",
                )
        guards = SessionGuards(self._before[kind.kind], self._after[kind.kind], call, kind)
        if guards.slow_client:
            judged = guards.judged(given)
            if judged is not given:
                replace_query(call, environ, changed_to(query, given, judged))
            found = read_billable(call, environ, kind.kind)
            refuse(found.fault("price", "words"))
        if guards.slow_client or guards.slow_server:
            call.session.append(guards)

    def _follow_speech(self, call: Call, environ: WSGIEnvironment) -> None:
        """Judge a handshake's parameters, and have the guards judge the session's words."""
        assert call.session is not None
        if not self._before["tts"]:
            return
        guards = SpeechGuards(self._before["tts"], call)
        query = environ.get("QUERY_STRING", "")
        given = parameters(query)
        judged = guards.judged(given)
        if judged is not given:
            replace_query(call, environ, changed_to(query, given, judged))
        refuse(read_billable(call, environ, "tts").fault("price", "words"))
        call.session.append(guards)

    def _guarded(
        self,
        guards: tuple[Guardrail, ...],
        kind: str,
        call: Call,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        # Guards cannot judge a partial reply.
        environ.pop("HTTP_RANGE", None)
        environ.pop("HTTP_IF_RANGE", None)
        reply = Reply(self.app, environ)
        kept_open = False
        try:
            if not 200 <= reply.status_code < 300:
                kept_open = True
                reply.start(start_response)
                return reply
            if (reply.header("content-type") or "").lower().startswith("text/event-stream"):
                if kind != "chat" or (reply.header("content-encoding") or "identity") != "identity":
                    for guard in guards:
                        failed(guard, "after", call, GuardError("it cannot read this stream"))
                    kept_open = True
                    reply.start(start_response)
                    return reply
                kept_open = True
                reply.headers = _without_length(reply.headers)
                reply.start(start_response)
                return GuardedStream(reply, guards, call)
            blocks, whole = self._read(reply, call)
            if not whole:
                for guard in guards:
                    failed(guard, "after", call, GuardError("the reply is too large"))
                kept_open = True
                reply.start(start_response)
                return PrefixedBody(blocks, reply)
            return self._judged(guards, kind, call, reply, b"".join(blocks), start_response)
        finally:
            if not kept_open:
                reply.close()

    def _read(self, reply: Reply, call: Call) -> tuple[list[bytes], bool]:
        """Return the reply's body, and whether it is complete."""
        blocks, size = [], 0
        try:
            for block in reply:
                blocks.append(block)
                size += len(block)
                if size > self.max_reply_bytes:
                    return blocks, False
        except UpstreamError as error:
            logger.warning("call=%s: the reply broke off: %s", call.id, error)
            raise RequestRefused(
                "AssemblyAI's reply broke off.", status=error.status, code="upstream_error"
            ) from error
        return blocks, True

    def _judged(
        self,
        guards: Iterable[Guardrail],
        kind: str,
        call: Call,
        reply: Reply,
        body: bytes,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        text = self._readable(reply, body)
        if text is not None and kind == RESULT and not _shows_words(text):
            guards = ()
        changed = False
        for guard in guards:
            if text is None:
                failed(guard, "after", call, GuardError("it cannot read the reply"))
                continue
            value = parsed(text)
            verdict = verdict_of(guard, "after", call, guard.guard.after, call, value)
            if verdict is not None:
                text, changed = encoded(verdict), True
        if changed:
            body = text or b""
            kept = [pair for pair in reply.headers if pair[0].lower() not in BODY_FIELDS]
            reply.headers = [*kept, ("Content-Length", str(len(body)))]
        reply.start(start_response)
        return [body]

    def _readable(self, reply: Reply, body: bytes) -> bytes | None:
        """Return the body as guards may read it: UTF-8 without a Content-Encoding."""
        decoded = decode(body, reply.header("content-encoding"), max_bytes=self.max_reply_bytes)
        try:
            (decoded or b"").decode("utf-8")
        except UnicodeDecodeError:
            return None
        return decoded


def _shows_words(text: bytes) -> bool:
    """Whether a transcript's reply holds words; polls before its completion hold none."""
    if b'"status"' not in text:
        return True
    value = parsed(text)
    return not (isinstance(value, dict) and value.get("status") in ("queued", "processing"))


def _without_length(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in headers if pair[0].lower() != "content-length"]
