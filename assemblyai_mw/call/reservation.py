"""What `Budget` leaves to the stage that writes the call's row: to hold the call's maximum cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import RequestRefused


@dataclass(frozen=True, slots=True)
class Reservation:
    """A hold to take in the transaction that writes the call's row, so that there is one less.

    Attributes:
        nano: Nano-dollars.
        expires_in_s: Seconds after which it expires, unless the row is still open.
        refused: Returns the answer to a call that does not fit in a budget; gets the store's
            `Refusal`.
        taken: Called with the store's `Hold` after the commit.
    """

    nano: int
    expires_in_s: float
    refused: Callable[[Any], RequestRefused]
    taken: Callable[[Any], None]
