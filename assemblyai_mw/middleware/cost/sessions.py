"""Streaming sessions: their facts as they pass, their checkpoints, and the end of their rows."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...billing import decisive
from ...billing.agents import RESUMED, RESUMES
from ...billing.price_book import PriceBook
from ...billing.sessions import SESSION_ID, estimated_session, union
from ...billing.usage import Outcome
from ...call import Call
from ...call.session_kind import session_kind
from ...call.session_text import client_message
from ...errors import StoreError
from ...relay import Cut, End, OpenSession, Relay, Watcher
from ...relay.watch import message
from ...settlement.closing import close_call

if TYPE_CHECKING:
    from ...store import Ledger

logger = logging.getLogger("assemblyai_mw.cost")

# For how long sessions go on while nothing can be recorded: as long as their rows are theirs.
LEDGER_DOWN_S = 60.0
# How soon new facts of a session are recorded: after a crash, its price depends on them.
FACTS_S = 1.0
# What AssemblyAI may count beyond the time that we saw: it states whole seconds.
_ROUNDING_S = 2.0
# Of a session that did not begin: what Voice Agents' errors may be called in the ledger.
_NAMED_CODES = frozenset(
    {
        *("UNAUTHORIZED", "FORBIDDEN", "INTERNAL_ERROR", "server_error", "session_not_found"),
        *("session_forbidden", "session_expired", "agent_init_failed", "agent_timeout"),
        *("invalid_format", "invalid_value", "invalid_config"),
    }
)
_UNRECORDED = Cut(3005, "The ledger cannot be written here; the session is over.", drain=True)
_CLOSED_ELSEWHERE = Cut(3005, "The session was closed in the ledger; it is over.", drain=True)


class Sessions:
    """The open sessions of a stack in this process, and one write for all their checkpoints.

    Args:
        ledger: The ledger.
        prices: The price book.
        relay: Runs the checkpoints beside the sessions.
        checkpoint_s: Seconds between two checkpoints.
    """

    def __init__(
        self, *, ledger: Ledger, prices: PriceBook, relay: Relay, checkpoint_s: float
    ) -> None:
        self.ledger = ledger
        self.prices = prices
        self._open: dict[int, SessionMeter] = {}
        self._checkpoint_s = checkpoint_s
        self._tried_at = -math.inf
        relay.every(min(FACTS_S, checkpoint_s), self._tick)

    def began(self, row: int, meter: SessionMeter) -> None:
        """Have a session's checkpoints written."""
        if not self._open:
            self._tried_at = time.monotonic()
        self._open[row] = meter

    def ended(self, row: int) -> None:
        """Write no further checkpoint."""
        self._open.pop(row, None)

    def _tick(self) -> None:
        """Write all checkpoints when they are due, and those with new facts at once."""
        meters = dict(self._open)
        if time.monotonic() - self._tried_at >= self._checkpoint_s:
            self._tried_at = time.monotonic()
        else:
            meters = {row: meter for row, meter in meters.items() if meter.has_news}
        if meters:
            self._checkpoint(meters)

    def _checkpoint(self, meters: Mapping[int, SessionMeter]) -> None:
        facts = {row: meter.facts() for row, meter in meters.items()}
        try:
            under_way = self.ledger.checkpoint(facts)
        except StoreError as error:
            logger.error("%d sessions cannot be recorded: %s", len(meters), error)
            return
        for row, meter in meters.items():
            meter.written(facts[row][0] / 1000)
            if row not in under_way and row in self._open:
                meter.cut(_CLOSED_ELSEWHERE)


class SessionMeter(Watcher):
    """Follows one session for its price, and closes its row."""

    def __init__(self, sessions: Sessions, call: Call, row: int, asked: Mapping[str, Any]) -> None:
        self._sessions = sessions
        self._call = call
        self._row = row
        self._kind = session_kind(call)
        self._asked: Mapping[str, Any] = asked
        self._recorded = self._offered = self._asked
        self._made_at = time.monotonic()
        self._outcome: Outcome | None = None
        self._has_begun = False
        self._error: str | None = None

    def began(self, session: OpenSession) -> None:
        """The upstream has answered: from now on the session costs."""
        super().began(session)
        self._lasts_until(LEDGER_DOWN_S)
        self._sessions.began(self._row, self)

    def client_text(self, text: bytes) -> Cut | None:
        """Note options that the client adds."""
        if self._kind.is_audio(text):
            return None
        value = client_message(text)
        if isinstance(value, Cut):
            return value
        said = value.get("type")
        if said == RESUMES:
            self._learn({**self._asked, RESUMED: True})
        elif said == self._kind.updates:
            self._learn(union(self._asked, decisive.read(self._kind.kind, value).asked))
        return None

    def server_text(self, text: bytes) -> None:
        """Note the model in force, the session's id, and how long it lasted."""
        kind = self._kind
        value = message(text) if kind.is_noted(text) else None
        if value is None:
            return
        said = value.get("type")
        if said == kind.begins:
            self._has_begun = True
            at = self._call.started_at
            asked = self._sessions.prices.with_model(self._asked, kind.model_told(value), at)
            session_id = value.get("session_id")
            if isinstance(session_id, str):
                asked[SESSION_ID] = session_id
            self._learn(asked)
        elif said == kind.words.says_end:
            self._outcome = self._told(value)
        elif said == kind.fails:
            self._note_error(value)

    def _note_error(self, value: Mapping[str, Any]) -> None:
        code = value.get("error_code", value.get("code"))
        shown = code if isinstance(code, int) or code in _NAMED_CODES else "unknown"
        self._error = f"AssemblyAI refused it: {shown}"

    def _told(self, end: Mapping[str, Any]) -> Outcome:
        outcome = self._kind.outcome(end, self._asked, self._call.route.region)
        if outcome.usage is not None and outcome.usage.session_ms is not None:
            told_s = outcome.usage.session_ms / 1000
            most_s = time.monotonic() - self._made_at + _ROUNDING_S
            if told_s > most_s:
                return Outcome(
                    "unmeterable",
                    reason=f"session_duration_seconds is {told_s:g} after {most_s:.0f} seconds",
                )
        return outcome

    def _learn(self, asked: Mapping[str, Any]) -> None:
        if asked != self._asked:
            self._asked = asked

    @property
    def has_news(self) -> bool:
        """Whether the ledger does not know what the price depends on."""
        return self._asked is not self._recorded

    def facts(self) -> tuple[int, Mapping[str, Any] | None]:
        """Return what a checkpoint says."""
        assert self.session is not None
        self._offered = asked = self._asked
        return _ms(self.session.elapsed()), asked if asked is not self._recorded else None

    def written(self, elapsed_s: float) -> None:
        """The facts stand in the ledger, as of so many seconds."""
        self._recorded = self._offered
        self._lasts_until(elapsed_s + LEDGER_DOWN_S)

    def _lasts_until(self, seconds: float) -> None:
        if self.session is not None:
            self.session.end_after(seconds, _UNRECORDED, by=self)

    def _estimated(self, end: End) -> tuple[Outcome, str]:
        """Return the usage without AssemblyAI's figure, and what it is measured by."""
        seconds, kind = end.seconds, self._kind
        if self._outcome is None and self._has_begun and end.by in ("error", "upstream"):
            # Nobody has ended it: its client may resume it, and it is billed meanwhile.
            seconds += kind.grace_s
        region = self._call.route.region
        outcome = estimated_session(self._asked, _ms(seconds), region, kind=kind.kind)
        return outcome, "the time is by our clock"

    def ended(self, end: End) -> None:
        """Close the row: by AssemblyAI's own figure, else by ours."""
        call, sessions = self._call, self._sessions
        outcome, estimated = self._outcome, False
        if outcome is None and self._error is not None and not self._has_begun:
            outcome = Outcome("error", reason=self._error)
        elif outcome is None or outcome.state == "unmeterable":
            reason = None if outcome is None else outcome.reason
            outcome, measure = self._estimated(end)
            said = self._kind.words.says_end
            reason = reason or f"no {said} came ({end.by}): {measure}"
            outcome, estimated = replace(outcome, reason=outcome.reason or reason), True
        at = call.started_at
        close_call(
            sessions.ledger,
            sessions.prices,
            call,
            self._row,
            outcome,
            at,
            status=101,
            estimated=estimated,
        )
        sessions.ended(self._row)


def _ms(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
