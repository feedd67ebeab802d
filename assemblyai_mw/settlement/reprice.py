"""Prices for rows that had none: a new model, an override that came later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..billing.price_book import Price, PriceBook, Unpriced
from ..billing.usage import Usage, names_of

if TYPE_CHECKING:
    from ..store import Ledger


@dataclass(frozen=True, slots=True)
class Repriced:
    """The result for one unpriced row.

    Attributes:
        price: Its cost by the present book; None if it still has no price.
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
            price = prices.price(usage_of(row["usage"], row["features"]), row["at"])
        except Unpriced as error:
            yield Repriced(row["row"], row["kind"], row["model"], None, str(error))
            continue
        if dry_run or ledger.reprice(row["row"], price):
            yield Repriced(row["row"], row["kind"], row["model"], price, None)


def usage_of(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> Usage:
    """Return a row's usage; rows of earlier releases name one model asked for, or none."""
    known = {name: value for name, value in stored.items() if name != "requested_model"}
    models = tuple(names_of(asked.get("models") or ())) if stored["kind"] == "chat" else ()
    return Usage(**{**known, "features": frozenset(stored["features"]), "requested_models": models})
