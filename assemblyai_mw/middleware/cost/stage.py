"""CostLogger: the cost and owner of each call, its ledger row, log line and callbacks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...billing.operations import OTHER, outcome_of
from ...billing.price_book import PriceBook
from ...billing.replies import ChatMeter, Outcome
from ...call import Call, enter, json_of
from ...call.billable import MAX_JSON_BYTES, read_billable, reading_of, session_of
from ...errors import RequestRefused, StoreError, UpstreamError, broke_off, error_reply
from ...http.bodies import CountingBody, JSONTee, PrefixedBody, log_exceptions
from ...http.encoding import narrow_encoding
from ...http.wsgi import Reply, beginning
from ...settlement.closing import (
    AUDIO,
    MAX_REPLY_BYTES,
    SENT_AFTER,
    audio_mark,
    close_call,
    metrics_label,
    read_object,
)
from ...settlement.options import OPTIONS, option_marks
from ...store.lazy import ledger_of
from ...store.owner_cache import Ownership
from ...telemetry.call_log import logged, wanted
from ...telemetry.record import OnCall
from .reads import Polls
from .sessions import SessionMeter, Sessions
from .speech import SpeechMeter, metered_speech

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...relay import Relay
    from ...store import Database, Ledger

logger = logging.getLogger("assemblyai_mw.cost")

# A reply that names a new transcript is a few kilobytes.
MAX_CREATED_BYTES = 4 * 1024 * 1024
# Delay before a submit whose reply broke off is looked up in AssemblyAI's list.
LOOK_UP_AFTER_S = 5.0
# Statuses that a gateway in front of AssemblyAI sends itself, whether or not the work behind it was
# done. The API reference shows no body for 503 and 504; 500 is AssemblyAI's own, with `error`.
GATEWAY_STATUSES = frozenset({502, 503, 504})
MAX_ERROR_BYTES = 64 * 1024
COST_HEADER = "x-assemblyai-mw-cost-usd"


class CostLogger:
    """Meter each call, and record billable calls in the ledger before they go out.

    The order of writes makes this safe. The ledger has a pending row before AssemblyAI sees a
    billable request; if it cannot be written, the answer is 503 and nothing goes out. The owner of
    a new transcript is stored before the client learns its id. The first reply that shows a
    completed transcript settles its row by one conditional update, so that a hundred polls charge
    once. Replies pass byte for byte; a copy is read. Polls of a settled transcript are not read.

    Reads `call.caller`, `call.upstream`, `call.reservation`, JSON bodies up to *max_json_bytes*.
    Writes `call.kind`, `row`, `state`, `usage`, `price`, `transcript_id`. Answers itself: 400, 413
    and 415 for a billable body that cannot be read, 503 if the ledger cannot be written.

    Args:
        app: The next WSGI app.
        ledger: A `Ledger`, a `Database` or its URL.
        prices: A `PriceBook`, or a mapping over the shipped one.
        on_call: Called with a `CallRecord` after each call; its exceptions are logged.
        max_json_bytes: Largest JSON request that is read.
        wake: Called at each call; the stack starts its settlement with it.
        owners: Cache of owners, shared with `Isolation` if both are used.
        relay: The forwarder's relay; without one, no session comes about.
        checkpoint_s: Seconds between two checkpoints of a session's length.
        reply_cost: Send whole replies of chats with their cost in dollars in a header,
            `x-assemblyai-mw-cost-usd`. Such a reply is read whole before it goes out.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        ledger: Ledger | Database | str,
        prices: PriceBook | Mapping[str, Any] | None = None,
        on_call: OnCall | Sequence[OnCall] = (),
        max_json_bytes: int = MAX_JSON_BYTES,
        wake: Callable[[], None] | None = None,
        owners: Ownership | None = None,
        relay: Relay | None = None,
        checkpoint_s: float = 15.0,
        reply_cost: bool = False,
    ) -> None:
        self.app = app
        self.ledger = ledger_of(ledger)
        self.prices = prices if isinstance(prices, PriceBook) else PriceBook.load(prices)
        self.on_call: tuple[OnCall, ...] = (on_call,) if callable(on_call) else tuple(on_call)
        self.max_json_bytes = max_json_bytes
        self.reply_cost = reply_cost
        self._wake = wake
        self._sessions = (
            None
            if relay is None
            else Sessions(
                ledger=self.ledger, prices=self.prices, relay=relay, checkpoint_s=checkpoint_s
            )
        )
        self._polls = Polls(
            app,
            ledger=self.ledger,
            prices=self.prices,
            owners=owners or Ownership(self.ledger),
        )

    def records_in(self, database: Database) -> bool:
        """Whether the calls of this stage are recorded in *database*, with their reservations."""
        return self.ledger.database is database

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        if self._wake is not None:
            self._wake()
        try:
            reading_of(call, environ)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        app = self._polls if call.kind is None else self._billable
        if call.inner or not wanted(self.on_call):
            return app(call, environ, start_response)
        return logged(lambda start: app(call, environ, start), call, start_response, self.on_call)

    # Billable calls

    def _billable(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        kind = call.kind or OTHER
        try:
            asked = self._asked(kind, call, environ)
            models = asked.get("models") or (None,)
            waited_s = time.time() - call.started
            if waited_s >= 1:
                # Settlement counts from when it goes out, not from when it began to come in.
                asked = {**asked, SENT_AFTER: round(waited_s)}
            model = metrics_label(self.prices, kind, models[0])
            if session_of(call, environ) is not None:
                call.row = self._open_session(call, kind, model, asked)
            else:
                call.row = self._open(call, kind, model, asked)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        except StoreError as error:
            return self._ledger_down(call, error)(environ, start_response)
        call.state = "pending"
        narrow_encoding(environ)
        streams = kind == "tts" or (kind == "chat" and json_of(call).get("stream"))
        if streams and "HTTP_ACCEPT_ENCODING" in environ:
            # Events are read as they pass, and not undone.
            environ["HTTP_ACCEPT_ENCODING"] = "identity"
        try:
            reply = Reply(self.app, environ)
        except BaseException:
            self._not_done(call, None)
            raise
        status = reply.status_code
        if call.relayed:
            # Its watcher closes the row when the session ends.
            reply.start(start_response)
            return reply
        done = 200 <= status < 300
        doubtful = status in GATEWAY_STATUSES and call.upstream == "replied"
        if kind == "transcript" and (done or doubtful):
            return self._submitted(call, reply, environ, start_response)
        if not done:
            self._not_done(call, status)
        elif kind == "tts":
            return self._spoken(call, asked, reply, start_response)
        elif (reply.header("content-type") or "").startswith("text/event-stream"):
            return self._streamed(call, asked, reply, start_response)
        elif kind == "token":
            # AssemblyAI bills the token's session separately; its length is not known here.
            self._close(
                call, Outcome("unmeterable", reason="sessions of this token are not metered")
            )
        else:
            return self._replied(call, kind, asked, reply, start_response)
        reply.start(start_response)
        return reply

    def _open(self, call: Call, kind: str, model: str | None, asked: Mapping[str, Any]) -> int:
        """Record a call, with the hold that `Budget` wants; return its row."""
        from ...store import Refusal

        wanted, call.reservation = call.reservation, None
        if wanted is None:
            return self.ledger.open(call, kind=kind, model=model, features=asked)
        admitted = self.ledger.open_held(
            call,
            wanted.nano,
            expires_in_s=wanted.expires_in_s,
            kind=kind,
            model=model,
            features=asked,
        )
        if isinstance(admitted, Refusal):
            raise wanted.refused(admitted)
        wanted.taken(admitted.hold)
        return admitted.row

    def _open_session(
        self, call: Call, kind: str, model: str | None, asked: Mapping[str, Any]
    ) -> int:
        """Record a session, and have it followed; return its row."""
        from ...store.sessions import SessionLimit

        row = self.ledger.open_session(call, model=model, features=asked, kind=kind)
        if isinstance(row, SessionLimit):
            raise RequestRefused(
                f"Too many sessions: this {row.scope} may have {row.limit} open at a time.",
                status=429,
                code="too_many_sessions",
            )
        if self._sessions is not None and call.session is not None:
            meter = SpeechMeter if kind == "tts" else SessionMeter
            call.session.append(meter(self._sessions, call, row, asked))
        return row

    def _asked(self, kind: str, call: Call, environ: WSGIEnvironment) -> dict[str, Any]:
        """Return the billing facts of the request; raise if it cannot be read."""
        asked = read_billable(call, environ, kind, max_bytes=self.max_json_bytes).asked
        if kind == "understanding" and "transcript_id" in asked:
            # Its reply states no length; the transcript that it reads does.
            audio_ms = self.ledger.audio_ms(call.route.region, asked["transcript_id"])
            return asked if audio_ms is None else {**asked, "audio_ms": audio_ms}
        if kind == "transcript":
            body = json_of(call)
            if marks := option_marks(call.id, body):
                asked[OPTIONS] = marks
            if mark := audio_mark(call.id, body.get("audio_url")):
                asked[AUDIO] = mark
        return asked

    def _submitted(
        self,
        call: Call,
        reply: Reply,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Act on the reply to a submit, then pass it to the client."""
        status = reply.status_code
        done = 200 <= status < 300
        try:
            body = beginning(reply, MAX_CREATED_BYTES if done else MAX_ERROR_BYTES)
            value = read_object(body, reply.header("content-encoding")) or {}
            if done:
                self._created(call, value, status)
            else:
                self._perhaps_created(call, value, status)
        except StoreError as error:
            reply.close()
            # The work was accepted: its row stays open, and is settled from AssemblyAI's list.
            call.transcript_id = None
            return self._ledger_down(call, error)(environ, start_response)
        except UpstreamError as error:
            reply.close()
            self._look_up_soon(call)
            return broke_off(call.route.dialect, error)(environ, start_response)
        except BaseException:
            reply.close()
            raise
        reply.start(start_response)
        return PrefixedBody([body], reply)

    def _created(self, call: Call, transcript: Mapping[str, Any], status: int) -> None:
        """Store who owns the new transcript."""
        transcript_id = transcript.get("id")
        if isinstance(transcript_id, str) and transcript_id:
            assert call.row is not None
            call.transcript_id = transcript_id
            self.ledger.accept(call.row, status=status, transcript_id=transcript_id)
        else:
            logger.error("row %s: the reply names no transcript; it stays open", call.row)
            self._look_up_soon(call)

    def _perhaps_created(self, call: Call, answer: Mapping[str, Any], status: int) -> None:
        """Fail the row by AssemblyAI's own error; by a gateway's, have its transcript looked up."""
        if isinstance(answer.get("error"), str):
            self._not_done(call, status)
        else:
            reason = f"a gateway answered {status}: whether it was done is unknown"
            self._look_up_soon(call, reason)

    def _streamed(
        self,
        call: Call,
        asked: Mapping[str, Any],
        reply: Reply,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        meter = ChatMeter(asked, call.route.region)
        status = reply.status_code

        def each(block: bytes) -> bool:
            meter.feed(block)
            return meter.done

        def end(whole: bool) -> None:
            outcome = meter.outcome()
            if outcome.usage is None and not whole:
                reason = "the stream ended early, before its usage"
                outcome = Outcome("unmeterable", reason=reason, model=outcome.model)
            self._close(call, outcome, status=status)

        reply.start(start_response)
        # Recorded before `[DONE]` leaves, so that the row is closed when the client sees it.
        return CountingBody(reply, lambda _, whole: log_exceptions(end)(whole), each=each)

    def _spoken(
        self,
        call: Call,
        asked: Mapping[str, Any],
        reply: Reply,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Pass speech on, and close its row by what was billed."""
        status = reply.status_code

        def close(outcome: Outcome) -> None:
            self._close(call, outcome, status=status)

        reply.start(start_response)
        return metered_speech(call, asked, reply, close)

    def _replied(
        self,
        call: Call,
        kind: str,
        asked: Mapping[str, Any],
        reply: Reply,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        encoding, status = reply.header("content-encoding"), reply.status_code

        def end(body: bytes | None) -> None:
            value = read_object(body, encoding) if body is not None else None
            if value is None:
                outcome = Outcome("unmeterable", reason="the reply could not be read whole")
            else:
                outcome = outcome_of(kind, value, asked, call.route.region)
                if kind == "understanding" and outcome.usage and outcome.usage.audio_ms is None:
                    reason = "the length of the transcript that was read is not known"
                    # Settlement reads it once that transcript is finished.
                    known = "transcript_id" in asked
                    outcome = (
                        Outcome("pending", outcome.usage, f"{reason} yet")
                        if known
                        else Outcome("unmeterable", reason=reason)
                    )
            self._close(call, outcome, status=status)

        body = JSONTee(reply, log_exceptions(end), max_bytes=MAX_REPLY_BYTES, drain=True)
        if kind == "chat" and self.reply_cost:
            return self._with_cost(call, reply, body, start_response)
        reply.start(start_response)
        return body

    def _with_cost(
        self, call: Call, reply: Reply, body: JSONTee, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Read a reply whole, so that its head can tell what it costs."""
        try:
            read = beginning(body, MAX_REPLY_BYTES)
        except UpstreamError as error:
            body.close()
            return broke_off(call.route.dialect, error)({}, start_response)
        except BaseException:
            body.close()
            raise
        if call.price is not None:
            reply.headers = [*reply.headers, (COST_HEADER, call.price.usd)]
        reply.start(start_response)
        return PrefixedBody([read], body)

    def _not_done(self, call: Call, status: int | None) -> None:
        """Close the row of a refused call, or leave it open if the outcome is unknown."""
        # A reply that broke off counts as no reply; its status is not known here.
        refused = status is not None and call.upstream == "replied"
        if call.upstream == "unsent" or refused:
            self._close(call, Outcome("error"), status=status)
        elif call.kind == "transcript":
            # Only transcripts can be looked up later, in AssemblyAI's list.
            self._look_up_soon(call)
        else:
            reason = "sent, but no reply came: whether it was done is unknown"
            self._close(call, Outcome("unmeterable", reason=reason), status=status)

    def _look_up_soon(self, call: Call, reason: str | None = None) -> None:
        """Have settlement look for the transcript of a submit whose reply is lost."""
        assert call.row is not None
        try:
            now = time.time()
            took_s = max(0.0, now - call.started)
            due_at = now + LOOK_UP_AFTER_S
            self.ledger.reschedule(call.row, due_at, reason=reason, duration_s=took_s)
        except StoreError as error:
            logger.error("row %s is looked up later than it could be: %s", call.row, error)

    def _close(self, call: Call, outcome: Outcome, *, status: int | None = None) -> None:
        assert call.row is not None
        at = call.started_at
        close_call(self.ledger, self.prices, call, call.row, outcome, at, status=status)

    def _ledger_down(self, call: Call, error: StoreError) -> WSGIApplication:
        logger.error("the ledger cannot be written: %s", error)
        return error_reply(
            call.route.dialect,
            503,
            "The ledger cannot be written, so no billable request is sent.",
            code="ledger_unavailable",
        )
