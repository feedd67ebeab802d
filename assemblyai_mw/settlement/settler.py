"""Settler: asks AssemblyAI about calls with an unseen end, and closes their rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..billing.operations import SESSION_KINDS
from ..billing.price_book import PriceBook
from ..billing.replies import Outcome, transcript_outcome
from ..billing.usage import milliseconds
from ..config import Config
from ..errors import StoreError, UpstreamError
from ..store.clock import ClockWatch
from ..telemetry.record import OnCall
from ..transport import Transport
from .closing import end_of, shows_end
from .deadlines import deadline
from .lateness import Lateness
from .lost_agents import TELL_AGAIN_S, AgentLengths
from .lost_sessions import lost_session_outcome
from .matching import Match, match, shows_what_was_asked
from .open_rows import OpenRows
from .reprice import usage_of
from .rest_api import Account, Accounts, Answer, refusal
from .summary import Summary
from .transcript_list import Listed, walk

if TYPE_CHECKING:
    from ..store import Due, Ledger

logger = logging.getLogger("assemblyai_mw.settlement")

# For how long a batch belongs to one process, and after how much of that it lets go.
LEASE_S = 300.0
BATCH_S = 150.0
# A transcript that AssemblyAI does not know may only not be there yet.
UNKNOWN_AFTER_S = 600.0
# A jump of the clock that makes a session look lost which had its checkpoint in time.
JUMP_S = 20.0
PRUNE_EVERY_S = 60.0
# Calls that are older than the retention: a few transactions of milliseconds.
PRUNED_AT_ONCE = 5000

_GONE = "AssemblyAI has no such transcript: it was deleted elsewhere"
_NEVER = "the request never reached AssemblyAI: it is not in its list of transcripts"
_UNLIKE = (
    "its reply was never seen, and AssemblyAI's list has its audio with other options than it "
    "asked for: whether it was done is unknown"
)
_LOST = "its reply was never seen: whether it was done, and what it used, is unknown"


class Settler(OpenRows):
    """Closes open rows: by asking for their transcript, or by AssemblyAI's list.

    Any number of them may run, in any number of processes and hosts on one ledger: rows
    are leased, and closed by one conditional update. Not to be used by two threads at
    once.

    | row                          | is closed                                            |
    |------------------------------|------------------------------------------------------|
    | transcript, id known         | by what AssemblyAI shows; errors are free            |
    | transcript, answer not seen  | by the list: its transcript is found; or, once       |
    |                              | nothing can come of it any more, it failed           |
    | understanding, reply seen    | by the length of the transcript that it read         |
    | session                      | once it has had no checkpoint for long enough, at    |
    |                              | one interval after the last; estimated               |
    | Voice Agent session          | likewise, by its length where AssemblyAI tells it    |
    | any other kind               | `unpriced`, once its request cannot be under way     |
    | past the service's retention | `unpriced`, with the reason                          |

    Args:
        config: Routes, timeouts and settlement's settings.
        ledger: The ledger.
        transport: How AssemblyAI is reached: by the stack's own, in a worker.
        prices: The price book.
        on_call: Called with a `CallRecord` for each row closed, as for a client's poll.
        clock: Unix seconds.
        clock_watch: Detects jumps of the clock, after which sessions under way look lost; default:
            one for the system's clock.
        stopped: No process serves requests: nothing is under way any more.
        max_pages: How far back AssemblyAI's list is read, in pages of 200; None is all.

    Attributes:
        lateness: Reports calls that stay open for too long; its `look` is not called by `run`.
    """

    def __init__(
        self,
        config: Config,
        *,
        ledger: Ledger,
        transport: Transport,
        prices: PriceBook,
        on_call: Sequence[OnCall] = (),
        clock: Callable[[], float] = time.time,
        clock_watch: ClockWatch | None = None,
        stopped: bool = False,
        max_pages: int | None = None,
    ) -> None:
        super().__init__(config, ledger, prices, on_call, clock, stopped=stopped)
        self._watch = clock_watch or ClockWatch(time.time, tolerance_s=JUMP_S)
        self._max_pages = max_pages
        self._accounts = Accounts(config, transport)
        self._prune_at = float("-inf")
        self.lateness = Lateness(ledger, config.settlement.late_after_s)
        self._lengths = AgentLengths(
            self._accounts, ledger, clock=lambda: self._clock(), say=self._say
        )

    def run(
        self,
        *,
        limit: int = 20,
        until: float | None = None,
        stop: Callable[[], bool] = bool,
    ) -> Summary:
        """Lease up to *limit* due rows, process each, and return a summary.

        Args:
            limit: Rows at most.
            until: Rows due by this moment, Unix seconds; now, if None.
            stop: Asked between rows; true ends the run early.

        Raises:
            StoreError: The ledger cannot be read or written now.
        """
        summary = Summary()
        self._prune()
        for closing in self.ledger.write_kept():
            self._late(closing, summary)
        lost: list[Due] = []
        if self._watch.distrust() is None or self._stopped:
            lost = self.ledger.stale_sessions(0 if self._stopped else None, limit=limit)
        for due in lost:
            if stop():
                break
            summary.leased += 1
            self._session(due, summary)
        now = self._clock()
        at = now if until is None else until
        batch = self.ledger.due(at, limit=limit, lease_s=LEASE_S + (now - at))
        summary.leased += len(batch)
        ends = time.monotonic() + BATCH_S
        unasked: dict[Account, str] = {}
        lists: dict[Account, list[Due]] = {}
        for due in batch:
            if stop() or time.monotonic() > ends:
                self._later(due, summary, "not reached in this run", delay_s=0.0)
            elif due.usage is not None:
                self._measure(due, summary, unasked)
            elif due.kind in SESSION_KINDS:
                self._session(due, summary)
            elif due.kind != "transcript":
                self._lost(due, summary)
            else:
                account = self._accounts.find(due.region, due.route)
                if account is None:
                    why = f"no route leads to AssemblyAI's API in region {due.region}"
                    self._say(logging.ERROR, why)
                    self._give_up_or_later(due, summary, why)
                elif due.transcript_id is None:
                    lists.setdefault(account, []).append(due)
                elif account in unasked:
                    self._give_up_or_later(due, summary, unasked[account])
                else:
                    self._ask(account, due, summary, unasked)
        for account, rows in lists.items():
            if account in unasked:
                for due in rows:
                    self._give_up_or_later(due, summary, unasked[account])
            else:
                self._look_up(account, rows, summary, unasked, stop)
        return summary

    def _prune(self) -> None:
        """Once a minute, delete what is kept for a time: answers, and calls if there is a limit."""
        from ..store import KeptAnswers
        from ..store.pruning import prune

        now = time.monotonic()
        if now < self._prune_at:
            return
        self._prune_at = now + PRUNE_EVERY_S
        database, days = self.ledger.database, self.config.retention.calls_days
        KeptAnswers(database).prune()
        # A clock that jumped ahead would make all calls old.
        if days is not None and self._watch.distrust() is None:
            today = datetime.fromtimestamp(self._clock(), UTC).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            prune(database, today - timedelta(days=days), limit=PRUNED_AT_ONCE)

    # Transcripts that have an id

    def _ask(
        self, account: Account, due: Due, summary: Summary, unasked: dict[Account, str]
    ) -> None:
        """Close a row by its transcript, if that shows its end."""
        assert due.transcript_id is not None
        answer = self._transcript(account, due, due.transcript_id, summary, unasked)
        if answer is None:
            return
        if answer.status == 404:
            self._close(due, Outcome("unmeterable", reason=_GONE), summary)
        else:
            self._shown(due, answer, summary)

    def _transcript(
        self,
        account: Account,
        due: Due,
        transcript_id: str,
        summary: Summary,
        unasked: dict[Account, str],
    ) -> Answer | None:
        """Return what shows a transcript, or a 404 that stays one; None where *due* waits."""
        try:
            answer = account.transcript(transcript_id)
        except UpstreamError as error:
            unasked[account] = why = f"AssemblyAI cannot be reached in {due.region}: {error}"
            self._say(logging.WARNING, why)
            self._give_up_or_later(due, summary, why)
            return None
        if answer.status == 200 or (answer.status == 404 and self._age(due) > UNKNOWN_AFTER_S):
            return answer
        if answer.status == 404:
            self._give_up_or_later(due, summary, "AssemblyAI has no such transcript yet")
        else:
            why = str(refusal(answer))
            if answer.status in (401, 403, 429) or answer.status >= 500:
                # The failure does not concern this row alone: the others wait too.
                unasked[account] = why
            self._say(logging.ERROR if answer.status < 429 else logging.WARNING, why)
            self._give_up_or_later(due, summary, why, delay_s=answer.retry_after_s)
        return None

    def _shown(self, due: Due, answer: Answer, summary: Summary) -> None:
        transcript = answer.value
        if transcript is None:
            why = "AssemblyAI's reply holds no JSON object that can be read"
            self._say(logging.WARNING, why)
            self._give_up_or_later(due, summary, why)
            return
        outcome = transcript_outcome(transcript, due.features, due.region)
        if shows_end(transcript, outcome):
            self._close(due, outcome, summary)
            return
        why = outcome.reason or "the transcript is not finished"
        if outcome.state == "unmeterable":
            self._say(logging.WARNING, f"a transcript cannot be understood: {why}")
        self._give_up_or_later(due, summary, why)

    # Understanding of a transcript whose length was not known

    def _measure(self, due: Due, summary: Summary, unasked: dict[Account, str]) -> None:
        """Charge a call by the length of the transcript that it read, once that is known."""
        transcript_id = str(due.features.get("transcript_id"))
        audio_ms = self.ledger.audio_ms(due.region, transcript_id)
        if audio_ms is None:
            account = self._accounts.find(due.region)
            if account is None or account in unasked:
                why = unasked[account] if account else f"no route leads to region {due.region}"
                self._give_up_or_later(due, summary, why)
                return
            answer = self._transcript(account, due, transcript_id, summary, unasked)
            if answer is None:
                return
            value = answer.value or {}
            if answer.status == 200 and value.get("status") not in ("completed", "error"):
                self._give_up_or_later(due, summary, "the transcript that it read is not finished")
                return
            audio_ms = milliseconds(value.get("audio_duration"), 1000)
        if audio_ms is None:
            reason = "the length of the transcript that it read cannot be learned any more"
            self._close(due, Outcome("unmeterable", reason=reason), summary)
            return
        usage = replace(usage_of(due.usage or {}, due.features), audio_ms=audio_ms)
        self._close(due, Outcome("completed", usage), summary)

    # Submits whose answer was not seen

    def _look_up(
        self,
        account: Account,
        rows: list[Due],
        summary: Summary,
        unasked: dict[Account, str],
        stop: Callable[[], bool],
    ) -> None:
        """Look up submits in AssemblyAI's list."""
        try:
            found = self._matches(account, rows)
        except UpstreamError as error:
            why = f"AssemblyAI's list cannot be read in {account.region}: {error}"
            self._say(logging.WARNING, why)
            for due in rows:
                self._give_up_or_later(due, summary, why)
            return
        for due in rows:
            hit = found[due.row]
            if hit.transcript is not None:
                self._resolve(account, due, hit.transcript.id, summary, unasked)
            elif hit.candidates:
                why = f"{hit.candidates} transcripts in AssemblyAI's list could be this one"
                delay = min(self._age(due) / 2, 86_400.0)
                self._give_up_or_later(due, summary, why, delay_s=delay)
            elif self._age(due) > self._retention_s:
                self._give_up_or_later(due, summary, "AssemblyAI's list does not go back so far")
            elif self._is_past_deadline(due) and hit.unlike:
                self._close(due, Outcome("unmeterable", reason=_UNLIKE), summary)
            elif self._is_past_deadline(due):
                self._close(due, Outcome("error", reason=_NEVER), summary)
            else:
                self._wait_until_is_past_deadline(due, summary)

    def _matches(self, account: Account, rows: list[Due]) -> dict[int, Match]:
        # Every open submit is a claim on what is in the list, leased by us or not.
        claims = [
            due
            for due in self.ledger.unanswered(account.region)
            if self._accounts.find(due.region, due.route) is account
        ]
        known = {due.row for due in claims}
        claims += [due for due in rows if due.row not in known]
        since = min(due.at for due in rows) - timedelta(minutes=5)
        unclaimed: list[Listed] = []
        for number, page in enumerate(walk(account, since)):
            if self._max_pages is not None and number >= self._max_pages:
                raise UpstreamError(
                    "the moment lies too far back; `assemblyai-mw settle` reads all of the list"
                )
            owners = self.ledger.owners(account.region, [item.id for item in page])
            unclaimed += [item for item in page if item.id not in owners]

        def agrees(due: Due, item: Listed) -> bool:
            answer = account.transcript(item.id)
            if answer.status == 404:
                return False
            if answer.status != 200 or answer.value is None:
                raise refusal(answer)
            return shows_what_was_asked(due.features, answer.value, due.request_id)

        return match(
            claims,
            unclaimed,
            until=lambda due: deadline(self.config.timeouts, due),
            is_past_deadline=self._is_past_deadline,
            agrees=agrees,
        )

    def _resolve(
        self,
        account: Account,
        due: Due,
        transcript_id: str,
        summary: Summary,
        unasked: dict[Account, str],
    ) -> None:
        try:
            self.ledger.resolve(due.row, transcript_id)
        except StoreError as error:
            # Another process has assigned it to its row meanwhile.
            self._later(due, summary, str(error))
            return
        summary.resolved += 1
        logger.info("row %s: found its transcript in AssemblyAI's list", due.row)
        self._ask(account, replace(due, transcript_id=transcript_id), summary, unasked)

    # Sessions

    def _session(self, due: Due, summary: Summary) -> None:
        """Close a session that its process does not close any more."""
        seen = due.session
        if seen is None:
            self._lost(due, summary)
        elif not self._is_past_deadline(due):
            delay_s = self._left_s(due) + 1
            self._later(due, summary, "the session is under way", delay_s=delay_s)
        else:
            told = self._lengths.told(due, seen, is_last=self._stopped)
            if told is not None and told.state == "pending":
                self._later(due, summary, told.reason or "", delay_s=TELL_AGAIN_S)
                return
            outcome = told or lost_session_outcome(self.prices, due, seen, self.ledger.checkpoint_s)
            closed, closing = end_of(self.prices, due.row, outcome, due.at, estimated=told is None)
            # A checkpoint that comes meanwhile shows that the session goes on.
            if self.ledger.write(closing, last_seen=seen.at):
                self._closed(due, closed, summary)

    # Everything else

    def _lost(self, due: Due, summary: Summary) -> None:
        """Close a call that cannot be asked about again, once it cannot be under way."""
        if self._is_past_deadline(due):
            self._close(due, Outcome("unmeterable", reason=_LOST), summary)
        else:
            self._wait_until_is_past_deadline(due, summary)
