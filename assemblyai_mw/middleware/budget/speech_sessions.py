"""Holds of sessions of speech synthesis: what words cost is held before they go up."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...billing.price_book import PriceBook, Unpriced
from ...billing.speech import MAX_GENERATE_CHARS, byte_length
from ...call import Call
from ...call.session_text import words_in
from ...errors import StoreError
from ...relay import Cut, End, Watcher
from .sessions import UNRECORDED, out_of_funds

if TYPE_CHECKING:
    from ...store import Hold, Holds

logger = logging.getLogger("assemblyai_mw.budget")

# How many characters are held at a time, where the budget has room for them: words may come one by
# one, and each hold is a transaction. AssemblyAI takes as many in one message.
SLICE = MAX_GENERATE_CHARS
# How often a session without a budget looks whether its key or team has one by now.
LOOK_S = 5.0


def cost_of(
    prices: PriceBook, asked: Mapping[str, Any], region: str, at: datetime, size: int
) -> int:
    """Return the nano-dollars that *size* bytes of words cost at most.

    AssemblyAI's count of characters is below that of bytes, whatever it counts as one. Without a
    model in the facts *asked*, the dearest counts.

    Raises:
        Unpriced: The book has no price for the model, or for any.
    """
    sized = {**asked, "body_bytes": size}
    return prices.estimate("tts", sized, region, at, assumed_audio_s=1.0)


class SpeechHold(Watcher):
    """Ends one session where its budget has no room for what its client would have spoken.

    Args:
        holds: Where budget is held.
        prices: The price book.
        call: The call.
        asked: Its facts.
        taken: Its hold, for one character at least; None while no budget bounds it.
        expires_s: Seconds after which a hold expires whose session nobody minds.
    """

    # More budget may be needed before words go up, and a key may get one midway.
    slow_client = True

    def __init__(
        self,
        *,
        holds: Holds,
        prices: PriceBook,
        call: Call,
        asked: Mapping[str, Any],
        taken: Hold | None,
        expires_s: float,
    ) -> None:
        assert call.caller is not None
        self._holds = holds
        self._prices = prices
        self._call = call
        self._caller = call.caller
        self._asked = asked
        self._taken = taken
        self._expires_s = expires_s
        self._held = 0 if taken is None else taken.amount
        self._bytes = 0
        self._looked_at = time.monotonic()

    def client_text(self, text: bytes) -> Cut | None:
        """Hold what words cost, before they go up."""
        words = words_in(text, "this key has a budget")
        if self._taken is None:
            return self._unbounded(words)
        if not isinstance(words, str):
            return words
        size = self._bytes + byte_length(words)
        cut = self._cover(size)
        if cut is None:
            self._bytes = size
        return cut

    def _unbounded(self, words: str | Cut | None) -> Cut | None:
        """Count words that no budget bounds, and look for one at times."""
        if isinstance(words, str):
            self._bytes += byte_length(words)
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return None
        self._looked_at = now
        try:
            return self._look(words)
        except StoreError as error:
            # The ledger's own watchers end the session if it stays away.
            logger.error("the budget of a session cannot be looked up: %s", error)
            return None

    def _look(self, words: str | Cut | None) -> Cut | None:
        """Hold what the session costs so far, if its key or team has a budget by now."""
        from ...store import Refusal

        if not self._holds.bounded({"": self._caller}):
            return None
        if isinstance(words, Cut):
            return words
        needed = self._cost(self._bytes)
        if isinstance(needed, Cut):
            return needed
        taken = self._holds.take(self._call, needed, expires_in_s=self._expires_s)
        if isinstance(taken, Refusal):
            return out_of_funds(taken)
        if taken.id is not None:
            self._taken, self._held = taken, taken.amount
        return None

    def _cost(self, size: int) -> int | Cut:
        call = self._call
        try:
            return cost_of(self._prices, self._asked, call.route.region, call.started_at, size)
        except Unpriced as missing:
            if self._caller.allow_unpriced:
                return 0
            return Cut(1008, f"This key has a budget, and {missing.reason}.", drain=True)

    def _cover(self, size: int) -> Cut | None:
        """Hold what *size* bytes cost, and a slice ahead if that fits; or return the end."""
        needed = self._cost(size)
        if isinstance(needed, Cut):
            return needed
        if needed <= self._held:
            return None
        ahead = self._cost(size + SLICE)
        assert isinstance(ahead, int)
        name = self._call.id
        try:
            for bound in (ahead, needed):
                refused = self._holds.renew(
                    {name: bound - self._held}, expires_in_s=self._expires_s
                )
                if name not in refused:
                    self._held = bound
                    return None
        except StoreError as error:
            logger.error("budgets cannot be checked: %s", error)
            return UNRECORDED
        return out_of_funds(refused[name])

    def ended(self, end: End) -> None:
        """Closing the row has ended the hold, or it is released now."""
        if self._taken is not None and self._call.row is None:
            try:
                self._holds.release(self._taken)
            except StoreError as error:
                logger.error("hold %s stays until it expires: %s", self._taken.id, error)
