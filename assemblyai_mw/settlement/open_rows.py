"""The ways on for a row that is open: closed, looked at again later, or given up."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..billing.price_book import Price, PriceBook
from ..billing.usage import Outcome
from ..config import Config
from ..telemetry.call_log import wanted
from ..telemetry.record import OnCall
from .closing import Closed, close_row
from .deadlines import deadline
from .reprice import usage_of
from .summary import Summary
from .telling import tell

if TYPE_CHECKING:
    from ..store import Due, Ledger
    from ..store.closing import Closing

logger = logging.getLogger("assemblyai_mw.settlement")


class OpenRows:
    """What `Settler` does with a row once it knows what became of the call.

    Args:
        config: Timeouts and settlement's settings.
        ledger: The ledger.
        prices: The price book.
        on_call: Called with a `CallRecord` for each row closed.
        clock: Unix seconds.
        stopped: No process serves requests: nothing is under way any more.
    """

    def __init__(
        self,
        config: Config,
        ledger: Ledger,
        prices: PriceBook,
        on_call: Sequence[OnCall],
        clock: Callable[[], float],
        *,
        stopped: bool,
    ) -> None:
        self.config = config
        self.ledger = ledger
        self.prices = prices
        self.on_call = tuple(on_call)
        self._clock = clock
        self._stopped = stopped
        self._said: set[str] = set()

    def _is_past_deadline(self, due: Due) -> bool:
        return self._stopped or self._left_s(due) <= 0

    def _wait_until_is_past_deadline(self, due: Due, summary: Summary) -> None:
        wait_s = self._left_s(due) + 1
        if due.kind == "transcript":
            # It may be in the list before.
            wait_s = min(wait_s, self.config.settlement.max_poll_s)
        self._later(due, summary, "its request may still be under way", delay_s=wait_s)

    def _left_s(self, due: Due) -> float:
        """Return for how many seconds something may still come of a call."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return (deadline(self.config.timeouts, due) - now).total_seconds()

    def _age(self, due: Due) -> float:
        return self._clock() - due.at.timestamp()

    @property
    def _retention_s(self) -> float:
        return self.config.settlement.retention_days * 86_400.0

    def _give_up_or_later(
        self, due: Due, summary: Summary, why: str, delay_s: float | None = None
    ) -> None:
        """Look again later; past the retention, close the row with what is known."""
        days = self.config.settlement.retention_days
        if self._age(due) > self._retention_s:
            reason = f"not settled within the {days} days that AssemblyAI keeps transcripts: {why}"
            self._close(due, Outcome("unmeterable", reason=reason), summary)
        else:
            self._later(due, summary, why, delay_s=delay_s)

    def _later(self, due: Due, summary: Summary, why: str, delay_s: float | None = None) -> None:
        settings = self.config.settlement
        backoff = settings.first_poll_s * 2 ** min(due.attempts, 20)
        delay = min(backoff, settings.max_poll_s) if delay_s is None else delay_s
        # An unfinished transcript needs no log line.
        reason = None if why == "the transcript is not finished" else why
        self.ledger.reschedule(due.row, self._clock() + delay, reason=reason)
        summary.left[why] += 1

    def _close(self, due: Due, outcome: Outcome, summary: Summary) -> None:
        closed = close_row(self.ledger, self.prices, due.row, outcome, due.at)
        if closed is not None:
            self._closed(due, closed, summary)

    def _late(self, closing: Closing, summary: Summary) -> None:
        """Report a call whose end could not be written when it was seen."""
        due = self.ledger.look(closing.row)
        if due is None:
            return
        usage = usage_of(json.loads(closing.usage), due.features) if closing.usage else None
        price = None if closing.state != "settled" else Price(closing.cost_nano or 0)
        logger.info("row %s: its end was written late", due.row)
        self._closed(due, Closed(closing.state, usage, price, closing.reason), summary)

    def _closed(self, due: Due, closed: Closed, summary: Summary) -> None:
        if closed.state == "pending":
            return
        setattr(summary, closed.state, getattr(summary, closed.state) + 1)
        summary.nano += closed.price.nano if closed.price else 0
        if closed.state == "unpriced":
            logger.warning("row %s is unpriced: %s", due.row, closed.reason)
        if wanted(self.on_call):
            tell(due, closed, self.on_call, self._clock())

    def _say(self, level: int, what: str) -> None:
        """Log *what*, once until it is different: not once for each row and look."""
        if what not in self._said:
            if len(self._said) > 100:
                self._said.clear()
            self._said.add(what)
            logger.log(level, "%s", what)
