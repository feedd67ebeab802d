"""Streaming sessions whose process died: how long they are charged for. Pure.

No API of AssemblyAI tells of a streaming session later; one tells of a Voice Agent's. A session
ends with the process that relays it, at most one interval after its last checkpoint, and before it
has used more than is held for it. A Voice Agent's is billed on for as long as it can be resumed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from ..billing.agents import GRACE_S
from ..billing.price_book import PriceBook, Unpriced
from ..billing.sessions import estimated_session
from ..billing.speech import estimated_speech
from ..billing.usage import Outcome

if TYPE_CHECKING:
    from ..store import Due, LastSeen

_REASON = "its end was not seen: charged up to one interval after its last checkpoint"
_SPOKEN = "its end was not seen: charged by the characters of its last checkpoint"


def lost_session_outcome(
    prices: PriceBook, due: Due, seen: LastSeen, checkpoint_s: float
) -> Outcome:
    """Return the end of a session that was last seen so, *checkpoint_s* seconds later at most.

    One whose handshake nobody saw succeed counts as one interval too: it may have begun. A session
    of speech synthesis costs the characters that its last checkpoint has.
    """
    if due.kind == "tts":
        outcome = estimated_speech(due.features, due.region)
        return outcome if outcome.usage is None else replace(outcome, reason=_SPOKEN)
    least = max(1, seen.elapsed_ms)
    grace_s = GRACE_S if due.kind == "agent" else 0.0
    most = seen.elapsed_ms + max(1, round((checkpoint_s + grace_s) * 1000))
    held = seen.held_nano
    if held is not None:
        try:
            fitting = bisect_right(
                range(least, most + 1), held, key=lambda ms: _cost(prices, due, ms)
            )
        except Unpriced:
            # No length has a price.
            fitting = most
        most = min(most, max(least, least + fitting - 1))
    outcome = estimated_session(due.features, most, due.region, kind=due.kind)
    return outcome if outcome.usage is None else replace(outcome, reason=_REASON)


def _cost(prices: PriceBook, due: Due, ms: int) -> int:
    usage = estimated_session(due.features, ms, due.region, kind=due.kind).usage
    return 0 if usage is None else prices.price(usage, due.at).nano
