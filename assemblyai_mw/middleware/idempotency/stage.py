"""Idempotency: a request that is repeated with its Idempotency-Key is billed once."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal

from ...call import Call, enter, json_of, read_body
from ...call.billable import MAX_JSON_BYTES, door_kind, reading_of
from ...call.body import blocks_of, body_length
from ...call.entrance import Entered, Entrances
from ...errors import (
    BadRequest,
    RequestRefused,
    StoreError,
    UpstreamError,
    broke_off,
    error_reply,
)
from ...http.bodies import CountingBody, PrefixedBody
from ...http.wsgi import Reply
from ...routes import DEFAULT_BASES, Door
from ...store.lazy import kept_answers_of
from .answers import again, in_use, kept_fields, not_kept, reused, unknown
from .digest import DigestedInput, RequestDigest
from .scope import checked_key, place_of, scope_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...store import Answer, Claim, Database, Fate, KeptAnswer, KeptAnswers

logger = logging.getLogger("assemblyai_mw.idempotency")

KEY = "HTTP_IDEMPOTENCY_KEY"
MAX_ANSWER_BYTES = 256 * 1024
# The rest of a body that the app within left unread, as far as it is read for the digest.
MAX_REST_BYTES = 1024 * 1024
# Ends of calls that could not be recorded; the next request of this process tries again.
MAX_LATE = 64
# Kinds of which the answer is a caller's content.
CONTENT = frozenset({"chat", "sync"})
Form = Literal["json", "bytes"]


class Idempotency:
    """Answer a billable POST that is repeated with its `Idempotency-Key` as the first time.

    A key is a caller's own, and stands for one request for 24 hours. Its answer is kept if the call
    was billed, or if nobody knows whether it was: an answer that cost nothing is not kept, and the
    same key may be sent again. Submits of transcripts are covered always; whole chats,
    `audio/transcriptions` and the synchronous API only with *content*, because their answers are
    content. For everything else, streamed chats too, the field has no effect. An answer of more
    than 256 KiB, or a stream, is passed on and not kept; the request is not repeated either.

    Place it outside of the translators, so that an answer is kept in the API that its caller
    speaks, and outside of a `CostLogger`, which says what was billed. Reads the field,
    `call.caller` (without one, nothing is covered), and, after the reply, `call.row`, `state`,
    `upstream` and `transcript_id`. Writes `call.replayed`.

    Answers itself: the kept answer, with `Idempotent-Replayed: true`; 400 for what is not one key;
    409 with `retry-after` while the first request is under way; 422 for the key of another request,
    or of an answer that was not kept; 503 if the ledger cannot be written; and 504 where nobody
    knows what became of the first request, such as one whose worker was killed.

    Args:
        app: The next WSGI app.
        answers: A `KeptAnswers`, a `Database` or its URL: that of the `CostLogger`.
        content: Keep content too.
        bases: Paths below which the doors are; see `OpenAITranslator`.
        max_json_bytes: Largest JSON request that is read.
        max_body_bytes: Largest other body that is read, of a repeated request; None for no limit.
        under_way_s: Seconds for which a request without an end counts as under way.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        answers: KeptAnswers | Database | str,
        content: bool = False,
        bases: Iterable[str] = DEFAULT_BASES,
        max_json_bytes: int = MAX_JSON_BYTES,
        max_body_bytes: int | None = None,
        under_way_s: float = 7260.0,
    ) -> None:
        self.app = app
        self.answers = kept_answers_of(answers)
        self.content = content
        self.max_json_bytes = max_json_bytes
        self.max_body_bytes = max_body_bytes
        self.under_way_s = under_way_s
        self._entrances = Entrances(bases)
        self._late: deque[Callable[[], None]] = deque(maxlen=MAX_LATE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if KEY not in environ or environ["REQUEST_METHOD"] != "POST":
            return self.app(environ, start_response)
        call, environ = enter(environ)
        dialect: str = call.route.dialect
        try:
            entered = self._entrances.of(environ)
            if entered is not None:
                dialect = entered.door.dialect
            request = self._request(call, environ, entered, dialect)
            answer = None if request is None else self._answer(request, environ)
        except RequestRefused as error:
            return error.reply(dialect)(environ, start_response)
        except StoreError as error:
            logger.error("the ledger cannot be written: %s", error)
            message = "The ledger cannot be written, so no billable request is sent."
            down = error_reply(dialect, 503, message, code="ledger_unavailable")
            return down(environ, start_response)
        if answer is not None:
            return answer(environ, start_response)
        if request is None:
            return self.app(environ, start_response)
        return self._first(request, environ, start_response)

    def _request(
        self, call: Call, environ: WSGIEnvironment, entered: Entered | None, dialect: str
    ) -> _Request | None:
        """Return what is known of a request; None if its key has no effect.

        Raises:
            RequestRefused: It has no right key, or no body that can be read.
        """
        from ...store import Claim

        if call.caller is None or (entered is not None and entered.rest):
            return None
        covered = self._covered(call, environ, None if entered is None else entered.door)
        if covered is None:
            return None
        kind, form = covered
        scope = scope_of(call.caller)
        claim = Claim(scope, place_of(scope, checked_key(environ.pop(KEY))), call.id)
        digest = RequestDigest(environ)
        if form == "bytes":
            return _Request(call, dialect, claim, digest, body_length(environ))
        digest.update(read_body(call, environ, max_bytes=self.max_json_bytes))
        if not _is_whole(kind, call):
            return None
        return _Request(call, dialect, claim, digest, None, digest.digest())

    def _covered(
        self, call: Call, environ: WSGIEnvironment, door: Door | None
    ) -> tuple[str, Form] | None:
        """Return a request's kind, and how its body is read; None if its key has no effect."""
        if door is not None:
            kind = door_kind(door)
            if self.content and kind in ("chat", "transcript"):
                return kind, "json" if kind == "chat" else "bytes"
            return None
        reading = reading_of(call, environ)
        if reading.operation is None or reading.kind is None:
            return None
        if reading.kind != "transcript" and not (self.content and reading.kind in CONTENT):
            return None
        return reading.kind, "json" if reading.operation.body == "json" else "bytes"

    def _answer(self, request: _Request, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Claim the request's key; return the app that answers it if another request has it.

        Raises:
            RequestRefused: That was another request, or there is no answer to give.
            StoreError: The ledger cannot be read or written.
        """
        self._catch_up()
        while True:
            kept = self.answers.claim(request.claim, request.call, request.sum)
            if kept is None:
                return None
            fate = None
            if not kept.known and not self._is_under_way(kept):
                fate = self.answers.fate(kept)
                if fate.free:
                    self.answers.release(kept.claim)
                    continue
            return self._repeat(request, kept, fate, environ)

    def _is_under_way(self, kept: KeptAnswer) -> bool:
        return kept.known is None and kept.age_s < self.under_way_s

    def _repeat(
        self, request: _Request, kept: KeptAnswer, fate: Fate | None, environ: WSGIEnvironment
    ) -> WSGIApplication:
        """Return the app that answers a request whose key stands for an earlier one.

        Raises:
            RequestRefused: It is not the same request, or there is no answer to give.
        """
        under_way = self._is_under_way(kept)
        if request.sum is None and (kept.digest is not None or kept.answer is not None):
            for block in blocks_of(environ, max_bytes=self._max_bytes(request.call)):
                request.digest.update(block)
            request.sum = request.digest.digest()
        if None not in (kept.digest, request.sum) and kept.digest != request.sum:
            raise reused()
        if under_way:
            raise in_use(kept.age_s)
        transcript_id = None if fate is None else fate.transcript_id
        if kept.answer is not None:
            call = request.call
            call.replayed = True
            return again(kept.answer, transcript_id)
        raise not_kept() if kept.known else unknown(transcript_id)

    def _max_bytes(self, call: Call) -> int | None:
        limits = [self.max_body_bytes]
        if call.caller is not None:
            limits.append(call.caller.max_upload_bytes)
        return min((limit for limit in limits if limit is not None), default=None)

    def _first(
        self, request: _Request, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Send the request on, and keep its answer before the client gets it."""
        from ...store import Answer

        if request.sum is None:
            request.input = DigestedInput(environ["wsgi.input"], request.digest)
            environ["wsgi.input"] = request.input
        if "HTTP_ACCEPT_ENCODING" in environ:
            # Who repeats it may accept another coding.
            environ["HTTP_ACCEPT_ENCODING"] = "identity"
        try:
            reply = Reply(self.app, environ)
            try:
                blocks, whole = _read(reply)
                if not whole:
                    # Where it is cut, or the client leaves, it counts as it is.
                    reply.start(start_response)
                    rest = PrefixedBody(blocks, reply)
                    return CountingBody(rest, lambda *_: self._ended(request, None))
                reply.close()
            except UpstreamError as error:
                reply.close()
                reply = Reply(broke_off(request.dialect, error), environ)
                blocks, _ = _read(reply)
            except BaseException:
                reply.close()
                raise
        except BaseException:
            self._ended(request, None, answered=False)
            raise
        # The stages within have noted what the call cost, when it was closed at the latest.
        body = b"".join(blocks)
        self._ended(request, Answer(reply.status_code, kept_fields(reply.headers), body))
        reply.start(start_response)
        return [body] if body else []

    def _ended(self, request: _Request, answer: Answer | None, *, answered: bool = True) -> None:
        """Record what a request came to."""
        call, claim = request.call, request.claim
        if _is_free(call):
            record = partial(self.answers.release, claim)
        else:
            if answer is not None and answer.status < 500 and call.upstream == "sent":
                # Its body broke off on the way here: a repetition would not.
                answer, answered = None, False
            # A submit without a transcript's id may be found by settlement, or not.
            known = answered and (call.state != "pending" or call.transcript_id is not None)
            digest = request.whole_digest()
            record = partial(self.answers.keep, claim, digest=digest, known=known, answer=answer)
        try:
            record()
        except StoreError as error:
            logger.error("the answer to an Idempotency-Key is recorded later: %s", error)
            self._late.append(record)

    def _catch_up(self) -> None:
        """Record what could not be recorded before, as far as it can be now."""
        for _ in range(len(self._late)):
            try:
                record = self._late.popleft()
            except IndexError:
                # Another thread has it.
                return
            try:
                record()
            except StoreError:
                self._late.append(record)
                return


class _Request:
    """A request whose key has an effect.

    Attributes:
        sum: Its digest, once its body was read.
        input: Its body, if the app within reads that.
    """

    __slots__ = ("call", "claim", "dialect", "digest", "input", "length", "sum")

    def __init__(
        self,
        call: Call,
        dialect: str,
        claim: Claim,
        digest: RequestDigest,
        length: int | None,
        sum: bytes | None = None,
    ) -> None:
        self.call = call
        self.dialect = dialect
        self.claim = claim
        self.digest = digest
        self.length = length
        self.sum = sum
        self.input: DigestedInput | None = None

    def whole_digest(self) -> bytes | None:
        """Return the digest; None if the app within has left too much of the body unread."""
        if self.input is not None:
            self.input.finish(self.length, MAX_REST_BYTES)
            if self.input.is_whole(self.length):
                self.sum = self.digest.digest()
            self.input = None
        return self.sum


def _is_whole(kind: str, call: Call) -> bool:
    """Whether a JSON request is one whose answer is whole; broken ones are refused further in."""
    try:
        value = json_of(call)
    except BadRequest:
        return False
    return isinstance(value, dict) and not (kind == "chat" and value.get("stream"))


def _is_free(call: Call) -> bool:
    """Whether nothing was billed for a call that has ended, and nothing will be."""
    if call.row is None or call.state == "failed":
        return True
    # The end of its row could not be written.
    return call.state == "pending" and call.upstream == "unsent"


def _read(reply: Reply) -> tuple[list[bytes], bool]:
    """Return a reply's blocks, and whether they are all of it: streams are not read."""
    blocks: list[bytes] = []
    if (reply.header("content-type") or "").lower().startswith("text/event-stream"):
        return blocks, False
    size = 0
    for block in reply:
        blocks.append(block)
        size += len(block)
        if size > MAX_ANSWER_BYTES:
            return blocks, False
    return blocks, True
