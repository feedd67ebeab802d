"""Amounts of money and how they came about: a price, its lines, and dollars as text.

Money is a whole number of nano-dollars; dollars are decimal text, exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..errors import MiddlewareError

NANO = 1_000_000_000  # nano-dollars in a dollar


class Unpriced(MiddlewareError):
    """The book has no price for something that was used.

    Attributes:
        reason: One line that names it.
        section, item: The item that the book lacks, and the section where it would stand;
            None where it is not an item that is missing.
    """

    def __init__(self, reason: str, section: str | None = None, item: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.section = section
        self.item = item


class Item(NamedTuple):
    """One line of a price: quantity x rate = amount, rounded to a nano-dollar.

    Attributes:
        item: The billed item, with changes of its rate: `gpt-5 input, in-region +10%`.
        quantity: Decimal text: seconds (times channels where they count), or tokens.
        unit: Unit of the quantity: `second`, `token`, or `call` for a cost that a person set.
        rate: US dollars, decimal text, and for how much: `0.21/hour`, `5/million tokens`.
        amount_nano: Nano-dollars.
    """

    item: str
    quantity: str
    unit: str
    rate: str
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Price:
    """A price.

    Attributes:
        nano: Nano-dollars: the sum of the items' amounts.
        items: The lines it is made of.
        estimated: The reply named no model with a price, so this is the price of the requested
            model, the dearest of several.
    """

    nano: int
    items: tuple[Item, ...] = ()
    estimated: bool = False

    @property
    def usd(self) -> str:
        """The price in dollars, exact decimal text."""
        return format_usd(self.nano)

    def breakdown(self) -> list[dict[str, str]]:
        """Return the lines as JSON-able objects, with the amount in dollars."""
        return [
            {
                "item": item.item,
                "quantity": item.quantity,
                "unit": item.unit,
                "rate": item.rate,
                "amount_usd": format_usd(item.amount_nano),
            }
            for item in self.items
        ]


def format_usd(nano: int) -> str:
    """Return nano-dollars as dollars: exact decimal text, no exponent, no trailing zeros."""
    sign = "-" if nano < 0 else ""
    whole, part = divmod(abs(nano), NANO)
    text = f"{part:09d}".rstrip("0")
    return f"{sign}{whole}.{text}" if text else f"{sign}{whole}"
