"""Closes open ledger rows, alike for clients' replies and settlement."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ..billing.price_book import Price, PriceBook, Unpriced
from ..billing.replies import Outcome, Usage
from ..errors import StoreError
from ..http.encoding import decode

if TYPE_CHECKING:
    from ..call import Call
    from ..store import Ledger
    from ..store.closing import Closing

logger = logging.getLogger("assemblyai_mw.cost")

# A ten-hour transcript with its words is some 30 MB.
MAX_REPLY_BYTES = 64 * 1024 * 1024
# Further facts in a call's features: a mark of its audio, and the seconds until it went out, if
# reading its request took that long.
AUDIO, SENT_AFTER = "audio", "sent_after_s"
# Name in totals for all models that a caller made up.
OTHER_MODELS = "other"


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a row; `pending` while facts for its cost are missing."""

    state: Literal["pending", "settled", "failed", "unpriced"]
    usage: Usage | None
    price: Price | None
    reason: str | None


def read_object(body: bytes, encoding: str | None) -> Mapping[str, Any] | None:
    """Return a reply's JSON object, None where it holds something else or too much."""
    decoded = decode(body, encoding, max_bytes=MAX_REPLY_BYTES)
    if decoded is None:
        return None
    try:
        value = json.loads(decoded)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def shows_end(transcript: Mapping[str, Any], outcome: Outcome) -> bool:
    """Whether a transcript's reply closes its row.

    An implausible reply closes it only if AssemblyAI calls the transcript completed: no better
    reply will come. An unknown status may still turn into a known one.
    """
    if outcome.state == "unmeterable":
        return transcript.get("status") == "completed"
    return outcome.state != "pending"


def metrics_label(prices: PriceBook, kind: str, model: str | None) -> str | None:
    """Return the name under which a caller's *model* is counted; None for no model.

    Callers can make up any number of names, and each would be a permanent series. So names in the
    price book are counted separately, as spelled there, and all others together.
    """
    return None if model is None else prices.canonical_model(kind, model) or OTHER_MODELS


def end_of(
    prices: PriceBook,
    row: int,
    outcome: Outcome,
    at: datetime,
    *,
    status: int | None = None,
    request_id: str | None = None,
    estimated: bool = False,
) -> tuple[Closed, Closing]:
    """Return the end of a row, for people and for the ledger.

    Args:
        prices: The price book.
        row: The row.
        outcome: How the work ended. `error` fails the row, which costs nothing; what has
            no usage, or no price, becomes `unpriced` with the reason; `pending` with a usage
            waits for what that lacks. A model that the reply names is counted under that
            name, whether the book knows it or not.
        at: When the call was made: the prices of that moment count.
        status: Of the reply to the call, where it is known.
        request_id: The request that the row is of, where that is known.
        estimated: AssemblyAI did not report the usage.
    """
    # Imported here: the database toolkit is loaded when a call ends, but would delay a worker's
    # start.
    from ..store.closing import closing_of, failure_of

    usage, price, reason = outcome.usage, None, outcome.reason
    if outcome.state == "error":
        closing = failure_of(row, request_id=request_id, status=status, reason=reason)
        return Closed("failed", usage, price, reason), closing
    label = outcome.model
    if usage is not None:
        label = label or metrics_label(prices, usage.kind, usage.model)
    if usage is not None and outcome.state != "pending":
        try:
            price = prices.price(usage, at)
        except Unpriced as error:
            reason = str(error)
    closing = closing_of(
        row,
        usage=usage,
        price=price,
        request_id=request_id,
        status=status,
        reason=reason,
        metrics_label=label,
        estimated=estimated,
    )
    if outcome.state == "pending":
        return Closed("pending", usage, None, reason), replace(closing, state="pending")
    return Closed("unpriced" if price is None else "settled", usage, price, reason), closing


def close_row(
    ledger: Ledger, prices: PriceBook, row: int, outcome: Outcome, at: datetime
) -> Closed | None:
    """Write the end of a row, exactly once; None if another process was first.

    Raises:
        StoreError: It could not be written; the row stays open.
    """
    closed, closing = end_of(prices, row, outcome, at)
    return closed if ledger.write(closing) else None


def close_call(
    ledger: Ledger,
    prices: PriceBook,
    call: Call,
    row: int,
    outcome: Outcome,
    at: datetime,
    *,
    status: int | None = None,
    estimated: bool = False,
) -> bool:
    """Write the end of a row that a call's reply shows, and note it on the Call.

    False if it cannot be written. The end of the call's own row is then kept, and settlement writes
    it later. The end of a transcript shows again in any later read.
    """
    own = row == call.row
    closed, closing = end_of(
        prices,
        row,
        outcome,
        at,
        status=status,
        request_id=call.id if own else None,
        estimated=estimated,
    )
    try:
        was_first = ledger.write(closing)
    except StoreError as error:
        if own and ledger.unwritten.keep(closing):
            logger.error("row %s stays open until its end can be written: %s", row, error)
        else:
            logger.error("row %s stays open: %s", row, error)
        return False
    if was_first:
        call.row, call.state = row, closed.state
        call.usage, call.price = closed.usage, closed.price
        if closed.state == "unpriced":
            logger.warning("row %s is unpriced: %s", row, closed.reason)
    return True


def audio_mark(request_id: str, url: object) -> str | None:
    """Return the mark by which a submit's `audio_url` is recognised in AssemblyAI's list.

    A hash keyed by the request's own random id: the ledger keeps no URL (it may hold a
    signature), and two rows do not show that they have the same audio.
    """
    if not isinstance(url, str) or not url:
        return None
    text = url.encode("utf-8", "surrogatepass")
    return hmac.new(request_id.encode(), text, hashlib.sha256).hexdigest()[:32]
