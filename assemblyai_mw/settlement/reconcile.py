"""Differences between the ledger and AssemblyAI's own list of transcripts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from ..billing.price_book import PriceBook, Unpriced, format_usd
from ..billing.replies import transcript_outcome
from ..config import Config
from ..errors import UpstreamError
from ..transport import Transport
from ..transport.base import Timeouts
from .deadlines import deadline
from .rest_api import Account, Accounts, Answer, refusal
from .transcript_list import Listed, walk

if TYPE_CHECKING:
    from ..store import Ledger

Problem = Literal["unknown", "unsettled", "unanswered", "missing", "amount"]
_LAST_SUBMIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same here and there.

    | problem      | what                                                                 |
    |--------------|----------------------------------------------------------------------|
    | `unknown`    | AssemblyAI has a transcript that no row of the ledger has            |
    | `unsettled`  | it has ended at AssemblyAI, and its row is still open                |
    | `unanswered` | a submit whose answer was never seen, and whose transcript is not known |
    | `missing`    | the ledger has a transcript that AssemblyAI's list has not           |
    | `amount`     | priced again from what AssemblyAI shows, it costs something else     |

    Attributes:
        created: When AssemblyAI made it, or when the row was opened.
        row, key: Of the ledger; None where no row has it.
        status: At AssemblyAI, None where it has none.
        ledger_usd, upstream_usd: Exact decimal text; None where there is no price.
    """

    problem: Problem
    region: str
    transcript_id: str | None
    row: int | None
    key: str | None
    created: datetime
    status: str | None
    ledger_usd: str | None = None
    upstream_usd: str | None = None


def reconcile(
    config: Config,
    *,
    ledger: Ledger,
    transport: Transport,
    prices: PriceBook,
    since: datetime,
    region: str | None = None,
    amounts: bool = True,
    progress: Callable[[int], None] = lambda count: None,
) -> Iterator[Difference]:
    """Compare the ledger with AssemblyAI's list, region by region; yield what differs.

    Args:
        config: Routes and keys.
        ledger: The ledger; it is only read.
        transport: How AssemblyAI is reached.
        prices: The book that prices transcripts again, at the moment of their submit.
        since: From when on; the list holds 90 days.
        region: `us` or `eu`; None for every region that a route leads to.
        amounts: Also compare amounts, which reads each transcript separately.
        progress: Called with how many transcripts have been compared since its last call.

    Raises:
        UpstreamError: AssemblyAI's list or a transcript cannot be read.
        StoreError: The ledger cannot be read.
    """
    accounts = Accounts(config, transport)
    for each in accounts.regions():
        if region in (None, each):
            yield from _region(
                accounts.each(each), each, ledger, prices, since, amounts, config.timeouts, progress
            )


def _region(
    accounts: list[Account],
    region: str,
    ledger: Ledger,
    prices: PriceBook,
    since: datetime,
    amounts: bool,
    times: Timeouts,
    progress: Callable[[int], None],
) -> Iterator[Difference]:
    started = datetime.fromtimestamp(time.time(), UTC)
    there: set[str] = set()
    unclaimed: list[Listed] = []
    for account in accounts:
        for page in walk(account, since - _LAST_SUBMIT):
            there.update(item.id for item in page)
            items = [item for item in page if item.created >= since]
            rows = ledger.by_transcript(region, [item.id for item in items])
            unclaimed += [item for item in items if item.id not in rows]
            for item in items:
                if item.id in rows:
                    yield from _compared(account, item, rows[item.id], prices, amounts)
                progress(1)
    yield from _unknown(ledger, region, unclaimed)
    for due in ledger.unanswered(region):
        if since <= due.at and deadline(times, due) < started:
            yield Difference("unanswered", region, None, due.row, due.key_name, due.at, None)
    for known in ledger.transcripts(region, since=since, until=started):
        if known.id not in there:
            yield Difference(
                "missing", region, known.id, known.row, known.key_name, known.created, None
            )


def _unknown(ledger: Ledger, region: str, unclaimed: list[Listed]) -> Iterator[Difference]:
    # A submit that was under way when its page was read has its row by now.
    owners = ledger.owners(region, [item.id for item in unclaimed])
    for item in unclaimed:
        if item.id not in owners:
            yield Difference("unknown", region, item.id, None, None, item.created, item.status)


def _compared(
    account: Account, item: Listed, row: dict[str, Any], prices: PriceBook, amounts: bool
) -> Iterator[Difference]:
    if item.status not in ("completed", "error"):
        return
    shared = (account.region, item.id, row["row"], row["key"], item.created, item.status)
    if row["state"] == "pending":
        yield Difference("unsettled", *shared)
        return
    nano = row["cost_nano"]
    here = None if nano is None else format_usd(nano)
    if item.status == "error":
        if nano:
            yield Difference("amount", *shared, here, "0")
        return
    if not amounts:
        return
    answer = account.transcript(item.id)
    if answer.status == 404:
        yield Difference("missing", *shared, here)
        return
    there = _cost(answer, row, account.region, prices)
    if there is not None and there != nano:
        yield Difference("amount", *shared, here, format_usd(there))


def _cost(answer: Answer, row: dict[str, Any], region: str, prices: PriceBook) -> int | None:
    """Return a transcript's cost by AssemblyAI's present data, None without a price."""
    if answer.status != 200 or answer.value is None:
        raise UpstreamError(str(refusal(answer)))
    outcome = transcript_outcome(answer.value, row["features"], region)
    if outcome.usage is None:
        return 0 if outcome.state == "error" else None
    try:
        return prices.price(outcome.usage, row["at"]).nano
    except Unpriced:
        return None
