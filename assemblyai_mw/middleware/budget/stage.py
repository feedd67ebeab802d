"""Budget: may the caller spend this? Each call holds money before it goes out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...billing.layers import line_for
from ...billing.operations import Operation
from ...billing.price_book import PriceBook, Unpriced, format_usd
from ...call import Call, Caller, enter
from ...call.billable import (
    MAX_JSON_BYTES,
    read_billable,
    reading_of,
    refuse,
    session_of,
    undescribed,
)
from ...call.reservation import Reservation
from ...call.session_kind import kind_of
from ...errors import RequestRefused, StoreError
from ...http.bodies import CountingBody
from ...store.clock import ClockWatch
from ...store.lazy import holds_of
from .sessions import SessionHolds
from .speech_sessions import SpeechHold, cost_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...relay import Relay, Watcher
    from ...store import Database, Hold, Holds, Refusal, SoftBudget

logger = logging.getLogger("assemblyai_mw.budget")

# Seconds to wait if only holds of calls under way block a call: they end soon.
HELD_RETRY_S = 5
# OpenAI's clients obey a Retry-After up to this, and replace a longer one by seconds.
OBEYED_RETRY_S = 60

OnSoftBudget = Callable[["SoftBudget"], object]


class Budget:
    """Hold a call's maximum cost before it goes out; answer 429 if it does not fit.

    The estimate for a chat completion is its prompt and `max_tokens`. For a transcript it is the
    length of the upload that `Isolation` measured, else *assumed_audio_s* seconds. Both use the
    dearest model named (`PriceBook.estimate`). Each budget of the key and of its team (total,
    daily, monthly) takes the hold, or none does, so any number of workers stay within the limits.
    A session holds a slice of time after the other (`sessions`), or what its client has spoken
    before it goes up (`speech_sessions`).
    The hold lasts while the call's ledger row is open. Closing the row replaces the hold with the
    cost. If the cost is unknown, the hold counts as spent until the row has a price. Without a row,
    the hold is released when the reply ends. A hold without a row that a dead worker leaves expires
    after *hold_expires_s*. Reading finished work is free and never refused.

    Reads `call.caller`, `call.audio`, and the body of billable requests. Answers itself, in the
    dialect of the route: 429 `insufficient_quota` with the amounts spent, held and needed, the
    limit, and `retry-after` where waiting helps; 400 if a member that decides a price or a hold is
    not as documented (`billing.decisive`); 403 `model_unpriced` if the cost of a call is unknown
    and the key does not have `allow_unpriced`; 503 if the database is unavailable or the clock has
    just jumped. Calls without a budget pass at once.

    Wrap it around the `CostLogger` that writes to the same database: where that is the next stage,
    it takes the hold in the transaction that writes the call's row.

    Args:
        app: The next WSGI app.
        holds: A `Holds`, a `Database` or its URL.
        prices: A `PriceBook`, or a mapping over the shipped one.
        assumed_audio_s: Seconds of audio held for a transcript.
        assumed_channels: Channels held for a transcript with separate channels.
        hold_expires_s: Seconds after which an unreleased hold without an open ledger row expires;
            longer than any request may last.
        on_soft_budget: Called with a `SoftBudget` once per window, when the soft part of a budget
            is spent. The warning is logged in any case, and so is an exception of the callback.
        max_json_bytes: Largest JSON request that is read.
        clock_watch: Detects jumps of the clock; default: one for the database's clock.
        relay: The forwarder's relay; without one, no session comes about.
        session_slice_s: Seconds of a session that are held at a time.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        holds: Holds | Database | str,
        prices: PriceBook | Mapping[str, Any] | None = None,
        assumed_audio_s: float = 3600.0,
        assumed_channels: int = 2,
        hold_expires_s: float = 3600.0,
        on_soft_budget: OnSoftBudget | None = None,
        max_json_bytes: int = MAX_JSON_BYTES,
        clock_watch: ClockWatch | None = None,
        relay: Relay | None = None,
        session_slice_s: float = 60.0,
    ) -> None:
        if not assumed_audio_s > 0 or not hold_expires_s > 0:
            raise ValueError("assumed_audio_s, hold_expires_s: expected seconds, over 0")
        if assumed_channels < 1:
            raise ValueError("assumed_channels: expected a whole number, 1 or more")
        self.app = app
        # Of a stage whose method was handed over instead of itself.
        self._next: object = getattr(app, "__self__", app)
        self.holds = holds_of(holds)
        self.prices = prices if isinstance(prices, PriceBook) else PriceBook.load(prices)
        self.assumed_audio_s = assumed_audio_s
        self.assumed_channels = assumed_channels
        self.hold_expires_s = hold_expires_s
        self.max_json_bytes = max_json_bytes
        self._tell = soft_budget_teller(on_soft_budget)
        self._watch = clock_watch or ClockWatch(lambda: self.holds.database.clock())
        self._sessions = (
            None
            if relay is None
            else SessionHolds(
                holds=self.holds,
                prices=self.prices,
                relay=relay,
                slice_s=session_slice_s,
                expires_s=hold_expires_s,
            )
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is None or not caller.budgeted:
            self._follow(call, caller, environ)
            return self.app(environ, start_response)
        try:
            operation = reading_of(call, environ).operation
            if operation is None:
                raise undescribed("this key has a budget")
            if call.kind is None:
                return self.app(environ, start_response)
            hold = self._take(call, caller, operation, environ)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        except StoreError as error:
            logger.error("budgets cannot be checked: %s", error)
            refused = RequestRefused(
                "Budgets cannot be checked, so no billable request is sent.",
                status=503,
                code="ledger_unavailable",
            )
            return call.refused(refused)(environ, start_response)
        try:
            body = self.app(environ, start_response)
        except BaseException:
            self._end(call, hold)
            raise
        return CountingBody(body, lambda *_: self._end(call, hold))

    def _take(
        self, call: Call, caller: Caller, operation: Operation, environ: WSGIEnvironment
    ) -> Hold | None:
        kind = operation.kind or ""
        jumped = self._watch.distrust()
        if jumped is not None:
            logger.error("the clock jumped by %+.0f s: budgets wait for it to be steady", jumped[0])
            raise RequestRefused(
                f"The clock here jumped by {jumped[0]:+.0f} seconds. Until it has been steady "
                "for a minute, no request with a budget is sent.",
                status=503,
                code="clock_jumped",
                headers=[("Retry-After", str(math.ceil(jumped[1])))],
            )
        found = read_billable(call, environ, kind, max_bytes=self.max_json_bytes)
        refuse(found.fault("price", "hold", "words"))
        asked = found.asked
        from ...store import Ledger, Refusal

        if kind == "understanding" and "transcript_id" in asked:
            ledger = Ledger(self.holds.database)
            audio_ms = ledger.audio_ms(call.route.region, asked["transcript_id"])
            asked = asked if audio_ms is None else {**asked, "audio_ms": audio_ms}
        at = call.started_at
        if not operation.metered and not caller.allow_unpriced:
            raise _unpriced(Unpriced(f"the use of a {kind} is not metered here"))
        session = session_of(call, environ)
        sessions = self._sessions if session not in (None, "tts") else None
        try:
            if session == "tts":
                # A character's worth; more is held before more goes up.
                bound = cost_of(self.prices, asked, call.route.region, at, 1)
            elif sessions is not None:
                rate = self.prices.session_rate(asked, call.route.region, at, kind=kind)
                bound = sessions.first(rate, kind_of(operation))
            else:
                bound = self.prices.estimate(
                    kind,
                    asked,
                    call.route.region,
                    at,
                    assumed_audio_s=self.assumed_audio_s,
                    assumed_channels=self.assumed_channels,
                    audio=call.audio,
                    max_audio_s=operation.max_audio_s,
                )
        except Unpriced as missing:
            if not caller.allow_unpriced:
                raise _unpriced(missing) from None
            bound = 0
        if session is None and self._row_follows():
            call.reservation = Reservation(
                bound,
                self.hold_expires_s,
                refused=lambda refusal: _insufficient(refusal, at),
                taken=self._report,
            )
            return None
        taken = self.holds.take(call, bound, expires_in_s=self.hold_expires_s)
        if isinstance(taken, Refusal):
            raise _insufficient(taken, at)
        self._report(taken)
        if session is not None and taken.id is not None:
            self._watch_session(call, session, asked, taken)
        return taken

    def _row_follows(self) -> bool:
        """Whether the next stage takes a reservation when it writes the call's row."""
        records = getattr(self._next, "records_in", None)
        return records is not None and bool(records(self.holds.database))

    def _report(self, taken: Hold) -> None:
        for warning in taken.warnings:
            self._tell(warning)

    def _watch_session(
        self, call: Call, session: str, asked: Mapping[str, Any], taken: Hold | None
    ) -> None:
        """Have a session followed by its hold."""
        assert call.session is not None
        if session == "tts":
            watcher: Watcher = SpeechHold(
                holds=self.holds,
                prices=self.prices,
                call=call,
                asked=asked,
                taken=taken,
                expires_s=self.hold_expires_s,
            )
        elif self._sessions is not None:
            watcher = self._sessions.watcher(call, asked, call.started_at, taken)
        else:
            return
        call.session.append(watcher)

    def _follow(self, call: Call, caller: Caller | None, environ: WSGIEnvironment) -> None:
        """Have a session followed whose key or team may get a budget while it is open."""
        if call.session is None or self._sessions is None or caller is None:
            return
        if caller.key_id is None and caller.team is None:
            return
        try:
            session, kind = session_of(call, environ), call.kind
            if session is None or kind is None:
                return
            found = read_billable(call, environ, kind, max_bytes=self.max_json_bytes)
        except RequestRefused:
            # The CostLogger refuses it, too.
            return
        self._watch_session(call, session, found.asked, None)

    def _end(self, call: Call, hold: Hold | None) -> None:
        """Release the hold if the call has no ledger row; closing a row ends its hold.

        That of a session lasts beyond the reply.
        """
        if hold is None or call.row is not None or call.relayed:
            return
        try:
            self.holds.release(hold)
        except StoreError as error:
            logger.error("hold %s stays until it expires: %s", hold.id, error)


def soft_budget_teller(callback: OnSoftBudget | None = None) -> Callable[[SoftBudget], None]:
    """Return a callback for soft thresholds: it logs a warning, then calls *callback*."""

    def tell(warning: SoftBudget) -> None:
        logger.warning(
            "budget alert: %s %s%s has spent %g %% of its %s budget: %s USD spent, %s held, "
            "limit %s%s",
            warning.scope.replace("_", " "),
            repr(warning.name),
            f" of team {warning.team!r}" if warning.team and warning.scope == "key" else "",
            warning.ratio * 100,
            warning.window,
            format_usd(warning.spent),
            format_usd(warning.held),
            format_usd(warning.limit),
            "" if warning.resets_at is None else f"; resets at {_iso(warning.resets_at)}",
        )
        if callback is None:
            return
        try:
            callback(warning)
        except Exception:
            logger.exception("on_soft_budget: %r failed; no call is affected", callback)

    return tell


def _insufficient(refusal: Refusal, now: datetime) -> RequestRefused:
    """Return the refusal, with all amounts in its message."""
    window = "" if refusal.window == "total" else f"{refusal.window} "
    from ...store.limits import IN_WORDS

    message = (
        f"This call does not fit in the {window}budget of {IN_WORDS[refusal.scope]}: "
        f"{format_usd(refusal.spent)} USD spent, "
        f"{format_usd(refusal.held)} USD held for calls under way, "
        f"up to {format_usd(refusal.needed)} USD needed for this one, "
        f"limit {format_usd(refusal.limit)} USD. "
    )
    if refusal.resets_at is None:
        message += "This budget does not reset."
    else:
        message += f"It resets at {_iso(refusal.resets_at)}."
    headers, helps = [], False
    if refusal.needed <= refusal.limit:
        if refusal.spent + refusal.needed <= refusal.limit:
            helps = True
            headers.append(("Retry-After", str(HELD_RETRY_S)))
        elif refusal.resets_at is not None:
            wait = max(1, math.ceil((refusal.resets_at - now).total_seconds()))
            headers.append(("Retry-After", str(wait)))
            helps = wait <= OBEYED_RETRY_S
    if not helps:
        # OpenAI's clients would try again within seconds.
        headers.append(("x-should-retry", "false"))
    return RequestRefused(
        message,
        status=429,
        code="insufficient_quota",
        type="insufficient_quota",
        headers=headers,
    )


def _unpriced(missing: Unpriced) -> RequestRefused:
    """Return the refusal, which names the item without a price and how to give it one."""
    section, item = missing.section, (missing.item or "")[:80]
    reason = missing.reason[:200]
    message = f"{reason[:1].upper()}{reason[1:]}, and this key has a budget. "
    if section and item:
        refresh = " (assemblyai-mw prices refresh has the gateway's)" if section == "chat" else ""
        message += (
            f"The operator sets one below prices: in the configuration{refresh}: "
            f"{line_for(section, item)}. "
        )
    is_model = section is not None and not section.endswith("_addon")
    return RequestRefused(
        f"{message}Only a key made with allow_unpriced may do it without.",
        status=403,
        code="model_unpriced",
        param="model" if is_model and item else None,
    )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
