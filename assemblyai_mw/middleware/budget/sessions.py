"""Holds of streaming sessions: a slice of time after the other, each held before it is used."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...billing import decisive
from ...billing.price_book import PriceBook, Unpriced, format_usd
from ...billing.sessions import cost_of, seconds_for, union
from ...call import Call
from ...call.session_kind import SessionKind, session_kind
from ...call.session_text import client_message, update_in
from ...errors import StoreError
from ...relay import Cut, End, OpenSession, Relay, Watcher
from ...relay.watch import message

if TYPE_CHECKING:
    from ...store import Hold, Holds, Refusal

logger = logging.getLogger("assemblyai_mw.budget")

# How far ahead of its end a slice is renewed, at most.
AHEAD_S = 15.0
TICK_S = 1.0
# How often sessions without a budget are looked after: their key or team may get one.
LOOK_S = 5.0
# Beyond the time that an upstream has to end a session: it states whole seconds, and the request
# takes its way.
_SLACK_S = 2.0
# For how long a session goes on that turns out dearer when it begins: more is held, or refused.
_CATCH_UP_S = 5.0
UNRECORDED = Cut(3005, "Budgets cannot be checked here; the session is over.", drain=True)


class SessionHolds:
    """The held slices of a stack's sessions in this process; one transaction renews all.

    A session may use what is held for it, less the time that ending it takes, and ends there if
    nothing more can be held. So the budget is never overspent.

    Args:
        holds: Where budget is held.
        prices: The price book.
        relay: Runs the renewals beside the sessions.
        slice_s: Seconds that are held at a time.
        expires_s: Seconds after which a hold expires whose session nobody minds.
    """

    def __init__(
        self, *, holds: Holds, prices: PriceBook, relay: Relay, slice_s: float, expires_s: float
    ) -> None:
        self.holds = holds
        self.prices = prices
        self._slice_s = slice_s
        self._reserve_s = relay.terminate_s + _SLACK_S
        self._ahead_s = min(AHEAD_S, slice_s / 2)
        self._expires_s = expires_s
        self._open: dict[str, SessionHold] = {}
        relay.every(min(TICK_S, self._ahead_s / 2), self._renew)
        relay.every(LOOK_S, self._look)

    def first(self, rate: int, kind: SessionKind) -> int:
        """Return the nano-dollars to hold before the handshake, at *rate* an hour."""
        return cost_of(round((self._slice_s + self._reserve_s + kind.grace_s) * 1000), rate)

    def watcher(
        self, call: Call, asked: Mapping[str, Any], at: datetime, hold: Hold | None
    ) -> SessionHold:
        """Return the watcher of a session with its *hold*; None: no budget bounds it so far."""
        return SessionHold(self, call, asked, at, hold)

    def began(self, request_id: str, hold: SessionHold) -> None:
        """Renew a session's hold from now on."""
        self._open[request_id] = hold

    def ended(self, hold: SessionHold) -> None:
        """Renew no more; closing the row has ended the hold, or it is released now."""
        self._open.pop(hold.call.id, None)
        if hold.taken is not None and hold.call.row is None:
            try:
                self.holds.release(hold.taken)
            except StoreError as error:
                logger.error("hold %s stays until it expires: %s", hold.taken.id, error)

    def lasts_for(self, hold: SessionHold) -> float:
        """Return for how many seconds of the session what is held lasts."""
        if hold.taken is None:
            return math.inf
        reserve_s = self._reserve_s + hold.kind.grace_s
        return seconds_for(hold.held, hold.rate) - reserve_s - hold.lead_s

    def _missing(self, hold: SessionHold, rate: int) -> int:
        """Return the nano-dollars that another slice needs at *rate*, beyond what is held."""
        lasts_s = hold.lead_s + hold.elapsed() + self._slice_s
        lasts_s += self._reserve_s + hold.kind.grace_s
        return cost_of(round(lasts_s * 1000), rate) - hold.held

    def _renew(self) -> None:
        due = {
            name: hold
            for name, hold in dict(self._open).items()
            if self.lasts_for(hold) - hold.elapsed() <= self._ahead_s
        }
        slices = {name: cost_of(round(self._slice_s * 1000), due[name].rate) for name in due}
        # More than a slice where the rate has risen.
        more = {name: max(slices[name], self._missing(due[name], due[name].rate)) for name in due}
        if not more:
            return
        try:
            refused = self.holds.renew(more, expires_in_s=self._expires_s)
        except StoreError as error:
            logger.error("the holds of %d sessions cannot be renewed: %s", len(more), error)
            for hold in due.values():
                hold.ends_with(UNRECORDED)
            return
        for name, hold in due.items():
            if name not in refused:
                hold.grown(more[name])
            else:
                hold.ends_with(out_of_funds(refused[name]))

    def _look(self) -> None:
        """Hold what is due for sessions whose key or team has a budget by now."""
        free = {name: hold for name, hold in dict(self._open).items() if hold.taken is None}
        if not free:
            return
        from ...store import Refusal

        try:
            for name in self.holds.bounded({name: hold.caller for name, hold in free.items()}):
                hold = free[name]
                needed = self._missing(hold, hold.rate)
                taken = self.holds.take(hold.call, needed, expires_in_s=self._expires_s)
                if isinstance(taken, Refusal):
                    hold.cut(out_of_funds(taken))
                elif taken.id is not None:
                    hold.bind(taken)
        except StoreError as error:
            # The ledger's own watchers end the sessions if it stays away.
            logger.error("budgets of %d sessions cannot be looked up: %s", len(free), error)

    def cover(self, hold: SessionHold, request_id: str, rate: int) -> Cut | None:
        """Hold what a session with a new *rate* needs, for all of its time; or return its end.

        Raises:
            StoreError: Nothing can be held now.
        """
        missing = self._missing(hold, rate)
        if missing > 0:
            refused = self.holds.renew({request_id: missing}, expires_in_s=self._expires_s)
            if request_id in refused:
                return out_of_funds(refused[request_id])
            hold.grown(missing)
        return None


class SessionHold(Watcher):
    """Ends one session where its budget does.

    Attributes:
        call, caller, kind: The call, whose budget it is, and how the session speaks.
        taken: Its hold, which has grown since; None while no budget bounds it.
        rate: Nano-dollars an hour; 0 while it is not known.
        held: Nano-dollars.
        lead_s: Seconds from before the handshake until it was answered: AssemblyAI's clock may
            have begun anywhere within.
    """

    def __init__(
        self,
        holds: SessionHolds,
        call: Call,
        asked: Mapping[str, Any],
        at: datetime,
        taken: Hold | None,
    ) -> None:
        assert call.caller is not None
        self._holds = holds
        self.call = call
        self.kind = session_kind(call)
        self.caller = call.caller
        self._asked: Mapping[str, Any] = asked
        self._at = at
        self._made_at = time.monotonic()
        # Renewals, and what an update needs, come from different threads; neither is the relay's.
        self._lock = threading.Lock()
        self._cut = UNRECORDED
        self._least_s = 0.0
        self.taken = taken
        # An option that a client adds may need more budget first.
        self.slow_client = taken is not None
        self.held = 0 if taken is None else taken.amount
        self.rate = 0
        with contextlib.suppress(Unpriced):
            self.rate = self._rate(asked)
        self.lead_s = 0.0

    def _rate(self, asked: Mapping[str, Any]) -> int:
        """Return the hourly rate of the options *asked*. Raises Unpriced."""
        region = self.call.route.region
        return self._holds.prices.session_rate(asked, region, self._at, kind=self.kind.kind)

    def began(self, session: OpenSession) -> None:
        """Set the first end."""
        super().began(session)
        self.lead_s = time.monotonic() - self._made_at
        self._set_end()
        self._holds.began(self.call.id, self)

    def elapsed(self) -> float:
        """Return how long the session has lasted, seconds."""
        return self.session.elapsed() if self.session is not None else 0.0

    def grown(self, nano: int) -> None:
        """More is held."""
        with self._lock:
            self.held += nano
        # Where nothing is refused and the end comes all the same, the answer came too late.
        self._cut = UNRECORDED
        self._set_end()

    def bind(self, taken: Hold) -> None:
        """A budget bounds the session from now on, for all of its time."""
        self.held, self.taken = taken.amount, taken
        self._set_end()

    def ends_with(self, cut: Cut) -> None:
        """Nothing more can be held for now; say so at the end."""
        self._cut = cut
        self._least_s = 0.0
        self._set_end()

    def _set_end(self) -> None:
        if self.session is not None:
            seconds = max(self._least_s, self._holds.lasts_for(self))
            self.session.end_after(seconds, self._cut, by=self)

    def client_waits(self, text: bytes) -> bool:
        """Audio adds nothing."""
        return not self.kind.is_audio(text)

    def client_text(self, text: bytes) -> Cut | None:
        """Hold what added options cost, for the whole session, before they go up."""
        if not self.slow_client:
            self._note(text)
            return None
        found = update_in(text, "this key has a budget", self.kind)
        if found is None or isinstance(found, Cut):
            return found
        asked = union(self._asked, found.asked)
        try:
            rate = self._rate(asked)
        except Unpriced as missing:
            if not self.caller.allow_unpriced:
                return Cut(1008, f"This key has a budget, and {missing.reason}.", drain=True)
            rate = 0
        if rate > self.rate:
            try:
                cut = self._holds.cover(self, self.call.id, rate)
            except StoreError as error:
                logger.error("budgets cannot be checked: %s", error)
                return UNRECORDED
            if cut is not None:
                return cut
            self.rate = rate
            self._set_end()
        self._asked = asked
        return None

    def _note(self, text: bytes) -> None:
        """Note added options of a session that had no budget when it began."""
        value = None if self.kind.is_audio(text) else client_message(text)
        if isinstance(value, dict) and value.get("type") == self.kind.updates:
            self._asked = union(self._asked, decisive.read(self.kind.kind, value).asked)
            with contextlib.suppress(Unpriced):
                self._rises_to(self._rate(self._asked))

    def server_text(self, text: bytes) -> Cut | None:
        """Note which model is in force: it may cost more than the one that was asked for."""
        value = message(text) if self.kind.is_noted(text) else None
        if value is None or value.get("type") != self.kind.begins:
            return None
        told = self.kind.model_told(value)
        self._asked = self._holds.prices.with_model(self._asked, told, self._at)
        try:
            self._rises_to(self._rate(self._asked))
        except Unpriced as missing:
            if self.taken is not None and not self.caller.allow_unpriced:
                return Cut(1008, f"This key has a budget, and {missing.reason}.", drain=True)
        return None

    def _rises_to(self, rate: int) -> None:
        """The session is dearer than it was; the relay's thread cannot wait for more to be held."""
        if rate > self.rate:
            self._least_s = self.elapsed() + _CATCH_UP_S
            self.rate = rate
            self._set_end()

    def ended(self, end: End) -> None:
        """The row is closed by now."""
        self._holds.ended(self)


def out_of_funds(refusal: Refusal | None) -> Cut:
    """Return the end of a session that nothing more can be held for."""
    if refusal is None:
        return Cut(3008, "The hold of this session is gone; the session is over.", drain=True)
    from ...store.limits import IN_WORDS

    window = "" if refusal.window == "total" else f"{refusal.window} "
    text = (
        f"The {window}budget of {IN_WORDS[refusal.scope]} has no room for more of this session: "
        f"{format_usd(refusal.spent)} USD spent, {format_usd(refusal.held)} USD held, "
        f"limit {format_usd(refusal.limit)} USD."
    )
    return Cut(3008, text, drain=True)
