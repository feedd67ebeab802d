"""Prices for rows that had none: a new model, an override that came later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..billing.price_book import Price, PriceBook, Unpriced
from ..billing.replies import Usage

if TYPE_CHECKING:
    from ..store import Ledger


@dataclass(frozen=True, slots=True)
class Repriced:
    """What became of one unpriced row.

    Attributes:
        price: What it costs by the present book; None where it still has no price.
        reason: Why it has none.
    """

    row: int
    kind: str
    model: str | None
    price: Price | None
    reason: str | None


def reprice(ledger: Ledger, prices: PriceBook, *, dry_run: bool = False) -> Iterator[Repriced]:
    """Price every unpriced row whose usage is known, at the prices of its own moment.

    Yields each row as it is done. With *dry_run* nothing is written. Rows whose usage was
    never seen have nothing to be priced by, and are left out.

    Raises:
        StoreError: The ledger cannot be read or written.
    """
    for row in ledger.unpriced():
        try:
            price = prices.price(usage_of(row["usage"]), row["at"])
        except Unpriced as error:
            yield Repriced(row["row"], row["kind"], row["model"], None, str(error))
            continue
        if dry_run or ledger.reprice(row["row"], price):
            yield Repriced(row["row"], row["kind"], row["model"], price, None)


def usage_of(stored: dict[str, Any]) -> Usage:
    """Return the usage that the ledger keeps with a row."""
    return Usage(**{**stored, "features": frozenset(stored["features"])})
