"""How an open row of the ledger is closed: by a client's reply or by settlement, alike."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ..billing.price_book import Price, PriceBook, Unpriced
from ..billing.replies import Outcome, Usage
from ..errors import StoreError
from ..http.encoding import decode

if TYPE_CHECKING:
    from ..call import Call
    from ..store import Ledger

logger = logging.getLogger("assemblyai_mw.cost")

# A ten-hour transcript with its words is some 30 MB.
MAX_REPLY_BYTES = 64 * 1024 * 1024
# What the ledger keeps with a call beside what was asked for: a mark of its audio, and after
# how many seconds it went out, where reading its request took that long.
AUDIO, SENT_AFTER = "audio", "sent_after_s"
# How the totals call all models that a caller made up.
OTHER_MODELS = "other"


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of a row."""

    state: Literal["settled", "failed", "unpriced"]
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

    What cannot be true closes it only where AssemblyAI calls the transcript completed:
    nothing better will come. An unknown status may still turn into a known one.
    """
    if outcome.state == "unmeterable":
        return transcript.get("status") == "completed"
    return outcome.state != "pending"


def metrics_label(prices: PriceBook, kind: str, model: str | None) -> str | None:
    """Return the name under which a caller's *model* is counted; None for no model.

    Callers can make up names without end, and each would be a series for ever: what the
    price book names is counted apart, as it is spelled there, and all else together.
    """
    return None if model is None else prices.canonical_model(kind, model) or OTHER_MODELS


def close_row(
    ledger: Ledger,
    prices: PriceBook,
    row: int,
    outcome: Outcome,
    at: datetime,
    *,
    status: int | None = None,
    spend_hold: bool = False,
) -> Closed | None:
    """Write the end of a row, once, whoever else is about to; None where somebody was first.

    Args:
        ledger: Where it is written.
        prices: What the usage is priced by.
        row: The row.
        outcome: How the work ended. `error` fails the row, which costs nothing; what has
            no usage, or no price, becomes `unpriced` with the reason. A model that the
            reply names is counted under that name, whether the book knows it or not.
        at: When the call was made: the prices of that moment count.
        status: Of the reply to the call, where it is known.
        spend_hold: Without a usage, what was held for the call counts as spent.

    Raises:
        StoreError: It could not be written; the row stays open.
    """
    usage, price, reason = outcome.usage, None, outcome.reason
    model = outcome.model
    if outcome.state == "error":
        done = ledger.fail(row, status=status, reason=reason)
        return Closed("failed", usage, price, reason) if done else None
    if usage is not None:
        model = model or metrics_label(prices, usage.kind, usage.model)
        try:
            price = prices.price(usage, at)
        except Unpriced as error:
            reason = str(error)
    # What has a usage may still get a price: `reprice` would charge it a second time.
    spend_hold = spend_hold and usage is None
    if not ledger.settle(
        row,
        usage=usage,
        price=price,
        status=status,
        reason=reason,
        spend_hold=spend_hold,
        metrics_label=model,
    ):
        return None
    return Closed("unpriced" if price is None else "settled", usage, price, reason)


def close_call(
    ledger: Ledger,
    prices: PriceBook,
    call: Call,
    row: int,
    outcome: Outcome,
    at: datetime,
    *,
    status: int | None = None,
    spend_hold: bool = False,
) -> bool:
    """`close_row` by what a call's reply shows, noted on the Call; False where it stays open."""
    try:
        closed = close_row(ledger, prices, row, outcome, at, status=status, spend_hold=spend_hold)
    except StoreError as error:
        logger.error("row %s stays open: %s", row, error)
        return False
    if closed is not None:
        call.row, call.state = row, closed.state
        call.usage, call.price = closed.usage, closed.price
        if closed.state == "unpriced":
            logger.warning("row %s is unpriced: %s", row, closed.reason)
    return True


def audio_mark(request_id: str, url: object) -> str | None:
    """Return what a submit's `audio_url` is recognised by in AssemblyAI's list.

    A hash keyed by the request's own random id: the ledger keeps no URL (it may hold a
    signature), and nobody can tell by two rows that they are about the same audio.
    """
    if not isinstance(url, str) or not url:
        return None
    text = url.encode("utf-8", "surrogatepass")
    return hmac.new(request_id.encode(), text, hashlib.sha256).hexdigest()[:32]
